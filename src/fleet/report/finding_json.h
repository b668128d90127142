/* finding_json.h - a finding as `report -o json` and the lake have it, and back. */
#ifndef FLEET_FINDING_JSON_H
#define FLEET_FINDING_JSON_H

struct checks;
struct finding;
struct findings;
struct json;

struct json *finding_to_json(const struct finding *finding); /* yours */
/* Adds it to the list. -1: the shape is not ours, its path is outside the tree, or its rule is unknown now. */
int finding_from_json(const struct json *json, const struct checks *checks, struct findings *findings);

#endif
