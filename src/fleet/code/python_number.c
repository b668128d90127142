/* Number of CPython 3.11's tokenize: Imagnumber, Floatnumber, Intnumber. */
#include <string.h>

#include "fleet/code/python_lexer.h"

int python_digit(const struct lexer *lexer, size_t at)
{
	return at < lexer->max && lexer->text[at] >= '0' && lexer->text[at] <= '9';
}

static int any_of(const struct lexer *lexer, size_t at, const char *set)
{
	return at < lexer->max && lexer->text[at] && strchr(set, lexer->text[at]);
}

/* (?:_?[set])* from `at`. */
static size_t run_of(const struct lexer *lexer, size_t at, const char *set)
{
	for (;;) {
		if (any_of(lexer, at, set))
			at++;
		else if (at < lexer->max && lexer->text[at] == '_' && any_of(lexer, at + 1, set))
			at += 2;
		else
			return at;
	}
}

static const char decimals[] = "0123456789";

/* Exponent, or where it was asked. */
static size_t exponent(const struct lexer *lexer, size_t at)
{
	size_t begin = at + 1;

	if (!any_of(lexer, at, "eE"))
		return at;
	if (any_of(lexer, begin, "+-"))
		begin++;
	return python_digit(lexer, begin) ? run_of(lexer, begin, decimals) : at;
}

static size_t lex_based(const struct lexer *lexer, size_t at)
{
	static const char *const bases[][2] = { { "xX", "0123456789abcdefABCDEF" }, { "bB", "01" }, { "oO", "01234567" } };

	for (size_t i = 0; lexer->text[at] == '0' && i < sizeof(bases) / sizeof(*bases); i++)
		if (any_of(lexer, at + 1, bases[i][0])) {
			size_t end = run_of(lexer, at + 2, bases[i][1]);

			return end > at + 2 ? end : 0;
		}
	return 0;
}

size_t python_number_end(const struct lexer *lexer, size_t at)
{
	size_t whole = run_of(lexer, at, decimals), end = whole;

	if (lexer->text[at] == '.') {
		end = exponent(lexer, run_of(lexer, at + 1, decimals));
	} else if (any_of(lexer, whole, ".")) {
		end = python_digit(lexer, whole + 1) ? run_of(lexer, whole + 1, decimals) : whole + 1;
		end = exponent(lexer, end);
	} else {
		end = exponent(lexer, whole);
	}
	if (any_of(lexer, end, "jJ"))
		return end + 1;
	if (end > whole)
		return end;
	end = lex_based(lexer, at);
	if (end)
		return end;
	/* Decnumber: zeros only, or no zero first. */
	return lexer->text[at] == '0' ? run_of(lexer, at, "0") : whole;
}
