/* heal.h - `report --heal`: the dashboard of what would be mended, and the plan that mends it through the gate. */
#ifndef CLI_HEAL_H
#define CLI_HEAL_H

struct cli;
struct heal;
struct report;

/* File, function, finding, exact diff, why it is safe; what is refused and why. With -o json as one document. Returns 0. */
int heal_show(struct cli *cli, const struct heal *heal);
/* Plans every file's edits as one plan and carries it out. Returns the exit status; 0 when there was nothing to mend, *ran then 0. */
int heal_carry_out(struct cli *cli, const struct heal *heal, int *ran);

#endif
