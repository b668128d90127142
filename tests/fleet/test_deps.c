/* What manifests want and lock files settle on, in every format. */
#include "base/json.h"
#include "check_main.h"
#include "fleet/supply/deps.h"
#include "fleet/tree.h"
#include "fleet/tree/walk.h"

static struct walk *walk;
static struct deps *deps;

static void setup(void)
{
	make_root();
}

static void teardown(void)
{
	deps_free(deps);
	walk_free(walk);
	deps = NULL;
	walk = NULL;
	remove_root();
}

static void read_all(void)
{
	struct error err = { 0 };

	walk = walk_tree(root, NULL, &err);
	ck_assert_msg(walk != NULL, "%s", err.text);
	deps = deps_read(walk, NULL);
}

static int same(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static const struct dependency *row_of(const char *path, const char *name)
{
	for (size_t i = 0; i < deps_count(deps); i++)
		if (!strcmp(deps_at(deps, i)->path, path) && !strcmp(deps_at(deps, i)->name, name))
			return deps_at(deps, i);
	ck_abort_msg("%s has no %s", path, name);
}

static void ck_row(const char *path, int line, const char *name, const char *wanted, const char *version)
{
	const struct dependency *row = row_of(path, name);

	ck_assert_msg(same(row->wanted, wanted), "%s: wanted %s", name, row->wanted ? row->wanted : "-");
	ck_assert_msg(same(row->version, version), "%s: version %s", name, row->version ? row->version : "-");
	ck_assert_msg(row->line == line, "%s: line %d", name, row->line);
}

START_TEST(reads_requirements)
{
	write_at("a/requirements.txt",
		"# comment\n"
		"Lang_Chain.Core >= 0.3, <1  # why\n"
		"openai[realtime,datalib]==1.55.0 ; python_version >= '3.9' \\\n"
		"    --hash=sha256:aa \\\n"
		"    --hash=sha256:bb\n"
		"-r more/base.txt\r\n"
		"--constraint=limits.txt\n"
		"-e git+https://user:pw@git.example/x.git@main#egg=own_tool\n"
		"direct @ https://u:p@files.example/direct-1.0.whl\n"
		"./local\n"
		"bare\n"
		"-i https://index.example/simple\n"
		"(((\n");
	write_at("a/more/base.txt", "tenacity~=9.0\n-r ../requirements.txt\n-r ../../../etc/passwd\n-r absent.txt\n");
	write_at("a/limits.txt", "bare==2.0\nunused==1\n");
	read_all();
	ck_row("a/requirements.txt", 2, "lang-chain-core", ">= 0.3, <1", NULL);
	ck_row("a/requirements.txt", 3, "openai", "==1.55.0", "1.55.0");
	ck_assert_str_eq(row_of("a/requirements.txt", "openai")->extras, "realtime,datalib");
	ck_assert_str_eq(row_of("a/requirements.txt", "openai")->marker, "python_version >= '3.9'");
	ck_row("a/more/base.txt", 1, "tenacity", "~=9.0", NULL);
	ck_row("a/requirements.txt", 11, "bare", "", "2.0");
	ck_assert_str_eq(row_of("a/requirements.txt", "bare")->lock, "a/limits.txt");
	ck_assert_int_eq(row_of("a/requirements.txt", "own-tool")->origin, ORIGIN_URL);
	ck_assert_str_eq(row_of("a/requirements.txt", "direct")->source, "https://files.example/direct-1.0.whl");
	ck_assert_uint_eq(deps_count(deps), 6);
	ck_assert_uint_eq(deps_problems(deps), 3);
	ck_assert_int_eq(deps_problem_at(deps, 0)->line, 13);
	ck_assert_str_eq(deps_problem_at(deps, 1)->path, "a/more/base.txt");
	struct json *json = deps_to_json(deps);
	char *text = json_format(json);
	ck_assert_msg(!strstr(text, "pw@") && !strstr(text, "u:p"), "%s", text);
	free(text);
	json_free(json);
}
END_TEST

START_TEST(reads_pyproject_of_each_tool)
{
	write_at("pep/pyproject.toml",
		"[project]\nname = \"My.App\"\ndependencies = [\n  \"openai>=1\",\n  'httpx[http2]',\n]\n[project.optional-dependencies]\nx = [\"rich==13.0\"]\n"
		"[dependency-groups]\ntest = [\"pytest\", {include-group = \"lint\"}]\n");
	write_at("pep/uv.lock",
		"version = 1\n[[package]]\nname = \"openai\"\nversion = \"1.55.0\"\nsource = { registry = \"https://pypi.org/simple\" }\n"
		"[[package]]\nname = \"my-app\"\nversion = \"0\"\nsource = { virtual = \".\" }\n"
		"[[package]]\nname = \"anyio\"\nversion = \"4.0\"\nsource = { registry = \"https://u:s@index.example/simple\" }\n");
	write_at("poetry/pyproject.toml",
		"[tool.poetry]\nname = \"p\"\n[tool.poetry.dependencies]\npython = \"^3.11\"\nlanggraph = \"^0.2\"\nown = {path = \"../own\"}\nfork = {git = \"https://g.example/f\", rev = \"1\"}\n"
		"[tool.poetry.group.dev.dependencies]\nruff = \"*\"\n");
	write_at("poetry/poetry.lock",
		"[[package]]\nname = \"langgraph\"\nversion = \"0.2.50\"\n[[package]]\nname = \"fork\"\nversion = \"1\"\n[package.source]\ntype = \"git\"\nurl = \"https://g.example/f\"\n");
	write_at("pipenv/Pipfile", "[packages]\nflask = \"*\"\n");
	write_at("pipenv/Pipfile.lock",
		"{\"_meta\": {\"sources\": [{\"name\": \"pypi\", \"url\": \"https://pypi.org/simple\"}]},\n \"default\": {\n  \"flask\": {\"index\": \"pypi\", \"version\": \"==3.0.3\"}}}");
	read_all();
	ck_row("pep/pyproject.toml", 4, "openai", ">=1", "1.55.0");
	ck_assert_str_eq(row_of("pep/pyproject.toml", "openai")->source, "https://pypi.org/simple");
	ck_row("pep/pyproject.toml", 5, "httpx", "", NULL);
	ck_row("pep/pyproject.toml", 8, "rich", "==13.0", "13.0");
	ck_row("pep/pyproject.toml", 10, "pytest", "", NULL);
	ck_assert_int_eq(row_of("pep/pyproject.toml", "pytest")->development, 1);
	ck_row("pep/uv.lock", 11, "anyio", NULL, "4.0");
	ck_assert_str_eq(row_of("pep/uv.lock", "anyio")->source, "https://index.example/simple");
	ck_assert(deps_is_own(deps, ECOSYSTEM_PYPI, "my-app"));
	ck_row("poetry/pyproject.toml", 5, "langgraph", "^0.2", "0.2.50");
	ck_assert_int_eq(row_of("poetry/pyproject.toml", "own")->origin, ORIGIN_LOCAL);
	ck_assert_int_eq(row_of("poetry/pyproject.toml", "fork")->origin, ORIGIN_URL);
	ck_row("pipenv/Pipfile", 2, "flask", "", "3.0.3");
	ck_assert_int_eq(row_of("pipenv/Pipfile", "flask")->lock_line, 3);
	ck_assert_uint_eq(deps_problems(deps), 0);
}
END_TEST

START_TEST(reads_package_json_and_its_locks)
{
	static const char manifest[] = "{\"name\": \"app\",\n\"dependencies\": {\n \"ai\": \"^4.0.0\",\n \"@scope/x\": \"1.2.3\",\n \"y\": \"npm:real@^2\",\n \"z\": \"file:../z\"}}";

	write_at("v3/package.json", manifest);
	write_at("v3/package-lock.json",
		"{\"lockfileVersion\": 3, \"packages\": {\n\"\": {\"name\": \"app\"},\n\"node_modules/ai\": {\"version\": \"4.0.1\", \"resolved\": \"https://registry.npmjs.org/ai/-/ai-4.0.1.tgz\"},\n"
		"\"node_modules/w/node_modules/ai\": {\"version\": \"3.0.0\"},\n\"node_modules/own\": {\"link\": true, \"resolved\": \"own\"}}}");
	write_at("v1/package.json", manifest);
	write_at("v1/npm-shrinkwrap.json", "{\"dependencies\": {\"ai\": {\"version\": \"4.0.2\", \"dependencies\": {\"ai\": {\"version\": \"1.0.0\"}}}}}");
	write_at("yarn/package.json", manifest);
	write_at("yarn/yarn.lock",
		"# yarn lockfile v1\n\n\"@scope/x@1.2.3\":\n  version \"1.2.3\"\n\nai@^4.0.0, ai@^4.0.1:\n  version \"4.0.3\"\n  resolved \"https://u:p@registry.example/ai.tgz#1\"\n  dependencies:\n    w \"1\"\n");
	write_at("berry/package.json", manifest);
	write_at("berry/yarn.lock", "__metadata:\n  version: 8\n\n\"ai@npm:^4.0.0\":\n  version: 4.0.4\n  resolution: \"ai@npm:4.0.4\"\n\n\"app@workspace:.\":\n  version: 0.0.0-use.local\n");
	write_at("pnpm/package.json", manifest);
	write_at("pnpm/pnpm-lock.yaml", "lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies: {}\npackages:\n\n  '@scope/x@1.2.3(peer@1)':\n    resolution: {integrity: q}\n  ai@4.0.5:\n    resolution: {}\n  /old/1.0.0:\n    dev: true\n");
	read_all();
	ck_row("v3/package.json", 3, "ai", "^4.0.0", "4.0.1");
	ck_row("v3/package.json", 4, "@scope/x", "1.2.3", "1.2.3");
	ck_row("v3/package.json", 5, "real", "^2", NULL);
	ck_assert_int_eq(row_of("v3/package.json", "z")->origin, ORIGIN_LOCAL);
	ck_row("v3/package-lock.json", 4, "ai", NULL, "3.0.0");
	ck_row("v1/package.json", 3, "ai", "^4.0.0", "4.0.2");
	ck_row("yarn/package.json", 3, "ai", "^4.0.0", "4.0.3");
	ck_assert_str_eq(row_of("yarn/package.json", "ai")->source, "https://registry.example/ai.tgz#1");
	ck_row("berry/package.json", 3, "ai", "^4.0.0", "4.0.4");
	ck_row("pnpm/package.json", 3, "ai", "^4.0.0", "4.0.5");
	ck_row("pnpm/pnpm-lock.yaml", 11, "old", NULL, "1.0.0");
	ck_assert_uint_eq(deps_problems(deps), 0);
}
END_TEST

START_TEST(the_nearest_lock_settles_it)
{
	write_at("poetry.lock", "[[package]]\nname = \"openai\"\nversion = \"1.0\"\n[[package]]\nname = \"two\"\nversion = \"1\"\n[[package]]\nname = \"two\"\nversion = \"2\"\n");
	write_at("agents/a/poetry.lock", "[[package]]\nname = \"openai\"\nversion = \"2.0\"\n");
	write_at("agents/a/requirements.txt", "openai\n");
	write_at("agents/ab/requirements.txt", "OpenAI\ntwo\n");
	read_all();
	ck_assert_str_eq(deps_locked_version(deps, "agents/a/requirements.txt", ECOSYSTEM_PYPI, "openai"), "2.0");
	ck_assert_str_eq(deps_locked_version(deps, "agents/a", ECOSYSTEM_PYPI, "Open_AI") ? "?" : "none", "none");
	ck_assert_str_eq(deps_locked_version(deps, "agents/ab", ECOSYSTEM_PYPI, "OPENAI"), "1.0");
	ck_assert_ptr_null(deps_locked_version(deps, "agents/ab", ECOSYSTEM_PYPI, "two"));
	ck_row("agents/ab/requirements.txt", 1, "openai", "", "1.0");
}
END_TEST

START_TEST(bad_files_are_told)
{
	write_at("a/pyproject.toml", "[project\n");
	write_at("a/package.json", "{");
	write_at("a/poetry.lock", "package = 1\n");
	write_at("a/package-lock.json", "[1, {\"packages\": 2}]");
	write_at("a/yarn.lock", "@\n\"\":\n  version\n  version \"\n");
	write_at("a/pnpm-lock.yaml", "packages:\n  '\n  /:\n  @:\n");
	write_at("a/requirements.txt", "\\\n\\");
	read_all();
	ck_assert_uint_eq(deps_problems(deps), 2);
	ck_assert_msg(strstr(deps_problem_at(deps, 1)->text, "line 1") != NULL, "%s", deps_problem_at(deps, 1)->text);
}
END_TEST

/* Each would take hours if its cost grew with the square of its size. */
START_TEST(large_files_cost_what_they_are_long)
{
	enum { ROWS = 150000, ROW_BYTES = 64 };
	const int rows = check_scaled(ROWS); /* under sanitizers memmem looks at all that is left, not only as far as it finds */
	char *text = malloc((size_t)rows * ROW_BYTES);
	size_t length = 0;

	for (int i = 0; i < rows; i++)
		length += (size_t)sprintf(text + length, "a==%d\n", i);
	write_bytes("same/requirements.txt", text, length);
	length = 0;
	for (int i = 0; i < rows; i++)
		length += (size_t)sprintf(text + length, "-r x%d.txt\n-r ../same/requirements.txt\n", i);
	write_bytes("includes/requirements.txt", text, length);
	length = (size_t)sprintf(text, "{\"packages\": {\"x\": {}");
	for (int i = 0; i < rows; i++)
		length += (size_t)sprintf(text + length, ", \"l%d\": {\"name\": \"n%d\", \"link\": true}", i, i);
	length += (size_t)sprintf(text + length, "}}");
	write_bytes("links/package-lock.json", text, length);
	length = (size_t)sprintf(text, "{\"packages\": {\"x\": {}");
	for (int i = 0; i < rows; i++)
		length += (size_t)sprintf(text + length, ", \"\\u006c%d\": {\"link\": true}", i);
	length += (size_t)sprintf(text + length, "}}");
	write_bytes("escapes/package-lock.json", text, length);
	free(text);
	read_all();
	ck_assert_uint_eq(deps_count(deps), rows);
	ck_assert(deps_is_own(deps, ECOSYSTEM_NPM, "n77") && !deps_is_own(deps, ECOSYSTEM_NPM, "n"));
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, reads_requirements);
	tcase_add_test(tc, reads_pyproject_of_each_tool);
	tcase_add_test(tc, reads_package_json_and_its_locks);
	tcase_add_test(tc, the_nearest_lock_settles_it);
	tcase_add_test(tc, bad_files_are_told);
	tcase_add_test(tc, large_files_cost_what_they_are_long);
}
TEST_MAIN("fleet/deps")
