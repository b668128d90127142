/* danger.h - the two halves of what accuses a sentence. Private to danger*.c. */
#ifndef COPILOT_DANGER_H
#define COPILOT_DANGER_H

#include <stddef.h>

struct marks;
struct words_entry;

const char *danger_in_bytes(const struct marks *marks, const char *text, size_t length); /* why, or NULL */
const struct words_entry *danger_alone(const struct marks *marks, const char *text, size_t length); /* what a word means by itself; NULL nothing */

#endif
