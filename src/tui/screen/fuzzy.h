/* fuzzy.h - how well a few typed letters name something: letters in order, better together, at the start of words, early. */
#ifndef TUI_FUZZY_H
#define TUI_FUZZY_H

/* 0: no match; else higher is better. Case-blind; an empty pattern matches all alike. */
int fuzzy_score(const char *pattern, const char *text);

#endif
