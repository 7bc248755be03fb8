#include "tsan-glue/dwarf.h"

#include <string.h>

/* DWARF 5, section 7; what is Go's own: cmd/internal/dwarf/dwarf.go */
enum { TAG_ARRAY = 0x01, TAG_MEMBER = 0x0d, TAG_POINTER = 0x0f, TAG_UNIT = 0x11, TAG_STRUCT = 0x13, TAG_TYPEDEF = 0x16,
       TAG_VARIABLE = 0x34 };
enum { AT_LOCATION = 0x02, AT_NAME = 0x03, AT_BYTES = 0x0b, AT_LANGUAGE = 0x13, AT_OFFSET = 0x38, AT_TYPE = 0x49,
       AT_GO_KIND = 0x2900 };
enum { FORM_ADDR = 0x01, FORM_DATA2 = 0x05, FORM_DATA4, FORM_DATA8, FORM_STRING, FORM_BLOCK1 = 0x0a, FORM_DATA1, FORM_FLAG,
       FORM_SDATA, FORM_UDATA = 0x0f, FORM_REF_ADDR, FORM_SEC_OFFSET = 0x17, FORM_EXPRLOC, FORM_FLAG_PRESENT,
       FORM_ADDRX = 0x1b };
#define LANGUAGE_GO 0x16u
#define UNIT_COMPILE 1u
#define OP_ADDR 0x03u
#define GO_ARRAY 17u
#define GO_STRUCT 25u
#define CODES 256u /* of abbreviations; Go has about 50 */

struct cursor {
	const uint8_t *at, *end;
	bool bad;
};

/* What is wanted of an entry. */
struct entry {
	const struct abbrev *abbrev; /* NULL: the end of a list of children */
	const char *name;
	uint64_t type, bytes, kind, offset, language;
	const uint8_t *location;
	uint64_t location_bytes;
};

struct unit {
	struct cursor body;
	uint32_t abbrevs; /* where in that section */
};

/* Of the unit that is being read. */
static struct abbrev_table {
	struct abbrev {
		uint64_t tag;
		const uint8_t *attributes; /* NULL: no such code */
		bool children;
	} codes[CODES];
	const uint8_t *end;
} abbrevs;

static uint64_t get(struct cursor *c, size_t bytes)
{
	uint64_t value = 0;
	if (c->bad || (size_t)(c->end - c->at) < bytes) {
		c->bad = true;
		return 0;
	}
	memcpy(&value, c->at, bytes); /* little-endian, as all machines that have this detector */
	c->at += bytes;
	return value;
}

static void skip(struct cursor *c, uint64_t bytes)
{
	if (c->bad || (uint64_t)(c->end - c->at) < bytes)
		c->bad = true;
	else
		c->at += bytes;
}

static uint64_t get_leb(struct cursor *c)
{
	uint64_t value = 0, byte = 0x80;
	for (unsigned shift = 0; !c->bad && (byte & 0x80); shift += 7) {
		byte = get(c, 1);
		if (shift < 64)
			value |= (byte & 0x7f) << shift;
	}
	return value;
}

static const char *get_string(struct cursor *c)
{
	const uint8_t *end = c->bad ? NULL : memchr(c->at, 0, (size_t)(c->end - c->at));
	const char *s = (const char *)c->at;
	if (!end) {
		c->bad = true;
		return NULL;
	}
	c->at = end + 1;
	return s;
}

/* --- entries ----------------------------------------------------------------------------------------------------- */

static bool abbrevs_read(const struct rf_dwarf *d, uint32_t at)
{
	struct cursor c = { d->abbrevs, d->abbrevs + d->abbrev_bytes, false };
	memset(&abbrevs, 0, sizeof(abbrevs));
	abbrevs.end = c.end;
	skip(&c, at);
	for (;;) {
		uint64_t code = get_leb(&c), tag = code ? get_leb(&c) : 0, children = code ? get(&c, 1) : 0;
		if (c.bad || code == 0 || code >= CODES)
			return !c.bad && code == 0;
		abbrevs.codes[code] = (struct abbrev){ tag, c.at, children != 0 };
		while ((get_leb(&c) | get_leb(&c)) && !c.bad)
			;
	}
}

static uint64_t get_block(struct cursor *c, uint64_t bytes, const uint8_t **out)
{
	*out = c->at;
	skip(c, bytes);
	return bytes;
}

static uint64_t get_number(struct cursor *c, uint64_t form)
{
	switch (form) {
	case FORM_DATA1:
	case FORM_FLAG:
		return get(c, 1);
	case FORM_DATA2:
		return get(c, 2);
	case FORM_DATA4:
	case FORM_REF_ADDR:
	case FORM_SEC_OFFSET:
		return get(c, 4);
	case FORM_DATA8:
	case FORM_ADDR:
		return get(c, 8);
	case FORM_UDATA:
	case FORM_SDATA:
	case FORM_ADDRX:
		return get_leb(c);
	case FORM_FLAG_PRESENT:
		return 1;
	}
	c->bad = true;
	return 0;
}

static void get_attribute(struct cursor *c, uint64_t attribute, uint64_t form, struct entry *out)
{
	if (form == FORM_STRING) {
		const char *s = get_string(c);
		if (attribute == AT_NAME)
			out->name = s;
		return;
	}
	if (form == FORM_BLOCK1 || form == FORM_EXPRLOC) {
		const uint8_t *block;
		uint64_t bytes = get_block(c, form == FORM_BLOCK1 ? get(c, 1) : get_leb(c), &block);
		if (attribute == AT_LOCATION) {
			out->location = block;
			out->location_bytes = bytes;
		}
		return;
	}
	uint64_t value = get_number(c, form);
	if (attribute == AT_TYPE)
		out->type = form == FORM_REF_ADDR ? value : 0;
	else if (attribute == AT_BYTES)
		out->bytes = value;
	else if (attribute == AT_GO_KIND)
		out->kind = value;
	else if (attribute == AT_OFFSET)
		out->offset = value;
	else if (attribute == AT_LANGUAGE)
		out->language = value;
}

static struct entry get_entry(struct cursor *c)
{
	struct entry e = { 0 };
	uint64_t code = get_leb(c);
	if (c->bad || code == 0)
		return e;
	if (code >= CODES || !abbrevs.codes[code].attributes) {
		c->bad = true;
		return e;
	}
	e.abbrev = &abbrevs.codes[code];
	struct cursor attributes = { e.abbrev->attributes, abbrevs.end, false };
	for (;;) {
		uint64_t attribute = get_leb(&attributes), form = get_leb(&attributes);
		if (attribute == 0 && form == 0)
			break;
		get_attribute(c, attribute, form, &e);
		if (c->bad || attributes.bad)
			break;
	}
	return e;
}

/* --- variables --------------------------------------------------------------------------------------------------- */

/* The next unit; false: none, or none that can be found. out->body is empty when it isn't one to look into. */
static bool get_unit(struct cursor *c, struct unit *out)
{
	uint64_t bytes = get(c, 4), version = 0, kind = UNIT_COMPILE;
	struct cursor body = { c->at, c->at, false };
	skip(c, bytes); /* which is too much for the long form's 0xffffffff */
	if (c->bad)
		return false;
	body.end = c->at;
	version = get(&body, 2);
	if (version >= 5) {
		kind = get(&body, 1);
		skip(&body, 1);
	}
	out->abbrevs = (uint32_t)get(&body, 4);
	if (version < 5)
		skip(&body, 1);
	if (version < 2 || version > 5 || kind != UNIT_COMPILE)
		body.at = body.end;
	out->body = body;
	return true;
}

/* Variables of the package are children of the unit; those of functions lie deeper. */
static void see_unit(struct unit *u, struct rf_dwarf_list *out)
{
	struct cursor *c = &u->body;
	struct entry e = get_entry(c);
	if (c->bad || !e.abbrev || e.abbrev->tag != TAG_UNIT || e.language != LANGUAGE_GO || !e.abbrev->children)
		return;
	for (uint32_t depth = 1; depth && c->at < c->end;) {
		e = get_entry(c);
		if (c->bad)
			return;
		if (!e.abbrev) {
			depth--;
			continue;
		}
		uintptr_t start = 0;
		if (depth == 1 && e.abbrev->tag == TAG_VARIABLE && e.location_bytes == 1 + sizeof(start) && e.location[0] == OP_ADDR)
			memcpy(&start, e.location + 1, sizeof(start));
		if (start && out->count < out->count_max)
			out->rows[out->count] = (struct rf_dwarf_variable){ start, (uint32_t)e.type, u->abbrevs };
		out->count += start != 0;
		depth += e.abbrev->children;
	}
}

static void rf_dwarf_variables(const struct rf_dwarf *dwarf, struct rf_dwarf_list *out)
{
	struct cursor c = { dwarf->info, dwarf->info + dwarf->info_bytes, false };
	struct unit u;
	uint32_t known = UINT32_MAX; /* whose abbreviations were read */
	bool good = false;
	out->count = 0;
	while (c.at < c.end && get_unit(&c, &u)) {
		if (u.body.at == u.body.end)
			continue;
		if (u.abbrevs != known)
			good = abbrevs_read(dwarf, u.abbrevs);
		known = u.abbrevs;
		if (good)
			see_unit(&u, out);
	}
}

static const struct rf_dwarf_variable *rf_dwarf_nearest(const struct rf_dwarf_list *list, uintptr_t address)
{
	const struct rf_dwarf_variable *best = NULL;
	for (size_t i = 0; i < list->count && i < list->count_max; i++) {
		const struct rf_dwarf_variable *v = &list->rows[i];
		if (v->start <= address && (!best || v->start > best->start))
			best = v;
	}
	return best;
}

/* --- types ------------------------------------------------------------------------------------------------------- */

static bool type_at(const struct rf_dwarf *d, uint64_t at, struct cursor *c, struct entry *out)
{
	if (at == 0 || at >= d->info_bytes)
		return false;
	*c = (struct cursor){ d->info + at, d->info + d->info_bytes, false };
	*out = get_entry(c);
	return !c->bad && out->abbrev;
}

/* 0: unknown, or of no bytes. */
static uint64_t type_bytes(const struct rf_dwarf *d, uint64_t at)
{
	struct cursor c;
	struct entry e;
	for (uint32_t depth = 0; depth < RF_DWARF_DEPTH_MAX && type_at(d, at, &c, &e); depth++) {
		if (e.abbrev->tag == TAG_POINTER)
			return sizeof(uintptr_t);
		if (e.abbrev->tag != TAG_TYPEDEF)
			return e.bytes;
		at = e.type;
	}
	return 0;
}

/* The field of a struct at the offset, among the children at c. */
static bool field_at(const struct rf_dwarf *d, struct cursor *c, uint64_t offset, struct entry *out)
{
	for (;;) {
		*out = get_entry(c);
		if (c->bad || !out->abbrev || out->abbrev->tag != TAG_MEMBER || out->abbrev->children)
			return false;
		if (out->offset <= offset && offset - out->offset < type_bytes(d, out->type))
			return out->name != NULL;
	}
}

static void text_put(struct rf_text *t, const char *s, size_t bytes)
{
	size_t room = t->bytes_max - t->bytes;
	memcpy(t->ptr + t->bytes, s, bytes < room ? bytes : room);
	t->bytes += bytes < room ? bytes : room;
}

static void text_put_index(struct rf_text *t, uint64_t n)
{
	char digits[24];
	size_t at = sizeof(digits);
	digits[--at] = ']';
	do
		digits[--at] = (char)('0' + n % 10);
	while (n /= 10);
	digits[--at] = '[';
	text_put(t, digits + at, sizeof(digits) - at);
}

/* "[]*example.com/shop.Cart" as reflect says it: "[]*shop.Cart". */
static void text_put_type(struct rf_text *t, const char *name)
{
	for (; *name; name++) {
		text_put(t, name, 1);
		while (*name == '/' && t->bytes && !memchr(" []*(){},;", t->ptr[t->bytes - 1], 10))
			t->bytes--;
	}
}

static bool rf_dwarf_type(const struct rf_dwarf *dwarf, const struct rf_dwarf_variable *variable, uintptr_t offset,
			  struct rf_type_query *q)
{
	uint64_t at = variable->type;
	const char *name = NULL; /* of a type that another one stands for */
	if (!abbrevs_read(dwarf, variable->abbrevs) || offset >= type_bytes(dwarf, at))
		return false;
	for (uint32_t depth = 0; depth < RF_DWARF_DEPTH_MAX; depth++) {
		struct cursor c;
		struct entry e, field;
		if (!type_at(dwarf, at, &c, &e))
			return false;
		uint64_t bytes = e.kind == GO_ARRAY ? type_bytes(dwarf, e.type) : 0;
		if (e.kind == GO_STRUCT && e.abbrev->tag == TAG_STRUCT) {
			if (!e.abbrev->children || !field_at(dwarf, &c, offset, &field))
				return false;
			text_put(&q->path, ".", 1);
			text_put(&q->path, field.name, strlen(field.name));
			at = field.type;
			offset -= field.offset;
		} else if (e.kind == GO_ARRAY && e.abbrev->tag == TAG_ARRAY) {
			if (!bytes)
				return false;
			text_put_index(&q->path, offset / bytes);
			at = e.type;
			offset %= bytes;
		} else if (e.kind) {
			text_put_type(&q->type, name ? name : e.name ? e.name : "");
			q->kind = e.kind;
			return true;
		} else if (e.abbrev->tag == TAG_TYPEDEF) {
			name = name ? name : e.name;
			at = e.type;
			continue;
		} else {
			return false;
		}
		name = NULL;
	}
	return false;
}
