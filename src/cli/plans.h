/* plans.h - plans and runs on a command line: shown, approved, run. Shared by act, plan, run, approve, undo, investigate. */
#ifndef CLI_PLANS_H
#define CLI_PLANS_H

struct cli;
struct gate;
struct plan;

/* For people: steps, diff, blast radius, undo, policy. To stdout, or to stderr when talk is wanted beside results. */
void plans_show(struct cli *cli, const struct plan *plan, int to_stderr);
/* For programs. */
void plans_print(struct cli *cli, const struct plan *plan);
/* With --explain: which playbook, and which rule decided each step, reads too. To stderr. */
void plans_explain(struct cli *cli, const struct plan *plan);
/* What follows a made plan: denied → exit 2; --dry-run → shown, 0; --approve or a yes on the terminal → approved; still missing → shown, 5;
 * then run. Prints run JSON or lines of progress. Takes plan. Returns the exit status. */
int plans_carry_out(struct cli *cli, struct gate *gate, struct plan *plan);
/* Lends the terminal this sits at to acts that need one; nothing without one. */
void plans_lend_terminal(struct gate *gate);
/* Runs an approved plan and prints its result. Does not take plan. */
int plans_run(struct cli *cli, struct gate *gate, const struct plan *plan);
/* Exit status of a run's status word. */
int plans_exit(const char *status);

#endif
