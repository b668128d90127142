/* demo.h - the simulated estate as a process of its own: servers on loopback, and a folder for all state of the demo. It ends, and
 * the folder goes, with the process that began it, however that ends. */
#ifndef CLI_DEMO_H
#define CLI_DEMO_H

#include <sys/types.h>

struct error;

struct demo {
	pid_t child;
	char folder[256];
};

/* Starts it and turns this process towards it: PILOTHOUSE_HOME, KUBECONFIG and the database are the demo's from here on. To be called before
 * anything asked for a folder. 0, or -1 and nothing is left behind. */
int demo_begin(struct demo *demo, const char *scenario, struct error *err);
void demo_end(struct demo *demo); /* waits until all of it is gone */

#endif
