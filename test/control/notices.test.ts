// Notices: a trouble is told once when it begins and once when it is over, and no number of them takes more room.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { type Notice, Notices } from '../../src/control/notices.ts';

function listen(): { notices: Notices; heard: Notice[] } {
  const notices = new Notices(pino({ enabled: false }), () => 7);
  const heard: Notice[] = [];
  notices.onNotice((notice) => heard.push(notice));
  return { notices, heard };
}

test('a trouble that is said again is not news; its end is, once', () => {
  const { notices, heard } = listen();
  notices.begin('upstream-down', 'console', 'it is down');
  notices.begin('upstream-down', 'console', 'it is still down');
  notices.end('upstream-down', 'console', 'it is back');
  notices.end('upstream-down', 'console', 'it is back');
  notices.end('upstream-down', 'voice', 'it never was down');
  assert.deepEqual(
    heard.map(({ state, detail }) => [state, detail]),
    [
      ['begun', 'it is down'],
      ['over', 'it is back'],
    ],
  );
  notices.begin('upstream-down', 'console', 'again');
  assert.equal(heard.length, 3);
});

test('kinds and subjects are troubles of their own, and what lasts can be listed', () => {
  const { notices } = listen();
  notices.begin('disk-low', 'a', 'one');
  notices.begin('upstream-down', 'a', 'two');
  assert.deepEqual(
    notices.lasting().map(({ kind, atMs }) => [kind, atMs]),
    [
      ['upstream-down', 7],
      ['disk-low', 7],
    ],
  );
});

test('a thousand lasting troubles are kept, and control characters are made visible', () => {
  const { notices, heard } = listen();
  for (let n = 0; n < 1_500; n += 1) notices.begin('device-failing', `device ${n}`, 'x\u001b[31m');
  assert.equal(notices.lasting().length, 1_000);
  assert.equal(notices.lasting()[0]?.subject, 'device 1499');
  assert.ok(!heard[0]?.detail.includes('\u001b'));
});
