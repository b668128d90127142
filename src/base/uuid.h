/* uuid.h - UUIDv7 (RFC 9562 5.7): ordered by time, also within one millisecond of this process. */
#ifndef BASE_UUID_H
#define BASE_UUID_H

enum { UUID_MAX = 37 };
void uuid_v7(char out[UUID_MAX]);

#endif
