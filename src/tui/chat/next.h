/* next.h - what one would do next with an answer: open what it found, or begin the words for it. */
#ifndef TUI_CHAT_NEXT_H
#define TUI_CHAT_NEXT_H

#include <stddef.h>

struct console;
struct json;

/* Does "logs", "describe" … of a turn's "next" with the first thing the answer found that has it. For what would change something the words are
 * written into out, to be read, completed and sent by the person; "" when it is done. */
void chat_next(struct console *console, const struct json *turn, const char *word, char *out, size_t size);
/* 1: the turn offers that word. */
int chat_next_has(const struct json *turn, const char *word);
/* "web-7d9f5c4b6d-x2k4p" -> "web": of a pod, whose owner is what one acts on; other names as they are. */
void chat_workload(const char *kind, const char *name, char *out, size_t size);

#endif
