/* recorded_inside.h - what the files of recorded changes share. Inside this folder. */
#ifndef PROVIDER_KUBERNETES_RECORDED_INSIDE_H
#define PROVIDER_KUBERNETES_RECORDED_INSIDE_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "provider/kubernetes/recorded.h"

struct account;
struct arena;
struct table_row;

struct revision { /* one replica set or controller revision */
	const char *kind;    /* of the owner: "deployments" */
	const char *namespace_, *owner, *images, *name;
	int64_t number, at_ns;
};

struct scaling { /* one event */
	const char *namespace_, *name, *set;
	int64_t at_ns;
	long from, to;
};

struct recorded {
	struct account *account;
	const atomic_int *cancelled;
	int64_t since_ns;
	struct json *out;
	struct arena *texts;
	struct revision *revisions; /* by kind, namespace, owner, number */
	size_t revision_count;
	struct scaling *scalings;
	size_t scaling_count;
	const char *kind;       /* being read */
	int images_cell, ready_cell;
};


struct writes {
	struct recorded_write list[32];
	int told[32];
	size_t count;
};

/* recorded.c */
int64_t recorded_time(const char *text); /* RFC 3339; 0 when it is none */
void recorded_tell(struct recorded *recorded, const struct table_row *row, int64_t at_ns, const char *field, const char *old,
	const char *new_, const char *by);
/* Who made what a controller then did; "" when no write, or more than one manager's, fits. */
const char *recorded_writer(struct writes *writes, int64_t at_ns, int (*fits)(const struct recorded_write *));
/* recorded_revisions.c: read before the workloads, told with each. */
void recorded_take_replicaset(struct recorded *recorded, const struct table_row *row);
void recorded_read_revisions(struct recorded *recorded); /* events and controller revisions; what may not be read is left out */
void recorded_sort_revisions(struct recorded *recorded);
void recorded_tell_revisions(struct recorded *recorded, const struct table_row *row, struct writes *writes);
void recorded_tell_scalings(struct recorded *recorded, const struct table_row *row, struct writes *writes);

#endif
