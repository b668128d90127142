/* Names of models, addresses and prompts, wherever they are written. */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "fleet/heal/private.h"

static const char *swap_text(struct site *site, const char *from, const char *to, const char *safe)
{
	size_t begin = site->finding->place.offset, end = begin + site->finding->place.length;

	if (!site->finding->place.length)
		begin = line_begin(site, begin), end = line_end_at(site, begin);
	const char *at = memmem(site->text + begin, end - begin, from, strlen(from));

	if (!at)
		return refuse(site, "%.60s is not written out here", from);
	edit(site, EDIT_PLAIN, (size_t)(at - site->text), strlen(from), "%s", to);
	return safe;
}

/* The check said "OLD is retired since …; NEW follows it" or "OLD moves; NEW stays". */
static const char *successor(struct site *site)
{
	const char *said = site->finding->message, *semicolon = strstr(said, "; ");
	const char *verb = semicolon ? strstr(semicolon, " follows it") : NULL;

	if (semicolon && !verb)
		verb = strstr(semicolon, " stays");
	if (!verb)
		return refuse(site, "no dated name is known for it");
	char *from = arena_text_n(heal_arena(site), said, strcspn(said, " "));
	char *to = arena_text_n(heal_arena(site), semicolon + 2, (size_t)(verb - semicolon - 2));
	return swap_text(site, from, to, "one model id is changed to the one its vendor names as successor");
}

static const char *small_model(struct site *site)
{
	const char *said = site->finding->message;
	char *from = arena_text_n(heal_arena(site), said, strcspn(said, " "));
	const struct json *best = NULL;

	for (const struct json *row = json_first(table(site, "small_models")); row; row = json_next(row))
		if (!strncmp(from, json_key(row), strlen(json_key(row))) && (!best || strlen(json_key(row)) > strlen(json_key(best))))
			best = row;
	if (!best || !json_text(best))
		return refuse(site, "no smaller model is known for %.60s", from);
	return swap_text(site, from, json_text(best), "one model id is changed to a smaller one of the same vendor");
}

static const char *https(struct site *site)
{
	return swap_text(site, "http://", "https://", "the same address over TLS; an endpoint without it says so at once");
}

static const char *guard(struct site *site)
{
	int last = -1;

	if (!site->code) { /* a prompt file */
		size_t end = site->length;

		edit(site, EDIT_PLAIN, end, 0, "%s\n%s\n", end && site->text[end - 1] != '\n' ? "\n" : "", value(site, "guard"));
		return "a sentence is added at the end of the prompt; the rest stays as it was tested";
	}
	for (int t = 0; t < code_token_count(site->code); t++) {
		const struct code_token *token = code_token_at(site->code, t);

		if (token->kind == CODE_STRING && token->offset >= site->finding->place.offset && token->offset + token->length <= site->finding->place.offset + site->finding->place.length)
			last = t;
	}
	if (last < 0)
		return refuse(site, "the prompt is no literal");
	const struct code_token *token = code_token_at(site->code, last);
	const char *text = site->text + token->offset;
	size_t prefix = strcspn(text, "\"'`"), quotes = !strncmp(text + prefix, "\"\"\"", 3) || !strncmp(text + prefix, "'''", 3) ? 3 : 1;
	if (token->length < prefix + 2 * quotes || memchr(text, 'b', prefix))
		return refuse(site, "the prompt is no plain string");
	if (token->length == prefix + 2 * quotes)
		return refuse(site, "the prompt ends with an empty string");
	edit(site, EDIT_PLAIN, token->offset + token->length - quotes, 0, " %s", value(site, "guard"));
	return "a sentence is added at the end of the prompt; the rest stays as it was tested";
}

const struct heal_row heal_model_rows[] = {
	{ "COST003", small_model }, { "INJ002", guard }, { "MOD001", successor }, { "MOD002", successor }, { "NET002", https }, { NULL, NULL },
};
