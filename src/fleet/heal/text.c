/* Repairs of settings, cards and prompts: by line, everything else byte for byte. */
#include <ctype.h>
#include <string.h>

#include "base/arena.h"
#include "fleet/heal/private.h"

static size_t site_line(const struct site *site)
{
	return line_begin(site, site->finding->place.offset);
}

/* The line of a finding that has only a line number: the offset says it already; else counted. */
size_t place_line(const struct site *site)
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

const char *on_line(const struct site *site, const char *word)
{
	size_t begin = place_line(site), end = line_end_at(site, begin);

	return memmem(site->text + begin, end - begin, word, strlen(word));
}

const char *swap_on_line(struct site *site, const char *from, const char *to, const char *safe)
{
	const char *at = on_line(site, from);

	if (!at)
		return NULL;
	edit(site, EDIT_PLAIN, (size_t)(at - site->text), strlen(from), "%s", to);
	return safe;
}

size_t after_line(const struct site *site, size_t line)
{
	const char *newline = memchr(site->text + line, '\n', site->length - line);

	return newline ? (size_t)(newline - site->text) + 1 : site->length;
}

/* --- switches --- */

static const struct {
	const char *from, *to;
} opposites[] = {
	{ "true", "false" }, { "True", "False" }, { "TRUE", "FALSE" }, { "1", "0" }, { "yes", "no" }, { "on", "off" }, { "never", "always" }, { "NEVER", "ALWAYS" },
	{ "SPAN_ONLY", "NO_CONTENT" }, /* OpenTelemetry's util-genai: what of messages spans keep */
};

static int is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-';
}

/* Behind a key: its quote or bracket, the sign, and blanks. NULL: no value follows on this line. */
static const char *value_behind(const char *at, const char *end)
{
	while (at < end && strchr("\"')] \t", *at))
		at++;
	if (at == end || !strchr(":=,", *at))
		return NULL;
	at++;
	while (at < end && strchr(" \t\"'", *at))
		at++;
	return at < end ? at : NULL;
}

static const char *switch_value(struct site *site, const char *value, const char *end, const char *safe)
{
	const char *close = *value == '[' ? memchr(value, ']', (size_t)(end - value)) : NULL;

	if (close) {
		edit(site, EDIT_PLAIN, (size_t)(value - site->text), (size_t)(close + 1 - value), "[]");
		return safe;
	}
	for (size_t i = 0; i < sizeof(opposites) / sizeof(*opposites); i++) {
		size_t length = strlen(opposites[i].from);

		if ((size_t)(end - value) < length || strncmp(value, opposites[i].from, length) || is_word(value[length]))
			continue;
		edit(site, EDIT_PLAIN, (size_t)(value - site->text), length, "%s", opposites[i].to);
		return safe;
	}
	return NULL;
}

const char *switch_line(struct site *site, const char *key, const char *safe)
{
	size_t begin = place_line(site), length = strlen(key);
	const char *end = site->text + line_end_at(site, begin);

	for (const char *at = site->text + begin; (at = memmem(at, (size_t)(end - at), key, length)); at += length) {
		const char *value = at > site->text && is_word(at[-1]) ? NULL : value_behind(at + length, end);
		const char *done = value ? switch_value(site, value, end, safe) : NULL;

		if (done)
			return done;
	}
	return NULL;
}

/* An item of a list, with one comma. */
static void take_item_out(struct site *site, size_t from, size_t to)
{
	size_t before = from, after = to;

	while (before && strchr(" \t\r\n", site->text[before - 1]))
		before--;
	while (after < site->length && strchr(" \t\r\n", site->text[after]))
		after++;
	if (before && site->text[before - 1] == ',')
		from = before - 1;
	else if (after < site->length && site->text[after] == ',') {
		to = after + 1;
		while (to < site->length && (site->text[to] == ' ' || site->text[to] == '\t'))
			to++;
	}
	edit(site, EDIT_PLAIN, from, to - from, "%s", "");
}

static const char *take_word_out(struct site *site, size_t from, size_t to, const char *safe)
{
	size_t begin = line_begin(site, from), end = line_end_at(site, from), first = begin, rest = to;
	char quote = from ? site->text[from - 1] : 0;

	if ((quote == '"' || quote == '\'') && site->text[to] == quote) {
		take_item_out(site, from - 1, to + 1);
		return safe;
	}
	while (first < from && (site->text[first] == ' ' || site->text[first] == '\t'))
		first++;
	while (rest < end && (site->text[rest] == ' ' || site->text[rest] == '\t'))
		rest++;
	if (first == from && rest == end)
		return refuse(site, "it stands on a line of its own that ends a command: take both out");
	if (first == from && rest + 1 == end && site->text[rest] == '\\')
		edit(site, EDIT_PLAIN, begin, after_line(site, from) - begin, "%s", ""); /* a line of a continued command */
	else if (first == from)
		edit(site, EDIT_PLAIN, from, rest - from, "%s", "");
	else if (site->text[from - 1] == ' ' && !is_word(site->text[to]))
		edit(site, EDIT_PLAIN, from - 1, to - from + 1, "%s", "");
	else
		return refuse(site, "it stands in the middle of a word");
	return safe;
}

const char *switch_out(struct site *site, const char *const *names, const char *safe)
{
	size_t begin = site->finding->place.offset, end = begin + site->finding->place.length;

	if (!site->finding->place.length)
		begin = place_line(site), end = line_end_at(site, begin);
	for (; *names; names++) {
		const char *at = memmem(site->text + begin, end - begin, *names, strlen(*names));

		if (at)
			return take_word_out(site, (size_t)(at - site->text), (size_t)(at - site->text) + strlen(*names), safe);
	}
	return refuse(site, "how it is switched on here is for a person to change");
}

static const char *approval_bypass(struct site *site)
{
	static const char *const keys[] = { "auto_approve", "autoApprove", "alwaysAllow", "require_approval", "human_input_mode" };
	static const char *const switches[] = { "--allow-dangerously-skip-permissions", "--dangerously-skip-permissions", "--dangerously-bypass-approvals-and-sandbox", "--yolo",
		"--trust-all-tools", NULL };
	const char *safe = heal_code_bypass(site), *said = "one value is changed; a person is asked first";

	for (size_t i = 0; !safe && !*site->why && i < sizeof(keys) / sizeof(*keys); i++)
		safe = switch_line(site, keys[i], said);
	if (!safe && !strncmp(site->finding->message, "bypassPermissions", 17) && site->finding->place.length) {
		edit(site, EDIT_PLAIN, site->finding->place.offset, site->finding->place.length, "default");
		return said;
	}
	return safe ? safe : switch_out(site, switches, "one switch is taken out; a person is asked first");
}

static const char *trace_content(struct site *site)
{
	static const char *const keys[] = { "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "TRACELOOP_TRACE_CONTENT", "AZURE_TRACING_GEN_AI_CONTENT_RECORDING_ENABLED",
		"CAPTURE_MESSAGE_CONTENT" };
	const char *safe = NULL;

	for (size_t i = 0; !safe && i < sizeof(keys) / sizeof(*keys); i++)
		safe = switch_line(site, keys[i], "one value is changed; traces keep their shape and lose what people wrote");
	return safe ? safe : heal_code_trace(site);
}

/* --- agent cards, hidden characters, owners --- */

static const char *card_scheme(struct site *site)
{
	const char *open = memchr(site->text, '{', site->length);

	if (site->code || !open)
		return refuse(site, "only a card written as JSON is edited from here");
	size_t at = (size_t)(open - site->text) + 1, line = line_end_at(site, at);
	const char *indent = line == at && after_line(site, at) < site->length ? indent_at(site, after_line(site, at)) : NULL;
	const char *between = indent ? arena_format(heal_arena(site), "\n%s", indent) : "";

	edit(site, EDIT_PLAIN, at, 0, "%s\"securitySchemes\": {\"bearer\": {\"type\": \"http\", \"scheme\": \"bearer\"}},%s\"security\": [{\"bearer\": []}],%s", between, indent ? between : " ",
		indent ? "" : " ");
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
		return refuse_for_now(site, "who owns it must be said: --owner NAME");
	append_line(site, path_of_agent(site, "cockpit.yaml"), arena_format(heal_arena(site), "owner: %s", heal_owner(site)));
	return "one line is added to the agent's cockpit.yaml";
}

const struct heal_row heal_text_rows[] = {
	{ "AGY007", card_scheme }, { "AGY010", approval_bypass }, { "GOV001", owner }, { "INJ013", hidden_characters }, { "PRV004", trace_content }, { NULL, NULL },
};
