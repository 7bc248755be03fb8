#include "tsan-glue/cgo_stacks.h"

#if RF_CGO
#include "tsan-glue/cgo_heap.h"
#include "tsan-glue/globals.h"
#include "tsan-glue/lock.h"
#include "tsan-glue/marks.h"
#include "tsan-glue/symbols.h"

#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <unwind.h>

#define PROBES 16u
#define OWN_FRAMES_MAX 8u /* between the walk and malloc's caller; when that isn't found the stack is unknown */
#define ADDED_MAX (2 * RF_CGO_C_FRAMES)
#define NAMED_MAX 64u     /* frames of one report: four sides at most, and what it has allocated */

struct eh_bases { /* libgcc's unwind-dw2-fde.h, struct dwarf_eh_bases */
	void *text, *data, *function;
};

static struct {
	bool on;
	uintptr_t text, etext; /* Go's code */
	_Unwind_Reason_Code (*walk)(_Unwind_Trace_Fn step, void *context);
	uintptr_t (*address)(struct _Unwind_Context *context), (*function)(struct _Unwind_Context *context);
	atomic_flag lock; /* of what follows */
	uintptr_t known[RF_CGO_STACKS][RF_CGO_C_FRAMES]; /* [0] isn't used */
} c_stacks = { .lock = ATOMIC_FLAG_INIT };

/* Of the report that is being made: under ThreadSanitizer's lock of reports. */
static struct {
	struct {
		char function[RF_CGO_C_NAME_BYTES_MAX], module[RF_CGO_C_NAME_BYTES_MAX];
	} names[NAMED_MAX];
	uint32_t name_count;
	struct ts_frame added[ADDED_MAX];
	uint32_t added_count;
} c_frames;

/* The unwinder gives up the process when there is nothing about itself; so it is asked first. */
static bool unwinder_find(void)
{
	const void *(*about)(void *pc, struct eh_bases *bases);
	struct eh_bases bases;
	void *library = dlopen("libgcc_s.so.1", RTLD_NOW | RTLD_LOCAL);
	void *found[] = { library ? dlsym(library, "_Unwind_Backtrace") : NULL, library ? dlsym(library, "_Unwind_GetIP") : NULL,
			  library ? dlsym(library, "_Unwind_GetRegionStart") : NULL,
			  library ? dlsym(library, "_Unwind_Find_FDE") : NULL };
	if (!found[0] || !found[1] || !found[2] || !found[3])
		return false;
	memcpy(&c_stacks.walk, &found[0], sizeof(found[0]));
	memcpy(&c_stacks.address, &found[1], sizeof(found[0]));
	memcpy(&c_stacks.function, &found[2], sizeof(found[0]));
	memcpy(&about, &found[3], sizeof(found[0]));
	return about((char *)found[0] + 1, &bases) != NULL;
}

static void rf_cgo_stacks_init(const struct rf_start *start)
{
	c_stacks.text = start->text;
	c_stacks.etext = start->etext;
	c_stacks.on = unwinder_find();
}

/* --- the walk ----------------------------------------------------------------------------------------------------- */

struct walk {
	uintptr_t caller, stub, pcs[RF_CGO_C_FRAMES];
	uint32_t count, own;
	bool begun;
};

static bool is_go(uintptr_t pc)
{
	return pc - c_stacks.text <= c_stacks.etext - c_stacks.text;
}

static _Unwind_Reason_Code walk_step(struct _Unwind_Context *context, void *argument)
{
	struct walk *w = argument;
	uintptr_t pc = c_stacks.address(context);
	if (is_go(pc) || pc == 0 || c_stacks.function(context) == w->stub)
		return _URC_END_OF_STACK;
	if (!w->begun && pc != w->caller)
		return ++w->own < OWN_FRAMES_MAX ? _URC_NO_REASON : _URC_END_OF_STACK;
	w->begun = true;
	if (w->count == RF_CGO_C_FRAMES)
		return _URC_END_OF_STACK;
	w->pcs[w->count++] = pc;
	return _URC_NO_REASON;
}

static uint32_t stack_number(const uintptr_t pcs[RF_CGO_C_FRAMES])
{
	uint64_t hash = 1;
	uint32_t number = 0;
	for (uint32_t i = 0; i < RF_CGO_C_FRAMES; i++)
		hash = (hash ^ pcs[i]) * 0x9e3779b97f4a7c15u;
	rf_spin_lock(&c_stacks.lock);
	for (uint32_t i = 0; i < PROBES && !number; i++) {
		uint32_t at = 1 + (uint32_t)((hash >> 32) + i) % (RF_CGO_STACKS - 1);
		if (!c_stacks.known[at][0])
			memcpy(c_stacks.known[at], pcs, sizeof(c_stacks.known[at]));
		if (memcmp(c_stacks.known[at], pcs, sizeof(c_stacks.known[at])) == 0)
			number = at;
	}
	rf_spin_unlock(&c_stacks.lock);
	return number;
}

static uint32_t rf_cgo_stack_now(const void *caller, uintptr_t stub)
{
	struct walk w = { .caller = (uintptr_t)caller, .stub = stub };
	if (!c_stacks.on || is_go((uintptr_t)caller)) /* Go's stub ended in a jump to malloc or free */
		return 0;
	c_stacks.walk(walk_step, &w);
	return w.pcs[0] ? stack_number(w.pcs) : 0;
}

static void rf_cgo_stack_join(uint32_t stack, const uintptr_t *go, size_t go_count, uintptr_t *out, size_t out_count)
{
	size_t n = 0;
	for (size_t i = 0; stack && i < RF_CGO_C_FRAMES && n < out_count && c_stacks.known[stack][i]; i++)
		out[n++] = c_stacks.known[stack][i];
	for (size_t i = 0; i < go_count && n < out_count && go[i]; i++)
		out[n++] = go[i];
	if (n < out_count)
		out[n] = 0;
}

/* --- names -------------------------------------------------------------------------------------------------------- */

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

/* A function of C is called as Go code would call it: C.name. The module stands where the file would. */
static bool rf_cgo_frame(uintptr_t pc, struct ts_frame *out)
{
	struct rf_global function;
	Dl_info info = { 0 };
	struct link_map *map = NULL;
	if (!c_stacks.on || is_go(pc) || !dladdr1((void *)pc, &info, (void **)&map, RTLD_DL_LINKMAP) || !map || !info.dli_fname)
		return false;
	uint32_t row = c_frames.name_count++ % NAMED_MAX;
	char *name = c_frames.names[row].function, *module = c_frames.names[row].module;
	bool found = rf_function_find(map->l_name[0] ? map->l_name : "/proc/self/exe", pc - map->l_addr, &function);
	snprintf(name, RF_CGO_C_NAME_BYTES_MAX, "C.%s", found ? function.name : info.dli_sname ? info.dli_sname : "(unknown)");
	snprintf(module, RF_CGO_C_NAME_BYTES_MAX, "%s", last_part(info.dli_fname));
	memset(out, 0, sizeof(*out));
	out->info.address = pc;
	out->info.function = name;
	out->info.file = module;
	out->info.module_offset = pc - map->l_addr;
	return true;
}

static uint32_t rf_cgo_alloc_frames(uintptr_t address, uint32_t *ids)
{
	const struct rf_cgo_block *block = rf_cgo_heap_block(address);
	uint32_t stack = block ? block->allocated_by : 0, count = 0;
	struct ts_frame f;
	for (uint32_t i = 0; stack && i < RF_CGO_C_FRAMES && c_stacks.known[stack][i]; i++) {
		if (rf_cgo_frame(c_stacks.known[stack][i] - 1, &f))
			ids[count++] = rf_symbol_id(&(struct rf_symbol){ f.info.address, f.info.function, f.info.file, 0,
									 (uint32_t)f.info.module_offset });
	}
	return count;
}

/* --- reports of ThreadSanitizer ------------------------------------------------------------------------------------- */

static void add_frames_of(uint32_t stack, struct ts_stack *to)
{
	struct ts_frame *first = NULL, **link = &first;
	for (uint32_t i = 0; stack && i < RF_CGO_C_FRAMES && c_stacks.known[stack][i] && c_frames.added_count < ADDED_MAX; i++) {
		struct ts_frame *f = &c_frames.added[c_frames.added_count];
		if (!rf_cgo_frame(c_stacks.known[stack][i] - 1, f))
			continue;
		c_frames.added_count++;
		*link = f;
		link = &f->next;
	}
	*link = to->frames;
	to->frames = first;
}

static void rf_cgo_frames_add(const struct ts_report *report, enum rf_spool_kind kind)
{
	c_frames.added_count = 0;
	for (size_t i = 0; i < 2 && report->accesses.begin + i < report->accesses.end; i++) {
		const struct ts_access *a = report->accesses.begin[i];
		const struct rf_cgo_block *block = rf_cgo_heap_block(a->address);
		if (!block || !a->stack || rf_mark_of(report, i) != RF_MARK_FREE)
			continue;
		add_frames_of(kind == RF_SPOOL_KIND_DOUBLE_FREE && i == 0 ? block->again_by : block->freed_by, a->stack);
	}
}

static const struct ts_frame *rf_cgo_frames_skip(const struct ts_frame *frame)
{
	while (frame >= c_frames.added && frame < c_frames.added + ADDED_MAX)
		frame = frame->next;
	return frame;
}

static void rf_cgo_frames_remove(const struct ts_report *report)
{
	for (size_t i = 0; i < 2 && report->accesses.begin + i < report->accesses.end; i++) {
		struct ts_stack *stack = ((const struct ts_access *)report->accesses.begin[i])->stack;
		while (stack && stack->frames >= c_frames.added && stack->frames < c_frames.added + ADDED_MAX)
			stack->frames = stack->frames->next;
	}
}

#else

static bool rf_cgo_frame(uintptr_t pc, struct ts_frame *out)
{
	(void)pc, (void)out;
	return false;
}

static uint32_t rf_cgo_alloc_frames(uintptr_t address, uint32_t *ids)
{
	(void)address, (void)ids;
	return 0;
}

static void rf_cgo_frames_add(const struct ts_report *report, enum rf_spool_kind kind)
{
	(void)report, (void)kind;
}

static void rf_cgo_frames_remove(const struct ts_report *report)
{
	(void)report;
}

static const struct ts_frame *rf_cgo_frames_skip(const struct ts_frame *frame)
{
	return frame;
}
#endif
