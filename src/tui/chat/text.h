/* text.h - a turn of the conversation as text, with what one can open from it. Pure. */
#ifndef TUI_CHAT_TEXT_H
#define TUI_CHAT_TEXT_H

#include <stddef.h>

struct json;
struct text_view;

enum chat_link_type { CHAT_EVIDENCE, CHAT_RESOURCE, CHAT_PLAN, CHAT_RUN, CHAT_NEXT };

struct chat_link {
	enum chat_link_type type;
	size_t turn;
	char id[900];   /* "e3", a resource's id, a plan's or a run's id, "logs" */
	size_t line;    /* of the view */
};

struct chat_links {
	struct chat_link *links;
	size_t count;
	long marked;    /* drawn as selected; -1 none */
};

void chat_text_turn(struct text_view *view, const struct json *turn, size_t number, struct chat_links *links, int columns);
/* The evidence row of a turn, or NULL. */
const struct json *chat_evidence(const struct json *turn, const char *id);

#endif
