/* Writes the spool that the unit tests read to standard output: the seed of the spool target. */
#include "tests/unit/spool_build.h"

#include <stdio.h>

int main(void)
{
	static struct spool_build b;
	spool_sample(&b);
	return fwrite(b.bytes, 1, b.used, stdout) == b.used ? 0 : 1;
}
