/* registry.h - what package indices say of the packages a tree uses: the versions there are, what was yanked, known advisories. Asked only when somebody asks
 * for it. The configured index first; where it fails the public mirror, but never with a name that may exist inside only:
 *
 *   A private index is configured, and it answered for the name        it alone is asked
 *   … it has no such name, and it is known to answer for others        the public mirror is asked
 *   … it failed, or never answered for any name                        the mirror is asked for names that are public anyhow: a lock file has them from a public
 *                                                                      address, checks/public*.yaml lists them, or the public index said so before (cache)
 *   no private index is configured, or --allow-public-lookup           the public mirror is asked
 *
 * Whoever learns a name that exists inside only can register it outside, and the next build without the private index installs theirs. */
#ifndef FLEET_REGISTRY_H
#define FLEET_REGISTRY_H

#include <stdatomic.h>
#include <stddef.h>

#include "fleet/supply/deps.h"

struct error;
struct findings;
struct checks;
struct json;
struct net;
struct registry;

struct registry_options {
	struct net *net;              /* NULL only with offline */
	const char *public_index[ECOSYSTEM_COUNT]; /* the mirrors; NULL: the index of the ecosystem itself */
	int offline;                  /* only what is in the cache, however old */
	int allow_public_lookup;
	int timeout_ms;               /* of all; 0: 60,000 */
	const atomic_int *cancelled;
};

/* An index that was configured, or the public one. */
struct registry_index {
	enum ecosystem ecosystem;
	const char *url;    /* with a slash at its end, without user and password */
	const char *from;   /* what configures it: "PIP_INDEX_URL", "/etc/pip.conf", "default" */
	const char *scope;  /* "@acme" of npm; "" all */
	int is_public;
	size_t asked, answered, missing; /* requests; names it has; names it has not */
	const char *cause;  /* why it failed, in words; NULL: it did not */
	const char *detail; /* the same as part of a rule: "401", "tls" */
	int failed;         /* given up: not asked any more */
};

enum registry_state {
	REGISTRY_KNOWN,       /* index has it */
	REGISTRY_ABSENT,      /* every index that might have it answered, and none has */
	REGISTRY_NOT_SENT,    /* not told to the public mirror: it may exist inside only */
	REGISTRY_NOT_REACHED, /* an index failed, or time was over */
	REGISTRY_NOT_CACHED,  /* offline, and never asked before */
	REGISTRY_NOT_ASKED,   /* no index is asked: of this tree, or from an address of its own */
};

/* Never NULL; waits at most timeout_ms. deps must outlive it. */
struct registry *registry_ask(const struct deps *deps, const struct registry_options *options);
void registry_free(struct registry *registry);
size_t registry_indices(const struct registry *registry);
const struct registry_index *registry_index_at(const struct registry *registry, size_t i);
/* The latest version of a package that is no pre-release and not yanked; NULL: unknown. */
const char *registry_latest(const struct registry *registry, enum ecosystem ecosystem, const char *name);
enum registry_state registry_state(const struct registry *registry, const struct dependency *row);
const char *registry_state_name(enum registry_state state);
/* Adds what is to be said of the files of one agent (its path, by its pointer; NULL: of no agent): SUP006 (an index was not reached), SUP007 (version absent
 * or yanked), SUP008 (advisory). */
void registry_findings(const struct registry *registry, const struct checks *checks, const char *agent, struct findings *findings);
/* {"state","index","latest","yanked","advisories":[…]} of a row. */
struct json *registry_row_to_json(const struct registry *registry, const struct dependency *row);
/* [{"ecosystem","url","from","scope","public","asked","answered","missing","state","cause"}] */
struct json *registry_indices_to_json(const struct registry *registry);

/* --- the indices alone, for pilothouse diagnose --- */
struct net_response;
struct registry_list;
/* Those of the configuration and the public ones; no network. */
struct registry_list *registry_list_new(const char *const public_index[ECOSYSTEM_COUNT]);
void registry_list_free(struct registry_list *list);
size_t registry_list_count(const struct registry_list *list);
const struct registry_index *registry_list_at(const struct registry_list *list, size_t i);
const char *registry_list_certificates(const struct registry_list *list, size_t i); /* file of CAs it is checked with; NULL: the system's */
int registry_list_has_credentials(const struct registry_list *list, size_t i);
/* Asks it for a package everyone has (it may well not), with its credentials. Any thread. 0 with any status. */
int registry_list_ask(const struct registry_list *list, size_t i, struct net *net, int timeout_ms, struct net_response *response, struct error *err);
/* Of a status that is no success, in words. */
const char *registry_status_words(int status);

#endif
