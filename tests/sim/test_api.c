/* The simulated server over its socket, asked by the program's own client. */
#include <stdio.h>

#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "check_main.h"
#include "net/net.h"
#include "sim/scenario.h"
#include "sim/sim.h"

#define TABLE "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
#define AGGREGATED "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json"
#define CHECKOUT "/apis/apps/v1/namespaces/payments/deployments/checkout"

static struct scenario scenario;
static struct sim *sim;
static struct net *net;
static struct json *answer;
static char audit_id[64];

static void begin(void)
{
	struct error err = { 0 };

	ck_assert_msg(!scenario_load(&scenario, "bad-rollout", &err), "%s", err.text);
	sim = sim_new(&scenario, &err);
	ck_assert_msg(sim != NULL, "%s", err.text);
	net = net_new(&err);
	ck_assert_ptr_nonnull(net);
}

static void end(void)
{
	json_free(answer);
	answer = NULL;
	net_free(net);
	sim_free(sim);
	scenario_release(&scenario);
}

static int ask_as(const char *token, const char *method, const char *path, const char *type, const char *accept, const char *body)
{
	struct net_response response = { 0 };
	struct error err = { 0 };
	char *url = mem_format("%s%s", sim_url(sim, 0), path), *bearer = mem_format("Bearer %s", token);
	struct net_header headers[] = { { .name = "Authorization", .value = bearer }, { .name = "Accept", .value = accept }, { .name = "Content-Type", .value = type } };
	struct net_request request = { .method = method, .url = url, .proxy = "", .headers = headers, .header_count = type ? 3 : 2, .body = body, .body_length = body ? strlen(body) : 0 };

	net_fetch(net, &request, &response, &err);
	ck_assert_msg(response.status != 0, "%s: %s", path, err.text);
	json_free(answer);
	answer = response.body ? json_parse(response.body, response.body_length, NULL) : NULL;
	if (!net_header(&response, "audit-id", audit_id, sizeof(audit_id)))
		*audit_id = '\0';
	int status = response.status;

	net_response_release(&response);
	free(url);
	free(bearer);
	return status;
}

static int get(const char *path, const char *accept)
{
	return ask_as(sim_token(sim), "GET", path, NULL, accept, NULL);
}

static int patch(const char *path, const char *type, const char *body)
{
	return ask_as(sim_token(sim), "PATCH", path, type, "application/json", body);
}

static const char *at(const char *path)
{
	return json_text_or(json_at(answer, path), "");
}

START_TEST(who_has_no_token_gets_nothing)
{
	ck_assert_int_eq(ask_as("wrong", "GET", "/api/v1/pods", NULL, TABLE, NULL), 401);
	ck_assert_str_eq(at("kind"), "Status");
	ck_assert_int_eq(get("/version", "application/json"), 200);
	ck_assert_str_eq(at("gitVersion"), "v1.34.2");
}
END_TEST

START_TEST(discovery_aggregated_and_plain)
{
	ck_assert_int_eq(get("/apis", AGGREGATED), 200);
	ck_assert_str_eq(at("kind"), "APIGroupDiscoveryList");
	ck_assert_int_eq(get("/apis", "application/json"), 200);
	ck_assert_str_eq(at("kind"), "APIGroupList");
	ck_assert_int_eq(get("/apis/apps/v1", "application/json"), 200);
	ck_assert_str_eq(at("resources.0.name"), "deployments");
	ck_assert_int_eq(get("/api/v1", "application/json"), 200);
	ck_assert_str_eq(at("resources.0.kind"), "Pod");
	ck_assert_int_eq(get("/apis/none.example/v1", "application/json"), 404);
}
END_TEST

START_TEST(lists_come_as_tables_in_pages)
{
	ck_assert_int_eq(get("/api/v1/namespaces/payments/pods?limit=5&includeObject=None", TABLE), 200);
	ck_assert_str_eq(at("kind"), "Table");
	ck_assert_uint_eq(json_count(json_get(answer, "rows")), 5);
	ck_assert_int_eq(json_int(json_at(answer, "metadata.remainingItemCount"), -1), 8);
	ck_assert(json_is(json_at(answer, "rows.0.object"), JSON_NULL));
	char *next = mem_format("/api/v1/namespaces/payments/pods?limit=50&continue=%s", at("metadata.continue"));

	ck_assert_int_eq(get(next, TABLE), 200);
	ck_assert_uint_eq(json_count(json_get(answer, "rows")), 8);
	ck_assert_str_eq(at("rows.0.object.kind"), "PartialObjectMetadata");
	free(next);
}
END_TEST

START_TEST(selectors_choose)
{
	ck_assert_int_eq(get("/api/v1/pods?labelSelector=app%3Dcheckout", "application/json"), 200);
	ck_assert_uint_eq(json_count(json_get(answer, "items")), 8);
	ck_assert_int_eq(get("/api/v1/pods?labelSelector=app%20in%20(ledger%2Cfraud-check)", "application/json"), 200);
	ck_assert_uint_eq(json_count(json_get(answer, "items")), 5);
	ck_assert_int_eq(get("/api/v1/pods?labelSelector=app%3Dcheckout%2Capp!%3Dcheckout", "application/json"), 200);
	ck_assert_uint_eq(json_count(json_get(answer, "items")), 0);
	ck_assert_int_eq(get("/api/v1/namespaces/payments/events?fieldSelector=type%3DWarning%2CinvolvedObject.kind%3DPod", "application/json"), 200);
	ck_assert_uint_ge(json_count(json_get(answer, "items")), 3);
	ck_assert_str_eq(at("items.0.reason"), "BackOff");
}
END_TEST

START_TEST(what_is_not_there_is_404_with_a_status)
{
	ck_assert_int_eq(get("/api/v1/namespaces/payments/pods/none", "application/json"), 404);
	ck_assert_str_eq(at("reason"), "NotFound");
	ck_assert_int_eq(get("/api/v1/namespaces/payments/gadgets", "application/json"), 404);
	ck_assert_int_eq(get("/api/v1/namespaces/data/pods/postgres-0/exec?command=ls", "application/json"), 403);
	ck_assert_int_eq(get("/api/v1/namespaces/data/pods/postgres-0/nothing", "application/json"), 404);
	ck_assert_int_eq(ask_as(sim_token(sim), "PUT", CHECKOUT, "application/json", "application/json", "{}"), 405);
}
END_TEST

START_TEST(a_dry_run_is_accepted_and_changes_nothing)
{
	static const char body[] = "{\"spec\":{\"replicas\":9}}";

	ck_assert_int_eq(patch(CHECKOUT "/scale?dryRun=All", "application/merge-patch+json", body), 200);
	ck_assert_str_eq(at("kind"), "Scale");
	ck_assert_int_eq(json_int(json_at(answer, "spec.replicas"), 0), 9);
	ck_assert_int_eq(get(CHECKOUT, "application/json"), 200);
	ck_assert_int_eq(json_int(json_at(answer, "spec.replicas"), 0), 6);
	ck_assert_int_eq(patch(CHECKOUT "/scale?fieldManager=me", "application/merge-patch+json", body), 200);
	ck_assert_uint_eq(strlen(audit_id), 36);
	ck_assert_int_eq(get(CHECKOUT, "application/json"), 200);
	ck_assert_int_eq(json_int(json_at(answer, "spec.replicas"), 0), 9);
	ck_assert_str_eq(at("metadata.managedFields.1.manager"), "me");
}
END_TEST

START_TEST(another_uid_is_a_conflict)
{
	ck_assert_int_eq(patch(CHECKOUT, "application/merge-patch+json", "{\"metadata\":{\"uid\":\"another\"},\"spec\":{\"replicas\":1}}"), 409);
	ck_assert_int_eq(ask_as(sim_token(sim), "DELETE", CHECKOUT, "application/json", "application/json", "{\"preconditions\":{\"uid\":\"another\"}}"), 409);
	ck_assert_int_eq(patch(CHECKOUT, "application/merge-patch+json", "{\"spec\":{\"replicas\":-1}}"), 422);
	ck_assert_int_eq(patch(CHECKOUT, "application/merge-patch+json", "not json"), 400);
	ck_assert_int_eq(patch(CHECKOUT, "application/merge-patch+json", "[1]"), 400);
	ck_assert_int_eq(patch(CHECKOUT, "application/merge-patch+json", "{\"metadata\":\"gone\"}"), 422);
	ck_assert_int_eq(patch(CHECKOUT, "application/merge-patch+json", "{\"spec\":{\"template\":null}}"), 422);
	ck_assert_int_eq(patch(CHECKOUT, "application/json-patch+json", "[{\"op\":\"remove\",\"path\":\"/spec\"}]"), 422);
	ck_assert_int_eq(get(CHECKOUT, "application/json"), 200);
	ck_assert_int_eq(json_int(json_at(answer, "spec.replicas"), 0), 6);
}
END_TEST

/* The trap of ../shared/research: a DELETE with a body does not look at the query. */
START_TEST(a_deletion_obeys_the_dry_run_of_its_body)
{
	ck_assert_int_eq(ask_as(sim_token(sim), "DELETE", CHECKOUT, "application/json", "application/json", "{\"dryRun\":[\"All\"]}"), 200);
	ck_assert_int_eq(get(CHECKOUT, "application/json"), 200);
	ck_assert_int_eq(ask_as(sim_token(sim), "DELETE", CHECKOUT "?dryRun=All", "application/json", "application/json", "{\"kind\":\"DeleteOptions\"}"), 200);
	ck_assert_int_eq(get(CHECKOUT, "application/json"), 404);
}
END_TEST

START_TEST(a_budget_holds_evictions_up)
{
	static const char eviction[] = "{\"deleteOptions\":{}}";
	int held = 0;

	ck_assert_int_eq(get("/api/v1/namespaces/payments/pods?labelSelector=app%3Dcheckout&fieldSelector=status.phase%3DRunning", "application/json"), 200);
	struct json *pods = json_copy(json_get(answer, "items"));

	for (const struct json *pod = json_first(pods); pod; pod = json_next(pod)) {
		char *path = mem_format("/api/v1/namespaces/payments/pods/%s/eviction", json_text(json_at(pod, "metadata.name")));

		held += ask_as(sim_token(sim), "POST", path, "application/json", "application/json", eviction) == 429;
		free(path);
	}
	json_free(pods);
	ck_assert_int_gt(held, 0);
}
END_TEST

START_TEST(everybody_may_everything)
{
	ck_assert_int_eq(ask_as(sim_token(sim), "POST", "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", "application/json", "application/json", "{}"), 201);
	ck_assert_str_eq(at("status.resourceRules.0.verbs.0"), "*");
}
END_TEST

/* One line of a watch, then enough. */
static int first_line(void *arg, const char *bytes, size_t length)
{
	char *out = arg;

	snprintf(out, 256, "%.*s", length < 255 ? (int)length : 255, bytes);
	return 1;
}

START_TEST(a_watch_tells_what_changed_and_410_what_is_forgotten)
{
	char line[256] = "", *url, *bearer = mem_format("Bearer %s", sim_token(sim));
	struct net_header headers[] = { { .name = "Authorization", .value = bearer }, { .name = "Accept", .value = TABLE } };
	struct net_response response = { 0 };
	struct error err = { 0 };

	ck_assert_int_eq(get("/apis/apps/v1/deployments", TABLE), 200);
	url = mem_format("%s/apis/apps/v1/deployments?watch=1&resourceVersion=%s", sim_url(sim, 0), at("metadata.resourceVersion"));
	ck_assert_int_eq(patch(CHECKOUT, "application/merge-patch+json", "{\"metadata\":{\"labels\":{\"touched\":\"yes\"}}}"), 200);
	struct net_request request = { .url = url, .proxy = "", .headers = headers, .header_count = 2, .on_data = first_line, .arg = line };

	net_fetch(net, &request, &response, &err);
	net_response_release(&response);
	ck_assert_msg(!strncmp(line, "{\"type\":\"MODIFIED\",\"object\":{\"kind\":\"Table\"", 40), "%s", line);
	free(url);
	url = mem_format("%s/apis/apps/v1/deployments?watch=1&resourceVersion=1", sim_url(sim, 0));
	request.url = url;
	net_fetch(net, &request, &response, &err);
	net_response_release(&response);
	ck_assert_msg(strstr(line, "\"ERROR\"") && strstr(line, "410"), "%s", line);
	free(url);
	free(bearer);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_checked_fixture(tc, begin, end);
	tcase_add_test(tc, who_has_no_token_gets_nothing);
	tcase_add_test(tc, discovery_aggregated_and_plain);
	tcase_add_test(tc, lists_come_as_tables_in_pages);
	tcase_add_test(tc, selectors_choose);
	tcase_add_test(tc, what_is_not_there_is_404_with_a_status);
	tcase_add_test(tc, a_dry_run_is_accepted_and_changes_nothing);
	tcase_add_test(tc, another_uid_is_a_conflict);
	tcase_add_test(tc, a_deletion_obeys_the_dry_run_of_its_body);
	tcase_add_test(tc, a_budget_holds_evictions_up);
	tcase_add_test(tc, everybody_may_everything);
	tcase_add_test(tc, a_watch_tells_what_changed_and_410_what_is_forgotten);
}

TEST_MAIN("sim/api")
