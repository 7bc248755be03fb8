/* Records of mapped files, and names of addresses in them. */
#include "read/spool_private.h"

#include <string.h>

#define MODULES_MAX 65536u /* a program that loads and unloads all day; later ones give no names */

bool rf_spool_decode_module(struct rf_spool *s, rf_str record)
{
	struct rf_spool_module raw;
	if (record.len < sizeof(raw))
		return false;
	memcpy(&raw, record.ptr, sizeof(raw));
	if (raw.start >= raw.end)
		return false;
	if (s->module_count == MODULES_MAX)
		return true;
	struct rf_module *modules = rf_spool_room(s, s->modules, s->module_count, MODULES_MAX, sizeof(*modules));
	if (!modules)
		return false;
	s->modules = modules;
	struct rf_module *module = &modules[s->module_count];
	*module = (struct rf_module){ .start = raw.start, .end = raw.end, .bias = raw.bias };
	if (!rf_spool_ref_text(record, raw.path, &s->memory, &module->path) ||
	    !rf_spool_ref_text(record, raw.build_id, &s->memory, &module->build_id))
		return false;
	s->module_count++;
	return true;
}

uint32_t rf_spool_module_before(const struct rf_spool *s, uint64_t pc, uint32_t modules)
{
	uint32_t i = modules;
	while (i > 0 && (pc < s->modules[i - 1].start || pc >= s->modules[i - 1].end))
		i--;
	return i;
}

uint32_t rf_spool_module_of(const struct rf_spool *s, uint64_t pc)
{
	return rf_spool_module_before(s, pc, s->module_count);
}

int rf_spool_look_up(struct rf_spool *s, struct rf_error *err)
{
	if (!s->symbolizer && s->process.features & RF_SPOOL_FEATURE_AGENT)
		s->symbolizer = rf_symbolizer_open(s->process.start_unix_ns);
	if (!s->symbolizer && s->process.features & RF_SPOOL_FEATURE_AGENT)
		return rf_fail(err, RF_ERR_MEMORY, "Out of memory while reading a spool; it stays for the next time.");
	return 0;
}

uint32_t rf_spool_frames(struct rf_spool *s, uint32_t module, uint64_t pc, const struct rf_frame **frames)
{
	if (!s->symbolizer || module == 0)
		return 0;
	uint32_t count = rf_symbolizer_frames(s->symbolizer, &s->modules[module - 1], pc, frames);
	s->starved |= count == 0;
	return count;
}
