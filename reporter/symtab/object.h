/* One ELF file that a process had mapped, asked for the names of its code addresses. By elfutils' libdwfl and libdw, which also find
 * debug information in a file of its own, and by Go's own table where there is no DWARF.
 *
 *	rf_object_open -> rf_object_frames, any number -> rf_object_close
 *
 * Only local files are read. A file that is not the one that was mapped gives no names: its build ID decides, and where the process
 * had none, whether the file was touched since. What is damaged reads as unknown. A file that is cut short while it is read raises
 * SIGBUS, as with every mapped file: linkers and installers make a new file. Not thread safe.
 */
#ifndef RF_SYMTAB_OBJECT_H
#define RF_SYMTAB_OBJECT_H

#include "base/arena.h"
#include "model/report.h"

#define RF_OBJECT_FRAMES_MAX 32u /* an address: functions that are inlined deeper are left out, the outermost first */

struct rf_object; /* opaque */

/* NULL: there is no such file, it isn't the one, or it can't be read. `since` is when the process began. */
struct rf_object *rf_object_open(const char *path, rf_str build_id, uint64_t since_unix_ns);
void rf_object_close(struct rf_object *o); /* NULL is fine */
/* What stands at the address as the file has it: an inlined function is a frame of its own, innermost first. Texts are the arena's;
 * of a frame only function, file and line are set, and `file` is empty where no source is known. 0 when nothing is known. `plain`:
 * the symbol alone. */
uint32_t rf_object_frames(struct rf_object *o, uint64_t address, bool plain, rf_arena *arena, struct rf_frame frames[RF_OBJECT_FRAMES_MAX]);

#endif
