#include "toolchain/overlay.h"

#include <string.h>
#include <sys/stat.h>

#include <nettle/sha2.h>

#include "base/files.h"
#include "toolchain/flat_json.h"
#include "toolchain/glue.h"
#include "toolchain/objprint.h"
#include "toolchain/probe.h"

#define CGO_BIT 0x80000000u /* of the version in the hash */
#define OWN_DIRECTORY "runtime-patch/go/"
#define COMPILER_DIRECTORY "runtime-patch/compiler/"
#define SOURCE_BYTES_MAX ((size_t)8 << 20)
#define OBJECT_BYTES_MAX ((size_t)64 << 20)
#define HEAD_FORMAT "//go:build race && linux && %s\n\n/* Made by redflag from %.*s of %.*s. */\n"

/* A shipped detector: where it is below GOROOT/src and when it is the one in use. */
struct detector {
	const char *goarch, *object, *constraint, *suffix;
	bool wide; /* for GOAMD64 v3 and v4 */
};

static const struct detector detectors[] = {
	{ "amd64", "runtime/race/internal/amd64v1/race_linux.syso", "amd64 && !amd64.v3", "amd64v1", false },
	{ "amd64", "runtime/race/internal/amd64v3/race_linux.syso", "amd64 && amd64.v3", "amd64v3", true },
	{ "arm64", "runtime/race/race_linux_arm64.syso", "arm64", "arm64", false },
};
#define DETECTOR_COUNT (sizeof(detectors) / sizeof(detectors[0]))

/* The overlay while its files are written. */
struct builder {
	struct rf_overlay *overlay;
	rf_str directory, final;
	struct rf_buf json;
	bool any;
};

static int read_renames(struct rf_overlay *o)
{
	rf_str text = rf_embedded_text(o->table, RF_GLUE_DIRECTORY "renames.txt");
	o->renames = rf_arena_array(o->arena, text.len / 2 + 1, sizeof(rf_str));
	if (!o->renames)
		return rf_fail(o->err, RF_ERR_MEMORY, "not enough memory for the list of renames");
	while (text.len) {
		rf_str line = rf_str_trim(rf_str_cut(&text, '\n'));
		bool of_cgo = rf_str_starts(line, "cgo ");
		if (line.len && line.ptr[0] != '#' && (!of_cgo || o->cgo))
			o->renames[o->rename_count++] = of_cgo ? rf_str_skip(line, 4) : line;
	}
	return 0;
}

int rf_overlay_init(struct rf_overlay *overlay, const struct rf_embedded_file *table, const struct rf_goenv *go, rf_arena *arena,
		    struct rf_error *err)
{
	*overlay = (struct rf_overlay){ .table = table, .go = go, .cgo = overlay->cgo, .source = overlay->source, .arena = arena,
					.err = err, .probe = RF_STR("ok") };
	int rc = read_renames(overlay);
	if (rc)
		return rc;
	return rf_anchors_parse(rf_embedded_text(table, "runtime-patch/anchors.txt"), go->version, go->goarch, arena,
				&overlay->anchors, err);
}

int rf_overlay_init_compiler(struct rf_overlay *overlay, const struct rf_embedded_file *table, const struct rf_goenv *go,
			     rf_arena *arena, struct rf_error *err)
{
	*overlay = (struct rf_overlay){ .table = table, .go = go, .of_compiler = true, .arena = arena, .err = err };
	return rf_anchors_parse(rf_embedded_text(table, COMPILER_DIRECTORY "anchors.txt"), go->version, go->goarch, arena,
				&overlay->anchors, err);
}

static void hash_str(struct sha256_ctx *hash, rf_str s)
{
	uint64_t len = s.len;
	sha256_update(hash, sizeof(len), (const uint8_t *)&len);
	sha256_update(hash, s.len, (const uint8_t *)s.ptr);
}

/* A Go that is built from source keeps its version while its files change: size and time stand for their content. */
static void hash_go_file(const struct rf_overlay *o, struct sha256_ctx *hash, const char *below)
{
	struct stat st;
	rf_str path = rf_arena_printf(o->arena, "%.*s/%s", RF_STR_ARG(o->go->goroot), below);
	if (stat(path.ptr, &st) != 0)
		memset(&st, 0, sizeof(st));
	int64_t facts[3] = { st.st_size, st.st_mtim.tv_sec, st.st_mtim.tv_nsec };
	hash_str(hash, rf_str_from(below));
	sha256_update(hash, sizeof(facts), (const uint8_t *)facts);
}

/* Whether a file that travels in this program is a part of the overlay, or of how it is made. */
static bool is_part(const struct rf_overlay *o, rf_str name)
{
	bool of_compiler = rf_str_starts(name, COMPILER_DIRECTORY);
	return of_compiler == o->of_compiler && !rf_str_starts(name, "docs/") && !rf_str_starts(name, "agent/");
}

static void hash_inputs(const struct rf_overlay *o, struct sha256_ctx *hash)
{
	uint32_t version = RF_OVERLAY_BUILDER_VERSION | (o->cgo ? CGO_BIT : 0);
	sha256_update(hash, sizeof(version), (const uint8_t *)&version);
	hash_str(hash, o->source);
	hash_str(hash, o->go->goroot);
	hash_str(hash, o->go->version);
	hash_str(hash, o->go->goarch);
	for (const struct rf_embedded_file *file = o->table; file->name; file++) {
		if (!is_part(o, rf_str_from(file->name)))
			continue;
		hash_str(hash, rf_str_from(file->name));
		hash_str(hash, (rf_str){ file->bytes, file->len });
	}
	hash_go_file(o, hash, "VERSION");
	for (size_t i = 0; i < DETECTOR_COUNT; i++)
		hash_go_file(o, hash, rf_arena_printf(o->arena, "src/%s", detectors[i].object).ptr);
	for (size_t i = 0; i < o->anchors.count; i++)
		hash_go_file(o, hash, rf_arena_printf(o->arena, "src/%.*s", RF_STR_ARG(o->anchors.items[i].file)).ptr);
}

int rf_overlay_key(const struct rf_overlay *overlay, rf_str *key, struct rf_error *err)
{
	struct sha256_ctx hash;
	uint8_t digest[SHA256_DIGEST_SIZE];
	sha256_init(&hash);
	hash_inputs(overlay, &hash);
	sha256_digest(&hash, sizeof(digest), digest);
	rf_str inputs = rf_arena_hex(overlay->arena, digest, 6);
	*key = rf_arena_printf(overlay->arena, "%s%.*s-linux-%.*s-%.*s", overlay->of_compiler ? RF_OVERLAY_COMPILER : "",
			       RF_STR_ARG(overlay->go->version), RF_STR_ARG(overlay->go->goarch),
			       RF_STR_ARG(inputs));
	return overlay->arena->failed ? rf_fail(err, RF_ERR_MEMORY, "not enough memory for the cache key") : 0;
}

/* Maps GOROOT/src/<below> to `to`, which is below the entry; NULL takes the file away. */
static void map_file(struct builder *b, rf_str below, const char *to)
{
	rf_arena *arena = b->overlay->arena;
	rf_buf_put_cstr(&b->json, b->any ? ",\n\t\t" : "\t\t");
	rf_flat_json_put(&b->json, rf_arena_printf(arena, "%.*s/src/%.*s", RF_STR_ARG(b->overlay->go->goroot), RF_STR_ARG(below)));
	rf_buf_put_cstr(&b->json, ": ");
	rf_flat_json_put(&b->json, to ? rf_arena_printf(arena, "%.*s/%s", RF_STR_ARG(b->final), to) : RF_STR(""));
	b->any = true;
}

static int add_file(struct builder *b, rf_str below, rf_str text)
{
	rf_arena *arena = b->overlay->arena;
	rf_str relative = rf_arena_printf(arena, "src/%.*s", RF_STR_ARG(below));
	map_file(b, below, relative.ptr);
	return rf_file_write(rf_arena_printf(arena, "%.*s/%s", RF_STR_ARG(b->directory), relative.ptr).ptr, text, 0644,
			     b->overlay->err);
}

static int add_patched(struct builder *b, rf_str below)
{
	struct rf_overlay *o = b->overlay;
	rf_str source, patched;
	rf_str path = rf_arena_printf(o->arena, "%.*s/src/%.*s", RF_STR_ARG(o->go->goroot), RF_STR_ARG(below));
	int rc = rf_file_read(path.ptr, SOURCE_BYTES_MAX, o->arena, &source, o->err);
	if (rc)
		return rf_fail_again(o->err, "%.*s isn't laid out as this redflag knows, use another version of either",
				     RF_STR_ARG(o->go->version));
	rc = rf_anchors_apply(&o->anchors, below, source, o->go->version, o->arena, &patched, o->err);
	return rc ? rc : add_file(b, below, patched);
}

static int add_all_patched(struct builder *b)
{
	const struct rf_anchors *anchors = &b->overlay->anchors;
	for (size_t i = 0; i < anchors->count; i++) {
		bool seen = false;
		for (size_t k = 0; k < i && !seen; k++)
			seen = rf_str_eq(anchors->items[k].file, anchors->items[i].file);
		int rc = seen ? 0 : add_patched(b, anchors->items[i].file);
		if (rc)
			return rc;
	}
	return 0;
}

static int add_own(struct builder *b)
{
	const char *directory = b->overlay->of_compiler ? COMPILER_DIRECTORY "go/" : OWN_DIRECTORY;
	for (const struct rf_embedded_file *file = b->overlay->table; file->name; file++) {
		rf_str name = rf_str_from(file->name);
		if (!rf_str_starts(name, directory))
			continue;
		int rc = add_file(b, rf_str_skip(name, strlen(directory)), (rf_str){ file->bytes, file->len });
		if (rc)
			return rc;
	}
	return 0;
}

static int print_detector(struct rf_overlay *o, const struct detector *d, rf_str object, rf_str head, enum rf_objprint_mode mode,
			  struct rf_buf *text)
{
	struct rf_objprint_request request = { .object = object, .head = head, .renames = o->renames,
					       .rename_count = o->rename_count, .mode = mode };
	int rc = rf_objprint(&request, o->arena, text, o->err);
	return rc ? rf_fail_again(o->err, "%.*s: %s", RF_STR_ARG(o->go->version), d->object) : 0;
}

static bool is_in_use(const struct rf_overlay *o, const struct detector *d)
{
	bool wide = rf_str_eq_cstr(o->go->goamd64, "v3") || rf_str_eq_cstr(o->go->goamd64, "v4");
	return !rf_str_eq_cstr(o->go->goarch, "amd64") || d->wide == wide;
}

static int probe_detector(struct builder *b, const struct detector *d, rf_str object, struct rf_probe *probe)
{
	struct rf_overlay *o = b->overlay;
	struct rf_buf text;
	rf_str directory = rf_arena_printf(o->arena, "%.*s/probe-%s", RF_STR_ARG(b->directory), d->suffix);
	rf_buf_init(&text);
	int rc = print_detector(o, d, object, RF_STR(""), RF_OBJPRINT_WEAK, &text);
	if (rc == 0)
		rc = rf_dirs_make(directory.ptr, o->err);
	if (rc == 0)
		rc = rf_probe_run(o->table, o->go, rf_buf_str(&text), directory.ptr, o->arena, probe, o->err);
	rf_tree_remove(directory.ptr);
	rf_buf_release(&text);
	return rc;
}

static bool is_same_proof(const struct rf_probe *a, const struct rf_probe *b)
{
	return rf_str_eq(a->verdict, b->verdict) && rf_str_eq(a->layout, b->layout);
}

/* The detector built from sources in the place of Go's, if the probe says the same of it. */
static int choose_detector(struct builder *b, const struct detector *d, rf_str *object, struct rf_probe *probe)
{
	struct rf_overlay *o = b->overlay;
	struct rf_probe of_source;
	rf_str source;
	if (d->wide || !o->source.len)
		return 0;
	int rc = rf_file_read(rf_arena_cstr(o->arena, o->source), OBJECT_BYTES_MAX, o->arena, &source, o->err);
	if (rc == 0)
		rc = probe_detector(b, d, source, &of_source);
	rf_str tsan = rc ? rf_arena_dup(o->arena, rf_str_from(o->err->text)) : RF_STR("source");
	if (rc == 0 && !is_same_proof(probe, &of_source))
		tsan = rf_str_eq_cstr(of_source.verdict, "ok") ? RF_STR("the probe finds another layout") : of_source.verdict;
	if (rf_str_eq_cstr(tsan, "source")) {
		*object = source;
		*probe = of_source;
	}
	if (is_in_use(o, d))
		o->tsan = tsan;
	return rc == RF_ERR_MEMORY ? rc : 0;
}

static int probe_detectors(struct builder *b, const struct detector *d, rf_str *object, struct rf_probe *probe)
{
	struct rf_overlay *o = b->overlay;
	int rc = probe_detector(b, d, *object, probe);
	if (rc == 0)
		rc = choose_detector(b, d, object, probe);
	if (rc == 0 && is_in_use(o, d)) {
		o->probe = probe->verdict;
		o->fast = probe->fast;
		o->exit = probe->exit;
		o->views = probe->views;
	}
	return rc;
}

/* runtime/race/<name>: the detector as assembly, or the glue; both begin with the same build constraint. */
static int add_race_file(struct builder *b, const struct detector *d, const char *format, const struct rf_buf *text)
{
	rf_str name = rf_arena_printf(b->overlay->arena, "runtime/race/redflag_%s%s", d->suffix, format);
	return add_file(b, name, rf_buf_str(text));
}

static int add_detector(struct builder *b, const struct detector *d)
{
	struct rf_overlay *o = b->overlay;
	rf_str head = rf_arena_printf(o->arena, HEAD_FORMAT, d->constraint, RF_STR_ARG(rf_str_from(d->object)),
				      RF_STR_ARG(o->go->version));
	rf_str path = rf_arena_printf(o->arena, "%.*s/src/%s", RF_STR_ARG(o->go->goroot), d->object), object;
	struct rf_probe probe;
	struct rf_buf text;
	rf_buf_init(&text);
	int rc = rf_file_read(path.ptr, OBJECT_BYTES_MAX, o->arena, &object, o->err);
	if (rc)
		rf_fail_again(o->err, "%.*s has no race detector here", RF_STR_ARG(o->go->version));
	if (rc == 0)
		rc = probe_detectors(b, d, &object, &probe);
	if (rc == 0)
		rc = print_detector(o, d, object, head, RF_OBJPRINT_RENAME, &text);
	if (rc == 0)
		rc = add_race_file(b, d, ".S", &text);
	rf_buf_reset(&text);
	if (rc == 0)
		rc = rf_glue_put(o->table, head, o->cgo ? rf_arena_printf(o->arena, "%.*s#define RF_CGO 1\n", RF_STR_ARG(probe.layout)) :
				 probe.layout, &text, o->err);
	if (rc == 0)
		rc = add_race_file(b, d, "_glue.c", &text);
	map_file(b, rf_str_from(d->object), NULL);
	rf_buf_release(&text);
	return rc;
}

static int write_json(struct builder *b)
{
	rf_buf_put_cstr(&b->json, "\n\t}\n}\n");
	if (b->json.failed)
		return rf_fail(b->overlay->err, RF_ERR_MEMORY, "not enough memory for the overlay file");
	return rf_file_write(rf_arena_printf(b->overlay->arena, "%.*s/overlay.json", RF_STR_ARG(b->directory)).ptr,
			     rf_buf_str(&b->json), 0644, b->overlay->err);
}

int rf_overlay_build(struct rf_overlay *overlay, rf_str directory, rf_str final)
{
	struct builder b = { .overlay = overlay, .directory = directory, .final = final };
	rf_buf_init(&b.json);
	rf_buf_put_cstr(&b.json, "{\n\t\"Replace\": {\n");
	int rc = add_all_patched(&b);
	if (rc == 0)
		rc = add_own(&b);
	for (size_t i = 0; i < DETECTOR_COUNT && rc == 0 && !overlay->of_compiler; i++) {
		if (rf_str_eq_cstr(overlay->go->goarch, detectors[i].goarch))
			rc = add_detector(&b, &detectors[i]);
	}
	if (rc == 0)
		rc = write_json(&b);
	if (rc == 0 && overlay->arena->failed)
		rc = rf_fail(overlay->err, RF_ERR_MEMORY, "not enough memory to make the overlay");
	rf_buf_release(&b.json);
	return rc;
}
