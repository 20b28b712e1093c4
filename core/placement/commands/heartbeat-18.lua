--[[
  Renews a node's lease, takes over its report, settles the claims it has seen, and tells it what it must drop.

  Input
    KEYS[1..15]  see includes/keys.lua
    KEYS[16]     node info
    KEYS[17]     removed nodes
    KEYS[18]     drain commands
    KEYS[19..]   learned size for each ended room, in their order
    ARGV[1]      node id
    ARGV[2]      doubles: state, ready, capacity (2), use (2), load (6), heartbeatSeq, cascades,
                 acknowledgedSeq, full, number of reported rooms, virtual time (0: Redis' own)
    ARGV[3]      link address
    ARGV[4]      node info, opaque
    ARGV[5]      seqs of the claims seen, doubles
    ARGV[6..]    reported rooms: doubles epoch, peers, publishers, subscribers, expected, reserved (2), then the
                 home that the node knows of ('': itself), a zero byte and the room id; after them the ended rooms: doubles epoch, peak peers, then the room id

  Output
    { 0, now, needFull (0/1), claims whose peers have not come (-1: unknown), drain command ('': none), number of lost
      rooms, for each of them: room id, home, epoch; for each room with another home or epoch than the node knows of: room
      id, node ids joined by newlines, epoch }
]]
--- @include "keys"
--- @include "time"
--- @include "node-record"
--- @include "sort-keys"
--- @include "room-parts"
--- @include "assert-room"
--- @include "claims"
--- @include "forget-claim"
--- @include "remove-node"
--- @include "events"

local nodeId = ARGV[1]
local state, ready, capEgress, capPackets, useEgress, usePackets, cpu, sys, roomCount, clients, tracks, bytes,
  heartbeatSeq, cascades, acknowledgedSeq, full, reportedRooms, virtualNow =
    struct.unpack('<dddddddddddddddddd', ARGV[2])
local PRIOR_LIFE_SEC = 30 * 24 * 3600
local ROOMS_SWEPT = 50

local now, nowUs, timeError = readTime(virtualNow)
if timeError then return timeError end

local raw = call('HGET', NODES, nodeId)
local old = raw and unpackNode(raw)

-- An earlier heartbeat that was held up on its way says nothing new.
if old and acknowledgedSeq > 0 and heartbeatSeq <= old[HEARTBEAT_SEQ] then return { OK, now, 0, -1, '', 0 } end

--------------------------------------------------------------------------------------------------------------
-- Generation: has Redis forgotten something?

local generation = tonumber(call('GET', GENERATION))
local lapsed = not old or old[LEASE] <= now

-- This node's own writes are missing: it lists its rooms again, whoever noticed first.
local lostMine = (old and old[HEARTBEAT_SEQ] < acknowledgedSeq)
  or (not old and acknowledgedSeq > 0 and not call('ZSCORE', KEYS[17], nodeId))

local function beginsGeneration()
  if not generation then return true end
  -- The first node to notice begins it; the others come within a lease and must not prolong it.
  if now - generation / 1000 < LEASE_TTL then return false end
  if lostMine then return true end
  if not old or not lapsed then return false end
  -- Everybody's lease lapsed: Redis was away, or its clock jumped.
  local last = call('ZREVRANGE', LEASES, 0, 0, 'WITHSCORES')
  return not last[2] or tonumber(last[2]) <= now
end

if beginsGeneration() then
  generation = nowUs
  call('SET', GENERATION, string.format('%.0f', generation))
  writeEvent(now, 'generation-began', 'nodeId', nodeId)
end

local asserted = 0
if full == 1 then asserted = generation
elseif old and not lapsed and not lostMine then asserted = old[ASSERTED] end

--------------------------------------------------------------------------------------------------------------
-- Claims: what was seen is part of the report now, what nobody saw in time is void, the rest still counts.

local seen = {}
for at = 1, #ARGV[5], 8 do seen[(struct.unpack('<d', ARGV[5], at))] = true end

local pendEgress, pendPackets, pendRooms, pendClients, pendTracks = 0, 0, 0, 0, 0
local pendingOf, settled = {}, {}
for _, member in ipairs(call('ZRANGEBYLEX', CLAIMS, '[' .. nodeId .. '\0', '(' .. nodeId .. '\1')) do
  local claim = unpackClaim(nodeId, member)
  if seen[claim.seq] or now - claim.at >= CLAIM_TTL then
    call('ZREM', CLAIMS, member)
    settled[#settled + 1] = claim
  else
    pendEgress, pendPackets = pendEgress + claim.egress, pendPackets + claim.packets
    pendRooms, pendClients = pendRooms + claim.rooms, pendClients + 1
    pendTracks = pendTracks + TRACKS_PER_PUBLISHER * claim.publishes
    local pending = pendingOf[claim.roomId]
    if not pending then
      pending = { 0, 0, 0, 0, 0, 0 }
      pendingOf[claim.roomId] = pending
    end
    pending[1], pending[2] = pending[1] + claim.egress, pending[2] + claim.packets
    pending[3], pending[4] = pending[3] + 1, pending[4] + claim.publishes
    pending[5], pending[6] = pending[5] + claim.subscribes, pending[6] + claim.publishes * claim.subscribes
  end
end
local NOTHING_PENDING = { 0, 0, 0, 0, 0, 0 }

--------------------------------------------------------------------------------------------------------------
-- Rooms: ended, reported, and (in a full report) no longer there.

local touched, lost, homes = {}, {}, {}

-- The node has ended the room, or doesn't list it. With a peer on its way there already the room lives on, with what that
-- peer's claim says. True when the room, as it was, is over.
local function endPart(roomId, rawRoom)
  touched[roomId] = true
  local pending = pendingOf[roomId]
  if not pending then return leaveRoom(roomId, rawRoom, nodeId, now, nowUs) end
  local nodes = roomNodes(rawRoom)
  local isHome = homeOf(nodes) == nodeId
  local holds = isHome and unpackRoom(rawRoom) or readPart(nodeId, roomId)
  if not holds then
    dropPart(nodeId, roomId)
    return false
  end
  holds[R_EGRESS], holds[R_PACKETS], holds[R_PEERS], holds[R_PUB], holds[R_SUB], holds[R_BOTH] = unpack(pending)
  holds[R_REPORTED] = CLAIMED
  if isHome then writeRoom(roomId, holds, nodes) else writePart(nodeId, roomId, holds) end
  return isHome
end

for i = 6 + reportedRooms, #ARGV do
  local epoch, peak, after = struct.unpack('<dd', ARGV[i])
  local roomId = string.sub(ARGV[i], after)
  local rawRoom = call('HGET', ROOMS, roomId)
  local recordedEpoch = rawRoom and unpackRoom(rawRoom)[R_EPOCH] or 0
  if rawRoom and homeOf(roomNodes(rawRoom)) == nodeId then
    if recordedEpoch == epoch and endPart(roomId, rawRoom) and peak >= 2 then
      local key = KEYS[19 + i - 6 - reportedRooms]
      local learned = tonumber(call('GET', key))
      call('SET', key, learned and learned + LEARNING_WEIGHT * (peak - learned) or peak, 'EX', PRIOR_LIFE_SEC)
    end
  elseif rawRoom and epoch <= recordedEpoch then
    endPart(roomId, rawRoom)
  end
end

for i = 6, 5 + reportedRooms do
  local epoch, peers, pub, sub, expected, egress, packets, after = struct.unpack('<ddddddd', ARGV[i])
  local homeEnd = string.find(ARGV[i], '\0', after, true)
  local roomId, knownHome = string.sub(ARGV[i], homeEnd + 1), string.sub(ARGV[i], after, homeEnd - 1)
  local pending = pendingOf[roomId] or NOTHING_PENDING
  touched[roomId] = true
  local home, nodes, recordedEpoch = assertRoom(nodeId, roomId, {
    epoch, egress + pending[1], packets + pending[2], peers + pending[3], pub + pending[4], sub + pending[5],
    math.max(0, pub + sub - peers) + pending[6], math.max(expected, peers + pending[3]), LISTED,
  }, knownHome == '' and nodeId or knownHome, now, nowUs)
  if not nodes then
    lost[#lost + 1], lost[#lost + 2], lost[#lost + 3] = roomId, home, recordedEpoch
  elseif recordedEpoch > epoch or (home ~= knownHome and (home ~= nodeId or knownHome ~= '')) then
    homes[#homes + 1], homes[#homes + 2], homes[#homes + 3] = roomId, nodes, recordedEpoch
  end
end

if full == 1 then
  for _, member in ipairs(call('ZRANGEBYLEX', ROOM_INDEX, '[' .. nodeId .. '\0', '(' .. nodeId .. '\1')) do
    local roomId = string.sub(member, #nodeId + 2)
    local rawRoom = not touched[roomId] and call('HGET', ROOMS, roomId)
    if rawRoom then endPart(roomId, rawRoom) elseif not touched[roomId] then dropPart(nodeId, roomId) end
  end
end

for _, claim in ipairs(settled) do
  if not touched[claim.roomId] then forgetClaimOfRoom(nodeId, claim, now, nowUs) end
end

--------------------------------------------------------------------------------------------------------------
-- The node itself.

local node = {
  now + LEASE_TTL, state, ready, capEgress, capPackets, useEgress, usePackets, cpu, sys, roomCount, clients, tracks,
  bytes, heartbeatSeq, cascades, pendEgress, pendPackets, pendRooms, pendClients, pendTracks, old and old[LAST_CLAIM] or 0,
  asserted,
}
call('HSET', NODES, nodeId, struct.pack(NODE_FORMAT, unpack(node)) .. ARGV[3])
call('HSET', KEYS[16], nodeId, ARGV[4])
call('ZADD', LEASES, node[LEASE], nodeId)
if not old then call('ZREM', KEYS[17], nodeId) end
if takesRooms(node, now) then
  rankNode(nodeId, node)
else
  unrankNodes({ nodeId })
end

--------------------------------------------------------------------------------------------------------------
-- Garbage: one node that has been silent for long, a few rooms at a time. Not right after an outage of Redis,
-- when everybody has been silent.

if now - generation / 1000 > NODE_TTL then
  local gone = call('ZRANGEBYSCORE', LEASES, '-inf', now - NODE_TTL, 'LIMIT', 0, 1)[1]
  if gone and removeRoomsOf(gone, ROOMS_SWEPT, now, nowUs) then
    removeNode(gone, now, KEYS[16], KEYS[17])
    call('HDEL', KEYS[18], gone)
  end
end

local reply = { OK, now, asserted == generation and 0 or 1, pendClients, call('HGET', KEYS[18], nodeId) or '', #lost / 3 }
for _, value in ipairs(lost) do reply[#reply + 1] = value end
for _, value in ipairs(homes) do reply[#reply + 1] = value end
return reply
