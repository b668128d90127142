/* world.h - one simulated cluster: its objects as the API gives them, what changed (for watches), and its time.
 * Time is handed in, so that a past can be lived through in an instant and tests need no waiting.
 * Everything but world_new, world_free, world_lock and world_unlock wants the lock held. */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include <stddef.h>
#include <stdint.h>

struct json;
struct resource_type;

enum life_state {
	LIFE_PENDING,  /* no node yet */
	LIFE_CREATING, /* a node makes its container */
	LIFE_PULLING,  /* its image does not come */
	LIFE_RUNNING,  /* not ready yet */
	LIFE_READY,
	LIFE_DIED,     /* its container ended a moment ago */
	LIFE_BACKOFF,  /* waits to be started again */
	LIFE_ENDING,   /* deleted, within its grace */
	LIFE_FAILED,   /* evicted: stays to be seen */
};

/* A run of a container that ended. Times are ns, 0: there was none. */
struct life_run {
	int64_t started_ns, finished_ns;
	int exit;
	char reason[32];
	const struct json *trouble; /* of the scenario: what ended it */
};

/* What the node knows of a pod. */
struct life {
	enum life_state state;
	int64_t since_ns, next_ns, started_ns;
	int restarts, failures;                    /* failures in a row, for the back-off */
	char message[256];
	const struct json *trouble;   /* what ails it now; NULL none */
	const struct json *last_trouble;
	struct life_run last, before; /* that ended, and the one before */
};

enum { WORLD_TROUBLES_MAX = 16 };

struct object {
	const struct resource_type *type;
	struct json *json;     /* owned */
	struct object *owner;  /* controller; NULL none */
	struct life life;      /* pods */
	int64_t moved_ns;      /* deployments: when the rollout last made progress; sets: when a refusal was told; nodes: when one was put out */
	int64_t held_ns[WORLD_TROUBLES_MAX]; /* nodes: since when each trouble holds; 0: it does not */
	struct object *next, *alike; /* private: in all, and among those of its type */
	int dead;                    /* private */
};

struct world_change {
	uint64_t version;
	const char *type; /* "ADDED" "MODIFIED" "DELETED" */
	const struct resource_type *resource;
	struct json *json; /* owned by the world */
};

struct world {
	char name[64];
	int64_t now_ns;
	uint64_t version;
	uint64_t settled;   /* the version controllers last looked at */
	int64_t settled_ns;
	int unsettled; /* pods changed: what is counted from them is counted again */
	const struct json *cluster, *scenario; /* of the data; they outlive the world */
	struct object *first; /* oldest first */
	uint64_t random;
};

struct world *world_new(const char *name, int64_t now_ns);
void world_free(struct world *world); /* NULL is fine */
void world_lock(struct world *world);
void world_unlock(struct world *world);

struct object *world_find(struct world *world, const struct resource_type *type, const char *namespace_, const char *name);
struct object *world_next(const struct object *object, const struct resource_type *type /* its own, or NULL: any */);
struct object *world_begin(const struct world *world, const struct resource_type *type);
/* Takes json. uid, creationTimestamp (now, when it has none), generation are filled in. */
struct object *world_add(struct world *world, const struct resource_type *type, struct json *json);
void world_touch(struct world *world, struct object *object); /* its JSON was changed */
void world_remove(struct world *world, struct object *object); /* gone for finding; freed by world_sweep */
void world_sweep(struct world *world);
/* Change i after version, oldest first; NULL: there is none. *gone: older ones were forgotten (410). Valid while locked. */
const struct world_change *world_after(const struct world *world, uint64_t version, int *gone);
void world_forget(struct world *world); /* all changes: nobody can have seen them */

const char *object_name(const struct object *object);
const char *object_namespace(const struct object *object); /* "" none */
/* Letters that names made by Kubernetes have; the same ones in each run. */
void world_suffix(struct world *world, char *out, size_t length);
uint64_t world_random(struct world *world, uint64_t below);
void world_forget_events(struct world *world); /* those of more than an hour ago, as the API server does */
/* An Event about object; the same again counts up. */
void world_event(struct world *world, const struct object *object, const char *type, const char *reason, const char *source, const char *message);

#endif
