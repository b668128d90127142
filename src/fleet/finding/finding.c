#include "fleet/finding/finding.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/digest.h"
#include "base/mem.h"
#include "base/text.h"

enum { FINDINGS_MAX = 100000, DIGITS = 32, PRINT_MAX = 64 << 10, RECENT = 256, RECENT_MAX_BYTES = 400 };

struct findings {
	struct arena **arenas; /* the first is its own, the others came with lists taken over */
	size_t arena_count;
	struct finding **rows;
	size_t count, cut, before;
	const char *recent[RECENT]; /* texts by their hash: most findings say what others said before */
};

struct findings *findings_new(void)
{
	struct findings *findings = mem_zero(1, sizeof(*findings));

	findings->arenas = mem_grow(NULL, 1, sizeof(struct arena *));
	findings->arenas[findings->arena_count++] = arena_new();
	return findings;
}

void findings_free(struct findings *findings)
{
	if (!findings)
		return;
	for (size_t i = 0; i < findings->arena_count; i++)
		arena_free(findings->arenas[i]);
	free(findings->arenas);
	free(findings->rows);
	free(findings);
}

void findings_stand_behind(struct findings *findings, size_t before)
{
	findings->before = before;
}

struct arena *findings_arena(struct findings *findings)
{
	return findings->arenas[0];
}

size_t findings_count(const struct findings *findings)
{
	return findings->count;
}

size_t findings_cut(const struct findings *findings)
{
	return findings->cut;
}

struct finding *findings_at(const struct findings *findings, size_t i)
{
	return i < findings->count ? findings->rows[i] : NULL;
}

/* What is found everywhere must not push out a secret: those have as much room again. */
static int is_full(const struct findings *findings, const struct finding *finding)
{
	size_t most = finding->check && finding->check->class == CLASS_SECRET ? 2 * (size_t)FINDINGS_MAX : FINDINGS_MAX;

	return findings->before + findings->count >= most;
}

static int append(struct findings *findings, struct finding *row)
{
	if (is_full(findings, row)) {
		findings->cut++;
		return -1;
	}
	findings->rows = mem_grow(findings->rows, findings->count + 1, sizeof(struct finding *));
	findings->rows[findings->count++] = row;
	return 0;
}

/* The text in the arena, once where it was said not long ago. */
static const char *kept_text(struct findings *findings, const char *text)
{
	uint32_t hash = 2166136261u; /* FNV-1a */
	size_t length = 0;

	if (!text)
		return NULL;
	for (; text[length]; length++)
		hash = (hash ^ (unsigned char)text[length]) * 16777619u;
	if (length > RECENT_MAX_BYTES)
		return arena_text_n(findings->arenas[0], text, length);
	const char **recent = &findings->recent[(hash ^ hash >> 16) % RECENT];

	if (!*recent || strcmp(*recent, text) != 0)
		*recent = arena_text_n(findings->arenas[0], text, length);
	return *recent;
}

/* White space does not count: an indent or a formatter changes nothing. */
static const char *hash_anchor(struct arena *arena, const char *anchor)
{
	uint8_t digest[SHA256_BYTES];
	char hex[2 * SHA256_BYTES + 1];
	struct text text;

	text_init(&text, PRINT_MAX);
	for (const char *c = anchor; *c; c++)
		if (!isspace((unsigned char)*c))
			text_add_char(&text, *c);
	sha256(text.data, text.length, digest);
	text_release(&text);
	hex_format(digest, DIGITS / 2, hex);
	return arena_text_n(arena, hex, DIGITS);
}

struct finding *findings_add(struct findings *findings, const struct finding *finding)
{
	struct arena *arena = findings->arenas[0];

	if (is_full(findings, finding)) {
		findings->cut++;
		return NULL;
	}
	struct finding *row = arena_alloc(arena, sizeof(*row));

	*row = *finding;
	row->rule = kept_text(findings, finding->rule);
	row->message = kept_text(findings, finding->message);
	row->path = kept_text(findings, finding->path);
	row->symbol = kept_text(findings, finding->symbol);
	row->agent = kept_text(findings, finding->agent);
	row->redacted = arena_text(arena, finding->redacted);
	row->secret_hash = arena_text(arena, finding->secret_hash);
	row->fix = kept_text(findings, finding->fix);
	row->why = kept_text(findings, finding->why);
	row->unfixable = kept_text(findings, finding->unfixable);
	row->anchor_hash = finding->anchor ? hash_anchor(arena, finding->anchor) : arena_text(arena, finding->anchor_hash);
	row->anchor = NULL;
	if (finding->also) {
		struct place *also = arena_alloc(arena, sizeof(*also));

		*also = *finding->also;
		row->also = also;
	}
	append(findings, row);
	return row;
}

void findings_miss(struct findings *findings, size_t count)
{
	findings->cut += count;
}

void findings_take(struct findings *findings, struct findings *other)
{
	for (size_t i = 0; i < other->arena_count; i++) {
		findings->arenas = mem_grow(findings->arenas, findings->arena_count + 1, sizeof(struct arena *));
		findings->arenas[findings->arena_count++] = other->arenas[i];
	}
	for (size_t i = 0; i < other->count; i++)
		append(findings, other->rows[i]);
	findings->cut += other->cut;
	free(other->arenas);
	free(other->rows);
	free(other);
}

/* --- the end: order, doubles, fingerprints --- */

static int by_place(const void *a, const void *b)
{
	const struct finding *x = *(struct finding *const *)a, *y = *(struct finding *const *)b;
	int order = strcmp(x->path, y->path);

	if (!order)
		order = (x->place.offset > y->place.offset) - (x->place.offset < y->place.offset);
	if (!order)
		order = (x->place.length > y->place.length) - (x->place.length < y->place.length);
	return order ? order : strcmp(x->rule, y->rule);
}

static void drop_doubles(struct findings *findings)
{
	size_t kept = 0;

	for (size_t i = 0; i < findings->count; i++)
		if (!kept || by_place(&findings->rows[kept - 1], &findings->rows[i]))
			findings->rows[kept++] = findings->rows[i];
	findings->count = kept;
}

static void print_of(const struct finding *finding, uint8_t digest[SHA256_BYTES])
{
	struct text text;

	text_init(&text, PRINT_MAX);
	text_add_n(&text, finding->rule, strlen(finding->rule) + 1);
	text_add_n(&text, finding->path, strlen(finding->path) + 1);
	text_add(&text, finding->anchor_hash ? finding->anchor_hash : "");
	sha256(text.data, text.length, digest);
	text_release(&text);
}

struct print {
	uint8_t digest[SHA256_BYTES];
	size_t row;
};

static int by_digest(const void *a, const void *b)
{
	const struct print *x = a, *y = b;
	int order = memcmp(x->digest, y->digest, SHA256_BYTES);

	return order ? order : (x->row > y->row) - (x->row < y->row);
}

static const char *fingerprint(struct arena *arena, const struct print *print, unsigned ordinal)
{
	uint8_t bytes[SHA256_BYTES + sizeof(ordinal)], digest[SHA256_BYTES];
	char hex[2 * SHA256_BYTES + 1];

	memcpy(bytes, print->digest, SHA256_BYTES);
	for (size_t i = 0; i < sizeof(ordinal); i++)
		bytes[SHA256_BYTES + i] = (uint8_t)(ordinal >> (8 * i));
	sha256(bytes, sizeof(bytes), digest);
	hex_format(digest, DIGITS / 2, hex);
	return arena_text_n(arena, hex, DIGITS);
}

/* Equal prints stand in the order of their places, so that the ordinal of one does not depend on threads. */
static void give_fingerprints(struct findings *findings)
{
	struct print *prints = mem_zero(findings->count + 1, sizeof(*prints));
	unsigned ordinal = 0;

	for (size_t i = 0; i < findings->count; i++) {
		prints[i].row = i;
		print_of(findings->rows[i], prints[i].digest);
	}
	qsort(prints, findings->count, sizeof(*prints), by_digest);
	for (size_t i = 0; i < findings->count; i++) {
		ordinal = i && !memcmp(prints[i - 1].digest, prints[i].digest, SHA256_BYTES) ? ordinal + 1 : 0;
		findings->rows[prints[i].row]->fingerprint = fingerprint(findings->arenas[0], &prints[i], ordinal);
	}
	free(prints);
}

void findings_finish(struct findings *findings)
{
	if (findings->count)
		qsort(findings->rows, findings->count, sizeof(struct finding *), by_place);
	drop_doubles(findings);
	give_fingerprints(findings);
}
