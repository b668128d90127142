/* socket_owners.h - which process holds a socket, by the inode its descriptors point to. An answer is checked with one
 * readlink before it is believed again; only what is not known makes it walk /proc. Behind machine->lock. */
#ifndef PROVIDER_HOST_SOCKET_OWNERS_H
#define PROVIDER_HOST_SOCKET_OWNERS_H

#include <stddef.h>
#include <stdint.h>

struct machine;
struct socket_owners;

struct socket_owners *socket_owners_new(void);
void socket_owners_free(struct socket_owners *owners);
/* For each of the inodes the lowest pid that holds it, 0 when none is seen (no right to look, a kernel socket). */
void socket_owners_find(struct socket_owners *owners, const struct machine *machine, const uint64_t *inodes, int *pids, size_t count);

#endif
