/* Lists of a real server: whole, quick, for each kind of ours, for custom resources, and for users
 * with few rights. */
#include <stdarg.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "kube_peer.h"

enum { LEAST_PODS = 9000, RSS_MOST_KIB = 38 * 1024 };

static struct snapshot *list(
	const char *kind_name, const char *account, const char *namespace_, struct json *errors)
{
	struct error err = { 0 };
	struct selection selection = { .account = account, .namespace_ = namespace_ };
	char name[96];

	snprintf(name, sizeof(name), "kubernetes/%s", kind_name);
	const struct kind *kind = kinds_find(peer.kinds, name);

	if (!kind)
		kind = estate_kind(peer.estate, kind_name, &err);
	ck_assert_msg(kind != NULL, "%s: %s", kind_name, err.text);
	struct snapshot *snapshot = estate_list(peer.estate, kind, &selection, errors, &err);

	ck_assert_msg(snapshot != NULL, "%s: %s", kind_name, err.text);
	return snapshot;
}

START_TEST(all_pods_in_little_memory)
{
	struct rusage usage;
	char counted[32];
	int64_t begun = clock_monotonic_ns();
	struct json *errors = json_array();
	struct snapshot *snapshot = list("pods", "peer-admin", "*", errors);
	int64_t took_ms = (clock_monotonic_ns() - begun) / 1000000;

	getrusage(RUSAGE_SELF, &usage);
	printf("%zu pods in %lld ms, %ld KiB RSS\n", snapshot_count(snapshot), (long long)took_ms,
		usage.ru_maxrss);
	ck_assert_uint_ge(snapshot_count(snapshot), LEAST_PODS);
	ck_assert_uint_eq(json_count(errors), 0);
	ck_assert_int_le(usage.ru_maxrss, RSS_MOST_KIB);
	kubectl(counted, sizeof(counted),
		"get --raw '/api/v1/pods?limit=1' | grep -o 'remainingItemCount\":[0-9]*' | cut "
		"-d: -f2");
	/* Others change pods meanwhile: a handful of difference is theirs. */
	ck_assert_int_le(labs((long)snapshot_count(snapshot) - (atol(counted) + 1)), 60);
	snapshot_unref(snapshot);
	json_free(errors);
}
END_TEST

START_TEST(every_kind_of_ours_lists)
{
	struct json *errors = json_array();

	for (size_t i = 0; i < kinds_count(peer.kinds); i++) {
		const struct kind *kind = kinds_at(peer.kinds, i);

		if (strcmp(kind->provider, "kubernetes") != 0 || !strcmp(kind->name, "pods") ||
			json_get(kind->spec, "absent")) /* an API the peer does without */
			continue;
		snapshot_unref(list(kind->name, "peer-admin", "payments-prod", errors));
	}
	ck_assert_uint_eq(json_count(errors), 0);
	json_free(errors);
}
END_TEST

/* The peer has no metrics server: that is said, and no numbers are made up. */
START_TEST(a_missing_metrics_api_is_said)
{
	struct selection selection = { .account = "peer-admin", .namespace_ = "*" };
	struct error err = { 0 };

	ck_assert_ptr_null(estate_list(peer.estate, kinds_find(peer.kinds, "podmetrics"), &selection, NULL, &err));
	ck_assert_msg(strstr(err.text, "no metrics API") != NULL, "%s", err.text);
}
END_TEST

START_TEST(few_rights_are_enough)
{
	struct json *errors = json_array();
	struct snapshot *snapshot = list("pods", "peer-dev", "*", errors);

	ck_assert_uint_ge(snapshot_count(snapshot), 100);
	ck_assert_msg(strstr(json_text_or(json_get(json_first(errors), "message"), ""),
			      "only namespace payments-prod"),
		"%s", json_text_or(json_get(json_first(errors), "message"), "no note"));
	snapshot_unref(snapshot);
	json_free(errors);
}
END_TEST

START_TEST(a_throttled_user_gets_all_rows)
{
	struct json *errors = json_array();
	struct snapshot *snapshot = list("configmaps", "peer-throttled", "*", errors);

	ck_assert_uint_ge(snapshot_count(snapshot), 500);
	ck_assert_uint_eq(json_count(errors), 0);
	snapshot_unref(snapshot);
	json_free(errors);
}
END_TEST

START_TEST(dead_contexts_do_not_hold_up_the_others)
{
	struct json *errors = json_array();
	struct snapshot *snapshot = list("configmaps", "*", "payments-prod", errors);
	int accounts = 0, dead = 0;

	for (const struct json *item = json_first(errors); item; item = json_next(item))
		dead += !strncmp(json_text_or(json_get(item, "source"), ""), "bad-", 4);
	for (size_t i = 0; i < snapshot_count(snapshot); i++) {
		size_t length;
		const char *account = snapshot_role(snapshot, i, ROLE_ACCOUNT, &length);

		accounts |= length == 10 && !memcmp(account, "peer-admin", 10) ? 1 : 0;
		accounts |= length == 8 && !memcmp(account, "peer-dev", 8) ? 2 : 0;
	}
	ck_assert_int_eq(accounts, 3);
	ck_assert_int_eq(dead, 4);
	snapshot_unref(snapshot);
	json_free(errors);
}
END_TEST

START_TEST(nodes_tell_their_pressure)
{
	struct json *errors = json_array();
	struct snapshot *snapshot = list("nodes", "peer-admin", NULL, errors);
	int pressed = 0, critical = 0;

	for (size_t i = 0; i < snapshot_count(snapshot); i++) {
		size_t length;
		char *severity = snapshot_role_text(snapshot, i, ROLE_SEVERITY);

		snapshot_cell(snapshot, i, kind_column_find(snapshot_kind(snapshot), "PRESSURE"),
			&length);
		pressed += length > 0;
		critical += !strcmp(severity, "critical");
		free(severity);
	}
	ck_assert_int_ge(pressed, 3);
	ck_assert_int_ge(critical, 1);
	snapshot_unref(snapshot);
	json_free(errors);
}
END_TEST

static const char crd[] =
	"apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: "
	"lanterns.ph.example}\n"
	"spec:\n  group: ph.example\n  scope: Namespaced\n  names: {plural: lanterns, singular: "
	"lantern, kind: Lantern, shortNames: [lan]}\n"
	"  versions:\n  - name: v1\n    served: true\n    storage: true\n    schema: "
	"{openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}\n"
	"    additionalPrinterColumns:\n    - {name: Lumen, type: integer, jsonPath: "
	".spec.lumen}\n    - {name: Age, type: date, jsonPath: .metadata.creationTimestamp}\n";
static const char lantern[] = "apiVersion: ph.example/v1\nkind: Lantern\nmetadata: {name: bow, "
			      "namespace: search-perf}\nspec: {lumen: 40}\n";

static void apply(const char *manifest)
{
	FILE *pipe = popen("kubectl --context peer-admin apply -f - >/dev/null 2>&1", "w");

	fputs(manifest, pipe);
	ck_assert_int_eq(pclose(pipe), 0);
}

START_TEST(custom_resources_become_kinds)
{
	struct json *errors = json_array();
	size_t length;

	apply(crd);
	ck_assert_int_eq(
		kubectl(NULL, 0,
			"wait --for=condition=Established --timeout=20s crd/lanterns.ph.example"),
		0);
	PEER_WAIT(!kubectl(NULL, 0, "get lanterns -A"));
	apply(lantern);
	struct snapshot *snapshot = list("lan", "peer-admin", "search-perf", errors);

	ck_assert_uint_eq(snapshot_count(snapshot), 1);
	ck_assert_str_eq(snapshot_kind(snapshot)->name, "lanterns");
	const char *lumen = snapshot_cell(
		snapshot, 0, kind_column_find(snapshot_kind(snapshot), "LUMEN"), &length);

	ck_assert_msg(length == 2 && !memcmp(lumen, "40", 2), "%.*s", (int)length, lumen);
	ck_assert_ptr_nonnull(kind_verb_find(snapshot_kind(snapshot), "delete"));
	kubectl(NULL, 0, "delete crd lanterns.ph.example");
	snapshot_unref(snapshot);
	json_free(errors);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_test(tc, all_pods_in_little_memory);
	tcase_add_test(tc, every_kind_of_ours_lists);
	tcase_add_test(tc, a_missing_metrics_api_is_said);
	tcase_add_test(tc, few_rights_are_enough);
	tcase_add_test(tc, a_throttled_user_gets_all_rows);
	tcase_add_test(tc, dead_contexts_do_not_hold_up_the_others);
	tcase_add_test(tc, nodes_tell_their_pressure);
	tcase_add_test(tc, custom_resources_become_kinds);
}

PEER_MAIN("peers/kube_list")
