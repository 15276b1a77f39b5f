/* tests/bench/merge_history.c - a practice's history to audit, made as its programs make it, and the bare checks of its signatures.
 *
 *     merge_load history FOLDER PUSHES      FOLDER/root, the root key's fingerprint, FOLDER/root.pub, itself; FOLDER/signers, every key as git
 *                                           and ssh-keygen read them; FOLDER/device.key, lead-icb's. The repository's folder is printed;
 *                                           it is the caller's to remove.
 *
 * Each push has 20 records in one commit: answers of a kiosk or, every tenth, edits of action points by a member of staff who last saw the
 * log a few pushes ago.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/merge_load.h"
#include "tests/support/practice.h"

#define RECORDS 20
#define BEHIND 5     /* pushes that staff have not seen */
#define AT_ONCE 500  /* pushes that are flushed together */

struct history {
	struct practice p;
	struct oid kept;         /* where the ref stands */
	struct oid seen[BEHIND]; /* the ends of the log before this one, by index */
	int64_t answers;
	char actions[RECORDS][TREE_PATH_MAX];
};

static struct oid tree_of(struct history *h, const struct oid *commit)
{
	struct commit c = COMMIT_INIT;
	struct error e = {0};
	struct oid tree;

	bench_must(repo_commit_read(&c, h->p.repo, commit, &e), &e, "a commit");
	tree = c.tree;
	commit_clear(&c);
	return tree;
}

static void commit_on(struct history *h, struct fixture_device *d, const struct oid *base, const struct tree_edit *edits)
{
	struct oid tree = tree_of(h, base);
	struct error e = {0};

	bench_must(tree_apply(&tree, h->p.repo, &tree, edits, RECORDS, &e), &e, "a tree");
	d->tip = practice_commit(&h->p, d, &tree, base, NULL);
}

/* Judge and merge as the server does; the ref moves with the next flush. */
static void take(struct history *h, struct fixture_device *d)
{
	struct practice *p = &h->p;
	const struct head_context ctx = {.repo = p->repo, .ods = FIXTURE_ODS, .main = p->main, .main_tree = p->main_tree,
					 .registry = &p->registry, .device = d->id, .last = d->accepted};
	struct head_fault fault;
	struct head head;
	struct buf kept = BUF_INIT;
	struct error e = {0};

	bench_must(head_check(&head, &fault, &ctx, &d->tip, &e), &e, d->id);
	bench_must(head_merge(&p->main_tree, &kept, &ctx, &head, bench_rules(), &e), &e, d->id);
	p->main = practice_merge_commit(p, d->id, &d->tip, &p->main_tree, buf_text(&kept));
	p->index++;
	h->seen[p->index % BEHIND] = p->main;
	d->accepted = d->tip;
	buf_clear(&kept);
}

static void flush(struct history *h)
{
	struct error e = {0};

	bench_must(repo_flush(h->p.repo, &e), &e, "the log");
	bench_must(repo_ref_update(h->p.repo, "refs/heads/main", &h->p.main, &h->kept, &e), &e, "the log");
	h->kept = h->p.main;
}

static void push_answers(struct history *h)
{
	struct fixture_device *kiosk = practice_device(&h->p, "kib-kiosk");
	struct tree_edit edits[RECORDS];
	char paths[RECORDS][TREE_PATH_MAX];

	for (size_t i = 0; i < RECORDS; i++) {
		policy_feedback_path(paths[i], kiosk->id, (uint64_t)++h->answers);
		edits[i] = (struct tree_edit){.path = paths[i], .id = practice_blob(&h->p, practice_answer(&h->p, kiosk->id, h->answers))};
	}
	commit_on(h, kiosk, &kiosk->tip, edits);
	take(h, kiosk);
}

/* Each field in its turn, so that a record does not grow with the history. */
static cJSON *edited(struct history *h, const struct fixture_device *d, const struct oid *tree, size_t i)
{
	static const char *const fields[] = {"owner_role", "success_measure", "driver", "public_summary"};
	cJSON *action = tree ? practice_read(&h->p, tree, h->actions[i]) : cJSON_CreateObject();
	struct stamp s = practice_stamp(&h->p, d, "2025-11-24");
	struct error e = {0};

	if (!tree) {
		bench_must(json_set_string(action, "schema", "action/1"), NULL, "an action point");
		bench_must(json_set_string(action, "id", s.id), NULL, "an action point");
		(void)snprintf(h->actions[i], TREE_PATH_MAX, "qip/%s.json", s.id);
	}
	bench_must(record_set(action, tree ? fields[(size_t)h->p.index % ARRAY_LEN(fields)] : "ref", cJSON_CreateString(s.id), &s, &e), &e,
		   "an edit");
	return action;
}

static void push_edits(struct history *h, bool first)
{
	struct fixture_device *staff = practice_device(&h->p, first ? "kib-manager" : "fle-staff");
	/* The end of the log BEHIND - 1 pushes ago. */
	struct oid base = first ? h->p.main : h->seen[(h->p.index + 1) % BEHIND], tree = tree_of(h, &base);
	struct tree_edit edits[RECORDS];

	for (size_t i = 0; i < RECORDS; i++) {
		cJSON *action = edited(h, staff, first ? NULL : &tree, i);

		edits[i] = (struct tree_edit){.path = h->actions[i], .id = practice_blob(&h->p, action)};
	}
	commit_on(h, staff, &base, edits);
	take(h, staff);
}

static FILE *file_in(const char *folder, const char *name)
{
	char path[4096];
	FILE *f = NULL;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "w");
	if (!f)
		bench_fail(path, strerror(errno));
	return f;
}

static void write_device_key(struct history *h, const char *folder)
{
	FILE *f = file_in(folder, "device.key");
	struct buf pem = BUF_INIT;

	bench_must(key_to_pem(&pem, practice_device(&h->p, "lead-icb")->key), NULL, "a key");
	(void)fputs(buf_text(&pem), f);
	(void)fclose(f);
	buf_wipe(&pem);
}

static void write_keys(struct history *h, const char *folder)
{
	char line[KEY_SSH_MAX], email[HEAD_EMAIL_MAX], fingerprint[KEY_FINGERPRINT_MAX];
	FILE *f = file_in(folder, "root");

	key_fingerprint_text(fingerprint, h->p.root);
	(void)fprintf(f, "%s\n", fingerprint);
	(void)fclose(f);
	f = file_in(folder, "root.pub");
	key_ssh(line, h->p.root);
	(void)fprintf(f, "%s\n", line);
	(void)fclose(f);
	write_device_key(h, folder);
	f = file_in(folder, "signers");
	for (size_t i = 0; i <= h->p.devices_len; i++) {
		bool device = i < h->p.devices_len;

		key_ssh(line, device ? h->p.devices[i].key : h->p.server);
		head_email(email, device ? h->p.devices[i].id : "server", FIXTURE_ODS);
		(void)fprintf(f, "%s %s\n", email, line);
	}
	(void)fclose(f);
}

int bench_history(int argc, char **argv)
{
	static struct history h;
	size_t pushes = argc == 2 ? bench_number(argv[1]) : 0;

	if (argc != 2)
		bench_fail("history", "FOLDER PUSHES");
	practice_begin(&h.p);
	h.kept = h.p.main;
	push_edits(&h, true);
	for (size_t i = 1; i < pushes; i++) {
		if (i % 10 == 0)
			push_edits(&h, false);
		else
			push_answers(&h);
		if (i % AT_ONCE == 0)
			flush(&h);
	}
	flush(&h);
	write_keys(&h, argv[0]);
	printf("%s\n", h.p.dir);
	return 0;
}
