/* .env: NAME=value a line, "#" comments, `export ` before it, quotes around it. Nothing is expanded. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/config_inside.h"
#include "base/error.h"
#include "base/file.h"
#include "base/problem.h"

enum { DOTENV_MAX = 256 << 10 };

static char *trim(char *text)
{
	char *end;

	while (isspace((unsigned char)*text))
		text++;
	for (end = text + strlen(text); end > text && isspace((unsigned char)end[-1]);)
		end--;
	*end = '\0';
	return text;
}

/* In place. Double quotes know \n \" \\; a bare value ends at " #". */
static char *unquote(char *value)
{
	char quote = *value, *from = value + 1, *to = value;

	if (quote != '"' && quote != '\'') {
		for (char *at = value; *at; at++)
			if (*at == '#' && at > value && isspace((unsigned char)at[-1])) {
				*at = '\0';
				break;
			}
		return trim(value);
	}
	for (; *from && *from != quote; from++) {
		if (*from == '\\' && quote == '"' && from[1]) {
			from++;
			*to++ = *from == 'n' ? '\n' : *from;
		} else {
			*to++ = *from;
		}
	}
	*to = '\0';
	return value;
}

static int is_name(const char *name)
{
	if (!isalpha((unsigned char)*name) && *name != '_')
		return 0;
	for (; *name; name++)
		if (!isalnum((unsigned char)*name) && *name != '_')
			return 0;
	return 1;
}

static void read_line(char *line, dotenv_fn on_pair, void *arg)
{
	char *equals;

	line = trim(line);
	if (!strncmp(line, "export ", 7))
		line = trim(line + 7);
	equals = strchr(line, '=');
	if (*line == '#' || !equals)
		return;
	*equals = '\0';
	line = trim(line);
	if (is_name(line))
		on_pair(line, unquote(trim(equals + 1)), arg);
}

/* Not one that somebody else could have written. */
static int is_trusted(const char *path)
{
	struct stat info;

	return !stat(path, &info) && S_ISREG(info.st_mode) && !(info.st_mode & S_IWOTH) &&
	       (info.st_uid == geteuid() || info.st_uid == 0);
}

/* Why a line sets nothing, or NULL. */
static const char *fault(char *line)
{
	line = trim(line);
	if (!*line || *line == '#')
		return NULL;
	if (!strncmp(line, "export ", 7))
		line = trim(line + 7);
	char *equals = strchr(line, '=');

	if (!equals)
		return "no NAME=value: it is passed over";
	*equals = '\0';
	if (!is_name(trim(line)))
		return "no name of letters, digits and _ before the =: it is passed over";
	const char *value = trim(equals + 1);

	if ((*value == '"' || *value == '\'') && !strchr(value + 1, *value))
		return "the quote is not closed in this line";
	return NULL;
}

int dotenv_check(const char *path, struct json *problems)
{
	size_t length;
	struct stat info;
	char *bytes = is_trusted(path) ? file_load(path, DOTENV_MAX, &length, NULL) : NULL, *line, *rest;
	int count = 0, number = 0;

	if (!is_trusted(path) && !stat(path, &info)) {
		problem_add(problems, path, 0, "it is passed over: others may write it, or it is another's (chmod o-w, chown)");
		count++;
	}
	for (rest = bytes; rest && (line = strsep(&rest, "\n"));) {
		const char *why = fault(line);

		number++;
		if (!why)
			continue;
		problem_add(problems, path, number, why);
		count++;
	}
	free(bytes);
	return count;
}

int dotenv_read(const char *path, dotenv_fn on_pair, void *arg, struct error *err)
{
	size_t length;
	char *bytes, *line, *rest;

	if (!is_trusted(path))
		return 0;
	bytes = file_load(path, DOTENV_MAX, &length, err);
	if (!bytes)
		return -1;
	for (rest = bytes; (line = strsep(&rest, "\n"));)
		read_line(line, on_pair, arg);
	free(bytes);
	return 0;
}
