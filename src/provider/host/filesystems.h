/* filesystems.h - mounted filesystems with space and inodes. */
#ifndef PROVIDER_HOST_FILESYSTEMS_H
#define PROVIDER_HOST_FILESYSTEMS_H

#include <stddef.h>

struct proctext;

struct mount { /* one line of /proc/self/mountinfo, proc(5) */
	char point[1024], source[512], type[64], device[24] /* "254:0" */, root[512];
	int read_only;
};
/* 0, or -1 when the line is none. */
int mount_parse(struct proctext line, struct mount *out);
int mount_is_pseudo(const struct mount *mount);  /* holds nothing of its own: proc, cgroup … */
int mount_is_network(const struct mount *mount); /* may hang: asked through a child with a deadline */

#endif
