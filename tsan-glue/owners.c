#include "tsan-glue/owners.h"

#include "tsan-glue/counters.h"

#include <string.h>
#include <sys/mman.h>

#define REUSE_PROBES_MAX 16384u /* rows looked at for one to use again; more than the dead rows of goroutines */

struct owner {
	uint32_t name, name_bytes, name_room; /* offset in names */
	uint32_t charges;                     /* not taken yet */
	uint32_t refs;
	uint16_t uses;
	bool over;
};

static struct {
	struct owner *rows; /* [0] stands for nobody */
	char *names;
	uint32_t used, names_used;
	uint32_t hand; /* the row that was used again last */
} owners;

static void *reserve(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	return p == MAP_FAILED ? NULL : p;
}

static bool rf_owners_init(void)
{
	owners.rows = reserve(sizeof(struct owner) * (RF_TESTS_MAX + 1u));
	owners.names = reserve(RF_TEST_NAME_BYTES);
	return owners.rows && owners.names;
}

static struct owner *row_append(uintptr_t name_bytes)
{
	if (owners.used == RF_TESTS_MAX || name_bytes > RF_TEST_NAME_BYTES - owners.names_used)
		return NULL;
	struct owner *o = &owners.rows[++owners.used];
	o->name = owners.names_used;
	o->name_room = (uint32_t)name_bytes;
	owners.names_used += o->name_room;
	return o;
}

static struct owner *row_use_again(uintptr_t name_bytes)
{
	for (uint32_t i = 0; i < REUSE_PROBES_MAX && i < owners.used; i++) {
		owners.hand = owners.hand % owners.used + 1;
		struct owner *o = &owners.rows[owners.hand];
		if (o->over && !o->charges && !o->refs && name_bytes <= o->name_room) {
			o->over = false;
			o->uses = (uint16_t)((o->uses + 1u) % (1u << (32 - RF_TEST_BITS)));
			return o;
		}
	}
	return NULL;
}

static uint32_t number_of(const struct owner *o)
{
	return (uint32_t)(o - owners.rows) | (uint32_t)o->uses << RF_TEST_BITS;
}

static uint32_t rf_owner_add(const char *name, uintptr_t name_bytes)
{
	struct owner *o = owners.rows ? row_append(name_bytes) : NULL;
	if (owners.rows && !o)
		o = row_use_again(name_bytes);
	if (!o) {
		rf_count(&rf_counters.tests_dropped);
		return 0;
	}
	o->name_bytes = (uint32_t)name_bytes;
	memcpy(owners.names + o->name, name, name_bytes);
	return number_of(o);
}

static struct owner *owner_of(uint32_t owner)
{
	uint32_t row = owner & RF_TESTS_MAX;
	return owners.rows && row <= owners.used && owners.rows[row].uses == owner >> RF_TEST_BITS ?
	       &owners.rows[row] : NULL;
}

static void rf_owner_ref(uint32_t owner)
{
	struct owner *o = owner_of(owner);
	if (o)
		o->refs++;
}

static void rf_owner_unref(uint32_t owner)
{
	struct owner *o = owner_of(owner);
	if (o)
		o->refs--;
}

static uint32_t rf_owner_take(uint32_t owner)
{
	struct owner *o = owner_of(owner);
	uint32_t charges = o ? o->charges : 0;
	if (o)
		o->charges = 0;
	return charges;
}

static bool rf_owner_end(uint32_t owner)
{
	struct owner *o = owner_of(owner);
	if (o && o->charges)
		return false;
	if (o)
		o->over = true;
	return true;
}

static bool rf_owner_over(uint32_t owner)
{
	struct owner *o = owner_of(owner);
	return o && o->over;
}

static void rf_owners_charge(const uint32_t *list, uint32_t count)
{
	uint32_t over = 0, charged = 0;
	for (uint32_t i = 0; i < count; i++) {
		struct owner *o = list[i] ? owner_of(list[i]) : NULL;
		if (o && o->over) {
			over = list[i];
		} else if (o) {
			o->charges++;
			charged++;
		}
	}
	if (!charged && owners.rows)
		owners.rows[over & RF_TESTS_MAX].charges++;
}

static uint32_t rf_owner_leftover(void)
{
	for (uint32_t i = 0; owners.rows && i <= owners.used; i++) {
		if (owners.rows[i].charges) {
			owners.rows[i].charges = 0;
			return number_of(&owners.rows[i]);
		}
	}
	return UINT32_MAX;
}

static struct rf_go_string rf_owner_name(uint32_t owner)
{
	struct owner *o = owner_of(owner);
	if (!o || !owner)
		return (struct rf_go_string){ "", 0 };
	return (struct rf_go_string){ owners.names + o->name, o->name_bytes };
}
