/* Calls that may fail, of memory or of SQLite, counted and told apart by the stack that leads to them.
 *
 *	places_install() once, before SQLite is used
 *	places_find(each); places_start(kind) … places_stop()     the numbers of calls that are worth failing are in places.numbers
 *	places_arm(number, lasting); places_start(kind) … places_stop()  that call fails, and with `lasting` all that follow
 *
 * Both are started by one and the same function, which is as far up as a stack is looked at.
 *
 * Two calls are of one place when the same return addresses led to them, each counted once (a recursion is as good at any depth):
 * with PLACES_OURS only those in this program, with PLACES_WHOLE also those in SQLite. The program must be linked with
 * --wrap for what is wrapped here. Serial; one test at a time.
 */
#ifndef RF_TESTS_UNIT_FAULT_PLACES_H
#define RF_TESTS_UNIT_FAULT_PLACES_H

#include <execinfo.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum places_kind { PLACES_OFF, PLACES_MEMORY, PLACES_SQLITE };
enum places_each { PLACES_OURS, PLACES_WHOLE };

#define PLACES_MAX (1u << 20)
#define PLACES_DEPTH_MAX 96

struct places_stack {
	int depth;
	void *stack[PLACES_DEPTH_MAX];
};

static struct {
	enum places_kind kind;
	enum places_each each;
	bool finding, lasting, failed;
	uint64_t calls, at;
	int above;            /* so many addresses of a stack are of those who started */
	uint64_t hash;        /* of the place that failed */
	struct places_stack *where; /* which stack it had; the tester may put another one here */
	struct places_stack own;
	/* found */
	uint32_t numbers[PLACES_MAX], count;
	uint64_t hashes[PLACES_MAX];       /* of numbers */
	uint64_t seen[2 * PLACES_MAX];     /* a set; 0 free */
	sqlite3_mem_methods memory;        /* SQLite's own */
} places;

extern char __executable_start, etext; /* of the linker */

static inline bool places_is_ours(const void *address)
{
	return (const char *)address >= &__executable_start && (const char *)address < &etext;
}

static inline uint64_t places_hash(void *const *stack, int depth, bool only_ours)
{
	uint64_t h = 1;
	for (int i = 0; i < depth; i++) {
		bool again = only_ours && !places_is_ours(stack[i]);
		for (int k = 0; k < i && !again; k++)
			again = stack[k] == stack[i];
		if (again)
			continue;
		h = (h ^ (uint64_t)(uintptr_t)stack[i]) * 0x9e3779b97f4a7c15u;
		h ^= h >> 29;
	}
	return h ? h : 1;
}

static inline bool places_is_new(uint64_t hash)
{
	uint64_t i = hash % (2 * PLACES_MAX);
	while (places.seen[i] && places.seen[i] != hash)
		i = (i + 1) % (2 * PLACES_MAX);
	bool is_new = places.seen[i] == 0;
	places.seen[i] = hash;
	return is_new;
}

/* Whatever it takes is not counted. */
static inline void places_note(enum places_kind kind)
{
	places.kind = PLACES_OFF;
	struct places_stack *w = places.where;
	w->depth = backtrace(w->stack, PLACES_DEPTH_MAX) - places.above;
	uint64_t ours = places_hash(w->stack, w->depth, true);
	uint64_t key = places.each == PLACES_WHOLE ? places_hash(w->stack, w->depth, false) : ours;
	if (places.finding && places.count < PLACES_MAX && places_is_new(key)) {
		places.hashes[places.count] = ours;
		places.numbers[places.count++] = (uint32_t)places.calls;
	}
	places.hash = ours;
	places.kind = kind;
}

static inline bool places_fails(enum places_kind kind)
{
	if (places.kind != kind)
		return false;
	places.calls++;
	bool fails = !places.finding && (places.calls == places.at || (places.lasting && places.calls > places.at));
	if (places.finding || (fails && !places.failed))
		places_note(kind); /* from here alone, or stacks would differ */
	places.failed |= fails;
	return fails;
}

static inline void places_find(enum places_each each)
{
	memset(places.seen, 0, sizeof(places.seen));
	places.count = 0;
	places.each = each;
	places.finding = true;
}

static inline void places_arm(uint64_t at, bool lasting)
{
	places.finding = false;
	places.at = at;
	places.lasting = lasting;
}

static inline __attribute__((always_inline)) void places_start(enum places_kind kind)
{
	places.calls = 0;
	places.failed = false;
	places.above = backtrace(places.own.stack, PLACES_DEPTH_MAX) - 1;
	places.kind = kind;
}

static inline void places_stop(void)
{
	places.kind = PLACES_OFF;
}

/* --- memory ------------------------------------------------------------------------------------------------------- */

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t bytes);
void *__real_realloc(void *p, size_t n);
char *__real_strdup(const char *s);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t bytes);
void *__wrap_realloc(void *p, size_t n);
char *__wrap_strdup(const char *s);

void *__wrap_malloc(size_t n)
{
	return places_fails(PLACES_MEMORY) ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t bytes)
{
	return places_fails(PLACES_MEMORY) ? NULL : __real_calloc(n, bytes);
}

void *__wrap_realloc(void *p, size_t n)
{
	return places_fails(PLACES_MEMORY) ? NULL : __real_realloc(p, n);
}

char *__wrap_strdup(const char *s)
{
	return places_fails(PLACES_MEMORY) ? NULL : __real_strdup(s);
}

static inline void *places_malloc(int n)
{
	return places_fails(PLACES_MEMORY) ? NULL : places.memory.xMalloc(n);
}

static inline void *places_realloc(void *p, int n)
{
	return places_fails(PLACES_MEMORY) ? NULL : places.memory.xRealloc(p, n);
}

static inline void places_install(void)
{
	places.where = &places.own;
	backtrace(places.own.stack, PLACES_DEPTH_MAX); /* loads what it needs */
	sqlite3_config(SQLITE_CONFIG_GETMALLOC, &places.memory);
	sqlite3_mem_methods counted = places.memory;
	counted.xMalloc = places_malloc;
	counted.xRealloc = places_realloc;
	sqlite3_config(SQLITE_CONFIG_MALLOC, &counted);
}

/* --- calls of SQLite: they say that they failed, and did nothing ----------------------------------------------------- */

#define PLACES_WRAP(result, name, params, args)                                                     \
	int __real_##name params;                                                                   \
	int __wrap_##name params;                                                                   \
	int __wrap_##name params { return places_fails(PLACES_SQLITE) ? (result) : __real_##name args; }

PLACES_WRAP(SQLITE_IOERR, sqlite3_step, (sqlite3_stmt * q), (q))
PLACES_WRAP(SQLITE_IOERR, sqlite3_exec, (sqlite3 * db, const char *sql, int (*row)(void *, int, char **, char **), void *p, char **said),
	    (db, sql, row, p, said))
PLACES_WRAP((*out = NULL, SQLITE_NOMEM), sqlite3_prepare_v2, (sqlite3 * db, const char *sql, int n, sqlite3_stmt **out, const char **tail),
	    (db, sql, n, out, tail))
PLACES_WRAP((*out = NULL, SQLITE_NOMEM), sqlite3_prepare_v3,
	    (sqlite3 * db, const char *sql, int n, unsigned flags, sqlite3_stmt **out, const char **tail),
	    (db, sql, n, flags, out, tail))
PLACES_WRAP((*out = NULL, SQLITE_NOMEM), sqlite3_open_v2, (const char *path, sqlite3 **out, int flags, const char *vfs),
	    (path, out, flags, vfs))
PLACES_WRAP(SQLITE_NOMEM, sqlite3_bind_text, (sqlite3_stmt * q, int i, const char *text, int n, void (*memory)(void *)),
	    (q, i, text, n, memory))
PLACES_WRAP(SQLITE_NOMEM, sqlite3_bind_text64,
	    (sqlite3_stmt * q, int i, const char *text, sqlite3_uint64 n, void (*memory)(void *), unsigned char encoding),
	    (q, i, text, n, memory, encoding))

#endif
