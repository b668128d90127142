/* Personal data that proves itself: e-mail addresses that are no examples, IBANs by mod 97 (ISO 13616), card numbers by Luhn (ISO/IEC 7812-1), US social
 * security numbers by their ranges, international telephone numbers. */
#include <ctype.h>
#include <string.h>

#include "fleet/check/checker_parts.h"

enum { IBAN_MIN = 15, IBAN_MAX = 34, CARD_MIN = 13, CARD_MAX = 19 };

static int is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static int is_example_host(const char *host, size_t length)
{
	static const char *const hosts[] = { "example.com", "example.org", "example.net", "example.edu", "test.com", "acme.com", "domain.com", "company.com", "email.com", "yourcompany.com",
		"corp.com", "foo.com", "bar.com", "mail.com", "acme.org", "contoso.com", "localhost" };
	static const char *const ends[] = { ".example", ".test", ".invalid", ".local", ".example.com", ".localhost" };

	for (size_t i = 0; i < sizeof(hosts) / sizeof(*hosts); i++)
		if (strlen(hosts[i]) == length && !strncmp(hosts[i], host, length))
			return 1;
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		if (length > strlen(ends[i]) && !strncmp(host + length - strlen(ends[i]), ends[i], strlen(ends[i])))
			return 1;
	return 0;
}

static int email(const char *text, size_t length, size_t *at)
{
	for (const char *sign = text; (sign = memchr(sign, '@', length - (size_t)(sign - text))); sign++) {
		size_t begin = (size_t)(sign - text), end = begin + 1, point = 0;

		while (begin > 0 && (is_word(text[begin - 1]) || strchr(".+-", text[begin - 1])))
			begin--;
		for (; end < length && (isalnum((unsigned char)text[end]) || strchr(".-", text[end])); end++)
			point = text[end] == '.' ? end : point;
		while (end > 0 && text[end - 1] == '.')
			end--;
		const char *host = sign + 1;
		size_t host_length = text + end - host;

		if (begin == (size_t)(sign - text) || point <= (size_t)(sign - text) + 1 || end - point < 3 || is_example_host(host, host_length))
			continue;
		/* support@, noreply@: nobody. */
		static const char *const roles[] = { "support", "info", "noreply", "no-reply", "hello", "contact", "help", "admin", "sales", "security", "team", "git", "privacy", "legal", "press", "billing", "user", "name", "you", "me" };
		size_t local = (size_t)(sign - text) - begin, k = 0;

		while (k < sizeof(roles) / sizeof(*roles) && (strlen(roles[k]) != local || strncmp(roles[k], text + begin, local)))
			k++;
		if (k < sizeof(roles) / sizeof(*roles))
			continue;
		*at = begin;
		return 1;
	}
	return 0;
}

static int iban(const char *text, size_t length, size_t *at)
{
	for (size_t i = 0; i + IBAN_MIN <= length; i++) {
		char digits[IBAN_MAX + 1];
		size_t count = 0, k = i;
		int rest = 0;

		if (!isupper((unsigned char)text[i]) || !isupper((unsigned char)text[i + 1]) || !isdigit((unsigned char)text[i + 2]) || !isdigit((unsigned char)text[i + 3]) ||
			(i && is_word(text[i - 1])))
			continue;
		for (; k < length && count < IBAN_MAX && (isupper((unsigned char)text[k]) || isdigit((unsigned char)text[k]) || (text[k] == ' ' && k + 1 < length && isalnum((unsigned char)text[k + 1]) && !islower((unsigned char)text[k + 1]))); k++)
			if (text[k] != ' ')
				digits[count++] = text[k];
		if (count < IBAN_MIN)
			continue;
		for (size_t d = 0; d < count; d++) {
			char c = digits[(d + 4) % count];
			int value = isdigit((unsigned char)c) ? c - '0' : c - 'A' + 10;

			rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
		}
		if (rest == 1) {
			*at = i;
			return 1;
		}
	}
	return 0;
}

static int luhn(const char *digits, int count)
{
	int sum = 0;

	for (int i = 0; i < count; i++) {
		int value = digits[count - 1 - i] - '0';

		value = i % 2 ? value * 2 : value;
		sum += value > 9 ? value - 9 : value;
	}
	return sum % 10 == 0;
}

/* Cards begin with 3 to 6 or 2; test numbers of the networks are no person's. */
static int card(const char *text, size_t length, size_t *at)
{
	static const char *const examples[] = { "4111111111111111", "4242424242424242", "5555555555554444", "378282246310005", "4012888888881881", "5105105105105100", "6011111111111117",
		"4000000000000000", "371449635398431", "3530111333300000", "4000056655665556" };

	for (size_t i = 0; i + CARD_MIN <= length; i++) {
		char digits[CARD_MAX + 2] = "";
		int count = 0, distinct = 0;
		size_t k = i, e = 0;

		if (text[i] < '2' || text[i] > '6' || (i && (is_word(text[i - 1]) || strchr(".-+", text[i - 1]))))
			continue;
		for (; k < length && count <= CARD_MAX && (isdigit((unsigned char)text[k]) || ((text[k] == ' ' || text[k] == '-') && k + 1 < length && isdigit((unsigned char)text[k + 1]))); k++)
			if (isdigit((unsigned char)text[k]))
				digits[count++] = text[k];
		digits[count] = 0;
		for (int d = 1; d < count; d++)
			distinct += digits[d] != digits[d - 1];
		while (e < sizeof(examples) / sizeof(*examples) && strcmp(examples[e], digits))
			e++;
		if (count >= CARD_MIN && count <= CARD_MAX && (k == length || (!is_word(text[k]) && text[k] != '.')) && luhn(digits, count) && distinct > 4 && (count == 15 || count == 16) &&
			e == sizeof(examples) / sizeof(*examples)) {
			*at = i;
			return 1;
		}
		i = k > i ? k - 1 : i;
	}
	return 0;
}

/* 123-45-6789 is everybody's example. */
static int ssn(const char *text, size_t length, size_t *at)
{
	for (size_t i = 0; i + 11 <= length; i++) {
		const char *t = text + i;
		int fits = 1;

		for (int k = 0; k < 11 && fits; k++)
			fits = k == 3 || k == 6 ? t[k] == '-' : isdigit((unsigned char)t[k]) != 0;
		if (!fits || (i && (is_word(text[i - 1]) || text[i - 1] == '-')) || (i + 11 < length && (is_word(t[11]) || t[11] == '-')))
			continue;
		if (strncmp(t, "000", 3) && strncmp(t, "666", 3) && *t != '9' && strncmp(t + 4, "00", 2) && strncmp(t + 7, "0000", 4) && strncmp(t, "123-45-6789", 11) &&
			strncmp(t, "078-05-1120", 11) && strncmp(t, "111-11-1111", 11)) {
			*at = i;
			return 1;
		}
	}
	return 0;
}

/* +CC and 8 to 14 digits in groups; 555-01xx is fiction. */
static int phone(const char *text, size_t length, size_t *at)
{
	for (size_t i = 0; i + 10 < length; i++) {
		size_t k = i + 1;
		int digits = 0;

		if (text[i] != '+' || !isdigit((unsigned char)text[i + 1]) || text[i + 1] == '0' || (i && is_word(text[i - 1])))
			continue;
		for (; k < length && (isdigit((unsigned char)text[k]) || (strchr(" -.()", text[k]) && k + 1 < length && (isdigit((unsigned char)text[k + 1]) || text[k + 1] == '('))); k++)
			digits += isdigit((unsigned char)text[k]) != 0;
		if (digits >= 10 && digits <= 14 && !memmem(text + i, k - i, "555", 3) && !memmem(text + i, k - i, "12345", 5) && !memmem(text + i, k - i, "00000", 5)) {
			*at = i;
			return 1;
		}
		i = k - 1;
	}
	return 0;
}

int personal_data(const char *text, size_t length, const char **what, size_t *at)
{
	static const struct {
		int (*find)(const char *text, size_t length, size_t *at);
		const char *name;
	} kinds[] = { { iban, "an IBAN" }, { card, "a card number" }, { ssn, "a social security number" }, { email, "an e-mail address" }, { phone, "a telephone number" } };
	int count = 0;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		size_t where;

		if (!kinds[i].find(text, length, &where))
			continue;
		if (!count++) {
			*what = kinds[i].name;
			*at = where;
		}
	}
	return count;
}
