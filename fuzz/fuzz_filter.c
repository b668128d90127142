/* fuzz_filter.c - the first line as a filter, the rest as cells: parsed or refused with a place, matched without harm. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "estate/filter.h"
#include "estate/kind.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { COLUMNS_MAX = 32 };

static const char yaml[] = "kind: pods\nprovider: kubernetes\ntitle: Pods\ncolumns:\n"
			   "  - {name: NAME, path: Name, role: name}\n  - {name: STATUS, path: Status, role: state}\n"
			   "  - {name: RESTARTS, path: R, type: number}\n  - {name: AGE, path: A, type: age}\n"
			   "  - {name: MEMORY, path: M, type: bytes}\n  - {name: CPU, path: C, type: millicores}\n"
			   "  - {name: FULL, path: F, type: percent}\n  - {name: READY, path: B, type: bool}\n";

static const struct kind *pods(void)
{
	static struct kinds *kinds;
	struct json *problems = json_array();
	char path[64];

	if (!kinds) {
		int fd = memfd_create("kind", 0);

		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		if (write(fd, yaml, sizeof(yaml) - 1) < 0)
			abort();
		kinds = kinds_load_file(path, problems);
		close(fd);
	}
	json_free(problems);
	return kinds_at(kinds, 0);
}

/* Cells are what stands between bytes of 1. */
static void split(const char *bytes, size_t size, const char **cells, size_t *lengths, size_t count)
{
	const char *end = bytes + size;

	for (size_t i = 0; i < count; i++) {
		const char *stop = bytes < end ? memchr(bytes, 1, (size_t)(end - bytes)) : NULL;

		cells[i] = bytes;
		lengths[i] = (size_t)((stop ? stop : end) - bytes);
		bytes = stop ? stop + 1 : end;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct kind *kind = pods();
	const char *bytes = (const char *)data, *line = size ? memchr(bytes, '\n', size) : NULL;
	size_t length = line ? (size_t)(line - bytes) : size;
	char *text = mem_text_n(bytes, length), *rest = mem_text_n(bytes + length, size - length);
	const char *cells[COLUMNS_MAX];
	size_t lengths[COLUMNS_MAX];
	struct error err = { 0 };
	struct filter *filter = filter_parse(text, kind, &err), *words = filter_parse(text, NULL, NULL);

	split(rest, size - length, cells, lengths, kind->column_count < COLUMNS_MAX ? kind->column_count : COLUMNS_MAX);
	if (filter)
		filter_match_cells(filter, kind, cells, lengths);
	filter_free(words);
	filter_free(filter);
	free(rest);
	free(text);
	return 0;
}
