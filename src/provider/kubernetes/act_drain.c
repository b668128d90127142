/* A node is closed to new pods, then each pod on it is evicted: disruption budgets are obeyed, a
 * refusal (429) is tried again until the deadline and then told. Pods of daemon sets and mirror
 * pods stay, as they would come straight back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "estate/kind.h"
#include "net/url.h"
#include "provider/kubernetes/account.h"
#include "provider/kubernetes/act.h"
#include "provider/kubernetes/get.h"
#include "provider/kubernetes/selector.h"

enum { RETRY_MS = 5000, WAIT_MS = 1000, TIMEOUT_DEFAULT_S = 300, DRY_RUNS_MAX = 100 };

/* corev1.MirrorPodAnnotationKey */
#define MIRROR "kubernetes.io/config.mirror"

enum fate { FATE_EVICT, FATE_DAEMON, FATE_MIRROR, FATE_ENDING, FATE_ALONE };

const struct json *controller_of(const struct json *pod)
{
	for (const struct json *owner = json_first(json_at(pod, "metadata.ownerReferences")); owner;
		owner = json_next(owner))
		if (json_bool(json_get(owner, "controller"), 0))
			return owner;
	return NULL;
}

static enum fate fate_of(const struct json *pod)
{
	const char *phase = json_text_or(json_at(pod, "status.phase"), "");
	const struct json *controller = controller_of(pod);

	if (json_get(json_at(pod, "metadata.annotations"), MIRROR))
		return FATE_MIRROR;
	if (controller && !strcmp(json_text_or(json_get(controller, "kind"), ""), "DaemonSet"))
		return FATE_DAEMON;
	if (json_at(pod, "metadata.deletionTimestamp"))
		return FATE_ENDING;
	if (!controller && strcmp(phase, "Succeeded") != 0 && strcmp(phase, "Failed") != 0)
		return FATE_ALONE;
	return FATE_EVICT;
}

static struct json *pods_on(const struct action *action, struct error *err)
{
	char field[600];
	struct text path;
	struct json *answer;

	text_init(&path, RESOURCE_PATH_MAX);
	text_add(&path, "/api/v1/pods");
	snprintf(field, sizeof(field), "spec.nodeName=%s", action->request->ref->name);
	url_query(&path, "fieldSelector", field);
	answer = get_path(action->account, path.data, err);
	text_release(&path);
	return answer;
}

static const char *name_of(const struct json *pod)
{
	return json_text_or(json_at(pod, "metadata.name"), "?");
}

static const char *namespace_of(const struct json *pod)
{
	return json_text_or(json_at(pod, "metadata.namespace"), "");
}

/* Sends one eviction as an action on that pod. */
static int evict(const struct action *action, const struct json *pod, int dry, int *status,
	struct error *err)
{
	struct ref ref = { .provider = "kubernetes" };
	struct act_request request = *action->request;
	struct action one = *action;
	struct change change = { .method = "POST", .type = "application/json", .sub = "eviction" };
	struct answer answer;

	snprintf(ref.name, sizeof(ref.name), "%s", name_of(pod));
	snprintf(ref.namespace_, sizeof(ref.namespace_), "%s", namespace_of(pod));
	request.ref = &ref;
	one.request = &request;
	one.resource =
		(struct resource){ .api = "v1", .name = "pods", .type = "Pod", .namespaced = 1 };
	change.body = eviction_body(ref.namespace_, ref.name,
		json_text(json_at(pod, "metadata.uid")), param_int(action, "grace", -1), 0);
	int failed = change_send(&one, &change, dry, &answer, err);

	*status = answer.status;
	answer_release(&answer);
	change_release(&change);
	return failed;
}

static int cordon(const struct action *action, const struct json *live, int dry,
	struct answer *answer, struct error *err)
{
	struct change change = { .method = "PATCH", .type = PATCH_MERGE };
	struct json *meta =
		json_set_text(json_object(), "uid", json_text(json_at(live, "metadata.uid")));

	change.body = json_set(json_object(), "metadata", meta);
	json_set(change.body, "spec", json_set(json_object(), "unschedulable", json_boolean(1)));
	int failed = change_send(action, &change, dry, answer, err);

	change_release(&change);
	return failed;
}

/* --- preview --- */

struct tally {
	size_t evict, stay, ending, alone, held;
	char first_alone[128], first_held[128];
};

static void add_blast(struct json *blast, const struct action *action, const struct json *pod)
{
	struct ref ref = { .provider = "kubernetes", .kind = "pods" };
	struct json *item = json_object();
	char id[1200];

	snprintf(ref.account, sizeof(ref.account), "%s", action->account->name);
	snprintf(ref.namespace_, sizeof(ref.namespace_), "%s", namespace_of(pod));
	snprintf(ref.name, sizeof(ref.name), "%s", name_of(pod));
	ref_format(&ref, id, sizeof(id));
	json_set_text(item, "id", id);
	json_set_text(item, "relation", "evicted");
	json_set_text(item, "name", ref.name);
	json_add(blast, item);
}

static void count_pod(const struct action *action, const struct json *pod, struct tally *tally,
	struct json *blast)
{
	enum fate fate = fate_of(pod);
	struct error err = { 0 };
	int status;

	if (fate == FATE_DAEMON || fate == FATE_MIRROR) {
		tally->stay++;
		return;
	}
	if (fate == FATE_ENDING) {
		tally->ending++;
		return;
	}
	if (fate == FATE_ALONE && !tally->alone++)
		snprintf(tally->first_alone, sizeof(tally->first_alone), "%.60s/%.60s",
			namespace_of(pod), name_of(pod));
	tally->evict++;
	add_blast(blast, action, pod);
	if (tally->evict <= DRY_RUNS_MAX && evict(action, pod, 1, &status, &err) && status == 429 &&
		!tally->held++)
		snprintf(tally->first_held, sizeof(tally->first_held), "%.60s/%.60s",
			namespace_of(pod), name_of(pod));
}

/* --- budgets: each eviction alone may pass, and all of them together not --- */

struct budgets {
	struct json *list; /* NULL: may not be read */
	size_t tight;
	char first[200];
};

static void count_budget(struct budgets *budgets, const struct json *budget, const struct json *pods)
{
	const struct json *selector = json_at(budget, "spec.selector");
	int64_t allowed = json_int(json_at(budget, "status.disruptionsAllowed"), 0), wanted = 0;

	for (const struct json *pod = json_first(json_get(pods, "items")); pod; pod = json_next(pod)) {
		enum fate fate = fate_of(pod);

		wanted += (fate == FATE_EVICT || fate == FATE_ALONE) && !strcmp(namespace_of(pod), namespace_of(budget)) &&
			  selector_takes(selector, json_at(pod, "metadata.labels"));
	}
	if (wanted > allowed && !budgets->tight++)
		snprintf(budgets->first, sizeof(budgets->first), "%.60s/%.60s lets %lld of %lld go at once", namespace_of(budget), name_of(budget),
			(long long)allowed, (long long)wanted);
}

static void count_budgets(const struct action *action, const struct json *pods, struct budgets *budgets)
{
	budgets->list = get_path(action->account, "/apis/policy/v1/poddisruptionbudgets", NULL);
	for (const struct json *item = json_first(json_get(budgets->list, "items")); item; item = json_next(item))
		count_budget(budgets, item, pods);
}

static void describe_budgets(struct act_preview *preview, const struct budgets *budgets)
{
	size_t at = strlen(preview->dry_run_text), room = sizeof(preview->dry_run_text) - at;

	if (!budgets->list)
		snprintf(preview->dry_run_text + at, room, "; disruption budgets may not be read");
	else if (budgets->tight)
		snprintf(preview->dry_run_text + at, room, "; budget %s%s: the others wait", budgets->first, budgets->tight > 1 ? ", and more" : "");
}

static void describe_dry_run(struct act_preview *preview, const struct tally *tally)
{
	int at = snprintf(preview->dry_run_text, sizeof(preview->dry_run_text),
		"dry run by the server: accepted; %zu %s would be evicted, %zu stay (daemon "
		"sets, mirror pods)",
		tally->evict, tally->evict == 1 ? "pod" : "pods", tally->stay);

	if (tally->held && at > 0 && (size_t)at < sizeof(preview->dry_run_text))
		snprintf(preview->dry_run_text + at, sizeof(preview->dry_run_text) - (size_t)at,
			"; %zu held up now by a disruption budget (%.90s)", tally->held,
			tally->first_held);
	preview->dry_run = 1;
}

static int check_alone(const struct action *action, const struct tally *tally, struct error *err)
{
	if (!tally->alone || param_bool(action, "force"))
		return 0;
	return error_set(err, ERR_CONFLICT,
		"%zu of its pods would not come back, as nothing manages them (%.120s): force=true "
		"evicts them too",
		tally->alone, tally->first_alone);
}

int preview_drain(const struct action *action, const struct json *live, struct act_preview *preview,
	struct error *err)
{
	struct tally tally = { 0 };
	struct budgets budgets = { 0 };
	struct answer answer;
	struct json *pods;
	int was = json_bool(json_at(live, "spec.unschedulable"), 0);

	if (cordon(action, live, 1, &answer, err))
		return error_wrap(err, "dry run");
	answer_release(&answer);
	pods = pods_on(action, err);
	if (!pods)
		return -1;
	preview->blast = json_array();
	for (const struct json *pod = json_first(json_get(pods, "items")); pod;
		pod = json_next(pod))
		count_pod(action, pod, &tally, preview->blast);
	count_budgets(action, pods, &budgets);
	json_free(pods);
	describe_dry_run(preview, &tally);
	describe_budgets(preview, &budgets);
	json_free(budgets.list);
	if (check_alone(action, &tally, err))
		return -1;
	preview->before = json_set_int(json_set(json_object(), "unschedulable", json_boolean(was)),
		"pods", (int64_t)(tally.evict + tally.stay + tally.ending));
	preview->after = json_set_int(json_set(json_object(), "unschedulable", json_boolean(1)),
		"pods", (int64_t)(tally.stay + tally.ending));
	if (!was)
		set_undo(action, preview, "uncordon", NULL);
	snprintf(preview->undo_text, sizeof(preview->undo_text),
		"%s; evicted pods stay where they went",
		was ? "it was cordoned before" : "uncordon it again");
	return 0;
}

/* --- act --- */

struct drain {
	const struct action *action;
	struct json *pods; /* the answer that lists them */
	char *done;        /* one a pod: 0 to do, 1 evicted, 2 left alone */
	size_t count, evicted, left;
	int64_t deadline_ns;
	struct error trouble; /* why the last one could not be evicted */
};

__attribute__((format(printf, 2, 3))) static void tell(
	const struct drain *drain, const char *format, ...)
{
	char line[400];
	va_list args;

	if (!drain->action->request->progress)
		return;
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	drain->action->request->progress(drain->action->request->arg, line);
}

static void settle(struct drain *drain, size_t i, const struct json *pod)
{
	int status;
	struct error err = { 0 };

	if (!evict(drain->action, pod, 0, &status, &err) || status == 404) {
		drain->done[i] = 1;
		drain->evicted++;
		tell(drain, "evicted %s/%s (%zu of %zu)", namespace_of(pod), name_of(pod),
			drain->evicted, drain->count - drain->left);
		return;
	}
	drain->trouble = err;
	tell(drain, "%s/%s: %.200s", namespace_of(pod), name_of(pod), err.text);
}

/* One turn over those still to do. How many remain. */
static size_t turn(struct drain *drain)
{
	size_t i = 0, remaining = 0;
	const atomic_int *cancelled = drain->action->request->cancelled;

	for (const struct json *pod = json_first(json_get(drain->pods, "items")); pod;
		pod = json_next(pod), i++) {
		if (!drain->done[i] && !(cancelled && atomic_load(cancelled)))
			settle(drain, i, pod);
		remaining += !drain->done[i];
	}
	return remaining;
}

static void sort_out(struct drain *drain)
{
	size_t i = 0;

	drain->count = json_count(json_get(drain->pods, "items"));
	drain->done = mem_zero(drain->count + 1, 1);
	for (const struct json *pod = json_first(json_get(drain->pods, "items")); pod;
		pod = json_next(pod), i++) {
		enum fate fate = fate_of(pod);

		if (fate == FATE_EVICT || fate == FATE_ALONE)
			continue;
		drain->done[i] = 2;
		drain->left++;
	}
}

static int evict_all(struct drain *drain, struct error *err)
{
	size_t remaining;

	while ((remaining = turn(drain)) > 0) {
		if (clock_monotonic_ns() >= drain->deadline_ns)
			return error_set(err, ERR_CONFLICT,
				"%zu of %zu pods evicted; %zu remain: %.150s", drain->evicted,
				drain->count - drain->left, remaining, drain->trouble.text);
		tell(drain, "%zu %s held up: trying again in %d s", remaining,
			remaining == 1 ? "pod" : "pods", RETRY_MS / 1000);
		if (pause_ms(drain->action->request->cancelled, RETRY_MS))
			return error_set(err, ERR_CANCELLED,
				"cancelled after %zu evictions; the node stays cordoned",
				drain->evicted);
	}
	return 0;
}

/* Pods we evicted that are still on the node: matched by uid. */
static size_t still_there(const struct drain *drain, const struct json *now)
{
	size_t i = 0, there = 0;

	for (const struct json *pod = json_first(json_get(drain->pods, "items")); pod;
		pod = json_next(pod), i++) {
		const char *uid = json_text_or(json_at(pod, "metadata.uid"), "");

		if (drain->done[i] != 1)
			continue;
		for (const struct json *other = json_first(json_get(now, "items")); other;
			other = json_next(other))
			there += !strcmp(uid, json_text_or(json_at(other, "metadata.uid"), ""));
	}
	return there;
}

static int wait_gone(struct drain *drain, struct error *err)
{
	size_t there = drain->evicted;

	while (there) {
		struct json *now = pods_on(drain->action, err);

		if (!now)
			return -1;
		there = still_there(drain, now);
		json_free(now);
		if (!there)
			break;
		tell(drain, "%zu evicted %s still ending", there, there == 1 ? "pod is" : "pods are");
		if (clock_monotonic_ns() >= drain->deadline_ns)
			return error_set(err, ERR_CONFLICT,
				"all pods are evicted, %zu are still ending", there);
		if (pause_ms(drain->action->request->cancelled, WAIT_MS))
			return error_set(err, ERR_CANCELLED,
				"cancelled: all pods are evicted, %zu are still ending", there);
	}
	return 0;
}

static int64_t deadline(const struct action *action)
{
	const char *timeout = param_text(action, "timeout");
	int64_t window_ns = TIMEOUT_DEFAULT_S * CLOCK_SECOND_NS;

	if (timeout && clock_parse_window(timeout, &window_ns))
		window_ns = TIMEOUT_DEFAULT_S * CLOCK_SECOND_NS;
	return clock_monotonic_ns() + window_ns;
}

static int check_forced(const struct drain *drain, struct error *err)
{
	struct tally tally = { 0 };

	for (const struct json *pod = json_first(json_get(drain->pods, "items")); pod;
		pod = json_next(pod))
		if (fate_of(pod) == FATE_ALONE && !tally.alone++)
			snprintf(tally.first_alone, sizeof(tally.first_alone), "%.60s/%.60s",
				namespace_of(pod), name_of(pod));
	return check_alone(drain->action, &tally, err);
}

int act_drain(const struct action *action, const struct json *live, struct act_result *result,
	struct error *err)
{
	struct drain drain = { .action = action, .deadline_ns = deadline(action) };
	struct answer answer = { 0 };
	int failed;

	drain.pods = pods_on(action, err);
	if (!drain.pods || check_forced(&drain, err)) { /* before anything is changed */
		json_free(drain.pods);
		return -1;
	}
	json_free(drain.pods);
	failed = cordon(action, live, 0, &answer, err);
	snprintf(result->remote_id, sizeof(result->remote_id), "%s", answer.audit_id);
	answer_release(&answer);
	if (failed)
		return -1;
	tell(&drain, "cordoned %s", action->request->ref->name);
	drain.pods = pods_on(action, err); /* now nothing is added any more */
	failed = !drain.pods;
	if (!failed) {
		sort_out(&drain);
		failed = evict_all(&drain, err) || wait_gone(&drain, err);
	}
	result->output = json_set_int(json_object(), "evicted", (int64_t)drain.evicted);
	json_set_int(result->output, "left", (int64_t)drain.left);
	result->partial = failed && (drain.evicted || !json_bool(json_at(live, "spec.unschedulable"), 0));
	json_free(drain.pods);
	free(drain.done);
	return failed ? -1 : 0;
}

/* Closed by the run, not before it: that much is done, though pods are left. */
static enum act_outcome outcome_left(const struct action *action)
{
	const struct json *state = action->request->state;

	return state && !json_bool(json_get(state, "spec.unschedulable"), 0) ? ACT_PARTIAL : ACT_UNKNOWN;
}

enum act_outcome outcome_drain(const struct action *action, const struct json *live)
{
	struct json *pods;
	size_t remain = 0;

	if (!json_bool(json_at(live, "spec.unschedulable"), 0))
		return live ? ACT_NOT_DONE : ACT_UNKNOWN;
	pods = pods_on(action, NULL);
	for (const struct json *pod = json_first(json_get(pods, "items")); pod;
		pod = json_next(pod)) {
		enum fate fate = fate_of(pod);

		remain += fate == FATE_EVICT || fate == FATE_ALONE;
	}
	enum act_outcome outcome = !pods ? ACT_UNKNOWN : remain ? outcome_left(action) : ACT_DONE;

	json_free(pods);
	return outcome;
}
