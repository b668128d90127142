/* source_private.h - what the files of source.c share: text made of a file whose bytes are not that text. */
#ifndef FLEET_SOURCE_PRIVATE_H
#define FLEET_SOURCE_PRIVATE_H

#include <stddef.h>

struct source;

/* Text from `text` on came of the bytes from `byte` on; each byte of text took `scale` bytes. 0: the whole piece is one character of the file. */
struct source_piece {
	size_t text, byte;
	unsigned scale;
};

enum source_encoding { ENCODING_PLAIN, ENCODING_UTF8_MARK, ENCODING_UTF16_LE, ENCODING_UTF16_BE };

/* Starts a text of at most `most` bytes in the source's own buffer. */
void source_begin_text(struct source *source, size_t most);
/* Appends length bytes that stand at `byte` of the file. scale as above. */
void source_put(struct source *source, const char *text, size_t length, size_t byte, unsigned scale);

/* A code point as UTF-8; how many bytes. */
size_t source_utf8(unsigned c, char out[4]);
/* UTF-16 as UTF-8; what is no character becomes U+FFFD. */
void source_decode_utf16(struct source *source, int big_endian);
/* The text of cells and outputs of a notebook, a line each as the file has them. 0; -1: not a notebook that can be read; the text is as it was. */
int source_decode_notebook(struct source *source);

#endif
