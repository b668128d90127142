/* chars.h - for src/fleet/secrets_*.c only: characters of ASCII, whatever the locale. */
#ifndef FLEET_SECRETS_CHARS_H
#define FLEET_SECRETS_CHARS_H

static inline int is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static inline int is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static inline int is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline int is_letter(char c)
{
	return is_upper(c) || is_lower(c);
}

static inline int is_alnum(char c)
{
	return is_letter(c) || is_digit(c);
}

#endif
