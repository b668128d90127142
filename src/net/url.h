/* url.h - percent-encoding (RFC 3986 2.1) and query building. */
#ifndef NET_URL_H
#define NET_URL_H

struct text;

void url_encode(struct text *out, const char *value); /* unreserved kept, all else %XX */
/* Adds "?name=value" or "&name=value", encoded. */
void url_query(struct text *url, const char *name, const char *value);
/* Joins a base and a path with exactly one slash. */
void url_join(struct text *url, const char *base, const char *path);

#endif
