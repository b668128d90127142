/* transfer.h - for src/net only: one request on its way, from its first try to its answer.
 * The thread that made it hands it to the net thread with net_submit() and has it back in on_done.
 */
#ifndef NET_TRANSFER_H
#define NET_TRANSFER_H

#include <curl/curl.h>
#include <stdatomic.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"
#include "net/net.h"

enum { NET_HEADERS_MAX = 256 << 10, NET_AUTHORITY_MAX = 300, NET_WORDS_MAX = 200 };
enum { NET_BODY_DEFAULT = 64 << 20, NET_CONNECT_DEFAULT_MS = 10000 };
enum { NET_TIMEOUT_DEFAULT_MS = 60000, NET_STALL_DEFAULT_MS = 30000 };

enum { NET_HANDLES_KEPT = 16 };

struct handles {
	CURL *free[NET_HANDLES_KEPT];
	int count;
};

enum transfer_state { TRANSFER_WAITS, TRANSFER_RUNS };

struct transfer {
	struct net_request request; /* what it points to outlives the transfer */
	struct net_response response;
	struct error err;
	/* On the net thread, which touches the transfer no more. */
	void (*on_done)(struct transfer *transfer);
	void *done_arg;
	const atomic_int *abandoned; /* set by its owner, then net_wake(); NULL: never */

	/* The net thread's: */
	struct transfer *next;
	enum transfer_state state;
	CURL *easy;
	struct curl_slist *headers, *connect_to;
	struct text body, header_lines;
	char problem[CURL_ERROR_SIZE];
	char authority[NET_AUTHORITY_MAX]; /* "host:port", for the budget and for messages */
	struct error stopped;              /* why a callback of ours stopped it */
	int status, headers_ended;
	int body_began, delivered; /* delivered: on_data has seen bytes, so no second try */
	int tries;
	int64_t began_ns, deadline_ns, due_ns; /* of all tries; 0: none; not before */
	int64_t window_ns;                     /* the stall window's start … */
	size_t window_bytes;                   /* … and what came in it */
};

/* transfer.c */
int transfer_check(struct transfer *transfer, int read_only, struct error *err);
/* Takes an easy handle; -1: err is set. */
int transfer_begin(struct transfer *transfer, struct handles *handles);
/* Gives the handle back, or drops it after an error, and what belongs to the try. */
void transfer_end(struct transfer *transfer, struct handles *handles);
/* What a try of any kind shares, WebSockets too: TLS, proxy, limits. */
int transfer_connection(CURL *easy, const struct net_request *request,
	struct curl_slist **connect_to, struct error *err);
void transfer_free_headers(struct curl_slist *headers); /* wiped: they may hold secrets */
int transfer_add_header(
	struct curl_slist **list, const struct net_header *header, struct error *err);
int transfer_is_read(
	const struct net_request *request); /* asks only: GET, HEAD, OPTIONS, harmless */
int transfer_authority(const char *url, char out[NET_AUTHORITY_MAX]); /* "host:port"; -1: no URL */

/* handles.c: easy handles between two tries, the net thread's. */
CURL *handles_take(struct handles *handles); /* as new; NULL: out of memory */
void handles_give(struct handles *handles, CURL *easy); /* NULL is fine */
void handles_release(struct handles *handles);

/* outcome.c: what curl said, as an error in words. */
int outcome_error(
	CURLcode code, CURL *easy, const char *problem, const char *authority, struct error *err);

/* retry.c */
int retry_wanted(const struct transfer *transfer, int failed);
/* How long to wait before try number `tries` (1: the second try); -1: longer than we wait. */
int64_t retry_delay_ms(int tries, int retry_after_ms);
int retry_after_ms(const char *value, int64_t now_ns); /* seconds or an HTTP date; -1: neither */

/* net.c */
void net_submit(struct net *net, struct transfer *transfer);
int net_is_read_only(const struct net *net);

#endif
