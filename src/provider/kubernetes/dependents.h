/* dependents.h - what the files that look for dependents share. Inside this folder. */
#ifndef PROVIDER_KUBERNETES_DEPENDENTS_H
#define PROVIDER_KUBERNETES_DEPENDENTS_H

#include <stddef.h>

struct account;
struct json;

struct search {
	struct account *account;
	const char *namespace_; /* "" all of them */
	struct json *out;       /* [{"id","relation","name"}]; id "" and relation "not known": what could not be looked at */
	size_t left_out;        /* found, and too many to be listed */
	int metadata;           /* what is fetched needs no more than its metadata */
};

/* name NULL: nothing is added; too many: only counted. */
void dependents_found(struct search *search, const char *kind, const char *namespace_, const char *name, const char *relation);
/* A collection of the search's namespace, where a query parameter says so (NULL: no query) of a part of it; NULL when it may not be read. */
struct json *dependents_fetch(struct search *search, const char *api, const char *name, const char *parameter, const char *value);
const char *dependents_name(const struct json *object); /* NULL: none */
const char *dependents_namespace(const struct json *object);
/* After the last: says how many were left out, where any were. */
void dependents_end(struct search *search);
/* dependents_named.c: what names the object, or lives in it */
void dependents_named(struct search *search, const char *type, const struct json *live);

#endif
