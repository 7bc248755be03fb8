/* A program that lives by malloc: a tree of words is grown, searched and cut, as a compiler's or a server's tables are. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct node {
	struct node *left, *right;
	char *word;
	unsigned count;
};

static struct node *add(struct node *n, const char *word, unsigned *found)
{
	if (!n) {
		n = calloc(1, sizeof(*n));
		n->word = strdup(word);
		return n;
	}
	int order = strcmp(word, n->word);
	if (order < 0)
		n->left = add(n->left, word, found);
	else if (order > 0)
		n->right = add(n->right, word, found);
	else
		*found += ++n->count;
	return n;
}

static void cut(struct node *n)
{
	if (!n)
		return;
	cut(n->left);
	cut(n->right);
	free(n->word);
	free(n);
}

int main(int argc, char **argv)
{
	unsigned seed = 1, found = 0;
	int rounds = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 60;
	for (int r = 0; r < rounds; r++) {
		struct node *tree = NULL;
		for (int i = 0; i < 30000; i++) {
			char word[32];
			seed = seed * 1664525u + 1013904223u;
			snprintf(word, sizeof(word), "%u-%u", seed >> 16 & 8191u, seed >> 28);
			tree = add(tree, word, &found);
		}
		cut(tree);
	}
	printf("%u\n", found);
	return 0;
}
