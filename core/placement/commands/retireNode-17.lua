--[[
  Ends a node's lease and removes its record; the rooms that it still holds are forgotten, or go on on
  their other nodes.

  Input
    KEYS[1..15]  see includes/keys.lua
    KEYS[16]     node info
    KEYS[17]     removed nodes
    ARGV[1]      node id
    ARGV[2]      virtual time, 0: Redis' own

  Output
    0
]]
--- @include "keys"
--- @include "time"
--- @include "remove-node"

local now, nowUs, timeError = readTime(tonumber(ARGV[2]))
if timeError then return timeError end
-- A drained node holds few rooms; the bound only keeps one call finite.
for _ = 1, 1000 do
  if removeRoomsOf(ARGV[1], 100, now, nowUs) then break end
end
removeNode(ARGV[1], now, KEYS[16], KEYS[17])
return OK
