/* wildmatch.h - the shell patterns of gitignore(5), byte by byte and case-sensitive. */
#ifndef FLEET_WILDMATCH_H
#define FLEET_WILDMATCH_H

/* 1: matches. In path mode `*`, `?` and classes do not match '/', and `**` between slashes (or at an end) matches any folders. A pattern that
 * would need more than a million comparisons does not match. */
int wildmatch(const char *pattern, const char *text, int path_mode);

#endif
