/* json.h - a report as INTERFACE's `report -o json`: {"agents":[…],"findings":[…],"suppressed":[…],"summary":{…},"exit"}. */
#ifndef FLEET_REPORT_JSON_H
#define FLEET_REPORT_JSON_H

#include <stdio.h>

struct json;
struct report;

/* Yours. `findings` are those that count; suppressed ones and those of the baseline stand apart. */
struct json *report_to_json(const struct report *report);
/* The same as text, one finding at a time: a tree of many of them takes more room than the report. */
void report_write_json(const struct report *report, FILE *out);

#endif
