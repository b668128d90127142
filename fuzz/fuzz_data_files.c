/* fuzz_data_files.c - any YAML as a file of kinds, playbooks or policies: loaded or told, and lint says the same of it. The first
 * byte chooses. Expressions are not compiled (their worker is another program): jq_setup names one that ends at once. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "base/jq.h"
#include "base/json.h"
#include "base/yaml.h"
#include "estate/kind.h"
#include "gate/playbook.h"
#include "gate/policy_rule.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The kinds a playbook is held against. */
static const char pods[] = "kind: pods\nprovider: kubernetes\ntitle: Pods\nnamespaced: true\ncolumns:\n"
			   "  - {name: NAME, path: Name, role: name}\n  - {name: RESTARTS, path: Restarts, type: number}\n"
			   "verbs:\n  - {name: scale, title: Scale, risk: write, params: [{name: replicas, type: integer, required: true}]}\n";

static struct kinds *known;
static char path[64];
static int fd = -1;

static void put(const void *bytes, size_t size)
{
	if (fd < 0)
		fd = memfd_create("fuzz", 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (ftruncate(fd, 0) || pwrite(fd, bytes, size, 0) != (ssize_t)size)
		__builtin_trap();
}

static void as_kinds(struct json *problems)
{
	struct kinds *kinds = kinds_load_file(path, problems);

	for (size_t i = 0; i < kinds_count(kinds); i++)
		json_free(kind_to_json(kinds_at(kinds, i)));
	kinds_free(kinds);
}

static void as_policy(const char *bytes, size_t size)
{
	struct json *rules = yaml_parse(bytes, size, NULL);
	size_t number = 1;

	for (const struct json *entry = json_first(rules); entry; entry = json_next(entry)) {
		struct policy_question question = { .risk = RISK_WRITE, .scope = "prod", .verb = "scale", .kind = "pods", .provider = "kubernetes" };
		struct policy_rule rule = { 0 };
		struct error err = { 0 };
		char why[200];

		if (policy_rule_read(&rule, entry, "fuzz.yaml", number++, &err))
			continue;
		policy_rule_differs(&rule, &question, why, sizeof(why));
		json_free(policy_rule_to_json(&rule));
		policy_rule_release(&rule);
	}
	json_free(rules);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct json *problems = json_array();

	if (!known) {
		jq_setup("/bin/true");
		put(pods, sizeof(pods) - 1);
		known = kinds_load_file(path, problems);
	}
	if (size < 1)
		goto out;
	put(data + 1, size - 1);
	switch (data[0] % 4) {
	case 0:
		as_kinds(problems);
		break;
	case 1:
		playbooks_free(playbooks_load_file(path, problems));
		break;
	case 2:
		playbook_lint(path, known, problems);
		break;
	default:
		as_policy((const char *)data + 1, size - 1);
	}
out:
	json_free(problems);
	return 0;
}
