#include "symtab/pclntab.h"

#include <string.h>

/* runtime/symtab.go: pcHeader. */
#define MAGIC_GO120 0xfffffff1u
#define MAGIC_GO118 0xfffffff0u
#define HEADER_BYTES 72u
#define AT_QUANTUM 6u
#define AT_POINTER_BYTES 7u
#define AT_FUNC_COUNT 8u
#define AT_TEXT 24u /* Go 1.25 and older; 0 since */
#define AT_NAMES 32u
#define AT_UNITS 40u
#define AT_FILES 48u
#define AT_STEPS 56u
#define AT_FUNCTIONS 64u

/* runtime/symtab.go: moduledata; the same up to here in Go 1.20 to 1.27. */
#define MODULE_NAMES 8u       /* funcnametab.ptr */
#define MODULE_FUNCTIONS 104u /* pclntable.ptr */
#define MODULE_TEXT 176u

/* runtime/runtime2.go: _func. */
#define FUNC_BYTES 44u
#define FUNC_NAME 4u
#define FUNC_ARGS 8u
#define FUNC_PCFILE 20u
#define FUNC_PCLINE 24u
#define FUNC_UNIT 32u
#define FUNC_START_LINE 36u

#define ARGS_UNKNOWN INT32_MIN /* internal/abi: ArgsSizeUnknown */
#define NO_FILE UINT32_MAX

/* Bounds for damaged files: a sound one has one module data, and a function has at most a step for each of its bytes. */
#define CANDIDATES_MAX 64u
#define STEPS_MAX (1u << 20)

static uint64_t get(rf_str from, uint64_t offset, size_t bytes)
{
	uint64_t value = 0;
	if (offset > from.len || bytes > from.len - offset)
		return 0;
	memcpy(&value, from.ptr + offset, bytes);
	return value;
}

static uint32_t get32(rf_str from, uint64_t offset)
{
	return (uint32_t)get(from, offset, 4);
}

static rf_str text_at(rf_str table, uint64_t offset)
{
	if (offset >= table.len)
		return RF_STR("");
	rf_str rest = rf_str_skip(table, (size_t)offset);
	ptrdiff_t end = rf_str_find(rest, '\0');
	return end < 0 ? RF_STR("") : rf_str_take(rest, (size_t)end);
}

/* Relocations that a PIE's loader applies: its pointers may be zero in the file. */
struct loader {
	const struct rf_elf *elf;
	struct rf_elf_reloc *relocs;
	size_t reloc_count;
};

static bool is_relative(const struct rf_elf *elf, const struct rf_elf_reloc *reloc)
{
	return reloc->type == (elf->machine == EM_AARCH64 ? (uint32_t)R_AARCH64_RELATIVE : (uint32_t)R_X86_64_RELATIVE);
}

static uint64_t load_pointer(const struct loader *l, uint64_t address)
{
	for (size_t i = 0; i < l->reloc_count; i++) {
		if (l->relocs[i].offset == address && is_relative(l->elf, &l->relocs[i]))
			return (uint64_t)l->relocs[i].addend;
	}
	return get(rf_elf_at(l->elf, address), 0, 8);
}

static bool parse_header(rf_str bytes, struct rf_pclntab *out)
{
	uint64_t count = get(bytes, AT_FUNC_COUNT, 8), quantum = get(bytes, AT_QUANTUM, 1);
	if (bytes.len < HEADER_BYTES || get32(bytes, 0) != MAGIC_GO120 || get(bytes, 4, 2) != 0 ||
	    get(bytes, AT_POINTER_BYTES, 1) != 8 || (quantum != 1 && quantum != 4))
		return false;
	const uint64_t offsets[] = { AT_NAMES, AT_UNITS, AT_FILES, AT_STEPS, AT_FUNCTIONS };
	rf_str *parts[] = { &out->names, &out->units, &out->files, &out->steps, &out->functions };
	for (size_t i = 0; i < 5; i++) {
		uint64_t offset = get(bytes, offsets[i], 8);
		if (offset < HEADER_BYTES || offset >= bytes.len)
			return false;
		*parts[i] = rf_str_skip(bytes, (size_t)offset);
	}
	/* Pairs of (entry, offset of _func), then one entry that ends the last function. */
	if (count > out->functions.len / 8 || out->functions.len - count * 8 < 4)
		return false;
	out->func_count = (size_t)count;
	out->quantum = quantum;
	out->text = get(bytes, AT_TEXT, 8);
	return true;
}

/* Is there a moduledata at `address` that belongs to the table at `table`? Two more pointers into the table must fit. */
static bool module_text(const struct loader *l, uint64_t address, rf_str bytes, uint64_t table, uint64_t *text)
{
	if (load_pointer(l, address) != table || load_pointer(l, address + MODULE_NAMES) != table + get(bytes, AT_NAMES, 8) ||
	    load_pointer(l, address + MODULE_FUNCTIONS) != table + get(bytes, AT_FUNCTIONS, 8))
		return false;
	*text = load_pointer(l, address + MODULE_TEXT);
	return rf_elf_at(l->elf, *text).len > 0;
}

static bool find_text_by_relocs(const struct loader *l, rf_str bytes, uint64_t table, uint64_t *text)
{
	unsigned candidates = 0;
	for (size_t i = 0; i < l->reloc_count && candidates < CANDIDATES_MAX; i++) {
		if (!is_relative(l->elf, &l->relocs[i]) || (uint64_t)l->relocs[i].addend != table)
			continue;
		if (module_text(l, l->relocs[i].offset, bytes, table, text))
			return true;
		candidates++;
	}
	return false;
}

static bool find_text_in_data(const struct loader *l, rf_str bytes, uint64_t table, uint64_t *text)
{
	unsigned candidates = 0;
	for (size_t s = 0; s < l->elf->segment_count; s++) {
		const struct rf_elf_segment *segment = &l->elf->segments[s];
		uint64_t first = (8 - segment->address % 8) % 8;
		for (uint64_t at = first; at + 8 <= segment->bytes.len && candidates < CANDIDATES_MAX; at += 8) {
			if (get(segment->bytes, at, 8) != table)
				continue;
			if (module_text(l, segment->address + at, bytes, table, text))
				return true;
			candidates++;
		}
	}
	return false;
}

/* Finds the magic where no section header names the table. */
static bool scan(const struct rf_elf *elf, rf_str *bytes, uint64_t *address, struct rf_pclntab *out)
{
	for (size_t s = 0; s < elf->segment_count; s++) {
		rf_str all = elf->segments[s].bytes;
		for (uint64_t at = 0; at + HEADER_BYTES <= all.len; at += 8) {
			if (get32(all, at) != MAGIC_GO120 || !parse_header(rf_str_skip(all, (size_t)at), out))
				continue;
			*bytes = rf_str_skip(all, (size_t)at);
			*address = elf->segments[s].address + at;
			return true;
		}
	}
	return false;
}

static int find_table(const struct rf_elf *elf, rf_str *bytes, uint64_t *address, struct rf_pclntab *out, struct rf_error *err)
{
	static const char *const names[] = { ".gopclntab", ".data.rel.ro.gopclntab" };
	for (size_t i = 0; i < 2; i++) {
		const struct rf_elf_section *section = rf_elf_section_named(elf, names[i]);
		if (!section)
			continue;
		*bytes = section->bytes;
		*address = section->address;
		if (parse_header(*bytes, out))
			return 0;
		if (get32(*bytes, 0) == MAGIC_GO118)
			return rf_fail(err, RF_ERR_VERSION, "the program was built by Go 1.19 or older, whose symbol table isn't read");
	}
	if (scan(elf, bytes, address, out))
		return 0;
	return rf_fail(err, RF_ERR_INPUT, "there is no Go symbol table in the file; give a program built by Go 1.20 or newer");
}

static int read_relocs(struct loader *l, rf_arena *arena, struct rf_error *err)
{
	const struct rf_elf_section *section = rf_elf_section_named(l->elf, ".rela.dyn");
	if (!section)
		section = rf_elf_section_named(l->elf, ".rela");
	if (l->elf->type != ET_DYN || !section || section->type != SHT_RELA)
		return 0;
	return rf_elf_relocs(section, arena, &l->relocs, &l->reloc_count, err);
}

int rf_pclntab_open(const struct rf_elf *elf, rf_arena *arena, struct rf_pclntab *out, struct rf_error *err)
{
	struct loader l = { .elf = elf };
	rf_str bytes;
	uint64_t address = 0, text;
	*out = (struct rf_pclntab){ 0 };
	int rc = find_table(elf, &bytes, &address, out, err);
	if (rc == 0)
		rc = read_relocs(&l, arena, err);
	if (rc)
		return rc;
	if (find_text_by_relocs(&l, bytes, address, &text) || find_text_in_data(&l, bytes, address, &text))
		out->text = text;
	if (out->text == 0)
		return rf_fail(err, RF_ERR_INPUT, "Go's module data isn't found in the file, so addresses can't be told; is it damaged?");
	return 0;
}

bool rf_pclntab_func(const struct rf_pclntab *table, size_t i, struct rf_pclntab_func *out)
{
	*out = (struct rf_pclntab_func){ 0 };
	if (i >= table->func_count)
		return false;
	uint64_t at = get32(table->functions, i * 8 + 4);
	if (at > table->functions.len || table->functions.len - at < FUNC_BYTES)
		return false;
	rf_str func = rf_str_skip(table->functions, (size_t)at);
	int32_t args = (int32_t)get32(func, FUNC_ARGS);
	out->entry = table->text + get32(table->functions, i * 8);
	out->end = table->text + get32(table->functions, i * 8 + 8);
	out->name = text_at(table->names, get32(func, FUNC_NAME));
	out->args_bytes = args < 0 || args == ARGS_UNKNOWN ? RF_PCLNTAB_ARGS_UNKNOWN : args;
	out->start_line = (int32_t)get32(func, FUNC_START_LINE);
	out->file_table = get32(func, FUNC_PCFILE);
	out->line_table = get32(func, FUNC_PCLINE);
	out->unit = get32(func, FUNC_UNIT);
	return true;
}

bool rf_pclntab_find(const struct rf_pclntab *table, uint64_t pc, struct rf_pclntab_func *out)
{
	size_t low = 0, high = table->func_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (table->text + get32(table->functions, middle * 8) <= pc)
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 && rf_pclntab_func(table, low - 1, out) && pc >= out->entry && pc < out->end;
}

/* debug/binary's varint: 7 bits a byte, lowest first; false at the end of the table or after 5 bytes. */
static bool take_varint(rf_str *from, uint32_t *out)
{
	*out = 0;
	for (unsigned shift = 0; shift < 35 && from->len; shift += 7) {
		uint8_t byte = (uint8_t)from->ptr[0];
		*from = rf_str_skip(*from, 1);
		*out |= (uint32_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return true;
	}
	return false;
}

/* The value that a pc-value table (runtime/symtab.go: pcvalue) holds for a pc: pairs of a signed step of the value and an
 * unsigned step of the pc, up to which the value holds. -1 when there is none. */
static int32_t value_at(const struct rf_pclntab *table, uint32_t offset, uint64_t entry, uint64_t pc)
{
	rf_str steps = rf_str_skip(table->steps, offset);
	int64_t value = -1;
	uint64_t at = entry;
	for (unsigned step = 0; step < STEPS_MAX && offset != 0; step++) {
		uint32_t by, forward;
		if (!take_varint(&steps, &by) || (by == 0 && step != 0) || !take_varint(&steps, &forward))
			return -1;
		value += (by & 1) ? -(int64_t)(by >> 1) - 1 : (int64_t)(by >> 1);
		at += forward * table->quantum;
		if (pc < at)
			return value >= 0 && value <= INT32_MAX ? (int32_t)value : -1;
	}
	return -1;
}

struct rf_pclntab_place rf_pclntab_place(const struct rf_pclntab *table, const struct rf_pclntab_func *func, uint64_t pc)
{
	struct rf_pclntab_place place = { RF_STR(""), 0 };
	int32_t file = value_at(table, func->file_table, func->entry, pc);
	int32_t line = value_at(table, func->line_table, func->entry, pc);
	if (file < 0)
		return place;
	uint64_t index = (uint64_t)func->unit + (uint64_t)file;
	if (index * 4 + 4 > table->units.len || get32(table->units, index * 4) == NO_FILE)
		return place;
	place.file = text_at(table->files, get32(table->units, index * 4));
	place.line = line < 0 || !place.file.len ? 0 : line;
	return place;
}
