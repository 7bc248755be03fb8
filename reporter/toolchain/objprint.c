#include "toolchain/objprint.h"

#include <stdlib.h>
#include <string.h>

#include "toolchain/reloc_names.h"

#define LINE_BYTES ((size_t)32)

/* One object while it is printed. */
struct printer {
	const struct rf_objprint_request *request;
	struct rf_elf elf;
	struct rf_elf_symbol *symbols;
	size_t symbol_count;
	rf_str *names;    /* what each symbol is called in the output; empty: it gets no label */
	uint32_t *order;  /* indices of the symbols that get a label, by section and value */
	size_t order_count;
	struct rf_buf *out;
	struct rf_error *err;
};

static bool is_renamed(const struct printer *p, const struct rf_elf_symbol *symbol)
{
	if (symbol->binding == STB_LOCAL || symbol->section == SHN_UNDEF)
		return false;
	for (size_t i = 0; i < p->request->rename_count; i++) {
		if (rf_str_eq(p->request->renames[i], symbol->name))
			return true;
	}
	return false;
}

static bool is_printed(const struct rf_elf_section *section)
{
	if (section->flags & SHF_ALLOC)
		return section->type != SHT_NULL;
	return rf_str_eq_cstr(section->name, ".note.GNU-stack");
}

/* A file-local name may occur twice in an object that was linked from several; assembly wants one of each. */
static bool is_unique(const struct printer *p, size_t index)
{
	for (size_t i = 0; i < p->symbol_count; i++) {
		if (i != index && rf_str_eq(p->symbols[i].name, p->symbols[index].name))
			return false;
	}
	return true;
}

/* Local labels and mapping symbols ($x, $d) need no name: references to them are printed as section and offset. */
static bool is_labelled(const struct printer *p, const struct rf_elf_symbol *symbol)
{
	if (symbol->section == SHN_UNDEF || symbol->section >= SHN_LORESERVE || symbol->name.len == 0 ||
	    !is_printed(&p->elf.sections[symbol->section]))
		return false;
	if (symbol->binding != STB_LOCAL)
		return true;
	return (symbol->type == STT_FUNC || symbol->type == STT_OBJECT || symbol->type == STT_TLS) &&
	       !rf_str_starts(symbol->name, ".L");
}

static int name_symbols(struct printer *p, rf_arena *scratch)
{
	p->names = rf_arena_array(scratch, p->symbol_count, sizeof(*p->names));
	p->order = rf_arena_array(scratch, p->symbol_count, sizeof(*p->order));
	if (!p->names || !p->order)
		return rf_fail(p->err, RF_ERR_MEMORY, "not enough memory for %zu symbols", p->symbol_count);
	for (size_t i = 0; i < p->symbol_count; i++) {
		const struct rf_elf_symbol *symbol = &p->symbols[i];
		p->names[i] = RF_STR("");
		if (!is_labelled(p, symbol))
			continue;
		if (symbol->value > p->elf.sections[symbol->section].size)
			return rf_fail(p->err, RF_ERR_INPUT, "symbol %.*s lies behind the end of its section",
				       RF_STR_ARG(symbol->name));
		if (is_renamed(p, symbol))
			p->names[i] = rf_arena_printf(scratch, RF_OBJPRINT_ORIGINAL "%.*s", RF_STR_ARG(symbol->name));
		else if (symbol->binding == STB_LOCAL && !is_unique(p, i))
			p->names[i] = rf_arena_printf(scratch, "%.*s.rf%zu", RF_STR_ARG(symbol->name), i);
		else
			p->names[i] = symbol->name;
		p->order[p->order_count++] = (uint32_t)i;
	}
	return 0;
}

static int by_place(const void *left, const void *right, void *context)
{
	const struct rf_elf_symbol *symbols = context;
	uint32_t l = *(const uint32_t *)left, r = *(const uint32_t *)right;
	if (symbols[l].section != symbols[r].section)
		return symbols[l].section < symbols[r].section ? -1 : 1;
	if (symbols[l].value != symbols[r].value)
		return symbols[l].value < symbols[r].value ? -1 : 1;
	return l < r ? -1 : l > r;
}

static int check_renames(const struct printer *p)
{
	for (size_t r = 0; r < p->request->rename_count; r++) {
		bool found = false;
		for (size_t i = 0; i < p->symbol_count && !found; i++)
			found = rf_str_eq(p->symbols[i].name, p->request->renames[r]) && is_renamed(p, &p->symbols[i]);
		if (!found)
			return rf_fail(p->err, RF_ERR_VERSION, "the race detector has no function %.*s",
				       RF_STR_ARG(p->request->renames[r]));
	}
	return 0;
}

static bool is_plain_name(rf_str name)
{
	for (size_t i = 0; i < name.len; i++) {
		unsigned char c = (unsigned char)name.ptr[i];
		if (!(c == '_' || c == '.' || c == '$' || c == '-' || (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z')))
			return false;
	}
	return name.len > 0;
}

static const char *symbol_type(uint8_t type)
{
	switch (type) {
	case STT_FUNC:
		return "@function";
	case STT_OBJECT:
		return "@object";
	case STT_TLS:
		return "@tls_object";
	case STT_GNU_IFUNC:
		return "@gnu_indirect_function";
	default:
		return "@notype";
	}
}

static void print_attributes(struct printer *p, rf_str name, const struct rf_elf_symbol *symbol, uint8_t binding)
{
	static const char *const visibilities[] = { NULL, ".internal", ".hidden", ".protected" };
	if (binding != STB_LOCAL)
		rf_buf_printf(p->out, "\t%s %.*s\n", binding == STB_WEAK ? ".weak" : ".globl", RF_STR_ARG(name));
	if (visibilities[symbol->visibility & 3])
		rf_buf_printf(p->out, "\t%s %.*s\n", visibilities[symbol->visibility & 3], RF_STR_ARG(name));
	rf_buf_printf(p->out, "\t.type %.*s, %s\n", RF_STR_ARG(name), symbol_type(symbol->type));
	if (symbol->size)
		rf_buf_printf(p->out, "\t.size %.*s, %llu\n", RF_STR_ARG(name), (unsigned long long)symbol->size);
}

static void print_label(struct printer *p, uint32_t index)
{
	const struct rf_elf_symbol *symbol = &p->symbols[index];
	bool weak_too = is_renamed(p, symbol) && p->request->mode == RF_OBJPRINT_WEAK;
	print_attributes(p, p->names[index], symbol, symbol->binding);
	rf_buf_printf(p->out, "%.*s:\n", RF_STR_ARG(p->names[index]));
	if (weak_too) {
		print_attributes(p, symbol->name, symbol, STB_WEAK);
		rf_buf_printf(p->out, "%.*s:\n", RF_STR_ARG(symbol->name));
	}
}

/* Octal escapes of fixed width: nothing in them can run into the next byte, and `as` reads them quickly. */
static void print_ascii(struct rf_buf *out, rf_str bytes)
{
	while (bytes.len) {
		rf_str line = rf_str_take(bytes, LINE_BYTES);
		char text[LINE_BYTES * 4];
		for (size_t i = 0; i < line.len; i++) {
			unsigned char c = (unsigned char)line.ptr[i];
			text[i * 4] = '\\';
			text[i * 4 + 1] = (char)('0' + (c >> 6));
			text[i * 4 + 2] = (char)('0' + (c >> 3 & 7));
			text[i * 4 + 3] = (char)('0' + (c & 7));
		}
		rf_buf_put_cstr(out, "\t.ascii \"");
		rf_buf_put(out, text, line.len * 4);
		rf_buf_put_cstr(out, "\"\n");
		bytes = rf_str_skip(bytes, line.len);
	}
}

/* On aarch64 data in code is marked ($d) and linkers treat it apart, so code is printed as instruction words. */
static void print_words(struct rf_buf *out, rf_str bytes)
{
	for (size_t i = 0; i < bytes.len; i += 4) {
		uint32_t word;
		memcpy(&word, bytes.ptr + i, sizeof(word));
		rf_buf_printf(out, "\t.inst 0x%08x\n", word);
	}
}

static void print_bytes(struct printer *p, const struct rf_elf_section *section, uint64_t from, uint64_t to)
{
	if (from == to)
		return;
	if (section->type == SHT_NOBITS) {
		rf_buf_printf(p->out, "\t.zero %llu\n", (unsigned long long)(to - from));
		return;
	}
	rf_str bytes = rf_str_take(rf_str_skip(section->bytes, (size_t)from), (size_t)(to - from));
	if (p->elf.machine == EM_AARCH64 && (section->flags & SHF_EXECINSTR) && from % 4 == 0 && bytes.len % 4 == 0)
		print_words(p->out, bytes);
	else
		print_ascii(p->out, bytes);
}

static int print_section_head(struct printer *p, size_t index)
{
	const struct rf_elf_section *s = &p->elf.sections[index];
	const uint64_t known = SHF_ALLOC | SHF_WRITE | SHF_EXECINSTR | SHF_TLS | SHF_GROUP | SHF_MERGE | SHF_STRINGS | SHF_INFO_LINK;
	const char *type = s->type == SHT_NOBITS	  ? "@nobits"
			   : s->type == SHT_PROGBITS	  ? "@progbits"
			   : s->type == SHT_NOTE	  ? "@note"
			   : s->type == SHT_INIT_ARRAY	  ? "@init_array"
			   : s->type == SHT_FINI_ARRAY	  ? "@fini_array"
			   : s->type == SHT_X86_64_UNWIND ? "@unwind"
							  : NULL;
	if (!type || (s->flags & ~known) || !is_plain_name(s->name))
		return rf_fail(p->err, RF_ERR_VERSION,
			       "section %.*s of the object (type %u, flags 0x%llx) is of a kind that can't be printed",
			       RF_STR_ARG(s->name), s->type, (unsigned long long)s->flags);
	/* Merging is dropped because places in such sections are printed as offsets. LLVM's assembler has fixed ideas of the
	 * flags of .rodata.cst8 and its like, hence another name. */
	rf_buf_printf(p->out, "\n\t.section %.*s%s,\"%s%s%s%s\",%s\n", RF_STR_ARG(s->name), s->flags & SHF_MERGE ? ".rf" : "",
		      s->flags & SHF_ALLOC ? "a" : "", s->flags & SHF_WRITE ? "w" : "", s->flags & SHF_EXECINSTR ? "x" : "",
		      s->flags & SHF_TLS ? "T" : "", type);
	if (s->alignment > 1)
		rf_buf_printf(p->out, "\t.balign %llu\n", (unsigned long long)s->alignment);
	rf_buf_printf(p->out, ".Lrf_s%zu:\n", index);
	return 0;
}

/* The symbol of a relocation: by name where a linker resolves it (global, weak, GOT), else as a place in a section. */
static int print_target(struct printer *p, const struct rf_elf_reloc *reloc, const char *type)
{
	if (reloc->symbol >= p->symbol_count)
		return rf_fail(p->err, RF_ERR_INPUT, "a relocation names symbol %u, which isn't there", reloc->symbol);
	const struct rf_elf_symbol *symbol = &p->symbols[reloc->symbol];
	int64_t addend = reloc->addend;
	if (symbol->binding != STB_LOCAL || strstr(type, "GOT")) {
		rf_str name = symbol->binding != STB_LOCAL ? symbol->name : p->names[reloc->symbol];
		if (!is_plain_name(name))
			return rf_fail(p->err, RF_ERR_VERSION, "a %s relocation needs a symbol that has no name", type);
		rf_buf_put_str(p->out, name);
	} else if (symbol->section == SHN_UNDEF) {
		rf_buf_put_cstr(p->out, "0");
	} else if (symbol->section < SHN_LORESERVE && is_printed(&p->elf.sections[symbol->section])) {
		rf_buf_printf(p->out, ".Lrf_s%u", symbol->section);
		if (__builtin_add_overflow(addend, (int64_t)symbol->value, &addend))
			return rf_fail(p->err, RF_ERR_INPUT, "a relocation's addend is out of range");
	} else {
		return rf_fail(p->err, RF_ERR_VERSION, "a %s relocation leads to a section that isn't loaded", type);
	}
	rf_buf_printf(p->out, "%+lld\n", (long long)addend);
	return 0;
}

static int print_relocs(struct printer *p, size_t section, rf_arena *scratch)
{
	for (size_t i = 0; i < p->elf.section_count; i++) {
		const struct rf_elf_section *table = &p->elf.sections[i];
		struct rf_elf_reloc *relocs;
		size_t count;
		if (table->type == SHT_REL)
			return rf_fail(p->err, RF_ERR_VERSION, "the object has relocations without addends (SHT_REL)");
		if (table->type != SHT_RELA || table->info != section)
			continue;
		int rc = rf_elf_relocs(table, scratch, &relocs, &count, p->err);
		for (size_t r = 0; r < count && rc == 0; r++) {
			const char *type = rf_objprint_reloc_name(p->elf.machine, relocs[r].type);
			if (!type)
				return rf_fail(p->err, RF_ERR_VERSION, "the object has a relocation of unknown type %u",
					       relocs[r].type);
			rf_buf_printf(p->out, "\t.reloc .Lrf_s%zu+%llu, %s, ", section,
				      (unsigned long long)relocs[r].offset, type);
			rc = print_target(p, &relocs[r], type);
		}
		if (rc)
			return rc;
	}
	return 0;
}

static int print_section(struct printer *p, size_t index, size_t *next, rf_arena *scratch)
{
	const struct rf_elf_section *section = &p->elf.sections[index];
	uint64_t at = 0;
	int rc = print_section_head(p, index);
	if (rc)
		return rc;
	for (; *next < p->order_count && p->symbols[p->order[*next]].section == index; ++*next) {
		uint64_t value = p->symbols[p->order[*next]].value;
		if (!is_plain_name(p->names[p->order[*next]]))
			return rf_fail(p->err, RF_ERR_VERSION, "symbol %.*s has a name that assembly can't hold",
				       RF_STR_ARG(p->names[p->order[*next]]));
		print_bytes(p, section, at, value);
		print_label(p, p->order[*next]);
		at = value;
	}
	print_bytes(p, section, at, section->size);
	return print_relocs(p, index, scratch);
}

/* Symbols outside of any section: weak or hidden references, absolute values, common blocks. */
static int print_sectionless(struct printer *p)
{
	for (size_t i = 1; i < p->symbol_count; i++) {
		const struct rf_elf_symbol *s = &p->symbols[i];
		if (s->binding == STB_LOCAL || s->type == STT_FILE || s->name.len == 0)
			continue;
		if (s->section == SHN_COMMON)
			return rf_fail(p->err, RF_ERR_VERSION, "symbol %.*s is a common block; they can't be printed",
				       RF_STR_ARG(s->name));
		if (s->section == SHN_ABS) {
			print_attributes(p, s->name, s, s->binding);
			rf_buf_printf(p->out, "\t.set %.*s, %llu\n", RF_STR_ARG(s->name), (unsigned long long)s->value);
		} else if (s->section == SHN_UNDEF || (is_renamed(p, s) && p->request->mode == RF_OBJPRINT_RENAME)) {
			/* LLVM's assembler loses a symbol that only .reloc names. */
			rf_buf_printf(p->out, "\t%s %.*s\n", s->section == SHN_UNDEF && s->binding == STB_WEAK ? ".weak" : ".globl",
				      RF_STR_ARG(s->name));
		}
	}
	return 0;
}

static int read_object(struct printer *p, rf_arena *scratch)
{
	int rc = rf_elf_parse(p->request->object, scratch, &p->elf, p->err);
	if (rc)
		return rc;
	if (p->elf.type != ET_REL || (p->elf.machine != EM_X86_64 && p->elf.machine != EM_AARCH64))
		return rf_fail(p->err, RF_ERR_VERSION, "not a relocatable object for x86-64 or aarch64");
	const struct rf_elf_section *table = rf_elf_section_typed(&p->elf, SHT_SYMTAB);
	if (!table)
		return rf_fail(p->err, RF_ERR_INPUT, "the object has no symbol table");
	rc = rf_elf_symbols(&p->elf, table, scratch, &p->symbols, &p->symbol_count, p->err);
	if (rc == 0)
		rc = check_renames(p);
	if (rc == 0)
		rc = name_symbols(p, scratch);
	if (rc == 0)
		qsort_r(p->order, p->order_count, sizeof(*p->order), by_place, p->symbols);
	return rc;
}

int rf_objprint(const struct rf_objprint_request *request, rf_arena *scratch, struct rf_buf *out, struct rf_error *err)
{
	struct printer p = { .request = request, .out = out, .err = err };
	size_t next = 0;
	int rc = read_object(&p, scratch);
	rf_buf_put_str(out, request->head);
	/* The C preprocessor reads this first, and these are macros to it. */
	rf_buf_put_cstr(out, "#undef linux\n#undef unix\n");
	if (rc == 0)
		rc = print_sectionless(&p);
	for (size_t i = 0; i < p.elf.section_count && rc == 0; i++) {
		if (is_printed(&p.elf.sections[i]))
			rc = print_section(&p, i, &next, scratch);
	}
	if (rc == 0 && (out->failed || scratch->failed))
		rc = rf_fail(err, RF_ERR_MEMORY, "not enough memory to print the race detector as assembly");
	return rc;
}

const char *rf_objprint_reloc_name(uint16_t machine, uint32_t type)
{
	bool arm = machine == EM_AARCH64;
	const struct rf_reloc_name *names = arm ? rf_reloc_names_aarch64 : rf_reloc_names_x86_64;
	size_t count = arm ? sizeof(rf_reloc_names_aarch64) / sizeof(*names) : sizeof(rf_reloc_names_x86_64) / sizeof(*names);
	for (size_t i = 0; i < count; i++) {
		if (names[i].type == type)
			return names[i].name;
	}
	return NULL;
}
