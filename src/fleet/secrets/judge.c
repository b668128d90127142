/* judge.c - what a value is, from itself alone: random, or words, a reference, a placeholder, an id. */
#include <ctype.h>
#include <math.h>
#include <string.h>

#include "fleet/secrets/chars.h"
#include "fleet/secrets/private.h"

double entropy_bits(const char *value, size_t length)
{
	unsigned counts[256] = { 0 };
	double bits = 0;

	for (size_t i = 0; i < length; i++)
		counts[(unsigned char)value[i]]++;
	for (int c = 0; c < 256; c++)
		if (counts[c])
			bits -= counts[c] / (double)length * log2(counts[c] / (double)length);
	return bits;
}

static int is_hex_digit(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

int value_is_hex(const char *value, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!is_hex_digit(value[i]))
			return 0;
	return length > 0;
}

struct mix {
	size_t upper, lower, digits, signs, joints, blanks, controls, wide;
};

static struct mix mix_of(const char *value, size_t length)
{
	struct mix mix = { 0 };

	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)value[i];

		mix.upper += c >= 'A' && c <= 'Z';
		mix.lower += c >= 'a' && c <= 'z';
		mix.digits += c >= '0' && c <= '9';
		mix.blanks += c == ' ' || c == '\t';
		mix.controls += c < ' ' || c == 127;
		mix.wide += c >= 0x80;
		mix.joints += strchr("-_./:=+", c) && c;
	}
	mix.signs = length - mix.upper - mix.lower - mix.digits - mix.blanks - mix.controls - mix.wide - mix.joints;
	return mix;
}

/* Symbols an alphabet of this mix has. */
static double alphabet(const char *value, size_t length, struct mix mix)
{
	double size = 0;

	if (value_is_hex(value, length))
		return mix.digits == length ? 10 : 16;
	size += mix.upper ? 26 : 0;
	size += mix.lower ? 26 : 0;
	size += mix.digits ? 10 : 0;
	return size + (mix.signs || mix.joints || mix.wide || mix.blanks ? 8 : 0);
}

/* A sample of n out of k symbols cannot reach log2(k): four fifths of what it can reach is what chance gives
 * in all but one of a thousand, and what words rarely give. */
int value_is_random(const char *value, size_t length)
{
	struct mix mix = mix_of(value, length);
	double most = alphabet(value, length, mix);

	if (length < 8 || mix.digits == length)
		return 0;
	most = most < (double)length ? most : (double)length;
	return entropy_bits(value, length) >= 0.79 * log2(most);
}

int value_is_uuid(const char *value, size_t length)
{
	static const char shape[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

	if (length != sizeof(shape) - 1)
		return 0;
	for (size_t i = 0; i < length; i++)
		if (shape[i] == '-' ? value[i] != '-' : !is_hex_digit(value[i]))
			return 0;
	return 1;
}

int value_is_digest(const char *value, size_t length)
{
	return (length == 32 || length == 40 || length == 56 || length == 64 || length == 96 || length == 128) && value_is_hex(value, length);
}

static int longest_run(const char *value, size_t length)
{
	int longest = 1, run = 1;

	for (size_t i = 1; i < length; i++) {
		run = value[i] == value[i - 1] ? run + 1 : 1;
		longest = run > longest ? run : longest;
	}
	return longest;
}

/* "123456", "abcdef", "fedcba": characters that follow each other. */
static int longest_sequence(const char *value, size_t length)
{
	int longest = 1, up = 1, down = 1;

	for (size_t i = 1; i < length; i++) {
		int step = tolower((unsigned char)value[i]) - tolower((unsigned char)value[i - 1]);

		up = step == 1 || (value[i - 1] == '9' && value[i] == '0') ? up + 1 : 1;
		down = step == -1 ? down + 1 : 1;
		longest = up > longest ? up : longest;
		longest = down > longest ? down : longest;
	}
	return longest;
}

/* "abcabc": it says the same again. */
static int is_periodic(const char *value, size_t length)
{
	for (size_t period = 1; period <= length / 2 && period <= 12; period++) {
		size_t i = period;

		while (i < length && value[i] == value[i - period])
			i++;
		if (i == length)
			return 1;
	}
	return 0;
}

int value_is_repeated(const char *value, size_t length)
{
	unsigned char seen[256] = { 0 };
	size_t distinct = 0;

	for (size_t i = 0; i < length; i++)
		distinct += !seen[(unsigned char)value[i]]++;
	if (length >= 6 && distinct < 4)
		return 1;
	if (length >= 20 && distinct < 7)
		return 1;
	if (length > 100) /* signed tokens hold long runs */
		return is_periodic(value, length);
	return longest_run(value, length) >= (length < 32 ? 6 : 8) || longest_sequence(value, length) >= 8 || is_periodic(value, length);
}

static int is_vowel(char c)
{
	return c && strchr("aeiouyAEIOUY", c) != NULL;
}

/* Letters that a person could say: vowels and consonants take turns. */
static int is_pronounceable(const char *word, size_t length)
{
	size_t vowels = 0, run = 0, longest = 0;

	for (size_t i = 0; i < length; i++) {
		int vowel = is_vowel(word[i]) && (i || (word[i] | 0x20) != 'y');

		vowels += (size_t)vowel;
		run = vowel ? 0 : run + 1;
		longest = run > longest ? run : longest;
	}
	return longest <= (length < 6 ? 3 : 4) && vowels * 5 >= length && vowels * 10 <= length * 7;
}

/* A word begins here: letters of one case, or a capital and small ones. */
static size_t word_length(const char *value, size_t length)
{
	size_t i = 1;

	if (!length || !is_letter(value[0]))
		return 0;
	if (is_upper(value[0]) && length > 1 && is_upper(value[1])) {
		while (i < length && is_upper(value[i]))
			i++;
		return i;
	}
	while (i < length && is_lower(value[i]))
		i++;
	return i;
}

/* Length of a part of one case, or with one capital first, and digits after its letters; 0: none. */
static size_t plain_part(const char *value, size_t length)
{
	size_t i = 0;

	if (i < length && is_upper(value[i])) {
		i++;
		if (i < length && is_upper(value[i]))
			while (i < length && is_upper(value[i]))
				i++;
		else
			while (i < length && is_lower(value[i]))
				i++;
	} else {
		while (i < length && is_lower(value[i]))
			i++;
	}
	while (i < length && is_digit(value[i]))
		i++;
	return i;
}

/* "x-amz-content-sha256", "EVP_PKEY_new_raw_private_key": three or more plain, short parts. */
static int is_slug(const char *value, size_t length)
{
	size_t parts = 0;

	for (size_t i = 0; i < length; i++) {
		size_t n = plain_part(value + i, length - i);

		if (!n || n > 12)
			return 0;
		parts++;
		i += n;
		if (i < length && !strchr("-_.", value[i]))
			return 0;
	}
	return parts > 2;
}

/* Three fifths of the letters and digits are words of four letters or more. */
int value_is_words(const char *value, size_t length)
{
	size_t worded = 0, all = 0;

	if (is_slug(value, length))
		return 1;

	for (size_t i = 0; i < length;) {
		size_t n = word_length(value + i, length - i);

		all += n ? n : (size_t)(is_digit(value[i]) || (unsigned char)value[i] >= 0x80);
		if (n >= 4 && is_pronounceable(value + i, n))
			worded += n;
		i += n ? n : 1;
	}
	return worded * 5 >= all * 3;
}

/* Letters and digits take turns inside it: no word is written so. */
static int is_interleaved(const char *value, size_t length)
{
	size_t turns = 0;

	for (size_t i = 1; i < length; i++)
		turns += (is_digit(value[i]) && is_letter(value[i - 1])) || (is_letter(value[i]) && is_digit(value[i - 1]));
	return turns >= 3;
}

/* What a person chose: digits or signs among letters; a word alone is a label or a name. */
int value_is_password(const char *value, size_t length)
{
	struct mix mix = mix_of(value, length);
	size_t letters = mix.upper + mix.lower;

	if (length < 6 || length > 128 || mix.blanks || mix.controls || mix.wide || !letters)
		return 0;
	if (length < 8)
		return mix.signs && mix.digits && mix.upper && mix.lower;
	/* "Geheimnis!" is a label. */
	if (mix.signs && (mix.digits || (mix.upper && mix.lower && !value_is_words(value, length))))
		return entropy_bits(value, length) >= 2.5;
	if (mix.digits >= 2 && mix.upper && mix.lower)
		return entropy_bits(value, length) >= 2.5;
	if (value_is_words(value, length) && !is_interleaved(value, length) && !(mix.digits >= 3 && mix.joints && length >= 12 && is_digit(value[length - 1])))
		return 0;
	if (mix.digits >= 2)
		return entropy_bits(value, length) >= 2.75;
	return mix.upper && mix.lower && length >= 12 && value_is_random(value, length);
}

int value_is_strong(const char *value, size_t length)
{
	struct mix mix = mix_of(value, length);

	return length >= 10 && mix.signs && mix.signs <= length / 3 && mix.digits && mix.upper && mix.lower && value_is_password(value, length) && !value_is_words(value, length);
}

static int is_image(const char *value, size_t length)
{
	static const char *const heads[] = { "iVBORw0KGgo", "/9j/4", "R0lGOD", "UklGR", "PHN2Zy", "AAABAA", "d09GM", "PD94bWw" };

	for (size_t i = 0; i < sizeof(heads) / sizeof(*heads); i++)
		if (length > 40 && !strncmp(value, heads[i], strlen(heads[i])))
			return 1;
	return 0;
}

/* What a machine made. */
int value_is_key(const char *value, size_t length)
{
	struct mix mix = mix_of(value, length);
	size_t letters = mix.upper + mix.lower;

	if (length < 12 || length > 600 || mix.blanks || mix.controls || mix.wide)
		return 0;
	if (length < 16 && !(mix.upper && mix.lower && mix.digits >= 2))
		return 0;
	if (letters * 5 < length || (!mix.digits && !(mix.upper && mix.lower && length >= 20)))
		return 0;
	if (is_image(value, length) || value_is_words(value, length))
		return 0;
	return value_is_random(value, length);
}

