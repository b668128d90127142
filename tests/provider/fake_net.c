#include "fake_net.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "base/secret.h"

enum { REQUESTS_MAX = 64, SENT_MAX = 65536 };

struct net_ws {
	size_t next;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t stopped = PTHREAD_COND_INITIALIZER;
static int stops;
static const struct fake_answer *script;
static size_t script_count, request_count, message_count, sent_length;
static int used[REQUESTS_MAX];
static struct fake_request requests[REQUESTS_MAX];
static int socket_status;
static const char *socket_protocol;
static const struct fake_message *messages;
static char sent[SENT_MAX];

void fake_net_script(const struct fake_answer *answers, size_t count)
{
	script = answers;
	script_count = count;
	request_count = 0;
	stops = 0;
	memset(used, 0, sizeof(used));
}

static void note_stop(void)
{
	pthread_mutex_lock(&lock);
	stops++;
	pthread_cond_broadcast(&stopped);
	pthread_mutex_unlock(&lock);
}

void fake_net_wait_stopped(void)
{
	pthread_mutex_lock(&lock);
	while (!stops)
		pthread_cond_wait(&stopped, &lock);
	pthread_mutex_unlock(&lock);
}

size_t fake_net_count(void)
{
	return request_count;
}

const struct fake_request *fake_net_request(size_t i)
{
	return &requests[i];
}

static void copy(char *out, size_t size, const char *text)
{
	snprintf(out, size, "%s", text ? text : "");
}

static void remember(const struct net_request *request)
{
	struct fake_request *row = &requests[request_count++ % REQUESTS_MAX];
	size_t at = 0;

	*row = (struct fake_request){ .gzip = request->gzip, .harmless = request->harmless };
	copy(row->method, sizeof(row->method), request->method ? request->method : "GET");
	copy(row->url, sizeof(row->url), request->url);
	copy(row->body, sizeof(row->body), request->body);
	copy(row->proxy, sizeof(row->proxy), request->proxy);
	for (size_t i = 0; i < request->header_count && at < sizeof(row->headers); i++)
		at += (size_t)snprintf(row->headers + at, sizeof(row->headers) - at, "%s: %s%s\n",
			request->headers[i].name,
			request->headers[i].value ? request->headers[i].value : "",
			request->headers[i].secret ? secret_reveal(request->headers[i].secret)
						   : "");
	if (!request->tls)
		return;
	copy(row->ca, sizeof(row->ca),
		request->tls->ca_pem ? request->tls->ca_pem : request->tls->ca_path);
	copy(row->cert, sizeof(row->cert), request->tls->cert_pem);
	copy(row->key, sizeof(row->key),
		request->tls->key_pem ? secret_reveal(request->tls->key_pem) : NULL);
	copy(row->server_name, sizeof(row->server_name), request->tls->server_name);
	row->insecure = request->tls->insecure;
}

static const struct fake_answer *choose(const char *url)
{
	for (size_t i = 0; i < script_count; i++)
		if (!used[i] && strstr(url, script[i].url)) {
			used[i] = 1;
			return &script[i];
		}
	return NULL;
}

static int is_cancelled(const struct net_request *request)
{
	return request->cancelled && atomic_load(request->cancelled);
}

static int stream(const struct net_request *request, const struct fake_answer *answer,
	size_t length, struct error *err)
{
	size_t piece = answer->piece ? answer->piece : length;

	for (size_t at = 0; at < length; at += piece)
		if (request->on_data(request->arg, answer->body + at,
			    length - at < piece ? length - at : piece)) {
			note_stop();
			return error_set(err, ERR_CANCELLED, "stopped");
		}
	return 0;
}

int net_fetch(struct net *net, const struct net_request *request, struct net_response *response,
	struct error *err)
{
	const struct timespec moment = { .tv_nsec = 1000000 };
	const struct fake_answer *answer;
	size_t length;

	(void)net;
	pthread_mutex_lock(&lock);
	remember(request);
	answer = choose(request->url);
	pthread_mutex_unlock(&lock);
	*response = (struct net_response){ .retry_after_ms = -1 };
	if (!answer)
		return error_set(err, ERR_UNREACHABLE, "connection refused");
	length = answer->body_length ? answer->body_length
				     : strlen(answer->body ? answer->body : "");
	response->status = answer->status;
	if (request->on_data && answer->status / 100 == 2) {
		if (stream(request, answer, length, err) < 0)
			return -1;
	} else {
		response->body = mem_text_n(answer->body ? answer->body : "", length);
		response->body_length = length;
	}
	while (answer->holds && !is_cancelled(request))
		nanosleep(&moment, NULL);
	if (answer->holds)
		return error_set(err, ERR_CANCELLED, "cancelled");
	return answer->broken ? error_set(err, answer->broken, "connection reset") : 0;
}

/* Flags are looked at all the time here. */
void net_wake(struct net *net)
{
	(void)net;
}

void net_response_release(struct net_response *response)
{
	free(response->body);
	free(response->header_lines);
	*response = (struct net_response){ 0 };
}

void fake_net_socket(
	int status, const char *protocol, const struct fake_message *list, size_t count)
{
	socket_status = status;
	socket_protocol = protocol;
	messages = list;
	message_count = count;
	sent_length = 0;
	request_count = 0;
}

const char *fake_net_sent(size_t *length)
{
	*length = sent_length;
	return sent;
}

struct net_ws *net_ws_open(struct net *net, const struct net_request *request,
	const char *protocols, struct net_response *refusal, struct error *err)
{
	(void)net;
	(void)protocols;
	remember(request);
	if (socket_status == 101)
		return mem_zero(1, sizeof(struct net_ws));
	*refusal = (struct net_response){ .status = socket_status };
	error_set(err, ERR_UNREACHABLE, "the server refused the upgrade (%d)", socket_status);
	return NULL;
}

const char *net_ws_protocol(const struct net_ws *ws)
{
	(void)ws;
	return socket_protocol;
}

int net_ws_fd(const struct net_ws *ws)
{
	(void)ws;
	return -1;
}

int net_ws_send(struct net_ws *ws, int binary, const void *bytes, size_t length, struct error *err)
{
	(void)ws;
	if (!binary || sent_length + length > SENT_MAX)
		return error_set(err, ERR_LIMIT, "not binary, or too much");
	memcpy(sent + sent_length, bytes, length);
	sent_length += length;
	return 0;
}

int net_ws_receive(struct net_ws *ws, int timeout_ms, const char **bytes, size_t *length,
	int *closed, struct error *err)
{
	(void)timeout_ms;
	(void)err;
	*closed = ws->next == message_count;
	*bytes = NULL;
	if (*closed)
		return 0;
	*bytes = messages[ws->next].bytes;
	*length = messages[ws->next].length;
	ws->next++;
	return *bytes ? 1 : 0; /* a row without bytes: nothing came in time */
}

void net_ws_close(struct net_ws *ws)
{
	free(ws);
}
