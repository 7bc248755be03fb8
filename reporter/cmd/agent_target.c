#include "cmd/agent_target.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#define HEAD_BYTES 8192u /* of a file: its header, program headers and, of Go's, the note with the build ID */

static const char *find_on_path(const char *program, rf_arena *arena)
{
	const char *path = getenv("PATH");
	if (strchr(program, '/'))
		return access(program, F_OK) == 0 ? program : NULL;
	for (const char *p = path && *path ? path : "/usr/bin:/bin"; *p;) {
		size_t len = strcspn(p, ":");
		rf_str file = rf_arena_printf(arena, "%.*s/%s", (int)len, p, program);
		if (len && file.ptr && access(file.ptr, X_OK) == 0)
			return file.ptr;
		p += len + (p[len] == ':');
	}
	return NULL;
}

static bool has_segment(const char *head, size_t len, uint32_t type)
{
	const Elf64_Ehdr *elf = (const void *)head;
	for (size_t i = 0; i < elf->e_phnum; i++) {
		Elf64_Phdr segment;
		size_t at = elf->e_phoff + i * sizeof(segment);
		if (at > len || len - at < sizeof(segment))
			break;
		memcpy(&segment, head + at, sizeof(segment));
		if (segment.p_type == type)
			return true;
	}
	return false;
}

static int check_head(const char *file, const char *head, size_t len, struct rf_error *err)
{
	const Elf64_Ehdr *elf = (const void *)head;
	if (len < SELFMAG || memcmp(head, ELFMAG, SELFMAG) != 0)
		return 0;
	if (len < sizeof(*elf) || elf->e_ident[EI_CLASS] != ELFCLASS64 || elf->e_machine != EM_X86_64)
		return rf_fail(err, RF_ERR_INPUT, "%s isn't made for x86-64, which is what the agent is made for.", file);
	if (has_segment(head, len, PT_INTERP))
		return 0;
	if (memmem(head, len, "Go\0", 4))
		return rf_fail(err, RF_ERR_INPUT, "%s is a Go program without the dynamic loader, so the agent can't be put into it. Build it "
			       "with cgo and `go build -ldflags=-linkmode=external`; for its Go memory take runtime/pprof, for its "
			       "races `redflag test` or `redflag run`.", file);
	return rf_fail(err, RF_ERR_INPUT, "%s is linked statically: there is no dynamic loader that could put the agent into it. Link it "
		       "without -static.", file);
}

/* The loader forgets LD_PRELOAD where a program gets rights that its caller hasn't: ld.so(8), secure-execution mode. */
static bool gets_rights(const struct stat *st, const char *file)
{
	return ((st->st_mode & S_ISUID) && st->st_uid != geteuid()) || ((st->st_mode & S_ISGID) && st->st_gid != getegid()) ||
	       (geteuid() != 0 && getxattr(file, "security.capability", NULL, 0) > 0);
}

int rf_agent_target_check(const char *program, rf_arena *arena, struct rf_error *err)
{
	_Alignas(8) char head[HEAD_BYTES];
	struct stat st;
	const char *file = find_on_path(program, arena);
	int fd = file ? open(file, O_RDONLY | O_CLOEXEC) : -1;
	if (!file)
		return rf_fail(err, RF_ERR_MISSING, "There is no program %s; check its path, or install it.", program);
	if (fd < 0)
		return errno == EACCES ? 0 : rf_fail(err, RF_ERR_MISSING, "Cannot read %s: %s.", file, strerror(errno));
	ssize_t n = read(fd, head, sizeof(head));
	bool known = fstat(fd, &st) == 0;
	close(fd);
	if (known && gets_rights(&st, file))
		return rf_fail(err, RF_ERR_USAGE, "%s gets rights of its own (set-user-ID, set-group-ID or capabilities), so the dynamic loader "
			       "puts nothing into it. Run it as the user that it becomes.", file);
	return n < 0 ? 0 : check_head(file, head, (size_t)n, err);
}
