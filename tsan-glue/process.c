#include "tsan-glue/process.h"

#include "tsan-glue/spool.h"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FIELD_BYTES_MAX 16384u /* a longer command line is cut */

static char field[FIELD_BYTES_MAX];

static struct rf_spool_ref put_arguments(void)
{
	int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, field, sizeof(field));
	if (fd >= 0)
		close(fd);
	return rf_spool_put(field, n > 0 ? (size_t)n : 0);
}

static struct rf_spool_ref put_executable(void)
{
	ssize_t n = readlink("/proc/self/exe", field, sizeof(field));
	return rf_spool_put(field, n > 0 ? (size_t)n : 0);
}

static struct rf_spool_ref put_directory(void)
{
	return rf_spool_put_text(getcwd(field, sizeof(field)) ? field : NULL);
}

static struct rf_spool_ref put_host(void)
{
	if (gethostname(field, sizeof(field) - 1))
		field[0] = 0;
	field[sizeof(field) - 1] = 0;
	return rf_spool_put_text(field);
}

struct build_id {
	const char *ptr;
	size_t len;
};

/* Go's build ID: the note "Go", type 4 (cmd/link/internal/ld/elf.go). The first object is the program itself. */
static int find_build_id(struct dl_phdr_info *info, size_t size, void *context)
{
	struct build_id *id = context;
	(void)size;
	for (int i = 0; i < info->dlpi_phnum && !id->ptr; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
		const char *p = (const char *)(info->dlpi_addr + segment->p_vaddr), *end = p + segment->p_memsz;
		while (segment->p_type == PT_NOTE && (size_t)(end - p) >= sizeof(ElfW(Nhdr))) {
			const ElfW(Nhdr) *note = (const ElfW(Nhdr) *)(const void *)p;
			const char *name = p + sizeof(*note), *text = name + ((note->n_namesz + 3u) & ~3u);
			p = text + ((note->n_descsz + 3u) & ~3u);
			if (p > end)
				break;
			if (note->n_type == 4 && note->n_namesz == 4 && memcmp(name, "Go\0", 4) == 0)
				*id = (struct build_id){ text, note->n_descsz };
		}
	}
	return 1;
}

static struct rf_spool_ref put_build_id(void)
{
	struct build_id id = { NULL, 0 };
	dl_iterate_phdr(find_build_id, &id);
	return rf_spool_put(id.ptr, id.len);
}

/* The line "path\t<import path>" of the build information (runtime/debug.BuildInfo). */
static struct rf_spool_ref put_main_package(struct rf_go_string modinfo)
{
	static const char key[] = "path\t";
	const char *start = memmem(modinfo.ptr, modinfo.len, key, sizeof(key) - 1);
	if (!start)
		return rf_spool_put_text(NULL);
	start += sizeof(key) - 1;
	size_t left = modinfo.len - (size_t)(start - modinfo.ptr);
	const char *end = memchr(start, '\n', left);
	return rf_spool_put(start, end ? (size_t)(end - start) : left);
}

/* The trace-id field of a W3C traceparent: version "-" 32 hex digits "-" … */
static struct rf_spool_ref put_trace_id(void)
{
	const char *id = getenv("TRACE_ID"), *parent = getenv("TRACEPARENT");
	if (id && *id)
		return rf_spool_put_text(id);
	if (parent && strlen(parent) >= 36 && parent[2] == '-' && parent[35] == '-')
		return rf_spool_put(parent + 3, 32);
	return rf_spool_put_text(NULL);
}

/* What Go takes when GOMAXPROCS isn't set, as far as the affinity mask tells (a cgroup limit isn't looked at). */
static uint32_t gomaxprocs(void)
{
	const char *text = getenv("GOMAXPROCS");
	cpu_set_t set;
	long n = text ? strtol(text, NULL, 10) : 0;
	if (n > 0)
		return (uint32_t)n;
	return sched_getaffinity(0, sizeof(set), &set) ? 0 : (uint32_t)CPU_COUNT(&set);
}

static void rf_process_write(const struct rf_start *start, uint32_t features)
{
	struct rf_spool_process *p = rf_spool_begin(RF_SPOOL_PROCESS, sizeof(*p));
	p->pid = (uint32_t)getpid();
	p->parent_pid = (uint32_t)getppid();
	p->gomaxprocs = gomaxprocs();
	p->features = features;
	p->text_start = start->text;
	p->text_end = start->etext;
	p->arguments = put_arguments();
	p->executable = put_executable();
	p->directory = put_directory();
	p->host = put_host();
	p->go_version = rf_spool_put(start->version.ptr, start->version.len);
	p->build_id = put_build_id();
	p->main_package = put_main_package(start->modinfo);
	p->trace_id = put_trace_id();
	p->traceparent = rf_spool_put_text(getenv("TRACEPARENT"));
	p->tag = rf_spool_put_text(getenv("REDFLAG_TAG"));
	p->options = rf_spool_put_text(getenv("REDFLAG"));
	rf_spool_commit();
}
