/* kiosk/thread.h - a thread with a stack of no more than it needs. */
#ifndef QIP_KIOSK_THREAD_H
#define QIP_KIOSK_THREAD_H

#include <pthread.h>

/* An errno value, or 0. Some machines take no stack below 128 KiB. */
int thread_start(pthread_t *out, size_t stack_bytes, void *(*run)(void *arg), void *arg);

#endif
