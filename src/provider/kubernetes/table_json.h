/* table_json.h - the server's Table answers (meta.k8s.io/v1), read row by row out of the bytes as they came: no tree,
 * nothing kept. Pure; the bytes are outside text and may hold anything. */
#ifndef PROVIDER_KUBERNETES_TABLE_JSON_H
#define PROVIDER_KUBERNETES_TABLE_JSON_H

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

struct error;

enum { TABLE_COLUMNS_MAX = 64, TABLE_CELL_MAX = 4096, TABLE_ROW_MAX = 64 * 1024 };

struct table_column {
	char name[64], type[16];
	int priority; /* > 0: only in wide output */
};

struct table_head {
	char kind[48];             /* "Table"; "Status"; else a server that knows no Table answered with a list */
	char resource_version[64]; /* "" none */
	const char *token;         /* of the next page; length 0: this was the last. Points into the bytes */
	size_t token_length;
	int64_t remaining;         /* items after this page; -1 unknown */
	struct table_column columns[TABLE_COLUMNS_MAX];
	size_t column_count;       /* 0 in all events of a watch but the first */
	int code;                  /* of a Status */
	char reason[48], message[200];
	const char *rows, *end;    /* private: where the rows begin */
};

struct table_row {
	size_t count;
	const char *cells[TABLE_COLUMNS_MAX]; /* valid until the next row */
	size_t lengths[TABLE_COLUMNS_MAX];
	/* Of the row's object where the answer carries metadata; "" else. */
	const char *name, *namespace_, *uid, *resource_version, *created, *deleted, *labels /* "a=b,c=d" */, *manager;
	const char *object;    /* its bytes; length 0: null */
	size_t object_length;
	struct text store;     /* private */
};

/* 0, or -1 with ERR_FORMAT. *head points into bytes. */
int table_json_open(const char *bytes, size_t length, struct table_head *head, struct error *err);
void table_row_init(struct table_row *row);
void table_row_release(struct table_row *row);
/* 1 with the next row, 0 after the last, -1 with ERR_FORMAT. */
int table_json_next(struct table_head *head, struct table_row *row, struct error *err);

/* One line of a watch: {"type":…,"object":…}; the object's bytes for table_json_open. -1: ERR_FORMAT. */
int table_json_event(const char *line, size_t length, char type[16], const char **object, size_t *object_length, struct error *err);

#endif
