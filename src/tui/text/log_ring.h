/* log_ring.h - the newest lines of a log within so many bytes. One thread at a time. */
#ifndef TUI_LOG_RING_H
#define TUI_LOG_RING_H

#include <stddef.h>
#include <stdint.h>

struct log_ring;

struct log_line {
	int64_t at_ns;      /* 0 unknown */
	const char *source; /* harmless; "" none */
	const char *text;   /* harmless */
};

struct log_ring *log_ring_new(size_t max_bytes);
void log_ring_free(struct log_ring *ring);
void log_ring_clear(struct log_ring *ring);
/* Copies, made harmless; a line is at most 16 KiB. The oldest go when there is no room. */
void log_ring_add(struct log_ring *ring, int64_t at_ns, const char *source, const char *text, size_t length);
void log_ring_each(const struct log_ring *ring, void (*on_line)(void *arg, const struct log_line *line), void *arg); /* oldest first */
void log_ring_sort(struct log_ring *ring);                /* by time; lines of one time, and those that have none, keep their order */
int64_t log_ring_newest(const struct log_ring *ring);     /* time of the last line that has one; 0 none */
size_t log_ring_count(const struct log_ring *ring);
size_t log_ring_bytes(const struct log_ring *ring);
size_t log_ring_dropped(const struct log_ring *ring);
/* "ERROR", "error:", "level=error", "panic", "FATAL", "Traceback" …: words, not parts of words. */
int log_line_is_error(const char *text);

#endif
