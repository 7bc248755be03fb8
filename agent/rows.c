#include "agent/rows.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define ROWS 1024u /* a power of two: addresses of return in the stacks that are sampled, which are hundreds */
#define REMEMBERED_MAX 4u
#define PC_BITS 47u
#define RBP 6u /* System V ABI, x86-64, DWARF register numbers */
#define RSP 7u
#define RETURN 16u
#define OFFSET_BITS 24u /* in words */
#define ENTRY_BYTES_MAX (1u << 24)

/* `mixed` is key ^ value, so that two halves of different writers are no entry. */
static struct {
	_Atomic uint64_t mixed, value;
} rows[ROWS];
static _Atomic uint64_t rows_forgotten;

struct cursor {
	const uint8_t *at, *end;
	bool bad;
};

enum rule { RULE_KEPT, RULE_SAVED, RULE_UNDEFINED, RULE_OTHER };

/* What the instructions have said so far; offsets are from the caller's frame. */
struct row_state {
	uint64_t frame_register;
	int64_t frame_offset, rbp_offset, return_offset;
	enum rule rbp, back;
};

struct table {
	struct cursor common, own; /* instructions */
	uint64_t code_factor;
	int64_t data_factor;
	uint32_t pointer_bytes; /* of the addresses in the entry of a function */
	bool sized, odd;        /* odd: not understood */
};

/* --- reading ------------------------------------------------------------------------------------------------------- */

static uint64_t read_fixed(struct cursor *c, size_t bytes)
{
	uint64_t value = 0;
	if ((size_t)(c->end - c->at) < bytes) {
		c->bad = true;
		return 0;
	}
	memcpy(&value, c->at, bytes);
	c->at += bytes;
	return value;
}

static uint64_t read_bits(struct cursor *c, bool with_sign)
{
	uint64_t value = 0, byte = 0x80;
	uint32_t shift = 0;
	for (; byte & 0x80 && shift < 63; shift += 7) {
		byte = read_fixed(c, 1);
		value |= (byte & 0x7f) << shift;
	}
	return with_sign && byte & 0x40 ? value | ~(uint64_t)0 << shift : value;
}

static void pass_over(struct cursor *c, uint64_t bytes)
{
	if ((uint64_t)(c->end - c->at) < bytes)
		c->bad = true;
	else
		c->at += bytes;
}

/* DW_EH_PE_*: LSB, Linux Standard Base Core, 10.5.1. 0: not one of a fixed size. */
static uint32_t pointer_bytes(uint64_t encoding)
{
	static const uint8_t bytes[16] = { [0] = 8, [2] = 2, [3] = 4, [4] = 8, [10] = 2, [11] = 4, [12] = 8 };
	return (encoding & 0x70) == 0x50 ? 0 : bytes[encoding & 15];
}

/* What the letters of the augmentation say: 'R' is how addresses are encoded, 'P' and 'L' are for exceptions. */
static void read_augmentation(struct table *t, const char *letters)
{
	struct cursor *c = &t->common;
	t->pointer_bytes = 8;
	if (*letters != 'z') {
		t->odd = *letters != '\0';
		return;
	}
	t->sized = true;
	uint64_t bytes = read_bits(c, false);
	const uint8_t *behind = c->at + (bytes < (uint64_t)(c->end - c->at) ? bytes : (uint64_t)(c->end - c->at));
	for (letters++; *letters && !t->odd; letters++) {
		uint64_t encoding = read_fixed(c, 1);
		t->odd = (*letters != 'R' && *letters != 'P' && *letters != 'L') || (*letters != 'L' && !pointer_bytes(encoding));
		if (*letters == 'R')
			t->pointer_bytes = pointer_bytes(encoding);
		else if (*letters == 'P')
			pass_over(c, pointer_bytes(encoding));
	}
	c->at = behind;
}

/* The entry of a function, and the one that is common to many: length, id or distance, …: LSB Core, 10.6.1. */
static struct table read_table(const uint8_t *entry)
{
	struct table t = { .odd = false };
	int32_t distance;
	t.own = (struct cursor){ entry, entry + 8, false };
	t.own.end = entry + 4 + read_fixed(&t.own, 4);
	memcpy(&distance, t.own.at, sizeof(distance));
	const uint8_t *common = t.own.at - distance;
	pass_over(&t.own, 4);
	t.common = (struct cursor){ common, common + 8, false };
	t.common.end = common + 4 + read_fixed(&t.common, 4);
	pass_over(&t.common, 4);
	uint64_t version = read_fixed(&t.common, 1);
	const char *letters = (const char *)t.common.at;
	pass_over(&t.common, strlen(letters) + 1);
	t.code_factor = read_bits(&t.common, false);
	t.data_factor = (int64_t)read_bits(&t.common, true);
	t.odd = (version != 1 && version != 3) || (version == 1 ? read_fixed(&t.common, 1) : read_bits(&t.common, false)) != RETURN ||
		t.own.end - entry > ENTRY_BYTES_MAX || t.common.end - common > ENTRY_BYTES_MAX;
	if (!t.odd)
		read_augmentation(&t, letters);
	pass_over(&t.own, 2u * t.pointer_bytes);
	if (t.sized)
		pass_over(&t.own, read_bits(&t.own, false));
	return t;
}

/* --- instructions: DWARF 4, 6.4.2 ------------------------------------------------------------------------------------ */

static void set_rule(struct row_state *s, uint64_t reg, enum rule rule, int64_t offset)
{
	if (reg == RBP) {
		s->rbp = rule;
		s->rbp_offset = offset;
	} else if (reg == RETURN) {
		s->back = rule;
		s->return_offset = offset;
	} else if (reg == RSP) {
		s->back = RULE_OTHER; /* the caller's rsp is its frame, or this isn't for us */
	}
}

/* Of a register, not the moving on or the frame. False: not understood. */
static bool see_rule(const struct table *t, struct cursor *c, uint64_t code, struct row_state *s)
{
	uint64_t reg = read_bits(c, false);
	switch (code) {
	case 0x05: /* DW_CFA_offset_extended */
		set_rule(s, reg, RULE_SAVED, (int64_t)read_bits(c, false) * t->data_factor);
		return true;
	case 0x11: /* DW_CFA_offset_extended_sf */
		set_rule(s, reg, RULE_SAVED, (int64_t)read_bits(c, true) * t->data_factor);
		return true;
	case 0x07: /* DW_CFA_undefined */
		set_rule(s, reg, RULE_UNDEFINED, 0);
		return true;
	case 0x08: /* DW_CFA_same_value */
		set_rule(s, reg, RULE_KEPT, 0);
		return true;
	case 0x09: /* DW_CFA_register */
	case 0x14: /* DW_CFA_val_offset */
	case 0x15: /* DW_CFA_val_offset_sf */
		set_rule(s, reg, RULE_OTHER, 0);
		read_bits(c, false);
		return true;
	case 0x10: /* DW_CFA_expression */
	case 0x16: /* DW_CFA_val_expression */
		set_rule(s, reg, RULE_OTHER, 0);
		pass_over(c, read_bits(c, false));
		return true;
	}
	return false;
}

static bool see_frame(const struct table *t, struct cursor *c, uint64_t code, struct row_state *s)
{
	switch (code) {
	case 0x0c: /* DW_CFA_def_cfa */
		s->frame_register = read_bits(c, false);
		s->frame_offset = (int64_t)read_bits(c, false);
		return true;
	case 0x12: /* DW_CFA_def_cfa_sf */
		s->frame_register = read_bits(c, false);
		s->frame_offset = (int64_t)read_bits(c, true) * t->data_factor;
		return true;
	case 0x0d: /* DW_CFA_def_cfa_register */
		s->frame_register = read_bits(c, false);
		return true;
	case 0x0e: /* DW_CFA_def_cfa_offset */
		s->frame_offset = (int64_t)read_bits(c, false);
		return true;
	case 0x13: /* DW_CFA_def_cfa_offset_sf */
		s->frame_offset = (int64_t)read_bits(c, true) * t->data_factor;
		return true;
	case 0x0f: /* DW_CFA_def_cfa_expression: until another one says better */
		s->frame_register = UINT64_MAX;
		pass_over(c, read_bits(c, false));
		return true;
	}
	return see_rule(t, c, code, s);
}

/* The bytes of code that an instruction moves on; -1: it is another one. */
static int64_t distance_of(struct cursor *c, uint64_t code)
{
	static const uint8_t bytes[] = { [2] = 1, [3] = 2, [4] = 4 }; /* DW_CFA_advance_loc1, 2, 4 */
	if (code >> 6 == 1) /* DW_CFA_advance_loc */
		return (int64_t)(code & 63);
	return code >= 2 && code <= 4 ? (int64_t)read_fixed(c, bytes[code]) : -1;
}

/* Follows the instructions as far as they are for `wanted`, bytes from the function's beginning. initial: what a restored register is. */
static bool follow_table(const struct table *t, struct cursor c, uint64_t wanted, const struct row_state *initial, struct row_state *s)
{
	struct row_state remembered[REMEMBERED_MAX];
	uint64_t at = 0, depth = 0;
	while (c.at < c.end && !c.bad) {
		uint64_t code = read_fixed(&c, 1), reg = code & 63;
		int64_t distance = distance_of(&c, code);
		if (distance >= 0) {
			at += (uint64_t)distance * t->code_factor;
			if (at > wanted)
				return !c.bad;
		} else if (code >> 6 == 2) { /* DW_CFA_offset */
			set_rule(s, reg, RULE_SAVED, (int64_t)read_bits(&c, false) * t->data_factor);
		} else if (code >> 6 == 3 || code == 0x06) { /* DW_CFA_restore, DW_CFA_restore_extended */
			reg = code == 0x06 ? read_bits(&c, false) : reg;
			set_rule(s, reg, reg == RBP ? initial->rbp : initial->back, reg == RBP ? initial->rbp_offset : initial->return_offset);
		} else if (code == 0x0a && depth < REMEMBERED_MAX) { /* DW_CFA_remember_state */
			remembered[depth++] = *s;
		} else if (code == 0x0b && depth) { /* DW_CFA_restore_state */
			*s = remembered[--depth];
		} else if (code == 0x2e) { /* DW_CFA_GNU_args_size */
			read_bits(&c, false);
		} else if (code && !see_frame(t, &c, code, s)) {
			return false;
		}
	}
	return !c.bad;
}

/* --- rows ---------------------------------------------------------------------------------------------------------- */

static bool is_distance(int64_t bytes)
{
	return bytes > 0 && bytes % 8 == 0 && bytes >> (3 + OFFSET_BITS) == 0;
}

static struct rf_row row_of(const struct row_state *s)
{
	struct rf_row row = { .kind = s->frame_register == RSP ? RF_ROW_BY_RSP : RF_ROW_BY_RBP };
	if (s->back == RULE_UNDEFINED)
		return (struct rf_row){ .kind = RF_ROW_END };
	if ((s->frame_register != RSP && s->frame_register != RBP) || !is_distance(s->frame_offset) || s->back != RULE_SAVED ||
	    s->return_offset != -8 || s->rbp == RULE_OTHER || s->rbp == RULE_UNDEFINED ||
	    (s->rbp == RULE_SAVED && !is_distance(-s->rbp_offset)))
		return (struct rf_row){ .kind = RF_ROW_UNKNOWN };
	row.frame_offset = (uint32_t)s->frame_offset;
	row.rbp_offset = s->rbp == RULE_SAVED ? (uint32_t)-s->rbp_offset : 0;
	return row;
}

static struct rf_row work_out(uintptr_t pc)
{
	struct dwarf_eh_bases bases;
	struct row_state initial = { .frame_register = UINT64_MAX, .rbp = RULE_KEPT, .back = RULE_KEPT };
	const uint8_t *entry = _Unwind_Find_FDE((void *)pc, &bases);
	if (!entry)
		return (struct rf_row){ .kind = RF_ROW_NONE };
	const struct table t = read_table(entry);
	if (t.odd || t.common.bad || t.own.bad || !follow_table(&t, t.common, 0, &initial, &initial))
		return (struct rf_row){ .kind = RF_ROW_UNKNOWN };
	struct row_state state = initial;
	if (!follow_table(&t, t.own, pc - (uintptr_t)bases.function, &initial, &state))
		return (struct rf_row){ .kind = RF_ROW_UNKNOWN };
	return row_of(&state);
}

static void rf_rows_forget(void)
{
	atomic_fetch_add(&rows_forgotten, 1);
}

/* 0: it isn't kept there. */
static uint64_t kept_at(uint32_t at, uint64_t key)
{
	uint64_t value = atomic_load_explicit(&rows[at].value, memory_order_relaxed);
	return (atomic_load_explicit(&rows[at].mixed, memory_order_relaxed) ^ value) == key ? value : 0;
}

/* What is there moves to the other place of its pair: two addresses that meet would else be worked out anew each time. */
static void keep_at(uint32_t at, uint64_t key, uint64_t value)
{
	uint64_t old_value = atomic_load_explicit(&rows[at].value, memory_order_relaxed);
	uint64_t old_mixed = atomic_load_explicit(&rows[at].mixed, memory_order_relaxed);
	atomic_store_explicit(&rows[at ^ 1].value, old_value, memory_order_relaxed);
	atomic_store_explicit(&rows[at ^ 1].mixed, old_mixed, memory_order_relaxed);
	atomic_store_explicit(&rows[at].value, value, memory_order_relaxed);
	atomic_store_explicit(&rows[at].mixed, key ^ value, memory_order_relaxed);
}

static struct rf_row rf_row_at(uintptr_t pc, uint64_t object)
{
	uint64_t mark = (object + atomic_load_explicit(&rows_forgotten, memory_order_relaxed)) * 0x9e3779b97f4a7c15u;
	uint64_t key = pc ^ mark >> PC_BITS << PC_BITS;
	uint32_t at = (uint32_t)(pc * 0x9e3779b97f4a7c15u >> 54); /* 10 bits: ROWS */
	uint64_t value = kept_at(at, key);
	if (!value)
		value = kept_at(at ^ 1, key);
	if (value) {
		return (struct rf_row){ .kind = (enum rf_row_kind)(value & 7), .frame_offset = (uint32_t)(value >> 8 & 0xffffff) * 8,
					.rbp_offset = (uint32_t)(value >> 32 & 0xffffff) * 8 };
	}
	const struct rf_row row = work_out(pc);
	keep_at(at, key, (uint64_t)row.kind | 8u | (uint64_t)(row.frame_offset / 8) << 8 | (uint64_t)(row.rbp_offset / 8) << 32);
	return row;
}
