#include "store/intern.h"

#include <string.h>

void rf_intern_init(struct rf_intern *n)
{
	*n = (struct rf_intern){ .generation = 1, .life = 1 };
	rf_arena_init(&n->arena, 0);
	rf_arena_init(&n->scratch, 0);
}

void rf_intern_release(struct rf_intern *n)
{
	rf_arena_release(&n->arena);
	rf_arena_release(&n->scratch);
}

void rf_intern_forget(struct rf_intern *n)
{
	memset(n->frames, 0, sizeof(n->frames));
	memset(n->stacks, 0, sizeof(n->stacks));
	memset(n->findings, 0, sizeof(n->findings));
	memset(n->made, 0, sizeof(n->made));
	memset(n->files, 0, sizeof(n->files));
	rf_arena_reset(&n->arena);
	n->life++;
}

void rf_intern_limit(struct rf_intern *n)
{
	if (n->arena.used_total > RF_INTERN_BYTES_MAX || n->arena.failed)
		rf_intern_forget(n);
}

void rf_intern_forget_ids(struct rf_intern *n)
{
	n->generation++;
}

/* --- hashes, which only have to spread --------------------------------------------------------------------------- */

static uint64_t hash_u64(uint64_t hash, uint64_t v)
{
	hash = (hash ^ v) * 0x9fb21c651e98df25u;
	return hash ^ hash >> 32;
}

static uint64_t hash_str(uint64_t hash, rf_str s)
{
	uint64_t word;
	size_t i = 0;
	for (; i + sizeof(word) <= s.len; i += sizeof(word)) {
		memcpy(&word, s.ptr + i, sizeof(word));
		hash = hash_u64(hash, word);
	}
	word = s.len;
	if (s.len > i)
		memcpy((char *)&word + 1, s.ptr + i, s.len - i);
	return hash_u64(hash, word);
}

static uint64_t hash_frame(uint64_t hash, const struct rf_frame *f)
{
	hash = hash_str(hash, f->function);
	hash = hash_str(hash, f->file);
	hash = hash_u64(hash, f->line);
	return hash_u64(hash, f->pc ^ f->offset << 48);
}

static bool same_frame(const struct rf_frame *a, const struct rf_frame *b)
{
	return a->line == b->line && a->pc == b->pc && a->offset == b->offset && rf_str_eq(a->function, b->function) &&
	       rf_str_eq(a->file, b->file);
}

/* --- frames and stacks ------------------------------------------------------------------------------------------- */

/* Many frames are of one file. */
static rf_str keep_file(struct rf_intern *n, rf_str file)
{
	rf_str *kept = &n->files[hash_str(0, file) % RF_INTERN_FILES];
	if (!kept->ptr || !rf_str_eq(*kept, file))
		*kept = rf_arena_dup(&n->arena, file);
	return *kept;
}

static struct rf_known_frame *intern_frame(struct rf_intern *n, const struct rf_frame *frame)
{
	uint64_t hash = hash_frame(0, frame);
	struct rf_known_frame **bucket = &n->frames[hash % RF_INTERN_BUCKETS], *f = *bucket;
	while (f && (f->hash != hash || !same_frame(&f->frame, frame)))
		f = f->next;
	if (f)
		return f;
	f = rf_arena_alloc(&n->arena, sizeof(*f));
	if (!f)
		return NULL;
	*f = (struct rf_known_frame){ .next = *bucket, .frame = *frame, .hash = hash };
	f->frame.function = rf_arena_dup(&n->arena, frame->function);
	f->frame.file = keep_file(n, frame->file);
	return n->arena.failed ? NULL : (*bucket = f);
}

static struct rf_known_stack *add_stack(struct rf_intern *n, const struct rf_stack *stack, uint64_t hash)
{
	struct rf_known_stack **bucket = &n->stacks[hash % RF_INTERN_BUCKETS];
	struct rf_known_stack *k = rf_arena_alloc(&n->arena, sizeof(*k));
	struct rf_known_frame **frames = rf_arena_array(&n->arena, stack->count, sizeof(struct rf_known_frame *));
	if (!k || !frames)
		return NULL;
	*k = (struct rf_known_stack){ .next = *bucket, .hash = hash, .frames = frames, .count = stack->count, .cut = stack->cut };
	for (uint32_t i = 0; i < stack->count; i++) {
		frames[i] = intern_frame(n, &stack->frames[i]);
		if (!frames[i])
			return NULL;
	}
	return *bucket = k;
}

static bool is_stack(const struct rf_known_stack *k, const struct rf_stack *stack)
{
	bool same = k->count == stack->count && k->cut == stack->cut;
	for (uint32_t i = 0; same && i < k->count; i++)
		same = same_frame(&k->frames[i]->frame, &stack->frames[i]);
	return same;
}

static struct rf_known_stack *find_stack(struct rf_intern *n, const struct rf_stack *stack, uint64_t hash)
{
	struct rf_known_stack *k = n->stacks[hash % RF_INTERN_BUCKETS];
	while (k && (k->hash != hash || !is_stack(k, stack)))
		k = k->next;
	return k ? k : add_stack(n, stack, hash);
}

static struct rf_stack copy_stack(const struct rf_known_stack *k, rf_arena *arena)
{
	struct rf_stack stack = { .frames = rf_arena_array(arena, k->count, sizeof(*stack.frames)), .cut = k->cut };
	for (; stack.frames && stack.count < k->count; stack.count++)
		stack.frames[stack.count] = k->frames[stack.count]->frame;
	return stack;
}

/* For a while. */
static struct rf_stack view_stack(const struct rf_known_stack *k, rf_arena *arena)
{
	return k->copies ? (struct rf_stack){ k->copies, k->count, k->cut } : copy_stack(k, arena);
}

struct rf_stack rf_intern_stack(struct rf_intern *n, struct rf_known_stack *k)
{
	struct rf_stack stack = view_stack(k, &n->arena);
	k->copies = stack.frames;
	return stack;
}

static bool intern_stack(struct rf_intern *n, const struct rf_stack *stack, struct rf_known_stack **out)
{
	uint64_t hash = stack->cut;
	*out = NULL;
	if (stack->count == 0)
		return true;
	for (uint32_t i = 0; i < stack->count; i++)
		hash = hash_frame(hash, &stack->frames[i]);
	*out = find_stack(n, stack, hash);
	return *out;
}

bool rf_intern_report(struct rf_intern *n, const struct rf_report *report, struct rf_known_report *out)
{
	bool good = intern_stack(n, &report->allocated, &out->allocated);
	for (uint32_t i = 0; i < report->access_count && good; i++)
		good = intern_stack(n, &report->accesses[i].stack, &out->stacks[i]);
	for (uint32_t i = 0; i < report->goroutine_count && good; i++)
		good = intern_stack(n, &report->goroutines[i]->created, &out->created[i]);
	return good;
}

static bool adopt_stack(struct rf_intern *n, struct rf_known_stack *from, struct rf_known_stack **out)
{
	*out = NULL;
	if (!from)
		return true;
	if (from->twin_life != n->life) {
		rf_arena_reset(&n->scratch);
		struct rf_stack stack = view_stack(from, &n->scratch);
		from->twin = n->scratch.failed ? NULL : find_stack(n, &stack, from->hash);
		from->twin_life = from->twin ? n->life : 0;
	}
	*out = from->twin;
	return *out;
}

bool rf_intern_adopt(struct rf_intern *n, const struct rf_report *report, const struct rf_known_report *known,
		     struct rf_known_report *out)
{
	*out = (struct rf_known_report){ 0 };
	bool good = adopt_stack(n, known->allocated, &out->allocated);
	for (uint32_t i = 0; i < report->access_count && good; i++)
		good = adopt_stack(n, known->stacks[i], &out->stacks[i]);
	for (uint32_t i = 0; i < report->goroutine_count && good; i++)
		good = adopt_stack(n, known->created[i], &out->created[i]);
	return good;
}

uint64_t rf_intern_match_key(const struct rf_report *report, const struct rf_known_report *known)
{
	uint64_t keys[RF_REPORT_ACCESSES_MAX];
	for (uint32_t i = 0; i < report->access_count; i++) {
		struct rf_known_stack *k = known->stacks[i];
		if (k && !k->match_key)
			k->match_key = rf_stack_match_key(&report->accesses[i].stack);
		keys[i] = k ? k->match_key : rf_stack_match_key(&report->accesses[i].stack);
	}
	return rf_report_match_key_with(report, keys);
}

/* --- findings ---------------------------------------------------------------------------------------------------- */

static const struct rf_known_stack *created_of(const struct rf_report *report, const struct rf_known_report *known,
					       const struct rf_access *access)
{
	for (uint32_t i = 0; i < report->goroutine_count; i++) {
		if (report->goroutines[i] == access->goroutine)
			return known->created[i];
	}
	return NULL;
}

/* False: a goroutine that isn't among the report's, whose stack nobody has interned; or the program is a part of the finding. */
static bool key_of(const struct rf_report *report, const struct rf_known_report *known, struct rf_known_key *key)
{
	if (report->program.len)
		return false;
	*key = (struct rf_known_key){ .kind = (uint64_t)report->kind, .sides = report->access_count < 2 ? report->access_count : 2 };
	for (uint32_t i = 0; i < key->sides; i++) {
		key->stacks[i] = known->stacks[i];
		key->created[i] = created_of(report, known, &report->accesses[i]);
		key->freed[i] = report->accesses[i].freed | (uint64_t)report->accesses[i].act << 1;
		if (!key->created[i] && report->accesses[i].goroutine->created.count)
			return false;
	}
	return true;
}

static uint64_t hash_key(const struct rf_known_key *key)
{
	uint64_t hash = key->kind << 8 ^ key->sides;
	for (uint32_t i = 0; i < 2; i++) {
		hash = hash_u64(hash, key->stacks[i] ? key->stacks[i]->hash : 0);
		hash = hash_u64(hash, (key->created[i] ? key->created[i]->hash : 0) ^ key->freed[i]);
	}
	return hash;
}

static bool same_side(const struct rf_side *a, const struct rf_side *b)
{
	return a->operation == b->operation && a->missing == b->missing && a->of_thread == b->of_thread && a->access == b->access &&
	       rf_str_eq(a->leaf, b->leaf) && rf_str_eq(a->creator, b->creator);
}

static bool same_finding(const struct rf_finding *a, const struct rf_finding *b)
{
	bool same = a->kind == b->kind && strcmp(a->fingerprint, b->fingerprint) == 0 && strcmp(a->coarse, b->coarse) == 0 &&
		    a->wildcard == b->wildcard && strcmp(a->side_hash[0], b->side_hash[0]) == 0 &&
		    strcmp(a->side_hash[1], b->side_hash[1]) == 0 && a->side_count == b->side_count && a->classes == b->classes &&
		    rf_str_eq(a->title, b->title) && rf_str_eq(a->package, b->package);
	for (uint32_t i = 0; same && i < a->side_count; i++)
		same = same_side(&a->sides[i], &b->sides[i]);
	return same;
}

static void keep_side(struct rf_intern *n, struct rf_side *side)
{
	side->leaf = rf_arena_dup(&n->arena, side->leaf);
	side->creator = rf_arena_dup(&n->arena, side->creator);
}

/* NULL when out of memory. */
static const struct rf_finding *keep_finding(struct rf_intern *n, const struct rf_finding *made)
{
	struct rf_made_finding **bucket = &n->made[hash_str(0, rf_str_from(made->fingerprint)) % RF_INTERN_BUCKETS], *m = *bucket;
	while (m && !same_finding(&m->finding, made))
		m = m->next;
	if (m)
		return &m->finding;
	m = rf_arena_alloc(&n->arena, sizeof(*m));
	if (!m)
		return NULL;
	*m = (struct rf_made_finding){ *bucket, *made };
	for (uint32_t i = 0; i < made->side_count; i++)
		keep_side(n, &m->finding.sides[i]);
	m->finding.title = rf_arena_dup(&n->arena, made->title);
	m->finding.package = rf_arena_dup(&n->arena, made->package);
	*bucket = m;
	return n->arena.failed ? NULL : &m->finding;
}

/* NULL when out of memory. */
static const struct rf_finding *make_finding(struct rf_intern *n, const struct rf_known_key *key)
{
	struct rf_report report = { .kind = (enum rf_kind)key->kind, .access_count = (uint32_t)key->sides };
	struct rf_goroutine goroutines[2] = { { 0 }, { 0 } };
	struct rf_finding made;
	rf_arena_reset(&n->scratch);
	for (uint32_t i = 0; i < key->sides; i++) {
		if (key->created[i])
			goroutines[i].created = view_stack(key->created[i], &n->scratch);
		report.accesses[i].goroutine = &goroutines[i];
		report.accesses[i].freed = key->freed[i] & 1;
		report.accesses[i].put = report.accesses[i].freed && rf_kind_is_pool(report.kind);
		report.accesses[i].act = (enum rf_act)(key->freed[i] >> 1);
		if (key->stacks[i])
			report.accesses[i].stack = view_stack(key->stacks[i], &n->scratch);
	}
	rf_finding_make_brief(&report, &n->scratch, &made);
	return n->scratch.failed ? NULL : keep_finding(n, &made);
}

static const struct rf_finding *make_alone(const struct rf_report *report, rf_arena *arena)
{
	struct rf_finding *made = rf_arena_alloc(arena, sizeof(*made));
	if (made)
		rf_finding_make_brief(report, arena, made);
	return arena->failed ? NULL : made;
}

const struct rf_finding *rf_intern_finding(struct rf_intern *n, const struct rf_report *report,
					   struct rf_known_report *known, rf_arena *arena)
{
	struct rf_known_key key;
	if (!key_of(report, known, &key))
		return make_alone(report, arena);
	struct rf_known_finding **bucket = &n->findings[hash_key(&key) % RF_INTERN_BUCKETS], *f = *bucket;
	while (f && memcmp(&f->key, &key, sizeof(key)) != 0)
		f = f->next;
	if (!f) {
		f = rf_arena_alloc(&n->arena, sizeof(*f));
		if (!f)
			return NULL;
		f->key = key;
		f->finding = make_finding(n, &key);
		if (!f->finding)
			return NULL;
		f->next = *bucket;
		*bucket = f;
	}
	known->made = f;
	return f->finding;
}

/* --- suppressions ------------------------------------------------------------------------------------------------ */

void rf_intern_use_suppressions(struct rf_intern *n, const struct rf_suppressions *list)
{
	n->suppressions = list;
	n->list++;
}

static bool find_fits(struct rf_intern *n, const struct rf_report *report, struct rf_known_finding *f)
{
	const struct rf_suppressions *list = n->suppressions;
	rf_arena_reset(&n->scratch);
	const struct rf_suppression **fits = rf_arena_array(&n->scratch, list->count, sizeof(*fits));
	uint32_t count = 0;
	for (uint32_t i = 0; fits && i < list->count; i++) {
		struct rf_suppression entry = list->entries[i];
		entry.tag = RF_STR("");
		if (rf_suppression_fits(&entry, report, RF_STR("")))
			fits[count++] = &list->entries[i];
	}
	f->fits = fits ? rf_arena_array(&n->arena, count, sizeof(*fits)) : NULL;
	if (!f->fits)
		return false;
	for (uint32_t i = 0; i < count; i++)
		f->fits[i] = fits[i];
	f->fit_count = count;
	f->list = n->list;
	return true;
}

const struct rf_suppression *rf_intern_suppression(struct rf_intern *n, const struct rf_report *report,
						   const struct rf_known_report *known, rf_str tag, uint64_t now_unix_ns)
{
	struct rf_known_finding *f = known->made;
	if (!n->suppressions || n->suppressions->count == 0)
		return NULL;
	/* What is kept knows the first two accesses. */
	if (!f || report->access_count > 2 || (f->list != n->list && !find_fits(n, report, f)))
		return rf_suppressions_match(n->suppressions, report, tag, now_unix_ns);
	for (uint32_t i = 0; i < f->fit_count; i++) {
		const struct rf_suppression *entry = f->fits[i];
		if (!rf_suppression_expired(entry, now_unix_ns) && (entry->tag.len == 0 || rf_str_glob(entry->tag, tag)))
			return entry;
	}
	return NULL;
}
