--- @include "node-layout"

local function unpackNode(raw)
  return { struct.unpack(NODE_FORMAT, raw) }
end

local function nodeLink(raw)
  return string.sub(raw, NODE_BYTES + 1)
end

-- Writes back what claims change.
local function writeNodeTail(nodeId, raw, node)
  redis.call('HSET', KEYS[1], nodeId, string.sub(raw, 1, NODE_HEAD_BYTES) .. struct.pack(NODE_TAIL_FORMAT,
    node[16], node[17], node[18], node[19], node[20], node[21], node[22]) .. string.sub(raw, NODE_BYTES + 1))
end

local function egressHeadroom(node)
  return node[CAP_EGRESS] - node[USE_EGRESS] - node[PEND_EGRESS]
end

local function packetHeadroom(node)
  return node[CAP_PACKETS] - node[USE_PACKETS] - node[PEND_PACKETS]
end

-- The machine's load once the unconfirmed claims send their packets: a node at its packet capacity counts as 1.
local function projectedLoad(node, field)
  if node[CAP_PACKETS] <= 0 then return node[field] end
  return node[field] + node[PEND_PACKETS] / node[CAP_PACKETS]
end
