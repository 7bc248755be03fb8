#include "tsan-glue/globals.h"
#include "tsan-glue/lock.h"
#include "tsan-glue/report.h"
#include "tsan-glue/spool.h"

#include <stdio.h>
#include <string.h>

static void (*fields_callback)(uintptr_t command, void *context);

static void rf_report_fields_init(void (*callback)(uintptr_t command, void *context))
{
	fields_callback = callback;
}

static struct rf_memory_query memory_at(uintptr_t address)
{
	struct rf_memory_query q = { .address = address };
	fields_callback(RF_COMMAND_MEMORY, &q);
	return q;
}

static bool rf_report_same_object(uintptr_t a, uintptr_t b)
{
	struct rf_memory_query first = memory_at(a), second = memory_at(b);
	return first.kind == second.kind && first.start == second.start && first.kind != RF_MEMORY_KIND_UNKNOWN;
}

/* For a variable whose type isn't known. */
static void offset_put(struct rf_text *text, uintptr_t offset)
{
	int n = snprintf(text->ptr, text->bytes_max, "+%zu", (size_t)offset);
	text->bytes = n > 0 && (uintptr_t)n < text->bytes_max ? (uintptr_t)n : 0;
}

static bool rf_report_field(uintptr_t address, char *text, size_t bytes_max)
{
	static struct rf_global global;
	char type[8];
	struct rf_type_query q = { .address = address, .path = { text, 0, bytes_max - 1 }, .type = { type, 0, sizeof(type) } };
	struct rf_memory_query memory = memory_at(address);
	rf_lock();
	const struct rf_alloc_site *alloc = rf_report_alloc(&memory);
	q.object = alloc ? alloc->address : memory.object;
	if (memory.kind == RF_MEMORY_KIND_HEAP) {
		fields_callback(RF_COMMAND_TYPE, &q);
	} else if (memory.kind == RF_MEMORY_KIND_GLOBAL && rf_global_find(address, &global)) {
		size_t bytes = strnlen(global.name, bytes_max - 1);
		memcpy(text, global.name, bytes);
		q.path = (struct rf_text){ text + bytes, 0, bytes_max - 1 - bytes };
		if (rf_spool_active())
			rf_global_type(&q);
		if (!q.path.bytes && address > global.start)
			offset_put(&q.path, address - global.start);
		q.path = (struct rf_text){ text, bytes + q.path.bytes, bytes_max - 1 };
	}
	rf_unlock();
	text[q.path.bytes] = '\0';
	return q.path.bytes > 0;
}
