/* AGY003/tool-changed: what a tool says of itself is what a model obeys, so it is pinned: mcp-pins.yaml (or .json, or mcp-tools.lock.*) of the agent holds
 * tools: {NAME: DESCRIPTION}. Compared with the tools in the agent's code and with the lists servers give ({"tools": [{"name", "description"}]}). */
#include <ctype.h>
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "fleet/check/checker_parts.h"

enum { PINS_MAX = 512, TEXT_MAX = 4000, SHOWN_MAX = 60 };

struct pin {
	const char *name, *text; /* without runs of white space */
	const char *path;
	struct place place;
};

struct pins {
	struct pin pinned[PINS_MAX], found[PINS_MAX];
	int pinned_count, found_count;
};

static struct pins *pins_of(struct checker *checker)
{
	if (!checker->whole.pins)
		checker->whole.pins = arena_alloc(checker->arena, sizeof(*checker->whole.pins));
	return checker->whole.pins;
}

static const char *squeezed(struct checker *checker, const char *text)
{
	struct text out;
	const char *kept;

	text_init(&out, TEXT_MAX);
	for (; *text; text++)
		if (!isspace((unsigned char)*text))
			text_add_char(&out, *text);
		else if (out.length && out.data[out.length - 1] != ' ')
			text_add_char(&out, ' ');
	while (out.length && out.data[out.length - 1] == ' ')
		out.data[--out.length] = 0;
	kept = arena_text_n(checker->arena, out.data, out.length);
	text_release(&out);
	return kept;
}

static void add(struct unit *unit, struct pin *rows, int *count, const char *name, const char *text, struct place place)
{
	struct checker *checker = unit->checker;

	if (name && text && *count < PINS_MAX)
		rows[(*count)++] = (struct pin){ .name = arena_text(checker->arena, name), .text = squeezed(checker, text), .path = arena_text(checker->arena, unit->path),
			.place = place };
}

static int is_pin_file(const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

	return !strncmp(name, "mcp-pins.", 9) || !strncmp(name, ".mcp-pins.", 10) || !strncmp(name, "mcp-tools.lock.", 15);
}

void pins_in_document(struct unit *unit, const struct json *doc)
{
	const struct json *tools = json_get(doc, "tools");
	int pins = is_pin_file(unit->path);

	if (!unit->checker->agent || (!json_is(tools, JSON_ARRAY) && !(pins && json_is(tools, JSON_OBJECT))))
		return;
	for (const struct json *item = json_first(tools); item; item = json_next(item)) {
		const char *name = json_key(item) ? json_key(item) : json_text(json_get(item, "name"));
		const char *text = json_text(item) ? json_text(item) : json_text(json_get(item, "description"));
		struct pins *all = pins_of(unit->checker);

		if (pins)
			add(unit, all->pinned, &all->pinned_count, name, text, (struct place){ .line = json_line(item), .column = 1 });
		else if (json_is(item, JSON_OBJECT))
			add(unit, all->found, &all->found_count, name, text, (struct place){ .line = json_line(item), .column = 1, .end_line = json_line(item), .end_column = 1 });
	}
}

void pins_in_code(struct unit *unit)
{
	for (int f = 0; f < code_function_count(unit->code); f++) {
		const struct code_function *function = code_function_at(unit->code, f);
		const struct code_token *def = code_token_at(unit->code, function->def);
		struct pins *all;

		if (!(unit->functions[f] & IS_TOOL) || function->docstring < 0 || !*function->name)
			continue;
		all = pins_of(unit->checker);
		add(unit, all->found, &all->found_count, function->name, code_string(unit->code, function->docstring, function->docstring + 1, NULL),
			unit_place(unit, def->offset, def->length));
	}
}

/* From where the two differ, a little of each. */
static void say(struct checker *checker, struct findings *findings, const struct pin *was, const struct pin *is)
{
	size_t same = 0;

	while (was->text[same] && was->text[same] == is->text[same])
		same++;
	while (same && was->text[same - 1] != ' ')
		same--;
	struct finding *finding = flag_whole(checker, findings, "AGY003/tool-changed", is->path, &is->place, "the tool %s says other than was pinned: -\"%.*s\" +\"%.*s\"", is->name, SHOWN_MAX,
		was->text + same, SHOWN_MAX, is->text + same);

	if (finding)
		finding->fixability = FIX_STRUCTURAL;
}

void pins_compare(struct checker *checker, struct findings *findings)
{
	const struct pins *all = checker->whole.pins;

	for (int i = 0; all && i < all->found_count; i++)
		for (int k = 0; k < all->pinned_count; k++)
			if (!strcmp(all->found[i].name, all->pinned[k].name) && strcmp(all->found[i].text, all->pinned[k].text))
				say(checker, findings, &all->pinned[k], &all->found[i]);
}
