#include "tsan-glue/lock.h"
#include "tsan-glue/views_private.h"

#include <string.h>
#include <sys/mman.h>

#define NEAR_BYTES 512u /* to the lock: its own object, mostly. Others may have half of the places */

#define LOCK_CHUNK_BYTES 512u
#define LOCK_CHUNKS (1u << 16)
#define LOOKED_UP_BYTES_MAX 1024u /* of more memory all locks are looked through instead */

static struct {
	_Atomic uintptr_t *addresses; /* written under rf_lock */
	struct view_lock *locks;
	uint32_t victim;
	_Atomic uint8_t seen[LOCK_CHUNKS / 8]; /* chunks of memory, hashed, that have had a lock */
} locks;

static void *view_reserve(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	return p == MAP_FAILED ? NULL : p;
}

static bool view_locks_init(void)
{
	locks.addresses = view_reserve(RF_VIEW_LOCKS * sizeof(*locks.addresses));
	locks.locks = view_reserve(RF_VIEW_LOCKS * sizeof(*locks.locks));
	return locks.addresses && locks.locks;
}

static uint32_t first_way(uintptr_t address)
{
	uint64_t hash = (address >> 3) * 0x9e3779b97f4a7c15u;
	return (uint32_t)(hash >> 40) % (RF_VIEW_LOCKS / VIEW_WAYS) * VIEW_WAYS;
}

static struct view_lock *view_lock_find(uintptr_t address)
{
	uint32_t first = first_way(address);
	for (uint32_t i = first; i < first + VIEW_WAYS; i++) {
		if (atomic_load_explicit(&locks.addresses[i], memory_order_acquire) == address)
			return &locks.locks[i];
	}
	return NULL;
}

/* False: it belongs, or is about to, to another address. */
static bool user_add(struct view_lock *l, uintptr_t address)
{
	int32_t users = atomic_load(&l->users);
	do {
		if (users < 0)
			return false;
	} while (!atomic_compare_exchange_weak(&l->users, &users, users + 1));
	if (atomic_load(&locks.addresses[l - locks.locks]) == address)
		return true;
	view_lock_leave(l);
	return false;
}

static void view_lock_leave(struct view_lock *l)
{
	atomic_fetch_sub(&l->users, 1);
}

static void chunk_see(uintptr_t address)
{
	uintptr_t chunk = address / LOCK_CHUNK_BYTES % LOCK_CHUNKS;
	atomic_fetch_or(&locks.seen[chunk / 8], (uint8_t)(1u << chunk % 8));
}

static bool chunks_seen(uintptr_t start, uintptr_t end)
{
	for (uintptr_t chunk = start / LOCK_CHUNK_BYTES; chunk <= (end - 1) / LOCK_CHUNK_BYTES; chunk++) {
		uintptr_t i = chunk % LOCK_CHUNKS;
		if (atomic_load_explicit(&locks.seen[i / 8], memory_order_relaxed) & 1u << i % 8)
			return true;
	}
	return false;
}

/* Nobody can be in a section of a lock that is gone; if somebody seems to be, another goroutine has unlocked it. */
static void lock_forget(struct view_lock *l)
{
	int32_t nobody = 0;
	if (atomic_compare_exchange_strong(&l->users, &nobody, -1)) {
		atomic_store(&locks.addresses[l - locks.locks], 0);
		atomic_store(&l->users, 0);
	}
}

static void view_locks_forget(uintptr_t start, uintptr_t end)
{
	if (!chunks_seen(start, end))
		return;
	for (uintptr_t at = start; end - start <= LOOKED_UP_BYTES_MAX && at < end; at += VIEW_WORD / 2) {
		struct view_lock *l = view_lock_find(at);
		if (l)
			lock_forget(l);
	}
	for (uint32_t i = 0; end - start > LOOKED_UP_BYTES_MAX && i < RF_VIEW_LOCKS; i++) {
		uintptr_t address = atomic_load_explicit(&locks.addresses[i], memory_order_relaxed);
		if (start <= address && address < end)
			lock_forget(&locks.locks[i]);
	}
}

/* Under rf_lock. */
static struct view_lock *lock_add(uintptr_t address)
{
	uint32_t first = first_way(address);
	for (uint32_t i = 0; i < VIEW_WAYS; i++) {
		uint32_t way = first + locks.victim++ % VIEW_WAYS;
		struct view_lock *l = &locks.locks[way];
		int32_t nobody = 0;
		if (!atomic_compare_exchange_strong(&l->users, &nobody, -1))
			continue;
		atomic_store(&locks.addresses[way], 0);
		l->generation++;
		l->section = l->field_count = 0;
		l->writer.section = 0;
		atomic_store(&l->loose, 0);
		atomic_store(&l->unwatched, false);
		for (uint32_t k = 0; k < RF_VIEW_TOLD_MAX; k++)
			atomic_store(&l->told[k], 0);
		chunk_see(address);
		atomic_store(&locks.addresses[way], address);
		atomic_store(&l->users, 1);
		return l;
	}
	return NULL;
}

static struct view_lock *view_lock_enter(uintptr_t address)
{
	struct view_lock *l = view_lock_find(address);
	if (l && user_add(l, address))
		return l;
	rf_lock();
	l = view_lock_find(address);
	if (!l || !user_add(l, address))
		l = lock_add(address);
	rf_unlock();
	return l;
}

static uint16_t bit(uint32_t field)
{
	return (uint16_t)(1u << field);
}

static uint16_t view_fields_in(const struct view_lock *l, uintptr_t address, uintptr_t bytes)
{
	uint16_t fields = 0;
	for (uint32_t i = 0; i < l->field_count; i++) {
		const struct view_field *f = &l->fields[i];
		if (f->address < address + bytes && address < f->address + f->bytes)
			fields |= bit(i);
	}
	return fields;
}

static void field_add(struct view_lock *l, uintptr_t lock_address, uintptr_t address, uint8_t bytes, uint16_t *fields)
{
	uintptr_t distance = address > lock_address ? address - lock_address : lock_address - address;
	uint32_t max = distance < NEAR_BYTES ? RF_VIEW_FIELDS_MAX : RF_VIEW_FIELDS_MAX / 2;
	if (l->field_count >= max)
		return;
	l->fields[l->field_count] = (struct view_field){ .address = address, .bytes = bytes };
	*fields |= bit(l->field_count++);
}

static uint16_t view_fields_written(struct view_lock *l, uintptr_t lock_address, uintptr_t address, uintptr_t bytes)
{
	uint16_t fields = view_fields_in(l, address, bytes);
	if (bytes == 1 && !fields)
		field_add(l, lock_address, address, 1, &fields);
	for (uintptr_t at = address; bytes > 1 && at < address + bytes && l->field_count < RF_VIEW_FIELDS_MAX; at += VIEW_WORD) {
		if (!view_fields_in(l, at, VIEW_WORD))
			field_add(l, lock_address, at, VIEW_WORD, &fields);
	}
	return fields;
}

/* How many bytes of the word at a field are its own: those in front of the next one. */
static uintptr_t value_bytes(const struct view_lock *l, uint32_t field)
{
	uintptr_t address = l->fields[field].address, bytes = VIEW_WORD - address % VIEW_WORD;
	for (uint32_t i = 0; i < l->field_count; i++) {
		uintptr_t other = l->fields[i].address;
		if (other > address && other - address < bytes)
			bytes = other - address;
	}
	return bytes;
}

static uint64_t view_value(const struct view_lock *l, uint32_t field)
{
	uint64_t value = 0;
	memcpy(&value, (const void *)l->fields[field].address, value_bytes(l, field));
	return value;
}

/* Which fields have another value than when they were written last. */
static uint16_t changes_of(struct view_lock *l, uint16_t written)
{
	uint16_t changed = 0;
	for (uint32_t i = 0; i < l->field_count; i++) {
		struct view_field *f = &l->fields[i];
		if (!(written & bit(i)))
			continue;
		uint64_t value = view_value(l, i);
		if (!f->sections || f->value != value)
			changed |= bit(i);
		f->value = value;
	}
	return changed;
}

static bool are_partners(const struct view_lock *l, uint32_t i, uint32_t k)
{
	const struct view_field *a = &l->fields[i], *b = &l->fields[k];
	return i != k && (a->together & bit(k)) && (b->together & bit(i)) && a->sections >= VIEW_SECTIONS_MIN &&
	       b->sections >= VIEW_SECTIONS_MIN;
}

static void partners_find(struct view_lock *l)
{
	for (uint32_t i = 0; i < l->field_count; i++) {
		l->fields[i].partners = 0;
		for (uint32_t k = 0; k < l->field_count; k++) {
			if (are_partners(l, i, k))
				l->fields[i].partners |= bit(k);
		}
	}
}

static void view_section_learn(struct view_lock *l, const struct view_held *held, const struct view_row *row)
{
	if (!held->written)
		return;
	uint16_t changed = changes_of(l, held->written);
	bool news = false, partners_changed = false;
	l->section++;
	for (uint32_t i = 0; i < l->field_count; i++) {
		struct view_field *f = &l->fields[i];
		if (!(held->written & bit(i)))
			continue;
		uint16_t together = f->sections ? f->together & held->written : held->written;
		news |= together != f->together || f->sections < VIEW_SECTIONS_MIN;
		f->together = together;
		f->sections = (uint8_t)(f->sections + (f->sections < VIEW_SECTIONS_MAX));
		if (changed & bit(i))
			f->changed = l->section;
		partners_changed |= (changed & bit(i)) && (changed & f->partners);
	}
	if (news)
		partners_find(l);
	if (partners_changed && held->wrote) {
		l->writer.section = l->section;
		l->writer.goid = row->goid;
		l->writer.slot = row->slot;
		l->writer.side = held->side;
	}
}
