/* Writes a spool that the unit tests read to standard output, a seed of the spool target: of a race build, or with an argument that
 * of an agent. */
#include "tests/unit/spool_build.h"

#include <stdio.h>

int main(int argc, char **argv)
{
	static struct spool_build b;
	(void)argv;
	if (argc > 1)
		spool_agent_sample(&b);
	else
		spool_sample(&b);
	return fwrite(b.bytes, 1, b.used, stdout) == b.used ? 0 : 1;
}
