/* json_parse.c - one strict pass from bytes to the tree. cJSON's own parser rounds large integers,
 * takes several things that are no JSON, and would need a second pass to bound the depth. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/json_node.h"
#include "base/mem.h"
#include "base/number.h"

enum {
	BYTES_MAX = 64 << 20,
	DEPTH_MAX = 128,
	NODES_MAX = 4000000, /* of about 80 bytes: a body of "[[],[],…" must not end the program */
	PAIRWISE_MAX = 16,   /* members compared pair by pair; more are sorted */
};

struct parser {
	const char *start, *at, *end;
	size_t nodes;
	int depth;
	struct error *err;
};

static cJSON *parse_value(struct parser *p);

static void *fail(struct parser *p, const char *what)
{
	error_set(p->err, ERR_FORMAT, "no JSON at byte %zu: %s", (size_t)(p->at - p->start), what);
	return NULL;
}

static void skip_space(struct parser *p)
{
	while (p->at < p->end &&
		(*p->at == ' ' || *p->at == '\n' || *p->at == '\t' || *p->at == '\r'))
		p->at++;
}

static int hex4(const struct parser *p, const char *at, unsigned *unit)
{
	*unit = 0;
	if (p->end - at < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		char c = at[i];
		unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
				 : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
				 : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10
							: 16;
		if (digit == 16)
			return -1;
		*unit = *unit << 4 | digit;
	}
	return 0;
}

static char *put_utf8(char *to, unsigned c)
{
	if (c < 0x80) {
		*to++ = (char)c;
		return to;
	}
	if (c < 0x800) {
		*to++ = (char)(0xc0 | c >> 6);
	} else {
		if (c < 0x10000) {
			*to++ = (char)(0xe0 | c >> 12);
		} else {
			*to++ = (char)(0xf0 | c >> 18);
			*to++ = (char)(0x80 | (c >> 12 & 0x3f));
		}
		*to++ = (char)(0x80 | (c >> 6 & 0x3f));
	}
	*to++ = (char)(0x80 | (c & 0x3f));
	return to;
}

/* After "\u". Half a surrogate pair and NUL become U+FFFD: neither can be text in C. */
static char *unescape_unit(struct parser *p, char *to)
{
	unsigned unit, low;

	if (hex4(p, p->at, &unit))
		return fail(p, "\\u needs four hex digits");
	p->at += 4;
	if (unit >= 0xd800 && unit < 0xdc00 && p->end - p->at >= 6 && p->at[0] == '\\' &&
		p->at[1] == 'u' && !hex4(p, p->at + 2, &low) && low >= 0xdc00 && low < 0xe000) {
		p->at += 6;
		return put_utf8(to, 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00));
	}
	return put_utf8(to, !unit || (unit >= 0xd800 && unit < 0xe000) ? 0xfffd : unit);
}

static char *unescape(struct parser *p, char *to)
{
	static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
	const char *name;

	if (++p->at >= p->end)
		return fail(p, "a string does not end");
	if (*p->at == 'u') {
		p->at++;
		return unescape_unit(p, to);
	}
	name = *p->at ? strchr(names, *p->at) : NULL;
	if (!name)
		return fail(p, "an escape that does not exist");
	p->at++;
	*to++ = values[name - names];
	return to;
}

/* From a backslash on; `out` has room for the raw string, and no escape grows. */
static char *unescape_rest(struct parser *p, char *out, char *to)
{
	while (to && p->at < p->end && *p->at != '"') {
		if (*p->at == '\\')
			to = unescape(p, to);
		else if ((unsigned char)*p->at < ' ')
			to = fail(p, "a control character in a string");
		else
			*to++ = *p->at++;
	}
	if (to && p->at >= p->end)
		to = fail(p, "a string does not end");
	if (!to) {
		free(out);
		return NULL;
	}
	p->at++;
	*to = '\0';
	return out;
}

/* The raw end of a string that has escapes, so that its room is known. */
static const char *closing_quote(const struct parser *p)
{
	const char *s = p->at;

	while (s < p->end && *s != '"')
		s += *s == '\\' ? 2 : 1;
	return s < p->end ? s : p->end;
}

static char *parse_string(struct parser *p)
{
	const char *from = ++p->at;
	char *out;
	size_t plain;

	while (p->at < p->end && *p->at != '"' && *p->at != '\\' && (unsigned char)*p->at >= ' ')
		p->at++;
	plain = (size_t)(p->at - from);
	if (p->at < p->end && *p->at == '"') {
		p->at++;
		return mem_text_n(from, plain);
	}
	if (p->at >= p->end || *p->at != '\\')
		return fail(p, p->at >= p->end ? "a string does not end"
					       : "a control character in a string");
	out = mem_alloc((size_t)(closing_quote(p) - from) + 4);
	memcpy(out, from, plain);
	return unescape_rest(p, out, out + plain);
}

static cJSON *parse_word(struct parser *p, const char *word, int type)
{
	size_t length = strlen(word);

	if ((size_t)(p->end - p->at) < length || memcmp(p->at, word, length) != 0)
		return fail(p, "no value");
	p->at += length;
	return json_new(type);
}

static cJSON *parse_number(struct parser *p)
{
	double value;
	int exact;
	size_t used = number_scan(p->at, (size_t)(p->end - p->at), &value, &exact);
	const char *literal = p->at;

	if (!used)
		return fail(p, "no value");
	p->at += used;
	return json_new_number(literal, used, value, exact);
}

/* ',' : 1; the closing bracket: 0; anything else: -1. */
static int more(struct parser *p, char closing)
{
	skip_space(p);
	if (p->at < p->end && *p->at == ',') {
		p->at++;
		return 1;
	}
	if (p->at < p->end && *p->at == closing) {
		p->at++;
		return 0;
	}
	fail(p, closing == ']' ? "expected ',' or ']'" : "expected ',' or '}'");
	return -1;
}

static int is_empty(struct parser *p, char closing)
{
	p->at++;
	skip_space(p);
	if (p->at >= p->end || *p->at != closing)
		return 0;
	p->at++;
	return 1;
}

static int parse_items(struct parser *p, cJSON *array)
{
	int again;

	do {
		cJSON *item = parse_value(p);

		if (!item)
			return -1;
		json_append(array, item);
		again = more(p, ']');
	} while (again > 0);
	return again;
}

static int parse_member(struct parser *p, cJSON *object)
{
	char *key;
	cJSON *item = NULL;

	skip_space(p);
	if (p->at >= p->end || *p->at != '"') {
		fail(p, "expected a key");
		return -1;
	}
	key = parse_string(p);
	if (!key)
		return -1;
	skip_space(p);
	if (p->at < p->end && *p->at == ':') {
		p->at++;
		item = parse_value(p);
	} else {
		fail(p, "expected ':'");
	}
	if (!item) {
		free(key);
		return -1;
	}
	item->string = key;
	json_append(object, item);
	return 0;
}

static void drop_repeated_sorted(cJSON *object)
{
	size_t count = 0;
	struct json_member *members = json_sorted(object, &count);

	for (size_t i = 0; i + 1 < count; i++)
		if (!strcmp(members[i].item->string, members[i + 1].item->string))
			cJSON_Delete(cJSON_DetachItemViaPointer(object, members[i].item));
	free(members);
}

static void drop_earlier(cJSON *object, const cJSON *item)
{
	for (cJSON *other = object->child, *next; other != item; other = next) {
		next = other->next;
		if (*other->string == *item->string && !strcmp(other->string, item->string))
			cJSON_Delete(cJSON_DetachItemViaPointer(object, other));
	}
}

/* A key that stands twice counts as it stands last, as Go, jq and Python read it: what we show is
 * what they act on. */
static void drop_repeated(cJSON *object, size_t count)
{
	if (count > PAIRWISE_MAX) {
		drop_repeated_sorted(object);
		return;
	}
	for (cJSON *item = object->child; item; item = item->next)
		drop_earlier(object, item);
}

static int parse_members(struct parser *p, cJSON *object)
{
	size_t count = 0;
	int again;

	do {
		if (parse_member(p, object))
			return -1;
		count++;
		again = more(p, '}');
	} while (again > 0);
	drop_repeated(object, count);
	return again;
}

static cJSON *parse_container(struct parser *p, int type)
{
	cJSON *node;
	int failed = 0;

	if (++p->depth > DEPTH_MAX) {
		error_set(p->err, ERR_LIMIT, "JSON nested deeper than %d levels", DEPTH_MAX);
		return NULL;
	}
	node = json_new(type);
	if (!is_empty(p, type == cJSON_Array ? ']' : '}'))
		failed = type == cJSON_Array ? parse_items(p, node) : parse_members(p, node);
	p->depth--;
	if (!failed)
		return node;
	cJSON_Delete(node);
	return NULL;
}

static cJSON *parse_text(struct parser *p)
{
	char *text = parse_string(p);
	cJSON *node;

	if (!text)
		return NULL;
	node = json_new(cJSON_String);
	node->valuestring = text;
	return node;
}

static cJSON *parse_value(struct parser *p)
{
	skip_space(p);
	if (p->at >= p->end)
		return fail(p, "it ends too early");
	if (++p->nodes > NODES_MAX) {
		error_set(p->err, ERR_LIMIT, "JSON of more than %d values", NODES_MAX);
		return NULL;
	}
	switch (*p->at) {
	case '{':
		return parse_container(p, cJSON_Object);
	case '[':
		return parse_container(p, cJSON_Array);
	case '"':
		return parse_text(p);
	case 't':
		return parse_word(p, "true", cJSON_True);
	case 'f':
		return parse_word(p, "false", cJSON_False);
	case 'n':
		return parse_word(p, "null", cJSON_NULL);
	default:
		return parse_number(p);
	}
}

struct json *json_parse(const char *bytes, size_t length, struct error *err)
{
	struct parser p = { .start = bytes, .at = bytes, .end = bytes + length, .err = err };
	cJSON *root;

	if (length > BYTES_MAX) {
		error_set(err, ERR_LIMIT, "JSON of more than %d MiB", BYTES_MAX >> 20);
		return NULL;
	}
	if (length >= 3 && !memcmp(bytes, "\xef\xbb\xbf", 3))
		p.at += 3; /* RFC 8259 8.1: a byte order mark may be ignored */
	root = parse_value(&p);
	if (!root)
		return NULL;
	skip_space(&p);
	if (p.at == p.end)
		return json_of(root);
	cJSON_Delete(root);
	return fail(&p, "bytes after the value");
}
