/* The server's Table answers and events of a watch: any bytes give rows within bounds, or an error.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "provider/kubernetes/rows.h"
#include "provider/kubernetes/table_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_all(const char *bytes, size_t length)
{
	struct table_head head;
	struct table_row row;
	size_t sum = 0;

	if (table_json_open(bytes, length, &head, NULL))
		return;
	table_row_init(&row);
	while (table_json_next(&head, &row, NULL) > 0)
		for (size_t i = 0; i < row.count; i++) {
			if (strlen(row.cells[i]) > TABLE_ROW_MAX * 8 ||
				row.lengths[i] > TABLE_CELL_MAX + 4)
				abort();
			for (size_t k = 0; k <= row.lengths[i]; k++)
				sum += (unsigned char)row.cells[i][k];
			rows_parse_duration(row.cells[i], row.lengths[i]);
			rows_parse_quantity(row.cells[i]);
		}
	table_row_release(&row);
	if (sum == SIZE_MAX)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *bytes = malloc(size ? size : 1); /* exact: a read past the end is seen */
	const char *object;
	size_t length;
	char type[16];

	if (!bytes)
		return 0;
	memcpy(bytes, data, size);
	read_all(bytes, size);
	if (!table_json_event(bytes, size, type, &object, &length, NULL))
		read_all(object, length);
	free(bytes);
	return 0;
}
