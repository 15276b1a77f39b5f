/* tests/sim/trial.h - runs in processes of their own, so that a crash or a stall is a finding like any other. */
#ifndef QIP_TESTS_SIM_TRIAL_H
#define QIP_TESTS_SIM_TRIAL_H

#include <sys/types.h>

#include "core/buf.h"
#include "tests/sim/run.h"

struct trials {
	char dir[HOST_PATH_MAX - 64]; /* of the made world and the copies of it */
	bool keep;                    /* copies in which something was found */
};

struct trial {
	uint64_t seed;
	pid_t pid; /* 0: none */
	int from;  /* what it has to say */
};

/* How one ended. */
struct verdict {
	uint64_t seed;
	struct buf findings; /* a line each; empty: none */
	char kind[32];       /* of the first */
	struct run_counts counts;
	unsigned edits;
	double cpu_s;
};

/* Make the world that all trials start from, in a temporary folder. */
enum status trials_open(struct trials *t, struct error *e) MUST_CHECK;
void trials_close(struct trials *t);
enum status trial_start(struct trial *out, const struct trials *t, const struct plan *plan, struct error *e) MUST_CHECK;
/* Wait for it. *out is to be cleared. */
void trial_end(struct verdict *out, struct trial *trial);
void verdict_clear(struct verdict *v);

/* Leave steps and changes of a failing plan out as long as the same kind of finding comes; what is found then. */
void shrink(struct verdict *out, struct plan *plan, const struct trials *t, const char *kind);

#endif
