/* log.h - the program's own log: a file in the state folder or stderr; LOG_LEVEL, LOG_FORMAT=json|text.
 * Every line passes secret_redact and safe_add. Never the terminal while the console owns it. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

void log_init(const char *path_or_null); /* NULL: stderr; reads LOG_LEVEL (default warn) and LOG_FORMAT */
int log_knows_level(const char *name); /* "warn", "WARNING", "critical" … */
/* What the configuration says, over what log_init read; NULL: stays as it is. file: where lines go from now on. */
void log_configure(const char *level, const char *format, const char *file);
void log_done(void);
void log_write(enum log_level level, const char *area, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
