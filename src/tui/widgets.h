/* widgets.h - the files of the first screen's widgets, looked at without a screen. */
#ifndef TUI_WIDGETS_H
#define TUI_WIDGETS_H

struct json;

/* Appends what is wrong with a file of widgets/ (base/problem.h). */
void widgets_lint(const char *path, struct json *problems);

#endif
