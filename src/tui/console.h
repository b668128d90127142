/* console.h - the full-screen program: loop, stack of panes, status and hint lines, palette, messages. Main thread. */
#ifndef TUI_CONSOLE_H
#define TUI_CONSOLE_H

#include <stddef.h>

#include "base/jobs.h"

struct command;
struct config;
struct console;
struct error;
struct estate;
struct gate;
struct json;
struct kind;
struct loop;
struct pane;
struct plan;
struct ref;
struct selection;
struct session;

struct console_options {
	struct session *session;
	const char *open;      /* palette text to start with ("pods"), or NULL: the dashboard */
	const char *record;    /* file to write each frame's dump to at exit (tests), or NULL */
};
/* Runs until the user leaves. 0, or -1 with err (no terminal). */
int console_run(const struct console_options *options, struct error *err);
/* The first screen as text for `./dev run` without a terminal; columns x rows. Lists once, prints, returns. */
int console_print(struct session *session, int columns, int rows, struct error *err);

struct session *console_session(struct console *console);
struct loop *console_loop(struct console *console);
const char *console_scope(struct console *console);
void console_push(struct console *console, struct pane *pane);  /* takes it; shown on top */
void console_back(struct console *console);                     /* closes the top one */
void console_dirty(struct console *console);
/* One line at the bottom until the next key. kind: STYLE_OK, STYLE_WARNING, STYLE_CRITICAL. */
void console_say(struct console *console, int style, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* A job whose done() runs here; cancelled when the console ends. */
void console_submit(struct console *console, struct job *job);
int console_spawn(struct console *console, struct job *job);
/* A dialog over the pane: itself a pane whose ops->draw draws a box in the middle. It gets all keys until closed. */
void console_dialog(struct console *console, struct pane *pane);
/* Opens things by name, as the palette does: a kind, "audit", "runs", "approvals", "changes", "playbooks", "chat WORDS", "describe KIND NAME" … */
int console_open(struct console *console, const char *words, struct error *err);
int console_open_kind(struct console *console, const struct kind *kind, const struct selection *selection, const char *filter);
/* Begins an action on a resource: asks for missing parameters, plans in a job, shows the approval dialog, runs, shows progress. */
void console_act(struct console *console, const struct ref *ref, const char *verb, struct json *params);

/* Views. Each returns a pane to push. */
struct pane *dashboard_new(struct console *console);
struct pane *table_pane_new(struct console *console, const struct kind *kind, const struct selection *selection, const char *filter);
struct pane *detail_new(struct console *console, const struct ref *ref);       /* describe: fields, events, dependents, history */
struct pane *yaml_new(struct console *console, const struct ref *ref);
struct pane *logs_new(struct console *console, const struct ref *refs, size_t count, int previous);
struct pane *changes_new(struct console *console, const struct ref *ref /* or NULL: all */);
struct pane *approvals_new(struct console *console);
struct pane *runs_new(struct console *console);
struct pane *run_new(struct console *console, const char *run_id);
struct pane *audit_pane_new(struct console *console);
struct pane *playbooks_new(struct console *console);
struct pane *plan_new_pane(struct console *console, const char *plan_id);
struct pane *chat_new(struct console *console, const char *words /* asked at once, or NULL */);
struct pane *help_new(struct console *console, const char *context);
struct pane *palette_new(struct console *console, const char *text);
struct pane *approve_dialog_new(struct console *console, struct plan *plan);    /* takes plan */

#endif
