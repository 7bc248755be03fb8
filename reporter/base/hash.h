/* 64-bit FNV-1a, for tables in memory and names of files; not against somebody who makes collisions on purpose.
 *
 * A hash begins with RF_HASH_START and goes on with what comes next: rf_hash_str(rf_hash_str(RF_HASH_START, a), b). It doesn't see
 * where one text ends and the next begins; who needs that puts a byte between them. Inline, because the loop is most of what there
 * is. A table with a power of two of places takes the low bits.
 */
#ifndef RF_BASE_HASH_H
#define RF_BASE_HASH_H

#include "base/str.h"

#define RF_HASH_START 0xcbf29ce484222325u
#define RF_HASH_PRIME 0x100000001b3u

static inline uint64_t rf_hash_bytes(uint64_t hash, const void *bytes, size_t count)
{
	const unsigned char *p = bytes;
	for (size_t i = 0; i < count; i++)
		hash = (hash ^ p[i]) * RF_HASH_PRIME;
	return hash;
}

static inline uint64_t rf_hash_str(uint64_t hash, rf_str text)
{
	return rf_hash_bytes(hash, text.ptr, text.len);
}

#endif
