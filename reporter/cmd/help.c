#include "cmd/help.h"

#include <string.h>

#include "cmd/terminal.h"
#include "model/report.h"
#include "store/status.h"

#define COLUMNS 79
#define NAME_COLUMNS 14 /* of a command in the overview: "suppressions" and two blanks */

static void put_wrapped(struct rf_buf *out, rf_str text, size_t indent)
{
	rf_put_words(out, text, indent, COLUMNS);
	rf_buf_put_char(out, '\n');
}

/* Paragraphs are filled anew; lines that start with two blanks are an example and stay as they are. */
static void put_paragraphs(struct rf_buf *out, rf_str text)
{
	struct rf_buf paragraph;
	rf_buf_init(&paragraph);
	while (text.len || paragraph.len) {
		bool ends = text.len == 0;
		rf_str line = rf_str_cut(&text, '\n');
		bool literal = rf_str_starts(line, "  ");
		if ((ends || literal || line.len == 0) && paragraph.len) {
			put_wrapped(out, rf_buf_str(&paragraph), 0);
			rf_buf_reset(&paragraph);
		}
		if (literal || (line.len == 0 && !ends)) {
			rf_buf_put_str(out, line);
			rf_buf_put_char(out, '\n');
		} else if (line.len) {
			if (paragraph.len)
				rf_buf_put_char(&paragraph, ' ');
			rf_buf_put_str(&paragraph, line);
		}
	}
	rf_buf_release(&paragraph);
}

void rf_help_put_overview(struct rf_buf *out)
{
	rf_buf_put_cstr(out, "redflag: Go's race detector as a harness\n\n"
			     "Usage: redflag COMMAND [options] [words]\n\nCommands:\n");
	for (const struct rf_command *c = rf_commands; c->name; c++) {
		rf_buf_printf(out, "  %-*s", NAME_COLUMNS, c->name);
		put_wrapped(out, rf_str_from(c->summary), 2 + NAME_COLUMNS);
	}
	rf_buf_put_cstr(out, "\nStart with `redflag test ./...` in a Go module; then `redflag list` and\n"
			     "`redflag show ID`. `redflag COMMAND --help` says more about each command.\n");
}

#define OPTION_COLUMN 22

static const char *dashes(const struct rf_option *o)
{
	return o->name[1] ? "--" : "-";
}

static void put_option(struct rf_buf *out, const struct rf_option *o)
{
	size_t start = out->len;
	rf_buf_printf(out, "  %s%s%s%s", dashes(o), o->name, o->value ? " " : "", o->value ? o->value : "");
	size_t width = out->len - start;
	if (width + 2 > OPTION_COLUMN)
		rf_buf_printf(out, "\n%*s", OPTION_COLUMN, "");
	else
		rf_buf_printf(out, "%*s", (int)(OPTION_COLUMN - width), "");
	put_wrapped(out, rf_str_from(o->help), OPTION_COLUMN);
}

void rf_help_put_command(struct rf_buf *out, const struct rf_command *command)
{
	rf_buf_printf(out, "%s.\n\nUsage: redflag %s%s%s\n", command->summary, command->name,
		      command->usage[0] ? " " : "", command->usage);
	if (command->help) {
		rf_buf_put_char(out, '\n');
		put_paragraphs(out, rf_str_from(command->help));
	}
	rf_buf_put_cstr(out, "\nOptions:\n");
	for (const struct rf_option *o = command->options; o && o->name; o++)
		put_option(out, o);
	put_option(out, &(struct rf_option){ "help", NULL, "this text" });
}

/* Text for roff: backslashes and leading dots mean nothing, and a minus is a minus. */
static void put_roff(struct rf_buf *out, rf_str text)
{
	if (text.len && (text.ptr[0] == '.' || text.ptr[0] == '\''))
		rf_buf_put_cstr(out, "\\&");
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '\\')
			rf_buf_put_cstr(out, "\\e");
		else if (text.ptr[i] == '-')
			rf_buf_put_cstr(out, "\\-");
		else
			rf_buf_put_char(out, text.ptr[i]);
	}
	rf_buf_put_char(out, '\n');
}

static void put_roff_paragraphs(struct rf_buf *out, rf_str text)
{
	bool literal = false;
	while (text.len) {
		rf_str line = rf_str_cut(&text, '\n');
		bool indented = rf_str_starts(line, "  ");
		if (indented != literal)
			rf_buf_put_cstr(out, indented ? ".Bd -literal -offset indent\n" : ".Ed\n");
		literal = indented;
		if (line.len == 0)
			rf_buf_put_cstr(out, ".Pp\n");
		else
			put_roff(out, literal ? rf_str_skip(line, 2) : line);
	}
	if (literal)
		rf_buf_put_cstr(out, ".Ed\n");
}

static void put_man_command(struct rf_buf *out, const struct rf_command *c)
{
	rf_buf_printf(out, ".Ss %s %s\n", c->name, c->usage);
	put_roff(out, rf_str_from(c->summary));
	rf_buf_put_cstr(out, ".Pp\n");
	put_roff_paragraphs(out, rf_str_from(c->help));
	if (!c->options || !c->options->name)
		return;
	rf_buf_put_cstr(out, ".Bl -tag -width Ds\n");
	for (const struct rf_option *o = c->options; o->name; o++) {
		rf_buf_printf(out, ".It Fl %s%s", o->name[1] ? "Fl " : "", o->name);
		rf_buf_printf(out, "%s%s\n", o->value ? " Ar " : "", o->value ? o->value : "");
		put_roff(out, rf_str_from(o->help));
	}
	rf_buf_put_cstr(out, ".El\n");
}

static const char man_head[] =
	".Dd $Mdocdate$\n.Dt REDFLAG 1\n.Os\n.Sh NAME\n.Nm redflag\n.Nd Go's race detector as a harness\n"
	".Sh SYNOPSIS\n.Nm\n.Ar command\n.Op options\n.Op words\n.Sh DESCRIPTION\n"
	"redflag runs Go programs and tests under an instrumented race detector, tells the bugs it finds apart, and\n"
	"keeps them in a SQLite database.\n.Sh COMMANDS\n";

static const char man_tail[] =
	".Sh ENVIRONMENT\n.Bl -tag -width Ds\n"
	".It Ev REDFLAG_DB\nThe database, where\n.Fl Fl db\nis not given.\n"
	".It Ev REDFLAG_TAG\nThe tag of findings that no label and no option names.\n"
	".It Ev REDFLAG_SPOOL\nThe directory in which an instrumented program leaves its spool.\n"
	".It Ev TRACE_ID , TRACEPARENT\nThe trace that the run belongs to; the second in the form of W3C Trace Context.\n"
	".It Ev NO_COLOR\nNo colour, if set.\n.El\n"
	".Sh FILES\n.Bl -tag -width Ds\n"
	".It Pa .redflag/redflag.db\nThe default database, beside go.mod or go.work.\n"
	".It Pa .redflag.yml\nRules that give findings their tags.\n.El\n"
	".Sh EXIT STATUS\n.Bl -tag -width Ds\n"
	".It 0\nNothing was found.\n.It 1\nTests failed for another reason, or only findings that are known occurred.\n"
	".It 2\nThe command line is wrong.\n.It 3\nredflag itself failed.\n.It 66\nThere are new findings.\n.El\n";

void rf_help_put_man(struct rf_buf *out)
{
	/* A fixed date would be wrong and today's would make the page differ from build to build. */
	rf_str head = rf_str_from(man_head);
	ptrdiff_t date = rf_str_find_str(head, RF_STR("$Mdocdate$"));
	rf_buf_put_str(out, rf_str_take(head, (size_t)date));
	rf_buf_put_cstr(out, "redflag " RF_VERSION);
	rf_buf_put_str(out, rf_str_skip(head, (size_t)date + strlen("$Mdocdate$")));
	for (const struct rf_command *c = rf_commands; c->name; c++)
		put_man_command(out, c);
	rf_buf_put_cstr(out, man_tail);
}

static void put_completion_case(struct rf_buf *out, const struct rf_command *c)
{
	rf_buf_printf(out, "\t%s) words=\"--help", c->name);
	for (const struct rf_option *o = c->options; o && o->name; o++)
		rf_buf_printf(out, " %s%s", dashes(o), o->name);
	rf_buf_put_cstr(out, "\" ;;\n");
}

void rf_help_put_completion(struct rf_buf *out)
{
	rf_buf_put_cstr(out, "# bash completion for redflag; made from its command table\n"
			     "_redflag()\n{\n\tlocal current=${COMP_WORDS[COMP_CWORD]} "
			     "previous=${COMP_WORDS[COMP_CWORD - 1]} words\n"
			     "\tif ((COMP_CWORD == 1)); then\n\t\twords=\"");
	for (const struct rf_command *c = rf_commands; c->name; c++)
		rf_buf_printf(out, "%s%s", c == rf_commands ? "" : " ", c->name);
	rf_buf_put_cstr(out, " --help --version\"\n\t\tCOMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
			     "\t\treturn\n\tfi\n"
			     "\tcase $previous in\n"
			     "\t--kind) COMPREPLY=($(compgen -W \"");
	for (int kind = RF_KIND_UNKNOWN + 1; kind < RF_KIND_COUNT; kind++)
		rf_buf_printf(out, "%s%s", kind > RF_KIND_UNKNOWN + 1 ? " " : "", rf_kind_name((enum rf_kind)kind));
	rf_buf_put_cstr(out, "\" -- \"$current\")); return ;;\n"
			     "\t--status) COMPREPLY=($(compgen -W \"");
	for (enum rf_status status = 0; status < RF_STATUS_COUNT; status++)
		rf_buf_printf(out, "%s%s", status ? " " : "", rf_status_name(status));
	rf_buf_put_cstr(out, "\" -- \"$current\")); return ;;\n"
			     "\t--format) COMPREPLY=($(compgen -W \"json sarif junit github markdown html ctrf otlp\" -- \"$current\")); return ;;\n"
			     "\t--completion) COMPREPLY=($(compgen -W bash -- \"$current\")); return ;;\n"
			     "\tesac\n\tcase ${COMP_WORDS[1]} in\n");
	for (const struct rf_command *c = rf_commands; c->name; c++)
		put_completion_case(out, c);
	rf_buf_put_cstr(out, "\tesac\n\tif [[ $current == -* ]]; then\n"
			     "\t\tCOMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
			     "\telse\n\t\tCOMPREPLY=($(compgen -f -- \"$current\"))\n\tfi\n}\n"
			     "complete -o filenames -F _redflag redflag\n");
}
