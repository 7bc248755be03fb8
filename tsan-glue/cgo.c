#include "tsan-glue/cgo.h"

#if RF_CGO
#include "tsan-glue/cgo_heap.h"
#include "tsan-glue/cgo_leaks.h"
#include "tsan-glue/cgo_next.h"
#include "tsan-glue/cgo_stacks.h"
#include "tsan-glue/cgo_wrong.h"
#include "tsan-glue/lock.h"
#include "tsan-glue/marks.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define CALLS_MAX 4096u    /* calls of C at a time, each of which has a thread of its own */
#define WRONG_MAX 8u       /* of one call; more are not told */
#define MARKED_BYTES_MAX 4096u /* of a block, in steps of what one mark covers (tsan_rtl_access.cpp, MemoryRangeFreed) */
#define MARK_BYTES 1024u
#define CELL_BYTES 8u
#define CALLERS 256u       /* a power of two */
#define CALLER_SILENT ((uintptr_t)1 << 62) /* doesn't tell the detector of its calls: go:cgo_unsafe_args */
#define CALLER_WANTED ((uintptr_t)1 << 63) /* one of those that C.malloc, C.CString and C.CBytes are made of */
#define SHADOW_FACTOR 3u   /* addresses that the detector takes for each of ours: 2 shadow, half meta (tsan_platform.h) */

/* One call of C. */
struct rf_cgo_call {
	struct rf_cgo_call_head head;
	uintptr_t pcs[RF_CGO_FRAMES]; /* the first are read by Go's runtime */
	uint32_t next; /* among the unused */
	_Atomic bool active;
	pthread_t owner;
	struct rf_cgo_call *outer; /* the call whose C code called Go, which made this one */
	uint64_t goid;
	bool wanted;
	bool walking; /* the unwinder may allocate */
	uint32_t given; /* blocks, the last one first */
	uintptr_t again[WRONG_MAX];
	uint32_t again_by[WRONG_MAX];
	struct rf_cgo_wrong wrong[WRONG_MAX];
	uint32_t again_count, wrong_count;
};

static struct {
	_Atomic bool on;
	bool each; /* each malloc and free has its stack of C */
	pthread_key_t key; /* the thread's struct rf_cgo_call */
	void (*callback)(uintptr_t command, void *context);
	atomic_flag lock; /* of what follows */
	struct rf_cgo_call calls[CALLS_MAX];
	uint32_t call_count, unused;
	struct {
		_Atomic uintptr_t pc; /* with CALLER_* in bits that no address of code has */
	} callers[CALLERS];
} cgo = { .lock = ATOMIC_FLAG_INIT };

/* Go's own linker can't have a malloc beside the C library's, so all programs are to be linked by the C compiler: this
 * function of runtime/cgo isn't there when the go command links the package by itself, to learn what it imports, and then
 * it asks for that (cmd/go/internal/work/exec.go, dynimportfail). */
void x_cgo_init(void);
__attribute__((used)) static void (*volatile linked_by_compiler)(void) = x_cgo_init;

/* The call of C that this thread works for; NULL: none, or one that is back in Go already. */
static struct rf_cgo_call *call_now(void)
{
	if (!atomic_load_explicit(&cgo.on, memory_order_acquire))
		return NULL;
	struct rf_cgo_call *call = pthread_getspecific(cgo.key);
	return call && atomic_load(&call->active) && pthread_equal(call->owner, pthread_self()) ? call : NULL;
}

static size_t cells(size_t bytes)
{
	return bytes ? (bytes + CELL_BYTES - 1) & ~(size_t)(CELL_BYTES - 1) : CELL_BYTES;
}

static uint32_t stack_of(struct rf_cgo_call *call, const void *caller)
{
	if (call->walking)
		return 0;
	call->walking = true;
	uint32_t stack = rf_cgo_stack_now(caller, call->head.function);
	call->walking = false;
	return stack;
}

/* NULL: the block isn't to be ours. */
static void *cgo_take(size_t bytes, const void *caller, bool *again)
{
	if (!atomic_load_explicit(&cgo.on, memory_order_acquire))
		return NULL;
	struct rf_cgo_block *block = rf_cgo_heap_take(bytes, again);
	if (!block)
		return NULL;
	uintptr_t address = rf_cgo_heap_address(block);
	struct rf_cgo_call *call = call_now();
	if (call) {
		block->goid = call->goid;
		block->wanted = call->wanted;
		block->allocated_by = cgo.each && !call->wanted ? stack_of(call, caller) : 0;
		memcpy(block->pcs, call->pcs, sizeof(block->pcs));
	}
	if (*again)
		rf_mark_clear(address, cells(bytes));
	return (void *)address;
}

/* True: malloc never gave that address, so there is nothing to do but to tell. What threads of C free is left to the C library. */
static bool cgo_note_wrong(uintptr_t address, const void *caller, bool moved)
{
	struct rf_cgo_call *call = call_now();
	enum rf_cgo_place place = call ? rf_cgo_place_of(address) : RF_CGO_PLACE_ANY;
	if (place == RF_CGO_PLACE_ANY)
		return false;
	if (call->wrong_count < WRONG_MAX)
		call->wrong[call->wrong_count++] = (struct rf_cgo_wrong){ address, place, moved, stack_of(call, caller) };
	call->head.events = 1;
	return true;
}

static void cgo_give(uintptr_t address, const void *caller)
{
	struct rf_cgo_block *block = rf_cgo_heap_block(address);
	struct rf_cgo_call *call = call_now();
	if (!rf_cgo_heap_usable() || !block || rf_cgo_heap_address(block) != address)
		return;
	if (!rf_cgo_heap_give(block)) {
		if (call && call->again_count < WRONG_MAX) {
			call->again_by[call->again_count] = stack_of(call, caller);
			call->again[call->again_count++] = address;
			call->head.events = 1;
		}
		return;
	}
	if (!call) {
		rf_cgo_heap_queue(block);
		return;
	}
	block->freed_by = cgo.each ? stack_of(call, caller) : 0;
	block->next = call->given;
	call->given = rf_cgo_heap_number(block);
	call->head.events = 1;
}

static void *new_block(size_t bytes, const void *caller)
{
	bool again;
	void *p = cgo_take(bytes, caller, &again);
	rf_cgo_next_find();
	return p ? p : rf_cgo_next.malloc(bytes);
}

static void end_block(void *p, const void *caller)
{
	rf_cgo_next_find();
	if (cgo_note_wrong((uintptr_t)p, caller, false))
		return;
	if (rf_cgo_heap_has((uintptr_t)p))
		cgo_give((uintptr_t)p, caller);
	else
		rf_cgo_next.free(p);
}

/* A block that is ours always moves, so that who keeps the old address is found out. */
static void *move_block(void *p, size_t bytes, const void *caller)
{
	const struct rf_cgo_block *block = rf_cgo_heap_block((uintptr_t)p);
	size_t old = block ? block->bytes : 0;
	void *to = bytes ? new_block(bytes, caller) : NULL;
	if (to)
		memcpy(to, p, old < bytes ? old : bytes);
	if (to || !bytes)
		end_block(p, caller);
	return to;
}

static void *cgo_malloc(size_t bytes)
{
	return new_block(bytes, __builtin_return_address(0));
}

static void *cgo_calloc(size_t count, size_t bytes)
{
	bool again;
	size_t all;
	void *p = __builtin_mul_overflow(count, bytes, &all) ? NULL : cgo_take(all, __builtin_return_address(0), &again);
	rf_cgo_next_find();
	if (!p)
		return rf_cgo_next.calloc(count, bytes);
	if (again)
		memset(p, 0, all);
	return p;
}

static void cgo_free(void *p)
{
	end_block(p, __builtin_return_address(0));
}

static void *cgo_realloc(void *p, size_t bytes)
{
	const void *caller = __builtin_return_address(0);
	rf_cgo_next_find();
	if (!p)
		return new_block(bytes, caller);
	if (cgo_note_wrong((uintptr_t)p, caller, true)) {
		void *to = new_block(bytes, caller);
		if (to)
			rf_cgo_wrong_copy(to, (uintptr_t)p, bytes);
		return to;
	}
	return rf_cgo_heap_has((uintptr_t)p) ? move_block(p, bytes, caller) : rf_cgo_next.realloc(p, bytes);
}

static size_t cgo_usable(void *p)
{
	const struct rf_cgo_block *block = p ? rf_cgo_heap_block((uintptr_t)p) : NULL;
	rf_cgo_next_find();
	return block ? block->bytes : p && rf_cgo_next.usable ? rf_cgo_next.usable(p) : 0;
}

/* Weak: a program that defines its own goes on with that, and rf_cgo_init finds out. */
#define PUBLIC(name) __attribute__((weak, visibility("default"), alias(#name)))
PUBLIC(cgo_malloc) void *malloc(size_t bytes);
PUBLIC(cgo_calloc) void *calloc(size_t count, size_t bytes);
PUBLIC(cgo_realloc) void *realloc(void *p, size_t bytes);
PUBLIC(cgo_free) void free(void *p);
PUBLIC(cgo_usable) size_t malloc_usable_size(void *p);

/* Whether the detector could have shadow for all of it: it gives up the process when it gets none. */
static bool shadow_fits(void)
{
	size_t bytes = SHADOW_FACTOR * RF_CGO_HEAP_BYTES;
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		return false;
	munmap(p, bytes);
	return true;
}

/* A program with a malloc of its own is told that nothing comes of its wish. */
static bool loader_prefers_ours(void)
{
	static const char *const names[] = { "malloc", "calloc", "realloc", "free" };
	void *const ours[] = { (void *)cgo_malloc, (void *)cgo_calloc, (void *)cgo_realloc, (void *)cgo_free };
	size_t count = 0;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (dlsym(RTLD_DEFAULT, names[i]) != ours[i])
			break;
		count++;
	}
	if (count == sizeof(names) / sizeof(names[0]))
		return true;
	if ((void *)malloc != (void *)cgo_malloc || count)
		dprintf(STDERR_FILENO, "redflag: cgo=1 has no effect here: this program has a malloc of its own\n");
	return false;
}

static void rf_cgo_init(const struct rf_start *start, bool each)
{
	if (!RF_MARKS_PROVED || !loader_prefers_ours() || pthread_key_create(&cgo.key, NULL) != 0 || !shadow_fits() ||
	    !rf_cgo_heap_init())
		return;
	rf_cgo_wrong_init();
	rf_cgo_stacks_init(start);
	cgo.each = each;
	rf_cgo_leaks_init(start->callback);
	cgo.callback = start->callback;
	start->settings->cgo = RF_CGO_HEAP_START;
	start->settings->cgo_bytes = RF_CGO_HEAP_BYTES;
	atomic_store_explicit(&cgo.on, true, memory_order_release);
}

static struct rf_cgo_call *call_new(void)
{
	struct rf_cgo_call *call = NULL;
	rf_spin_lock(&cgo.lock);
	if (cgo.unused) {
		call = &cgo.calls[cgo.unused - 1];
		cgo.unused = call->next;
	} else if (cgo.call_count < CALLS_MAX) {
		call = &cgo.calls[cgo.call_count++];
	}
	rf_spin_unlock(&cgo.lock);
	return call;
}

static bool rf_cgo_calls_active(void)
{
	bool active = false;
	for (uint32_t i = 0; i < cgo.call_count; i++)
		active |= atomic_load(&cgo.calls[i].active);
	return active;
}

/* Return addresses on the stack of a goroutine, by frame pointers, from the function that runtime.cgocall returns to. */
static void frames_copy(uintptr_t *pcs, const uintptr_t *stack, uintptr_t fp)
{
	memset(pcs, 0, RF_CGO_FRAMES * sizeof(*pcs));
	for (int i = -1; i < (int)RF_CGO_FRAMES; i++) {
		if (fp < stack[0] || fp + 2 * sizeof(fp) > stack[1])
			return;
		if (i >= 0)
			pcs[i] = ((const uintptr_t *)fp)[1];
		fp = *(const uintptr_t *)fp;
	}
}

/* The functions that cgo writes (cmd/cgo/out.go) call cgocall from these. */
static uintptr_t caller_by_name(const char *name)
{
	const char *last = name ? strrchr(name, '.') : NULL;
	if (!last)
		return 0;
	if (strcmp(last, "._cgo_cmalloc") == 0 || strcmp(last, "._Cfunc__CMalloc") == 0)
		return CALLER_WANTED | CALLER_SILENT;
	return strncmp(last, "._Cfunc_", 8) == 0 || strncmp(last, "._C2func_", 9) == 0 ? CALLER_SILENT : 0;
}

static uintptr_t caller_facts(uintptr_t pc)
{
	const uintptr_t facts = CALLER_SILENT | CALLER_WANTED;
	_Atomic uintptr_t *row = &cgo.callers[(pc >> 2) % CALLERS].pc;
	uintptr_t known = atomic_load_explicit(row, memory_order_relaxed);
	if ((known & ~facts) == pc)
		return known & facts;
	struct rf_function_query f = { .pc = pc - 1 };
	cgo.callback(RF_COMMAND_FUNCTION, &f);
	known = caller_by_name(f.name);
	atomic_store_explicit(row, pc | known, memory_order_relaxed);
	return known;
}

void __redflag_cgo_enter(uintptr_t goid, const uintptr_t *stack, uintptr_t fp, void **out)
{
	struct rf_cgo_call *call = call_new();
	*out = call;
	if (!call)
		return;
	call->head.function = 0;
	call->head.events = call->given = call->again_count = call->wrong_count = 0;
	call->owner = pthread_self();
	call->outer = call_now();
	call->goid = goid;
	frames_copy(call->pcs, stack, fp);
	uintptr_t facts = call->pcs[0] ? caller_facts(call->pcs[0]) : 0;
	call->wanted = (facts & CALLER_WANTED) != 0;
	call->head.frames = !call->pcs[0] ? 0 : (facts & CALLER_SILENT) && call->pcs[1] ? 2 : 1;
	call->walking = false;
	atomic_store(&call->active, true);
	pthread_setspecific(cgo.key, call);
}

static void mark(uintptr_t thread, uintptr_t pc, uintptr_t address, size_t bytes)
{
	size_t all = cells(bytes < MARKED_BYTES_MAX ? bytes : MARKED_BYTES_MAX);
	for (size_t done = 0; done < all; done += MARK_BYTES)
		rf_mark_set(RF_MARK_FREE, thread, pc, pc, address + done,
			    all - done < MARK_BYTES ? all - done : MARK_BYTES);
}

void __redflag_cgo_leave(void *which, uintptr_t thread, uintptr_t pc)
{
	struct rf_cgo_call *call = which;
	atomic_store(&call->active, false);
	if (pthread_equal(call->owner, pthread_self()))
		pthread_setspecific(cgo.key, call->outer);
	while (call->given) {
		struct rf_cgo_block *block = rf_cgo_heap_numbered(call->given);
		call->given = block->next;
		mark(thread, pc, rf_cgo_heap_address(block), block->bytes);
		rf_cgo_heap_queue(block);
	}
	for (uint32_t i = 0; i < call->again_count; i++) {
		struct rf_cgo_block *block = rf_cgo_heap_block(call->again[i]);
		if (block)
			block->again_by = call->again_by[i];
		mark(thread, pc, call->again[i], 1);
	}
	for (uint32_t i = 0; i < call->wrong_count; i++)
		rf_cgo_wrong_tell(&call->wrong[i], call->goid, call->pcs, RF_CGO_FRAMES);
	memset(call->again, 0, sizeof(call->again)); /* nothing here is to point to a block */
	memset(call->wrong, 0, sizeof(call->wrong));
	rf_spin_lock(&cgo.lock);
	call->next = cgo.unused;
	cgo.unused = (uint32_t)(call - cgo.calls) + 1;
	rf_spin_unlock(&cgo.lock);
}

static const struct rf_alloc_site *rf_cgo_site(uintptr_t address, struct rf_memory_query *memory)
{
	static struct rf_alloc_site site;
	const struct rf_cgo_block *block = rf_cgo_heap_block(address);
	if (!block)
		return NULL;
	memory->kind = RF_MEMORY_KIND_HEAP;
	memory->start = site.address = rf_cgo_heap_address(block);
	memory->size = block->bytes;
	site.goid = block->goid;
	memcpy(site.pcs, block->pcs, sizeof(site.pcs));
	return block->pcs[0] ? &site : NULL;
}

#else

static void rf_cgo_init(const struct rf_start *start, bool each)
{
	(void)start, (void)each;
}

static const struct rf_alloc_site *rf_cgo_site(uintptr_t address, struct rf_memory_query *memory)
{
	(void)address, (void)memory;
	return NULL;
}

void __redflag_cgo_enter(uintptr_t goid, const uintptr_t *stack, uintptr_t fp, void **out)
{
	(void)goid, (void)stack, (void)fp;
	*out = NULL;
}

void __redflag_cgo_leave(void *call, uintptr_t thread, uintptr_t pc)
{
	(void)call, (void)thread, (void)pc;
}
#endif
