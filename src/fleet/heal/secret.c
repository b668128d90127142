/* Secrets in code become reads of the environment; what they are called goes to .env.example, never what they are. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/mem.h"
#include "fleet/heal/private.h"

enum { NAME_MAX_BYTES = 60 };

char *as_variable(const struct site *site, const char *name, size_t length)
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

char *variable_of_rule(const struct site *site)
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

/* `key: str = "…"` at the beginning of a line or of a parameter; not `if x: key = "…"`. */
static int is_annotated(const struct site *site, int equals)
{
	const struct code_token *before = equals > 3 ? code_token_at(site->code, equals - 4) : NULL;

	if (equals < 3 || !code_is(site->code, equals - 2, ":") || code_is(site->code, equals - 3, "else") || code_is(site->code, equals - 3, "try") ||
		code_is(site->code, equals - 3, "finally"))
		return 0;
	return !before || before->kind == CODE_NEWLINE || before->kind == CODE_NL || before->kind == CODE_INDENT || before->kind == CODE_DEDENT ||
	       before->kind == CODE_COMMENT || code_is(site->code, equals - 4, "(") || code_is(site->code, equals - 4, ",") || code_language(site->code) == CODE_SCRIPT;
}

/* What the value is assigned to or given as: NAME = "…", NAME="…" of a call, "NAME": "…". */
static char *name_beside(const struct site *site, int token)
{
	int before = token - 1;
	const struct code_token *it;

	if (before < 1 || !(code_is(site->code, before, "=") || code_is(site->code, before, ":")))
		return variable_of_rule(site);
	it = code_token_at(site->code, before - 1);
	if (code_is(site->code, before, "=") && is_annotated(site, before))
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

/* `case "…":` of a match statement holds a pattern, where no call may stand. */
static int is_pattern(const struct site *site, int token)
{
	int begin = token, depth = 0;

	while (begin && code_token_at(site->code, begin - 1)->kind != CODE_NEWLINE && code_token_at(site->code, begin - 1)->kind != CODE_INDENT &&
		code_token_at(site->code, begin - 1)->kind != CODE_DEDENT)
		begin--;
	while (begin < token && (code_token_at(site->code, begin)->kind == CODE_NL || code_token_at(site->code, begin)->kind == CODE_COMMENT))
		begin++;
	if (!is_python(site) || begin == token || !code_is(site->code, begin, "case"))
		return 0;
	for (int t = begin + 1; t < token; t++) {
		if (code_is(site->code, t, "(") || code_is(site->code, t, "[") || code_is(site->code, t, "{"))
			depth++;
		else if (code_is(site->code, t, ")") || code_is(site->code, t, "]") || code_is(site->code, t, "}"))
			depth--;
		else if (!depth && code_is(site->code, t, ":"))
			return 0;
	}
	return 1;
}

/* Where JavaScript takes a literal and no expression: a key, a type, an attribute of JSX. */
static int is_literal_only(const struct site *site, int token)
{
	const char *dot = strrchr(site->finding->path, '.');
	size_t offset = code_token_at(site->code, token)->offset;

	if (is_python(site) || !token)
		return 0;
	if (code_is(site->code, token + 1, ":") && (code_is(site->code, token - 1, "{") || code_is(site->code, token - 1, ",")))
		return 1;
	if (token > 2 && code_is(site->code, token - 1, "=") && code_is(site->code, token - 3, "type"))
		return 1;
	return dot && (!strcmp(dot, ".tsx") || !strcmp(dot, ".jsx")) && offset > 1 && site->text[offset - 1] == '=' &&
	       (isalnum((unsigned char)site->text[offset - 2]) || site->text[offset - 2] == '_');
}

static int is_environment_read(const struct code_call *call)
{
	const char *name = call->resolved ? call->resolved : call->written;

	return !strcmp(name, "os.getenv") || !strcmp(name, "os.environ.get");
}

/* `os.getenv("NAME", "…")` or `os.getenv("NAME") or "…"`: the read is there already. The token of NAME, and in from the last one that
 * stays; -1: it is no such. */
static int python_default(const struct site *site, int token, int *from)
{
	int or = token && code_is(site->code, token - 1, "or") ? token - 1 : -1;

	for (int i = 0; i < code_call_count(site->code); i++) {
		const struct code_call *call = code_call_at(site->code, i);
		const struct code_argument *name = code_positional(site->code, call, 0), *other = code_positional(site->code, call, 1);

		if (!name || name->end != name->value + 1 || code_token_at(site->code, name->value)->kind != CODE_STRING || !is_environment_read(call))
			continue;
		*from = or >= 0 ? or - 1 : name->value;
		if (or >= 0 ? call->close == or - 1 : other && other->value == token && other->end == token + 1)
			return name->value;
	}
	return -1;
}

/* The same of `process.env.NAME || "…"` and `?? "…"`. */
static int script_default(const struct site *site, int token, int *from)
{
	if (token < 6 || !(code_is(site->code, token - 1, "||") || code_is(site->code, token - 1, "??")) || !code_is(site->code, token - 3, ".") ||
		!code_is(site->code, token - 4, "env") || !code_is(site->code, token - 6, "process"))
		return -1;
	*from = token - 2;
	return token - 2;
}

static int is_another(const struct heal_name *it, const char *example, const char *name, const char *hash)
{
	return !strcmp(it->example, example) && !strcmp(it->name, name) && strcmp(it->hash, hash) != 0;
}

const char *name_in_example(struct site *site, const char *example, const char *name)
{
	struct heal *heal = site->heal;
	const char *hash = site->finding->secret_hash ? site->finding->secret_hash : "", *given = name;

	for (size_t i = 0, number = 2; i < heal->name_count; i++)
		if (is_another(&heal->names[i], example, given, hash)) {
			given = arena_format(heal_arena(site), "%s_%zu", name, number++);
			i = (size_t)-1;
		}
	heal->names = mem_grow(heal->names, heal->name_count + 1, sizeof(*heal->names));
	heal->names[heal->name_count++] = (struct heal_name){ arena_text(heal_arena(site), example), given, arena_text(heal_arena(site), hash) };
	append_line(site, example, arena_format(heal_arena(site), "%s=", given));
	return given;
}

static const char *name_of_agent(struct site *site, const char *name)
{
	return name_in_example(site, path_of_agent(site, ".env.example"), name);
}

static const char *drop_default(struct site *site, int token, int name, int last)
{
	const struct code_token *it = code_token_at(site->code, name);
	int quoted = it->kind == CODE_STRING;
	size_t from = token_end(site, last);

	edit(site, EDIT_PLAIN, from, token_end(site, token) - from, "%s", "");
	append_line(site, path_of_agent(site, ".env.example"), arena_format(heal_arena(site), "%.*s=", (int)it->length - 2 * quoted, site->text + it->offset + quoted));
	return "the environment is read already, only what stood in when it is not set goes: it must be set; revoke the value that was written here";
}

/* --- a literal of code --- */

static int has_prefix(const struct site *site, const struct code_token *it, size_t prefix, char letter)
{
	return memchr(site->text + it->offset, letter, prefix) || memchr(site->text + it->offset, toupper((unsigned char)letter), prefix);
}

/* A text that stands for itself: documentation, no value. */
static int is_statement(const struct site *site, int token)
{
	const struct code_token *before = token ? code_token_at(site->code, token - 1) : NULL, *after = code_token_at(site->code, token + 1);
	int begins = !before || before->kind == CODE_NEWLINE || before->kind == CODE_NL || before->kind == CODE_INDENT || before->kind == CODE_DEDENT || before->kind == CODE_COMMENT;

	return is_python(site) && begins && after && after->kind == CODE_NEWLINE;
}

static int holds(const struct site *site, size_t from, size_t to, const char *letters)
{
	while (from < to && !strchr(letters, site->text[from]))
		from++;
	return from < to;
}

/* The value within a literal of Python: f"Bearer {os.environ['NAME']}". */
static const char *within_python(struct site *site, const struct code_token *it, size_t prefix, const char *name)
{
	size_t from = site->finding->place.offset, to = from + site->finding->place.length, end = it->offset + it->length;
	char quote = site->text[it->offset + prefix] == '"' ? '\'' : '"';
	int is_format = has_prefix(site, it, prefix, 'f');

	if (has_prefix(site, it, prefix, 'u') || (!is_format && (holds(site, it->offset, from, "{}") || holds(site, to, end, "{}"))))
		return refuse(site, "the text around the value has braces of its own");
	if (!is_format)
		edit(site, EDIT_PLAIN, it->offset, 0, "f");
	edit(site, EDIT_PLAIN, from, to - from, "{%s.environ[%c%s%c]}", need_module(site, "os"), quote, name, quote);
	return "the text is put together as before, with the value from the environment, where it must be set before; revoke the one that was written here";
}

/* The same of JavaScript: `Bearer ${process.env.NAME}`. */
static const char *within_script(struct site *site, const struct code_token *it, const char *name)
{
	size_t from = site->finding->place.offset, to = from + site->finding->place.length, end = it->offset + it->length;

	if (site->text[it->offset] != '`' && (holds(site, it->offset, from, "`$\\") || holds(site, to, end, "`$\\")))
		return refuse(site, "the text around the value has signs of a template of its own");
	if (site->text[it->offset] != '`') {
		edit(site, EDIT_PLAIN, it->offset, 1, "`");
		edit(site, EDIT_PLAIN, end - 1, 1, "`");
	}
	edit(site, EDIT_PLAIN, from, to - from, "${process.env.%s}", name);
	return "the text is put together as before, with the value from the environment, where it must be set before; revoke the one that was written here";
}

static int is_typed(const struct site *site)
{
	return ends_with(site->finding->path, ".ts") || ends_with(site->finding->path, ".tsx") || ends_with(site->finding->path, ".mts") || ends_with(site->finding->path, ".cts");
}

static const char *whole_literal(struct site *site, int token, const struct code_token *it, size_t prefix)
{
	int last = 0, read = is_python(site) ? python_default(site, token, &last) : script_default(site, token, &last);
	const char *name;

	if (read >= 0)
		return drop_default(site, token, read, last);
	name = name_of_agent(site, name_beside(site, token));
	if (is_python(site))
		edit(site, EDIT_PLAIN, it->offset, it->length, "%s.environ[\"%s\"]%s", need_module(site, "os"), name, has_prefix(site, it, prefix, 'b') ? ".encode()" : "");
	else
		edit(site, EDIT_PLAIN, it->offset, it->length, "process.env.%s%s", name, is_typed(site) ? "!" : "");
	return "the same value is read from the environment, where it must be set before; revoke the one that was written here";
}

static const char *part_of_literal(struct site *site, const struct code_token *it, size_t prefix)
{
	const char *name;

	if (has_prefix(site, it, prefix, 'b'))
		return refuse(site, "the value is a part of bytes, and the environment holds text");
	name = name_of_agent(site, variable_of_rule(site));
	return is_python(site) ? within_python(site, it, prefix, name) : within_script(site, it, name);
}

static const char *in_code(struct site *site)
{
	int token = string_token(site);
	const struct code_token *it = token >= 0 ? code_token_at(site->code, token) : NULL;

	if (!it)
		return refuse(site, "the value is not one string literal of the code");
	size_t prefix = strcspn(site->text + it->offset, "\"'`");
	int whole = it->length == site->finding->place.length + prefix + 2;
	if (is_pattern(site, token) || is_literal_only(site, token))
		return refuse(site, "only a literal may stand there");
	if (is_statement(site, token))
		return refuse(site, "it stands in a text that documents: take it out there");
	if (is_adjacent(site, token) && whole)
		return refuse(site, "the value is put together of several parts");
	/* A connection string is read whole. */
	if (!whole && !strncmp(site->finding->rule, "SEC004", 6) && !is_adjacent(site, token) && !has_prefix(site, it, prefix, 'f') && site->text[it->offset + prefix] != '`')
		whole = 1;
	return whole ? whole_literal(site, token, it, prefix) : part_of_literal(site, it, prefix);
}

static const char *secret(struct site *site)
{
	return site->code ? in_code(site) : heal_secret_in_file(site);
}

const struct heal_row heal_secret_rows[] = {
	{ "SEC008", heal_live_env }, { "SEC", secret }, { NULL, NULL },
};
