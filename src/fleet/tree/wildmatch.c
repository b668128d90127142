#include "fleet/tree/wildmatch.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

enum { STEPS_MAX = 1000000, DEPTH_MAX = 400 };
/* HOPELESS: no longer text would help either, so every star around may give up. TO_STARS: only one that crosses '/' could still help. */
enum result { MATCH, DIFFERS, HOPELESS, TO_STARS };

struct state {
	int path_mode;
	long steps;
	int depth;
};

/* --- [classes] --- */

static const struct { const char *name; int (*is)(int); } posix_classes[] = {
	{ "alnum", isalnum }, { "alpha", isalpha }, { "blank", isblank }, { "cntrl", iscntrl }, { "digit", isdigit }, { "graph", isgraph },
	{ "lower", islower }, { "print", isprint }, { "punct", ispunct }, { "space", isspace }, { "upper", isupper }, { "xdigit", isxdigit },
};

/* at: behind "[:". The length up to and with ":]", 0: it is none, -1: an unknown name. */
static int posix_class(const char *at, unsigned char c, int *matches)
{
	size_t length = strcspn(at, "]");

	if (!at[length] || !length || at[length - 1] != ':')
		return at[length] ? 0 : -1;
	for (size_t i = 0; i < sizeof(posix_classes) / sizeof(*posix_classes); i++)
		if (strlen(posix_classes[i].name) == length - 1 && !strncmp(at, posix_classes[i].name, length - 1)) {
			*matches |= c < 128 && posix_classes[i].is(c) != 0;
			return (int)length + 1;
		}
	return -1;
}

/* at: behind '['. Moves it to the closing bracket. 1 in the class, 0 not, -1 the class has no end. */
static int in_class(const char **at, unsigned char c)
{
	const char *p = *at;
	int negated = *p == '!' || *p == '^', matches = 0;
	unsigned char previous = 0;

	p += negated;
	for (const char *first = p; *p != ']' || p == first; p++) {
		unsigned char here = (unsigned char)*p;

		if (here == '-' && previous && p[1] && p[1] != ']') {
			p++;
			if (*p == '\\' && !*++p)
				return -1;
			matches |= c >= previous && c <= (unsigned char)*p;
			previous = 0;
			continue;
		}
		if (here == '[' && p[1] == ':') {
			int length = posix_class(p + 2, c, &matches);

			if (length < 0)
				return -1;
			if (length) {
				p += 1 + length;
				previous = 0;
				continue;
			}
		}
		if (here == '\\')
			here = (unsigned char)*++p;
		if (!here)
			return -1;
		matches |= c == here;
		previous = here;
	}
	*at = p;
	return matches != negated;
}

/* --- the pattern --- */

static enum result match(struct state *state, const char *pattern, const char *text);

/* p: behind the stars, which cross slashes or not. */
static enum result match_star(struct state *state, const char *p, const char *text, int crosses)
{
	if (!*p)
		return crosses || !strchr(text, '/') ? MATCH : TO_STARS;
	for (; *text; text++) {
		enum result result = match(state, p, text);

		if (result == MATCH || result == HOPELESS || (result == TO_STARS && !crosses))
			return result;
		if (!crosses && *text == '/')
			return TO_STARS;
	}
	return HOPELESS;
}

static enum result match_stars(struct state *state, const char *begin, const char *p, const char *text)
{
	const char *star = p;

	while (*p == '*')
		p++;
	if (!state->path_mode)
		return match_star(state, p, text, 1);
	if (p - star > 1 && (star == begin || star[-1] == '/') && (!*p || *p == '/' || (*p == '\\' && p[1] == '/'))) {
		if (*p == '/' && match(state, p + 1, text) == MATCH)
			return MATCH; /* no folder at all */
		return match_star(state, p, text, 1);
	}
	if (*p == '/') { /* only the next slash can be it */
		const char *slash = strchr(text, '/');

		return slash ? match(state, p, slash) : HOPELESS;
	}
	return match_star(state, p, text, 0);
}

static enum result match_here(struct state *state, const char *pattern, const char *text)
{
	for (const char *p = pattern; *p; p++, text++) {
		unsigned char c = (unsigned char)*text;
		int in;

		if (++state->steps > STEPS_MAX || (!c && *p != '*'))
			return HOPELESS;
		switch (*p) {
		case '*':
			return match_stars(state, pattern, p, text);
		case '?':
			if (state->path_mode && c == '/')
				return DIFFERS;
			break;
		case '[':
			p++;
			in = in_class(&p, c);
			if (in < 0)
				return HOPELESS;
			if (!in || (state->path_mode && c == '/'))
				return DIFFERS;
			break;
		case '\\':
			p++;
			if (!*p || (unsigned char)*p != c)
				return DIFFERS;
			break;
		default:
			if ((unsigned char)*p != c)
				return DIFFERS;
		}
	}
	return *text ? DIFFERS : MATCH;
}

static enum result match(struct state *state, const char *pattern, const char *text)
{
	enum result result = HOPELESS;

	if (++state->depth < DEPTH_MAX)
		result = match_here(state, pattern, text);
	state->depth--;
	return result;
}

int wildmatch(const char *pattern, const char *text, int path_mode)
{
	struct state state = { .path_mode = path_mode };

	return match(&state, pattern, text) == MATCH;
}
