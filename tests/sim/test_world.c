/* A cluster lived through in time that the test hands in: nothing waits. */
#include "sim/world.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "check_main.h"
#include "sim/build.h"
#include "sim/live.h"
#include "sim/resources.h"
#include "sim/scenario.h"
#include "sim/tree.h"

#define ZERO (INT64_C(1764450000) * CLOCK_SECOND_NS)

static struct scenario scenario;
static struct world *world;
static int64_t now_ns;

static void pass(int seconds)
{
	for (int i = 0; i < seconds; i++) {
		now_ns += CLOCK_SECOND_NS;
		build_step(world, now_ns, ZERO);
	}
}

/* The first cluster of the scenario, `before` seconds before its zero. */
static void begin(const char *name, int before)
{
	struct error err = { 0 };

	ck_assert_msg(!scenario_load(&scenario, name, &err), "%s", err.text);
	now_ns = ZERO - before * CLOCK_SECOND_NS;
	world = world_new("prod-eu", now_ns);
	world->cluster = json_first(json_get(scenario.estate, "clusters"));
	world->scenario = scenario.json;
	world_lock(world);
	build_cluster(world);
}

static void end(void)
{
	if (world)
		world_unlock(world);
	world_free(world);
	world = NULL;
	scenario_release(&scenario);
}

static const char *cell(const struct object *object, size_t i)
{
	static char text[256];
	struct json *cells = resource_cells(object->type, object->json, world->now_ns);

	snprintf(text, sizeof(text), "%s", json_text_or(json_item(cells, i), ""));
	json_free(cells);
	return text;
}

/* How many pods of an app are shown with that status (NULL: any) and are ready or not. */
static int count(const char *app, const char *status, int ready)
{
	int found = 0;

	for (const struct object *pod = world_begin(world, resource_pods); pod; pod = world_next(pod, resource_pods))
		found += !strcmp(json_text_or(json_at(pod->json, "metadata.labels.app"), ""), app) && pod_counts(pod) && pod_is_ready(pod) == ready &&
			 (!status || !strcmp(cell(pod, 2), status));
	return found;
}

static struct object *find(const struct resource_type *type, const char *namespace_, const char *name)
{
	struct object *object = world_find(world, type, namespace_, name);

	ck_assert_msg(object != NULL, "%s/%s", namespace_, name);
	return object;
}

static void write_text(struct object *object, const char *path, struct json *value)
{
	struct json *before = json_copy(object->json);

	tree_put(object->json, path, value);
	build_written(world, object, before, "test");
	json_free(before);
}

static void set_image(struct object *deployment, const char *image)
{
	struct json *template = json_copy(json_at(deployment->json, "spec.template"));

	json_set_text(json_at(template, "spec.containers.0"), "image", image);
	write_text(deployment, "spec.template", template);
}

START_TEST(well_before_anything_happens)
{
	begin("bad-rollout", 3000);
	pass(60);
	for (const struct object *pod = world_begin(world, resource_pods); pod; pod = world_next(pod, resource_pods))
		ck_assert_msg(pod_is_ready(pod), "%s: %s", object_name(pod), cell(pod, 2));
	ck_assert_ptr_null(world_begin(world, resource_events));
	ck_assert_int_eq(count("checkout", "Running", 1), 6);
	ck_assert_int_eq(json_int(json_at(find(resource_budgets, "payments", "checkout")->json, "status.disruptionsAllowed"), -1), 2);
	ck_assert_uint_eq(json_count(json_get(find(resource_slices, "payments", "checkout")->json, "endpoints")), 6);
}
END_TEST

START_TEST(a_bad_release_crashes_and_is_stuck)
{
	begin("bad-rollout", 300);
	pass(300);
	const struct object *deployment = find(resource_deployments, "payments", "checkout");

	ck_assert_int_eq(count("checkout", NULL, 0), 3);
	ck_assert_int_eq(count("checkout", "Running", 1), 5);
	ck_assert_str_eq(cell(deployment, 1), "5/6");
	ck_assert_int_eq(json_int(json_at(deployment->json, "status.unavailableReplicas"), 0), 3);
	const struct json *writer = json_at(deployment->json, "metadata.managedFields.0");

	ck_assert_str_eq(json_text(json_get(writer, "manager")), "ci-bot");
	ck_assert_ptr_nonnull(json_get(json_at(writer, "fieldsV1.f:spec.f:template.f:spec.f:containers.k:{\"name\":\"checkout\"}"), "f:image"));
	ck_assert_ptr_null(json_at(writer, "fieldsV1.f:spec.f:replicas"));
	int before = 0, after = 0;

	for (const struct object *pod = world_begin(world, resource_pods); pod; pod = world_next(pod, resource_pods))
		before += pod->life.restarts;
	pass(120);
	for (const struct object *pod = world_begin(world, resource_pods); pod; pod = world_next(pod, resource_pods))
		after += pod->life.restarts;
	ck_assert_int_ge(before, 9);
	ck_assert_int_gt(after, before);
}
END_TEST

START_TEST(the_former_image_heals_and_the_new_one_breaks_again)
{
	begin("bad-rollout", 300);
	pass(300);
	struct object *deployment = find(resource_deployments, "payments", "checkout");

	set_image(deployment, "registry.shop.example/checkout:v41");
	pass(40);
	ck_assert_int_eq(count("checkout", "Running", 1), 6);
	ck_assert_int_eq(count("checkout", NULL, 0), 0);
	ck_assert_str_eq(json_text(json_get(json_at(deployment->json, "metadata.annotations"), "deployment.kubernetes.io/revision")), "43");
	ck_assert_ptr_null(json_at(deployment->json, "status.unavailableReplicas"));
	set_image(deployment, "registry.shop.example/checkout:v42");
	pass(60);
	ck_assert_int_eq(count("checkout", NULL, 0), 3);
}
END_TEST

START_TEST(a_rollout_that_does_not_end_is_said_to_fail)
{
	begin("bad-rollout", 300);
	pass(300 + 400);
	const struct json *conditions = json_at(find(resource_deployments, "payments", "checkout")->json, "status.conditions");

	ck_assert_str_eq(json_text(json_at(conditions, "1.reason")), "ProgressDeadlineExceeded");
}
END_TEST

START_TEST(memory_scaling_back_heals)
{
	begin("memory-pressure", 900);
	pass(900);
	ck_assert_int_eq(count("search-indexer", NULL, 0), 4);
	ck_assert_str_eq(json_text(json_at(find(resource_nodes, "", "n14")->json, "status.conditions.0.status")), "True");
	write_text(find(resource_deployments, "shop", "search-indexer"), "spec.replicas", json_integer(1));
	pass(90);
	ck_assert_int_eq(count("search-indexer", "Running", 1), 1);
	ck_assert_str_eq(json_text(json_at(find(resource_nodes, "", "n14")->json, "status.conditions.0.status")), "False");
	write_text(find(resource_deployments, "shop", "search-indexer"), "spec.replicas", json_integer(4));
	pass(150);
	ck_assert_int_gt(count("search-indexer", NULL, 0), 2);
}
END_TEST

START_TEST(the_credential_that_worked_heals)
{
	begin("registry-login", 800);
	pass(800);
	struct object *secret = find(resource_named("secrets"), "shop", "registry-login");

	ck_assert_int_eq(count("web", "ImagePullBackOff", 0) + count("web", "ErrImagePull", 0), 4);
	ck_assert_int_eq(count("web", "Running", 1), 6);
	write_text(secret, "metadata.annotations.vault-version", json_string("6"));
	pass(90);
	ck_assert_int_eq(count("web", "Running", 1), 10);
}
END_TEST

START_TEST(a_full_disk_cuts_off_and_evicting_mends)
{
	begin("disk-full", 2400);
	pass(2400);
	const struct object *node = find(resource_nodes, "", "n15");

	ck_assert_str_eq(cell(node, 1), "NotReady");
	ck_assert_int_eq(count("thumbnailer", "Running", 0), 4);
	write_text(find(resource_nodes, "", "n15"), "spec.unschedulable", json_boolean(1));
	for (struct object *pod = world_begin(world, resource_pods); pod; pod = world_next(pod, resource_pods))
		if (!strcmp(json_text_or(json_at(pod->json, "spec.nodeName"), ""), "n15") && strcmp(json_text_or(json_at(pod->json, "metadata.labels.app"), ""), "kube-proxy"))
			pod_end(world, pod);
	pass(60);
	ck_assert_str_eq(cell(node, 1), "Ready,SchedulingDisabled");
	ck_assert_int_eq(count("thumbnailer", "Running", 1), 5);
	ck_assert_int_eq(count("checkout", "Running", 1), 6);
}
END_TEST

START_TEST(a_quota_bounds_what_can_be_asked_for)
{
	int pods = 0;

	begin("bad-rollout", 3000);
	write_text(find(resource_deployments, "shop", "web"), "spec.replicas", json_integer(100000));
	pass(10);
	for (const struct object *pod = world_begin(world, resource_pods); pod; pod = world_next(pod, resource_pods))
		pods++;
	ck_assert_int_eq(pods, 500);
	write_text(find(resource_deployments, "shop", "web"), "spec.replicas", json_integer(6));
	pass(10);
	ck_assert_int_eq(count("web", "Running", 1), 6);
}
END_TEST

START_TEST(events_are_kept_for_an_hour)
{
	begin("disk-full", 2400);
	pass(2400);
	ck_assert_ptr_nonnull(world_begin(world, resource_events));
	write_text(find(resource_deployments, "media", "thumbnailer"), "spec.replicas", json_integer(2));
	pass(3800);
	ck_assert_ptr_null(world_begin(world, resource_events));
}
END_TEST

START_TEST(what_changed_is_told_from_a_version_on)
{
	int gone;

	begin("bad-rollout", 300);
	world_forget(world);
	uint64_t from = world->version;

	ck_assert_ptr_null(world_after(world, from, &gone));
	ck_assert_int_eq(gone, 0);
	pass(90);
	const struct world_change *change = world_after(world, from, &gone);

	ck_assert_ptr_nonnull(change);
	ck_assert_uint_eq(change->version, from + 1);
	world_after(world, from - 1, &gone);
	ck_assert_int_eq(gone, 1);
}
END_TEST

START_TEST(removing_a_deployment_takes_what_it_owns)
{
	begin("bad-rollout", 300);
	pass(300);
	workload_remove(world, find(resource_deployments, "payments", "checkout"));
	pass(10);
	ck_assert_int_eq(count("checkout", NULL, 0) + count("checkout", NULL, 1), 0);
	for (const struct object *set = world_begin(world, resource_replicasets); set; set = world_next(set, resource_replicasets))
		ck_assert_int_ne(strncmp(object_name(set), "checkout-", 9), 0);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_checked_fixture(tc, NULL, end);
	tcase_add_test(tc, well_before_anything_happens);
	tcase_add_test(tc, a_bad_release_crashes_and_is_stuck);
	tcase_add_test(tc, the_former_image_heals_and_the_new_one_breaks_again);
	tcase_add_test(tc, a_rollout_that_does_not_end_is_said_to_fail);
	tcase_add_test(tc, memory_scaling_back_heals);
	tcase_add_test(tc, the_credential_that_worked_heals);
	tcase_add_test(tc, a_full_disk_cuts_off_and_evicting_mends);
	tcase_add_test(tc, a_quota_bounds_what_can_be_asked_for);
	tcase_add_test(tc, events_are_kept_for_an_hour);
	tcase_add_test(tc, what_changed_is_told_from_a_version_on);
	tcase_add_test(tc, removing_a_deployment_takes_what_it_owns);
}

TEST_MAIN("sim/world")
