/* handover.h - the terminal, lent by the console to an act that needs a person (a shell in a container). A worker asks and waits; the main
 * thread steps aside at its next turn and comes back when it is given back. It goes on watching and storing meanwhile; it draws nothing. */
#ifndef TUI_HANDOVER_H
#define TUI_HANDOVER_H

struct act_terminal;
struct handover;
struct loop;

struct handover *handover_new(struct loop *loop);
void handover_free(struct handover *handover); /* NULL is fine; nobody may be waiting */
/* For the gate. Valid as long as the handover. */
const struct act_terminal *handover_terminal(const struct handover *handover);
/* Main thread, once a turn: steps aside or comes back when that is asked. aside() and back() leave the screen and return to it. 1 while it is lent. */
int handover_turn(struct handover *handover, void (*aside)(void *arg), void (*back)(void *arg), void *arg);
int handover_is_lent(const struct handover *handover);
/* Who waits is told that it cannot be had; nobody gets it any more. */
void handover_close(struct handover *handover);

#endif
