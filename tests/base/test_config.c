#include "check_main.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/config.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/secret.h"

static char folder[64], path[96];

static void write_file(const char *name, const char *text)
{
	char *file = mem_format("%s/%s", folder, name);

	ck_assert_int_eq(file_save(file, text, strlen(text), 0600, NULL), 0);
	free(file);
}

static void set_up(void)
{
	char elsewhere[96];

	snprintf(folder, sizeof(folder), "/tmp/ph-config-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/config.yaml", folder);
	snprintf(elsewhere, sizeof(elsewhere), "%s/cwd", folder);
	ck_assert_int_eq(mkdir(elsewhere, 0700), 0);
	ck_assert_int_eq(chdir(elsewhere), 0);
	unsetenv("OPA_ENDPOINT");
	unsetenv("PILOTHOUSE_UI_THEME");
	unsetenv("KUBECONFIG");
}

static struct config *load(const char *profile)
{
	struct error err = { 0 };
	struct config *config = config_load(path, profile, &err);

	ck_assert_msg(config != NULL, "%s", err.text);
	return config;
}

START_TEST(each_source_goes_before_the_next)
{
	struct config *config;

	write_file("config.yaml", "ui:\n  theme: fromfile\npolicy: {opa: http://file}\n"
				  "profiles:\n  night:\n    ui: {theme: fromprofile}\n");
	config = load(NULL);
	ck_assert_str_eq(config_get(config, "ui.theme"), "fromfile");
	ck_assert_str_eq(config_get(config, "log.level"), "warn");
	ck_assert_ptr_null(config_get(config, "kubernetes.context"));
	config_free(config);
	config = load("night");
	ck_assert_str_eq(config_get(config, "ui.theme"), "fromprofile");
	ck_assert_str_eq(config_get(config, "policy.opa"), "http://file");
	config_free(config);
	write_file(".env", "# a comment\nexport PILOTHOUSE_UI_THEME=\"from env file\"\nOPA_ENDPOINT='http://x' # y\n");
	config = load("night");
	ck_assert_str_eq(config_get(config, "ui.theme"), "from env file");
	ck_assert_str_eq(config_get(config, "policy.opa"), "http://x");
	setenv("OPA_ENDPOINT", "http://env", 1);
	ck_assert_str_eq(config_get(config, "policy.opa"), "http://env");
	config_override(config, "policy.opa", "http://line");
	ck_assert_str_eq(config_get(config, "policy.opa"), "http://line");
	config_free(config);
}
END_TEST

/* Whoever wrote the folder one happens to stand in must not say what is trusted or run. */
START_TEST(the_current_folder_is_not_trusted)
{
	struct config *config;
	const char *preloaded = getenv("LD_PRELOAD"); /* by valgrind, say */

	write_file("config.yaml", "");
	write_file("cwd/.env", "OPA_ENDPOINT=http://evil\nKUBECONFIG=evil\nPILOTHOUSE_SCOPE=dev\nLD_PRELOAD=x\n"
			       "PILOTHOUSE_UI_THEME=light\n");
	config = load(NULL);
	ck_assert_ptr_null(config_get(config, "policy.opa"));
	ck_assert_ptr_null(config_get(config, "scope"));
	ck_assert_ptr_null(getenv("KUBECONFIG"));
	ck_assert_ptr_eq(getenv("LD_PRELOAD"), preloaded);
	ck_assert_str_eq(config_get(config, "ui.theme"), "light");
	config_free(config);
	ck_assert_int_eq(chmod(".env", 0666), 0); /* anybody could have */
	config = load(NULL);
	ck_assert_str_eq(config_get(config, "ui.theme"), "auto");
	config_free(config);
}
END_TEST

START_TEST(mistakes_have_lines)
{
	struct json *problems = json_array();
	struct config *config;
	struct error err = { 0 };

	write_file("config.yaml", "ui:\n  theme: dark\n  themes: x\nlog: {level: loud}\nscopes: prod\n"
				  "policy:\n  opa_timeout_ms: many\n");
	config = load(NULL);
	ck_assert_int_eq(config_validate(config, problems), -1);
	ck_assert_uint_eq(json_count(problems), 4);
	ck_assert_int_eq(json_int(json_at(problems, "0.line"), 0), 3);
	ck_assert_int_eq(json_int(json_at(problems, "1.line"), 0), 4);
	ck_assert_int_eq(json_int(json_at(problems, "2.line"), 0), 5);
	ck_assert_int_eq(json_int(json_at(problems, "3.line"), 0), 7);
	json_free(problems);
	config_free(config);
	write_file("config.yaml", "a: [\n");
	ck_assert_ptr_null(config_load(path, NULL, &err));
	ck_assert_int_eq(err.code, ERR_INVALID);
	write_file("config.yaml", "");
	ck_assert_ptr_null(config_load(path, "none", &err));
	ck_assert_ptr_null(config_load("/tmp/ph-none/config.yaml", NULL, &err));
	ck_assert_int_eq(err.code, ERR_INVALID);
}
END_TEST

/* What the log itself understands is no mistake, in the file as little as in the environment. */
START_TEST(levels_of_other_systems_are_known)
{
	struct config *config;
	struct error err = { 0 };

	write_file("config.yaml", "log: {level: WARNING}\n");
	config = load(NULL);
	ck_assert_int_eq(config_validate(config, NULL), 0);
	ck_assert_msg(!config_check(config, NULL, &err), "%s", err.text);
	config_free(config);
	ck_assert_int_eq(config_may_set("log.level", "critical", &err), 0);
	ck_assert_int_eq(config_may_set("log.level", "loud", &err), -1);
	ck_assert_int_eq(config_may_set("log.format", "critical", &err), -1);
}
END_TEST

START_TEST(secrets_are_not_listed)
{
	struct config *config;
	struct json *list;
	char *text;

	write_file("config.yaml", "ai: {openai_key: sk-12345}\n");
	write_file(".env", "OPENAI_API_KEY=sk-12345\n");
	config = load(NULL);
	list = config_list(config);
	text = json_format(list);
	ck_assert_ptr_null(strstr(text, "12345"));
	ck_assert_uint_eq(json_count(list), config_key_count);
	free(text);
	json_free(list);
	config_free(config);
}
END_TEST

/* An address may hold who signs in: neither the list nor what is said of a mistake shows it. */
START_TEST(credentials_of_addresses_are_not_shown)
{
	static const char *const written[] = { "https://bob:hunter2@idx.example/@simple", "htps:/bob:hunter2@idx.example", "bob:hunter2@idx.example" };
	struct json *list;
	struct error err = { 0 };
	char *text;

	for (size_t i = 0; i < sizeof(written) / sizeof(*written); i++) {
		char *file = mem_format("registry: {pypi: '%s'}\n", written[i]);

		write_file("config.yaml", file);
		struct config *config = load(NULL);
		list = config_list(config);
		ck_assert_int_eq(config_check(config, list, &err), i ? -1 : 0);
		text = json_format(list);
		ck_assert_msg(!strstr(text, "hunter2") && !strstr(err.text, "hunter2"), "%s", written[i]);
		ck_assert_ptr_nonnull(strstr(text, SECRET_SHOWN "@idx.example"));
		ck_assert_int_eq(config_may_set("registry.pypi", written[i], &err), i ? -1 : 0);
		ck_assert_ptr_null(strstr(err.text, "hunter2"));
		free(text);
		free(file);
		json_free(list);
		config_free(config);
	}
}
END_TEST

/* Variables of parts that are not there yet: no mistake, no setting, told by name only. */
START_TEST(names_of_later_parts_are_known)
{
	struct json *problems = json_array(), *unread;
	struct config *config;
	char *text;

	for (unsigned i = 0; i < config_later_count; i++) {
		unsetenv(config_later[i].name);
		for (unsigned k = 0; k < config_key_count; k++) /* what a row reads is not later */
			ck_assert(!config_keys[k].environment || strcmp(config_keys[k].environment, config_later[i].name) != 0);
	}
	write_file("config.yaml", "");
	write_file(".env", "VAULT_URL=https://v\nOTHER=x\n");
	write_file("cwd/.env", "API_KEYS=evil\n");
	setenv("OPENAI_API_KEY", "sk-12345", 1);
	config = load(NULL);
	ck_assert_int_eq(config_validate(config, problems), 0);
	unread = config_unread(config);
	text = json_format(unread);
	ck_assert_str_eq(text, "[{\"name\":\"OPENAI_API_KEY\",\"part\":\"model providers\"},{\"name\":\"VAULT_URL\",\"part\":\"secrets from Vault\"}]");
	unsetenv("OPENAI_API_KEY");
	free(text);
	json_free(unread);
	json_free(problems);
	config_free(config);
}
END_TEST

static const struct {
	const char *before, *key, *value, *after; /* after NULL: refused */
} edits[] = {
	{ "", "ui.theme", "dark", "ui:\n  theme: \"dark\"\n" },
	{ "# mine\nui:\n  # colours\n  theme: light  # for the sun\n\nlog: {level: warn}\n", "ui.theme", "dark",
		"# mine\nui:\n  # colours\n  theme: \"dark\"  # for the sun\n\nlog: {level: warn}\n" },
	{ "ui:\n    theme: x\n\n# end\n", "ui.mouse", "false", "ui:\n    theme: x\n    mouse: false\n\n# end\n" },
	{ "ui:\nlog:\n  level: warn", "ui.theme", "a", "ui:\n  theme: \"a\"\nlog:\n  level: warn" },
	{ "log:\n  level: warn", "read_only", "true", "log:\n  level: warn\nread_only: true\n" },
	{ "profiles:\n  x:\n    ui:\n      theme: a\n", "ui.theme", "b",
		"profiles:\n  x:\n    ui:\n      theme: a\nui:\n  theme: \"b\"\n" },
	{ "ui: {theme: a}\n", "ui.theme", "b", NULL },
	{ "", "ui.nothing", "b", NULL },
	{ "", "policy.opa_timeout_ms", "many", NULL },
	{ "", "ui.theme", "a\nb: c", NULL },
	{ "", "kubernetes.contexts", "[a, b]", "kubernetes:\n  contexts: [a, b]\n" },
	{ "", "host.tls", "127.0.0.1:8443", "host:\n  tls: [\"127.0.0.1:8443\"]\n" },
	{ "", "host.tls", "", "host:\n  tls: \n" },
};

START_TEST(one_line_is_set)
{
	const char *wanted = edits[_i].after ? edits[_i].after : edits[_i].before;
	char *text;

	write_file("config.yaml", edits[_i].before);
	ck_assert_int_eq(config_set(path, edits[_i].key, edits[_i].value, NULL), edits[_i].after ? 0 : -1);
	text = file_load(path, 1 << 16, &(size_t){ 0 }, NULL);
	ck_assert_str_eq(text, wanted);
	free(text);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_checked_fixture(tc, set_up, NULL);
	tcase_add_test(tc, each_source_goes_before_the_next);
	tcase_add_test(tc, the_current_folder_is_not_trusted);
	tcase_add_test(tc, mistakes_have_lines);
	tcase_add_test(tc, levels_of_other_systems_are_known);
	tcase_add_test(tc, secrets_are_not_listed);
	tcase_add_test(tc, credentials_of_addresses_are_not_shown);
	tcase_add_test(tc, names_of_later_parts_are_known);
	tcase_add_loop_test(tc, one_line_is_set, 0, sizeof(edits) / sizeof(*edits));
}
TEST_MAIN("base/config")
