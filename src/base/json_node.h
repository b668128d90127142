/* json_node.h - for json*.c and yaml.c only: the node under struct json.
 * valueint holds the line in the source file (numbers live in valuedouble), and a number whose literal a double cannot hold
 * has that literal in valuestring. */
#ifndef BASE_JSON_NODE_H
#define BASE_JSON_NODE_H

#include <cjson/cJSON.h>
#include <stddef.h>

struct json;

struct json_member {
	cJSON *item;
	size_t index; /* its place in the object */
};

enum { JSON_TYPE_MASK = 0xff };

static inline cJSON *json_node(const struct json *json)
{
	union {
		const struct json *json;
		cJSON *node;
	} same = { .json = json };

	return same.node;
}

static inline struct json *json_of(cJSON *node)
{
	return (struct json *)node;
}

cJSON *json_new(int type);
void json_append(cJSON *parent, cJSON *item);
/* A number from a literal that number_scan() accepted. */
cJSON *json_new_number(const char *literal, size_t length, double value, int exact);
/* Members ordered by the UTF-16 code units of their keys (RFC 8785 3.2.3), equal keys by place. free() it; NULL when empty. */
struct json_member *json_sorted(const cJSON *object, size_t *count);

#endif
