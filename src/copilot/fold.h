/* fold.h - a sentence as tokens: lower case, accents and full-width forms folded, every kana or kanji a token of its own,
 * so that one longest-match walk serves languages with and without spaces. Also used on the vocabulary itself. */
#ifndef COPILOT_FOLD_H
#define COPILOT_FOLD_H

#include <stddef.h>

enum { FOLD_TOKENS_MAX = 1024, FOLD_ROOM = 8192 };

enum token_shape {
	TOKEN_CJK = 1,      /* one kana or kanji */
	TOKEN_DIGIT = 2,    /* has a digit */
	TOKEN_LETTER = 4,   /* has a letter */
	TOKEN_JOINED = 8,   /* has - _ . / : = @ inside */
	TOKEN_NEGATIVE = 16, /* a minus stands right before it: "-3" */
	TOKEN_END = 32,     /* , ; . ? ! or a bracket follows */
	TOKEN_GLUED = 64,   /* nothing but an apostrophe lies between the token before and this one */
	TOKEN_ASKED = 128,  /* ? follows */
	TOKEN_COMMA = 256,  /* , or & follows */
	TOKEN_QUOTED = 512, /* in quotes all by itself: a name, whatever it means */
};

struct token {
	const char *text;      /* folded, NUL-terminated */
	const char *raw;       /* as written, not terminated */
	unsigned short length, raw_length;
	unsigned shape;
};

struct fold {
	struct token tokens[FOLD_TOKENS_MAX];
	size_t count;
	size_t used;
	int cjk;     /* kana or kanji seen */
	int hidden;  /* zero-width, bidi or control characters, or bytes that are not UTF-8 */
	char room[FOLD_ROOM];
};

/* Splits at most length bytes; what does not fit is left out and `hidden` is set. raw must outlive the fold. */
void fold_sentence(struct fold *fold, const char *raw, size_t length);

#endif
