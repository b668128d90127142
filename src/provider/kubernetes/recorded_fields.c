/* metadata.managedFields and event messages, read. An entry says which fields a manager holds and when it last wrote; which of
 * them it wrote then is certain only when it holds one. */
#include "provider/kubernetes/recorded.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"

enum { DEPTH_MAX = 24, PATH_MAX_BYTES = 200 };

struct walk {
	struct recorded_write *write;
	char path[PATH_MAX_BYTES], last[PATH_MAX_BYTES];
	int spec, data;
};

/* Written by tools for themselves, beside what they were told to write. */
static int is_bookkeeping(const char *path)
{
	static const char *const parts[] = { "status", "last-applied-configuration",
		"deployment.kubernetes.io/", "deprecated.daemonset", "metadata.finalizers",
		"metadata.ownerReferences" };

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		if (!i ? !strncmp(path, parts[0], strlen(parts[0])) : strstr(path, parts[i]) != NULL)
			return 1;
	return 0;
}

static void take_leaf(struct walk *walk)
{
	struct recorded_write *write = walk->write;
	const char *path = walk->path;
	size_t length = strlen(path);

	if (is_bookkeeping(path))
		return;
	write->leaves++;
	memcpy(walk->last, walk->path, sizeof(walk->last));
	walk->spec |= !strncmp(path, "spec", 4);
	walk->data |= !strncmp(path, "data", 4) || !strncmp(path, "stringData", 10);
	write->is_template |= !strncmp(path, "spec.template", 13);
	write->is_image |= !strncmp(path, "spec.template.spec.", 19) && length > 6 &&
			   !strcmp(path + length - 6, ".image");
}

/* "f:replicas": {} is a field, "k:{…}" an item of a list by its key, "v:…" one by its value, "." the thing itself (Server-Side Apply,
 * "Field management"). */
static void walk_fields(struct walk *walk, const struct json *fields, int depth)
{
	size_t at = strlen(walk->path), children = 0;

	for (const struct json *item = json_first(fields); item && depth < DEPTH_MAX; item = json_next(item)) {
		const char *key = json_key(item);

		if (!key || !strcmp(key, "."))
			continue;
		children++;
		if (!strncmp(key, "f:", 2))
			snprintf(walk->path + at, sizeof(walk->path) - at, "%s%s", at ? "." : "", key + 2);
		walk_fields(walk, item, depth + 1);
		walk->path[at] = '\0';
	}
	if (!children && at)
		take_leaf(walk);
}

/* Names that no person and no pipeline has. */
static int is_component(const char *manager)
{
	static const char *const names[] = { "kube-", "kubelet", "cloud-controller-manager", "kwok" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strncmp(manager, names[i], strlen(names[i])))
			return 1;
	return !*manager;
}

static void name_field(const struct walk *walk)
{
	struct recorded_write *write = walk->write;
	const char *path = walk->last;

	if (write->leaves > 1)
		path = walk->spec ? "spec" : walk->data ? "data" : "metadata";
	else if (!strncmp(path, "spec.", 5) || !strncmp(path, "metadata.", 9))
		path = strchr(path, '.') + 1;
	snprintf(write->field, sizeof(write->field), "%.119s", path);
}

int recorded_write_read(const struct json *entry, struct recorded_write *write)
{
	struct walk walk = { .write = write };

	*write = (struct recorded_write){
		.manager = json_text_or(json_get(entry, "manager"), ""),
		.subresource = json_text_or(json_get(entry, "subresource"), ""),
	};
	if (is_component(write->manager) ||
		clock_parse(json_text_or(json_get(entry, "time"), ""), &write->at_ns))
		return -1;
	walk_fields(&walk, json_get(entry, "fieldsV1"), 0);
	name_field(&walk);
	return write->leaves ? 0 : -1;
}

int recorded_scaling_read(const char *message, char set[254], long *from, long *to)
{
	static const char begin[] = "replica set ";
	const char *at = strstr(message, begin), *rest;
	char *end;

	if (!at)
		return 0;
	at += strlen(begin);
	size_t length = strcspn(at, " ");

	if (!length || length >= 254)
		return 0;
	rest = at + length;
	snprintf(set, 254, "%.*s", (int)length, at);
	if (strncmp(rest, " from ", 6))
		return 0;
	*from = strtol(rest + 6, &end, 10);
	if (end == rest + 6 || strncmp(end, " to ", 4))
		return 0;
	*to = strtol(end + 4, &end, 10);
	return !*end;
}
