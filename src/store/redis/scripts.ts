// Owns what Redis does in one step: the Lua scripts, each with its keys, its arguments and its reply.
import { script } from './redis-link.ts';

/** Older Lua writes large numbers as 1.7e+12. */
const WHOLE = `local function whole(n) return string.format('%.0f', n) end\n`;
const NOW = `local t = redis.call('TIME')\nlocal now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)\n`;

/**
 * All that is new, and a sign of life. Keys: meta, changes, records, machines, journal. Arguments: the last change seen,
 * the most records, the last journal entry seen, the most entries, this machine, what it says of itself, its time, the
 * record of the last change seen. Reply: epoch, format, seq, clock, now, [record, change, value, …], journal entries,
 * [machine, said, …], the latest change of that record (or empty).
 * A machine whose clock is far ahead of Redis' own does not take the others along.
 */
export const PULL = script(`${WHOLE}${NOW}
local meta = redis.call('HMGET', KEYS[1], 'epoch', 'format', 'seq', 'clock')
local clock = tonumber(meta[4] or '0')
local mine = math.min(tonumber(ARGV[7]), now + 60000)
if meta[1] and mine > clock + 5000 then
  clock = mine
  redis.call('HSET', KEYS[1], 'clock', whole(clock))
end
redis.call('HSET', KEYS[4], ARGV[5], whole(now) .. '|' .. ARGV[6])
local found = redis.call('ZRANGEBYSCORE', KEYS[2], '(' .. ARGV[1], '+inf', 'WITHSCORES', 'LIMIT', 0, ARGV[2])
local changed = {}
if #found > 0 then
  local names = {}
  for i = 1, #found, 2 do names[#names + 1] = found[i] end
  local values = redis.call('HMGET', KEYS[3], unpack(names))
  for i = 1, #names do
    changed[#changed + 1] = names[i]
    changed[#changed + 1] = found[2 * i]
    changed[#changed + 1] = values[i] or ''
  end
end
local entries = redis.call('XRANGE', KEYS[5], '(' .. ARGV[3], '+', 'COUNT', ARGV[4])
return {meta[1] or '', meta[2] or '', meta[3] or '0', whole(clock), whole(now), changed, entries, redis.call('HGETALL', KEYS[4]), redis.call('ZSCORE', KEYS[2], ARGV[8]) or ''}
`);

/**
 * Writes records. Keys: meta, changes, records, left. Arguments: epoch, channel, then for each record its name, the
 * version that it was based on, the sealed value (empty: removed), a version to keep (or empty: the next one). Reply: for
 * each the version that it has got, or 0 where somebody was quicker.
 */
export const PUT = script(`${WHOLE}${NOW}
if redis.call('HGET', KEYS[1], 'epoch') ~= ARGV[1] then return redis.error_reply('EPOCH another one') end
local out = {}
local any = false
for i = 3, #ARGV, 4 do
  local name, base, value, keep = ARGV[i], tonumber(ARGV[i + 1]), ARGV[i + 2], ARGV[i + 3]
  local old = redis.call('HGET', KEYS[3], name)
  local current = old and tonumber(string.match(old, '^(%d+):')) or 0
  local free = keep ~= '' and current < tonumber(keep) or keep == '' and current <= base
  if not free then
    out[#out + 1] = '0'
  else
    local seq = redis.call('HINCRBY', KEYS[1], 'seq', 1)
    local version = keep ~= '' and tonumber(keep) or seq
    if version > seq then
      seq = version
      redis.call('HSET', KEYS[1], 'seq', whole(seq))
    end
    redis.call('HSET', KEYS[3], name, whole(version) .. ':' .. value)
    redis.call('ZADD', KEYS[2], seq, name)
    if value == '' then redis.call('ZADD', KEYS[4], now, name) else redis.call('ZREM', KEYS[4], name) end
    out[#out + 1] = whole(version)
    any = true
  end
end
if any then
  for _, name in ipairs(redis.call('ZRANGEBYSCORE', KEYS[4], '-inf', now - 604800000, 'LIMIT', 0, 50)) do
    redis.call('HDEL', KEYS[3], name)
    redis.call('ZREM', KEYS[2], name)
    redis.call('ZREM', KEYS[4], name)
  end
  redis.call('PUBLISH', ARGV[2], '1')
end
return out
`);

/** Begins an empty Redis. Keys: meta. Arguments: epoch, format, the first running number. Reply: the epoch that counts. */
export const BEGIN = script(`
if redis.call('HSETNX', KEYS[1], 'epoch', ARGV[1]) == 1 then
  redis.call('HSET', KEYS[1], 'format', ARGV[2], 'seq', ARGV[3])
end
return redis.call('HGET', KEYS[1], 'epoch')
`);

/**
 * Takes a lease. Keys: the lease, meta. Arguments: owner, its life in milliseconds. Reply: its token, or nothing where
 * another owner has it.
 */
export const TAKE_LEASE = script(`
local held = redis.call('GET', KEYS[1])
if held and string.match(held, '^([^:]*):') ~= ARGV[1] then return false end
local token = redis.call('HINCRBY', KEYS[2], 'token', 1)
redis.call('SET', KEYS[1], ARGV[1] .. ':' .. token, 'PX', ARGV[2])
return token
`);

/** Keeps a lease for longer. Keys: the lease. Arguments: what it holds, its life. Reply: 1, or 0 where it is lost. */
export const RENEW_LEASE = script(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
`);

/** Gives a lease up, at once or (2nd argument above 0) for others after so many milliseconds. Keys and 1st as above. */
export const LEAVE_LEASE = script(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if tonumber(ARGV[2]) > 0 then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return redis.call('DEL', KEYS[1])
`);
