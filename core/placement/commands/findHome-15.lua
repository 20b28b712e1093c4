--[[
  Who is home of a room that a node holds a part of. When the home is gone, by the same rules as a room leaves it in
  placePeer, the next of the room's nodes becomes home.

  Input
    KEYS[1..15]  see includes/keys.lua
    ARGV[1]      room id
    ARGV[2]      node id of the asking node
    ARGV[3]      node id that it has evidence against, or ''
    ARGV[4]      evidence (0 none, 1 unreachable, 2 dead)
    ARGV[5]      virtual time, 0: Redis' own

  Output
    { 0, node ids joined by newlines (home first), link address of the home, epoch }
    { 2, retryAfterMs }  placement can't say right now
    { 3 }                the room is gone, or the node has no part of it
]]
--- @include "keys"
--- @include "time"
--- @include "room-parts"
--- @include "sort-keys"
--- @include "home-lost"

local roomId, asking = ARGV[1], ARGV[2]
local now, nowUs, timeError = readTime(tonumber(ARGV[5]))
if timeError then return timeError end

local rawRoom = call('HGET', ROOMS, roomId)
local list = rawRoom and splitNodes(roomNodes(rawRoom)) or {}
if not placeIn(list, asking) then
  -- After an outage of Redis the nodes first have to say what they hold.
  local rest = generationRest(tonumber(call('GET', GENERATION)), now)
  if rest > 0 then return notYet(rest) end
  return { NOT_FOUND }
end

local home = list[1]
local rawHome = call('HGET', NODES, home)
local homeNode = rawHome and unpackNode(rawHome)
local evidence = ARGV[3] == home and tonumber(ARGV[4]) or 0
local isUsable = homeNode and homeNode[LEASE] > now and homeNode[STATE] < 3 and evidence == 0

local room = unpackRoom(rawRoom)
if home ~= asking and not isUsable then
  local rest = homeRest(homeNode, evidence, now)
  if rest > 0 then return notYet(rest) end
  local nextHome = nextHomeOf(list, now, ARGV[3])
  if not nextHome then return { UNAVAILABLE, HEARTBEAT_INTERVAL } end
  if homeNode and homeNode[LEASE] > now then unrankNodes({ home }) end
  list, room = promote(roomId, rawRoom, list, nextHome, now, nowUs)
  rawHome = call('HGET', NODES, nextHome)
end
return { OK, table.concat(list, '\n'), rawHome and nodeLink(rawHome) or '', room[R_EPOCH] }
