/* Secrets in source become reads of the environment; what they are called goes to .env.example, never what they are. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "fleet/heal_private.h"

enum { NAME_MAX_BYTES = 60 };

/* "openai_key" or "apiKey" as OPENAI_KEY, API_KEY. */
static char *as_variable(const struct site *site, const char *name, size_t length)
{
	char out[2 * NAME_MAX_BYTES + 2];
	size_t at = 0;

	for (size_t i = 0; i < length && at < sizeof(out) - 2 && i < NAME_MAX_BYTES; i++) {
		unsigned char c = (unsigned char)name[i];

		if (i && isupper(c) && islower((unsigned char)name[i - 1]))
			out[at++] = '_';
		out[at++] = isalnum(c) ? (char)toupper(c) : '_';
	}
	out[at] = 0;
	return arena_text(heal_arena(site), isdigit((unsigned char)*out) || !*out ? "SECRET" : out);
}

/* "SEC001/openai-key" as OPENAI_KEY, when nothing beside the value names it. */
static char *variable_of_rule(const struct site *site)
{
	const char *slash = strchr(site->finding->rule, '/');

	return slash ? as_variable(site, slash + 1, strlen(slash + 1)) : arena_text(heal_arena(site), "SECRET");
}

/* The string token that holds the finding's place; -1. */
static int string_token(const struct site *site)
{
	size_t from = site->finding->place.offset, to = from + site->finding->place.length;

	for (int t = 0; t < code_token_count(site->code); t++) {
		const struct code_token *token = code_token_at(site->code, t);

		if (token->kind == CODE_STRING && token->offset <= from && token->offset + token->length >= to)
			return t;
	}
	return -1;
}

/* What the value is assigned to or given as: NAME = "…", NAME="…" of a call, "NAME": "…". */
static char *name_beside(const struct site *site, int token)
{
	int before = token - 1;
	const struct code_token *it;

	if (before < 1 || !(code_is(site->code, before, "=") || code_is(site->code, before, ":")))
		return variable_of_rule(site);
	it = code_token_at(site->code, before - 1);
	/* An annotation: key: str = "…". */
	if (code_is(site->code, before, "=") && before > 2 && code_is(site->code, before - 2, ":"))
		it = code_token_at(site->code, before - 3);
	const char *text = site->text + it->offset;
	size_t length = it->length;
	if (it->kind == CODE_STRING && length > 2)
		text++, length -= 2;
	return it->kind == CODE_NAME || it->kind == CODE_STRING ? as_variable(site, text, length) : variable_of_rule(site);
}

static int is_adjacent(const struct site *site, int token)
{
	const struct code_token *next = code_token_at(site->code, token + 1);

	return (token && code_token_at(site->code, token - 1)->kind == CODE_STRING) || (next && next->kind == CODE_STRING) || code_is(site->code, token + 1, "+") ||
	       (token && code_is(site->code, token - 1, "+"));
}

static const char *in_code(struct site *site)
{
	int token = string_token(site);
	const struct code_token *it = token >= 0 ? code_token_at(site->code, token) : NULL;

	if (!it)
		return refuse(site, "the value is not one string literal of the code");
	size_t prefix = strcspn(site->text + it->offset, "\"'`");
	if (is_adjacent(site, token) || (prefix && (memchr(site->text + it->offset, 'f', prefix) || memchr(site->text + it->offset, 'F', prefix))) ||
		site->text[it->offset + prefix] == '`')
		return refuse(site, "the value is put together of several parts");
	if (prefix && (memchr(site->text + it->offset, 'b', prefix) || memchr(site->text + it->offset, 'B', prefix)))
		return refuse(site, "the value is bytes, and the environment holds text");
	int whole = it->length == site->finding->place.length + prefix + 2;
	if (!whole && strncmp(site->finding->rule, "SEC004", 6))
		return refuse(site, "the value is only a part of the text it stands in");
	char *name = name_beside(site, token);
	if (is_python(site))
		edit(site, EDIT_PLAIN, it->offset, it->length, "%s.environ[\"%s\"]", need_module(site, "os"), name);
	else
		edit(site, EDIT_PLAIN, it->offset, it->length, "process.env.%s", name);
	append_line(site, path_of_agent(site, ".env.example"), arena_format(heal_arena(site), "%s=", name));
	return "the same value is read from the environment, where it must be set before; revoke the one that was written here";
}

/* .env: kept out of git, its names in an example. */
static const char *in_env_file(struct site *site)
{
	const char *base = strrchr(site->finding->path, '/');
	size_t begin = line_begin(site, site->finding->place.offset), length = 0;

	base = base ? base + 1 : site->finding->path;
	if (!strncmp(site->text + begin, "export ", 7))
		begin += 7;
	while (isalnum((unsigned char)site->text[begin + length]) || site->text[begin + length] == '_')
		length++;
	if (!length)
		return refuse(site, "the line names no variable");
	append_line(site, path_beside(site, ".gitignore"), base);
	append_line(site, path_beside(site, ".env.example"), arena_format(heal_arena(site), "%.*s=", (int)length, site->text + begin));
	return "the file itself is not touched: it is ignored from now on and an example names its variables. Take it out of git with `git rm --cached`, and revoke the value";
}

/* JSON of an MCP client: its own ${NAME}. */
static const char *in_client_file(struct site *site)
{
	size_t from = site->finding->place.offset, length = site->finding->place.length;
	size_t begin = line_begin(site, from);
	const char *colon = NULL, *line = site->text + begin;

	for (const char *at = line; at < site->text + from; at++)
		if (*at == ':' && at > line && at[-1] == '"')
			colon = at;
	if (!colon || !from || site->text[from - 1] != '"' || site->text[from + length] != '"')
		return refuse(site, "the value is only a part of the text it stands in");
	const char *key = colon - 1, *open = key - 1;
	while (open > line && *open != '"')
		open--;
	char *name = as_variable(site, open + 1, (size_t)(key - open - 1));
	edit(site, EDIT_PLAIN, from, length, "${%s}", name);
	append_line(site, path_beside(site, ".env.example"), arena_format(heal_arena(site), "%s=", name));
	return "the client puts the variable in when it starts; revoke the value that was written here";
}

static const char *secret(struct site *site)
{
	switch (site->file->source.kind) {
	case SOURCE_PYTHON:
	case SOURCE_SCRIPT: return in_code(site);
	case SOURCE_ENV: return in_env_file(site);
	case SOURCE_JSON: return !strncmp(site->finding->rule, "SEC011", 6) ? in_client_file(site) : refuse(site, "what reads this file must learn to read the environment first");
	default: return refuse(site, "what reads this file must learn to read the environment first");
	}
}

static const char *in_query(struct site *site)
{
	return refuse(site, "which header the other side takes is for a person to say");
}

const struct heal_row heal_secret_rows[] = {
	{ "SEC013", in_query }, { "SEC", secret }, { NULL, NULL },
};
