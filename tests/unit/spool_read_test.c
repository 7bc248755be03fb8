#include "read/spool_private.h"
#include "read/racetext.h"
#include "spool_fixture.h"

#include <unistd.h>

static void test_process(void **state)
{
	(void)state;
	spool_sample(&b);
	struct rf_spool *s = opened(spool_end(&b));
	const struct rf_process *p = rf_spool_process(s);
	assert_true(p->instrumented && p->is_test);
	assert_memory_equal(p->spool_id, "0123456789abcdef", 16);
	assert_int_equal(p->pid, 4711);
	assert_int_equal(p->start_unix_ns, 1000);
	assert_false(p->finished);
	assert_str(p->arguments, "/tmp/shop.test -test.v");
	assert_str(p->main_package, "example.com/shop");
	assert_str(p->go_version, "go1.26.8");
	assert_str(p->trace_id, "4bf92f3577b34da6a3ce929d0e0e4736");
	assert_str(p->tag, "order-service");
	assert_str(p->traceparent, "");
	assert_int_equal(p->gomaxprocs, 4);
	rf_spool_close(s);
}

static void assert_report(const struct rf_report *r)
{
	assert_int_equal(r->kind, RF_KIND_DATA_RACE);
	assert_true(r->from_spool);
	assert_int_equal(r->memory, RF_MEMORY_HEAP);
	assert_int_equal(r->memory_bytes, 48);
	assert_str(r->allocated.frames[0].function, "main.main");
	assert_int_equal(r->allocated_goid, 1);
	assert_int_equal(r->access_count, 2);
	const struct rf_access *a = &r->accesses[0], *w = &r->accesses[1];
	assert_false(a->write || a->previous || a->atomic);
	assert_true(w->write && w->previous && w->atomic);
	assert_int_equal(a->address, 0xc000012028);
	assert_int_equal(a->size, 8);
	assert_int_equal(a->stack.count, 2);
	assert_str(a->stack.frames[0].function, "example.com/shop.(*Cart).Add");
	assert_str(a->stack.frames[0].file, "/src/cart.go");
	assert_int_equal(a->stack.frames[0].line, 12);
	assert_int_equal(a->stack.frames[0].offset, 0x3a);
	assert_str(w->stack.frames[1].function, "main.main");
	assert_int_equal(a->goroutine->goid, 20);
	assert_str(a->goroutine->test, "TestCart/empty");
	assert_true(a->goroutine->test_known);
	assert_str(a->goroutine->entry, "example.com/shop.TestCart.func1");
	assert_int_equal(a->goroutine->label_count, 2);
	assert_str(a->goroutine->labels[0].key, "tag");
	assert_str(a->goroutine->labels[0].value, "payment");
	assert_str(a->goroutine->labels[1].value, "7");
	assert_true(w->goroutine->is_main);
	assert_str(w->goroutine->state, "chan receive");
	assert_int_equal(r->switch_count, 2);
	assert_str(r->switches[1].reason, "exited");
	assert_int_equal(r->switches[0].to_goid, 20);
}

static void test_reports(void **state)
{
	struct rf_report r;
	(void)state;
	spool_sample(&b);
	struct rf_spool *s = opened(spool_end(&b));
	assert_true(rf_spool_next(s, &arena, &r));
	assert_report(&r);
	assert_int_equal(r.record_sequence, 6);
	assert_true(rf_spool_next(s, &arena, &r));
	assert_int_equal(r.record_sequence, 7);
	assert_false(rf_spool_next(s, &arena, &r));
	assert_int_equal(rf_spool_counters(s)->reports, 2);
	assert_int_equal(rf_spool_counters(s)->switches, 12);
	const struct rf_spool_drops *d = rf_spool_dropped(s);
	assert_int_equal(d->records_bad + d->records_unknown + d->bytes_torn, 0);
	rf_spool_close(s);
	assert_report(&r); /* its memory is the arena's, not the reader's */
}

/* What is known of the memory goes to the report behind it, and to no other. */
static void test_objects(void **state)
{
	struct rf_report r;
	uint32_t ids[4];
	(void)state;
	for (int lost = 0; lost < 2; lost++) {
		spool_begin(&b);
		for (int i = 0; i < 4; i++)
			ids[i] = spool_symbol(&b, "main.f", "/a.go", (uint32_t)i + 1);
		struct rf_spool_object *o = spool_record(&b, RF_SPOOL_OBJECT, sizeof(*o));
		o->kind = 23;
		o->flags = RF_SPOOL_OBJECT_CONTEXT;
		o->type = spool_text(&b, "[]string");
		o->path = spool_text(&b, "shop.Cart.items");
		spool_commit(&b);
		b.sequence += (uint32_t)lost; /* of the report that it was about */
		spool_report(&b, ids);
		spool_report(&b, ids);
		struct rf_spool *s = opened(spool_end(&b));
		assert_true(rf_spool_next(s, &arena, &r));
		assert_int_equal(r.memory_kind, lost ? 0 : 23);
		assert_str(r.memory_type, lost ? "" : "[]string");
		assert_str(r.memory_name, lost ? "" : "shop.Cart.items");
		assert_true(r.memory_in_context == !lost);
		assert_true(rf_spool_next(s, &arena, &r));
		assert_int_equal(r.memory_kind, 0);
		assert_str(r.memory_type, "");
		assert_int_equal(rf_spool_dropped(s)->records_unknown + rf_spool_dropped(s)->records_bad, 0);
		rf_spool_close(s);
	}
}

/* A file of format 1, kept since the format was made: the builder above changes with the headers, the file does not. */
static void test_file_of_format_1(void **state)
{
	const char *directory = getenv("RF_CORPUS") ? getenv("RF_CORPUS") : "tests/corpus";
	char path[1024];
	struct rf_spool *s;
	struct rf_error err = { 0 };
	struct rf_report r;
	(void)state;
	snprintf(path, sizeof(path), "%s/format-1.spool", directory);
	if (rf_spool_open(&s, path, &err))
		fail_msg("%s", err.text);
	for (int i = 0; i < 2; i++) {
		assert_true(rf_spool_next(s, &arena, &r));
		assert_report(&r);
	}
	assert_false(rf_spool_next(s, &arena, &r));
	assert_str(rf_spool_process(s)->main_package, "example.com/shop");
	assert_int_equal(rf_spool_symbol_count(s), 4);
	assert_int_equal(rf_spool_counters(s)->reports, 2);
	assert_int_equal(rf_spool_dropped(s)->records_bad, 0);
	rf_spool_close(s);
}

static void test_symbols(void **state)
{
	struct rf_spool_symbol_info info;
	(void)state;
	spool_begin(&b);
	spool_symbol(&b, "main.f", "/a.go", 3);
	b.symbols += 2; /* two were dropped */
	spool_symbol(&b, "\?\?", "-", 0);
	struct rf_spool *s = opened(spool_end(&b));
	assert_int_equal(rf_spool_symbol_count(s), 4);
	assert_true(rf_spool_symbol_at(s, 0, &info));
	assert_str(info.function, "main.f");
	assert_int_equal(info.line, 3);
	assert_int_equal(info.argument_bytes, 16);
	assert_false(rf_spool_symbol_at(s, 1, &info));
	assert_false(rf_spool_symbol_at(s, 2, &info));
	assert_true(rf_spool_symbol_at(s, 3, &info));
	assert_str(info.function, ""); /* the runtime's words for unknown */
	assert_str(info.file, "");
	assert_false(rf_spool_symbol_at(s, 4, &info));
	rf_spool_close(s);
}

/* The same report as text and as a record gives the same key, which joins them. */
static void test_match_key_of_text(void **state)
{
	struct rf_report spool, text;
	bool incomplete;
	(void)state;
	spool_sample(&b);
	struct rf_spool *s = opened(spool_end(&b));
	assert_true(rf_spool_next(s, &arena, &spool));
	assert_true(rf_racetext_parse(RF_STR("WARNING: DATA RACE\n"
					     "Read at 0x00c000012028 by goroutine 7:\n"
					     "  example.com/shop.(*Cart).Add()\n      /src/cart.go:12 +0x3a\n"
					     "  example.com/shop.TestCart.func1()\n      /src/cart_test.go:30 +0x3a\n\n"
					     "Previous write at 0x00c000012028 by main goroutine:\n"
					     "  runtime.mapassign_faststr()\n      /go/maps.go:263 +0x3a\n"
					     "  main.main()\n      /src/main.go:7 +0x3a\n"), &arena, &text, &incomplete));
	assert_true(rf_report_match_key(&spool) == rf_report_match_key(&text));
	rf_spool_close(s);
}

static void test_refused_files(void **state)
{
	struct rf_spool *s;
	struct rf_error err = { 0 };
	struct rf_spool_file_header *h = (struct rf_spool_file_header *)(void *)b.bytes;
	(void)state;
	assert_int_equal(rf_spool_open_bytes(&s, RF_STR("{\"Action\":\"start\"}"), &err), RF_ERR_INPUT);
	assert_says(err, "not a spool");
	assert_null(s);
	assert_int_equal(rf_spool_open_bytes(&s, RF_STR(""), &err), RF_ERR_INPUT);
	assert_says(err, "run it again");
	spool_begin(&b);
	assert_int_equal(rf_spool_open_bytes(&s, (rf_str){ b.bytes, 63 }, &err), RF_ERR_INPUT);
	h->version_major = 2;
	assert_int_equal(rf_spool_open_bytes(&s, spool_end(&b), &err), RF_ERR_VERSION);
	assert_says(err, "update");
	spool_begin(&b);
	h->header_bytes = 60;
	assert_int_equal(rf_spool_open_bytes(&s, spool_end(&b), &err), RF_ERR_INPUT);
	memset(b.bytes, 0, 4096); /* space was taken, nothing written */
	assert_int_equal(rf_spool_open_bytes(&s, (rf_str){ b.bytes, 4096 }, &err), RF_ERR_INPUT);
	assert_says(err, "killed");
	assert_int_equal(rf_spool_open(&s, "/no/such.spool", &err), RF_ERR_IO);
	assert_says(err, "/no/such.spool");
	assert_int_equal(rf_spool_open(&s, "/tmp", &err), RF_ERR_INPUT);
}

/* A longer header and a later minor version are read. */
static void test_later_minor_version(void **state)
{
	struct rf_spool_file_header *h = (struct rf_spool_file_header *)(void *)b.bytes;
	struct rf_spool_drops d;
	(void)state;
	spool_begin(&b);
	h->version_minor = 9;
	h->header_bytes = 128;
	b.used = 128;
	spool_process(&b);
	spool_record(&b, 77, sizeof(struct rf_spool_record));
	spool_text(&b, "something new");
	spool_commit(&b);
	uint32_t id = spool_symbol(&b, "main.f", "/a.go", 1), ids[4] = { id, id, id, id };
	spool_report(&b, ids);
	assert_int_equal(count_reports(spool_end(&b), &d), 1);
	assert_int_equal(d.records_unknown, 1);
	assert_int_equal(d.records_bad, 0);
}

static void write_all(int fd, const char *bytes, size_t from, size_t to)
{
	assert_int_equal(pwrite(fd, bytes + from, to - from, (off_t)from), (ssize_t)(to - from));
}

/* A file that grows under the reader, with space taken ahead, record by record and in the middle of records. */
static void test_growing_file(void **state)
{
	char path[] = "/tmp/rf-spool-XXXXXX";
	struct rf_spool *s;
	struct rf_error err = { 0 };
	struct rf_report r;
	(void)state;
	int fd = mkstemp(path), found = 0;
	assert_true(fd >= 0);
	spool_sample(&b);
	assert_int_equal(ftruncate(fd, 65536), 0);
	size_t written = sizeof(struct rf_spool_file_header);
	write_all(fd, b.bytes, 0, written);
	assert_int_equal(rf_spool_open(&s, path, &err), 0);
	assert_false(rf_spool_next(s, &arena, &r));
	assert_int_equal(rf_spool_process(s)->main_package.len, 0);
	for (size_t at = written; at < b.used;) {
		uint32_t length, padded, zero = 0;
		memcpy(&length, b.bytes + at, sizeof(length));
		padded = (length + 7) & ~7u;
		write_all(fd, b.bytes, at + 4, at + padded / 2); /* half of it, no length yet */
		assert_int_equal(rf_spool_refresh(s, &err), 0);
		assert_false(rf_spool_next(s, &arena, &r));
		assert_true(rf_spool_dropped(s)->bytes_torn > 0);
		write_all(fd, b.bytes, at + 4, at + padded);
		assert_int_equal(pwrite(fd, &zero, 4, (off_t)at), 4);
		write_all(fd, b.bytes, at, at + 4);
		assert_int_equal(rf_spool_refresh(s, &err), 0);
		while (rf_spool_next(s, &arena, &r)) {
			assert_report(&r);
			found++;
		}
		at += padded;
	}
	assert_int_equal(found, 2);
	assert_str(rf_spool_process(s)->main_package, "example.com/shop");
	assert_false(rf_spool_process(s)->finished);
	((struct rf_spool_file_header *)(void *)b.bytes)->finished = 1;
	write_all(fd, b.bytes, 0, sizeof(struct rf_spool_file_header));
	assert_int_equal(rf_spool_refresh(s, &err), 0);
	assert_true(rf_spool_process(s)->finished);
	const struct rf_spool_drops *d = rf_spool_dropped(s);
	assert_int_equal(d->records_bad + d->bytes_torn, 0);
	assert_int_equal(ftruncate(fd, 100), 0);
	assert_int_equal(rf_spool_refresh(s, &err), RF_ERR_IO);
	assert_says(err, "cut");
	rf_spool_close(s);
	close(fd);
	unlink(path);
}

/* The process finishes a record between our reading its start and its end: it is read again, not called bad. */
static void test_record_finished_while_read(void **state)
{
	char path[] = "/tmp/rf-spool-XXXXXX";
	struct rf_spool *s;
	struct rf_error err = { 0 };
	struct rf_report r;
	(void)state;
	int fd = mkstemp(path), found = 0;
	assert_true(fd >= 0);
	spool_sample(&b);
	write_all(fd, b.bytes, 0, b.used);
	b.bytes[b.used - 200] ^= 1; /* what an earlier read saw */
	assert_int_equal(rf_spool_open(&s, path, &err), 0);
	memcpy(s->owned, b.bytes, b.used);
	while (rf_spool_next(s, &arena, &r))
		found++;
	assert_int_equal(found, 2);
	assert_int_equal(rf_spool_dropped(s)->records_bad, 0);
	rf_spool_close(s);
	close(fd);
	unlink(path);
}

static void test_crc(void **state)
{
	(void)state;
	assert_int_equal(rf_crc32c(0, "123456789", 9), 0xe3069283); /* the check value of CRC-32C */
	assert_int_equal(rf_crc32c(rf_crc32c(0, "1234", 4), "56789", 5), 0xe3069283);
	assert_int_equal(rf_crc32c(0, "", 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_process),
		cmocka_unit_test(test_reports),
		cmocka_unit_test(test_objects),
		cmocka_unit_test(test_file_of_format_1),
		cmocka_unit_test(test_symbols),
		cmocka_unit_test(test_match_key_of_text),
		cmocka_unit_test(test_refused_files),
		cmocka_unit_test(test_later_minor_version),
		cmocka_unit_test(test_growing_file),
		cmocka_unit_test(test_record_finished_while_read),
		cmocka_unit_test(test_crc),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
