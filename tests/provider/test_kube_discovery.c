/* Discovery and rights read from recorded answers. */
#include "check_main.h"

#include "base/error.h"
#include "base/json.h"
#include "base/yaml.h"
#include "provider/kubernetes/discovery.h"
#include "provider/kubernetes/recorded.h"
#include "provider/kubernetes/rights.h"

static const char core[] =
	"{\"kind\":\"APIGroupDiscoveryList\",\"items\":[{\"metadata\":{\"name\":\"\"},\"versions\":"
	"[{\"version\":\"v1\",\"resources\":["
	"{\"resource\":\"bindings\",\"responseKind\":{\"kind\":\"Binding\"},\"scope\":"
	"\"Namespaced\",\"singularResource\":\"binding\",\"verbs\":[\"create\"]},"
	"{\"resource\":\"pods\",\"responseKind\":{\"kind\":\"Pod\"},\"scope\":\"Namespaced\","
	"\"singularResource\":\"pod\",\"verbs\":[\"get\",\"list\",\"watch\"],\"shortNames\":["
	"\"po\"]}]}]}]}";
static const char groups[] =
	"{\"kind\":\"APIGroupDiscoveryList\",\"items\":[{\"metadata\":{\"name\":\"apps\"},"
	"\"versions\":["
	"{\"version\":\"v1\",\"resources\":[{\"resource\":\"deployments\",\"responseKind\":{"
	"\"kind\":\"Deployment\"},\"scope\":\"Namespaced\",\"singularResource\":\"deployment\","
	"\"verbs\":[\"list\",\"watch\"],\"shortNames\":[\"deploy\"],\"subresources\":[{"
	"\"subresource\":\"scale\"},{\"subresource\":\"status\"}]}]},"
	"{\"version\":\"v1beta1\",\"resources\":[{\"resource\":\"deployments\",\"scope\":"
	"\"Namespaced\",\"verbs\":[\"list\"]},"
	"{\"resource\":\"old\",\"scope\":\"Cluster\",\"verbs\":[\"list\"]}]}]},"
	"{\"metadata\":{\"name\":\"shop.example\"},\"versions\":[{\"version\":\"v2\",\"resources\":"
	"[{\"resource\":\"pods\",\"responseKind\":{\"kind\":\"Pod\"},\"scope\":\"Cluster\","
	"\"verbs\":[\"list\"]}]}]}]}";

static struct discovery *parse(const char *a, const char *b, struct error *err)
{
	struct json *x = json_parse(a, strlen(a), err), *y = json_parse(b, strlen(b), err);
	struct discovery *discovery = discovery_parse(x, y, err);

	json_free(x);
	json_free(y);
	return discovery;
}

START_TEST(resources_are_found_by_all_their_names)
{
	struct error err = { 0 };
	struct discovery *discovery = parse(core, groups, &err);

	ck_assert_msg(discovery != NULL, "%s", err.text);
	ck_assert_uint_eq(discovery_count(discovery), 5);
	ck_assert_str_eq(discovery_find(discovery, "PO")->api, "v1");
	ck_assert_str_eq(discovery_find(discovery, "Deployment")->api, "apps/v1");
	ck_assert_int_eq(discovery_find(discovery, "deploy")->scalable, 1);
	ck_assert_int_eq(discovery_find(discovery, "deploy")->namespaced, 1);
	ck_assert_str_eq(discovery_find(discovery, "pods.shop.example")->api, "shop.example/v2");
	ck_assert_str_eq(discovery_find(discovery, "old")->api, "apps/v1beta1");
	ck_assert_ptr_null(discovery_find(discovery, "bindings")); /* cannot be listed */
	ck_assert_ptr_null(discovery_find(discovery, ""));
	discovery_free(discovery);
}
END_TEST

START_TEST(older_servers_are_told_apart)
{
	struct error err = { 0 };

	ck_assert_ptr_null(parse("{\"kind\":\"APIVersions\",\"versions\":[\"v1\"]}", groups, &err));
	ck_assert_int_eq(err.code, ERR_FORMAT);
	ck_assert_msg(strstr(err.text, "APIVersions") != NULL, "%s", err.text);
}
END_TEST

START_TEST(rights_are_yes_no_or_unknown)
{
	static const char text[] =
		"{\"incomplete\":false,\"resourceRules\":[{\"verbs\":[\"get\",\"list\"],"
		"\"apiGroups\":[\"\"],\"resources\":[\"pods\",\"pods/log\"]},"
		"{\"verbs\":[\"*\"],\"apiGroups\":[\"apps\"],\"resources\":[\"*\"]},"
		"{\"verbs\":[\"get\"],\"apiGroups\":[\"\"],\"resources\":[\"secrets\"],"
		"\"resourceNames\":[\"one\"]}]}";
	struct error err = { 0 };
	struct json *status = json_parse(text, sizeof(text) - 1, &err);

	ck_assert_int_eq(rights_judge(status, "list", "", "pods"), 1);
	ck_assert_int_eq(rights_judge(status, "delete", "", "pods"), 0);
	ck_assert_int_eq(rights_judge(status, "patch", "apps", "deployments/scale"), 1);
	ck_assert_int_eq(rights_judge(status, "get", "", "secrets"), -1);
	ck_assert_int_eq(rights_judge(NULL, "get", "", "pods"), -1);
	json_set(status, "incomplete", json_boolean(1));
	ck_assert_int_eq(rights_judge(status, "delete", "", "pods"), -1);
	json_free(status);
}
END_TEST

/* --- what managedFields and events say --- */

static const struct {
	const char *entry, *field;
	int usable, is_image;
	size_t leaves;
} writes[] = {
	{ "{manager: kubectl-set, operation: Update, time: '2026-01-02T03:04:05Z', fieldsV1: {'f:spec': {'f:template': {'f:spec': "
	  "{'f:containers': {'k:{\"name\":\"web\"}': {'f:image': {}}}}}}}}",
		"template.spec.containers.image", 1, 1, 1 },
	{ "{manager: kubectl-patch, time: '2026-01-02T03:04:05Z', fieldsV1: {'f:data': {'.': {}, 'f:limits': {}}}}", "data.limits", 1, 0, 1 },
	{ "{manager: argocd, time: '2026-01-02T03:04:05Z', fieldsV1: {'f:metadata': {'f:annotations': {'f:a': {}}}, 'f:spec': "
	  "{'f:replicas': {}}}}",
		"spec", 1, 0, 2 },
	{ "{manager: me, time: '2026-01-02T03:04:05Z', fieldsV1: {'f:metadata': {'f:annotations': "
	  "{'f:kubectl.kubernetes.io/last-applied-configuration': {}}}, 'f:spec': {'f:replicas': {}}}}",
		"replicas", 1, 0, 1 },
	{ "{manager: me, time: '2026-01-02T03:04:05Z', subresource: status, fieldsV1: {'f:status': {'f:replicas': {}}}}", "", 0, 0, 0 },
	{ "{manager: kube-controller-manager, time: '2026-01-02T03:04:05Z', fieldsV1: {'f:spec': {'f:replicas': {}}}}", "", 0, 0, 0 },
	{ "{manager: me, fieldsV1: {'f:spec': {'f:replicas': {}}}}", "", 0, 0, 0 },
	{ "{manager: me, time: yesterday, fieldsV1: [1]}", "", 0, 0, 0 },
	{ "{}", "", 0, 0, 0 },
};

START_TEST(managed_fields_say_who_wrote_what)
{
	struct error err = { 0 };
	struct json *entry = yaml_parse(writes[_i].entry, strlen(writes[_i].entry), &err);
	struct recorded_write write;

	ck_assert_msg(entry != NULL, "%s", err.text);
	ck_assert_int_eq(recorded_write_read(entry, &write) == 0, writes[_i].usable);
	if (writes[_i].usable) {
		ck_assert_str_eq(write.field, writes[_i].field);
		ck_assert_int_eq(write.is_image, writes[_i].is_image);
		ck_assert_uint_eq(write.leaves, writes[_i].leaves);
	}
	json_free(entry);
}
END_TEST

START_TEST(scaling_events_are_numbers_or_nothing)
{
	char set[254];
	long from = 0, to = 0;

	ck_assert_int_eq(recorded_scaling_read("Scaled up replica set api-5d8 from 18 to 20", set, &from, &to), 1);
	ck_assert_str_eq(set, "api-5d8");
	ck_assert_int_eq(from, 18);
	ck_assert_int_eq(to, 20);
	ck_assert_int_eq(recorded_scaling_read("Scaled up replica set api-5d8 to 20", set, &from, &to), 0);
	ck_assert_int_eq(recorded_scaling_read("Scaled up replica set api from x to 20", set, &from, &to), 0);
	ck_assert_int_eq(recorded_scaling_read("Scaled up replica set ", set, &from, &to), 0);
	ck_assert_int_eq(recorded_scaling_read("", set, &from, &to), 0);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_loop_test(tc, managed_fields_say_who_wrote_what, 0, sizeof(writes) / sizeof(*writes));
	tcase_add_test(tc, scaling_events_are_numbers_or_nothing);
	tcase_add_test(tc, resources_are_found_by_all_their_names);
	tcase_add_test(tc, older_servers_are_told_apart);
	tcase_add_test(tc, rights_are_yes_no_or_unknown);
}

TEST_MAIN("provider/kube_discovery")
