#include "gate/gate.h"

#include <stdlib.h>
#include <string.h>

#include "base/config.h"
#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/problem.h"
#include "gate/gate_private.h"
#include "net/net.h"
#include "store/store.h"

static void log_problems(const char *area, const struct json *problems)
{
	for (const struct json *problem = json_first(problems); problem; problem = json_next(problem)) {
		char *text = problem_format(problem);

		log_write(LOG_WARN, area, "%s", text);
		free(text);
	}
}

static struct policy *load_policy(struct gate *gate, struct error *err)
{
	struct json *problems = json_array();
	struct policy *policy = policy_load(gate->options.config, gate->options.net, problems, err);

	log_problems("policy", problems);
	json_free(problems);
	return policy;
}

struct gate *gate_new(const struct gate_options *options, struct error *err)
{
	struct gate *gate = mem_zero(1, sizeof(*gate));

	pthread_mutex_init(&gate->loading, NULL);
	gate->options = *options;
	gate->options.scope = mem_text(options->scope);
	atomic_store(&gate->read_only, options->read_only || store_read_only(options->store));
	user_current(&gate->user, options->config);
	gate->audit = audit_open(options->store, options->config, err);
	gate->policy = gate->audit ? load_policy(gate, err) : NULL;
	if (gate->policy)
		return gate;
	gate_free(gate);
	return NULL;
}

void gate_free(struct gate *gate)
{
	if (!gate)
		return;
	playbooks_free(gate->playbooks);
	policy_free(gate->policy);
	audit_close(gate->audit);
	union { const char *shown; char *owned; } scope = { .shown = gate->options.scope };
	free(scope.owned);
	pthread_mutex_destroy(&gate->loading);
	free(gate);
}

struct audit *gate_audit(struct gate *gate)
{
	return gate->audit;
}

struct playbooks *gate_playbooks(struct gate *gate)
{
	struct json *problems = json_array();
	struct error err = { 0 };

	pthread_mutex_lock(&gate->loading);
	if (!gate->playbooks)
		gate->playbooks = playbooks_load(problems, &err);
	struct playbooks *playbooks = gate->playbooks;

	pthread_mutex_unlock(&gate->loading);
	log_problems("playbook", problems);
	json_free(problems);
	return playbooks;
}

struct playbooks *gate_known_playbooks(const struct gate *gate)
{
	return gate->playbooks;
}

const struct user *gate_user(const struct gate *gate)
{
	return &gate->user;
}

int gate_read_only(const struct gate *gate)
{
	return atomic_load(&gate->read_only);
}

void gate_set_terminal(struct gate *gate, const struct act_terminal *terminal)
{
	atomic_store(&gate->terminal, terminal);
}

void gate_set_read_only(struct gate *gate, int read_only)
{
	int forced = store_read_only(gate->options.store); /* no audit, no act */

	atomic_store(&gate->read_only, read_only || forced);
	if (gate->options.net)
		net_set_read_only(gate->options.net, read_only || forced);
	gate_news(gate);
}

unsigned gate_version(const struct gate *gate)
{
	return atomic_load(&gate->version);
}

/* Whatever is planned, approved, run or undone stands in the log. */
void gate_look_outside(struct gate *gate)
{
	struct audit_state state;

	audit_state(gate_audit(gate), &state);
	if (atomic_exchange(&gate->entries_seen, state.entries) != state.entries)
		gate_news(gate);
}

void gate_news(struct gate *gate)
{
	atomic_fetch_add(&gate->version, 1);
	if (gate->options.on_news)
		gate->options.on_news(gate->options.arg);
}
