/* proctext.h - reads the kernel's texts by hand: no allocation, no stdio, no locale. Everything is bounded by `end`,
 * so a file that was cut while read is a parse failure, never a read past it. */
#ifndef PROVIDER_HOST_PROCTEXT_H
#define PROVIDER_HOST_PROCTEXT_H

#include <stddef.h>
#include <stdint.h>

struct proctext {
	const char *at, *end;
};

struct proctext proctext_of(const char *bytes, size_t length);
/* The next line without its newline; -1 at the end. */
int proctext_line(struct proctext *text, struct proctext *line);
/* The next word (blanks and tabs divide); -1 when none is left. */
int proctext_word(struct proctext *text, const char **word, size_t *length);
/* The next word as a number, all of it; -1 when it is none or does not fit (the place is then undefined). */
int proctext_u64(struct proctext *text, uint64_t *value);
int proctext_i64(struct proctext *text, int64_t *value);
/* A number in one go, all of the bytes: 0 or -1. base 8, 10 or 16. */
int proctext_number(const char *bytes, size_t length, unsigned base, uint64_t *value);
/* Skips n words; -1 when there are fewer. */
int proctext_skip(struct proctext *text, unsigned words);
/* After `prefix` at the current place: 1 and moved past it, else 0. */
int proctext_after(struct proctext *text, const char *prefix);
void proctext_blanks(struct proctext *text);
/* What is left, trimmed of blanks at both ends. */
void proctext_rest(struct proctext *text, const char **bytes, size_t *length);
/* Kernel tables write blanks in names as \040 (octal): decodes into out; returns the length. */
size_t proctext_unescape(const char *bytes, size_t length, char *out, size_t size);
/* "Key: value" or "KEY=value" lines: the value of the first line with that key. 0 or -1. */
int proctext_field(const char *bytes, size_t length, const char *key, char separator, struct proctext *value);

#endif
