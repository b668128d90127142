/* A package that a repair needs, named where the agent names those it has: requirements.txt, pyproject.toml or Pipfile of its folder or of the nearest one above,
 * else in a requirements.txt of its own. Whoever names it already decides its version. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "fleet/heal/private.h"

/* The name stands in the text as a word of its own, outside of comments. */
static int names(const struct heal_target *file, const char *package)
{
	size_t length = strlen(package);

	for (const char *line = file->text; line && *line; line = strchr(line, '\n'), line = line ? line + 1 : NULL)
		for (const char *at = line; *at && *at != '\n' && *at != '#'; at++)
			if (!strncasecmp(at, package, length) && !isalnum((unsigned char)at[length]) && at[length] != '-' && at[length] != '_' &&
				(at == file->text || (!isalnum((unsigned char)at[-1]) && at[-1] != '-' && at[-1] != '_')))
				return 1;
	return 0;
}

/* The line behind a table's head, "[project]"; the text's length: there is none. */
static size_t table_begin(const struct heal_target *file, const char *head)
{
	for (size_t at = 0; at < file->length;) {
		const char *newline = memchr(file->text + at, '\n', file->length - at);
		size_t next = newline ? (size_t)(newline - file->text) + 1 : file->length;

		if (!strncmp(file->text + at, head, strlen(head)))
			return newline ? next : file->length;
		at = next;
	}
	return file->length;
}

/* The bracket that opens `dependencies = [` in a table; the text's length: there is none. */
static size_t list_open(const struct heal_target *file, size_t at)
{
	while (at < file->length && file->text[at] != '[') {
		const char *newline = memchr(file->text + at, '\n', file->length - at);
		size_t length = strlen("dependencies"), sign = length;

		if (!strncmp(file->text + at, "dependencies", length)) {
			sign += strspn(file->text + at + length, " \t=");
			return file->text[at + sign] == '[' ? at + sign : file->length;
		}
		at = newline ? (size_t)(newline - file->text) + 1 : file->length;
	}
	return file->length;
}

/* The bracket that closes a list of strings; the text's length: it does not end. */
static size_t list_close(const struct heal_target *file, size_t open)
{
	for (size_t at = open + 1; at < file->length; at++) {
		char c = file->text[at];

		if (c == ']')
			return at;
		if (c == '#')
			while (at < file->length && file->text[at] != '\n')
				at++;
		else if (c == '"' || c == '\'')
			for (at++; at < file->length && file->text[at] != c && file->text[at] != '\n'; at++)
				;
	}
	return file->length;
}

/* First in the list: what follows keeps its commas and comments. */
static void add_to_list(struct site *site, const char *path, const struct heal_target *file, size_t open, size_t close, const char *requirement)
{
	size_t next = open + 1;
	int empty;

	while (next < close && isspace((unsigned char)file->text[next]))
		next++;
	empty = next == close;
	if (!empty && memchr(file->text + open, '\n', next - open))
		append_at(site, path, next, arena_format(heal_arena(site), "\"%s\",\n%.*s", requirement, (int)(file->text + next - (const char *)memrchr(file->text, '\n', next) - 1),
			(const char *)memrchr(file->text, '\n', next) + 1));
	else
		append_at(site, path, open + 1, arena_format(heal_arena(site), "\"%s\"%s", requirement, empty ? "" : ", "));
}

/* 1: named there, or to be. 0: the file has no place for it. */
static int in_toml(struct site *site, const char *path, const struct heal_target *file, const char *package, const char *version)
{
	static const char *const tables[] = { "[tool.poetry.dependencies]", "[packages]" };
	size_t open = list_open(file, table_begin(file, "[project]")), close = open < file->length ? list_close(file, open) : file->length;

	if (names(file, package))
		return 1;
	if (close < file->length) {
		add_to_list(site, path, file, open, close, arena_format(heal_arena(site), "%s%s", package, version));
		return 1;
	}
	for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++) {
		size_t at = table_begin(file, tables[i]);

		if (at == file->length)
			continue;
		append_at(site, path, at, arena_format(heal_arena(site), "%s = \"%s\"\n", package, version));
		return 1;
	}
	return 0;
}

static int in_folder(struct site *site, const char *folder, const char *package, const char *version)
{
	static const char *const files[] = { "requirements.txt", "pyproject.toml", "Pipfile" };

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		const char *path = arena_format(heal_arena(site), "%s%s%s", folder, *folder ? "/" : "", files[i]);
		const struct heal_target *file = target_of(site->heal, path);

		if (!file->exists || file->unusable)
			continue;
		if (i && in_toml(site, path, file, package, version))
			return 1;
		if (i)
			continue;
		if (!names(file, package))
			append_line(site, path, arena_format(heal_arena(site), "%s%s", package, version));
		return 1;
	}
	return 0;
}

void need_package(struct site *site, const char *package, const char *version)
{
	char *folder = path_of_agent(site, "");
	size_t length = strlen(folder);

	if (length && folder[length - 1] == '/')
		folder[length - 1] = 0;
	for (;;) {
		char *slash = strrchr(folder, '/');

		if (in_folder(site, folder, package, version))
			return;
		if (!*folder)
			break;
		if (slash)
			*slash = 0;
		else
			*folder = 0;
	}
	append_line(site, path_of_agent(site, "requirements.txt"), arena_format(heal_arena(site), "%s%s", package, version));
}
