/* provider.h - for src/provider/lake only. */
#ifndef PROVIDER_LAKE_PROVIDER_H
#define PROVIDER_LAKE_PROVIDER_H

#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"

struct act_ops;
struct act_request;
struct error;
struct json;
struct net;
struct secret;

struct provider {
	struct net *net;
	char host[128];
};

extern const struct act_ops lake_acts;

/* --- files.c: the files of a lake as a list --- */

struct lake_file {
	char *name; /* "HASH/history/CONTENT.json"; history stands before latest.json of the same agent */
	size_t size;
	int64_t modified_ns;
};

struct lake_files {
	struct lake_file *rows; /* by name */
	size_t count, agents;
	int64_t bytes;
	char digest[SHA256_HEX_MAX]; /* of names, sizes and times: what a plan was made for */
};

int lake_files_list(const char *folder, struct lake_files *files, struct error *err);
void lake_files_release(struct lake_files *files);
int lake_file_is_latest(const char *name);

/* --- sinks: where a lake is sent --- */

enum { LAKE_SHOWN_MAX = 40 }; /* names a preview tells; the rest is a number */

struct push {
	struct net *net;
	const char *folder, *target, *tree; /* tree: what this lake is called where several lie together */
	const struct lake_files *files;
	const void *cancelled; /* const atomic_int * */
	void (*progress)(void *arg, const char *line); /* or NULL; the calling thread's */
	void *arg;
};

/* What there is to send: adds a member a file or run to `after`, at most LAKE_SHOWN_MAX. */
struct push_plan {
	size_t lacking, there;
	int64_t bytes;
	struct json *after;
};
void push_plan_add(struct push_plan *plan, const char *name, const char *what, size_t bytes);

/* A line each for what was passed over, as {"file","why"}. */
void push_tell_passed_over(const struct push *push, const struct json *passed_over);

struct sink_ops {
	const char *scheme; /* "s3://" */
	int (*plan)(const struct push *push, struct push_plan *plan, struct error *err);
	/* *output: what became of it. After an error what was sent stays sent, and the next push sends the rest. */
	int (*send)(const struct push *push, struct json **output, struct error *err);
};
extern const struct sink_ops lake_s3, lake_postgres, lake_postgresql;

/* The password of the database URL given to this process, or NULL. Valid until the end. */
const struct secret *lake_password(void);

/* --- prune.c --- */
/* Names of states beyond the newest `keep` of each agent, never the one latest.json is of. The caller frees list and names. */
char **lake_prune_names(const char *folder, size_t keep, size_t *count, struct error *err);

#endif
