#include "tui/screen/keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/config.h"
#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/safe.h"

enum { KEY_TEXT_MAX = 16, KEYS_MAX = 128 };

struct binding {
	const struct command *command;
	int key;
};

struct keymap {
	struct binding *bindings; /* in the order of the commands, then of the keys of each */
	size_t count;
	char (*texts)[KEY_TEXT_MAX]; /* the first key of each command */
};

static const struct {
	const char *context, *parent;
} parents[] = {
	{ "approvals", "table" },
	{ "approve", NULL },
	{ "audit", "table" },
	{ "changes", "table" },
	{ "chart", "global" },
	{ "chat", NULL },
	{ "dashboard", "table" },
	{ "detail", "text" },
	{ "dialog", NULL },
	{ "fleet", "table" },
	{ "form", "dialog" },
	{ "global", NULL },
	{ "help", "table" },
	{ "logs", "text" },
	{ "line", "dialog" },
	{ "menu", "dialog" },
	{ "palette", "dialog" },
	{ "plan", "text" },
	{ "playbooks", "table" },
	{ "run", "text" },
	{ "runs", "table" },
	{ "yaml", "text" },
};

const char *key_context_parent(const char *context)
{
	for (size_t i = 0; i < sizeof(parents) / sizeof(*parents); i++)
		if (!strcmp(parents[i].context, context))
			return parents[i].parent;
	return "global";
}

static int by_command_name(const void *name, const void *command)
{
	return strcmp(name, ((const struct command *)command)->name);
}

const struct command *command_find(const char *name)
{
	return bsearch(name, commands, command_count, sizeof(*commands), by_command_name);
}

/* --- keys as text --- */

static const struct {
	const char *name;
	int key;
} names[] = {
	{ "Up", K_UP },
	{ "Down", K_DOWN },
	{ "Left", K_LEFT },
	{ "Right", K_RIGHT },
	{ "Home", K_HOME },
	{ "End", K_END },
	{ "PgUp", K_PAGE_UP },
	{ "PgDn", K_PAGE_DOWN },
	{ "Enter", K_ENTER },
	{ "Esc", K_ESC },
	{ "Tab", K_TAB },
	{ "BackTab", K_BACKTAB },
	{ "Backspace", K_BACKSPACE },
	{ "Delete", K_DELETE },
	{ "Insert", K_INSERT },
	{ "Space", ' ' },
};

static int parse_plain(const char *text)
{
	unsigned codepoint;
	size_t length = strlen(text);

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(text, names[i].name))
			return names[i].key;
	if (*text == 'F' && length > 1 && strspn(text + 1, "0123456789") == length - 1) {
		int number = atoi(text + 1);

		return number >= 1 && number <= 12 ? K_F1 + number - 1 : KEY_NONE_;
	}
	int used = utf8_decode(text, length, &codepoint);

	return used && (size_t)used == length && codepoint > 32 ? (int)codepoint : KEY_NONE_;
}

int key_parse(const char *text)
{
	if (!strncmp(text, "M-", 2) && text[2]) {
		int key = key_parse(text + 2);

		return key < 0 ? key : K_ALT | key;
	}
	if (*text == '^' && text[1] && !text[2]) {
		char letter = text[1] >= 'A' && text[1] <= 'Z' ? (char)(text[1] + 32) : text[1];

		return K_CTRL | letter;
	}
	return parse_plain(text);
}

static size_t utf8_encode(unsigned codepoint, char *out)
{
	if (codepoint < 0x80) {
		out[0] = (char)codepoint;
		return 1;
	}
	size_t length = codepoint < 0x800 ? 2 : codepoint < 0x10000 ? 3 : 4;

	for (size_t i = length - 1; i > 0; i--) {
		out[i] = (char)(0x80 | (codepoint & 0x3f));
		codepoint >>= 6;
	}
	static const unsigned char leads[] = { 0, 0, 0xc0, 0xe0, 0xf0 };

	out[0] = (char)(leads[length] | codepoint);
	return length;
}

static void format_plain(int key, char out[KEY_TEXT_MAX])
{
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (names[i].key != key)
			continue;
		snprintf(out, KEY_TEXT_MAX, "%s", names[i].name);
		return;
	}
	if (key >= K_F1 && key <= K_F12)
		snprintf(out, KEY_TEXT_MAX, "F%d", key - K_F1 + 1);
	else
		out[key < 0x110000 ? utf8_encode((unsigned)key, out) : 0] = 0;
}

void key_format(int key, char *out, size_t size)
{
	char plain[KEY_TEXT_MAX];
	int base = key & ~(K_CTRL | K_ALT);

	format_plain(base, plain);
	if (key & K_CTRL && base >= 'a' && base <= 'z')
		*plain = (char)(base - 32);
	snprintf(out, size, "%s%s%s", key & K_ALT ? "M-" : "", key & K_CTRL ? "^" : "", plain);
}

/* --- the map --- */

static void bind(struct keymap *keymap, const struct command *command, int key)
{
	keymap->bindings = mem_grow(keymap->bindings, keymap->count + 1, sizeof(*keymap->bindings));
	keymap->bindings[keymap->count++] = (struct binding){ .command = command, .key = key };
}

static void add_problem(struct json *problems, const char *command, const char *what)
{
	char *message = mem_format("ui.keys.%s: %s", command, what);

	if (problems)
		json_add(problems, json_set_text(json_object(), "message", message));
	free(message);
}

/* Binds each key named in keys; one that is no key is told and left out. */
static void bind_all(struct keymap *keymap, const struct command *command, const char *keys, struct json *problems)
{
	char copy[KEYS_MAX];
	char *save = NULL;
	size_t nth = (size_t)(command - commands);

	snprintf(copy, sizeof(copy), "%s", keys);
	for (char *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		int key = key_parse(word);

		if (key < 0) {
			add_problem(problems, command->name, "that is no key; write f, ^F, M-f, Enter, PgDn, F5");
			continue;
		}
		bind(keymap, command, key);
		if (!*keymap->texts[nth])
			key_format(key, keymap->texts[nth], KEY_TEXT_MAX);
	}
}

static const char *own_keys(const struct json *tree, const char *command)
{
	const char *dot = strchr(command, '.');
	char context[32];
	const char *keys = json_text(json_get(tree, command)); /* keys: {table.filter: f} */

	if (keys || !dot)
		return keys;
	snprintf(context, sizeof(context), "%.*s", (int)(dot - command), command);
	return json_text(json_get(json_get(tree, context), dot + 1)); /* keys: {table: {filter: f}} */
}

static void check_names(const struct json *tree, struct json *problems)
{
	for (const struct json *item = json_first(tree); item; item = json_next(item))
		if (!json_is(item, JSON_OBJECT) && !command_find(json_key(item)))
			add_problem(problems, json_key(item), "no command has that name; `?` lists them");
}

struct keymap *keymap_new(const struct config *config, struct json *problems)
{
	struct keymap *keymap = mem_zero(1, sizeof(*keymap));
	const struct json *tree = config ? config_tree(config, "ui.keys") : NULL;

	keymap->texts = mem_zero(command_count, sizeof(*keymap->texts));
	for (size_t i = 0; i < command_count; i++) {
		const char *keys = own_keys(tree, commands[i].name);

		bind_all(keymap, &commands[i], keys ? keys : commands[i].keys, problems);
	}
	check_names(tree, problems);
	return keymap;
}

void keymap_free(struct keymap *keymap)
{
	if (!keymap)
		return;
	free(keymap->bindings);
	free(keymap->texts);
	free(keymap);
}

const struct command *keymap_find(const struct keymap *keymap, const char *context, int key)
{
	for (; context; context = key_context_parent(context))
		for (size_t i = 0; i < keymap->count; i++)
			if (keymap->bindings[i].key == key && !strcmp(keymap->bindings[i].command->context, context))
				return keymap->bindings[i].command;
	return NULL;
}

const char *keymap_key_of(const struct keymap *keymap, const char *command)
{
	const struct command *found = command_find(command);

	return found ? keymap->texts[found - commands] : "";
}

void keymap_keys_of(const struct keymap *keymap, const char *command, char *out, size_t size)
{
	const struct command *found = command_find(command);
	char one[KEY_TEXT_MAX];
	size_t used = 0;

	if (size)
		*out = 0;
	for (size_t i = 0; i < keymap->count && used < size; i++) {
		if (keymap->bindings[i].command != found)
			continue;
		key_format(keymap->bindings[i].key, one, sizeof(one));
		used += (size_t)snprintf(out + used, size - used, "%s%s", used ? ", " : "", one);
	}
}

static int by_rank(const void *a, const void *b)
{
	return (*(const struct command *const *)a)->rank - (*(const struct command *const *)b)->rank;
}

/* A command of an inner context hides the outer one on the same key. */
static int is_hidden(const struct keymap *keymap, const char *context, const struct command *command)
{
	int key = key_parse(keymap->texts[command - commands]);

	return key >= 0 && keymap_find(keymap, context, key) != command;
}

size_t keymap_hints(const struct keymap *keymap, const char *context, const struct command **out, size_t max)
{
	size_t count = 0;

	for (const char *at = context; at; at = key_context_parent(at))
		for (size_t i = 0; i < command_count && count < max; i++)
			if (commands[i].hint && !strcmp(commands[i].context, at) && *keymap->texts[i] && !is_hidden(keymap, context, &commands[i]))
				out[count++] = &commands[i];
	qsort(out, count, sizeof(*out), by_rank);
	return count;
}
