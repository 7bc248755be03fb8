struct deep {
	long i;
	char *text;
};
struct deep *deep_new(int i);
void deep_free(struct deep *d);
void deep_free_inside(struct deep *d);
void deep_free_down(struct deep *d, int depth);
