/* report.c - candidates of a file become findings: the best of each place, pairs as one, the check that the place makes of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/digest.h"
#include "base/mem.h"
#include "base/safe.h"
#include "base/text.h"
#include "fleet/finding/finding.h"
#include "fleet/secrets/private.h"
#include "fleet/tree/source.h"

enum { PAIR_LINES = 5, PAIR_BYTES = 8 << 10, ANCHOR_SIDE = 160, RANK_HALF = -1 };

static int by_place(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->span.at != y->span.at)
		return x->span.at < y->span.at ? -1 : 1;
	if (x->span.length != y->span.length)
		return x->span.length > y->span.length ? -1 : 1;
	return x->rank != y->rank ? y->rank - x->rank : strcmp(x->rule->name, y->rule->name);
}

static size_t end_of(const struct candidate *c)
{
	return c->span.at + c->span.length;
}

/* A provider's form says more than a name, a longer match more than its part. */
static int is_better(const struct candidate *a, const struct candidate *b)
{
	if (a->rank != b->rank)
		return a->rank > b->rank;
	return a->span.length > b->span.length;
}

/* Those left do not overlap. */
static void keep_best(struct secret_scanner *scanner)
{
	struct candidate *found = scanner->found;
	size_t kept = 0;

	if (scanner->count)
		qsort(found, scanner->count, sizeof(*found), by_place);
	for (size_t i = 0; i < scanner->count; i++) {
		struct candidate *last = kept ? &found[kept - 1] : NULL;
		int in_secret = last ? last->in_secret : 0;

		if (!last || end_of(last) <= found[i].span.at) {
			found[kept++] = found[i];
			continue;
		}
		if (is_better(&found[i], last))
			*last = found[i];
		last->in_secret |= in_secret | found[i].in_secret;
	}
	scanner->count = kept;
}

/* What is public or does not prove has taken its place from others; it is none itself. */
static void drop_public(struct secret_scanner *scanner)
{
	size_t kept = 0;

	for (size_t i = 0; i < scanner->count; i++)
		if (!scanner->found[i].rule->is_public && scanner->found[i].rank != RANK_REFUSED)
			scanner->found[kept++] = scanner->found[i];
	scanner->count = kept;
}

/* --- pairs --- */

static size_t lines_back(const struct source *source, size_t at, int lines)
{
	size_t most = at > PAIR_BYTES ? at - PAIR_BYTES : 0;

	while (at > most && (source->text[at - 1] != '\n' || lines--))
		at--;
	return at;
}

static size_t lines_on(const struct source *source, size_t at, int lines)
{
	size_t most = source->length - at > PAIR_BYTES ? at + PAIR_BYTES : source->length;

	while (at < most && (source->text[at] != '\n' || lines--))
		at++;
	return at;
}

static int is_half_of(const struct candidate *other, const struct candidate *one)
{
	return other != one && other->rank != RANK_HALF && !other->also.length && !strcmp(other->rule->name, one->rule->pair);
}

/* The first of its other half between from and to; those up to `count` are in order of place. */
static struct candidate *half_near(struct secret_scanner *scanner, size_t i, size_t count, size_t from, size_t to)
{
	const struct candidate *one = &scanner->found[i];

	while (i && scanner->found[i - 1].span.at >= from)
		i--;
	for (; i < count && scanner->found[i].span.at < to; i++)
		if (scanner->found[i].span.at >= from && is_half_of(&scanner->found[i], one))
			return &scanner->found[i];
	return NULL;
}

static int is_token(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' || c == '+';
}

/* A bare value of the other half's form, that no name calls a secret. */
static struct span bare_half(struct secret_scanner *scanner, const struct secret_rule *other, size_t from, size_t to)
{
	const char *text = scanner->source->text;

	for (size_t i = from; i < to;) {
		size_t n = 0;

		while (i + n < to && is_token(text[i + n]))
			n++;
		if (n >= 30 && secrets_matches_whole(scanner, other, text + i, n) && !value_is_hex(text + i, n) && entropy_bits(text + i, n) >= other->entropy &&
			!value_is_placeholder(scanner->rules, text + i, n) && !secrets_is_example(scanner->rules, text + i, n))
			return (struct span){ i, n };
		i += n ? n : 1;
	}
	return (struct span){ 0, 0 };
}

static void keep_half(struct secret_scanner *scanner, const struct secret_rule *rule, struct span span)
{
	if (!span.length)
		return;
	scanner->found = mem_grow(scanner->found, scanner->count + 1, sizeof(*scanner->found));
	scanner->found[scanner->count++] = (struct candidate){ .rule = rule, .span = span, .rank = RANK_HALF, .value = scanner->source->text + span.at, .value_length = span.length };
}

/* Both halves within five lines are one finding with two places. The other half stays, so that no text shows it, and is none of its own. */
static void find_pairs(struct secret_scanner *scanner)
{
	for (size_t i = 0, count = scanner->count; i < count; i++) {
		struct candidate *one = &scanner->found[i], *half;
		const struct secret_rule *other;
		size_t from, to;

		if (!one->rule->pair || one->rank == RANK_HALF)
			continue;
		from = lines_back(scanner->source, one->span.at, PAIR_LINES);
		to = lines_on(scanner->source, end_of(one), PAIR_LINES);
		half = half_near(scanner, i, count, from, to);
		other = secrets_rule_named((struct secret_rules *)(uintptr_t)scanner->rules, one->rule->pair);
		if (half) {
			one->also = half->span;
			half->rank = RANK_HALF;
		} else if (other) {
			one->also = bare_half(scanner, other, from, to);
			keep_half(scanner, other, one->also);
		}
	}
	if (scanner->count)
		qsort(scanner->found, scanner->count, sizeof(*scanner->found), by_place);
}

/* --- a finding --- */

static void redact(const struct candidate *c, char *out, size_t size)
{
	struct text shown;

	text_init(&shown, 64);
	safe_add(&shown, c->value, c->value_length >= 12 ? 4 : 2);
	snprintf(out, size, "%s\xe2\x80\xa6 (%zu characters)", shown.data, c->value_length);
	text_release(&shown);
}

static void keyed_hash(const struct secret_rules *rules, const struct candidate *c, char out[17])
{
	uint8_t mac[SHA256_BYTES];

	hmac_sha256(rules->hash_key, sizeof(rules->hash_key), c->value, c->value_length, mac);
	hex_format(mac, 8, out);
}

/* The line around candidate i, as far as it matters, with this value and every other one left out. Candidates are in order of place. */
static char *anchor_of(struct secret_scanner *scanner, size_t i)
{
	const struct candidate *c = &scanner->found[i];
	const char *text = scanner->source->text;
	size_t length = scanner->source->length, from = c->span.at, to = end_of(c), at;
	struct text out;
	char *kept;

	while (from && c->span.at - from < ANCHOR_SIDE && text[from - 1] != '\n')
		from--;
	while (to < length && to - end_of(c) < ANCHOR_SIDE && text[to] != '\n')
		to++;
	if (to > end_of(c) && to < length && text[to] == '\n' && text[to - 1] == '\r')
		to--;
	while (i && end_of(&scanner->found[i - 1]) > from)
		i--;
	text_init(&out, 4 * ANCHOR_SIDE);
	for (at = from; i < scanner->count && scanner->found[i].span.at < to; i++) {
		const struct span *span = &scanner->found[i].span;

		if (span->at > at)
			text_add_n(&out, text + at, span->at - at);
		text_add_char(&out, '*');
		at = end_of(&scanner->found[i]);
	}
	if (at < to)
		text_add_n(&out, text + at, to - at);
	kept = arena_text(scanner->texts, out.data);
	text_release(&out);
	return kept;
}

static const struct check *check_of(const struct secret_rules *rules, const char *context, const struct secret_rule *rule)
{
	const struct check *check = context ? checks_find(rules->checks, context) : NULL;

	return check ? check : rule->check;
}

static const char *where_of(const char *context)
{
	static const struct {
		const char *check, *where;
	} rows[] = {
		{ "SEC006", "in a prompt" },
		{ "SEC007", "in a notebook" },
		{ "SEC009", "in an image's build" },
		{ "SEC010", "in a Kubernetes Secret" },
		{ "SEC011", "in an MCP client's file" },
		{ "SEC013", "in a URL's query" },
	};

	for (size_t i = 0; context && i < sizeof(rows) / sizeof(*rows); i++)
		if (!strcmp(rows[i].check, context))
			return rows[i].where;
	return "in the text";
}

/* A name of identifier's characters cannot do harm. */
static const char *message_of(struct secret_scanner *scanner, const struct candidate *c, const char *title, const char *context)
{
	const char *also = c->also.length ? ", both halves of the pair" : "";

	if (c->name && c->name_length)
		return arena_format(scanner->texts, "%s %s, called %.*s%s", title, where_of(context), (int)c->name_length, c->name, also);
	return arena_format(scanner->texts, "%s %s%s", title, where_of(context), also);
}

static void add_finding(struct secret_scanner *scanner, struct context *contexts, size_t i, struct findings *findings)
{
	const struct candidate *c = &scanner->found[i];
	const char *context = context_check(contexts, c), *slash;
	const struct secret_rule *rule = c->rule;
	const struct check *check = check_of(scanner->rules, context, rule);
	char redacted[64], hash[17];
	struct place also = { 0 };
	struct finding finding = { .check = check, .path = scanner->source->path, .state = FINDING_OPEN };

	slash = c->also.length && rule->pair_id ? strchr(rule->pair_id, '/') : rule->name - 1;
	redact(c, redacted, sizeof(redacted));
	keyed_hash(scanner->rules, c, hash);
	finding.rule = arena_format(scanner->texts, "%s%s", check->id, slash);
	finding.message = message_of(scanner, c, rule->title, check == rule->check ? NULL : context);
	finding.place = source_place(scanner->source, c->span.at, c->span.length);
	if (c->also.length) {
		also = source_place(scanner->source, c->also.at, c->also.length);
		finding.also = &also;
	}
	finding.redacted = redacted;
	finding.secret_hash = hash;
	finding.severity = check == rule->check || rule->severity < check->severity ? rule->severity : check->severity;
	finding.fixability = check == rule->check ? rule->fixability : check->fixability;
	finding.anchor = anchor_of(scanner, i);
	/* Not one literal: no edit of a place replaces it. */
	if (c->value != scanner->source->text + c->span.at)
		finding.fixability = FIX_STRUCTURAL;
	findings_add(findings, &finding);
}

/* One for the file, at its first live value. */
static void add_live_env(struct secret_scanner *scanner, struct findings *findings)
{
	const struct check *check = checks_find(scanner->rules->checks, "SEC008");
	struct source *source = scanner->source;

	if (!check || !scanner->count || !context_is_env(source))
		return;
	findings_add(findings,
		&(struct finding){ .check = check,
			.rule = "SEC008/live-env",
			.message = arena_format(scanner->texts, "this environment file holds %zu live value%s", scanner->count, scanner->count == 1 ? "" : "s"),
			.path = source->path,
			.place = source_place(source, scanner->found[0].span.at, scanner->found[0].span.length),
			.severity = check->severity,
			.fixability = check->fixability,
			.anchor = "live-env" });
}

void secrets_report(struct secret_scanner *scanner, struct findings *findings)
{
	struct context contexts = { .source = scanner->source };

	keep_best(scanner);
	drop_public(scanner);
	find_pairs(scanner);
	for (size_t i = 0; i < scanner->count; i++)
		if (scanner->found[i].rank != RANK_HALF)
			add_finding(scanner, &contexts, i, findings);
	add_live_env(scanner, findings);
}
