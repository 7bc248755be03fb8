/* The look that everything in HTML shares: the page of `redflag export` and those of `redflag serve`. */
#ifndef RF_EXPORT_STYLE_H
#define RF_EXPORT_STYLE_H

/* CSS: colours for light and dark, type, lists of terms, stacks, folded parts, tables. Wide and as narrow as a phone. */
extern const char rf_style_base[];

#endif
