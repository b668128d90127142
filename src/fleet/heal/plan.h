/* plan.h - what is to be mended as one plan of edits of files: it passes the gate as any other. */
#ifndef FLEET_HEAL_PLAN_H
#define FLEET_HEAL_PLAN_H

struct error;
struct gate;
struct heal;
struct plan;

/* One step a file, each with its reason. There must be a file to edit. 0, or -1. */
int heal_plan(const struct heal *heal, struct gate *gate, struct plan **plan, struct error *err);

#endif
