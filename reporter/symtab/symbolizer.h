/* Names of the code addresses of a process, from the files that it had mapped. One for a spool: files are opened when they are
 * asked, and stay open; what was found is remembered.
 *
 *	rf_symbolizer_open -> rf_symbolizer_frames, any number -> rf_symbolizer_close
 *
 * What has no name is called by its place ("libz.so.1+0x3f0a", for `addr2line -fe FILE 0x3f0a`), with the file that was mapped in
 * place of a source and the place in it as offset. Functions of the C library and of its like (rf_path_is_system) keep their symbols
 * and never get lines: whether their debug information is installed must not make another finding. Not thread safe.
 */
#ifndef RF_SYMTAB_SYMBOLIZER_H
#define RF_SYMTAB_SYMBOLIZER_H

#include "base/arena.h"
#include "model/report.h"

/* Of a spool; more addresses are called by their places. */
#define RF_SYMBOLIZER_ADDRESSES_MAX ((size_t)1 << 20)
#define RF_SYMBOLIZER_FILES_MAX 4096u

/* A file that is mapped to be executed. address - bias is the address as the file has it. */
struct rf_module {
	uint64_t start, end, bias;
	rf_str path, build_id;
};

struct rf_symbolizer; /* opaque */

/* `since_unix_ns`: when the process began; files that were touched later may be others. NULL: no memory. */
struct rf_symbolizer *rf_symbolizer_open(uint64_t since_unix_ns);
void rf_symbolizer_close(struct rf_symbolizer *s); /* NULL is fine */
/* The frames at an address inside the module, innermost first, at least one; 0 only when memory ran out. They are the
 * symbolizer's, valid until it is closed. */
uint32_t rf_symbolizer_frames(struct rf_symbolizer *s, const struct rf_module *module, uint64_t address,
			      const struct rf_frame **frames);

#endif
