/* fuzz_secrets.c - any bytes as a file with credentials (the first byte chooses its name): both engines find the same, every place lies in the file, and
 * no message holds what was found. */
#include "folder.h"

#include "base/error.h"
#include "base/safe.h"
#include "fleet/finding/check.h"
#include "fleet/finding/finding.h"
#include "fleet/secrets/secrets.h"
#include "fleet/tree/source.h"

static const char *const names[] = { "a.txt", "a.py", "a.ts", "a.ipynb", "a.yaml", "a.json", ".env", "Dockerfile", "a.tf", "a.sh", "a.lock", "a.md", "mcp.json" };
static const uint8_t key[32] = "a key of this fuzz target only";

static struct checks *checks;
static struct secret_scanner *scanners[2];
static struct source source;

static void prepare(void)
{
	struct error err = { 0 };

	fuzz_home();
	checks = checks_load(&err);
	for (int i = 0; checks && i < 2; i++) {
		struct secret_rules *rules = secret_rules_load(&(struct secret_rules_options){ .checks = checks, .no_vectorscan = i, .hash_key = key }, &err);

		scanners[i] = rules ? secret_scanner_new(rules) : NULL;
	}
	if (!scanners[1])
		abort();
}

static struct findings *scan(int engine)
{
	struct findings *findings = findings_new();

	secret_scan(scanners[engine], &source, findings);
	findings_finish(findings);
	return findings;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!checks)
		prepare();
	if (!size || source_of_bytes(&source, names[data[0] % (sizeof(names) / sizeof(*names))], (const char *)data + 1, size - 1))
		return 0;
	struct findings *findings = scan(0), *others = scan(1);

	assert(findings_count(findings) == findings_count(others));
	for (size_t i = 0; i < findings_count(findings); i++) {
		const struct finding *finding = findings_at(findings, i), *other = findings_at(others, i);

		assert(!strcmp(finding->rule, other->rule) && finding->place.offset == other->place.offset && finding->place.length == other->place.length);
		assert(finding->place.offset <= source.byte_length && finding->place.length <= source.byte_length - finding->place.offset);
		assert(finding->place.line > 0 && finding->place.column > 0);
		assert(safe_is(finding->message, strlen(finding->message)));
		assert(!finding->redacted || safe_is(finding->redacted, strlen(finding->redacted)));
		assert(finding->place.length < 16 || !memmem(finding->message, strlen(finding->message), source.bytes + finding->place.offset, finding->place.length));
	}
	findings_free(findings);
	findings_free(others);
	return 0;
}
