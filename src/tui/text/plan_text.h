/* plan_text.h - a plan as people read it before they say yes: what, where, the diff, what else it touches, how it is undone, which rule
 * decided. Pure: lines into a text view. */
#ifndef TUI_PLAN_TEXT_H
#define TUI_PLAN_TEXT_H

#include <stddef.h>

struct json;
struct plan;
struct plan_step;
struct text_view;

/* Whole plan. role: of the person at the helm, told beside the rule. columns: where words wrap. */
void plan_text(struct text_view *view, const struct plan *plan, const char *role, int columns);
/* gate_drift's {"step","target","was","is"}: only what differs. drift NULL: nothing. */
void plan_text_drift(struct text_view *view, const struct json *drift, int columns);
/* The write that names the plan: in a protected scope if there is one, else the first; NULL when all are reads. */
const struct plan_step *plan_main_write(const struct plan *plan);
/* Some write is in a protected scope (prod): its target's name must be typed. */
int plan_is_protected(const struct plan *plan);
enum { DEED_MAX = 1024 };
/* What a plan's summary says is done, without how it is undone, which stands in a place of its own. Into out, which it returns. */
const char *plan_deed(const char *summary, char *out, size_t size);
/* "write, 1 step" */
void plan_risk_text(const struct plan *plan, char *out, size_t size);

#endif
