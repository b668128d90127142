/* checker.h - the architecture and policy checks over the files of one agent, then over the agent as a whole. One a thread; told of the files in
 * order, it keeps what the whole needs to know and no file's text. */
#ifndef FLEET_CHECKER_H
#define FLEET_CHECKER_H

struct agent;
struct checker;
struct checks;
struct findings;
struct source;
struct error;
struct walk;

/* NULL: a house rule whose pattern cannot be used; names file and line. checks must outlive it. */
struct checker *checker_new(const struct checks *checks, struct error *err);
void checker_free(struct checker *checker);
/* The whole tree the files are of, once before the first agent: lock files above an agent and CODEOWNERS count for it. Not needed. */
void checker_tree(struct checker *checker, const struct walk *walk);
/* agent NULL: files that belong to none: only what does not need one is looked for (Dockerfiles, workflows, house rules). */
void checker_begin(struct checker *checker, const struct agent *agent);
/* findings already holds what secret_scan found in this file: checks of context (a secret in a prompt, SEC006) may change their rule. */
void checker_file(struct checker *checker, struct source *source, struct findings *findings);
/* Why the file told of last was not looked at whole, though there is something to look at; NULL: it was. Valid until the next. */
const char *checker_skipped(const struct checker *checker);
void checker_end(struct checker *checker, struct findings *findings);

#endif
