/* summary.h - the machine as a whole: memory, CPU, load, pressure. Parsers of the kernel's texts; unknown is -1 or NAN. */
#ifndef PROVIDER_HOST_SUMMARY_H
#define PROVIDER_HOST_SUMMARY_H

#include <stddef.h>
#include <stdint.h>

struct json;
struct machine;

struct memory_facts { /* bytes */
	int64_t total, available, swap_total, swap_free, cached, dirty;
};
void memory_parse(const char *bytes, size_t length, struct memory_facts *out);
void memory_read(const struct machine *machine, struct memory_facts *out);

struct cpu_facts { /* ticks of all cores since boot; known is 0 when the text is none */
	uint64_t busy, total, wait, steal;
	int cores, known;
	int64_t running, blocked;
};
void cpu_parse(const char *bytes, size_t length, struct cpu_facts *out);

/* /proc/pressure/X (Documentation/accounting/psi.rst): percent of the last 10, 60, 300 s; NAN when absent. */
struct pressure_facts {
	double some[3], full[3];
};
void pressure_parse(const char *bytes, size_t length, struct pressure_facts *out);
void pressure_read(const struct machine *machine, const char *resource, struct pressure_facts *out);

int load_parse(const char *bytes, size_t length, double out[3]); /* 0 or -1 */
/* {"items":[{"resource","some_10s",…,"full_300s"}]} of cpu, memory, io; null where unknown. */
struct json *pressure_items(const struct machine *machine);

#endif
