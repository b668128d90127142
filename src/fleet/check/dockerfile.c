/* Dockerfiles (IAC003, IAC007; SUP004 is found in any text): instructions over continued lines, stages. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "fleet/check/checker_parts.h"

enum { STAGES_MAX = 64, NAME_BYTES = 200 };

struct image {
	struct unit *unit;
	char stages[STAGES_MAX][NAME_BYTES];
	int stage_count;
	size_t from, from_length; /* the last FROM */
	char user[NAME_BYTES];      /* of this stage; "" none */
	size_t user_at, user_length;
	char users[STAGES_MAX][NAME_BYTES];
};

/* A word of the instruction's arguments, options passed over; returns what follows. */
static const char *word(const char *at, const char *end, char *out, size_t size)
{
	size_t length = 0;

	for (;;) {
		while (at < end && (isspace((unsigned char)*at) || *at == '\\'))
			at++;
		if (at + 2 >= end || at[0] != '-' || at[1] != '-')
			break;
		while (at < end && !isspace((unsigned char)*at))
			at++;
	}
	while (at < end && !isspace((unsigned char)*at)) {
		if (length + 1 < size)
			out[length++] = *at;
		at++;
	}
	out[length] = 0;
	return at;
}

static int stage_of(const struct image *image, const char *name)
{
	for (int i = 0; i < image->stage_count; i++)
		if (*image->stages[i] && !strcasecmp(image->stages[i], name))
			return i;
	return -1;
}

static void read_from(struct image *image, const char *at, const char *end)
{
	char name[NAME_BYTES], as[NAME_BYTES], stage[NAME_BYTES];
	const char *rest = word(at, end, name, sizeof(name)), *slash, *colon;
	int base = stage_of(image, name);
	size_t offset = (size_t)(at - image->unit->text), length = (size_t)(end - at);

	while (length && isspace((unsigned char)image->unit->text[offset]))
		offset++, length--;
	while (length && isspace((unsigned char)image->unit->text[offset + length - 1]))
		length--;
	rest = word(rest, end, as, sizeof(as));
	word(rest, end, stage, sizeof(stage));
	if (image->stage_count && image->stage_count <= STAGES_MAX)
		memcpy(image->users[image->stage_count - 1], image->user, NAME_BYTES);
	memcpy(image->user, base >= 0 ? image->users[base] : "", base >= 0 ? NAME_BYTES : 1);
	if (image->stage_count < STAGES_MAX) {
		memcpy(image->stages[image->stage_count], strcasecmp(as, "as") ? "" : stage, strcasecmp(as, "as") ? 1 : NAME_BYTES);
		image->stage_count++;
	}
	image->from = offset;
	image->from_length = length;
	slash = strrchr(name, '/');
	colon = strchr(slash ? slash : name, ':');
	if (base >= 0 || !strcmp(name, "scratch") || strchr(name, '$') || strchr(name, '@') || !*name)
		return;
	if (!colon || !strcmp(colon, ":latest"))
		flag_at(image->unit, "IAC007", offset, length, "%s has %s", name, colon ? "only the tag latest" : "no tag");
	/* Images that run as another user by themselves. */
	if (strstr(name, "nonroot") || strstr(name, "chainguard"))
		strcpy(image->user, "nonroot");
}

static void instruction(struct image *image, const char *at, const char *end)
{
	char name[16];
	const char *rest = word(at, end, name, sizeof(name));

	if (!strcasecmp(name, "FROM")) {
		read_from(image, rest, end);
		if (image->stage_count == 1 || image->from_length)
			image->from = (size_t)(at - image->unit->text), image->from_length = (size_t)(end - at);
	} else if (!strcasecmp(name, "USER")) {
		word(rest, end, image->user, sizeof(image->user));
		image->user_at = (size_t)(at - image->unit->text);
		image->user_length = (size_t)(end - at);
	}
}

static int is_root(const char *user)
{
	return !strcmp(user, "root") || !strncmp(user, "root:", 5) || !strcmp(user, "0") || !strncmp(user, "0:", 2);
}

void check_dockerfile(struct unit *unit)
{
	struct image *image = arena_alloc(unit->arena, sizeof(*image));
	const char *at = unit->text, *end = unit->text + unit->length;

	image->unit = unit;
	while (at < end) {
		const char *stop = at;

		/* To the end of the line, over those that end in a backslash. */
		for (;;) {
			const char *newline = memchr(stop, '\n', (size_t)(end - stop));
			const char *last = newline ? newline : end;

			stop = last;
			if (newline && last > at && (last[-1] == '\\' || (last[-1] == '\r' && last > at + 1 && last[-2] == '\\')))
				stop++;
			else
				break;
		}
		while (at < stop && isspace((unsigned char)*at))
			at++;
		const char *line = stop;

		while (line > at && isspace((unsigned char)line[-1]))
			line--;
		if (at < line && *at != '#')
			instruction(image, at, line);
		at = stop < end ? stop + 1 : end;
	}
	if (!image->stage_count)
		return;
	if (!*image->user)
		flag_at(unit, "IAC003", image->from, image->from_length, "the last stage sets no USER: the container runs as root");
	else if (is_root(image->user))
		flag_at(unit, "IAC003", image->user_at, image->user_length, "the container runs as root");
}
