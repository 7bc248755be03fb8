/* Is all well with the database, and with what comes in? For people, and as JSON for whoever watches. */
#include <dirent.h>
#include <microhttpd.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "finding/finding.h"
#include "query/health.h"
#include "serve/page.h"
#include "store/json.h"
#include "tsan-glue/spool_format.h"

struct spools {
	int64_t waiting, waiting_bytes, damaged;
};

static void count_spools(const struct rf_page *p, struct spools *out)
{
	DIR *dir = opendir(p->site->spools);
	*out = (struct spools){ 0 };
	for (struct dirent *e; dir && (e = readdir(dir)) != NULL;) {
		struct stat st;
		rf_str name = rf_str_from(e->d_name);
		bool damaged = rf_str_ends(name, ".damaged");
		if (!damaged && !rf_str_ends(name, ".spool"))
			continue;
		out->damaged += damaged;
		out->waiting += !damaged;
		if (!damaged && fstatat(dirfd(dir), e->d_name, &st, 0) == 0)
			out->waiting_bytes += (int64_t)st.st_size;
	}
	if (dir)
		closedir(dir);
}

/* --- for people ---------------------------------------------------------------------------------------------------- */

static void put_database(struct rf_page *p, const struct rf_health *h)
{
	rf_html(p->out, "<section>\n<h2>Database</h2>\n<dl>\n<dt>File</dt><dd><code>%t</code></dd>\n", rf_str_from(p->site->database));
	rf_html_term_bytes(p->out, "Size", h->file_bytes);
	rf_html_term_bytes(p->out, "Write-ahead log", h->wal_bytes);
	rf_html_term_bytes(p->out, "Free inside", h->free_bytes);
	rf_html_term_number(p->out, "Schema version", h->schema_version);
	rf_html_term_time(p->out, "Last write", h->last_write);
	rf_html(p->out, "</dl>\n");
	if (p->may_write) {
		rf_html(p->out, "<form method=\"post\" action=\"/health/check\">");
		rf_page_form_secret(p);
		rf_html(p->out, "<button>Check integrity</button> <span class=\"dim\">reads the whole file</span></form>\n");
	}
	rf_html(p->out, "</section>\n");
}

static void put_contents(struct rf_page *p, const struct rf_health *h)
{
	rf_html(p->out, "<section>\n<h2>In it</h2>\n<dl>\n");
	rf_html_term_number(p->out, "Findings", h->findings);
	rf_html_term_number(p->out, "Events", h->events);
	rf_html_term_number(p->out, "Runs", h->runs);
	rf_html_term_number(p->out, "Processes", h->processes);
	rf_html_term_number(p->out, "Tags", h->tags);
	rf_html_term_number(p->out, "Silences", h->silences);
	rf_html(p->out, "</dl>\n</section>\n<section>\n<h2>Events of the last seven days</h2>\n");
	if (h->verdict_count == 0)
		rf_html(p->out, "<p class=\"dim\">None.</p>\n");
	rf_html(p->out, "%s", h->verdict_count ? "<dl>\n" : "");
	for (uint32_t i = 0; i < h->verdict_count; i++)
		rf_html(p->out, "<dt>%t</dt><dd>%n</dd>\n", h->verdicts[i].verdict, h->verdicts[i].events);
	rf_html(p->out, "%s</section>\n", h->verdict_count ? "</dl>\n" : "");
}

static void put_spools(struct rf_page *p, const struct spools *s, const struct rf_health *h)
{
	rf_html(p->out, "<section>\n<h2>Spools</h2>\n<dl>\n");
	rf_html_term_number(p->out, "Waiting", s->waiting);
	rf_html_term_bytes(p->out, "Their size", s->waiting_bytes);
	rf_html_term_number(p->out, "Kept as damaged", s->damaged);
	rf_html_term_number(p->out, "Processes that didn't end in order, or still run", h->processes_open);
	rf_html(p->out, "</dl>\n%s</section>\n<section>\n<h2>Dropped</h2>\n",
		s->waiting ? "<p class=\"dim\">The next <code>redflag report</code>, <code>test</code> or <code>ingest</code> takes in those "
			     "whose process is over.</p>\n" : "");
	rf_page_put_drops(p, &h->counters, &h->drops);
	rf_html(p->out, "</section>\n");
}

static void put_versions(struct rf_page *p)
{
	rf_html(p->out, "<section>\n<h2>Versions</h2>\n<dl>\n<dt>redflag</dt><dd>%t</dd>\n<dt>Fingerprints</dt><dd>%d</dd>\n"
			"<dt>Spool format</dt><dd>%d.%d</dd>\n<dt>SQLite</dt><dd>%t</dd>\n<dt>libmicrohttpd</dt><dd>%t</dd>\n</dl>\n"
			"<p class=\"dim\">The same for programs: <a href=\"/health.json\">/health.json</a></p>\n</section>\n",
		rf_str_from(p->site->version), (int64_t)RF_FINGERPRINT_VERSION, (int64_t)RF_SPOOL_VERSION_MAJOR,
		(int64_t)RF_SPOOL_VERSION_MINOR, rf_str_from(sqlite3_libversion()), rf_str_from(MHD_get_version()));
}

static int put_health(struct rf_page *p, rf_str checked, struct rf_error *err)
{
	struct rf_health h;
	struct spools s;
	p->title = RF_STR("Health");
	p->nav = RF_NAV_HEALTH;
	int rc = rf_health_read(p->store, rf_clock_now(p->site->clock), p->arena, &h, err);
	if (rc < 0)
		return rc;
	count_spools(p, &s);
	rf_html(p->out, "<h1>Health</h1>\n");
	if (checked.len && rf_str_eq_cstr(checked, "ok"))
		rf_html(p->out, "<p class=\"note\" role=\"status\">The check found the database sound.</p>\n");
	else if (checked.len)
		rf_html(p->out, "<p class=\"note bad\" role=\"alert\">The database is damaged: %t Keep a copy, and make a new one with "
				"<code>redflag backup</code>, or from the logs.</p>\n", checked);
	rf_html(p->out, "<div class=\"facts\">\n");
	put_database(p, &h);
	put_contents(p, &h);
	put_spools(p, &s, &h);
	put_versions(p);
	rf_html(p->out, "</div>\n");
	return 0;
}

int rf_page_health(struct rf_page *p, struct rf_error *err)
{
	return put_health(p, RF_STR(""), err);
}

int rf_page_health_check(struct rf_page *p, struct rf_error *err)
{
	rf_str said;
	int rc = rf_health_check(p->store, p->arena, &said, err);
	return rc < 0 ? rc : put_health(p, said, err);
}

/* --- for programs -------------------------------------------------------------------------------------------------- */

static void put_json_drops(struct rf_json *j, const struct rf_health *h)
{
	rf_json_object(j, "dropped");
	rf_json_int(j, "reports", (int64_t)h->counters.reports_dropped);
	rf_json_int(j, "symbols", (int64_t)h->counters.symbols_dropped);
	rf_json_int(j, "labels", (int64_t)h->counters.labels_cut);
	rf_json_int(j, "tests", (int64_t)h->counters.tests_dropped);
	rf_json_int(j, "goroutines", (int64_t)h->counters.goroutines_unregistered);
	rf_json_int(j, "spool_places_damaged", (int64_t)h->drops.records_bad);
	rf_json_int(j, "spool_records_unknown", (int64_t)h->drops.records_unknown);
	rf_json_int(j, "spool_bytes_torn", (int64_t)h->drops.bytes_torn);
	rf_json_end(j);
}

int rf_page_health_json(struct rf_page *p, struct rf_error *err)
{
	struct rf_health h;
	struct spools s;
	struct rf_json j;
	int rc = rf_health_read(p->store, rf_clock_now(p->site->clock), p->arena, &h, err);
	if (rc < 0)
		return rc;
	count_spools(p, &s);
	p->content_type = "application/json";
	rf_json_init(&j, p->out);
	rf_json_object(&j, NULL);
	rf_json_cstr(&j, "status", "ok");
	rf_json_cstr(&j, "redflag", p->site->version);
	rf_json_cstr(&j, "database", p->site->database);
	rf_json_int(&j, "schema_version", h.schema_version);
	rf_json_int(&j, "file_bytes", h.file_bytes);
	rf_json_int(&j, "wal_bytes", h.wal_bytes);
	rf_json_int(&j, "free_bytes", h.free_bytes);
	rf_json_str(&j, "last_write", h.last_write.len ? h.last_write : (rf_str){ NULL, 0 });
	rf_json_int(&j, "findings", h.findings);
	rf_json_int(&j, "events", h.events);
	rf_json_int(&j, "runs", h.runs);
	rf_json_int(&j, "processes", h.processes);
	rf_json_int(&j, "spools_waiting", s.waiting);
	rf_json_int(&j, "spools_damaged", s.damaged);
	put_json_drops(&j, &h);
	rf_json_end(&j);
	rf_json_finish(&j);
	return 0;
}
