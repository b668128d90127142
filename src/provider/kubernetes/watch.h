/* watch.h - what the two ways of watching share: one stream for all, and one a namespace. Inside this folder. */
#ifndef PROVIDER_KUBERNETES_WATCH_H
#define PROVIDER_KUBERNETES_WATCH_H

struct error;
struct lister;
struct share;

enum { WATCH_POLL_MS = 10 * 1000 /* where watching is forbidden */ };

/* After a list by namespaces (lister->namespaces), for who may not watch the cluster as a whole: each namespace is watched by
 * itself, new ones too. Returns 0 when the list has to be made anew, or -1: cancelled, or an error that stays. */
int watch_each(struct share *share, struct lister *lister, struct error *err);

#endif
