/* faults.h - a small HTTP server on loopback that misbehaves on purpose. The path says how:
 *
 *   /ok                       "fine"                    /echo        what was asked, as text
 *   /status/N?retry-after=V   that status               /flaky/N?times=T  N for the first T times, then "fine"
 *   /slow                     1 byte a second           /hang        never an answer
 *   /close                    closes without an answer  /close-second  does so on a connection's second request
 *   /half-closed              ends its side half way through the headers
 *   /reset                    a TCP reset half way      /garbage     not HTTP
 *   /truncated-length         Content-Length too great  /truncated-chunked  no last chunk
 *   /large?bytes=N            N bytes                   /headers?bytes=N  so many bytes of headers
 *   /gzip?bytes=N             N zeros, compressed       /gzip-broken  claims to be compressed
 *   /redirect?to=URL          302; without to, to itself                      /deep?levels=N  nested JSON arrays
 *   /hostile                  escapes, bidi, invalid UTF-8 in headers and body
 *   /stream?every-ms=M&count=N  a chunk "tick\n" each M ms, N times, then open and silent
 *   /ws /ws-wrong-key /ws-wrong-protocol /ws-close /ws-flood?bytes=N   WebSockets: echo; …
 *
 * One thread a connection; meant for tests and the simulator, not for the world. */
#ifndef SIM_FAULTS_H
#define SIM_FAULTS_H

#include <stddef.h>

struct certificate;
struct error;
struct faults;

struct faults_options {
	const struct certificate *tls; /* NULL: plain HTTP. Copied */
	const char *client_ca_pem;     /* ask for a client certificate of this CA. Copied */
};

struct faults *faults_new(const struct faults_options *options /* NULL: none */, struct error *err);
void faults_free(struct faults *faults); /* closes every connection; NULL is fine */
int faults_port(const struct faults *faults);
/* "http://127.0.0.1:PORT" or https; valid until faults_free. */
const char *faults_url(const struct faults *faults);
size_t faults_requests(struct faults *faults);    /* heard so far, of any path */
size_t faults_connections(struct faults *faults); /* accepted so far */
/* A port of loopback where nothing listens. */
int faults_closed_port(void);

#endif
