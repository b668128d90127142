#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "sim/live.h"
#include "sim/resources.h"
#include "sim/world.h"

int64_t trouble_ns(const struct json *trouble, const char *member, int64_t otherwise)
{
	int64_t ns;

	return !clock_parse_window(json_text_or(json_get(trouble, member), ""), &ns) ? ns : otherwise;
}

static const struct json *of_cluster(const struct world *world, const struct json *trouble)
{
	while (trouble && strcmp(json_text_or(json_get(trouble, "cluster"), ""), world->name))
		trouble = json_next(trouble);
	return trouble;
}

const struct json *trouble_first(const struct world *world)
{
	return of_cluster(world, json_first(json_get(world->scenario, "troubles")));
}

const struct json *trouble_next(const struct world *world, const struct json *trouble)
{
	return of_cluster(world, json_next(trouble));
}

/* A glob of the data on a text; absent: anything. */
static int like(const struct json *trouble, const char *member, const char *text)
{
	const char *glob = json_text(json_get(trouble, member));

	return !glob || !fnmatch(glob, text, 0);
}

static int is_of_workload(const struct json *trouble, const struct object *pod)
{
	char *name = mem_format("%s/%s", object_namespace(pod), json_text_or(json_at(pod->json, "metadata.labels.app"), ""));
	int is = like(trouble, "workload", name);

	free(name);
	return is;
}

/* `when`: a field of some object has that value. */
static int condition_holds(struct world *world, const struct json *trouble)
{
	const struct json *when = json_get(trouble, "when");
	const struct resource_type *type = when ? resource_named(json_text_or(json_get(when, "kind"), "")) : NULL;
	const char *place = json_text_or(json_get(when, "name"), ""), *slash = strchr(place, '/');
	char *namespace_;
	const struct object *object;

	if (!when)
		return 1;
	namespace_ = mem_text_n(place, slash ? (size_t)(slash - place) : 0);
	object = type ? world_find(world, type, namespace_, slash ? slash + 1 : place) : NULL;
	free(namespace_);
	return object && !strcmp(json_text_or(json_at(object->json, json_text_or(json_get(when, "path"), "")), ""), json_text_or(json_get(when, "is"), ""));
}

static size_t together(struct world *world, const struct json *trouble, const char *node)
{
	size_t count = 0;

	for (const struct object *pod = world_begin(world, resource_pods); pod; pod = world_next(pod, resource_pods))
		count += pod_counts(pod) && !strcmp(json_text_or(json_at(pod->json, "spec.nodeName"), ""), node) && is_of_workload(trouble, pod);
	return count;
}

static int is_crowded(struct world *world, const struct json *trouble, const char *node)
{
	int64_t wanted = json_int(json_get(trouble, "together"), 1);

	return wanted <= 1 || together(world, trouble, node) >= (size_t)wanted;
}

const struct json *trouble_of_pod(struct world *world, const struct object *pod)
{
	const char *image = json_text_or(json_at(pod->json, "spec.containers.0.image"), "");
	const char *node = json_text_or(json_at(pod->json, "spec.nodeName"), "");

	for (const struct json *trouble = trouble_first(world); trouble; trouble = trouble_next(world, trouble))
		if (json_get(trouble, "pod") && is_of_workload(trouble, pod) && like(trouble, "image", image) && like(trouble, "node", node) &&
			is_crowded(world, trouble, node) && condition_holds(world, trouble))
			return trouble;
	return NULL;
}

int trouble_on_node(struct world *world, const struct json *trouble, const struct object *node)
{
	size_t wanted = (size_t)json_int(json_get(trouble, "together"), 1);

	return json_get(trouble, "node_is") && like(trouble, "node", object_name(node)) && condition_holds(world, trouble) &&
	       together(world, trouble, object_name(node)) >= wanted;
}
