#include "net/transfer.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/safe.h"
#include "base/secret.h"

enum { KEEP_ALIVE_S = 60, HEADER_MAX = 64 << 10, URL_MAX = 64 << 10 };

/* RFC 9110 5.6.2 */
static int is_token(const char *text)
{
	if (!*text)
		return 0;
	for (; *text; text++)
		if (!isalnum((unsigned char)*text) && !strchr("!#$%&'*+-.^_`|~", *text))
			return 0;
	return 1;
}

/* Nothing that could end a line and begin another header. */
static int is_one_line(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)text[i] < ' ' && text[i] != '\t')
			return 0;
	return !memchr(text, 0x7f, length);
}

static const char *method_of(const struct net_request *request)
{
	return request->method ? request->method : "GET";
}

int transfer_is_read(const struct net_request *request)
{
	const char *method = method_of(request);

	return request->harmless || !strcmp(method, "GET") || !strcmp(method, "HEAD") ||
	       !strcmp(method, "OPTIONS");
}

/* --- parts of the URL --- */

static char *url_part(const char *url, CURLUPart part)
{
	CURLU *parsed = curl_url();
	char *found = NULL, *copy = NULL;

	if (parsed && !curl_url_set(parsed, CURLUPART_URL, url, 0) &&
		!curl_url_get(parsed, part, &found, CURLU_DEFAULT_PORT))
		copy = mem_text(found);
	curl_free(found);
	curl_url_cleanup(parsed);
	return copy;
}

int transfer_authority(const char *url, char out[NET_AUTHORITY_MAX])
{
	char *host = url_part(url, CURLUPART_HOST), *port = url_part(url, CURLUPART_PORT);
	int known = host && port;

	if (known) {
		char shown[NET_AUTHORITY_MAX - 8];

		safe_copy(shown, sizeof(shown), host, strlen(host));
		snprintf(out, NET_AUTHORITY_MAX, "%s:%.5s", shown, port);
	}
	free(host);
	free(port);
	return known ? 0 : -1;
}

/* The URL again with another host in it. NULL: no URL. */
static char *url_with_host(const char *url, const char *host)
{
	CURLU *parsed = curl_url();
	char *made = NULL, *copy = NULL;

	if (parsed && !curl_url_set(parsed, CURLUPART_URL, url, 0) &&
		!curl_url_set(parsed, CURLUPART_HOST, host, 0) &&
		!curl_url_get(parsed, CURLUPART_URL, &made, 0))
		copy = mem_text(made);
	curl_free(made);
	curl_url_cleanup(parsed);
	return copy;
}

/* --- checks before anything leaves --- */

static int check_headers(const struct net_request *request, struct error *err)
{
	for (size_t i = 0; i < request->header_count; i++) {
		const struct net_header *header = &request->headers[i];
		const char *value = header->value ? header->value : "";

		if (!header->name || !is_token(header->name))
			return error_set(err, ERR_INVALID, "a request header has no proper name");
		if (!is_one_line(value, strlen(value)) ||
			(header->secret && !is_one_line(secret_reveal(header->secret),
						   secret_length(header->secret))))
			return error_set(err, ERR_INVALID,
				"request header %.60s holds control characters", header->name);
	}
	return 0;
}

int transfer_check(struct transfer *transfer, int read_only, struct error *err)
{
	const struct net_request *request = &transfer->request;

	if (!request->url || strlen(request->url) > URL_MAX ||
		!is_one_line(request->url, strlen(request->url)) ||
		transfer_authority(request->url, transfer->authority))
		return error_set(err, ERR_INVALID, "this is no URL");
	if (!is_token(method_of(request)))
		return error_set(err, ERR_INVALID, "this is no HTTP method");
	if (read_only && !transfer_is_read(request))
		return error_set(err, ERR_DENIED, "read-only mode: %s %.100s was not sent",
			method_of(request), transfer->authority);
	return check_headers(request, err);
}

/* --- headers of the request --- */

void transfer_free_headers(struct curl_slist *headers)
{
	for (struct curl_slist *line = headers; line; line = line->next)
		secret_wipe(line->data, strlen(line->data));
	curl_slist_free_all(headers);
}

static void append(struct curl_slist **list, const char *line)
{
	struct curl_slist *longer = curl_slist_append(*list, line);

	if (longer)
		*list = longer;
}

int transfer_add_header(
	struct curl_slist **list, const struct net_header *header, struct error *err)
{
	const char *value = header->value ? header->value : "";
	const char *secret = header->secret ? secret_reveal(header->secret) : "";
	size_t length = strlen(header->name) + strlen(value) + strlen(secret) + sizeof(": ");

	if (length > HEADER_MAX)
		return error_set(err, ERR_LIMIT, "request header %.60s is too long", header->name);
	char *line = mem_alloc(length);

	if (*value || *secret)
		snprintf(line, length, "%s: %s%s", header->name, value, secret);
	else
		snprintf(line, length, "%s;", header->name); /* curl's way to send an empty one */
	append(list, line);
	secret_wipe(line, length);
	free(line);
	return 0;
}

static int asks_with(const struct net_request *request, const char *name)
{
	for (size_t i = 0; i < request->header_count; i++)
		if (!strcasecmp(request->headers[i].name, name))
			return 1;
	return 0;
}

static int set_headers(struct transfer *transfer, struct error *err)
{
	const struct net_request *request = &transfer->request;

	for (size_t i = 0; i < request->header_count; i++)
		if (transfer_add_header(&transfer->headers, &request->headers[i], err))
			return -1;
	append(&transfer->headers, "Expect:"); /* no 100-continue: one round trip less */
	if (!asks_with(request, "content-type"))
		append(&transfer->headers, "Content-Type:"); /* not curl's form encoding */
	if (request->tls && request->tls->server_name && !asks_with(request, "host")) {
		char *host = url_part(request->url, CURLUPART_HOST);
		char *port = url_part(request->url, CURLUPART_PORT);
		char *line = mem_format("Host: %s:%s", host, port);

		append(&transfer->headers, line);
		free(line);
		free(host);
		free(port);
	}
	curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, transfer->headers);
	return 0;
}

/* --- what comes back --- */

static size_t stop(struct transfer *transfer, enum error_code code, const char *words)
{
	error_set(&transfer->stopped, code, "%.100s: %s", transfer->authority, words);
	return 0;
}

static size_t max_body(const struct transfer *transfer)
{
	return transfer->request.max_bytes ? transfer->request.max_bytes : NET_BODY_DEFAULT;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *arg)
{
	struct transfer *transfer = arg;
	const struct net_request *request = &transfer->request;
	size_t length = size * count;

	transfer->body_began = 1;
	if (request->on_data && transfer->status >= 200 && transfer->status < 300) {
		transfer->delivered = 1;
		if (request->on_data(request->arg, bytes, length))
			return stop(transfer, ERR_CANCELLED, "stopped by its reader");
		return length;
	}
	if (text_add_n(&transfer->body, bytes, length)) {
		char words[80];

		snprintf(words, sizeof(words), "the answer is larger than %zu bytes",
			max_body(transfer));
		return stop(transfer, ERR_LIMIT, words);
	}
	return length;
}

static void keep_header(struct transfer *transfer, const char *line, size_t length)
{
	const char *colon = memchr(line, ':', length);
	struct text *lines = &transfer->header_lines;

	if (!colon)
		return;
	for (const char *c = line; c < colon; c++)
		text_add_char(lines, (char)tolower((unsigned char)*c));
	const char *value = colon + 1, *end = line + length;

	while (value < end && (*value == ' ' || *value == '\t'))
		value++;
	while (end > value && isspace((unsigned char)end[-1]))
		end--;
	text_add(lines, ": ");
	safe_add(lines, value, (size_t)(end - value));
	text_add_char(lines, '\n');
}

/* Also called for the headers of 1xx answers: a status line begins anew. */
static size_t on_header(char *line, size_t size, size_t count, void *arg)
{
	struct transfer *transfer = arg;
	size_t length = size * count;

	if (transfer->body_began)
		return length; /* a trailer */
	if (length > 5 && !strncmp(line, "HTTP/", 5)) {
		const char *space = memchr(line, ' ', length);

		transfer->status = space ? atoi(space + 1) : 0;
		text_clear(&transfer->header_lines);
		transfer->headers_ended = 0;
		return length;
	}
	if (*line == '\r' || *line == '\n') {
		transfer->headers_ended = 1;
		return length;
	}
	keep_header(transfer, line, length);
	if (transfer->header_lines.cut)
		return stop(transfer, ERR_LIMIT, "the answer's headers are larger than 256 KiB");
	return length;
}

/* --- one try --- */

static void set_blob(CURL *easy, CURLoption option, const char *bytes, size_t length)
{
	union {
		const char *shown;
		void *given;
	} pem = { .shown = bytes }; /* curl only reads it */
	struct curl_blob blob = { .data = pem.given, .len = length, .flags = CURL_BLOB_NOCOPY };

	curl_easy_setopt(easy, option, &blob);
}

/* Connections are shared by libcurl only between handles whose CA, certificate and checks are the
 * same bytes. A CA of one's own also turns off the system's folder of CAs, which libcurl would go
 * on trusting beside CAINFO_BLOB. */
static void set_tls(CURL *easy, const struct net_tls *tls)
{
	if (tls->ca_pem)
		set_blob(easy, CURLOPT_CAINFO_BLOB, tls->ca_pem, strlen(tls->ca_pem));
	else if (tls->ca_path)
		curl_easy_setopt(easy, CURLOPT_CAINFO, tls->ca_path);
	if (tls->ca_pem || tls->ca_path)
		curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	if (tls->cert_pem)
		set_blob(easy, CURLOPT_SSLCERT_BLOB, tls->cert_pem, strlen(tls->cert_pem));
	if (tls->key_pem)
		set_blob(easy, CURLOPT_SSLKEY_BLOB, secret_reveal(tls->key_pem),
			secret_length(tls->key_pem));
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, tls->insecure ? 0L : 1L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, tls->insecure ? 0L : 2L);
}

/* SNI and verification use the URL's host: it becomes server_name, and the connection goes where
 * the URL said. */
static int set_url(CURL *easy, const struct net_request *request, struct curl_slist **connect_to,
	struct error *err)
{
	const char *name = request->tls ? request->tls->server_name : NULL;

	if (!name) {
		curl_easy_setopt(easy, CURLOPT_URL, request->url);
		return 0;
	}
	char *host = url_part(request->url, CURLUPART_HOST),
	     *port = url_part(request->url, CURLUPART_PORT);
	char *url = url_with_host(request->url, name), *to = mem_format("::%s:%s", host, port);

	if (url) {
		curl_easy_setopt(easy, CURLOPT_URL, url);
		append(connect_to, to);
		curl_easy_setopt(easy, CURLOPT_CONNECT_TO, *connect_to);
	}
	int failed = !url;
	free(host);
	free(port);
	free(url);
	free(to);
	return failed ? error_set(err, ERR_INVALID, "%.100s is no server name", name) : 0;
}

int transfer_connection(CURL *easy, const struct net_request *request,
	struct curl_slist **connect_to, struct error *err)
{
	int connect_ms =
		request->connect_timeout_ms ? request->connect_timeout_ms : NET_CONNECT_DEFAULT_MS;

	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L); /* a cancel does not wait for DNS */
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)connect_ms);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, (long)KEEP_ALIVE_S);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, (long)KEEP_ALIVE_S);
	curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "pilothouse/" PACKAGE_VERSION);
	if (request->proxy)
		curl_easy_setopt(easy, CURLOPT_PROXY, request->proxy);
	if (request->tls)
		set_tls(easy, request->tls);
	return set_url(easy, request, connect_to, err);
}

static void set_method(CURL *easy, const struct net_request *request)
{
	const char *method = method_of(request);

	if (!strcmp(method, "HEAD")) {
		curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
		return;
	}
	if (request->body || !strcmp(method, "POST")) {
		curl_easy_setopt(
			easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_length);
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body ? request->body : "");
	}
	curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
	/* On a connection that was idle libcurl sends a request once more when the server hangs up
	 * without an answer. A write must not be sent twice: it gets a fresh connection. */
	if (!transfer_is_read(request))
		curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
}

static void set_callbacks(struct transfer *transfer)
{
	CURL *easy = transfer->easy;

	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->problem);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
}

int transfer_begin(struct transfer *transfer, struct handles *handles)
{
	const struct net_request *request = &transfer->request;

	transfer->easy = handles_take(handles);
	if (!transfer->easy)
		return error_set(&transfer->err, ERR_LIMIT, "out of memory for a connection");
	text_init(&transfer->body, max_body(transfer));
	text_init(&transfer->header_lines, NET_HEADERS_MAX);
	transfer->status = transfer->headers_ended = transfer->body_began = 0;
	transfer->problem[0] = 0;
	error_clear(&transfer->stopped);
	transfer->tries++;
	transfer->window_ns = clock_monotonic_ns();
	transfer->window_bytes = 0;
	set_callbacks(transfer);
	set_method(transfer->easy, request);
	/* A 3xx is an answer: only the caller knows whether what it sends may go there. */
	curl_easy_setopt(transfer->easy, CURLOPT_FOLLOWLOCATION, 0L);
	if (request->gzip)
		curl_easy_setopt(transfer->easy, CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
	if (transfer_connection(transfer->easy, request, &transfer->connect_to, &transfer->err))
		return -1;
	return set_headers(transfer, &transfer->err);
}

void transfer_end(struct transfer *transfer, struct handles *handles)
{
	if (transfer->err.code)
		curl_easy_cleanup(transfer->easy); /* who knows what it was in the middle of */
	else
		handles_give(handles, transfer->easy);
	transfer->easy = NULL;
	transfer_free_headers(transfer->headers);
	curl_slist_free_all(transfer->connect_to);
	transfer->headers = transfer->connect_to = NULL;
	text_release(&transfer->body);
	text_release(&transfer->header_lines);
}
