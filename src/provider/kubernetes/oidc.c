#include "provider/kubernetes/oidc.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/safe.h"
#include "base/secret.h"
#include "base/text.h"
#include "base/yaml.h"
#include "net/net.h"
#include "net/url.h"
#include "provider/kubernetes/credentials.h"

enum {
	ANSWER_MAX_BYTES = 1 << 20,
	FILE_MAX_BYTES = 16 << 20,
	TOKEN_MAX_BYTES = 64 << 10,
	FORM_MAX_BYTES = 256 << 10,
	LOCK_TRIES = 20,
	LOCK_WAIT_MS = 50,
	PLACES_MAX = 16, /* where an old token may stand in a file */
};
#define EARLY_NS (10 * CLOCK_SECOND_NS) /* client-go, plugin/pkg/client/auth/oidc: expiryDelta */

struct oidc {
	struct net *net;
	char *issuer, *client_id, *file, *user, *ca_pem, *ca_path;
	struct secret *client_secret, *id_token, *refresh_token;
	int refused;
};

static struct secret *secret_of(const struct json *config, const char *key)
{
	const char *text = json_text(json_get(config, key));

	return text && *text ? secret_new(text, strlen(text)) : NULL;
}

static int set_trust(struct oidc *self, const struct json *config, struct error *err)
{
	const char *data = json_text(json_get(config, "idp-certificate-authority-data"));
	const char *path = json_text(json_get(config, "idp-certificate-authority"));
	size_t length;

	if (data && *data) {
		self->ca_pem = (char *)base64_parse(data, &length);
		if (!self->ca_pem)
			return error_set(
				err, ERR_INVALID, "idp-certificate-authority-data is not base64");
	} else if (path && *path) {
		self->ca_path = mem_text(path);
	}
	return 0;
}

struct oidc *oidc_new(struct net *net, const struct json *config, const char *file,
	const char *user, struct error *err)
{
	struct oidc *self = mem_zero(1, sizeof(*self));

	self->net = net;
	self->file = mem_text(file);
	self->user = mem_text(user);
	self->issuer = mem_text(json_text(json_get(config, "idp-issuer-url")));
	self->client_id = mem_text(json_text(json_get(config, "client-id")));
	self->client_secret = secret_of(config, "client-secret");
	self->id_token = secret_of(config, "id-token");
	self->refresh_token = secret_of(config, "refresh-token");
	if (set_trust(self, config, err) < 0) {
		oidc_free(self);
		return NULL;
	}
	if (!self->issuer || !self->client_id) {
		error_set(err, ERR_INVALID,
			"the auth-provider oidc needs idp-issuer-url and client-id");
		oidc_free(self);
		return NULL;
	}
	return self;
}

void oidc_free(struct oidc *self)
{
	if (!self)
		return;
	free(self->issuer);
	free(self->client_id);
	free(self->file);
	free(self->user);
	free(self->ca_pem);
	free(self->ca_path);
	secret_free(self->client_secret);
	secret_free(self->id_token);
	secret_free(self->refresh_token);
	free(self);
}

int64_t oidc_expiry(const char *token)
{
	const char *payload = strchr(token, '.');
	const char *end = payload ? strchr(payload + 1, '.') : NULL;
	struct json *claims;
	char *encoded;
	uint8_t *bytes;
	size_t length = 0;
	int64_t seconds;

	if (!end || (size_t)(end - payload) > TOKEN_MAX_BYTES)
		return -1;
	encoded = mem_text_n(payload + 1, (size_t)(end - payload - 1));
	bytes = base64_parse(encoded, &length);
	free(encoded);
	claims = bytes ? json_parse((char *)bytes, length, NULL) : NULL;
	free(bytes);
	seconds = json_int(json_get(claims, "exp"), -1);
	json_free(claims);
	return seconds < 0 || seconds > INT64_MAX / CLOCK_SECOND_NS ? -1
								    : seconds * CLOCK_SECOND_NS;
}

/* ---- the issuer ---- */

/* A JSON answer of 200, or NULL. */
static struct json *ask(
	struct oidc *self, struct net_request *request, int *status, struct error *err)
{
	struct net_tls tls = { .ca_pem = self->ca_pem, .ca_path = self->ca_path };
	struct net_response response = { 0 };
	struct json *answer = NULL;

	request->tls = &tls;
	request->max_bytes = ANSWER_MAX_BYTES;
	request->timeout_ms = 30000;
	*status = 0;
	if (net_fetch(self->net, request, &response, err) < 0) {
		error_wrap(err, "OIDC issuer");
	} else {
		*status = response.status;
		answer = json_parse(response.body, response.body_length, NULL);
		if (!answer)
			error_set(err, ERR_FORMAT, "the OIDC issuer answered %d, and no JSON",
				response.status);
	}
	if (response.body)
		secret_wipe(response.body, response.body_length);
	net_response_release(&response);
	return answer;
}

/* OpenID Connect Discovery 1.0, 4. */
static char *token_endpoint(struct oidc *self, const atomic_int *cancelled, struct error *err)
{
	struct text url;
	struct net_request request = { .cancelled = cancelled };
	struct json *document;
	const char *endpoint;
	char *result = NULL;
	int status;

	text_init(&url, 4096);
	url_join(&url, self->issuer, "/.well-known/openid-configuration");
	request.url = url.data;
	document = ask(self, &request, &status, err);
	text_release(&url);
	endpoint = json_text(json_get(document, "token_endpoint"));
	if (endpoint && status == 200 &&
		(!strncmp(endpoint, "https://", 8) || !strncmp(self->issuer, "http://", 7)))
		result = mem_text(endpoint);
	else if (document)
		error_set(err, ERR_FORMAT,
			"the OIDC issuer names no https token_endpoint (status %d)", status);
	json_free(document);
	return result;
}

static void add_field(struct text *form, const char *name, const char *value)
{
	if (form->length)
		text_add_char(form, '&');
	text_add(form, name);
	text_add_char(form, '=');
	url_encode(form, value);
}

/* RFC 6749, 6. The client's secret stands in the form, or, with in_header, in a Basic header
 * (2.3.1). */
static struct json *post_refresh(struct oidc *self, const char *endpoint, int in_header,
	const atomic_int *cancelled, int *status, struct error *err)
{
	struct net_header headers[2] = {
		{ .name = "Content-Type", .value = "application/x-www-form-urlencoded" },
		{ .name = "Authorization", .value = "Basic " },
	};
	struct net_request request = { .method = "POST",
		.url = endpoint,
		.headers = headers,
		.header_count = in_header ? 2 : 1,
		.harmless = 1,
		.cancelled = cancelled };
	struct secret *basic = NULL;
	struct json *answer;
	struct text form;

	text_init(&form, FORM_MAX_BYTES);
	add_field(&form, "grant_type", "refresh_token");
	add_field(&form, "refresh_token", secret_reveal(self->refresh_token));
	add_field(&form, "client_id", self->client_id);
	if (in_header) {
		char *pair = mem_format("%s:%s", self->client_id,
			self->client_secret ? secret_reveal(self->client_secret) : "");
		char *encoded = base64_format(pair, strlen(pair));

		basic = secret_new(encoded, strlen(encoded));
		secret_wipe(pair, strlen(pair));
		secret_wipe(encoded, strlen(encoded));
		free(pair);
		free(encoded);
		headers[1].secret = basic;
	} else if (self->client_secret) {
		add_field(&form, "client_secret", secret_reveal(self->client_secret));
	}
	request.body = form.data;
	request.body_length = form.length;
	answer = ask(self, &request, status, err);
	secret_wipe(form.data, form.length);
	text_release(&form);
	secret_free(basic);
	return answer;
}

static int refuse_refresh(const struct json *answer, int status, struct error *err)
{
	const char *why = json_text_or(json_get(answer, "error"), "no id_token in the answer");
	char shown[80];

	safe_copy(shown, sizeof(shown), why, strlen(why));
	return error_set(err, status >= 500 ? ERR_UNREACHABLE : ERR_UNAUTHORIZED,
		"the OIDC issuer does not refresh the token (%d %s): log in there again", status,
		shown);
}

static void replace(struct secret **old, const char *text)
{
	secret_free(*old);
	*old = secret_new(text, strlen(text));
}

static int take_tokens(struct oidc *self, const struct json *answer, int status, struct error *err)
{
	const char *id = json_text(json_get(answer, "id_token"));
	const char *again = json_text(json_get(answer, "refresh_token"));
	struct error why = { 0 };

	if (status != 200 || !id || !*id || strlen(id) > TOKEN_MAX_BYTES)
		return refuse_refresh(answer, status, err);
	if (again && (!*again || strlen(again) > TOKEN_MAX_BYTES))
		again = NULL;
	replace(&self->id_token, id);
	if (again)
		replace(&self->refresh_token, again);
	self->refused = 0;
	if (self->file && self->user &&
		oidc_write_back(self->file, self->user, id, again, &why) < 0)
		log_write(LOG_WARN, "kubernetes",
			"refreshed OIDC tokens are not in the kubeconfig: %s", why.text);
	return 0;
}

static int refresh(struct oidc *self, const atomic_int *cancelled, struct error *err)
{
	char *endpoint = token_endpoint(self, cancelled, err);
	struct json *answer;
	int status, result = -1;

	if (!endpoint)
		return -1;
	answer = post_refresh(self, endpoint, 0, cancelled, &status, err);
	if (answer && (status == 400 || status == 401) && self->client_secret &&
		!strcmp(json_text_or(json_get(answer, "error"), ""), "invalid_client")) {
		json_free(answer);
		answer = post_refresh(self, endpoint, 1, cancelled, &status, err);
	}
	if (answer)
		result = take_tokens(self, answer, status, err);
	json_free(answer);
	free(endpoint);
	return result;
}

struct login *oidc_login(struct oidc *self, const atomic_int *cancelled, struct error *err)
{
	int64_t expires = self->id_token ? oidc_expiry(secret_reveal(self->id_token)) : 0;
	struct login *login;

	if (!self->id_token || self->refused ||
		(expires >= 0 && expires - EARLY_NS <= clock_now_ns())) {
		if (!self->refresh_token) {
			error_set(err, ERR_UNAUTHORIZED,
				"the OIDC token has expired and there is no refresh-token: log in "
				"at the issuer again");
			return NULL;
		}
		if (refresh(self, cancelled, err) < 0)
			return NULL;
		expires = oidc_expiry(secret_reveal(self->id_token));
	}
	login = login_new();
	login->bearer = secret_ref(self->id_token);
	login->expires_ns = expires > 0 ? expires - EARLY_NS : 0;
	if (login_check(login, err) < 0) {
		login_unref(login);
		return NULL;
	}
	return login;
}

int oidc_refused(struct oidc *self)
{
	if (!self->refresh_token || self->refused)
		return 0;
	self->refused = 1;
	return 1;
}

/* ---- writing back ---- */

static struct json *config_of(struct json *document, const char *user)
{
	for (struct json *item = json_first(json_get(document, "users")); item;
		item = json_next(item))
		if (!strcmp(json_text_or(json_get(item, "name"), ""), user))
			return json_at(json_get(item, "user"), "auth-provider.config");
	return NULL;
}

/* bytes with the token at one place replaced so that they read as wanted says; NULL: no such place.
 */
static char *replace_text(
	const char *bytes, const char *old, const char *new, const struct json *wanted)
{
	const char *place = bytes;

	if (!old || !*old)
		return NULL;
	for (int i = 0; i < PLACES_MAX && (place = strstr(place, old)); i++, place++) {
		char *changed = mem_format(
			"%.*s%s%s", (int)(place - bytes), bytes, new, place + strlen(old));
		struct json *read = yaml_parse(changed, strlen(changed), NULL);
		int same = json_equal(read, wanted);

		json_free(read);
		if (same)
			return changed;
		secret_wipe(changed, strlen(changed));
		free(changed);
	}
	return NULL;
}

/* One key set in document and in *bytes: where the old value stands as such it alone changes,
 * comments and order stay. */
static void set_token(
	struct json *document, const char *user, const char *key, const char *token, char **bytes)
{
	struct json *config = config_of(document, user);
	char *old = mem_text(json_text(json_get(config, key)));
	char *changed;

	json_set_text(config, key, token);
	changed = replace_text(*bytes, old, token, document);
	if (!changed) {
		struct text text;

		text_init(&text, FILE_MAX_BYTES);
		yaml_format(document, &text);
		changed = text_take(&text);
	}
	secret_wipe(*bytes, strlen(*bytes));
	free(*bytes);
	*bytes = changed;
	if (old)
		secret_wipe(old, strlen(old));
	free(old);
}

static int write_locked(
	const char *file, const char *user, const char *id, const char *again, struct error *err)
{
	struct json *document = NULL;
	struct stat info;
	size_t length;
	char *bytes = file_load(file, FILE_MAX_BYTES, &length, err);
	int result = -1;

	if (!bytes)
		return -1;
	document = yaml_parse(bytes, length, err);
	if (document && !config_of(document, user)) {
		error_set(err, ERR_NOT_FOUND, "%.150s no longer has the OIDC user \"%.60s\"", file,
			user);
	} else if (document && stat(file, &info) == 0) {
		set_token(document, user, "id-token", id, &bytes);
		if (again)
			set_token(document, user, "refresh-token", again, &bytes);
		result = file_save(file, bytes, strlen(bytes), info.st_mode & 0777, err);
	}
	secret_wipe(bytes, strlen(bytes));
	free(bytes);
	json_free(document);
	return result;
}

/* FILE.lock, made exclusively: client-go, clientcmd/config.go lockFile. */
static int take_lock(const char *path, struct error *err)
{
	struct timespec wait = { .tv_nsec = LOCK_WAIT_MS * 1000000L };

	for (int i = 0; i < LOCK_TRIES; i++) {
		int fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);

		if (fd >= 0) {
			close(fd);
			return 0;
		}
		if (errno != EEXIST)
			return error_errno(err, "%s", path);
		nanosleep(&wait, NULL);
	}
	return error_set(err, ERR_CONFLICT, "%.150s is held: if no kubectl runs, remove it", path);
}

int oidc_write_back(const char *file, const char *user, const char *id_token,
	const char *refresh_token, struct error *err)
{
	char *real = realpath(file, NULL); /* a link stays a link */
	char *lock;
	int result;

	if (!real)
		return error_errno(err, "%s", file);
	lock = mem_format("%s.lock", real);
	result = take_lock(lock, err);
	if (result == 0) {
		result = write_locked(real, user, id_token, refresh_token, err);
		unlink(lock);
	}
	free(lock);
	free(real);
	return result;
}
