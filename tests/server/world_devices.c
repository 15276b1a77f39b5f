#include "tests/server/world.h"

/* ---- devices ---- */

cJSON *object(const char *const *pairs)
{
	cJSON *o = cJSON_CreateObject();

	assert_non_null(o);
	for (; *pairs; pairs += 2)
		ok(json_set_string(o, pairs[0], pairs[1]));
	return o;
}

void sign(struct buf *out, const struct key *key, struct buf *statement)
{
	ok(signature_make(out, key, SIGNATURE_NAMESPACE_RECORD, statement->data, statement->len, NULL));
	buf_clear(statement);
}

const char *now_text(void)
{
	static char text[TIME_TEXT_MAX];

	time_format(text, env_system()->now_ms(NULL));
	return text;
}

void testdev_make(struct testdev *d, const char *name, const struct invite *invite)
{
	char key[KEY_SSH_MAX];
	struct buf text = BUF_INIT, statement = BUF_INIT, proof = BUF_INIT;

	*d = (struct testdev){.cert = BUF_INIT};
	(void)snprintf(d->name, sizeof(d->name), "%s", name);
	ok(key_generate(&d->key, NULL));
	ok(seal_generate(d->seal_private, d->seal_public, NULL));
	base64url_encode(&text, d->seal_public, sizeof(d->seal_public));
	(void)snprintf(d->seal_text, sizeof(d->seal_text), "%s", buf_text(&text));
	key_ssh(key, d->key);
	ok(statement_enrolment(&statement, ODS, invite->key_ssh, key, d->seal_text));
	sign(&proof, invite->key, &statement);
	d->enrolment = OBJECT("key", key, "seal_key", d->seal_text, "at", now_text(), "proof", buf_text(&proof));
	buf_clear(&text);
	buf_clear(&proof);
}

void testdev_replace(struct testdev *d, const struct invite *invite, const struct testdev *former, int64_t carries)
{
	struct statement_replacement says = {.ods = ODS,
					     .replaces = former->name,
					     .device = d->name,
					     .invite_key = invite->key_ssh,
					     .key = json_string(d->enrolment, "key")};
	struct buf statement = BUF_INIT, proof = BUF_INIT;
	cJSON *replaces = NULL;

	ok(statement_replacement(&statement, &says));
	sign(&proof, former->key, &statement);
	replaces = OBJECT("device", former->name, "proof", buf_text(&proof));
	ok(json_set(replaces, "ends", cJSON_CreateFalse()));
	ok(json_set_integer(replaces, "carries", carries));
	ok(json_set(d->enrolment, "replaces", replaces));
	buf_clear(&proof);
}

void testdev_clear(struct testdev *d)
{
	key_free(d->key);
	buf_clear(&d->cert);
	cJSON_Delete(d->enrolment);
	*d = (struct testdev){.cert = BUF_INIT};
}

int testdev_enrol(struct testdev *d, const struct world *w, const struct invite *invite, cJSON **answer)
{
	struct reply r;
	struct buf csr = BUF_INIT, body = BUF_INIT;
	cJSON *wish = cJSON_Duplicate(d->enrolment, true), *said = NULL;

	ok(csr_make(&csr, d->key, "qip", NULL));
	ok(json_set_string(wish, "csr", buf_text(&csr)));
	ok(json_set_string(wish, "invite_key", invite->key_ssh));
	ok(json_canonical(&body, wish));
	post(&r, w, NULL, "/" ODS "/enrol", "application/json", body.data, body.len);
	ok(json_parse(&said, buf_text(&r.body), r.body.len, NULL));
	if (r.code == 200) {
		buf_reset(&d->cert);
		buf_adds(&d->cert, json_string(said, "certificate"));
	}
	if (answer)
		*answer = said;
	else
		cJSON_Delete(said);
	cJSON_Delete(wish);
	buf_clear(&csr);
	buf_clear(&body);
	reply_clear(&r);
	return r.code;
}

/* ---- histories ---- */

struct oid commit(struct world *w, const struct testdev *d, const struct oid *parent, struct file *files, size_t len)
{
	static struct tree_edit edits[600];
	char email[HEAD_EMAIL_MAX];
	struct buf message = BUF_INIT;
	struct commit_spec spec = {.name = d->name,
				   .email = email,
				   .time_ms = env_system()->now_ms(NULL),
				   .key = d->key,
				   .parents_len = parent != NULL};
	struct oid base = {{0}}, id = {{0}};

	assert_true(len <= ARRAY_LEN(edits));
	memset(edits, 0, sizeof(edits));
	if (parent) {
		struct commit c = COMMIT_INIT;

		ok(repo_commit_read(&c, w->local, parent, NULL));
		base = c.tree;
		spec.parents[0] = *parent;
		commit_clear(&c);
	}
	for (size_t i = 0; i < len; i++) {
		struct buf text = BUF_INIT;

		edits[i].path = files[i].path;
		if (files[i].record) {
			ok(json_canonical(&text, files[i].record));
			ok(repo_write(&edits[i].id, w->local, REPO_BLOB, text.data, text.len, NULL));
		}
		cJSON_Delete(files[i].record);
		buf_clear(&text);
	}
	head_email(email, d->name, ODS);
	ok(head_message_format(&message, "An edit", d->name));
	spec.message = buf_text(&message);
	ok(tree_apply(&spec.tree, w->local, &base, edits, len, NULL));
	ok(repo_commit_write(&id, w->local, &spec, NULL));
	buf_clear(&message);
	return id;
}

enum status add_to_buf(void *ctx, const void *bytes, size_t len)
{
	buf_add(ctx, bytes, len);
	return STATUS_OK;
}

void push_body(struct buf *out, struct world *w, const char *ref, const struct oid *old_id, const struct oid *new_id,
	       const struct oid *known)
{
	const struct oid nothing = {{0}};
	struct buf line = BUF_INIT;
	char hex[OID_HEX_LEN + 1];

	oid_hex(hex, old_id ? old_id : &nothing);
	buf_addf(&line, "%s ", hex);
	oid_hex(hex, new_id);
	buf_addf(&line, "%s %s", hex, ref);
	buf_add(&line, "\0 report-status agent=test", 26);
	pkt_add(out, line.data, line.len);
	pkt_flush(out);
	ok(repo_pack_send(w->local, new_id, 1, known, known ? 1 : 0, add_to_buf, out, NULL, NULL));
	buf_clear(&line);
}

void push_raw(struct reply *r, const struct world *w, const struct testdev *d, const struct buf *body)
{
	post(r, w, d, "/" ODS "/history.git/git-receive-pack", "application/x-git-receive-pack-request", body->data,
	     body->len);
}

bool push(struct world *w, struct testdev *d, const struct oid *id, struct buf *why)
{
	char ref[LIMIT_REF_BYTES];
	struct buf body = BUF_INIT;
	struct reply r;
	bool accepted = false;

	push_ref_name(ref, d->name);
	push_body(&body, w, ref, &d->head, id, oid_is_zero(&d->head) ? NULL : &d->head);
	push_raw(&r, w, d, &body);
	accepted = r.code == 200 && strstr(buf_text(&r.body), "ok refs/devices/") != NULL;
	if (accepted)
		d->head = *id;
	if (why) {
		buf_reset(why);
		buf_add(why, r.body.data, r.body.len);
	}
	buf_clear(&body);
	reply_clear(&r);
	return accepted;
}

cJSON *practice_record(const struct world *w)
{
	char root[KEY_SSH_MAX];
	struct stamp stamp = {
		.device = "manager", .by = "manager", .effective = "2026-01-01", .at = "2026-01-01T00:00:00.000Z"};
	struct buf statement = BUF_INIT, signature = BUF_INIT;
	cJSON *p = NULL, *keys = cJSON_CreateArray();

	key_ssh(root, w->root);
	p = OBJECT("schema", "practice/1", "ods", ODS, "root_key", root);
	ok(statement_server_key(&statement, ODS, w->server_key));
	sign(&signature, w->root, &statement);
	assert_true(cJSON_AddItemToArray(keys, OBJECT("key", w->server_key, "signature", buf_text(&signature))));
	ok(json_set(p, "server_keys", keys));
	ok(json_set_integer(p, "schema_level", 1));
	ok(id_make(stamp.id, env_system()));
	ok(record_set(p, "name", cJSON_CreateString("Sample practice"), &stamp, NULL));
	buf_clear(&signature);
	return p;
}

cJSON *device_record(const char *name, const char *role, const char *by, const struct key *signer,
		     const struct invite *invite, const struct testdev *d)
{
	struct buf statement = BUF_INIT, signature = BUF_INIT;
	cJSON *record = OBJECT("schema", "device/1", "id", name, "role", role);

	ok(statement_invite(&statement, ODS, name, role, "", invite->key_ssh));
	sign(&signature, signer, &statement);
	ok(json_set(record, "invite",
		    OBJECT("key", invite->key_ssh, "by", by, "at", now_text(), "signature", buf_text(&signature))));
	if (d)
		ok(json_set(record, "enrolment", cJSON_Duplicate(d->enrolment, true)));
	buf_clear(&signature);
	return record;
}

struct oid fetch_main(struct world *w)
{
	struct repo *there = NULL;
	struct repo_intake *in = NULL;
	const struct repo_limits limits = {.pack_bytes = 1 << 24, .objects = 100000, .object_bytes = 1 << 22};
	struct buf pack = BUF_INIT;
	struct oid main_id = {{0}};

	ok(repo_open(&there, w->git, NULL));
	ok(repo_ref_get(&main_id, there, "refs/heads/main", NULL));
	ok(repo_pack_send(there, &main_id, 1, NULL, 0, add_to_buf, &pack, NULL, NULL));
	ok(repo_flush(w->local, NULL));
	ok(repo_intake_begin(&in, w->local, &limits, NULL));
	ok(repo_intake_feed(in, pack.data, pack.len, NULL));
	ok(repo_intake_finish(in, NULL));
	ok(repo_intake_keep(in, NULL));
	repo_intake_close(in);
	repo_close(there);
	buf_clear(&pack);
	return main_id;
}

void join_first(struct world *w, struct testdev *d)
{
	struct file files[2];

	testdev_make(d, "manager", &w->first);
	assert_int_equal(testdev_enrol(d, w, &w->first, NULL), 200);
	files[0] = (struct file){"practice.json", practice_record(w)};
	files[1] = (struct file){"devices/manager.json",
				 device_record("manager", "manager", "root", w->root, &w->first, d)};
	struct oid id = commit(w, d, NULL, files, 2);
	assert_true(push(w, d, &id, NULL));
}

void invite_device(struct world *w, struct testdev *manager, struct invite *invite, const char *name, const char *role)
{
	char path[96];
	struct oid main_id = fetch_main(w), id;
	struct file file;

	ok(invite_make(invite, ODS, w->config.authority->ca_fingerprint, w->root, env_system(), NULL));
	(void)snprintf(path, sizeof(path), "devices/%s.json", name);
	file = (struct file){path, device_record(name, role, "manager", manager->key, invite, NULL)};
	id = commit(w, manager, &main_id, &file, 1);
	assert_true(push(w, manager, &id, NULL));
}

struct oid enrolment_head(struct world *w, struct testdev *d, const struct invite *invite, const char *role,
			  const char *by, const struct key *signer)
{
	char path[96];
	struct repo *there = NULL;
	struct commit c = COMMIT_INIT;
	struct oid main_id = {{0}};
	struct file file = {path, NULL};

	/* the record as it stands on main, with the enrolment added */
	(void)snprintf(path, sizeof(path), "devices/%.*s.json", NAME_MAX_LEN, d->name);
	ok(repo_open(&there, w->git, NULL));
	ok(repo_ref_get(&main_id, there, "refs/heads/main", NULL));
	ok(repo_commit_read(&c, there, &main_id, NULL));
	if (record_read_path(&file.record, there, &c.tree, path, NULL) == STATUS_OK)
		ok(json_set(file.record, "enrolment", cJSON_Duplicate(d->enrolment, true)));
	else
		file.record = device_record(d->name, role, by, signer, invite, d);
	commit_clear(&c);
	repo_close(there);
	return commit(w, d, NULL, &file, 1);
}

void join_invited(struct world *w, struct testdev *manager, struct testdev *d, struct invite *invite, const char *name,
		  const char *role)
{
	struct oid id;

	invite_device(w, manager, invite, name, role);
	testdev_make(d, name, invite);
	assert_int_equal(testdev_enrol(d, w, invite, NULL), 200);
	id = enrolment_head(w, d, invite, role, "manager", manager->key);
	assert_true(push(w, d, &id, NULL));
}

void end_device(struct world *w, struct testdev *manager, const char *name, const char *how)
{
	char path[96];
	struct oid main_id = fetch_main(w), id;
	struct commit c = COMMIT_INIT;
	struct file file = {path, NULL};

	(void)snprintf(path, sizeof(path), "devices/%s.json", name);
	ok(repo_commit_read(&c, w->local, &main_id, NULL));
	ok(record_read_path(&file.record, w->local, &c.tree, path, NULL));
	ok(json_set(file.record, how, OBJECT("by", "manager", "at", now_text())));
	id = commit(w, manager, &main_id, &file, 1);
	assert_true(push(w, manager, &id, NULL));
	commit_clear(&c);
}

cJSON *site_record(const char *id, const char *name)
{
	struct stamp stamp = {
		.device = "manager", .by = "manager", .effective = "2026-01-01", .at = "2026-01-01T00:00:00.000Z"};
	cJSON *site = OBJECT("schema", "site/1", "id", id);

	ok(id_make(stamp.id, env_system()));
	ok(record_set(site, "name", cJSON_CreateString(name), &stamp, NULL));
	return site;
}
