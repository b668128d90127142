/* params.h - what a verb is given, checked against the kind's table. */
#ifndef GATE_PARAMS_H
#define GATE_PARAMS_H

struct error;
struct json;
struct kind_verb;

/* A new object with every parameter of the verb in its type, defaults filled in. Texts are converted ("4" for an integer).
 * NULL with ERR_INVALID: missing, unknown, or of the wrong type; the text names the parameter and what it takes. params may be NULL. */
struct json *params_check(const struct kind_verb *verb, const struct json *params, struct error *err);

#endif
