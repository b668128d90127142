#include "tui/screen/handover.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "base/loop.h"
#include "base/mem.h"
#include "estate/terminal.h"

enum state { OURS, WANTED, LENT, RETURNED, CLOSED };

struct handover {
	struct act_terminal terminal;
	struct loop *loop;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	enum state state; /* under lock */
};

static enum state state_of(struct handover *handover)
{
	pthread_mutex_lock(&handover->lock);
	enum state state = handover->state;
	pthread_mutex_unlock(&handover->lock);
	return state;
}

static void set_state(struct handover *handover, enum state state)
{
	pthread_mutex_lock(&handover->lock);
	if (handover->state != CLOSED)
		handover->state = state;
	pthread_cond_broadcast(&handover->changed);
	pthread_mutex_unlock(&handover->lock);
}

/* --- on the worker's thread --- */

static int take(void *arg, int *in, int *out, struct error *err)
{
	struct handover *handover = arg;
	int taken;

	pthread_mutex_lock(&handover->lock);
	if (handover->state == WANTED || handover->state == LENT) {
		pthread_mutex_unlock(&handover->lock);
		return error_set(err, ERR_CONFLICT, "the terminal is in use by another shell");
	}
	while (handover->state == RETURNED) /* the one before has just ended */
		pthread_cond_wait(&handover->changed, &handover->lock);
	int mine = handover->state == OURS;

	if (mine)
		handover->state = WANTED;
	loop_wake(handover->loop);
	while (mine && handover->state == WANTED)
		pthread_cond_wait(&handover->changed, &handover->lock);
	taken = mine && handover->state == LENT;
	pthread_mutex_unlock(&handover->lock);
	*in = STDIN_FILENO;
	*out = STDOUT_FILENO;
	return taken ? 0 : error_set(err, ERR_CANCELLED, "the terminal cannot be had: the console is ending, or another shell has it");
}

static void give_back(void *arg)
{
	struct handover *handover = arg;

	set_state(handover, RETURNED);
	loop_wake(handover->loop);
}

/* --- main thread --- */

struct handover *handover_new(struct loop *loop)
{
	struct handover *handover = mem_zero(1, sizeof(*handover));

	handover->terminal = (struct act_terminal){ .take = take, .give_back = give_back, .arg = handover };
	handover->loop = loop;
	pthread_mutex_init(&handover->lock, NULL);
	pthread_cond_init(&handover->changed, NULL);
	return handover;
}

void handover_free(struct handover *handover)
{
	if (!handover)
		return;
	pthread_cond_destroy(&handover->changed);
	pthread_mutex_destroy(&handover->lock);
	free(handover);
}

const struct act_terminal *handover_terminal(const struct handover *handover)
{
	return &handover->terminal;
}

int handover_turn(struct handover *handover, void (*aside)(void *arg), void (*back)(void *arg), void *arg)
{
	enum state state = state_of(handover);

	if (state == WANTED) {
		aside(arg);
		set_state(handover, LENT);
	} else if (state == RETURNED) {
		back(arg);
		set_state(handover, OURS);
	}
	return state == WANTED || state == LENT;
}

int handover_is_lent(const struct handover *handover)
{
	struct handover *own = handover->terminal.arg;

	return state_of(own) == LENT;
}

void handover_close(struct handover *handover)
{
	set_state(handover, CLOSED);
}
