/* Repairs of Dockerfiles: by line, everything else byte for byte. */
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/json.h"
#include "fleet/heal/private.h"

static int is_instruction(const char *line, const char *name)
{
	size_t length = strlen(name);

	return !strncasecmp(line, name, length) && (line[length] == ' ' || line[length] == '\t');
}

static const char *user(struct site *site)
{
	const char *said = "the image's program runs as an unprivileged number; files it writes must belong to it";
	size_t at = 0, place = site->length;
	int stages = 0;

	if (site->finding->place.length && is_instruction(site->text + place_line(site), "USER")) {
		size_t begin = place_line(site);

		edit(site, EDIT_PLAIN, begin, line_end_at(site, begin) - begin, "USER %s", value(site, "user"));
		return said;
	}
	while (at < site->length) {
		const char *newline = memchr(site->text + at, '\n', site->length - at);

		stages += is_instruction(site->text + at, "FROM");
		if (is_instruction(site->text + at, "FROM"))
			place = site->length;
		else if (place == site->length && (is_instruction(site->text + at, "CMD") || is_instruction(site->text + at, "ENTRYPOINT")))
			place = at;
		if (!newline)
			break;
		at = (size_t)(newline - site->text) + 1;
	}
	if (!stages)
		return refuse(site, "no FROM is found in it");
	if (place == site->length)
		edit(site, EDIT_PLAIN, place, 0, "%sUSER %s\n", site->length && site->text[site->length - 1] != '\n' ? "\n" : "", value(site, "user"));
	else
		edit(site, EDIT_PLAIN, place, 0, "USER %s\n", value(site, "user"));
	return said;
}

static const char *base_image(struct site *site)
{
	size_t from = site->finding->place.offset, length = site->finding->place.length;
	char *name = arena_text_n(heal_arena(site), site->text + from, length);
	char *colon = strrchr(name, ':'), *slash = strrchr(name, '/');

	if (colon && (!slash || colon > slash))
		*colon = 0;
	const char *tag = json_text(json_get(table(site, "images"), name));
	if (!tag)
		return refuse(site, "which version of %.60s is meant is for a person to say", name);
	edit(site, EDIT_PLAIN, from, length, "%s:%s", name, tag);
	return "the tag names a version; pin the digest too once it was built";
}

const struct heal_row heal_image_rows[] = {
	{ "IAC003", user }, { "IAC007", base_image }, { NULL, NULL },
};
