/* json_format.c - the tree as text: compact, pretty, canonical. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/json_node.h"
#include "base/mem.h"
#include "base/number.h"
#include "base/safe.h"
#include "base/text.h"

enum style { COMPACT, PRETTY, CANONICAL };

struct writer {
	struct text *out;
	enum style style;
	int depth;
};

static void write_value(struct writer *w, const cJSON *node);

static void quote_special(struct text *out, unsigned char c)
{
	static const char names[] = "btn fr", *const digits = "0123456789abcdef";
	char escape[] = { '\\', 'u', '0', '0', digits[c >> 4], digits[c & 15] };

	if (c == '"' || c == '\\')
		escape[1] = (char)c;
	else if (c >= '\b' && c <= '\r' && c != '\v')
		escape[1] = names[c - '\b'];
	text_add_n(out, escape, escape[1] == 'u' ? 6 : 2);
}

/* What a terminal would obey and RFC 8259 lets stand: as an escape it reads the same and does nothing. */
static void quote_harmful(struct text *out, unsigned codepoint)
{
	if (codepoint > 0xffff)
		text_format(out, "\\u%04x\\u%04x", 0xd800 + ((codepoint - 0x10000) >> 10), 0xdc00 + (codepoint & 0x3ff));
	else
		text_format(out, "\\u%04x", codepoint);
}

/* shown: a terminal may see it; RFC 8785 wants the characters themselves. */
static void quote(struct text *out, const char *bytes, size_t length, int shown)
{
	size_t from = 0, i = 0;

	text_add_char(out, '"');
	while (i < length) {
		unsigned codepoint = 0;
		int used = utf8_decode(bytes + i, length - i, &codepoint);
		int special = used == 1 && (codepoint < ' ' || codepoint == '"' || codepoint == '\\');
		int harmful = used && !special && shown && !safe_codepoint(codepoint);

		if (used && !special && !harmful) {
			i += (size_t)used;
			continue;
		}
		text_add_n(out, bytes + from, i - from);
		if (harmful)
			quote_harmful(out, codepoint);
		else if (special)
			quote_special(out, (unsigned char)codepoint);
		else
			text_add(out, "\xef\xbf\xbd");
		i += used ? (size_t)used : 1;
		from = i;
	}
	text_add_n(out, bytes + from, length - from);
	text_add_char(out, '"');
}

void json_quote(struct text *out, const char *bytes, size_t length)
{
	quote(out, bytes, length, 0);
}

static void break_line(struct writer *w)
{
	if (w->style != PRETTY)
		return;
	text_add_char(w->out, '\n');
	for (int i = 0; i < w->depth; i++)
		text_add_n(w->out, "  ", 2);
}

static void write_member(struct writer *w, const cJSON *item, int first)
{
	if (!first)
		text_add_char(w->out, ',');
	break_line(w);
	if (item->string) {
		quote(w->out, item->string, strlen(item->string), w->style != CANONICAL);
		text_add(w->out, w->style == PRETTY ? ": " : ":");
	}
	write_value(w, item);
}

static void write_sorted(struct writer *w, const cJSON *object)
{
	size_t count = 0;
	struct json_member *members = json_sorted(object, &count);

	for (size_t i = 0; i < count; i++)
		write_member(w, members[i].item, i == 0);
	free(members);
}

static void write_container(struct writer *w, const cJSON *node, const char *brackets)
{
	text_add_char(w->out, brackets[0]);
	w->depth++;
	if (w->style == CANONICAL && brackets[0] == '{')
		write_sorted(w, node);
	else
		for (const cJSON *item = node->child; item; item = item->next)
			write_member(w, item, item == node->child);
	w->depth--;
	if (node->child)
		break_line(w);
	text_add_char(w->out, brackets[1]);
}

/* An integer beyond 2^53 keeps its digits also where RFC 8785 would round it to a double: two
 * different numbers must not have one hash. */
static void write_number(struct writer *w, const cJSON *node)
{
	char text[NUMBER_TEXT_MAX];

	if (node->valuestring) {
		text_add(w->out, node->valuestring);
		return;
	}
	number_format(node->valuedouble, text);
	text_add(w->out, text);
}

static void write_value(struct writer *w, const cJSON *node)
{
	switch (node->type & JSON_TYPE_MASK) {
	case cJSON_True:
		text_add_n(w->out, "true", 4);
		break;
	case cJSON_False:
		text_add_n(w->out, "false", 5);
		break;
	case cJSON_Number:
		write_number(w, node);
		break;
	case cJSON_String:
		quote(w->out, node->valuestring, strlen(node->valuestring), w->style != CANONICAL);
		break;
	case cJSON_Array:
		write_container(w, node, "[]");
		break;
	case cJSON_Object:
		write_container(w, node, "{}");
		break;
	default:
		text_add_n(w->out, "null", 4);
	}
}

static void write_root(const struct json *json, struct text *out, enum style style)
{
	struct writer w = { .out = out, .style = style };

	if (json)
		write_value(&w, json_node(json));
	else
		text_add(out, "null");
}

char *json_format(const struct json *json)
{
	struct text out;

	text_init(&out, SIZE_MAX / 4);
	write_root(json, &out, COMPACT);
	return text_take(&out);
}

char *json_format_pretty(const struct json *json)
{
	struct text out;

	text_init(&out, SIZE_MAX / 4);
	write_root(json, &out, PRETTY);
	text_add_char(&out, '\n');
	return text_take(&out);
}

void json_canonical(const struct json *json, struct text *out)
{
	write_root(json, out, CANONICAL);
}

/* UTF-8 sorts by code point; UTF-16 puts everything past U+FFFF (lead bytes from F0) before
 * U+E000..U+FFFF (lead bytes EE and EF). */
static int compare_keys(const char *a, const char *b)
{
	const unsigned char *x = (const unsigned char *)a, *y = (const unsigned char *)b;

	while (*x && *x == *y) {
		x++;
		y++;
	}
	if (*x >= 0xee && *y >= 0xee && (*x >= 0xf0) != (*y >= 0xf0))
		return *x >= 0xf0 ? -1 : 1;
	return (*x > *y) - (*x < *y);
}

static int compare_members(const void *a, const void *b)
{
	const struct json_member *x = a, *y = b;
	int order = compare_keys(x->item->string, y->item->string);

	return order ? order : (x->index > y->index) - (x->index < y->index);
}

struct json_member *json_sorted(const cJSON *object, size_t *count)
{
	struct json_member *members;
	size_t n = 0;

	for (const cJSON *item = object->child; item; item = item->next)
		n++;
	*count = n;
	if (!n)
		return NULL;
	members = mem_alloc(n * sizeof(*members));
	n = 0;
	for (cJSON *item = object->child; item; item = item->next, n++)
		members[n] = (struct json_member){ .item = item, .index = n };
	qsort(members, n, sizeof(*members), compare_members);
	return members;
}
