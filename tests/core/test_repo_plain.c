#include "repo_fixture.h"

/* A repository with what a practice's history never holds: other modes and names, a commit of another repository, a merge of five, tags. */
static int open_plain(void **state)
{
	struct fixture *f = NULL;

	if (open_fixture(state))
		return -1;
	f = *state;
	return run("cd '%s' && git init -q -b main plain && cd plain && git config user.name a && git config user.email a@b &&"
		   " mkdir -p d/e && echo run >run && chmod +x run && ln -s run link && echo x >\"d/e/a b\xc3\xa9\" &&"
		   " git add . && git update-index --add --cacheinfo 160000,$(printf '1%%.0s' $(seq 40)),sub &&"
		   " git commit -qm first && for i in 1 2 3 4; do git checkout -q -b b$i main && echo $i >f$i && git add . &&"
		   " git commit -qm $i || exit 1; done && git checkout -q main && git merge -q b1 b2 b3 b4 >/dev/null &&"
		   " git config advice.nestedTag false && git tag -m one t1 b1 && git tag -m two t2 t1 && git tag blob $(git rev-parse main:run) &&"
		   " git tag -m tree t3 main^{tree} && git tag light b2",
		   f->dir);
}

static struct repo *plain(struct fixture *f, const char *name)
{
	struct repo *r = NULL;
	char path[400];

	(void)snprintf(path, sizeof(path), "%s/%s", f->dir, name);
	ASSERT_OK(repo_open_plain(&r, path, &f->e));
	return r;
}

static struct oid id_of(struct fixture *f, const char *what)
{
	struct oid id = {{0}};
	char hex[64];

	line_of(hex, sizeof(hex), "git -C '%s/plain' rev-parse '%s'", f->dir, what);
	assert_int_equal(oid_parse(&id, hex, strlen(hex)), STATUS_OK);
	return id;
}

static enum status write_file(void *file, const void *bytes, size_t len)
{
	return fwrite(bytes, 1, len, file) == len ? STATUS_OK : STATUS_IO;
}

static void send(struct fixture *f, const struct repo_span *span)
{
	struct repo *r = plain(f, "plain/.git");
	char path[400];
	FILE *file = NULL;

	(void)snprintf(path, sizeof(path), "%s/sent.pack", f->dir);
	file = fopen(path, "w");
	assert_non_null(file);
	ASSERT_OK(repo_pack_send_span(r, span, write_file, file, NULL, &f->e));
	assert_int_equal(fclose(file), 0);
	repo_close(r);
	assert_int_equal(run("cd '%s' && rm -rf copy.git && git init -q --bare copy.git && git -C copy.git index-pack --stdin"
			     " <sent.pack >/dev/null",
			     f->dir),
			 0);
}

static void every_form_that_git_reads_is_sent(void **state)
{
	struct fixture *f = *state;
	const struct oid wants[] = {id_of(f, "main"), id_of(f, "t2"), id_of(f, "t3"), id_of(f, "blob"), id_of(f, "b4")};
	const struct repo_span span = {.wants = wants, .wants_len = 5};

	send(f, &span);
	assert_int_equal(run("cd '%s' && git -C plain for-each-ref --format='update %%(refname) %%(objectname)' |"
			     " git -C copy.git update-ref --stdin && git -C copy.git fsck --strict --full >fsck 2>&1",
			     f->dir),
			 0);
	assert_int_equal(number_of("git -C '%s/copy.git' rev-list --objects --all | wc -l", f->dir),
			 number_of("git -C '%s/plain' rev-list --objects --all | wc -l", f->dir));
}

static void tags_follow_what_they_name(void **state)
{
	struct fixture *f = *state;
	const struct oid want = id_of(f, "b1");
	const struct repo_tag tags[] = {{id_of(f, "t2"), id_of(f, "b1")}, {id_of(f, "t3"), id_of(f, "main^{tree}")}};
	const struct repo_span span = {.wants = &want, .wants_len = 1, .tags = tags, .tags_len = 2};

	send(f, &span);
	assert_int_equal(run("cd '%s/copy.git' && git cat-file -e $(git -C ../plain rev-parse t2) &&"
			     " git cat-file -e $(git -C ../plain rev-parse t1)",
			     f->dir),
			 0);
	assert_int_not_equal(run("cd '%s/copy.git' && git cat-file -e $(git -C ../plain rev-parse t3) 2>/dev/null", f->dir), 0);
}

static void a_tag_is_peeled_to_its_end(void **state)
{
	struct fixture *f = *state;
	struct repo *r = plain(f, "plain/.git");
	struct oid tag = id_of(f, "t2"), commit = id_of(f, "b1"), out = {{7}};

	ASSERT_OK(repo_peel(&out, r, &tag, &f->e));
	assert_true(oid_equal(&out, &commit));
	ASSERT_OK(repo_peel(&out, r, &commit, &f->e));
	assert_true(oid_is_zero(&out));
	repo_close(r);
}

static void what_several_commits_reach_is_found_in_any_order(void **state)
{
	struct fixture *f = *state;
	const struct oid main = id_of(f, "main"), first = id_of(f, "main~1");
	const struct oid sides[] = {id_of(f, "b4"), id_of(f, "b1"), id_of(f, "b2")};
	struct repo *r = plain(f, "plain/.git");
	bool yes = false;

	ASSERT_OK(repo_reaches_any(&yes, r, &main, sides, 3, &f->e));
	assert_true(yes);
	ASSERT_OK(repo_reaches_any(&yes, r, &sides[0], sides + 1, 2, &f->e));
	assert_false(yes);
	ASSERT_OK(repo_reaches_any(&yes, r, &sides[0], sides, 1, &f->e));
	assert_true(yes);
	ASSERT_OK(repo_is_reached(&yes, r, &first, sides, 3, &f->e));
	assert_true(yes);
	ASSERT_OK(repo_is_reached(&yes, r, &main, sides, 3, &f->e));
	assert_false(yes);
	repo_close(r);
}

static void several_refs_move_together_or_not_at_all(void **state)
{
	struct fixture *f = *state;
	const struct oid b1 = id_of(f, "b1"), b2 = id_of(f, "b2"), nothing = {{0}};
	struct repo_move moves[] = {{"refs/heads/new", b1, nothing}, {"refs/heads/b3", nothing, id_of(f, "b3")},
				    {"refs/heads/b4", b1, b2}};
	struct repo *r = plain(f, "plain/.git");
	size_t failed = 0;
	struct oid id;

	assert_int_equal(repo_refs_move(&failed, r, moves, 3, &f->e), STATUS_STALE);
	assert_int_equal(failed, 2);
	assert_int_equal(repo_ref_get(&id, r, "refs/heads/new", &f->e), STATUS_NOT_FOUND);
	ASSERT_OK(repo_ref_get(&id, r, "refs/heads/b3", &f->e));
	moves[2].old_id = id_of(f, "b4");
	ASSERT_OK(repo_refs_move(&failed, r, moves, 3, &f->e));
	ASSERT_OK(repo_ref_get(&id, r, "refs/heads/new", &f->e));
	assert_int_equal(repo_ref_get(&id, r, "refs/heads/b3", &f->e), STATUS_NOT_FOUND);
	ASSERT_OK(repo_ref_get(&id, r, "refs/heads/b4", &f->e));
	assert_true(oid_equal(&id, &b1));
	repo_close(r);
}

static void HEAD_is_told_apart_branch_detached_and_unborn(void **state)
{
	struct fixture *f = *state;
	struct repo *r = plain(f, "plain/.git");
	struct oid id = {{0}}, main = id_of(f, "main");
	char name[64];

	ASSERT_OK(repo_head(name, sizeof(name), &id, r, &f->e));
	assert_string_equal(name, "refs/heads/main");
	assert_true(oid_equal(&id, &main));
	repo_close(r);
	assert_int_equal(run("cd '%s/plain' && git checkout -q --detach && git init -q -b none ../new", f->dir), 0);
	r = plain(f, "plain/.git");
	ASSERT_OK(repo_head(name, sizeof(name), &id, r, &f->e));
	assert_string_equal(name, "");
	assert_true(oid_equal(&id, &main));
	repo_close(r);
	r = plain(f, "new/.git");
	ASSERT_OK(repo_head(name, sizeof(name), &id, r, &f->e));
	assert_string_equal(name, "refs/heads/none");
	assert_true(oid_is_zero(&id));
	repo_close(r);
}

static void what_new_tips_need_must_be_there(void **state)
{
	struct fixture *f = *state;
	const struct oid main = id_of(f, "main"), old = id_of(f, "b1");
	struct repo *r = plain(f, "plain/.git");

	ASSERT_OK(repo_check_whole(r, &main, 1, &old, 1, &f->e));
	repo_close(r);
	assert_int_equal(run("cd '%s/plain' && id=$(git rev-parse main:f3) && rm -f .git/objects/${id%%${id#??}}/${id#??}", f->dir), 0);
	r = plain(f, "plain/.git");
	assert_int_equal(repo_check_whole(r, &main, 1, &old, 1, &f->e), STATUS_INVALID);
	repo_close(r);
	assert_int_equal(run("cd '%s/plain' && id=$(git rev-parse b4) && rm -f .git/objects/${id%%${id#??}}/${id#??}", f->dir), 0);
	r = plain(f, "plain/.git");
	assert_int_equal(repo_check_whole(r, &main, 1, &old, 1, &f->e), STATUS_INVALID);
	repo_close(r);
}

static void a_history_that_is_shallow_itself_ends_there(void **state)
{
	struct fixture *f = *state;
	const struct oid main = id_of(f, "main");
	const struct repo_depth depth = {.commits = REPO_DEPTH_ALL, .since_s = INT64_MIN};
	struct repo_edge edge = REPO_EDGE_INIT;
	struct repo *r = NULL;
	size_t len = 0;

	assert_int_equal(run("cd '%s' && git clone -q --bare --depth 1 file://$PWD/plain cut.git", f->dir), 0);
	r = plain(f, "cut.git");
	assert_true(oid_equal(&repo_shallow_ends(&len, r)[0], &main));
	assert_int_equal(len, 1);
	ASSERT_OK(repo_check_whole(r, &main, 1, NULL, 0, &f->e));
	ASSERT_OK(repo_edge_find(&edge, r, &main, 1, &depth, NULL, 0, &f->e));
	assert_int_equal(edge.len, 1);
	repo_edge_clear(&edge);
	repo_close(r);
}

static void configuration_is_the_repository_s_own(void **state)
{
	struct fixture *f = *state;
	struct repo *r = NULL;

	assert_int_equal(run("git -C '%s/plain' config http.receivepack false", f->dir), 0);
	r = plain(f, "plain/.git");
	assert_false(repo_config_bool(r, "http.receivepack", true));
	assert_true(repo_config_bool(r, "http.uploadpack", true));
	assert_false(repo_config_bool(r, "http.uploadpack", false));
	repo_close(r);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_plain, close_fixture)

static void a_list_of_ends_that_cannot_be_opened_is_not_taken_for_none(void **state)
{
	struct fixture *f = *state;
	struct repo *r = NULL;
	char path[400];

	(void)snprintf(path, sizeof(path), "%s/plain/.git", f->dir);
	assert_int_equal(run("ln -s shallow '%s/shallow'", path), 0); /* a name that leads to itself */
	assert_int_equal(repo_open_plain(&r, path, &f->e), STATUS_IO);
	assert_int_equal(run("rm '%s/shallow'", path), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_list_of_ends_that_cannot_be_opened_is_not_taken_for_none),
		TEST(every_form_that_git_reads_is_sent),
		TEST(tags_follow_what_they_name),
		TEST(a_tag_is_peeled_to_its_end),
		TEST(what_several_commits_reach_is_found_in_any_order),
		TEST(several_refs_move_together_or_not_at_all),
		TEST(HEAD_is_told_apart_branch_detached_and_unborn),
		TEST(what_new_tips_need_must_be_there),
		TEST(a_history_that_is_shallow_itself_ends_there),
		TEST(configuration_is_the_repository_s_own),
	};
	return cmocka_run_group_tests(tests, library_start, library_stop);
}
