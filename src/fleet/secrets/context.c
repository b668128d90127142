/* context.c - what a place makes of a secret: a prompt, a notebook, an image's build, a Kubernetes Secret, an MCP client's file, a URL's query. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "fleet/secrets/private.h"
#include "fleet/tree/path.h"
#include "fleet/tree/source.h"

enum { NAME_BACK = 160, PROSE_BACK = 16 << 10 };

static int ends_with(const char *text, const char *ending)
{
	size_t length = strlen(text), n = strlen(ending);

	return length >= n && !strcasecmp(text + length - n, ending);
}

int context_is_env(const struct source *source)
{
	static const char *const examples[] = { ".example", ".sample", ".template", ".dist", ".tmpl", ".tpl", ".defaults" };
	const char *name = path_base(source->path);

	if (source->kind != SOURCE_ENV || !strcmp(name, ".envrc"))
		return 0;
	for (size_t i = 0; i < sizeof(examples) / sizeof(*examples); i++)
		if (ends_with(name, examples[i]) || (strcasestr(name, examples[i]) && ends_with(name, ".env")))
			return 0;
	return strcasestr(name, "example") == NULL && strcasestr(name, "sample") == NULL;
}

static int is_mcp_file(const char *path)
{
	static const char *const names[] = { "mcp.json", ".mcp.json", "mcp-config.json", "mcp_config.json", "mcp_servers.json", "mcp-servers.json", "claude_desktop_config.json",
		"cline_mcp_settings.json", "mcp.yaml", "mcp.yml" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcasecmp(path_base(path), names[i]))
			return 1;
	return 0;
}

static int is_prompt_file(const struct source *source)
{
	static const char *const names[] = { "AGENTS.md", "CLAUDE.md", "GEMINI.md", "SKILL.md", ".cursorrules", ".windsurfrules", "copilot-instructions.md" };
	const char *name = path_base(source->path);

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcasecmp(name, names[i]))
			return 1;
	if (ends_with(name, ".prompt") || ends_with(name, ".prompty"))
		return 1;
	if (source->kind == SOURCE_PYTHON || source->kind == SOURCE_SCRIPT || source->kind == SOURCE_NOTEBOOK)
		return 0;
	return strcasestr(name, "prompt") || strcasestr(name, "system_message") || strcasestr(name, "instructions") || strstr(source->path, "prompts/") == source->path ||
		strstr(source->path, "/prompts/");
}

/* ENV and ARG, their continued lines too. */
static int in_build(const struct source *source, size_t offset)
{
	size_t length;
	const char *line = source_line(source, offset, &length);

	while (line > source->text + 2 && (line[-2] == '\\' || (line[-2] == '\r' && line[-3] == '\\'))) {
		offset = (size_t)(line - source->text) - 2;
		line = source_line(source, offset, &length);
	}
	while (length && (*line == ' ' || *line == '\t'))
		line++, length--;
	return length > 4 && (!strncasecmp(line, "ENV", 3) || !strncasecmp(line, "ARG", 3)) && isspace((unsigned char)line[3]);
}

/* "?key=" or "&token=" right before the value, in what looks like a URL. */
static int in_query(const struct source *source, size_t offset)
{
	const char *text = source->text;
	size_t i = offset, name;

	if (!i || text[--i] != '=')
		return 0;
	name = i;
	while (i && offset - i < NAME_BACK && (isalnum((unsigned char)text[i - 1]) || strchr("_-.", text[i - 1])))
		i--;
	return i && i < name && (text[i - 1] == '?' || text[i - 1] == '&') && i > 1;
}

/* --- literals of code --- */

static int is_code(enum source_kind kind)
{
	return kind == SOURCE_PYTHON || kind == SOURCE_SCRIPT || kind == SOURCE_NOTEBOOK;
}

/* Between two literals that a language joins. */
static int only_joins(const char *text, size_t from, size_t to)
{
	for (; from < to; from++)
		if (!strchr(" \t\r\n+\\fFrRbBuU", text[from]) || !text[from])
			return 0;
	return 1;
}

static void open_literal(struct context *c, size_t length)
{
	const char *text = c->source->text;

	if (!c->group_end || !only_joins(text, c->group_end, c->at))
		c->group = c->at;
	c->quote = text[c->at];
	c->triple = c->at + 2 < length && text[c->at + 1] == c->quote && text[c->at + 2] == c->quote && c->source->kind != SOURCE_SCRIPT;
	c->at += c->triple ? 3 : 1;
}

static int closes(const struct context *c, size_t length)
{
	const char *text = c->source->text;

	if (text[c->at] != c->quote)
		return !c->triple && c->quote != '`' && text[c->at] == '\n';
	return !c->triple || (c->at + 2 < length && text[c->at + 1] == c->quote && text[c->at + 2] == c->quote);
}

static void skip_comment(struct context *c, size_t length)
{
	const char *text = c->source->text, *end;

	if (text[c->at] == '/' && text[c->at + 1] == '*')
		end = memmem(text + c->at + 2, length - c->at - 2, "*/", 2);
	else
		end = memchr(text + c->at, '\n', length - c->at);
	c->at = end ? (size_t)(end - text) + 1 : length;
}

static int is_comment(const struct context *c)
{
	const char *text = c->source->text + c->at;

	if (c->source->kind == SOURCE_SCRIPT)
		return *text == '/' && (text[1] == '/' || text[1] == '*');
	return *text == '#';
}

/* What may begin or end a literal or a comment. */
static int is_mark(char c)
{
	return c == '"' || c == '\'' || c == '`' || c == '#' || c == '/' || c == '\\' || c == '\n';
}

/* Reads literals up to `offset`. 1: it stands in one; c->group is where it and those joined before it begin. */
static int in_literal(struct context *c, size_t offset)
{
	const char *text = c->source->text;
	size_t length = c->source->length;

	while (c->at < offset) {
		if (!is_mark(text[c->at])) {
			c->at++;
			continue;
		}
		if (!c->quote) {
			if (is_comment(c))
				skip_comment(c, length);
			else if (text[c->at] == '"' || text[c->at] == '\'' || text[c->at] == '`')
				open_literal(c, length);
			else
				c->at++;
			continue;
		}
		if (text[c->at] == '\\')
			c->at += 2;
		else if (closes(c, length)) {
			c->at += c->triple ? 3 : 1;
			c->quote = 0;
			c->group_end = c->at;
		} else {
			c->at++;
		}
	}
	return c->quote != 0;
}

static int holds_word(const char *text, size_t length, const char *word)
{
	size_t n = strlen(word);

	for (size_t i = 0; i + n <= length; i++)
		if (!strncasecmp(text + i, word, n))
			return 1;
	return 0;
}

/* What stands before a literal says that a model reads it. */
static int feeds_model(const char *text, size_t group)
{
	static const char *const words[] = { "prompt", "instruction", "system_message", "systemmessage", "preamble", "backstory", "persona", "system=", "system =", "\"system\"", "'system'",
		"system:", "developer", "template" };
	size_t start = group > NAME_BACK ? group - NAME_BACK : 0, from = group;

	/* The statement's own line, and the one before when the literal begins a line. */
	for (int lines = 0; from > start; from--)
		if (text[from - 1] == '\n' && (++lines == 2 || strspn(text + from, " \t(") < group - from))
			break;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (holds_word(text + from, group - from, words[i]))
			return 1;
	return 0;
}

/* Prose around it: a prompt that holds a key, not a key whose name speaks of prompts. */
static int in_prompt(struct context *c, const struct candidate *candidate)
{
	size_t at = candidate->span.at;
	const char *text = c->source->text;

	if (is_prompt_file(c->source))
		return 1;
	if (!is_code(c->source->kind) || at < c->at || !in_literal(c, at))
		return 0;
	return at - c->group < PROSE_BACK && at - c->group > 12 && memchr(text + c->group + 1, ' ', at - c->group - 1) && feeds_model(text, c->group);
}

const char *context_check(struct context *context, const struct candidate *candidate)
{
	struct source *source = context->source;

	if (in_prompt(context, candidate))
		return "SEC006";
	if (source->kind == SOURCE_NOTEBOOK || ends_with(source->path, ".ipynb"))
		return "SEC007";
	if (source->kind == SOURCE_DOCKERFILE && in_build(source, candidate->span.at))
		return "SEC009";
	if (candidate->in_secret)
		return "SEC010";
	if (is_mcp_file(source->path))
		return "SEC011";
	return in_query(source, candidate->span.at) ? "SEC013" : NULL;
}
