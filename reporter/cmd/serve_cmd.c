/* redflag serve: the pages about the database, for this machine's browser. */
#include <signal.h>
#include <stdio.h>
#include <time.h>

#include "cmd/command_list.h"
#include "cmd/kinds.h"
#include "cmd/noise.h"
#include "cmd/place.h"
#include "cmd/reporter.h"
#include "cmd/stream.h"
#include "serve/server.h"

#define TEND_NS 500000000

static int fill_site(const struct rf_args *args, rf_arena *arena, struct rf_site *site, struct rf_error *err)
{
	struct rf_config config;
	struct rf_store *store = NULL;
	/* Opened for writing once, so that an older schema is brought up to date; from then on reading is enough. */
	int rc = rf_reporter_open_store(args, arena, &store, &site->database, err);
	rf_store_close(store);
	if (rc == 0)
		rc = rf_config_load(rf_place_module(arena), arena, &config, err);
	if (rc == 0)
		rc = rf_secrets_make(&site->secrets, err);
	if (rc < 0)
		return rc;
	site->spools = rf_place_spools(site->database, arena);
	site->suppressions = rf_noise_suppressions_path(&config, arena);
	site->root = rf_place_module(arena);
	site->module_path = "";
	site->version = RF_VERSION;
	site->clock = rf_reporter_clock();
	for (int kind = 0; kind < RF_KIND_COUNT; kind++) {
		const struct rf_kind_text *text = rf_kind_text((enum rf_kind)kind);
		if (text) {
			site->kinds[kind].meaning = text->meaning;
			site->kinds[kind].cure = text->cure;
		}
	}
	return 0;
}

static void print_start(const char *url, const struct rf_site *site)
{
	printf("Serving %s for %s; end it with Ctrl-C.\nTo suppress findings from the page: %s?token=%s\n", url, site->database, url,
	       site->secrets.token);
	fflush(stdout);
}

static void wait_for_signal(struct rf_server *server)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	while (sigtimedwait(&set, NULL, &(struct timespec){ .tv_nsec = TEND_NS }) < 0)
		rf_server_tend(server);
}

int rf_cmd_serve(const struct rf_args *args, rf_arena *arena, struct rf_error *err)
{
	struct rf_site site = { 0 };
	struct rf_server *server = NULL;
	sigset_t old;
	const char *address = rf_arg(args, "addr");
	if (args->word_count)
		return rf_fail(err, RF_ERR_USAGE, "serve takes options only: redflag serve --addr 127.0.0.1:7878.");
	int rc = fill_site(args, arena, &site, err);
	if (rc < 0)
		return rc;
	rf_stream_block_signals(&old);
	rc = rf_server_start(&server, &site, address ? address : "127.0.0.1:7878", err);
	if (rc < 0)
		return rc;
	print_start(rf_server_url(server), &site);
	wait_for_signal(server);
	rf_server_stop(server);
	return RF_EXIT_CLEAN;
}
