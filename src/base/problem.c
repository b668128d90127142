#include "base/problem.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"

/* What follows the number, when text begins with one and a colon; else NULL. */
static const char *past_line(const char *text, int *line)
{
	char *end;
	long number = strtol(text, &end, 10);

	if (end == text || *end != ':' || number < 0)
		return NULL;
	*line = (int)number;
	return end + 1 + strspn(end + 1, " ");
}

/* The first "line 12" in it; 0 none. */
static int line_named(const char *text)
{
	for (const char *at = text; (at = strstr(at, "line ")); at++)
		if ((at == text || !isalnum((unsigned char)at[-1])) && at[5] >= '0' && at[5] <= '9')
			return atoi(at + 5);
	return 0;
}

static const char *past_place(const char *text, const char *file, int *line)
{
	size_t length = strlen(file);
	const char *rest;

	if (length && !strncmp(text, file, length) && (text[length] == ':' || text[length] == ' ')) {
		text += length + 1;
		rest = past_line(text, line);
		text = rest ? rest : text + strspn(text, " ");
	}
	if (!strncmp(text, "line ", 5) && (rest = past_line(text + 5, line)))
		return rest;
	if (!*line)
		*line = line_named(text);
	return text;
}

void problem_add(struct json *problems, const char *file, int line, const char *message)
{
	if (!problems)
		return;
	struct json *problem = json_set_text(json_object(), "file", file);

	message = past_place(message, file, &line);
	json_set_int(problem, "line", line);
	json_add(problems, json_set_text(problem, "message", message));
}

char *problem_format(const struct json *problem)
{
	const char *file = json_text_or(json_get(problem, "file"), "?"), *message = json_text_or(json_get(problem, "message"), "?");
	long long line = (long long)json_int(json_get(problem, "line"), 0);

	return line > 0 ? mem_format("%s:%lld: %s", file, line, message) : mem_format("%s: %s", file, message);
}
