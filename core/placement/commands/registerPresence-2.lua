--[[
  Says that a region holds rooms, and answers which region is the root of each. A region's entry lives as long as its
  lease, which is counted here and by Redis' clock alone. The root is the region that has been longest in the room; one
  that was its root before, in another directory, says for how long.

  Messages of a region about a room are ordered by (epoch, sequence number): what is older than what is stored changes
  nothing, also for a while after the lease has lapsed or the room was left.

  Input
    KEYS[1]      ZSET `<room id>\0<region>` → when the lease ends, milliseconds
    KEYS[2]      HASH `<room id>\0<region>` → `<epoch> <seq> <since> <node id>`; since: microseconds
    ARGV[1]      region that speaks
    ARGV[2]      node id of the speaker, the home of the rooms in its region
    ARGV[3]      sequence number of the message
    ARGV[4]      all regions, joined by a space
    ARGV[5]      how many rooms are held; the others are left
    ARGV[6..]    for each room: its id, its epoch in that region, milliseconds since when the region is its root (0:
                 it isn't), the regions in the directory order of the room as numbers in ARGV[4] joined by a space
                 For each room that is left: its id, its epoch

  Output
    for each room that is held: region and node id of its root, and 1 when the message was taken
]]
--- @include "time"

local LAPSES, ENTRIES = KEYS[1], KEYS[2]
local call = redis.call
local region, nodeId, seq = ARGV[1], ARGV[2], tonumber(ARGV[3])
local now, nowUs, timeError = readTime(0)
if timeError then return timeError end

local regions = {}
for name in string.gmatch(ARGV[4], '%S+') do regions[#regions + 1] = name end

local function read(member)
  local raw = call('HGET', ENTRIES, member)
  if not raw then return nil end
  local epoch, lastSeq, since, home = string.match(raw, '^(%S+) (%S+) (%S+) (%S+)$')
  return { epoch = tonumber(epoch), seq = tonumber(lastSeq), since = tonumber(since), nodeId = home }
end

local function write(member, epoch, since, lapses)
  call('HSET', ENTRIES, member, string.format('%.0f %.0f %.0f %s', epoch, seq, since, nodeId))
  call('ZADD', LAPSES, lapses, member)
end

-- Of two homes of one region in one room the one with the higher epoch is right; at the same epoch there is one only.
local function isNews(entry, epoch)
  if not entry or epoch > entry.epoch then return true end
  return epoch == entry.epoch and nodeId == entry.nodeId and seq > entry.seq
end

local function lives(member)
  local lapses = call('ZSCORE', LAPSES, member)
  return lapses and tonumber(lapses) > now
end

-- Few at a time: whoever speaks clears up for all.
for _, member in ipairs(call('ZRANGEBYSCORE', LAPSES, '-inf', now - FORGET_AFTER, 'LIMIT', 0, 200)) do
  call('ZREM', LAPSES, member)
  call('HDEL', ENTRIES, member)
end

local answer = {}
local at = 6
for _ = 1, tonumber(ARGV[5]) do
  local roomId, epoch, rootFor = ARGV[at], tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
  local order = ARGV[at + 3]
  at = at + 4
  local own = roomId .. '\0' .. region
  local entry = read(own)
  local taken = isNews(entry, epoch)
  if taken then
    local since = lives(own) and entry.since or nowUs - rootFor * 1000
    write(own, epoch, since, now + LEASE_TTL)
  end
  local root
  for index in string.gmatch(order, '%S+') do
    local name = regions[tonumber(index)]
    local member = roomId .. '\0' .. name
    if lives(member) then
      local other = read(member)
      -- Of those that came together, the first in the order.
      if not root or other.since < root.since then root = { region = name, nodeId = other.nodeId, since = other.since } end
    end
  end
  answer[#answer + 1] = root and root.region or ''
  answer[#answer + 1] = root and root.nodeId or ''
  answer[#answer + 1] = taken and 1 or 0
end

while ARGV[at] do
  local member, epoch = ARGV[at] .. '\0' .. region, tonumber(ARGV[at + 1])
  at = at + 2
  local entry = read(member)
  -- Kept until it is forgotten, so that what was under way before it can't bring the room back.
  if entry and isNews(entry, epoch) then write(member, epoch, entry.since, now) end
end

return answer
