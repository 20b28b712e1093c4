// Stands in for ankerl::unordered_dense, which neither Debian 12 nor Ubuntu 22.04 packages.
//
// The worker only uses map, set and hash, and nothing that the standard containers lack, so aliases are enough.
// std::unordered_map keeps references stable, which is stricter than what the worker was written for. Its lookups are
// somewhat slower; the forwarding speed in docs/ was measured with this header.
#ifndef FLEET_SHIM_ANKERL_UNORDERED_DENSE_H
#define FLEET_SHIM_ANKERL_UNORDERED_DENSE_H

#include <functional>
#include <unordered_map>
#include <unordered_set>

namespace ankerl::unordered_dense
{
	template<typename T>
	struct hash : public std::hash<T>
	{
	};

	template<typename Key, typename Value, typename Hash = hash<Key>, typename KeyEqual = std::equal_to<Key>>
	using map = std::unordered_map<Key, Value, Hash, KeyEqual>;

	template<typename Key, typename Hash = hash<Key>, typename KeyEqual = std::equal_to<Key>>
	using set = std::unordered_set<Key, Hash, KeyEqual>;
} // namespace ankerl::unordered_dense

#endif
