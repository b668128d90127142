#include "gate/playbook_plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/jq.h"
#include "base/json.h"
#include "base/text.h"
#include "estate/estate.h"
#include "estate/filter.h"
#include "estate/snapshot.h"
#include "gate/gate_private.h"
#include "gate/intent.h"
#include "gate/playbook_private.h"

enum { TARGETS_MAX = 100, DEPTH_MAX = 32, SEVERAL_TOLD = 3 };

static const struct kind *kind_with_verb(struct gate *gate, const char *provider, const char *verb)
{
	const struct kinds *kinds = estate_kinds(gate->options.estate);

	for (size_t i = 0; i < kinds_count(kinds); i++) {
		const struct kind *kind = kinds_at(kinds, i);

		if (!strcmp(kind->provider, provider) && kind_verb_find(kind, verb))
			return kind;
	}
	return NULL;
}

static int split(const char *action, char provider[16], const char **what)
{
	const char *dot = strchr(action, '.');

	if (!dot || dot - action >= 16)
		return -1;
	snprintf(provider, 16, "%.*s", (int)(dot - action), action);
	*what = dot + 1;
	return 0;
}

int playbook_step_writes(struct gate *gate, const struct playbook_step *step)
{
	char provider[16];
	const char *verb;

	return !split(step->action, provider, &verb) && kind_with_verb(gate, provider, verb) != NULL;
}

enum { NEAR_MAX = 120 };

int playbook_none(struct gate *gate, const struct intent *intent, struct error *err)
{
	const struct playbooks *books = gate_playbooks(gate);
	struct text near;
	int more = 0;

	text_init(&near, 400);
	for (size_t i = 0; i < playbooks_count(books); i++) {
		const struct playbook *book = playbooks_at(books, i);
		const struct json *wanted = json_get(book->match, "intent");

		if (!json_text(wanted) || strcmp(json_text(wanted), intent->type) != 0)
			continue;
		if (near.length + strlen(book->name) < NEAR_MAX) /* whole names only */
			text_format(&near, "%s%s", near.length ? ", " : "", book->name);
		else
			more = 1;
	}
	error_set(err, ERR_NOT_FOUND, "no playbook for %s %s%s%s%s; pilothouse playbook list", intent->type, intent->resource, near.length ? "; near: " : "", near.data,
		more ? " …" : "");
	text_release(&near);
	return -1;
}

/* --- targets of a write --- */

struct adding {
	struct gate *gate;
	struct plan *plan;
	const struct playbook_step *step;
	const struct json *with;
	char provider[16];
	const char *verb;
	struct json *params;
};

/* What is no address is a parameter of the verb; null says nothing. */
static struct json *params_of(const struct json *with)
{
	struct json *params = json_object();

	for (const struct json *member = json_first(with); member; member = json_next(member))
		if (!playbook_is_address(json_key(member)) && json_type(member) != JSON_NULL)
			json_set(params, json_key(member), json_copy(member));
	return params;
}

static void fill_selection(const struct adding *adding, struct selection *selection)
{
	const char *namespace_ = json_text(json_get(adding->with, "namespace")), *account = json_text(json_get(adding->with, "account"));
	const char *labels = json_text(json_get(adding->with, "labels"));

	*selection = (struct selection){ .namespace_ = namespace_ && *namespace_ ? namespace_ : "*", .account = account && *account ? account : NULL,
		.labels = labels && *labels ? labels : NULL };
}

static int add_one(struct adding *adding, const struct ref *ref, struct error *err)
{
	char id[96];
	const char *because = json_text_or(json_get(adding->with, "because"), "");
	size_t before = adding->plan->count;

	snprintf(id, sizeof(id), before ? "%.70s-%zu" : "%.70s", adding->step->id, before + 1);
	if (gate_plan_add_act(adding->gate, adding->plan, id, ref, adding->verb, adding->params, because, err))
		return -1;
	if (adding->step->verify)
		adding->plan->steps[before].verify = json_copy(adding->step->verify);
	return 0;
}

/* `filter` says in which state a target must be: what is at zero may be started. */
static struct filter *row_filter(const struct adding *adding, const struct kind *kind, struct error *err)
{
	const char *text = json_text(json_get(adding->with, "filter"));

	return text && *text ? filter_parse(text, kind, err) : NULL;
}

/* A name's rows whose scope is the wanted one (or all, when none is wanted). */
static size_t refs_named(const struct adding *adding, const struct kind *kind, const char *name, struct ref *refs, size_t max, struct error *err)
{
	struct selection selection;
	const char *scope = json_text(json_get(adding->with, "scope"));
	size_t count = 0;

	fill_selection(adding, &selection);
	struct json *errors = json_array();
	struct filter *filter = row_filter(adding, kind, err);
	struct snapshot *snapshot = err->code ? NULL : estate_list(adding->gate->options.estate, kind, &selection, errors, err);
	for (size_t row = 0; snapshot && row < snapshot_count(snapshot) && count < max; row++) {
		char *its_name = snapshot_role_text(snapshot, row, ROLE_NAME), *its_scope = snapshot_role_text(snapshot, row, ROLE_SCOPE);
		char *id = snapshot_role_text(snapshot, row, ROLE_ID);

		if ((!name || !strcmp(its_name, name)) && (!scope || !*scope || !strcmp(its_scope, scope)) &&
			(!filter || filter_match(filter, snapshot, row)) && !ref_parse(id, &refs[count]))
			count++;
		free(its_name);
		free(its_scope);
		free(id);
	}
	snapshot_unref(snapshot);
	filter_free(filter);
	json_free(errors);
	return count;
}

static int one_account(const struct ref *refs, size_t count)
{
	for (size_t i = 1; i < count; i++)
		if (strcmp(refs[i].account, refs[0].account) != 0)
			return 0;
	return 1;
}

static int several(const struct kind *kind, const char *name, const struct ref *refs, size_t count, struct error *err)
{
	size_t told = count > SEVERAL_TOLD ? SEVERAL_TOLD : count;
	int same = one_account(refs, count);
	struct text where;

	text_init(&where, 512);
	for (size_t i = 0; i < told; i++)
		text_format(&where, "%s%s%s%s", i ? ", " : "", same ? "" : refs[i].account, same ? "" : "/", refs[i].namespace_);
	if (told < count)
		text_format(&where, " and %zu more", count - told);
	error_set(err, ERR_CONFLICT, "%zu %s are called %.60s (%s): say %s", count, kind->name, name, where.data,
		same ? "which namespace" : "which account and namespace");
	text_release(&where);
	return -1;
}

/* kinds are tried in order; the first that has the name is meant. A changing step never guesses between two. */
static int add_named(struct adding *adding, const struct json *kinds, const char *name, struct error *err)
{
	struct ref refs[TARGETS_MAX];

	for (const struct json *entry = json_is(kinds, JSON_ARRAY) ? json_first(kinds) : kinds; entry;
		entry = json_is(kinds, JSON_ARRAY) ? json_next(entry) : NULL) {
		struct error looked = { 0 };
		const struct kind *kind = gate_kind(adding->gate, adding->provider, json_text_or(entry, ""), &looked);
		size_t count = kind ? refs_named(adding, kind, name, refs, TARGETS_MAX, &looked) : 0;

		if (looked.code && looked.code != ERR_NOT_FOUND) {
			if (err)
				*err = looked;
			return -1;
		}
		if (count > 1 && name && *name)
			return several(kind, name, refs, count, err);
		if (count == TARGETS_MAX)
			return error_set(err, ERR_LIMIT, "more than %d targets: say which", TARGETS_MAX - 1);
		for (size_t i = 0; i < count; i++)
			if (add_one(adding, &refs[i], err))
				return -1;
		if (count)
			return 0;
	}
	const char *scope = json_text(json_get(adding->with, "scope"));
	const char *filter = json_text(json_get(adding->with, "filter"));
	return error_set(err, ERR_NOT_FOUND, "nothing called %.80s%s%s%s%s to %s", name ? name : "(all)", scope && *scope ? " in " : "", scope ? scope : "",
		filter ? " with " : "", filter ? filter : "", adding->verb);
}

static int add_targets(struct adding *adding, struct error *err)
{
	const struct json *name = json_get(adding->with, "name"), *kinds = json_get(adding->with, "kind");
	struct json *any = NULL;
	int failed = 0;

	/* No cluster to talk to is told as that, not as "nothing of that name". */
	if (!estate_provider(adding->gate->options.estate, adding->provider, &(const struct provider_ops *){ NULL }, err))
		return -1;
	if (json_type(kinds) == JSON_NULL)
		kinds = any = json_string(kind_with_verb(adding->gate, adding->provider, adding->verb)->name);
	if (json_is(name, JSON_ARRAY)) {
		for (const struct json *each = json_first(name); each && !failed; each = json_next(each))
			failed = add_named(adding, kinds, json_text_or(each, ""), err);
	} else if (json_text(name) && *json_text(name)) {
		failed = add_named(adding, kinds, json_text(name), err);
	} else if (json_text(json_get(adding->with, "labels"))) {
		failed = add_named(adding, kinds, NULL, err);
	} else {
		failed = error_set(err, ERR_INVALID, "%s: no name and no label says what is meant", adding->step->action);
	}
	json_free(any);
	return failed;
}

static int add_write_once(struct gate *gate, struct plan *plan, const struct playbook_step *step, const struct json *input, struct error *err)
{
	struct adding adding = { .gate = gate, .plan = plan, .step = step };
	int wanted = step->when ? jq_test(step->when, input, err) : 1;

	if (wanted <= 0)
		return wanted;
	struct json *with = playbook_step_with(step, input, err);
	if (!with)
		return -1;
	split(step->action, adding.provider, &adding.verb);
	adding.with = with;
	adding.params = params_of(with);
	int failed = add_targets(&adding, err);
	json_free(adding.params);
	json_free(with);
	return failed ? error_wrap(err, "step %s", step->id) : 0;
}

int playbook_add_write(struct gate *gate, struct plan *plan, const struct playbook_step *step, const struct json *input, struct error *err)
{
	if (!step->foreach)
		return add_write_once(gate, plan, step, input, err);
	struct json *items = jq_eval(step->foreach, input, err), *each = json_copy(input);
	int failed = items ? 0 : -1;

	for (const struct json *item = json_first(items); item && !failed; item = json_next(item)) {
		json_set(each, "item", json_copy(item));
		failed = add_write_once(gate, plan, step, each, err);
	}
	json_free(items);
	json_free(each);
	return failed;
}

/* --- the plan of an intent: its reads in words, its writes looked at when nothing must be read first --- */

/* Whether the step's expressions look at what other steps found. */
static int waits_for_evidence(const struct playbook_step *step)
{
	char *with = step->with ? json_format(step->with) : NULL;
	int waits = (with && strstr(with, ".steps.")) || (step->when && strstr(step->when, ".steps.")) ||
		(step->foreach && strstr(step->foreach, ".steps."));

	free(with);
	return waits;
}

/* --- a change that depends on what is there now: what its writes need is read while planning --- */

static const struct playbook_step *step_named(const struct playbook *book, const char *id)
{
	for (size_t i = 0; i < book->step_count; i++)
		if (!strcmp(book->steps[i].id, id))
			return &book->steps[i];
	return NULL;
}

static int gather(struct gate *gate, const struct playbook *book, const struct playbook_step *step, struct json *input, int depth, struct error *err);

static int gather_needs(struct gate *gate, const struct playbook *book, const struct playbook_step *step, struct json *input, int depth, struct error *err)
{
	if (depth > DEPTH_MAX)
		return error_set(err, ERR_INVALID, "playbook %s: steps need each other in a circle", book->name);
	for (const char *const *need = step->needs; *need; need++) {
		const struct playbook_step *needed = step_named(book, *need);

		if (needed && !json_get(json_get(input, "steps"), *need) && gather(gate, book, needed, input, depth + 1, err))
			return -1;
	}
	return 0;
}

static int gather(struct gate *gate, const struct playbook *book, const struct playbook_step *step, struct json *input, int depth, struct error *err)
{
	struct json *found = json_get(input, "steps");
	int wanted = gather_needs(gate, book, step, input, depth, err) ? -1 : step->when ? jq_test(step->when, input, err) : 1;

	if (wanted <= 0 || playbook_step_writes(gate, step))
		return wanted < 0 ? -1 : 0;
	struct json *with = playbook_step_with(step, input, err), *result = NULL;
	int failed = !with || gate_read(gate, step->action, with, NULL, &result, err);

	if (!failed)
		json_set(found, step->id, result);
	json_free(with);
	return failed ? error_wrap(err, "step %s", step->id) : 0;
}

/* A change is planned whole; an investigation proposes such writes when its evidence is there. */
static int is_change(const struct plan *plan)
{
	const char *type = json_text_or(json_get(plan->intent, "intent_type"), "");
	const struct intent_word *word = intent_word_find(intent_types, type);

	return word && word->write;
}

static void words_of(const struct json *with, char *out, size_t size)
{
	struct text text;

	text_init(&text, size - 1);
	for (const struct json *member = json_first(with); member; member = json_next(member)) {
		char *shown = json_text(member) ? NULL : json_format(member);
		const char *value = shown ? shown : json_text(member);

		if (*value && strcmp(value, "null"))
			text_format(&text, "%s%s=%s", text.length ? " " : "", json_key(member), value);
		free(shown);
	}
	snprintf(out, size, "%s", text.data);
	text_release(&text);
}

/* known: what its templates look at is there. */
static int add_read(struct gate *gate, struct plan *plan, const struct playbook_step *step, const struct json *input, int known, struct error *err)
{
	struct json *with = NULL;
	char target[600];

	if (step->with && known)
		with = playbook_step_with(step, input, err);
	if (step->with && known && !with)
		return -1;
	words_of(with ? with : step->with, target, sizeof(target));
	struct plan_step *added = gate_plan_add_read(gate, plan, step->id, step->action, target, with ? with : step->with, err);
	json_free(with);
	if (added) {
		added->needs = step->needs; /* the playbook outlives the plan's making; a stored plan keeps its own copy */
		added->estimate_seconds = 1;
	}
	return added ? 0 : -1;
}

static struct json *input_of(const struct playbook *book, const struct json *intent)
{
	struct json *input = json_object();

	json_set(input, "params", playbook_params(book, intent));
	json_set(input, "target", json_copy(json_get(intent, "target")));
	json_set(input, "intent", json_copy(intent));
	json_set(input, "steps", json_object());
	return input;
}

/* In a plan of changes nothing stands but what the run can do as it is written: a read's templates are filled in, or it is left out. */
static int add_known_read(struct gate *gate, struct plan *plan, const struct playbook *book, const struct playbook_step *step, struct json *input,
	struct error *err)
{
	if (gather_needs(gate, book, step, input, 0, err))
		return -1;
	int wanted = step->when ? jq_test(step->when, input, err) : 1;

	return wanted <= 0 ? wanted : add_read(gate, plan, step, input, 1, err);
}

static int add_steps(struct gate *gate, struct plan *plan, const struct playbook *book, struct json *input, struct error *err)
{
	for (size_t i = 0; i < book->step_count; i++) {
		const struct playbook_step *step = &book->steps[i];
		int failed = 0;

		if (!playbook_step_writes(gate, step) && is_change(plan))
			failed = add_known_read(gate, plan, book, step, input, err);
		else if (!playbook_step_writes(gate, step))
			failed = add_read(gate, plan, step, input, !waits_for_evidence(step), err);
		else if (!waits_for_evidence(step))
			failed = playbook_add_write(gate, plan, step, input, err);
		else if (is_change(plan))
			failed = gather_needs(gate, book, step, input, 0, err) || playbook_add_write(gate, plan, step, input, err);
		if (failed)
			return -1;
	}
	return 0;
}

int gate_plan_intent(struct gate *gate, const struct intent *intent, struct plan **out, struct error *err)
{
	const struct playbook *book = playbooks_match(gate_playbooks(gate), intent, NULL);

	if (!book)
		return playbook_none(gate, intent, err);
	struct plan *plan = gate_plan_begin(gate);
	plan->intent = intent_to_json(intent);
	plan->playbook = arena_text(plan->arena, book->name);
	struct json *input = input_of(book, plan->intent);
	int failed = add_steps(gate, plan, book, input, err);
	json_free(input);
	if (failed || gate_plan_finish(gate, plan, err)) {
		plan_free(plan);
		return -1;
	}
	*out = plan;
	return 0;
}
