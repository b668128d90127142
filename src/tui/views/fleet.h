/* fleet.h - audits of agents on the screen: their tables are kinds (kinds/fleet), what else there is to do with them stands here. */
#ifndef TUI_FLEET_H
#define TUI_FLEET_H

#include <stddef.h>

struct command;
struct config;
struct console;
struct error;
struct pane;
struct ref;

/* The agents of a folder as last audited ("" or NULL: fleet.path, else the current one); with audit, a new audit begins at once. */
int fleet_open(struct console *console, const char *path, int audit, struct error *err);
/* The commands of the context "fleet" (fleet.audit, fleet.heal …). 1 handled. */
int fleet_command(struct console *console, const struct command *command);
void fleet_audit(struct console *console, const char *account);
void fleet_heal(struct console *console);
/* The folder that needs no naming, as an account: of two folders the rows kept are never those of the other. NULL: it has no name short enough. */
char *fleet_find_folder(const struct config *config); /* yours; reads the disk: any thread but the one of the screen */
int fleet_is_finding(const struct ref *ref);
/* The file of a finding, from its line, every finding of it under its own, secrets blanked. */
struct pane *fleet_file_new(struct console *console, const struct ref *finding);
/* The score of an agent over the states it was seen in. */
struct pane *fleet_trend_new(struct console *console, const struct ref *agent);
/* What fleet_root() is to be asked for. Valid until the config changes. */
const char *fleet_account_of(struct console *console, const char *account);

#endif
