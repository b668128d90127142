/* act.h - what this provider can change: the verbs of kinds/kubernetes, each a row. Inside this folder. */
#ifndef PROVIDER_KUBERNETES_ACT_H
#define PROVIDER_KUBERNETES_ACT_H

#include <stddef.h>

#include "base/text.h"
#include "estate/act.h"
#include "provider/kubernetes/resource.h"

struct account;
struct error;
struct json;

extern const struct act_ops kubernetes_act;

#define FIELD_MANAGER "pilothouse"
#define PATCH_MERGE "application/merge-patch+json"
#define PATCH_STRATEGIC "application/strategic-merge-patch+json"
#define PATCH_JSON "application/json-patch+json"
#define PATCH_APPLY "application/apply-patch+yaml"

/* One request to act, its target found. */
struct action {
	struct provider *provider;
	const struct act_request *request;
	struct account *account;
	struct resource resource;
};

/* A write as it will be sent. */
struct change {
	const char *method, *type;
	const char *sub;       /* subresource, or NULL */
	struct json *body;
	int force;             /* server-side apply: take over fields of others */
	int may_create;        /* the object need not exist */
};
void change_release(struct change *change);

struct answer {
	struct json *object;
	char warnings[200], audit_id[128];
	int status;
};
void answer_release(struct answer *answer);

/* Sends it; dry: the server checks and changes nothing. DELETE goes through delete_options alone. */
int change_send(const struct action *action, const struct change *change, int dry, struct answer *answer, struct error *err);

/* The body of every DELETE: all options stand in it, dryRun too, for a server that sees a body ignores the query (and a
 * dry run would delete). uid "" or NULL: any; grace < 0 and propagation NULL: the server's own. */
struct json *delete_options(const char *uid, const char *propagation, long grace, int dry);

struct verb {
	const char *name;
	/* What to send, from the live object (NULL: there is none). */
	int (*build)(const struct action *action, const struct json *live, struct change *change, struct error *err);
	/* Sets preview->undo and undo_text; NULL: the verb's `inverse` says why not. */
	void (*undo)(const struct action *action, const struct json *live, struct act_preview *preview);
	/* Instead of build where one request is not all of it. */
	int (*preview)(const struct action *action, const struct json *live, struct act_preview *preview, struct error *err);
	int (*act)(const struct action *action, const struct json *live, struct act_result *result, struct error *err);
	enum act_outcome (*outcome)(const struct action *action, const struct json *live);
	const char *right, *sub;   /* what the server asks a right for: "create" of "eviction"; NULL: "patch" of the object itself */
	const char *const *fields; /* of the live object that the approval is bound to, beside uid and generation */
	int content;               /* bound to the whole content */
	/* Adds what the verb means only now ("the revision before") to the state; or NULL. */
	void (*resolve)(const struct action *action, const struct json *live, struct json *state);
};

/* The verb's row; NULL: no such verb. */
const struct verb *verb_find(const char *name);

/* act_workload.c */
int build_scale(const struct action *action, const struct json *live, struct change *change, struct error *err);
void undo_scale(const struct action *action, const struct json *live, struct act_preview *preview);
int build_restart(const struct action *action, const struct json *live, struct change *change, struct error *err);
enum act_outcome outcome_restart(const struct action *action, const struct json *live);
int build_rollback(const struct action *action, const struct json *live, struct change *change, struct error *err);
void resolve_meta(const struct action *action, const struct json *live, struct json *state);
void resolve_rollback(const struct action *action, const struct json *live, struct json *state);
void undo_rollback(const struct action *action, const struct json *live, struct act_preview *preview);
int build_pause(const struct action *action, const struct json *live, struct change *change, struct error *err);
void undo_pause(const struct action *action, const struct json *live, struct act_preview *preview);
int build_image(const struct action *action, const struct json *live, struct change *change, struct error *err);
void undo_image(const struct action *action, const struct json *live, struct act_preview *preview);
/* act_meta.c */
int build_meta(const struct action *action, const struct json *live, struct change *change, struct error *err);
void undo_meta(const struct action *action, const struct json *live, struct act_preview *preview);
int build_cordon(const struct action *action, const struct json *live, struct change *change, struct error *err);
void undo_cordon(const struct action *action, const struct json *live, struct act_preview *preview);
/* act_manifest.c */
int build_manifest(const struct action *action, const struct json *live, struct change *change, struct error *err);
void undo_manifest(const struct action *action, const struct json *live, struct act_preview *preview);
/* The object as a manifest that makes it again. You own it. */
struct json *manifest_of(const struct json *live);
/* What an editor took out and the server keeps, as other managers own it: its first path into out, or "". */
void manifest_kept(const struct json *result, const struct json *wanted, char *out, size_t size);
/* act_delete.c */
int build_delete(const struct action *action, const struct json *live, struct change *change, struct error *err);
void undo_delete(const struct action *action, const struct json *live, struct act_preview *preview);
void undo_pod(const struct action *action, const struct json *live, struct act_preview *preview);
int build_evict(const struct action *action, const struct json *live, struct change *change, struct error *err);
enum act_outcome outcome_delete(const struct action *action, const struct json *live);
struct json *eviction_body(const char *namespace_, const char *name, const char *uid, long grace, int dry);
/* act_drain.c */
const struct json *controller_of(const struct json *pod); /* the owner that makes another; NULL: nothing does */
int preview_drain(const struct action *action, const struct json *live, struct act_preview *preview, struct error *err);
int act_drain(const struct action *action, const struct json *live, struct act_result *result, struct error *err);
enum act_outcome outcome_drain(const struct action *action, const struct json *live);
/* act_exec.c */
int preview_exec(const struct action *action, const struct json *live, struct act_preview *preview, struct error *err);
int act_exec(const struct action *action, const struct json *live, struct act_result *result, struct error *err);
enum act_outcome outcome_exec(const struct action *action, const struct json *live);
/* act_shell.c */
int preview_shell(const struct action *action, const struct json *live, struct act_preview *preview, struct error *err);
int act_shell(const struct action *action, const struct json *live, struct act_result *result, struct error *err);

/* Parameters, as text or number whichever way they came. NULL / otherwise when absent or empty. */
const char *param_text(const struct action *action, const char *name);
long param_int(const struct action *action, const char *name, long otherwise);
int param_bool(const struct action *action, const char *name);
void set_undo(const struct action *action, struct act_preview *preview, const char *verb, struct json *params);

/* act_diff.c: what differs between two objects, small; noise left out and secrets hidden. Either may be NULL. */
void diff_objects(const struct json *live, const struct json *result, struct json **before, struct json **after);
/* A few lines that say what an object is, for one that is deleted. */
struct json *diff_summary(const struct json *live);
/* 1 when the live object already is as the patch wants it. */
int diff_satisfied(const struct json *live, const struct change *change);

#endif
