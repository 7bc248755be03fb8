/* The part of the schema that the overview reads instead of counting: day_totals (day_totals.h), and whether a baseline knows a
 * finding (in_baseline, a part of its status). Internal to store/. A migration that makes the table of events or of gone events
 * anew makes their triggers anew, too; these as the others.
 */
#ifndef RF_STORE_SCHEMA_OVERVIEW_H
#define RF_STORE_SCHEMA_OVERVIEW_H

extern const char rf_schema_overview[]; /* a migration */

#endif
