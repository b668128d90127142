/* Which states of an agent may go: all but the newest, and never the one its latest.json is of. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "provider/lake/provider.h"
#include "store/evidence.h"

static void add_agent(const char *folder, const struct evidence *latest, size_t keep, char ***names, size_t *count)
{
	struct evidence_list states = { 0 };

	evidence_history(folder, latest->hash, EVIDENCE_HEAD, &states);
	for (size_t i = 0; i + keep < states.count; i++) { /* oldest first */
		if (!strcmp(states.rows[i].content, latest->content))
			continue;
		*names = mem_grow(*names, *count + 1, sizeof(**names));
		(*names)[(*count)++] = mem_text(states.rows[i].name);
	}
	evidence_list_release(&states);
}

char **lake_prune_names(const char *folder, size_t keep, size_t *count, struct error *err)
{
	struct evidence_list latest;
	char **names = NULL;

	*count = 0;
	if (evidence_latest(folder, &latest, err))
		return NULL;
	for (size_t i = 0; i < latest.count; i++)
		add_agent(folder, &latest.rows[i], keep, &names, count);
	evidence_list_release(&latest);
	return names ? names : mem_zero(1, sizeof(*names));
}
