/* Repairs of Dockerfiles, YAML, JSON, prompts and settings: by line, everything else byte for byte. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "fleet/heal_private.h"

static size_t site_line(const struct site *site)
{
	return line_begin(site, site->finding->place.offset);
}

/* The line of a finding that has only a line number: the offset says it already; else counted. */
static size_t place_line(const struct site *site)
{
	size_t at = 0;

	if (site->finding->place.offset || site->finding->place.line <= 1)
		return site_line(site);
	for (int line = 1; line < site->finding->place.line && at < site->length; line++) {
		const char *newline = memchr(site->text + at, '\n', site->length - at);

		if (!newline)
			return site_line(site);
		at = (size_t)(newline - site->text) + 1;
	}
	return at;
}

static const char *on_line(const struct site *site, const char *word)
{
	size_t begin = place_line(site), end = line_end_at(site, begin);

	return memmem(site->text + begin, end - begin, word, strlen(word));
}

static const char *swap_on_line(struct site *site, const char *from, const char *to, const char *safe)
{
	const char *at = on_line(site, from);

	if (!at)
		return NULL;
	edit(site, EDIT_PLAIN, (size_t)(at - site->text), strlen(from), "%s", to);
	return safe;
}

/* --- Dockerfile --- */

static int is_instruction(const char *line, const char *name)
{
	size_t length = strlen(name);

	return !strncasecmp(line, name, length) && (line[length] == ' ' || line[length] == '\t');
}

static const char *user(struct site *site)
{
	const char *said = "the image's program runs as an unprivileged number; files it writes must belong to it";
	size_t at = 0, place = site->length;
	int stages = 0;

	if (site->finding->place.length && is_instruction(site->text + site_line(site), "USER")) {
		size_t begin = site_line(site);

		edit(site, EDIT_PLAIN, begin, line_end_at(site, begin) - begin, "USER %s", value(site, "user"));
		return said;
	}
	while (at < site->length) {
		const char *newline = memchr(site->text + at, '\n', site->length - at);

		stages += is_instruction(site->text + at, "FROM");
		if (is_instruction(site->text + at, "FROM"))
			place = site->length;
		else if (place == site->length && (is_instruction(site->text + at, "CMD") || is_instruction(site->text + at, "ENTRYPOINT")))
			place = at;
		if (!newline)
			break;
		at = (size_t)(newline - site->text) + 1;
	}
	if (!stages)
		return refuse(site, "no FROM is found in it");
	if (place == site->length)
		edit(site, EDIT_PLAIN, place, 0, "%sUSER %s\n", site->length && site->text[site->length - 1] != '\n' ? "\n" : "", value(site, "user"));
	else
		edit(site, EDIT_PLAIN, place, 0, "USER %s\n", value(site, "user"));
	return said;
}

static const char *base_image(struct site *site)
{
	size_t from = site->finding->place.offset, length = site->finding->place.length;
	char *name = arena_text_n(heal_arena(site), site->text + from, length);
	char *colon = strrchr(name, ':'), *slash = strrchr(name, '/');

	if (colon && (!slash || colon > slash))
		*colon = 0;
	const char *tag = json_text(json_get(table(site, "images"), name));
	if (!tag)
		return refuse(site, "which version of %.60s is meant is for a person to say", name);
	edit(site, EDIT_PLAIN, from, length, "%s:%s", name, tag);
	return "the tag names a version; pin the digest too once it was built";
}

/* --- YAML --- */

static const char *privileged(struct site *site)
{
	const char *safe = swap_on_line(site, "privileged: true", "privileged: false", "one word is changed; what needed the whole kernel will say so");

	return safe ? safe : refuse(site, "what the mount is for must be known before it goes");
}

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

static size_t after_line(const struct site *site, size_t line)
{
	const char *newline = memchr(site->text + line, '\n', site->length - line);

	return newline ? (size_t)(newline - site->text) + 1 : site->length;
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

static const char *limits(struct site *site)
{
	size_t line = place_line(site);
	const char *indent = item_indent(site, line);

	if (!memchr(site->text + line, '-', strlen(indent)) || site->file->source.kind != SOURCE_YAML)
		return refuse(site, "the container is not written as an item of a list");
	if (item_has(site, line, (int)strlen(indent), "resources:"))
		return refuse(site, "it has resources already: add limits there");
	size_t at = after_line(site, line);
	edit(site, EDIT_PLAIN, at, 0, "%s%sresources:\n%s  limits:\n%s    cpu: \"%s\"\n%s    memory: %s\n", at == site->length && site->text[at - 1] != '\n' ? "\n" : "", indent,
		indent, indent, value(site, "cpu_limit"), indent, value(site, "memory_limit"));
	return "limits are added; measure what it uses and raise them where they are too small";
}

static const char *ceiling(struct site *site)
{
	size_t line = place_line(site), at = after_line(site, line);
	const char *key = strstr(site->finding->message, "maxReplicaCount") ? "maxReplicaCount" : strstr(site->finding->message, "maxReplicas") ? "maxReplicas" : NULL;

	if (!key || !on_line(site, "spec:"))
		return refuse(site, "where its ceiling goes depends on its template");
	const char *indent = at < site->length ? indent_at(site, at) : "  ";
	edit(site, EDIT_PLAIN, at, 0, "%s%s: %s\n", *indent ? indent : "  ", key, value(site, "replicas"));
	return "a ceiling is added; the autoscaler works as before below it";
}

/* --- switches that hold in code and in settings --- */

static const struct {
	const char *from, *to;
} switches[] = {
	{ "auto_approve: true", "auto_approve: false" }, { "\"autoApprove\": true", "\"autoApprove\": false" }, { "autoApprove: true", "autoApprove: false" },
	{ "\"auto_approve\": true", "\"auto_approve\": false" }, { "require_approval: never", "require_approval: always" }, { "\"require_approval\": \"never\"", "\"require_approval\": \"always\"" },
	{ "allow_delegation: true", "allow_delegation: false" }, { "CONTENT=true", "CONTENT=false" }, { "CONTENT: true", "CONTENT: false" }, { "CONTENT: \"true\"", "CONTENT: \"false\"" },
	{ "CONTENT=1", "CONTENT=0" }, { "CONTENT=True", "CONTENT=False" }, { "ENABLED=true", "ENABLED=false" }, { "CONTENT\"] = \"true\"", "CONTENT\"] = \"false\"" },
	{ "CONTENT\", \"true\"", "CONTENT\", \"false\"" },
};

static const char *switch_off(struct site *site, const char *safe)
{
	for (size_t i = 0; i < sizeof(switches) / sizeof(*switches); i++) {
		const char *done = swap_on_line(site, switches[i].from, switches[i].to, safe);

		if (done)
			return done;
	}
	return NULL;
}

static const char *approval_bypass(struct site *site)
{
	const char *safe = heal_code_bypass(site);
	size_t from = site->finding->place.offset, length = site->finding->place.length;

	if (!safe)
		safe = switch_off(site, "one value is changed; a person is asked first");
	if (safe)
		return safe;
	if (length > 2 && !strncmp(site->text + from, "--", 2) && from && site->text[from - 1] == ' ') {
		edit(site, EDIT_PLAIN, from - 1, length + 1, "%s", "");
		return "one switch is taken out; a person is asked first";
	}
	return refuse(site, "how it is switched on here is for a person to change");
}

static const char *trace_content(struct site *site)
{
	const char *safe = is_python(site) && site_call(site) ? heal_code_trace(site) : NULL;

	if (!safe)
		safe = switch_off(site, "one value is changed; traces keep their shape and lose what people wrote");
	return safe ? safe : refuse(site, "how it is switched on here is for a person to change");
}

/* --- agent cards, hidden characters, owners --- */

static const char *card_scheme(struct site *site)
{
	const char *open = memchr(site->text, '{', site->length);

	if (site->code || !open)
		return refuse(site, "only a card written as JSON is edited from here");
	size_t at = (size_t)(open - site->text) + 1;
	const char *indent = site->text[at] == '\n' && at + 1 < site->length ? indent_at(site, at + 1) : "  ";
	edit(site, EDIT_PLAIN, at, 0, "\n%s\"securitySchemes\": {\"bearer\": {\"type\": \"http\", \"scheme\": \"bearer\"}},\n%s\"security\": [{\"bearer\": []}],", indent, indent);
	return "the card says that callers show a bearer token; let the server ask for it";
}

static const char *hidden_characters(struct site *site)
{
	if (!site->finding->place.length)
		return refuse(site, "the characters are not found again");
	edit(site, EDIT_PLAIN, site->finding->place.offset, site->finding->place.length, "%s", "");
	return "characters without width are taken out; every visible one stays";
}

static const char *owner(struct site *site)
{
	if (!heal_owner(site))
		return refuse(site, "who owns it must be said: --owner NAME");
	append_line(site, path_of_agent(site, "cockpit.yaml"), arena_format(heal_arena(site), "owner: %s", heal_owner(site)));
	return "one line is added to the agent's cockpit.yaml";
}

const struct heal_row heal_text_rows[] = {
	{ "AGY007", card_scheme }, { "AGY010", approval_bypass }, { "GOV001", owner }, { "IAC003", user }, { "IAC004", privileged }, { "IAC006", limits },
	{ "IAC007", base_image }, { "IAC008", ceiling }, { "INJ013", hidden_characters }, { "PRV004", trace_content }, { NULL, NULL },
};
