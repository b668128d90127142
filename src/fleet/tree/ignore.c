#include "fleet/tree/ignore.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "fleet/tree/wildmatch.h"

enum { PATTERNS_MAX = 20000, PATTERN_MAX = 4096 };

struct pattern {
	char *text;     /* without '!', the first '/' and the last one */
	int negated, folders_only, name_only;
	size_t literal; /* bytes before the first special character: compared as they are, as git does */
};

struct ignore {
	const struct ignore *parent;
	char *base;
	size_t base_length;
	struct pattern *patterns;
	size_t count;
};

/* gitignore(5): blanks at the end do not count unless quoted with a backslash. */
static size_t trimmed(const char *line, size_t length)
{
	size_t keep = 0;

	for (size_t i = 0; i < length; i++) {
		int quoted = line[i] == '\\';

		if (quoted && ++i == length)
			return length;
		if (quoted || line[i] != ' ')
			keep = i + 1;
	}
	return keep;
}

static void add_pattern(struct ignore *ignore, const char *line, size_t length)
{
	struct pattern pattern = { 0 };

	if (length && *line == '!')
		pattern.negated = 1, line++, length--;
	if (length && line[length - 1] == '/')
		pattern.folders_only = 1, length--;
	pattern.name_only = !memchr(line, '/', length);
	if (length && *line == '/')
		line++, length--;
	if (length > PATTERN_MAX || memchr(line, 0, length) || ignore->count == PATTERNS_MAX)
		return;
	pattern.text = mem_text_n(line, length);
	pattern.literal = strcspn(pattern.text, "*?[\\");
	ignore->patterns = mem_grow(ignore->patterns, ignore->count + 1, sizeof(pattern));
	ignore->patterns[ignore->count++] = pattern;
}

struct ignore *ignore_new(const struct ignore *parent, const char *base, const char *bytes, size_t length)
{
	struct ignore *ignore = mem_zero(1, sizeof(*ignore));
	size_t at = length >= 3 && !memcmp(bytes, "\xef\xbb\xbf", 3) ? 3 : 0;

	ignore->parent = parent;
	ignore->base = mem_text(base);
	ignore->base_length = strlen(base);
	while (at < length) {
		const char *line = bytes + at, *end = memchr(line, '\n', length - at);
		size_t line_length = end ? (size_t)(end - line) : length - at;

		at += line_length + 1;
		if (line_length && end && line[line_length - 1] == '\r')
			line_length--;
		if (line_length && *line != '#')
			add_pattern(ignore, line, trimmed(line, line_length));
	}
	return ignore;
}

void ignore_free(struct ignore *ignore)
{
	if (!ignore)
		return;
	for (size_t i = 0; i < ignore->count; i++)
		free(ignore->patterns[i].text);
	free(ignore->patterns);
	free(ignore->base);
	free(ignore);
}

/* Before the first special character bytes are compared as they are; what follows is a pattern of its own, so that "a**" + "/b" crosses
 * folders: git does so too. */
static int pattern_matches(const struct pattern *pattern, const char *text, int path_mode)
{
	if (strncmp(pattern->text, text, pattern->literal))
		return 0;
	if (!pattern->text[pattern->literal])
		return !text[pattern->literal];
	if (!path_mode)
		return wildmatch(pattern->text, text, 0);
	return wildmatch(pattern->text + pattern->literal, text + pattern->literal, 1);
}

int ignore_matches(const struct ignore *ignore, const char *path, int is_folder)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

	for (; ignore; ignore = ignore->parent) {
		const char *below = path + ignore->base_length + (ignore->base_length != 0);

		for (size_t i = ignore->count; i-- > 0;) {
			const struct pattern *pattern = &ignore->patterns[i];

			if (pattern->folders_only && !is_folder)
				continue;
			if (pattern_matches(pattern, pattern->name_only ? name : below, !pattern->name_only))
				return !pattern->negated;
		}
	}
	return 0;
}
