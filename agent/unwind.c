#include "agent/unwind.h"

#include "agent/next.h"
#include "agent/rows.h"
#include "agent/thread.h"

#include <dlfcn.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/uio.h>
#include <ucontext.h>
#include <unistd.h>
#include <unwind.h>

#define REGISTER_RBP 6 /* System V ABI, x86-64, DWARF register numbers */
#define PIECE_WORDS 96u /* of a stack: most stacks of Go are read by three calls */

struct walk {
	struct rf_trace *trace;
	uintptr_t own_start, own_end; /* the agent's code */
	uintptr_t from;               /* 0, or the address that the trace begins with: what is in front belongs to a signal */
	uintptr_t frame, pc;          /* of the last frame that the tables know of */
	uint32_t seen;
	uintptr_t copy, copy_bytes;   /* of the stack, where it isn't the thread's own (unwind_copy.h) */
	uintptr_t copy_at;            /* how far the walk has come in it */
};

/* Where a walk is left when it runs into memory that isn't there. */
static __thread sigjmp_buf *escape __attribute__((tls_model("initial-exec")));

static void rf_trace_give_up(const void *context)
{
	const ucontext_t *c = context;
	sigset_t mask;
	if (!escape)
		return;
	sigemptyset(&mask);
	memcpy(&mask, &c->uc_sigmask, _NSIG / 8); /* the kernel's sigset_t is shorter */
	rf_next.pthread_sigmask(SIG_SETMASK, &mask, NULL);
	siglongjmp(*escape, 1);
}

static void add_frame(struct walk *w, uintptr_t pc)
{
	if (w->trace->count < RF_TRACE_FRAMES)
		w->trace->pcs[w->trace->count++] = pc;
	else
		w->trace->cut = true;
}

/* A frame: where it goes on, and the address inside the call that it is noted by. False: the trace ends there. */
static bool visit(struct walk *w, uintptr_t pc, uintptr_t inside, uintptr_t frame)
{
	w->pc = pc; /* 0: the thread began here */
	w->frame = frame;
	if (w->from && pc == w->from)
		w->from = 0;
	if (!pc || w->seen++ > 4 * RF_TRACE_FRAMES)
		return false;
	if (!w->from && (pc < w->own_start || pc >= w->own_end))
		add_frame(w, inside);
	return !w->trace->cut;
}

/* In a copy: from a frame to its caller's, which is in the copy, too. Not so, for one, where the copy was taken while the agent walked
 * another. */
static bool goes_up(struct walk *w, uintptr_t frame)
{
	bool up = frame > w->copy_at && frame - w->copy <= w->copy_bytes;
	w->copy_at = frame;
	return up;
}

static _Unwind_Reason_Code see(struct _Unwind_Context *context, void *argument)
{
	struct walk *w = argument;
	int at_call; /* 0: the address behind a call, 1: of an instruction that was interrupted */
	uintptr_t pc = _Unwind_GetIPInfo(context, &at_call);
	if (w->copy && (!w->from || pc == w->from) && !goes_up(w, _Unwind_GetCFA(context)))
		pc = 0;
	bool more = visit(w, pc, at_call ? pc : pc - 1, _Unwind_GetGR(context, REGISTER_RBP));
	return more ? _URC_NO_REASON : _URC_END_OF_STACK;
}

/* The code that is returned to by a signal's handler, as libgcc knows it where no table says so: its linux-unwind.h. */
static bool returns_from_signal(uintptr_t pc)
{
	static const uint8_t code[] = { 0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05 };
	return memcmp((const void *)pc, code, sizeof(code)) == 0;
}

/* By remembered rows, from these registers on. False: there is a frame that only libgcc knows what to do with. */
static bool walk_rows(struct walk *w, uintptr_t pc, uintptr_t stack, uintptr_t frame)
{
	struct dl_find_object object = { .dlfo_map_start = NULL };
	uint64_t mark = 0;
	while (visit(w, pc, pc - 1, frame)) {
		if (pc - 1 - (uintptr_t)object.dlfo_map_start >= (uintptr_t)object.dlfo_map_end - (uintptr_t)object.dlfo_map_start) {
			if (_dl_find_object((void *)(pc - 1), &object) != 0)
				return false;
			mark = (uintptr_t)object.dlfo_link_map + (uintptr_t)object.dlfo_map_start * 3 + (uintptr_t)object.dlfo_eh_frame * 5;
		}
		const struct rf_row row = rf_row_at(pc - 1, mark);
		if (row.kind == RF_ROW_NONE)
			return !returns_from_signal(pc);
		uintptr_t next = (row.kind == RF_ROW_BY_RBP ? frame : stack) + row.frame_offset;
		if (row.kind == RF_ROW_END) {
			w->pc = 0;
			return true;
		}
		if (row.kind == RF_ROW_UNKNOWN || next <= stack || next % sizeof(uintptr_t) != 0)
			return false;
		stack = next;
		pc = *(const uintptr_t *)(stack - sizeof(uintptr_t));
		frame = row.rbp_offset ? *(const uintptr_t *)(stack - row.rbp_offset) : frame;
	}
	return true;
}

static bool is_code(uintptr_t pc)
{
	struct dl_find_object object;
	return _dl_find_object((void *)pc, &object) == 0;
}

/* A piece of the stack, as the kernel has read it: a register that is no frame pointer may hold anything. */
struct piece {
	uintptr_t start, bytes;
	uintptr_t words[PIECE_WORDS];
};

/* Two words at an address; NULL: there is no such memory. What lies behind them comes along, since most frames are close together. */
static const uintptr_t *two_words(struct piece *p, uintptr_t at)
{
	const size_t wanted = 2 * sizeof(uintptr_t);
	if (at < p->start || at - p->start + wanted > p->bytes) {
		struct iovec to = { p->words, sizeof(p->words) }, from = { (void *)at, sizeof(p->words) };
		ssize_t n = process_vm_readv(getpid(), &to, 1, &from, 1, 0);
		p->start = at;
		p->bytes = n > 0 ? (uintptr_t)n : 0;
		if (p->bytes < wanted)
			return NULL;
	}
	return &p->words[(at - p->start) / sizeof(uintptr_t)];
}

/* Frame pointers: [frame] is the caller's, [frame + 8] the address that is returned to. */
static void follow_frames(struct walk *w)
{
	struct piece piece;
	piece.start = piece.bytes = 0;
	uintptr_t frame = w->frame;
	while (!w->trace->cut && frame && frame % sizeof(uintptr_t) == 0) {
		const uintptr_t *words = two_words(&piece, frame);
		if (!words || !is_code(words[1]))
			return;
		add_frame(w, words[1] - 1);
		if (words[0] <= frame) /* stacks grow downwards */
			return;
		frame = words[0];
	}
}

/* The agent is never unloaded. */
static void own_code(struct walk *w)
{
	static _Atomic uintptr_t start, end;
	struct dl_find_object object;
	if (!end && _dl_find_object((void *)(uintptr_t)rf_trace_take, &object) == 0) {
		start = (uintptr_t)object.dlfo_map_start;
		end = (uintptr_t)object.dlfo_map_end;
	}
	w->own_start = start;
	w->own_end = end;
}

static void begin_walk(struct walk *w)
{
	w->trace->count = 0;
	w->trace->cut = false;
	w->seen = 0;
}

static void walk_tables(struct walk *w)
{
	begin_walk(w);
	_Unwind_Backtrace(see, w);
}

/* From this function on. */
static __attribute__((noinline)) bool walk_from_here(struct walk *w)
{
	uintptr_t pc, stack, frame;
	begin_walk(w);
	__asm__ volatile("lea 0f(%%rip), %0\n0:\tmov %%rsp, %1\n\tmov %%rbp, %2" : "=&r"(pc), "=&r"(stack), "=&r"(frame));
	return walk_rows(w, pc, stack, frame);
}

static void walk(struct walk *w)
{
	sigjmp_buf place, *outer = escape;
	w->trace->tid = rf_tid();
	w->trace->origin = rf_me.origin;
	own_code(w);
	begin_walk(w);
	if (sigsetjmp(place, 0) == 0) {
		escape = &place;
		if (w->from || !walk_from_here(w))
			walk_tables(w);
		if (w->pc && !w->from) /* at the end of a thread the address to return to is 0 */
			follow_frames(w);
	}
	escape = outer;
}

static void rf_trace_take(struct rf_trace *trace)
{
	struct walk w = { .trace = trace };
	walk(&w);
}

static void rf_trace_take_from(struct rf_trace *trace, const void *context)
{
	const ucontext_t *c = context;
	struct walk w = { .trace = trace, .from = (uintptr_t)c->uc_mcontext.gregs[REG_RIP] };
	walk(&w);
	if (trace->count)
		return;
	/* The tables end in front of the interrupted code: Go's. */
	w.from = 0;
	w.frame = (uintptr_t)c->uc_mcontext.gregs[REG_RBP];
	add_frame(&w, (uintptr_t)c->uc_mcontext.gregs[REG_RIP]);
	follow_frames(&w);
}
