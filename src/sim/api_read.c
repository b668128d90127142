/* Lists, gets and watches. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "sim/api.h"
#include "sim/peer.h"
#include "sim/resources.h"
#include "sim/tree.h"
#include "sim/world.h"

enum { SELECTOR_MAX = 1024, WATCH_STEP_MS = 200, BOOKMARK_S = 30, WATCH_S = 300, LIMIT_MAX = 10000 };

/* --- selectors --- */

static int is_word_end(char c)
{
	return !c || c == ',' || c == '=' || c == '!' || c == ' ' || c == ')';
}

static size_t word_of(const char *at, char out[256])
{
	size_t length = 0;

	while (!is_word_end(at[length]) && length < 255) {
		out[length] = at[length];
		length++;
	}
	out[length] = '\0';
	return length;
}

/* " in (a,b)" at; moves it behind. */
static int is_among(const char **at, const char *value)
{
	char word[256];
	int found = 0;

	*at += strcspn(*at, "(");
	while (**at && **at != ')') {
		(*at)++;
		*at += strspn(*at, " ");
		*at += word_of(*at, word);
		found |= !strcmp(word, value);
	}
	*at += **at == ')';
	return found;
}

/* One requirement of a selector, "a=b" "a==b" "a!=b" "a in (b,c)" "a notin (b,c)" "a" "!a". */
static int requirement(const char **at, const struct json *object, int labels)
{
	char key[256], value[256] = "";
	int negated = **at == '!', holds;

	*at += negated;
	*at += word_of(*at, key);
	const struct json *found = labels ? json_get(json_at(object, "metadata.labels"), key) : json_at(object, key);

	*at += strspn(*at, " ");
	if (!strncmp(*at, "in ", 3) || !strncmp(*at, "in(", 3))
		return is_among(at, json_text_or(found, "\x01"));
	if (!strncmp(*at, "notin", 5))
		return !is_among(at, json_text_or(found, "\x01"));
	if (**at == '!' || **at == '=') {
		int differs = **at == '!';

		*at += strspn(*at, "!=");
		*at += word_of(*at, value);
		holds = (strcmp(json_text_or(found, ""), value) != 0) == differs;
	} else {
		holds = found != NULL;
	}
	return holds != negated;
}

static int selects(const char *selector, const struct json *object, int labels)
{
	while (*selector) {
		if (!requirement(&selector, object, labels))
			return 0;
		selector += strspn(selector, ", ");
	}
	return 1;
}

int api_selects(const struct api_call *call, const struct resource_type *type, const struct json *object)
{
	char selector[SELECTOR_MAX];

	if (type != call->type)
		return 0;
	if (*call->namespace_ && strcmp(json_text_or(json_at(object, "metadata.namespace"), ""), call->namespace_))
		return 0;
	if (peer_option_text(call->peer, "labelSelector", selector, sizeof(selector)) && !selects(selector, object, 1))
		return 0;
	return !peer_option_text(call->peer, "fieldSelector", selector, sizeof(selector)) || selects(selector, object, 0);
}

/* --- tables --- */

static struct json *row_object(const struct api_call *call, const struct json *object)
{
	char include[16] = "Metadata";
	struct json *partial;

	peer_option_text(call->peer, "includeObject", include, sizeof(include));
	if (!strcmp(include, "Object"))
		return json_copy(object);
	if (!strcmp(include, "None"))
		return json_null();
	partial = json_set_text(json_object(), "kind", "PartialObjectMetadata");
	json_set_text(partial, "apiVersion", "meta.k8s.io/v1");
	return json_set(partial, "metadata", json_copy(json_get(object, "metadata")));
}

struct json *api_row(const struct api_call *call, const struct json *object)
{
	struct json *row = json_object();

	json_set(row, "cells", resource_cells(call->type, object, call->world->now_ns));
	return json_set(row, "object", row_object(call, object));
}

static struct json *table_of(const struct api_call *call, uint64_t version, int with_columns)
{
	struct json *table = json_set_text(json_object(), "kind", "Table"), *meta = json_object();
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)version);
	json_set_text(table, "apiVersion", "meta.k8s.io/v1");
	json_set(table, "metadata", json_set_text(meta, "resourceVersion", text));
	json_set(table, "columnDefinitions", with_columns ? resource_columns(call->type) : json_null());
	return json_set(table, "rows", json_array());
}

static struct json *list_of(const struct api_call *call)
{
	struct json *list = json_object(), *meta = json_object();
	char text[64];

	snprintf(text, sizeof(text), "%sList", call->type->kind);
	json_set_text(list, "kind", text);
	json_set_text(list, "apiVersion", resource_api(call->type));
	snprintf(text, sizeof(text), "%llu", (unsigned long long)call->world->version);
	json_set(list, "metadata", json_set_text(meta, "resourceVersion", text));
	return json_set(list, "items", json_array());
}

/* --- lists --- */

/* A page: from the object `continue` counts to, at most `limit`. */
static struct json *page(const struct api_call *call)
{
	int table = api_wants_table(call->peer);
	struct json *out = table ? table_of(call, call->world->version, 1) : list_of(call), *items = json_get(out, table ? "rows" : "items");
	long limit = peer_option(call->peer, "limit", LIMIT_MAX), skip = peer_option(call->peer, "continue", 0), seen = 0, left = 0;
	char token[24];

	for (const struct object *object = world_begin(call->world, call->type); object; object = world_next(object, call->type)) {
		if (!api_selects(call, object->type, object->json) || seen++ < skip)
			continue;
		if (limit > 0 && seen > skip + limit)
			left++;
		else
			json_add(items, table ? api_row(call, object->json) : json_copy(object->json));
	}
	if (left) {
		snprintf(token, sizeof(token), "%ld", skip + limit);
		tree_put_text(out, "metadata.continue", token);
		tree_put_int(out, "metadata.remainingItemCount", left);
	}
	return out;
}

static struct json *one(const struct api_call *call, const struct object *object)
{
	struct json *table;

	if (!api_wants_table(call->peer))
		return json_copy(object->json);
	table = table_of(call, call->world->version, 1);
	json_add(json_get(table, "rows"), api_row(call, object->json));
	return table;
}

int api_read(struct api_call *call)
{
	const struct object *object;
	struct json *out = NULL;

	world_lock(call->world);
	if (!*call->name)
		out = page(call);
	else if ((object = world_find(call->world, call->type, call->namespace_, call->name)))
		out = one(call, object);
	world_unlock(call->world);
	if (out)
		return api_reply(call->peer, 200, out);
	return api_refuse(call->peer, 404, "NotFound", "%s%s%s \"%s\" not found", call->type->name, *call->type->group ? "." : "", call->type->group, call->name);
}

/* --- watches --- */

struct watch {
	struct api_call *call;
	uint64_t version;
	int table, told_columns;
	int64_t until_ns, bookmark_ns;
};

static int send_event(struct watch *watch, const char *type, struct json *object)
{
	struct json *event = json_set_text(json_object(), "type", type);
	char *line = json_format(json_set(event, "object", object));
	int failed = peer_print(watch->call->peer, "%zx\r\n%s\n\r\n", strlen(line) + 1, line);

	free(line);
	json_free(event);
	return failed;
}

static struct json *event_object(struct watch *watch, const struct world_change *change)
{
	struct json *table;

	if (!watch->table)
		return json_copy(change->json);
	table = table_of(watch->call, change->version, !watch->told_columns);
	watch->told_columns = 1;
	json_add(json_get(table, "rows"), api_row(watch->call, change->json));
	return table;
}

static int send_gone(struct watch *watch)
{
	struct json *status = json_set_text(json_object(), "kind", "Status");

	json_set_text(status, "status", "Failure");
	json_set_text(status, "message", "too old resource version");
	json_set_text(status, "reason", "Expired");
	send_event(watch, "ERROR", json_set_int(status, "code", 410));
	return -1;
}

/* The next change that is asked for, as JSON of its own; NULL: none yet. */
static struct json *next_event(struct watch *watch, const char **type, int *gone)
{
	struct world *world = watch->call->world;
	const struct world_change *change;
	struct json *object = NULL;

	world_lock(world);
	while (!object && (change = world_after(world, watch->version, gone)) && !*gone) {
		watch->version = change->version;
		*type = change->type;
		if (api_selects(watch->call, change->resource, change->json))
			object = event_object(watch, change);
	}
	world_unlock(world);
	return object;
}

static int send_changes(struct watch *watch)
{
	const char *type = "";
	struct json *object;
	int gone = 0;

	while ((object = next_event(watch, &type, &gone)))
		if (send_event(watch, type, object))
			return -1;
	return gone ? send_gone(watch) : 0;
}

static int send_bookmark(struct watch *watch)
{
	struct json *object;
	char text[24];

	if (clock_monotonic_ns() < watch->bookmark_ns)
		return 0;
	watch->bookmark_ns = clock_monotonic_ns() + BOOKMARK_S * CLOCK_SECOND_NS;
	snprintf(text, sizeof(text), "%llu", (unsigned long long)watch->version);
	object = watch->table ? table_of(watch->call, watch->version, 0) : json_set_text(json_object(), "kind", watch->call->type->kind);
	tree_put_text(object, "metadata.resourceVersion", text);
	return send_event(watch, "BOOKMARK", object);
}

int api_watch(struct api_call *call)
{
	char version[24] = "";
	struct watch watch = { .call = call, .table = api_wants_table(call->peer) };

	peer_option_text(call->peer, "resourceVersion", version, sizeof(version));
	watch.version = strtoull(version, NULL, 10);
	if (!watch.version) { /* from now on */
		world_lock(call->world);
		watch.version = call->world->version;
		world_unlock(call->world);
	}
	watch.until_ns = clock_monotonic_ns() + peer_option(call->peer, "timeoutSeconds", WATCH_S) * CLOCK_SECOND_NS;
	watch.bookmark_ns = clock_monotonic_ns() + BOOKMARK_S * CLOCK_SECOND_NS;
	if (peer_print(call->peer, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"))
		return 0;
	while (clock_monotonic_ns() < watch.until_ns)
		if (send_changes(&watch) || send_bookmark(&watch) || peer_pause(call->peer, WATCH_STEP_MS))
			return 0;
	return !peer_print(call->peer, "0\r\n\r\n");
}
