/* GOFLAGS with our overlay in it. Quoting is the go command's (cmd/internal/quoted): words are separated by blanks and may be
 * quoted as a whole with ' or "; inside of quotes nothing is special. */
#include <string.h>
#include <unistd.h>

#include <nettle/sha2.h>

#include "base/files.h"
#include "toolchain/flat_json.h"
#include "toolchain/goenv.h"
#include "toolchain/toolchain.h"

#define OVERLAY_BYTES_MAX ((size_t)16 << 20)
#define MERGED_PREFIX "merged-"
/* Member of a merged file that names the user's file; the go command reads "Replace" only. */
#define MERGED_WITH "MergedWith"

/* The value of an -overlay flag, ptr NULL for any other flag. */
static rf_str overlay_value(rf_str word)
{
	static const char *const spellings[] = { "-overlay=", "--overlay=" };
	for (size_t i = 0; i < 2; i++) {
		if (rf_str_starts(word, spellings[i]))
			return rf_str_skip(word, strlen(spellings[i]));
	}
	return (rf_str){ NULL, 0 };
}

/* The program of a -toolexec flag, ptr NULL for any other flag. */
static rf_str toolexec_value(rf_str word)
{
	rf_str value = { NULL, 0 };
	if (rf_str_starts(word, "-toolexec=") || rf_str_starts(word, "--toolexec="))
		value = rf_str_skip(word, (size_t)rf_str_find(word, '=') + 1);
	return value.len && value.ptr[0] == '"' ? rf_str_skip(value, 1) : value;
}

static int put_word(struct rf_buf *out, rf_str word, struct rf_error *err)
{
	bool single = rf_str_find(word, '\'') >= 0, twice = rf_str_find(word, '"') >= 0;
	bool plain = word.len && word.ptr[0] != '\'' && word.ptr[0] != '"';
	for (size_t i = 0; i < word.len && plain; i++)
		plain = !strchr(" \t\r\n", word.ptr[i]);
	if (!plain && single && twice)
		return rf_fail(err, RF_ERR_USAGE, "%.*s holds both kinds of quotes and blanks, which GOFLAGS can't; use another path",
			       RF_STR_ARG(word));
	rf_buf_printf(out, "%s%s%.*s%s", out->len ? " " : "", plain ? "" : single ? "\"" : "'", RF_STR_ARG(word),
		      plain ? "" : single ? "\"" : "'");
	return 0;
}

/* The go command takes relative paths as from its working directory, which is ours. */
static rf_str make_absolute(rf_str path, rf_arena *arena)
{
	char now[4096];
	if (!path.len || path.ptr[0] == '/' || !getcwd(now, sizeof(now)))
		return path;
	return rf_arena_printf(arena, "%s/%.*s", now, RF_STR_ARG(path));
}

static int read_overlay(rf_str path, rf_arena *arena, struct rf_pairs *out, struct rf_error *err)
{
	rf_str text;
	int rc = rf_file_read(rf_arena_cstr(arena, path), OVERLAY_BYTES_MAX, arena, &text, err);
	if (rc == 0)
		rc = rf_flat_json_read(text, "Replace", arena, out, err);
	for (size_t i = 0; i < out->count && rc == 0; i++) {
		out->items[i].key = make_absolute(out->items[i].key, arena);
		out->items[i].value = make_absolute(out->items[i].value, arena);
	}
	return rc ? rf_fail_again(err, "the -overlay file %.*s can't be merged with redflag's", RF_STR_ARG(path)) : 0;
}

static int check_theirs(const struct rf_pairs *theirs, const struct rf_pairs *ours, rf_str path, struct rf_error *err)
{
	for (size_t i = 0; i < theirs->count; i++) {
		for (size_t k = 0; k < ours->count; k++) {
			if (rf_str_eq(theirs->items[i].key, ours->items[k].key))
				return rf_fail(err, RF_ERR_USAGE, "the -overlay file %.*s replaces %.*s, which redflag replaces too; take it out "
					       "of that file, or run without redflag", RF_STR_ARG(path), RF_STR_ARG(theirs->items[i].key));
		}
	}
	return 0;
}

static void put_pairs(struct rf_buf *json, const struct rf_pairs *pairs)
{
	for (size_t i = 0; i < pairs->count; i++) {
		rf_buf_put_cstr(json, json->ptr[json->len - 1] == '{' ? "\n" : ",\n");
		rf_flat_json_put(json, pairs->items[i].key);
		rf_buf_put_cstr(json, ": ");
		rf_flat_json_put(json, pairs->items[i].value);
	}
}

/* Named by its content, so that two modules with overlays of their own don't meet and nothing has to be locked. */
static int write_merged(const struct rf_toolchain *t, const struct rf_buf *json, rf_arena *arena, rf_str *path, struct rf_error *err)
{
	struct sha256_ctx hash;
	uint8_t digest[SHA256_DIGEST_SIZE];
	sha256_init(&hash);
	sha256_update(&hash, json->len, (const uint8_t *)json->ptr);
	sha256_digest(&hash, sizeof(digest), digest);
	rf_str name = rf_arena_hex(arena, digest, 6);
	*path = rf_arena_printf(arena, "%.*s/" MERGED_PREFIX "%.*s.json", RF_STR_ARG(t->directory), RF_STR_ARG(name));
	return rf_file_replace(path->ptr, rf_buf_str(json), 0644, err);
}

static int merge(const struct rf_toolchain *t, rf_str other, rf_arena *arena, rf_str *path, struct rf_error *err)
{
	struct rf_pairs ours = { 0 }, theirs = { 0 };
	struct rf_buf json;
	int rc = read_overlay(t->overlay, arena, &ours, err);
	if (rc == 0)
		rc = read_overlay(other, arena, &theirs, err);
	if (rc == 0)
		rc = check_theirs(&theirs, &ours, other, err);
	if (rc)
		return rc;
	rf_buf_init(&json);
	rf_buf_put_cstr(&json, "{\"" MERGED_WITH "\": ");
	rf_flat_json_put(&json, other);
	rf_buf_put_cstr(&json, ", \"Replace\": {");
	put_pairs(&json, &ours);
	put_pairs(&json, &theirs);
	rf_buf_put_cstr(&json, "\n}}\n");
	rc = json.failed ? rf_fail(err, RF_ERR_MEMORY, "not enough memory to merge overlays")
			 : write_merged(t, &json, arena, path, err);
	rf_buf_release(&json);
	return rc;
}

/* Whether an -overlay names one of ours, of whatever Go and age: `redflag env` twice in one shell. */
static bool is_ours(const struct rf_toolchain *t, rf_str path)
{
	ptrdiff_t slash = rf_str_find_last(t->directory, '/');
	rf_str cache = rf_str_take(t->directory, slash < 0 ? 0 : (size_t)slash + 1);
	return cache.len && rf_str_eq(rf_str_take(path, cache.len), cache);
}

/* The user's own overlay behind an -overlay flag: the file itself, or what one of our merged files was made from. */
static int find_theirs(const struct rf_toolchain *t, rf_str path, rf_arena *arena, rf_str *theirs, struct rf_error *err)
{
	struct rf_pairs members;
	rf_str text, name = rf_str_skip(path, (size_t)(rf_str_find_last(path, '/') + 1));
	*theirs = is_ours(t, path) ? RF_STR("") : path;
	if (!is_ours(t, path) || !rf_str_starts(name, MERGED_PREFIX))
		return 0;
	if (rf_file_read(rf_arena_cstr(arena, path), OVERLAY_BYTES_MAX, arena, &text, err) != 0 ||
	    rf_flat_json_read(text, NULL, arena, &members, err) != 0)
		return rf_fail(err, RF_ERR_USAGE, "GOFLAGS names %.*s, an overlay that redflag once merged from yours and that is gone; "
			       "set GOFLAGS to your own -overlay again", RF_STR_ARG(path));
	*theirs = rf_pairs_get(&members, MERGED_WITH);
	return 0;
}

int rf_toolchain_take_overlay(char **words, int *word_count, rf_arena *arena, rf_str *goflags, struct rf_error *err)
{
	struct rf_buf text;
	int kept = 0, rc = 0;
	bool flags = true;
	rf_buf_init(&text);
	rf_buf_put_str(&text, *goflags);
	for (int i = 0; i < *word_count; i++) {
		rf_str word = rf_str_from(words[i]), value = overlay_value(word);
		bool apart = rf_str_eq_cstr(word, "-overlay") || rf_str_eq_cstr(word, "--overlay");
		flags = flags && !rf_str_eq_cstr(word, "-args") && !rf_str_eq_cstr(word, "--args") && !rf_str_eq_cstr(word, "--");
		if (flags && apart && i + 1 < *word_count)
			value = rf_str_from(words[++i]);
		if (!flags || !value.ptr)
			words[kept++] = words[i];
		else if (rc == 0)
			rc = put_word(&text, rf_arena_printf(arena, "-overlay=%.*s", RF_STR_ARG(value)), err);
	}
	words[kept] = NULL;
	*word_count = kept;
	*goflags = rf_arena_dup(arena, rf_buf_str(&text));
	rf_buf_release(&text);
	return rc;
}

int rf_toolchain_goflags(const struct rf_toolchain *t, rf_str goflags, rf_arena *arena, rf_str *out, struct rf_error *err)
{
	struct rf_buf text;
	rf_str *words, overlay = t->overlay, theirs = RF_STR("");
	bool other_toolexec = false;
	size_t count;
	int rc = rf_go_words(goflags, "GOFLAGS", arena, &words, &count, err);
	rf_buf_init(&text);
	for (size_t i = 0; i < count && rc == 0; i++) {
		rf_str other = overlay_value(words[i]), toolexec = toolexec_value(words[i]);
		if (toolexec.ptr && is_ours(t, toolexec))
			continue; /* of an older redflag, or another Go */
		other_toolexec = other_toolexec || toolexec.len;
		if (!other.ptr)
			rc = put_word(&text, words[i], err);
		else /* as for the go command, the last one counts */
			rc = find_theirs(t, make_absolute(other, arena), arena, &theirs, err);
	}
	if (rc == 0 && theirs.len)
		rc = merge(t, theirs, arena, &overlay, err);
	if (rc == 0)
		rc = put_word(&text, rf_arena_printf(arena, "-overlay=%.*s", RF_STR_ARG(overlay)), err);
	if (rc == 0 && t->toolexec.len && !other_toolexec)
		rc = put_word(&text, rf_arena_printf(arena, "-toolexec=%.*s", RF_STR_ARG(t->toolexec)), err);
	if (rc == 0 && text.failed)
		rc = rf_fail(err, RF_ERR_MEMORY, "not enough memory for GOFLAGS");
	if (rc == 0)
		*out = rf_arena_dup(arena, rf_buf_str(&text));
	rf_buf_release(&text);
	return rc;
}
