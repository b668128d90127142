/* Repairs of Terraform: a line in a block of the resource that the finding points at. */
#include <string.h>

#include "base/arena.h"
#include "fleet/heal/private.h"

/* Behind strings and comments; the offset of the bracket that closes the one at `open`, or length. */
static size_t close_of(const struct site *site, size_t open)
{
	int depth = 0;

	for (size_t at = open; at < site->length; at++) {
		char c = site->text[at];

		if (c == '"')
			for (at++; at < site->length && site->text[at] != '"' && site->text[at] != '\n'; at++)
				at += site->text[at] == '\\';
		else if (c == '#' || (c == '/' && site->text[at + 1] == '/'))
			at = line_end_at(site, at);
		else if (c == '{')
			depth++;
		else if (c == '}' && !--depth)
			return at;
	}
	return site->length;
}

/* The bracket that opens `name {` or `name = {` in [from,to), or `to`. */
static size_t block_in(const struct site *site, size_t from, size_t to, const char *name)
{
	size_t length = strlen(name);

	for (size_t line = from; line < to; line = after_line(site, line)) {
		size_t at = line;

		while (at < to && (site->text[at] == ' ' || site->text[at] == '\t'))
			at++;
		if (strncmp(site->text + at, name, length))
			continue;
		at += length;
		at += strspn(site->text + at, " \t=");
		if (at < to && site->text[at] == '{')
			return at;
	}
	return to;
}

/* A line as the first of a block that is laid out in lines. */
static const char *add_first(struct site *site, size_t open, const char *text, const char *safe)
{
	size_t next = after_line(site, open);

	if (line_end_at(site, open) != open + 1 || next >= site->length)
		return refuse(site, "the block is not laid out in lines");
	edit(site, EDIT_PLAIN, next, 0, "%s", text);
	return safe;
}

static const char *indent_in(struct site *site, size_t open)
{
	size_t next = after_line(site, open), close = close_of(site, open);

	return next < close && line_begin(site, close) > next ? indent_at(site, next) : arena_format(heal_arena(site), "%s  ", indent_at(site, open));
}

/* The resource the finding points at: its brackets. 0: not found. */
static int resource(const struct site *site, size_t *open, size_t *close)
{
	const char *at = memchr(site->text + site->finding->place.offset, '{', site->length - site->finding->place.offset);

	*open = at ? (size_t)(at - site->text) : site->length;
	*close = at ? close_of(site, *open) : site->length;
	return at && *close < site->length;
}

const char *heal_terraform_limits(struct site *site)
{
	size_t open, close, containers;
	const char *indent;

	if (!resource(site, &open, &close) || (containers = block_in(site, open + 1, close, "containers")) == close)
		return refuse(site, "its container is not found again");
	if (block_in(site, containers + 1, close_of(site, containers), "resources") < close_of(site, containers))
		return refuse(site, "it has resources already: add limits there");
	indent = indent_in(site, containers);
	return add_first(site, containers, arena_format(heal_arena(site), "%sresources {\n%s  limits = { cpu = \"%s\", memory = \"%s\" }\n%s}\n", indent, indent, value(site, "cpu_limit"),
		value(site, "memory_limit"), indent), "limits are added; measure what it uses and raise them where they are too small");
}

const char *heal_terraform_ceiling(struct site *site)
{
	const char *safe = "a ceiling is added; the service scales as before below it", *most = value(site, "replicas");
	size_t open, close, block;

	if (!resource(site, &open, &close))
		return refuse(site, "the resource is not found again");
	if (strstr(site->finding->message, "max_capacity"))
		return add_first(site, open, arena_format(heal_arena(site), "%smax_capacity = %s\n", indent_in(site, open), most), safe);
	if ((block = block_in(site, open + 1, close, "annotations")) < close)
		return add_first(site, block, arena_format(heal_arena(site), "%s\"autoscaling.knative.dev/maxScale\" = \"%s\"\n", indent_in(site, block), most), safe);
	if (!memmem(site->text + site->finding->place.offset, open - site->finding->place.offset, "_v2_", 4))
		return refuse(site, "its template has no annotations, where the ceiling goes");
	if ((block = block_in(site, open + 1, close, "scaling")) < close)
		return add_first(site, block, arena_format(heal_arena(site), "%smax_instance_count = %s\n", indent_in(site, block), most), safe);
	if ((block = block_in(site, open + 1, close, "template")) == close)
		return refuse(site, "its template is not found");
	const char *indent = indent_in(site, block);
	return add_first(site, block, arena_format(heal_arena(site), "%sscaling {\n%s  max_instance_count = %s\n%s}\n", indent, indent, most, indent), safe);
}
