/* words.c - what a value is when it is none: a reference to one, or what stands where somebody puts one later. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "fleet/secrets/chars.h"
#include "fleet/secrets/private.h"

static int contains(const char *value, size_t length, const char *word)
{
	return memmem(value, length, word, strlen(word)) != NULL;
}

static int begins(const char *value, size_t length, const char *word)
{
	return length && (value[0] | 0x20) == (*word | 0x20) && length >= strlen(word) && !strncasecmp(value, word, strlen(word));
}

/* Every character of the value is one of an identifier's, or one of `also`. */
static int is_made_of(const char *value, size_t length, const char *also)
{
	for (size_t i = 0; i < length; i++)
		if (!is_letter(value[i]) && !is_digit(value[i]) && value[i] != '_' && (!value[i] || !strchr(also, value[i])))
			return 0;
	return 1;
}

/* settings.API_KEY, config["x"], get_secret("x"), self.token */
static int is_expression(const char *value, size_t length)
{
	const char *open = memchr(value, '(', length), *bracket = memchr(value, '[', length), *dot = memchr(value, '.', length);

	if (open && value[length - 1] == ')' && is_made_of(value, (size_t)(open - value), ".$:"))
		return 1;
	if (bracket && value[length - 1] == ']' && is_made_of(value, (size_t)(bracket - value), ".$"))
		return 1;
	return dot && is_letter(value[0]) && is_made_of(value, length, ".") && value_is_words(value, length);
}

static int is_path(const char *value, size_t length)
{
	if (begins(value, length, "./") || begins(value, length, "../") || begins(value, length, "~/") || begins(value, length, "C:\\"))
		return 1;
	/* "/run/secrets/db": base64 may begin with a slash and seldom has words between several. */
	return memchr(value, '/', length) && is_made_of(value, length, "/.-*") && value_is_words(value, length);
}

/* What a sealed secret holds: long, and encrypted for a cluster. */
static int is_sealed(const char *value, size_t length)
{
	return length > 250 && value[0] == 'A' && value[1] == 'g' && is_made_of(value, length, "+/=");
}

/* "www.python.org:80" */
static int is_host(const char *value, size_t length)
{
	const char *colon = memchr(value, ':', length);
	size_t end = colon ? (size_t)(colon - value) : length, last = 0, dots = 0;

	for (size_t i = end; i < length; i++)
		if (value[i] != ':' && !is_digit(value[i]))
			return 0;
	for (size_t i = 0; i < end; i++) {
		if (value[i] == '.')
			dots++, last = 0;
		else if (is_lower(value[i]) || value[i] == '-')
			last++;
		else if (is_digit(value[i]))
			last = 100;
		else
			return 0;
	}
	return dots && last >= 2 && last <= 12;
}

/* What other values must look like. */
static int is_pattern(const char *value, size_t length)
{
	static const char *const classes[] = { "[a-z", "[A-Z", "[0-9", "[^", "(?:", "(?=", "\\w", "\\d", "[\\" };

	for (size_t i = 0; i < sizeof(classes) / sizeof(*classes); i++)
		if (contains(value, length, classes[i]) && (*classes[i] == '\\' ? value[0] == '^' : memchr(value, ']', length) || memchr(value, ')', length)))
			return 1;
	return 0;
}

int value_is_reference(const char *value, size_t length)
{
	static const char *const prefixes[] = { "arn:", "projects/", "op://", "vault:", "env:", "env.", "file:", "ref:", "ssm:", "secretsmanager:", "keyvault:", "@Microsoft.",
		"akv:", "sops:", "enc[", "encrypted:", "!ref", "!getatt", "!sub", "{{", "${", "$(", "<%", "%(", "process.env", "os.environ", "import.meta", "secrets.", "vars.",
		"var.", "local.", "data.", "module.", "self.", "this.", "settings.", "config.", "kv:", "gcp:", "aws:", "urn:", "did:", "data:", "sha256:", "sha1-", "sha256-", "sha384-",
		"sha512-", "sha512:", "md5:", "ssh-rsa ", "ssh-ed25519 ", "ecdsa-", "{cipher}", "$ansible_vault", "awskms:", "gpg:", "pbkdf2", "scrypt:", "bcrypt", "argon2", "AWS4-HMAC", "Digest ", "Negotiate", "root:x:", "{ssha", "{sha", "{pbkdf2", "scram-sha", "age1", "ENC(", "kms:",
		"$2a$", "$2b$", "$2y$", "$argon2", "$pbkdf2", "$5$", "$6$", "$1$" };

	if (!length)
		return 1;
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(*prefixes); i++)
		if (begins(value, length, prefixes[i]))
			return 1;
	if (contains(value, length, "://") || is_sealed(value, length))
		return 1;
	if (value[0] == '$' && length > 1 && is_made_of(value + 1, length - 1, "{}:-") && value_is_words(value, length))
		return 1;
	return is_pattern(value, length) || is_expression(value, length) || is_path(value, length) || is_host(value, length);
}

/* "name}", "user.key!r}", "}": what formats put in braces. */
static int is_field(const char *value, size_t length)
{
	const char *close = memchr(value, '}', length);
	size_t n = close ? (size_t)(close - value) : 0;

	if (!close)
		return 0;
	for (size_t i = 0; i < n; i++)
		if (!is_letter(value[i]) && !strchr("0123456789_.!:[]\"' ->", value[i]))
			return 0;
	return !n || is_letter(value[0]) || value[0] == '_' || n == 1;
}

/* What stands for a value that somebody puts there later. */
static int is_template(const char *value, size_t length)
{
	const char *open;

	if (contains(value, length, "${") || contains(value, length, "{{") || contains(value, length, "}}") || contains(value, length, "<%") || contains(value, length, "$("))
		return 1;
	if (value[0] == '<' && memchr(value, '>', length))
		return 1;
	if ((value[0] == '[' && value[length - 1] == ']') || (value[0] == '(' && value[length - 1] == ')'))
		return 1;
	if (value[0] == '%' && length > 2 && value[length - 1] == '%')
		return 1;
	if (contains(value, length, "%s") || contains(value, length, "%d") || contains(value, length, "%(") || contains(value, length, "...") || contains(value, length, "\xe2\x80\xa6"))
		return 1;
	open = memchr(value, '{', length);
	return open && is_field(open + 1, length - (size_t)(open + 1 - value));
}

static size_t count_of(const char *value, size_t length, const char *set)
{
	size_t count = 0;

	for (size_t i = 0; i < length; i++)
		count += value[i] && strchr(set, value[i]) != NULL;
	return count;
}

/* Words too long to come up by chance count wherever they stand. */
static int holds_long_word(const char *value, size_t length)
{
	static const char *const words[] = { "example", "placeholder", "changeme", "change_me", "change-me", "replaceme", "replace_me", "replace-me", "redacted", "your-", "your_", "yourapi",
		"yourkey", "yourtoken", "yoursecret", "-here", "_here", "not-a-real", "not_a_real", "notareal", "dummykey", "fakekey", "insert-", "insert_", "xxxxxx", "123456789", "01234567",
		"abcdefgh", "deadbeefdeadbeef", "obviously", "sanitized", "lorem", "removed-", "test-key", "test_key", "mock-", "mock_", "fake-", "fake_", "dummy-", "dummy_", "sample-", "sample_",
		"-goes-", "_goes_", "todo-", "todo_", "******" };
	char lower[256];
	size_t n = length < sizeof(lower) - 1 ? length : sizeof(lower) - 1;

	for (size_t i = 0; i < n; i++)
		lower[i] = (char)tolower((unsigned char)value[i]);
	lower[n] = '\0';
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strstr(lower, words[i]))
			return 1;
	return 0;
}

/* Letters as people write them with digits and signs: "p@ssw0rd". */
static char plain_letter(char c)
{
	static const char from[] = "@0134$57!", to[] = "aoieassti";
	const char *at = c ? strchr(from, c) : NULL;

	return at ? to[at - from] : (char)tolower((unsigned char)c);
}

/* "changeme123", "P@ssw0rd!": a stop word, whatever digits and signs follow it. */
static int is_stop_word(const struct secret_rules *rules, const char *value, size_t length)
{
	char plain[32];
	size_t n = length;

	if (length >= 24)
		return 0;
	while (n && !is_letter(value[n - 1]))
		n--;
	for (size_t i = 0; i < n; i++)
		plain[i] = plain_letter(value[i]);
	if (word_set_has(rules->stop, plain, n))
		return 1;
	for (size_t i = 0; i < length; i++)
		plain[i] = (char)tolower((unsigned char)value[i]);
	return word_set_has(rules->stop, plain, length) || word_set_has(rules->stop, plain, n);
}

static int is_number(const char *value, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!is_digit(value[i]))
			return 0;
	return length > 0;
}

/* Tokens between signs, each one a stop word, a number or short: "test-api-key", "my_secret_1". */
static int is_all_stop_words(const struct secret_rules *rules, const char *value, size_t length)
{
	size_t stopped = 0;

	if (length >= 24)
		return 0;
	for (size_t i = 0; i < length;) {
		size_t n = 0;
		char lower[32];

		while (i + n < length && (is_letter(value[i + n]) || is_digit(value[i + n])))
			lower[n] = (char)tolower((unsigned char)value[i + n]), n++;
		if (word_set_has(rules->stop, lower, n))
			stopped += n;
		else if (n > 2 && !is_number(value + i, n))
			return 0;
		i += n ? n : 1;
	}
	return stopped > 0;
}

int value_is_placeholder(const struct secret_rules *rules, const char *value, size_t length)
{
	if (!length)
		return 1;
	if (is_template(value, length) || value_is_repeated(value, length))
		return 1;
	if (count_of(value, length, "xX*.#_-") * 3 >= length * 2)
		return 1;
	return holds_long_word(value, length) || is_stop_word(rules, value, length) || is_all_stop_words(rules, value, length);
}
