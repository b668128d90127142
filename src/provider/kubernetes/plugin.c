#include "provider/kubernetes/plugin.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/process.h"
#include "base/safe.h"
#include "base/secret.h"
#include "base/text.h"

enum {
	TIMEOUT_MS = 60000,
	OUTPUT_MAX_BYTES = 1 << 20,
	ARGUMENTS_MAX = 256,
	TOKEN_MAX_BYTES = 64 << 10,
	PEM_MAX_BYTES = 256 << 10,
	SHOWN_MAX = 120, /* bytes of what it said on stderr */
};
#define API "client.authentication.k8s.io/"
#define LIFE_MIN_NS                                                                                \
	(5 * CLOCK_SECOND_NS) /* an expiry in the past does not start it for every request */

static struct {
	pthread_mutex_t lock;
	credentials_terminal_fn run;
	void *arg;
} terminal = { .lock = PTHREAD_MUTEX_INITIALIZER };

void plugin_set_terminal(credentials_terminal_fn run, void *arg)
{
	pthread_mutex_lock(&terminal.lock);
	terminal.run = run;
	terminal.arg = arg;
	pthread_mutex_unlock(&terminal.lock);
}

const char *plugin_command(const struct plugin *plugin)
{
	return json_text_or(json_get(plugin->exec, "command"), "");
}

static const char *version(const struct plugin *plugin)
{
	return json_text_or(json_get(plugin->exec, "apiVersion"), "");
}

/* Required in v1, IfAvailable when absent in v1beta1. NULL: not allowed. */
static const char *mode(const struct plugin *plugin)
{
	static const char *const modes[] = { "Never", "IfAvailable", "Always" };
	const char *given = json_text(json_get(plugin->exec, "interactiveMode"));

	if (!given || !*given)
		return strcmp(version(plugin), API "v1beta1") ? NULL : "IfAvailable";
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (!strcmp(given, modes[i]))
			return modes[i];
	return NULL;
}

int plugin_check(const struct plugin *plugin, struct error *err)
{
	const char *command = plugin_command(plugin);

	if (!*command)
		return error_set(err, ERR_INVALID, "the exec entry of the user names no command");
	if (strcmp(version(plugin), API "v1") && strcmp(version(plugin), API "v1beta1"))
		return error_set(err, ERR_INVALID,
			"exec plug-in %.60s: apiVersion must be " API
			"v1 or v1beta1: update the plug-in",
			command);
	if (!mode(plugin))
		return error_set(err, ERR_INVALID,
			"exec plug-in %.60s: interactiveMode must be Never, IfAvailable or Always",
			command);
	if (json_count(json_get(plugin->exec, "args")) > ARGUMENTS_MAX ||
		json_count(json_get(plugin->exec, "env")) > ARGUMENTS_MAX)
		return error_set(err, ERR_LIMIT, "exec plug-in %.60s: more than %d arguments",
			command, ARGUMENTS_MAX);
	return 0;
}

/* NULL-terminated, all owned. */
static char **arguments(const struct plugin *plugin)
{
	const struct json *list = json_get(plugin->exec, "args");
	const char *command = plugin_command(plugin);
	char **argv = mem_zero(json_count(list) + 2, sizeof(*argv));
	size_t n = 0;

	argv[n++] = strchr(command, '/') && *command != '/' && plugin->folder
			    ? mem_format("%s/%s", plugin->folder, command)
			    : mem_text(command);
	for (const struct json *item = json_first(list); item; item = json_next(item))
		argv[n++] = json_text(item) ? mem_text(json_text(item)) : json_format(item);
	return argv;
}

static char *exec_info(const struct plugin *plugin, int interactive)
{
	struct json *spec = json_set(json_object(), "interactive", json_boolean(interactive));
	struct json *info = json_set_text(json_object(), "apiVersion", version(plugin));
	char *text, *line;

	if (plugin->cluster && json_bool(json_get(plugin->exec, "provideClusterInfo"), 0))
		json_set(spec, "cluster", json_copy(plugin->cluster));
	json_set_text(info, "kind", "ExecCredential");
	json_set(info, "spec", spec);
	text = json_format(info);
	line = mem_format("KUBERNETES_EXEC_INFO=%s", text);
	free(text);
	json_free(info);
	return line;
}

static char **environment(const struct plugin *plugin, int interactive)
{
	const struct json *list = json_get(plugin->exec, "env");
	char **env = mem_zero(json_count(list) + 2, sizeof(*env));
	size_t n = 0;

	for (const struct json *item = json_first(list); item; item = json_next(item)) {
		const char *name = json_text(json_get(item, "name"));

		if (name && *name && !strchr(name, '='))
			env[n++] = mem_format(
				"%s=%s", name, json_text_or(json_get(item, "value"), ""));
	}
	env[n] = exec_info(plugin, interactive);
	return env;
}

static void free_texts(char **texts)
{
	for (size_t i = 0; texts[i]; i++) {
		secret_wipe(texts[i], strlen(texts[i]));
		free(texts[i]);
	}
	free(texts);
}

/* The last line a program said, harmless and without secrets. */
static void last_words(const char *bytes, char out[SHOWN_MAX])
{
	struct text plain;
	size_t end = strlen(bytes), start;

	while (end > 0 && strchr(" \t\r\n", bytes[end - 1]))
		end--;
	for (start = end; start > 0 && bytes[start - 1] != '\n';)
		start--;
	text_init(&plain, 4096);
	secret_redact(&plain, bytes + start, end - start);
	safe_copy(out, SHOWN_MAX, plain.data, plain.length);
	text_release(&plain);
}

static int refuse_missing(const struct plugin *plugin, struct error *err)
{
	const char *hint = json_text_or(json_get(plugin->exec, "installHint"), "");
	char shown[SHOWN_MAX];

	safe_copy(shown, sizeof(shown), hint, strcspn(hint, "\r\n"));
	return error_set(err, ERR_UNAUTHORIZED, "the exec plug-in %.60s is not installed: %s",
		plugin_command(plugin),
		*shown ? shown : "install it, or put its full path into the kubeconfig");
}

/* Output of the plug-in, or NULL. */
static char *run_quietly(const struct plugin *plugin, char **argv, char **env,
	const atomic_int *cancelled, size_t *length, struct error *err)
{
	struct process_request request = {
		.argv = (const char *const *)argv,
		.env = (const char *const *)env,
		.output_max_bytes = OUTPUT_MAX_BYTES,
		.timeout_ms = TIMEOUT_MS,
		.cancelled = cancelled,
	};
	struct process_result result = { 0 };
	struct error why = { 0 };
	char said[SHOWN_MAX] = "";
	char *output = NULL;

	if (process_run(&request, &result, &why) < 0) {
		if (why.code == ERR_NOT_FOUND)
			refuse_missing(plugin, err);
		else
			error_set(err, why.code, "exec plug-in %.60s: %.150s", argv[0], why.text);
	} else if (result.status != 0) {
		last_words(result.errors ? result.errors : "", said);
		error_set(err, ERR_UNAUTHORIZED,
			"exec plug-in %.50s failed (exit %d)%s%s: log in with it, then retry",
			argv[0], result.status, *said ? ": " : "", said);
	} else if (result.cut) {
		error_set(err, ERR_LIMIT, "exec plug-in %.60s printed more than 1 MiB", argv[0]);
	} else {
		output = mem_text_n(result.output, result.output_length);
		*length = result.output_length;
	}
	if (result.output)
		secret_wipe(result.output, result.output_length);
	process_release(&result);
	return output;
}

static char *run_on_terminal(
	const struct plugin *plugin, char **argv, char **env, size_t *length, struct error *err)
{
	credentials_terminal_fn run;
	struct text output;
	void *arg;

	pthread_mutex_lock(&terminal.lock);
	run = terminal.run;
	arg = terminal.arg;
	pthread_mutex_unlock(&terminal.lock);
	if (!run) {
		error_set(err, ERR_UNAUTHORIZED,
			"exec plug-in %.60s asks on a terminal: log in with it in a shell first, "
			"then retry",
			plugin_command(plugin));
		return NULL;
	}
	text_init(&output, OUTPUT_MAX_BYTES);
	if (run(arg, (const char *const *)argv, (const char *const *)env, &output, err) < 0) {
		text_release(&output);
		return NULL;
	}
	*length = output.length;
	return text_take(&output);
}

struct login *plugin_run(
	const struct plugin *plugin, const atomic_int *cancelled, struct error *err)
{
	int interactive, asks;
	struct login *login = NULL;
	char **argv, **env, *output;
	size_t length = 0;

	if (plugin_check(plugin, err) < 0)
		return NULL;
	asks = !strcmp(mode(plugin), "Always");
	interactive = asks;
	argv = arguments(plugin);
	env = environment(plugin, interactive);
	output = asks ? run_on_terminal(plugin, argv, env, &length, err)
		      : run_quietly(plugin, argv, env, cancelled, &length, err);
	if (output) {
		login = plugin_parse(plugin, output, length, err);
		secret_wipe(output, length);
		free(output);
	}
	free_texts(argv);
	free_texts(env);
	return login;
}

static struct secret *take_secret(const struct json *value, size_t max)
{
	const char *text = json_text(value);
	size_t length = text ? strlen(text) : 0;

	return length && length <= max ? secret_new(text, length) : NULL;
}

static int read_status(
	struct login *login, const struct json *status, const char *command, struct error *err)
{
	const char *cert = json_text(json_get(status, "clientCertificateData"));
	const char *expires = json_text(json_get(status, "expirationTimestamp"));

	login->bearer = take_secret(json_get(status, "token"), TOKEN_MAX_BYTES);
	login->key_pem = take_secret(json_get(status, "clientKeyData"), PEM_MAX_BYTES);
	if (cert && *cert && strlen(cert) <= PEM_MAX_BYTES)
		login->cert_pem = mem_text(cert);
	if (!login->cert_pem != !login->key_pem)
		return error_set(err, ERR_FORMAT,
			"exec plug-in %.60s gave a certificate without its key, or a key alone",
			command);
	if (!login->bearer && !login->cert_pem)
		return error_set(err, ERR_FORMAT,
			"exec plug-in %.60s gave neither token nor certificate", command);
	if (expires) {
		int64_t soonest = clock_now_ns() + LIFE_MIN_NS;

		if (clock_parse(expires, &login->expires_ns) < 0)
			return error_set(err, ERR_FORMAT,
				"exec plug-in %.60s gave an expirationTimestamp that is not a time",
				command);
		if (login->expires_ns < soonest)
			login->expires_ns = soonest;
	}
	return login_check(login, err) < 0 ? error_wrap(err, "exec plug-in %.60s", command) : 0;
}

static void wipe(struct json *json)
{
	static const char *const keys[] = { "token", "clientKeyData" };

	for (size_t i = 0; i < 2; i++) {
		const char *text = json_text(json_get(json_get(json, "status"), keys[i]));

		if (text)
			secret_wipe((void *)(uintptr_t)text, strlen(text));
	}
	json_free(json);
}

struct login *plugin_parse(
	const struct plugin *plugin, const char *bytes, size_t length, struct error *err)
{
	const char *command = plugin_command(plugin);
	struct json *json = json_parse(bytes, length, NULL); /* its error might quote the token */
	struct login *login = NULL;

	if (!json)
		error_set(err, ERR_FORMAT,
			"exec plug-in %.60s printed no ExecCredential (not JSON)", command);
	else if (strcmp(json_text_or(json_get(json, "kind"), ""), "ExecCredential") != 0)
		error_set(err, ERR_FORMAT, "exec plug-in %.60s printed no ExecCredential", command);
	else if (strcmp(json_text_or(json_get(json, "apiVersion"), ""), version(plugin)) != 0)
		error_set(err, ERR_FORMAT,
			"exec plug-in %.60s answered in another apiVersion than the kubeconfig's "
			"%.40s",
			command, version(plugin));
	else
		login = login_new();
	if (login && read_status(login, json_get(json, "status"), command, err) < 0) {
		login_unref(login);
		login = NULL;
	}
	wipe(json);
	return login;
}
