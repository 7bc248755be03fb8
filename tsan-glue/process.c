#include "tsan-glue/process.h"

#include "tsan-glue/spool.h"

#include <elf.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#define FIELD_BYTES_MAX 16384u /* a longer command line is cut */
#define NOTE_OWNER_BYTES 4u    /* "GNU", and "Go" with two zeros */
#define NOTE_GO_BUILD_ID 4u

static char field[FIELD_BYTES_MAX];

#define VALUE_BYTES_MAX 1024u /* of an environment variable; a longer value is cut */

static struct {
	char trace_id[VALUE_BYTES_MAX], traceparent[VALUE_BYTES_MAX], tag[VALUE_BYTES_MAX], options[VALUE_BYTES_MAX];
	long gomaxprocs;
} environment;

static void copy_value(char value[VALUE_BYTES_MAX], const char *name)
{
	const char *text = getenv(name);
	size_t len = text ? strnlen(text, VALUE_BYTES_MAX - 1) : 0;
	if (len)
		memcpy(value, text, len);
	value[len] = '\0';
}

static void rf_process_init(void)
{
	copy_value(environment.trace_id, "TRACE_ID");
	copy_value(environment.traceparent, "TRACEPARENT");
	copy_value(environment.tag, "REDFLAG_TAG");
	copy_value(environment.options, "REDFLAG");
	const char *processors = getenv("GOMAXPROCS");
	environment.gomaxprocs = processors ? strtol(processors, NULL, 10) : 0;
}

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

/* Where the program was loaded, as the difference to the addresses of its file. */
static uintptr_t load_bias(const ElfW(Phdr) *segments, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (segments[i].p_type == PT_PHDR)
			return (uintptr_t)segments - segments[i].p_vaddr;
	}
	return 0;
}

static const char *rf_process_note(const ElfW(Phdr) *segments, size_t count, uintptr_t bias, uint32_t type, const char *owner,
				   uint32_t *bytes)
{
	*bytes = 0;
	for (size_t i = 0; i < count; i++) {
		const char *p = (const char *)(bias + segments[i].p_vaddr), *end = p + segments[i].p_memsz;
		while (segments[i].p_type == PT_NOTE && (size_t)(end - p) >= sizeof(ElfW(Nhdr))) {
			const ElfW(Nhdr) *note = (const ElfW(Nhdr) *)(const void *)p;
			const char *name = p + sizeof(*note), *text = name + ((note->n_namesz + 3u) & ~3u);
			p = text + ((note->n_descsz + 3u) & ~3u);
			if (p > end || (type && note->n_type != type) || note->n_namesz != NOTE_OWNER_BYTES ||
			    memcmp(name, owner, NOTE_OWNER_BYTES) != 0)
				continue;
			*bytes = note->n_descsz;
			return text;
		}
	}
	return NULL;
}

static const char *rf_process_program_note(uint32_t type, const char *owner, uint32_t *bytes)
{
	const ElfW(Phdr) *segments = (const ElfW(Phdr) *)getauxval(AT_PHDR);
	size_t count = segments ? getauxval(AT_PHNUM) : 0;
	return rf_process_note(segments, count, load_bias(segments, count), type, owner, bytes);
}

/* Go's build ID: the note "Go", type 4 (cmd/link/internal/ld/elf.go). */
static struct rf_spool_ref put_build_id(void)
{
	uint32_t bytes;
	const char *id = rf_process_program_note(NOTE_GO_BUILD_ID, "Go\0", &bytes);
	return rf_spool_put(id, bytes);
}

/* The line "path\t<import path>" of the build information (runtime/debug.BuildInfo). */
static struct rf_spool_ref put_main_package(struct rf_go_string modinfo)
{
	static const char key[] = "path\t";
	const char *start = modinfo.len ? memmem(modinfo.ptr, modinfo.len, key, sizeof(key) - 1) : NULL;
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
	const char *id = environment.trace_id, *parent = environment.traceparent;
	if (*id)
		return rf_spool_put_text(id);
	if (strlen(parent) >= 36 && parent[2] == '-' && parent[35] == '-')
		return rf_spool_put(parent + 3, 32);
	return rf_spool_put_text(NULL);
}

/* What Go takes when GOMAXPROCS isn't set, as far as the affinity mask tells (a cgroup limit isn't looked at). */
static uint32_t gomaxprocs(void)
{
	cpu_set_t set;
	if (environment.gomaxprocs > 0)
		return (uint32_t)environment.gomaxprocs;
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
	p->traceparent = rf_spool_put_text(environment.traceparent);
	p->tag = rf_spool_put_text(environment.tag);
	p->options = rf_spool_put_text(environment.options);
	rf_spool_commit();
}
