// The page's own addresses: pages, devices of any name, and what the list of devices is narrowed to.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiPath, narrowed, readQuery, sortedBy, writeQuery } from '../../src/dashboard/base/device-query.ts';
import { devicePath, PAGES, pathOf, readPlace } from '../../src/dashboard/base/place.ts';

test('every page has an address that leads to it', () => {
  for (const page of PAGES) assert.deepEqual(readPlace(pathOf(page)), { page });
  for (const path of ['/x', '/overview', '/log/x', '/devices/a/b', '/devices/%', '/Log'])
    assert.deepEqual(readPlace(path), { page: 'nowhere' }, path);
  assert.deepEqual(readPlace('/devices/'), { page: 'devices' });
});

test('a device of any name has an address', () => {
  for (const device of ['d4:06:06:00:00:01', 'a/b ?#%2e', '<img src=x>', '小智', '"\u202e', '%', '__proto__']) {
    const path = devicePath(device);
    assert.equal(new URL(path, 'http://x').pathname, path, 'nothing of it is a query, a hash or another path');
    assert.deepEqual(readPlace(path), { page: 'device', device });
  }
});

test('what is chosen stands in the address, and what is not does not', () => {
  const start = readQuery('');
  assert.equal(writeQuery(start), '');
  const narrow = narrowed({ ...start, offset: 150 }, { board: 'a&b=c', state: 'failed' });
  assert.equal(writeQuery(narrow), '?board=a%26b%3Dc&state=failed');
  const all = { ...narrow, search: '<b>', version: '2.0.0', sort: 'board', order: 'desc', offset: 50 } as const;
  assert.deepEqual(readQuery(writeQuery(all)), all);
  assert.deepEqual(readQuery('?sort=constructor&order=up&offset=-5&offset2=1'), start);
  assert.equal(readQuery('?offset=1e99').offset, 0);
});

test('the API is asked for a page, and not for what is empty: that would mean "named nothing"', () => {
  assert.equal(apiPath(readQuery('?board=x')), 'devices?board=x&sort=lastSeen&order=desc&offset=0&limit=50');
});

test('a click on a column sorts by it, a second one turns it round, both from the first page', () => {
  const byDevice = sortedBy(readQuery('?offset=50'), 'device');
  assert.deepEqual([byDevice.sort, byDevice.order, byDevice.offset], ['device', 'asc', 0]);
  assert.equal(sortedBy(byDevice, 'device').order, 'desc');
  assert.equal(sortedBy(sortedBy(byDevice, 'device'), 'lastSeen').order, 'desc', 'the newest first');
});
