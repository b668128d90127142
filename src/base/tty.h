/* tty.h - the terminal as a stream of bytes for a program at the far end: raw, and as it was again whatever happens. One at a time. */
#ifndef BASE_TTY_H
#define BASE_TTY_H

struct error;

/* Every key goes through, ^C too. 0, or -1: fd is no terminal, or one is raw already. */
int tty_raw(int fd, struct error *err);
/* As it was before tty_raw, with the modes off that a far program that ended unasked may have left on (mouse, alternate screen, scrolling
 * region). Nothing when it is not raw. Safe in a signal handler. */
void tty_restore(void);
/* 0, or -1: not known. */
int tty_size(int fd, int *columns, int *rows);

#endif
