/* What changes a cluster, against a real one: dry runs change nothing, acts do what the preview
 * said, undo puts it back. */
#include <stdarg.h>

#include "kube_peer.h"

#define NS "search-perf"

static char seen[4096];

static struct act_request request_for(struct ref *ref, const char *verb, const char *params)
{
	struct error err = { 0 };
	const struct kind *kind = kinds_find(peer.kinds, ref->kind);
	struct act_request request = { .ref = ref, .kind = kind };

	ck_assert_msg(kind != NULL, "no kind %s", ref->kind);
	request.verb = kind_verb_find(kind, verb);
	ck_assert_msg(request.verb != NULL, "%s has no verb %s", ref->kind, verb);
	request.params = json_parse(params, strlen(params), &err);
	ck_assert_msg(request.params != NULL, "%s", err.text);
	return request;
}

static void release(struct act_request *request)
{
	json_free((struct json *)(uintptr_t)request->params);
	json_free((struct json *)(uintptr_t)request->state);
}

static void observe(struct act_request *request)
{
	struct error err = { 0 };
	struct json *state = NULL;

	ck_assert_msg(!kubernetes_provider.act->observe(peer.provider, request, &state, &err), "%s",
		err.text);
	request->state = state;
}

static struct act_preview preview(struct act_request *request)
{
	struct act_preview out;
	struct error err = { 0 };

	ck_assert_msg(!kubernetes_provider.act->preview(peer.provider, request, &out, &err),
		"%s: %s", request->verb->name, err.text);
	return out;
}

static void act(struct act_request *request, struct json **output)
{
	struct act_result result;
	struct error err = { 0 };

	ck_assert_msg(!kubernetes_provider.act->act(peer.provider, request, &result, &err),
		"%s: %s", request->verb->name, err.text);
	if (strcmp(request->verb->name, "exec") != 0)
		ck_assert_msg(*result.remote_id, "no Audit-Id");
	if (output)
		*output = json_copy(result.output);
	act_result_release(&result);
}

static enum act_outcome outcome(struct act_request *request)
{
	enum act_outcome out;
	struct error err = { 0 };

	ck_assert_msg(!kubernetes_provider.act->reconcile(peer.provider, request, &out, &err), "%s",
		err.text);
	return out;
}

/* Runs the undo of a preview through the same ops. */
static void undo(const struct ref *ref, const struct json *undo_of)
{
	struct ref copy = *ref;
	char *params = json_format(json_get(undo_of, "params"));
	struct act_request request =
		request_for(&copy, json_text(json_get(undo_of, "verb")), params);

	if (strcmp(request.verb->name, "apply") != 0)
		observe(&request);
	act(&request, NULL);
	release(&request);
	free(params);
}

static const char *field(const char *kind, const char *name, const char *path)
{
	kubectl(seen, sizeof(seen), "-n " NS " get %s %s -o jsonpath='{%s}'", kind, name, path);
	return seen;
}

static void make_configmap(const char *name)
{
	kubectl(NULL, 0, "-n " NS " delete configmap %s --ignore-not-found", name);
	ck_assert_int_eq(
		kubectl(NULL, 0, "-n " NS " create configmap %s --from-literal=a=1", name), 0);
}

START_TEST(dry_run_of_a_delete_leaves_the_object)
{
	struct ref ref = peer_ref("configmaps", NS, "ph-act-delete");
	struct act_request request = request_for(&ref, "delete", "{}");

	make_configmap(ref.name);
	observe(&request);
	struct act_preview shown = preview(&request);

	ck_assert_int_eq(shown.dry_run, 1);
	ck_assert_ptr_nonnull(shown.before);
	ck_assert_ptr_null(shown.after);
	ck_assert_ptr_nonnull(shown.undo);
	ck_assert_str_eq(field("configmap", ref.name, ".data.a"), "1");
	ck_assert_int_eq(outcome(&request), ACT_NOT_DONE);
	act(&request, NULL);
	ck_assert_str_eq(field("configmap", ref.name, ".data.a"), "");
	ck_assert_int_eq(outcome(&request), ACT_DONE);
	undo(&ref, shown.undo);
	ck_assert_str_eq(field("configmap", ref.name, ".data.a"), "1");
	act_preview_release(&shown);
	release(&request);
	kubectl(NULL, 0, "-n " NS " delete configmap %s", ref.name);
}
END_TEST

/* Approved for one object, another one has its name now: it must live. */
START_TEST(delete_hits_only_the_object_that_was_shown)
{
	struct ref ref = peer_ref("configmaps", NS, "ph-act-uid");
	struct act_request request = request_for(&ref, "delete", "{}");
	struct act_result result;
	struct error err = { 0 };

	make_configmap(ref.name);
	observe(&request);
	make_configmap(ref.name);
	ck_assert_int_eq(kubernetes_provider.act->act(peer.provider, &request, &result, &err), -1);
	ck_assert_int_eq(err.code, ERR_CONFLICT);
	ck_assert_str_eq(field("configmap", ref.name, ".data.a"), "1");
	act_result_release(&result);
	release(&request);
	kubectl(NULL, 0, "-n " NS " delete configmap %s", ref.name);
}
END_TEST

START_TEST(scale_there_and_back)
{
	struct ref ref = peer_ref("deployments", NS, "web");
	struct act_request request = request_for(&ref, "scale", "{\"replicas\":19}");
	char before[sizeof(seen)];

	snprintf(before, sizeof(before), "%s", field("deployment", ref.name, ".spec.replicas"));
	observe(&request);
	struct act_preview shown = preview(&request);

	ck_assert_str_eq(field("deployment", ref.name, ".spec.replicas"), before);
	ck_assert_int_eq(json_int(json_get(shown.after, "replicas"), 0), 19);
	ck_assert_int_eq(json_int(json_get(shown.before, "replicas"), 0), atoi(before));
	ck_assert_msg(strstr(shown.undo_text, before) != NULL, "%s", shown.undo_text);
	ck_assert_uint_gt(json_count(shown.blast), 5);
	ck_assert_int_eq(outcome(&request), ACT_NOT_DONE);
	act(&request, NULL);
	ck_assert_str_eq(field("deployment", ref.name, ".spec.replicas"), "19");
	ck_assert_int_eq(outcome(&request), ACT_DONE);
	undo(&ref, shown.undo);
	ck_assert_str_eq(field("deployment", ref.name, ".spec.replicas"), before);
	act_preview_release(&shown);
	release(&request);
}
END_TEST

/* A status that moves is no drift; a spec that moves is. */
START_TEST(state_follows_the_spec_only)
{
	struct ref ref = peer_ref("deployments", NS, "worker");
	struct act_request first = request_for(&ref, "scale", "{\"replicas\":3}");
	struct act_request second = request_for(&ref, "scale", "{\"replicas\":3}");
	struct act_request third = request_for(&ref, "scale", "{\"replicas\":3}");

	observe(&first);
	kubectl(NULL, 0, "-n " NS " label deployment worker ph-act=1 --overwrite");
	observe(&second);
	ck_assert(json_equal(first.state, second.state));
	kubectl(NULL, 0,
		"-n " NS " patch deployment worker -p '{\"spec\":{\"minReadySeconds\":1}}'");
	observe(&third);
	ck_assert(!json_equal(first.state, third.state));
	kubectl(NULL, 0,
		"-n " NS " patch deployment worker -p '{\"spec\":{\"minReadySeconds\":0}}'");
	kubectl(NULL, 0, "-n " NS " label deployment worker ph-act-");
	release(&first);
	release(&second);
	release(&third);
}
END_TEST

START_TEST(image_and_rollback)
{
	struct ref ref = peer_ref("deployments", NS, "mailer");
	struct act_request image =
		request_for(&ref, "set_image", "{\"image\":\"registry.invalid/ph/mailer:v0\"}");
	struct act_request back = request_for(&ref, "rollback", "{}");
	char before[sizeof(seen)];

	snprintf(before, sizeof(before), "%s",
		field("deployment", "mailer", ".spec.template.spec.containers[0].image"));
	observe(&image);
	struct act_preview shown = preview(&image);

	ck_assert_msg(strstr(shown.undo_text, before) != NULL, "%s", shown.undo_text);
	act(&image, NULL);
	ck_assert_str_eq(field("deployment", "mailer", ".spec.template.spec.containers[0].image"),
		"registry.invalid/ph/mailer:v0");
	ck_assert_int_eq(outcome(&image), ACT_DONE);
	/* The new revision stands once the controller has made its replica set. */
	PEER_WAIT(strcmp(field("deployment", "mailer", ".metadata.generation"), "") != 0 &&
		  !kubectl(NULL, 0,
			  "-n " NS " get rs -l app=mailer -o "
				   "jsonpath='{.items[*].spec.template.spec.containers[0].image}' "
				   "| grep -q mailer:v0"));
	observe(&back);
	struct act_preview rolled = preview(&back);
	char *after = json_format(rolled.after);

	ck_assert_msg(strstr(after, before) != NULL, "%s", after);
	ck_assert_ptr_nonnull(rolled.undo);
	act(&back, NULL);
	ck_assert_str_eq(
		field("deployment", "mailer", ".spec.template.spec.containers[0].image"), before);
	ck_assert_int_eq(outcome(&back), ACT_DONE);
	free(after);
	act_preview_release(&shown);
	act_preview_release(&rolled);
	release(&image);
	release(&back);
}
END_TEST

/* --- a namespace of our own with what a shop may have --- */

#define OWN "ph-acts"

static void make_own(const char *manifest)
{
	kubectl(NULL, 0, "create namespace " OWN);
	kubectl(NULL, 0, "-n " OWN " delete statefulset,daemonset,deployment,service,ingress,hpa,pdb --all --wait=true");
	ck_assert_int_eq(kubectl(NULL, 0, "-n " OWN " apply -f - <<'EOF'\n%s\nEOF\n", manifest), 0);
}

static const char *image_of(const char *kind)
{
	kubectl(seen, sizeof(seen), "-n " OWN " get %s db -o jsonpath='{.spec.template.spec.containers[0].image}'", kind);
	return seen;
}

static int revision_count(const char *kind)
{
	static char names[4096];
	int count = 0;

	kubectl(names, sizeof(names), "-n " OWN " get controllerrevisions -o jsonpath='{.items[*].metadata.ownerReferences[0].kind}'");
	for (const char *at = names; (at = strstr(at, kind)); at++)
		count++;
	return count;
}

static const struct {
	const char *kind, *type, *more;
} revised[] = { { "statefulsets", "StatefulSet", "serviceName: db, replicas: 1, " }, { "daemonsets", "DaemonSet", "" } };

/* Their revisions are ControllerRevisions, each a patch. */
START_TEST(sets_go_back_to_their_revision)
{
	struct ref ref = peer_ref(revised[_i].kind, OWN, "db");
	struct act_request back = request_for(&ref, "rollback", "{}");
	char manifest[600];

	snprintf(manifest, sizeof(manifest),
		"apiVersion: apps/v1\nkind: %s\nmetadata: {name: db}\nspec: {%sselector: {matchLabels: {app: db}}, template: {metadata: "
		"{labels: {app: db}}, spec: {containers: [{name: c, image: 'shop/db:v1'}]}}}",
		revised[_i].type, revised[_i].more);
	make_own(manifest);
	PEER_WAIT(revision_count(revised[_i].type) == 1);
	kubectl(NULL, 0, "-n " OWN " set image %s/db c=shop/db:v2", revised[_i].kind);
	PEER_WAIT(revision_count(revised[_i].type) == 2);
	observe(&back);
	struct act_preview shown = preview(&back);
	char *after = json_format(shown.after);

	ck_assert_int_eq(shown.dry_run, 1);
	ck_assert_msg(strstr(after, "shop/db:v1") != NULL, "%s", after);
	ck_assert_str_eq(image_of(revised[_i].kind), "shop/db:v2");
	act(&back, NULL);
	ck_assert_str_eq(image_of(revised[_i].kind), "shop/db:v1");
	ck_assert_int_eq(outcome(&back), ACT_DONE);
	PEER_WAIT(revision_count(revised[_i].type) == 2);
	undo(&ref, shown.undo);
	ck_assert_str_eq(image_of(revised[_i].kind), "shop/db:v2");
	free(after);
	act_preview_release(&shown);
	release(&back);
}
END_TEST

static void expect_touches(const struct json *blast, const char *kind, const char *name, const char *relation)
{
	char id[300];

	snprintf(id, sizeof(id), "kubernetes:peer-admin/%s/" OWN "/%s", kind, name);
	for (const struct json *item = json_first(blast); item; item = json_next(item))
		if (!strcmp(json_text(json_get(item, "id")), id) && !strcmp(json_text(json_get(item, "relation")), relation))
			return;
	ck_abort_msg("%s %s is not in %s", id, relation, json_format(blast));
}

static struct json *blast_of(const char *kind, const char *name)
{
	struct ref ref = peer_ref(kind, OWN, name);
	struct json *blast = NULL;
	struct error err = { 0 };

	ck_assert_msg(!kubernetes_provider.dependents(peer.provider, &ref, &blast, &err), "%s", err.text);
	return blast;
}

START_TEST(all_that_a_change_touches_is_found)
{
	make_own("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 2, selector: {matchLabels: {app: web}}, template: "
		 "{metadata: {labels: {app: web}}, spec: {containers: [{name: c, image: 'shop/web:v1'}]}}}\n---\n"
		 "apiVersion: v1\nkind: Service\nmetadata: {name: shop}\nspec: {selector: {app: web}, ports: [{port: 80}]}\n---\n"
		 "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: front}\nspec: {rules: [{host: shop.test, http: {paths: [{path: /, "
		 "pathType: Prefix, backend: {service: {name: shop, port: {number: 80}}}}]}}]}\n---\n"
		 "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: grow}\nspec: {maxReplicas: 4, scaleTargetRef: {apiVersion: "
		 "apps/v1, kind: Deployment, name: web}}\n---\n"
		 "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: keep}\nspec: {minAvailable: 1, selector: {matchLabels: {app: web}}}");
	PEER_WAIT(!kubectl(NULL, 0, "-n " OWN " get endpointslices -o name | grep -q shop") &&
		  !kubectl(NULL, 0, "-n " OWN " rollout status deployment/web --timeout=1s"));
	struct json *blast = blast_of("deployments", "web");

	expect_touches(blast, "horizontalpodautoscalers", "grow", "scales it");
	expect_touches(blast, "poddisruptionbudgets", "keep", "limits disruption");
	expect_touches(blast, "services", "shop", "selects its pods");
	expect_touches(blast, "ingresses", "front", "routes to it");
	json_free(blast);
	blast = blast_of("ingresses", "front");
	expect_touches(blast, "services", "shop", "is reached by it");
	json_free(blast);
	blast = blast_of("horizontalpodautoscalers", "grow");
	expect_touches(blast, "deployments", "web", "is scaled by it");
	json_free(blast);
	blast = blast_of("poddisruptionbudgets", "keep");
	ck_assert_uint_eq(json_count(blast), 2);
	json_free(blast);
	kubectl(NULL, 0, "delete namespace " OWN " --wait=false");
}
END_TEST

START_TEST(restart_pause_resume)
{
	struct ref ref = peer_ref("deployments", NS, "cron");
	struct act_request pause = request_for(&ref, "pause", "{}"),
			   restart = request_for(&ref, "restart", "{}");
	struct act_request resume = request_for(&ref, "resume", "{}");
	struct act_preview shown;
	struct error err = { 0 };

	observe(&pause);
	act(&pause, NULL);
	ck_assert_str_eq(field("deployment", "cron", ".spec.paused"), "true");
	ck_assert_int_eq(
		kubernetes_provider.act->preview(peer.provider, &restart, &shown, &err), -1);
	ck_assert_int_eq(err.code, ERR_CONFLICT);
	observe(&resume);
	act(&resume, NULL);
	ck_assert_str_eq(field("deployment", "cron", ".spec.paused"), "");
	observe(&restart);
	ck_assert_int_eq(outcome(&restart), ACT_NOT_DONE);
	act(&restart, NULL);
	ck_assert_int_eq(outcome(&restart), ACT_DONE);
	release(&pause);
	release(&restart);
	release(&resume);
}
END_TEST

START_TEST(labels_come_and_go)
{
	struct ref ref = peer_ref("configmaps", NS, "ph-act-label");
	struct act_request request =
		request_for(&ref, "label", "{\"key\":\"team\",\"value\":\"blue\"}");

	make_configmap(ref.name);
	observe(&request);
	struct act_preview shown = preview(&request);
	char *after = json_format(shown.after);

	ck_assert_str_eq(after, "{\"metadata\":{\"labels\":{\"team\":\"blue\"}}}");
	act(&request, NULL);
	ck_assert_str_eq(field("configmap", ref.name, ".metadata.labels.team"), "blue");
	ck_assert_int_eq(outcome(&request), ACT_DONE);
	undo(&ref, shown.undo);
	ck_assert_str_eq(field("configmap", ref.name, ".metadata.labels.team"), "");
	free(after);
	act_preview_release(&shown);
	release(&request);
	kubectl(NULL, 0, "-n " NS " delete configmap %s", ref.name);
}
END_TEST

#define MANIFEST                                                                                   \
	"apiVersion: v1\\nkind: ConfigMap\\nmetadata: {name: ph-act-apply, namespace: " NS         \
	"}\\ndata: {a: \\\"%s\\\"}\\n"

START_TEST(apply_creates_and_names_conflicts)
{
	struct ref ref = peer_ref("configmaps", NS, "ph-act-apply");
	char params[512], forced[600];
	struct error err = { 0 };
	struct act_preview shown;

	kubectl(NULL, 0, "-n " NS " delete configmap ph-act-apply --ignore-not-found");
	snprintf(params, sizeof(params), "{\"manifest\":\"" MANIFEST "\"}", "1");
	struct act_request create = request_for(&ref, "apply", params);

	shown = preview(&create);
	ck_assert_ptr_null(shown.before);
	ck_assert_str_eq(json_text(json_get(shown.undo, "verb")), "delete");
	ck_assert_str_eq(field("configmap", ref.name, ".data.a"), "");
	act(&create, NULL);
	ck_assert_str_eq(field("configmap", ref.name, ".data.a"), "1");
	act_preview_release(&shown);
	kubectl(NULL, 0,
		"-n " NS " patch configmap ph-act-apply -p '{\"data\":{\"a\":\"2\"}}' "
			 "--field-manager=somebody");
	snprintf(params, sizeof(params), "{\"manifest\":\"" MANIFEST "\"}", "3");
	struct act_request edit = request_for(&ref, "edit", params);

	ck_assert_int_eq(kubernetes_provider.act->preview(peer.provider, &edit, &shown, &err), -1);
	ck_assert_int_eq(err.code, ERR_CONFLICT);
	ck_assert_msg(strstr(err.text, ".data.a") && strstr(err.text, "somebody"), "%s", err.text);
	snprintf(forced, sizeof(forced), "{\"force\":true,\"manifest\":\"" MANIFEST "\"}", "3");
	struct act_request take = request_for(&ref, "edit", forced);

	observe(&take);
	shown = preview(&take);
	act(&take, NULL);
	ck_assert_str_eq(field("configmap", ref.name, ".data.a"), "3");
	undo(&ref, shown.undo);
	ck_assert_str_eq(field("configmap", ref.name, ".data.a"), "2");
	act_preview_release(&shown);
	release(&create);
	release(&edit);
	release(&take);
	kubectl(NULL, 0, "-n " NS " delete configmap ph-act-apply");
}
END_TEST

START_TEST(edit_says_what_stays)
{
	struct ref ref = peer_ref("configmaps", NS, "ph-act-kept");
	struct act_request request = request_for(&ref, "edit",
		"{\"manifest\":\"{apiVersion: v1, kind: ConfigMap, metadata: {name: ph-act-kept, namespace: " NS
		"}, data: {b: x}}\"}");

	make_configmap(ref.name);
	observe(&request);
	struct act_preview shown = preview(&request);

	ck_assert_msg(strstr(shown.dry_run_text, "data.a was taken out but stays") != NULL, "%s",
		shown.dry_run_text);
	act_preview_release(&shown);
	release(&request);
	kubectl(NULL, 0, "-n " NS " delete configmap %s", ref.name);
}
END_TEST

START_TEST(unknown_fields_are_refused)
{
	struct ref ref = peer_ref("configmaps", NS, "ph-act-strict");
	struct act_request request = request_for(&ref, "apply",
		"{\"manifest\":\"{apiVersion: v1, kind: ConfigMap, metadata: {name: "
		"ph-act-strict}, dta: {a: b}}\"}");
	struct act_preview shown;
	struct error err = { 0 };

	ck_assert_int_eq(
		kubernetes_provider.act->preview(peer.provider, &request, &shown, &err), -1);
	ck_assert_msg(strstr(err.text, "dta") != NULL, "%s", err.text);
	release(&request);
}
END_TEST

static char told[8192];

static void hear(void *arg, const char *line)
{
	(void)arg;
	strncat(told, line, sizeof(told) - strlen(told) - 2);
	strcat(told, "\n");
}

START_TEST(drain_and_uncordon)
{
	char node[128];
	struct json *output;

	kubectl(node, sizeof(node), "get nodes -o name | sort | tail -1 | cut -d/ -f2");
	kubectl(NULL, 0,
		"-n " NS " delete pod ph-act-drain --ignore-not-found --force --grace-period=0");
	ck_assert_int_eq(
		kubectl(NULL, 0,
			"-n " NS " run ph-act-drain --image=registry.invalid/ph --restart=Never "
				 "--overrides='{\"spec\":{\"nodeName\":\"%s\"}}'",
			node),
		0);
	struct ref ref = peer_ref("nodes", "", node);
	struct act_request careful = request_for(&ref, "drain", "{\"timeout\":\"30s\"}");
	struct act_request request =
		request_for(&ref, "drain", "{\"timeout\":\"30s\",\"force\":true,\"grace\":0}");
	struct act_result result;
	struct error err = { 0 };

	ck_assert_int_eq(kubernetes_provider.act->act(peer.provider, &careful, &result, &err), -1);
	ck_assert_msg(strstr(err.text, "ph-act-drain") != NULL, "%s", err.text);
	act_result_release(&result);
	kubectl(seen, sizeof(seen), "get node %s -o jsonpath='{.spec.unschedulable}'", node);
	ck_assert_str_eq(seen, "");
	request.progress = hear;
	observe(&request);
	struct act_preview shown = preview(&request);

	ck_assert_msg(
		strstr(shown.dry_run_text, "would be evicted") != NULL, "%s", shown.dry_run_text);
	kubectl(seen, sizeof(seen), "get node %s -o jsonpath='{.spec.unschedulable}'", node);
	ck_assert_str_eq(seen, "");
	ck_assert_str_eq(json_text(json_get(shown.undo, "verb")), "uncordon");
	act(&request, &output);
	ck_assert_msg(json_int(json_get(output, "evicted"), 0) > 0, "%s", told);
	ck_assert_msg(strstr(told, "evicted ") != NULL, "%s", told);
	ck_assert_int_eq(outcome(&request), ACT_DONE);
	undo(&ref, shown.undo);
	kubectl(seen, sizeof(seen), "get node %s -o jsonpath='{.spec.unschedulable}'", node);
	ck_assert_str_eq(seen, "");
	ck_assert_str_eq(field("pod", "ph-act-drain", ".metadata.name"), "");
	json_free(output);
	act_preview_release(&shown);
	release(&request);
	release(&careful);
}
END_TEST

/* A budget that allows nothing: the eviction is refused as such, and nothing is gone. */
START_TEST(budget_holds_an_eviction)
{
	char pod[128];
	struct error err = { 0 };
	struct act_result result;

	kubectl(NULL, 0, "-n " NS " delete pdb ph-act-pdb --ignore-not-found");
	ck_assert_int_eq(
		kubectl(NULL, 0,
			"-n " NS
			" create pdb ph-act-pdb --selector=app=gateway --min-available=100%%"),
		0);
	PEER_WAIT(!strcmp(field("pdb", "ph-act-pdb", ".status.observedGeneration"), "1"));
	kubectl(pod, sizeof(pod),
		"-n " NS " get pods -l app=gateway --field-selector=status.phase=Running -o "
			 "jsonpath='{.items[0].metadata.name}'");
	struct ref ref = peer_ref("pods", NS, pod);
	struct act_request request = request_for(&ref, "evict", "{}");

	observe(&request);
	ck_assert_int_eq(kubernetes_provider.act->act(peer.provider, &request, &result, &err), -1);
	ck_assert_int_eq(err.code, ERR_CONFLICT);
	ck_assert_msg(strstr(err.text, "budget") != NULL, "%s", err.text);
	ck_assert_str_eq(field("pod", pod, ".metadata.deletionTimestamp"), "");
	kubectl(NULL, 0, "-n " NS " delete pdb ph-act-pdb");
	act_result_release(&result);
	release(&request);
}
END_TEST

START_TEST(secret_values_are_never_shown)
{
	char name[128];
	struct json *object, *blast;
	struct error err = { 0 };

	kubectl(name, sizeof(name),
		"-n " NS " get secrets -o jsonpath='{.items[0].metadata.name}'");
	struct ref ref = peer_ref("secrets", NS, name);
	struct act_request request = request_for(&ref, "label", "{\"key\":\"a\",\"value\":\"b\"}");

	ck_assert_msg(!kubernetes_provider.get(peer.provider, &ref, &object, &err), "%s", err.text);
	char *text = json_format(object);

	for (const struct json *item = json_first(json_get(object, "data")); item;
		item = json_next(item))
		ck_assert_str_eq(
			json_text(item), "\xe2\x80\xa2\xe2\x80\xa2\xe2\x80\xa2\xe2\x80\xa2");
	ck_assert_uint_gt(json_count(json_get(object, "data")), 0);
	observe(&request);
	struct act_preview shown = preview(&request);
	char *after = json_format(shown.after);

	ck_assert_ptr_null(strstr(after, "\"data\""));
	ck_assert_msg(
		!kubernetes_provider.dependents(peer.provider, &ref, &blast, &err), "%s", err.text);
	json_free(blast);
	free(after);
	free(text);
	act_preview_release(&shown);
	json_free(object);
	release(&request);
}
END_TEST

/* Runs on the peer's own machine: nothing but words that print. */
START_TEST(exec_tells_output_and_status)
{
	char pod[128];
	struct json *output;

	kubectl(pod, sizeof(pod),
		"-n " NS " get pods -l app=api --field-selector=status.phase=Running -o "
			 "jsonpath='{.items[0].metadata.name}'");
	struct ref ref = peer_ref("pods", NS, pod);
	struct act_request request =
		request_for(&ref, "exec", "{\"command\":\"echo 'two  words' x\\\\ y\"}");

	observe(&request);
	act(&request, &output);
	ck_assert_int_eq(json_int(json_get(output, "status"), -1), 0);
	ck_assert_msg(
		strstr(json_text_or(json_get(output, "output"), ""), "two  words x y") != NULL,
		"%s", json_text_or(json_get(output, "output"), ""));
	ck_assert_int_eq(outcome(&request), ACT_UNKNOWN);
	json_free(output);
	release(&request);
}
END_TEST

static struct json *ask(const char *name, const char *params, struct error *err)
{
	struct json *given = json_parse(params, strlen(params), err), *out = NULL;

	ck_assert_ptr_nonnull(given);
	if (kubernetes_provider.query(peer.provider, name, given, &out, err))
		out = NULL;
	json_free(given);
	return out;
}

START_TEST(questions_of_playbooks)
{
	struct error err = { 0 };
	struct json *out = ask("kubernetes.metrics", "{}", &err);

	ck_assert_ptr_null(out); /* the peer has no metrics server */
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
	ck_assert_msg(strstr(err.text, "no metrics API") != NULL, "%s", err.text);
	out = ask("kubernetes.pods_state",
		"{\"namespace\":\""
		"payments-prod"
		"\",\"limit\":200}",
		&err);
	ck_assert_msg(out != NULL, "%s", err.text);
	int crash = 0, oom = 0, waiting = 0;

	for (const struct json *item = json_first(json_get(out, "items")); item;
		item = json_next(item)) {
		crash += !strcmp(
			json_text_or(json_get(item, "waiting_reason"), ""), "CrashLoopBackOff");
		oom += json_bool(json_get(item, "oom_killed"), 0);
		waiting += json_text(json_get(item, "waiting_reason")) != NULL;
		ck_assert_ptr_nonnull(json_get(item, "containers"));
	}
	ck_assert_msg(crash && waiting >= crash, "%d %d %d", crash, oom, waiting);
	json_free(out);
	out = ask("kubernetes.nodes_state", "{}", &err);
	ck_assert_msg(out && json_count(json_get(out, "items")) >= 100, "%s", err.text);
	int pressed = 0, down = 0;

	for (const struct json *item = json_first(json_get(out, "items")); item;
		item = json_next(item)) {
		pressed += json_count(json_get(item, "conditions")) > 0;
		down += !json_bool(json_get(item, "ready"), 1);
	}
	ck_assert_int_ge(pressed, 3);
	ck_assert_int_ge(down, 1);
	json_free(out);
	out = ask("kubernetes.rollout", "{\"namespace\":\"" NS "\",\"name\":\"api\"}", &err);
	ck_assert_msg(out && json_count(json_get(out, "items")) >= 1, "%s", err.text);
	ck_assert(json_bool(json_get(json_first(json_get(out, "items")), "current"), 0));
	json_free(out);
	out = ask("kubernetes.events", "{\"limit\":5}", &err);
	ck_assert_msg(out && json_count(json_get(out, "items")) == 5, "%s", err.text);
	json_free(out);
	out = ask("kubernetes.scheduling", "{}", &err);
	ck_assert_msg(out != NULL, "%s", err.text);
	json_free(out);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_test(tc, dry_run_of_a_delete_leaves_the_object);
	tcase_add_test(tc, delete_hits_only_the_object_that_was_shown);
	tcase_add_test(tc, scale_there_and_back);
	tcase_add_test(tc, state_follows_the_spec_only);
	tcase_add_test(tc, image_and_rollback);
	tcase_add_loop_test(tc, sets_go_back_to_their_revision, 0, sizeof(revised) / sizeof(*revised));
	tcase_add_test(tc, all_that_a_change_touches_is_found);
	tcase_add_test(tc, restart_pause_resume);
	tcase_add_test(tc, labels_come_and_go);
	tcase_add_test(tc, apply_creates_and_names_conflicts);
	tcase_add_test(tc, edit_says_what_stays);
	tcase_add_test(tc, unknown_fields_are_refused);
	tcase_add_test(tc, drain_and_uncordon);
	tcase_add_test(tc, budget_holds_an_eviction);
	tcase_add_test(tc, secret_values_are_never_shown);
	tcase_add_test(tc, exec_tells_output_and_status);
	tcase_add_test(tc, questions_of_playbooks);
}

PEER_MAIN("peers/kube_act")
