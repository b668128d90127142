/* s3.h - one bucket of an S3-style store: signed requests, conditional writes, retries, errors in words. */
#ifndef PROVIDER_LAKE_S3_H
#define PROVIDER_LAKE_S3_H

#include <stdatomic.h>
#include <stddef.h>

#include "net/net.h"
#include "provider/lake/aws.h"

struct error;
struct net;

struct s3 {
	struct net *net;
	struct aws_account account;
	char *bucket, *prefix; /* prefix: "" or ends with '/' */
	char *base;            /* "https://host[:port]" or with the endpoint's own path */
	char *host;            /* as in the Host header */
	char *root;            /* path of the bucket: "/" or "/bucket/" */
	struct net_tls tls;
	const atomic_int *cancelled;
	atomic_size_t retries;
};

/* "s3://BUCKET/PREFIX". ERR_INVALID, ERR_UNAUTHORIZED. */
int s3_open(struct s3 *s3, struct net *net, const char *target, const atomic_int *cancelled, struct error *err);
void s3_close(struct s3 *s3);

enum { S3_ETAG_MAX = 96 };
enum s3_outcome { S3_DONE, S3_ABSENT, S3_CONDITION }; /* absent: no such object; condition: it did not hold, look again */

struct s3_request {
	const char *method;
	const char *key;       /* below the prefix; NULL: the bucket itself */
	const char *query;     /* of the bucket, encoded */
	const char *body;
	size_t length;
	const char *if_match;  /* an ETag, or NULL */
	int if_none;           /* 1: only when there is none yet */
};
struct s3_answer {
	enum s3_outcome outcome;
	char *body;
	size_t length;
	char etag[S3_ETAG_MAX]; /* as the store writes it, with its quotes */
};

/* Any thread. What fails for a while is tried again, writes too: a conditional write that came through twice does no harm. */
int s3_ask(struct s3 *s3, const struct s3_request *request, struct s3_answer *answer, struct error *err);
void s3_answer_release(struct s3_answer *answer);

/* Objects below the prefix, by name. */
struct s3_object {
	char *name; /* below the prefix */
	char etag[S3_ETAG_MAX];
};
struct s3_listing {
	struct s3_object *rows;
	size_t count;
};
/* One page of ListObjectsV2, which is changed; adds what begins with the prefix. */
void s3_listing_add(struct s3_listing *listing, const char *prefix, char *body);
int s3_list(struct s3 *s3, struct s3_listing *listing, struct error *err);
const struct s3_object *s3_listing_find(const struct s3_listing *listing, const char *name); /* NULL: not there */
void s3_listing_release(struct s3_listing *listing);

/* --- s3_words.c --- */

/* Text of the first element of that name at or after xml, entities decoded, cut to size; 1 when there is one. */
int s3_element(const char *xml, const char *name, char *out, size_t size);
/* An answer that is no success, in words: what is wrong and what to do. */
int s3_error(const struct s3 *s3, const struct net_response *response, struct error *err);
/* Whether it may pass by itself. */
int s3_may_pass(const struct net_response *response);

#endif
