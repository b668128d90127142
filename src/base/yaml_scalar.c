#include "base/yaml_scalar.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/json_node.h"
#include "base/number.h"

enum { MODE_DIGITS = 5 };

static const struct {
	const char *text;
	int type;
} words[] = {
	{ "", cJSON_NULL },
	{ "~", cJSON_NULL },
	{ "null", cJSON_NULL },
	{ "Null", cJSON_NULL },
	{ "NULL", cJSON_NULL },
	{ "true", cJSON_True },
	{ "True", cJSON_True },
	{ "TRUE", cJSON_True },
	{ "false", cJSON_False },
	{ "False", cJSON_False },
	{ "FALSE", cJSON_False },
};

static cJSON *based(const char *digits, int base, const char *allowed)
{
	size_t length = strlen(digits);

	if (!length || length > 15 || strspn(digits, allowed) != length)
		return NULL;
	return json_node(json_integer(strtoll(digits, NULL, base)));
}

/* 0644 is a file mode, as kubectl reads it (YAML 1.1); a longer run of digits with a leading zero
 * is a name, such as the number of an AWS account, and stays text. */
static cJSON *leading_zero(const char *text, size_t length)
{
	if (text[1] == 'x')
		return based(text + 2, 16, "0123456789abcdefABCDEF");
	if (text[1] == 'o')
		return based(text + 2, 8, "01234567");
	return length <= MODE_DIGITS ? based(text + 1, 8, "01234567") : NULL;
}

/* Into JSON's spelling: no plus, a digit before and after the point. 0 when it cannot be a number.
 */
static size_t respell(const char *text, size_t length, char *out)
{
	const char *at = text, *end = text + length;
	size_t n = 0;

	if (length > NUMBER_LITERAL_MAX - 2)
		return 0;
	if (*at == '-' || *at == '+') {
		if (*at == '-')
			out[n++] = '-';
		at++;
	}
	if (at < end && *at == '.')
		out[n++] = '0';
	for (; at < end; at++) {
		out[n++] = *at;
		if (*at != '.' || (at + 1 < end && at[1] >= '0' && at[1] <= '9'))
			continue;
		if (n == 1 || out[n - 2] < '0' || out[n - 2] > '9' || at == text || at[-1] < '0' ||
			at[-1] > '9')
			return 0; /* "." alone is text */
		n--;              /* "5." */
	}
	return n;
}

cJSON *yaml_scalar(const char *text, size_t length)
{
	char literal[NUMBER_LITERAL_MAX + 2];
	double value;
	int exact;
	size_t n;

	if (strlen(text) != length)
		return NULL;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (!strcmp(text, words[i].text))
			return json_new(words[i].type);
	if (!strchr("+-.0123456789", *text))
		return NULL;
	if (length > 1 && *text == '0' && text[1] != '.' && text[1] != 'e' && text[1] != 'E')
		return leading_zero(text, length);
	n = respell(text, length, literal);
	if (!n || number_scan(literal, n, &value, &exact) != n)
		return NULL;
	return json_new_number(literal, n, value, exact);
}
