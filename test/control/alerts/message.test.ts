// What a webhook is sent: the form that each target takes, its signature, and text that can do no harm there.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import type { AlertFormat, WebhookConfig } from '../../../src/config/alerts.ts';
import { type Alert, alertRequest, refusalOf } from '../../../src/control/alerts/message.ts';

const NOW = 1_767_000_000_123;
const ALERT: Alert = {
  kind: 'device-failing',
  subject: '<at user_id="all">x</at> & <!channel>',
  state: 'begun',
  detail: 'it fails',
  atMs: NOW,
};

function webhook(format: AlertFormat, signingKey: string | null = null, language: 'en' | 'zh' = 'en'): WebhookConfig {
  return { webhook: 'https://hooks.example.com/x?key=K', format, signingKey, kinds: ['device-failing'], language };
}

function send(format: AlertFormat, key: string | null = null, alert = ALERT) {
  const { url, headers, body } = alertRequest(alert, webhook(format, key), 'ota.example.com', NOW);
  return { url, headers, body, json: JSON.parse(body) as Record<string, unknown> };
}

test('json: every field, and a signature over the time and the body', () => {
  const { headers, body, json } = send('json', 'secret');
  assert.equal(json.kind, 'device-failing');
  assert.equal(json.gate, 'ota.example.com');
  assert.equal(json.at, new Date(NOW).toISOString());
  const expected = createHmac('sha256', 'secret').update(`${headers['x-otagate-timestamp']}.${body}`).digest('hex');
  assert.equal(headers['x-otagate-signature'], `sha256=${expected}`);
  assert.equal(send('json').headers['x-otagate-signature'], undefined);
});

test('dingtalk: signed in the query, beside the token that is there', () => {
  const { url, json } = send('dingtalk', 'SEC1');
  assert.equal(url.searchParams.get('key'), 'K');
  assert.equal(url.searchParams.get('timestamp'), String(NOW));
  const expected = createHmac('sha256', 'SEC1').update(`${NOW}\nSEC1`).digest('base64');
  assert.equal(url.searchParams.get('sign'), expected);
  assert.equal(json.msgtype, 'text');
});

test('feishu: signed in the body by seconds, and no tag is left in the text', () => {
  const { json } = send('feishu', 'k');
  const at = String(Math.floor(NOW / 1000));
  assert.equal(json.timestamp, at);
  assert.equal(json.sign, createHmac('sha256', `${at}\nk`).update('').digest('base64'));
  const { text } = json.content as { text: string };
  assert.doesNotMatch(text, /[<>]/);
  assert.match(text, /＜at user_id/);
});

test('slack: its control characters are escaped', () => {
  const { json } = send('slack');
  assert.match(String(json.text), /&lt;!channel&gt;/);
  assert.match(String(json.text), /&amp;/);
});

test('wecom: text of 2048 bytes at the most, cut between characters', () => {
  const { json } = send('wecom', null, { ...ALERT, detail: '设备'.repeat(1_000) });
  const { content } = json.text as { content: string };
  assert.ok(Buffer.byteLength(content) <= 2_048);
  assert.doesNotMatch(content, /�/);
  assert.match(content, /…$/);
});

test('the end of a trouble says so, in both languages', () => {
  const over: Alert = { ...ALERT, state: 'over' };
  const english = alertRequest(over, webhook('slack'), 'ota.example.com', NOW).body;
  const chinese = alertRequest(over, webhook('wecom', null, 'zh'), 'ota.example.com', NOW).body;
  assert.match(english, /Over: Device fails to upgrade/);
  assert.match(chinese, /已恢复：设备反复升级失败/);
});

const ANSWERS: [AlertFormat, number, string, RegExp | null][] = [
  ['json', 204, '', null],
  ['json', 500, '', /500/],
  ['slack', 200, 'ok', null],
  ['slack', 302, '', /302/],
  ['wecom', 200, '{"errcode":0,"errmsg":"ok"}', null],
  ['wecom', 200, '{"errcode":93000,"errmsg":"invalid webhook url"}', /93000: invalid webhook url/],
  ['dingtalk', 200, '{"errcode":310000,"errmsg":"sign not match"}', /310000/],
  ['feishu', 200, '{"code":0,"msg":"success"}', null],
  ['feishu', 200, '{"StatusCode":0}', null],
  ['feishu', 200, '{"code":19021,"msg":"sign match fail"}', /19021/],
  ['feishu', 200, '<html>', /not JSON/],
  ['wecom', 200, 'null', /code undefined/],
];
for (const [format, status, body, expected] of ANSWERS) {
  test(`${format} answers ${status} ${body}: ${expected === null ? 'taken' : 'not taken'}`, () => {
    const refusal = refusalOf(format, status, body);
    if (expected === null) assert.equal(refusal, null);
    else assert.match(refusal ?? '', expected);
  });
}
