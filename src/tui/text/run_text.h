/* run_text.h - a run as text: pure, from INTERFACE's `run` shape as the gate stores it. */
#ifndef TUI_RUN_TEXT_H
#define TUI_RUN_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "tui/screen/screen.h"

struct json;
struct plan;
struct text_view;

void run_text(struct text_view *view, const struct json *run, int columns);
/* A line of a step under way. */
void run_text_step(struct text_view *view, const struct plan *plan, const char *id, const char *status, int64_t took_ns, int columns);
const char *run_glyph(const char *status);      /* ✓ ✗ ⧗ … */
enum style run_style(const char *status);
void run_elapsed(int64_t ns, char *out, size_t size); /* "3.2 s" "1 min 4 s" */
/* A step that is done has an inverse, and the run was not undone. */
int run_can_undo(const struct json *run);
/* From started_at to finished_at, or to now. -1 unknown. */
int64_t run_took_ns(const struct json *run);

#endif
