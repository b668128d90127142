/* assign.c - NAME = "value" in the many ways languages, configurations and shells write it. */
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "fleet/secrets/private.h"
#include "fleet/tree/source.h"

enum { NAME_MAX_BYTES = 96, VALUE_MAX_BYTES = 4096, BARE_MAX_BYTES = 1024, PIECES_MAX = 16 };

struct cursor {
	const char *text;
	size_t length, at;
	char quote;       /* of the name, 0: none */
	int escapes;      /* backslashes before it: the assignment stands inside a string */
	char op;
};

static int is_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

static int is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static int is_quote(char c)
{
	return c == '"' || c == '\'' || c == '`';
}

static char at(const struct cursor *c, size_t ahead)
{
	return c->at + ahead < c->length ? c->text[c->at + ahead] : '\0';
}

static void skip_blanks(struct cursor *c)
{
	while (is_blank(at(c, 0)))
		c->at++;
}

static int take(struct cursor *c, const char *word)
{
	size_t n;

	if (at(c, 0) != *word)
		return 0;
	n = strlen(word);
	if (c->at + n > c->length || strncmp(c->text + c->at, word, n) != 0)
		return 0;
	c->at += n;
	return 1;
}

/* The identifier around a word. */
static struct span identifier(const struct view *view, size_t from, size_t length)
{
	size_t start = from, end = from + length;

	while (start && is_name(view->text[start - 1]) && from - start < NAME_MAX_BYTES)
		start--;
	while (end < view->length && is_name(view->text[end]) && end - from < NAME_MAX_BYTES)
		end++;
	while (start < from && view->text[start] == '-')
		start++;
	return (struct span){ start, end - start };
}

/* The quote, bracket or parenthesis that closes the name. */
static void close_name(struct cursor *c)
{
	size_t i = 0;

	while (at(c, i) == '\\')
		i++;
	if (is_quote(at(c, i))) {
		c->quote = at(c, i);
		c->escapes = (int)i;
		c->at += i + 1;
	}
	if (c->quote && (at(c, 0) == ']' || at(c, 0) == ')'))
		c->at++;
	if (at(c, 0) == '?' || at(c, 0) == '!') /* TypeScript: apiKey?: string */
		c->at += at(c, 1) == ':';
}

/* ": str =", ": Optional[SecretStr] =", ": string =": a type between name and value. */
static void skip_annotation(struct cursor *c)
{
	size_t i = 1;

	if (at(c, 0) != ':' || at(c, 1) == '=')
		return;
	while (is_blank(at(c, i)))
		i++;
	if (!is_name(at(c, i)) || (at(c, i) >= '0' && at(c, i) <= '9'))
		return;
	while (i < 80 && (is_name(at(c, i)) || (at(c, i) && strchr(" .[],|?&<>", at(c, i)))))
		i++;
	/* Base64 ends in "=" too, and nothing follows. */
	if (at(c, i) == '=' && (is_blank(at(c, i + 1)) || is_quote(at(c, i + 1))))
		c->at += i;
}

/* variable "db_password" { … default = "…" } */
static int take_default(struct cursor *c)
{
	enum { BLOCK_BYTES = 400 };
	const char *from = c->text + c->at, *close, *word;
	size_t left = c->length - c->at;

	if (!c->quote || at(c, 0) != '{')
		return 0;
	left = left > BLOCK_BYTES ? BLOCK_BYTES : left;
	close = memchr(from, '}', left);
	word = memmem(from, close ? (size_t)(close - from) : left, "default", 7);
	if (!word)
		return 0;
	c->at += (size_t)(word - from) + 7;
	skip_blanks(c);
	return take(c, "=") ? (c->op = '=') : 0;
}

/* <add key="ApiKey" value="…"/>, {name: "API_KEY", value: "…"}, and over two lines in YAML. */
static int take_value_attribute(struct cursor *c)
{
	static const char *const words[] = { "value", "Value", "default", "content" };
	struct cursor before = *c;

	while (at(c, 0) == ',' || is_blank(at(c, 0)) || at(c, 0) == '\n' || at(c, 0) == '\r')
		c->at++;
	if (is_quote(at(c, 0)))
		c->at++;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (take(c, words[i])) {
			if (is_quote(at(c, 0)))
				c->at++;
			skip_blanks(c);
			if (take(c, "=") || take(c, ":")) {
				c->op = '=';
				return 1;
			}
			break;
		}
	*c = before;
	return 0;
}

static const char *const operators[] = { "===", "!==", "==", "!=", ":=", "=>", "->", "?=", "||=", "+=", "||", "??", "=", ":" };

/* "--api-key VALUE" */
static int is_flag(const struct cursor *c, size_t name_at)
{
	return name_at >= 2 && c->text[name_at - 1] == '-' && c->text[name_at - 2] == '-' && (name_at == 2 || !is_name(c->text[name_at - 3]));
}

/* setPassword("…"), withApiKey("…") */
static int take_setter(struct cursor *c, size_t name_at)
{
	const char *name = c->text + name_at;

	if (c->quote || at(c, 0) != '(' || !is_quote(at(c, 1)))
		return 0;
	if (strncmp(name, "set", 3) != 0 && strncmp(name, "with", 4) != 0 && strncmp(name, "Set", 3) != 0 && strncmp(name, "With", 4) != 0)
		return 0;
	c->at++;
	return c->op = '=';
}

/* The text in quotes may go on before the name: "db.password". */
static int opens_call(const struct cursor *c, size_t name_at)
{
	size_t i = name_at > 0 ? name_at - 1 : 0;

	while (i && name_at - i < 64 && (is_name(c->text[i]) || c->text[i] == '.') && c->text[i] != '-')
		i--;

	while (i && (is_quote(c->text[i]) || is_blank(c->text[i]) || strchr("\\\n-", c->text[i])))
		i--;
	return c->text[i] == '(';
}

/* WITH PASSWORD 'x' of SQL, `password x` of .netrc, "the password is x" of prose: for words of passwords only, so that few sentences read so. */
static int take_word(struct cursor *c, const struct secret_scanner *scanner, struct span name)
{
	int prose = !scanner->is_code && scanner->source->kind != SOURCE_YAML;

	if (c->quote || !word_set_has(scanner->rules->passwords, "password", 8) || name.length < 6 || name.length > 8)
		return 0;
	if (strncasecmp(c->text + name.at, "passw", 5) != 0)
		return 0;
	if (prose && take(c, "is "))
		return c->op = '=';
	if (at(c, 0) == '\'' && is_blank(c->text[c->at - 1]))
		return c->op = '=';
	return scanner->source->kind == SOURCE_INI && is_blank(c->text[c->at - 1]) && strstr(scanner->source->path, "netrc") ? (c->op = '=') : 0;
}

/* ENV NAME VALUE of a Dockerfile: no sign between them. */
static int take_instruction(struct cursor *c, const struct secret_scanner *scanner, struct span name)
{
	size_t at = name.at;

	if (scanner->source->kind != SOURCE_DOCKERFILE || c->quote || !is_blank(c->text[c->at - 1]))
		return 0;
	while (at && is_blank(c->text[at - 1]))
		at--;
	if (at == name.at || at < 3 || strncasecmp(c->text + at - 3, "env", 3) != 0 || (at > 3 && !is_blank(c->text[at - 4]) && c->text[at - 4] != '\n'))
		return 0;
	return c->op = '=';
}

/* What follows most words is none of what an assignment may begin with. */
static int may_assign(const struct cursor *c)
{
	switch (at(c, 0)) {
	case '=':
	case '!':
	case ':':
	case '-':
	case '?':
	case '|':
	case '+':
	case ',':
	case 'o':
	case '>':
	case '{':
	case '(':
	case '\n':
	case '\r':
	case '"':
	case '\'':
	case 'v':
		return 1;
	default:
		return c->quote != 0;
	}
}

static int take_operator(struct cursor *c, size_t name_at)
{
	if (!may_assign(c))
		return 0;
	for (size_t i = 0; i < sizeof(operators) / sizeof(*operators); i++)
		if (take(c, operators[i])) {
			c->op = *operators[i] == ':' ? ':' : '=';
			return 1;
		}
	if (take_value_attribute(c) || take_default(c) || take_setter(c, name_at))
		return 1;
	/* An argument or the half of a pair, not one of a list of words. */
	if (c->quote && (opens_call(c, name_at) || is_flag(c, name_at)) && take(c, ",")) {
		c->op = ',';
		return 1;
	}
	if (take(c, "or ")) {
		c->op = '=';
		return 1;
	}
	if (name_at && c->text[name_at - 1] == '<' && take(c, ">")) {
		c->op = '>';
		return 1;
	}
	return 0;
}

/* A line may end between the operator and a quoted value. */
static void skip_to_value(struct cursor *c)
{
	struct cursor before;

	skip_blanks(c);
	before = *c;
	while (at(c, 0) == '(' || at(c, 0) == '[' || is_blank(at(c, 0)) || at(c, 0) == '\n' || at(c, 0) == '\r' || (at(c, 0) == '\\' && at(c, 1) == '\n'))
		c->at++;
	if (!is_quote(at(c, 0)))
		*c = before;
}

/* SecretStr("…"), str(b"…"), Some("…".into()), !!str "…" */
static void skip_wrapper(struct cursor *c)
{
	static const char *const wrappers[] = { "SecretStr(", "SecretBytes(", "Secret(", "pydantic.SecretStr(", "str(", "bytes(", "String(", "Some(", "b64decode(", "base64.b64decode(",
		"new Secret(", "sensitive(", "!!str ", "ConvertTo-SecureString ", "not None else " };
	struct cursor before = *c;

	for (size_t i = 0; i < sizeof(wrappers) / sizeof(*wrappers); i++)
		if (take(c, wrappers[i]))
			skip_blanks(c);
	for (int i = 0; i < 2 && at(c, 0) && strchr("rRbBuUfF$@", at(c, 0)); i++)
		c->at++;
	if (!is_quote(at(c, 0)) && at(c, 0) != '\\')
		*c = before;
}

/* The line of `offset` read up to it. What is asked for is mostly a little further on in the line, so that a line that is a whole file is read once. */
static const struct line_state *line_state_at(struct view *view, size_t offset)
{
	enum { BACK_BYTES = 4096 };
	struct line_state *state = &view->line, *older = &view->older;
	const char *found;

	if (state->at > offset)
		*state = older->at <= offset ? *older : (struct line_state){ 0 };
	else if (state->at - older->at > BACK_BYTES)
		*older = *state;
	found = offset > state->at ? memrchr(view->text + state->at, '\n', offset - state->at) : NULL;
	if (found)
		*state = (struct line_state){ .start = (size_t)(found - view->text) + 1, .at = (size_t)(found - view->text) + 1 };
	for (; state->at < offset; state->at++) {
		char c = view->text[state->at];

		if (c == '\\' && view->text[state->at + 1] != '\n')
			state->at++;
		else if (state->open)
			state->open = c == state->open ? 0 : state->open;
		else if (is_quote(c))
			state->open = c;
	}
	return state;
}

/* Inside quotes that opened on this line: "Server=x;Password=y". */
static int in_string(struct view *view, size_t offset)
{
	return line_state_at(view, offset)->open != 0;
}

static int in_comment(struct view *view, size_t offset)
{
	enum { INDENT_MAX = 400 };
	size_t start = line_state_at(view, offset)->start, most = start + INDENT_MAX;

	while (start < offset && start < most && is_blank(view->text[start]))
		start++;
	return view->text[start] == '#' || view->text[start] == '*' || (view->text[start] == '/' && start + 1 < view->length && strchr("/*", view->text[start + 1]));
}

/* Where a value without quotes may stand, and what ends it. */
enum bare { BARE_NOWHERE, BARE_TO_SIGN, BARE_TO_BLANK, BARE_TO_LINE_END };

/* NAME=VALUE alone on its line or in its output ("text: " stands before it), as a cell prints it: no code is written so. */
static int is_printed(struct view *view, size_t offset)
{
	size_t start = offset, end = offset;

	if (offset < 2 || view->text[offset - 1] != '=' || !is_name(view->text[offset - 2]))
		return 0;
	start--;
	while (start && is_name(view->text[start - 1]) && offset - start < NAME_MAX_BYTES)
		start--;
	if (start && view->text[start - 1] != '\n' && (start < 2 || view->text[start - 1] != ' ' || view->text[start - 2] != ':'))
		return 0;
	while (end < view->length && end - offset < BARE_MAX_BYTES && (unsigned char)view->text[end] > ' ' && !strchr("()[]{},;\"'", view->text[end]))
		end++;
	return end == view->length || view->text[end] == '\n' || view->text[end] == '\r';
}

static enum bare bare_values(struct secret_scanner *scanner, size_t offset)
{
	if (scanner->view.kind == VIEW_DECODED)
		return scanner->view.in_secret ? BARE_TO_LINE_END : BARE_TO_SIGN;
	if (scanner->source->kind == SOURCE_NOTEBOOK && is_printed(&scanner->view, offset))
		return BARE_TO_SIGN;
	if (scanner->is_code)
		return in_string(&scanner->view, offset) || in_comment(&scanner->view, offset) ? BARE_TO_SIGN : BARE_NOWHERE;
	switch (scanner->source->kind) {
	case SOURCE_ENV:
	case SOURCE_INI:
	case SOURCE_YAML:
		return BARE_TO_LINE_END;
	case SOURCE_DOCKERFILE:
		return BARE_TO_BLANK;
	case SOURCE_SHELL:
	default:
		return BARE_TO_SIGN;
	}
}

/* Up to the end of the line or a comment; where neither comes, longer than any value. */
static size_t length_to_line_end(const struct cursor *c)
{
	const char *from = c->text + c->at, *end;
	size_t left = c->length - c->at, n = left > BARE_MAX_BYTES ? BARE_MAX_BYTES + 1 : left;

	for (const char *stop = "\n\r"; *stop; stop++)
		if ((end = memchr(from, *stop, n)))
			n = (size_t)(end - from);
	n = strnlen(from, n);
	for (const char *sign = "#;"; *sign; sign++)
		for (const char *found = from; (found = memchr(found, *sign, n - (size_t)(found - from))); found++)
			if (found > from && is_blank(found[-1])) {
				n = (size_t)(found - from);
				break;
			}
	while (n && n <= BARE_MAX_BYTES && is_blank(from[n - 1]))
		n--;
	return n;
}

static size_t bare_length(const struct cursor *c, enum bare how)
{
	size_t i = 0;

	if (how == BARE_TO_LINE_END)
		return length_to_line_end(c);
	while (i <= BARE_MAX_BYTES && (unsigned char)at(c, i) > ' ' && !strchr(how == BARE_TO_BLANK ? "\"'`" : "\"'`<>,;&)}]|\\", at(c, i)))
		i++;
	return i;
}

/* The end of a text opened by c->quote after `escapes` backslashes. */
static size_t quoted_length(const struct cursor *c, char quote, int escapes)
{
	size_t i = 0, slashes = 0;

	for (; c->at + i < c->length && i < VALUE_MAX_BYTES; i++) {
		char here = at(c, i);

		if (here == '\n')
			return 0;
		if (here == quote && (escapes ? slashes >= (size_t)escapes : slashes % 2 == 0))
			return escapes ? i - (size_t)escapes : i;
		slashes = here == '\\' ? slashes + 1 : 0;
	}
	return 0;
}

/* After a closing quote: "+", a line end or nothing, then another literal. 1: the cursor is in it. */
static int next_literal(struct cursor *c, char quote)
{
	size_t i = 1;
	int signs = 0;

	while (at(c, i) && (strchr(" \t\r\n+", at(c, i)) || (at(c, i) == '\\' && strchr("\r\n", at(c, i + 1)))) && i < 200) {
		signs += at(c, i) == '+';
		i++;
	}
	if (signs > 1 || i == 1)
		return 0;
	for (int prefix = 0; prefix < 2 && at(c, i) && strchr("rRbBuUfF", at(c, i)); prefix++)
		i++;
	if (at(c, i) != quote)
		return 0;
	c->at += i + 1;
	return 1;
}

/* The value in quotes, with the literals that follow it joined. */
static int quoted_value(struct secret_scanner *scanner, struct cursor *c, struct named_value *out)
{
	int escapes = 0, pieces = 0;
	char quote, *joined;
	size_t length, n = 0;

	while (at(c, 0) == '\\') {
		escapes++;
		c->at++;
	}
	quote = at(c, 0);
	c->at++;
	if (at(c, 0) == quote && at(c, 1) == quote && !escapes)
		c->at += 2;
	length = quoted_length(c, quote, escapes);
	out->span = (struct span){ c->at, length };
	out->value = c->text + c->at;
	out->length = length;
	c->at += length;
	if (!length || escapes || !next_literal(c, quote))
		return length > 0;
	joined = arena_alloc(scanner->texts, VALUE_MAX_BYTES * 2);
	memcpy(joined, out->value, n = length);
	do {
		length = quoted_length(c, quote, 0);
		if (!length || n + length > VALUE_MAX_BYTES)
			break;
		memcpy(joined + n, c->text + c->at, length);
		n += length;
		c->at += length;
		out->span.length = c->at - out->span.at;
	} while (++pieces < PIECES_MAX && next_literal(c, quote));
	out->value = joined;
	out->length = n;
	return 1;
}

/* "Bearer …": the scheme of an Authorization value is none of it. */
static void drop_scheme(struct named_value *value)
{
	static const char *const schemes[] = { "Bearer ", "Basic ", "Token ", "ApiKey ", "Api-Key ", "GenieKey ", "SSWS ", "Bot " };

	for (size_t i = 0; i < sizeof(schemes) / sizeof(*schemes); i++) {
		size_t n = strlen(schemes[i]);

		if (value->length > n && !strncasecmp(value->value, schemes[i], n)) {
			value->value += n;
			value->length -= n;
			value->span.at += n;
			value->span.length -= n;
			return;
		}
	}
}

static int bare_value(struct secret_scanner *scanner, struct cursor *c, struct named_value *out)
{
	static const char *const schemes[] = { "Bearer ", "Basic ", "Token ", "token " };
	enum bare how = c->op == '>' ? BARE_TO_SIGN : bare_values(scanner, c->at);

	if (how == BARE_NOWHERE || (c->op == ',' && scanner->source->kind != SOURCE_ENV))
		return 0;
	for (size_t i = 0; i < sizeof(schemes) / sizeof(*schemes); i++)
		if (take(c, schemes[i]))
			break;
	out->span = (struct span){ c->at, bare_length(c, how) };
	if (out->span.length > BARE_MAX_BYTES)
		return 0;
	out->value = c->text + c->at;
	out->length = out->span.length;
	return out->length > 0;
}

/* Where what stands after "=" without quotes is an expression. */
int secrets_is_code(const struct source *source)
{
	static const char *const endings[] = { ".c", ".h", ".cc", ".cpp", ".hpp", ".cs", ".java", ".kt", ".go", ".rs", ".rb", ".php", ".swift", ".scala", ".pl", ".pm", ".lua", ".r",
		".m", ".ex", ".exs", ".erl", ".clj", ".dart", ".vue", ".svelte", ".groovy", ".gradle", ".sql", ".ps1", ".html", ".css" };
	const char *dot = strrchr(source->path, '.');

	if (source->kind != SOURCE_TEXT)
		return source->kind == SOURCE_PYTHON || source->kind == SOURCE_SCRIPT || source->kind == SOURCE_NOTEBOOK || source->kind == SOURCE_TERRAFORM || source->kind == SOURCE_TOML ||
			source->kind == SOURCE_JSON || source->kind == SOURCE_LOCK;
	for (size_t i = 0; dot && i < sizeof(endings) / sizeof(*endings); i++)
		if (!strcasecmp(dot, endings[i]))
			return 1;
	return 0;
}

/* "api key: …" of prose is a name of two words, "service.api.key=…" of properties one of more. */
static struct span with_word_before(const struct secret_scanner *scanner, struct span name)
{
	const char *text = scanner->view.text;
	size_t start = name.at;

	if (scanner->is_code || name.length != 3 || strncasecmp(text + name.at, "key", 3) != 0 || !start ||
		!(text[start - 1] == ' ' || (text[start - 1] == '.' && scanner->source->kind == SOURCE_INI)))
		return name;
	start--;
	while (start && is_name(text[start - 1]) && name.at - start < 12)
		start--;
	return (struct span){ start, name.at + name.length - start };
}

/* $env:NAME, $script:Name of PowerShell. */
static int is_scoped(const struct view *view, size_t at)
{
	size_t start = at - 1;

	while (start && is_name(view->text[start - 1]) && at - start < 16)
		start--;
	return start && view->text[start - 1] == '$';
}

void secrets_assignment(struct secret_scanner *scanner, size_t from, size_t length)
{
	const struct view *view = &scanner->view;
	struct span name = identifier(view, from, length);
	struct cursor c = { .text = view->text, .length = view->length, .at = name.at + name.length };
	struct named_value value = { .name = name };
	int flag;

	if (name.at + name.length == scanner->name_seen)
		return;
	scanner->name_seen = name.at + name.length;
	/* "arn:…:secret:x", "AWS::ApiGateway::ApiKey": a part of a name that colons hold together. */
	if (name.at && view->text[name.at - 1] == ':' && !is_scoped(view, name.at))
		return;
	close_name(&c);
	flag = !c.quote && is_flag(&c, name.at) && is_blank(at(&c, 0));
	skip_blanks(&c);
	skip_annotation(&c);
	if (!flag && !take_operator(&c, name.at) && !take_word(&c, scanner, name) && !take_instruction(&c, scanner, name))
		return;
	value.name = with_word_before(scanner, name);
	if (name_says(scanner->rules, view->text + value.name.at, value.name.length) == NAME_NOTHING)
		return;
	skip_to_value(&c);
	skip_wrapper(&c);
	value.quoted = is_quote(at(&c, 0)) || (at(&c, 0) == '\\' && strchr("\\\"'", at(&c, 1)));
	if (value.quoted ? !quoted_value(scanner, &c, &value) : !bare_value(scanner, &c, &value))
		return;
	drop_scheme(&value);
	secrets_judge_named(scanner, &value);
}
