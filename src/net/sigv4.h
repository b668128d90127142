/* sigv4.h - AWS Signature Version 4: a request signed by its headers, as AWS and S3-style stores ask for. */
#ifndef NET_SIGV4_H
#define NET_SIGV4_H

#include <stddef.h>
#include <stdint.h>

struct net_header;
struct secret;
struct text;

enum { SIGV4_DATE_MAX = 17 }; /* "20150830T123600Z" */

struct sigv4_key {
	const char *id;
	const struct secret *secret;
};

struct sigv4_request {
	const char *method;
	const char *host;    /* as it is sent: with the port where that is not the scheme's */
	const char *path;    /* as it is sent, percent-encoded; begins with '/' */
	const char *query;   /* as it is sent, without '?'; pairs in any order; "" none */
	const struct net_header *headers; /* all that are signed but Host and X-Amz-Date; of temporary keys also X-Amz-Security-Token */
	size_t header_count;
	const char *payload_hash; /* SHA-256 of the body, hex */
	const char *region, *service;
	int64_t at_ns;       /* the service refuses what is more than fifteen minutes off its clock */
	int path_once;       /* 1: S3, which alone takes the path as it is sent; 0: encoded once more */
};

/* What X-Amz-Date is to hold. */
void sigv4_date(int64_t at_ns, char date[SIGV4_DATE_MAX]);
/* Step 1, appended: method, path, query, headers, their names and the hash of the body, a line each. */
void sigv4_canonical(const struct sigv4_request *request, struct text *out);
/* Steps 1 to 4: appends what Authorization is to hold. */
void sigv4_authorization(const struct sigv4_request *request, const struct sigv4_key *key, struct text *out);

#endif
