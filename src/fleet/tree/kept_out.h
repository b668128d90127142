/* kept_out.h - environment files that git leaves alone: a .gitignore takes them out and the index has them not. Only what lies in the root of the report is
 * read, and no git is run: a repository's configuration could have it run programs. */
#ifndef FLEET_KEPT_OUT_H
#define FLEET_KEPT_OUT_H

struct kept_out;
struct text;

/* root: descriptor of the report's root, open as long as it lives. Never NULL. Read only afterwards, by any thread. */
struct kept_out *kept_out_load(int root);
void kept_out_free(struct kept_out *kept_out);
/* 1: the .gitignore files from the root to the file's folder take it out, and the index of the root's repository has it not. 0: not, or not known. */
int kept_out_is(const struct kept_out *kept_out, const char *path);
/* Appends what else than files of the walk an answer depends on. */
void kept_out_add(const struct kept_out *kept_out, struct text *text);

#endif
