/* scenario.h - the data of the demo: estates (what there is) and scenarios (what happens to it), scenarios/NAME.yaml. */
#ifndef SIM_SCENARIO_H
#define SIM_SCENARIO_H

#include <stddef.h>

struct error;
struct json;

#define SCENARIO_FIRST "bad-rollout" /* when none is named */

struct scenario {
	struct json *json, *estate; /* owned */
};

/* ERR_NOT_FOUND (names those there are), ERR_INVALID (file, line, what). */
int scenario_load(struct scenario *scenario, const char *name, struct error *err);
void scenario_release(struct scenario *scenario);
/* All scenarios, in order of file name: an array of {"name","title","about","ask","class","fix","heal","file"}; a file that cannot be read has
 * "problem" instead. */
struct json *scenario_list(void);
/* Checks a file: appends {"file","line","message"}. */
void scenario_lint(const char *path, struct json *problems);

#endif
