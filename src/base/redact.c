/* redact.c - secret_redact: finds what looks like a credential in text that goes to a log, the
 * audit or the screen. One pass: each byte is looked at a bounded number of times. When in doubt,
 * hides. */
#include "base/secret.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

/* Where we are; what a matcher finds: `keep` bytes stay, then `hide` bytes become ••••. */
struct place {
	const char *bytes;
	size_t length, at;
};

struct found {
	size_t keep, hide;
	const char *shown; /* NULL: SECRET_SHOWN */
};

enum {
	QUOTED_MAX = 4096, /* within which an opening quote is believed to have its end */
	NAME_MAX_BYTES =
		128 /* of ${secret:…}: what is not hidden is looked at again, so it is bounded */
};

static int is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int is_name(char c) /* of a key, a flag, a variable */
{
	return is_alnum(c) || c == '_' || c == '-' || c == '.';
}

static int is_base64url(char c)
{
	return is_alnum(c) || c == '_' || c == '-';
}

static int is_token(char c) /* token68 (RFC 9110 11.2) */
{
	return is_base64url(c) || c == '.' || c == '~' || c == '+' || c == '/' || c == '=';
}

static int is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* How many of the next bytes are of a class. */
static size_t span(const struct place *p, size_t from, int (*is)(char))
{
	size_t i = from;

	while (i < p->length && is(p->bytes[i]))
		i++;
	return i - from;
}

static int starts(const struct place *p, size_t from, const char *word)
{
	size_t n = strlen(word);

	return p->length - from >= n && !memcmp(p->bytes + from, word, n);
}

static int starts_word(const struct place *p, size_t from, const char *word)
{
	size_t n = strlen(word);

	return p->length - from >= n && !strncasecmp(p->bytes + from, word, n);
}

static const char *find(const struct place *p, size_t from, size_t to, const char *what)
{
	if (to > p->length)
		to = p->length;
	return from < to ? memmem(p->bytes + from, to - from, what, strlen(what)) : NULL;
}

/* "-----BEGIN … PRIVATE KEY-----" to its end line, or to the end of what we have (RFC 7468). */
static int match_pem(const struct place *p, struct found *found)
{
	const char *label, *end;

	if (!starts(p, p->at, "-----BEGIN "))
		return 0;
	label = find(p, p->at, p->at + 64, "PRIVATE KEY-----");
	if (!label)
		return 0;
	end = find(p, (size_t)(label + 16 - p->bytes), p->length, "-----END ");
	end = end ? find(p, (size_t)(end + 9 - p->bytes), p->length, "-----") : NULL;
	found->hide = end ? (size_t)(end + 5 - p->bytes) - p->at : p->length - p->at;
	return 1;
}

/* Three base64url parts, the first a JSON object: {" is eyJ (RFC 7519). */
static int match_jwt(const struct place *p, struct found *found)
{
	size_t i = p->at, part;

	if ((p->at && is_base64url(p->bytes[p->at - 1])) || !starts(p, p->at, "eyJ"))
		return 0;
	for (int parts = 0; parts < 3; parts++) {
		part = span(p, i, is_base64url);
		if (part < (parts < 2 ? 4 : 0)) /* the signature of "alg":"none" is empty */
			return 0;
		i += part;
		if (parts == 2)
			break;
		if (i >= p->length || p->bytes[i] != '.')
			return 0;
		i++;
	}
	found->hide = i - p->at;
	return 1;
}

static int is_upper_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
}

static int is_between(char c)
{
	return is_blank(c) || (c && strchr(",:;|\"'=\r\n", c));
}

static int is_aws_secret(char c)
{
	return is_alnum(c) || c == '+' || c == '/' || c == '=';
}

/* An access key id, and the secret key of 40 characters when it stands right behind it. */
static int match_aws(const struct place *p, struct found *found)
{
	size_t id, gap;

	if (!starts(p, p->at, "AKIA") && !starts(p, p->at, "ASIA"))
		return 0;
	id = span(p, p->at, is_upper_alnum);
	if (id < 16 || id > 32)
		return 0;
	found->hide = id;
	gap = span(p, p->at + id, is_between);
	if (gap && span(p, p->at + id + gap, is_aws_secret) == 40)
		found->hide = id + gap + 40;
	return 1;
}

static const struct {
	const char *prefix;
	size_t rest_min;
} token_prefixes[] = {
	{ "ghp_", 16 },
	{ "gho_", 16 },
	{ "ghu_", 16 },
	{ "ghs_", 16 },
	{ "ghr_", 16 },
	{ "github_pat_", 16 },
	{ "glpat-", 16 },
	{ "xoxa-", 8 },
	{ "xoxb-", 8 },
	{ "xoxe-", 8 },
	{ "xoxo-", 8 },
	{ "xoxp-", 8 },
	{ "xoxr-", 8 },
	{ "xoxs-", 8 },
	{ "xapp-", 8 },
	{ "sk-ant-", 8 },
	{ "sk-", 16 },
	{ "sk_live_", 16 },
	{ "AIza", 30 },
	{ "hvs.", 16 },
};

static int match_prefix(const struct place *p, struct found *found)
{
	if (!memchr("gxsAh", p->bytes[p->at], 5)) /* how one of them begins */
		return 0;
	for (size_t i = 0; i < sizeof(token_prefixes) / sizeof(*token_prefixes); i++) {
		size_t n = strlen(token_prefixes[i].prefix);

		if (!starts(p, p->at, token_prefixes[i].prefix) ||
			span(p, p->at + n, is_base64url) < token_prefixes[i].rest_min)
			continue;
		found->hide = n + span(p, p->at + n, is_base64url);
		return 1;
	}
	return 0;
}

static const char *const schemes[] = { "Bearer", "Basic", "Token", "ApiKey", "Digest" };

/* Length of an authorization scheme and the blanks after it; 0 when there is none. */
static size_t scheme_at(const struct place *p, size_t from)
{
	for (size_t i = 0; i < sizeof(schemes) / sizeof(*schemes); i++) {
		size_t n = strlen(schemes[i]);

		if (starts_word(p, from, schemes[i]) && span(p, from + n, is_blank))
			return n + span(p, from + n, is_blank);
	}
	return 0;
}

/* A word of prose is short and of lower-case letters: "bearer of news". */
static int is_prose(const char *bytes, size_t length)
{
	if (length >= 16)
		return 0;
	for (size_t i = 0; i < length; i++)
		if ((bytes[i] < 'a' || bytes[i] > 'z') && !(bytes[i] == '.' && i + 1 == length))
			return 0;
	return 1;
}

/* "Bearer abc…", "Basic dXNlcjpw…" wherever they stand. */
static int match_scheme(const struct place *p, struct found *found)
{
	size_t keep, length;

	if (!starts_word(p, p->at, "bearer") && !starts_word(p, p->at, "basic"))
		return 0;
	keep = scheme_at(p, p->at);
	if (!keep)
		return 0;
	length = span(p, p->at + keep, is_token);
	if (length < 4 || is_prose(p->bytes + p->at + keep, length))
		return 0;
	found->keep = keep;
	found->hide = length;
	return 1;
}

/* "://user:password@" */
static int match_userinfo(const struct place *p, struct found *found)
{
	size_t i = p->at + 3, colon = 0;

	if (!starts(p, p->at, "://"))
		return 0;
	for (; i < p->length && i - p->at < 512; i++) {
		char c = p->bytes[i];

		if (c == ':' && !colon)
			colon = i;
		if (c == '/' || (unsigned char)c <= ' ' || c == '"' || c == '\'')
			return 0;
		if (c == '@')
			break;
	}
	if (i >= p->length || p->bytes[i] != '@' || !colon || colon + 1 == i)
		return 0;
	found->keep = colon + 1 - p->at;
	found->hide = i - colon - 1;
	return 1;
}

/* Endings of names, written without - and _, in lower case. */
static const char *const secret_names[] = { "password", "passwd", "passphrase", "token", "secret",
	"apikey", "accesskey", "privatekey", "secretkey", "authorization", "pwd", "credential" };

static int ends_secret(const char *name, size_t length)
{
	char plain[24]; /* the longest ending is far shorter */
	size_t n = sizeof(plain);

	while (length && n) {
		char c = name[--length];

		if (c == '-' || c == '_')
			continue;
		plain[--n] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
	}
	for (size_t i = 0; i < sizeof(secret_names) / sizeof(*secret_names); i++) {
		size_t ending = strlen(secret_names[i]);

		if (sizeof(plain) - n >= ending &&
			!memcmp(plain + sizeof(plain) - ending, secret_names[i], ending))
			return 1;
	}
	return 0;
}

static int is_backslash(char c)
{
	return c == '\\';
}

/* Where the text opened by a quote after `escapes` backslashes ends: at the next such quote. */
static size_t quoted_length(const struct place *p, size_t from, char quote, size_t escapes)
{
	size_t run = 0, line = 0;

	for (size_t i = from; i < p->length && i - from < QUOTED_MAX; i++) {
		char c = p->bytes[i];

		if (c == quote && (run <= escapes || (!escapes && run % 2 == 0)))
			return i - from - run * (run <= escapes);
		if (c == '\n' && !line)
			line = i - from;
		run = c == '\\' ? run + 1 : 0;
	}
	if (line)
		return line;
	const char *newline = find(p, from, p->length, "\n");

	return newline ? (size_t)(newline - p->bytes) - from : p->length - from;
}

/* An unquoted value ends at white space, a quote or &; at , ; ) } ] when nothing follows them
 * there. */
static size_t bare_length(const struct place *p, size_t from)
{
	size_t i = from;
	const char *brace =
		starts(p, from, "${") ? find(p, from, from + NAME_MAX_BYTES, "}") : NULL;

	if (brace)
		i = (size_t)(brace + 1 - p->bytes);
	for (; i < p->length; i++) {
		char c = p->bytes[i];

		if ((unsigned char)c <= ' ' || strchr("\"'&", c))
			break;
		if (strchr(",;)}]", c) &&
			(i + 1 == p->length || strchr(" \t\r\n\"',;)}]", p->bytes[i + 1])))
			break;
	}
	return i - from;
}

/* Not a secret itself: JSON's literals, a structure, a name in place of a secret ("${secret:db}").
 */
static int is_no_value(const char *value, size_t length, int quoted)
{
	static const char *const literals[] = { "null", "true", "false", "nil", "none" };

	if (!length)
		return 1;
	if (length > 3 && length <= NAME_MAX_BYTES && !strncmp(value, "${", 2) &&
		value[length - 1] == '}' && !memchr(value, '}', length - 1))
		return 1;
	if (quoted)
		return 0;
	for (size_t i = 0; i < sizeof(literals) / sizeof(*literals); i++)
		if (length == strlen(literals[i]) && !strncasecmp(value, literals[i], length))
			return 1;
	return strchr("{[|>", *value) && length <= 2;
}

/* Moves past "= ", '": ', '\": ' or, for a flag ("--password x"), blanks. 0 when nothing like that
 * is there. */
static size_t separator(const struct place *p, size_t from, int is_flag, char *key_quote)
{
	size_t i = from + span(p, from, is_backslash), blanks;

	*key_quote = 0;
	if (i < p->length && strchr("\"'", p->bytes[i]))
		*key_quote = p->bytes[i++];
	else if (i != from)
		return 0;
	blanks = span(p, i, is_blank);
	i += blanks;
	if (i < p->length && (p->bytes[i] == '=' || p->bytes[i] == ':')) {
		i += p->bytes[i] == ':' && i + 1 < p->length && p->bytes[i + 1] == '=' ? 2 : 1;
		return i + span(p, i, is_blank) - from;
	}
	return is_flag && blanks ? i - from : 0;
}

static int is_rest_of_line(char c)
{
	return c != '\r' && c != '\n' && c != '"' && c != '\'';
}

/* What of the value at `from` is hidden. An Authorization value is a scheme and the rest of its
 * line. */
static void match_value(
	const struct place *p, size_t from, int authorization, char key_quote, struct found *found)
{
	size_t escapes = span(p, from, is_backslash), value = from + escapes, length, scheme;
	int quoted = value < p->length && strchr("\"'", p->bytes[value]) != NULL;

	if (quoted) {
		value++;
		length = quoted_length(p, value, p->bytes[value - 1], escapes);
		scheme = scheme_at(p, value);
		scheme = scheme < length ? scheme : 0;
	} else {
		value = from;
		scheme = scheme_at(p, value);
		length = scheme + bare_length(p, value + scheme);
		if (authorization)
			length = span(p, value, is_rest_of_line);
	}
	if (is_no_value(p->bytes + value, length, quoted))
		return;
	found->keep = value + scheme - p->at;
	found->hide = length - scheme;
	if (!quoted && key_quote == '"') /* a number: what was JSON stays JSON */
		found->shown = "\"" SECRET_SHOWN "\"";
}

/* password=…, "token": "…", AWS_SECRET_ACCESS_KEY: …, --api-key … */
static int match_key(const struct place *p, struct found *found)
{
	size_t name, gap;
	char key_quote;

	if (p->at && is_name(p->bytes[p->at - 1]))
		return 0;
	if (p->at > 1 && !memcmp(p->bytes + p->at - 2, "${", 2))
		return 0;
	name = span(p, p->at, is_name);
	if (!name || !ends_secret(p->bytes + p->at, name))
		return 0;
	gap = separator(p, p->at + name, starts(p, p->at, "--"), &key_quote);
	if (!gap || p->at + name + gap >= p->length)
		return 0;
	match_value(p, p->at + name + gap,
		name >= 13 && !strncasecmp(p->bytes + p->at + name - 13, "authorization", 13),
		key_quote, found);
	return found->hide > 0;
}

static int (*const matchers[])(const struct place *, struct found *) = {
	match_pem,
	match_jwt,
	match_aws,
	match_prefix,
	match_scheme,
	match_userinfo,
	match_key,
};

static int match(const struct place *p, struct found *found)
{
	for (size_t i = 0; i < sizeof(matchers) / sizeof(*matchers); i++) {
		*found = (struct found){ 0 };
		if (matchers[i](p, found))
			return 1;
	}
	return 0;
}

static int redact_forms(struct text *text, const char *bytes, size_t length)
{
	struct place p = { .bytes = bytes, .length = length };
	struct found found;
	size_t copied = 0;

	while (p.at < length) {
		if ((p.at && is_alnum(bytes[p.at - 1]) && bytes[p.at] != ':') ||
			!match(&p, &found)) {
			p.at++;
			continue;
		}
		text_add_n(text, bytes + copied, p.at + found.keep - copied);
		text_add(text, found.shown ? found.shown : SECRET_SHOWN);
		p.at += found.keep + found.hide;
		copied = p.at;
	}
	return text_add_n(text, bytes + copied, length - copied);
}

/* What is known goes first: a form might take only a part of it. */
int secret_redact(struct text *text, const char *bytes, size_t length)
{
	struct text known;

	text_init(&known, SIZE_MAX / 4);
	secret_hide(&known, bytes, length);
	int cut = redact_forms(text, known.data, known.length);

	text_release(&known);
	return cut;
}
