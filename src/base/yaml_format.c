/* yaml_format.c - the tree as block YAML, laid out as kubectl does: lists stand under their key
 * without a further indent. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/json_node.h"
#include "base/safe.h"
#include "base/text.h"
#include "base/yaml.h"
#include "base/yaml_scalar.h"

/* Words that YAML 1.1 readers take for booleans; ours does not, theirs might. */
static const char *const old_words[] = { "y", "Y", "yes", "Yes", "YES", "n", "N", "no", "No", "NO",
	"on", "On", "ON", "off", "Off", "OFF" };

static void write_value(struct text *out, const struct json *json, int indent, int after_dash);

static void pad(struct text *out, int indent)
{
	for (int i = 0; i < indent; i++)
		text_add_char(out, ' ');
}

/* YAML 1.2 5.1, less the breaks of 1.1 that libyaml folds, and less what a terminal would obey. */
static int is_printable(unsigned c)
{
	return safe_codepoint(c) && ((c >= 0x20 && c < 0x7f) || (c >= 0xa0 && c < 0xd800 && c != 0x2028 && c != 0x2029) ||
	       (c >= 0xe000 && c < 0xfffe && c != 0xfeff) || (c >= 0x10000 && c <= 0x10ffff));
}

/* All printable, where `also` is too. */
static int all_printable(const char *text, char also)
{
	size_t length = strlen(text);

	for (size_t i = 0; i < length;) {
		unsigned c;
		int used = utf8_decode(text + i, length - i, &c);

		if (used <= 0 || (!is_printable(c) && !(also && c == (unsigned char)also)))
			return 0;
		i += (size_t)used;
	}
	return 1;
}

static int reads_otherwise(const char *text)
{
	cJSON *node = yaml_scalar(text, strlen(text));

	cJSON_Delete(node);
	if (node)
		return 1;
	for (size_t i = 0; i < sizeof(old_words) / sizeof(*old_words); i++)
		if (!strcmp(text, old_words[i]))
			return 1;
	/* 1.1 has more numbers: 012, 1_000, 1:30, dates, .inf */
	return (strchr("+-.0123456789", *text) &&
		       strspn(text, "+-.0123456789_:TZeExX") == strlen(text)) ||
	       strcasestr(text, ".inf") == text || strcasestr(text, ".nan") == text;
}

static int needs_quotes(const char *text)
{
	size_t length = strlen(text);

	return strchr("!&*-?|>@`\"'%#{}[],:=<~ ", *text) || strstr(text, ": ") ||
	       strstr(text, " #") || text[length - 1] == ' ' || text[length - 1] == ':' ||
	       !strncmp(text, "...", 3);
}

static void quote_double(struct text *out, const char *text)
{
	size_t length = strlen(text);

	text_add_char(out, '"');
	for (size_t i = 0; i < length;) {
		unsigned c;
		int used = utf8_decode(text + i, length - i, &c);

		if (used <= 0)
			text_add(out, "\\uFFFD");
		else if (c == '"' || c == '\\')
			text_format(out, "\\%c", (int)c);
		else if (c == '\n' || c == '\t')
			text_add(out, c == '\n' ? "\\n" : "\\t");
		else if (is_printable(c))
			text_add_n(out, text + i, (size_t)used);
		else
			text_format(out, c > 0xffff ? "\\U%08X" : "\\u%04X", c);
		i += used > 0 ? (size_t)used : 1;
	}
	text_add_char(out, '"');
}

static void quote_single(struct text *out, const char *text)
{
	text_add_char(out, '\'');
	for (; *text; text++) {
		if (*text == '\'')
			text_add_char(out, '\'');
		text_add_char(out, *text);
	}
	text_add_char(out, '\'');
}

static void write_line(struct text *out, const char *text)
{
	if (!*text || !all_printable(text, 0) || reads_otherwise(text))
		quote_double(out, text);
	else if (needs_quotes(text))
		quote_single(out, text);
	else
		text_add(out, text);
}

/* "|": the lines as they are. The last breaks are told by the indicator: "-" none, "+" several. */
static void write_block(struct text *out, const char *text, int indent)
{
	size_t length = strlen(text);
	const char *chomp = text[length - 1] != '\n' ? "-" : text[length - 2] == '\n' ? "+" : "";

	text_format(out, "|%s", chomp);
	while (*text) {
		size_t line = strcspn(text, "\n");

		text_add_char(out, '\n');
		if (line)
			pad(out, indent);
		text_add_n(out, text, line);
		text += line + (text[line] == '\n');
	}
}

static void write_text(struct text *out, const char *text, int indent)
{
	int block =
		strchr(text, '\n') && *text != ' ' && *text != '\n' && all_printable(text, '\n');

	if (block)
		write_block(out, text, indent);
	else
		write_line(out, text);
}

static void write_scalar(struct text *out, const struct json *json, int indent)
{
	char *plain;

	if (json_text(json)) {
		write_text(out, json_text(json), indent);
		return;
	}
	plain = json_format(json); /* {} and [] too */
	text_add(out, plain);
	free(plain);
}

static int is_block(const struct json *json)
{
	return json_first(json) != NULL;
}

static void write_member(struct text *out, const struct json *item, int indent)
{
	write_line(out, json_key(item));
	text_add_char(out, ':');
	if (!is_block(item)) {
		text_add_char(out, ' ');
		write_scalar(out, item, indent + 2);
		text_add_char(out, '\n');
		return;
	}
	text_add_char(out, '\n');
	write_value(out, item, json_is(item, JSON_OBJECT) ? indent + 2 : indent, 0);
}

static void write_item(struct text *out, const struct json *item, int indent)
{
	text_add(out, "- ");
	if (is_block(item)) {
		write_value(out, item, indent + 2, 1);
		return;
	}
	write_scalar(out, item, indent + 2);
	text_add_char(out, '\n');
}

/* A collection that is not empty. after_dash: its first line stands behind "- " already. */
static void write_value(struct text *out, const struct json *json, int indent, int after_dash)
{
	for (const struct json *item = json_first(json); item; item = json_next(item)) {
		if (!after_dash)
			pad(out, indent);
		after_dash = 0;
		if (json_is(json, JSON_OBJECT))
			write_member(out, item, indent);
		else
			write_item(out, item, indent);
	}
}

void yaml_format(const struct json *json, struct text *out)
{
	if (is_block(json)) {
		write_value(out, json, 0, 0);
		return;
	}
	write_scalar(out, json, 2);
	text_add_char(out, '\n');
}
