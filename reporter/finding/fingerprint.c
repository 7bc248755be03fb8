#include "finding/finding.h"

#include "finding/canon.h"
#include "finding/class.h"
#include "finding/side.h"
#include "finding/stdlib.h"

#include <nettle/sha2.h>
#include <nettle/version.h>
#include <string.h>

static void digest_of(struct sha256_ctx *ctx, uint8_t digest[SHA256_DIGEST_SIZE])
{
#if NETTLE_VERSION_MAJOR >= 4
	sha256_digest(ctx, digest);
#else
	sha256_digest(ctx, SHA256_DIGEST_SIZE, digest);
#endif
}

static void put(struct sha256_ctx *ctx, rf_str s)
{
	sha256_update(ctx, s.len, (const uint8_t *)s.ptr);
}

/* SHA-256 in hex of "v1 KIND WHAT\n" and the given texts. */
static void hash(char out[RF_FINGERPRINT_BYTES + 1], enum rf_kind kind, const char *what, rf_str a, rf_str b)
{
	uint8_t digest[SHA256_DIGEST_SIZE];
	struct sha256_ctx ctx;
	_Static_assert(RF_FINGERPRINT_BYTES == 2 * SHA256_DIGEST_SIZE, "hex of SHA-256");
	_Static_assert(RF_FINGERPRINT_VERSION == 1, "the prefix below names the version");
	sha256_init(&ctx);
	put(&ctx, RF_STR("v1 "));
	put(&ctx, rf_str_from(rf_kind_name(kind)));
	put(&ctx, RF_STR(" "));
	put(&ctx, rf_str_from(what));
	put(&ctx, RF_STR("\n"));
	put(&ctx, a);
	put(&ctx, b);
	digest_of(&ctx, digest);
	rf_hex_put(out, digest, sizeof(digest));
	out[RF_FINGERPRINT_BYTES] = '\0';
}

/* What a finding is made of, on the way. */
struct making {
	const struct rf_report *report;
	rf_arena *arena;
	rf_str text[2]; /* of the sides */
};

/* Missing sides last, then by what the hashes see, then by what only the title sees (two missing sides can have creators),
 * so that the order of the report doesn't matter. */
static int compare(const struct making *m, const struct rf_side *a, const struct rf_side *b)
{
	if (a->missing != b->missing)
		return a->missing ? 1 : -1;
	int c = rf_str_cmp(m->text[0], m->text[1]);
	c = c ? c : rf_str_cmp(rf_side_exact(m->report, a, m->arena), rf_side_exact(m->report, b, m->arena));
	c = c ? c : rf_str_cmp(a->creator, b->creator);
	return c ? c : (int)a->operation - (int)b->operation;
}

static rf_str leaf_line(const struct rf_side *side, rf_arena *arena)
{
	if (side->missing)
		return RF_STR("missing\n");
	if (side->creator.len)
		return rf_arena_printf(arena, "%.*s created by %.*s\n", RF_STR_ARG(side->leaf),
				       RF_STR_ARG(side->creator));
	return rf_arena_printf(arena, "%.*s\n", RF_STR_ARG(side->leaf));
}

static void make_hashes(struct rf_finding *f, const rf_str text[2], rf_arena *arena)
{
	rf_str a = leaf_line(&f->sides[0], arena), b = leaf_line(&f->sides[1], arena);
	bool swap = rf_str_cmp(a, b) > 0;
	hash(f->fingerprint, f->kind, "default", text[0], text[1]);
	hash(f->coarse, f->kind, "coarse", swap ? b : a, swap ? a : b);
	for (int i = 0; i < 2; i++) {
		if (!f->sides[i].missing)
			hash(f->side_hash[i], f->kind, "side", text[i], RF_STR(""));
	}
}

/* --- words for people ------------------------------------------------------------------------------------------ */

static bool is_major_version(rf_str element)
{
	uint64_t n;
	return element.len > 1 && element.ptr[0] == 'v' && rf_str_u64(rf_str_skip(element, 1), &n);
}

/* "shop.(*Cart).Add" of "example.com/shop.(*Cart).Add"; the element before a trailing v2 is the name people use. */
static rf_str short_name(rf_str canonical, rf_arena *arena)
{
	rf_str package = rf_package_of(canonical, arena);
	rf_str behind = rf_str_skip(canonical, rf_canon_package_bytes(canonical) + 1);
	if (package.len == 0)
		return canonical;
	ptrdiff_t slash = rf_str_find_last(package, '/');
	rf_str last = rf_str_skip(package, (size_t)(slash + 1));
	if (slash > 0 && is_major_version(last)) {
		package = rf_str_take(package, (size_t)slash);
		last = rf_str_skip(package, (size_t)(rf_str_find_last(package, '/') + 1));
	}
	return rf_arena_printf(arena, "%.*s.%.*s", RF_STR_ARG(last), RF_STR_ARG(behind));
}

static rf_str side_name(const struct rf_side *side, rf_arena *arena)
{
	rf_str leaf = side->missing ? RF_STR("an unknown stack") : short_name(side->leaf, arena);
	if (side->creator.len == 0)
		return leaf;
	return rf_arena_printf(arena, "%.*s (%s of %.*s)", RF_STR_ARG(leaf), side->of_thread ? "thread" : "goroutine",
			       RF_STR_ARG(short_name(side->creator, arena)));
}

/* "map", "atomic, plain" or nothing when both sides are plain memory. */
static rf_str operations(const struct rf_finding *f, unsigned classes, rf_arena *arena)
{
	enum rf_operation a = f->sides[0].operation, b = f->sides[1].operation;
	if (classes & 1u << RF_CLASS_ATOMIC_COPY)
		return RF_STR("atomic, copy");
	if (f->sides[1].missing)
		b = a;
	if (a == b && (classes & 1u << RF_CLASS_ATOMIC))
		return RF_STR("atomic, plain");
	if (a == RF_OPERATION_PLAIN && b == RF_OPERATION_PLAIN)
		return RF_STR("");
	if (a == b)
		return rf_str_from(rf_operation_name(a));
	return rf_arena_printf(arena, "%s, %s", rf_operation_name(a), rf_operation_name(b));
}

/* " (string header)", " (map)", or nothing. Classes that the operations say already are not said twice. */
static rf_str qualities(const struct rf_finding *f, unsigned classes, rf_arena *arena)
{
	const unsigned said = 1u << RF_CLASS_MAP | 1u << RF_CLASS_ATOMIC | 1u << RF_CLASS_ATOMIC_COPY;
	rf_str all = operations(f, classes, arena);
	for (int i = RF_CLASS_COUNT; i-- > 0;) {
		if (classes & ~said & 1u << i)
			all = rf_arena_printf(arena, "%s%s%.*s", rf_class_words((enum rf_class)i), all.len ? ", " : "",
					      RF_STR_ARG(all));
	}
	return all.len ? rf_arena_printf(arena, " (%.*s)", RF_STR_ARG(all)) : RF_STR("");
}

/* The side that ends something, or made the other possible: what the other one came after, or meanwhile. */
static bool is_second(const struct rf_side *side)
{
	int action = (int)side->operation - RF_OPERATION_ACT;
	return side->operation == RF_OPERATION_FREE || side->operation == RF_OPERATION_PUT || action == RF_ACT_CLOSE ||
	       action == RF_ACT_START || action == RF_ACT_FINALIZE;
}

rf_str rf_finding_title(const struct rf_finding *f, unsigned classes, rf_arena *arena)
{
	rf_str a = side_name(&f->sides[0], arena), b = side_name(&f->sides[1], arena);
	if (f->kind == RF_KIND_USE_AFTER_GC)
		return rf_arena_printf(arena, "%s: %.*s after the collection", rf_kind_words(f->kind),
				       RF_STR_ARG(is_second(&f->sides[0]) ? b : a));
	if (rf_kind_is_alone(f->kind))
		return rf_arena_printf(arena, "%s in %.*s", rf_kind_words(f->kind), RF_STR_ARG(a));
	bool race = f->kind == RF_KIND_DATA_RACE, first = is_second(&f->sides[0]), second = is_second(&f->sides[1]);
	if (f->kind == RF_KIND_GOROUTINE_LEAK && first != second)
		return rf_arena_printf(arena, "%s: %.*s, started by %.*s", rf_kind_words(f->kind), RF_STR_ARG(first ? b : a),
				       RF_STR_ARG(first ? a : b));
	bool meanwhile = f->kind == RF_KIND_PUT_WHILE_USED || f->kind == RF_KIND_CLOSE_WHILE_SENDING;
	bool set = f->kind == RF_KIND_RESURRECTION || f->kind == RF_KIND_CLEANUP_KEEPS_ALIVE ||
		   f->kind == RF_KIND_FINALIZER_BACKLOG;
	const char *kind = rf_kind_words(f->kind);
	if (!race && f->kind != RF_KIND_LOST_IN_CHANNEL && first != second) {
		bool swap = first != meanwhile;
		const char *link = meanwhile ? " while" : set ? ", set by" : " after";
		return rf_arena_printf(arena, "%s: %.*s%s %.*s", kind, RF_STR_ARG(swap ? b : a), link, RF_STR_ARG(swap ? a : b));
	}
	rf_str ops = first && second ? RF_STR("") : qualities(f, classes, arena);
	if (rf_str_eq(a, b) && !f->sides[1].missing)
		return rf_arena_printf(arena, "%s%.*s in %.*s", kind, RF_STR_ARG(ops), RF_STR_ARG(a));
	return rf_arena_printf(arena, "%s%.*s: %.*s and %.*s", kind, RF_STR_ARG(ops), RF_STR_ARG(a), RF_STR_ARG(b));
}

/* The file of the frame that the side's leaf was taken from. */
static rf_str leaf_file(const struct rf_report *report, const struct rf_side *side)
{
	const struct rf_stack *stack = &report->accesses[side->access].stack;
	for (uint32_t i = 0; i < side->name_count; i++) {
		if (side->roles[i] == RF_FRAME_LEAF)
			return stack->frames[i].file;
	}
	return RF_STR("");
}

/* The package that `go test` would name: the external test package shop_test belongs to shop. C has none: there it is the
 * program. */
static rf_str package_of_side(const struct rf_report *report, const struct rf_side *side, rf_arena *arena)
{
	bool of_c = !rf_str_ends(leaf_file(report, side), ".go") || rf_canon_package_bytes(side->leaf) == 0;
	if (report->program.len && of_c)
		return report->program;
	if (side->creator.len)
		return rf_package_of(side->creator, arena);
	rf_str package = rf_package_of(side->leaf, arena);
	if (rf_str_ends(package, "_test") && rf_str_ends(leaf_file(report, side), "_test.go"))
		package.len -= sizeof("_test") - 1;
	return package;
}

/* Of the first side that user code is on; of the first side when there is none. */
static rf_str make_package(const struct rf_report *report, const struct rf_finding *f, rf_arena *arena)
{
	for (uint32_t i = 0; i < f->side_count; i++) {
		rf_str package = package_of_side(report, &f->sides[i], arena);
		if (package.len && !rf_stdlib_has(package))
			return package;
	}
	return package_of_side(report, &f->sides[0], arena);
}

static void make(const struct rf_report *report, bool brief, rf_arena *arena, struct rf_finding *out)
{
	struct making m = { report, arena, { RF_STR("missing\n"), RF_STR("missing\n") } };
	*out = (struct rf_finding){ .kind = report->kind };
	out->sides[0].missing = out->sides[1].missing = true;
	out->side_count = report->access_count < 2 ? report->access_count : 2;
	for (uint32_t i = 0; i < out->side_count; i++)
		rf_side_make(report, i, brief, arena, &out->sides[i], &m.text[i]);
	if (compare(&m, &out->sides[0], &out->sides[1]) > 0) {
		struct rf_side side = out->sides[0];
		rf_str text = m.text[0];
		out->sides[0] = out->sides[1];
		m.text[0] = m.text[1];
		out->sides[1] = side;
		m.text[1] = text;
	}
	/* A collection never has a stack: nothing is missing there. */
	bool alone = out->kind == RF_KIND_USE_AFTER_GC || rf_kind_is_alone(out->kind);
	out->wildcard = out->sides[0].missing || (out->sides[1].missing && !alone);
	make_hashes(out, m.text, arena);
	out->classes = report->classes | rf_classes_of(report, out);
	out->title = rf_finding_title(out, out->classes, arena);
	out->package = make_package(report, out, arena);
}

void rf_finding_make(const struct rf_report *report, rf_arena *arena, struct rf_finding *out)
{
	make(report, false, arena, out);
	hash(out->exact, out->kind, "exact", rf_side_exact(report, &out->sides[0], arena),
	     rf_side_exact(report, &out->sides[1], arena));
}

uint32_t rf_finding_more(const struct rf_report *report, rf_arena *arena, struct rf_side sides[RF_FINDING_MORE_MAX])
{
	rf_str text;
	uint32_t count = 0;
	for (uint32_t i = 2; i < report->access_count; i++)
		rf_side_make(report, i, false, arena, &sides[count++], &text);
	return count;
}

void rf_finding_make_brief(const struct rf_report *report, rf_arena *arena, struct rf_finding *out)
{
	make(report, true, arena, out);
	for (uint32_t i = 0; i < out->side_count; i++) {
		out->sides[i].names = NULL;
		out->sides[i].roles = NULL;
		out->sides[i].name_count = 0;
	}
}
