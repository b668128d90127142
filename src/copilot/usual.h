/* usual.h - what a question is about that names nothing: "why is cpu high". */
#ifndef COPILOT_USUAL_H
#define COPILOT_USUAL_H

struct estate;

/* "kubernetes" where a cluster is known, else "host": this machine is always there. For grammar_context.usual. */
const char *usual_resource(struct estate *estate);

#endif
