/* Writes the small program of the unit tests to standard output: the seed of the symtab target. */
#include "tests/unit/pclntab_build.h"

#include <stdio.h>

int main(void)
{
	static uint8_t file[PCLNTAB_FILE_BYTES];
	pclntab_sample(file);
	return fwrite(file, 1, sizeof(file), stdout) == sizeof(file) ? 0 : 1;
}
