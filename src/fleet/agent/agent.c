#include "fleet/agent/agent.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "fleet/agent/framework.h"
#include "fleet/agent/project.h"
#include "fleet/tree/path.h"
#include "fleet/tree/source.h"
#include "fleet/tree/walk.h"

enum { HEAD_BYTES = 256 << 10 };

/* Why a folder may be an agent's: the first is the strongest. */
enum sign { SIGN_CONFIG, SIGN_ENTRY, SIGN_MANIFEST, SIGN_HINT };

struct root {
	const char *path;
	enum sign sign;
	const struct json *config;
};

/* A file that imports a model, agent or tool library. */
struct evidence {
	const char *path, *why;
	const struct framework *framework;
	int has_mark;
	const char *root; /* of the agent it belongs to */
};

struct agents {
	struct arena *arena;
	struct frameworks *frameworks;
	struct projects *projects;
	struct agent *rows;
	size_t count;
	struct root *roots; /* ordered by path, strongest sign first */
	size_t root_count;
	struct evidence *evidence; /* ordered by path */
	size_t evidence_count;
};

/* --- paths --- */

static int is_below(const char *path, const char *folder)
{
	size_t length = strlen(folder);

	return !length || (!strncmp(path, folder, length) && path[length] == '/');
}

static int is_one_of(const char *word, const char *const *words)
{
	while (*words && strcmp(*words, word))
		words++;
	return *words != NULL;
}

/* --- roots: what the files' names say --- */

static const char *const manifests[] = { "pyproject.toml", "package.json", "mcp-config.json", "langgraph.json", "requirements.txt", "setup.py", "Pipfile", NULL };
static const char *const entries[] = { "agent", "main", "app", "demo", NULL };
/* Names that also stand for a part of an agent: they make a root only where nothing above does. */
static const char *const hints[] = { "agents", "server", "bot", "crew", "graph", "assistant", "workflow", "run", "index", "chatbot",
	"__main__", "handler", "lambda_function", "function_app", "worker", "chat", "team", "flow", "copilot", NULL };
static const char *const entry_ends[] = { "py", "ts", "js", "mjs", "tsx", NULL };
/* Folders inside an agent that hold its code: `agent/agent.py` and `src/main.py` are the folder's above. */
static const char *const inner[] = { "src", "app", "agent", "lib", "mastra", NULL };
/* Folders of an agent that hold further ones, which it calls: they are parts of it. */
static const char *const parts[] = { "sub_agents", "subagents", "sub-agents", NULL };

/* Whether a file of this name begins an agent; -1: it does not. */
static int entry_sign(const char *name)
{
	const char *dot = strrchr(name, '.');
	char stem[16];

	if (dot && !strcmp(dot, ".ipynb"))
		return SIGN_HINT;
	if (!dot || !is_one_of(dot + 1, entry_ends) || (size_t)(dot - name) >= sizeof(stem))
		return -1;
	memcpy(stem, name, (size_t)(dot - name));
	stem[dot - name] = 0;
	return is_one_of(stem, entries) ? SIGN_ENTRY : is_one_of(stem, hints) ? SIGN_HINT : -1;
}

static void add_root(struct agents *agents, const char *path, enum sign sign, const struct json *config)
{
	agents->roots = mem_grow(agents->roots, agents->root_count + 1, sizeof(*agents->roots));
	agents->roots[agents->root_count++] = (struct root){ path, sign, config };
}

static int by_root_path(const void *a, const void *b)
{
	return strcmp(((const struct root *)a)->path, ((const struct root *)b)->path);
}

static int by_root(const void *a, const void *b)
{
	const struct root *x = a, *y = b;
	int order = strcmp(x->path, y->path);

	return order ? order : (int)x->sign - (int)y->sign;
}

static void order_roots(struct agents *agents)
{
	size_t kept = 0;

	if (agents->root_count)
		qsort(agents->roots, agents->root_count, sizeof(*agents->roots), by_root);
	for (size_t i = 0; i < agents->root_count; i++)
		if (!kept || strcmp(agents->roots[kept - 1].path, agents->roots[i].path))
			agents->roots[kept++] = agents->roots[i];
	agents->root_count = kept;
}

static void find_roots(struct agents *agents, const struct walk *walk)
{
	for (size_t i = 0; i < walk_configs(walk); i++)
		add_root(agents, walk_config_at(walk, i)->folder, SIGN_CONFIG, walk_config_at(walk, i)->tree);
	for (size_t i = 0; i < walk_count(walk); i++) {
		const char *path = walk_at(walk, i)->path, *name = path_base(path);

		if (walk_at(walk, i)->link)
			continue;
		if (is_one_of(name, manifests))
			add_root(agents, path_folder(agents->arena, path), SIGN_MANIFEST, NULL);
		else if (entry_sign(name) >= 0) {
			const char *folder = path_folder(agents->arena, path);

			add_root(agents, is_one_of(path_base(folder), inner) ? path_folder(agents->arena, folder) : folder, (enum sign)entry_sign(name), NULL);
		}
	}
	order_roots(agents);
}

static const struct root *root_at(const struct agents *agents, const char *path)
{
	struct root key = { .path = path };

	return agents->root_count ? bsearch(&key, agents->roots, agents->root_count, sizeof(key), by_root_path) : NULL;
}

/* --- evidence: what the files themselves say --- */

/* A test that imports a library makes no agent of what it tests. */
static int is_test(const char *path)
{
	const char *name = path_base(path), *dot = strchr(name, '.');

	if (!strncmp(name, "test_", 5) || !strcmp(name, "conftest.py") || (dot && (!strncmp(dot, ".test.", 6) || !strncmp(dot, ".spec.", 6))))
		return 1;
	if (dot && dot - name > 5 && !strncmp(dot - 5, "_test.", 6))
		return 1;
	return strstr(path, "/tests/") || !strncmp(path, "tests/", 6) || strstr(path, "__tests__/");
}

static int may_import(enum source_kind kind, const struct walk_file *file)
{
	return !file->link && !is_test(file->path) && (kind == SOURCE_PYTHON || kind == SOURCE_SCRIPT || kind == SOURCE_NOTEBOOK || kind == SOURCE_JSON);
}

static size_t read_head(int root, const char *path, char *bytes)
{
	struct stat about;
	int fd = openat(root, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	size_t length = 0;

	if (fd < 0)
		return 0;
	if (!fstat(fd, &about) && S_ISREG(about.st_mode))
		for (ssize_t got; length < HEAD_BYTES && (got = read(fd, bytes + length, HEAD_BYTES - length)) > 0;)
			length += (size_t)got;
	close(fd);
	return length;
}

static void add_evidence(struct agents *agents, const char *path, const struct framework_match *match)
{
	struct evidence row = { .path = path, .framework = match->framework, .has_mark = match->mark != NULL };

	if (match->mark)
		row.why = arena_format(agents->arena, "imports %.*s (line %d), has %s (line %d)", (int)match->module_length, match->module, match->module_line,
			match->mark, match->mark_line);
	else
		row.why = arena_format(agents->arena, "imports %.*s (line %d)", (int)match->module_length, match->module, match->module_line);
	agents->evidence = mem_grow(agents->evidence, agents->evidence_count + 1, sizeof(row));
	agents->evidence[agents->evidence_count++] = row;
}

/* A library's own code: it imports itself and its like, and nobody runs it as an agent. */
static int is_library(const struct agents *agents, const char *path)
{
	const char *package = projects_package(agents->projects, path);

	return package && framework_is(agents->frameworks, package);
}

static void find_evidence(struct agents *agents, const struct walk *walk)
{
	char *bytes = mem_alloc(HEAD_BYTES + 1);

	for (size_t i = 0; i < walk_count(walk); i++) {
		const struct walk_file *file = walk_at(walk, i);
		enum source_kind kind = source_kind_of(file->path, "", 0);
		struct source source = { 0 };

		if (!may_import(kind, file) || is_library(agents, file->path))
			continue;
		size_t length = read_head(walk_root_fd(walk), file->path, bytes);
		const struct framework_file about = { agents->projects, file->path };
		struct framework_match match = { 0 };
		if (kind != SOURCE_NOTEBOOK)
			match = framework_of(agents->frameworks, &about, kind, bytes, length);
		else if (framework_of_notebook(agents->frameworks, &about, bytes, length, agents->arena, &match) && !source_of_bytes(&source, file->path, bytes, length))
			match = framework_of(agents->frameworks, &about, kind, source.text, source.length);
		if (match.framework)
			add_evidence(agents, file->path, &match);
		source_release(&source);
	}
	free(bytes);
}

/* --- agents --- */

/* "my_bot" of my-bot. */
static int is_called(const char *at, size_t length, const char *name)
{
	int same = length == strlen(name) && length;

	for (size_t i = 0; same && i < length; i++)
		same = at[i] == name[i] || (at[i] == '_' && name[i] == '-') || (at[i] == '-' && name[i] == '_');
	return same;
}

/* `agents/x/src/x/main.py` under `agents/x/pyproject.toml`: the manifest's folder is the agent. */
static int is_inside_of(const struct agents *agents, const char *path, const char *manifest)
{
	const char *at = path + strlen(manifest) + (*manifest != 0), *own = path_base(manifest), *name = projects_name(agents->projects, manifest);

	while (*at) {
		size_t length = strcspn(at, "/");
		int known = is_called(at, length, own) || (name && is_called(at, length, name));

		for (const char *const *word = inner; *word && !known; word++)
			known = strlen(*word) == length && !strncmp(*word, at, length);
		if (!known)
			return 0;
		at += length + (at[length] == '/');
	}
	return 1;
}

/* `weather/sub_agents/hourly` below `weather`. */
static int is_part(const char *path, const char *above)
{
	for (const char *at = path + strlen(above) + (*above != 0); *at; at += *at == '/') {
		size_t length = strcspn(at, "/");

		for (const char *const *word = parts; *word; word++)
			if (strlen(*word) == length && !strncmp(*word, at, length))
				return 1;
		at += length;
	}
	return 0;
}

/* Whether what was found below belongs to the root above it: to a cockpit.yaml of an agent (not of a workspace) always; a code folder to its
 * manifest's folder; a mere hint to whatever there is. */
static int gives_way(const struct agents *agents, const struct root *found, const struct root *above)
{
	if (above->sign == SIGN_CONFIG)
		return *above->path && !json_get(above->config, "targets");
	if (is_part(found->path, above->path) && above->sign != SIGN_HINT)
		return 1;
	if (found->sign == SIGN_HINT && above->sign == SIGN_MANIFEST && is_inside_of(agents, found->path, above->path))
		return 1;
	if (found->sign == SIGN_HINT)
		return above->sign != SIGN_HINT && (*above->path || above->sign == SIGN_ENTRY);
	return found->sign == SIGN_ENTRY && is_inside_of(agents, found->path, above->path);
}

/* The root a file belongs to: the deepest above it that does not give way to a higher one. NULL: none. */
static const struct root *root_of(const struct agents *agents, const char *path)
{
	char *folder = mem_text(path);
	const struct root *found = NULL;

	while (*folder && !(found && found->sign == SIGN_CONFIG)) {
		char *slash = strrchr(folder, '/');

		*(slash ? slash : folder) = 0;
		const struct root *here = root_at(agents, folder);
		if (here && (!found || gives_way(agents, found, here)))
			found = here;
	}
	free(folder);
	return found;
}

/* A workflow that is drawn, not written, has whatever name its author gave it: its folder is as good as one with an entry file. */
static void add_workflows(struct agents *agents)
{
	for (size_t i = 0; i < agents->evidence_count; i++)
		if (source_kind_of(agents->evidence[i].path, "", 0) == SOURCE_JSON)
			add_root(agents, path_folder(agents->arena, agents->evidence[i].path), SIGN_HINT, NULL);
	order_roots(agents);
}

static struct agent *agent_at(struct agents *agents, const struct root *root)
{
	for (size_t i = agents->count; i-- > 0;)
		if (!strcmp(agents->rows[i].path, root->path))
			return &agents->rows[i];
	agents->rows = mem_grow(agents->rows, agents->count + 1, sizeof(*agents->rows));
	agents->rows[agents->count] = (struct agent){
		.path = root->path, .framework = "unknown", .brain = "", .brain_why = "named by cockpit.yaml", .config = root->config,
		.threshold = json_number(json_get(root->config, "threshold"), 0)
	};
	return &agents->rows[agents->count++];
}

/* The better brain: what cockpit.yaml names, else what builds an agent, else what only imports; an entry file before another. */
static int weight(const struct agent *agent, const struct evidence *evidence)
{
	const char *named = json_text(json_get(agent->config, "entry_point"));
	size_t folder = strlen(agent->path) + (*agent->path != 0);
	int rank = evidence->framework->rank;

	if (named && !strcmp(evidence->path + folder, named + (strncmp(named, "./", 2) ? 0 : 2)))
		return 1 << 20;
	return (evidence->has_mark << 14) + ((entry_sign(path_base(evidence->path)) >= 0) << 12) + (1000 - (rank < 1000 ? rank : 999));
}

static void settle(struct agents *agents, struct agent *agent)
{
	int best = -1, framework = -1;

	for (size_t i = 0; i < agents->evidence_count; i++) {
		const struct evidence *evidence = &agents->evidence[i];

		if (!evidence->root || strcmp(evidence->root, agent->path))
			continue;
		if (weight(agent, evidence) > best) {
			best = weight(agent, evidence);
			agent->brain = evidence->path;
			agent->brain_why = evidence->why;
		}
		if (framework < 0 || evidence->framework->rank < framework) {
			framework = evidence->framework->rank;
			agent->framework = evidence->framework->name;
		}
	}
}

/* A manifest above other agents is the workspace's, and what it shares is nobody's brain. */
static void drop_workspaces(struct agents *agents)
{
	size_t kept = 0;

	for (size_t i = 0; i < agents->count; i++) {
		const struct root *root = root_at(agents, agents->rows[i].path);
		int nested = 0;

		for (size_t k = 0; k < agents->count && !nested; k++)
			nested = k != i && is_below(agents->rows[k].path, root->path);
		if (!nested || root->sign != SIGN_MANIFEST)
			agents->rows[kept++] = agents->rows[i];
	}
	agents->count = kept;
}

/* A cockpit.yaml alone makes an agent when it names its entry or when no agent lies below it: that of a workspace only sets rules. */
static void add_configured(struct agents *agents)
{
	for (size_t i = 0; i < agents->root_count; i++) {
		const struct root *root = &agents->roots[i];
		const char *entry = json_text(json_get(root->config, "entry_point"));
		int nested = 0;

		if (root->sign != SIGN_CONFIG)
			continue;
		for (size_t k = 0; k < agents->count && !nested; k++)
			nested = strcmp(agents->rows[k].path, root->path) && is_below(agents->rows[k].path, root->path);
		if (!entry && nested)
			continue;
		struct agent *agent = agent_at(agents, root);
		if (entry && !*agent->brain)
			agent->brain = *root->path ? arena_format(agents->arena, "%s/%s", root->path, entry) : arena_text(agents->arena, entry);
	}
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct agent *)a)->path, ((const struct agent *)b)->path);
}

static void count_files(struct agents *agents, const struct walk *walk)
{
	for (size_t i = 0; i < agents->count; i++) {
		struct agent *agent = &agents->rows[i];
		size_t first = 0;

		while (first < walk_count(walk) && !is_below(walk_at(walk, first)->path, agent->path))
			first++;
		agent->first_file = first;
		while (first + agent->file_count < walk_count(walk) && is_below(walk_at(walk, first + agent->file_count)->path, agent->path))
			agent->file_count++;
	}
}

struct agents *agents_discover(const struct walk *walk, struct error *err)
{
	struct frameworks *frameworks = frameworks_load(err);

	if (!frameworks)
		return NULL;
	struct agents *agents = mem_zero(1, sizeof(*agents));
	agents->arena = arena_new();
	agents->frameworks = frameworks;
	agents->projects = projects_read(walk);
	find_roots(agents, walk);
	find_evidence(agents, walk);
	add_workflows(agents);
	for (size_t i = 0; i < agents->evidence_count; i++) {
		const struct root *root = root_of(agents, agents->evidence[i].path);

		agents->evidence[i].root = root ? root->path : NULL;
		if (root)
			agent_at(agents, root);
	}
	for (size_t i = 0; i < agents->count; i++)
		settle(agents, &agents->rows[i]);
	drop_workspaces(agents);
	add_configured(agents);
	if (agents->count)
		qsort(agents->rows, agents->count, sizeof(*agents->rows), by_path);
	count_files(agents, walk);
	return agents;
}

void agents_free(struct agents *agents)
{
	if (!agents)
		return;
	frameworks_free(agents->frameworks);
	projects_free(agents->projects);
	free(agents->rows);
	free(agents->roots);
	free(agents->evidence);
	arena_free(agents->arena);
	free(agents);
}

size_t agents_count(const struct agents *agents)
{
	return agents->count;
}

const struct agent *agents_at(const struct agents *agents, size_t i)
{
	return i < agents->count ? &agents->rows[i] : NULL;
}

const struct agent *agents_of(const struct agents *agents, const char *path)
{
	const struct agent *deepest = NULL;

	for (size_t i = 0; i < agents->count; i++)
		if (is_below(path, agents->rows[i].path) && (!deepest || strlen(agents->rows[i].path) > strlen(deepest->path)))
			deepest = &agents->rows[i];
	return deepest;
}
