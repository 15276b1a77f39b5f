/* server/jobs.h - requests at work: a few threads and one queue. Jobs that are exclusive to the same owner (pushes to
 * one practice) run one after the other, in the order they came, and take no thread while they wait: other owners' jobs
 * pass them. Heavy ones, that may keep the processor for long, take a quarter of the threads at most: whatever is sent,
 * the others are served. Who has several jobs waiting gets them done in turn with everybody else's: a device that sends push after
 * push keeps itself waiting, not its practice. */
#ifndef QIP_SERVER_JOBS_H
#define QIP_SERVER_JOBS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/status.h"

struct job {
	void (*run)(void *arg); /* the job's memory may be gone when it returns */
	void *arg;
	const void *exclusive; /* the owner, compared by address; NULL: runs beside everything */
	bool heavy;	       /* may take seconds of the processor */
	const char *who;       /* asks for it; NULL: nobody in particular. Must live until the job runs */
	unsigned turn;	       /* the queue's: how many of the same asker's waited when it came */
	struct job *next;      /* the queue's */
};

struct jobs;

enum status jobs_open(struct jobs **out, int threads, struct error *e) MUST_CHECK;
/* Other than so many from now on: more start, the last ones end once they have nothing to do. STATUS_NOMEM: fewer than asked for. */
enum status jobs_resize(struct jobs *q, int threads, struct error *e) MUST_CHECK;
/* `job` stays the caller's and must live until it runs. */
void jobs_submit(struct jobs *q, struct job *job);
/* How many wait for a thread. */
size_t jobs_waiting(struct jobs *q);
/* Runs what is queued, then ends the threads. */
void jobs_close(struct jobs *q);

#endif
