#include "repo_fixture.h"

/* A line of commits, and a device's head merged into it:
 *     0 - 1 - 2 - 3 - 5
 *          \         /
 *            - - - 4
 */
#define LINE 6

static void make_line(struct fixture *f, struct oid line[LINE])
{
	for (int i = 0; i < LINE; i++) {
		struct oid parents[2] = {{{0}}}, text;
		struct tree_entry entry = {.name = (char[]){"a"}};
		struct oid tree;
		char number[16];

		(void)snprintf(number, sizeof(number), "%d", i);
		text = blob(f, number);
		entry.id = text;
		tree = tree_of(f, &entry, 1);
		if (i > 0)
			parents[0] = line[i == 4 ? 1 : i == 5 ? 3 : i - 1];
		if (i == 5)
			parents[1] = line[4];
		line[i] = commit_at(f, &tree, parents, i == 0 ? 0 : i == 5 ? 2 : 1, (i + 1) * 1000000);
	}
	ASSERT_OK(repo_flush(f->r, &f->e));
}

/* The digits of those commits of the line that are in a list, in the line's order. */
static void digits(char out[LINE + 1], const struct oid line[LINE], const struct oid *ids, size_t len)
{
	size_t used = 0;

	for (int i = 0; i < LINE; i++) {
		for (size_t j = 0; j < len; j++) {
			if (oid_equal(&line[i], &ids[j]) && used < LINE)
				out[used++] = (char)('0' + i);
		}
	}
	out[used] = '\0';
	assert_int_equal(used, len);
}

static void assert_edge(struct fixture *f, const struct oid line[LINE], const struct repo_depth *depth,
			const char *ends)
{
	struct repo_edge edge = REPO_EDGE_INIT;
	char found[LINE + 1];

	ASSERT_OK(repo_edge_find(&edge, f->r, &line[5], 1, depth, NULL, 0, &f->e));
	digits(found, line, edge.ids, edge.len);
	assert_string_equal(found, ends);
	repo_edge_clear(&edge);
}

static void a_depth_is_the_shortest_way_from_a_tip(void **state)
{
	static const char *const ends[] = {"5", "34", "12", "", ""};
	struct fixture *f = *state;
	struct oid line[LINE];

	make_line(f, line);
	for (uint32_t i = 0; i < 5; i++) {
		const struct repo_depth depth = {.commits = i + 1, .since_s = INT64_MIN};

		assert_edge(f, line, &depth, ends[i]);
	}
	assert_edge(f, line, &(struct repo_depth){.commits = REPO_DEPTH_ALL, .since_s = INT64_MIN}, "");
}

static void a_time_and_a_name_bound_it_too(void **state)
{
	struct fixture *f = *state;
	struct oid line[LINE];

	make_line(f, line);
	assert_edge(f, line, &(struct repo_depth){.commits = REPO_DEPTH_ALL, .since_s = 3000}, "24");
	assert_edge(f, line,
		    &(struct repo_depth){
			    .commits = REPO_DEPTH_ALL, .since_s = INT64_MIN, .without = &line[2], .without_len = 1},
		    "34");
}

static void bounds_that_leave_nothing_are_told(void **state)
{
	struct fixture *f = *state;
	const struct repo_depth depth = {.commits = REPO_DEPTH_ALL, .since_s = 7000};
	struct repo_edge edge = REPO_EDGE_INIT;
	struct oid line[LINE];

	make_line(f, line);
	assert_int_equal(repo_edge_find(&edge, f->r, &line[5], 1, &depth, NULL, 0, &f->e), STATUS_USAGE);
	assert_null(edge.ids);
}

static void old_ends_open_where_they_are_inside_and_nowhere_else(void **state)
{
	struct fixture *f = *state;
	const struct repo_depth depth = {.commits = 2, .since_s = INT64_MIN};
	const struct oid absent = {{9}};
	struct repo_edge edge = REPO_EDGE_INIT;
	struct oid line[LINE], ends[4];
	char found[LINE + 1];

	make_line(f, line);
	ends[0] = line[5]; /* inside now */
	ends[1] = line[4]; /* an end still */
	ends[2] = line[1]; /* beyond */
	ends[3] = absent;
	ASSERT_OK(repo_edge_find(&edge, f->r, &line[5], 1, &depth, ends, 4, &f->e));
	digits(found, line, edge.opened, edge.opened_len);
	assert_string_equal(found, "5");
	digits(found, line, edge.beyond, edge.beyond_len);
	assert_string_equal(found, "34");
	repo_edge_clear(&edge);
}

static enum status count_bytes(void *ctx, const void *bytes, size_t len)
{
	(void)bytes;
	*(size_t *)ctx += len;
	return STATUS_OK;
}

static uint32_t objects_of(struct fixture *f, const struct repo_span *span)
{
	uint32_t objects = 0;
	size_t bytes = 0;

	ASSERT_OK(repo_pack_send_span(f->r, span, count_bytes, &bytes, &objects, &f->e));
	return objects;
}

/* Every commit of the line is three objects. */
static void a_pack_stops_at_cuts_on_both_sides(void **state)
{
	struct fixture *f = *state;
	struct oid line[LINE];

	make_line(f, line);
	struct oid two[] = {line[3], line[4]}, one[] = {line[3]};
	assert_int_equal(objects_of(f, &(struct repo_span){.wants = &line[5], .wants_len = 1}), 18);
	assert_int_equal(
		objects_of(f, &(struct repo_span){.wants = &line[5], .wants_len = 1, .cuts = two, .cuts_len = 2}), 9);
	/* whoever has 3 and nothing below it needs all but 3 and what is below it, and gets 1 and 0 through 4 */
	assert_int_equal(objects_of(f, &(struct repo_span){.wants = &line[5],
							   .wants_len = 1,
							   .haves = one,
							   .haves_len = 1,
							   .cuts = one,
							   .cuts_len = 1}),
			 12);
	assert_int_equal(
		objects_of(f, &(struct repo_span){.wants = &line[5], .wants_len = 1, .haves = one, .haves_len = 1}), 6);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_fixture, close_fixture)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_depth_is_the_shortest_way_from_a_tip),
		TEST(a_time_and_a_name_bound_it_too),
		TEST(bounds_that_leave_nothing_are_told),
		TEST(old_ends_open_where_they_are_inside_and_nowhere_else),
		TEST(a_pack_stops_at_cuts_on_both_sides),
	};
	return cmocka_run_group_tests(tests, library_start, library_stop);
}
