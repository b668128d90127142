/* curl_late.h - libcurl, loaded at its first call (curl_late.c). Inside src/net. */
#ifndef NET_CURL_LATE_H
#define NET_CURL_LATE_H

int curl_late_is_there(void); /* loads it; 0: it cannot be had, the log says why. Any thread. */

#endif
