--- @include "sort-keys"

-- Choosing a node that holds nothing of the room yet: at most 16 candidates, each checked for lease, state and every
-- dimension. Of placePeer, by whose variables it goes: now, selector, kind, sortBy, algorithm, loadLimit, random.

local CANDIDATES, FIRST_LOOK = 16, 1

local function loadOk(node)
  if kind == 1 then return projectedLoad(node, CPU) <= loadLimit end
  if kind == 2 then return projectedLoad(node, SYS) <= loadLimit end
  return true
end

-- True once the room has a node: a further one must be able to share it.
local isShared = false

local function admits(node, egress, packets)
  if isShared and node[CASCADES] ~= 1 then return false end
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
          if excluded[ids[i]] then
            -- The room is there, or is leaving it.
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
    local raw = nodeId and not excluded[nodeId] and call('HGET', NODES, nodeId)
    local node = raw and unpackNode(raw)
    if node and takesRooms(node, now) and admits(node, egress, packets) then return { nodeId, raw, node } end
  end
  return chooseByPolicy(egress, packets, excluded)
end
