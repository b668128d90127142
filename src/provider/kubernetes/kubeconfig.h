/* kubeconfig.h - kubeconfig files merged as client-go does (research: first file that names an entry wins whole). Pure: no network, no programs run. */
#ifndef PROVIDER_KUBERNETES_KUBECONFIG_H
#define PROVIDER_KUBERNETES_KUBECONFIG_H

#include <stddef.h>

struct error;
struct json;
struct kubeconfig;

/* paths: colon list as $KUBECONFIG, NULL: the environment, else ~/.kube/config. ERR_NOT_FOUND when no file exists. */
struct kubeconfig *kubeconfig_load(const char *paths, struct error *err);
/* Service account of a pod (KUBERNETES_SERVICE_HOST), one context "in-cluster". ERR_NOT_FOUND outside. */
struct kubeconfig *kubeconfig_in_cluster(struct error *err);
struct kubeconfig *kubeconfig_in_cluster_at(const char *folder, struct error *err); /* the same with token, ca.crt, namespace in folder */
struct kubeconfig *kubeconfig_parse(const char *bytes, size_t length, const char *folder, struct error *err); /* one text: for fuzzing */
void kubeconfig_free(struct kubeconfig *kubeconfig);

const char *kubeconfig_current(const struct kubeconfig *kubeconfig); /* NULL: none set */
size_t kubeconfig_contexts(const struct kubeconfig *kubeconfig);
/* In order of name. */
const char *kubeconfig_context_at(const struct kubeconfig *kubeconfig, size_t i);

/* One context resolved; NULL fields are not set. Paths are absolute (relative ones were against their file's folder). Valid until kubeconfig_free. */
struct kubeconfig_context {
	const char *name, *cluster, *user, *namespace_;
	const char *server, *tls_server_name, *ca_path, *ca_data /* base64 */, *proxy_url;
	int insecure, disable_compression;
	const char *cert_path, *cert_data, *key_path, *key_data; /* data: base64 */
	const char *token, *token_path, *username, *password;
	const char *as, *as_uid;
	const struct json *as_groups, *as_extra; /* array; object of arrays */
	const struct json *exec;          /* as in the file */
	const char *exec_folder;          /* for a command with a slash */
	const struct json *auth_provider;
	const char *auth_file;            /* file to write refreshed OIDC tokens back to */
	const struct json *exec_extension;/* cluster extension named client.authentication.k8s.io/exec */
};
/* name NULL: the current one. ERR_NOT_FOUND: no such context; ERR_INVALID: it names what is not there, or a field is not text. */
int kubeconfig_context(const struct kubeconfig *kubeconfig, const char *name, struct kubeconfig_context *out, struct error *err);

#endif
