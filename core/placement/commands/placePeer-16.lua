--[[
  Places a peer: the first of the room's nodes with headroom for it, else a chosen one; reserves the peer's demand in
  the same step.

  Input
    KEYS[1..15]  see includes/keys.lua
    KEYS[16]     learned size of rooms of this name pattern
    ARGV[1]      room id
    ARGV[2]      one letter each, `a` is 0: publishes, subscribes, selector (0 least-egress, 1 best-fit, 2 livekit),
                 kind (0 any, 1 cpuload, 2 sysload), sortBy (0 random, else the sort key's place in KEYS), algorithm
                 (0 lowest, 1 twochoice), evidence (0 none, 1 unreachable, 2 dead); then, with a space between
                 them: expected peers (0 when not given), load limit of the kinds cpuload and sysload, a random
                 whole number
    ARGV[3]      node id that the gateway has evidence against, or ''; left out together with ARGV[4]
    ARGV[4]      virtual time, 0: Redis' own
    ARGV[5]      node id that the peer leaves; left out together with ARGV[6]
    ARGV[6]      the only node id that it may go to, or ''

  Output
    a string: doubles epoch, created (0/1), claim seq, reserved egress, reserved packets, expected size; then the
      node ids joined by newlines (home first), a zero byte, link address of the peer's node, and unless that is the
      home: a zero byte, its node id, a zero byte, link address of the home. One value is read much faster than nine.
    { 1, retryAfterMs }  no capacity
    { 2, retryAfterMs }  placement can't say right now
]]
--- @include "keys"
--- @include "time"
--- @include "room-demand"
--- @include "room-layout"
--- @include "node-layout"
--- @include "claim-layout"
local PLACED_FORMAT = '<dddddd'

local roomId = ARGV[1]
local publishes, subscribes, selector, kind, sortBy, algorithm, evidence = string.byte(ARGV[2], 1, 7)
publishes, subscribes, evidence = publishes - 97, subscribes - 97, evidence - 97
local avoided = ARGV[5]

local now, nowUs, timeError = readTime(tonumber(ARGV[4] or 0))
if timeError then return timeError end

--------------------------------------------------------------------------------------------------------------
-- The usual case: the room lives, its node too, and the peer was expected, so that nothing more is reserved. All
-- functions that only the other cases need come after it, since Lua makes them anew with every call. What it writes
-- is what claimOn() writes for no demand.

local rawRoom = call('HGET', ROOMS, roomId)
local nodes, newline, home, rawHome, isSuspect, isHomeUsable, grown, needEgress, needPackets

if rawRoom then
  local epoch, egress, packets, peers, pub, sub, both, expected, reported, nodesAt = struct.unpack(ROOM_FORMAT, rawRoom)
  nodes = string.sub(rawRoom, nodesAt)
  home = nodes
  newline = string.find(nodes, '\n', 1, true)
  if newline then home = string.sub(nodes, 1, newline - 1) end
  rawHome = call('HGET', NODES, home)
  local lease, state, ready
  if rawHome then lease, state, ready = struct.unpack('<ddd', rawHome) end
  isSuspect = evidence > 0 and ARGV[3] == home
  isHomeUsable = rawHome and lease > now and state < 3 and not isSuspect
  if isHomeUsable and not newline and ready ~= MOVING and not avoided then
    peers, pub, sub, both = peers + 1, pub + publishes, sub + subscribes, both + publishes * subscribes
    if peers > expected then expected = peers end
    needEgress, needPackets = roomDemand(pub, sub, both)
    if needEgress <= egress and needPackets <= packets then
      local pendClients, pendTracks, lastClaim = struct.unpack('<ddd', rawHome, PEERS_AT)
      local seq = math.max(lastClaim + 1, nowUs)
      pendClients, pendTracks = pendClients + 1, pendTracks + TRACKS_PER_PUBLISHER * publishes
      call('HSET', NODES, home, string.sub(rawHome, 1, PEERS_AT - 1)
        .. struct.pack('<ddd', pendClients, pendTracks, seq) .. string.sub(rawHome, PEERS_AT + 24))
      call('HSET', ROOMS, roomId,
        struct.pack(ROOM_FORMAT, epoch, egress, packets, peers, pub, sub, both, expected, reported) .. nodes)
      call('ZADD', CLAIMS, '0', home .. '\0'
        .. struct.pack(CLAIM_FORMAT, seq, now, epoch, 0, 0, publishes, subscribes, 0) .. roomId)
      if state == 0 and ready == 1 then
        local clients, tracks = struct.unpack('<dd', rawHome, CLIENTS_AT)
        call('ZADD', BY_CLIENTS, string.format('%d', clients + pendClients), home)
        call('ZADD', BY_TRACKS, string.format('%d', tracks + pendTracks), home)
      end
      return struct.pack(PLACED_FORMAT, epoch, 0, seq, 0, 0, expected)
        .. nodes .. '\0' .. string.sub(rawHome, NODE_BYTES + 1)
    end
    grown = { epoch, egress, packets, peers, pub, sub, both, expected, reported }
  end
end

--------------------------------------------------------------------------------------------------------------

--- @include "node-record"
--- @include "sort-keys"
--- @include "room-record"
--- @include "claims"
--- @include "events"

-- Reserves the demand on the node and keeps every sort key fresh. `room` is what the node then holds of the room.
local function claimOn(nodeId, raw, node, room, egress, packets, isNewOnNode, isCreated, nodes)
  local seq = math.max(node[LAST_CLAIM] + 1, nowUs)
  node[LAST_CLAIM] = seq
  node[PEND_EGRESS] = node[PEND_EGRESS] + egress
  node[PEND_PACKETS] = node[PEND_PACKETS] + packets
  node[PEND_CLIENTS] = node[PEND_CLIENTS] + 1
  node[PEND_TRACKS] = node[PEND_TRACKS] + TRACKS_PER_PUBLISHER * publishes
  if isNewOnNode == 1 then node[PEND_ROOMS] = node[PEND_ROOMS] + 1 end
  writeNodeTail(nodeId, raw, node)
  writeClaim(nodeId, seq, now, room[R_EPOCH], egress, packets, publishes, subscribes, isNewOnNode, roomId)
  if takesRooms(node, now) then
    if egress > 0 or packets > 0 then rankDemand(nodeId, node) end
    rankPeers(nodeId, node)
    if isNewOnNode == 1 then rankRooms(nodeId, node) end
  end
  return struct.pack(PLACED_FORMAT, room[R_EPOCH], isCreated, seq, egress, packets, room[R_EXPECTED])
    .. nodes .. '\0' .. nodeLink(raw)
end

local function refuse(nodeId, egress, packets)
  writeEvent(now, 'no-capacity', 'roomId', roomId, 'nodeId', nodeId,
    'egressBps', string.format('%.0f', egress), 'packetsPerSecond', string.format('%.0f', packets))
  return { NO_CAPACITY, NO_CAPACITY_RETRY }
end

local homeNode = rawHome and unpackNode(rawHome)

-- For a choice of nodes: no peer is sent again to where the gateway has just failed to bring it.
local function withSuspect(excluded)
  if evidence > 0 then excluded[ARGV[3]] = true end
  return excluded
end

-- The room has outgrown what was reserved for it.
if grown then
  local egress, packets = math.max(0, needEgress - grown[R_EGRESS]), math.max(0, needPackets - grown[R_PACKETS])
  if egress <= egressHeadroom(homeNode) and packets <= packetHeadroom(homeNode) then
    grown[R_EGRESS], grown[R_PACKETS] = grown[R_EGRESS] + egress, grown[R_PACKETS] + packets
    writeRoom(roomId, grown, nodes)
    return claimOn(home, rawHome, homeNode, grown, egress, packets, 0, 0, nodes)
  end
end

--------------------------------------------------------------------------------------------------------------
-- A new room.

local wanted, loadLimit, random = string.match(ARGV[2], '^%l+(%d+) (%S+) (%d+)$')
wanted, loadLimit, random = tonumber(wanted), tonumber(loadLimit), tonumber(random)
selector, kind, sortBy, algorithm = selector - 97, kind - 97, sortBy - 97, algorithm - 97

--- @include "choose-node"

-- Nobody at all is alive: Redis just came back, or a clock jumped. That is no lack of capacity.
local function isFleetSilent()
  local last = call('ZREVRANGE', LEASES, 0, 0, 'WITHSCORES')
  return not last[2] or tonumber(last[2]) <= now
end

-- More than any one node of the fleet could carry, were it empty, as far as the one with most headroom shows.
local function exceedsNode(egress, packets)
  local nodeId = call('ZREVRANGE', BY_HEADROOM, '0', '0')[1]
  local raw = nodeId and call('HGET', NODES, nodeId)
  local node = raw and unpackNode(raw)
  return node and node[CASCADES] == 1 and (egress > node[CAP_EGRESS] or packets > node[CAP_PACKETS])
end

-- Puts a room onto a chosen node; gives the answer, and the node when there is one. `peers` and so on are those that the
-- room is reserved for before its expected size. `isLost`: people are in a call, and go on in parts rather than not at all.
local function placeRoom(pub, sub, both, peers, expected, epoch, excluded, isLost)
  local egress, packets = roomDemand(withExpected(peers, pub, sub, both, expected))
  local chosen = choose(egress, packets, excluded)
  if not chosen and (isLost or exceedsNode(egress, packets)) then
    -- It begins like any room, and goes on to further nodes.
    peers, expected = 1, math.min(expected, DEFAULT_EXPECTED)
    egress, packets = roomDemand(withExpected(1, publishes, subscribes, publishes * subscribes, expected))
    chosen = choose(egress, packets, excluded)
  end
  if not chosen then
    if isFleetSilent() then return { UNAVAILABLE, HEARTBEAT_INTERVAL } end
    return refuse('', egress, packets)
  end
  local room = {
    epoch, egress, packets, 1, publishes, subscribes, publishes * subscribes, math.max(expected, peers), CLAIMED,
  }
  writeRoom(roomId, room, chosen[1])
  call('ZADD', ROOM_INDEX, '0', chosen[1] .. '\0' .. roomId)
  return claimOn(chosen[1], chosen[2], chosen[3], room, egress, packets, 1, 1, chosen[1]), chosen[1]
end

--- @include "home-lost"

if not rawRoom then
  local known = call('MGET', GENERATION, KEYS[16])
  local rest = generationRest(tonumber(known[1]), now)
  if rest > 0 then return notYet(rest) end
  local expected = wanted
  if expected <= 0 then
    local learned = tonumber(known[2])
    expected = learned and math.floor(learned + 0.5) or DEFAULT_EXPECTED
  end
  return (placeRoom(publishes, subscribes, publishes * subscribes, 1, math.max(1, expected), nowUs, withSuspect({})))
end

--------------------------------------------------------------------------------------------------------------
-- The home lives: its nodes in turn, or one more.

--- @include "place-among"

local room, list = unpackRoom(rawRoom), splitNodes(nodes)
if isHomeUsable then return placeAmong(list, room) end

--------------------------------------------------------------------------------------------------------------
-- The home is gone, or silent, or this gateway says so.

local rest = homeRest(homeNode, isSuspect and evidence or 0, now)
if rest > 0 then return notYet(rest) end

-- Proven dead before its lease lapsed: nothing more goes there, unless its next heartbeat proves otherwise.
if homeNode and homeNode[LEASE] > now then unrankNodes({ home }) end

local nextHome = nextHomeOf(list, now, evidence > 0 and ARGV[3])
if nextHome then return placeAmong(promote(roomId, rawRoom, list, nextHome, now, nowUs)) end

-- Everybody who was in the room will come again.
local pub, sub, both, peers, expected, excluded = 0, 0, 0, 0, 0, {}
for _, member in ipairs(membersOf(list, room)) do
  local holds = member.holds
  pub, sub, both = pub + holds[R_PUB], sub + holds[R_SUB], both + holds[R_BOTH]
  peers, expected = peers + holds[R_PEERS], expected + holds[R_EXPECTED]
  excluded[member.id] = true
end
local answer, nodeId =
  placeRoom(pub, sub, both, peers, math.max(1, expected, peers), math.max(room[R_EPOCH] + 1, nowUs), withSuspect(excluded), true)
if nodeId then
  for i = 1, #list do
    dropPart(list[i], roomId)
    moveClaims(list[i], roomId)
    -- A node that still lives, or comes back, must list its rooms to learn that this one is gone.
    askForFullList(list[i])
  end
  writeEvent(now, 'room-moved', 'roomId', roomId, 'fromNodeId', home, 'nodeId', nodeId,
    'epoch', string.format('%.0f', math.max(room[R_EPOCH] + 1, nowUs)))
end
return answer
