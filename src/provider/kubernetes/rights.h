/* rights.h - what we may do, asked once a namespace when first needed. A hint for the screen: the server's 403 is the truth. */
#ifndef PROVIDER_KUBERNETES_RIGHTS_H
#define PROVIDER_KUBERNETES_RIGHTS_H

#include <stddef.h>

struct account;
struct json;
struct kind_verb;
struct provider;
struct ref;
struct rights;

void rights_free(struct rights *rights); /* NULL is fine */
/* 1 yes, 0 no, -1 unknown (not answered, or the server's list is incomplete). resource "pods", "deployments/scale"; group "" core.
 * Worker threads only: the first question of a namespace goes over the network. */
int rights_may(struct account *account, const char *verb, const char *group, const char *resource, const char *namespace_);
/* The same over a SelfSubjectRulesReview's status. Pure. */
int rights_judge(const struct json *status, const char *verb, const char *group, const char *resource);
/* provider_ops.may. */
int kube_may(struct provider *provider, const struct ref *ref, const struct kind_verb *verb, char *why, size_t size);

#endif
