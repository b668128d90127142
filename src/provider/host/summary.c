#include "provider/host/summary.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "provider/host/lists.h"
#include "provider/host/machine.h"
#include "provider/host/proctext.h"
#include "provider/host/rows.h"

enum { SUM_CPU = ROWS_OWN, SUM_CORES, SUM_MEM, SUM_MEM_USED, SUM_MEM_TOTAL, SUM_MEM_AVAILABLE, SUM_SWAP, SUM_SWAP_USED, SUM_SWAP_TOTAL,
	SUM_LOAD1, SUM_LOAD5, SUM_LOAD15, SUM_LOAD_PER_CORE, SUM_PSI_CPU, SUM_PSI_MEMORY, SUM_PSI_IO, SUM_WAIT, SUM_STEAL, SUM_PROCESSES,
	SUM_RUNNING, SUM_BLOCKED, SUM_STARTED, SUM_KERNEL, SUM_SYSTEM, SUM_FILES };

static const struct rows_field_row fields[] = {
	{ "cpu", 1 }, { "cores", 1 }, { "mem", 1 }, { "mem_used", 1 }, { "mem_total", 1 }, { "mem_available", 1 }, { "swap", 1 },
	{ "swap_used", 1 }, { "swap_total", 1 }, { "load1", 1 }, { "load5", 1 }, { "load15", 1 }, { "load_per_core", 1 },
	{ "pressure_cpu", 1 }, { "pressure_memory", 1 }, { "pressure_io", 1 }, { "iowait", 1 }, { "steal", 1 }, { "processes", 1 },
	{ "running", 1 }, { "blocked", 1 }, { "started", 0 }, { "kernel", 0 }, { "system", 0 }, { "files", 1 },
};
const struct rows_fields summary_fields = { .kind = "hosts", .list = fields, .count = sizeof(fields) / sizeof(*fields) };

void memory_parse(const char *bytes, size_t length, struct memory_facts *out)
{
	const struct {
		const char *key;
		int64_t *place;
	} wanted[] = { { "MemTotal", &out->total }, { "MemAvailable", &out->available }, { "SwapTotal", &out->swap_total },
		{ "SwapFree", &out->swap_free }, { "Cached", &out->cached }, { "Dirty", &out->dirty } };

	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
		struct proctext value;
		int64_t kilobytes;

		*wanted[i].place = -1;
		if (!proctext_field(bytes, length, wanted[i].key, ':', &value) && !proctext_i64(&value, &kilobytes) && kilobytes >= 0 &&
			kilobytes <= INT64_MAX / 1024)
			*wanted[i].place = kilobytes * 1024;
	}
}

void memory_read(const struct machine *machine, struct memory_facts *out)
{
	char text[4096];
	ssize_t length = machine_read(machine, machine->proc, "meminfo", text, sizeof(text));

	memory_parse(text, length > 0 ? (size_t)length : 0, out);
}

/* "cpu  user nice system idle iowait irq softirq steal …": guest time is in user already. */
static void parse_cpu_line(struct proctext *line, struct cpu_facts *out)
{
	uint64_t ticks[8] = { 0 };
	size_t count = 0;

	out->total = 0;
	while (count < 8 && !proctext_u64(line, &ticks[count]))
		out->total += ticks[count++];
	out->known = count >= 4;
	out->wait = ticks[4];
	out->steal = ticks[7];
	out->busy = out->total - ticks[3] - ticks[4];
}

void cpu_parse(const char *bytes, size_t length, struct cpu_facts *out)
{
	struct proctext text = proctext_of(bytes, length), line;

	*out = (struct cpu_facts){ .running = -1, .blocked = -1 };
	while (!proctext_line(&text, &line)) {
		if (proctext_after(&line, "cpu "))
			parse_cpu_line(&line, out);
		else if (proctext_after(&line, "cpu"))
			out->cores++;
		else if (proctext_after(&line, "procs_running ") && proctext_i64(&line, &out->running))
			out->running = -1;
		else if (proctext_after(&line, "procs_blocked ") && proctext_i64(&line, &out->blocked))
			out->blocked = -1;
	}
}

static double parse_decimal(struct proctext *text)
{
	const char *word;
	size_t length;
	char digits[32];

	if (proctext_word(text, &word, &length) || length >= sizeof(digits))
		return NAN;
	memcpy(digits, word, length);
	digits[length] = 0;
	char *end;
	double value = strtod(digits, &end);

	return *end || !isfinite(value) || value < 0 ? NAN : value;
}

int load_parse(const char *bytes, size_t length, double out[3])
{
	struct proctext text = proctext_of(bytes, length);

	for (int i = 0; i < 3; i++)
		out[i] = parse_decimal(&text);
	return isnan(out[0]) || isnan(out[1]) || isnan(out[2]) ? -1 : 0;
}

static void parse_pressure_line(struct proctext line, double out[3])
{
	static const char *const windows[] = { "avg10=", "avg60=", "avg300=" };

	for (int i = 0; i < 3; i++) {
		proctext_blanks(&line);
		out[i] = proctext_after(&line, windows[i]) ? parse_decimal(&line) : NAN;
	}
}

void pressure_parse(const char *bytes, size_t length, struct pressure_facts *out)
{
	struct proctext text = proctext_of(bytes, length), line;

	for (int i = 0; i < 3; i++)
		out->some[i] = out->full[i] = NAN;
	while (!proctext_line(&text, &line)) {
		if (proctext_after(&line, "some "))
			parse_pressure_line(line, out->some);
		else if (proctext_after(&line, "full "))
			parse_pressure_line(line, out->full);
	}
}

void pressure_read(const struct machine *machine, const char *resource, struct pressure_facts *out)
{
	char path[64], text[512];

	snprintf(path, sizeof(path), "pressure/%s", resource);
	ssize_t length = machine_read(machine, machine->proc, path, text, sizeof(text));

	pressure_parse(text, length > 0 ? (size_t)length : 0, out);
}

static struct json *number_or_null(double number)
{
	return isnan(number) ? json_null() : json_double(number);
}

struct json *pressure_items(const struct machine *machine)
{
	static const char *const resources[] = { "cpu", "memory", "io" };
	static const char *const windows[] = { "10s", "60s", "300s" };
	struct json *items = json_array();

	for (size_t i = 0; i < 3; i++) {
		struct pressure_facts facts;
		struct json *item = json_set_text(json_object(), "resource", resources[i]);

		pressure_read(machine, resources[i], &facts);
		for (size_t w = 0; w < 3; w++) {
			char key[16];

			snprintf(key, sizeof(key), "some_%s", windows[w]);
			json_set(item, key, number_or_null(facts.some[w]));
			snprintf(key, sizeof(key), "full_%s", windows[w]);
			json_set(item, key, number_or_null(facts.full[w]));
		}
		json_add(items, item);
	}
	return items;
}

static void read_cpu(const struct machine *machine, struct cpu_facts *cpu)
{
	size_t length = 0;
	char *text = machine_load(machine, machine->proc, "stat", 4 << 20, &length);

	cpu_parse(text ? text : "", length, cpu);
	free(text);
}

struct cpu_shares {
	double busy, wait, steal; /* percent of all cores */
};

static struct cpu_shares measure_cpu(struct rows *rows, const struct cpu_facts *cpu)
{
	if (!cpu->known)
		return (struct cpu_shares){ NAN, NAN, NAN };
	double total = rows_rate(rows, "host", "total", cpu->total), busy = rows_rate(rows, "host", "busy", cpu->busy);
	double wait = rows_rate(rows, "host", "wait", cpu->wait), steal = rows_rate(rows, "host", "steal", cpu->steal);

	if (!(total > 0))
		return (struct cpu_shares){ NAN, NAN, NAN };
	return (struct cpu_shares){ busy / total * 100, wait / total * 100, steal / total * 100 };
}

static void add_decimal(struct rows *rows, int field, double number)
{
	char text[32];
	int length = isnan(number) ? 0 : snprintf(text, sizeof(text), "%.2f", number);

	rows_copy(rows, field, text, (size_t)length);
}

static void add_memory(struct rows *rows)
{
	struct memory_facts memory;

	memory_read(rows->machine, &memory);
	rows_known(rows, SUM_MEM_TOTAL, memory.total);
	rows_known(rows, SUM_MEM_AVAILABLE, memory.available);
	if (memory.total > 0 && memory.available >= 0) {
		rows_known(rows, SUM_MEM_USED, memory.total - memory.available);
		rows_percent(rows, SUM_MEM, (double)(memory.total - memory.available) * 100 / (double)memory.total);
	}
	rows_known(rows, SUM_SWAP_TOTAL, memory.swap_total);
	if (memory.swap_total > 0 && memory.swap_free >= 0) { /* no swap: its share is unknown, not 0 */
		rows_known(rows, SUM_SWAP_USED, memory.swap_total - memory.swap_free);
		rows_percent(rows, SUM_SWAP, (double)(memory.swap_total - memory.swap_free) * 100 / (double)memory.swap_total);
	}
}

static void add_load(struct rows *rows, int cores)
{
	char text[128];
	double load[3];
	ssize_t length = machine_read(rows->machine, rows->machine->proc, "loadavg", text, sizeof(text));

	if (load_parse(text, length > 0 ? (size_t)length : 0, load))
		return;
	add_decimal(rows, SUM_LOAD1, load[0]);
	add_decimal(rows, SUM_LOAD5, load[1]);
	add_decimal(rows, SUM_LOAD15, load[2]);
	if (cores > 0)
		add_decimal(rows, SUM_LOAD_PER_CORE, load[0] / cores);
	/* "1/142": running and all threads */
	const char *slash = memchr(text, '/', (size_t)length);

	if (slash) {
		struct proctext rest = proctext_of(slash + 1, (size_t)(text + length - slash - 1));
		int64_t threads;

		if (!proctext_i64(&rest, &threads))
			rows_known(rows, SUM_PROCESSES, threads);
	}
}

static void add_pressure(struct rows *rows)
{
	static const struct {
		int field;
		const char *resource;
	} wanted[] = { { SUM_PSI_CPU, "cpu" }, { SUM_PSI_MEMORY, "memory" }, { SUM_PSI_IO, "io" } };
	struct pressure_facts facts;

	for (size_t i = 0; i < 3; i++) {
		if (!rows_wants(rows, wanted[i].field))
			continue;
		pressure_read(rows->machine, wanted[i].resource, &facts);
		rows_percent(rows, wanted[i].field, facts.some[0]);
	}
}

static void add_line(struct rows *rows, int field, const char *path)
{
	char text[256];
	ssize_t length = machine_read(rows->machine, rows->machine->proc, path, text, sizeof(text));
	const char *value;
	size_t value_length;
	struct proctext at = proctext_of(text, length > 0 ? (size_t)length : 0);

	proctext_rest(&at, &value, &value_length);
	rows_copy(rows, field, value, value_length);
}

static void add_system(struct rows *rows)
{
	char path[MACHINE_PATH_MAX], text[4096];
	struct proctext value;

	machine_path(rows->machine, "/etc/os-release", path);
	ssize_t length = machine_read(rows->machine, -1, path, text, sizeof(text)); /* absolute: the folder does not matter */

	if (length <= 0 || proctext_field(text, (size_t)length, "PRETTY_NAME", '=', &value))
		return;
	while (value.at < value.end && *value.at == '"')
		value.at++;
	while (value.end > value.at && value.end[-1] == '"')
		value.end--;
	rows_copy(rows, SUM_SYSTEM, value.at, (size_t)(value.end - value.at));
}

static void send_row(struct rows *rows, const struct cpu_facts *cpu, struct cpu_shares shares)
{
	rows_begin(rows);
	rows_percent(rows, SUM_CPU, shares.busy);
	rows_percent(rows, SUM_WAIT, shares.wait);
	rows_percent(rows, SUM_STEAL, shares.steal);
	if (cpu->cores)
		rows_integer(rows, SUM_CORES, cpu->cores);
	rows_known(rows, SUM_RUNNING, cpu->running);
	rows_known(rows, SUM_BLOCKED, cpu->blocked);
	add_memory(rows);
	add_load(rows, cpu->cores);
	add_pressure(rows);
	rows_time(rows, SUM_STARTED, rows->machine->boot_ns);
	add_line(rows, SUM_KERNEL, "sys/kernel/osrelease");
	if (rows_wants(rows, SUM_SYSTEM))
		add_system(rows);
	if (rows_wants(rows, SUM_FILES))
		rows_known(rows, SUM_FILES, machine_number(rows->machine, rows->machine->proc, "sys/fs/file-nr", -1));
	rows_send(rows, rows->machine->name);
}

int summary_list(struct rows *rows, struct error *err)
{
	struct cpu_facts cpu;

	(void)err;
	if (!rows_selects(rows, rows->machine->name))
		return 0;
	read_cpu(rows->machine, &cpu);
	send_row(rows, &cpu, measure_cpu(rows, &cpu));
	return 0;
}
