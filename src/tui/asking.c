#include "tui/asking.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/mem.h"
#include "gate/plan.h"
#include "tui/console.h"

static void run(struct job *job)
{
	struct asking *asking = (struct asking *)job;

	if (!atomic_load(&job->cancelled))
		asking->ask(asking);
}

static void release(struct asking *asking)
{
	json_free(asking->input);
	json_free(asking->json);
	json_free(asking->more);
	plan_free(asking->plan);
	free(asking->words);
	free(asking);
}

static void done(struct job *job)
{
	struct asking *asking = (struct asking *)job;

	if (asking->pane) {
		*asking->slot = NULL;
		if (!atomic_load(&job->cancelled))
			asking->answered(asking->pane, asking);
	}
	release(asking);
}

struct asking *asking_new(struct console *console, struct asking **slot, void *pane, void (*ask)(struct asking *asking),
	void (*answered)(void *pane, struct asking *asking))
{
	struct asking *asking = mem_zero(1, sizeof(*asking));

	asking_stop(slot);
	asking->job = (struct job){ .run = run, .done = done };
	asking->console = console;
	asking->gate = console_gate(console);
	asking->estate = console_estate(console);
	asking->ask = ask;
	asking->answered = answered;
	asking->pane = pane;
	asking->slot = slot;
	*slot = asking;
	return asking;
}

void asking_send(struct asking *asking)
{
	console_submit(asking->console, &asking->job);
}

int asking_spawn(struct asking *asking)
{
	if (!console_spawn(asking->console, &asking->job))
		return 0;
	*asking->slot = NULL;
	release(asking);
	return -1;
}

void asking_stop(struct asking **slot)
{
	struct asking *asking = *slot;

	if (!asking)
		return;
	asking->pane = NULL;
	atomic_store(&asking->job.cancelled, 1);
	*slot = NULL;
}
