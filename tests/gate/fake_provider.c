#include "fake_provider.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "estate/kind.h"

static const char kind[] = "kind: things\n"
			   "provider: fake\n"
			   "singular: thing\n"
			   "namespaced: true\n"
			   "columns:\n"
			   "  - {name: NAMESPACE}\n"
			   "  - {name: NAME}\n"
			   "  - {name: SIZE, type: number}\n"
			   "verbs:\n"
			   "  - {name: resize, risk: write, reversible: true, inverse: resized back,\n"
			   "     params: [{name: size, type: integer, required: true}, {name: how, type: enum, values: soft|hard, default: soft}]}\n"
			   "  - {name: make, risk: write, reversible: true, inverse: removed again}\n"
			   "  - {name: poke, risk: write, inverse: nothing to undo}\n"
			   "  - {name: remove, risk: delete, inverse: what is gone stays gone}\n";

struct fake_world *fake_world;
static char home[64];

void fake_reset(void)
{
	*fake_world = (struct fake_world){ .refuse_at = -1, .lose_at = -1, .drop_at = -1, .half_at = -1, .lose_code = ERR_TIMEOUT, .die_before_at = -1,
		.die_after_at = -1, .die_observing_at = -1 };
	for (int i = 0; i < FAKE_THINGS; i++)
		fake_world->size[i] = 10 + i;
	snprintf(fake_world->team, sizeof(fake_world->team), "red");
}

static void save(const char *folder, const char *name, const char *text)
{
	char path[200];

	snprintf(path, sizeof(path), "%s/%s", home, folder);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/%s/%s", home, folder, name);
	if (file_save(path, text, strlen(text), 0600, NULL))
		abort();
}

static const char *const built_in =
	"- {id: reads, match: {risk: read}, decide: allow}\n"
	"- {id: prod-delete-never, match: {risk: delete, scope: prod}, decide: deny, why: never}\n"
	"- {id: prod-one, match: {risk: write, scope: prod}, decide: approve, by: 1, who: 'role:sre', expires: 15m}\n"
	"- {id: staging-two, match: {risk: write, scope: staging}, decide: approve, by: 2, not_self: true, flag: false}\n"
	"- {id: many-ask, match: {risk: write, scope: dev, targets_at_least: 7}, decide: approve, by: 1}\n"
	"- {id: dev-free, match: {risk: [write, delete], scope: dev}, decide: allow}\n"
	"- {id: other-asks, match: {risk: write}, decide: approve, by: 2}\n";

void fake_begin(const char *policies)
{
	snprintf(home, sizeof(home), "/tmp/ph-gate-XXXXXX");
	if (!mkdtemp(home))
		abort();
	setenv("PILOTHOUSE_HOME", home, 1);
	setenv("PILOTHOUSE_DATA", home, 1);
	setenv("PILOTHOUSE_USER_ROLE", "sre", 1);
	save("kinds", "things.yaml", kind);
	save("policies", "rules.yaml", policies ? policies : built_in);
	fake_world = mmap(NULL, sizeof(*fake_world), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (fake_world == MAP_FAILED)
		abort();
	fake_reset();
}

void fake_end(void)
{
	char *remove = mem_format("rm -rf %s", home);

	if (system(remove))
		perror(home);
	free(remove);
}

const char *fake_home(void)
{
	return home;
}

struct ref fake_ref(const char *namespace_, int thing)
{
	struct ref ref = { .provider = "fake", .account = "one", .kind = "things" };

	snprintf(ref.namespace_, sizeof(ref.namespace_), "%s", namespace_);
	snprintf(ref.name, sizeof(ref.name), "t%d", thing);
	return ref;
}

static int thing_of(const struct ref *ref)
{
	return ref->name[1] - '0';
}

static int fake_open(struct provider **out, struct kinds *kinds, struct net *net, const struct config *config, struct error *err)
{
	(void)kinds;
	(void)net;
	(void)config;
	(void)err;
	*out = (struct provider *)fake_world;
	return 0;
}

static void fake_close(struct provider *provider)
{
	(void)provider;
}

static size_t fake_accounts(struct provider *provider, struct provider_account *out, size_t max)
{
	(void)provider;
	if (!max)
		return 0;
	*out = (struct provider_account){ .name = "one", .current = 1, .state = "ok" };
	return 1;
}

static int fake_get(struct provider *provider, const struct ref *ref, struct json **object, struct error *err)
{
	(void)provider;
	if (fake_world->no_get)
		return error_set(err, ERR_UNREACHABLE, "no answer");
	if (fake_world->gone[thing_of(ref)])
		return error_set(err, ERR_NOT_FOUND, "no %s", ref->name);
	*object = json_object();
	json_set_int(*object, "size", fake_world->size[thing_of(ref)]);
	struct json *metadata = json_object();
	struct json *labels = json_object();
	json_set_text(labels, "team", fake_world->team);
	json_set(metadata, "labels", labels);
	json_set(*object, "metadata", metadata);
	return 0;
}

/* --- acting --- */

static int observe(struct provider *provider, const struct act_request *request, struct json **state, struct error *err)
{
	int thing = thing_of(request->ref);

	(void)provider;
	if (++fake_world->observed == fake_world->die_observing_at)
		raise(SIGKILL);
	if (fake_world->gone[thing])
		return error_set(err, ERR_NOT_FOUND, "no %s", request->ref->name);
	*state = json_object();
	json_set_text(*state, "uid", request->ref->name);
	json_set_int(*state, "size", fake_world->size[thing]);
	return 0;
}

static struct json *sized(int64_t size)
{
	return json_set_int(json_object(), "size", size);
}

static int preview(struct provider *provider, const struct act_request *request, struct act_preview *out, struct error *err)
{
	int size = fake_world->size[thing_of(request->ref)];

	(void)provider;
	(void)err;
	*out = (struct act_preview){ .before = sized(size), .seconds = 2 };
	snprintf(out->cost, sizeof(out->cost), "0");
	if (!strcmp(request->verb->name, "resize")) {
		out->after = sized(json_int(json_get(request->params, "size"), 0));
		out->undo = json_object();
		json_set_text(out->undo, "verb", "resize");
		json_set(out->undo, "params", sized(size));
		snprintf(out->undo_text, sizeof(out->undo_text), "resize back to %d", size);
	} else if (!strcmp(request->verb->name, "make")) {
		out->undo = json_set_text(json_object(), "verb", "remove");
		snprintf(out->undo_text, sizeof(out->undo_text), "remove it");
	} else if (!strcmp(request->verb->name, "poke")) {
		snprintf(out->undo_text, sizeof(out->undo_text), "what is poked stays so");
	} else {
		snprintf(out->undo_text, sizeof(out->undo_text), "cannot be undone");
	}
	return 0;
}

static void take_effect(const struct act_request *request)
{
	struct fake_act *act = &fake_world->acts[atomic_fetch_add(&fake_world->count, 1) % FAKE_ACTS];
	int thing = thing_of(request->ref);

	if (!strcmp(request->verb->name, "resize"))
		fake_world->size[thing] = (int)json_int(json_get(request->params, "size"), 0);
	else if (!strcmp(request->verb->name, "remove"))
		fake_world->gone[thing] = 1;
	else
		fake_world->touched[thing]++;
	snprintf(act->verb, sizeof(act->verb), "%s", request->verb->name);
	snprintf(act->name, sizeof(act->name), "%.31s", request->ref->name);
	act->size = fake_world->size[thing];
}

static int act(struct provider *provider, const struct act_request *request, struct act_result *result, struct error *err)
{
	int call = atomic_fetch_add(&fake_world->calls, 1);

	(void)provider;
	if (fake_world->inside)
		fake_world->inside(request);
	if (call == fake_world->die_before_at)
		raise(SIGKILL);
	if (call == fake_world->refuse_at)
		return error_set(err, ERR_FORBIDDEN, "not yours; password=hunter2hunter2");
	if (call == fake_world->drop_at)
		return error_set(err, fake_world->lose_code, "no answer");
	take_effect(request);
	if (call == fake_world->die_after_at)
		raise(SIGKILL);
	if (call == fake_world->half_at) {
		result->partial = 1;
		return error_set(err, ERR_CANCELLED, "cancelled half way");
	}
	if (call == fake_world->lose_at)
		return error_set(err, fake_world->lose_code, "no answer");
	result->output = sized(fake_world->size[thing_of(request->ref)]);
	snprintf(result->remote_id, sizeof(result->remote_id), "remote-%d", call);
	return 0;
}

static int reconcile(struct provider *provider, const struct act_request *request, enum act_outcome *outcome, struct error *err)
{
	int thing = thing_of(request->ref);

	(void)provider;
	fake_world->reconciled++;
	if (request->cancelled && atomic_load((const atomic_int *)request->cancelled))
		return error_set(err, ERR_CANCELLED, "asked of one who was cancelled");
	if (fake_world->answer == FAKE_UNKNOWN)
		return error_set(err, ERR_UNREACHABLE, "nobody there");
	if (fake_world->answer == FAKE_PARTIAL) {
		*outcome = ACT_PARTIAL;
		return 0;
	}
	int done = !strcmp(request->verb->name, "remove") ? fake_world->gone[thing]
							  : fake_world->size[thing] == json_int(json_get(request->params, "size"), -1);
	*outcome = done ? ACT_DONE : ACT_NOT_DONE;
	return 0;
}

static const struct act_ops acts = { .observe = observe, .preview = preview, .act = act, .reconcile = reconcile };

const struct provider_ops fake_ops = { .name = "fake", .title = "Fake", .open = fake_open, .close = fake_close, .accounts = fake_accounts,
	.get = fake_get, .act = &acts };
