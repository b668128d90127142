/* sarif.h - a report as SARIF 2.1.0 (OASIS), as code scanning services take it. */
#ifndef FLEET_REPORT_SARIF_H
#define FLEET_REPORT_SARIF_H

struct json;
struct report;

/* Yours. One run; paths are relative to %SRCROOT%, fingerprints hold no line numbers; past 25,000 results the least severe are cut, and a
 * notification says so. */
struct json *report_to_sarif(const struct report *report);

#endif
