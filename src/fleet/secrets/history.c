#include "fleet/secrets/history.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/process.h"
#include "base/text.h"
#include "fleet/finding/finding.h"
#include "fleet/secrets/secrets.h"
#include "fleet/tree/source.h"
#include "fleet/tree/walk.h"

enum { BLOBS_MAX = 500000, TOKEN_MAX = 8192, ID_MAX = 64, COMMIT_SHOWN = 12 };

/* A set of 64-bit numbers; 0 is never in it. */
struct numbers {
	uint64_t *slots;
	size_t count, room;
};

struct blob {
	const char *id, *commit, *path;
};

struct history {
	struct secret_scanner *scanner;
	const struct walk *walk;
	struct findings *findings;
	struct secrets_history *seen;
	struct arena *texts;
	struct numbers blobs_known, values_known;
	struct blob *blobs;
	size_t count;
	/* Of the log: the token that is being read, and what the ones before it said. */
	char token[TOKEN_MAX];
	size_t token_length;
	const char *commit;
	char id[ID_MAX + 1]; /* of the blob whose path comes next; "" none */
	/* Of the blobs: which one, its head, its bytes. */
	size_t at;
	size_t left;   /* bytes of it that are to come, its line end too; 0: a head comes */
	int passed;    /* too large */
	struct text bytes;
	struct source source;
};

/* --- sets --- */

static int add_number(struct numbers *set, uint64_t number);

static void grow(struct numbers *set)
{
	struct numbers larger = { .room = set->room ? set->room * 2 : 1024 };

	larger.slots = mem_zero(larger.room, sizeof(*larger.slots));
	for (size_t i = 0; i < set->room; i++)
		if (set->slots[i])
			add_number(&larger, set->slots[i]);
	free(set->slots);
	*set = larger;
}

/* 1: it was not in there. */
static int add_number(struct numbers *set, uint64_t number)
{
	size_t i;

	if (set->count * 2 >= set->room)
		grow(set);
	number = number ? number : 1;
	for (i = number & (set->room - 1); set->slots[i]; i = (i + 1) & (set->room - 1))
		if (set->slots[i] == number)
			return 0;
	set->slots[i] = number;
	set->count++;
	return 1;
}

/* The first 16 hex digits. */
static uint64_t number_of(const char *hex)
{
	char head[17] = { 0 };

	memcpy(head, hex, strnlen(hex, 16));
	return strtoull(head, NULL, 16);
}

/* --- which blobs there were --- */

/* ":100644 100644 OLD NEW M": the new blob, unless it is a link, a module or gone. */
static void read_change(struct history *h, const char *line)
{
	const char *mode, *id;
	size_t length;

	h->id[0] = '\0';
	mode = strchr(line, ' ');
	id = mode ? strchr(mode + 1, ' ') : NULL;
	id = id ? strchr(id + 1, ' ') : NULL;
	if (!id || strncmp(mode + 1, "100", 3) != 0)
		return;
	length = strcspn(++id, " ");
	if (length < 40 || length > ID_MAX || strspn(id, "0123456789abcdef") != length)
		return;
	memcpy(h->id, id, length);
	h->id[length] = '\0';
}

static void read_path(struct history *h, const char *path)
{
	struct blob blob = { .commit = h->commit };

	if ((h->walk && walk_excludes(h->walk, path)) || !add_number(&h->blobs_known, number_of(h->id)))
		return;
	if (h->count == BLOBS_MAX) {
		h->seen->skipped++;
		return;
	}
	blob.id = arena_text(h->texts, h->id);
	blob.path = arena_text(h->texts, path);
	h->blobs = mem_grow(h->blobs, h->count + 1, sizeof(*h->blobs));
	h->blobs[h->count++] = blob;
}

static void read_token(struct history *h)
{
	const char *token = h->token + strspn(h->token, "\n");

	if (*h->id) {
		read_path(h, h->token);
		h->id[0] = '\0';
	} else if (*token == '\1') {
		h->commit = arena_text_n(h->texts, token + 1, strnlen(token + 1, COMMIT_SHOWN));
		h->seen->commits++;
	} else if (*token == ':' && h->commit) {
		read_change(h, token);
	}
}

static int on_log(void *arg, const char *bytes, size_t length)
{
	struct history *h = arg;

	for (size_t i = 0; i < length; i++) {
		if (bytes[i]) {
			if (h->token_length < TOKEN_MAX - 1)
				h->token[h->token_length++] = bytes[i];
			continue;
		}
		h->token[h->token_length] = '\0';
		read_token(h);
		h->token_length = 0;
	}
	return 0;
}

/* --- what they hold --- */

static void keep_new(struct history *h, const struct blob *blob, struct findings *found)
{
	for (size_t i = 0; i < findings_count(found); i++) {
		struct finding finding = *findings_at(found, i);
		char *symbol, *message;

		if (!finding.secret_hash || !add_number(&h->values_known, number_of(finding.secret_hash)))
			continue;
		symbol = mem_format("commit %s", blob->commit);
		message = mem_format("%s; brought by commit %s and still in the history", finding.message, blob->commit);
		finding.symbol = symbol;
		finding.message = message;
		finding.fixability = FIX_STRUCTURAL;
		finding.fix = "revoke it first; then take it out of the history, for every clone has it";
		findings_add(h->findings, &finding);
		free(symbol);
		free(message);
	}
}

static void scan_blob(struct history *h)
{
	const struct blob *blob = &h->blobs[h->at];
	struct findings *found = findings_new();

	source_of_bytes(&h->source, blob->path, h->bytes.data, h->bytes.length);
	secret_scan(h->scanner, &h->source, found);
	keep_new(h, blob, found);
	findings_free(found);
	h->seen->blobs++;
	h->seen->bytes += (int64_t)h->bytes.length;
}

/* "ID blob SIZE" or "ID missing" */
static void read_head(struct history *h)
{
	const char *kind = strchr(h->token, ' ');
	unsigned long long size;

	if (!kind || strncmp(kind, " blob ", 6) != 0) {
		h->seen->skipped++;
		h->at++;
		return;
	}
	size = strtoull(kind + 6, NULL, 10);
	h->left = (size_t)size + 1;
	h->passed = size > SOURCE_WHOLE_BYTES;
	text_clear(&h->bytes);
}

static size_t take_bytes(struct history *h, const char *bytes, size_t length)
{
	size_t n = length < h->left ? length : h->left;

	if (!h->passed)
		text_add_n(&h->bytes, bytes, n == h->left ? n - 1 : n); /* not the line end after it */
	h->left -= n;
	if (h->left)
		return n;
	if (h->passed)
		h->seen->skipped++;
	else
		scan_blob(h);
	h->at++;
	return n;
}

static int on_blobs(void *arg, const char *bytes, size_t length)
{
	struct history *h = arg;

	for (size_t i = 0; i < length && h->at < h->count;) {
		if (h->left) {
			i += take_bytes(h, bytes + i, length - i);
			continue;
		}
		if (bytes[i] != '\n') {
			if (h->token_length < TOKEN_MAX - 1)
				h->token[h->token_length++] = bytes[i];
		} else {
			h->token[h->token_length] = '\0';
			h->token_length = 0;
			read_head(h);
		}
		i++;
	}
	return 0;
}

/* --- git --- */

/* No configuration but the repository's own is read, and of that nothing that runs a program: no pager, no monitor, no signatures shown, no filters
 * (blobs are read as they are kept), no protocol to fetch what is missing. */
static int run_git(const char *root, const char *const *words, const struct text *input, int (*on_output)(void *, const char *, size_t), void *arg, const atomic_int *cancelled,
	struct error *err)
{
	static const char *const env[] = { "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_ALLOW_PROTOCOL=none", "GIT_NO_LAZY_FETCH=1", "GIT_TERMINAL_PROMPT=0",
		"GIT_OPTIONAL_LOCKS=0", "GIT_NO_REPLACE_OBJECTS=1", "GIT_PAGER=cat", "LC_ALL=C", NULL };
	const char *argv[32] = { "git", "--no-pager", "-C", root, "-c", "core.fsmonitor=false", "-c", "log.showSignature=false", "-c", "log.showRoot=true", "-c", "core.quotePath=false", "-c",
		"log.mailmap=false", "-c", "core.alternateRefsCommand=true" };
	struct process_result result = { 0 };
	size_t n = 16;
	int failed;

	while (*words && n < 31)
		argv[n++] = *words++;
	struct process_request request = { .argv = argv, .env = env, .timeout_ms = -1, .on_output = on_output, .arg = arg, .cancelled = cancelled };

	if (input) {
		request.input = input->data;
		request.input_length = input->length;
	}
	if (process_run(&request, &result, err))
		return error_wrap(err, "reading the history");
	failed = result.status ? error_set(err, ERR_INVALID, "git cannot read the history of %.80s: %.120s", root, result.errors ? result.errors : "") : 0;
	process_release(&result);
	return failed;
}

static int list_blobs(struct history *h, const char *root, const atomic_int *cancelled, struct error *err)
{
	static const char *const words[] = { "log", "--all", "--reverse", "--raw", "--no-abbrev", "--no-renames", "--no-ext-diff", "--no-textconv", "--diff-filter=AM", "-m", "-z",
		"--format=%x01%H", "--relative", NULL };

	return run_git(root, words, NULL, on_log, h, cancelled, err);
}

static int read_blobs(struct history *h, const char *root, const atomic_int *cancelled, struct error *err)
{
	static const char *const words[] = { "cat-file", "--batch", "--buffer", NULL };
	struct text input;
	int failed;

	text_init(&input, (size_t)BLOBS_MAX * (ID_MAX + 1));
	for (size_t i = 0; i < h->count; i++)
		text_format(&input, "%s\n", h->blobs[i].id);
	h->token_length = 0;
	failed = h->count ? run_git(root, words, &input, on_blobs, h, cancelled, err) : 0;
	text_release(&input);
	return failed;
}

int secrets_history(struct secret_scanner *scanner, const char *root, const struct walk *walk, struct findings *findings, const atomic_int *cancelled, struct secrets_history *seen, struct error *err)
{
	struct history h = { .scanner = scanner, .walk = walk, .findings = findings, .seen = seen, .texts = arena_new() };
	int failed;

	*seen = (struct secrets_history){ 0 };
	text_init(&h.bytes, (size_t)SOURCE_WHOLE_BYTES + 1);
	for (size_t i = 0; i < findings_count(findings); i++)
		if (findings_at(findings, i)->secret_hash)
			add_number(&h.values_known, number_of(findings_at(findings, i)->secret_hash));
	failed = list_blobs(&h, root, cancelled, err) || read_blobs(&h, root, cancelled, err);
	source_release(&h.source);
	text_release(&h.bytes);
	free(h.blobs_known.slots);
	free(h.values_known.slots);
	free(h.blobs);
	arena_free(h.texts);
	return failed ? -1 : 0;
}
