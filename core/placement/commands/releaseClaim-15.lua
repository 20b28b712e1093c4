--[[
  Gives back a claim that no session was opened for. Unknown and confirmed claims are left alone.

  Input
    KEYS[1..15]  see includes/keys.lua
    ARGV[1]      node id
    ARGV[2]      claim seq
    ARGV[3]      virtual time, 0: Redis' own

  Output
    1 when the claim was there, else 0
]]
--- @include "keys"
--- @include "time"
--- @include "node-record"
--- @include "sort-keys"
--- @include "claims"
--- @include "forget-claim"

local nodeId = ARGV[1]
local seq = tonumber(ARGV[2])
local now, nowUs, timeError = readTime(tonumber(ARGV[3]))
if timeError then return timeError end

local prefix = nodeId .. '\0'
local member = call('ZRANGEBYLEX', CLAIMS, '[' .. prefix .. struct.pack('>d', seq),
  '(' .. prefix .. struct.pack('>d', seq + 1), 'LIMIT', 0, 1)[1]
if not member then return 0 end
local claim = unpackClaim(nodeId, member)
call('ZREM', CLAIMS, member)
forgetClaimOfRoom(nodeId, claim, now, nowUs)

local raw = call('HGET', NODES, nodeId)
if not raw then return 1 end
local node = unpackNode(raw)
node[PEND_EGRESS] = math.max(0, node[PEND_EGRESS] - claim.egress)
node[PEND_PACKETS] = math.max(0, node[PEND_PACKETS] - claim.packets)
node[PEND_ROOMS] = math.max(0, node[PEND_ROOMS] - claim.rooms)
node[PEND_CLIENTS] = math.max(0, node[PEND_CLIENTS] - 1)
node[PEND_TRACKS] = math.max(0, node[PEND_TRACKS] - TRACKS_PER_PUBLISHER * claim.publishes)
writeNodeTail(nodeId, raw, node)
-- Only a node that still stands in the sort keys: one that was proven dead comes back by its heartbeat alone.
if takesRooms(node, now) and call('ZSCORE', BY_HEADROOM, nodeId) then rankNode(nodeId, node) end
return 1
