/* Discovery and rights read from recorded answers. */
#include "check_main.h"

#include "base/error.h"
#include "base/json.h"
#include "provider/kubernetes/discovery.h"
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
	ck_assert_msg(strstr(err.text, "1.26") != NULL, "%s", err.text);
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

static void add_tests(TCase *tc)
{
	tcase_add_test(tc, resources_are_found_by_all_their_names);
	tcase_add_test(tc, older_servers_are_told_apart);
	tcase_add_test(tc, rights_are_yes_no_or_unknown);
}

TEST_MAIN("provider/kube_discovery")
