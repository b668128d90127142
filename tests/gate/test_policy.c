/* First match, deny by default, and nothing that goes wrong may open the gate. */
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/config.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/yaml.h"
#include "gate/policy.h"
#include "gated.h"
#include "net/net.h"
#include "opa.h"

static char home[64];

static void setup(void)
{
	snprintf(home, sizeof(home), "/tmp/ph-policy-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(home));
	setenv("PILOTHOUSE_HOME", home, 1);
	setenv("PILOTHOUSE_DATA", home, 1);
	unsetenv("OPA_ENDPOINT");
	char *folder = mem_format("%s/policies", home);
	ck_assert(!mkdir(folder, 0700));
	free(folder);
}

static void rules(const char *name, const char *text)
{
	char *path = mem_format("%s/policies/%s", home, name);

	ck_assert(!file_save(path, text, strlen(text), 0600, NULL));
	free(path);
}

static struct policy *load(struct json *problems)
{
	struct policy *policy = policy_load(NULL, NULL, problems, NULL);

	ck_assert_ptr_nonnull(policy);
	return policy;
}

static const struct policy_question a_write = { .user = "ana", .role = "sre", .action = "kubernetes.scale", .provider = "kubernetes", .verb = "scale",
	.kind = "deployments", .risk = RISK_WRITE, .scope = "prod", .account = "shop", .namespace_ = "payments", .name = "web-1", .targets = 3,
	.at_ns = INT64_C(1763721000000000000) /* Friday 2025-11-21T10:30:00Z */ };

static enum decision decide(const struct policy *policy, const struct policy_question *question, struct policy_answer *answer)
{
	struct policy_answer mine;

	policy_decide(policy, question, answer ? answer : &mine);
	return answer ? answer->decision : mine.decision;
}

static void teardown(void)
{
	char *remove = mem_format("rm -rf %s", home);

	if (system(remove))
		perror(home);
	free(remove);
}

START_TEST(nothing_matches_denies)
{
	rules("a.yaml", "- {match: {risk: read}, decide: allow}\n");
	struct policy *policy = load(NULL);
	struct policy_answer answer;

	ck_assert_int_eq(decide(policy, &a_write, &answer), DECIDE_DENY);
	ck_assert_str_eq(answer.rule, "no-rule");
	struct policy_question read = a_write;
	read.risk = RISK_READ;
	ck_assert_int_eq(decide(policy, &read, NULL), DECIDE_ALLOW);
	policy_free(policy);
}
END_TEST

START_TEST(no_files_deny_even_reads)
{
	struct policy *policy = load(NULL);
	struct policy_question read = a_write;

	read.risk = RISK_READ;
	ck_assert_int_eq(decide(policy, &read, NULL), DECIDE_DENY);
	policy_free(policy);
}
END_TEST

START_TEST(first_match_wins_in_order_of_file_name)
{
	rules("20-late.yaml", "- {id: late, match: {}, decide: allow}\n");
	rules("10-early.yaml", "- {id: never, match: {scope: dev}, decide: deny}\n"
			       "- {id: early, match: {scope: prod}, decide: approve, by: 2, who: 'role:sre', expires: 30m, not_self: true, flag: false, why: careful}\n");
	struct policy *policy = load(NULL);
	struct policy_answer answer;

	ck_assert_int_eq(decide(policy, &a_write, &answer), DECIDE_APPROVE);
	ck_assert_str_eq(answer.rule, "early (policies/10-early.yaml:2)");
	ck_assert_str_eq(answer.why, "careful");
	ck_assert_str_eq(answer.who, "role:sre");
	ck_assert_int_eq(answer.by, 2);
	ck_assert(answer.not_self && !answer.approve_flag);
	ck_assert_int_eq(answer.expires_ns, 30 * 60 * CLOCK_SECOND_NS);
	struct json *why = policy_explain(policy, &a_write);
	ck_assert(!json_bool(json_at(why, "rules.0.matches"), 1));
	ck_assert_ptr_nonnull(strstr(json_text(json_at(why, "rules.0.because")), "scope"));
	ck_assert_str_eq(json_text(json_at(why, "rules.1.because")), "first match: decides");
	ck_assert_str_eq(json_text(json_at(why, "rules.2.because")), "an earlier rule decided");
	json_free(why);
	policy_free(policy);
}
END_TEST

/* One rule `match: X, decide: allow` over a question: does it match? */
static const struct { const char *match; int matches; } matches[] = {
	{ "{namespace: payments}", 1 }, { "{namespace: pay*}", 1 }, { "{namespace: '*'}", 1 }, { "{namespace: pay}", 0 }, { "{namespace: ''}", 0 },
	{ "{namespace: [shop, 'pay*']}", 1 }, { "{namespace: [shop, 'bay*']}", 0 }, { "{name: 'web-[0-9]'}", 1 }, { "{name: 'web-?'}", 1 },
	{ "{name: '~^web-\\d+$'}", 1 }, { "{name: '~^eb'}", 0 }, { "{name: '~eb'}", 1 }, { "{name: ['~^x', '~1$']}", 1 },
	{ "{user: ana, role: sre}", 1 }, { "{user: ana, role: dba}", 0 }, { "{action: 'kubernetes.*'}", 1 }, { "{verb: scale, kind: deployments}", 1 },
	{ "{provider: host}", 0 }, { "{account: shop}", 1 }, { "{risk: [write, delete]}", 1 }, { "{risk: delete}", 0 },
	{ "{targets_at_least: 3}", 1 }, { "{targets_at_least: 4}", 0 },
	{ "{hours: '09:00-17:00'}", 1 }, { "{hours: '10:30-10:31'}", 1 }, { "{hours: '10:31-12:00'}", 0 }, { "{hours: '09:00-10:30'}", 0 },
	{ "{hours: '22:00-06:00'}", 0 }, { "{hours: '22:00-10:31'}", 1 }, { "{hours: '10:30-06:00'}", 1 }, { "{hours: '00:00-24:00'}", 1 },
	{ "{days: [sat, sun]}", 0 }, { "{days: fri}", 1 },
	{ "{labels: {team: red}}", 1 }, { "{labels: {team: 'r*', tier: '~^(web|db)$'}}", 1 }, { "{labels: {team: blue}}", 0 },
	{ "{labels: {absent: x}}", 0 }, { "{labels: {absent: ''}}", 1 },
};

START_TEST(fields)
{
	char *text = mem_format("- {match: %s, decide: allow}\n", matches[_i].match);
	struct policy_question question = a_write;
	struct json *labels = json_object();
	struct json *problems = json_array();

	json_set_text(labels, "team", "red");
	json_set_text(labels, "tier", "web");
	question.labels = labels;
	rules("a.yaml", text);
	struct policy *policy = load(problems);
	ck_assert_uint_eq(json_count(problems), 0);
	ck_assert_msg((decide(policy, &question, NULL) == DECIDE_ALLOW) == matches[_i].matches, "%s", matches[_i].match);
	json_free(problems);
	json_free(labels);
	policy_free(policy);
	free(text);
}
END_TEST

/* Hours go by the question's time: just before and after midnight. */
START_TEST(over_midnight)
{
	rules("a.yaml", "- {match: {hours: '22:00-06:00'}, decide: allow}\n");
	struct policy *policy = load(NULL);
	static const struct { const char *at; int in; } times[] = { { "2025-11-21T21:59:59Z", 0 }, { "2025-11-21T22:00:00Z", 1 }, { "2025-11-21T23:59:59Z", 1 },
		{ "2025-11-22T00:00:00Z", 1 }, { "2025-11-22T05:59:59Z", 1 }, { "2025-11-22T06:00:00Z", 0 } };

	for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++) {
		struct policy_question question = a_write;

		ck_assert(!clock_parse(times[i].at, &question.at_ns));
		ck_assert_msg((decide(policy, &question, NULL) == DECIDE_ALLOW) == times[i].in, "%s", times[i].at);
	}
	policy_free(policy);
}
END_TEST

/* Each of these is refused with file and line, and then nothing but reads goes, though the rule after it allows everything. */
static const char *const wrong[] = {
	"{match: {rsik: write}, decide: deny}", "{mtach: {risk: write}, decide: deny}", "{match: {risk: writes}, decide: deny}",
	"{match: {scope: production}, decide: deny}", "{match: {risk: write}, decide: forbid}", "{match: {risk: write}}", "{match: [risk], decide: deny}",
	"{match: {name: '~('}, decide: deny}", "{match: {labels: {a: '~['}}, decide: deny}", "{match: {hours: '9-17'}, decide: deny}",
	"{match: {hours: '25:00-26:00'}, decide: deny}", "{match: {hours: '10:00-10:00'}, decide: deny}", "{match: {hours: '10:00-11:00x'}, decide: deny}",
	"{match: {days: [freitag]}, decide: deny}", "{match: {days: []}, decide: deny}", "{match: {targets_at_least: many}, decide: deny}",
	"{match: {labels: team}, decide: deny}", "{match: {labels: {}}, decide: deny}", "{match: {labels: {team: 3}}, decide: deny}",
	"{match: {name: 5}, decide: deny}", "{match: {name: null}, decide: deny}", "{match: {name: [a, 5]}, decide: deny}", "{match: {name: []}, decide: deny}",
	"{decide: approve, by: 0}", "{decide: approve, by: '2'}", "{decide: approve, by: two}", "{decide: approve, by: 1.5}", "{decide: approve, by: 21}",
	"{decide: approve, who: sre}", "{decide: approve, who: 'role:'}", "{decide: approve, who: ['role:sre']}", "{decide: approve, not_self: 'yes'}",
	"{decide: approve, flag: 'no'}", "{decide: approve, expires: 900}", "{decide: approve, expires: soon}", "{decide: approve, expires: 8d}",
	"just words", "{id: 5, decide: deny}",
};

START_TEST(what_is_not_understood_denies_writes)
{
	char *text = mem_format("# one\n- %s\n- {id: all, match: {}, decide: allow}\n", wrong[_i]);
	struct json *problems = json_array();
	struct policy_question read = a_write;
	struct policy_answer answer;

	rules("a.yaml", text);
	struct policy *policy = load(problems);
	ck_assert_msg(json_count(problems) == 1, "%s: no problem told", wrong[_i]);
	ck_assert_int_eq((int)json_int(json_at(problems, "0.line"), 0), 2);
	ck_assert_ptr_nonnull(strstr(json_text(json_at(problems, "0.file")), "a.yaml"));
	ck_assert_msg(decide(policy, &a_write, &answer) == DECIDE_DENY, "%s", wrong[_i]);
	ck_assert_str_eq(answer.rule, "policy-unreadable");
	ck_assert_ptr_nonnull(strstr(answer.why, "a.yaml:2"));
	read.risk = RISK_READ;
	ck_assert_int_ne(decide(policy, &read, NULL), DECIDE_APPROVE); /* as the rules that could be read say */
	json_free(problems);
	policy_free(policy);
	free(text);
}
END_TEST

START_TEST(files_that_cannot_be_read_deny_writes)
{
	static const char *const broken[] = { "- {match: {risk: write}\n", "rules: all\n", "\x00\x01\x02", "- &a [*a, *a]\n" };

	rules("z.yaml", "- {id: all, match: {}, decide: allow}\n");
	for (size_t i = 0; i < sizeof(broken) / sizeof(*broken); i++) {
		rules("a.yaml", broken[i]);
		struct policy *policy = load(NULL);
		if (i != 2) /* an empty file is an empty list */
			ck_assert_msg(decide(policy, &a_write, NULL) == DECIDE_DENY, "%s", broken[i]);
		policy_free(policy);
	}
	char *path = mem_format("%s/policies/a.yaml", home);
	unlink(path);
	ck_assert(!symlink("nowhere-at-all", path));
	struct policy *policy = load(NULL);
	ck_assert_int_eq(decide(policy, &a_write, NULL), DECIDE_DENY);
	policy_free(policy);
	free(path);
}
END_TEST

/* An expression that goes past its limits on a hostile name denies, whatever its rule and those after it say. */
START_TEST(an_expression_past_its_limits_denies)
{
	struct policy_question question = a_write;
	char name[4096];

	memset(name, 'a', sizeof(name));
	memcpy(name + sizeof(name) - 2, "b", 2);
	question.name = name;
	rules("a.yaml", "- {id: slow, match: {name: '~^(a+)+$'}, decide: deny}\n- {match: {}, decide: allow}\n");
	struct policy *policy = load(NULL);
	ck_assert_int_eq(decide(policy, &question, NULL), DECIDE_DENY);
	policy_free(policy);
	rules("a.yaml", "- {match: {name: '~b'}, decide: deny}\n- {match: {}, decide: allow}\n");
	policy = load(NULL);
	question.name = "\xff\xfe b"; /* not UTF-8: still looked at */
	ck_assert_int_eq(decide(policy, &question, NULL), DECIDE_DENY);
	policy_free(policy);
}
END_TEST

START_TEST(the_version_follows_the_rules)
{
	rules("a.yaml", "- {match: {}, decide: allow}\n");
	struct policy *one = load(NULL), *same = load(NULL);
	rules("a.yaml", "- {match: {}, decide: deny}\n");
	struct policy *other = load(NULL);

	ck_assert_str_eq(policy_version(one), policy_version(same));
	ck_assert_str_ne(policy_version(one), policy_version(other));
	policy_free(one);
	policy_free(same);
	policy_free(other);
}
END_TEST

/* --- an engine beside the rules --- */

static const struct {
	const char *rule; /* decide: … of the one rule */
	int status;
	const char *body;
	enum decision decision;
	int by;
	const char *who;
	int not_self, flag;
} answers[] = {
	{ "allow", 200, "{\"result\":true}", DECIDE_ALLOW, 0, "", 0, 1 },
	{ "allow", 200, "{\"result\":false}", DECIDE_DENY, 0, "", 0, 0 },
	{ "allow", 200, "{\"result\":{\"allow\":true}}", DECIDE_ALLOW, 0, "", 0, 1 },
	{ "allow", 200, "{\"result\":{\"allow\":false}}", DECIDE_DENY, 0, "", 0, 0 },
	{ "allow", 200, "{\"result\":{\"decision\":\"allow\",\"allow\":false}}", DECIDE_DENY, 0, "", 0, 0 },
	{ "allow", 200, "{\"result\":{\"decision\":\"deny\",\"allow\":true}}", DECIDE_DENY, 0, "", 0, 0 },
	{ "allow", 200, "{\"result\":{\"decision\":\"approve\",\"by\":2,\"who\":\"role:dba\",\"not_self\":true,\"flag\":false}}", DECIDE_APPROVE, 2, "role:dba", 1, 0 },
	{ "allow", 200, "{\"result\":{\"decision\":\"approve\",\"by\":\"2\"}}", DECIDE_DENY, 0, "", 0, 0 },
	{ "allow", 200, "{\"result\":{\"decision\":\"approve\",\"not_self\":\"yes\"}}", DECIDE_DENY, 0, "", 0, 0 },
	{ "allow", 200, "{\"result\":{\"decision\":\"approve\",\"who\":\"dba\"}}", DECIDE_DENY, 0, "", 0, 0 },
	{ "allow", 200, "{\"result\":{\"decision\":\"Allow\"}}", DECIDE_DENY, 0, "", 0, 0 },
	{ "allow", 200, "{\"result\":{\"allow\":\"true\"}}", DECIDE_DENY, 0, "", 0, 0 },
	{ "allow", 200, "{\"result\":{}}", DECIDE_DENY, 0, "", 0, 0 },
	{ "allow", 200, "{\"result\":\"true\"}", DECIDE_DENY, 0, "", 0, 0 },
	{ "allow", 200, "{\"result\":1}", DECIDE_DENY, 0, "", 0, 0 },
	{ "allow", 200, "{\"result\":[true]}", DECIDE_DENY, 0, "", 0, 0 },
	{ "allow", 200, "{\"result\":null}", DECIDE_DENY, 0, "", 0, 0 },
	{ "allow", 200, "{}", DECIDE_DENY, 0, "", 0, 0 },
	{ "allow", 200, "true", DECIDE_DENY, 0, "", 0, 0 },
	{ "allow", 200, "{\"result\":true", DECIDE_DENY, 0, "", 0, 0 },
	{ "allow", 200, "", DECIDE_DENY, 0, "", 0, 0 },
	{ "allow", 500, "{\"result\":true}", DECIDE_DENY, 0, "", 0, 0 },
	{ "allow", 404, "{\"result\":true}", DECIDE_DENY, 0, "", 0, 0 },
	{ "allow", 201, "{\"result\":true}", DECIDE_DENY, 0, "", 0, 0 },
	{ "allow", -1, "", DECIDE_DENY, 0, "", 0, 0 },
	{ "deny", 200, "{\"result\":true}", DECIDE_DENY, 0, "", 0, 0 },
	{ "approve, by: 1, who: 'role:sre', not_self: true", 200, "{\"result\":true}", DECIDE_APPROVE, 1, "role:sre", 1, 1 },
	{ "approve, by: 1, who: 'role:sre', not_self: true", 200, "{\"result\":{\"decision\":\"approve\",\"by\":3}}", DECIDE_APPROVE, 3, "role:sre", 1, 1 },
	{ "approve, by: 4", 200, "{\"result\":{\"decision\":\"approve\",\"who\":\"user:bo\",\"flag\":false}}", DECIDE_APPROVE, 4, "user:bo", 0, 0 },
	{ "approve, who: 'role:sre'", 200, "{\"result\":{\"decision\":\"approve\",\"who\":\"role:dba\"}}", DECIDE_DENY, 0, "", 0, 0 },
};

static struct policy *with_engine(struct config **config, struct net *net, int port)
{
	char *path = mem_format("%s/config.yaml", home), *text = mem_format("policy: {opa: 'http://127.0.0.1:%d'}\n", port);

	ck_assert(!file_save(path, text, strlen(text), 0600, NULL));
	*config = config_load(NULL, NULL, NULL);
	ck_assert_ptr_nonnull(*config);
	free(path);
	free(text);
	return policy_load(*config, net, NULL, NULL);
}

START_TEST(the_engine_is_asked)
{
	struct opa opa = { .status = answers[_i].status, .body = answers[_i].body };
	struct net *net = net_new(NULL);
	struct config *config;
	struct policy_answer answer;
	char *rule = mem_format("- {id: r, match: {}, decide: %s}\n", answers[_i].rule);

	rules("a.yaml", rule);
	opa_start(&opa);
	struct policy *policy = with_engine(&config, net, opa.port);
	ck_assert_msg(decide(policy, &a_write, &answer) == answers[_i].decision, "%s %s: %d %s", answers[_i].rule, answers[_i].body, answer.decision, answer.why);
	if (answer.decision == DECIDE_APPROVE) {
		ck_assert_int_eq(answer.by, answers[_i].by);
		ck_assert_str_eq(answer.who, answers[_i].who);
		ck_assert_int_eq(answer.not_self, answers[_i].not_self);
		ck_assert_int_eq(answer.approve_flag, answers[_i].flag);
	}
	ck_assert(*answer.why);
	policy_free(policy);
	net_free(net);
	opa_stop(&opa);
	config_free(config);
	free(rule);
}
END_TEST

START_TEST(the_engine_gets_the_question)
{
	struct opa opa = { .status = 200, .body = "{\"result\":true}" };
	struct net *net = net_new(NULL);
	struct config *config;

	rules("a.yaml", "- {match: {}, decide: allow}\n");
	opa_start(&opa);
	struct policy *policy = with_engine(&config, net, opa.port);
	ck_assert_int_eq(decide(policy, &a_write, NULL), DECIDE_ALLOW);
	opa_stop(&opa);
	ck_assert(!strncmp(opa.asked, "POST /v1/data/pilothouse/decision HTTP/1.1\r\n", 44));
	const char *body = strstr(opa.asked, "\r\n\r\n") + 4;
	struct json *document = json_parse(body, strlen(body), NULL);
	struct json *input = policy_input(&a_write);
	ck_assert(json_equal(json_get(document, "input"), input));
	struct policy_question again;
	struct error err = { 0 };
	static const char written[] = "{\"risk\":\"write\",\"targets\":\"12\",\"labels\":{\"team\":\"shop\"}}"; /* by a person */
	struct json *flat = json_parse(written, sizeof(written) - 1, NULL);
	ck_assert_ptr_nonnull(flat);
	ck_assert_msg(!policy_question_from_json(flat, &again, &err), "%s", err.text);
	ck_assert_uint_eq(again.targets, 12);
	ck_assert_str_eq(json_text(json_get(again.labels, "team")), "shop");
	json_set_text(flat, "targets", "many");
	ck_assert_int_eq(policy_question_from_json(flat, &again, &err), -1);
	json_remove(flat, "targets");
	json_set_text(flat, "labels", "team");
	ck_assert_int_eq(policy_question_from_json(flat, &again, &err), -1);
	json_free(flat);
	ck_assert(!policy_question_from_json(input, &again, NULL));
	struct json *second = policy_input(&again);
	json_set(second, "time", json_copy(json_get(input, "time")));
	ck_assert(json_equal(second, input));
	json_free(second);
	json_free(input);
	json_free(document);
	policy_free(policy);
	net_free(net);
	config_free(config);
}
END_TEST

START_TEST(an_engine_that_is_not_there_denies)
{
	struct opa opa = { .status = 200, .body = "{\"result\":true}" };
	struct net *net = net_new(NULL);
	struct config *config;
	struct policy_answer answer;

	rules("a.yaml", "- {match: {}, decide: allow}\n");
	opa_start(&opa);
	opa_stop(&opa);
	struct policy *policy = with_engine(&config, net, opa.port);
	ck_assert_int_eq(decide(policy, &a_write, &answer), DECIDE_DENY);
	ck_assert_ptr_nonnull(strstr(answer.why, "could not be asked"));
	policy_free(policy);
	policy = policy_load(config, NULL, NULL, NULL); /* no network at all */
	ck_assert_int_eq(decide(policy, &a_write, NULL), DECIDE_DENY);
	policy_free(policy);
	net_free(net);
	config_free(config);
}
END_TEST

START_TEST(an_engine_that_is_silent_denies)
{
	struct opa opa = { .status = 0, .body = "" };
	struct net *net = net_new(NULL);
	struct config *config;

	rules("a.yaml", "- {match: {}, decide: allow}\n");
	opa_start(&opa);
	struct policy *policy = with_engine(&config, net, opa.port);
	int64_t from_ns = clock_monotonic_ns();
	ck_assert_int_eq(decide(policy, &a_write, NULL), DECIDE_DENY);
	ck_assert_int_ge(clock_monotonic_ns() - from_ns, CLOCK_SECOND_NS); /* the default waits two seconds */
	policy_free(policy);
	config_override(config, "policy.opa_timeout_ms", "50");
	policy = policy_load(config, net, NULL, NULL);
	from_ns = clock_monotonic_ns();
	ck_assert_int_eq(decide(policy, &a_write, NULL), DECIDE_DENY);
	ck_assert_int_lt(clock_monotonic_ns() - from_ns, CLOCK_SECOND_NS);
	policy_free(policy);
	net_free(net);
	opa_stop(&opa);
	config_free(config);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, nothing_matches_denies);
	tcase_add_test(tc, no_files_deny_even_reads);
	tcase_add_test(tc, first_match_wins_in_order_of_file_name);
	tcase_add_loop_test(tc, fields, 0, (int)(sizeof(matches) / sizeof(*matches)));
	tcase_add_test(tc, over_midnight);
	tcase_add_loop_test(tc, what_is_not_understood_denies_writes, 0, (int)(sizeof(wrong) / sizeof(*wrong)));
	tcase_add_test(tc, files_that_cannot_be_read_deny_writes);
	tcase_add_test(tc, an_expression_past_its_limits_denies);
	tcase_add_test(tc, the_version_follows_the_rules);
	tcase_add_loop_test(tc, the_engine_is_asked, 0, (int)(sizeof(answers) / sizeof(*answers)));
	tcase_add_test(tc, the_engine_gets_the_question);
	tcase_add_test(tc, an_engine_that_is_not_there_denies);
	tcase_add_test(tc, an_engine_that_is_silent_denies);
}

TEST_MAIN("gate/policy")
