/* Types of package variables, from DWARF as Go's linker writes it: two units, of which one is C's. */
#define RF_LAYOUT_THREAD_ID 8
#include "tests/unit/glue_fixture.h"

static const uint8_t abbrev_bytes[] = {
	1, TAG_UNIT, 1, AT_NAME, FORM_STRING, AT_LANGUAGE, FORM_DATA1, 0, 0,
	2, TAG_VARIABLE, 0, AT_NAME, FORM_STRING, AT_LOCATION, FORM_BLOCK1, AT_TYPE, FORM_REF_ADDR, 0, 0,
	3, TAG_STRUCT, 1, AT_NAME, FORM_STRING, AT_BYTES, FORM_UDATA, 0x80, 0x52, FORM_DATA1, 0, 0,
	4, TAG_MEMBER, 0, AT_NAME, FORM_STRING, AT_OFFSET, FORM_UDATA, AT_TYPE, FORM_REF_ADDR, 0, 0,
	5, TAG_ARRAY, 0, AT_NAME, FORM_STRING, AT_TYPE, FORM_REF_ADDR, AT_BYTES, FORM_DATA1, 0x80, 0x52, FORM_DATA1, 0, 0,
	6, TAG_TYPEDEF, 0, AT_NAME, FORM_STRING, AT_TYPE, FORM_REF_ADDR, 0, 0,
	7, 0x2e, 1, AT_NAME, FORM_STRING, 0, 0, /* a subprogram */
	8, 0x24, 0, AT_NAME, FORM_STRING, AT_BYTES, FORM_DATA1, 0x80, 0x52, FORM_DATA1, 0, 0, /* a base type */
	0
};

static uint8_t info[1024];
static size_t info_bytes;

static void put(uint64_t value, size_t bytes)
{
	memcpy(info + info_bytes, &value, bytes);
	info_bytes += bytes;
}

static void put_name(const char *name)
{
	memcpy(info + info_bytes, name, strlen(name) + 1);
	info_bytes += strlen(name) + 1;
}

static size_t begin_unit(uint64_t language)
{
	size_t start = info_bytes;
	put(0, 4);
	put(5, 2);
	put(UNIT_COMPILE, 1);
	put(8, 1);
	put(0, 4);
	put(1, 1);
	put_name("unit");
	put(language, 1);
	return start;
}

static void end_unit(size_t start)
{
	put(0, 1);
	uint32_t bytes = (uint32_t)(info_bytes - start - 4);
	memcpy(info + start, &bytes, sizeof(bytes));
}

static void put_variable(const char *name, uint64_t address, uint32_t type)
{
	put(2, 1);
	put_name(name);
	put(9, 1);
	put(OP_ADDR, 1);
	put(address, 8);
	put(type, 4);
}

static void put_member(const char *name, uint64_t offset, uint32_t type)
{
	put(4, 1);
	put_name(name);
	put(offset, 1);
	put(type, 4);
}

static uint32_t put_array(const char *name, uint32_t type, uint64_t bytes)
{
	uint32_t at = (uint32_t)info_bytes;
	put(5, 1);
	put_name(name);
	put(type, 4);
	put(bytes, 1);
	put(GO_ARRAY, 1);
	return at;
}

/* cart{n int32; (4 bytes) owner name; items [2][]string} */
static int build(void **state)
{
	(void)state;
	info_bytes = 0;
	size_t c = begin_unit(0x0c);
	put_variable("of C", 0x5010, 1);
	end_unit(c);
	size_t unit = begin_unit(LANGUAGE_GO);
	uint32_t number = (uint32_t)info_bytes;
	put(8, 1), put_name("int32"), put(4, 1), put(5, 1);
	uint32_t string = (uint32_t)info_bytes;
	put(8, 1), put_name("string"), put(16, 1), put(24, 1);
	uint32_t name = (uint32_t)info_bytes;
	put(6, 1), put_name("example.com/shop.name"), put(string, 4);
	uint32_t slice = (uint32_t)info_bytes;
	put(8, 1), put_name("[]*example.com/shop.cart"), put(24, 1), put(23, 1);
	uint32_t array = put_array("[2][]*example.com/shop.cart", slice, 48);
	uint32_t cart = (uint32_t)info_bytes;
	put(3, 1), put_name("example.com/shop.cart"), put(72, 1), put(GO_STRUCT, 1);
	put_member("n", 0, number);
	put_member("owner", 8, name);
	put_member("items", 24, array);
	put(0, 1);
	uint32_t carts = put_array("[3]example.com/shop.cart", cart, 216);
	put_variable("shop.carts", 0x5000, carts);
	put_variable("shop.count", 0x6000, number);
	put(7, 1), put_name("shop.f"), put_variable("local", 0x5800, number), put(0, 1);
	end_unit(unit);
	return 0;
}

struct answer {
	struct rf_type_query q;
	char path[32], type[24];
};

#define ROWS 8u

static bool ask_with(struct answer *a, const uint8_t *bytes, size_t count, uintptr_t address)
{
	struct rf_dwarf d = { bytes, abbrev_bytes, count, sizeof(abbrev_bytes) };
	struct rf_dwarf_variable rows[ROWS];
	struct rf_dwarf_list list = { rows, 0, ROWS };
	rf_dwarf_variables(&d, &list);
	const struct rf_dwarf_variable *v = rf_dwarf_nearest(&list, address);
	return v && rf_dwarf_type(&d, v, address - v->start, &a->q);
}

static bool ask_for(struct answer *a, const uint8_t *bytes, size_t count, uintptr_t address)
{
	memset(a, 0, sizeof(*a));
	a->q.path = (struct rf_text){ a->path, 0, sizeof(a->path) };
	a->q.type = (struct rf_text){ a->type, 0, sizeof(a->type) };
	return ask_with(a, bytes, count, address);
}

static void expect(uintptr_t address, uintptr_t kind, const char *path, const char *type)
{
	struct answer a;
	assert_int_equal(ask_for(&a, info, info_bytes, address), kind != 0);
	assert_int_equal(a.q.kind, kind);
	if (!kind)
		return;
	assert_int_equal(a.q.path.bytes, strlen(path));
	assert_memory_equal(a.path, path, strlen(path));
	assert_int_equal(a.q.type.bytes, strlen(type));
	assert_memory_equal(a.type, type, strlen(type));
}

static void fields_have_types(void **state)
{
	(void)state;
	expect(0x5000, 5, "[0].n", "int32");
	expect(0x5000 + 72 + 8, 24, "[1].owner", "shop.name");
	expect(0x5000 + 72 + 16, 24, "[1].owner", "shop.name");
	expect(0x5000 + 144 + 24 + 24, 23, "[2].items[1]", "[]*shop.cart");
	expect(0x6003, 5, "", "int32");
}

static void what_is_in_no_variable_has_none(void **state)
{
	(void)state;
	expect(0x5004, 0, "", "");       /* between two fields */
	expect(0x5000 + 216, 0, "", ""); /* behind the array, where C's and a function's own lie */
	expect(0x5800, 0, "", "");
	expect(0x6004, 0, "", "");
	expect(0x4fff, 0, "", "");
}

static void a_text_is_cut(void **state)
{
	struct answer a;
	(void)state;
	memset(&a, 0, sizeof(a));
	a.q.path = (struct rf_text){ a.path, 0, 5 };
	a.q.type = (struct rf_text){ a.type, 0, 3 };
	assert_true(ask_with(&a, info, info_bytes, 0x5050));
	assert_string_equal(a.path, "[1].o");
	assert_int_equal(a.q.type.bytes, 3);
}

/* Every cut and every changed byte: no access out of bounds, no endless loop. */
static void damage_is_harmless(void **state)
{
	static const uintptr_t addresses[] = { 0x5000, 0x5050, 0x50c0, 0x6000 };
	struct answer a;
	(void)state;
	for (size_t n = 0; n < info_bytes; n++) {
		uint8_t *copy = malloc(n ? n : 1);
		memcpy(copy, info, n);
		for (size_t i = 0; i < 4; i++)
			ask_for(&a, copy, n, addresses[i]);
		free(copy);
	}
	uint8_t *copy = malloc(info_bytes);
	memcpy(copy, info, info_bytes);
	for (size_t at = 0; at < info_bytes; at++) {
		for (unsigned value = 0; value < 256; value++) {
			copy[at] = (uint8_t)value;
			for (size_t i = 0; i < 4; i++)
				ask_for(&a, copy, info_bytes, addresses[i]);
		}
		copy[at] = info[at];
	}
	free(copy);
}

static void c_programs_have_no_types(void **state)
{
	struct rf_type_query q = { .address = (uintptr_t)&settings };
	(void)state;
	rf_global_type(&q);
	assert_int_equal(q.kind, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_have_types),
		cmocka_unit_test(what_is_in_no_variable_has_none),
		cmocka_unit_test(a_text_is_cut),
		cmocka_unit_test(damage_is_harmless),
		cmocka_unit_test(c_programs_have_no_types),
	};
	return cmocka_run_group_tests(tests, build, NULL);
}
