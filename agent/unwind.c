#include "agent/unwind.h"

#include "agent/thread.h"

#include <dlfcn.h>
#include <setjmp.h>
#include <string.h>
#include <sys/uio.h>
#include <ucontext.h>
#include <unistd.h>
#include <unwind.h>

#define REGISTER_RBP 6 /* System V ABI, x86-64, DWARF register numbers */

struct walk {
	struct rf_trace *trace;
	uintptr_t own_start, own_end; /* the agent's code */
	uintptr_t from;               /* 0, or the address that the trace begins with: what is in front belongs to a signal */
	uintptr_t frame, pc;          /* of the last frame that the tables know of */
	uint32_t seen;
};

/* Where a walk is left when it runs into memory that isn't there. */
static __thread sigjmp_buf *escape __attribute__((tls_model("initial-exec")));

static void rf_trace_give_up(void)
{
	if (escape)
		siglongjmp(*escape, 1);
}

static void add_frame(struct walk *w, uintptr_t pc)
{
	if (w->trace->count < RF_TRACE_FRAMES)
		w->trace->pcs[w->trace->count++] = pc;
	else
		w->trace->cut = true;
}

static _Unwind_Reason_Code see(struct _Unwind_Context *context, void *argument)
{
	struct walk *w = argument;
	int at_call; /* 0: the address behind a call, 1: of an instruction that was interrupted */
	uintptr_t pc = _Unwind_GetIPInfo(context, &at_call);
	w->pc = pc; /* 0: the thread began here */
	w->frame = _Unwind_GetGR(context, REGISTER_RBP);
	if (w->from && pc == w->from)
		w->from = 0;
	if (!pc || w->seen++ > 4 * RF_TRACE_FRAMES)
		return _URC_END_OF_STACK;
	if (w->from || (pc >= w->own_start && pc < w->own_end))
		return _URC_NO_REASON;
	add_frame(w, at_call ? pc : pc - 1);
	return w->trace->cut ? _URC_END_OF_STACK : _URC_NO_REASON;
}

static bool is_code(uintptr_t pc)
{
	struct dl_find_object object;
	return _dl_find_object((void *)pc, &object) == 0;
}

/* Frame pointers: [frame] is the caller's, [frame + 8] the address that is returned to. Read by the kernel, since a register
 * that is no frame pointer may hold anything. */
static void follow_frames(struct walk *w)
{
	uintptr_t frame = w->frame;
	while (!w->trace->cut && frame && frame % sizeof(uintptr_t) == 0) {
		uintptr_t words[2];
		struct iovec to = { words, sizeof(words) }, from = { (void *)frame, sizeof(words) };
		if (process_vm_readv(getpid(), &to, 1, &from, 1, 0) != sizeof(words) || !is_code(words[1]))
			return;
		add_frame(w, words[1] - 1);
		if (words[0] <= frame) /* stacks grow downwards */
			return;
		frame = words[0];
	}
}

static void own_code(struct walk *w)
{
	struct dl_find_object object;
	if (_dl_find_object((void *)(uintptr_t)rf_trace_take, &object) == 0) {
		w->own_start = (uintptr_t)object.dlfo_map_start;
		w->own_end = (uintptr_t)object.dlfo_map_end;
	}
}

static void walk(struct walk *w)
{
	sigjmp_buf place, *outer = escape;
	w->trace->tid = rf_tid();
	w->trace->count = 0;
	w->trace->cut = false;
	w->trace->origin = rf_me.origin;
	own_code(w);
	if (sigsetjmp(place, 0) == 0) {
		escape = &place;
		_Unwind_Backtrace(see, w);
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
