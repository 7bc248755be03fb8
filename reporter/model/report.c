#include "model/report.h"

#include "base/hash.h"

#include <string.h>

static const struct {
	const char *name, *words;
} kinds[] = {
	[RF_KIND_UNKNOWN] = { "unknown", "report" },
	[RF_KIND_DATA_RACE] = { "data-race", "data race" },
	[RF_KIND_USE_AFTER_FREE] = { "use-after-free", "use after free" },
	[RF_KIND_USE_AFTER_PUT] = { "use-after-put", "use after put" },
	[RF_KIND_DOUBLE_PUT] = { "double-put", "double put" },
	[RF_KIND_PUT_WHILE_USED] = { "put-while-used", "put while used" },
	[RF_KIND_USE_AFTER_FINALIZE] = { "use-after-finalize", "use after finalize" },
	[RF_KIND_USE_AFTER_GC] = { "use-after-gc", "use after gc" },
	[RF_KIND_CLOSE_WHILE_SENDING] = { "close-while-sending", "close while sending" },
	[RF_KIND_SEND_AFTER_CLOSE] = { "send-after-close", "send after close" },
	[RF_KIND_DOUBLE_CLOSE] = { "double-close", "double close" },
	[RF_KIND_DOUBLE_FREE] = { "double-free", "double free" },
	[RF_KIND_INVALID_FREE] = { "invalid-free", "invalid free" },
	[RF_KIND_RESURRECTION] = { "resurrection", "resurrection" },
	[RF_KIND_CLEANUP_KEEPS_ALIVE] = { "cleanup-keeps-alive", "cleanup keeps alive" },
	[RF_KIND_GOROUTINE_LEAK] = { "goroutine-leak", "goroutine leak" },
	[RF_KIND_RETAINED_AFTER_DELETE] = { "retained-after-delete", "retained after delete" },
	[RF_KIND_LOST_IN_CHANNEL] = { "lost-in-channel", "lost in channel" },
	[RF_KIND_USE_AFTER_PUT_ALIAS] = { "use-after-put-alias", "use after put (array)" },
	[RF_KIND_NATIVE_LEAK] = { "native-leak", "native leak" },
	[RF_KIND_FINALIZER_BACKLOG] = { "finalizer-backlog", "finalizer backlog" },
	[RF_KIND_HEAP_USE_AFTER_FREE] = { "heap-use-after-free", "heap use after free" },
	[RF_KIND_HEAP_OVERFLOW] = { "heap-overflow", "heap overflow" },
	[RF_KIND_NATIVE_RACE] = { "native-race", "native race" },
	[RF_KIND_VIEW_INCONSISTENCY] = { "view-inconsistency", "view inconsistency" },
};
_Static_assert(sizeof(kinds) / sizeof(kinds[0]) == RF_KIND_COUNT, "one name a kind");

const char *rf_kind_name(enum rf_kind kind)
{
	return kinds[(unsigned)kind < RF_KIND_COUNT ? kind : RF_KIND_UNKNOWN].name;
}

const char *rf_kind_words(enum rf_kind kind)
{
	return kinds[(unsigned)kind < RF_KIND_COUNT ? kind : RF_KIND_UNKNOWN].words;
}

bool rf_kind_is_pool(enum rf_kind kind)
{
	return kind == RF_KIND_USE_AFTER_PUT || kind == RF_KIND_USE_AFTER_PUT_ALIAS || kind == RF_KIND_DOUBLE_PUT ||
	       kind == RF_KIND_PUT_WHILE_USED;
}

bool rf_kind_is_alone(enum rf_kind kind)
{
	return kind == RF_KIND_INVALID_FREE || kind == RF_KIND_NATIVE_LEAK || kind == RF_KIND_HEAP_OVERFLOW;
}

enum rf_kind rf_kind_from_name(rf_str name)
{
	for (int kind = 0; kind < RF_KIND_COUNT; kind++) {
		if (rf_str_eq_cstr(name, kinds[kind].name))
			return (enum rf_kind)kind;
	}
	return RF_KIND_UNKNOWN;
}

static const struct {
	const char *name, *title, *past;
} acts[] = {
	[RF_ACT_NONE] = { "", "", "" },
	[RF_ACT_CLOSE] = { "close", "Close", "closed" },
	[RF_ACT_SEND] = { "send", "Send", "sent" },
	[RF_ACT_RECEIVE] = { "receive", "Receive", "received" },
	[RF_ACT_WAIT] = { "wait", "Wait", "waited" },
	[RF_ACT_START] = { "start", "Start", "started" },
	[RF_ACT_FINALIZE] = { "finalize", "Finalize", "finalized" },
	[RF_ACT_STORE] = { "store", "Store", "stored" },
	[RF_ACT_DELETE] = { "delete", "Delete", "deleted" },
	[RF_ACT_ALLOCATE] = { "allocate", "Allocate", "allocated" },
	[RF_ACT_GET] = { "get", "Get", "got" },
};
_Static_assert(sizeof(acts) / sizeof(acts[0]) == RF_ACT_COUNT, "names for each action");

static enum rf_act known_act(enum rf_act act)
{
	return (unsigned)act < RF_ACT_COUNT ? act : RF_ACT_NONE;
}

const char *rf_act_name(enum rf_act act)
{
	return acts[known_act(act)].name;
}

const char *rf_act_title(enum rf_act act)
{
	return acts[known_act(act)].title;
}

const char *rf_act_past(enum rf_act act)
{
	return acts[known_act(act)].past;
}

enum rf_act rf_act_from_name(rf_str name)
{
	for (int act = 1; act < RF_ACT_COUNT; act++) {
		if (rf_str_eq_cstr(name, acts[act].name))
			return (enum rf_act)act;
	}
	return RF_ACT_NONE;
}

enum rf_act rf_act_cut(rf_str *line, bool lower)
{
	for (int act = 1; act < RF_ACT_COUNT; act++) {
		const char *word = lower ? acts[act].name : acts[act].title;
		rf_str rest = rf_str_starts(*line, word) ? rf_str_skip(*line, strlen(word)) : RF_STR("");
		if (rf_str_starts(rest, " at ")) {
			*line = rf_str_skip(rest, 4);
			return (enum rf_act)act;
		}
	}
	return RF_ACT_NONE;
}

bool rf_access_is_hint(const struct rf_access *a)
{
	return a->act == RF_ACT_GET;
}

static const char *const memory_names[] = {
	[RF_MEMORY_UNKNOWN] = "unknown",
	[RF_MEMORY_HEAP] = "heap",
	[RF_MEMORY_GLOBAL] = "global",
};
_Static_assert(sizeof(memory_names) / sizeof(memory_names[0]) == RF_MEMORY_COUNT, "one name a kind of memory");

const char *rf_memory_name(enum rf_memory memory)
{
	return (unsigned)memory < RF_MEMORY_COUNT ? memory_names[memory] : memory_names[RF_MEMORY_UNKNOWN];
}

enum rf_memory rf_memory_from_name(rf_str name)
{
	for (int memory = 0; memory < RF_MEMORY_COUNT; memory++) {
		if (rf_str_eq_cstr(name, memory_names[memory]))
			return (enum rf_memory)memory;
	}
	return RF_MEMORY_UNKNOWN;
}

static const struct { const char *name, *words; } classes[] = {
	[RF_CLASS_MAP] = { "map", "map" },
	[RF_CLASS_SLICE] = { "slice", "slice header" },
	[RF_CLASS_STRING] = { "string", "string header" },
	[RF_CLASS_INTERFACE] = { "interface", "interface value" },
	[RF_CLASS_COUNTER] = { "counter", "counter" },
	[RF_CLASS_ATOMIC] = { "atomic", "atomic beside plain" },
	[RF_CLASS_ATOMIC_COPY] = { "atomic-copy", "atomic beside copy" },
	[RF_CLASS_CONTEXT] = { "context", "context value" },
};
_Static_assert(sizeof(classes) / sizeof(classes[0]) == RF_CLASS_COUNT, "one name a class");

const char *rf_class_name(enum rf_class class)
{
	return (unsigned)class < RF_CLASS_COUNT ? classes[class].name : "";
}

const char *rf_class_words(enum rf_class class)
{
	return (unsigned)class < RF_CLASS_COUNT ? classes[class].words : "";
}

enum rf_class rf_class_from_name(rf_str name)
{
	int class = 0;
	while (class < RF_CLASS_COUNT && !rf_str_eq_cstr(name, classes[class].name))
		class++;
	return (enum rf_class)class;
}

rf_str rf_classes_put(unsigned set, char text[RF_CLASSES_BYTES])
{
	size_t len = 0;
	text[0] = '\0';
	for (int i = 0; i < RF_CLASS_COUNT; i++) {
		size_t n = strlen(classes[i].name);
		if (!(set >> i & 1) || len + n + 2 > RF_CLASSES_BYTES)
			continue;
		if (len)
			text[len++] = ',';
		memcpy(text + len, classes[i].name, n + 1);
		len += n;
	}
	return (rf_str){ text, len };
}

unsigned rf_classes_from_text(rf_str text)
{
	unsigned set = 0;
	while (text.len) {
		enum rf_class class = rf_class_from_name(rf_str_cut(&text, ','));
		if (class < RF_CLASS_COUNT)
			set |= 1u << class;
	}
	return set;
}

bool rf_goroutine_is_collector(const struct rf_goroutine *g)
{
	/* tsan-glue/marks.c, rf_mark_words: no wait reason begins like that */
	return g->thread == 0 && g->goid == 0 &&
	       (rf_str_starts(g->state, "collection ") || rf_str_eq_cstr(g->state, "an earlier collection"));
}

static uint64_t hash_u64(uint64_t hash, uint64_t v)
{
	return rf_hash_bytes(hash, &v, sizeof(v));
}

static uint64_t hash_frame(uint64_t hash, const struct rf_frame *f)
{
	hash = rf_hash_str(hash, f->function);
	hash = rf_hash_bytes(hash, "\n", 1);
	hash = rf_hash_str(hash, f->file);
	return hash_u64(hash, f->line);
}

uint64_t rf_stack_match_key(const struct rf_stack *stack)
{
	uint64_t hash = RF_HASH_START;
	for (uint32_t i = 0; i < stack->count; i++)
		hash = hash_frame(hash, &stack->frames[i]);
	return hash;
}

uint64_t rf_report_match_key_with(const struct rf_report *report, const uint64_t *stack_keys)
{
	uint64_t hash = hash_u64(RF_HASH_START, (uint64_t)report->kind);
	for (uint32_t i = 0; i < report->access_count; i++) {
		const struct rf_access *a = &report->accesses[i];
		hash = hash_u64(hash, a->write); /* not a->atomic: Go's text doesn't tell */
		hash = hash_u64(hash, a->address);
		hash = hash_u64(hash, a->goroutine->thread);
		hash = hash_u64(hash, stack_keys[i]);
	}
	return hash;
}

uint64_t rf_report_match_key(const struct rf_report *report)
{
	uint64_t stack_keys[RF_REPORT_ACCESSES_MAX];
	for (uint32_t i = 0; i < report->access_count; i++)
		stack_keys[i] = rf_stack_match_key(&report->accesses[i].stack);
	return rf_report_match_key_with(report, stack_keys);
}
