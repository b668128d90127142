/* api.h - the API of one simulated cluster over HTTP: discovery, lists as Tables or objects, watches, logs, writes.
 * What it does not know it answers as a real server does: 404, 405, 409, 422 with a Status. */
#ifndef SIM_API_H
#define SIM_API_H

#include <stddef.h>

struct api_call;
struct json;
struct peer;
struct resource_type;
struct world;

struct api {
	struct world *world;
	const char *token;
};

/* One request taken apart. */
struct api_call {
	struct api *api;
	struct world *world;
	struct peer *peer;
	const struct resource_type *type;
	char namespace_[256], name[256], sub[32]; /* "" none */
	int dry;
};

int api_answer(struct peer *peer, void *api); /* as server_options.answer */

/* For the files of the API. Each takes json and returns 1, or 0 when the connection is over. */
int api_reply(struct peer *peer, int status, struct json *json);
int api_refuse(struct peer *peer, int status, const char *reason, const char *format, ...) __attribute__((format(printf, 4, 5)));
int api_refuse_sub(struct api_call *call); /* a subresource that is not served */
int api_wants_table(const struct peer *peer);

int api_discovery(struct api_call *call, const char *path); /* -1: not one of its paths */
int api_metrics(struct api_call *call, const char *path);   /* -1: not one of its paths */
int api_read(struct api_call *call);
int api_watch(struct api_call *call);
int api_logs(struct api_call *call);
int api_write(struct api_call *call);
int api_selects(const struct api_call *call, const struct resource_type *type, const struct json *object); /* by namespace and selectors of the query */
struct json *api_row(const struct api_call *call, const struct json *object); /* of a Table */

#endif
