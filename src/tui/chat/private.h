/* private.h - what the files of the co-pilot's pane share. */
#ifndef TUI_CHAT_PRIVATE_H
#define TUI_CHAT_PRIVATE_H

#include <stddef.h>

#include "tui/chat/text.h"
#include "tui/pane.h"
#include "tui/text/text_view.h"

enum { CHAT_TURNS_MAX = 200 };

struct json;
struct line_edit;
struct talk;

struct chat {
	struct pane pane;
	struct text_view view;
	struct line_edit *edit;
	struct chat_links links;
	struct json *turns[CHAT_TURNS_MAX]; /* ended */
	size_t turn_count;
	struct talk *talk;             /* under way, or NULL */
	struct json *now;              /* its turn, as last looked at */
	unsigned version;
	struct json *names;            /* on the screen below */
	char *waiting;                 /* words to be asked when the gate has opened */
	struct json *waiting_intent;
	int built_columns;
	char begun[700];               /* words to go on with, for the line */
};

/* chat.c */
void chat_changed(struct chat *chat);
/* cites.c */
const struct json *chat_turn_at(const struct chat *chat, size_t i); /* the one under way after those that ended; may be NULL */
void chat_open_cite(struct chat *chat, size_t which);
void chat_open_marked(struct chat *chat);
void chat_step_cite(struct chat *chat, int by); /* marks the next one by that */
/* 1: the words were the name of evidence, or of a next step of the last answer, and it is done. */
int chat_is_evidence_word(struct chat *chat, const char *words);
int chat_is_next_word(struct chat *chat, const char *words);
/* Words to go on with become the line's: not before readline is done with the one that was sent. */
void chat_put_begun(struct chat *chat);

#endif
