/* What a filter key, a sort, a snapshot and loading the kinds cost, in CPU milliseconds. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/yaml.h"
#include "estate/filter.h"
#include "estate/kind.h"
#include "estate/snapshot.h"
#include "estate/table.h"
#include "estate/view.h"

static double cpu_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static double resident_mb(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (double)usage.ru_maxrss / 1024;
}

/* 96 bytes a row, as pods have. */
static int make_row(char *out, size_t size, unsigned i)
{
	static const char *const states[] = { "Running", "Running", "Running", "Completed",
		"CrashLoopBackOff" };

	return snprintf(out, size, "namespace-%02u\x1fworkload-%04u-%08x\x1f%s\x1f%u\x1fnode-%03u\x1e"
				   "c:x/pods/n%02u/workload-%04u-%08x",
		i % 54, i % 3000, i * 2654435761u, states[i % 5], i % 7, i % 400, i % 54, i % 3000,
		i * 2654435761u);
}

static const struct kind *bench_kind(struct kinds *kinds)
{
	static const char yaml[] = "{kind: rows, provider: bench, columns: [{name: NAMESPACE}, {name: NAME}, "
				   "{name: STATUS}, {name: RESTARTS, type: number}, {name: NODE}], "
				   "hidden: [{name: id}]}";
	struct json *json = yaml_parse(yaml, strlen(yaml), NULL);
	const struct kind *kind = kinds_add(kinds, json, "bench", NULL);

	json_free(json);
	return kind;
}

static double filter_ms(struct view *view, const char *text)
{
	double begin = cpu_ms();

	view_set_filter(view, text, NULL);
	while (!view_work(view, 10000))
		;
	return cpu_ms() - begin;
}

static void show_filter(struct view *view, const char *text)
{
	double ms = filter_ms(view, text);

	printf("  /%-18s %8.2f ms  %zu rows\n", text, ms, view_count(view));
}

static double sort_ms(struct view *view, int column, int descending)
{
	double begin = cpu_ms();

	view_set_sort(view, column, descending);
	while (!view_work(view, 10000))
		;
	return cpu_ms() - begin;
}

static void bench_rows(const struct kind *kind, unsigned count)
{
	struct snapshot *snapshot = snapshot_new(kind);
	struct view *view = view_new();
	struct table *table = table_new(kind);
	char row[256];
	double begin = cpu_ms(), before_mb = resident_mb();

	for (unsigned i = 0; i < count; i++) {
		int row_length = make_row(row, sizeof(row) - 6, i);

		/* severity, why, scope, account, labels: empty */
		memcpy(row + row_length, "\x1f\x1f\x1f\x1f\x1f", 6);
		snapshot_add_row(snapshot, row, (size_t)row_length + 5);
	}
	snapshot_freeze(snapshot);
	printf("%u rows, made in %.1f ms, %.1f MB more at most\n", count, cpu_ms() - begin, resident_mb() - before_mb);
	view_set_snapshot(view, snapshot);
	show_filter(view, "");
	show_filter(view, "c");
	show_filter(view, "cr");
	show_filter(view, "cra");
	show_filter(view, "cr");
	show_filter(view, "nowhere");
	show_filter(view, "e");
	show_filter(view, "!crash");
	show_filter(view, "restarts > 5");
	show_filter(view, "");
	printf("  %.0f MB resident\n", resident_mb());
	printf("  sort by name        %8.2f ms\n", sort_ms(view, 1, 0));
	printf("  sort by name, down  %8.2f ms\n", sort_ms(view, 1, 1));
	printf("  sort by restarts    %8.2f ms\n", sort_ms(view, 3, 1));
	printf("  %.0f MB resident\n", resident_mb());
	show_filter(view, "crash");
	begin = cpu_ms();
	table_load(table, snapshot);
	printf("  table from cache    %8.2f ms\n", cpu_ms() - begin);
	begin = cpu_ms();
	table_remove(table, "c:x/pods/n00/workload-0000-00000000");
	snapshot_unref(table_snapshot(table));
	printf("  table to snapshot   %8.2f ms\n", cpu_ms() - begin);
	table_free(table);
	view_free(view);
	snapshot_unref(snapshot);
}

int main(void)
{
	struct json *problems = json_array();
	double begin = cpu_ms();
	struct kinds *kinds = kinds_load(problems, NULL);
	const struct kind *kind;

	if (!kinds) {
		fputs("bench_estate: no kinds; PILOTHOUSE_DATA names the folder that has kinds/\n", stderr);
		return EXIT_FAILURE;
	}
	printf("%zu kinds loaded in %.2f ms, %zu problems\n", kinds_count(kinds), cpu_ms() - begin,
		json_count(problems));
	kind = bench_kind(kinds);
	bench_rows(kind, 100000);
	bench_rows(kind, 1000000);
	kinds_free(kinds);
	json_free(problems);
	return EXIT_SUCCESS;
}
