/* redflag policy: what policies would have done to the events that are there. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/command_list.h"
#include "cmd/place.h"
#include "cmd/reporter.h"
#include "cmd/terminal.h"
#include "policy/policy.h"
#include "query/noise.h"
#include "base/files.h"

#define CONFIG_BYTES_MAX ((size_t)1 << 20)
#define TITLE_COLUMN 40
#define TIMES_MAX 1000 /* events that a policy can ask for (finding/config.c) */

struct trial {
	const struct rf_config *config;
	struct rf_terminal terminal;
	rf_arena *arena;
	struct rf_buf out;
	/* of the finding in hand */
	int64_t finding_id;
	const struct rf_policy *policy;
	char title[256];
	uint64_t times[TIMES_MAX], silent_until;
	uint64_t events, alerts, held, silences;
	/* of all */
	uint64_t all_events, all_alerts, all_held, all_silences;
};

static void end_finding(struct trial *t)
{
	if (t->events) {
		rf_buf_printf(&t->out, "%7llu %7llu %7llu %8llu  %4lld  ", (unsigned long long)t->events,
			      (unsigned long long)t->alerts, (unsigned long long)t->held, (unsigned long long)t->silences,
			      (long long)t->finding_id);
		rf_put_wrapped(&t->out, &t->terminal, RF_STYLE_PLAIN,
			       rf_arena_printf(t->arena, "%s (%.*s)", t->title, RF_STR_ARG(t->policy->name)), TITLE_COLUMN);
	}
	t->all_events += t->events;
	t->all_alerts += t->alerts;
	t->all_held += t->held;
	t->all_silences += t->silences;
	t->events = t->alerts = t->held = t->silences = t->silent_until = 0;
}

/* Events of the last times in the policy's span, this one included; what it asks for at most are remembered. */
static uint64_t recent(struct trial *t, uint64_t now)
{
	uint64_t size = t->policy->events, count = 0, known = t->events < size ? t->events : size;
	for (uint64_t i = 0; i < known; i++)
		count += t->times[(t->events - 1 - i) % TIMES_MAX] + t->policy->within_ns > now;
	t->times[t->events % TIMES_MAX] = now;
	return count + 1;
}

static void try_event(void *context, const struct rf_past_event *e)
{
	struct trial *t = context;
	if (e->finding_id != t->finding_id) {
		end_finding(t);
		t->finding_id = e->finding_id;
		t->policy = rf_policy_choose(t->config, e->tag, rf_kind_from_name(e->kind));
		snprintf(t->title, sizeof(t->title), "%.*s", RF_STR_ARG(e->title));
	}
	uint64_t count = recent(t, e->time_unix_ns);
	enum rf_policy_decision d = rf_policy_decide(t->policy, e->time_unix_ns < t->silent_until, count);
	if (d == RF_POLICY_SILENCE)
		t->silent_until = e->time_unix_ns + t->policy->silence_ns;
	t->events++;
	t->silences += d == RF_POLICY_SILENCE;
	t->held += d == RF_POLICY_SILENCE || d == RF_POLICY_HOLD;
	t->alerts += d == RF_POLICY_ALERT || d == RF_POLICY_BYPASS;
}

static int load_config(const struct rf_args *args, rf_arena *arena, struct rf_config *config, struct rf_error *err)
{
	rf_str text;
	if (args->word_count == 1)
		return rf_config_load(rf_place_module(arena), arena, config, err);
	int rc = rf_file_read(args->words[1], CONFIG_BYTES_MAX, arena, &text, err);
	return rc < 0 ? rc : rf_config_parse(text, args->words[1], arena, config, err);
}

int rf_cmd_policy(const struct rf_args *args, rf_arena *arena, struct rf_error *err)
{
	struct rf_config config;
	struct rf_store *store = NULL;
	const char *database;
	if (args->word_count < 1 || args->word_count > 2 || strcmp(args->words[0], "test") != 0)
		return rf_fail(err, RF_ERR_USAGE, "policy takes test, and a file like .redflag.yml: redflag policy test FILE.");
	struct trial *t = rf_arena_alloc(arena, sizeof(*t));
	if (!t)
		return rf_fail(err, RF_ERR_MEMORY, "Out of memory.");
	int rc = load_config(args, arena, &config, err);
	if (rc == 0)
		rc = rf_reporter_open_store(args, arena, &store, &database, err);
	if (rc < 0)
		return rc;
	t->config = &config;
	t->arena = arena;
	rf_terminal_init(&t->terminal, STDOUT_FILENO);
	rf_buf_init(&t->out);
	rf_buf_put_cstr(&t->out, " events  alerts    held silences  finding (policy)\n");
	rc = rf_noise_past_events(store, try_event, t, err);
	end_finding(t);
	rf_buf_printf(&t->out, "%7llu %7llu %7llu %8llu  in all; the end of each silence comes on top\n",
		      (unsigned long long)t->all_events, (unsigned long long)t->all_alerts, (unsigned long long)t->all_held,
		      (unsigned long long)t->all_silences);
	if (rc >= 0)
		rf_print(&t->out);
	rf_buf_release(&t->out);
	rf_store_close(store);
	return rc;
}
