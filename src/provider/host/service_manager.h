/* service_manager.h - services as systemd or SysV scripts know them. Every program is run by argv with a deadline. */
#ifndef PROVIDER_HOST_SERVICE_MANAGER_H
#define PROVIDER_HOST_SERVICE_MANAGER_H

#include <stddef.h>
#include <stdint.h>

struct error;
struct json;
struct machine;

struct service {
	char name[256];        /* "nginx": without ".service" */
	char state[24];        /* active inactive failed activating … ; SysV: active inactive failed unknown */
	char detail[32];       /* systemd's sub-state: running exited dead auto-restart */
	char start[24];        /* enabled disabled static masked; SysV: enabled disabled */
	char description[256]; /* any bytes */
	char result[32];       /* why it failed: exit-code, signal, oom-kill */
	int pid;               /* main process; 0 none or unknown */
	int64_t restarts, memory_bytes, tasks; /* -1 unknown */
	int64_t since_ns;      /* in this state since; 0 unknown */
};
/* service NULL: those so far were quick, the others take a while. Only when all are asked for. */
typedef void (*service_fn)(void *arg, const struct service *service);

/* All, or the one named; calls on_service for each. ERR_NOT_FOUND when this machine has no manager of services. */
int services_each(const struct machine *machine, const char *name, service_fn on_service, void *arg, struct error *err);
/* One: ERR_NOT_FOUND when there is none of that name. */
int service_find(const struct machine *machine, const char *name, struct service *out, struct error *err);
/* verb: start stop restart reload. What the manager said (safe, redacted) goes to output (NULL allowed: you own it). */
int service_act(const struct machine *machine, const char *name, const char *verb, const void *cancelled, char **output, struct error *err);
/* Units that need it: {"id","relation","name"} each added to out. */
void service_dependents(const struct machine *machine, const char *name, struct json *out);
int service_name_is_valid(const char *name);

/* Blocks "Key=value" divided by empty lines, as `systemctl show` prints; one service each. For tests. */
void systemd_parse(const char *bytes, size_t length, service_fn on_service, void *arg);
/* State by the exit status of `script status` (LSB 3.1, 20.2). */
const char *sysv_state(int status);
/* "# Short-Description:" and so on of a script's LSB head; "" when it has none. */
void sysv_header(const char *script, size_t length, const char *key, char *out, size_t size);

#endif
