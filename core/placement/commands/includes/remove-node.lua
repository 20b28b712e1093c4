--- @include "room-parts"
--- @include "sort-keys"

-- Takes a node out of up to `limit` of its rooms; true when none is left. A room that other nodes hold goes on there.
local function removeRoomsOf(nodeId, limit, now, nowUs)
  local members = call('ZRANGEBYLEX', ROOM_INDEX, '[' .. nodeId .. '\0', '(' .. nodeId .. '\1', 'LIMIT', 0, limit)
  for _, member in ipairs(members) do
    local roomId = string.sub(member, #nodeId + 2)
    local raw = call('HGET', ROOMS, roomId)
    if raw then leaveRoom(roomId, raw, nodeId, now, nowUs) else dropPart(nodeId, roomId) end
  end
  return #members < limit
end

-- Removes what is left of a node. `removed` remembers it a while, so that its return isn't taken for lost writes.
local function removeNode(nodeId, now, nodeInfo, removed)
  unrankNodes({ nodeId })
  call('ZREMRANGEBYLEX', CLAIMS, '[' .. nodeId .. '\0', '(' .. nodeId .. '\1')
  call('HDEL', NODES, nodeId)
  call('HDEL', nodeInfo, nodeId)
  call('ZREM', LEASES, nodeId)
  call('ZADD', removed, now, nodeId)
  call('ZREMRANGEBYRANK', removed, 0, -1001)
end
