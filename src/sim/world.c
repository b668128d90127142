#include "sim/world.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/uuid.h"
#include "sim/resources.h"
#include "sim/tree.h"

enum { CHANGES_MAX = 4096, EVENT_S = 3600, TYPES_MAX = 32 };

/* The part nobody else needs to see. */
struct private_world {
	struct world world; /* first: one is the other */
	pthread_mutex_t lock;
	struct object **end;
	struct alike {
		struct object *first, *last;
	} types[TYPES_MAX]; /* as resource_types has them */
	struct world_change changes[CHANGES_MAX]; /* a ring */
	size_t change_count, change_first;
	uint64_t forgotten; /* versions up to this one cannot be asked for */
};

static struct private_world *own(const struct world *world)
{
	return (struct private_world *)(uintptr_t)world;
}

struct world *world_new(const char *name, int64_t now_ns)
{
	struct private_world *self = mem_zero(1, sizeof(*self));

	pthread_mutex_init(&self->lock, NULL);
	self->end = &self->world.first;
	self->world.now_ns = now_ns;
	self->world.version = 1000;
	self->world.random = 0x9e3779b97f4a7c15u;
	for (const char *c = name; *c; c++)
		self->world.random = (self->world.random ^ (unsigned char)*c) * 0x100000001b3u;
	snprintf(self->world.name, sizeof(self->world.name), "%s", name);
	return &self->world;
}

static void object_free(struct object *object)
{
	json_free(object->json);
	free(object);
}

void world_forget(struct world *world)
{
	struct private_world *self = own(world);

	for (; self->change_count; self->change_count--) {
		json_free(self->changes[self->change_first].json);
		self->change_first = (self->change_first + 1) % CHANGES_MAX;
	}
	self->forgotten = world->version;
}

void world_free(struct world *world)
{
	if (!world)
		return;
	world_forget(world);
	for (struct object *object = world->first, *next; object; object = next) {
		next = object->next;
		object_free(object);
	}
	pthread_mutex_destroy(&own(world)->lock);
	free(own(world));
}

void world_lock(struct world *world)
{
	pthread_mutex_lock(&own(world)->lock);
}

void world_unlock(struct world *world)
{
	pthread_mutex_unlock(&own(world)->lock);
}

/* --- finding --- */

const char *object_name(const struct object *object)
{
	return json_text_or(json_get(json_get(object->json, "metadata"), "name"), "");
}

const char *object_namespace(const struct object *object)
{
	return json_text_or(json_get(json_get(object->json, "metadata"), "namespace"), "");
}

static struct alike *of_type(struct private_world *self, const struct resource_type *type)
{
	assert(resource_type_count <= TYPES_MAX);
	return &self->types[type - resource_types];
}

static struct object *alive(struct object *object, const struct resource_type *type)
{
	while (object && object->dead)
		object = type ? object->alike : object->next;
	return object;
}

struct object *world_begin(const struct world *world, const struct resource_type *type)
{
	return alive(type ? of_type(own(world), type)->first : world->first, type);
}

struct object *world_next(const struct object *object, const struct resource_type *type)
{
	return alive(type ? object->alike : object->next, type);
}

struct object *world_find(struct world *world, const struct resource_type *type, const char *namespace_, const char *name)
{
	struct object *object = world_begin(world, type);

	while (object && (strcmp(object_name(object), name) || (type->namespaced && strcmp(object_namespace(object), namespace_))))
		object = world_next(object, type);
	return object;
}

/* --- changing --- */

static void record(struct world *world, const char *type, const struct object *object)
{
	struct private_world *self = own(world);
	size_t at = (self->change_first + self->change_count) % CHANGES_MAX;

	if (self->change_count == CHANGES_MAX) {
		self->forgotten = self->changes[self->change_first].version;
		json_free(self->changes[self->change_first].json);
		self->change_first = (self->change_first + 1) % CHANGES_MAX;
		self->change_count--;
	}
	self->changes[at] = (struct world_change){ world->version, type, object->type, json_copy(object->json) };
	self->change_count++;
}

static void renew(struct world *world, struct object *object, const char *change)
{
	char version[24];

	snprintf(version, sizeof(version), "%llu", (unsigned long long)++world->version);
	tree_put_text(object->json, "metadata.resourceVersion", version);
	world->unsettled |= object->type == resource_pods;
	record(world, change, object);
}

/* At the end of all, and of those of its type. */
static void link_object(struct private_world *self, struct object *object)
{
	struct alike *alike = of_type(self, object->type);

	object->next = object->alike = NULL;
	*self->end = object;
	self->end = &object->next;
	*(alike->first ? &alike->last->alike : &alike->first) = object;
	alike->last = object;
}

struct object *world_add(struct world *world, const struct resource_type *type, struct json *json)
{
	struct private_world *self = own(world);
	struct object *object = mem_zero(1, sizeof(*object));
	char uid[UUID_MAX];

	object->type = type;
	object->json = json;
	uuid_v7(uid);
	tree_put_text(json, "metadata.uid", uid);
	if (!json_at(json, "metadata.creationTimestamp"))
		tree_put_time(json, "metadata.creationTimestamp", world->now_ns);
	if (json_get(json, "spec") && !json_at(json, "metadata.generation"))
		tree_put_int(json, "metadata.generation", 1);
	tree_put_text(json, "kind", type->kind);
	tree_put_text(json, "apiVersion", resource_api(type));
	link_object(self, object);
	renew(world, object, "ADDED");
	return object;
}

void world_touch(struct world *world, struct object *object)
{
	renew(world, object, "MODIFIED");
}

void world_remove(struct world *world, struct object *object)
{
	renew(world, object, "DELETED");
	object->dead = 1;
}

void world_sweep(struct world *world)
{
	struct private_world *self = own(world);

	for (struct object *object = world->first; object; object = object->next)
		if (object->owner && object->owner->dead)
			object->owner = NULL;
	struct object *object = world->first, *next;

	world->first = NULL;
	self->end = &world->first;
	memset(self->types, 0, sizeof(self->types));
	for (; object; object = next) {
		next = object->next;
		if (object->dead)
			object_free(object);
		else
			link_object(self, object);
	}
}

const struct world_change *world_after(const struct world *world, uint64_t version, int *gone)
{
	const struct private_world *self = own(world);
	size_t low = 0, high = self->change_count;

	*gone = version < self->forgotten;
	while (low < high) {
		size_t middle = (low + high) / 2;

		if (self->changes[(self->change_first + middle) % CHANGES_MAX].version <= version)
			low = middle + 1;
		else
			high = middle;
	}
	return low < self->change_count ? &self->changes[(self->change_first + low) % CHANGES_MAX] : NULL;
}

/* --- chance, the same in each run --- */

uint64_t world_random(struct world *world, uint64_t below)
{
	world->random ^= world->random << 13; /* xorshift64, Marsaglia 2003 */
	world->random ^= world->random >> 7;
	world->random ^= world->random << 17;
	return world->random % below;
}

void world_suffix(struct world *world, char *out, size_t length)
{
	static const char letters[] = "bcdfghjklmnpqrstvwxz2456789"; /* apimachinery/util/rand */

	for (size_t i = 0; i < length; i++)
		out[i] = letters[world_random(world, sizeof(letters) - 1)];
	out[length] = '\0';
}

/* --- events --- */

static struct object *event_like(struct world *world, const struct object *about, const char *reason, const char *message)
{
	const char *uid = json_text_or(json_at(about->json, "metadata.uid"), "");

	for (struct object *event = world_begin(world, resource_events); event; event = world_next(event, resource_events))
		if (!strcmp(json_text_or(json_at(event->json, "involvedObject.uid"), ""), uid) &&
			!strcmp(json_text_or(json_get(event->json, "reason"), ""), reason) &&
			!strcmp(json_text_or(json_get(event->json, "message"), ""), message))
			return event;
	return NULL;
}

void world_event(struct world *world, const struct object *about, const char *type, const char *reason, const char *source, const char *message)
{
	struct object *event = event_like(world, about, reason, message);
	const char *namespace_ = object_namespace(about);
	struct json *json;
	char suffix[20], *name;

	if (event) {
		tree_put_int(event->json, "count", json_int(json_get(event->json, "count"), 1) + 1);
		tree_put_time(event->json, "lastTimestamp", world->now_ns);
		world_touch(world, event);
		return;
	}
	json = json_object();
	world_suffix(world, suffix, 16);
	name = mem_format("%s.%s", object_name(about), suffix);
	tree_put_text(json, "metadata.name", name);
	tree_put_text(json, "metadata.namespace", *namespace_ ? namespace_ : "default");
	tree_put_text(json, "involvedObject.kind", about->type->kind);
	tree_put_text(json, "involvedObject.apiVersion", resource_api(about->type));
	if (*namespace_)
		tree_put_text(json, "involvedObject.namespace", namespace_);
	tree_put_text(json, "involvedObject.name", object_name(about));
	tree_put_text(json, "involvedObject.uid", json_text_or(json_at(about->json, "metadata.uid"), ""));
	tree_put_text(json, "reason", reason);
	tree_put_text(json, "message", message);
	tree_put_text(json, "type", type);
	tree_put_text(json, "source.component", source);
	tree_put_int(json, "count", 1);
	tree_put_time(json, "firstTimestamp", world->now_ns);
	tree_put_time(json, "lastTimestamp", world->now_ns);
	world_add(world, resource_events, json);
	free(name);
}

void world_forget_events(struct world *world)
{
	for (struct object *event = world_begin(world, resource_events); event; event = world_next(event, resource_events))
		if (tree_time(json_get(event->json, "lastTimestamp"), 0) < world->now_ns - EVENT_S * CLOCK_SECOND_NS)
			world_remove(world, event);
}
