/* Repairs of what is believed: certificates, readers that run code, credentials in addresses. */
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "fleet/heal/private.h"

/* --- NET001 --- */

/* The token that holds the first byte of the place, -1. */
static int token_here(const struct site *site)
{
	size_t offset = site->finding->place.offset;

	for (int t = 0; site->code && t < code_token_count(site->code); t++)
		if (token_offset(site, t) <= offset && token_end(site, t) > offset)
			return t;
	return -1;
}

/* `rejectUnauthorized: false` of an object literal. */
static const char *unauthorized(struct site *site)
{
	int key = token_here(site);

	if (key < 0 || !code_is(site->code, key + 1, ":") || !code_is(site->code, key + 2, "false"))
		return refuse(site, "it is written in a way that is not edited from here");
	remove_item(site, key, key + 3);
	return "one option is taken out; certificates are checked against the authorities Node has";
}

/* A word of the place by another. */
static const char *swap_in_place(struct site *site, const char *from, const char *to)
{
	const struct place *place = &site->finding->place;
	const char *at = memmem(site->text + place->offset, place->length, from, strlen(from));

	if (!at)
		return NULL;
	edit(site, EDIT_PLAIN, (size_t)(at - site->text), strlen(from), "%s", to);
	return "one value is changed; certificates are checked against the system's authorities";
}

/* session.verify = False */
static const char *attribute(struct site *site)
{
	for (int i = 0; i < code_assign_count(site->code); i++) {
		const struct code_assign *assign = code_assign_at(site->code, i);

		if (token_offset(site, assign->token) != site->finding->place.offset || !code_is(site->code, assign->value, "False"))
			continue;
		replace_range(site, assign->value, assign->end, "True");
		return "one value is changed; certificates are checked against the system's authorities";
	}
	return NULL;
}

static const char *unverified_context(struct site *site, const struct code_call *call)
{
	if (call->argument_count)
		return refuse(site, "what else the context is given must be known first");
	edit(site, EDIT_PLAIN, token_offset(site, call->open - 1), token_end(site, call->open - 1) - token_offset(site, call->open - 1), "create_default_context");
	return "the context that checks certificates is made instead";
}

static const char *tls_check(struct site *site)
{
	const struct code_call *call = site_call(site);
	const char *text = site->text + site->finding->place.offset, *safe;
	size_t length = site->finding->place.length;

	if (call && code_is(site->code, call->open - 1, "_create_unverified_context"))
		return unverified_context(site, call);
	if (call)
		return remove_named(site, (const char *const[]){ "verify", "ssl", "verify_ssl", "ssl_verify", NULL },
			"one argument is taken out; certificates are checked against the system's authorities");
	if (is_script(site) && length > 18 && !strncmp(text, "rejectUnauthorized", 18))
		return unauthorized(site);
	if (length && text[length - 1] == '0' && memmem(text, length, "NODE_TLS_REJECT", 15)) {
		edit(site, EDIT_PLAIN, site->finding->place.offset + length - 1, 1, "1");
		return "one digit is changed; Node checks certificates";
	}
	safe = is_python(site) ? attribute(site) : NULL;
	if (!safe)
		safe = swap_in_place(site, "CERT_NONE", "CERT_REQUIRED");
	return safe ? safe : refuse(site, "it is written in a way that is not edited from here");
}

/* --- INJ007 --- */

static const struct { const char *call, *name, *safe; } yaml_loads[] = {
	{ "yaml.load", "load", "safe_load" }, { "yaml.unsafe_load", "unsafe_load", "safe_load" }, { "yaml.full_load", "full_load", "safe_load" },
	{ "yaml.load_all", "load_all", "safe_load_all" }, { "yaml.unsafe_load_all", "unsafe_load_all", "safe_load_all" },
};

static const char *safe_load(struct site *site)
{
	const struct code_call *call = site_call(site);
	size_t row = 0;

	if (!is_python(site) || !call)
		return no_call(site);
	while (row < sizeof(yaml_loads) / sizeof(*yaml_loads) && (!call->resolved || strcmp(call->resolved, yaml_loads[row].call)))
		row++;
	if (row == sizeof(yaml_loads) / sizeof(*yaml_loads))
		return refuse(site, "what it reads needs a format that is signed, or that holds data only: only YAML has a safe reader of the same files");
	int name = call->open - 1;
	const struct code_argument *loader = code_keyword(site->code, call, "Loader");
	if (!loader && code_positional(site->code, call, 1))
		return refuse(site, "the loader is given by position");
	if (!strchr(call->written, '.'))
		edit(site, EDIT_PLAIN, token_offset(site, name), token_end(site, name) - token_offset(site, name), "%s.%s", need_module(site, "yaml"), yaml_loads[row].safe);
	else if (code_is(site->code, name, yaml_loads[row].name))
		edit(site, EDIT_PLAIN, token_offset(site, name), token_end(site, name) - token_offset(site, name), "%s", yaml_loads[row].safe);
	else
		return refuse(site, "%.60s is yaml.load by another name here", call->written);
	if (loader)
		remove_item(site, loader->token, loader->end);
	return "the safe loader reads the same files and makes no objects of its own";
}

/* --- SEC013 --- */

/* A field of an f-string in the query: from ? or & to its end; the name and the expression. */
struct query {
	size_t from, to; /* of the text */
	const char *name, *expression, *url;
};

static int find_query(struct site *site, const struct code_token *token, struct query *query)
{
	const char *text = site->text + token->offset, *end = text + token->length;

	for (const char *at = text; (at = memchr(at, '=', (size_t)(end - at - 1))); at++) {
		const char *name = at, *close = at[1] == '{' ? memchr(at, '}', (size_t)(end - at)) : NULL;

		while (name > text && name[-1] != '?' && name[-1] != '&' && name[-1] != '/' && name[-1] != '"' && name[-1] != '\'')
			name--;
		if (!close || name == text || (name[-1] != '?' && name[-1] != '&') || at[2] == '{' || memchr(at, ':', (size_t)(close - at)) || memchr(at, '!', (size_t)(close - at)))
			continue;
		query->name = arena_text_n(heal_arena(site), name, (size_t)(at - name));
		query->expression = arena_text_n(heal_arena(site), at + 2, (size_t)(close - at - 2));
		query->url = arena_text_n(heal_arena(site), text, (size_t)(name - text));
		/* ?a={x}&b=1 keeps its ?, what comes last takes its mark along. */
		query->from = (size_t)(name - site->text) - (close[1] == '&' ? 0 : 1);
		query->to = (size_t)(close + 1 - site->text) + (close[1] == '&' ? 1 : 0);
		for (const struct json *row = json_first(table(site, "query_headers")); row; row = json_next(row))
			if (!strcmp(json_text_or(json_get(row, "name"), ""), query->name) && strstr(query->url, json_text_or(json_get(row, "host"), "")))
				return 1;
	}
	return 0;
}

static const struct json *header_row(const struct site *site, const struct query *query)
{
	const struct json *row = json_first(table(site, "query_headers"));

	while (row && (strcmp(json_text_or(json_get(row, "name"), ""), query->name) || !strstr(query->url, json_text_or(json_get(row, "host"), ""))))
		row = json_next(row);
	return row;
}

/* The URL is an argument of a request written here, and the other side is known to take a header: by its own manual, or RFC 6750 2.1. */
static const char *in_query(struct site *site)
{
	int token = token_here(site);
	const struct code_call *call = site_call_around(site);
	const struct code_argument *url = call ? code_positional(site->code, call, 0) : NULL;
	struct query query;

	if (!is_python(site) || token < 0 || !find_query(site, code_token_at(site->code, token), &query))
		return refuse(site, "which header the other side takes is for a person to say");
	if (url && (url->value != token || url->end != token + 1))
		url = code_positional(site->code, call, 1);
	if (!url || url->value != token || url->end != token + 1 || !call->resolved || (strncmp(call->resolved, "requests.", 9) && strncmp(call->resolved, "httpx.", 6)))
		return refuse(site, "the request that is sent to this address is made elsewhere: give it the header there");
	if (code_keyword(site->code, call, "headers"))
		return refuse(site, "the request has headers already: add it there");
	const struct json *row = header_row(site, &query);
	const char *prefix = json_text_or(json_get(row, "prefix"), "");
	char *header = *prefix ? arena_format(heal_arena(site), "headers={\"%s\": \"%s\" + %s}", json_text_or(json_get(row, "header"), ""), prefix, query.expression) :
		arena_format(heal_arena(site), "headers={\"%s\": %s}", json_text_or(json_get(row, "header"), ""), query.expression);
	const char *why = add_argument(site, call, header);
	if (why)
		return refuse(site, "%s", why);
	edit(site, EDIT_PLAIN, query.from, query.to - query.from, "%s", "");
	return "the same credential in the header the other side documents for it, where no log of addresses keeps it";
}

const struct heal_row heal_trust_rows[] = { { "INJ007", safe_load }, { "NET001", tls_check }, { "SEC013", in_query }, { NULL, NULL } };
