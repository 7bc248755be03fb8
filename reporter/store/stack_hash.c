#include "store/stack_hash.h"

#include "base/hash.h"

/* 32 bits are a short number in each row of an index, and enough for millions of rows. */
#define PLACE_BITS 16 /* of a frame's, for its file */
#define STACK_BITS 24 /* of a stack's, below its newest frame */

static uint64_t hash_number(uint64_t hash, int64_t number)
{
	uint64_t rest = (uint64_t)number;
	for (int i = 0; i < 8; i++, rest >>= 8)
		hash = (hash ^ (rest & 0xff)) * RF_HASH_PRIME;
	return hash;
}

static uint64_t low_bits(uint64_t hash, unsigned bits)
{
	return (hash ^ hash >> 32) & (((uint64_t)1 << bits) - 1);
}

int64_t rf_frame_hash(rf_str function, rf_str file, int64_t line)
{
	uint64_t place = low_bits(rf_hash_str(RF_HASH_START, file), PLACE_BITS);
	uint64_t inside = low_bits(hash_number(rf_hash_str(RF_HASH_START, function), line), 32 - PLACE_BITS);
	return (int32_t)(place << (32 - PLACE_BITS) | inside);
}

int64_t rf_stack_hash(rf_str frames, int64_t cut, int64_t newest)
{
	uint64_t hash = hash_number(rf_hash_str(RF_HASH_START, frames), cut);
	return (int64_t)((uint64_t)newest << STACK_BITS | low_bits(hash, STACK_BITS));
}

static rf_str text_of(sqlite3_value *value)
{
	const unsigned char *text = sqlite3_value_text(value);
	return (rf_str){ (const char *)text, text ? (size_t)sqlite3_value_bytes(value) : 0 };
}

static void frame_hash(sqlite3_context *context, int count, sqlite3_value **values)
{
	(void)count;
	sqlite3_result_int64(context, rf_frame_hash(text_of(values[0]), text_of(values[1]), sqlite3_value_int64(values[2])));
}

static void stack_hash(sqlite3_context *context, int count, sqlite3_value **values)
{
	(void)count;
	sqlite3_result_int64(context, rf_stack_hash(text_of(values[0]), sqlite3_value_int64(values[1]),
						    sqlite3_value_int64(values[2])));
}

int rf_stack_hash_functions(sqlite3 *handle)
{
	int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY;
	int rc = sqlite3_create_function(handle, "rf_frame_hash", 3, flags, NULL, frame_hash, NULL, NULL);
	return rc == SQLITE_OK ? sqlite3_create_function(handle, "rf_stack_hash", 3, flags, NULL, stack_hash, NULL, NULL) : rc;
}
