#include "copilot/fold.h"

#include <stdint.h>
#include <string.h>

/* Latin-1 Supplement and Latin Extended-A, U+00C0 to U+017F, as plain letters; two letters where
 * one would lose a word. */
static const char *const latin[] = {
	"a",
	"a",
	"a",
	"a",
	"a",
	"a",
	"ae",
	"c",
	"e",
	"e",
	"e",
	"e",
	"i",
	"i",
	"i",
	"i",
	"d",
	"n",
	"o",
	"o",
	"o",
	"o",
	"o",
	"",
	"o",
	"u",
	"u",
	"u",
	"u",
	"y",
	"th",
	"ss",
	"a",
	"a",
	"a",
	"a",
	"a",
	"a",
	"ae",
	"c",
	"e",
	"e",
	"e",
	"e",
	"i",
	"i",
	"i",
	"i",
	"d",
	"n",
	"o",
	"o",
	"o",
	"o",
	"o",
	"",
	"o",
	"u",
	"u",
	"u",
	"u",
	"y",
	"th",
	"y",
	"a",
	"a",
	"a",
	"a",
	"a",
	"a",
	"c",
	"c",
	"c",
	"c",
	"c",
	"c",
	"c",
	"c",
	"d",
	"d",
	"d",
	"d",
	"e",
	"e",
	"e",
	"e",
	"e",
	"e",
	"e",
	"e",
	"e",
	"e",
	"g",
	"g",
	"g",
	"g",
	"g",
	"g",
	"g",
	"g",
	"h",
	"h",
	"h",
	"h",
	"i",
	"i",
	"i",
	"i",
	"i",
	"i",
	"i",
	"i",
	"i",
	"i",
	"ij",
	"ij",
	"j",
	"j",
	"k",
	"k",
	"k",
	"l",
	"l",
	"l",
	"l",
	"l",
	"l",
	"l",
	"l",
	"l",
	"l",
	"n",
	"n",
	"n",
	"n",
	"n",
	"n",
	"n",
	"n",
	"n",
	"o",
	"o",
	"o",
	"o",
	"o",
	"o",
	"oe",
	"oe",
	"r",
	"r",
	"r",
	"r",
	"r",
	"r",
	"s",
	"s",
	"s",
	"s",
	"s",
	"s",
	"s",
	"s",
	"t",
	"t",
	"t",
	"t",
	"t",
	"t",
	"u",
	"u",
	"u",
	"u",
	"u",
	"u",
	"u",
	"u",
	"u",
	"u",
	"u",
	"u",
	"w",
	"w",
	"y",
	"y",
	"y",
	"z",
	"z",
	"z",
	"z",
	"z",
	"z",
	"s",
};

/* Half-width katakana U+FF66 to U+FF9D in full width. */
static const uint16_t katakana[] = {
	0x30F2,
	0x30A1,
	0x30A3,
	0x30A5,
	0x30A7,
	0x30A9,
	0x30E3,
	0x30E5,
	0x30E7,
	0x30C3,
	0x30FC,
	0x30A2,
	0x30A4,
	0x30A6,
	0x30A8,
	0x30AA,
	0x30AB,
	0x30AD,
	0x30AF,
	0x30B1,
	0x30B3,
	0x30B5,
	0x30B7,
	0x30B9,
	0x30BB,
	0x30BD,
	0x30BF,
	0x30C1,
	0x30C4,
	0x30C6,
	0x30C8,
	0x30CA,
	0x30CB,
	0x30CC,
	0x30CD,
	0x30CE,
	0x30CF,
	0x30D2,
	0x30D5,
	0x30D8,
	0x30DB,
	0x30DE,
	0x30DF,
	0x30E0,
	0x30E1,
	0x30E2,
	0x30E4,
	0x30E6,
	0x30E8,
	0x30E9,
	0x30EA,
	0x30EB,
	0x30EC,
	0x30ED,
	0x30EF,
	0x30F3,
};

/* Next code point; malformed bytes give U+FFFD, one byte at a time. */
static uint32_t next_code(const char **at, const char *end)
{
	const unsigned char *s = (const unsigned char *)*at;
	size_t left = (size_t)(end - *at), extra = s[0] >= 0xF0   ? 3
						   : s[0] >= 0xE0 ? 2
						   : s[0] >= 0xC2 ? 1
								  : 0;
	uint32_t code = s[0];

	*at += 1;
	if (s[0] < 0x80)
		return code;
	if (!extra || s[0] > 0xF4 || left <= extra)
		return 0xFFFD;
	code &= 0x3Fu >> extra;
	for (size_t i = 1; i <= extra; i++) {
		if ((s[i] & 0xC0) != 0x80)
			return 0xFFFD;
		code = code << 6 | (s[i] & 0x3F);
	}
	*at += extra;
	return code;
}

static size_t put_code(char *out, uint32_t code)
{
	if (code < 0x80) {
		out[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		out[0] = (char)(0xC0 | code >> 6);
		out[1] = (char)(0x80 | (code & 0x3F));
		return 2;
	}
	if (code < 0x10000) {
		out[0] = (char)(0xE0 | code >> 12);
		out[1] = (char)(0x80 | (code >> 6 & 0x3F));
		out[2] = (char)(0x80 | (code & 0x3F));
		return 3;
	}
	out[0] = (char)(0xF0 | code >> 18);
	out[1] = (char)(0x80 | (code >> 12 & 0x3F));
	out[2] = (char)(0x80 | (code >> 6 & 0x3F));
	out[3] = (char)(0x80 | (code & 0x3F));
	return 4;
}

static uint32_t plain(uint32_t code)
{
	if (code >= 0xFF01 && code <= 0xFF5E) /* full-width ASCII */
		code -= 0xFEE0;
	if (code >= 0xFF66 && code <= 0xFF9D)
		return katakana[code - 0xFF66];
	if (code == 0x3000 || code == 0xA0 || (code >= 0x2000 && code <= 0x200A))
		return ' ';
	if (code == 0x2018 || code == 0x2019 || code == 0xB4 || code == 0x02BC)
		return '\'';
	if ((code >= 0x2010 && code <= 0x2015) || code == 0x2212)
		return '-';
	if (code == 0x3001)
		return ',';
	if (code == 0x3002)
		return '.';
	return code >= 'A' && code <= 'Z' ? code + 32 : code;
}

static int is_hidden(uint32_t code)
{
	return code == 0xFFFD || (code >= 0x200B && code <= 0x200F) ||
	       (code >= 0x202A && code <= 0x202E) || (code >= 0x2060 && code <= 0x206F) ||
	       code == 0xFEFF || (code >= 0xE0000 && code <= 0xE0FFF) ||
	       (code < 0x20 && code != '\t' && code != '\n' && code != '\r') ||
	       (code >= 0x7F && code < 0xA0);
}

static int is_cjk(uint32_t code)
{
	return (code >= 0x3041 && code <= 0x30FF && code != 0x30FB) ||
	       (code >= 0x3400 && code <= 0x9FFF) || (code >= 0xF900 && code <= 0xFAFF) ||
	       code == 0x3005;
}

static int is_digit(uint32_t code)
{
	return code >= '0' && code <= '9';
}

static int is_letter(uint32_t code)
{
	return (code >= 'a' && code <= 'z') ||
	       (code >= 0xC0 && code != 0xD7 && code != 0xF7 && !is_cjk(code) && code < 0x2000) ||
	       code == 0xAA || code == 0xBA || code == 0xB5;
}

static int is_joint(uint32_t code)
{
	return code && code < 0x80 && strchr("-_./:=@+", (int)code);
}

struct folder {
	struct fold *fold;
	struct token *open; /* token being written, or NULL */
	size_t from;        /* where its text begins in room */
	uint32_t before;    /* code before this one */
	uint32_t before_that;
};

static void close_token(struct folder *f, const char *raw)
{
	struct fold *fold = f->fold;
	struct token *token = f->open;

	if (!token)
		return;
	fold->room[fold->used++] = 0;
	token->text = fold->room + f->from;
	token->length = (unsigned short)(fold->used - 1 - f->from);
	token->raw_length = (unsigned short)(raw - token->raw);
	fold->count++;
	f->open = NULL;
}

static int open_token(struct folder *f, const char *raw)
{
	struct fold *fold = f->fold;

	if (f->open)
		return 0;
	if (fold->count == FOLD_TOKENS_MAX || fold->used + 16 > FOLD_ROOM) {
		fold->hidden = 1;
		return -1;
	}
	f->open = &fold->tokens[fold->count];
	*f->open = (struct token){ .raw = raw };
	if (f->before == '-' && (!f->before_that || f->before_that == ' '))
		f->open->shape |= TOKEN_NEGATIVE;
	if (f->before == '\'' && fold->count && f->before_that != ' ')
		f->open->shape |= TOKEN_GLUED;
	f->from = fold->used;
	return 0;
}

static void put(struct folder *f, uint32_t code)
{
	struct fold *fold = f->fold;
	const char *two = code >= 0xC0 && code <= 0x17F ? latin[code - 0xC0] : NULL;

	if (fold->used + 16 > FOLD_ROOM) {
		fold->hidden = 1;
		return;
	}
	if (two)
		for (; *two; two++)
			fold->room[fold->used++] = *two;
	else
		fold->used += put_code(fold->room + fold->used, code);
}

/* What follows a word: remembered on the token before it. */
static void note_end(struct folder *f, uint32_t code, const char *next, const char *end)
{
	struct fold *fold = f->fold;
	struct token *last = fold->count ? &fold->tokens[fold->count - 1] : NULL;

	if (!last || code == ' ' || code == '\'')
		return;
	if (code == '?')
		last->shape |= TOKEN_ASKED;
	if (code == ',' || code == '&')
		last->shape |= TOKEN_COMMA;
	/* a dash between two parts: " - " */
	if ((code < 0x80 && strchr(",;.?!()[]:\"", (int)code)) || code == 0x2013 || code == 0x2014 ||
		(code == '-' && f->before == ' ' && next < end && *next == ' '))
		last->shape |= TOKEN_END;
}

/* A joint belongs to the word only when a letter or digit follows: "4.0.2" but "prod." */
static int joins(const char *next, const char *end)
{
	uint32_t code = next < end ? plain(next_code(&next, end)) : 0;

	return is_letter(code) || is_digit(code);
}

static int open_is(const struct folder *f, const char *const *words, size_t count)
{
	size_t length = f->fold->used - f->from;

	for (size_t i = 0; f->open && i < count; i++)
		if (strlen(words[i]) == length && !memcmp(words[i], f->fold->room + f->from, length))
			return 1;
	return 0;
}

/* "deploy/web", "ns/shop", "--replicas=3", as kubectl is told. 1 when the joint parts two words; -1 when what stands before it
 * says nothing that matters. */
static int parts_words(const struct folder *f, uint32_t code)
{
	static const char *const workload[] = { "deploy", "deployment", "deployments", "deployment.apps", "deployments.apps", "sts",
		"statefulset", "statefulset.apps", "ds", "daemonset", "daemonset.apps", "rs", "replicaset", "svc", "service" };
	static const char *const kind[] = { "pod", "pods", "po", "node", "nodes", "ns", "namespace", "job", "cronjob" };
	static const char *const count[] = { "replicas", "replica", "nodes" };

	if (code == '=')
		return open_is(f, count, sizeof(count) / sizeof(*count));
	if (code != '/')
		return 0;
	if (open_is(f, workload, sizeof(workload) / sizeof(*workload)))
		return -1;
	return open_is(f, kind, sizeof(kind) / sizeof(*kind));
}

static void take(
	struct folder *f, uint32_t code, const char *raw, const char *next, const char *end)
{
	if (is_cjk(code)) {
		close_token(f, raw);
		if (open_token(f, raw))
			return;
		put(f, code);
		f->open->shape |= TOKEN_CJK;
		f->fold->cjk = 1;
		close_token(f, next);
	} else if (is_letter(code) || is_digit(code)) {
		if (open_token(f, raw))
			return;
		f->open->shape |= is_digit(code) ? TOKEN_DIGIT : TOKEN_LETTER;
		put(f, code);
	} else if (f->open && is_joint(code) && joins(next, end) && !parts_words(f, code)) {
		f->open->shape |= TOKEN_JOINED;
		put(f, code);
	} else if (code >= 0x300 && code <= 0x36F) {
		return; /* a combining accent: dropped like the folded ones */
	} else {
		if (f->open && joins(next, end) && parts_words(f, code) < 0) { /* the name alone stays */
			f->fold->used = f->from;
			f->open = NULL;
			return;
		}
		close_token(f, raw);
		if (code != '=' && code != '/')
			note_end(f, code, next, end);
	}
}

static int is_quote(uint32_t code)
{
	return code == '"' || code == '\'' || code == '`' || code == 0xAB || code == 0xBB || (code >= 0x2018 && code <= 0x201F) ||
	       code == 0x300C || code == 0x300D;
}

static int is_name_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("-_.", c);
}

/* Behind an opening quote: where the one word ends that stands in it, or NULL. */
static const char *quoted_word(const char *at, const char *end)
{
	const char *word = at, *close;

	while (at < end && *at && is_name_byte(*at))
		at++;
	close = at;
	return at - word > 1 && at < end && is_quote(next_code(&close, end)) &&
			       (close >= end || strchr(" ,;.:?!)", *close) || (unsigned char)*close >= 0xE3)
		       ? at
		       : NULL;
}

/* "print the logs of "restart"": the word becomes one token, and its quotes end no clause. Returns what follows; NULL none. */
static const char *take_quoted(struct folder *f, uint32_t code, const char *at, const char *end)
{
	const char *word_end = is_quote(code) && (!f->before || !(is_letter(f->before) || is_digit(f->before)) || is_cjk(f->before))
				       ? quoted_word(at, end)
				       : NULL;

	if (!word_end)
		return NULL;
	close_token(f, at);
	while (at < word_end) {
		const char *from = at;
		uint32_t letter = plain(next_code(&at, end));

		take(f, letter, from, at, end);
	}
	close_token(f, word_end);
	if (f->fold->count)
		f->fold->tokens[f->fold->count - 1].shape |= TOKEN_QUOTED;
	next_code(&word_end, end);
	f->before_that = f->before = ' ';
	return word_end;
}

void fold_sentence(struct fold *fold, const char *raw, size_t length)
{
	const char *at = raw, *end = raw + length;
	struct folder f = { .fold = fold };

	fold->count = fold->used = 0;
	fold->cjk = fold->hidden = 0;
	while (at < end) {
		const char *from = at, *behind;
		uint32_t code = next_code(&at, end), folded = plain(code);

		fold->hidden |= is_hidden(code);
		if (is_hidden(code))
			continue; /* "del\u200bete" reads as the eye sees it */
		behind = take_quoted(&f, code, at, end);
		if (behind) {
			at = behind;
			continue;
		}
		take(&f, folded, from, at, end);
		f.before_that = f.before;
		f.before = folded;
	}
	close_token(&f, end);
}
