/* secrets.h - finds credentials in text. Rules are data (checks/secrets.yaml): id, keywords, pattern, where the value stands, entropy floor, checksum.
 * One multi-pattern pass (Vectorscan, or Aho-Corasick over the keywords), PCRE2 with captures only around a hit, then the judgement:
 * checksum, documented example, placeholder, entropy by alphabet and length. A value found never leaves this module. */
#ifndef FLEET_SECRETS_H
#define FLEET_SECRETS_H

#include <stddef.h>
#include <stdint.h>

struct checks;
struct error;
struct findings;
struct secret_rules;
struct secret_scanner;
struct source;

struct secret_rules_options {
	const struct checks *checks;
	int no_vectorscan;     /* the fallback, also where the library is absent: the same findings */
	const uint8_t *hash_key; /* 32 bytes for keyed hashes; of this machine, never of the report */
};
/* Reads the rules; the compiled database comes from the cache folder or the one built with the program, and is rebuilt when its
 * version, the rules or the processor differ. Shared by threads, frozen. NULL: ERR_FORMAT with file and line. */
struct secret_rules *secret_rules_load(const struct secret_rules_options *options, struct error *err);
void secret_rules_free(struct secret_rules *rules);
/* Reads the rules of one file alone, for `lint`. 0; -1: ERR_FORMAT, "PATH: line N: …". */
int secret_rules_check(const char *path, const struct checks *checks, struct error *err);
size_t secret_rules_count(const struct secret_rules *rules);
const char *secret_rules_engine(const struct secret_rules *rules); /* "vectorscan 5.4.9" "aho-corasick" */

/* One a thread. */
struct secret_scanner *secret_scanner_new(const struct secret_rules *rules);
void secret_scanner_free(struct secret_scanner *scanner);
/* Adds a finding for each credential in the source. Values inside base64, JSON and YAML strings are decoded once and looked at again; adjacent
 * string literals are joined; the place is that in the file. */
void secret_scan(struct secret_scanner *scanner, struct source *source, struct findings *findings);

#endif
