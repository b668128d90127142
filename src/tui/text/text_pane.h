/* text_pane.h - a text one reads: evidence, a log entry, a playbook, an object as YAML. */
#ifndef TUI_TEXT_PANE_H
#define TUI_TEXT_PANE_H

struct asking;
struct console;
struct pane;
struct ref;

enum text_look {
	TEXT_PLAIN,
	TEXT_YAML, /* keys in one colour; JSON too */
	TEXT_MARKED /* lines that begin with > stand out, those with ^ are notes */
};

/* Copies. */
struct pane *text_pane_new(struct console *console, const char *title, const char *text, enum text_look look);
/* Its text is asked for in a job, again on refresh: ask fills asking->words, or err, and may set
 * asking->outcome to the row (from 1) that is shown at first, and asking->other to a title. ref (or NULL): what it is about; text: asking->text. */
struct pane *text_pane_asking(struct console *console, const char *title, const struct ref *ref, const char *text, enum text_look look,
	void (*ask)(struct asking *asking));

#endif
