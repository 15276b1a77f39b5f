#include "tests/client/audited.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/files.h"
#include "core/schema_document.h"

static void must(const struct audited *w, enum status st)
{
	if (st != STATUS_OK)
		fail_msg("%s: %s", status_text(st), w->e.text);
}

void audited_answers(struct audited *w, unsigned count)
{
	struct fixture_device *kiosk = practice_device(&w->p, "kib-kiosk");
	uint64_t last = 0;

	must(w, head_feedback_last(&last, w->p.repo, &w->p.main_tree, kiosk->id, &w->e));
	for (uint64_t seq = last + 1; seq <= last + count; seq++) {
		char path[TREE_PATH_MAX];

		policy_feedback_path(path, kiosk->id, seq);
		practice_write(&w->p, kiosk, path, practice_answer(&w->p, kiosk->id, (int64_t)seq));
	}
	practice_push(&w->p, kiosk);
}

cJSON *audited_action(struct audited *w, const struct fixture_device *d, char path[TREE_PATH_MAX])
{
	struct stamp s = practice_stamp(&w->p, d, "2022-06-06");
	char id[ID_TEXT_LEN + 1];
	cJSON *r = cJSON_CreateObject();

	practice_id(&w->p, id);
	(void)cJSON_AddStringToObject(r, "schema", "action/1");
	(void)cJSON_AddStringToObject(r, "id", id);
	assert_int_equal(record_set(r, "ref", cJSON_CreateString("QIP-01"), &s, NULL), STATUS_OK);
	(void)snprintf(path, TREE_PATH_MAX, "qip/%s.json", id);
	return r;
}

void audited_edit(struct audited *w, const char *device)
{
	struct fixture_device *d = practice_device(&w->p, device);
	char path[TREE_PATH_MAX];

	practice_write(&w->p, d, path, audited_action(w, d, path));
	practice_push(&w->p, d);
}

void audited_merge_anyway(struct audited *w, const char *device, const struct oid *head, const struct oid *tree)
{
	struct oid merge = practice_merge_commit(&w->p, device, head, tree, "");

	practice_set_main(&w->p, &merge);
}

void audited_forge_merge(struct audited *w, const char *path, cJSON *record)
{
	struct fixture_device *staff = practice_device(&w->p, "fle-staff");
	struct tree_edit edit = {.path = path};
	struct head_context ctx = {.repo = w->p.repo, .ods = FIXTURE_ODS, .main = w->p.main, .main_tree = w->p.main_tree,
				   .registry = &w->p.registry, .device = staff->id, .last = staff->accepted};
	struct head_fault fault;
	struct head head;
	struct buf kept = BUF_INIT;
	const struct rules *rules;
	char own[TREE_PATH_MAX];
	struct oid tree, merge;

	practice_write(&w->p, staff, own, audited_action(w, staff, own));
	assert_int_equal(rules_get(&rules, 1, NULL), STATUS_OK);
	assert_int_equal(head_check(&head, &fault, &ctx, &staff->tip, NULL), STATUS_OK);
	assert_int_equal(head_merge(&tree, &kept, &ctx, &head, rules, NULL), STATUS_OK);
	if (record)
		edit.id = practice_blob(&w->p, record);
	assert_int_equal(tree_apply(&tree, w->p.repo, &tree, &edit, 1, NULL), STATUS_OK);
	merge = practice_merge_commit(&w->p, staff->id, &staff->tip, &tree, "");
	practice_set_main(&w->p, &merge);
	staff->accepted = staff->tip;
	buf_clear(&kept);
}

static void open_home(struct audited *w, const struct fixture_device *d)
{
	struct qip *q = &w->home;
	uint8_t fingerprint[SHA256_LEN];

	(void)snprintf(q->path, sizeof(q->path), "%s/home", w->p.dir);
	assert_int_equal(mkdir(q->path, 0700), 0);
	q->dir = open(q->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(q->dir >= 0);
	q->env = env_system();
	q->key = d->key;
	q->repo = w->p.repo;
	q->identity.role = d->role;
	(void)snprintf(q->identity.ods, sizeof(q->identity.ods), "%s", FIXTURE_ODS);
	(void)snprintf(q->identity.device, sizeof(q->identity.device), "%s", d->id);
	key_fingerprint(fingerprint, w->p.root);
	memcpy(q->root_pin, fingerprint, CODE_PIN_LEN);
}

void audited_begin(struct audited *w)
{
	*w = (struct audited){.a = AUDIT_INIT};
	practice_begin(&w->p);
	audited_answers(w, 3);
	open_home(w, practice_device(&w->p, "lead-icb"));
}

void audited_end(struct audited *w)
{
	audit_clear(&w->a);
	audit_checkpoint_clear(&w->from);
	(void)close(w->home.dir);
	practice_end(&w->p);
}

enum status audited_try(struct audited *w, bool all)
{
	const struct audit_scope scope = {.earlier = w->from.index > 0 ? &w->from : NULL, .all = all};

	audit_clear(&w->a);
	must(w, repo_flush(w->p.repo, &w->e));
	return audit_run_in(&w->a, w->p.repo, &w->p.main, FIXTURE_ODS, w->home.root_pin, &scope, &w->e);
}

void audited_run(struct audited *w, bool all)
{
	must(w, audited_try(w, all));
}

void audited_checkpoint(struct audited *w)
{
	audited_run(w, false);
	audited_passes(w);
	must(w, audit_checkpoint_save(&w->home, &w->a, &w->e));
	audit_checkpoint_clear(&w->from);
	must(w, audit_checkpoint_load(&w->from, &w->home, w->home.root_pin, &w->e));
}

static void show_findings(const struct audited *w)
{
	for (size_t i = 0; i < w->a.findings_len; i++)
		print_message("finding: %s %s %s: %s\n", w->a.findings[i].commit, w->a.findings[i].path, w->a.findings[i].device,
			      w->a.findings[i].text);
}

void audited_finds(const struct audited *w, const char *words, const char *path)
{
	audited_finds_of(w, words, path, NULL);
}

void audited_finds_of(const struct audited *w, const char *words, const char *path, const char *device)
{
	for (size_t i = 0; i < w->a.findings_len; i++) {
		const struct audit_finding *f = &w->a.findings[i];

		if (strstr(f->text, words) && (!path || strcmp(f->path, path) == 0) && (!device || strcmp(f->device, device) == 0))
			return;
	}
	show_findings(w);
	fail_msg("no finding says \"%s\"", words);
}

void audited_passes(const struct audited *w)
{
	show_findings(w);
	assert_int_equal(w->a.findings_len, 0);
}

char *audited_read(const struct audited *w, const char *name, size_t *len)
{
	struct buf text = BUF_INIT;
	struct error e = {0};

	if (files_read(&text, w->home.dir, name, 1024 * 1024, &e) != STATUS_OK)
		fail_msg("%s", e.text);
	*len = text.len;
	return (char *)text.data;
}

void audited_write(const struct audited *w, const char *name, const void *bytes, size_t len)
{
	struct error e = {0};

	if (files_write(w->home.dir, name, bytes, len, 0600, &e) != STATUS_OK)
		fail_msg("%s", e.text);
}

void audited_fits_schema(const char *bytes, size_t len, const char *schema)
{
	struct schema_document *document = NULL;
	struct buf text = BUF_INIT;
	struct error e = {0};
	cJSON *value = NULL;

	if (files_read(&text, AT_FDCWD, schema, 1024 * 1024, &e) != STATUS_OK ||
	    schema_document_open(&document, buf_text(&text), text.len, &e) != STATUS_OK ||
	    json_parse_canonical(&value, bytes, len, &e) != STATUS_OK || schema_document_check(document, value, &e) != STATUS_OK)
		fail_msg("%s", e.text);
	cJSON_Delete(value);
	schema_document_close(document);
	buf_clear(&text);
}
