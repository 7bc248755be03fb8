#include "store/absent.h"

#include <string.h>

#include "base/hash.h"
#include "store/database.h"

static const struct {
	enum rf_sql last, hashes; /* hashes, or texts to be hashed */
} tables[RF_ABSENT_COUNT] = {
	[RF_ABSENT_FRAMES] = { RF_SQL_FRAME_LAST, RF_SQL_FRAME_HASHES },
	[RF_ABSENT_STACKS] = { RF_SQL_STACK_LAST, RF_SQL_STACK_HASHES },
	[RF_ABSENT_NAMES] = { RF_SQL_SEARCH_HIGHEST, RF_SQL_SEARCH_TEXTS },
};

/* Two bits a hash. Hashes of a table are near each other in their high bits (stack_hash.h). */
static uint64_t spread(int64_t hash)
{
	uint64_t x = (uint64_t)hash * 0x9fb21c651e98df25u;
	return (x ^ x >> 29) * 0xd6e8feb86659fd93u;
}

static uint32_t first_bit(uint64_t spread)
{
	return (uint32_t)(spread >> 32) % RF_ABSENT_BITS;
}

static uint32_t second_bit(uint64_t spread)
{
	return (uint32_t)spread % RF_ABSENT_BITS;
}

static bool is_set(const struct rf_absent *a, uint32_t bit)
{
	return a->bits[bit / 64] >> bit % 64 & 1;
}

static void set(struct rf_absent *a, int64_t hash)
{
	uint64_t at = spread(hash);
	a->bits[first_bit(at) / 64] |= (uint64_t)1 << first_bit(at) % 64;
	a->bits[second_bit(at) / 64] |= (uint64_t)1 << second_bit(at) % 64;
}

void rf_absent_forget(struct rf_absent *a)
{
	a->filled = a->counted = false;
	a->misses = 0;
}

int64_t rf_absent_hash(rf_str text)
{
	return (int64_t)rf_hash_str(RF_HASH_START, text);
}

static int fill(struct rf_store *s, struct rf_absent *a, enum rf_sql hashes, bool texts, struct rf_error *err)
{
	sqlite3_stmt *q;
	memset(a->bits, 0, sizeof(a->bits));
	int rc = rf_db_bind(s, hashes, &q, err, "");
	while (rc >= 0 && (rc = rf_db_step(s, q, err)) == 1)
		set(a, texts ? rf_absent_hash(rf_db_peek(q, 0)) : sqlite3_column_int64(q, 0));
	a->filled = rc == 0;
	return rc;
}

int rf_absent_is(struct rf_store *s, enum rf_absent_table table, int64_t hash, struct rf_error *err)
{
	struct rf_absent *a = &s->absent[table];
	int rc = 0;
	if (!a->counted)
		rc = rf_db_run(s, tables[table].last, &a->rows, err, "");
	a->counted = rc >= 0;
	if (rc >= 0 && !a->filled && a->rows <= a->misses * RF_ABSENT_ROWS_A_MISS)
		rc = fill(s, a, tables[table].hashes, table == RF_ABSENT_NAMES, err);
	if (rc < 0)
		return rc;
	uint64_t at = spread(hash);
	return a->filled && !(is_set(a, first_bit(at)) && is_set(a, second_bit(at)));
}

void rf_absent_note(struct rf_store *s, enum rf_absent_table table, int64_t hash)
{
	struct rf_absent *a = &s->absent[table];
	a->misses++;
	if (a->filled)
		set(a, hash);
}
