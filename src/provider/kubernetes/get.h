/* get.h - one whole object, and what depends on it. Inside this folder. */
#ifndef PROVIDER_KUBERNETES_GET_H
#define PROVIDER_KUBERNETES_GET_H

#include <stddef.h>
#include <stdint.h>

struct account;
struct error;
struct json;
struct kind;
struct provider;
struct ref;
struct resource;

/* provider_ops.get: without managedFields; a Secret's values are shown as ••••. */
int kube_get(struct provider *provider, const struct ref *ref, struct json **object, struct error *err);
struct log_request;
int kube_logs(struct provider *provider, const struct ref *ref, const struct log_request *request,
	int (*on_line)(void *arg, int64_t at_ns, const char *source, const char *line, size_t length), void *arg, struct error *err); /* logs_of.c */
int kube_dependents(struct provider *provider, const struct ref *ref, struct json **out, struct error *err);

/* One of our kinds, by any of its names; NULL: none. */
const struct kind *get_kind(const struct provider *provider, const char *name);
/* The account and resource a ref names. */
int get_target(struct provider *provider, const struct ref *ref, struct account **account,
	struct resource *resource, struct error *err);
/* As the server has it, nothing taken out: for comparing, never for showing. */
struct json *get_live(struct account *account, const struct resource *resource, const struct ref *ref, struct error *err);
/* GET path as JSON. */
struct json *get_path(struct account *account, const char *path, struct error *err);
/* For showing: drops metadata.managedFields, replaces the values of a Secret and what repeats them. In place. */
void get_redact(struct json *object);

#endif
