#include "agent/watch_code.h"

#include "agent/rows.h"
#include "agent/thread.h"
#include "tsan-glue/process.h"

#include <dlfcn.h>
#include <gnu/libc-version.h>
#include <link.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/uio.h>
#include <unistd.h>

#define STEPS 256u         /* instructions of a walk */
#define CHUNK_BYTES 512u   /* of code that are copied at a time */
#define FRAMES_BEGUN_AT 8u /* one of so many callers */
#define STACK_BYTES 16384u /* from the stack pointer on they are taken for the thread's own stack */
#define RED_ZONE_BYTES 128u
#define TARGET_BYTES_MAX 4096u
#define OPERAND_BYTES_MAX 64u
#define DIRECTION_FLAG 0x400
#define ATOMIC_BYTES_MAX 8u /* 16, where rf_instruction.aligned is set */

struct range {
	uintptr_t start, end;
};

static struct {
	struct range libc, loader, go; /* go: the program, if it has code of Go */
} code;

extern void *__tls_get_addr(void *index);

static bool in(const struct range *r, uintptr_t at)
{
	return at >= r->start && at < r->end;
}

static struct range object_of(uintptr_t at)
{
	struct dl_find_object object;
	if (_dl_find_object((void *)at, &object) != 0)
		return (struct range){ 0, 0 };
	return (struct range){ (uintptr_t)object.dlfo_map_start, (uintptr_t)object.dlfo_map_end };
}

static void rf_watch_code_init(void)
{
	code.libc = object_of((uintptr_t)gnu_get_libc_version);
	code.loader = object_of((uintptr_t)__tls_get_addr);
	uint32_t bytes;
	if (rf_process_program_note(0, "Go\0", &bytes))
		code.go = object_of(getauxval(AT_ENTRY));
}

static bool is_go(uintptr_t pc)
{
	struct dwarf_eh_bases bases;
	return in(&code.go, pc) && !_Unwind_Find_FDE((void *)pc, &bases);
}

static bool rf_watch_read(void *to, uintptr_t from, size_t bytes)
{
	struct iovec here = { to, bytes }, there = { (void *)from, bytes };
	return process_vm_readv(getpid(), &here, 1, &there, 1, 0) == (ssize_t)bytes;
}

/* --- what can be proved of an instruction ----------------------------------------------------------------------------- */

/* The C library has counters that races on are meant, or that only one thread at a time has: its updates are left alone. */
static enum rf_proof proof_of(const struct rf_instruction *i, uintptr_t pc)
{
	if (i->atomic || i->segment || i->base == RF_REGISTER_RSP)
		return RF_PROOF_NONE;
	if (i->access == RF_ACCESS_UPDATE)
		return in(&code.libc, pc) || in(&code.loader, pc) ? RF_PROOF_NONE : RF_PROOF_UPDATE;
	if (i->access != RF_ACCESS_WRITE)
		return RF_PROOF_NONE;
	if (i->string || i->size > 2 * ATOMIC_BYTES_MAX || (i->size > ATOMIC_BYTES_MAX && !i->aligned))
		return RF_PROOF_STORE;
	return i->size <= ATOMIC_BYTES_MAX && is_go(pc) ? RF_PROOF_STORE : RF_PROOF_NONE;
}

/* Numbers of registers as instructions have them: sys/ucontext.h. */
static uint64_t register_of(const ucontext_t *c, int number)
{
	static const int8_t order[] = { REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
					REG_R8, REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15 };
	return number < 0 ? 0 : (uint64_t)c->uc_mcontext.gregs[order[number]];
}

static uintptr_t address_of_operand(const ucontext_t *c, const struct rf_instruction *i, uintptr_t behind)
{
	uintptr_t base = i->base == RF_REGISTER_RIP ? behind : register_of(c, i->base);
	return base + (register_of(c, i->index) << i->scale) + (uintptr_t)(intptr_t)i->displacement;
}

static bool is_own_stack(const ucontext_t *c, uintptr_t address)
{
	uintptr_t low = (uintptr_t)c->uc_mcontext.gregs[REG_RSP] - RED_ZONE_BYTES;
	return address - low < STACK_BYTES;
}

static enum rf_proof rf_watch_look(const ucontext_t *c, struct rf_instruction *i, struct rf_target *target)
{
	uint8_t bytes[RF_INSTRUCTION_BYTES_MAX];
	uintptr_t pc = (uintptr_t)c->uc_mcontext.gregs[REG_RIP];
	if (!rf_watch_read(bytes, pc, sizeof(bytes)) || !rf_decode(bytes, sizeof(bytes), i))
		return RF_PROOF_NONE;
	enum rf_proof proof = proof_of(i, pc);
	target->address = address_of_operand(c, i, pc + i->length);
	target->bytes = i->size;
	if (i->rep) {
		uint64_t count = register_of(c, 1);
		target->bytes = count > TARGET_BYTES_MAX / i->size ? TARGET_BYTES_MAX : count * i->size;
	}
	if (i->string && (c->uc_mcontext.gregs[REG_EFL] & DIRECTION_FLAG))
		proof = RF_PROOF_NONE;
	return target->bytes && !is_own_stack(c, target->address) ? proof : RF_PROOF_NONE;
}

/* --- where a thread may come to ---------------------------------------------------------------------------------- */

struct walk_code {
	uint8_t bytes[CHUNK_BYTES];
	uintptr_t start; /* of the copy; 0: none */
	size_t count;
	bool frame_pointer; /* RBP is one: what it points to is the stack */
	uint32_t seen;      /* instructions of the right sort */
	uintptr_t chosen;
};

static const uint8_t *bytes_at(struct walk_code *w, uintptr_t at, size_t *count)
{
	if (!w->start || at < w->start || at + RF_INSTRUCTION_BYTES_MAX > w->start + w->count) {
		struct range object = object_of(at);
		w->start = at;
		w->count = CHUNK_BYTES;
		while (w->count && (!in(&object, at) || !rf_watch_read(w->bytes, at, w->count)))
			w->count = in(&object, at) ? w->count / 2 : 0;
	}
	*count = w->start + w->count - at;
	return w->bytes + (at - w->start);
}

/* Each of those met is chosen with the same probability. */
static void consider(struct walk_code *w, const struct rf_instruction *i, uintptr_t at)
{
	if (proof_of(i, at) == RF_PROOF_NONE || (w->frame_pointer && i->base == RF_REGISTER_RBP))
		return;
	if (rf_random() % ++w->seen == 0)
		w->chosen = at;
}

/* Straight on; of a conditional jump and of a call one way is taken by chance. 0: the end. */
static uintptr_t step(struct walk_code *w, uintptr_t at)
{
	struct rf_instruction i;
	size_t count;
	const uint8_t *bytes = bytes_at(w, at, &count);
	if (!rf_decode(bytes, count, &i))
		return 0;
	consider(w, &i, at);
	uintptr_t behind = at + i.length, there = behind + (uintptr_t)(intptr_t)i.displacement;
	if (i.pointer) /* as the procedure linkage table has them, and pointers of the program; where registers lead to isn't known */
		there = i.base == RF_REGISTER_RIP && rf_watch_read(&there, there, sizeof(there)) ? there : 0;
	else if (!i.jump && !i.call)
		there = 0;
	return i.end || (there && rf_random() >> 63) ? there : behind;
}

static bool has_frame_pointer(const ucontext_t *c)
{
	return is_own_stack(c, (uintptr_t)c->uc_mcontext.gregs[REG_RBP]);
}

/* Where the interrupted thread goes on in one of its functions; or where that starts, since what is called once is called again. */
static uintptr_t begin(const ucontext_t *c, const struct rf_trace *trace, uint32_t frame)
{
	struct dwarf_eh_bases bases;
	uintptr_t at = frame ? trace->pcs[frame] + 1 : (uintptr_t)c->uc_mcontext.gregs[REG_RIP]; /* behind the call */
	return rf_random() >> 63 && _Unwind_Find_FDE((void *)trace->pcs[frame], &bases) ? (uintptr_t)bases.function : at;
}

static uintptr_t rf_watch_choose(const ucontext_t *c, const struct rf_trace *trace)
{
	struct walk_code w = { .start = 0, .frame_pointer = has_frame_pointer(c) };
	uint32_t frames = trace->count < FRAMES_BEGUN_AT ? trace->count : FRAMES_BEGUN_AT;
	uint32_t frame = frames && rf_random() >> 63 ? (uint32_t)(rf_random() >> 33) % frames : 0; /* the innermost in half of them */
	uintptr_t at = 0;
	for (uint32_t i = 0; i < STEPS && (at || frame < frames); i++)
		at = step(&w, at ? at : begin(c, trace, frame++));
	return w.chosen;
}

/* --- what has just run ---------------------------------------------------------------------------------------------- */

static bool overlap(uintptr_t a, uint64_t a_bytes, uintptr_t b, uint64_t b_bytes)
{
	return a < b + b_bytes && b < a + a_bytes;
}

static enum rf_access rf_watch_look_back(const ucontext_t *c, const struct rf_target *watched, const struct rf_target *inside)
{
	uint8_t bytes[RF_INSTRUCTION_BYTES_MAX];
	uintptr_t pc = (uintptr_t)c->uc_mcontext.gregs[REG_RIP];
	enum rf_access found = RF_ACCESS_NONE;
	if (!rf_watch_read(bytes, pc - sizeof(bytes), sizeof(bytes)))
		return RF_ACCESS_UNKNOWN;
	for (uint32_t length = 1; length <= sizeof(bytes); length++) {
		struct rf_instruction i;
		if (!rf_decode(bytes + sizeof(bytes) - length, length, &i) || i.length != length || i.access == RF_ACCESS_NONE || i.segment)
			continue;
		uint64_t size = i.access == RF_ACCESS_UNKNOWN ? OPERAND_BYTES_MAX : i.size;
		uintptr_t address = address_of_operand(c, &i, pc);
		if (!overlap(address, size, watched->address, watched->bytes))
			continue;
		enum rf_access access = i.access == RF_ACCESS_UPDATE ? RF_ACCESS_WRITE : i.access;
		if (access == RF_ACCESS_READ && (address < inside->address || address + size > inside->address + inside->bytes))
			access = RF_ACCESS_UNKNOWN;
		found = found == RF_ACCESS_NONE || found == access ? access : RF_ACCESS_UNKNOWN;
	}
	return found == RF_ACCESS_NONE ? RF_ACCESS_UNKNOWN : found;
}
