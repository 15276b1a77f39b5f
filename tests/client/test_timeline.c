/* tests/client/test_timeline.c - a practice's history, told in the order of its graph. */
#include "client/timeline.h"
#include "tests/support/practice_fixture.h"

#define MAX_STEPS 64

struct story {
	struct oid ids[MAX_STEPS];
	int64_t index[MAX_STEPS]; /* of the merge; -1 for none */
	size_t len;
	size_t stop_at; /* 0: never */
};

static enum status keep(void *ctx, const struct timeline_step *step, struct error *e)
{
	struct story *s = ctx;

	(void)e;
	assert_true(s->len < MAX_STEPS);
	s->ids[s->len] = step->id;
	s->index[s->len++] = step->merge ? step->merge->index : -1;
	return s->stop_at && s->len == s->stop_at ? STATUS_DENIED : STATUS_OK;
}

static struct story walk(const struct oid *tip)
{
	struct timeline_options o = {.main = &p.main, .tip = tip};
	struct story s = {0};
	struct error e = {0};

	if (timeline_walk(p.repo, &o, keep, &s, &e) != STATUS_OK)
		fail_msg("%s", e.text);
	return s;
}

static size_t place(const struct story *s, const struct oid *id)
{
	for (size_t i = 0; i < s->len; i++)
		if (oid_equal(&s->ids[i], id))
			return i;
	return MAX_STEPS;
}

/* A device's commits of answers 1..n, and where each stands. */
static void answer(int64_t first, int64_t last, struct oid *ids)
{
	for (int64_t seq = first; seq <= last; seq++) {
		char path[TREE_PATH_MAX];

		policy_feedback_path(path, kiosk->id, (uint64_t)seq);
		practice_write(&p, kiosk, path, practice_answer(&p, kiosk->id, seq));
		ids[seq - first] = kiosk->tip;
	}
}

static void tells_every_commit_once_and_parents_first(void **state)
{
	struct oid ids[4];
	struct story s;

	(void)state;
	answer(1, 2, ids);
	practice_push(&p, kiosk);
	answer(3, 4, ids + 2);
	practice_push(&p, kiosk);
	s = walk(NULL);
	for (size_t i = 0; i < s.len; i++)
		for (size_t k = i + 1; k < s.len; k++)
			assert_false(oid_equal(&s.ids[i], &s.ids[k]));
	for (size_t i = 0; i < 4; i++) {
		assert_true(place(&s, &ids[i]) < s.len);
		assert_true(i == 0 || place(&s, &ids[i - 1]) < place(&s, &ids[i]));
	}
	/* Each with the merge that brought it: the two of a push with one. */
	assert_int_equal(s.index[place(&s, &ids[0])], s.index[place(&s, &ids[1])]);
	assert_int_equal(s.index[place(&s, &ids[2])], s.index[place(&s, &ids[1])] + 1);
	assert_int_equal(s.index[place(&s, &ids[3])], p.index);
}

static void tells_commits_that_were_not_sent_last_and_without_a_merge(void **state)
{
	struct oid ids[2];
	struct story s;

	(void)state;
	answer(1, 2, ids);
	s = walk(NULL);
	assert_int_equal(place(&s, &ids[0]), MAX_STEPS);
	s = walk(&kiosk->tip);
	assert_int_equal(place(&s, &ids[0]), s.len - 2);
	assert_int_equal(place(&s, &ids[1]), s.len - 1);
	assert_int_equal(s.index[s.len - 1], -1);
}

static void stops_when_the_listener_has_heard_enough(void **state)
{
	struct timeline_options o = {.main = &p.main};
	struct story s = {.stop_at = 2};
	struct error e = {0};

	(void)state;
	assert_int_equal(timeline_walk(p.repo, &o, keep, &s, &e), STATUS_DENIED);
	assert_int_equal(s.len, 2);
}

static void refuses_a_log_whose_merges_do_not_say_what_they_are(void **state)
{
	const struct oid parents[] = {p.main, p.devices[0].tip};
	struct commit_spec spec = {.tree = p.main_tree,
				   .parents = {parents[0], parents[1]},
				   .parents_len = 2,
				   .name = "server",
				   .email = "server@c82999.qip.invalid",
				   .message = "Merge something\n",
				   .key = p.server};
	struct timeline_options o = {0};
	struct story s = {0};
	struct error e = {0};
	struct oid bad;

	(void)state;
	assert_int_equal(repo_commit_write(&bad, p.repo, &spec, &e), STATUS_OK);
	o.main = &bad;
	assert_int_equal(timeline_walk(p.repo, &o, keep, &s, &e), STATUS_MALFORMED);
	assert_int_equal(s.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(tells_every_commit_once_and_parents_first, begin, end),
		cmocka_unit_test_setup_teardown(tells_commits_that_were_not_sent_last_and_without_a_merge, begin, end),
		cmocka_unit_test_setup_teardown(stops_when_the_listener_has_heard_enough, begin, end),
		cmocka_unit_test_setup_teardown(refuses_a_log_whose_merges_do_not_say_what_they_are, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
