/* fuzz_registry.c - any bytes as what an index answers, and, in memory and so faster than fuzz_deps, as each kind of manifest and lock file. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/safe.h"
#include "fleet/supply/deps.h"
#include "fleet/supply/registry_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = { "a/requirements.txt", "a/pyproject.toml", "Pipfile", "Pipfile.lock", "poetry.lock", "uv.lock", "package.json", "package-lock.json", "yarn.lock", "pnpm-lock.yaml",
	".npmrc", "pip.conf", "uv.toml" };

static void is_harmless(const char *text)
{
	assert(!text || safe_is(text, strlen(text)));
}

static void read_as(const char *name, const char *bytes, size_t length)
{
	struct deps *deps = deps_of_bytes(name, bytes, length);

	for (size_t i = 0; i < deps_count(deps); i++) {
		const struct dependency *row = deps_at(deps, i);

		assert(row->name && *row->name);
		is_harmless(row->name);
		is_harmless(row->wanted);
		is_harmless(row->version);
		is_harmless(row->source);
		if (row->version)
			version_same(row->ecosystem, row->version, row->wanted ? row->wanted : "1.0");
	}
	json_free(deps_to_json(deps));
	deps_free(deps);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *bytes = malloc(size + 1);

	memcpy(bytes, data, size);
	bytes[size] = 0;
	if (size)
		read_as(names[data[0] % (sizeof(names) / sizeof(*names))], bytes + 1, size - 1);
	json_free(answer_parse(ECOSYSTEM_PYPI, "a", bytes, size, 0, NULL));
	json_free(answer_parse(ECOSYSTEM_PYPI, "a", bytes, size, 1, NULL));
	json_free(answer_parse(ECOSYSTEM_NPM, "a", bytes, size, 0, NULL));
	json_free(answer_advisories(bytes, size));
	free(bytes);
	return 0;
}
