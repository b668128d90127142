#include "provider/kubernetes/credentials.h"

#include <errno.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/text.h"
#include "provider/kubernetes/kubeconfig.h"
#include "provider/kubernetes/oidc.h"
#include "provider/kubernetes/plugin.h"

enum { FILE_MAX_BYTES = 256 << 10, WAIT_MS = 100 };
#define RELOAD_NS (60 * CLOCK_SECOND_NS) /* as client-go, transport/token_source.go: files rotate  \
					  */

struct credentials;

/* A way to log in; the first row that applies is taken. */
struct method {
	int (*applies)(const struct credentials *self);
	struct login *(*obtain)(
		struct credentials *self, const atomic_int *cancelled, struct error *err);
	/* 1: obtaining anew may give another login */
	int (*refused)(struct credentials *self);
	void (*advise)(const struct credentials *self, struct text *out);
};

struct credentials {
	const struct method *method;
	char *user;
	char *cert_pem, *cert_path, *key_path, *token_path; /* NULL: not set */
	struct secret *key_pem, *token, *basic;
	struct json *exec, *cluster_info;
	char *exec_folder;
	struct oidc *oidc;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int busy; /* somebody obtains */
	struct login *current;
};

struct login *login_new(void)
{
	struct login *login = mem_zero(1, sizeof(*login));

	atomic_init(&login->references, 1);
	return login;
}

void login_unref(struct login *login)
{
	if (!login || atomic_fetch_sub(&login->references, 1) != 1)
		return;
	free(login->cert_pem);
	secret_free(login->key_pem);
	secret_free(login->bearer);
	secret_free(login->basic);
	free(login);
}

static struct login *login_ref(struct login *login)
{
	atomic_fetch_add(&login->references, 1);
	return login;
}

static int same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static int same_secret(const struct secret *a, const struct secret *b)
{
	return same_text(a ? secret_reveal(a) : NULL, b ? secret_reveal(b) : NULL);
}

int login_equal(const struct login *a, const struct login *b)
{
	return same_text(a->cert_pem, b->cert_pem) && same_secret(a->key_pem, b->key_pem) &&
	       same_secret(a->bearer, b->bearer) && same_secret(a->basic, b->basic);
}

int login_check(const struct login *login, struct error *err)
{
	const char *token = login->bearer ? secret_reveal(login->bearer) : "";

	for (size_t i = 0; token[i]; i++)
		if ((unsigned char)token[i] <= ' ' || (unsigned char)token[i] >= 0x7f)
			return error_set(err, ERR_INVALID,
				"the token holds characters that no token has (spaces, line ends)");
	return 0;
}

/* ---- certificates, tokens and passwords from the kubeconfig or from files ---- */

static struct secret *load_secret(const char *path, int trim, struct error *err)
{
	struct error why = { 0 };
	size_t length = 0;
	char *bytes = file_load(path, FILE_MAX_BYTES, &length, &why);
	struct secret *secret;

	if (!bytes) {
		error_set(err, ERR_UNAUTHORIZED, "credentials cannot be read: %.200s", why.text);
		return NULL;
	}
	if (trim)
		while (length > 0 && strchr(" \t\r\n", bytes[length - 1]))
			length--;
	secret = secret_new(bytes, length);
	secret_wipe(bytes, length);
	free(bytes);
	return secret;
}

static int load_certificate(const struct credentials *self, struct login *login, struct error *err)
{
	struct secret *pem;

	if (self->cert_pem) {
		login->cert_pem = mem_text(self->cert_pem);
	} else if (self->cert_path) {
		pem = load_secret(self->cert_path, 0, err);
		if (!pem)
			return -1;
		login->cert_pem = mem_text(secret_reveal(pem));
		secret_free(pem);
	}
	if (self->key_pem)
		login->key_pem = secret_ref(self->key_pem);
	else if (self->key_path)
		login->key_pem = load_secret(self->key_path, 0, err);
	return self->key_path && !login->key_pem ? -1 : 0;
}

static int load_token(const struct credentials *self, struct login *login, struct error *err)
{
	if (self->token_path) { /* wins over token, as in client-go */
		login->bearer = load_secret(self->token_path, 1, err);
		if (!login->bearer)
			return -1;
		if (!secret_length(login->bearer))
			return error_set(err, ERR_UNAUTHORIZED, "the token file %.150s is empty",
				self->token_path);
	} else if (self->token) {
		login->bearer = secret_ref(self->token);
	}
	return login_check(login, err);
}

static int from_files(const struct credentials *self)
{
	return self->cert_path || self->key_path || self->token_path;
}

static struct login *obtain_fixed(
	struct credentials *self, const atomic_int *cancelled, struct error *err)
{
	struct login *login = login_new();

	(void)cancelled;
	if (load_certificate(self, login, err) < 0 || load_token(self, login, err) < 0) {
		login_unref(login);
		return NULL;
	}
	if (self->basic)
		login->basic = secret_ref(self->basic);
	if (from_files(self))
		login->expires_ns = clock_now_ns() + RELOAD_NS;
	return login;
}

/* Files may have rotated; what they hold now decides. */
static int refused_fixed(struct credentials *self)
{
	struct login *now;
	int differs;

	if (!from_files(self))
		return 0;
	now = obtain_fixed(self, NULL, NULL);
	differs = now && !(self->current && login_equal(now, self->current));
	login_unref(now);
	return differs;
}

/* "2026-01-31", when the certificate is past its end. */
static int certificate_ended(const char *pem, char out[16])
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	X509 *certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	struct tm end;
	int ended = certificate && X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0 &&
		    ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &end) &&
		    strftime(out, 16, "%Y-%m-%d", &end);

	X509_free(certificate);
	BIO_free(bio);
	return ended;
}

static void advise_certificate(const struct credentials *self, struct text *out)
{
	char ended[16];

	if (self->current && self->current->cert_pem &&
		certificate_ended(self->current->cert_pem, ended))
		text_format(out,
			"the client certificate of user \"%.60s\" ended on %s: get a new one",
			self->user, ended);
	else
		text_format(out,
			"the client certificate of user \"%.60s\" is not accepted: get a new one",
			self->user);
}

static void advise_fixed(const struct credentials *self, struct text *out)
{
	if (self->token_path)
		text_format(out, "the token in %.120s is not accepted: renew it", self->token_path);
	else if (self->token)
		text_format(out,
			"the token of user \"%.60s\" is not accepted: put a new one into the "
			"kubeconfig",
			self->user);
	else if (self->basic)
		text_format(
			out, "user name or password of user \"%.60s\" is not accepted", self->user);
	else if (self->cert_pem || self->cert_path)
		advise_certificate(self, out);
	else
		text_format(out, "the context has no credentials: give its user a token, a "
				 "certificate or an exec plug-in");
}

static int always(const struct credentials *self)
{
	(void)self;
	return 1;
}

/* ---- exec plug-ins ---- */

static int has_exec(const struct credentials *self)
{
	return self->exec && !self->token && !self->token_path && !self->basic;
}

static struct plugin plugin_of(const struct credentials *self)
{
	return (struct plugin){
		.exec = self->exec, .folder = self->exec_folder, .cluster = self->cluster_info
	};
}

static struct login *obtain_exec(
	struct credentials *self, const atomic_int *cancelled, struct error *err)
{
	struct plugin plugin = plugin_of(self);
	struct login *login = plugin_run(&plugin, cancelled, err);

	if (login && !login->cert_pem && load_certificate(self, login, err) < 0) {
		login_unref(login);
		return NULL;
	}
	return login;
}

static int refused_exec(struct credentials *self)
{
	(void)self;
	return 1;
}

static void advise_exec(const struct credentials *self, struct text *out)
{
	struct plugin plugin = plugin_of(self);

	text_format(out, "what the exec plug-in %.80s gives is not accepted: log in with it again",
		plugin_command(&plugin));
}

/* ---- OIDC ---- */

static int has_oidc(const struct credentials *self)
{
	return self->oidc && !self->token && !self->token_path && !self->basic;
}

static struct login *obtain_oidc(
	struct credentials *self, const atomic_int *cancelled, struct error *err)
{
	return oidc_login(self->oidc, cancelled, err);
}

static int refused_oidc(struct credentials *self)
{
	return oidc_refused(self->oidc);
}

static void advise_oidc(const struct credentials *self, struct text *out)
{
	text_format(out,
		"the OIDC token of user \"%.60s\" is not accepted: log in at the issuer again",
		self->user);
}

static const struct method methods[] = {
	{ has_exec, obtain_exec, refused_exec, advise_exec },
	{ has_oidc, obtain_oidc, refused_oidc, advise_oidc },
	{ always, obtain_fixed, refused_fixed, advise_fixed },
};

/* ---- making and freeing ---- */

static int check_context(const struct kubeconfig_context *context, struct error *err)
{
	int token = context->token || context->token_path;
	int certificate = context->cert_data || context->cert_path;
	int key = context->key_data || context->key_path;
	const char *user = context->user ? context->user : "";

	if (token && (context->username || context->password))
		return error_set(err, ERR_INVALID,
			"user \"%.60s\" has a token and a password: remove one", user);
	if (certificate != key)
		return error_set(err, ERR_INVALID, "user \"%.60s\" has %s", user,
			certificate ? "a client certificate without its client-key"
				    : "a client-key without its client-certificate");
	if (context->exec && context->auth_provider)
		return error_set(err, ERR_INVALID,
			"user \"%.60s\" has exec and auth-provider: remove one", user);
	return 0;
}

/* auth-provider rows that are gone name what took their place (client-go, plugin/pkg/client/auth).
 */
static int check_provider(const struct kubeconfig_context *context, struct error *err)
{
	static const struct {
		const char *name, *plugin;
	} gone[] = { { "gcp", "gke-gcloud-auth-plugin" }, { "azure", "kubelogin" } };
	const char *name = json_text_or(json_get(context->auth_provider, "name"), "");

	if (!context->auth_provider || !strcmp(name, "oidc"))
		return 0;
	for (size_t i = 0; i < sizeof(gone) / sizeof(gone[0]); i++)
		if (!strcmp(name, gone[i].name))
			return error_set(err, ERR_INVALID,
				"the auth-provider %s no longer exists: use the exec plug-in %s in "
				"the kubeconfig",
				name, gone[i].plugin);
	return error_set(err, ERR_INVALID,
		"the auth-provider \"%.60s\" is not known: use an exec plug-in in the kubeconfig",
		name);
}

/* Decoded PEM, or NULL with *err; *length without the final NUL. */
static char *decode(
	const char *data, const char *key, const char *user, size_t *length, struct error *err)
{
	char *bytes = (char *)base64_parse(data, length);

	if (bytes && *length <= FILE_MAX_BYTES && !memchr(bytes, '\0', *length))
		return bytes;
	free(bytes);
	error_set(err, ERR_INVALID, "%s of \"%.60s\" is not base64 of a PEM text", key, user);
	return NULL;
}

static int copy_certificate(
	struct credentials *self, const struct kubeconfig_context *context, struct error *err)
{
	size_t length;
	char *key;

	if (context->cert_data) {
		self->cert_pem = decode(
			context->cert_data, "client-certificate-data", self->user, &length, err);
		if (!self->cert_pem)
			return -1;
	} else {
		self->cert_path = mem_text(context->cert_path);
	}
	if (!context->key_data) {
		self->key_path = mem_text(context->key_path);
		return 0;
	}
	key = decode(context->key_data, "client-key-data", self->user, &length, err);
	if (!key)
		return -1;
	self->key_pem = secret_new(key, length);
	secret_wipe(key, length);
	free(key);
	return 0;
}

static void copy_password(struct credentials *self, const struct kubeconfig_context *context)
{
	char *pair, *encoded;

	if (!context->username && !context->password)
		return;
	pair = mem_format("%s:%s", context->username ? context->username : "",
		context->password ? context->password : "");
	encoded = base64_format(pair, strlen(pair));
	self->basic = secret_new(encoded, strlen(encoded));
	secret_wipe(pair, strlen(pair));
	secret_wipe(encoded, strlen(encoded));
	free(pair);
	free(encoded);
}

/* spec.cluster of KUBERNETES_EXEC_INFO. */
static struct json *cluster_info(const struct kubeconfig_context *context)
{
	struct json *info = json_set_text(json_object(), "server", context->server);
	size_t length = 0;
	char *pem, *data;

	if (context->tls_server_name)
		json_set_text(info, "tls-server-name", context->tls_server_name);
	if (context->insecure)
		json_set(info, "insecure-skip-tls-verify", json_boolean(1));
	if (context->ca_data) {
		json_set_text(info, "certificate-authority-data", context->ca_data);
	} else if (context->ca_path &&
		   (pem = file_load(context->ca_path, FILE_MAX_BYTES, &length, NULL))) {
		data = base64_format(pem, length);
		json_set_text(info, "certificate-authority-data", data);
		free(data);
		free(pem);
	}
	if (context->proxy_url)
		json_set_text(info, "proxy-url", context->proxy_url);
	if (context->disable_compression)
		json_set(info, "disable-compression", json_boolean(1));
	if (context->exec_extension)
		json_set(info, "config", json_copy(context->exec_extension));
	return info;
}

static int copy_ways(struct credentials *self, struct net *net,
	const struct kubeconfig_context *context, struct error *err)
{
	struct plugin plugin;

	if (context->exec) {
		self->exec = json_copy(context->exec);
		self->exec_folder = mem_text(context->exec_folder);
		self->cluster_info = cluster_info(context);
		plugin = plugin_of(self);
		if (plugin_check(&plugin, err) < 0)
			return -1;
	}
	if (context->auth_provider) {
		self->oidc = oidc_new(net, json_get(context->auth_provider, "config"),
			context->auth_file, context->user, err);
		if (!self->oidc)
			return -1;
	}
	return 0;
}

static void init_waiting(struct credentials *self)
{
	pthread_condattr_t attributes;

	pthread_mutex_init(&self->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&self->changed, &attributes);
	pthread_condattr_destroy(&attributes);
}

struct credentials *credentials_new(
	struct net *net, const struct kubeconfig_context *context, struct error *err)
{
	struct credentials *self;

	if (check_context(context, err) < 0 || check_provider(context, err) < 0)
		return NULL;
	self = mem_zero(1, sizeof(*self));
	init_waiting(self);
	self->user = mem_text(context->user ? context->user : "");
	self->token_path = mem_text(context->token_path);
	if (context->token)
		self->token = secret_new(context->token, strlen(context->token));
	copy_password(self, context);
	if (copy_certificate(self, context, err) < 0 || copy_ways(self, net, context, err) < 0) {
		credentials_free(self);
		return NULL;
	}
	self->method = methods;
	while (!self->method->applies(self))
		self->method++;
	return self;
}

void credentials_free(struct credentials *self)
{
	if (!self)
		return;
	login_unref(self->current);
	free(self->user);
	free(self->cert_pem);
	free(self->cert_path);
	free(self->key_path);
	free(self->token_path);
	free(self->exec_folder);
	secret_free(self->key_pem);
	secret_free(self->token);
	secret_free(self->basic);
	json_free(self->exec);
	json_free(self->cluster_info);
	oidc_free(self->oidc);
	pthread_cond_destroy(&self->changed);
	pthread_mutex_destroy(&self->lock);
	free(self);
}

/* ---- keeping ---- */

/* Waits a little for whoever obtains; -1 when cancelled. Called with the lock held. */
static int wait_turn(struct credentials *self, const atomic_int *cancelled, struct error *err)
{
	while (self->busy) {
		struct timespec until;

		if (cancelled && atomic_load(cancelled))
			return error_set(err, ERR_CANCELLED, "cancelled while logging in");
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_nsec += WAIT_MS * 1000000L;
		until.tv_sec += until.tv_nsec / 1000000000L;
		until.tv_nsec %= 1000000000L;
		pthread_cond_timedwait(&self->changed, &self->lock, &until);
	}
	return 0;
}

static int is_fresh(const struct login *login)
{
	return login && (!login->expires_ns || login->expires_ns > clock_now_ns());
}

/* Without the lock: a plug-in may take a minute. Files that cannot be read for a moment leave the
 * old login in place. */
static void renew(struct credentials *self, const atomic_int *cancelled, struct error *err)
{
	struct login *login, *old;

	self->busy = 1;
	pthread_mutex_unlock(&self->lock);
	login = self->method->obtain(self, cancelled, err);
	pthread_mutex_lock(&self->lock);
	self->busy = 0;
	old = self->current;
	if (login) {
		self->current = login;
		login_unref(old);
	} else if (old && self->method->obtain == obtain_fixed) {
		old->expires_ns = clock_now_ns() + RELOAD_NS;
	}
	pthread_cond_broadcast(&self->changed);
}

struct login *credentials_get(
	struct credentials *self, const atomic_int *cancelled, struct error *err)
{
	struct error why = { 0 };
	struct login *login = NULL;

	pthread_mutex_lock(&self->lock);
	if (wait_turn(self, cancelled, &why) == 0 && !is_fresh(self->current))
		renew(self, cancelled, &why);
	if (is_fresh(self->current) && why.code != ERR_CANCELLED)
		login = login_ref(self->current);
	pthread_mutex_unlock(&self->lock);
	if (!login && err)
		*err = why;
	return login;
}

int credentials_refused(struct credentials *self, const struct login *login)
{
	int again;

	pthread_mutex_lock(&self->lock);
	if (wait_turn(self, NULL, NULL) < 0 || !self->current ||
		(login && login != self->current)) {
		again = 1; /* another thread has seen to it */
	} else {
		again = self->method->refused(self);
		if (again) {
			login_unref(self->current);
			self->current = NULL;
		}
	}
	pthread_mutex_unlock(&self->lock);
	return again;
}

void credentials_advise(struct credentials *self, struct text *out)
{
	pthread_mutex_lock(&self->lock);
	self->method->advise(self, out);
	pthread_mutex_unlock(&self->lock);
}

void credentials_set_terminal_hook(credentials_terminal_fn run, void *arg)
{
	plugin_set_terminal(run, arg);
}
