/* Imports that repairs of Python need: reused where they are, else added after docstring and `from __future__`. */
#include <string.h>

#include "base/arena.h"
#include "fleet/heal/private.h"

static int is_same(const char *a, const char *b)
{
	return a && !strcmp(a, b);
}

/* A function has a parameter or a variable of that name: within it the name is no module's. */
static int is_shadowed(const struct site *site, const char *name)
{
	for (int f = 0; f < code_function_count(site->code); f++) {
		const struct code_function *function = code_function_at(site->code, f);

		for (int k = 0; k < function->parameter_count; k++)
			if (is_same(code_parameter_at(site->code, function->parameters + k)->name, name))
				return 1;
	}
	for (int i = 0; i < code_assign_count(site->code); i++)
		if (is_same(code_assign_at(site->code, i)->target, name))
			return 1;
	return 0;
}

/* Whether the import has run when the place is reached: it stands outside of blocks, and before what stands outside of functions. */
static int holds_here(const struct site *site, const struct code_import *import)
{
	return import->function < 0 && !code_token_at(site->code, import->token)->column && (site_function(site) || token_offset(site, import->token) < site->finding->place.offset);
}

/* The name `import MODULE` or `import MODULE as X` bound; NULL: none that holds here. */
static const char *module_name(const struct site *site, const char *module)
{
	for (int i = 0; i < code_import_count(site->code); i++) {
		const struct code_import *import = code_import_at(site->code, i);

		if (!import->name && is_same(import->module, module) && holds_here(site, import) && !is_shadowed(site, import->alias))
			return import->alias;
	}
	return NULL;
}

/* A name the file uses for something else. */
static int is_taken(const struct site *site, const char *name, const char *module)
{
	for (int i = 0; i < code_function_count(site->code); i++)
		if (!strcmp(code_function_at(site->code, i)->name, name))
			return 1;
	for (int i = 0; i < code_class_count(site->code); i++)
		if (is_same(code_class_at(site->code, i)->name, name))
			return 1;
	for (int i = 0; i < code_import_count(site->code); i++) {
		const struct code_import *import = code_import_at(site->code, i);

		if (is_same(import->alias, name) && (import->name || !is_same(import->module, module)))
			return 1;
	}
	return is_shadowed(site, name);
}

const char *need_module(struct site *site, const char *module)
{
	const char *bound = module_name(site, module), *name = module, *before = "";

	if (bound)
		return bound;
	const struct code_token *at = code_token_at(site->code, code_import_place(site->code));
	size_t offset = at->kind == CODE_ENDMARKER ? site->length : line_begin(site, at->offset);

	if (offset == site->length && offset && site->text[offset - 1] != '\n')
		before = "\n";
	if (is_taken(site, module, module))
		name = arena_format(heal_arena(site), "_%s", module);
	edit(site, EDIT_IMPORT, offset, 0, name == module ? "%simport %s\n" : "%simport %s as %s\n", before, module, name);
	return name;
}
