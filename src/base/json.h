/* json.h - one tree for JSON and YAML, a small reader in front of cJSON so that the choice stays open.
 * Lookups are case-sensitive and take NULL: json_text(json_at(j, "metadata.name")) needs no checks. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stddef.h>
#include <stdint.h>

struct error;
struct text;
struct json; /* is a cJSON */

enum json_type { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

/* Parses one document of at most max_bytes and 128 levels; trailing bytes are an error. Errors: ERR_FORMAT, ERR_LIMIT. */
struct json *json_parse(const char *bytes, size_t length, struct error *err);
void json_free(struct json *json); /* a whole tree; NULL is fine */
struct json *json_copy(const struct json *json);

enum json_type json_type(const struct json *json); /* NULL is JSON_NULL */
int json_is(const struct json *json, enum json_type type);
struct json *json_get(const struct json *object, const char *key);  /* NULL when absent */
struct json *json_at(const struct json *json, const char *dotted_path); /* "a.b.0.c" */
struct json *json_item(const struct json *array, size_t i);
size_t json_count(const struct json *json);    /* items of an array or object */
struct json *json_first(const struct json *json); /* first child of array or object */
struct json *json_next(const struct json *item);
const char *json_key(const struct json *item);   /* of an object's member; NULL otherwise */
const char *json_text(const struct json *json);  /* string value, or NULL */
const char *json_text_or(const struct json *json, const char *otherwise);
double json_number(const struct json *json, double otherwise);
int64_t json_int(const struct json *json, int64_t otherwise);
int json_bool(const struct json *json, int otherwise);
void json_set_line(struct json *json, int line); /* of it and all it holds */
int json_line(const struct json *json); /* 1-based line in a YAML file for any node; 0 unknown */
int json_equal(const struct json *a, const struct json *b);

struct json *json_object(void);
struct json *json_array(void);
struct json *json_string(const char *text); /* NULL gives null */
struct json *json_string_n(const char *text, size_t length);
struct json *json_double(double number);
struct json *json_integer(int64_t number);
struct json *json_boolean(int truth);
struct json *json_null(void);
/* Take value; replace a member of that name. Return object/array for chaining. */
struct json *json_set(struct json *object, const char *key, struct json *value);
struct json *json_set_text(struct json *object, const char *key, const char *text);
struct json *json_set_int(struct json *object, const char *key, int64_t number);
struct json *json_add(struct json *array, struct json *value);
void json_remove(struct json *object, const char *key);

/* Every text and key of the tree in place by harmless text (safe.h): for what is only shown. */
void json_make_safe(struct json *json);

/* Compact text; object members in their order. You own it (free()). */
char *json_format(const struct json *json);
char *json_format_pretty(const struct json *json); /* two spaces, final newline */
/* Canonical bytes (RFC 8785: sorted keys, shortest numbers, no spaces): for hashing. */
void json_canonical(const struct json *json, struct text *out);
/* A string as a JSON literal with quotes, appended. */
void json_quote(struct text *out, const char *bytes, size_t length);

#endif
