/* lists.h - one row a kind: what it offers and how it is listed. Each list calls rows_begin … rows_send for every
 * thing there is and returns 0; what is missing on this machine is a note, not an error. */
#ifndef PROVIDER_HOST_LISTS_H
#define PROVIDER_HOST_LISTS_H

#include <stddef.h>

struct error;
struct json;
struct machine;
struct rows;
struct rows_fields;

struct host_list {
	const struct rows_fields *fields;
	int (*list)(struct rows *rows, struct error *err);
	/* Adds what the whole object has beyond the row's fields; NULL: nothing. name is the row's. */
	int (*detail)(struct machine *machine, const char *name, struct json *object, struct error *err);
};

extern const struct host_list host_lists[];
extern const size_t host_list_count;
const struct host_list *host_list_find(const char *kind); /* NULL: none */

/* The list, and where a rate was read for the first time, once more with it. -1: err. */
int host_list_run(const struct host_list *list, struct rows *rows, struct error *err);
/* Objects of all fields of one kind; name NULL: all. You own the array. */
struct json *host_items(struct machine *machine, const char *kind, const char *name, size_t limit, struct error *err);

extern const struct rows_fields summary_fields, process_fields, service_fields, filesystem_fields, disk_fields, interface_fields,
	socket_fields, session_fields, timer_fields, container_fields, kernel_fields, log_fields, certificate_fields;

int summary_list(struct rows *rows, struct error *err);
int process_list(struct rows *rows, struct error *err);
int process_detail(struct machine *machine, const char *name, struct json *object, struct error *err);
int service_list(struct rows *rows, struct error *err);
int filesystem_list(struct rows *rows, struct error *err);
int disk_list(struct rows *rows, struct error *err);
int interface_list(struct rows *rows, struct error *err);
int socket_list(struct rows *rows, struct error *err);
int session_list(struct rows *rows, struct error *err);
int timer_list(struct rows *rows, struct error *err);
int container_list(struct rows *rows, struct error *err);
int kernel_list(struct rows *rows, struct error *err);
int log_list(struct rows *rows, struct error *err);
int certificate_list(struct rows *rows, struct error *err);

#endif
