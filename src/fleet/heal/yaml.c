/* Repairs of Kubernetes and Compose files: by line, everything else byte for byte. */
#include <string.h>

#include "base/arena.h"
#include "fleet/heal/private.h"

/* Column of the first key of a list item: that of what follows "- ". */
static const char *item_indent(struct site *site, size_t line)
{
	size_t at = line, length;

	while (site->text[at] == ' ' || site->text[at] == '-')
		at++;
	length = at - line;
	char *indent = arena_text_n(heal_arena(site), site->text + line, length);
	for (char *c = indent; *c; c++)
		*c = ' ';
	return indent;
}

static int indent_length(const struct site *site, size_t line)
{
	int length = 0;

	while (site->text[line + (size_t)length] == ' ')
		length++;
	return length;
}

/* Whether the item that begins at a line has a key of its own. */
static int item_has(const struct site *site, size_t line, int column, const char *key)
{
	for (size_t at = after_line(site, line); at < site->length; at = after_line(site, at)) {
		int indent = indent_length(site, at);

		if (site->text[at + (size_t)indent] == '\n' || site->text[at + (size_t)indent] == '#')
			continue;
		if (indent < column)
			break;
		if (indent == column && !strncmp(site->text + at + indent, key, strlen(key)))
			return 1;
	}
	return 0;
}

/* --- items of lists --- */

static int is_item(const struct site *site, size_t line)
{
	size_t at = line + (size_t)indent_length(site, line);

	return site->text[at] == '-' && strchr(" \t\r\n", site->text[at + 1]);
}

static int is_empty_line(const struct site *site, size_t line)
{
	size_t at = line + (size_t)indent_length(site, line);

	return at >= site->length || strchr("\r\n#", site->text[at]);
}

static size_t line_before(const struct site *site, size_t line)
{
	return line ? line_begin(site, line - 1) : 0;
}

/* The item a line stands in: the line of its "-". The line itself when it is none. */
static size_t item_around(const struct site *site, size_t line)
{
	int indent = indent_length(site, line);

	for (size_t at = line; !is_item(site, line) && at;) {
		at = line_before(site, at);
		if (is_empty_line(site, at))
			continue;
		if (is_item(site, at) && indent_length(site, at) < indent)
			return at;
		indent = indent_length(site, at) < indent ? indent_length(site, at) : indent;
	}
	return line;
}

static size_t item_end(const struct site *site, size_t item)
{
	size_t end = after_line(site, item), at = end;

	while (at < site->length && (is_empty_line(site, at) || indent_length(site, at) > indent_length(site, item))) {
		if (!is_empty_line(site, at))
			end = after_line(site, at);
		at = after_line(site, at);
	}
	return end;
}

/* The line of the key whose list the item is of; the item's own when it is not found. */
static size_t list_line(const struct site *site, size_t item)
{
	for (size_t at = item; at;) {
		at = line_before(site, at);
		if (is_empty_line(site, at) || indent_length(site, at) > indent_length(site, item) || (is_item(site, at) && indent_length(site, at) == indent_length(site, item)))
			continue;
		return at;
	}
	return item;
}

static const char *list_key(struct site *site, size_t item)
{
	size_t at = list_line(site, item);

	while (at < site->length && strchr(" -", site->text[at]))
		at++;
	return arena_text_n(heal_arena(site), site->text + at, strcspn(site->text + at, ":\r\n"));
}

/* The plain value of a key of the item. */
static const char *item_value(struct site *site, size_t item, const char *key)
{
	int column = indent_length(site, item) + 1;

	while (site->text[item + (size_t)column] == ' ')
		column++;
	for (size_t at = item, end = item_end(site, item); at < end; at = after_line(site, at)) {
		const char *text = site->text + at + column, *from = text + strlen(key);

		if ((at != item && indent_length(site, at) != column) || strncmp(text, key, strlen(key)))
			continue;
		from += strspn(from, " \"'");
		return arena_text_n(heal_arena(site), from, strcspn(from, " \"'\r\n#"));
	}
	return NULL;
}

/* With the key of its list, when it is the only item. 0: it is no item. */
static int remove_yaml_item(struct site *site, size_t item)
{
	size_t from = item, end = item_end(site, item), key = list_line(site, item), next = end;

	if (!is_item(site, item))
		return 0;
	while (next < site->length && is_empty_line(site, next))
		next = after_line(site, next);
	int follows = next < site->length && is_item(site, next) && indent_length(site, next) == indent_length(site, item);
	int only = key != item && after_line(site, key) == item && !follows && site->text[line_end_at(site, key) - 1] == ':';
	if (only && !is_item(site, key))
		from = key;
	edit(site, EDIT_PLAIN, from, end - from, "%s", "");
	return 1;
}

static int is_document_mark(const struct site *site, size_t line)
{
	return !strncmp(site->text + line, "---", 3);
}

static size_t document_begin(const struct site *site, size_t line)
{
	while (line && !is_document_mark(site, line))
		line = line_before(site, line);
	return line;
}

static size_t document_end(const struct site *site, size_t line)
{
	while (line < site->length && !is_document_mark(site, line))
		line = after_line(site, line);
	return line;
}

/* --- IAC006 --- */

static const char *limits(struct site *site)
{
	size_t line = place_line(site);
	const char *indent = item_indent(site, line);

	if (site->file->source.kind == SOURCE_TERRAFORM)
		return heal_terraform_limits(site);
	if (!memchr(site->text + line, '-', strlen(indent)) || site->file->source.kind != SOURCE_YAML)
		return refuse(site, "the container is not written as an item of a list");
	if (item_has(site, line, (int)strlen(indent), "resources:"))
		return refuse(site, "it has resources already: add limits there");
	size_t at = after_line(site, line);
	edit(site, EDIT_PLAIN, at, 0, "%s%sresources:\n%s  limits:\n%s    cpu: \"%s\"\n%s    memory: %s\n", at == site->length && site->text[at - 1] != '\n' ? "\n" : "", indent,
		indent, indent, value(site, "cpu_limit"), indent, value(site, "memory_limit"));
	return "limits are added; measure what it uses and raise them where they are too small";
}

/* --- IAC008 --- */

/* A key directly below a line that opens a block: its line, or 0. */
static size_t key_below(const struct site *site, size_t line, const char *key)
{
	int column = -1;

	for (size_t at = after_line(site, line); at < site->length; at = after_line(site, at)) {
		int indent = indent_length(site, at);

		if (is_empty_line(site, at))
			continue;
		if (column < 0)
			column = indent;
		if (indent <= indent_length(site, line) || indent < column)
			return 0;
		if (indent == column && !strncmp(site->text + at + indent, key, strlen(key)) && strchr(" \r\n", site->text[at + (size_t)indent + strlen(key)]))
			return at;
	}
	return 0;
}

/* autoscaling.knative.dev/maxScale among the annotations of spec.template, which are added where they are missing. */
static const char *knative_ceiling(struct site *site)
{
	size_t document = document_begin(site, place_line(site)), spec, template, metadata, annotations;
	const char *safe = "a ceiling is added; the service scales as before below it";

	while (document < site->length && strncmp(site->text + document, "spec:", 5))
		document = after_line(site, document);
	spec = document;
	template = spec < site->length ? key_below(site, spec, "template:") : 0;
	if (site->file->source.kind != SOURCE_YAML || !template || site->text[line_end_at(site, template) - 1] != ':')
		return refuse(site, "its template is not laid out in lines");
	metadata = key_below(site, template, "metadata:");
	annotations = metadata ? key_below(site, metadata, "annotations:") : 0;
	size_t under = annotations ? annotations : metadata ? metadata : template, at = after_line(site, under);
	if (site->text[line_end_at(site, under) - 1] != ':')
		return refuse(site, "its template is not laid out in lines");
	const char *indent = indent_at(site, at), *more = "";
	if (!metadata)
		edit(site, EDIT_PLAIN, at, 0, "%smetadata:\n", indent), more = "  ";
	if (!annotations)
		edit(site, EDIT_PLAIN, at, 0, "%s%sannotations:\n", indent, more), more = metadata ? "  " : "    ";
	edit(site, EDIT_PLAIN, at, 0, "%s%sautoscaling.knative.dev/maxScale: \"%s\"\n", indent, more, value(site, "replicas"));
	return safe;
}

static const char *ceiling(struct site *site)
{
	size_t line = place_line(site), at = after_line(site, line);
	const char *key = strstr(site->finding->message, "maxReplicaCount") ? "maxReplicaCount" : strstr(site->finding->message, "maxReplicas") ? "maxReplicas" : NULL;

	if (site->file->source.kind == SOURCE_TERRAFORM)
		return heal_terraform_ceiling(site);
	if (!key)
		return knative_ceiling(site);
	/* The place is the first line of what spec holds, or that of spec itself. */
	if (on_line(site, "spec:"))
		line = at;
	if (site->file->source.kind != SOURCE_YAML || line >= site->length || on_line(site, "{"))
		return refuse(site, "its spec is not laid out in lines");
	edit(site, EDIT_PLAIN, line, 0, "%s%s: %s\n", indent_at(site, line), key, value(site, "replicas"));
	return "a ceiling is added; the autoscaler works as before below it";
}

/* --- IAC004 --- */

static const char *host_mount(struct site *site)
{
	size_t line = place_line(site);
	const char *name;
	int removed = 0;

	if (site->file->source.kind != SOURCE_YAML)
		return refuse(site, "what the mount is for must be known before it goes");
	if (strstr(site->finding->message, "service ")) {
		if (!remove_yaml_item(site, item_around(site, line)))
			return refuse(site, "the mount is not written as an item of a list");
		return "the mount is taken out; what reached the host through it will say so";
	}
	name = item_value(site, item_around(site, line), "name:");
	if (!name || !remove_yaml_item(site, item_around(site, line)))
		return refuse(site, "the volume is not written as an item of a list, with a name");
	for (size_t at = document_begin(site, line), end = document_end(site, line); at < end; at = after_line(site, at)) {
		const char *mount = is_item(site, at) && !strcmp(list_key(site, at), "volumeMounts") ? item_value(site, at, "name:") : NULL;

		removed += mount && !strcmp(mount, name) && remove_yaml_item(site, at);
	}
	return removed ? "the volume and its mounts are taken out; what reached the host through it will say so" :
			 "the volume, which nothing in this file mounts, is taken out";
}

static const char *privileged(struct site *site)
{
	const char *safe = switch_line(site, "privileged", "one word is changed; what needed the whole kernel will say so");

	return safe ? safe : host_mount(site);
}

const struct heal_row heal_yaml_rows[] = {
	{ "IAC004", privileged }, { "IAC006", limits }, { "IAC008", ceiling }, { NULL, NULL },
};
