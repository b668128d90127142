/* tree.h - changes inside JSON trees: by path, and the patches of the Kubernetes API. */
#ifndef SIM_TREE_H
#define SIM_TREE_H

#include <stdint.h>

struct error;
struct json;

enum { STAMP_MAX = 24 };

/* Takes value; objects on the way ("a.b.c") are made. */
void tree_put(struct json *root, const char *path, struct json *value);
void tree_put_text(struct json *root, const char *path, const char *text);
void tree_put_int(struct json *root, const char *path, int64_t number);
/* "2026-11-29T21:00:00Z", as the API writes times. */
void tree_stamp(int64_t at_ns, char out[STAMP_MAX]);
void tree_put_time(struct json *root, const char *path, int64_t at_ns);
int64_t tree_time(const struct json *value, int64_t otherwise);

/* Which fields differ, as managedFields name them (FieldsV1: "f:spec": {"f:replicas": {}}); NULL: none. You own it. */
struct json *tree_fields(const struct json *before, const struct json *after);

/* RFC 7386; null removes. With strategic, lists of things with a name, key, type or port of their own are merged
 * by it (API Concepts, "strategic merge patch"). */
void tree_merge(struct json *target, const struct json *patch, int strategic);
/* RFC 6902: add, replace, remove, test on objects. 0, or -1 with ERR_INVALID and the target as far as it came. */
int tree_json_patch(struct json *target, const struct json *steps, struct error *err);

#endif
