#include "unit.h"

#include <sys/wait.h>
#include <unistd.h>

#include "cmd/stream.h"

struct seen {
	struct rf_buf lines; /* each followed by | */
	size_t piece_bytes, pieces, first, last, idle;
};

static void on_line(void *context, rf_str line)
{
	struct seen *s = context;
	rf_buf_put_str(&s->lines, line);
	rf_buf_put_char(&s->lines, '|');
}

static void on_piece(void *context, rf_str bytes, bool first, bool last)
{
	struct seen *s = context;
	s->pieces++;
	s->piece_bytes += bytes.len;
	s->first += first;
	s->last += last;
}

static uint64_t on_idle(void *context)
{
	((struct seen *)context)->idle++;
	return 0;
}

static bool on_signal(void *context, int number, bool by_terminal)
{
	(void)context, (void)number, (void)by_terminal;
	return true;
}

/* What the loop makes of what a child writes. */
static void read_from(struct seen *s, void (*write_all)(int fd))
{
	struct rf_stream_handler handler = { s, on_line, on_piece, on_idle, on_signal };
	struct rf_error err = { 0 };
	int fds[2], status;
	*s = (struct seen){ 0 };
	rf_buf_init(&s->lines);
	assert_int_equal(pipe(fds), 0);
	pid_t pid = fork();
	if (pid == 0) {
		close(fds[0]);
		write_all(fds[1]);
		_exit(0);
	}
	close(fds[1]);
	assert_int_equal(rf_stream_read(fds[0], &handler, &err), 0);
	close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
}

static void put(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t n = write(fd, text, len);
		if (n <= 0)
			_exit(1);
		text += n;
		len -= (size_t)n;
	}
}

static void write_lines(int fd)
{
	put(fd, "one\ntw", 6);
	usleep(20000);
	put(fd, "o\n\na\0b\n\xff\nlast", 13);
}

static void test_lines(void **state)
{
	struct seen s;
	static const char want[] = "one\n|two\n|\n|a\0b\n|\xff\n|last|";
	(void)state;
	read_from(&s, write_lines);
	assert_int_equal(s.lines.len, sizeof(want) - 1);
	assert_memory_equal(s.lines.ptr, want, sizeof(want) - 1);
	assert_int_equal(s.pieces, 0);
	assert_true(s.idle >= 2); /* before each read */
	rf_buf_release(&s.lines);
}

#define LONG_BYTES (2 * RF_STREAM_LINE_BYTES_MAX + 12345)

static void write_long_line(int fd)
{
	static char block[65536];
	memset(block, 'x', sizeof(block));
	put(fd, "before\n", 7);
	for (size_t left = LONG_BYTES; left;) {
		size_t n = left < sizeof(block) ? left : sizeof(block);
		put(fd, block, n);
		left -= n;
	}
	put(fd, "\nafter\n", 7);
}

static void test_long_line(void **state)
{
	struct seen s;
	(void)state;
	read_from(&s, write_long_line);
	assert_str(rf_buf_str(&s.lines), "before\n|after\n|");
	assert_int_equal(s.piece_bytes, LONG_BYTES + 1);
	assert_int_equal(s.first, 1);
	assert_int_equal(s.last, 1);
	assert_true(s.pieces > 2);
	rf_buf_release(&s.lines);
}

static void write_nothing(int fd)
{
	(void)fd;
}

static void test_empty(void **state)
{
	struct seen s;
	(void)state;
	read_from(&s, write_nothing);
	assert_int_equal(s.lines.len + s.pieces, 0);
	rf_buf_release(&s.lines);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_long_line),
		cmocka_unit_test(test_empty),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
