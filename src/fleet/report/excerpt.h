/* excerpt.h - a file somebody looks at because of a finding: its lines, harmless, every secret in it blanked. The file is scanned again for that, since
 * it may have changed; never opened through a link or outside the root. */
#ifndef FLEET_EXCERPT_H
#define FLEET_EXCERPT_H

struct error;
struct excerpt;
struct json;

/* root: of the audit. finding: as the lake has it ("path"). known: all findings of the lake that may be of that file, an array; what they call secret is
 * blanked too. NULL: it cannot be opened, is too large, or is no text; err says which. Blocks: for a worker. */
struct excerpt *excerpt_new(const char *root, const struct json *finding, const struct json *known, struct error *err);
void excerpt_free(struct excerpt *excerpt); /* NULL is fine */
/* Line n, from 1; NULL past the end. Valid until excerpt_free. */
const char *excerpt_line(const struct excerpt *excerpt, long n);

#endif
