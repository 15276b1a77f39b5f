/* libgit2's own client, over its own HTTP, against serve-git. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <git2.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/repo.h"
#include "server/serve.h"

#define WAIT_MS 30000

/* libgit2's client reads its remotes by regular expressions, and 1.5 does not free all that PCRE made for them. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libpcre2";
}

struct site {
	char dir[64], url[128];
	pid_t pid;
	char refusal[256]; /* the last one that a push heard */
};

static PRINTF_LIKE(2, 3) int run(const struct site *s, const char *fmt, ...)
{
	char command[2048];
	va_list args;
	int n = snprintf(command, sizeof(command), "cd '%s' && ", s->dir);

	va_start(args, fmt);
	(void)vsnprintf(command + n, sizeof(command) - (size_t)n, fmt, args);
	va_end(args);
	return system(command);
}

/* In the child: serves until it is told to stop. */
static void serve_here(const struct site *s)
{
	char dir[96], file[96];
	const struct serve_options o = {.dir = dir,
					.listen = &(struct address){"127.0.0.1", "0"}, .listen_len = 1,
					.plain = true,
					.plain_http = true,
					.port_file = file,
					.env = env_system()};
	struct error e = {STATUS_OK, ""};

	(void)snprintf(dir, sizeof(dir), "%s/served", s->dir);
	(void)snprintf(file, sizeof(file), "%s/port", s->dir);
	if (repo_init_library(&e) != STATUS_OK || serve(&o, &e) != STATUS_OK)
		_exit(1);
	repo_shutdown_library();
	_exit(0);
}

static int read_port(const struct site *s)
{
	char path[96];
	int port = 0;

	(void)snprintf(path, sizeof(path), "%s/port", s->dir);
	for (int waited_ms = 0; waited_ms < WAIT_MS && port == 0; waited_ms += 20) {
		FILE *f = fopen(path, "r");

		if (f && fscanf(f, "%d", &port) != 1)
			port = 0;
		if (f)
			(void)fclose(f);
		if (port == 0)
			(void)poll(NULL, 0, 20);
	}
	return port;
}

static int open_site(void **state)
{
	struct site *s = calloc(1, sizeof(*s));
	int port = 0;

	if (!s)
		return -1;
	(void)snprintf(s->dir, sizeof(s->dir), "/tmp/qip-client-XXXXXX");
	if (!mkdtemp(s->dir) ||
	    run(s, "export GIT_CONFIG_NOSYSTEM=1 HOME=$PWD && git init -q -b main made && cd made && git config user.name a &&"
		   " git config user.email a@b && for i in 1 2 3; do echo $i >f && git add f && git commit -qm $i || exit 1; done &&"
		   " git tag -m one v1 HEAD~1 && mkdir ../served && git clone -q --bare . ../served/x.git"))
		return -1;
	s->pid = fork();
	if (s->pid == 0)
		serve_here(s);
	port = read_port(s);
	(void)snprintf(s->url, sizeof(s->url), "http://127.0.0.1:%d/x.git", port);
	*state = s;
	return port && git_libgit2_init() > 0 ? 0 : -1;
}

static int close_site(void **state)
{
	struct site *s = *state;
	int status = -1;

	git_libgit2_shutdown();
	(void)kill(s->pid, SIGTERM);
	(void)waitpid(s->pid, &status, 0);
	(void)run(s, "rm -rf made served copy port");
	(void)rmdir(s->dir);
	free(s);
	return status;
}

static void git_ok(int rc, int line)
{
	if (rc)
		fail_msg("line %d: %s", line, git_error_last() ? git_error_last()->message : "no words");
}
#define OK(call) git_ok((call), __LINE__)

static git_repository *clone_it(const struct site *s)
{
	git_repository *repo = NULL;
	char path[96];

	(void)snprintf(path, sizeof(path), "%s/copy", s->dir);
	OK(git_clone(&repo, s->url, path, NULL));
	return repo;
}

static bool has_ref(git_repository *repo, const char *name)
{
	git_oid id;

	return git_reference_name_to_id(&id, repo, name) == 0;
}

static void a_clone_has_branches_tags_and_files(void **state)
{
	struct site *s = *state;
	git_repository *repo = clone_it(s);

	assert_true(has_ref(repo, "refs/remotes/origin/main"));
	assert_true(has_ref(repo, "refs/tags/v1"));
	git_repository_free(repo);
	assert_int_equal(run(s, "test $(cat copy/f) = 3 && git -C copy fsck --strict"), 0);
}

static void a_fetch_brings_what_came_since(void **state)
{
	struct site *s = *state;
	git_repository *repo = clone_it(s);
	git_remote *remote = NULL;

	assert_int_equal(run(s, "cd made && echo 4 >f && git commit -qam 4 && git push -q ../served/x.git main"), 0);
	OK(git_remote_lookup(&remote, repo, "origin"));
	OK(git_remote_fetch(remote, NULL, NULL, NULL));
	git_remote_free(remote);
	git_repository_free(repo);
	assert_int_equal(run(s, "test $(git -C copy rev-parse origin/main) = $(git -C made rev-parse main)"), 0);
}

static int note_refusal(const char *ref, const char *words, void *site)
{
	struct site *s = site;

	(void)ref;
	if (words)
		(void)snprintf(s->refusal, sizeof(s->refusal), "%s", words);
	return 0;
}

static int push(struct site *s, git_repository *repo, const char *spec)
{
	char text[128];
	char *specs[] = {text};
	const git_strarray list = {specs, 1};
	git_push_options options;
	git_remote *remote = NULL;
	int rc = 0;

	(void)snprintf(text, sizeof(text), "%s", spec);
	s->refusal[0] = 0;
	OK(git_push_options_init(&options, GIT_PUSH_OPTIONS_VERSION));
	options.callbacks.push_update_reference = note_refusal;
	options.callbacks.payload = s;
	OK(git_remote_lookup(&remote, repo, "origin"));
	rc = git_remote_push(remote, &list, &options);
	git_remote_free(remote);
	return rc;
}

static void a_push_makes_moves_and_deletes_branches(void **state)
{
	struct site *s = *state;
	git_repository *repo = clone_it(s);

	assert_int_equal(run(s, "cd copy && git config user.name a && git config user.email a@b && echo 5 >f && git commit -qam 5"), 0);
	OK(push(s, repo, "refs/heads/main"));
	OK(push(s, repo, "refs/heads/main:refs/heads/other"));
	assert_int_equal(run(s, "cd copy && test $(git -C ../served/x.git rev-parse main) = $(git rev-parse HEAD) &&"
				" git commit -q --amend -m six && git -C ../served/x.git rev-parse -q --verify other >/dev/null"),
			 0);
	OK(push(s, repo, "+refs/heads/main:refs/heads/main"));
	OK(push(s, repo, ":refs/heads/other"));
	git_repository_free(repo);
	assert_int_equal(run(s, "test $(git -C served/x.git rev-parse main) = $(git -C copy rev-parse HEAD) &&"
				" ! git -C served/x.git rev-parse -q --verify other && git -C served/x.git fsck --strict"),
			 0);
}

static void a_refusal_reaches_it_in_words(void **state)
{
	struct site *s = *state;
	git_repository *repo = clone_it(s);

	OK(push(s, repo, ":refs/heads/main"));
	assert_string_equal(s->refusal, "deletion of the current branch prohibited");
	git_repository_free(repo);
}

static void it_may_wait_for_100_continue(void **state)
{
	struct site *s = *state;
	git_repository *repo = clone_it(s);

	OK(git_libgit2_opts(GIT_OPT_ENABLE_HTTP_EXPECT_CONTINUE, 1));
	OK(push(s, repo, "refs/heads/main:refs/heads/asked"));
	OK(git_libgit2_opts(GIT_OPT_ENABLE_HTTP_EXPECT_CONTINUE, 0));
	git_repository_free(repo);
	assert_int_equal(run(s, "git -C served/x.git rev-parse -q --verify asked >/dev/null"), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_site, close_site)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_clone_has_branches_tags_and_files),
		TEST(a_fetch_brings_what_came_since),
		TEST(a_push_makes_moves_and_deletes_branches),
		TEST(a_refusal_reaches_it_in_words),
		TEST(it_may_wait_for_100_continue),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
