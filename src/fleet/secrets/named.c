/* named.c - judges a value that a name calls a credential. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/digest.h"
#include "base/mem.h"
#include "fleet/secrets/private.h"
#include "fleet/tree/source.h"

enum { LINE_BYTES = 200, SHORTEST = 6 };

/* The text of the line around a name as far as it matters, in lower case. */
struct near {
	char text[2 * LINE_BYTES];
	size_t length, name_end; /* where the name ends in it */
};

static void read_near(const struct view *view, struct span name, struct near *near)
{
	size_t start = name.at, end = name.at + name.length;

	while (start && view->text[start - 1] != '\n' && name.at - start < LINE_BYTES)
		start--;
	while (end < view->length && view->text[end] != '\n' && end - name.at < LINE_BYTES)
		end++;
	near->length = end - start < sizeof(near->text) ? end - start : sizeof(near->text);
	near->name_end = name.at + name.length - start < near->length ? name.at + name.length - start : near->length;
	for (size_t i = 0; i < near->length; i++)
		near->text[i] = (char)tolower((unsigned char)view->text[start + i]);
}

/* Hex of a hash's length on a line that speaks of hashes. */
static int is_hash(const struct view *view, struct span name, const char *value, size_t length)
{
	static const char *const words[] = { "hash", "digest", "sha1", "sha256", "sha512", "sha-", "md5", "checksum", "etag", "commit", "revision", "integrity", "fingerprint", "git" };
	struct near near;

	if (!value_is_digest(value, length))
		return 0;
	read_near(view, name, &near);
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (memmem(near.text, near.name_end, words[i], strlen(words[i])))
			return 1;
	return 0;
}

static int names_vendor(const struct near *near, const struct secret_rule *rule)
{
	for (const char *const *word = rule->names; *word; word++)
		if (memmem(near->text, near->length, *word, strlen(*word)))
			return 1;
	return 0;
}

/* The vendor whose keys look like this and whose name stands here. */
static const struct secret_rule *vendor_of(struct secret_scanner *scanner, const struct named_value *value)
{
	const struct secret_rules *rules = scanner->rules;
	struct near near;

	near.length = 0;
	for (size_t i = 0; i < rules->count; i++) {
		const struct secret_rule *rule = &rules->rules[i];

		if (!rule->names || value->length < rule->shortest || !secrets_matches_whole(scanner, rule, value->value, value->length))
			continue;
		if (!near.length)
			read_near(&scanner->view, value->name, &near);
		if (names_vendor(&near, rule) && entropy_bits(value->value, value->length) >= rule->entropy)
			return rule;
	}
	return NULL;
}

/* "dXNlcjpwYXNz": what it says after the colon is judged as a password. */
static int is_basic(const struct secret_scanner *scanner, const struct named_value *value)
{
	char *copy;
	size_t n = 0;
	uint8_t *bytes;
	const char *colon;
	int is;

	if (!proof_holds(PROOF_BASIC, value->value, value->length))
		return 0;
	copy = mem_text_n(value->value, value->length);
	bytes = base64_parse(copy, &n);
	colon = memchr(bytes, ':', n);
	is = colon && n > 12 && !value_is_placeholder(scanner->rules, colon + 1, n - (size_t)(colon + 1 - (const char *)bytes)) &&
		!value_is_words(colon + 1, n - (size_t)(colon + 1 - (const char *)bytes));
	free(copy);
	free(bytes);
	return is;
}

/* "Schl\u00fcssel": a letter beyond ASCII, as JSON writes it, is in words of people. "\u0026" is not. */
static int is_escaped_text(const char *value, size_t length)
{
	for (size_t i = 0; i + 6 <= length; i++)
		if (value[i] == '\\' && value[i + 1] == 'u' && value_is_hex(value + i + 2, 4) && (value[i + 2] != '0' || value[i + 3] != '0' || value[i + 4] >= '8'))
			return 1;
	return 0;
}

static int is_refused(const struct secret_scanner *scanner, const struct named_value *value)
{
	const char *v = value->value;
	size_t n = value->length;

	return is_escaped_text(v, n) || value_is_placeholder(scanner->rules, v, n) || value_is_reference(v, n) || is_hash(&scanner->view, value->name, v, n);
}

static const struct secret_rule *judge(struct secret_scanner *scanner, const struct named_value *value, enum name_says says)
{
	const char *v = value->value;
	size_t n = value->length;
	int weak = says == NAME_KEY;

	if (scanner->source->kind == SOURCE_LOCK || value_is_uuid(v, n))
		return NULL;
	if (says == NAME_PASSWORD)
		return value_is_password(v, n) || value_is_key(v, n) ? scanner->rules->password : NULL;
	if (is_basic(scanner, value))
		return scanner->rules->basic;
	if (says == NAME_AUTH)
		return NULL;
	if (weak && (value_is_hex(v, n) || n < 20))
		return NULL;
	if (!weak && value_is_strong(v, n))
		return scanner->rules->generic;
	return value_is_key(v, n) ? scanner->rules->generic : NULL;
}

int secrets_judge_named(struct secret_scanner *scanner, const struct named_value *value)
{
	const char *name = scanner->view.text + value->name.at;
	enum name_says says = name_says(scanner->rules, name, value->name.length);
	struct candidate candidate = { .span = value->span, .value = value->value, .value_length = value->length, .name = name, .name_length = value->name.length };

	if (says == NAME_NOTHING || value->length < SHORTEST || is_refused(scanner, value))
		return 0;
	candidate.rule = vendor_of(scanner, value);
	candidate.rank = candidate.rule ? RANK_NAMED : RANK_GENERIC;
	if (!candidate.rule)
		candidate.rule = judge(scanner, value, says);
	if (!candidate.rule)
		return 0;
	secrets_add(scanner, &candidate);
	return 1;
}
