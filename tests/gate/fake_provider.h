/* fake_provider.h - a provider whose whole world is a shared page: what it did stays to be looked at after the process that did it was
 * killed. Kind "things": a size, with resize (undone by resizing back), make (undone by remove), remove (not undone) and poke. */
#ifndef TESTS_GATE_FAKE_PROVIDER_H
#define TESTS_GATE_FAKE_PROVIDER_H

#include <stdatomic.h>

#include "base/error.h"
#include "estate/act.h"

enum { FAKE_THINGS = 8, FAKE_ACTS = 64 };

struct fake_act {
	char verb[16], name[32];
	int size;
};

enum fake_answer { FAKE_TRUTH, FAKE_UNKNOWN, FAKE_PARTIAL };

struct fake_world {
	int size[FAKE_THINGS], gone[FAKE_THINGS], touched[FAKE_THINGS]; /* of "t0" "t1" … */
	struct fake_act acts[FAKE_ACTS];
	atomic_int count;         /* acts that had their effect */
	atomic_int calls;         /* of act(), whatever became of it */
	atomic_int observed;
	/* what is to happen, by the number of the call (0 first); -1 never */
	int refuse_at;            /* answers ERR_FORBIDDEN, nothing done */
	int lose_at;              /* does it, answers lose_code */
	int drop_at;              /* does nothing, answers lose_code */
	int half_at;              /* does it and says that it is a part only: ERR_CANCELLED */
	enum error_code lose_code;
	enum fake_answer answer;  /* of reconcile */
	int reconciled;
	int die_before_at, die_after_at; /* killed inside act, before or after its effect */
	int die_observing_at;     /* killed in that look (1 first) */
	int no_get;               /* get fails with ERR_UNREACHABLE */
	char team[32];            /* the label of every thing */
	void (*inside)(const struct act_request *request); /* called within act, before the effect */
};

extern const struct provider_ops fake_ops;
extern struct fake_world *fake_world;

/* A temporary home with that kind and the policies (NULL: the built-in ones), and a new world. Once a process. */
void fake_begin(const char *policies);
void fake_reset(void); /* a new world, the same home */
void fake_end(void);   /* the home is removed */
const char *fake_home(void);
struct ref fake_ref(const char *namespace_, int thing); /* "dev" "prod" … */

#endif
