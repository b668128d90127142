/* playbook_private.h - what the files of playbooks share; nobody else includes it. */
#ifndef GATE_PLAYBOOK_PRIVATE_H
#define GATE_PLAYBOOK_PRIVATE_H

struct error;
struct json;

/* Members of a write's `with` that say what is meant; the others are parameters of the verb. */
#define PLAYBOOK_ADDRESS "kind name namespace account labels scope filter because"
int playbook_is_address(const char *key);
/* INTERFACE, `investigate`. */
#define PLAYBOOK_CLASSES \
	"resource_saturation load_spike configuration_drift dependency_failure scaling_failure network_connectivity permission_failure " \
	"cost_anomaly deployment_regression availability_loss performance_degradation data_inconsistency none"

/* Takes in what a playbook's document uses: playbooks/definitions/NAME.yaml (the operator's before the built-in). Its `define` comes before the
 * document's own, and an entry `{use: ID}` of `steps` or `findings` becomes what is defined under ID, with the entry's other members over it.
 * -1: ERR_NOT_FOUND, ERR_FORMAT with the place; the document is then as far as it came. */
int playbook_take_in(struct json *document, struct error *err);
/* 0: what lies beside them, recorded evidence (playbooks/tests) or definitions they share. */
int playbook_is_playbook(const char *path);

#endif
