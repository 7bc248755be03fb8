#include "tsan-glue/stacks.h"

#include "tsan-glue/spool.h"
#include "tsan-glue/symbols.h"

#include <string.h>

static struct rf_stack_ids stacks[RF_STACKS_MAX];
static uint32_t stack_count;

static void rf_stacks_begin(void)
{
	stack_count = 0;
}

static struct rf_stack_ids *rf_stack_new(const void *source)
{
	struct rf_stack_ids *s = stack_count < RF_STACKS_MAX ? &stacks[stack_count++] : NULL;
	if (s) {
		s->source = source;
		s->count = 0;
		s->cut = false;
	}
	return s;
}

static void rf_stack_collect(const struct ts_stack *source)
{
	struct rf_stack_ids *s = source ? rf_stack_new(source) : NULL;
	for (const struct ts_frame *f = s ? source->frames : NULL; f; f = f->next) {
		if (s->count == RF_SPOOL_STACK_FRAMES_MAX) {
			s->cut = true;
			return;
		}
		const struct rf_symbol symbol = { f->info.address, f->info.function, f->info.file,
						  (uint32_t)f->info.line, (uint32_t)f->info.module_offset };
		s->ids[s->count++] = rf_symbol_id(&symbol);
	}
}

static const struct rf_stack_ids *rf_stack_of(const void *source)
{
	for (uint32_t i = 0; source && i < stack_count; i++) {
		if (stacks[i].source == source)
			return &stacks[i];
	}
	return NULL;
}

static struct rf_spool_ref rf_stack_put(const struct rf_stack_ids *s)
{
	struct rf_spool_ref ref = { 0, 0 };
	uint32_t *out = s ? rf_spool_array(s->count, sizeof(*out), &ref) : NULL;
	if (out)
		memcpy(out, s->ids, s->count * sizeof(*out));
	return ref;
}
