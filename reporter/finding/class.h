/* What a data race is about: its classes (enum rf_class), from what the report proves. docs/findings/data-race.md says what each
 * means; a class that isn't proved is not given.
 *
 * Evidence is the Go type at the address (which only a spool knows, of memory of the heap), the operations of both sides, atomic
 * accesses and the sizes that the detector saw: 1 for an access of one variable, whatever its size, more for a struct or an array
 * as a whole (cmd/compile/internal/ssagen/ssa.go, instrument2). Classes are no part of the fingerprint (docs/fingerprint.md).
 */
#ifndef RF_FINDING_CLASS_H
#define RF_FINDING_CLASS_H

#include "finding/finding.h"

/* A set. Of the finding only kind and sides are looked at. Never RF_CLASS_COUNTER: that takes a look at the source. */
unsigned rf_classes_of(const struct rf_report *report, const struct rf_finding *finding);

/* A read and a write of one line: the frame, of which rf_class_line_counts is to be asked. NULL: nothing to ask. */
const struct rf_frame *rf_class_counter_place(const struct rf_report *report, const struct rf_finding *finding);
/* Does that line of Go count something up or down, and assign nothing else? `number`: what is counted is known to be one
 * (`+=` also joins strings). */
bool rf_class_line_counts(rf_str line, bool number);
/* Is what is at the address known to be a number? */
bool rf_class_is_number(const struct rf_report *report);

#endif
