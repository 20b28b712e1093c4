--[[
  Ends a node's lease and removes its record; the rooms that it still holds are forgotten.

  Input
    KEYS[1..14]  see includes/keys.lua
    KEYS[15]     node info
    KEYS[16]     removed nodes
    ARGV[1]      node id
    ARGV[2]      virtual time, 0: Redis' own

  Output
    0
]]
--- @include "keys"
--- @include "time"
--- @include "remove-node"

local now, _, timeError = readTime(tonumber(ARGV[2]))
if timeError then return timeError end
-- A drained node holds few rooms; the bound only keeps one call finite.
for _ = 1, 1000 do
  if removeRoomsOf(ARGV[1], 100) then break end
end
removeNode(ARGV[1], now, KEYS[15], KEYS[16])
return OK
