/* Templates of Helm: YAML in which {{ … }} stands for what is not known here. */
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/text.h"
#include "fleet/check/checker_parts.h"

const char helm_mark[] = "templated-by-helm";

struct template {
	struct text out;
	size_t indent; /* of the last line that is YAML */
	int opens;     /* it ends in ':', so that what follows may be its value */
	int inside;    /* an action goes on after its line */
};

/* Actions that write nothing themselves. */
static int is_control(const char *at, const char *end)
{
	static const char *const words[] = { "if", "else", "end", "range", "with", "define", "block", "template", "break", "continue", "/*", "$" };

	while (at < end && strchr("{- \t", *at))
		at++;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		size_t length = strlen(words[i]);

		if ((size_t)(end - at) >= length && !strncmp(at, words[i], length))
			return strcmp(words[i], "$") != 0 || memmem(at, (size_t)(end - at), ":=", 2) || memmem(at, (size_t)(end - at), " = ", 3);
	}
	return 0;
}

static const char *action_end(const char *at, const char *end)
{
	const char *close = memmem(at, (size_t)(end - at), "}}", 2);

	return close ? close + 2 : NULL;
}

/* The line is one action: what it writes, if anything, is the value of the key above. */
static void put_action(struct template *it, const char *at, const char *end)
{
	if (is_control(at, end) || !it->opens)
		return;
	for (size_t i = 0; i < it->indent + 2; i++)
		text_add_char(&it->out, ' ');
	text_format(&it->out, "%s: %s", helm_mark, helm_mark);
	it->opens = 0;
}

/* YAML with actions in it: each becomes a word. */
static void put_line(struct template *it, const char *line, const char *end)
{
	const char *at = line, *stop;

	while (at < end && *at == ' ')
		at++;
	if (at == end || *at == '#') {
		text_add_n(&it->out, line, (size_t)(end - line));
		return;
	}
	it->indent = (size_t)(at - line);
	it->opens = end[-1] == ':';
	for (at = line; at < end; at = stop) {
		const char *open = memmem(at, (size_t)(end - at), "{{", 2);

		if (!open) {
			text_add_n(&it->out, at, (size_t)(end - at));
			return;
		}
		text_add_n(&it->out, at, (size_t)(open - at));
		stop = action_end(open, end);
		it->inside = !stop;
		stop = stop ? stop : end;
		if (!is_control(open, stop))
			text_add(&it->out, helm_mark);
	}
}

static void put(struct template *it, const char *line, const char *end)
{
	const char *at = line, *close;

	if (it->inside) {
		close = action_end(line, end);
		it->inside = !close;
		return;
	}
	while (at < end && (*at == ' ' || *at == '\t'))
		at++;
	while (end > at && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\r'))
		end--;
	close = end - at >= 2 && at[0] == '{' && at[1] == '{' ? action_end(at, end) : NULL;
	if (end - at >= 2 && at[0] == '{' && at[1] == '{' && (!close || close == end)) {
		it->inside = !close;
		put_action(it, at, end);
	} else {
		put_line(it, line, end);
	}
}

char *helm_plain(struct arena *arena, const char *text, size_t length)
{
	struct template it = { 0 };
	char *plain;

	text_init(&it.out, length * 8 + 1024);
	for (const char *at = text, *end = text + length, *stop; at < end; at = stop + 1) {
		stop = memchr(at, '\n', (size_t)(end - at));
		stop = stop ? stop : end;
		put(&it, at, stop);
		text_add_char(&it.out, '\n');
	}
	plain = arena_text_n(arena, it.out.data ? it.out.data : "", it.out.length);
	text_release(&it.out);
	return plain;
}
