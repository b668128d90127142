/* console_private.h - what the files of the console share. */
#ifndef TUI_CONSOLE_PRIVATE_H
#define TUI_CONSOLE_PRIVATE_H

#include <stdint.h>

#include "base/text.h"
#include "estate/provider.h"
#include "gate/user.h"
#include "tui/console.h"
#include "tui/pane.h"
#include "tui/screen/keys.h"
#include "tui/screen/theme.h"

enum { HINTS_MAX = 48, PANES_MAX = 64, DIALOGS_MAX = 8, ACCOUNTS_MAX = 64, SIDE_KEY_MAX = 1200 };
enum { SIDE = 2 }; /* beside the halves 0 and 1, for what is laid out like one */

#define CHAT_HISTORY "chat-history" /* in the state folder */

struct fleet_audit;
struct handover;
struct plan;
struct live_run;
struct opening;
struct series_book;
struct store;

struct stack {
	struct pane *panes[PANES_MAX];
	size_t count;
};

struct console {
	struct session *session;
	struct config *config;
	struct loop *loop;
	struct keymap *keymap;
	struct estate *estate; /* NULL until opened */
	struct gate *gate;
	struct store *store;
	struct opening *opening; /* of these three, under way */
	struct user user;
	struct theme theme;
	int theme_watch; /* inotify descriptor, -1 none */
	unsigned theme_number; /* of the last one asked for */
	char **themes;   /* names, as they were found last; may be NULL */
	char *fleet_folder; /* that needs no naming; NULL none */
	int hears_others, others_timer; /* who writes to the same database */
	struct stack stacks[2];
	int split, focus, zoom;
	struct pane *dialogs[DIALOGS_MAX];
	size_t dialog_count;
	struct pane *closing[PANES_MAX]; /* freed at the end of the turn: they may be calling us */
	size_t closing_count;
	struct pane *side;     /* what is under the cursor, opened at the right; NULL none */
	struct pane *side_of;  /* whose cursor; not followed */
	char side_key[SIDE_KEY_MAX];
	int side_timer, side_off;
	struct json *said;     /* turns with the co-pilot, when it was last closed; NULL none */
	struct series_book *series; /* what charts and gauges remember */
	int series_timer;      /* until it is kept in the store; 0: not yet read from there */
	char message[512];
	enum style message_style;
	char problem[300]; /* why a room could not be opened; "" none */
	struct provider_account accounts[ACCOUNTS_MAX];
	const char *account_providers[ACCOUNTS_MAX];
	size_t account_count;
	char scope[12];
	int dirty, all_dirty; /* frame lines; everything */
	int news, news_timer;
	int64_t painted_news_ns;
	int tick_timer;
	int ended;
	int asked_key, last_key;     /* the key that began what is being planned; it never approves it */
	struct fleet_audit *audit;   /* under way, or NULL */
	struct live_run *live_runs;  /* of this console, under way */
	struct handover *handover;   /* of the terminal */
	const char *open_at_start;
	struct text record;
	int recording;
};

/* console_frame.c */
struct rect console_area(const struct console *console, int half); /* of a half's pane, or SIDE, without its head line */
void console_paint(struct console *console);
void console_take_accounts(struct console *console);    /* as they were found last */
/* The current account of a provider; "" when none is chosen, NULL when it has nothing to talk to. */
const char *console_account(const struct console *console, const char *provider);
/* Whose things are looked at: of the table or what is under the cursor, else of the account in the title. NULL: nobody's; valid until the next call. */
const char *console_provider(struct console *console);
/* A kind by its name, where several providers have one the one of account (NULL or "": of what is looked at). NULL none. console_open.c */
const struct kind *console_kind(struct console *console, const char *name, const char *account);
/* The namespace a kind opens in there: the account's own, else "*"; NULL for what has none. */
const char *console_namespace(const struct console *console, const struct kind *kind, const char *account);
/* console_hints.c: the next likely keys of a pane that do something there; returns how many */
size_t console_hints(struct console *console, const struct pane *pane, const struct command **out, size_t max);
void console_draw_bottom(struct console *console);
/* console_others.c */
void console_watch_others(struct console *console);
void console_hear_others(struct console *console);
void console_forget_others(struct console *console);
/* console_side.c */
int console_side_wanted(struct console *console);
int console_side_columns(int columns); /* of a screen that wide */
void console_side_follow(struct console *console);
void console_side_drop(struct console *console);
struct pane *console_side_take(struct console *console); /* yours */
/* console_commands.c: 1 handled */
int console_command(struct console *console, const struct command *command);
int console_verb_key(struct console *console, int key);
/* console_themes.c */
void console_first_theme(struct console *console);
void console_use_theme(struct console *console, const char *name); /* loaded by a worker; says what is wrong with it */
void console_take_themes(struct console *console, char **names, int watch); /* as they were found; takes both */
void console_drop_themes(struct console *console);
int themes_watch(void); /* of the operator's own folder; -1: none. Any thread */
/* console_panes.c */
struct pane *console_focused(struct console *console); /* which has the keys: a dialog, else the top; NULL none */
void console_free_closing(struct console *console);
void console_close_all(struct console *console);
/* console_signals.c */
void console_listen_to_signals(struct console *console);
/* console.c */
void console_show(struct pane *pane, int visible);
void console_bury(struct console *console, struct pane *pane); /* hidden now, freed at the end of the turn */
struct stack *console_stack(struct console *console);
struct console *console_new(struct session *session);
void console_free(struct console *console);
/* 1: "WORD KIND NAME" opens one resource by its name (describe, yaml, logs). */
int console_opens_named(const char *word);
void console_suspend(struct console *console);
void console_leave(struct console *console);
void console_take_key(struct console *console, int key);
/* console_start.c */
void console_start(struct console *console);      /* after the first frame */
void console_open_rooms(struct console *console); /* waits for them: where there is no screen */
int console_hold_key(struct console *console, int key); /* 1: it is taken once the rooms are open */
/* dialog/choose_account.c */
void console_look_at_accounts(struct console *console);
/* saving.c: written by a worker, after the end here and now. Takes the path (absolute) and the bytes. told: it is said where. */
void console_save(struct console *console, char *path, char *bytes, size_t length, int told);
/* acts/after_run.c */
void console_after_run(struct console *console, const struct plan *plan, const struct json *result);
/* foreground.c: exit status, 128 + signal, or -1 */
int run_in_foreground(const char *const *argv, struct error *err);
/* dashboard/dashboard.c */
int dashboard_ready(struct pane *pane); /* every source has answered, or said that it cannot */

#endif
