#include "provider/kubernetes/cluster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/safe.h"
#include "base/secret.h"
#include "base/text.h"
#include "net/url.h"
#include "provider/kubernetes/credentials.h"
#include "provider/kubernetes/kubeconfig.h"

enum {
	URL_MAX_BYTES = 64 << 10,
	HEADERS_MAX = 200, /* of one request, impersonated groups among them */
	HEADER_MAX_BYTES = 8192,
	MESSAGE_MAX = 200, /* shown of what the server says */
};
/* It stands in the server's audit log. Names of browsers and of curl get pretty-printed, twice as
 * long JSON. */
#define USER_AGENT PACKAGE_NAME "/" PACKAGE_VERSION

struct cluster {
	struct net *net;
	struct arena *texts;
	struct credentials *credentials;
	const char *name, *server, *user, *namespace_;
	const char *ca_pem, *ca_path, *tls_server_name, *proxy;
	struct net_header impersonation[HEADERS_MAX / 2];
	size_t impersonation_count;
	int insecure, loopback, compress;
	int skips_tls; /* insecure-skip-tls-verify */
};

struct cluster_request {
	struct net_request net;
	struct net_tls tls;
	struct net_header headers[HEADERS_MAX];
	struct text url;
	struct login *login;
};

/* ---- the address ---- */

/* The host of a URL, without port and brackets. */
static void host_of(const char *url, char *out, size_t size)
{
	const char *start = strstr(url, "://");
	const char *end, *at;

	start = start ? start + 3 : url;
	end = start + strcspn(start, "/?#");
	at = memchr(start, '@', (size_t)(end - start));
	if (at)
		start = at + 1;
	if (*start == '[') { /* IPv6 */
		start++;
		end = start + strcspn(start, "]/?#");
	} else {
		end = start + strcspn(start, ":/?#");
	}
	snprintf(out, size, "%.*s", (int)(end - start), start);
}

static int is_loopback(const char *url)
{
	char host[256];

	host_of(url, host, sizeof(host));
	return !strcmp(host, "localhost") || !strcmp(host, "::1") || !strncmp(host, "127.", 4);
}

static int has_control(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return 1;
	return 0;
}

/* A server without a scheme gets https: a token never leaves in the clear because five letters are
 * missing. */
static int set_address(
	struct cluster *self, const struct kubeconfig_context *context, struct error *err)
{
	const char *server = context->server;
	int plain = !strncasecmp(server, "http://", 7);
	int known = plain || !strncasecmp(server, "https://", 8);

	if (has_control(server) || strchr(server, ' ') || strlen(server) > 2048)
		return error_set(err, ERR_INVALID, "the server of cluster \"%.60s\" is not a URL",
			context->cluster);
	if (!known && strstr(server, "://"))
		return error_set(err, ERR_INVALID,
			"the server of cluster \"%.60s\" is neither https:// nor http://",
			context->cluster);
	self->server = arena_format(self->texts, "%s%s", known ? "" : "https://", server);
	self->loopback = is_loopback(self->server);
	self->skips_tls = context->insecure;
	self->insecure = context->insecure || (plain && !self->loopback);
	self->compress = !self->loopback && !context->disable_compression;
	self->proxy = arena_text(self->texts, context->proxy_url);
	self->tls_server_name = arena_text(self->texts, context->tls_server_name);
	return 0;
}

static int set_trust(
	struct cluster *self, const struct kubeconfig_context *context, struct error *err)
{
	size_t length;
	uint8_t *pem;

	if (context->insecure && (context->ca_data || context->ca_path))
		return error_set(err, ERR_INVALID,
			"cluster \"%.60s\" has a certificate-authority and "
			"insecure-skip-tls-verify: remove one",
			context->cluster);
	if (context->ca_data) {
		pem = base64_parse(context->ca_data, &length);
		if (!pem || memchr(pem, '\0', length)) {
			free(pem);
			return error_set(err, ERR_INVALID,
				"certificate-authority-data of cluster \"%.60s\" is not base64 of "
				"a PEM text",
				context->cluster);
		}
		self->ca_pem = arena_text_n(self->texts, (char *)pem, length);
		free(pem);
	} else if (context->ca_path) {
		if (access(context->ca_path, R_OK) != 0)
			return error_set(err, ERR_INVALID,
				"the certificate-authority %.120s of cluster \"%.60s\" cannot be "
				"read",
				context->ca_path, context->cluster);
		self->ca_path = arena_text(self->texts, context->ca_path);
	}
	return 0;
}

/* ---- impersonation ---- */

static int impersonate(struct cluster *self, const char *name, const char *value, struct error *err)
{
	if (has_control(value) || has_control(name) || strlen(value) > HEADER_MAX_BYTES)
		return error_set(err, ERR_INVALID,
			"`%.40s` of user \"%.60s\" holds characters no header may have", name,
			self->user);
	if (self->impersonation_count ==
		sizeof(self->impersonation) / sizeof(self->impersonation[0]))
		return error_set(
			err, ERR_LIMIT, "user \"%.60s\" impersonates too many groups", self->user);
	self->impersonation[self->impersonation_count++] =
		(struct net_header){ .name = arena_text(self->texts, name),
			.value = arena_text(self->texts, value) };
	return 0;
}

static int impersonate_extra(struct cluster *self, const struct json *extra, struct error *err)
{
	struct text name;
	int result = 0;

	for (const struct json *item = json_first(extra); item && result == 0;
		item = json_next(item)) {
		text_init(&name, HEADER_MAX_BYTES);
		text_add(&name, "Impersonate-Extra-");
		url_encode(&name, json_key(item)); /* client-go, transport/round_trippers.go:
						      headerKeyEscape */
		for (const struct json *value = json_first(item); value && result == 0;
			value = json_next(value))
			result = impersonate(self, name.data, json_text_or(value, ""), err);
		text_release(&name);
	}
	return result;
}

static int set_impersonation(
	struct cluster *self, const struct kubeconfig_context *context, struct error *err)
{
	const struct json *groups = context->as_groups;

	if (!context->as &&
		(context->as_uid || json_count(groups) || json_count(context->as_extra)))
		return error_set(err, ERR_INVALID,
			"user \"%.60s\" has as-groups, as-uid or as-user-extra without `as`",
			self->user);
	if (!context->as)
		return 0;
	if (impersonate(self, "Impersonate-User", context->as, err) < 0)
		return -1;
	if (context->as_uid && impersonate(self, "Impersonate-Uid", context->as_uid, err) < 0)
		return -1;
	for (const struct json *group = json_first(groups); group; group = json_next(group))
		if (impersonate(self, "Impersonate-Group", json_text_or(group, ""), err) < 0)
			return -1;
	return impersonate_extra(self, context->as_extra, err);
}

/* ---- making and freeing ---- */

static int fill(struct cluster *self, const struct kubeconfig_context *context, struct error *err)
{
	self->name = arena_text(self->texts, context->name);
	self->user = arena_text(self->texts, context->user ? context->user : "");
	self->namespace_ =
		arena_text(self->texts, context->namespace_ ? context->namespace_ : "default");
	if (set_address(self, context, err) < 0 || set_trust(self, context, err) < 0 ||
		set_impersonation(self, context, err) < 0)
		return -1;
	self->credentials = credentials_new(self->net, context, err);
	return self->credentials ? 0 : -1;
}

struct cluster *cluster_new(struct net *net, const struct kubeconfig *kubeconfig,
	const char *context_name, struct error *err)
{
	struct kubeconfig_context context;
	struct cluster *self;

	if (kubeconfig_context(kubeconfig, context_name, &context, err) < 0)
		return NULL;
	self = mem_zero(1, sizeof(*self));
	self->net = net;
	self->texts = arena_new();
	if (fill(self, &context, err) < 0) {
		error_wrap(err, "%.60s", context.name);
		cluster_free(self);
		return NULL;
	}
	return self;
}

void cluster_free(struct cluster *self)
{
	if (!self)
		return;
	credentials_free(self->credentials);
	arena_free(self->texts);
	free(self);
}

const char *cluster_name(const struct cluster *self)
{
	return self->name;
}

const char *cluster_server(const struct cluster *self)
{
	return self->server;
}

const char *cluster_namespace(const struct cluster *self)
{
	return self->namespace_;
}

int cluster_insecure(const struct cluster *self)
{
	return self->insecure;
}

int cluster_loopback(const struct cluster *self)
{
	return self->loopback;
}

struct net *cluster_net(const struct cluster *self)
{
	return self->net;
}

/* ---- requests ---- */

static void add_header(struct cluster_request *out, struct net_header header)
{
	if (out->net.header_count < HEADERS_MAX)
		out->headers[out->net.header_count++] = header;
}

static int has_header(const struct net_request *request, const char *name)
{
	for (size_t i = 0; i < request->header_count; i++)
		if (!strcasecmp(request->headers[i].name, name))
			return 1;
	return 0;
}

static void add_headers(
	struct cluster *self, struct cluster_request *out, const struct net_request *request)
{
	out->net.header_count = 0;
	for (size_t i = 0; i < request->header_count; i++)
		add_header(out, request->headers[i]);
	if (!has_header(request, "User-Agent"))
		add_header(out, (struct net_header){ .name = "User-Agent", .value = USER_AGENT });
	if (out->login->bearer)
		add_header(out, (struct net_header){ .name = "Authorization",
					.value = "Bearer ",
					.secret = out->login->bearer });
	else if (out->login->basic)
		add_header(out, (struct net_header){ .name = "Authorization",
					.value = "Basic ",
					.secret = out->login->basic });
	for (size_t i = 0; i < self->impersonation_count; i++)
		add_header(out, self->impersonation[i]);
	out->net.headers = out->headers;
}

struct cluster_request *cluster_request_new(struct cluster *self, const struct net_request *request,
	const char *path, struct error *err)
{
	struct login *login;
	struct cluster_request *out;

	if (request->header_count > HEADERS_MAX / 4) {
		error_set(err, ERR_LIMIT, "a request has too many headers");
		return NULL;
	}
	login = credentials_get(self->credentials, request->cancelled, err);
	if (!login) {
		error_wrap(err, "%.60s", self->name);
		return NULL;
	}
	out = mem_zero(1, sizeof(*out));
	out->login = login;
	out->net = *request;
	text_init(&out->url, URL_MAX_BYTES);
	url_join(&out->url, self->server, path);
	out->tls = (struct net_tls){
		.ca_pem = self->ca_pem,
		.ca_path = self->ca_path,
		.cert_pem = login->cert_pem,
		.key_pem = login->key_pem,
		.server_name = self->tls_server_name,
		.insecure = self->skips_tls,
	};
	add_headers(self, out, request);
	out->net.url = out->url.data;
	out->net.tls = &out->tls;
	out->net.proxy = self->proxy;
	out->net.gzip = request->gzip && self->compress;
	if (out->url.cut) {
		error_set(
			err, ERR_LIMIT, "%.60s: the address of a request is too long", self->name);
		cluster_request_free(out);
		return NULL;
	}
	return out;
}

const struct net_request *cluster_request_net(const struct cluster_request *request)
{
	return &request->net;
}

void cluster_request_free(struct cluster_request *request)
{
	if (!request)
		return;
	text_release(&request->url);
	login_unref(request->login);
	free(request);
}

int cluster_request_refused(struct cluster *self, const struct cluster_request *request)
{
	return credentials_refused(self->credentials, request->login);
}

/* One try; 1 when a 401 came and another login can be had. */
static int try_once(struct cluster *self, const struct net_request *request, const char *path,
	struct net_response *response, int *result, struct error *err)
{
	struct cluster_request *full = cluster_request_new(self, request, path, err);
	int again = 0;

	if (!full) {
		*result = -1;
		return 0;
	}
	*result = net_fetch(self->net, &full->net, response, err);
	if (*result < 0)
		cluster_explain(self, err);
	else if (response->status == 401)
		again = cluster_request_refused(self, full);
	cluster_request_free(full);
	return again;
}

int cluster_fetch(struct cluster *self, const struct net_request *request, const char *path,
	struct net_response *response, struct error *err)
{
	int result;

	*response = (struct net_response){ .retry_after_ms = -1 };
	if (try_once(self, request, path, response, &result, err)) {
		net_response_release(response);
		*response = (struct net_response){ .retry_after_ms = -1 };
		try_once(self, request, path, response, &result, err);
	}
	if (result < 0)
		return -1;
	if (response->status < 200 || response->status > 299)
		return cluster_error(self, response, err);
	return 0;
}

/* ---- errors in words ---- */

struct status_row {
	int status;
	enum error_code code;
	const char *next; /* what to do, or NULL: the server's message says it */
};

static const struct status_row statuses[] = {
	{ 400, ERR_INVALID, NULL },
	{ 401, ERR_UNAUTHORIZED, NULL },
	{ 403, ERR_FORBIDDEN, "ask for the right, or choose another namespace or context" },
	{ 404, ERR_NOT_FOUND, NULL },
	{ 409, ERR_CONFLICT, NULL },
	{ 410, ERR_CONFLICT, "list again" },
	{ 412, ERR_CONFLICT, NULL },
	{ 422, ERR_INVALID, NULL },
	{ 429, ERR_UNREACHABLE, "the server asks for fewer requests: wait, then retry" },
	{ 503, ERR_UNREACHABLE, "the server is not ready: retry" },
	{ 504, ERR_UNREACHABLE, "the server was too slow: retry" },
};

static const struct status_row *status_row(int status)
{
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		if (statuses[i].status == status)
			return &statuses[i];
	return NULL;
}

static enum error_code code_of(int status)
{
	const struct status_row *row = status_row(status);

	if (row)
		return row->code;
	return status >= 500 ? ERR_UNREACHABLE : status >= 400 ? ERR_INVALID : ERR_FORMAT;
}

/* The message of a Status, or the first line of whatever came; harmless. */
static void message_of(const struct net_response *response, char out[MESSAGE_MAX])
{
	size_t length = response->body ? response->body_length : 0;
	struct json *status = length ? json_parse(response->body, length, NULL) : NULL;
	const char *message = json_text(json_get(status, "message"));
	struct text plain;

	text_init(&plain, 4096);
	if (message)
		secret_redact(&plain, message, strnlen(message, 2048));
	else if (length)
		secret_redact(&plain, response->body,
			strcspn(response->body, "\r\n") < 2048 ? strcspn(response->body, "\r\n")
							       : 2048);
	safe_copy(out, MESSAGE_MAX, plain.data, plain.length);
	text_release(&plain);
	json_free(status);
}

static int refuse_login(const struct cluster *self, struct error *err)
{
	struct text advice;

	text_init(&advice, MESSAGE_MAX);
	credentials_advise(self->credentials, &advice);
	error_set(err, ERR_UNAUTHORIZED, "%.60s: the server does not know us (401): %s", self->name,
		advice.data);
	text_release(&advice);
	return -1;
}

int cluster_error(
	const struct cluster *self, const struct net_response *response, struct error *err)
{
	const struct status_row *row = status_row(response->status);
	char message[MESSAGE_MAX] = "";
	const char *next = row && row->next ? row->next : "";

	if (response->status == 401)
		return refuse_login(self, err);
	message_of(response, message);
	if (!*message)
		snprintf(message, sizeof(message), "the server answered %d", response->status);
	/* The message is cut so that what to do next is never lost. */
	return error_set(err, code_of(response->status), "%.40s: %.*s (%d)%s%s", self->name,
		*next ? 130 : 190, message, response->status, *next ? ": " : "", next);
}

int cluster_explain(const struct cluster *self, struct error *err)
{
	char what[160];
	char host[64];
	int trust;

	if (!err)
		return -1;
	snprintf(what, sizeof(what), "%.150s", err->text);
	trust = strcasestr(what, "certificate") || strcasestr(what, "SSL") ||
		strcasestr(what, "TLS");
	host_of(self->server, host, sizeof(host));
	if (err->code == ERR_UNREACHABLE && trust)
		return error_set(err, err->code,
			"%.40s: %s: check certificate-authority and tls-server-name in the "
			"kubeconfig",
			self->name, what);
	if (err->code == ERR_UNREACHABLE)
		return error_set(err, err->code,
			"%.40s: %s: is the server %.40s up, and the VPN or proxy to it?",
			self->name, what, host);
	return error_set(err, err->code, "%.60s: %s", self->name, what);
}
