/* account.h - one context as the provider uses it: its connection and what was learnt about it. Inside this folder. */
#ifndef PROVIDER_KUBERNETES_ACCOUNT_H
#define PROVIDER_KUBERNETES_ACCOUNT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

#include "net/net.h"

struct cluster;
struct config;
struct discovery;
struct error;
struct json;
struct kubeconfig;
struct kinds;
struct provider;
struct rights;
struct selection;

struct account {
	const char *name;            /* context */
	const char *namespace_;      /* used where none is named */
	struct cluster *cluster;
	pthread_mutex_t lock;        /* of what follows */
	struct discovery *discovery; /* NULL until asked for */
	struct rights *rights;
	char state[16], why[256];    /* as struct provider_account's */
};

struct provider {
	struct kinds *kinds;
	struct net *net;
	struct kubeconfig *kubeconfig;
	pthread_mutex_t lock;        /* of the current context and of making accounts */
	char current[128];
	char start[128], start_namespace[254]; /* kubernetes.namespace, and the context it is said of; "": none */
	struct account **accounts;   /* one a context; NULL until used */
	size_t account_count;
};

#define ACCEPT_TABLE "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
#define ACCEPT_JSON "application/json"

/* NULL or "": the current context. No network. Lives as long as the provider. */
struct account *account_find(struct provider *provider, const char *name, struct error *err);
/* kubernetes.namespace when this context is the one it is said of; else NULL. */
const char *account_start_namespace(const struct provider *provider, const char *name);
const char *account_namespace(const struct account *account);
/* Remembers for the status line how the last request went; err NULL or ERR_NONE: fine. */
void account_note(struct account *account, const struct error *err);

struct call {
	const char *method;     /* NULL: GET */
	const char *path;       /* with query */
	const char *accept;     /* NULL: JSON */
	const char *type;       /* Content-Type of body */
	const char *body;
	size_t body_length;
	size_t max_bytes;
	int harmless;
	const atomic_int *cancelled;
	int (*on_data)(void *arg, const char *bytes, size_t length); /* a watch: no deadline, stalls at `stall_ms` */
	void *arg;
	int stall_ms, timeout_ms; /* 0: net's own */
};
/* Fills request and headers (room for 3) in. Both point into *call. */
void call_request(const struct account *account, const struct call *call,
	struct net_request *request, struct net_header *headers);
/* cluster_fetch, and account_note. Release response in any case. */
int call_fetch(struct account *account, const struct call *call, struct net_response *response, struct error *err);
/* The answer parsed. */
struct json *call_json(struct account *account, const struct call *call, struct error *err);
/* The server's warnings in one line, and its Audit-Id; "" where there are none. */
void call_headers(const struct net_response *response, char *warnings, size_t warnings_size,
	char *audit_id, size_t audit_id_size);

/* Sleeps in short steps; -1 when cancelled meanwhile. */
int pause_ms(const atomic_int *cancelled, int duration_ms);

#endif
