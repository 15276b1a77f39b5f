/* tests/sim/trial.c - see trial.h. */
#include "tests/sim/trial.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/key.h"
#include "tests/sim/folder.h"

#define STALLED_S 120

/* What is synced to the disk costs nothing where there is none. */
static const char *memory_folder(void)
{
	const char *tmp = getenv("TMPDIR");

	if (tmp && tmp[0])
		return tmp;
	return access("/dev/shm", W_OK | X_OK) == 0 ? "/dev/shm" : "/tmp";
}

enum status trials_open(struct trials *t, struct error *e)
{
	struct world w;
	char made[HOST_PATH_MAX];

	(void)signal(SIGPIPE, SIG_IGN);
	key_keep_many();
	(void)snprintf(t->dir, sizeof(t->dir), "%.300s/qip-sim-XXXXXX", memory_folder());
	if (!mkdtemp(t->dir))
		return error_set(e, STATUS_IO, "cannot make a folder in %s", memory_folder());
	(void)snprintf(made, sizeof(made), "%s/made", t->dir);
	return world_make(&w, made, e);
}

void trials_close(struct trials *t)
{
	if (t->dir[0] && !t->keep)
		folder_remove(t->dir);
}

/* ---- in the process of its own ---- */

static void tell_counts(FILE *out, const struct run *r)
{
	const struct run_counts *c = &r->counts;

	(void)fprintf(out, "\001%zu %u %u %u %u %u %u %u %u\n", r->ledger.claims_len + r->ledger.entries_len, c->merges, c->refusals, c->retries,
		      c->mishaps, c->conflicts, c->orders, c->overlap, c->together);
}

static int run_here(const struct trials *t, const struct plan *plan, int to)
{
	static struct run run;
	char made[HOST_PATH_MAX], here[HOST_PATH_MAX];
	FILE *out = fdopen(to, "w");
	bool found = false;

	(void)alarm(STALLED_S);
	(void)snprintf(made, sizeof(made), "%s/made", t->dir);
	(void)snprintf(here, sizeof(here), "%s/seed-%llu-%ld", t->dir, (unsigned long long)plan->seed, (long)getpid());
	if (!out || folder_copy(made, here) != STATUS_OK)
		return 1;
	run_plan(&run, plan, here, out);
	found = run.findings > 0;
	tell_counts(out, &run);
	run_clear(&run);
	if (!found || !t->keep)
		folder_remove(here);
	return fclose(out) == 0 ? 0 : 1;
}

enum status trial_start(struct trial *out, const struct trials *t, const struct plan *plan, struct error *e)
{
	int ends[2] = {-1, -1};

	*out = (struct trial){.seed = plan->seed, .from = -1};
	if (fflush(NULL) != 0 || pipe(ends) != 0)
		return error_set(e, STATUS_IO, "no pipe to a run");
	out->pid = fork();
	if (out->pid == 0) {
		(void)close(ends[0]);
		_exit(run_here(t, plan, ends[1]));
	}
	(void)close(ends[1]);
	if (out->pid < 0) {
		(void)close(ends[0]);
		return error_set(e, STATUS_IO, "no process for a run");
	}
	out->from = ends[0];
	return STATUS_OK;
}

/* ---- what it says ---- */

static void take_counts(struct verdict *v)
{
	char *at = v->findings.len > 0 ? strchr((char *)v->findings.data, '\001') : NULL;
	struct run_counts *c = &v->counts;

	if (!at)
		return;
	(void)sscanf(at + 1, "%u %u %u %u %u %u %u %u %u", &v->edits, &c->merges, &c->refusals, &c->retries, &c->mishaps, &c->conflicts, &c->orders,
		     &c->overlap, &c->together);
	*at = '\0';
	v->findings.len = (size_t)(at - (char *)v->findings.data);
}

static void take_kind(struct verdict *v)
{
	const char *text = buf_text(&v->findings);
	size_t len = strcspn(text, "]");

	if (text[0] == '[' && text[len] == ']')
		(void)snprintf(v->kind, sizeof(v->kind), "%.*s", (int)len - 1, text + 1);
}

void trial_end(struct verdict *out, struct trial *trial)
{
	struct verdict v = {.seed = trial->seed};
	struct rusage used = {0};
	char part[4096];
	ssize_t n = 0;
	int status = 0;

	while ((n = read(trial->from, part, sizeof(part))) > 0)
		buf_add(&v.findings, part, (size_t)n);
	(void)close(trial->from);
	(void)wait4(trial->pid, &status, 0, &used);
	trial->pid = 0;
	take_counts(&v);
	if (WIFSIGNALED(status))
		buf_addf(&v.findings, "[%s] the run was ended by signal %d\n", WTERMSIG(status) == SIGALRM ? "stalled" : "crash", WTERMSIG(status));
	else if (WEXITSTATUS(status) != 0)
		buf_addf(&v.findings, "[crash] the run ended with status %d\n", WEXITSTATUS(status));
	take_kind(&v);
	v.cpu_s = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) + (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
	*out = v;
}

void verdict_clear(struct verdict *v)
{
	buf_clear(&v->findings);
}
