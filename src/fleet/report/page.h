/* page.h - a report as one HTML file that loads nothing, and as JUnit XML. */
#ifndef FLEET_REPORT_PAGE_H
#define FLEET_REPORT_PAGE_H

struct report;
struct text;

void report_to_html(const struct report *report, struct text *out);
/* One suite an agent, one failed case a finding; an agent without any has one that passed. */
void report_to_junit(const struct report *report, struct text *out);

#endif
