#include "toolchain/embedded.h"

#include <string.h>

rf_str rf_embedded_text(const struct rf_embedded_file *table, const char *name)
{
	for (; table->name; table++) {
		if (strcmp(table->name, name) == 0)
			return (rf_str){ table->bytes, table->len };
	}
	return (rf_str){ NULL, 0 };
}
