/* playbook_plan.h - a playbook's steps as steps of a plan. */
#ifndef GATE_PLAYBOOK_PLAN_H
#define GATE_PLAYBOOK_PLAN_H

struct error;
struct gate;
struct intent;
struct json;
struct plan;
struct playbook_step;

/* "kubernetes.scale" is a verb of one of the provider's kinds: a write. Anything else reads. */
int playbook_step_writes(struct gate *gate, const struct playbook_step *step);
/* Fills the step's templates, finds its targets (with: kind or a list of kinds, name or a list of names, labels, namespace) and adds a write for each.
 * 0 also when its `when` does not hold. ERR_NOT_FOUND, ERR_CONFLICT (several of that name), ERR_INVALID. */
int playbook_add_write(struct gate *gate, struct plan *plan, const struct playbook_step *step, const struct json *input, struct error *err);
/* ERR_NOT_FOUND, naming playbooks that are near. Returns -1. */
int playbook_none(struct gate *gate, const struct intent *intent, struct error *err);

#endif
