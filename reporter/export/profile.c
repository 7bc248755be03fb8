#include "export/profile.h"

rf_str rf_export_frame_name(const struct rf_frame *f)
{
	return f->function.len ? f->function : RF_STR("[unknown]");
}

/* The kind that was asked for; else the first that there is. */
static int choose_kind(const struct rf_export *x, const struct rf_profile_row *rows, struct rf_export_profile *out, struct rf_error *err)
{
	rf_str asked = x->options.profile;
	out->kind = asked.len ? rf_profile_from_name(asked) : rows[0].kind;
	return out->kind < RF_PROFILE_KIND_COUNT ? 0
						 : rf_fail(err, RF_ERR_USAGE, "There is no profile %.*s; there are heap, cpu, io, contention, offcpu, faults, "
								      "system, syscalls, counters and processor.",
							   RF_STR_ARG(asked));
}

static int choose_value(struct rf_export *x, struct rf_export_profile *out, struct rf_error *err)
{
	rf_str asked = x->options.value, list = RF_STR("");
	uint32_t count = rf_profile_value_count(out->kind);
	out->value = rf_profile_main_value(out->kind);
	if (asked.len == 0)
		return 0;
	for (uint32_t i = 0; i < count; i++) {
		const char *name = rf_profile_value(out->kind, i)->name;
		out->value = i;
		if (rf_str_eq_cstr(asked, name))
			return 0;
		list = rf_arena_printf(&x->arena, "%.*s%s%s", RF_STR_ARG(list), i == 0 ? "" : i + 1 < count ? ", " : " and ", name);
	}
	return rf_fail(err, RF_ERR_USAGE, "A %s profile has no value %.*s; it has %.*s.", rf_profile_name(out->kind), RF_STR_ARG(asked),
		       RF_STR_ARG(list));
}

static int load_process(struct rf_export *x, struct rf_export_profile *out, const struct rf_profile_row *row, struct rf_error *err)
{
	if (row->kind != out->kind)
		return 0;
	struct rf_export_process *p = &out->processes[out->process_count++];
	p->row = row;
	return rf_query_profile_samples(x->store, row, &x->arena, &p->samples, &p->sample_count, err);
}

static int no_profile(const struct rf_export *x, struct rf_error *err)
{
	if (!x->has_run)
		return rf_fail(err, RF_ERR_USAGE, "A profile is of one run: give --run TRACE_ID, or --run last.");
	return rf_fail(err, RF_ERR_MISSING, "Run %.*s has no %.*s%sprofile%s: only a program that the agent watched leaves some.",
		       RF_STR_ARG(x->run.trace_id), RF_STR_ARG(x->options.profile), x->options.profile.len ? " " : "",
		       x->options.pid ? " of this process" : "");
}

int rf_export_profile_load(struct rf_export *x, struct rf_export_profile *out, struct rf_error *err)
{
	struct rf_profile_row *rows;
	uint32_t count = 0, most = RF_EXPORT_PROCESSES_MAX * RF_PROFILE_KIND_COUNT;
	*out = (struct rf_export_profile){ 0 };
	int rc = x->has_run ? rf_query_profiles(x->store, x->run.id, x->options.pid, most + 1, &x->arena, &rows, &count, err) : 0;
	if (rc == 0 && count > most)
		return rf_fail(err, RF_ERR_MEMORY, "Run %.*s has profiles of more than %u processes; choose one with --pid.",
			       RF_STR_ARG(x->run.trace_id), RF_EXPORT_PROCESSES_MAX);
	if (rc == 0)
		rc = count ? choose_kind(x, rows, out, err) : no_profile(x, err);
	if (rc == 0)
		rc = choose_value(x, out, err);
	if (rc < 0)
		return rc;
	out->processes = rf_arena_array(&x->arena, count, sizeof(*out->processes));
	if (!out->processes)
		return rf_fail(err, RF_ERR_MEMORY, "Out of memory while reading a profile.");
	for (uint32_t i = 0; i < count && rc == 0; i++)
		rc = load_process(x, out, &rows[i], err);
	return rc == 0 && out->process_count == 0 ? no_profile(x, err) : rc;
}
