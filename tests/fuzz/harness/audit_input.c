/* tests/fuzz/harness/audit_input.c - what an auditor reads of a server: commits, directories, records and the registry of anybody's making.
 *
 * A byte that says what follows: a commit, a directory, or the throws of the dice by which a small true history is forged (tests/fuzz/history.h).
 */
#include <stdlib.h>
#include <string.h>

#include "client/audit.h"
#include "core/head.h"
#include "tests/fuzz/harness/harness.h"
#include "tests/fuzz/history.h"

#define TREE_BYTES_MAX (64 * 1024)

enum what { WHAT_COMMIT, WHAT_TREE, WHAT_HISTORY, WHATS = 8 }; /* the rest are histories, too */

static struct history h;

static void check_text(const char *text, size_t size)
{
	HOLDS(memchr(text, '\0', size) != NULL);
	for (; *text; text++)
		HOLDS((unsigned char)*text >= ' ' && *text != 0x7f); /* it goes to terminals and logs */
}

static void check_error(const struct error *e)
{
	HOLDS(e->text[0]);
	check_text(e->text, sizeof(e->text));
}

/* ---- a commit ---- */

static void check_note(const char *message)
{
	struct merge_note note = {.kept = BUF_INIT}, again = {.kept = BUF_INIT};
	struct buf text = BUF_INIT;
	struct error e = {0};

	if (merge_note_parse(&note, message, &e) != STATUS_OK) {
		check_error(&e);
		return;
	}
	HOLDS(merge_note_format(&text, &note) == STATUS_OK);
	HOLDS(merge_note_parse(&again, buf_text(&text), NULL) == STATUS_OK);
	HOLDS(again.index == note.index && strcmp(again.device, note.device) == 0 && strcmp(again.received, note.received) == 0);
	HOLDS(strcmp(buf_text(&again.kept), buf_text(&note.kept)) == 0);
	buf_clear(&note.kept);
	buf_clear(&again.kept);
	buf_clear(&text);
}

/* What was signed is the commit without its signature, and nothing of it is lost. */
static void check_commit(const struct commit *c, const uint8_t *bytes, size_t len)
{
	HOLDS(c->parents_len <= REPO_MAX_PARENTS && c->author_name && c->author_email && c->message && c->signed_text);
	HOLDS(c->signed_len <= len && (c->signature || c->signed_len == len));
	HOLDS(c->signature || memcmp(c->signed_text, bytes, len) == 0);
	check_note(c->message);
}

static void read_commit(const uint8_t *bytes, size_t len)
{
	struct commit c = COMMIT_INIT;
	struct error e = {0};
	struct oid id, parent, none = {{0}};

	harness_must(repo_write(&id, h.practice.repo, REPO_COMMIT, bytes, len, &e), &e);
	if (repo_commit_read(&c, h.practice.repo, &id, &e) != STATUS_OK) {
		HOLDS(e.text[0]);
		return;
	}
	check_commit(&c, bytes, len);
	HOLDS(repo_commit_first_parent(&parent, h.practice.repo, &id, &e) == STATUS_OK);
	HOLDS(oid_equal(&parent, c.parents_len > 0 ? &c.parents[0] : &none));
	commit_clear(&c);
}

/* ---- a directory ---- */

static void read_tree(const uint8_t *bytes, size_t len)
{
	struct tree t = TREE_INIT;
	struct error e = {0};
	struct oid id, again;

	harness_must(repo_write(&id, h.practice.repo, REPO_TREE, bytes, len < TREE_BYTES_MAX ? len : TREE_BYTES_MAX, &e), &e);
	if (repo_tree_read(&t, h.practice.repo, &id, &e) != STATUS_OK) {
		HOLDS(e.text[0]);
		return;
	}
	for (size_t i = 0; i < t.len; i++)
		HOLDS(t.entries[i].name[0] && !strchr(t.entries[i].name, '/') && strcmp(t.entries[i].name, "..") != 0);
	HOLDS(repo_tree_write(&again, h.practice.repo, &t, &e) == STATUS_OK && oid_equal(&again, &id));
	tree_clear(&t);
}

/* ---- a history ---- */

static void check_findings(const struct audit *a)
{
	HOLDS(a->findings_len <= AUDIT_MAX_FINDINGS);
	for (size_t i = 0; i < a->findings_len; i++) {
		const struct audit_finding *f = &a->findings[i];

		HOLDS(f->text[0]);
		check_text(f->text, sizeof(f->text));
		check_text(f->path, sizeof(f->path));
		check_text(f->device, sizeof(f->device));
		check_text(f->commit, sizeof(f->commit));
	}
}

static void audit_forged(const uint8_t *bytes, size_t len)
{
	struct dice d = {.state = 1, .bytes = bytes, .bytes_len = len};
	struct audit a = AUDIT_INIT;
	struct forgery f;
	uint8_t pin[SHA256_LEN];
	struct error e = {0};

	history_forge(&f, &h, &d);
	if (f.changed) {
		key_fingerprint(pin, h.practice.root);
		harness_must(audit_run(&a, h.practice.repo, &f.main, FIXTURE_ODS, pin, &e), &e);
		check_findings(&a);
		HOLDS(!f.must_be_found || a.findings_len > 0);
	}
	audit_clear(&a);
	history_forget(&h);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct input in = {bytes, len};
	enum what what = (enum what)input_below(&in, WHATS);

	if (what == WHAT_COMMIT)
		read_commit(in.at, in.len);
	else if (what == WHAT_TREE)
		read_tree(in.at, in.len);
	else
		audit_forged(in.at, in.len);
	repo_discard(h.practice.repo);
	return 0;
}

/* ---- once ---- */

static void end_all(void)
{
	history_close(&h);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	history_open(&h);
	HOLDS(atexit(end_all) == 0);
	return 0;
}
