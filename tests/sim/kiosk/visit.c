/* tests/sim/kiosk/visit.c - part of a day: patients answer, the kiosk syncs. Where the power may fail it is lived by a child, which dies of it. */
#include "tests/sim/kiosk/year.h"

#define DEVICE "kib-kiosk"
#define DIED 42

static struct qip *open_home(struct year *y)
{
	struct qip *q = NULL;

	OK(qip_open(&q, &(struct qip_options){.home = practice_path(&y->practice, DEVICE), .env = &y->env, .lock_wait_ms = 1000}, &last_error));
	if (y->sent_bytes)
		q->sent_bytes = y->sent_bytes;
	return q;
}

static void join(struct year *y)
{
	char code[CODE_TEXT_MAX];
	struct papers papers;
	struct qip_sync_report report;

	OK(qip_invite(code, y->boss, DEVICE, ROLE_KIOSK, "kibworth", &last_error));
	OK(qip_sync(y->boss, &report, &last_error));
	OK(practice_join(&y->practice, DEVICE, code, &papers));
}

void visit_begin(struct year *y)
{
	practice_start(&y->practice);
	proxy_start(&y->line, &y->practice);
	y->boss = practice_manager(&y->practice, "manager");
	join(y);
	world_init(y);
}

void visit_end(struct year *y)
{
	qip_close(y->boss);
	proxy_stop(&y->line);
	if (y->keep) {
		practice_kill(&y->practice, SIGKILL);
		printf("kept: %s\n", y->practice.dir);
	} else
		practice_stop(&y->practice);
	free(y->thanked);
}

static void answer(struct year *y, struct qip *q, int count, int to)
{
	struct qip_capture *c = NULL;
	struct thanked t = {.told = false};
	uint64_t seq = 0;

	OK(qip_capture_open(&c, q, &last_error));
	for (int i = 0; i < count; i++) {
		OK(id_make(t.id, &y->env));
		t.at_ms = world_now_ms(y);
		t.told = false;
		assert_int_equal(write(to, &t, sizeof(t)), sizeof(t));
		OK(practice_capture(c, t.id, "good", NULL, &seq));
		t.told = true;
		assert_int_equal(write(to, &t, sizeof(t)), sizeof(t));
	}
	qip_capture_close(c);
}

/* The exit status of a visit without a power cut: did the sync go through? */
static int live(struct year *y, int answers, int to)
{
	struct qip_sync_report report;
	struct qip *q = open_home(y);
	enum status st;

	answer(y, q, answers, to);
	st = qip_sync(q, &report, &last_error);
	qip_close(q);
	if (st != STATUS_OK && st != STATUS_NETWORK && st != STATUS_TIMEOUT && st != STATUS_MALFORMED)
		fprintf(stderr, "a sync failed: %s\n", last_error.text);
	return st == STATUS_OK ? 0 : st == STATUS_NETWORK || st == STATUS_TIMEOUT || st == STATUS_MALFORMED ? 1 : 2;
}

static int live_in_child(struct year *y, int answers, int to)
{
	int status = 0;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(live(y, answers, to));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void take_thanks(struct year *y, int from)
{
	struct thanked t;

	while (read(from, &t, sizeof(t)) == (ssize_t)sizeof(t))
		account_thanked(y, &t);
	(void)close(from);
}

void visit(struct year *y, int answers)
{
	int pipes[2], outcome;

	assert_int_equal(pipe(pipes), 0);
	outcome = y->steps_left >= 0 ? live_in_child(y, answers, pipes[1]) : live(y, answers, pipes[1]);
	(void)close(pipes[1]);
	take_thanks(y, pipes[0]);
	y->syncs++;
	y->failed_syncs += outcome != 0;
	if (outcome == DIED) {
		y->power_cuts++;
		world_boot(y);
	}
	assert_int_not_equal(outcome, 2);
}
