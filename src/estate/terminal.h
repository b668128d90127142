/* terminal.h - the terminal of whoever sits there, for an act that needs a person (a shell): who has it lends it and gets it back. */
#ifndef ESTATE_TERMINAL_H
#define ESTATE_TERMINAL_H

struct error;

struct act_terminal {
	/* Blocks until the terminal is free to use, as it was found by its owner: not raw. 0 with two descriptors, or -1: it cannot be had. */
	int (*take)(void *arg, int *in, int *out, struct error *err);
	void (*give_back)(void *arg); /* after each take that succeeded, the terminal being as take gave it */
	void *arg;
};

#endif
