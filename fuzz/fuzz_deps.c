/* fuzz_deps.c - any bytes as two manifests or lock files of a tree (the first byte of each chooses its name): every row is harmless text. */
#include "folder.h"

#include "base/error.h"
#include "base/json.h"
#include "base/safe.h"
#include "fleet/agent/agent.h"
#include "fleet/supply/deps.h"
#include "fleet/tree/walk.h"

static const char *const names[] = { "requirements.txt", "pyproject.toml", "Pipfile", "Pipfile.lock", "poetry.lock", "uv.lock", "pdm.lock", "package.json",
	"package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "constraints.txt", "requirements/more.txt" };
static const char *root;

static void harmless(const char *text)
{
	assert(!text || safe_is(text, strlen(text)));
}

static void see(const struct deps *deps)
{
	for (size_t i = 0; i < deps_count(deps); i++) {
		const struct dependency *row = deps_at(deps, i);

		assert(row->name && *row->name && row->path && row->line >= 0 && row->ecosystem < ECOSYSTEM_COUNT);
		harmless(row->name), harmless(row->wanted), harmless(row->version), harmless(row->extras), harmless(row->marker), harmless(row->source);
		deps_locked_version(deps, row->path, row->ecosystem, row->name);
		deps_is_own(deps, row->ecosystem, row->name);
	}
	for (size_t i = 0; i < deps_problems(deps); i++)
		harmless(deps_problem_at(deps, i)->text);
	json_free(deps_to_json(deps));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *written[2] = { NULL };

	if (!root) {
		fuzz_home();
		root = fuzz_folder("fuzz-tree");
	}
	for (int i = 0; i < 2 && size; i++) {
		const char *part;
		size_t length = fuzz_part(&data, &size, &part);

		written[i] = names[length ? (unsigned char)*part % (sizeof(names) / sizeof(*names)) : 0];
		fuzz_write(root, written[i], part + (length > 0), length - (length > 0));
	}
	struct walk *walk = walk_tree(root, NULL, NULL);
	struct agents *agents = walk ? agents_discover(walk, NULL) : NULL;

	assert(agents);
	struct deps *deps = deps_read(walk, agents);

	see(deps);
	deps_free(deps);
	agents_free(agents);
	walk_free(walk);
	for (int i = 0; i < 2; i++)
		if (written[i])
			fuzz_remove(root, written[i]);
	return 0;
}
