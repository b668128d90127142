#include "gate/playbook.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/yaml.h"
#include "check_main.h"
#include "estate/kind.h"
#include "gate/intent.h"
#include "gate/lint.h"

static char home[64];

static void setup(void)
{
	const char *srcdir = getenv("srcdir");

	snprintf(home, sizeof(home), "/tmp/ph-books-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(home));
	setenv("PILOTHOUSE_HOME", home, 1);
	setenv("PILOTHOUSE_DATA", srcdir ? srcdir : ".", 1);
}

static void save(const char *folder, const char *name, const char *text, char path[200])
{
	snprintf(path, 200, "%s/%s", home, folder);
	mkdir(path, 0700);
	snprintf(path, 200, "%s/%s/%s", home, folder, name);
	ck_assert_int_eq(file_save(path, text, strlen(text), 0600, NULL), 0);
}

/* --- lint --- */

static struct json *lint(const char *text)
{
	struct json *problems = json_array();
	char path[200];

	save("playbooks", "mine.yaml", text, path);
	lint_path(path, problems);
	return problems;
}

static void expect_problem(const char *text, int line, const char *words)
{
	struct json *problems = lint(text);
	char *all = json_format(problems);
	int found = 0;

	for (const struct json *problem = json_first(problems); problem; problem = json_next(problem))
		if (strstr(json_text(json_get(problem, "message")), words) && json_int(json_get(problem, "line"), -1) == line) {
			found = 1;
			ck_assert_msg(strstr(json_text(json_get(problem, "file")), "mine.yaml") != NULL, "%s", all);
		}
	ck_assert_msg(found, "line %d: '%s' is not among %s", line, words, all);
	free(all);
	json_free(problems);
}

#define HEAD "name: mine\nmatch: {intent: investigate, resource: host}\nparams: {host: {from: target.filters.name}}\nsteps:\n"
#define STEP "  - {id: one, action: host.list, with: {kind: hosts}}\n"
#define FINDINGS "findings:\n"

START_TEST(a_good_one_has_no_problem)
{
	struct json *problems = lint(HEAD STEP "  - {id: two, action: host.list, needs: [one], when: '.steps.one.total > 0', with: {kind: services, filter: 'state == failed'}}\n"
		FINDINGS "  - {when: '.steps.two.total > 0', class: availability_loss, target: '$in.steps.two.items[0].id', weight: 0.5, cause: '{{ .params.host }}', cites: [two]}\n");
	char *all = json_format(problems);

	ck_assert_str_eq(all, "[]");
	free(all);
	json_free(problems);
}
END_TEST

static const struct {
	const char *text;
	int line;
	const char *words;
} bad[] = {
	{ "name: mine\ntitel: x\nmatch: {intent: investigate, resource: host}\nsteps:\n" STEP, 2, "a playbook has no 'titel'" },
	{ "name: mine\nmatch: {intent: investigate}\nsteps:\n" STEP, 2, "match has no resource" },
	{ "name: mine\nmatch: {intent: look, resource: host}\nsteps:\n" STEP, 2, "there is no intent 'look'" },
	{ "name: mine\nmatch: {intent: diagnose, resource: host}\nsteps:\n" STEP, 2, "it is called investigate" },
	{ "name: mine\nmatch: {intent: list, resource: host, filters: {colour: red}}\nsteps:\n" STEP, 2, "no filter 'colour'" },
	{ "name: mine\nmatch: {intent: list, resource: host}\n", 1, "a playbook has steps" },
	{ HEAD "  - {id: one, action: host.fly}\n", 5, "there is no action 'host.fly'" },
	{ HEAD "  - {id: one, action: list}\n", 5, "'list' is no action" },
	{ HEAD "  - {id: one, action: host.list, with: {kind: pods}}\n", 5, "host has no kind 'pods'" },
	{ HEAD "  - {id: one, action: host.list}\n", 5, "says no kind" },
	{ HEAD "  - {id: one, action: host.list, with: {kind: hosts, colour: red}}\n", 5, "takes no 'colour'" },
	{ HEAD "  - {id: one, action: host.list, with: {kind: hosts, filter: 'colour == red'}}\n", 5, "filter" },
	{ HEAD "  - {id: one, action: estate.changes, with: {since: soon}}\n", 5, "since is a duration" },
	{ HEAD "  - {id: one, action: host.list, timeout: soon, with: {kind: hosts}}\n", 5, "timeout is a duration" },
	{ HEAD "  - {id: one, action: host.restart, with: {kind: services, name: x, colour: red}}\n", 5, "restart takes no 'colour'" },
	{ HEAD "  - {id: one, action: host.restart, with: {kind: services}}\n", 5, "neither name nor labels" },
	{ HEAD "  - {id: one, action: host.restart, with: {kind: sockets, name: x}}\n", 5, "sockets have no verb 'restart'" },
	{ HEAD "  - {id: one, action: host.renice, with: {kind: processes, name: '1'}}\n", 5, "renice needs 'nice'" },
	{ HEAD STEP STEP, 6, "two steps 'one'" },
	{ HEAD "  - {id: one, action: host.list, needs: [two], with: {kind: hosts}}\n  - {id: two, action: host.list, needs: [one], with: {kind: hosts}}\n", 5, "a circle" },
	{ HEAD "  - {id: one, action: host.list, needs: [none], with: {kind: hosts}}\n", 5, "needs 'none', which is no step" },
	{ HEAD STEP "  - {id: two, action: host.list, when: '.steps.one.total > 0', with: {kind: hosts}}\n", 6, "does not need it" },
	{ HEAD STEP "  - {id: two, action: host.list, when: '.steps.three.total > 0', with: {kind: hosts}}\n", 6, "there is no step 'three'" },
	{ HEAD "  - {id: one, action: host.list, with: {kind: hosts, account: '{{ .params.hots }}'}}\n", 5, "there is no parameter 'hots'" },
	{ HEAD "  - {id: one, action: host.list, with: {kind: hosts, account: '{{ .params.host '}}\n", 5, "not closed" },
	{ HEAD "  - {id: one, action: host.list, when: '.a |', with: {kind: hosts}}\n", 5, "jq" },
	{ HEAD STEP FINDINGS "  - {when: 'true', class: bad_luck, cause: x, cites: [one]}\n", 7, "'bad_luck' is no class" },
	{ HEAD STEP FINDINGS "  - {when: 'true', class: none, cause: x}\n", 7, "cites the steps" },
	{ HEAD STEP FINDINGS "  - {when: 'true', class: none, cause: x, cites: [two]}\n", 7, "no step 'two' to cite" },
	{ HEAD STEP FINDINGS "  - {when: 'true', class: none, cites: [one]}\n", 7, "cause in a sentence" },
	{ HEAD STEP FINDINGS "  - {when: 'true', class: none, cause: x, weight: 7, cites: [one]}\n", 7, "between 0 and 1" },
	{ HEAD STEP FINDINGS "  - {when: 'nonsense(1)', class: none, cause: x, cites: [one]}\n", 7, "nonsense" },
	{ HEAD STEP FINDINGS "  - {wehn: 'true', class: none, cause: x, cites: [one]}\n", 7, "a finding has no 'wehn'" },
	{ "name: mine\nuse: nowhere\nmatch: {intent: investigate, resource: host}\nsteps:\n" STEP, 2, "definitions/nowhere.yaml" },
	{ "name: mine\nuse: ../host\nmatch: {intent: investigate, resource: host}\nsteps:\n" STEP, 2, "playbooks/definitions/NAME.yaml" },
	{ "name: mine\nuse: host\nmatch: {intent: investigate, resource: host}\nsteps:\n  - {use: hosts}\n", 5, "'hosts' is not in what it uses" },
	{ HEAD "  - {use: host}\n", 5, "'host' is not in what it uses" },
	{ "name: mine\nmatch: [\n", 3, "" },
};

START_TEST(says_what_is_wrong_and_where)
{
	expect_problem(bad[_i].text, bad[_i].line, bad[_i].words);
}
END_TEST

START_TEST(other_data_is_checked_by_its_own_reader)
{
	struct json *problems = json_array();
	char path[200];

	save("policies", "mine.yaml", "- {id: a, match: {risk: read}, decide: allow}\n- {id: b, match: {rsik: read}, decide: allow}\n", path);
	lint_path(path, problems);
	ck_assert_uint_eq(json_count(problems), 1);
	ck_assert_int_eq(json_int(json_get(json_item(problems, 0), "line"), 0), 2);
	save("kinds", "mine.yaml", "kind: moons\nprovider: sky\ncolumns:\n  - {name: NAME, type: colour}\n", path);
	lint_path(path, problems);
	ck_assert_uint_eq(json_count(problems), 2);
	save("elsewhere", "mine.yaml", "name: mine\nmatch: {intent: list, resource: host}\nsteps: []\n", path);
	lint_path(path, problems); /* known by its keys */
	ck_assert_uint_eq(json_count(problems), 3);
	save("elsewhere", "what.yaml", "a: b\n", path);
	lint_path(path, problems);
	ck_assert_uint_eq(json_count(problems), 4);
	json_free(problems);
}
END_TEST

START_TEST(a_folder_is_all_its_files)
{
	struct json *problems = json_array();
	char path[200];

	save("playbooks", "good.yaml", HEAD STEP, path);
	save("playbooks", "bad.yaml", "name: bad\nmatch: {intent: list, resource: host}\nsteps: []\n", path);
	lint_path(home, problems);
	ck_assert_uint_eq(json_count(problems), 1);
	ck_assert_ptr_nonnull(strstr(json_text(json_get(json_item(problems, 0), "file")), "playbooks/bad.yaml"));
	json_free(problems);
}
END_TEST

/* Recorded evidence and definitions lie beside playbooks and are none, however the folder is named on the command line. */
START_TEST(what_lies_beside_playbooks_is_none)
{
	struct json *problems = json_array();
	char path[200];

	save("playbooks", "good.yaml", HEAD STEP, path);
	save("playbooks/tests", "mine.yaml", "playbook: mine\ncases: []\n", path);
	save("playbooks/definitions", "mine.yaml", "define: 'def a: 1;'\nsteps: {a: {id: a, action: host.list}}\n", path);
	lint_path(home, problems);
	ck_assert_uint_eq(json_count(problems), 0);
	ck_assert_int_eq(chdir(home), 0);
	lint_path("playbooks", problems);
	ck_assert_uint_eq(json_count(problems), 0);
	json_free(problems);
}
END_TEST

/* --- findings --- */

static struct json *findings_of(const char *book, const char *evidence, struct error *err)
{
	char path[200];
	save("playbooks", "mine.yaml", book, path);
	struct playbooks *books = playbooks_load_file(path, NULL);
	struct json *input = json_parse(evidence, strlen(evidence), NULL);

	ck_assert_ptr_nonnull(input);
	ck_assert_uint_eq(playbooks_count(books), 1);
	struct json *findings = playbook_findings(playbooks_at(books, 0), input, err);
	json_free(input);
	playbooks_free(books);
	return findings;
}

static const char *text_of(const struct json *findings, size_t i, const char *key)
{
	return json_text_or(json_get(json_item(findings, i), key), "-");
}

#define RANKED                                                                                                                                  \
	HEAD STEP "define: 'def double: . * 2;'\n" FINDINGS                                                                                     \
		"  - {each: '.steps.one.items', when: '$item.n > 1', class: load_spike, target: .item.id, weight: '.item.n | double / 100', "         \
		"cause: '{{ .item.id }} has {{ $item.n }} of {{ $in.params.of }} \"quoted\"', cites: [one]}\n"                                        \
		"  - {when: '.params.of > 8', class: none, weight: 0.9, cause: fine, cites: [one]}\n"

START_TEST(are_ranked_by_weight_and_cite)
{
	struct json *findings = findings_of(RANKED, "{\"params\":{\"of\":9},\"steps\":{\"one\":{\"items\":[{\"id\":\"a\",\"n\":2},{\"id\":\"b\",\"n\":5},{\"id\":\"c\",\"n\":1}]}}}", NULL);

	ck_assert_uint_eq(json_count(findings), 2); /* "none" does not stand beside what is wrong */
	ck_assert_str_eq(text_of(findings, 0, "target"), "b");
	ck_assert_str_eq(text_of(findings, 0, "cause"), "b has 5 of 9 \"quoted\"");
	ck_assert_str_eq(text_of(findings, 1, "target"), "a");
	ck_assert_int_eq(json_int(json_get(json_item(findings, 1), "rank"), 0), 2);
	ck_assert_double_eq_tol(json_number(json_get(json_item(findings, 0), "weight"), 0), 0.1, 1e-9);
	ck_assert_str_eq(json_text(json_at(json_item(findings, 0), "cites.0")), "one");
	json_free(findings);
}
END_TEST

START_TEST(none_where_nothing_holds)
{
	struct json *findings = findings_of(RANKED, "{\"params\":{\"of\":1},\"steps\":{\"one\":{\"items\":[]}}}", NULL);

	ck_assert_uint_eq(json_count(findings), 1);
	ck_assert_str_eq(text_of(findings, 0, "class"), "none");
	json_free(findings);
}
END_TEST

START_TEST(what_could_not_be_judged_is_not_called_healthy)
{
	static const char book[] = HEAD STEP FINDINGS "  - {when: '.steps.one.items | test(\"x\")', class: load_spike, cause: x, cites: [one]}\n"
						      "  - {when: '.params.bad', class: availability_loss, cause: down, cites: [one]}\n";
	struct error err = { 0 };

	ck_assert_ptr_null(findings_of(book, "{\"params\":{},\"steps\":{\"one\":{\"items\":[]}}}", &err));
	ck_assert_int_eq(err.code, ERR_FORMAT);
	ck_assert_ptr_nonnull(strstr(err.text, "mine.yaml:7"));
	err = (struct error){ 0 };
	struct json *findings = findings_of(book, "{\"params\":{\"bad\":true},\"steps\":{\"one\":{\"items\":[]}}}", &err);
	ck_assert_str_eq(text_of(findings, 0, "class"), "availability_loss"); /* the other one counts all the same */
	ck_assert_int_eq(err.code, ERR_FORMAT);
	json_free(findings);
}
END_TEST

/* --- matching --- */

static const char *matched(struct playbooks *books, const char *type, const char *resource, const char *filters)
{
	struct error err = { 0 };
	char *text = mem_format("{\"intent_type\":\"%s\",\"target\":{\"resource_type\":\"%s\",\"scope\":null,\"filters\":%s}}", type, resource, filters);
	struct json *document = json_parse(text, strlen(text), NULL);
	struct intent intent;

	ck_assert_msg(!intent_from_json(&intent, document, &err), "%s", err.text);
	const struct playbook *book = playbooks_match(books, &intent, NULL);
	intent_release(&intent);
	json_free(document);
	free(text);
	return book ? book->name : "-";
}

START_TEST(the_most_specific_matches)
{
	struct playbooks *books = playbooks_load(NULL, NULL);

	ck_assert_str_eq(matched(books, "investigate", "kubernetes", "{}"), "kubernetes-investigate");
	ck_assert_str_eq(matched(books, "investigate", "kubernetes", "{\"name\":\"web\",\"metric\":\"restarts\"}"), "kubernetes-crash-loop");
	ck_assert_str_eq(matched(books, "restart", "kubernetes", "{\"name\":\"web\"}"), "kubernetes-restart");
	ck_assert_str_eq(matched(books, "restart", "kubernetes", "{\"name\":\"web-1\",\"kind\":\"pod\"}"), "kubernetes-restart-pod");
	ck_assert_str_eq(matched(books, "restart", "host", "{\"name\":\"web-1\"}"), "-"); /* machines are not rebooted from here */
	ck_assert_str_eq(matched(books, "terminate", "ec2", "{\"name\":\"i-1\"}"), "-");
	playbooks_free(books);
}
END_TEST

START_TEST(the_operators_own_comes_first)
{
	char path[200];

	save("playbooks", "host-disk.yaml", "name: host-disk\ntitle: mine\nmatch: {intent: investigate, resource: host, filters: {metric: disk}}\nsteps:\n" STEP, path);
	struct playbooks *books = playbooks_load(NULL, NULL);
	ck_assert_str_eq(playbooks_find(books, "host-disk")->title, "mine");
	ck_assert_str_eq(matched(books, "investigate", "host", "{\"metric\":\"disk\"}"), "host-disk");
	playbooks_free(books);
}
END_TEST

START_TEST(definitions_are_taken_in)
{
	char path[200];

	save("playbooks", "mine.yaml", "name: mine\nuse: our\nmatch: {intent: investigate, resource: host}\ndefine: 'def b: a + 1;'\nsteps:\n  - {use: look, retry: 2}\n"
		"findings:\n  - {use: found, weight: 0.7}\n", path);
	save("playbooks/definitions", "our.yaml", "define: 'def a: 1;'\nsteps:\n  look: {id: look, action: host.list, retry: 1, with: {kind: hosts, limit: '{{ b }}'}}\n"
		"findings:\n  found: {when: 'b == 2', class: load_spike, cause: 'it is {{ b }}', weight: 0.1, cites: [look]}\n", path);
	struct json *problems = json_array();
	struct playbooks *books = playbooks_load(problems, NULL);
	const struct playbook *mine = playbooks_find(books, "mine");
	ck_assert_int_eq((int)json_count(problems), 0); /* the definitions are no playbook */
	ck_assert_ptr_nonnull(mine);
	ck_assert_str_eq(mine->steps[0].id, "look");
	ck_assert_int_eq(mine->steps[0].retry, 2); /* its own is over what was defined */
	struct json *input = json_object(), *with = playbook_step_with(&mine->steps[0], input, NULL);
	ck_assert_int_eq(json_int(json_get(with, "limit"), 0), 2);
	json_free(with);
	struct json *findings = playbook_findings(mine, input, NULL);
	ck_assert_str_eq(json_text(json_at(findings, "0.cause")), "it is 2");
	ck_assert_double_eq(json_number(json_at(findings, "0.weight"), 0), 0.7);
	json_free(findings);
	json_free(input);
	json_free(problems);
	playbooks_free(books);
}
END_TEST

/* --- what is shipped --- */

START_TEST(those_shipped_are_right)
{
	struct json *problems = json_array();
	struct playbooks *books = playbooks_load(problems, NULL);
	struct kinds *kinds = kinds_load(NULL, NULL);
	const char *last = "";

	ck_assert_uint_ge(playbooks_count(books), 30);
	for (size_t i = 0; i < playbooks_count(books); i++) {
		const struct playbook *book = playbooks_at(books, i);

		if (strcmp(last, book->file))
			playbook_lint(book->file, kinds, problems);
		last = book->file;
		ck_assert_msg(*book->next != NULL, "%s suggests nothing next", book->name);
	}
	char *all = json_format(problems);
	ck_assert_str_eq(all, "[]");
	free(all);
	json_free(problems);
	kinds_free(kinds);
	playbooks_free(books);
}
END_TEST

/* Each that finds something has a sick case and a healthy one. */
START_TEST(those_shipped_find_what_is_recorded)
{
	struct playbooks *books = playbooks_load(NULL, NULL);

	for (size_t i = 0; i < playbooks_count(books); i++) {
		const struct playbook *book = playbooks_at(books, i);
		struct json *report = NULL;
		struct error err = { 0 };
		int healthy = 0;

		if (!book->finding_count)
			continue;
		ck_assert_msg(!playbook_test(books, book->name, &report, &err), "%s: %s", book->name, err.text);
		for (const struct json *row = json_first(json_get(report, "cases")); row; row = json_next(row))
			healthy += !strcmp(json_text_or(json_at(row, "findings.0.class"), ""), "none");
		ck_assert_msg(json_int(json_get(report, "passed"), 0) >= 2 && healthy, "%s: %s", book->name, healthy ? "one case" : "no healthy case");
		json_free(report);
	}
	playbooks_free(books);
}
END_TEST

START_TEST(a_wrong_expectation_fails)
{
	struct playbooks *books = playbooks_load(NULL, NULL);
	struct json *report = NULL;
	char folder[100], path[200];

	snprintf(folder, sizeof(folder), "%s/playbooks", home);
	mkdir(folder, 0700);
	save("playbooks/tests", "mine.yaml", "playbook: host-list\ncases:\n  - {name: wrong, steps: {host: {total: 0}}, expect: [load_spike]}\n", path);
	ck_assert_int_eq(playbook_test(books, "host-list", &report, NULL), -1);
	ck_assert_int_eq(json_int(json_get(report, "failed"), 0), 1);
	json_free(report);
	ck_assert_int_eq(playbook_test(books, "no-such", &report, NULL), -1);
	ck_assert_ptr_null(report);
	playbooks_free(books);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, a_good_one_has_no_problem);
	tcase_add_loop_test(tc, says_what_is_wrong_and_where, 0, (int)(sizeof(bad) / sizeof(*bad)));
	tcase_add_test(tc, other_data_is_checked_by_its_own_reader);
	tcase_add_test(tc, a_folder_is_all_its_files);
	tcase_add_test(tc, what_lies_beside_playbooks_is_none);
	tcase_add_test(tc, are_ranked_by_weight_and_cite);
	tcase_add_test(tc, none_where_nothing_holds);
	tcase_add_test(tc, what_could_not_be_judged_is_not_called_healthy);
	tcase_add_test(tc, the_most_specific_matches);
	tcase_add_test(tc, the_operators_own_comes_first);
	tcase_add_test(tc, definitions_are_taken_in);
	tcase_add_test(tc, those_shipped_are_right);
	tcase_add_test(tc, those_shipped_find_what_is_recorded);
	tcase_add_test(tc, a_wrong_expectation_fails);
}

TEST_MAIN("gate/playbook")
