/* objects.h - servers that give no tables (aggregated APIs, old ones): a plain object becomes the row a table would have had. The kind's
 * spec says what stands in the server's columns: plain: {Ready: .status.readyReplicas/.spec.replicas, Status: .status.phase}
 *   .a.b        the value there      .a/.b     both, "2/3"; one that is absent is 0      #.data     how many entries it has
 *   @pod-ready @pod-status @pod-restarts @node-status @usage-cpu @usage-memory     worked out as the server's own printers do
 * What it does not say is unknown, and empty. Inside this folder. */
#ifndef PROVIDER_KUBERNETES_OBJECTS_H
#define PROVIDER_KUBERNETES_OBJECTS_H

#include <stddef.h>

struct error;
struct json;
struct lister;

/* "ConfigMapList". */
int objects_is_list(const char *kind);
/* A page of objects into the feed, as lister_take does with tables. The next page's token: lister->head's. */
int objects_take(struct lister *lister, const char *bytes, size_t length, const char *namespace_, struct error *err);
/* One object of a watch into lister->rows. -1: not one. */
int objects_fill(struct lister *lister, const char *bytes, size_t length, const char *namespace_);

#endif
