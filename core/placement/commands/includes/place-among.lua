--- @include "pipe-demand"
--- @include "room-parts"
--- @include "choose-node"

-- A peer of a room that lives: onto one of its nodes, or onto a further one. Of placePeer, by whose variables and
-- functions it goes: roomId, publishes, subscribes, evidence, withSuspect, isHomeUsable, now, claimOn, refuse.

-- The room's nodes, with what each of them holds of the room.
local function membersOf(list, room)
  local members, fields = {}, {}
  for i = 2, #list do fields[i - 1] = list[i] .. '\0' .. roomId end
  local raws, parts = call('HMGET', NODES, unpack(list)), #fields > 0 and call('HMGET', PARTS, unpack(fields)) or {}
  for i = 1, #list do
    local holds = room
    if i > 1 then holds = parts[i - 1] and unpackRoom(parts[i - 1]) or { room[R_EPOCH], 0, 0, 0, 0, 0, 0, 0, NAMED } end
    members[i] = { id = list[i], raw = raws[i], node = raws[i] and unpackNode(raws[i]), holds = holds }
  end
  return members
end

local onlyTo = ARGV[6] ~= '' and ARGV[6]

local function takesPeers(member)
  local node = member.node
  if member.id == avoided or (onlyTo and member.id ~= onlyTo) then return false end
  return node and node[LEASE] > now and node[STATE] < 3 and not (evidence > 0 and ARGV[3] == member.id)
end

-- What the room makes a member send with these publishers in all and so many other nodes.
local function demandOf(holds, publishers, otherNodes)
  return partDemand(holds[R_PUB], holds[R_SUB], holds[R_BOTH], publishers - holds[R_PUB], otherNodes)
end

local function countPeer(holds)
  holds[R_PEERS], holds[R_PUB], holds[R_SUB] = holds[R_PEERS] + 1, holds[R_PUB] + publishes, holds[R_SUB] + subscribes
  holds[R_BOTH] = holds[R_BOTH] + publishes * subscribes
  holds[R_EXPECTED] = math.max(holds[R_EXPECTED], holds[R_PEERS])
end

-- A further node: the one that the peer must go to, or one by the policy.
local function chooseFurther(egress, packets, excluded)
  if not onlyTo then return choose(egress, packets, excluded) end
  local raw = not excluded[onlyTo] and call('HGET', NODES, onlyTo)
  local node = raw and unpackNode(raw)
  if node and takesRooms(node, now) and admits(node, egress, packets) then return { onlyTo, raw, node } end
end

local function placeAmong(list, room)
  local members = membersOf(list, room)
  local publishers = 0
  for i = 1, #members do publishers = publishers + members[i].holds[R_PUB] end
  local wasElsewhere, others = #members - 1, #members - 1

  -- What a member must send in addition to what it has reserved, or is to send already.
  local function added(before, reserved, after)
    local hadEgress, hadPackets = demandOf(before, publishers, wasElsewhere)
    local needEgress, needPackets = demandOf(after, publishers + publishes, others)
    return math.max(0, needEgress - math.max(hadEgress, reserved[R_EGRESS])),
      math.max(0, needPackets - math.max(hadPackets, reserved[R_PACKETS]))
  end

  local target, holds, egress, packets
  local function takeFirst(isMoving)
    for i = 1, #members do
      local member = members[i]
      if takesPeers(member) and (member.node[READY] == MOVING) == isMoving then
        holds = { unpack(member.holds) }
        countPeer(holds)
        egress, packets = added(member.holds, member.holds, holds)
        if (egress <= 0 and packets <= 0)
          or (egress <= egressHeadroom(member.node) and packets <= packetHeadroom(member.node)) then
          target = member
          return
        end
      end
    end
  end

  -- The only node of a room, when it is the one that placePeer found, was tried there.
  if #members > 1 or not isHomeUsable or avoided then takeFirst(false) end
  local isNew = not target
  if isNew then
    others = #members
    holds = { room[R_EPOCH], 0, 0, 0, 0, 0, 0, 0, CLAIMED }
    countPeer(holds)
    egress, packets = demandOf(holds, publishers + publishes, others)
    local excluded = {}
    for i = 1, #list do excluded[list[i]] = true end
    withSuspect(excluded)
    isShared = true
    local chosen = members[1].node[CASCADES] == 1 and chooseFurther(egress, packets, excluded)
    if chosen then
      target = { id = chosen[1], raw = chosen[2], node = chosen[3] }
      list[#list + 1] = target.id
    else
      -- Whoever names a node learns that it is full; the fleet need not grow for it.
      local refusal = onlyTo and { NO_CAPACITY, NO_CAPACITY_RETRY } or refuse(list[1], egress, packets)
      -- Nobody else has headroom, and scaling knows: better a node that has to move the peer later than none.
      others = wasElsewhere
      takeFirst(true)
      if not target then return refusal end
      isNew = false
    end
  end

  -- The others carry their publishers to one node more, and the peer's own streams to those who receive them.
  for i = 1, isNew and #members or publishes == 1 and #members or 0 do
    local member = members[i]
    if member ~= target and member.node then
      local moreEgress, morePackets = added(member.holds, member.holds, member.holds)
      if moreEgress > 0 or morePackets > 0 then
        member.node[PEND_EGRESS] = member.node[PEND_EGRESS] + moreEgress
        member.node[PEND_PACKETS] = member.node[PEND_PACKETS] + morePackets
        writeNodeTail(member.id, member.raw, member.node)
        if takesRooms(member.node, now) then rankDemand(member.id, member.node) end
      end
    end
  end

  nodes = table.concat(list, '\n')
  holds[R_EGRESS], holds[R_PACKETS] = holds[R_EGRESS] + egress, holds[R_PACKETS] + packets
  local isHome = target == members[1]
  if isHome then writeRoom(roomId, holds, nodes) else writePart(target.id, roomId, holds) end
  if isNew then writeRoom(roomId, room, nodes) end
  local answer = claimOn(target.id, target.raw, target.node, holds, egress, packets, isNew and 1 or 0, 0, nodes)
  if isHome then return answer end
  return answer .. '\0' .. target.id .. '\0' .. nodeLink(members[1].raw)
end
