/* diagnose.h - checks of what the program depends on, side by side, each with its deadline. A check writes rows into its own task; one that does not come back in
 * time is told and left behind. */
#ifndef CLI_DIAGNOSE_H
#define CLI_DIAGNOSE_H

#include <stddef.h>

struct config;
struct diagnosis;
struct net;
struct provider_ops;
struct kinds;
struct registry_list;
struct task;

enum check_state { CHECK_OK, CHECK_WARN, CHECK_FAIL, CHECK_SKIP };

/* What checks look at; all of it outlives them. */
struct surroundings {
	const struct config *config;
	struct net *net;             /* NULL: none could be made */
	struct kinds *kinds;
	const struct provider_ops *const *providers;
	struct registry_list *indices;
	int with_keys, timeout_ms;   /* of each check */
};

struct check_row {
	const char *name;  /* "index https://…" */
	enum check_state state;
	const char *cause; /* in words; of an ok row what was seen */
	const char *fix;   /* "" where there is nothing to do */
	int ms;
};

struct diagnosis *diagnosis_new(const struct surroundings *surroundings);
/* Adds a check; argument is copied. */
void diagnosis_add(struct diagnosis *diagnosis, const char *name, const char *argument, size_t number, void (*run)(struct task *task));
void diagnosis_run(struct diagnosis *diagnosis); /* returns after timeout_ms and a second at most */
size_t diagnosis_count(const struct diagnosis *diagnosis);
const struct check_row *diagnosis_at(const struct diagnosis *diagnosis, size_t i); /* in order of diagnosis_add */
int diagnosis_left_behind(const struct diagnosis *diagnosis); /* checks still run: their memory and all they look at must stay */
void diagnosis_free(struct diagnosis *diagnosis); /* only where none was left behind */

/* --- for a check, on its own thread --- */
const struct surroundings *task_surroundings(const struct task *task);
const char *task_name(const struct task *task);
const char *task_argument(const struct task *task);
size_t task_number(const struct task *task);
/* A row; name NULL: the check's own. Texts are copied and made harmless. */
void task_tell(struct task *task, const char *name, enum check_state state, const char *fix, const char *format, ...) __attribute__((format(printf, 5, 6)));

/* --- the checks: each adds what there is to check --- */
void diagnose_local(struct diagnosis *diagnosis, const struct surroundings *surroundings);   /* configuration, folders, terminal, database, audit log */
void diagnose_network(struct diagnosis *diagnosis, const struct surroundings *surroundings); /* proxy, names, indices, TLS, clock */
void diagnose_access(struct diagnosis *diagnosis, const struct surroundings *surroundings);  /* providers, model endpoints */

/* "https://host:8443/x" to host and port. 0, or -1: no http or https address. */
int address_parts(const char *url, char *host, size_t size, int *port, int *is_tls);
/* The proxy variables hold for the address; NULL: none does. Valid as long as the environment. */
const char *proxy_for(const char *url);

#endif
