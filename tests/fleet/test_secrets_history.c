/* The past of a repository, made by git itself: what a commit brought and a later one took back is found, with commit, path and line; what is still in the
 * tree is not said twice; nothing of a hostile repository's configuration is run. */
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "check_main.h"
#include "fleet/finding/check.h"
#include "fleet/finding/finding.h"
#include "fleet/secrets/history.h"
#include "fleet/secrets/secrets.h"
#include "fleet/tree/walk.h"

static char repository[64];
static struct checks *checks;
static struct secret_rules *rules;
static struct secret_scanner *scanner;
static struct findings *findings;
static struct secrets_history seen;
static struct walk *walk;

static int shell(const char *command)
{
	char line[600];

	snprintf(line, sizeof(line), "cd %s && export GIT_CONFIG_GLOBAL=/dev/null HOME=%s && { %s; } >/dev/null 2>&1", repository, repository, command);
	return system(line);
}

static void begin(void)
{
	struct error err = { 0 };

	snprintf(repository, sizeof(repository), "/tmp/history-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(repository));
	setenv("PILOTHOUSE_HOME", repository, 1);
	checks = checks_load(&err);
	rules = secret_rules_load(&(struct secret_rules_options){ .checks = checks }, &err);
	ck_assert_msg(rules != NULL, "%s", err.text);
	scanner = secret_scanner_new(rules);
	findings = findings_new();
}

static void end(void)
{
	walk_free(walk);
	walk = NULL;
	findings_free(findings);
	secret_scanner_free(scanner);
	secret_rules_free(rules);
	checks_free(checks);
}

static int look(void)
{
	struct error err = { 0 };

	return secrets_history(scanner, repository, walk, findings, NULL, &seen, &err);
}

#define COMMIT "git add -A . && git -c user.name=a -c user.email=a@b commit -qm x"

START_TEST(taken_back)
{
	if (shell("git init -q .") != 0)
		return; /* no git here */
	/* Two keys, put together by the shell so that none stands here. */
	ck_assert_int_eq(shell("echo one >a.txt; " COMMIT), 0);
	ck_assert_int_eq(shell("mkdir 'sub dir'; printf '\\nkey = xk\\nK=%s%s\\n' hf_ QwErTyUiOpAsDfGhJkLzXcVbNmQaZwSxEd >'sub dir/b.py'; " COMMIT), 0);
	ck_assert_int_eq(shell("echo gone >'sub dir/b.py'; git mv 'sub dir/b.py' c.py; " COMMIT), 0);
	ck_assert_int_eq(shell("git checkout -q -b other; printf 'G=%s%s\\n' gsk_ Zx9mQ2wE7rT4yU1iO8pA3sD6fG5hJ0kL2zX7cV4bN1mQ9wE3rT6y >d.txt; " COMMIT "; git checkout -q -"), 0);
	ck_assert_int_eq(look(), 0);
	ck_assert_uint_eq(seen.commits, 4);
	ck_assert_uint_eq(findings_count(findings), 2);
	const struct finding *first = findings_at(findings, 0);

	ck_assert_str_eq(first->rule, "SEC001/huggingface-token");
	ck_assert_str_eq(first->path, "sub dir/b.py");
	ck_assert_int_eq(first->place.line, 3);
	ck_assert_int_eq(strncmp(first->symbol, "commit ", 7), 0);
	ck_assert_uint_eq(strlen(first->symbol), 19);
	ck_assert_int_eq(look(), 0); /* both are known now */
	ck_assert_uint_eq(findings_count(findings), 2);
}
END_TEST

START_TEST(hostile_configuration)
{
	if (shell("git init -q .") != 0)
		return;
	ck_assert_int_eq(shell("echo one >a.txt; echo '* filter=x diff=x textconv=x' >.gitattributes; " COMMIT), 0);
	ck_assert_int_eq(shell("for key in core.fsmonitor core.pager pager.log gpg.program diff.external diff.x.textconv diff.x.command filter.x.smudge core.sshCommand core.askPass "
			       "core.alternateRefsCommand core.editor; do git config $key \"touch $PWD/ran\"; done; git config log.showSignature true; git config core.hooksPath $PWD"),
		0);
	ck_assert_int_eq(look(), 0);
	ck_assert_uint_ge(seen.blobs, 2);
	ck_assert_int_ne(shell("test -e ran"), 0);
}
END_TEST

START_TEST(excluded)
{
	if (shell("git init -q .") != 0)
		return;
	ck_assert_int_eq(shell("mkdir -p a/gate b; for f in a/gate/x.py b/x.py a/y.py; do echo \"K=hf_$(echo $f | md5sum | tr '0123456789' 'ghijKLMNOP' | cut -c1-32)Zw\" >$f; done; " COMMIT), 0);
	ck_assert_int_eq(shell("rm -r a/gate b a/y.py; mkdir -p a; echo gate/ >a/.cockpitignore; echo 'b/*.py' >.cockpitignore; " COMMIT), 0);
	walk = walk_tree(repository, NULL, NULL);
	ck_assert_ptr_nonnull(walk);
	ck_assert_int_eq(look(), 0);
	ck_assert_uint_eq(findings_count(findings), 1);
	ck_assert_str_eq(findings_at(findings, 0)->path, "a/y.py");
}
END_TEST

START_TEST(no_repository)
{
	struct error err = { 0 };

	ck_assert_int_eq(secrets_history(scanner, repository, walk, findings, NULL, &seen, &err), -1);
	ck_assert_msg(err.code == ERR_INVALID || err.code == ERR_NOT_FOUND, "%s", err.text);
	ck_assert_int_eq(strncmp(err.text, "git cannot read the history of", 20), 0);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_checked_fixture(tc, begin, end);
	tcase_add_test(tc, taken_back);
	tcase_add_test(tc, hostile_configuration);
	tcase_add_test(tc, excluded);
	tcase_add_test(tc, no_repository);
}

TEST_MAIN("fleet/secrets_history")
