/* fuzz_cockpit.c - any bytes as the cockpit.yaml of a tree and of a folder in it: exclude, targets, ignores, thresholds through walk, agents and
 * suppressions. */
#include "folder.h"

#include "base/error.h"
#include "fleet/agent/agent.h"
#include "fleet/check/suppress.h"
#include "fleet/finding/check.h"
#include "fleet/finding/finding.h"
#include "fleet/tree/walk.h"

static const char brain[] = "from langgraph.graph import StateGraph\ngraph = StateGraph(dict)\n";
static const char *root;
static struct checks *checks;

static void prepare(void)
{
	struct error err = { 0 };

	fuzz_home();
	root = fuzz_folder("fuzz-tree");
	fuzz_write(root, "a/agent.py", brain, sizeof(brain) - 1);
	fuzz_write(root, "a/b/agent.py", brain, sizeof(brain) - 1);
	fuzz_write(root, "a/b/prompts/one.md", "You help.\n", 10);
	fuzz_write(root, "main.py", "print()\n", 8);
	checks = checks_load(&err);
	if (!checks)
		abort();
}

static void suppress(const struct agent *agent)
{
	struct findings *findings = findings_new();

	findings_add(findings, &(struct finding){ .check = checks_at(checks, 0), .rule = checks_at(checks, 0)->id, .message = "m", .path = "a/agent.py",
		.agent = agent->path, .anchor = "x" });
	suppress_by_config(agent, findings, 0, (int64_t)1800000000 * 1000000000);
	findings_finish(findings);
	findings_free(findings);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *outer, *inner;
	size_t outer_length = fuzz_part(&data, &size, &outer), inner_length = fuzz_part(&data, &size, &inner);

	if (!root)
		prepare();
	fuzz_write(root, "cockpit.yaml", outer, outer_length);
	fuzz_write(root, "a/b/cockpit.yaml", inner, inner_length);
	struct walk *walk = walk_tree(root, NULL, NULL);
	struct agents *agents = walk ? agents_discover(walk, NULL) : NULL;

	assert(walk && agents);
	for (size_t i = 1; i < walk_count(walk); i++)
		assert(strcmp(walk_at(walk, i - 1)->path, walk_at(walk, i)->path));
	for (size_t i = 0; i < agents_count(agents); i++) {
		const struct agent *agent = agents_at(agents, i);

		assert(agent->path && agent->framework && agent->first_file + agent->file_count <= walk_count(walk));
		suppress(agent);
	}
	agents_free(agents);
	walk_free(walk);
	return 0;
}
