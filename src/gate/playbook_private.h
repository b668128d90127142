/* playbook_private.h - what the files of playbooks share; nobody else includes it. */
#ifndef GATE_PLAYBOOK_PRIVATE_H
#define GATE_PLAYBOOK_PRIVATE_H

struct json;

/* Members of a write's `with` that say what is meant; the others are parameters of the verb. */
#define PLAYBOOK_ADDRESS "kind name namespace account labels scope filter because"
int playbook_is_address(const char *key);
/* INTERFACE, `investigate`. */
#define PLAYBOOK_CLASSES \
	"resource_saturation load_spike configuration_drift dependency_failure scaling_failure network_connectivity permission_failure " \
	"cost_anomaly deployment_regression availability_loss performance_degradation data_inconsistency none"

/* Appends {"file","line","message"}; problems may be NULL. */
void playbook_problem(struct json *problems, const char *file, int line, const char *message);
/* The line an error of the YAML reader names, or 0. */
int playbook_line_in(const char *text);

#endif
