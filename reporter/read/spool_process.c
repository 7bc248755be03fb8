/* The record of who the process is. */
#include "model/native.h"
#include "read/spool_private.h"

/* "shop.test\0-test.v\0" to "shop.test -test.v" */
static rf_str join_arguments(rf_str arguments, rf_arena *arena)
{
	if (arguments.len && arguments.ptr[arguments.len - 1] == '\0')
		arguments.len--;
	rf_str text = rf_arena_dup(arena, arguments);
	char *p = (char *)text.ptr; /* ours: rf_arena_dup has just made it */
	for (size_t i = 0; i < text.len; i++) {
		if (p[i] == '\0')
			p[i] = ' ';
	}
	return text;
}

/* A program that the agent was in is called by its file, unless Go says what it is. */
static void set_main_package(struct rf_process *p)
{
	if (p->features & RF_SPOOL_FEATURE_AGENT) {
		p->program = rf_path_base(p->executable);
		p->main_package = p->main_package.len ? p->main_package : p->program;
		return;
	}
	p->is_test = rf_str_ends(p->main_package, ".test") ||
		     (p->main_package.len == 0 && rf_str_ends(p->executable, ".test"));
	if (rf_str_ends(p->main_package, ".test"))
		p->main_package.len -= sizeof(".test") - 1;
}

bool rf_spool_decode_process(struct rf_spool *s, rf_str record)
{
	struct rf_spool_process raw;
	struct rf_process p = s->process;
	rf_arena *m = &s->memory;
	rf_str arguments;
	uint32_t bytes;
	if (record.len < sizeof(raw))
		return false;
	memcpy(&raw, record.ptr, sizeof(raw));
	if (!rf_spool_ref_array(record, raw.arguments, 1, &arguments, &bytes) || !rf_spool_ref_text(record, raw.executable, m, &p.executable) ||
	    !rf_spool_ref_text(record, raw.directory, m, &p.directory) || !rf_spool_ref_text(record, raw.host, m, &p.host) ||
	    !rf_spool_ref_text(record, raw.go_version, m, &p.go_version) || !rf_spool_ref_text(record, raw.build_id, m, &p.build_id) ||
	    !rf_spool_ref_text(record, raw.main_package, m, &p.main_package) ||
	    !rf_spool_ref_text(record, raw.trace_id, m, &p.trace_id) ||
	    !rf_spool_ref_text(record, raw.traceparent, m, &p.traceparent) || !rf_spool_ref_text(record, raw.tag, m, &p.tag) ||
	    !rf_spool_ref_text(record, raw.options, m, &p.options))
		return false;
	p.arguments = join_arguments(arguments, m);
	p.pid = raw.pid;
	p.gomaxprocs = raw.gomaxprocs;
	p.features = raw.features;
	set_main_package(&p);
	s->process = p;
	return true;
}
