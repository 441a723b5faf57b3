// News that come out of order, twice, from strangers, or by a clock that was set: the outcome is told all the same.
import { begun, check, ended, LENGTH, moved, offer, START_MS } from './observations.ts';
import { again, OFFERED, table, WHOLE } from './outcome-table.ts';

table('a check while the download runs', [
  [
    'decides nothing: it may be a stranger',
    [OFFERED, begun(3, '2.0.1'), again(20)],
    { state: 'downloading', failures: 0 },
    ['offered', 'download-begun', 'checked-again'],
    [],
  ],
  [
    'and the download comes to a good end',
    [OFFERED, begun(3, '2.0.1'), again(20), ended(60, '2.0.1', LENGTH, { from: 3 }), check(80, '2.0.1')],
    { state: 'upgraded' },
    ['offered', 'download-begun', 'checked-again', 'download-ended', 'upgraded'],
    ['upgraded 2.0.1'],
  ],
  [
    'the device restarted, and downloads by its new link while the old connection hangs',
    [
      OFFERED,
      begun(3, '2.0.1'),
      again(20),
      begun(23, '2.0.1', { id: 'd2' }),
      ended(63, '2.0.1', 400, { from: 3 }),
      ended(90, '2.0.1', LENGTH, { id: 'd2', from: 23 }),
      check(110, '2.0.1'),
    ],
    { state: 'upgraded' },
    ['offered', 'download-begun', 'checked-again', 'download-begun', 'download-ended', 'download-ended', 'upgraded'],
    ['upgraded 2.0.1'],
  ],
  [
    'the end of the old connection does not end the new download',
    [OFFERED, begun(3, '2.0.1'), again(20), begun(23, '2.0.1', { id: 'd2' }), ended(63, '2.0.1', 400, { from: 3 })],
    { state: 'downloading', why: null },
    ['offered', 'download-begun', 'checked-again', 'download-begun', 'download-ended'],
    [],
  ],
  [
    'twice: the device restarts over and over',
    [OFFERED, begun(3, '2.0.1'), again(20), begun(23, '2.0.1', { id: 'd2' }), again(40)],
    { state: 'failed', failures: 1, why: 'the device restarted while it downloaded, in 2 tries' },
    ['offered', 'download-begun', 'checked-again', 'download-begun', 'failed'],
    ['failed 2.0.1 left'],
  ],
  [
    'twice, by a stranger: the real download still counts in the end',
    [OFFERED, begun(3, '2.0.1'), again(20), again(21), ended(60, '2.0.1', LENGTH, { from: 3 }), check(80, '2.0.1')],
    { state: 'upgraded', failures: 0 },
    ['offered', 'download-begun', 'checked-again', 'failed', 'download-ended', 'upgraded'],
    ['failed 2.0.1 left', 'upgraded 2.0.1'],
  ],
  [
    'of which nothing was heard for a quarter of an hour: its gate is gone',
    [OFFERED, begun(3, '2.0.1'), again(3 + 15 * 60)],
    { state: 'failed' },
    ['offered', 'download-begun', 'failed'],
    ['failed 2.0.1 left'],
  ],
  [
    'of which something was heard meanwhile: it is slow',
    [OFFERED, begun(3, '2.0.1'), moved(600, '2.0.1', 2_000_000), again(3 + 15 * 60)],
    { state: 'downloading' },
    ['offered', 'download-begun', 'checked-again'],
    [],
  ],
]);

table('a check while a download hangs that is of no use any more', [
  [
    'the whole image was sent before: it was refused',
    [...WHOLE, begun(61, '2.0.1', { id: 'd2' }), again(80)],
    { state: 'failed' },
    ['offered', 'download-begun', 'download-ended', 'download-begun', 'failed'],
    ['failed 2.0.1 refused'],
  ],
  [
    'its end says nothing of the offer that followed',
    [OFFERED, begun(3, '2.0.1'), again(20), again(21), ended(60, '2.0.1', 1000, { from: 3 })],
    { state: 'failed', why: 'the device restarted while it downloaded' },
    ['offered', 'download-begun', 'checked-again', 'failed', 'download-ended'],
    ['failed 2.0.1 left'],
  ],
]);

table('two links', [
  [
    'of the same version: the older one is used',
    [
      OFFERED,
      again(20),
      begun(23, '2.0.1', { id: 'old' }),
      ended(60, '2.0.1', LENGTH, { id: 'old' }),
      check(80, '2.0.1'),
    ],
    { state: 'upgraded' },
    ['offered', 'failed', 'download-begun', 'download-ended', 'upgraded'],
    ['upgraded 2.0.1'],
  ],
  [
    'of two versions: what counts is the one that is used',
    [
      OFFERED,
      check(20, '2.0.0', offer('2.0.2')),
      begun(23, '2.0.1'),
      ended(60, '2.0.1', LENGTH),
      check(80, '2.0.1', offer('2.0.2')),
    ],
    { state: 'offered', offered: '2.0.2' },
    ['offered', 'failed', 'offered', 'download-begun', 'download-ended', 'upgraded', 'offered'],
    ['upgraded 2.0.1'],
  ],
  [
    'a link whose offer nobody saw',
    [begun(3, '2.0.1'), ended(60, '2.0.1', LENGTH), check(80, '2.0.1')],
    { state: 'upgraded', proven: true },
    ['download-begun', 'download-ended', 'upgraded'],
    ['upgraded 2.0.1'],
  ],
  [
    'a link whose offer named no version',
    [begun(3, null), ended(60, null, LENGTH)],
    { state: 'seen', proven: true },
    ['download-begun', 'download-ended'],
    [],
  ],
]);

table('a check that says less than others', [
  [
    'without a version it tells nothing of the upgrade: the next one does',
    [...WHOLE, check(80, null), check(90, '2.0.1')],
    { state: 'upgraded', version: '2.0.1' },
    ['offered', 'download-begun', 'download-ended', 'upgraded'],
    ['upgraded 2.0.1'],
  ],
  [
    'and meanwhile nothing changes',
    [...WHOLE, check(80, null)],
    { state: 'rebooting', version: '2.0.0' },
    ['offered', 'download-begun', 'download-ended'],
    [],
  ],
]);

table('news out of order', [
  [
    'the download before the check that handed out its link',
    [begun(3, '2.0.1'), check(2, '2.0.0', offer('2.0.1')), ended(60, '2.0.1', LENGTH, { from: 3 }), check(80, '2.0.1')],
    { state: 'upgraded', failures: 0 },
    ['download-begun', 'download-ended', 'upgraded'],
    ['upgraded 2.0.1'],
  ],
  [
    'but a check that handed out no such link is not the one before the download',
    [OFFERED, begun(3, '2.0.1'), ended(4, '2.0.1', 1000, { from: 3 }), check(2, '2.0.0')],
    { state: 'failed' },
    ['offered', 'download-begun', 'download-ended', 'failed'],
    ['failed 2.0.1 left'],
  ],
  [
    'the check that tells before the end of the download',
    [OFFERED, begun(3, '2.0.1'), check(80, '2.0.1'), ended(60, '2.0.1', LENGTH, { from: 3 })],
    { state: 'upgraded' },
    ['offered', 'download-begun', 'upgraded', 'download-ended'],
    ['upgraded 2.0.1'],
  ],
  [
    'the end of a download of an attempt that is long over',
    [OFFERED, begun(3, '2.0.1'), again(1000), ended(1010, '2.0.1', 100, { from: 3 }), again(1020)],
    { state: 'failed', failures: 2, why: 'the device checked again and had not asked for the link' },
    ['offered', 'download-begun', 'failed', 'download-ended', 'failed'],
    ['failed 2.0.1 left'],
  ],
]);

table('a clock that is set', [
  [
    'back, between offer and download: the upgrade is told all the same',
    [
      check(0, '2.0.0', offer('2.0.1')),
      begun(-3600, '2.0.1'),
      ended(-3550, '2.0.1', LENGTH, { from: -3600 }),
      check(-3500, '2.0.1'),
    ],
    { state: 'upgraded' },
    ['offered', 'download-begun', 'download-ended', 'upgraded'],
    ['upgraded 2.0.1'],
  ],
  [
    'back by a day, after a whole download',
    [...WHOLE, again(-86_400)],
    { state: 'failed' },
    ['offered', 'download-begun', 'download-ended', 'failed'],
    ['failed 2.0.1 refused'],
  ],
  [
    'back by a day while a download runs: nobody knows whether it still does',
    [OFFERED, begun(3, '2.0.1'), again(-86_400)],
    { state: 'failed' },
    ['offered', 'download-begun', 'failed'],
    ['failed 2.0.1 left'],
  ],
  [
    'forth by a year while a download runs: it is not running any more',
    [OFFERED, begun(3, '2.0.1'), again(365 * 86_400)],
    { state: 'failed' },
    ['offered', 'download-begun', 'failed'],
    ['failed 2.0.1 left'],
  ],
  [
    'back to 1970',
    [OFFERED, check(-START_MS / 1000, '2.0.0', offer('2.0.1'))],
    { state: 'failed', failures: 1 },
    ['offered', 'failed'],
    [],
  ],
]);

table('what strangers claim', [
  [
    'a download without a sealed link proves nothing',
    [OFFERED, begun(3, '2.0.1', { sealed: false }), ended(60, '2.0.1', LENGTH, { sealed: false }), check(80, '2.0.1')],
    { state: 'upgraded', proven: false },
    ['offered', 'download-begun', 'download-ended', 'upgraded'],
    [],
  ],
  [
    'nor does it stand beside what the sealed link says',
    [
      OFFERED,
      begun(3, '2.0.1'),
      ended(9, '2.0.1', 1000),
      ended(15, '2.0.1', LENGTH, { id: 'x', sealed: false }),
      again(20),
    ],
    { state: 'failed', why: `the device left after 1000 of ${LENGTH} bytes` },
    ['offered', 'download-begun', 'download-ended', 'download-ended', 'failed'],
    ['failed 2.0.1 left'],
  ],
  [
    'nor put another version in its place',
    [
      OFFERED,
      begun(3, '2.0.1'),
      begun(5, '6.6.6', { id: 'x', sealed: false }),
      ended(60, '2.0.1', LENGTH, { from: 3 }),
      check(80, '2.0.1'),
    ],
    { state: 'upgraded' },
    ['offered', 'download-begun', 'download-begun', 'download-ended', 'upgraded'],
    ['upgraded 2.0.1'],
  ],
]);
