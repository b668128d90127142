/* Walking a tree: .cockpitignore as git understands it (held against git itself on random trees), excludes and targets of cockpit.yaml, and
 * everything that is no plain file. */
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/error.h"
#include "base/process.h"
#include "base/text.h"
#include "check_main.h"
#include "fleet/tree.h"
#include "fleet/tree/walk.h"
#include "fleet/tree/wildmatch.h"

enum { TREES = 60, DEPTH = 3 };

static unsigned seed, seed_of;

static unsigned pick(unsigned n)
{
	seed = seed * 1103515245u + 12345u;
	return (seed >> 16) % n;
}

/* --- against git --- */

static const char *const names[] = { "a", "b", "ab", "a.py", "b.log", "c c", "#x", "!y", "d ", "[e]", "foo", "f\\g", "\xc3\xa4" };
static const char *const bits[] = { "a", "b", "*", "**", "?", "/", "/", ".py", "[ab]", "[!a]", "[^b]", "\\#", "\\!", "foo", "c c", "[[:alpha:]]", "\\*", " ", "[a-",
	"]", "\\ ", "x", "*.", "!", "#", "[]e]", "\\", "**/", "/**", "[a-c]", "\xc3\xa4", "y", "log" };

static void random_rules(struct text *text)
{
	for (unsigned line = 0, lines = pick(7); line < lines; line++) {
		if (!pick(4))
			text_add(text, "!");
		for (unsigned bit = 0, many = 1 + pick(4); bit < many; bit++)
			text_add(text, bits[pick(sizeof(bits) / sizeof(*bits))]);
		text_add(text, pick(4) ? "\n" : pick(2) ? "/\n" : pick(2) ? "\r\n" : "  \n");
	}
}

static void random_folder(const char *path, int depth)
{
	struct text rules;
	char name[512];

	text_init(&rules, 4096);
	if (!pick(3) || !*path) {
		random_rules(&rules);
		snprintf(name, sizeof(name), "%s.cockpitignore", path), write_at(name, rules.data);
		snprintf(name, sizeof(name), "%s.gitignore", path), write_at(name, rules.data);
	}
	text_release(&rules);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(name, sizeof(name), "%s%s%s", path, names[i], depth < DEPTH && !pick(3) ? "/" : "");
		if (pick(2))
			continue;
		if (name[strlen(name) - 1] == '/')
			random_folder(name, depth + 1);
		else
			write_at(name, "");
	}
}

static void compare_with_git(const char *listed, size_t length)
{
	struct error err = { 0 };
	struct walk *walk = walk_tree(root, NULL, &err);
	size_t ours = 0, theirs = 0;

	ck_assert_msg(walk != NULL, "%s", err.text);
	for (const char *at = listed; at < listed + length; at += strlen(at) + 1, theirs++) {
		size_t i = 0;

		while (i < walk_count(walk) && strcmp(walk_at(walk, i)->path, at))
			i++;
		ck_assert_msg(i < walk_count(walk), "tree %d: git lists %s, we do not (%s)", (int)seed_of, at, root);
	}
	ours = walk_count(walk);
	ck_assert_msg(ours == theirs, "tree %d: %zu files here, %zu in git (%s)", (int)seed_of, ours, theirs, root);
	walk_free(walk);
}

START_TEST(as_git_on_random_trees)
{
	const char *init[] = { "git", "-C", root, "init", "-q", NULL };
	const char *list[] = { "git", "-C", root, "-c", "core.excludesFile=/dev/null", "ls-files", "-z", "--others", "--exclude-standard", NULL };
	struct process_result result = { 0 };

	seed = seed_of = (unsigned)_i * 7919u + 1;
	make_root();
	random_folder("", 0);
	int status = run_program(init, &result);
	if (status == -2) {
		printf("skip: git is not installed, ignore rules are not compared with it\n");
		remove_root();
		return;
	}
	ck_assert_int_eq(status, 0);
	process_release(&result);
	ck_assert_int_eq(run_program(list, &result), 0);
	compare_with_git(result.output, result.output_length);
	process_release(&result);
	remove_root();
}
END_TEST

/* --- cockpit.yaml --- */

static void expect(const char *const *wanted, size_t pruned)
{
	struct error err = { 0 };
	struct walk *walk = walk_tree(root, NULL, &err);

	ck_assert_msg(walk != NULL, "%s", err.text);
	size_t i = 0;
	for (; wanted[i]; i++) {
		ck_assert_msg(i < walk_count(walk), "%s is missing", wanted[i]);
		ck_assert_str_eq(walk_at(walk, i)->path, wanted[i]);
	}
	ck_assert_uint_eq(walk_count(walk), i);
	ck_assert_uint_eq(walk_pruned(walk), pruned);
	walk_free(walk);
}

START_TEST(excludes_and_targets)
{
	make_root();
	write_at("cockpit.yaml", "targets: [agents/one, ./lib/]\n");
	write_at("agents/one/agent.py", "");
	write_at("agents/one/cockpit.yaml", "exclude: [tests, '*.log']\n");
	write_at("agents/one/tests/t.py", "");
	write_at("agents/one/x.log", "");
	write_at("agents/two/agent.py", "");
	write_at("agents/one-more/agent.py", "");
	write_at("lib/tests/t.py", "");
	write_at("node_modules/x/y.js", "");
	expect((const char *const[]){ "agents/one/agent.py", "agents/one/cockpit.yaml", "cockpit.yaml", "lib/tests/t.py", NULL }, 5);
	remove_root();
}
END_TEST

START_TEST(what_others_made_can_be_taken_back)
{
	make_root();
	write_at(".cockpitignore", "!node_modules/\n");
	write_at("node_modules/y.js", "");
	expect((const char *const[]){ ".cockpitignore", "node_modules/y.js", NULL }, 0);
	remove_root();
}
END_TEST

/* --- what is no plain file --- */

static const struct walk_skip *skip_of(const struct walk *walk, const char *path)
{
	for (size_t i = 0; i < walk_skips(walk); i++)
		if (!strcmp(walk_skip_at(walk, i)->path, path))
			return walk_skip_at(walk, i);
	return NULL;
}

START_TEST(special_files_are_named_and_not_opened)
{
	char path[128];
	struct error err = { 0 };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	make_root();
	snprintf(path, sizeof(path), "%s/pipe", root), ck_assert(!mkfifo(path, 0600));
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/sock", root);
	ck_assert(!bind(fd, (struct sockaddr *)&address, sizeof(address)));
	snprintf(path, sizeof(path), "%s/loop", root), ck_assert(!symlink(".", path));
	snprintf(path, sizeof(path), "%s/.cockpitignore", root), ck_assert(!mkfifo(path, 0600));
	write_at("cockpit.yaml", "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c]\n"
				 "e: &e [*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e,*e,*e,*e,*e,*e,*e]\n");
	write_at("new\nline\xff.py", "");
	struct walk *walk = walk_tree(root, NULL, &err);
	ck_assert_msg(walk != NULL, "%s", err.text);
	ck_assert_ptr_nonnull(strstr(skip_of(walk, "pipe")->why, "FIFO"));
	ck_assert_ptr_nonnull(strstr(skip_of(walk, "sock")->why, "socket"));
	ck_assert_int_eq(skip_of(walk, "pipe")->failed, 0);
	ck_assert_int_eq(skip_of(walk, ".cockpitignore")->failed, 1);
	ck_assert_int_eq(skip_of(walk, "cockpit.yaml")->failed, 1);
	ck_assert_uint_eq(walk_count(walk), 3); /* cockpit.yaml, loop, the odd name */
	ck_assert_str_eq(walk_at(walk, 1)->path, "loop");
	ck_assert_int_eq(walk_at(walk, 1)->link, 1);
	walk_free(walk);
	close(fd);
	remove_root();
}
END_TEST

START_TEST(deep_and_missing)
{
	char path[1200], *at = path;
	struct error err = { 0 };

	make_root();
	for (int i = 0; i < 230; i++)
		at += sprintf(at, "d/");
	strcpy(at, "x.py");
	char full[1300];
	snprintf(full, sizeof(full), "%s/%s", root, path);
	*strrchr(full, '/') = 0;
	const char *argv[] = { "mkdir", "-p", full, NULL };
	struct process_result result = { 0 };
	ck_assert_int_eq(run_program(argv, &result), 0);
	process_release(&result);
	struct walk *walk = walk_tree(root, NULL, &err);
	ck_assert_uint_eq(walk_count(walk), 0);
	ck_assert_uint_eq(walk_skips(walk), 1);
	ck_assert_int_eq(walk_skip_at(walk, 0)->failed, 1);
	walk_free(walk);
	remove_root();
	ck_assert_ptr_null(walk_tree(root, NULL, &err));
	ck_assert_msg(strstr(err.text, root) != NULL, "%s", err.text);
}
END_TEST

START_TEST(hostile_pattern_ends)
{
	char text[400];

	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = 0;
	ck_assert_int_eq(wildmatch("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", text, 1), 0);
	ck_assert_int_eq(wildmatch("**/**/**/**/**/**/**/**/a/**/**/**/**/b", text, 1), 0);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_loop_test(tc, as_git_on_random_trees, 0, TREES);
	tcase_add_test(tc, excludes_and_targets);
	tcase_add_test(tc, what_others_made_can_be_taken_back);
	tcase_add_test(tc, special_files_are_named_and_not_opened);
	tcase_add_test(tc, deep_and_missing);
	tcase_add_test(tc, hostile_pattern_ends);
}

TEST_MAIN("fleet/walk")
