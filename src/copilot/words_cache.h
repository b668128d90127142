/* words_cache.h - the vocabulary as it lies in memory, kept in words.bin of the cache folder: reading the YAML anew would be two
 * thirds of what one sentence on the command line costs. One of the program's own words is made with the program and lies in the data folder. Bound to
 * what the files held it was made of; a damaged or foreign one is no cache. */
#ifndef COPILOT_WORDS_CACHE_H
#define COPILOT_WORDS_CACHE_H

struct words;

/* paths: of the files, ended by NULL. NULL: none, older than the files, damaged, or of another program. Yours, words_free(). */
struct words *words_cache_load(char *const *paths);
/* A folder that cannot be written costs time only. */
void words_cache_save(const struct words *words, char *const *paths);

#endif
