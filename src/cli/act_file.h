/* act_file.h - a file of several manifests: each is an act of its own, all of them one plan. */
#ifndef CLI_ACT_FILE_H
#define CLI_ACT_FILE_H

struct error;
struct estate;
struct gate;
struct json;
struct plan;
struct ref;

/* The documents of params' manifest, a List's items among them, when it has several: you own the array. NULL: it has one, or cannot be
 * read, which the act itself tells. */
struct json *act_file_documents(const struct json *params);
/* A step each, in their order; `named` must be one of them, and gives the account, and the namespace of those that say none. */
int act_file_plan(struct gate *gate, struct estate *estate, const struct ref *named, const struct json *documents, const struct json *params, const char *because,
	struct plan **plan, struct error *err);

#endif
