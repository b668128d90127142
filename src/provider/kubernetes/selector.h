/* selector.h - which labels a selector takes. Inside this folder. */
#ifndef PROVIDER_KUBERNETES_SELECTOR_H
#define PROVIDER_KUBERNETES_SELECTOR_H

struct json;

/* "a=b,c in (d)" from a LabelSelector or a service's plain map; you own it, NULL when it selects nothing. */
char *selector_text(const struct json *selector);
/* A LabelSelector ({"matchLabels","matchExpressions"}): without any condition it takes everything (labels.Everything()); NULL takes nothing. */
int selector_takes(const struct json *selector, const struct json *labels);
/* A plain map, as a service has it: an empty one takes nothing. */
int selector_map_takes(const struct json *map, const struct json *labels);

#endif
