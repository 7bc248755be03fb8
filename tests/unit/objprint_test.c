/* Objects are printed, assembled again and compared: sections, relocations, symbols. */
#include "directory.h"

#include <unistd.h>

#include "toolchain/goenv.h"
#include "toolchain/objprint.h"
#include "toolchain/spawn.h"

static rf_arena arena;
static char scratch[DIRECTORY_BYTES];

static int setup(void **state)
{
	(void)state;
	rf_arena_init(&arena, 0);
	directory_make(scratch);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	directory_remove(scratch);
	rf_arena_release(&arena);
	return 0;
}

static const char *path_of(const char *name)
{
	return rf_arena_printf(&arena, "%s/%s", scratch, name).ptr;
}

static bool has_program(const char *name)
{
	const char *argv[] = { name, "--version", NULL };
	struct rf_spawn spawn = { .argv = argv };
	struct rf_spawn_result result;
	struct rf_error err;
	return rf_spawn_run(&spawn, &arena, &result, &err) == 0 && result.status == 0;
}

static rf_str read_object(const char *path)
{
	struct rf_error err;
	rf_str bytes;
	if (rf_file_read(path, 1 << 26, &arena, &bytes, &err) != 0)
		fail_msg("%s", err.text);
	return bytes;
}

static rf_str assemble(const char *compiler, const char *name, rf_str text)
{
	struct rf_error err;
	struct rf_spawn_result result;
	const char *source = path_of(rf_arena_printf(&arena, "%s.S", name).ptr), *object = path_of(name);
	const char *argv[] = { compiler, "-c", "-o", object, source, NULL };
	struct rf_spawn spawn = { .argv = argv };
	assert_int_equal(rf_file_write(source, text, 0644, &err), 0);
	assert_int_equal(rf_spawn_run(&spawn, &arena, &result, &err), 0);
	if (result.status)
		fail_msg("%.*s", RF_STR_ARG(result.err));
	return read_object(object);
}

static rf_str print(rf_str object, const char *rename, enum rf_objprint_mode mode)
{
	struct rf_error err;
	struct rf_buf out;
	rf_str name = rf_str_from(rename);
	struct rf_objprint_request request = { .object = object, .head = RF_STR("/* head */\n"), .renames = &name,
					       .rename_count = rename ? 1 : 0, .mode = mode };
	rf_buf_init(&out);
	if (rf_objprint(&request, &arena, &out, &err) != 0)
		fail_msg("%s", err.text);
	rf_str text = rf_arena_dup(&arena, rf_buf_str(&out));
	rf_buf_release(&out);
	return text;
}

/* An object as sorted lines of text, leaving out what printing may change (see objprint.h). */
struct facts {
	struct rf_elf elf;
	struct rf_elf_symbol *symbols;
	size_t symbol_count;
	rf_str *lines;
	size_t line_count;
};

static rf_str section_name(const struct facts *f, size_t index)
{
	const struct rf_elf_section *s = &f->elf.sections[index];
	rf_str name = s->name;
	return rf_str_ends(name, ".rf") ? rf_str_take(name, name.len - 3) : name;
}

static bool is_loaded(const struct facts *f, size_t index)
{
	return index < f->elf.section_count && (f->elf.sections[index].flags & SHF_ALLOC);
}

static void add_line(struct facts *f, rf_str line)
{
	f->lines[f->line_count++] = line;
	assert_true(f->line_count < 40000);
}

static void add_sections(struct facts *f)
{
	for (size_t i = 1; i < f->elf.section_count; i++) {
		const struct rf_elf_section *s = &f->elf.sections[i];
		uint64_t flags = s->flags & ~(uint64_t)(SHF_MERGE | SHF_STRINGS | SHF_GROUP);
		/* The x86-64 ABI has a type of its own for .eh_frame, which LLVM always uses. */
		uint32_t type = s->type == SHT_X86_64_UNWIND ? SHT_PROGBITS : s->type, sum = 0;
		/* `as` makes these three whether or not anything is in them. */
		if (!is_loaded(f, i) || (s->size == 0 && (rf_str_eq_cstr(s->name, ".text") || rf_str_eq_cstr(s->name, ".data") ||
							    rf_str_eq_cstr(s->name, ".bss"))))
			continue;
		for (size_t b = 0; b < s->bytes.len; b++)
			sum = sum * 31 + (uint8_t)s->bytes.ptr[b];
		add_line(f, rf_arena_printf(&arena, "section %.*s type %u flags %llx align %llu size %llu sum %08x",
					    RF_STR_ARG(section_name(f, i)), type, (unsigned long long)flags,
					    (unsigned long long)(s->alignment ? s->alignment : 1), (unsigned long long)s->size, sum));
	}
}

static bool is_kept(const struct facts *f, const struct rf_elf_symbol *s)
{
	if (s->section == SHN_UNDEF)
		return false; /* shown by the relocations that name them */
	if (s->binding != STB_LOCAL)
		return true;
	return is_loaded(f, s->section) && (s->type == STT_FUNC || s->type == STT_OBJECT || s->type == STT_TLS);
}

static void add_symbols(struct facts *f)
{
	for (size_t i = 1; i < f->symbol_count; i++) {
		const struct rf_elf_symbol *s = &f->symbols[i];
		rf_str name = s->name;
		ptrdiff_t made = s->binding == STB_LOCAL ? rf_str_find_str(name, RF_STR(".rf")) : -1;
		if (!is_kept(f, s))
			continue;
		add_line(f, rf_arena_printf(&arena, "symbol %.*s at %.*s+%llu size %llu binding %u type %u visibility %u",
					    RF_STR_ARG(made < 0 ? name : rf_str_take(name, (size_t)made)),
					    RF_STR_ARG(s->section < SHN_LORESERVE ? section_name(f, s->section) : RF_STR("abs")),
					    (unsigned long long)s->value, (unsigned long long)s->size, s->binding, s->type,
					    s->visibility));
	}
}

static rf_str target_text(const struct facts *f, const struct rf_elf_reloc *r)
{
	const struct rf_elf_symbol *s = &f->symbols[r->symbol];
	if (s->binding != STB_LOCAL)
		return rf_arena_printf(&arena, "%.*s%+lld", RF_STR_ARG(s->name), (long long)r->addend);
	return rf_arena_printf(&arena, "%.*s%+lld", RF_STR_ARG(s->section ? section_name(f, s->section) : RF_STR("nothing")),
			       (long long)(r->addend + (int64_t)s->value));
}

static void add_relocs(struct facts *f)
{
	for (size_t i = 1; i < f->elf.section_count; i++) {
		struct rf_elf_reloc *relocs;
		size_t count;
		struct rf_error err;
		if (f->elf.sections[i].type != SHT_RELA || !is_loaded(f, f->elf.sections[i].info))
			continue;
		assert_int_equal(rf_elf_relocs(&f->elf.sections[i], &arena, &relocs, &count, &err), 0);
		for (size_t r = 0; r < count; r++)
			add_line(f, rf_arena_printf(&arena, "reloc %.*s+%llu %s %.*s", RF_STR_ARG(section_name(f, f->elf.sections[i].info)),
						    (unsigned long long)relocs[r].offset,
						    rf_objprint_reloc_name(f->elf.machine, relocs[r].type),
						    RF_STR_ARG(target_text(f, &relocs[r]))));
	}
}

static int by_text(const void *left, const void *right)
{
	return rf_str_cmp(*(const rf_str *)left, *(const rf_str *)right);
}

static void read_facts(rf_str object, struct facts *f)
{
	struct rf_error err;
	*f = (struct facts){ .lines = rf_arena_array(&arena, 40000, sizeof(rf_str)) };
	if (rf_elf_parse(object, &arena, &f->elf, &err) != 0 ||
	    rf_elf_symbols(&f->elf, rf_elf_section_typed(&f->elf, SHT_SYMTAB), &arena, &f->symbols, &f->symbol_count, &err) != 0)
		fail_msg("%s", err.text);
	add_sections(f);
	add_symbols(f);
	add_relocs(f);
	qsort(f->lines, f->line_count, sizeof(rf_str), by_text);
}

static void assert_same(rf_str before, rf_str after)
{
	struct facts a, b;
	read_facts(before, &a);
	read_facts(after, &b);
	for (size_t i = 0; i < a.line_count && i < b.line_count; i++) {
		if (!rf_str_eq(a.lines[i], b.lines[i]))
			fail_msg("was: %.*s\nis:  %.*s", RF_STR_ARG(a.lines[i]), RF_STR_ARG(b.lines[i]));
	}
	assert_int_equal(a.line_count, b.line_count);
	assert_true(a.line_count > 10);
}

static bool has_line(const struct facts *f, const char *start)
{
	for (size_t i = 0; i < f->line_count; i++) {
		if (rf_str_starts(f->lines[i], start))
			return true;
	}
	return false;
}

static const char sample[] =
	"	.text\n	.balign 32\n	.globl called\n	.type called, @function\n"
	"called:\n	call other@PLT\n	movq variable@GOTPCREL(%rip), %rax\n	leaq .Ltext(%rip), %rdi\n	call helper\n	ret\n"
	"	.size called, .-called\n"
	"	.type helper, @function\nhelper:\n	call called@PLT\n	ret\n	.size helper, .-helper\n"
	"	.section .text.group,\"axG\",@progbits,group,comdat\n	.weak group\n	.hidden group\n	.type group, @function\n"
	"group:\n	jmp called@PLT\n	.size group, .-group\n"
	"	.section .rodata.str1.1,\"aMS\",@progbits,1\n.Ltext:\n	.string \"a \\\"text\\\"\\n\"\n"
	"	.section .rodata.cst8,\"aM\",@progbits,8\n	.quad 0x0123456789abcdef\n"
	"	.data\n	.balign 16\n	.globl variable\n	.type variable, @object\n	.size variable, 24\n"
	"variable:\n	.quad called, group+4, .Ltext+2\n"
	"	.bss\n	.type zeroed, @object\n	.size zeroed, 100\nzeroed:\n	.zero 100\n"
	"	.section .init_array,\"aw\",@init_array\n	.quad helper\n"
	"	.globl fixed\n	.set fixed, 77\n"
	"	.section .eh_frame,\"a\",@progbits\n	.long 0, called - .\n"
	"	.section .note.GNU-stack,\"\",@progbits\n";

static void test_round_trip(void **state)
{
	(void)state;
	if (!has_program("x86_64-linux-gnu-gcc") && !has_program("gcc"))
		skip();
	const char *compiler = has_program("x86_64-linux-gnu-gcc") ? "x86_64-linux-gnu-gcc" : "gcc";
	rf_str before = assemble(compiler, "sample", rf_str_from(sample));
	assert_same(before, assemble(compiler, "again", print(before, NULL, RF_OBJPRINT_RENAME)));
}

/* The user's CC may be clang, whose own assembler is another. */
static const char *find_clang(void)
{
	static const char *const names[] = { "clang", "clang-14", "clang-15", "clang-16", "clang-17", "clang-18", "clang-19" };
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (has_program(names[i]))
			return names[i];
	}
	return NULL;
}

static void test_round_trip_clang(void **state)
{
	const char *clang = find_clang();
	(void)state;
	if (!clang || !has_program("x86_64-linux-gnu-gcc"))
		skip();
	rf_str before = assemble("x86_64-linux-gnu-gcc", "sample", rf_str_from(sample));
	assert_same(before, assemble(clang, "again", print(before, NULL, RF_OBJPRINT_RENAME)));
}

/* A definition is renamed; everything that refers to it goes on naming it. */
static void test_rename(void **state)
{
	struct facts f;
	(void)state;
	if (!has_program("x86_64-linux-gnu-gcc"))
		skip();
	rf_str before = assemble("x86_64-linux-gnu-gcc", "sample", rf_str_from(sample));
	read_facts(assemble("x86_64-linux-gnu-gcc", "renamed", print(before, "called", RF_OBJPRINT_RENAME)), &f);
	assert_true(has_line(&f, "symbol rf_orig_called at .text+0 size "));
	assert_false(has_line(&f, "symbol called "));
	assert_true(has_line(&f, "reloc .text.group+1 R_X86_64_PLT32 called-4"));
	assert_true(has_line(&f, "reloc .data+0 R_X86_64_64 called+0"));
	read_facts(assemble("x86_64-linux-gnu-gcc", "weak", print(before, "called", RF_OBJPRINT_WEAK)), &f);
	assert_true(has_line(&f, "symbol rf_orig_called at .text+0 size "));
	assert_true(has_line(&f, "symbol called at .text+0 "));
	assert_true(has_line(&f, "reloc .text.group+1 R_X86_64_PLT32 called-4"));
}

static void test_unknown_rename(void **state)
{
	struct rf_error err;
	struct rf_buf out;
	rf_str names[] = { RF_STR("called"), RF_STR("missing") };
	(void)state;
	if (!has_program("x86_64-linux-gnu-gcc"))
		skip();
	struct rf_objprint_request request = { .object = assemble("x86_64-linux-gnu-gcc", "sample", rf_str_from(sample)),
					       .head = RF_STR(""), .renames = names, .rename_count = 2 };
	rf_buf_init(&out);
	assert_int_equal(rf_objprint(&request, &arena, &out, &err), RF_ERR_VERSION);
	assert_says(err, "missing");
	rf_buf_release(&out);
}

static void compare_shipped(const char *compiler, const char *below, rf_str goroot)
{
	rf_str before = read_object(rf_arena_printf(&arena, "%.*s/src/runtime/race/%s", RF_STR_ARG(goroot), below).ptr);
	assert_same(before, assemble(compiler, "shipped", print(before, NULL, RF_OBJPRINT_RENAME)));
}

/* The detectors of the Go that is installed. */
static void test_shipped(void **state)
{
	struct rf_goenv go;
	struct rf_error err;
	(void)state;
	if (rf_goenv_ask("/", NULL, NULL, &arena, &go, &err) != 0)
		skip();
	if (has_program("x86_64-linux-gnu-gcc")) {
		compare_shipped("x86_64-linux-gnu-gcc", "internal/amd64v1/race_linux.syso", go.goroot);
		compare_shipped("x86_64-linux-gnu-gcc", "internal/amd64v3/race_linux.syso", go.goroot);
	}
	if (find_clang() && has_program("x86_64-linux-gnu-gcc"))
		compare_shipped(find_clang(), "internal/amd64v1/race_linux.syso", go.goroot);
	if (has_program("aarch64-linux-gnu-gcc"))
		compare_shipped("aarch64-linux-gnu-gcc", "race_linux_arm64.syso", go.goroot);
}

/* Every way to cut or change the object must end in a sentence or in text, never outside of the bytes (the sanitizers
 * watch). */
static void test_damaged(void **state)
{
	(void)state;
	if (!has_program("x86_64-linux-gnu-gcc"))
		skip();
	rf_str good = assemble("x86_64-linux-gnu-gcc", "sample", rf_str_from(sample));
	char *bytes = malloc(good.len);
	uint32_t random = 12345;
	unsigned refused = 0;
	rf_arena own;
	rf_arena_init(&own, 0);
	for (unsigned round = 0; round < 4000; round++) {
		struct rf_error err = { 0 };
		struct rf_buf out;
		size_t len = round % 4 == 0 ? (size_t)round % good.len : good.len;
		memcpy(bytes, good.ptr, good.len);
		for (unsigned i = 0; i < 1 + round % 3; i++) {
			random = random * 1664525 + 1013904223;
			bytes[(random >> 8) % good.len] = (char)(random >> 3);
		}
		/* On the heap with its exact size, so that a byte too far is seen. */
		char *exact = malloc(len ? len : 1);
		memcpy(exact, bytes, len);
		struct rf_objprint_request request = { .object = { exact, len }, .head = RF_STR("") };
		rf_buf_init(&out);
		out.cap_max = 1 << 22;
		if (rf_objprint(&request, &own, &out, &err) != 0) {
			refused++;
			assert_true(strlen(err.text) > 10);
		}
		rf_buf_release(&out);
		rf_arena_reset(&own);
		free(exact);
	}
	rf_arena_release(&own);
	free(bytes);
	assert_true(refused > 1000 && refused < 4000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip), cmocka_unit_test(test_rename),  cmocka_unit_test(test_unknown_rename),
		cmocka_unit_test(test_shipped),	   cmocka_unit_test(test_damaged), cmocka_unit_test(test_round_trip_clang),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
