/* tests/core/repo_fixture.h - a repository in a directory of its own, and stock git beside it. Used by the tests of
 * repo and tree. */
#ifndef QIP_TESTS_REPO_FIXTURE_H
#define QIP_TESTS_REPO_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "core/repo.h"
#include "tests/support/library.h"

#define UNUSED __attribute__((unused))
#define ASSERT_OK(call) assert_ok((call), &f->e, #call, __LINE__)

struct fixture {
	char dir[256];
	char path[300]; /* of the repository */
	struct repo *r;
	struct key *key;
	struct error e;
};

static UNUSED void assert_ok(enum status st, const struct error *e, const char *call, int line)
{
	if (st)
		fail_msg("line %d: %s: %s (%s)", line, call, status_text(st), e->text);
}

/* Run a shell command; its exit status. */
static UNUSED PRINTF_LIKE(1, 2) int run(const char *fmt, ...)
{
	char command[4096];
	va_list args;
	int rc = 0;

	va_start(args, fmt);
	(void)vsnprintf(command, sizeof(command), fmt, args);
	va_end(args);
	rc = system(command);
	return WIFEXITED(rc) ? WEXITSTATUS(rc) : -1;
}

/* The first line that a shell command prints. */
static UNUSED PRINTF_LIKE(3, 4) void line_of(char *out, size_t size, const char *fmt, ...)
{
	char command[4096];
	va_list args;
	FILE *p = NULL;

	va_start(args, fmt);
	(void)vsnprintf(command, sizeof(command), fmt, args);
	va_end(args);
	out[0] = '\0';
	p = popen(command, "r");
	assert_non_null(p);
	if (fgets(out, (int)size, p))
		out[strcspn(out, "\n")] = '\0';
	while (fgetc(p) != EOF)
		;
	pclose(p);
}

static UNUSED PRINTF_LIKE(1, 2) long number_of(const char *fmt, ...)
{
	char command[2048], line[64];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(command, sizeof(command), fmt, args);
	va_end(args);
	line_of(line, sizeof(line), "%s", command);
	return strtol(line, NULL, 10);
}

static UNUSED int open_fixture(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	const char *tmp = getenv("TMPDIR");

	if (!f)
		return -1;
	(void)snprintf(f->dir, sizeof(f->dir), "%s/qip-repo-XXXXXX", tmp && tmp[0] ? tmp : "/tmp");
	if (!mkdtemp(f->dir))
		return -1;
	(void)snprintf(f->path, sizeof(f->path), "%s/history.git", f->dir);
	setenv("HOME", f->dir, 1);
	setenv("GIT_CONFIG_NOSYSTEM", "1", 1);
	ASSERT_OK(repo_create(f->path, &f->e));
	ASSERT_OK(repo_open(&f->r, f->path, &f->e));
	ASSERT_OK(key_generate(&f->key, &f->e));
	*state = f;
	return 0;
}

static UNUSED int close_fixture(void **state)
{
	struct fixture *f = *state;

	repo_close(f->r);
	key_free(f->key);
	run("rm -rf '%s'", f->dir);
	free(f);
	return 0;
}

static UNUSED struct oid blob(struct fixture *f, const char *text)
{
	struct oid id;

	ASSERT_OK(repo_write(&id, f->r, REPO_BLOB, text, strlen(text), &f->e));
	return id;
}

static UNUSED struct oid tree_of(struct fixture *f, struct tree_entry *entries, size_t len)
{
	struct tree t = {.entries = entries, .len = len};
	struct oid id;

	ASSERT_OK(repo_tree_write(&id, f->r, &t, &f->e));
	return id;
}

static UNUSED struct oid commit_at(struct fixture *f, const struct oid *tree, const struct oid *parents,
				   size_t parents_len, int64_t time_ms)
{
	struct commit_spec spec = {.tree = *tree,
				   .parents_len = parents_len,
				   .name = "kib-kiosk",
				   .email = "kib-kiosk@c82999.qip.invalid",
				   .time_ms = time_ms,
				   .message = "A change\n",
				   .key = f->key};
	struct oid id;

	for (size_t i = 0; i < parents_len; i++)
		spec.parents[i] = parents[i];
	ASSERT_OK(repo_commit_write(&id, f->r, &spec, &f->e));
	return id;
}

static UNUSED void set_main(struct fixture *f, const struct oid *id)
{
	struct oid old;
	bool there = repo_ref_get(&old, f->r, "refs/heads/main", NULL) == STATUS_OK;

	ASSERT_OK(repo_flush(f->r, &f->e));
	ASSERT_OK(repo_ref_update(f->r, "refs/heads/main", id, there ? &old : NULL, &f->e));
}

/* A repository of stock git with three commits and a directory, and a pack of all of it in `out`. The tip is left in
 * *tip. */
static UNUSED void foreign_pack(struct fixture *f, struct buf *out, struct oid *tip, const char *options)
{
	char hex[OID_HEX_LEN + 1], path[400];
	uint8_t bytes[4096];
	FILE *file = NULL;
	size_t n = 0;

	assert_int_equal(
		run("cd '%s' && rm -rf other && git init -q -b main other && cd other && git config user.name a &&"
		    " git config user.email a@b && mkdir d && seq 2000 >d/big && for i in 1 2 3; do echo $i >>d/big;"
		    " echo $i >f$i; git add . && git commit -qm $i || exit 1; done &&"
		    " git rev-list --objects main | git pack-objects -q --stdout %s >../foreign.pack",
		    f->dir, options),
		0);
	line_of(hex, sizeof(hex), "git -C '%s/other' rev-parse main", f->dir);
	assert_int_equal(oid_parse(tip, hex, strlen(hex)), STATUS_OK);
	(void)snprintf(path, sizeof(path), "%s/foreign.pack", f->dir);
	file = fopen(path, "r");
	assert_non_null(file);
	while ((n = fread(bytes, 1, sizeof(bytes), file)) > 0)
		buf_add(out, bytes, n);
	(void)fclose(file);
	assert_true(buf_ok(out) && out->len > 200);
}

#endif
