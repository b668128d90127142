#include "base/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_node.h"
#include "base/mem.h"
#include "base/number.h"
#include "base/safe.h"
#include "base/text.h"

static const int64_t INTEGER_EXACT = INT64_C(9007199254740992); /* 2^53 */

cJSON *json_new(int type)
{
	cJSON *node = mem_zero(1, sizeof(*node));

	node->type = type;
	return node;
}

void json_append(cJSON *parent, cJSON *item)
{
	cJSON *first = parent->child;

	item->next = NULL;
	if (!first) {
		parent->child = item;
		item->prev = item;
		return;
	}
	item->prev = first->prev;
	first->prev->next = item;
	first->prev = item;
}

cJSON *json_new_number(const char *literal, size_t length, double value, int exact)
{
	cJSON *node = json_new(cJSON_Number);

	node->valuedouble = value;
	if (!exact)
		node->valuestring = mem_text_n(literal, length);
	return node;
}

static int kind_of(const struct json *json)
{
	return json ? json_node(json)->type & JSON_TYPE_MASK : cJSON_NULL;
}

static int is_container(const struct json *json)
{
	return kind_of(json) == cJSON_Object || kind_of(json) == cJSON_Array;
}

void json_free(struct json *json)
{
	cJSON_Delete(json_node(json));
}

static char *make_safe(char *kept)
{
	size_t length = kept ? strlen(kept) : 0;
	struct text clean;

	if (safe_is(kept, length))
		return kept;
	text_init(&clean, 4 * length); /* a mark has at most three bytes for one */
	safe_add(&clean, kept, length);
	free(kept);
	return text_take(&clean);
}

static void make_node_safe(cJSON *node)
{
	node->string = make_safe(node->string);
	if ((node->type & JSON_TYPE_MASK) == cJSON_String)
		node->valuestring = make_safe(node->valuestring);
	for (cJSON *child = node->child; child; child = child->next)
		make_node_safe(child);
}

void json_make_safe(struct json *json)
{
	if (json)
		make_node_safe(json_node(json));
}

struct json *json_copy(const struct json *json)
{
	if (!json)
		return NULL;
	cJSON *copy = json_new(kind_of(json));
	const cJSON *from = json_node(json);

	copy->valueint = from->valueint;
	copy->valuedouble = from->valuedouble;
	copy->valuestring = mem_text(from->valuestring);
	for (const cJSON *child = from->child; child; child = child->next) {
		cJSON *item = json_node(json_copy((const struct json *)child));
		item->string = mem_text(child->string);
		json_append(copy, item);
	}
	return json_of(copy);
}

enum json_type json_type(const struct json *json)
{
	switch (kind_of(json)) {
	case cJSON_True:
	case cJSON_False:
		return JSON_BOOL;
	case cJSON_Number:
		return JSON_NUMBER;
	case cJSON_String:
		return JSON_STRING;
	case cJSON_Array:
		return JSON_ARRAY;
	case cJSON_Object:
		return JSON_OBJECT;
	default:
		return JSON_NULL;
	}
}

int json_is(const struct json *json, enum json_type type)
{
	return json_type(json) == type;
}

static struct json *get_n(const struct json *object, const char *key, size_t length)
{
	if (kind_of(object) != cJSON_Object)
		return NULL;
	for (cJSON *item = json_node(object)->child; item; item = item->next)
		if (item->string && (!length || *item->string == *key) && !strncmp(item->string, key, length) && !item->string[length])
			return json_of(item);
	return NULL;
}

struct json *json_get(const struct json *object, const char *key)
{
	return key ? get_n(object, key, strlen(key)) : NULL;
}

static struct json *item_named(const struct json *array, const char *digits, size_t length)
{
	size_t i = 0;

	if (!length || length > 9)
		return NULL;
	for (size_t k = 0; k < length; k++) {
		if (digits[k] < '0' || digits[k] > '9')
			return NULL;
		i = i * 10 + (size_t)(digits[k] - '0');
	}
	return json_item(array, i);
}

struct json *json_at(const struct json *json, const char *dotted_path)
{
	const struct json *at = json;

	for (const char *part = dotted_path; at;) {
		size_t length = strcspn(part, ".");

		at = kind_of(at) == cJSON_Array ? item_named(at, part, length)
						: get_n(at, part, length);
		if (!part[length])
			break;
		part += length + 1;
	}
	return json_of(json_node(at));
}

struct json *json_item(const struct json *array, size_t i)
{
	cJSON *item = is_container(array) ? json_node(array)->child : NULL;

	for (; item && i; i--)
		item = item->next;
	return json_of(item);
}

size_t json_count(const struct json *json)
{
	size_t count = 0;

	for (struct json *item = json_first(json); item; item = json_next(item))
		count++;
	return count;
}

struct json *json_first(const struct json *json)
{
	return is_container(json) ? json_of(json_node(json)->child) : NULL;
}

struct json *json_next(const struct json *item)
{
	return item ? json_of(json_node(item)->next) : NULL;
}

const char *json_key(const struct json *item)
{
	return item ? json_node(item)->string : NULL;
}

const char *json_text(const struct json *json)
{
	return kind_of(json) == cJSON_String ? json_node(json)->valuestring : NULL;
}

const char *json_text_or(const struct json *json, const char *otherwise)
{
	const char *text = json_text(json);

	return text ? text : otherwise;
}

double json_number(const struct json *json, double otherwise)
{
	return kind_of(json) == cJSON_Number ? json_node(json)->valuedouble : otherwise;
}

int64_t json_int(const struct json *json, int64_t otherwise)
{
	if (kind_of(json) != cJSON_Number)
		return otherwise;
	const cJSON *node = json_node(json);

	if (node->valuestring && !strpbrk(node->valuestring, ".eE"))
		return strtoll(node->valuestring, NULL, 10); /* the ends of int64 past them */
	if (node->valuedouble >= 9223372036854775808.0)
		return INT64_MAX;
	if (node->valuedouble < -9223372036854775808.0)
		return INT64_MIN;
	return (int64_t)node->valuedouble;
}

int json_bool(const struct json *json, int otherwise)
{
	return json_is(json, JSON_BOOL) ? kind_of(json) == cJSON_True : otherwise;
}

int json_line(const struct json *json)
{
	return json ? json_node(json)->valueint : 0;
}

void json_set_line(struct json *json, int line)
{
	if (!json)
		return;
	json_node(json)->valueint = line;
	if (json_is(json, JSON_ARRAY) || json_is(json, JSON_OBJECT))
		for (struct json *item = json_first(json); item; item = json_next(item))
			json_set_line(item, line);
}

static int equal_numbers(const cJSON *a, const cJSON *b)
{
	if (a->valuestring && b->valuestring)
		return !strcmp(a->valuestring, b->valuestring);
	return a->valuedouble == b->valuedouble;
}

static int equal_objects(const struct json *a, const struct json *b)
{
	size_t na = 0, nb = 0;
	struct json_member *in_a = json_sorted(json_node(a), &na);
	struct json_member *in_b = json_sorted(json_node(b), &nb);
	int equal = na == nb;

	for (size_t i = 0; equal && i < na; i++)
		equal = !strcmp(in_a[i].item->string, in_b[i].item->string) &&
			json_equal(json_of(in_a[i].item), json_of(in_b[i].item));
	free(in_a);
	free(in_b);
	return equal;
}

static int equal_arrays(const struct json *a, const struct json *b)
{
	const struct json *x = json_first(a), *y = json_first(b);

	for (; x && y; x = json_next(x), y = json_next(y))
		if (!json_equal(x, y))
			return 0;
	return !x && !y;
}

int json_equal(const struct json *a, const struct json *b)
{
	if (json_type(a) != json_type(b))
		return 0;
	switch (json_type(a)) {
	case JSON_BOOL:
		return kind_of(a) == kind_of(b);
	case JSON_NUMBER:
		return equal_numbers(json_node(a), json_node(b));
	case JSON_STRING:
		return !strcmp(json_text(a), json_text(b));
	case JSON_ARRAY:
		return equal_arrays(a, b);
	case JSON_OBJECT:
		return equal_objects(a, b);
	default:
		return 1;
	}
}

struct json *json_object(void)
{
	return json_of(json_new(cJSON_Object));
}

struct json *json_array(void)
{
	return json_of(json_new(cJSON_Array));
}

struct json *json_string(const char *text)
{
	return text ? json_string_n(text, strlen(text)) : json_null();
}

/* A C string cannot hold a NUL: it stays visible as U+FFFD rather than cutting the rest off. */
static char *without_nul(const char *text, size_t length)
{
	char *out = mem_alloc(length * 3 + 1), *to = out;

	for (size_t i = 0; i < length; i++) {
		if (text[i]) {
			*to++ = text[i];
			continue;
		}
		memcpy(to, "\xef\xbf\xbd", 3);
		to += 3;
	}
	*to = '\0';
	return out;
}

struct json *json_string_n(const char *text, size_t length)
{
	cJSON *node = json_new(cJSON_String);

	node->valuestring = length && memchr(text, '\0', length) ? without_nul(text, length)
								 : mem_text_n(text, length);
	return json_of(node);
}

struct json *json_double(double number)
{
	if (!isfinite(number))
		return json_null(); /* JSON has no such number */
	cJSON *node = json_new(cJSON_Number);

	node->valuedouble = number;
	return json_of(node);
}

struct json *json_integer(int64_t number)
{
	cJSON *node = json_new(cJSON_Number);

	node->valuedouble = (double)number;
	if (number >= INTEGER_EXACT || number <= -INTEGER_EXACT)
		node->valuestring = mem_format("%lld", (long long)number);
	return json_of(node);
}

struct json *json_boolean(int truth)
{
	return json_of(json_new(truth ? cJSON_True : cJSON_False));
}

struct json *json_null(void)
{
	return json_of(json_new(cJSON_NULL));
}

struct json *json_set(struct json *object, const char *key, struct json *value)
{
	cJSON *item = json_node(value ? value : json_null());
	cJSON *old = json_node(json_get(object, key));
	char *name = mem_text(key); /* first: key may be the old member's own */

	free(item->string);
	item->string = name;
	if (old) {
		cJSON_ReplaceItemViaPointer(json_node(object), old, item);
		return object;
	}
	json_append(json_node(object), item);
	return object;
}

struct json *json_set_text(struct json *object, const char *key, const char *text)
{
	return json_set(object, key, json_string(text));
}

struct json *json_set_int(struct json *object, const char *key, int64_t number)
{
	return json_set(object, key, json_integer(number));
}

struct json *json_add(struct json *array, struct json *value)
{
	json_append(json_node(array), json_node(value ? value : json_null()));
	return array;
}

void json_remove(struct json *object, const char *key)
{
	cJSON *item = json_node(json_get(object, key));

	if (item)
		cJSON_Delete(cJSON_DetachItemViaPointer(json_node(object), item));
}
