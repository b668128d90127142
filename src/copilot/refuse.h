/* refuse.h - reasons to ask back that have to do with targets and amounts. Private to refuse*.c. */
#ifndef COPILOT_REFUSE_H
#define COPILOT_REFUSE_H

struct reading;

int refuse_number_unusable(const struct reading *reading); /* "cart to 0.5 replicas" */
int refuse_lacks_target(const struct reading *reading);
int refuse_lacks_destination(const struct reading *reading);
int refuse_lacks_amount(const struct reading *reading);

#endif
