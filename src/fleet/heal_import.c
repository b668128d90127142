/* Imports that repairs of Python need: reused where they are, else added after docstring and `from __future__`. */
#include <string.h>

#include "base/arena.h"
#include "fleet/heal_private.h"

/* The name `import MODULE` or `import MODULE as X` bound at the top of the file; NULL: none. */
static const char *module_name(const struct site *site, const char *module)
{
	for (int i = 0; i < code_import_count(site->code); i++) {
		const struct code_import *import = code_import_at(site->code, i);

		if (!import->name && !strcmp(import->module, module) && import->function < 0)
			return import->alias;
	}
	return NULL;
}

/* A name the file uses for something of its own. */
static int is_taken(const struct site *site, const char *name)
{
	for (int i = 0; i < code_function_count(site->code); i++)
		if (!strcmp(code_function_at(site->code, i)->name, name))
			return 1;
	for (int i = 0; i < code_import_count(site->code); i++)
		if (code_import_at(site->code, i)->alias && !strcmp(code_import_at(site->code, i)->alias, name))
			return 1;
	for (int i = 0; i < code_assign_count(site->code); i++)
		if (!strcmp(code_assign_at(site->code, i)->target, name))
			return 1;
	return 0;
}

const char *need_module(struct site *site, const char *module)
{
	const char *bound = module_name(site, module), *name = module;

	if (bound)
		return bound;
	int token = code_import_place(site->code);
	const struct code_token *at = code_token_at(site->code, token);
	size_t offset = at->kind == CODE_ENDMARKER ? site->length : line_begin(site, at->offset);

	/* Comments above the first statement belong to it, a "#!" line stays first. */
	if (is_taken(site, module)) {
		name = arena_format(heal_arena(site), "_%s", module);
		edit(site, EDIT_IMPORT, offset, 0, "import %s as %s\n", module, name);
	} else {
		edit(site, EDIT_IMPORT, offset, 0, "import %s\n", module);
	}
	return name;
}
