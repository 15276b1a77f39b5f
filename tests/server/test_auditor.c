#include "tests/server/fixture.h"

#include <pthread.h>

#define MOVE_MS 1000 /* a push that nothing holds up is merged well within */

/* A push by the manager that sets out while the host makes its own head. */
struct meanwhile {
	struct buf body;
	pthread_t thread;
	bool started;
	int code;
	bool accepted;
};

static void *push_meanwhile(void *arg)
{
	struct meanwhile *m = arg;
	struct reply r;

	push_raw(&r, &w, &manager, &m->body);
	m->code = r.code;
	m->accepted = strstr(buf_text(&r.body), "ok refs/devices/manager") != NULL;
	reply_clear(&r);
	return NULL;
}

/* The host asks for random numbers once it has looked at the log: time for the push. It is given its chance to move the
 * log, and a little longer than it needs. */
static enum status random_and_push(void *ctx, uint8_t *out, size_t len)
{
	struct meanwhile *m = ctx;
	struct oid before = server_ref(&w, "refs/heads/main"), now = before;

	if (!m->started) {
		m->started = true;
		assert_int_equal(pthread_create(&m->thread, NULL, push_meanwhile, m), 0);
		for (int i = 0; i < MOVE_MS / 10 && oid_equal(&before, &now); i++) {
			(void)poll(NULL, 0, 10);
			now = server_ref(&w, "refs/heads/main");
		}
	}
	return env_system()->random(env_system()->ctx, out, len);
}

static void an_auditor_can_be_added_while_the_log_moves(void **state)
{
	struct meanwhile m = {.body = BUF_INIT};
	struct env env = *env_system();
	struct oid main_id = fetch_main(&w), id;
	struct stamp stamp = {
		.device = "manager", .by = "manager", .effective = "2026-01-01", .at = "2026-01-01T00:00:00.000Z"};
	struct file file = {"sites/oadby.json", OBJECT("schema", "site/1", "id", "oadby")};
	struct store *store = NULL;
	struct practice *p = NULL;
	struct invite invite;
	struct error e = {STATUS_OK, ""};

	(void)state;
	ok(id_make(stamp.id, env_system()));
	ok(record_set(file.record, "name", cJSON_CreateString("Oadby"), &stamp, NULL));
	id = commit(&w, &manager, &main_id, &file, 1);
	push_body(&m.body, &w, "refs/devices/manager", &manager.head, &id, &manager.head);
	env.random = random_and_push;
	env.ctx = &m;
	ok(store_open(&store, w.server, NULL));
	ok(practice_open(&p, w.server, store, ODS, NULL));
	if (auditor_add(&invite, p, "lpt-audit", w.config.authority->ca_fingerprint, &env, &e) != STATUS_OK)
		fail_msg("%s", e.text);
	assert_int_equal(pthread_join(m.thread, NULL), 0);
	assert_int_equal(m.code, 200);
	assert_true(m.accepted);
	assert_sound(&w);
	invite_clear(&invite);
	practice_close(p);
	store_close(store);
	buf_clear(&m.body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_auditor_can_be_added_while_the_log_moves),
	};
	struct error e = {STATUS_OK, ""};

	if (repo_init_library(&e) != STATUS_OK)
		return 1;
	return cmocka_run_group_tests(tests, open_practice, close_practice);
}
