// Each way in which an upgrade fails in the field is told apart, and counted.
import { begun, check, ended, LENGTH, noImage, offer, withheld } from './observations.ts';
import { again, OFFERED, table, WHOLE } from './outcome-table.ts';

table('an upgrade that fails', [
  [
    'the link was never asked for',
    [OFFERED, again(20)],
    { state: 'failed', offered: '2.0.1', why: 'the device checked again and had not asked for the link', failures: 1 },
    ['offered', 'failed'],
    [],
  ],
  [
    'the device left',
    [OFFERED, begun(3, '2.0.1'), ended(9, '2.0.1', 1000), again(20)],
    { state: 'failed', why: `the device left after 1000 of ${LENGTH} bytes`, failures: 1 },
    ['offered', 'download-begun', 'download-ended', 'failed'],
    ['failed 2.0.1 left'],
  ],
  [
    'before the next check tells, it is known that the download broke off',
    [OFFERED, begun(3, '2.0.1'), ended(9, '2.0.1', 1000)],
    { state: 'offered', why: `the device left after 1000 of ${LENGTH} bytes`, failures: 0 },
    ['offered', 'download-begun', 'download-ended'],
    [],
  ],
  [
    'the device left after a pause that old firmware does not bear',
    [OFFERED, begun(3, '2.0.1'), ended(9, '2.0.1', 1000, { gapMs: 6200 }), again(20)],
    {
      state: 'failed',
      why: `the device left after 1000 of ${LENGTH} bytes; it had waited 6.2 s for bytes, and old firmware gives up after 5 s`,
    },
    ['offered', 'download-begun', 'download-ended', 'failed'],
    ['failed 2.0.1 stalled'],
  ],
  [
    'the upstream broke off',
    [OFFERED, begun(3, '2.0.1'), ended(9, '2.0.1', 1000, { code: 'UPSTREAM_RESET', gapMs: 9000 }), again(20)],
    { state: 'failed', why: `the download was cut off after 1000 of ${LENGTH} bytes: UPSTREAM_RESET` },
    ['offered', 'download-begun', 'download-ended', 'failed'],
    ['failed 2.0.1 fault'],
  ],
  [
    'there was no image to be had',
    [OFFERED, noImage(3, '2.0.1', 'FIRMWARE_MERGED'), again(20)],
    { state: 'failed', why: 'the link was answered with FIRMWARE_MERGED' },
    ['offered', 'fill-failed', 'failed'],
    ['failed 2.0.1 fault'],
  ],
  [
    'several tries: the furthest one is told',
    [
      OFFERED,
      begun(3, '2.0.1'),
      ended(9, '2.0.1', 9000),
      begun(10, '2.0.1', { id: 'd2' }),
      ended(12, '2.0.1', 500, { id: 'd2' }),
      again(20),
    ],
    { state: 'failed', why: `the device left after 9000 of ${LENGTH} bytes, in 2 tries` },
    ['offered', 'download-begun', 'download-ended', 'download-begun', 'download-ended', 'failed'],
    ['failed 2.0.1 left'],
  ],
  [
    'a try with another image of the same version is told by itself',
    [
      OFFERED,
      ended(9, '2.0.1', 9000, { from: 3 }),
      ended(12, '2.0.1', 100, { id: 'd2', from: 10, length: 5000 }),
      again(20),
    ],
    { state: 'failed', why: 'the device left after 100 of 5000 bytes, in 2 tries' },
    ['offered', 'download-ended', 'download-ended', 'failed'],
    ['failed 2.0.1 left'],
  ],
  [
    'all bytes were sent, and the old version came back',
    [...WHOLE, again(80)],
    {
      state: 'failed',
      why: `all ${LENGTH} bytes were sent, and the device came with 2.0.0: it refused the image (hash, chip, partition), or rolled back`,
    },
    ['offered', 'download-begun', 'download-ended', 'failed'],
    ['failed 2.0.1 refused'],
  ],
  [
    'a try that broke off after a whole one takes nothing back',
    [...WHOLE, begun(61, '2.0.1', { id: 'd2' }), ended(63, '2.0.1', 100, { id: 'd2' }), again(80)],
    { state: 'failed' },
    ['offered', 'download-begun', 'download-ended', 'download-begun', 'download-ended', 'failed'],
    ['failed 2.0.1 refused'],
  ],
  [
    'the image carries another version than was promised',
    [...WHOLE, check(80, '2.0.1.7', offer('2.0.2'))],
    { state: 'offered', version: '2.0.1.7' },
    ['offered', 'download-begun', 'download-ended', 'failed', 'offered'],
    ['failed 2.0.1 mislabelled'],
  ],
  [
    'the image carries the old version: the build says that it is another one',
    [
      check(0, '2.0.0', offer('2.0.1'), { elfSha256: 'aa' }),
      begun(3, '2.0.1'),
      ended(60, '2.0.1', LENGTH),
      again(80, { elfSha256: 'bb' }),
    ],
    { state: 'failed', why: 'the image that was handed out for 2.0.1 carries 2.0.0' },
    ['offered', 'download-begun', 'download-ended', 'failed'],
    ['failed 2.0.1 mislabelled'],
  ],
  [
    'again and again: counted, until another version is offered',
    [OFFERED, again(20), again(40), again(60)],
    { state: 'failed', failures: 3 },
    ['offered', 'failed', 'failed', 'failed'],
    [],
  ],
  [
    'the count begins anew with another version',
    [OFFERED, again(20), check(40, '2.0.0', offer('2.0.2')), check(60, '2.0.0', offer('2.0.2'))],
    { state: 'failed', failures: 1 },
    ['offered', 'failed', 'failed', 'offered', 'failed'],
    [],
  ],
  [
    'and stands at nothing as soon as it is offered',
    [OFFERED, again(20), check(40, '2.0.0'), check(60, '2.0.0', offer('2.0.2'))],
    { state: 'offered', failures: 0 },
    ['offered', 'failed', 'failed', 'offered'],
    [],
  ],
  [
    'the count stays while the offer is withheld',
    [OFFERED, again(20), check(40, '2.0.0', withheld('2.0.1', 'busy')), again(60), again(80)],
    { state: 'failed', failures: 3 },
    ['offered', 'failed', 'failed', 'withheld', 'offered', 'failed'],
    [],
  ],
  [
    'and is not offered any more',
    [OFFERED, begun(3, '2.0.1'), ended(9, '2.0.1', 1000), check(20, '2.0.0'), check(40, '2.0.0')],
    { state: 'up-to-date', failures: 1 },
    ['offered', 'download-begun', 'download-ended', 'failed', 'no-offer'],
    ['failed 2.0.1 left'],
  ],
  [
    'with a link that was not sealed nothing can be seen, and nothing counts',
    [check(0, '2.0.0', offer('2.0.1', { sealed: false })), check(20, '2.0.0', offer('2.0.1', { sealed: false }))],
    { state: 'failed', why: 'the device came with 2.0.0; its link was not sealed, so no download was seen' },
    ['offered', 'failed'],
    [],
  ],
]);

table('back to the old version', [
  [
    'soon after an upgrade: the failure takes the place of the success',
    [...WHOLE, check(80, '2.0.1'), check(200, '2.0.0', offer('2.0.1'))],
    {
      state: 'failed',
      failures: 1,
      why: 'the device ran 2.0.1, and came back with 2.0.0: it rolled back, or was flashed by hand',
    },
    ['offered', 'download-begun', 'download-ended', 'upgraded', 'failed'],
    ['upgraded 2.0.1', 'failed 2.0.1 rolled-back'],
  ],
  [
    'also where the next one was offered already',
    [...WHOLE, check(80, '2.0.1', offer('2.0.2')), check(200, '2.0.0', offer('2.0.2'))],
    { state: 'offered', failures: 1 },
    ['offered', 'download-begun', 'download-ended', 'upgraded', 'offered', 'failed', 'offered'],
    ['upgraded 2.0.1', 'failed 2.0.1 rolled-back'],
  ],
  [
    'it is told once',
    [...WHOLE, check(80, '2.0.1'), check(200, '2.0.0'), check(300, '2.0.1'), check(400, '2.0.0')],
    { state: 'up-to-date', failures: 1 },
    [
      'offered',
      'download-begun',
      'download-ended',
      'upgraded',
      'failed',
      'version-changed',
      'no-offer',
      'version-changed',
    ],
    ['upgraded 2.0.1', 'failed 2.0.1 rolled-back'],
  ],
  [
    'days later: somebody did that by hand',
    [...WHOLE, check(80, '2.0.1'), check(3 * 86_400, '2.0.0')],
    { state: 'up-to-date', failures: 0, version: '2.0.0' },
    ['offered', 'download-begun', 'download-ended', 'upgraded', 'version-changed'],
    ['upgraded 2.0.1'],
  ],
  [
    'without an upgrade before: by hand',
    [check(0, '2.0.1'), check(80, '2.0.0')],
    { state: 'up-to-date', failures: 0 },
    ['no-offer', 'version-changed'],
    [],
  ],
]);

table('the version that runs, by force', [
  [
    'taken: the version does not say how it went',
    [
      check(0, '2.0.1', offer('2.0.1', { forced: true })),
      begun(3, '2.0.1'),
      ended(60, '2.0.1', LENGTH),
      check(80, '2.0.1'),
    ],
    { state: 'upgraded', failures: 0 },
    ['offered', 'download-begun', 'download-ended', 'reinstalled'],
    [],
  ],
  [
    'not taken: that is a failure like any other',
    [check(0, '2.0.1', offer('2.0.1', { forced: true })), begun(3, '2.0.1'), ended(9, '2.0.1', 10), check(80, '2.0.1')],
    { state: 'failed', failures: 1 },
    ['offered', 'download-begun', 'download-ended', 'failed'],
    ['failed 2.0.1 left'],
  ],
]);
