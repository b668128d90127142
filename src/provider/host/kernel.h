/* kernel.h - messages of the kernel out of /dev/kmsg (Documentation/ABI/testing/dev-kmsg). */
#ifndef PROVIDER_HOST_KERNEL_H
#define PROVIDER_HOST_KERNEL_H

#include <stddef.h>
#include <stdint.h>

struct error;
struct json;
struct machine;

struct kernel_message {
	unsigned level;        /* 0 emerg … 7 debug */
	unsigned facility;
	uint64_t sequence;
	int64_t at_ns;         /* 0 unknown */
	const char *text;      /* not NUL-terminated; into the record */
	size_t length;
};
/* "6,339,5140900,-;NET: Registered …" 0, or -1. The time is boot_ns plus its micro-seconds. */
int kernel_message_parse(const char *record, size_t length, int64_t boot_ns, struct kernel_message *out);
typedef int (*kernel_message_fn)(void *arg, const struct kernel_message *message); /* non-zero stops */
/* All the kernel still has. ERR_FORBIDDEN where only root may read them. */
int kernel_each(const struct machine *machine, kernel_message_fn on_message, void *arg, struct error *err);
/* {"at","pid","process","memory_group"?,"message"} for each kill for want of memory. */
int kernel_oom_kills(const struct machine *machine, int64_t since_ns, struct json *items, struct error *err);

#endif
