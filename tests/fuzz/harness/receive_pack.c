/* tests/fuzz/harness/receive_pack.c - a push's body on its way through the server: commands, quarantine, limits, the judgement of its head, and the merge.
 *
 * A byte that says which device pushes (and how the network cuts it), then what it does, step by step: records and directories, commits that it signs
 * or does not, objects and deltas of any bytes, and faults in the pack. Nothing is published, so that the next push finds the practice as it was.
 */
#include <dirent.h>
#include <zlib.h>

#include "server/answer.h"
#include "server/merge.h"
#include "server/merge_queue.h"
#include "server/request.h"
#include "tests/fuzz/forge_commits.h"
#include "tests/fuzz/harness/harness.h"
#include "tests/server/queue.h"

#define OBJECTS_MAX 256
#define EDITS_MAX 16
#define STEPS_MAX 64
#define OBJECT_BYTES_MAX (64 * 1024)
#define PACK_HEADER_LEN 12

enum step { STEP_RECORD, STEP_COMMIT, STEP_OBJECT, STEP_ENTRY, STEP_TREE, STEP_BASE, STEP_DELTA, STEP_FLIP, STEP_CUT, STEP_COMMAND, STEPS };

#define COMMIT_UNSIGNED 1
#define COMMIT_BY_ANOTHER 2
#define COMMIT_WORDS 4 /* of its own */
#define COMMIT_PARENT 8 /* two bits: what it goes on from */
#define COMMIT_MERGES 32 /* a second parent */

#define KIND_OFS_DELTA 6
#define KIND_REF_DELTA 7

static struct world w;
static struct testdev devices[3]; /* a manager, staff, a kiosk */
static struct queue q;
static struct repo *known; /* what the devices and the server hold before the push */
static struct oid log_end;

/* What a push is made of. */
struct making {
	struct input *in;
	const struct testdev *device;
	struct oid tree, parent, head, last; /* last: the object that was made last */
	struct tree_edit edits[EDITS_MAX];
	char paths[EDITS_MAX][TREE_PATH_MAX];
	size_t edits_len;
	struct buf entries; /* of a directory that is being made by hand */
	struct oid sent[OBJECTS_MAX];
	size_t sent_len;
	struct buf pack; /* without its header and its end */
	uint32_t objects;
	bool is_signed; /* some commit is, by the device itself */
	size_t flip_at;
	uint8_t flip, cut;
	bool sum_is_wrong;
	char ref[LIMIT_REF_BYTES];
	struct oid old_id;
};

/* ---- objects ---- */

/* Kind and size as a pack has them, then the bytes, deflated. base: what a delta says of its base. */
static void pack_add(struct making *m, unsigned kind, const void *base, size_t base_len, const void *bytes, size_t len)
{
	uint8_t out[OBJECT_BYTES_MAX + 1024];
	uLongf out_len = sizeof(out);
	size_t rest = len >> 4;
	uint8_t head = (uint8_t)(kind << 4 | (len & 15) | (rest ? 0x80 : 0));

	HOLDS(len <= OBJECT_BYTES_MAX && compress2(out, &out_len, bytes, len, 1) == Z_OK);
	buf_add(&m->pack, &head, 1);
	for (; rest > 0; rest >>= 7) {
		head = (uint8_t)((rest & 0x7f) | (rest >> 7 ? 0x80 : 0));
		buf_add(&m->pack, &head, 1);
	}
	buf_add(&m->pack, base, base_len);
	buf_add(&m->pack, out, out_len);
	m->objects++;
}

/* Into the pack, once, unless the server has it. */
static void send_object(struct making *m, enum repo_kind kind, const struct oid *id)
{
	struct buf bytes = BUF_INIT;

	for (size_t i = 0; i < m->sent_len; i++)
		if (oid_equal(&m->sent[i], id))
			return;
	if (m->sent_len == OBJECTS_MAX || repo_has(known, id) || repo_read(&bytes, w.local, id, kind, OBJECT_BYTES_MAX, NULL) != STATUS_OK) {
		buf_clear(&bytes);
		return;
	}
	m->sent[m->sent_len++] = *id;
	pack_add(m, kind, "", 0, buf_text(&bytes), bytes.len);
	buf_clear(&bytes);
}

static struct oid make_object(struct making *m, enum repo_kind kind, const void *bytes, size_t len)
{
	struct error e = {0};

	harness_must(repo_write(&m->last, w.local, kind, bytes, len, &e), &e);
	send_object(m, kind, &m->last);
	return m->last;
}

/* ---- steps ---- */

static void step_record(struct making *m)
{
	char *path = input_text(m->in, '\n');
	size_t len = 0;
	const uint8_t *bytes = input_until(&len, m->in, '\n');

	if (m->edits_len < EDITS_MAX && len <= OBJECT_BYTES_MAX && strlen(path) < TREE_PATH_MAX) {
		struct tree_edit *edit = &m->edits[m->edits_len];

		(void)snprintf(m->paths[m->edits_len], TREE_PATH_MAX, "%s", path);
		*edit = (struct tree_edit){.path = m->paths[m->edits_len]};
		if (len > 0)
			harness_must(repo_write(&edit->id, w.local, REPO_BLOB, bytes, len, NULL), &(struct error){0});
		m->edits_len++;
	}
	free(path);
}

/* The directories down to a path, and what lies there. */
static void send_path(struct making *m, const struct tree_edit *edit)
{
	char path[TREE_PATH_MAX];
	struct oid id;

	send_object(m, REPO_TREE, &m->tree);
	for (const char *at = strchr(edit->path, '/'); at; at = strchr(at + 1, '/')) {
		(void)snprintf(path, sizeof(path), "%.*s", (int)(at - edit->path), edit->path);
		if (tree_find(&id, NULL, w.local, &m->tree, path, NULL) == STATUS_OK)
			send_object(m, REPO_TREE, &id);
	}
	if (!oid_is_zero(&edit->id))
		send_object(m, REPO_BLOB, &edit->id);
}

/* Edits that make no sense together are left out. */
static void apply_edits(struct making *m)
{
	struct oid tree;

	if (m->edits_len > 0 && tree_apply(&tree, w.local, &m->tree, m->edits, m->edits_len, NULL) == STATUS_OK) {
		m->tree = tree;
		for (size_t i = 0; i < m->edits_len; i++)
			send_path(m, &m->edits[i]);
	}
	m->edits_len = 0;
}

/* What is signed, as a device makes it; or with all that stands behind its tree and parents in other words. */
static void commit_text(struct buf *out, const struct commit *c, const char *words)
{
	const char *rest = strstr(c->signed_text, "author ");

	HOLDS(rest != NULL);
	buf_add(out, c->signed_text, words ? (size_t)(rest - c->signed_text) : c->signed_len);
	buf_adds(out, words ? words : "");
}

static void sign_commit(struct making *m, uint8_t how, const struct key *key, const char *words)
{
	struct commit c = COMMIT_INIT;
	struct buf text = BUF_INIT, armored = BUF_INIT, raw = BUF_INIT;
	struct error e = {0};

	harness_must(repo_commit_read(&c, w.local, &m->head, &e), &e);
	commit_text(&text, &c, words);
	if (!(how & COMMIT_UNSIGNED))
		harness_must(signature_make(&armored, key, SIGNATURE_NAMESPACE_GIT, text.data, text.len, &e), &e);
	commit_join(&raw, &text, buf_text(&armored));
	m->head = m->parent = make_object(m, REPO_COMMIT, raw.data, raw.len);
	m->is_signed |= !(how & (COMMIT_UNSIGNED | COMMIT_BY_ANOTHER));
	commit_clear(&c);
	buf_clear(&text);
	buf_clear(&armored);
	buf_clear(&raw);
}

static void step_commit(struct making *m)
{
	uint8_t how = input_byte(m->in);
	const struct testdev *other = m->device == &devices[0] ? &devices[1] : &devices[0];
	const struct oid parents[] = {m->parent, log_end, m->device->head, {{0}}};
	const struct oid *parent = &parents[how / COMMIT_PARENT % ARRAY_LEN(parents)];
	char email[HEAD_EMAIL_MAX], *words = how & COMMIT_WORDS ? input_text(m->in, 0) : NULL;
	struct buf message = BUF_INIT;
	struct error e = {0};
	struct commit_spec spec = {.name = m->device->name, .email = email, .time_ms = 1764000000000, .key = (how & COMMIT_BY_ANOTHER ? other : m->device)->key};

	apply_edits(m);
	spec.tree = m->tree;
	if (!oid_is_zero(parent))
		spec.parents[spec.parents_len++] = *parent;
	if (how & COMMIT_MERGES)
		spec.parents[spec.parents_len++] = log_end;
	head_email(email, m->device->name, ODS);
	HOLDS(head_message_format(&message, "An edit", m->device->name) == STATUS_OK);
	spec.message = buf_text(&message);
	harness_must(repo_commit_write(&m->head, w.local, &spec, &e), &e);
	sign_commit(m, how, spec.key, words);
	free(words);
	buf_clear(&message);
}

static void step_object(struct making *m)
{
	enum repo_kind kind = (enum repo_kind)(REPO_COMMIT + input_below(m->in, 4));
	size_t wanted = (size_t)input_byte(m->in) << 4, len = 0;
	const uint8_t *bytes = input_bytes(&len, m->in, wanted);
	struct oid id = make_object(m, kind, bytes, len);

	if (kind == REPO_COMMIT)
		m->head = m->parent = id;
	else if (kind == REPO_TREE)
		m->tree = id;
}

static void step_entry(struct making *m)
{
	static const char *const modes[] = {"100644", "40000", "100755", "120000", "160000", "0100644", "1", ""};
	const char *mode = modes[input_below(m->in, ARRAY_LEN(modes))];
	char *name = input_text(m->in, '\n');

	buf_addf(&m->entries, "%s %s", mode, name);
	buf_add(&m->entries, "", 1);
	buf_add(&m->entries, m->last.id, OID_LEN);
	free(name);
}

static void step_tree(struct making *m)
{
	if (m->entries.len <= OBJECT_BYTES_MAX)
		m->tree = make_object(m, REPO_TREE, buf_text(&m->entries), m->entries.len);
	buf_reset(&m->entries);
}

static struct oid tree_of(const struct oid *commit)
{
	struct commit c = COMMIT_INIT;
	struct error e = {0};
	struct oid tree;

	harness_must(repo_commit_read(&c, w.local, commit, &e), &e);
	tree = c.tree;
	commit_clear(&c);
	return tree;
}

static void step_base(struct making *m)
{
	const struct oid bases[] = {tree_of(&log_end), tree_of(&m->device->head), {{0}}};

	m->tree = bases[input_below(m->in, ARRAY_LEN(bases))];
}

/* On the object that was made last, or on what lies so many bytes before it. */
static void step_delta(struct making *m)
{
	uint8_t base = input_byte(m->in);
	size_t wanted = input_byte(m->in), len = 0;
	const uint8_t *bytes = input_bytes(&len, m->in, wanted);

	if (base == 0)
		pack_add(m, KIND_REF_DELTA, m->last.id, OID_LEN, bytes, len);
	else
		pack_add(m, KIND_OFS_DELTA, &base, 1, bytes, len);
}

static void step_command(struct making *m)
{
	char *ref = input_text(m->in, '\n');

	(void)snprintf(m->ref, sizeof(m->ref), "%s", ref);
	m->old_id = input_below(m->in, 2) ? m->device->head : log_end;
	free(ref);
}

static void make(struct making *m)
{
	for (int i = 0; i < STEPS_MAX && m->in->len > 0; i++) {
		switch ((enum step)input_below(m->in, STEPS)) {
		case STEP_RECORD:
			step_record(m);
			break;
		case STEP_COMMIT:
			step_commit(m);
			break;
		case STEP_OBJECT:
			step_object(m);
			break;
		case STEP_ENTRY:
			step_entry(m);
			break;
		case STEP_TREE:
			step_tree(m);
			break;
		case STEP_BASE:
			step_base(m);
			break;
		case STEP_DELTA:
			step_delta(m);
			break;
		case STEP_FLIP:
			m->flip_at = (size_t)input_byte(m->in) << 8 | input_byte(m->in);
			m->flip = input_byte(m->in);
			m->sum_is_wrong = input_byte(m->in) & 1;
			break;
		case STEP_CUT:
			m->cut = input_byte(m->in);
			break;
		case STEP_COMMAND:
			step_command(m);
			break;
		case STEPS:
			break;
		}
	}
}

/* ---- the push ---- */

static void finish_pack(struct buf *out, const struct making *m)
{
	const uint8_t n[] = {(uint8_t)(m->objects >> 24), (uint8_t)(m->objects >> 16), (uint8_t)(m->objects >> 8), (uint8_t)m->objects};
	struct sha1 *sum = sha1_open();
	uint8_t end[SHA1_LEN];

	buf_add(out, "PACK\0\0\0\2", PACK_HEADER_LEN - sizeof(n));
	buf_add(out, n, sizeof(n));
	buf_add(out, m->pack.data, m->pack.len);
	HOLDS(buf_ok(out) && sum);
	if (m->flip && !m->sum_is_wrong)
		out->data[m->flip_at % out->len] ^= m->flip;
	sha1_add(sum, out->data, out->len);
	HOLDS(sha1_finish(end, sum) == STATUS_OK);
	sha1_close(sum);
	buf_add(out, end, sizeof(end));
	if (m->flip && m->sum_is_wrong)
		out->data[m->flip_at % out->len] ^= m->flip;
	out->len -= m->cut < out->len ? m->cut : out->len;
}

static void make_body(struct buf *out, const struct making *m)
{
	struct buf pack = BUF_INIT;
	char old_id[OID_HEX_LEN + 1], new_id[OID_HEX_LEN + 1];

	oid_hex(old_id, &m->old_id);
	oid_hex(new_id, &m->head);
	pkt_addf(out, "%s %s %s%c report-status", old_id, new_id, m->ref, 0);
	pkt_flush(out);
	finish_pack(&pack, m);
	buf_add(out, pack.data, pack.len);
	HOLDS(buf_ok(out));
	buf_clear(&pack);
}

/* In the queue's place, once all is set up: what was judged is merged as it would be, and stays in its transaction. */
void __real_merge_queue_add(struct push *p, struct jobs *jobs, const struct env *env);
void __wrap_merge_queue_add(struct push *p, struct jobs *jobs, const struct env *env);
void __wrap_merge_queue_add(struct push *p, struct jobs *jobs, const struct env *env)
{
	struct log_end end = p->view->end;
	struct commit c = COMMIT_INIT;

	if (!known) {
		__real_merge_queue_add(p, jobs, env);
		return;
	}
	p->outcome.status = merge_push(p, &end, p->txn, env, &p->outcome);
	if (p->outcome.status == STATUS_OK) {
		HOLDS(repo_commit_read(&c, store_txn_repo(p->txn), &p->merged, NULL) == STATUS_OK);
		HOLDS(c.parents_len == 2 && oid_equal(&c.parents[0], &log_end) && oid_equal(&c.parents[1], &p->id));
		commit_clear(&c);
	}
	p->done(p);
}

/* A pack that takes long is judged at once, on the harness's own thread. */
void __real_jobs_submit(struct jobs *jobs, struct job *job);
void __wrap_jobs_submit(struct jobs *jobs, struct job *job);
void __wrap_jobs_submit(struct jobs *jobs, struct job *job)
{
	if (known && job->heavy)
		job->run(job->arg);
	else
		__real_jobs_submit(jobs, job);
}

static void answered(void *http)
{
	*(bool *)http = true;
}

/* Something is said, and never that the server itself failed. */
static void check_answer(const struct request *r, const struct making *m)
{
	const struct buf *body = &r->answer.body.memory;
	struct pkt p = {0};
	size_t at = 0;

	HOLDS(r->answer.code == 200 || (r->answer.code >= 400 && r->answer.code < 500));
	HOLDS(body->len > 0);
	if (r->answer.code != 200)
		return;
	HOLDS(pkt_next(&p, buf_text(body), body->len, &at) == STATUS_OK && pkt_is(&p, "unpack ok"));
	HOLDS(pkt_next(&p, buf_text(body), body->len, &at) == STATUS_OK && p.kind == PKT_DATA);
	if (p.len > 2 && memcmp(p.bytes, "ok", 2) == 0)
		HOLDS(m->is_signed || oid_equal(&m->head, &m->device->head));
	else
		HOLDS(p.len > strlen("ng ") + strlen(m->ref) + 1 && memcmp(p.bytes, "ng ", 3) == 0);
}

static void take_in(struct request *r, const struct buf *body, size_t piece)
{
	const struct handler *h = &handler_receive_pack;
	struct error e = {0};
	bool done = false;

	r->answered = answered;
	r->http = &done;
	harness_must(body_begin(&r->body, NULL, h->max_bytes + (uint64_t)r->service->limits->push_bytes, h->feed, r, &e), &e);
	h->begin(r);
	for (size_t at = 0; at < body->len; at += piece)
		HOLDS(body_feed(&r->body, body->data + at, body->len - at < piece ? body->len - at : piece));
	if (body_end(&r->body) != STATUS_OK) {
		HOLDS(r->body.error.text[0]);
		answer_error(&r->answer, &r->body.error);
		return;
	}
	if (h->end_later(r))
		return;
	HOLDS(done);
}

/* Files and folders in one of the history's own. */
static size_t count_in(const char *name)
{
	char path[256];
	size_t len = 0;
	DIR *folder = NULL;

	(void)snprintf(path, sizeof(path), "%s/%s", w.git, name);
	folder = opendir(path);
	while (folder && readdir(folder))
		len++;
	if (folder)
		(void)closedir(folder);
	return len;
}

static size_t count_files(void)
{
	return count_in(".") + count_in("objects") + count_in("objects/pack") + count_in("quarantine");
}

static void push_it(const struct making *m, size_t piece)
{
	const struct service service = {.dir = w.server, .limits = &w.config.limits, .practices = q.practices, .env = env_system(), .jobs = q.jobs};
	struct request r = {.service = &service, .practice = q.practice, .answer = ANSWER_INIT};
	struct buf body = BUF_INIT;
	size_t files = count_files();

	(void)snprintf(r.who.device, sizeof(r.who.device), "%s", m->device->name);
	make_body(&body, m);
	take_in(&r, &body, piece);
	check_answer(&r, m);
	handler_receive_pack.release(&r);
	request_clear(&r);
	HOLDS(count_files() == files); /* it leaves nothing behind */
	buf_clear(&body);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct input in = {bytes, len};
	uint8_t who = input_byte(&in);
	struct making m = {.in = &in, .device = &devices[who % ARRAY_LEN(devices)]};

	m.parent = m.head = m.last = m.old_id = m.device->head;
	m.tree = tree_of(&m.device->head);
	push_ref_name(m.ref, m.device->name);
	make(&m);
	push_it(&m, who & 4 ? 1 + (size_t)(who >> 3) : 64 * 1024);
	buf_clear(&m.pack);
	buf_clear(&m.entries);
	repo_discard(w.local);
	return 0;
}

/* ---- once ---- */

static void end_all(void)
{
	repo_close(known);
	queue_close(&q);
	for (size_t i = 0; i < ARRAY_LEN(devices); i++)
		testdev_clear(&devices[i]);
	world_close(&w);
	repo_shutdown_library();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct invite staff, kiosk;
	struct error e = {0};

	(void)argc;
	(void)argv;
	harness_must(repo_init_library(&e), &e);
	world_open(&w);
	join_first(&w, &devices[0]);
	join_invited(&w, &devices[0], &devices[1], &staff, "fle-staff", "staff");
	join_invited(&w, &devices[0], &devices[2], &kiosk, "kib-kiosk", "kiosk");
	invite_clear(&staff);
	invite_clear(&kiosk);
	log_end = fetch_main(&w);
	queue_open(&q, &w);
	harness_must(repo_open(&known, w.git, &e), &e);
	HOLDS(atexit(end_all) == 0);
	return 0;
}
