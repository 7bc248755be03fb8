/* Memory that stays and memory that goes: memory [WAIT]. Prints "ready" when it has 40 MB in kept and nothing else of note; WAIT: and
 * then it waits to be killed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *volatile all[4000]; /* else nobody would keep it: it is never read */

__attribute__((noinline)) static void *kept(void)
{
	char *block = malloc(10000);
	memset(block, 1, 10000);
	return block;
}

__attribute__((noinline)) static char *passing(void)
{
	char *block = realloc(malloc(300), 9000);
	block[0] = 1;
	return block;
}

__attribute__((noinline)) static char *zeroed(void)
{
	return calloc(3, 1000000);
}

int main(int argc, char **argv)
{
	(void)argv;
	for (int i = 0; i < 4000; i++) {
		all[i] = kept();
		for (int k = 0; k < 10; k++) {
			char *block = passing();
			__asm__ volatile("" : "+r"(block));
			free(block);
		}
		if (i % 40 == 0) {
			char *block = zeroed();
			for (size_t b = 0; b < 3000000; b += 4001) {
				if (block[b])
					return 2;
			}
			free(realloc(block, 4000000));
		}
	}
	if (write(1, "ready\n", 6) != 6)
		return 1;
	while (argc > 1)
		pause();
	return 0;
}
