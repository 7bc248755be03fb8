#include "agent/unwind_copy.h"

#include "agent/settings.h"

#include <string.h>
#include <sys/mman.h>

#define BEHIND ((size_t)1 << 20) /* zeros: the greatest frame that can be left without a fault */

static struct rf_copy the_copy;

static struct rf_copy *rf_copy_get(void)
{
	if (!the_copy.words) {
		void *at = mmap(NULL, RF_COPY_BYTES + BEHIND, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		the_copy.words = at == MAP_FAILED ? NULL : at;
	}
	return the_copy.words ? &the_copy : NULL;
}

/* rf_call_above(registers, run, argument): calls run(argument) so that the unwinder, when it comes by here, goes on at the registers. As
 * the C library describes the frame of a signal (sysdeps/unix/sysv/linux/x86_64/libc_sigaction.c of glibc): each register is in memory,
 * 8 * its number behind rbx, and the frame's address is what rsp is to be. */
#define IN_MEMORY(number, low, high) ".cfi_escape 0x10, " #number ", 3, 0x73, " #low ", " #high "\n" /* DW_CFA_expression, DW_OP_breg3 */
__asm__(".text\n"
	".type rf_call_above, @function\n"
	"rf_call_above:\n"
	".cfi_startproc\n"
	".cfi_signal_frame\n"
	".cfi_escape 0x0f, 4, 0x73, 0xb8, 0x00, 0x06\n" /* DW_CFA_def_cfa_expression, DW_OP_breg3 56, DW_OP_deref */
	IN_MEMORY(0, 0x80, 0x00) IN_MEMORY(1, 0x88, 0x00) IN_MEMORY(2, 0x90, 0x00) IN_MEMORY(3, 0x98, 0x00)
	IN_MEMORY(4, 0xa0, 0x00) IN_MEMORY(5, 0xa8, 0x00) IN_MEMORY(6, 0xb0, 0x00) IN_MEMORY(7, 0xb8, 0x00)
	IN_MEMORY(8, 0xc0, 0x00) IN_MEMORY(9, 0xc8, 0x00) IN_MEMORY(10, 0xd0, 0x00) IN_MEMORY(11, 0xd8, 0x00)
	IN_MEMORY(12, 0xe0, 0x00) IN_MEMORY(13, 0xe8, 0x00) IN_MEMORY(14, 0xf0, 0x00) IN_MEMORY(15, 0xf8, 0x00)
	IN_MEMORY(16, 0x80, 0x01)
	"push %rbx\n"
	"mov %rdi, %rbx\n"
	"mov %rdx, %rdi\n"
	"call *%rsi\n"
	"pop %rbx\n"
	"ret\n"
	".cfi_endproc\n"
	".size rf_call_above, . - rf_call_above\n");
void rf_call_above(const uint64_t *registers, void (*run)(void *), void *argument);

static void backtrace_of(void *walk)
{
	_Unwind_Backtrace(see, walk);
}

static void walk_copy(struct walk *w, struct rf_copy *copy)
{
	sigjmp_buf place, *outer = escape;
	begin_walk(w);
	w->from = copy->registers[RF_COPY_RIP];
	w->copy = (uintptr_t)copy->words;
	w->copy_bytes = copy->count * sizeof(uint64_t);
	if (sigsetjmp(place, 0) == 0) {
		escape = &place;
		rf_call_above(copy->registers, backtrace_of, w);
		if (w->pc) /* the tables end: Go's code */
			follow_frames(w);
	}
	escape = outer;
}

/* What points into the stack shall point into the copy, and what points above it to the zeros. There an address may be one of code, too:
 * a library may begin where the stack of a thread ends. */
static void move_word(uint64_t *word, uint64_t from, uint64_t bytes, uint64_t to)
{
	uint64_t distance = *word - from;
	if (distance <= bytes || (distance <= BEHIND && !is_code(*word)))
		*word += to - from;
}

static void move_copy(struct rf_copy *copy)
{
	uint64_t from = copy->registers[RF_COPY_RSP], bytes = copy->count * sizeof(uint64_t), to = (uintptr_t)copy->words;
	for (uint32_t i = 0; i < copy->count; i++)
		move_word(&copy->words[i], from, bytes, to);
	for (uint32_t i = 0; i < RF_COPY_RIP; i++)
		move_word(&copy->registers[i], from, bytes, to);
	memset(&copy->words[copy->count], 0, RF_COPY_BYTES - bytes);
}

static void rf_trace_take_copy(struct rf_trace *trace, struct rf_copy *copy)
{
	struct walk w = { .trace = trace };
	own_code(&w);
	move_copy(copy);
	walk_copy(&w, copy);
}
