#include "sample.h"

#include "base/clock.h"
#include "check_main.h"
#include "estate/provider.h"

START_TEST(reads_a_kind)
{
	struct kinds *kinds = sample_kinds();
	const struct kind *kind = kinds_find(kinds, "PO");

	ck_assert_ptr_nonnull(kind);
	ck_assert_str_eq(kind->name, "pods");
	ck_assert_uint_eq(kind->visible_count, 7);
	ck_assert_int_eq(kind->role[ROLE_ID], 7);
	ck_assert_int_eq(kind->role[ROLE_NAME], 1);
	ck_assert_int_eq(kind->role[ROLE_STATE], 2);
	ck_assert(kind->role[ROLE_SEVERITY] >= 7 && kind->role[ROLE_WHY] >= 7);
	ck_assert_int_eq(kind->poll_ms, 200);
	ck_assert_int_eq(kind->history, 1);
	ck_assert_int_eq(kind_column_find(kind, "uid"), 8);
	ck_assert_ptr_eq(kinds_find(kinds, "fake/pod"), kind);
	ck_assert_ptr_null(kinds_find(kinds, "other/pods"));
	ck_assert_ptr_null(kinds_find(kinds, "nodes"));
	ck_assert_int_eq(kind_verb_find(kind, "scale")->risk, RISK_WRITE);
	kinds_free(kinds);
}
END_TEST

static const struct {
	const char *from, *to, *message;
	int line;
} mistakes[] = {
	{ "provider: fake", "provider: fa/ke", "provider", 1 },
	{ "poll: 200ms", "poll: soon", "poll", 7 },
	{ "poll: 200ms", "poll: 1ms", "poll", 7 },
	{ "wrong_now: true", "wrong_know: true", "wrong_know", 8 },
	{ "type: percent", "type: percents", "percents", 15 },
	{ "role: state", "role: estate", "estate", 13 },
	{ "restarts > 5", "restart > 5", "restart", 22 },
	{ "{STATUS}, ", "{STATE}, ", "STATE", 21 },
	{ "severity: medium", "severity: bad", "severity", 22 },
	{ "risk: write", "risk: none", "risk", 26 },
	{ "type: integer", "type: int", "int", 26 },
	{ "- {name: NAME}", "- {name: NAMES}", "name", 0 },
	{ "sort: -cpu", "sort: cpus", "cpus", 9 },
	{ "{name: uid}", "{name: cpu}", "cpu", 0 },
};

START_TEST(tells_where_a_mistake_is)
{
	struct json *problems = json_array();
	const char *at = strstr(sample_pods, mistakes[_i].from);
	char *yaml = mem_format("%.*s%s%s", (int)(at - sample_pods), sample_pods, mistakes[_i].to,
		at + strlen(mistakes[_i].from));
	struct kinds *kinds = sample_kinds_from(yaml, problems);
	const struct json *problem = json_item(problems, 0);

	ck_assert_ptr_null(kinds);
	ck_assert_uint_eq(json_count(problems), 1);
	ck_assert_msg(strstr(json_text(json_get(problem, "message")), mistakes[_i].message), "%s",
		json_text(json_get(problem, "message")));
	if (mistakes[_i].line)
		ck_assert_int_eq(json_int(json_get(problem, "line"), 0), mistakes[_i].line);
	ck_assert_ptr_nonnull(strstr(json_text(json_get(problem, "file")), "sample.yaml"));
	json_free(problems);
	free(yaml);
}
END_TEST

START_TEST(a_bad_document_does_not_hide_the_others)
{
	struct json *problems = json_array();
	char *yaml = mem_format("kind: x\n---\n%s---\n%s", sample_pods, sample_pods);
	struct kinds *kinds = sample_kinds_from(yaml, problems);

	ck_assert_ptr_nonnull(kinds);
	ck_assert_uint_eq(kinds_count(kinds), 1);
	ck_assert_uint_ge(json_count(problems), 1);
	kinds_free(kinds);
	json_free(problems);
	free(yaml);
}
END_TEST

START_TEST(discovered_kinds_are_added_once)
{
	struct kinds *kinds = sample_kinds();
	static const char yaml[] = "{kind: things, provider: fake, columns: [{name: NAME}]}";
	struct json *json = yaml_parse(yaml, strlen(yaml), NULL);
	struct error err = { 0 };

	ck_assert_ptr_nonnull(kinds_add(kinds, json, "discovered", &err));
	ck_assert_ptr_null(kinds_add(kinds, json, "discovered", &err));
	ck_assert_int_eq(err.code, ERR_CONFLICT);
	json_free(json); /* the registry keeps its own */
	ck_assert_str_eq(kinds_find(kinds, "things")->columns[0].name, "NAME");
	kinds_free(kinds);
}
END_TEST

START_TEST(ids_go_there_and_back)
{
	static const struct ref refs[] = {
		{ "kubernetes", "arn:aws:eks:eu/prod", "shop", "pods", "cart-1", "" },
		{ "kubernetes", "ctx", "", "nodes", "n1", "" },
		{ "host", "web1", "", "filesystems", "/var/lib", "" },
		{ "host", "web1", "", "filesystems", "/", "" },
		{ "host", "", "", "process", "12", "" },
		{ "host", "a%2Fb", "x/y", "z", "100%/z", "" },
		{ "host", "a", "", "z", "b/c", "" },
		{ "host", "a", "n", "z", "/c", "" },
	};
	struct ref back;
	char id[1200];

	for (size_t i = 0; i < sizeof(refs) / sizeof(*refs); i++) {
		ref_format(&refs[i], id, sizeof(id));
		ck_assert_msg(!ref_parse(id, &back), "%s", id);
		ck_assert_msg(!memcmp(&back, &refs[i], sizeof(back)), "%s", id);
	}
	ref_format(&refs[1], id, sizeof(id));
	ck_assert_str_eq(id, "kubernetes:ctx/nodes/n1");
	ref_format(&refs[2], id, sizeof(id));
	ck_assert_str_eq(id, "host:web1/filesystems//var/lib");
	ck_assert_int_eq(ref_parse("web-1", &back), -1);
	ck_assert_int_eq(ref_parse("host:web1/pods/", &back), -1);
	ck_assert_int_eq(ref_parse("host:web1/pods/a/b/c", &back), -1);
	ck_assert_int_eq(ref_parse("host:web1/pods/%0Aa", &back), -1);
	ck_assert_int_eq(ref_parse("averyveryverylongprovider:web1/pods/a", &back), -1);
}
END_TEST

/* Whatever the operator's built-in files are, all of them load. */
START_TEST(built_in_kinds_are_whole)
{
	struct json *problems = json_array();
	struct error err = { 0 };
	struct kinds *kinds;
	char *text;

	setenv("PILOTHOUSE_HOME", "/tmp/ph-no-such-home", 1);
	setenv("PILOTHOUSE_DATA", getenv("srcdir") ? getenv("srcdir") : ".", 1);
	kinds = kinds_load(problems, &err);
	ck_assert_msg(kinds != NULL, "%s", err.text);
	text = json_format(problems);
	ck_assert_msg(!json_count(problems), "%s", text);
	free(text);
	/* Both providers have services: those of the one that is watched are meant. */
	ck_assert_str_eq(kinds_find(kinds, "services")->provider, "host");
	kinds_put_last(kinds, "host");
	ck_assert_str_eq(kinds_find(kinds, "services")->provider, "kubernetes");
	ck_assert_str_eq(kinds_find(kinds, "host/services")->provider, "host");
	ck_assert_str_eq(kinds_find(kinds, "filesystems")->provider, "host");
	/* A row's ref says whose it is. */
	struct ref ref = { .provider = "kubernetes", .kind = "services" };
	kinds_put_last(kinds, "kubernetes");
	ck_assert_str_eq(kinds_of(kinds, &ref)->provider, "kubernetes");
	ck_assert_ptr_nonnull(kind_verb_find(kinds_of(kinds, &ref), "delete"));
	ref = (struct ref){ .provider = "host", .kind = "services" };
	ck_assert_str_eq(kinds_of(kinds, &ref)->provider, "host");
	ref = (struct ref){ .provider = "host", .kind = "pods" };
	ck_assert_ptr_null(kinds_of(kinds, &ref));
	kinds_free(kinds);
	json_free(problems);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_test(tc, reads_a_kind);
	tcase_add_loop_test(tc, tells_where_a_mistake_is, 0, sizeof(mistakes) / sizeof(*mistakes));
	tcase_add_test(tc, a_bad_document_does_not_hide_the_others);
	tcase_add_test(tc, discovered_kinds_are_added_once);
	tcase_add_test(tc, ids_go_there_and_back);
	tcase_add_test(tc, built_in_kinds_are_whole);
}
TEST_MAIN("estate/kind")
