/* The PROCESS record: who this process is. Written once, before any other record. */
#ifndef RF_PROCESS_H
#define RF_PROCESS_H

#include "tsan-glue/runtime_abi.h"
#include "tsan-glue/spool_format.h"

#include <link.h>

/* Copies what is taken from the environment, which only the start of a process can read safely. */
static void rf_process_init(void);
/* start: of a program that isn't Go's, all zero. */
static void rf_process_write(const struct rf_start *start, uint32_t features);
/* What an ELF file's note of that type (0: any) and owner (four bytes) holds; NULL: it has none. Of a file that is mapped, with its
 * program headers; bias is what its addresses differ by. */
static const char *rf_process_note(const ElfW(Phdr) *segments, size_t count, uintptr_t bias, uint32_t type, const char *owner,
				   uint32_t *bytes);
/* The same of the program. The kernel says where its headers are: to ask the dynamic loader takes its lock. */
static const char *rf_process_program_note(uint32_t type, const char *owner, uint32_t *bytes);

#endif
