/* net.h - HTTP client: one libcurl multi thread, keep-alive, TLS, proxies, streaming, retries.
 * Any thread may call; callbacks named on_* run on the net thread and return at once. */
#ifndef NET_NET_H
#define NET_NET_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct net;
struct secret;

/* What a connection needs to trust and to show. Texts stay the caller's and must live as long as requests use them;
 * requests with the same tls pointer or equal content share connections. */
struct net_tls {
	const char *ca_pem;             /* PEM text of CAs; NULL: the system's */
	const char *ca_path;            /* or a file */
	const char *cert_pem;           /* client certificate chain, PEM */
	const struct secret *key_pem;   /* its key: PKCS#1, PKCS#8 or SEC1 */
	const char *server_name;        /* SNI and verification name instead of the URL's host */
	int insecure;                   /* no verification: the screen shows it in red */
};

struct net_header {
	const char *name;
	const char *value;
	const struct secret *secret; /* used instead of value: appended to value as prefix ("Bearer ") */
};

struct net_request {
	const char *method; /* NULL: GET. Redirects are not followed: a 3xx is an answer. */
	const char *url;
	const struct net_header *headers;
	size_t header_count;
	const char *body;
	size_t body_length;
	const struct net_tls *tls;
	const char *proxy;            /* "http://…", "socks5://…"; NULL: the environment's (NO_PROXY honoured) */
	int connect_timeout_ms;       /* 0: 10,000 */
	int timeout_ms;               /* 0: 60,000; -1: none (a watch) */
	int stall_timeout_ms;         /* nothing (of a body that is kept: less than 1 KiB) received for so long: ERR_TIMEOUT; 0: 30,000; -1: none */
	size_t max_bytes;             /* of the body; 0: 64 MiB. More: ERR_LIMIT */
	int gzip;                     /* ask for compression */
	int retries;                  /* tries after the first on connection failure, 429, 502, 503, 504: only GET, HEAD, OPTIONS and harmless: a write is never sent twice; jittered, Retry-After obeyed (longer than 30 s: the answer is given back at once) */
	int harmless;                 /* a POST that only asks (access review, token): allowed in read-only mode */
	const atomic_int *cancelled;  /* looked at every 100 ms and at net_wake(), of an on_data without a time limit at net_wake() only; NULL: never */
	/* Streaming: each piece as it comes, the body is then not kept. Only for status 2xx. Non-zero stops with ERR_CANCELLED. */
	int (*on_data)(void *arg, const char *bytes, size_t length);
	void *arg;
};

struct net_response {
	int status;            /* 0: no answer */
	char *body;            /* owned, NUL-terminated, never NULL after success */
	size_t body_length;
	char *header_lines;    /* owned: "name: value\n", names in lower case */
	int64_t duration_ns, first_byte_ns;
	int retry_after_ms;    /* -1: none */
};

struct net *net_new(struct error *err);
void net_free(struct net *net); /* cancels everything; NULL is fine */
/* Has what was cancelled end now. Whoever sets the flag of a watch (on_data, timeout_ms -1) must call it afterwards: so
 * that an open watch costs no wake-ups, nothing else looks at that flag. Any thread, not a signal handler. */
void net_wake(struct net *net);
/* In read-only mode only GET, HEAD, OPTIONS and harmless requests (and harmless WebSockets) leave the process; others fail with ERR_DENIED. */
/* The program ends: reads under way and to come are cancelled at once, writes end as they will. Any thread. */
void net_end_reads(struct net *net);
void net_set_read_only(struct net *net, int read_only);
/* Blocks the calling worker. 0 with any HTTP status; -1: ERR_UNREACHABLE (refused, DNS, reset), ERR_UNAUTHORIZED never here,
 * ERR_TIMEOUT, ERR_LIMIT, ERR_CANCELLED, ERR_FORMAT (truncated), ERR_DENIED. TLS failures are ERR_UNREACHABLE with the cause in words. */
int net_fetch(struct net *net, const struct net_request *request, struct net_response *response, struct error *err);
void net_response_release(struct net_response *response);
/* Value of a response header (name in lower case) copied to out; NULL when absent. Several: the first. */
const char *net_header(const struct net_response *response, const char *name, char *out, size_t size);

/* Many at once: add (all copied but *tls and *cancelled, which must outlive it), then take each as it ends. */
struct net_batch;
struct net_batch *net_batch_new(struct net *net, int parallel /* per batch, e.g. 8 */);
void net_batch_add(struct net_batch *batch, const struct net_request *request, void *tag);
/* Blocks until one ends; 1 with *tag, *response, *err set (err->code ERR_NONE: fine), 0 when none is left. */
int net_batch_next(struct net_batch *batch, void **tag, struct net_response *response, struct error *err);
/* The same, but at most so long: 0 also when none ended in time (-1: for ever). */
int net_batch_wait(struct net_batch *batch, int timeout_ms, void **tag, struct net_response *response, struct error *err);
void net_batch_free(struct net_batch *batch); /* cancels what is left */

/* WebSocket client (RFC 6455), framing by wslay. One thread at a time, one that has SIGPIPE blocked or ignored.
 * Messages up to 16 MiB. Pings are answered while receiving. */
struct net_ws;
/* protocols: comma list offered; the chosen one is net_ws_protocol(). On failure *refusal (may be NULL) is what the server
 * answered instead: status 0 when nothing; the body may be NULL, and cut. Yours to release. */
struct net_ws *net_ws_open(struct net *net, const struct net_request *request, const char *protocols, struct net_response *refusal, struct error *err);
const char *net_ws_protocol(const struct net_ws *ws);
/* To poll; but receive with timeout 0 until nothing comes before: messages may wait inside. */
int net_ws_fd(const struct net_ws *ws);
int net_ws_send(struct net_ws *ws, int binary, const void *bytes, size_t length, struct error *err);
/* timeout_ms -1: none. 1: a message (*bytes owned by ws until the next call), 0: closed by the peer or deadline passed (*bytes NULL, see closed), -1: error. */
int net_ws_receive(struct net_ws *ws, int timeout_ms, const char **bytes, size_t *length, int *closed, struct error *err);
void net_ws_close(struct net_ws *ws);

#endif
