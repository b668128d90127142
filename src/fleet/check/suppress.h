/* suppress.h - findings somebody decided to live with: `cockpit-ignore: RULE owner=NAME reason="WHY" until=2027-01-31` in a comment on the line, on the
 * line before, or within the first ten lines for the whole file; and `ignores` and `exclude_checks` of an agent's cockpit.yaml. Expired ones count
 * again. A rule is an id, an id with its detail, or the beginning of one ("SEC", "SEC002"). */
#ifndef FLEET_SUPPRESS_H
#define FLEET_SUPPRESS_H

#include <stddef.h>
#include <stdint.h>

struct agent;
struct checks;
struct findings;
struct source;

/* Sets the state of findings `from` and later, all of this source; adds GOV002 for a pragma that lacks a rule, reason or end. Without a rule it
 * suppresses nothing. agent may be NULL. */
void suppress_apply(const struct checks *checks, const struct agent *agent, struct source *source, struct findings *findings, size_t from, int64_t now_ns);
/* The same for a finding that has no file of its own (of a whole agent): cockpit.yaml only. */
void suppress_by_config(const struct agent *agent, struct findings *findings, size_t from, int64_t now_ns);

#endif
