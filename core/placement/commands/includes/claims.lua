--- @include "claim-layout"

local function writeClaim(nodeId, seq, now, epoch, egress, packets, publishes, subscribes, rooms, roomId)
  redis.call('ZADD', KEYS[3], '0',
    nodeId .. '\0' .. struct.pack(CLAIM_FORMAT, seq, now, epoch, egress, packets, publishes, subscribes, rooms) .. roomId)
end

local function unpackClaim(nodeId, member)
  local start = #nodeId + 2
  local seq, at, epoch, egress, packets, publishes, subscribes, rooms, after =
    struct.unpack(CLAIM_FORMAT, member, start)
  return {
    seq = seq, at = at, epoch = epoch, egress = egress, packets = packets, publishes = publishes,
    subscribes = subscribes, rooms = rooms, roomId = string.sub(member, after),
  }
end
