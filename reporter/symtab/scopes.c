#include "symtab/scopes.h"

#include <dwarf.h>
#include <stdlib.h>

#define ORIGINS_MAX 8u /* from an inlined copy to its declaration; more is damage */
#define OUTER_MAX 16u  /* namespaces and classes around a function */
#define SCOPES_MAX 128u /* blocks within blocks; the address is taken for one of the last */

struct place {
	rf_str file;
	uint32_t line;
};

static rf_str dup_cstr(rf_arena *arena, const char *text)
{
	return text ? rf_arena_dup(arena, rf_str_from(text)) : RF_STR("");
}

/* A path that is relative to where the unit was compiled is of no use anywhere else. "<built-in>" is no path. */
static rf_str whole_path(Dwarf_Die *unit, const char *file, rf_arena *arena)
{
	Dwarf_Attribute attribute;
	const char *directory = dwarf_formstring(dwarf_attr(unit, DW_AT_comp_dir, &attribute));
	if (!file || file[0] == '/' || file[0] == '<' || !directory || directory[0] != '/')
		return dup_cstr(arena, file);
	rf_str relative = rf_str_from(file);
	return rf_arena_printf(arena, "%s/%.*s", directory,
			       RF_STR_ARG(rf_str_starts(relative, "./") ? rf_str_skip(relative, 2) : relative));
}

static struct place place_of(Dwarf_Die *unit, Dwarf_Addr address, rf_arena *arena)
{
	int number = 0;
	Dwarf_Line *line = dwarf_getsrc_die(unit, address);
	if (!line)
		return (struct place){ RF_STR(""), 0 };
	dwarf_lineno(line, &number);
	return (struct place){ whole_path(unit, dwarf_linesrc(line, NULL, NULL), arena), number > 0 ? (uint32_t)number : 0 };
}

static Dwarf_Word number_of(Dwarf_Die *die, unsigned name)
{
	Dwarf_Attribute attribute;
	Dwarf_Word value;
	return dwarf_formudata(dwarf_attr(die, name, &attribute), &value) == 0 ? value : 0;
}

/* Where the inlined function was called. */
static struct place call_of(Dwarf_Die *unit, Dwarf_Die *inlined, rf_arena *arena)
{
	Dwarf_Files *files;
	size_t count;
	Dwarf_Word file = number_of(inlined, DW_AT_call_file);
	struct place place = { RF_STR(""), (uint32_t)number_of(inlined, DW_AT_call_line) };
	if (dwarf_getsrcfiles(unit, &files, &count) == 0 && file < count)
		place.file = whole_path(unit, dwarf_filesrc(files, file, NULL, NULL), arena);
	return place;
}

/* The declaration of a function: what it is a copy or the definition of. */
static Dwarf_Die declaration_of(const Dwarf_Die *die)
{
	static const unsigned links[] = { DW_AT_abstract_origin, DW_AT_specification };
	Dwarf_Die at = *die, next;
	Dwarf_Attribute attribute;
	for (unsigned i = 0; i < ORIGINS_MAX; i++) {
		if (!dwarf_formref_die(dwarf_attr(&at, links[0], &attribute), &next) &&
		    !dwarf_formref_die(dwarf_attr(&at, links[1], &attribute), &next))
			break;
		at = next;
	}
	return at;
}

static bool has_outer_names(Dwarf_Die *unit)
{
	switch (dwarf_srclang(unit)) {
	case DW_LANG_C89: case DW_LANG_C: case DW_LANG_C99: case DW_LANG_C11: case DW_LANG_Go: case DW_LANG_Mips_Assembler:
		return false;
	default:
		return true;
	}
}

static bool is_outer(int tag)
{
	return tag == DW_TAG_namespace || tag == DW_TAG_class_type || tag == DW_TAG_structure_type || tag == DW_TAG_union_type;
}

static rf_str name_of(Dwarf_Die *unit, const Dwarf_Die *function, rf_arena *arena)
{
	Dwarf_Die declared = declaration_of(function), *scopes = NULL;
	const char *last = dwarf_diename(&declared);
	rf_str name = dup_cstr(arena, last);
	int count = name.len && has_outer_names(unit) ? dwarf_getscopes_die(&declared, &scopes) : 0;
	for (int i = 1, outer = 0; i < count && outer < (int)OUTER_MAX; i++) {
		if (!is_outer(dwarf_tag(&scopes[i])))
			continue;
		const char *around = dwarf_diename(&scopes[i]);
		name = rf_arena_printf(arena, "%s::%.*s", around ? around : "(anonymous)", RF_STR_ARG(name));
		outer++;
	}
	free(scopes);
	return name;
}

/* The block of `around` that holds the address, or the function that is inlined there. */
static bool inner_scope(Dwarf_Die *around, Dwarf_Addr address, Dwarf_Die *out)
{
	for (int rc = dwarf_child(around, out); rc == 0; rc = dwarf_siblingof(out, out)) {
		int tag = dwarf_tag(out);
		bool block = tag == DW_TAG_lexical_block || tag == DW_TAG_inlined_subroutine || tag == DW_TAG_try_block ||
			     tag == DW_TAG_catch_block;
		if (block && dwarf_haspc(out, address) == 1)
			return true;
	}
	return false;
}

/* The function at the address and the scopes in it that lead there, the outermost first. */
static uint32_t scopes_at(struct rf_units *units, Dwarf_Die *unit, Dwarf_Addr address, Dwarf_Die scopes[SCOPES_MAX])
{
	uint32_t count = rf_units_function(units, unit, address, &scopes[0]) ? 1 : 0;
	while (count && count < SCOPES_MAX && inner_scope(&scopes[count - 1], address, &scopes[count]))
		count++;
	return count;
}

uint32_t rf_scopes_frames(struct rf_units *units, Dwarf_Die *unit, Dwarf_Addr address, rf_arena *arena, struct rf_frame *frames,
			  uint32_t most)
{
	Dwarf_Die scopes[SCOPES_MAX];
	uint32_t found = 0;
	struct place place = place_of(unit, address, arena);
	frames[0] = (struct rf_frame){ .function = RF_STR(""), .file = place.file, .line = place.line };
	for (uint32_t i = scopes_at(units, unit, address, scopes); i > 0 && found < most; i--) {
		bool inlined = dwarf_tag(&scopes[i - 1]) == DW_TAG_inlined_subroutine;
		if (!inlined && i > 1)
			continue;
		frames[found++] = (struct rf_frame){ .function = name_of(unit, &scopes[i - 1], arena), .file = place.file,
						     .line = place.line };
		if (inlined)
			place = call_of(unit, &scopes[i - 1], arena);
	}
	return found;
}
