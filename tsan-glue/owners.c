#include "tsan-glue/owners.h"

#include "tsan-glue/counters.h"

#include <string.h>
#include <sys/mman.h>

struct owner {
	uint32_t name, name_bytes; /* offset in names */
	uint32_t charges;          /* not taken yet */
	bool over;
};

static struct {
	struct owner *rows; /* [0] stands for nobody */
	char *names;
	uint32_t used, names_used;
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

static uint32_t rf_owner_add(const char *name, uintptr_t name_bytes)
{
	if (!owners.rows || owners.used == RF_TESTS_MAX || name_bytes > RF_TEST_NAME_BYTES - owners.names_used) {
		rf_count(&rf_counters.tests_dropped);
		return 0;
	}
	struct owner *o = &owners.rows[++owners.used];
	o->name = owners.names_used;
	o->name_bytes = (uint32_t)name_bytes;
	memcpy(owners.names + o->name, name, name_bytes);
	owners.names_used += (uint32_t)name_bytes;
	return owners.used;
}

static struct owner *owner_of(uint32_t owner)
{
	return owners.rows && owner <= owners.used ? &owners.rows[owner] : NULL;
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
		owners.rows[over].charges++;
}

static uint32_t rf_owner_leftover(void)
{
	for (uint32_t i = 0; owners.rows && i <= owners.used; i++) {
		if (owners.rows[i].charges) {
			owners.rows[i].charges = 0;
			return i;
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
