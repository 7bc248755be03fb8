#include "tsan-glue/spool.h"

#include "tsan-glue/crc32c.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* File space is taken in steps: small, since every race process of a big test run has a file. */
#define SPOOL_STEP_BYTES ((uint64_t)64 << 10)
#define SPOOL_FD_MIN 900 /* out of the way of programs that count on low numbers, below select's 1024 */

static struct {
	char *map;           /* RF_SPOOL_FILE_BYTES_MAX of address space over the file; NULL: not active */
	int fd;              /* may be closed by the program, and its number used again: only through spool_fd() */
	dev_t device;        /* with inode: which file is ours */
	ino_t inode;
	pid_t pid;           /* a forked child must not write into its parent's file */
	uint64_t used;       /* bytes of records and header */
	uint64_t allocated;  /* bytes of file space */
	uint32_t sequence;
	bool gave_up;
	char path[1024];
} spool = { .fd = -1 };

/* One record; 8-aligned, so that structs in it can be written in place. */
static _Alignas(8) char record_bytes[RF_SPOOL_RECORD_BYTES_MAX];
static uint32_t record_used;
static bool record_cut;

static uint64_t now_unix_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* The one line that this process ever says about us. */
static void spool_give_up(const char *path, int error)
{
	char line[512];
	if (spool.gave_up)
		return;
	spool.gave_up = true;
	int n = snprintf(line, sizeof(line), "redflag: cannot write the spool %s (%s): findings of this process stay in its text output\n",
			 path, strerror(error));
	if (n > 0 && write(2, line, (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1) < 0)
		return;
}

static bool rf_spool_size_allowed(uint64_t bytes)
{
	struct rlimit limit;
	return getrlimit(RLIMIT_FSIZE, &limit) || limit.rlim_cur == RLIM_INFINITY || bytes <= limit.rlim_cur;
}

static bool fd_is_spool(int fd)
{
	struct stat st;
	return fd >= 0 && fstat(fd, &st) == 0 && st.st_dev == spool.device && st.st_ino == spool.inode;
}

/* A descriptor of the spool, or -1. Programs close descriptors that they don't know (daemons, before exec); what the
 * number stands for then is a file of theirs. */
static int spool_fd(void)
{
	if (fd_is_spool(spool.fd))
		return spool.fd;
	spool.fd = -1;
	int fd = open(spool.path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (fd_is_spool(fd))
		spool.fd = fd;
	else if (fd >= 0)
		close(fd);
	return spool.fd;
}

/* Space for `end` bytes of file. posix_fallocate allocates blocks, so a later store can't meet a full disk. */
static bool spool_allocate(uint64_t end)
{
	if (end <= spool.allocated)
		return true;
	if (spool.gave_up)
		return false;
	uint64_t target = (end + SPOOL_STEP_BYTES - 1) / SPOOL_STEP_BYTES * SPOOL_STEP_BYTES;
	int fd = spool_fd();
	int error = fd < 0 ? EBADF : rf_spool_size_allowed(target) ? EINTR : EFBIG;
	while (error == EINTR)
		error = posix_fallocate(fd, (off_t)spool.allocated, (off_t)(target - spool.allocated));
	if (error) {
		spool_give_up(spool.path, error);
		return false;
	}
	spool.allocated = target;
	return true;
}

static bool spool_write_header(void)
{
	struct rf_spool_file_header header = {
		.version_major = RF_SPOOL_VERSION_MAJOR,
		.version_minor = RF_SPOOL_VERSION_MINOR,
		.header_bytes = sizeof(header),
		.start_unix_ns = now_unix_ns(),
		.pid = (uint32_t)spool.pid,
	};
	memcpy(header.magic, RF_SPOOL_MAGIC, sizeof(header.magic));
	if (getrandom(header.spool_id, sizeof(header.spool_id), GRND_NONBLOCK) != sizeof(header.spool_id)) {
		uint64_t pid = header.pid;
		memcpy(header.spool_id, &header.start_unix_ns, 8);
		memcpy(header.spool_id + 8, &pid, 8);
	}
	if (!spool_allocate(sizeof(header)))
		return false;
	memcpy(spool.map, &header, sizeof(header));
	spool.used = sizeof(header);
	return true;
}

static bool spool_create(void)
{
	struct stat st;
	int fd = open(spool.path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || fstat(fd, &st))
		return false;
	spool.device = st.st_dev;
	spool.inode = st.st_ino;
	spool.fd = fcntl(fd, F_DUPFD_CLOEXEC, SPOOL_FD_MIN);
	if (spool.fd < 0)
		spool.fd = fd; /* a low limit of descriptors */
	else
		close(fd);
	return true;
}

static void spool_open(const char *directory)
{
	int n = snprintf(spool.path, sizeof(spool.path), "%s/rf-%ld-%llx" RF_SPOOL_SUFFIX, directory, (long)spool.pid,
			 (unsigned long long)now_unix_ns());
	if (n < 0 || (size_t)n >= sizeof(spool.path)) {
		spool_give_up("in REDFLAG_SPOOL", ENAMETOOLONG);
		return;
	}
	if (!spool_create() && !(errno == ENOENT && mkdir(directory, 0700) == 0 && spool_create())) {
		spool_give_up(spool.path, errno);
		return;
	}
	void *map = mmap(NULL, RF_SPOOL_FILE_BYTES_MAX, PROT_READ | PROT_WRITE, MAP_SHARED, spool.fd, 0);
	if (map == MAP_FAILED) {
		spool_give_up(spool.path, errno);
		return;
	}
	spool.map = map;
	if (!spool_write_header()) {
		unlink(spool.path);
		munmap(map, RF_SPOOL_FILE_BYTES_MAX);
		spool.map = NULL;
	}
}

static void spool_leave(void)
{
	if (spool.map)
		munmap(spool.map, RF_SPOOL_FILE_BYTES_MAX);
	if (fd_is_spool(spool.fd))
		close(spool.fd);
	memset(&spool, 0, sizeof(spool));
	spool.fd = -1;
}

static void rf_spool_init(const char *directory)
{
	if (spool.map)
		spool_leave();
	if (!directory || !*directory)
		return;
	spool.pid = getpid();
	if (directory[0] != '/') {
		spool_give_up("in REDFLAG_SPOOL, which must be an absolute path", EINVAL);
		return;
	}
	spool_open(directory);
}

static bool rf_spool_mine(void)
{
	return spool.map && getpid() == spool.pid;
}

static bool rf_spool_active(void)
{
	return rf_spool_mine() && !spool.gave_up;
}

static inline const char *rf_spool_path(void)
{
	return spool.path;
}

static void rf_spool_finish(void)
{
	if (rf_spool_mine())
		((struct rf_spool_file_header *)spool.map)->finished = 1;
}

static void *rf_spool_begin(enum rf_spool_type type, uint32_t struct_bytes)
{
	memset(record_bytes, 0, struct_bytes);
	struct rf_spool_record *record = (struct rf_spool_record *)record_bytes;
	record->type = (uint16_t)type;
	record->time_unix_ns = now_unix_ns();
	record_used = struct_bytes;
	record_cut = false;
	return record_bytes;
}

static void *rf_spool_array(uint32_t count, uint32_t bytes, struct rf_spool_ref *ref)
{
	uint32_t start = (record_used + 7u) & ~7u;
	uint64_t end = start + (uint64_t)count * bytes;
	*ref = (struct rf_spool_ref){ 0, 0 };
	if (end > RF_SPOOL_RECORD_BYTES_MAX) {
		record_cut = true;
		return NULL;
	}
	memset(record_bytes + record_used, 0, (size_t)end - record_used);
	record_used = (uint32_t)end;
	*ref = (struct rf_spool_ref){ start, count * bytes };
	return record_bytes + start;
}

static struct rf_spool_ref rf_spool_put(const void *bytes, size_t len)
{
	struct rf_spool_ref ref = { record_used, (uint32_t)len };
	if (len > RF_SPOOL_RECORD_BYTES_MAX - record_used) {
		record_cut = true;
		return (struct rf_spool_ref){ 0, 0 };
	}
	if (len)
		memcpy(record_bytes + record_used, bytes, len);
	record_used += (uint32_t)len;
	return ref;
}

static struct rf_spool_ref rf_spool_put_text(const char *text)
{
	return rf_spool_put(text, text ? strlen(text) : 0);
}

static bool rf_spool_cut(void)
{
	return record_cut;
}

static bool rf_spool_commit(void)
{
	struct rf_spool_record *record = (struct rf_spool_record *)record_bytes;
	uint64_t end = spool.used + ((record_used + 7u) & ~7u);
	uint64_t reserve = record->type == RF_SPOOL_COUNTERS ? 0 : SPOOL_STEP_BYTES;
	if (!rf_spool_mine() || end + reserve > RF_SPOOL_FILE_BYTES_MAX || !spool_allocate(end))
		return false;
	record->sequence = ++spool.sequence;
	record->length = 0;
	record->crc = 0;
	record->crc = rf_crc32c(0, record_bytes, record_used);
	char *target = spool.map + spool.used;
	memcpy(target, record_bytes, record_used);
	/* The record counts from here on: a kill before this store leaves length 0, which ends the file. */
	atomic_store_explicit((_Atomic uint32_t *)(void *)target, record_used, memory_order_release);
	spool.used = end;
	return true;
}
