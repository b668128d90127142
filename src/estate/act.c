#include "estate/act.h"

#include "base/json.h"

void act_preview_release(struct act_preview *preview)
{
	json_free(preview->before);
	json_free(preview->after);
	json_free(preview->blast);
	json_free(preview->undo);
	*preview = (struct act_preview){ .seconds = -1 };
}

void act_result_release(struct act_result *result)
{
	json_free(result->output);
	json_free(result->undo);
	*result = (struct act_result){ 0 };
}
