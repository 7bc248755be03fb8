#if RF_CGO
#include "tsan-glue/cgo_heap.h"
#include "tsan-glue/cgo_stacks.h"
#include "tsan-glue/cgo_wrong.h"
#include "tsan-glue/finding.h"

#include <link.h>
#include <pthread.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#define STACK_NEAR ((uintptr_t)8 << 20) /* further up isn't taken for the stack without asking; asking costs */

static struct {
	uintptr_t start, end; /* of the program's own file in memory, variables included */
} program;

static int program_find(struct dl_phdr_info *info, size_t bytes, void *context)
{
	(void)bytes, (void)context;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		if (info->dlpi_phdr[i].p_type != PT_LOAD)
			continue;
		uintptr_t start = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr, end = start + info->dlpi_phdr[i].p_memsz;
		if (!program.end || start < program.start)
			program.start = start;
		if (end > program.end)
			program.end = end;
	}
	return 1; /* the first is the program */
}

static void rf_cgo_wrong_init(void)
{
	dl_iterate_phdr(program_find, NULL);
}

/* The stack grows down: what lies above this frame and below the end of the stack belongs to callers. */
static bool is_on_stack(uintptr_t address)
{
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);
	pthread_attr_t attr;
	void *low = NULL;
	size_t bytes = 0;
	if (address <= here || address - here > STACK_NEAR || pthread_getattr_np(pthread_self(), &attr) != 0)
		return false;
	bool known = pthread_attr_getstack(&attr, &low, &bytes) == 0;
	pthread_attr_destroy(&attr);
	return known && here >= (uintptr_t)low && address < (uintptr_t)low + bytes;
}

static enum rf_cgo_place rf_cgo_place_of(uintptr_t address)
{
	if (!RF_FINDING_PROVED || !address || !rf_cgo_heap_usable())
		return RF_CGO_PLACE_ANY;
	if (rf_cgo_heap_has(address)) {
		const struct rf_cgo_block *block = rf_cgo_heap_block(address);
		return block && rf_cgo_heap_address(block) == address ? RF_CGO_PLACE_ANY : RF_CGO_PLACE_BLOCK;
	}
	if (address >= RF_GO_HEAP_START && address < RF_GO_HEAP_END)
		return RF_CGO_PLACE_GO;
	if (address >= program.start && address < program.end)
		return RF_CGO_PLACE_PROGRAM;
	return is_on_stack(address) ? RF_CGO_PLACE_STACK : RF_CGO_PLACE_ANY;
}

/* How much can be read is for the kernel to say. */
static void rf_cgo_wrong_copy(void *to, uintptr_t address, size_t bytes)
{
	const struct rf_cgo_block *block = rf_cgo_heap_block(address);
	if (block) {
		size_t offset = address - rf_cgo_heap_address(block), left = offset < block->bytes ? block->bytes - offset : 0;
		memcpy(to, (const void *)address, left < bytes ? left : bytes);
		return;
	}
	struct iovec target = { to, bytes }, source = { (void *)address, bytes };
	process_vm_readv(getpid(), &target, 1, &source, 1, 0);
}

static const char *words_of(const struct rf_cgo_wrong *wrong)
{
	static const char *const freed[RF_CGO_PLACE_COUNT] = {
		[RF_CGO_PLACE_GO] = "free of Go memory",
		[RF_CGO_PLACE_BLOCK] = "free of an address inside a block of C memory",
		[RF_CGO_PLACE_PROGRAM] = "free of a variable of the program",
		[RF_CGO_PLACE_STACK] = "free of a variable on C's stack" };
	static const char *const moved[RF_CGO_PLACE_COUNT] = {
		[RF_CGO_PLACE_GO] = "realloc of Go memory",
		[RF_CGO_PLACE_BLOCK] = "realloc of an address inside a block of C memory",
		[RF_CGO_PLACE_PROGRAM] = "realloc of a variable of the program",
		[RF_CGO_PLACE_STACK] = "realloc of a variable on C's stack" };
	return wrong->moved ? moved[wrong->place] : freed[wrong->place];
}

static void rf_cgo_wrong_tell(const struct rf_cgo_wrong *wrong, uint64_t goid, const uintptr_t *pcs, size_t pc_count)
{
	const char *words = words_of(wrong);
	struct rf_finding f = { .kind = RF_SPOOL_KIND_INVALID_FREE, .address = wrong->address, .bytes = 1, .side_count = 1,
				.detail = { words, strlen(words) } };
	uintptr_t all[RF_CGO_C_FRAMES + RF_CGO_FRAMES];
	rf_cgo_stack_join(wrong->by, pcs, pc_count, all, sizeof(all) / sizeof(all[0]));
	f.sides[0] = (struct rf_finding_side){ .action = RF_SPOOL_ACTION_FREE, .goid = goid, .pcs = all,
					       .pc_count = sizeof(all) / sizeof(all[0]) };
	__redflag_finding(&f);
}
#endif
