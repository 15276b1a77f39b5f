/* tests/bench/load_adopt.c - a long history in a server's folder, without pushing it.
 *
 *     server_load adopt DIR/ODS HOME
 *
 * Takes the commits that wait on a kiosk's branch into the log as the server would have: one signed merge each, a few of them a
 * pack, and these joined as its upkeep joins them. The server must be stopped.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/chain.h"
#include "client/files.h"
#include "core/rules.h"
#include "tests/bench/load.h"

#define BATCH 16 /* pushes that are merged together */

/* As server/limits.h has them; the client's, which are included here, bear the same names. */
static const struct repo_bounds joining = {.packs = 30, .objects = 100000, .pack_bytes = 512 << 20};
static const struct repo_limits pushed = {.pack_bytes = 64 << 20, .objects = 200000, .object_bytes = 4 << 20};

struct log {
	struct repo *repo;
	struct key *key; /* the server's */
	const struct qip *q;
	const struct rules *rules;
	struct oid kept, main, tree; /* where the ref stands; with the staged merges; of main */
	int64_t index;
};

static void read_key(struct key **out, const char *folder)
{
	char path[HOME_PATH_MAX], pem[4096] = "";
	struct error e = {0};
	FILE *f = NULL;

	(void)snprintf(path, sizeof(path), "%s/server.key", folder);
	f = fopen(path, "r");
	if (!f || fread(pem, 1, sizeof(pem) - 1, f) == 0)
		load_fail(path, strerror(errno));
	(void)fclose(f);
	load_must(key_from_pem(out, pem, &e), &e, path);
}

static void log_open(struct log *l, const struct qip *q, const char *folder)
{
	char path[HOME_PATH_MAX * 2];
	struct commit c = COMMIT_INIT;
	struct merge_note note = {.index = 0};
	struct error e = {0};

	*l = (struct log){.q = q};
	read_key(&l->key, folder);
	(void)snprintf(path, sizeof(path), "%s/history.git", folder);
	load_must(repo_open(&l->repo, path, &e), &e, path);
	load_must(rules_get(&l->rules, RULES_VERSION, &e), &e, "rules");
	load_must(repo_ref_get(&l->main, l->repo, REF_MAIN, &e), &e, REF_MAIN);
	load_must(repo_commit_read(&c, l->repo, &l->main, &e), &e, REF_MAIN);
	load_must(merge_note_parse(&note, c.message, &e), &e, REF_MAIN);
	l->kept = l->main;
	l->tree = c.tree;
	l->index = note.index;
	buf_clear(&note.kept);
	commit_clear(&c);
}

static void log_flush(struct log *l)
{
	struct error e = {0};

	load_must(repo_flush(l->repo, &e), &e, "the log");
	if (!oid_equal(&l->main, &l->kept))
		load_must(repo_ref_update(l->repo, REF_MAIN, &l->main, &l->kept, &e), &e, REF_MAIN);
	l->kept = l->main;
	load_must(repo_consolidate(NULL, l->repo, &joining, &e), &e, "the log");
}

static enum status collect(void *ctx, const void *bytes, size_t len)
{
	struct buf *out = ctx;

	buf_add(out, bytes, len);
	return buf_ok(out) ? STATUS_OK : STATUS_NOMEM;
}

/* What a push of it would bring. */
static void receive_head(struct log *l, const struct oid *head, const struct oid *before)
{
	struct buf pack = BUF_INIT;
	struct error e = {0};

	load_must(repo_pack_send(l->q->repo, head, 1, before, 1, collect, &pack, NULL, &e), &e, "a head");
	load_must(repo_unpack(l->repo, pack.data, pack.len, &pushed, PTRDIFF_MAX, &e), &e, "a head");
	buf_clear(&pack);
}

static void write_merge(struct log *l, const struct oid *head)
{
	struct merge_note note = {.index = ++l->index, .rules_version = rules_version(l->rules)};
	char email[HEAD_EMAIL_MAX];
	struct buf message = BUF_INIT;
	struct error e = {0};
	struct commit_spec spec = {.tree = l->tree, .parents = {l->main, *head}, .parents_len = 2, .name = "server", .email = email,
				   .time_ms = l->q->env->now_ms(l->q->env->ctx), .key = l->key};

	(void)snprintf(note.device, sizeof(note.device), "%s", l->q->identity.device);
	(void)snprintf(note.rules_digest, sizeof(note.rules_digest), "%s", rules_digest(l->rules));
	time_format(note.received, spec.time_ms);
	load_must(merge_note_format(&message, &note), NULL, "a merge");
	head_email(email, "server", l->q->identity.ods);
	spec.message = buf_text(&message);
	load_must(repo_commit_write(&l->main, l->repo, &spec, &e), &e, "a merge");
	buf_clear(&message);
}

/* A kiosk's head is merged by taking its own folder over. */
static void merge_head(struct log *l, const struct oid *head)
{
	char folder[TREE_PATH_MAX];
	struct tree_edit edit = {.path = folder, .is_dir = true};
	struct commit c = COMMIT_INIT;
	struct error e = {0};

	(void)snprintf(folder, sizeof(folder), "feedback/%s", l->q->identity.device);
	load_must(repo_commit_read(&c, l->repo, head, &e), &e, "a head");
	load_must(tree_find(&edit.id, NULL, l->repo, &c.tree, folder, &e), &e, folder);
	load_must(tree_apply(&l->tree, l->repo, &l->tree, &edit, 1, &e), &e, folder);
	write_merge(l, head);
	commit_clear(&c);
}

int load_adopt(int argc, char **argv)
{
	struct chain chain = {0};
	struct qip *q = NULL;
	struct error e = {0};
	struct log l;
	struct oid accepted;

	if (argc != 2)
		load_fail("adopt", "DIR/ODS HOME");
	q = load_open(argv[1]);
	load_must(chain_load(&chain, q, &e), &e, argv[1]);
	load_must(home_ref(&accepted, q, q->own_ref, &e), &e, q->own_ref);
	log_open(&l, q, argv[0]);
	for (size_t i = 0; i < chain.len; i++) {
		receive_head(&l, &chain.ids[i], i ? &chain.ids[i - 1] : &accepted);
		merge_head(&l, &chain.ids[i]);
		if (i % BATCH == BATCH - 1)
			log_flush(&l);
	}
	log_flush(&l);
	load_must(repo_note_reached(l.repo, &l.main, &e), &e, "the log");
	load_must(repo_ref_update(l.repo, q->own_ref, &chain.ids[chain.len - 1], &accepted, &e), &e, q->own_ref);
	load_must(home_move_ref(q, q->own_ref, &chain.ids[chain.len - 1], &accepted, &e), &e, q->own_ref);
	repo_close(l.repo);
	key_free(l.key);
	chain_clear(&chain);
	qip_close(q);
	return 0;
}
