/* schema.h - the tables, as numbered migrations. A new one is a new row; rows that shipped are never edited. */
#ifndef STORE_SCHEMA_H
#define STORE_SCHEMA_H

struct error;
struct sqlite3;

enum { STORE_APPLICATION_ID = 0x70696c6f /* "pilo" */ };

int schema_newest(void);
/* ERR_CONFLICT: the file is newer than this program, or another program's. */
int schema_check(struct sqlite3 *db, struct error *err);
/* Brings db from its user_version to the newest, each step in a transaction. */
int schema_migrate(struct sqlite3 *db, struct error *err);

#endif
