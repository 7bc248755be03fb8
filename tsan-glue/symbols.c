#include "tsan-glue/symbols.h"

#include "tsan-glue/counters.h"
#include "tsan-glue/spool.h"

#include <string.h>

#define PROBES_MAX 32u /* a full neighbourhood gives up remembering, nothing else */

static struct {
	void (*callback)(uintptr_t command, void *context);
	uint32_t last_id;
	struct {
		uint64_t key;
		uint32_t id;
	} seen[RF_SYMBOLS_MAX];
} symbols;

static void rf_symbols_init(void (*callback)(uintptr_t command, void *context))
{
	symbols.callback = callback;
}

static struct rf_function_query function_at(uintptr_t pc)
{
	struct rf_function_query query = { .pc = pc, .arguments = UINTPTR_MAX };
	if (symbols.callback && pc)
		symbols.callback(RF_COMMAND_FUNCTION, &query);
	return query;
}

/* FNV-1a over what makes a symbol: frames that were inlined share their pc with others. Never 0. */
static uint64_t symbol_key(const struct rf_symbol *s)
{
	uint64_t hash = 0xcbf29ce484222325u ^ s->pc ^ (uint64_t)s->line << 40;
	for (const char *p = s->function; p && *p; p++)
		hash = (hash ^ (unsigned char)*p) * 0x100000001b3u;
	hash = (hash ^ s->pc) * 0x100000001b3u;
	return hash ? hash : 1;
}

static uint32_t symbol_write(const struct rf_symbol *s)
{
	struct rf_function_query function = function_at(s->pc);
	struct rf_spool_symbol *record = rf_spool_begin(RF_SPOOL_SYMBOL, sizeof(*record));
	record->id = symbols.last_id + 1;
	record->line = s->line;
	record->pc = s->pc;
	record->entry = function.entry;
	record->argument_bytes = function.arguments > UINT32_MAX ? UINT32_MAX : (uint32_t)function.arguments;
	record->offset = s->offset;
	record->function = rf_spool_put_text(s->function);
	record->file = rf_spool_put_text(s->file);
	if (rf_spool_cut() || !rf_spool_commit()) {
		rf_count(&rf_counters.symbols_dropped);
		return 0;
	}
	return ++symbols.last_id;
}

static uint32_t rf_symbol_id(const struct rf_symbol *s)
{
	uint64_t key = symbol_key(s);
	for (uint32_t i = 0; i < PROBES_MAX; i++) {
		uint32_t at = (uint32_t)(key + i) % RF_SYMBOLS_MAX;
		if (symbols.seen[at].key == key)
			return symbols.seen[at].id;
		if (symbols.seen[at].key)
			continue;
		uint32_t id = symbol_write(s);
		if (id) {
			symbols.seen[at].key = key;
			symbols.seen[at].id = id;
		}
		return id;
	}
	return symbol_write(s);
}

static uint32_t rf_symbol_id_of_pc(uintptr_t pc)
{
	struct symbolize_code query = { .pc = pc };
	if (!symbols.callback || !pc)
		return 0;
	symbols.callback(COMMAND_SYMBOLIZE_CODE, &query);
	if (!query.line)
		return 0;
	return rf_symbol_id(&(struct rf_symbol){ pc, query.function, query.file, (uint32_t)query.line,
						 (uint32_t)query.offset });
}
