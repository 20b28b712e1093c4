-- The keys that every script gets first, in the order of commonScriptKeys() in core/redis-keys.ts.
local NODES, ROOMS, CLAIMS, LEASES = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local ROOM_INDEX, GENERATION, EVENTS = KEYS[5], KEYS[6], KEYS[7]
local BY_HEADROOM, BY_ROOMS, BY_CPULOAD, BY_SYSLOAD = KEYS[8], KEYS[9], KEYS[10], KEYS[11]
local BY_CLIENTS, BY_TRACKS, BY_BYTES = KEYS[12], KEYS[13], KEYS[14]
local PARTS = KEYS[15]
local call = redis.call

-- Results, mapped to named errors in node-app/placement/script-result.ts.
local OK, NO_CAPACITY, UNAVAILABLE, NOT_FOUND = 0, 1, 2, 3
