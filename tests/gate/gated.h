/* gated.h - a gate on the fake provider, as a session would open it. */
#ifndef TESTS_GATE_GATED_H
#define TESTS_GATE_GATED_H

#include <stdio.h>
#include <string.h>

#include "base/config.h"
#include "base/json.h"
#include "check_main.h"
#include "estate/estate.h"
#include "fake_provider.h"
#include "gate/gate_private.h"
#include "gate/gate_store.h"
#include "store/store.h"

struct gated {
	struct config *config;
	struct kinds *kinds;
	struct store *store;
	struct estate *estate;
	struct gate *gate;
};

static const struct provider_ops *const gated_providers[] = { &fake_ops, NULL };

static inline void gated_open(struct gated *g)
{
	struct error err = { 0 };
	*g = (struct gated){ .config = config_load(NULL, NULL, &err), .kinds = kinds_load(NULL, &err), .store = store_open(NULL, &err) };
	ck_assert_msg(g->config && g->kinds && g->store, "%s", err.text);
	struct estate_options estate = { .kinds = g->kinds, .config = g->config, .store = g->store, .providers = gated_providers };
	g->estate = estate_new(&estate);
	struct gate_options options = { .store = g->store, .estate = g->estate, .config = g->config };
	g->gate = gate_new(&options, &err);
	ck_assert_msg(g->gate != NULL, "%s", err.text);
	snprintf(g->gate->user.id, sizeof(g->gate->user.id), "ana");
	snprintf(g->gate->user.role, sizeof(g->gate->user.role), "sre");
}

static inline void gated_close(struct gated *g)
{
	gate_free(g->gate);
	estate_free(g->estate);
	store_close(g->store);
	kinds_free(g->kinds);
	config_free(g->config);
}

static inline void gated_is(struct gated *g, const char *user, const char *role)
{
	snprintf(g->gate->user.id, sizeof(g->gate->user.id), "%s", user);
	snprintf(g->gate->user.role, sizeof(g->gate->user.role), "%s", role);
}

static inline struct json *gated_size(int size)
{
	return json_set_int(json_object(), "size", size);
}

/* A stored plan that resizes things 0 … count-1 of a namespace to 100, 101 … */
static inline struct plan *gated_plan(struct gated *g, const char *namespace_, int count)
{
	struct plan *plan = gate_plan_begin(g->gate);
	struct error err = { 0 };

	for (int i = 0; i < count; i++) {
		struct ref ref = fake_ref(namespace_, i);
		struct json *params = gated_size(100 + i);
		char id[16];

		snprintf(id, sizeof(id), "s%d", i);
		ck_assert_msg(!gate_plan_add_act(g->gate, plan, id, &ref, "resize", params, "", &err), "%s", err.text);
		json_free(params);
	}
	ck_assert_msg(!gate_plan_finish(g->gate, plan, &err), "%s", err.text);
	return plan;
}

/* How many audit entries have that name and status (NULL: any). */
struct gated_count { const char *name, *status; int count; };
static inline int gated_count_entry(const struct json *entry, void *arg)
{
	struct gated_count *count = arg;

	count->count += (!count->name || !strcmp(json_text_or(json_at(entry, "action.name"), ""), count->name)) &&
			(!count->status || !strcmp(json_text_or(json_at(entry, "result.status"), ""), count->status));
	return 0;
}
static inline int gated_entries(struct gated *g, const char *name, const char *status)
{
	struct gated_count count = { .name = name, .status = status };
	struct audit_query query = { 0 };

	ck_assert(!audit_each(gate_audit(g->gate), &query, gated_count_entry, &count, NULL));
	return count.count;
}

static inline const char *gated_step(const struct json *run, size_t i)
{
	return json_text_or(json_get(json_item(json_get(run, "steps"), i), "status"), "");
}

#endif
