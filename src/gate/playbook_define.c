/* playbook_define.c - what several playbooks share: playbooks/definitions/NAME.yaml. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/yaml.h"
#include "gate/playbook_private.h"

enum { FILE_MAX_BYTES = 1 << 18 };

static struct json *load_from(const char *folder, const char *name, struct error *err)
{
	char *path = mem_format("%s/playbooks/definitions/%s.yaml", folder, name);
	size_t length;
	char *text = file_load(path, FILE_MAX_BYTES, &length, err);
	struct json *tree = text ? yaml_parse(text, length, err) : NULL;

	if (text && !tree)
		error_wrap(err, "%s", path);
	free(text);
	free(path);
	return tree;
}

static struct json *load(const char *name, struct error *err)
{
	struct error own = { 0 };
	struct json *tree;

	if (!*name || strchr(name, '/')) {
		error_set(err, ERR_FORMAT, "use names definitions: playbooks/definitions/NAME.yaml");
		return NULL;
	}
	tree = load_from(file_config_folder(), name, &own);
	if (!tree && own.code == ERR_NOT_FOUND)
		return load_from(file_data_folder(), name, err);
	if (!tree && err)
		*err = own;
	return tree;
}

/* {use: groups, needs: [named]} is what is defined as "groups", with other needs. */
static int fill_in(struct json *entry, const struct json *defined, struct error *err)
{
	const char *id = json_text(json_get(entry, "use"));
	const struct json *found = id ? json_get(defined, id) : NULL;

	if (!id)
		return 0;
	if (!found)
		return error_set(err, ERR_FORMAT, "line %d: '%.60s' is not in what it uses", json_line(entry), id);
	json_remove(entry, "use");
	for (const struct json *member = json_first(found); member; member = json_next(member)) {
		struct json *copy = json_get(entry, json_key(member)) ? NULL : json_copy(member);

		json_set_line(copy, json_line(entry)); /* where it is used: that is the file a problem is told of */
		if (copy)
			json_set(entry, json_key(member), copy);
	}
	return 0;
}

static int fill_list(struct json *list, const struct json *defined, struct error *err)
{
	for (struct json *entry = json_first(list); entry; entry = json_next(entry))
		if (fill_in(entry, defined, err))
			return -1;
	return 0;
}

int playbook_take_in(struct json *document, struct error *err)
{
	const char *name = json_text(json_get(document, "use"));
	struct json *shared = name ? load(name, err) : NULL;

	if (name && !shared)
		return -1;
	int failed = fill_list(json_get(document, "steps"), json_get(shared, "steps"), err) ||
		     fill_list(json_get(document, "findings"), json_get(shared, "findings"), err);
	char *define = mem_format("%s%s%s", json_text_or(json_get(shared, "define"), ""), name ? "\n" : "", json_text_or(json_get(document, "define"), ""));

	json_set_text(document, "define", define);
	free(define);
	json_free(shared);
	return failed ? -1 : 0;
}
