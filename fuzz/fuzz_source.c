/* fuzz_source.c - any bytes as a file of any name: a text, places inside the file, and secrets of it by both engines the same. The first byte chooses the name. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "fleet/check.h"
#include "fleet/finding.h"
#include "fleet/secrets.h"
#include "fleet/source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct secret_scanner *scanners[2];

static void prepare(void)
{
	struct error err = { 0 };
	struct checks *checks;

	setenv("PILOTHOUSE_HOME", "/tmp", 0);
	checks = checks_load(&err);
	assert(checks);
	for (int i = 0; i < 2; i++) {
		struct secret_rules *rules = secret_rules_load(&(struct secret_rules_options){ .checks = checks, .no_vectorscan = i }, &err);

		assert(rules);
		scanners[i] = secret_scanner_new(rules);
	}
}

static struct findings *scan(int engine, struct source *source)
{
	struct findings *findings = findings_new();

	secret_scan(scanners[engine], source, findings);
	findings_finish(findings);
	return findings;
}

static void finds_the_same(struct source *source, size_t size)
{
	struct findings *a = scan(0, source), *b = scan(1, source);

	assert(findings_count(a) == findings_count(b));
	for (size_t i = 0; i < findings_count(a); i++) {
		const struct finding *x = findings_at(a, i), *y = findings_at(b, i);

		assert(!strcmp(x->rule, y->rule) && x->place.offset == y->place.offset);
		assert(x->place.offset + x->place.length <= size && x->place.line > 0 && x->place.column > 0);
	}
	findings_free(a);
	findings_free(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "a.py", "a.ts", "a.ipynb", "a.yaml", "a.json", ".env", "Dockerfile", "a.md", "a.txt", "a.lock", "a.sh", "mcp.json", "main.tf" };
	static struct source source;
	size_t length;

	if (!scanners[0])
		prepare();
	if (!size)
		return 0;
	assert(!source_of_bytes(&source, names[*data % (sizeof(names) / sizeof(*names))], (const char *)data + 1, size - 1));
	for (size_t i = 0; i <= source.length; i += 1 + source.length / 50) {
		struct place place = source_place(&source, i, 7);

		assert(place.offset + place.length <= size - 1);
		source_line(&source, i, &length);
		assert(length <= source.length);
	}
	finds_the_same(&source, size - 1);
	return 0;
}
