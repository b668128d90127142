#include "tui/screen/theme.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/yaml.h"

enum { THEME_FILE_MAX = 64 * 1024, NEAREST = -2 };

static const char *const style_names[STYLE_COUNT] = {
	[STYLE_TEXT] = "text",
	[STYLE_DIM] = "dim",
	[STYLE_BOLD] = "bold",
	[STYLE_ACCENT] = "accent",
	[STYLE_TITLE] = "title",
	[STYLE_HEADER] = "header",
	[STYLE_SELECTED] = "selected",
	[STYLE_MARKED] = "marked",
	[STYLE_MATCH] = "match",
	[STYLE_CRITICAL] = "critical",
	[STYLE_HIGH] = "high",
	[STYLE_MEDIUM] = "medium",
	[STYLE_LOW] = "low",
	[STYLE_OK] = "ok",
	[STYLE_ADDED] = "added",
	[STYLE_REMOVED] = "removed",
	[STYLE_PROD] = "prod",
	[STYLE_WARNING] = "warning",
	[STYLE_KEY] = "key",
};

#define PLAIN .fg = THEME_DEFAULT, .bg = THEME_DEFAULT, .fg8 = THEME_DEFAULT, .bg8 = THEME_DEFAULT

const struct theme theme_plain = {
	.name = "plain",
	.about = "attributes only",
	.cursor = CURSOR_NAME,
	.styles = {
		[STYLE_TEXT] = { PLAIN },
		[STYLE_DIM] = { PLAIN },
		[STYLE_BOLD] = { PLAIN, .bold = 1 },
		[STYLE_ACCENT] = { PLAIN, .bold = 1 },
		[STYLE_TITLE] = { PLAIN, .reverse = 1 },
		[STYLE_HEADER] = { PLAIN, .underline = 1 },
		[STYLE_SELECTED] = { PLAIN, .reverse = 1 },
		[STYLE_MARKED] = { PLAIN, .bold = 1 },
		[STYLE_MATCH] = { PLAIN, .underline = 1 },
		[STYLE_CRITICAL] = { PLAIN, .bold = 1, .reverse = 1 },
		[STYLE_HIGH] = { PLAIN, .bold = 1 },
		[STYLE_MEDIUM] = { PLAIN },
		[STYLE_LOW] = { PLAIN },
		[STYLE_OK] = { PLAIN },
		[STYLE_ADDED] = { PLAIN, .bold = 1 },
		[STYLE_REMOVED] = { PLAIN, .underline = 1 },
		[STYLE_PROD] = { PLAIN, .bold = 1, .reverse = 1 },
		[STYLE_WARNING] = { PLAIN, .bold = 1 },
		[STYLE_KEY] = { PLAIN, .bold = 1 },
	},
};

static const char *const colour_names[] = { "black", "red", "green", "yellow", "blue", "magenta", "cyan", "white" };

/* "default" "red" "bright-red" 0..255 "#rrggbb" */
static int parse_colour(const struct json *json, int *colour)
{
	const char *text = json_text(json);

	if (json_is(json, JSON_NUMBER)) {
		int64_t number = json_int(json, -1);

		*colour = (int)number;
		return number >= 0 && number <= 255 ? 0 : -1;
	}
	if (!text)
		return -1;
	if (!strcmp(text, "default")) {
		*colour = THEME_DEFAULT;
		return 0;
	}
	if (*text == '#' && strlen(text) == 7 && strspn(text + 1, "0123456789abcdefABCDEF") == 6) {
		*colour = THEME_RGB | (int)strtol(text + 1, NULL, 16);
		return 0;
	}
	int bright = !strncmp(text, "bright-", 7);

	for (int i = 0; i < 8; i++) {
		if (strcmp(text + (bright ? 7 : 0), colour_names[i]) != 0)
			continue;
		*colour = i + 8 * bright;
		return 0;
	}
	return -1;
}

static int parse_flag(const char *word, struct theme_style *style)
{
	if (!strcmp(word, "bold"))
		style->bold = 1;
	else if (!strcmp(word, "dim"))
		style->dim = 1;
	else if (!strcmp(word, "underline"))
		style->underline = 1;
	else if (!strcmp(word, "reverse"))
		style->reverse = 1;
	else if (!strcmp(word, "italic"))
		style->italic = 1;
	else
		return -1;
	return 0;
}

static int parse_flags(const struct json *json, struct theme_style *style)
{
	char words[128];
	char *save = NULL;

	snprintf(words, sizeof(words), "%s", json_text_or(json, "?"));
	for (char *word = strtok_r(words, " ", &save); word; word = strtok_r(NULL, " ", &save))
		if (parse_flag(word, style))
			return -1;
	return 0;
}

static int parse_style(const struct json *json, struct theme_style *style, const char *file, struct error *err)
{
	*style = (struct theme_style){ .fg = THEME_DEFAULT, .bg = THEME_DEFAULT, .fg8 = NEAREST, .bg8 = NEAREST };
	const struct {
		const char *key;
		int *colour;
	} places[] = { { "fg", &style->fg }, { "bg", &style->bg }, { "fg8", &style->fg8 }, { "bg8", &style->bg8 } };

	for (const struct json *item = json_first(json); item; item = json_next(item)) {
		int bad = 1;

		for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
			if (!strcmp(json_key(item), places[i].key))
				bad = parse_colour(item, places[i].colour);
		if (!strcmp(json_key(item), "attributes"))
			bad = parse_flags(item, style);
		if (bad)
			return error_set(err, ERR_FORMAT, "%s:%d: \"%s\": use fg, bg, fg8, bg8 with default, a name, 0-255 or #rrggbb, and attributes",
				file, json_line(item), json_key(item));
	}
	return 0;
}

static int parse_styles(struct theme *theme, const struct json *styles, const char *file, struct error *err)
{
	for (const struct json *item = json_first(styles); item; item = json_next(item)) {
		int style = 0;

		while (style < STYLE_COUNT && strcmp(style_names[style], json_key(item)) != 0)
			style++;
		if (style == STYLE_COUNT)
			return error_set(err, ERR_FORMAT, "%s:%d: no style is named \"%s\"", file, json_line(item), json_key(item));
		if (parse_style(item, &theme->styles[style], file, err))
			return -1;
	}
	return 0;
}

int theme_parse(struct theme *theme, const struct json *json, const char *file, struct error *err)
{
	static const char *const looks[] = { [CURSOR_NAME] = "name", [CURSOR_MARK] = "mark", [CURSOR_BAR] = "bar" };
	struct theme made = { .cursor = CURSOR_NAME };
	const char *cursor = json_text_or(json_get(json, "cursor"), "name");

	for (int i = 0; i < STYLE_COUNT; i++)
		made.styles[i] = (struct theme_style){ PLAIN };
	snprintf(made.name, sizeof(made.name), "%s", json_text_or(json_get(json, "name"), "unnamed"));
	snprintf(made.about, sizeof(made.about), "%s", json_text_or(json_get(json, "about"), ""));
	made.cursor = CURSOR_BAR + 1;
	for (int i = 0; i <= CURSOR_BAR; i++)
		if (!strcmp(cursor, looks[i]))
			made.cursor = (enum cursor_look)i;
	if (made.cursor > CURSOR_BAR)
		return error_set(err, ERR_FORMAT, "%s:%d: cursor is name, mark or bar", file, json_line(json_get(json, "cursor")));
	if (parse_styles(&made, json_get(json, "styles"), file, err))
		return -1;
	*theme = made;
	return 0;
}

static void name_of(const char *path, char *out, size_t size)
{
	const char *slash = strrchr(path, '/');

	snprintf(out, size, "%s", slash ? slash + 1 : path);
	out[strcspn(out, ".")] = 0;
}

static int load_file(struct theme *theme, const char *path, const char *name, struct error *err)
{
	size_t length;
	char *bytes = file_load(path, THEME_FILE_MAX, &length, err);

	if (!bytes)
		return -1;
	struct json *json = yaml_parse(bytes, length, err);
	int failed = json ? theme_parse(theme, json, path, err) : error_wrap(err, "%s", path);

	if (!failed)
		snprintf(theme->name, sizeof(theme->name), "%s", name);
	json_free(json);
	free(bytes);
	return failed;
}

int theme_load(struct theme *theme, const char *name, struct error *err)
{
	char **files = file_list_data("themes");
	char base[64];
	int found = 0, failed = 0;

	for (size_t i = 0; files && files[i] && !found; i++) {
		name_of(files[i], base, sizeof(base));
		if (strcmp(base, name) != 0)
			continue;
		found = 1;
		failed = load_file(theme, files[i], name, err);
	}
	file_free_list(files);
	return found ? failed : error_set(err, ERR_NOT_FOUND, "no theme is named \"%s\"", name);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

char **theme_names(void)
{
	char **files = file_list_data("themes");
	char base[64];
	size_t count = 0;

	for (size_t i = 0; files && files[i]; i++) {
		name_of(files[i], base, sizeof(base));
		free(files[i]);
		files[i] = mem_text(base);
		count++;
	}
	if (count)
		qsort(files, count, sizeof(*files), by_name);
	return files;
}

/* The colours xterm gives its first 16 numbers; 16..231 are a 6x6x6 cube, 232..255 greys. */
static const int first_colours[16] = { 0x000000, 0xcd0000, 0x00cd00, 0xcdcd00, 0x0000ee, 0xcd00cd, 0x00cdcd, 0xe5e5e5, 0x7f7f7f, 0xff0000,
	0x00ff00, 0xffff00, 0x5c5cff, 0xff00ff, 0x00ffff, 0xffffff };

static int rgb_of(int colour)
{
	static const int levels[6] = { 0, 0x5f, 0x87, 0xaf, 0xd7, 0xff };

	if (colour & THEME_RGB)
		return colour & 0xffffff;
	if (colour < 16)
		return first_colours[colour];
	if (colour >= 232)
		return (8 + 10 * (colour - 232)) * 0x010101;
	colour -= 16;
	return levels[colour / 36] << 16 | levels[colour / 6 % 6] << 8 | levels[colour % 6];
}

static int distance(int a, int b)
{
	int red = (a >> 16 & 255) - (b >> 16 & 255), green = (a >> 8 & 255) - (b >> 8 & 255), blue = (a & 255) - (b & 255);

	return 3 * red * red + 4 * green * green + 2 * blue * blue; /* the eye sees green best, blue least */
}

static int nearest(int rgb, int first, int end)
{
	int best = first, least = INT_MAX;

	for (int i = first; i < end; i++) {
		int far = distance(rgb, rgb_of(i));

		if (far >= least)
			continue;
		least = far;
		best = i;
	}
	return best;
}

int theme_colour(int colour, int colours)
{
	if (colour == THEME_DEFAULT)
		return THEME_DEFAULT;
	if (colours > 256)
		return rgb_of(colour);
	if (colours == 256)
		return colour & THEME_RGB ? nearest(colour & 0xffffff, 16, 256) : colour;
	if (!(colour & THEME_RGB) && colour < (colours >= 16 ? 16 : 8))
		return colour;
	return nearest(rgb_of(colour), 0, colours >= 16 ? 16 : 8);
}
