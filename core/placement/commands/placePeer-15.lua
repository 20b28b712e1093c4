--[[
  Places a peer: the room's node when it has one with headroom, else a chosen one; reserves the peer's demand in
  the same step.

  Input
    KEYS[1..14]  see includes/keys.lua
    KEYS[15]     learned size of rooms of this name pattern
    ARGV[1]      room id
    ARGV[2]      one letter each, `a` is 0: publishes, subscribes, selector (0 least-egress, 1 best-fit, 2 livekit),
                 kind (0 any, 1 cpuload, 2 sysload), sortBy (0 random, else the sort key's place in KEYS), algorithm
                 (0 lowest, 1 twochoice), evidence (0 none, 1 unreachable, 2 dead); then, with a space between
                 them: expected peers (0 when not given), load limit of the kinds cpuload and sysload, a random
                 whole number
    ARGV[3]      node id that the gateway has evidence against, or ''; left out together with ARGV[4]
    ARGV[4]      virtual time, 0: Redis' own

  Output
    a string: doubles epoch, created (0/1), claim seq, reserved egress, reserved packets, expected size; then the
      node ids joined by newlines (home first), a zero byte, link address of the home. One value is read much faster
      than nine.
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

local now, nowUs, timeError = readTime(tonumber(ARGV[4] or 0))
if timeError then return timeError end

--------------------------------------------------------------------------------------------------------------
-- The usual case: the room lives, its node too, and the peer was expected, so that nothing more is reserved. All
-- functions that only the other cases need come after it, since Lua makes them anew with every call. What it writes
-- is what claimOn() writes for no demand.

local rawRoom = call('HGET', ROOMS, roomId)
local room, nodes, home, rawHome, isSuspect, isHomeUsable, needEgress, needPackets

if rawRoom then
  local epoch, egress, packets, peers, pub, sub, both, expected, reported, nodesAt = struct.unpack(ROOM_FORMAT, rawRoom)
  nodes = string.sub(rawRoom, nodesAt)
  home = nodes
  local newline = string.find(nodes, '\n', 1, true)
  if newline then home = string.sub(nodes, 1, newline - 1) end
  rawHome = call('HGET', NODES, home)
  local lease, state, ready
  if rawHome then lease, state, ready = struct.unpack('<ddd', rawHome) end
  isSuspect = evidence > 0 and ARGV[3] == home
  isHomeUsable = rawHome and lease > now and state < 3 and not isSuspect
  if isHomeUsable then
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
  end
  room = { epoch, egress, packets, peers, pub, sub, both, expected, reported }
end

--------------------------------------------------------------------------------------------------------------

--- @include "node-record"
--- @include "sort-keys"
--- @include "room-record"
--- @include "claims"
--- @include "events"

-- Reserves the demand on the node, counts the peer into the room, keeps every sort key fresh.
local function claimOn(nodeId, raw, node, room, egress, packets, isNewOnNode, nodes)
  local seq = math.max(node[LAST_CLAIM] + 1, nowUs)
  node[LAST_CLAIM] = seq
  node[PEND_EGRESS] = node[PEND_EGRESS] + egress
  node[PEND_PACKETS] = node[PEND_PACKETS] + packets
  node[PEND_CLIENTS] = node[PEND_CLIENTS] + 1
  node[PEND_TRACKS] = node[PEND_TRACKS] + TRACKS_PER_PUBLISHER * publishes
  if isNewOnNode == 1 then node[PEND_ROOMS] = node[PEND_ROOMS] + 1 end
  writeNodeTail(nodeId, raw, node)
  writeClaim(nodeId, seq, now, room[R_EPOCH], egress, packets, publishes, subscribes, isNewOnNode, roomId)
  writeRoom(roomId, room, nodes)
  if takesRooms(node, now) then
    if egress > 0 or packets > 0 then rankDemand(nodeId, node) end
    rankPeers(nodeId, node)
    if isNewOnNode == 1 then rankRooms(nodeId, node) end
  end
  return struct.pack(PLACED_FORMAT, room[R_EPOCH], isNewOnNode, seq, egress, packets, room[R_EXPECTED])
    .. nodes .. '\0' .. nodeLink(raw)
end

local function refuse(nodeId, egress, packets)
  writeEvent(now, 'no-capacity', 'roomId', roomId, 'nodeId', nodeId,
    'egressBps', string.format('%.0f', egress), 'packetsPerSecond', string.format('%.0f', packets))
  return { NO_CAPACITY, NO_CAPACITY_RETRY }
end

local homeNode = rawHome and unpackNode(rawHome)

-- The room has outgrown what was reserved for it.
if isHomeUsable then
  local egress, packets = math.max(0, needEgress - room[R_EGRESS]), math.max(0, needPackets - room[R_PACKETS])
  if egress > egressHeadroom(homeNode) or packets > packetHeadroom(homeNode) then
    return refuse(home, egress, packets)
  end
  room[R_EGRESS], room[R_PACKETS] = room[R_EGRESS] + egress, room[R_PACKETS] + packets
  return claimOn(home, rawHome, homeNode, room, egress, packets, 0, nodes)
end

-- Milliseconds until the present generation has lasted a lease: until then a room without a record may live on a
-- node that has not said so yet.
local function generationRest(generationUs)
  if not generationUs then return LEASE_TTL end
  return math.ceil(generationUs / 1000 + LEASE_TTL - now)
end

--------------------------------------------------------------------------------------------------------------
-- Choosing a node for a new room: at most 16 candidates, each checked for lease, state and every dimension.

local CANDIDATES, FIRST_LOOK = 16, 1
local wanted, loadLimit, random = string.match(ARGV[2], '^%l+(%d+) (%S+) (%d+)$')
wanted, loadLimit, random = tonumber(wanted), tonumber(loadLimit), tonumber(random)
selector, kind, sortBy, algorithm = selector - 97, kind - 97, sortBy - 97, algorithm - 97

local function loadOk(node)
  if kind == 1 then return projectedLoad(node, CPU) <= loadLimit end
  if kind == 2 then return projectedLoad(node, SYS) <= loadLimit end
  return true
end

local function admits(node, egress, packets)
  local egressLeft, packetsLeft = egressHeadroom(node), packetHeadroom(node)
  return egressLeft > 0 and packetsLeft > 0 and egress <= egressLeft and packets <= packetsLeft and loadOk(node)
end

-- By any policy. Its functions stand inside it, so that a call that does without makes none of them.
local function chooseByPolicy(egress, packets, excluded)
  local function sortValue(node)
    if sortBy == 9 then return node[ROOM_COUNT] + node[PEND_ROOMS] end
    if sortBy == 10 then return projectedLoad(node, CPU) end
    if sortBy == 11 then return projectedLoad(node, SYS) end
    if sortBy == 12 then return node[CLIENTS] + node[PEND_CLIENTS] end
    if sortBy == 13 then return node[TRACKS] + node[PEND_TRACKS] end
    if sortBy == 14 then return node[BYTES] + node[PEND_EGRESS] / 8 end
    return 0
  end

  -- Candidates from one end of a sort key. A claim moves its node away from there, so among equals the next room
  -- gets the next node; where a room claims nothing, the first look is at a random one of them.
  local function fromEnd(key, command, isFree)
    local isRotated = false
    return function(offset, count)
      if isFree and offset == 0 then
        local top = call(command, key, '0', '0', 'WITHSCORES')[2]
        local start = top and random % call('ZCOUNT', key, top, top) or 0
        isRotated = start > 0
        return call(command, key, start, start + count - 1)
      end
      if isRotated then offset = 0 end
      return call(command, key, string.format('%d', offset), string.format('%d', offset + count - 1))
    end
  end

  local function fromScore(key, score)
    return function(offset, count)
      return call('ZRANGEBYSCORE', key, score, '+inf', 'LIMIT', offset, count)
    end
  end

  -- Redis draws distinct members but leaves their order to chance only in part, so begin at a random one.
  local function atRandom(offset)
    if offset > 0 then return {} end
    local drawn = call('ZRANDMEMBER', BY_HEADROOM, CANDIDATES)
    local ids, start = {}, random % math.max(1, #drawn)
    for i = 1, #drawn do ids[i] = drawn[(start + i - 1) % #drawn + 1] end
    return ids
  end

  -- Looks at candidates in order and gives the first `want` that admit the demand. Lapsed ones leave the sort keys.
  local function look(fetch, want, egress, packets, excluded)
    for _ = 1, 64 do
      local found, lapsed, offset, count = {}, {}, 0, FIRST_LOOK
      while offset < CANDIDATES do
        local ids = fetch(offset, count)
        if #ids == 0 then break end
        local raws = call('HMGET', NODES, unpack(ids))
        for i = 1, #ids do
          local raw = raws[i]
          local node = raw and unpackNode(raw)
          if ids[i] == excluded then
            -- The room is leaving it.
          elseif not node or not takesRooms(node, now) then
            lapsed[#lapsed + 1] = ids[i]
          elseif admits(node, egress, packets) then
            found[#found + 1] = { ids[i], raw, node }
            if #found == want then break end
          end
        end
        if #found == want then break end
        offset, count = offset + count, CANDIDATES - FIRST_LOOK
      end
      if #lapsed > 0 then unrankNodes(lapsed) end
      if #found > 0 or #lapsed == 0 then return found end
    end
    return {}
  end

  -- The policy's own candidates, in its order, and how many of them it compares.
  local function preferred(egress, packets)
    local isFree = egress == 0 and packets == 0
    if selector == 0 then return fromEnd(BY_HEADROOM, 'ZREVRANGE', isFree), 1 end
    if selector == 1 then return fromScore(BY_HEADROOM, math.min(egress, packets * BITS_PER_PACKET)), 1 end
    if algorithm == 1 then return atRandom, 2 end
    if sortBy == 0 then return atRandom, 1 end
    return fromEnd(KEYS[sortBy], 'ZRANGE', isFree), 1
  end

  -- Where somebody free stands when the policy's own candidates are all full.
  local function fallback(egress, packets)
    -- Where the dimensions disagree, begin where both are sure to fit.
    if selector == 1 then return fromScore(BY_HEADROOM, math.max(egress, packets * BITS_PER_PACKET)) end
    return fromEnd(BY_HEADROOM, 'ZREVRANGE')
  end

  local function leastSorted(found)
    local best = found[1]
    for i = 2, #found do
      if sortValue(found[i][3]) < sortValue(best[3]) then best = found[i] end
    end
    return best
  end

  local fetch, want = preferred(egress, packets)
  local found = look(fetch, want, egress, packets, excluded)
  if #found == 0 and selector ~= 0 then
    found = look(fallback(egress, packets), selector == 2 and CANDIDATES or 1, egress, packets, excluded)
  end
  -- And where those with headroom are all above the load limit.
  if #found == 0 and kind > 0 then
    found = look(fromEnd(kind == 1 and BY_CPULOAD or BY_SYSLOAD, 'ZRANGE'), CANDIDATES, egress, packets, excluded)
  end
  return leastSorted(found)
end

-- The default policy's first candidate nearly always fits.
local function choose(egress, packets, excluded)
  if selector == 0 and (egress > 0 or packets > 0) then
    local nodeId = call('ZREVRANGE', BY_HEADROOM, '0', '0')[1]
    local raw = nodeId and nodeId ~= excluded and call('HGET', NODES, nodeId)
    local node = raw and unpackNode(raw)
    if node and takesRooms(node, now) and admits(node, egress, packets) then return { nodeId, raw, node } end
  end
  return chooseByPolicy(egress, packets, excluded)
end

-- Puts a room onto a chosen node. `counts` are the peers that the room is reserved for before its expected size.
local function placeRoom(pub, sub, both, peers, expected, epoch, movedFrom)
  local wantPub, wantSub, wantBoth = withExpected(peers, pub, sub, both, expected)
  local egress, packets = roomDemand(wantPub, wantSub, wantBoth)
  local chosen = choose(egress, packets, movedFrom)
  if not chosen then
    local last = call('ZREVRANGE', LEASES, 0, 0, 'WITHSCORES')
    -- Nobody at all is alive: Redis just came back, or a clock jumped. That is no lack of capacity.
    if not last[2] or tonumber(last[2]) <= now then return { UNAVAILABLE, HEARTBEAT_INTERVAL } end
    return refuse('', egress, packets)
  end
  local nodeId = chosen[1]
  local room = { epoch, egress, packets, 1, publishes, subscribes, publishes * subscribes, math.max(expected, peers), 0 }
  call('ZADD', ROOM_INDEX, '0', nodeId .. '\0' .. roomId)
  if movedFrom then
    call('ZREM', ROOM_INDEX, movedFrom .. '\0' .. roomId)
    -- A home that still lives, or comes back, must list its rooms to learn that this one is gone.
    local fromRaw = call('HGET', NODES, movedFrom)
    if fromRaw then
      local from = unpackNode(fromRaw)
      from[ASSERTED] = 0
      writeNodeTail(movedFrom, fromRaw, from)
    end
    writeEvent(now, 'room-moved', 'roomId', roomId, 'fromNodeId', movedFrom, 'nodeId', nodeId,
      'epoch', string.format('%.0f', epoch))
  end
  return claimOn(nodeId, chosen[2], chosen[3], room, egress, packets, 1, nodeId)
end

--------------------------------------------------------------------------------------------------------------

if not rawRoom then
  local known = call('MGET', GENERATION, KEYS[15])
  local rest = generationRest(tonumber(known[1]))
  if rest > 0 then return { UNAVAILABLE, rest } end
  local expected = wanted
  if expected <= 0 then
    local learned = tonumber(known[2])
    expected = learned and math.floor(learned + 0.5) or DEFAULT_EXPECTED
  end
  return placeRoom(publishes, subscribes, publishes * subscribes, 1, math.max(1, expected), nowUs)
end

-- The home is gone, or silent, or this gateway says so. Without proof it gets the benefit of the doubt, and after
-- an outage of Redis time begins anew for everybody.
if homeNode and homeNode[STATE] < 3 and not (isSuspect and evidence == 2) then
  local generationUs = tonumber(call('GET', GENERATION))
  local lapse = homeNode[LEASE]
  if generationUs then lapse = math.max(lapse, generationUs / 1000 + LEASE_TTL) end
  local movesAt = lapse
  if not isSuspect then movesAt = lapse - LEASE_TTL + SILENT_HOME end
  if not generationUs or now < movesAt then
    return { UNAVAILABLE, generationUs and math.max(1, math.ceil(movesAt - now)) or LEASE_TTL }
  end
end

-- Proven dead before its lease lapsed: nothing more goes there, unless its next heartbeat proves otherwise.
if homeNode and homeNode[LEASE] > now then unrankNodes({ home }) end

-- Everybody who was in the room will come again.
return placeRoom(room[R_PUB], room[R_SUB], room[R_BOTH], room[R_PEERS],
  math.max(1, room[R_EXPECTED], room[R_PEERS]), math.max(room[R_EPOCH] + 1, nowUs), home)
