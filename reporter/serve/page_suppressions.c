/* The suppression list: what stands in it, what it has done, and two forms for those who have the token. Writing goes to the list's
 * file alone. */
#include "policy/suppression_file.h"
#include "query/suppress.h"
#include "serve/page.h"

/* --- the list ------------------------------------------------------------------------------------------------------ */

static void put_expire_form(struct rf_page *p, const struct rf_suppression *e)
{
	rf_html(p->out, "<form method=\"post\" action=\"/suppressions/expire\">");
	rf_page_form_secret(p);
	rf_html(p->out, "<input type=\"hidden\" name=\"line\" value=\"%d\"><input type=\"hidden\" name=\"text\" value=\"%t\">"
			"<button>Expire<span class=\"unseen\"> %t</span></button></form>", (int64_t)e->line, e->text, e->text);
}

static void put_attribute(struct rf_page *p, const char *name, rf_str value)
{
	if (value.len)
		rf_html(p->out, "<span>%s %t</span>", name, value);
}

static void put_entry(struct rf_page *p, const struct rf_suppress_list *l, const struct rf_suppression *e)
{
	const struct rf_suppression_use *use = rf_suppress_use(l, e->text);
	rf_html(p->out, "<tr><td class=\"status\">");
	rf_html_status(p->out, rf_str_from(rf_suppress_state(l, e)));
	rf_html(p->out, "</td><th scope=\"row\" class=\"what\"><code>%t</code>", e->text);
	if (e->reason.len)
		rf_html(p->out, "<span class=\"reason\">%t</span>", e->reason);
	rf_html(p->out, "<span class=\"meta\">");
	put_attribute(p, "owner", e->owner);
	put_attribute(p, "tag", e->tag);
	put_attribute(p, "kind", e->kind);
	rf_html(p->out, "<span>line %d</span></span></th><td class=\"when%s\">%t</td>", (int64_t)e->line,
		e->expires.len ? " until" : "", e->expires.len ? e->expires : RF_STR("no end"));
	rf_html(p->out, "<td class=\"number\" data-name=\"events\">%n</td><td class=\"number\" data-name=\"findings\">%n</td>"
			"<td class=\"when last\">", use ? use->events : 0, use ? use->findings : 0);
	rf_html_time(p->out, use ? use->last_used : RF_STR(""));
	rf_html(p->out, "</td>");
	if (p->may_write) {
		rf_html(p->out, "<td class=\"action\">");
		if (!rf_suppression_expired(e, l->now_unix_ns))
			put_expire_form(p, e);
		rf_html(p->out, "</td>");
	}
	rf_html(p->out, "</tr>\n");
}

static void put_head(struct rf_page *p, const char *caption, bool action)
{
	rf_html(p->out, "<table class=\"list suppressions\">\n<caption class=\"unseen\">%s</caption>\n<thead><tr>"
			"<th scope=\"col\">State</th><th scope=\"col\">Entry</th><th scope=\"col\">Last day</th>"
			"<th scope=\"col\" class=\"number\">Events</th><th scope=\"col\" class=\"number\">Findings</th>"
			"<th scope=\"col\">Last used</th>%s</tr></thead>\n<tbody>\n", caption,
		action ? "<th scope=\"col\"><span class=\"unseen\">Action</span></th>" : "");
}

static void put_entries(struct rf_page *p, const struct rf_suppress_list *l)
{
	if (l->list.count == 0) {
		rf_html(p->out, "<p class=\"empty\">No race is suppressed.</p>\n");
		return;
	}
	put_head(p, "Entries of the list", p->may_write);
	for (uint32_t i = 0; i < l->list.count; i++)
		put_entry(p, l, &l->list.entries[i]);
	rf_html(p->out, "</tbody></table>\n");
}

/* Entries that were taken out of the list since. */
static void put_former(struct rf_page *p, const struct rf_suppress_list *l)
{
	bool any = false;
	for (uint32_t i = 0; i < l->use_count; i++) {
		const struct rf_suppression_use *u = &l->uses[i];
		if (rf_suppress_has(l, u->text))
			continue;
		if (!any) {
			rf_html(p->out, "<h2>No longer in the list</h2>\n");
			put_head(p, "Entries that were used and are no longer in the list", false);
		}
		any = true;
		rf_html(p->out, "<tr><td class=\"status\"><span class=\"badge is-off\">former</span></td><th scope=\"row\" class=\"what\">"
				"<code>%t</code></th><td></td><td class=\"number\" data-name=\"events\">%n</td>"
				"<td class=\"number\" data-name=\"findings\">%n</td><td class=\"when last\">", u->text, u->events, u->findings);
		rf_html_time(p->out, u->last_used);
		rf_html(p->out, "</td></tr>\n");
	}
	rf_html(p->out, "%s", any ? "</tbody></table>\n" : "");
}

/* --- forms --------------------------------------------------------------------------------------------------------- */

static void put_add_form(struct rf_page *p)
{
	rf_html(p->out, "<section class=\"card\">\n<h2>Suppress a finding</h2>\n<form class=\"bar\" method=\"post\" "
			"action=\"/suppressions/add\">\n");
	rf_page_form_secret(p);
	rf_html(p->out, "<label>Finding <input name=\"finding\" required pattern=\"[0-9a-f]+\" size=\"8\" value=\"%t\"></label>\n"
			"<label class=\"grow\">Reason <input name=\"reason\" required maxlength=\"500\" placeholder=\"why this race is "
			"tolerated\"></label>\n<label>Last day (none: no end) <input type=\"date\" name=\"expires\"></label>\n"
			"<label>Owner <input name=\"owner\" maxlength=\"100\" size=\"12\"></label>\n"
			"<button class=\"main\">Suppress</button>\n</form>\n<p class=\"dim\">Of the two functions that met in the race, the entry "
			"names the one that fewer other findings have. From the next run on the race doesn't fail its test; it is still "
			"recorded.</p>\n</section>\n", rf_params_get(&p->query, "finding"));
}

static void put_sign_in(struct rf_page *p)
{
	rf_html(p->out, "<section class=\"card\">\n<h2>Change the list</h2>\n<form class=\"bar\" method=\"post\" action=\"/sign-in\">\n"
			"<label class=\"grow\">Token <input name=\"token\" required autocomplete=\"off\" spellcheck=\"false\" "
			"placeholder=\"as redflag serve printed it at its start\"></label>\n<button>Sign in</button>\n</form>\n</section>\n");
}

static void put_done(struct rf_page *p)
{
	rf_str done = rf_params_get(&p->query, "done");
	if (rf_str_eq_cstr(done, "added"))
		rf_html(p->out, "<p class=\"note\" role=\"status\">The entry was added. It holds from the next run on.</p>\n");
	else if (rf_str_eq_cstr(done, "expired"))
		rf_html(p->out, "<p class=\"note\" role=\"status\">The entry has expired: from the next run on it matches no more.</p>\n");
}

int rf_page_suppressions(struct rf_page *p, struct rf_error *err)
{
	struct rf_suppress_list l = { .uses_known = true, .now_unix_ns = rf_clock_now(p->site->clock) };
	struct rf_error bad = { 0 };
	p->title = RF_STR("Suppressions");
	p->nav = RF_NAV_SUPPRESSIONS;
	int rc = rf_noise_uses(p->store, p->arena, &l.uses, &l.use_count, err);
	if (rc < 0)
		return rc;
	int list_rc = rf_suppressions_load(p->site->suppressions, p->arena, &l.list, &bad);
	rf_html(p->out, "<h1>Suppressions</h1>\n<p><code>%t</code></p>\n", rf_str_from(p->site->suppressions));
	put_done(p);
	/* Not there is an empty list. A broken one must be mended by hand, and until then nothing may be added. */
	if (list_rc < 0 && list_rc != RF_ERR_MISSING) {
		rf_html(p->out, "<p class=\"note bad\" role=\"alert\">%t While it is so, no entry holds.</p>\n", rf_str_from(bad.text));
	} else {
		if (p->may_write)
			put_add_form(p);
		else
			put_sign_in(p);
		put_entries(p, &l);
	}
	put_former(p, &l);
	return 0;
}

/* --- writing ------------------------------------------------------------------------------------------------------- */

int rf_page_suppress_add(struct rf_page *p, struct rf_error *err)
{
	struct rf_suppress_plan plan;
	struct rf_finding_row row;
	rf_str reason = rf_params_text(&p->form, "reason"), expires = rf_params_text(&p->form, "expires");
	rf_str owner = rf_params_text(&p->form, "owner");
	p->nav = RF_NAV_SUPPRESSIONS;
	int rc = rf_suppression_check(reason, expires, owner, err);
	if (rc == 0)
		rc = rf_query_finding(p->store, rf_params_get(&p->form, "finding"), p->arena, &row, err);
	if (rc == 0)
		rc = rf_suppress_plan(p->store, &row, p->arena, &plan, err);
	if (rc < 0)
		return rc;
	plan.entry.reason = reason;
	plan.entry.expires = expires;
	plan.entry.owner = owner;
	rc = rf_suppression_add(p->site->suppressions, &plan.entry, row.title, rf_clock_now(p->site->clock), p->arena, err);
	p->redirect = RF_STR("/suppressions?done=added");
	return rc;
}

int rf_page_suppress_expire(struct rf_page *p, struct rf_error *err)
{
	int64_t line = rf_params_number(&p->form, "line", UINT32_MAX);
	p->nav = RF_NAV_SUPPRESSIONS;
	int rc = rf_suppression_expire(p->site->suppressions, rf_params_get(&p->form, "text"), (uint32_t)line,
				       rf_clock_now(p->site->clock), p->arena, err);
	p->redirect = RF_STR("/suppressions?done=expired");
	return rc;
}
