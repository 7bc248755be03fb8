/* redflag symtab: asks the symbol table of a program, or the symbols that a spool brought along. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cmd/command_list.h"
#include "read/spool_read.h"
#include "symtab/pclntab.h"
#include "base/files.h"
#include "toolchain/flat_json.h"
#include "tsan-glue/spool_format.h"

#define FILE_BYTES_MAX ((size_t)900 << 20) /* what fits the arena */

/* One line of output. */
struct row {
	rf_str name, file;
	uint64_t entry, pc; /* pc: 0 when a function as a whole is meant */
	int64_t args_bytes; /* -1 unknown */
	int64_t line;
};

struct question {
	uint64_t pc;
	bool has_pc, json;
	rf_str pattern; /* empty: all */
	size_t found;
};

static void print_json(const struct row *row)
{
	struct rf_buf out;
	rf_buf_init(&out);
	rf_buf_put_cstr(&out, "{\"name\":");
	rf_flat_json_put(&out, row->name);
	rf_buf_printf(&out, ",\"entry\":\"0x%" PRIx64 "\"", row->entry);
	if (row->pc)
		rf_buf_printf(&out, ",\"pc\":\"0x%" PRIx64 "\"", row->pc);
	if (row->args_bytes >= 0)
		rf_buf_printf(&out, ",\"args_bytes\":%" PRId64, row->args_bytes);
	rf_buf_put_cstr(&out, ",\"file\":");
	rf_flat_json_put(&out, row->file);
	rf_buf_printf(&out, ",\"line\":%" PRId64 "}\n", row->line);
	fwrite(out.ptr, 1, out.len, stdout);
	rf_buf_release(&out);
}

static void print_row(struct question *q, const struct row *row)
{
	char args[24] = "?";
	q->found++;
	if (q->json) {
		print_json(row);
		return;
	}
	if (row->args_bytes >= 0)
		snprintf(args, sizeof(args), "%" PRId64, row->args_bytes);
	printf("0x%" PRIx64 "\t%s\t%.*s", row->entry, args, RF_STR_ARG(row->name));
	if (row->pc >= row->entry && row->pc)
		printf("+0x%" PRIx64, row->pc - row->entry);
	if (row->file.len)
		printf("\t%.*s:%" PRId64, RF_STR_ARG(row->file), row->line);
	else
		fputs("\t?", stdout);
	putchar('\n');
}

static void answer_from_func(struct question *q, const struct rf_pclntab *table, const struct rf_pclntab_func *func, uint64_t pc)
{
	struct rf_pclntab_place place = rf_pclntab_place(table, func, pc ? pc : func->entry);
	struct row row = { .name = func->name, .entry = func->entry, .pc = pc, .args_bytes = func->args_bytes, .file = place.file,
			   .line = place.line };
	print_row(q, &row);
}

static int ask_program(struct question *q, rf_str bytes, rf_arena *arena, struct rf_error *err)
{
	struct rf_elf elf;
	struct rf_pclntab table;
	struct rf_pclntab_func func;
	int rc = rf_elf_parse(bytes, arena, &elf, err);
	if (rc == 0)
		rc = rf_pclntab_open(&elf, arena, &table, err);
	if (rc)
		return rc;
	if (q->has_pc && rf_pclntab_find(&table, q->pc, &func))
		answer_from_func(q, &table, &func, q->pc);
	for (size_t i = 0; i < table.func_count && !q->has_pc; i++) {
		if (rf_pclntab_func(&table, i, &func) && (!q->pattern.len || rf_str_glob(q->pattern, func.name)))
			answer_from_func(q, &table, &func, 0);
	}
	return 0;
}

static int ask_spool(struct question *q, rf_str bytes, rf_arena *arena, struct rf_error *err)
{
	struct rf_spool *spool;
	struct rf_spool_symbol_info symbol;
	struct rf_report report;
	int rc = rf_spool_open_bytes(&spool, bytes, err);
	if (rc)
		return rc;
	while (rf_spool_next(spool, arena, &report))
		;
	for (uint32_t i = 0; i < rf_spool_symbol_count(spool); i++) {
		if (!rf_spool_symbol_at(spool, i, &symbol) || (q->has_pc && symbol.pc != q->pc) ||
		    (q->pattern.len && !rf_str_glob(q->pattern, symbol.function)))
			continue;
		struct row row = { .name = symbol.function, .file = symbol.file, .entry = symbol.entry, .pc = symbol.pc,
				   .args_bytes = symbol.argument_bytes == UINT32_MAX ? -1 : (int64_t)symbol.argument_bytes,
				   .line = symbol.line };
		print_row(q, &row);
	}
	rf_spool_close(spool);
	return 0;
}

static int read_question(const struct rf_args *args, struct question *q, struct rf_error *err)
{
	const char *addr = rf_arg(args, "addr"), *name = rf_arg(args, "name");
	*q = (struct question){ .json = rf_arg(args, "json") != NULL, .has_pc = addr != NULL, .pattern = rf_str_from(name) };
	if (args->word_count != 1)
		return rf_fail(err, RF_ERR_USAGE, "symtab wants one file: a program built by Go, or a spool");
	if (addr && name)
		return rf_fail(err, RF_ERR_USAGE, "ask for an address or for a name, not for both");
	if (addr && !rf_str_hex_u64(rf_str_from(addr), &q->pc))
		return rf_fail(err, RF_ERR_USAGE, "`%s` is no address; write it in hexadecimal, such as 0x4a2b30", addr);
	return 0;
}

int rf_cmd_symtab(const struct rf_args *args, rf_arena *arena, struct rf_error *err)
{
	struct question q;
	rf_str bytes;
	int rc = read_question(args, &q, err);
	if (rc == 0)
		rc = rf_file_read(args->words[0], FILE_BYTES_MAX, arena, &bytes, err);
	if (rc)
		return rc;
	rc = rf_str_starts(bytes, RF_SPOOL_MAGIC) ? ask_spool(&q, bytes, arena, err) : ask_program(&q, bytes, arena, err);
	if (rc)
		return rf_fail_again(err, "%s", args->words[0]);
	if (q.found == 0 && (q.has_pc || q.pattern.len))
		return rf_fail(err, RF_ERR_MISSING, "%s has no function %s %s", args->words[0], q.has_pc ? "at" : "named",
			       q.has_pc ? rf_arg(args, "addr") : rf_arg(args, "name"));
	return 0;
}
