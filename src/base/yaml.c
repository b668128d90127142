#include "base/yaml.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/error.h"
#include "base/json.h"
#include "base/json_node.h"
#include "base/mem.h"
#include "base/yaml_scalar.h"

enum {
	BYTES_MAX = 16 << 20,
	DEPTH_MAX = 64,
	NODES_MAX = 200000,
	ANCHORS_MAX = 1000,
	EXPANDED_MAX =
		64 << 20, /* text that aliases may copy: a long string is a bomb of few nodes */
};

struct anchor {
	char *name;
	cJSON *node; /* NULL while its content is being read */
};

struct reader {
	yaml_parser_t parser;
	yaml_event_t event; /* the current one */
	int has_event;
	struct anchor *anchors;
	size_t anchor_count;
	size_t nodes, expanded;
	struct error *err;
};

static cJSON *read_node(struct reader *r, int depth);

static int line_of(const struct reader *r)
{
	return (int)r->event.start_mark.line + 1;
}

static void *fail(struct reader *r, enum error_code code, int line, const char *what)
{
	error_set(r->err, code, "line %d: %s", line, what);
	return NULL;
}

static int advance(struct reader *r)
{
	if (r->has_event)
		yaml_event_delete(&r->event);
	r->has_event = yaml_parser_parse(&r->parser, &r->event);
	if (r->has_event)
		return 0;
	const char *problem = r->parser.problem ? r->parser.problem : "not YAML";
	fail(r, ERR_FORMAT, (int)r->parser.problem_mark.line + 1, problem);
	return -1;
}

static int count_node(struct reader *r, int line)
{
	if (++r->nodes <= NODES_MAX)
		return 0;
	fail(r, ERR_LIMIT, line, "more values than we read (200000, aliases counted)");
	return -1;
}

/* Its place in the table, -1 at the limit, or -2 without an anchor. A later anchor of the same name
 * wins. */
static int add_anchor(struct reader *r, const yaml_char_t *name)
{
	if (!name)
		return -2;
	if (r->anchor_count == ANCHORS_MAX) {
		fail(r, ERR_LIMIT, line_of(r), "too many anchors");
		return -1;
	}
	r->anchors = mem_grow(r->anchors, r->anchor_count + 1, sizeof(*r->anchors));
	r->anchors[r->anchor_count] = (struct anchor){ .name = mem_text((const char *)name) };
	return (int)r->anchor_count++;
}

static struct anchor *find_anchor(struct reader *r, const char *name)
{
	for (size_t i = r->anchor_count; i > 0; i--)
		if (!strcmp(r->anchors[i - 1].name, name))
			return &r->anchors[i - 1];
	return NULL;
}

/* What a copy costs, before it is made; -1 past a limit. */
static int count_copy(struct reader *r, const cJSON *node, int depth, int line)
{
	if (depth > DEPTH_MAX) {
		fail(r, ERR_LIMIT, line, "nested deeper than 64 levels by aliases");
		return -1;
	}
	if (count_node(r, line))
		return -1;
	r->expanded += node->valuestring ? strlen(node->valuestring) : 0;
	r->expanded += node->string ? strlen(node->string) : 0;
	if (r->expanded > EXPANDED_MAX) {
		fail(r, ERR_LIMIT, line, "aliases grow past 64 MiB of text");
		return -1;
	}
	for (const cJSON *child = node->child; child; child = child->next)
		if (count_copy(r, child, depth + 1, line))
			return -1;
	return 0;
}

static cJSON *read_alias(struct reader *r, int depth)
{
	int line = line_of(r);
	struct anchor *anchor = find_anchor(r, (const char *)r->event.data.alias.anchor);
	cJSON *copy;

	if (!anchor)
		return fail(r, ERR_FORMAT, line, "an alias to no anchor");
	if (!anchor->node)
		return fail(r, ERR_FORMAT, line, "an alias to what contains it");
	if (count_copy(r, anchor->node, depth, line))
		return NULL;
	copy = json_node(json_copy(json_of(anchor->node)));
	copy->valueint = line;
	return copy;
}

static cJSON *read_scalar(struct reader *r)
{
	const char *tag = (const char *)r->event.data.scalar.tag;
	const char *text = (const char *)r->event.data.scalar.value;
	size_t length = r->event.data.scalar.length;
	int plain = r->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	int is_text = tag && (!strcmp(tag, YAML_STR_TAG) || !strcmp(tag, "!"));
	cJSON *node = plain && !is_text ? yaml_scalar(text, length) : NULL;

	if (!node)
		node = json_node(json_string_n(text, length));
	node->valueint = line_of(r);
	return node;
}

static cJSON *read_items(struct reader *r, cJSON *array, int depth)
{
	for (;;) {
		if (advance(r))
			return NULL;
		if (r->event.type == YAML_SEQUENCE_END_EVENT)
			return array;
		cJSON *item = read_node(r, depth + 1);
		if (!item)
			return NULL;
		json_append(array, item);
	}
}

/* "<<: *base" or a list of them: members not named here come from there. */
static int merge_one(struct reader *r, cJSON *object, const cJSON *base)
{
	if ((base->type & JSON_TYPE_MASK) != cJSON_Object) {
		fail(r, ERR_FORMAT, base->valueint, "<< takes a mapping or a list of mappings");
		return -1;
	}
	for (const cJSON *item = base->child; item; item = item->next)
		if (!json_get(json_of(object), item->string))
			json_set(json_of(object), item->string,
				json_copy((const struct json *)item));
	return 0;
}

static int merge(struct reader *r, cJSON *object, const cJSON *bases)
{
	if ((bases->type & JSON_TYPE_MASK) != cJSON_Array)
		return merge_one(r, object, bases);
	for (const cJSON *base = bases->child; base; base = base->next)
		if (merge_one(r, object, base))
			return -1;
	return 0;
}

static int check_repeated(struct reader *r, const cJSON *object)
{
	size_t count = 0;
	struct json_member *members = json_sorted(object, &count);
	int failed = 0;

	for (size_t i = 1; i < count && !failed; i++) {
		if (strcmp(members[i - 1].item->string, members[i].item->string) != 0)
			continue;
		failed = error_set(r->err, ERR_FORMAT, "line %d: the key %.80s stands twice",
			members[i].item->valueint, members[i].item->string);
	}
	free(members);
	return failed;
}

/* The key of a member, owned; *is_merge for a plain "<<". */
static char *read_key(struct reader *r, int *is_merge)
{
	const char *text = (const char *)r->event.data.scalar.value;

	if (r->event.type != YAML_SCALAR_EVENT)
		return fail(r, ERR_FORMAT, line_of(r), "a key must be text");
	if (strlen(text) != r->event.data.scalar.length)
		return fail(r, ERR_FORMAT, line_of(r), "a NUL in a key");
	*is_merge = r->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE && !strcmp(text, "<<");
	return mem_text(text);
}

/* A member's line is its key's. 0, or -1. */
static int read_member(struct reader *r, cJSON *object, cJSON **bases, int depth)
{
	int line = line_of(r), is_merge = 0;
	char *key = read_key(r, &is_merge);
	cJSON *value = key && !advance(r) ? read_node(r, depth + 1) : NULL;

	if (!value || (is_merge && *bases)) {
		if (value)
			fail(r, ERR_FORMAT, line, "the key << stands twice");
		free(key);
		cJSON_Delete(value);
		return -1;
	}
	value->valueint = line;
	if (is_merge) {
		free(key);
		*bases = value;
	} else {
		value->string = key;
		json_append(object, value);
	}
	return 0;
}

static cJSON *read_members(struct reader *r, cJSON *object, int depth)
{
	cJSON *bases = NULL;
	int failed;

	while (!(failed = advance(r)) && r->event.type != YAML_MAPPING_END_EVENT)
		if ((failed = read_member(r, object, &bases, depth)))
			break;
	if (!failed)
		failed = check_repeated(r, object);
	if (!failed && bases)
		failed = merge(r, object, bases);
	cJSON_Delete(bases);
	return failed ? NULL : object;
}

static cJSON *read_collection(struct reader *r, int depth)
{
	int is_map = r->event.type == YAML_MAPPING_START_EVENT;
	cJSON *node;

	if (depth >= DEPTH_MAX)
		return fail(r, ERR_LIMIT, line_of(r), "nested deeper than 64 levels");
	node = json_new(is_map ? cJSON_Object : cJSON_Array);
	node->valueint = line_of(r);
	if (is_map ? read_members(r, node, depth) : read_items(r, node, depth))
		return node;
	cJSON_Delete(node);
	return NULL;
}

static const yaml_char_t *anchor_name(const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		return event->data.scalar.anchor;
	case YAML_SEQUENCE_START_EVENT:
		return event->data.sequence_start.anchor;
	case YAML_MAPPING_START_EVENT:
		return event->data.mapping_start.anchor;
	default:
		return NULL;
	}
}

/* The node that the current event begins; its last event is current afterwards. An anchored node is
 * kept as a copy of its own: what was read may be freed by an error above it. */
static cJSON *read_node(struct reader *r, int depth)
{
	int line = line_of(r);
	cJSON *node;

	if (count_node(r, line))
		return NULL;
	if (r->event.type == YAML_ALIAS_EVENT)
		return read_alias(r, depth);
	int place = add_anchor(r, anchor_name(&r->event));
	if (place == -1)
		return NULL;
	node = r->event.type == YAML_SCALAR_EVENT ? read_scalar(r) : read_collection(r, depth);
	if (!node || place < 0)
		return node;
	if (count_copy(r, node, depth, line)) {
		cJSON_Delete(node);
		return NULL;
	}
	r->anchors[place].node = json_node(json_copy(json_of(node)));
	return node;
}

static void forget_anchors(struct reader *r)
{
	for (size_t i = 0; i < r->anchor_count; i++) {
		free(r->anchors[i].name);
		cJSON_Delete(r->anchors[i].node);
	}
	r->anchor_count = 0;
}

/* All documents into the array; -1 on error. */
static int read_documents(struct reader *r, cJSON *array)
{
	while (!advance(r)) {
		if (r->event.type == YAML_STREAM_END_EVENT)
			return 0;
		if (r->event.type != YAML_DOCUMENT_START_EVENT)
			continue; /* the stream's start, a document's end */
		if (advance(r))
			return -1;
		cJSON *node = read_node(r, 0);
		forget_anchors(r);
		if (!node)
			return -1;
		json_append(array, node);
	}
	return -1;
}

struct json *yaml_parse_all(const char *bytes, size_t length, struct error *err)
{
	struct reader r = { .err = err };
	cJSON *array;

	if (length > BYTES_MAX) {
		error_set(err, ERR_LIMIT, "YAML of more than %d MiB", BYTES_MAX >> 20);
		return NULL;
	}
	if (!yaml_parser_initialize(&r.parser))
		abort();
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)bytes, length);
	array = json_new(cJSON_Array);
	array->valueint = 1;
	if (read_documents(&r, array)) {
		cJSON_Delete(array);
		array = NULL;
	}
	forget_anchors(&r);
	free(r.anchors);
	if (r.has_event)
		yaml_event_delete(&r.event);
	yaml_parser_delete(&r.parser);
	return json_of(array);
}

struct json *yaml_parse(const char *bytes, size_t length, struct error *err)
{
	struct json *all = yaml_parse_all(bytes, length, err);
	cJSON *first;

	if (!all)
		return NULL;
	if (json_count(all) > 1) {
		error_set(err, ERR_FORMAT, "line %d: a second document, where one is read",
			json_line(json_item(all, 1)));
		json_free(all);
		return NULL;
	}
	first = json_node(json_first(all));
	if (first)
		cJSON_DetachItemViaPointer(json_node(all), first);
	json_free(all);
	return first ? json_of(first) : json_null(); /* nothing but comments */
}
