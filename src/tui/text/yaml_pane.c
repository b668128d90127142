/* yaml_pane.c - the whole object as its source has it. e edits it (console_act.c). */
#include <stdio.h>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "base/yaml.h"
#include "estate/estate.h"
#include "tui/asking.h"
#include "tui/console.h"
#include "tui/text/text_pane.h"

enum { YAML_MAX = 8 << 20 };

static void ask(struct asking *asking)
{
	struct text yaml;

	if (!asking->estate) {
		error_set(&asking->err, ERR_INVALID, "still opening; r tries again");
		return;
	}
	if (estate_get(asking->estate, &asking->ref, &asking->json, &asking->err))
		return;
	text_init(&yaml, YAML_MAX);
	yaml_format(asking->json, &yaml);
	asking->words = text_take(&yaml);
}

struct pane *yaml_new(struct console *console, const struct ref *ref)
{
	char title[700];

	snprintf(title, sizeof(title), "yaml %.60s/%.500s", ref->kind, ref->name);
	return text_pane_asking(console, title, ref, NULL, TEXT_YAML, ask);
}
