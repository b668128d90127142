/* sample.h - kinds and rows the estate's tests share. */
#ifndef TESTS_ESTATE_SAMPLE_H
#define TESTS_ESTATE_SAMPLE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/yaml.h"
#include "estate/kind.h"
#include "estate/snapshot.h"
#include "estate/table.h"

static const char sample_pods[] =
	"kind: pods\n"
	"provider: fake\n"
	"singular: pod\n"
	"aliases: [po]\n"
	"namespaced: true\n"
	"watch: true\n"
	"poll: 200ms\n"
	"wrong_now: true\n"
	"sort: -cpu\n"
	"columns:\n"
	"  - {name: NAMESPACE}\n"
	"  - {name: NAME}\n"
	"  - {name: STATUS, role: state}\n"
	"  - {name: RESTARTS, type: number}\n"
	"  - {name: CPU, type: percent, volatile: true}\n"
	"  - {name: MEM, type: bytes, volatile: true}\n"
	"  - {name: AGE, type: age}\n"
	"hidden:\n"
	"  - {name: uid}\n"
	"severity:\n"
	"  - {when: 'status ~ \"CrashLoopBackOff|Error\"', severity: critical, why: \"{STATUS}, {RESTARTS} restarts\"}\n"
	"  - {when: 'restarts > 5 or (status == Stuck and age > 1h)', severity: medium}\n"
	"links:\n"
	"  - {kind: pods, filter: 'name ~ \"^{NAME}-\"'}\n"
	"verbs:\n"
	"  - {name: scale, risk: write, reversible: true, params: [{name: replicas, type: integer, required: true}]}\n";

enum { SAMPLE_NAMESPACE, SAMPLE_NAME, SAMPLE_STATUS, SAMPLE_RESTARTS, SAMPLE_CPU, SAMPLE_MEM, SAMPLE_AGE, SAMPLE_COLUMNS = 16 };

/* The registry from an empty folder with one file; kinds_free() it. */
static inline struct kinds *sample_kinds_from(const char *yaml, struct json *problems)
{
	char folder[] = "/tmp/ph-kinds-XXXXXX";
	char *path;
	struct kinds *kinds;
	FILE *file;

	if (!mkdtemp(folder))
		abort();
	path = mem_format("mkdir -p %s/kinds", folder);
	if (system(path))
		abort();
	free(path);
	path = mem_format("%s/kinds/sample.yaml", folder);
	file = fopen(path, "w");
	fputs(yaml, file);
	fclose(file);
	setenv("PILOTHOUSE_HOME", folder, 1);
	setenv("PILOTHOUSE_DATA", folder, 1);
	kinds = kinds_load(problems, NULL);
	free(path);
	return kinds;
}

static inline struct kinds *sample_kinds(void)
{
	return sample_kinds_from(sample_pods, NULL);
}

/* Puts a row of "namespace|name|status|restarts|cpu|mem|age". */
static inline void sample_cells(const char *line, const char **cells, size_t *lengths)
{
	for (size_t i = 0; i < SAMPLE_COLUMNS; i++) {
		cells[i] = NULL;
		lengths[i] = 0;
	}
	for (size_t i = 0; line && i < 7; i++) {
		const char *end = strchr(line, '|');

		cells[i] = line;
		lengths[i] = end ? (size_t)(end - line) : strlen(line);
		line = end ? end + 1 : NULL;
	}
}

/* id "fake:one/pods/NAMESPACE/NAME". */
static inline int sample_put(struct table *table, const struct kind *kind, const char *line)
{
	const char *cells[SAMPLE_COLUMNS];
	size_t lengths[SAMPLE_COLUMNS];
	char id[600];
	int changed;

	sample_cells(line, cells, lengths);
	snprintf(id, sizeof(id), "fake:one/pods/%.*s/%.*s", (int)lengths[0], cells[0],
		(int)lengths[1], cells[1]);
	cells[kind->role[ROLE_ID]] = id;
	lengths[kind->role[ROLE_ID]] = strlen(id);
	changed = table_put(table, cells, lengths);
	return changed;
}

#endif
