/* approve_private.h - what the files of the approval dialog share. */
#ifndef TUI_APPROVE_PRIVATE_H
#define TUI_APPROVE_PRIVATE_H

#include "tui/dialog/input.h"
#include "tui/pane.h"
#include "tui/text/text_view.h"

struct asking;
struct gate;
struct json;
struct plan;

enum stage {
	STAGE_CHECKING,  /* is it still good? the gate looks at the target */
	STAGE_OPEN,      /* can be approved */
	STAGE_ENOUGH,    /* needs no approval, or has them all: can be run */
	STAGE_WAITING,   /* approved by this person, others are needed */
	STAGE_VOID,      /* expired or drifted */
	STAGE_REFUSED,   /* read-only, dry run, or the policy denies */
	STAGE_WORKING,   /* approval is under way */
};

struct approve {
	struct pane pane;
	struct plan *plan;
	struct text_view view;
	struct input typed;
	struct asking *asking;
	struct json *drift;
	enum stage stage;
	enum style said_style;
	char said[400];
	char name[512];        /* to be typed; "" not protected */
	int asked_key;
	int built_columns;
	unsigned version;      /* of the gate, as last looked at */
};

struct gate *approve_gate(const struct approve *approve); /* NULL: not open */
int approve_name_is_typed(const struct approve *approve); /* also when none has to be */
int approve_is_expired(const struct approve *approve);
void approve_expire(struct approve *approve);
void approve_draw(struct pane *pane, struct rect area); /* approve_draw.c */

#endif
