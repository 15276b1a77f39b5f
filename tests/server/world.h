/* tests/server/world.h - a server in a child process, one practice, and devices that speak to it over TLS: what the
 * tests of the whole server share. The devices are made of core alone, so that they can also say what a real client
 * never would. */
#ifndef QIP_TESTS_SERVER_WORLD_H
#define QIP_TESTS_SERVER_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/head.h"
#include "core/pkt.h"
#include "core/signature.h"
#include "core/tls.h"
#include "server/auditor.h"
#include "server/config.h"
#include "server/push.h"
#include "server/serve.h"

#define ODS "C82999"
#define WAIT_MS 30000
#define ok(call) assert_int_equal((call), STATUS_OK)

struct world {
	char dir[64], server[128], git[160]; /* git: the practice's history on the server */
	char port[8];
	pid_t pid; /* of the server; 0: not running */
	struct config config;
	struct invite first;
	struct key *root;
	struct repo *local; /* what the devices hold */
	char server_key[KEY_SSH_MAX];
};

struct testdev {
	char name[NAME_MAX_LEN + 1];
	struct key *key;
	uint8_t seal_private[SEAL_KEY_LEN], seal_public[SEAL_KEY_LEN];
	char seal_text[64];
	struct buf cert;
	cJSON *enrolment;
	struct oid head; /* last accepted */
};

struct reply {
	int code;
	struct buf body;
	char head[4096];
	bool cut; /* the server did not take the whole request */
};

/* Sanitizers find unused helpers only where a file uses few of them. */
#pragma GCC diagnostic ignored "-Wunused-function"

/* ---- the server ---- */

static void server_start(struct world *w)
{
	char file[160];
	FILE *f = NULL;

	(void)snprintf(file, sizeof(file), "%s/port", w->dir);
	(void)unlink(file);
	assert_int_equal(fflush(NULL), 0);
	w->pid = fork();
	assert_true(w->pid >= 0);
	if (w->pid == 0) {
		struct serve_options o = {
			.dir = w->server, .host = "127.0.0.1", .port = "0", .port_file = file, .env = env_system()};
		struct error e = {STATUS_OK, ""};
		char log[160];

		(void)snprintf(log, sizeof(log), "%s/log", w->dir);
		if (!freopen(log, "a", stderr))
			exit(3);
		repo_close(w->local);
		key_free(w->root);
		key_free(w->first.key);
		config_clear(&w->config);
		if (serve(&o, &e) != STATUS_OK) {
			(void)fprintf(stderr, "%s\n", e.text);
			exit(1);
		}
		repo_shutdown_library();
		exit(0);
	}
	for (int i = 0; i < WAIT_MS / 10 && !(f = fopen(file, "r")); i++)
		(void)poll(NULL, 0, 10);
	assert_non_null(f);
	assert_non_null(fgets(w->port, sizeof(w->port), f));
	w->port[strcspn(w->port, "\n")] = 0;
	(void)fclose(f);
}

static int server_stop(struct world *w, int sig)
{
	int status = 0;

	assert_int_equal(kill(w->pid, sig), 0);
	assert_int_equal(waitpid(w->pid, &status, 0), w->pid);
	w->pid = 0;
	return status;
}

static void world_open(struct world *w)
{
	struct store *store = NULL;
	struct first first = {.device = "manager"};
	struct practice *p = NULL;
	char local[160];

	*w = (struct world){.dir = "/tmp/qip-server-XXXXXX"};
	assert_non_null(mkdtemp(w->dir));
	(void)snprintf(w->server, sizeof(w->server), "%s/srv", w->dir);
	(void)snprintf(w->git, sizeof(w->git), "%s/" ODS "/history.git", w->server);
	(void)snprintf(local, sizeof(local), "%s/local.git", w->dir);
	ok(config_create(w->server, NULL, 0, env_system(), NULL));
	ok(config_load(&w->config, w->server, NULL));
	ok(invite_make(&w->first, ODS, w->config.ca_fingerprint, NULL, env_system(), NULL));
	memcpy(first.invite_key, w->first.key_ssh, sizeof(first.invite_key));
	ok(store_open(&store, w->server, NULL));
	ok(practice_create(w->server, store, ODS, "Sample practice", &first, env_system(), NULL));
	ok(practice_open(&p, w->server, store, ODS, NULL));
	memcpy(w->server_key, p->server_key_ssh, sizeof(w->server_key));
	practice_close(p);
	store_close(store);
	ok(key_generate(&w->root, NULL));
	ok(repo_create(local, NULL));
	ok(repo_open(&w->local, local, NULL));
	server_start(w);
}

static void world_close(struct world *w)
{
	char command[128];

	if (w->pid)
		assert_int_equal(server_stop(w, SIGTERM), 0);
	repo_close(w->local);
	key_free(w->root);
	invite_clear(&w->first);
	config_clear(&w->config);
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", w->dir);
	assert_int_equal(system(command), 0);
}

/* ---- speaking ---- */

static enum status dial(struct tls_conn **c, const struct world *w, const struct testdev *d, struct error *e)
{
	struct tls_client_options o = {
		.host = "localhost",
		.port = w->port,
		.ca_pem = buf_text(&w->config.ca_pem),
		.cert_pem = d && d->cert.len ? buf_text(&d->cert) : NULL,
		.key = d && d->cert.len ? d->key : NULL,
		.deadline_ms = WAIT_MS,
	};

	return tls_connect(c, &o, e);
}

/* Read to the end of the connection and take the answer apart. */
static void read_reply(struct reply *r, struct tls_conn *c)
{
	struct buf all = BUF_INIT;
	const char *end = NULL;
	char part[4096];
	size_t n = 0, head = 0;

	do {
		n = sizeof(part);
		if (tls_read(c, part, &n, WAIT_MS, NULL) != STATUS_OK)
			break;
		buf_add(&all, part, n);
	} while (n > 0);
	end = strstr(buf_text(&all), "\r\n\r\n");
	if (end) {
		head = (size_t)(end - buf_text(&all));
		assert_true(head < sizeof(r->head));
		memcpy(r->head, all.data, head);
		r->code = atoi(r->head + 9);
		buf_add(&r->body, all.data + head + 4, all.len - head - 4);
	}
	buf_clear(&all);
}

/* One request with raw header lines (each ended by \r\n), on a connection of its own. Code 0: no answer came. */
static void raw_call(struct reply *r, const struct world *w, const struct testdev *d, const char *start,
		     const char *headers, const void *body, size_t len)
{
	struct tls_conn *c = NULL;
	struct buf out = BUF_INIT;

	*r = (struct reply){.code = 0};
	if (dial(&c, w, d, NULL) != STATUS_OK)
		return;
	buf_addf(&out, "%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n%s\r\n", start, headers);
	buf_add(&out, body, len);
	/* an early answer may end the connection under our hands: it is there to be read all the same */
	if (tls_write(c, out.data, out.len, WAIT_MS, NULL) != STATUS_OK)
		r->cut = true;
	read_reply(r, c);
	tls_close(c);
	buf_clear(&out);
}

static void get(struct reply *r, const struct world *w, const struct testdev *d, const char *path)
{
	char start[256];

	(void)snprintf(start, sizeof(start), "GET %s", path);
	raw_call(r, w, d, start, "", NULL, 0);
}

static void post(struct reply *r, const struct world *w, const struct testdev *d, const char *path, const char *type,
		 const void *body, size_t len)
{
	char start[256], headers[256];

	(void)snprintf(start, sizeof(start), "POST %s", path);
	(void)snprintf(headers, sizeof(headers), "Content-Type: %s\r\nContent-Length: %zu\r\n", type, len);
	raw_call(r, w, d, start, headers, body, len);
}

/* The body holds text, wherever NUL bytes stand. */
static bool reply_has(const struct reply *r, const char *text)
{
	return memmem(r->body.data, r->body.len, text, strlen(text)) != NULL;
}

static void reply_clear(struct reply *r)
{
	buf_clear(&r->body);
}

/* ---- devices ---- */

static cJSON *object(const char *const *pairs)
{
	cJSON *o = cJSON_CreateObject();

	assert_non_null(o);
	for (; *pairs; pairs += 2)
		ok(json_set_string(o, pairs[0], pairs[1]));
	return o;
}
#define OBJECT(...) object((const char *const[]){__VA_ARGS__, NULL})

static void sign(struct buf *out, const struct key *key, struct buf *statement)
{
	ok(signature_make(out, key, SIGNATURE_NAMESPACE_RECORD, statement->data, statement->len, NULL));
	buf_clear(statement);
}

static const char *now_text(void)
{
	static char text[TIME_TEXT_MAX];

	time_format(text, env_system()->now_ms(NULL));
	return text;
}

/* Keys, and the proof by the invite key. */
static void testdev_make(struct testdev *d, const char *name, const struct invite *invite)
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

static void testdev_clear(struct testdev *d)
{
	key_free(d->key);
	buf_clear(&d->cert);
	cJSON_Delete(d->enrolment);
	*d = (struct testdev){.cert = BUF_INIT};
}

/* Ask for the certificate; on 200 it is kept. *answer (may be NULL) is the caller's. */
static int testdev_enrol(struct testdev *d, const struct world *w, const struct invite *invite, cJSON **answer)
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

struct file {
	const char *path;
	cJSON *record; /* taken over; NULL removes */
};

/* Commit records on top of a parent (NULL: none), signed by the device. */
static struct oid commit(struct world *w, const struct testdev *d, const struct oid *parent, struct file *files,
			 size_t len)
{
	struct tree_edit edits[8] = {{0}};
	char email[HEAD_EMAIL_MAX];
	struct buf message = BUF_INIT;
	struct commit_spec spec = {.name = d->name,
				   .email = email,
				   .time_ms = env_system()->now_ms(NULL),
				   .key = d->key,
				   .parents_len = parent != NULL};
	struct oid base = {{0}}, id = {{0}};

	assert_true(len <= ARRAY_LEN(edits));
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

static enum status add_to_buf(void *ctx, const void *bytes, size_t len)
{
	buf_add(ctx, bytes, len);
	return STATUS_OK;
}

/* The body of a push: commands, then the pack of what `known` (NULL: nothing) does not reach. */
static void push_body(struct buf *out, struct world *w, const char *ref, const struct oid *old_id,
		      const struct oid *new_id, const struct oid *known)
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

static void push_raw(struct reply *r, const struct world *w, const struct testdev *d, const struct buf *body)
{
	post(r, w, d, "/" ODS "/history.git/git-receive-pack", "application/x-git-receive-pack-request", body->data,
	     body->len);
}

/* Push a head to the device's own ref; true if it was accepted. *why (may be NULL) gets the report or sentence. */
static bool push(struct world *w, struct testdev *d, const struct oid *id, struct buf *why)
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

static cJSON *practice_record(const struct world *w)
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

/* A device's record: invited by `by` (whose key signs), enrolled if `d` is given. */
static cJSON *device_record(const char *name, const char *role, const char *by, const struct key *signer,
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

/* Fetch main into the local repository. */
static struct oid fetch_main(struct world *w)
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

/* The first manager joins: certificate, then genesis. */
static void join_first(struct world *w, struct testdev *d)
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

/* The manager writes an invite. */
static void invite_device(struct world *w, struct testdev *manager, struct invite *invite, const char *name,
			  const char *role)
{
	char path[96];
	struct oid main_id = fetch_main(w), id;
	struct file file;

	ok(invite_make(invite, ODS, w->config.ca_fingerprint, w->root, env_system(), NULL));
	(void)snprintf(path, sizeof(path), "devices/%s.json", name);
	file = (struct file){path, device_record(name, role, "manager", manager->key, invite, NULL)};
	id = commit(w, manager, &main_id, &file, 1);
	assert_true(push(w, manager, &id, NULL));
}

/* An invited device's enrolment head. */
static struct oid enrolment_head(struct world *w, struct testdev *d, const struct invite *invite, const char *role,
				 const char *by, const struct key *signer)
{
	char path[96];
	struct repo *there = NULL;
	struct buf text = BUF_INIT;
	struct commit c = COMMIT_INIT;
	struct oid main_id = {{0}};
	struct file file = {path, NULL};

	/* the record as it stands on main, with the enrolment added */
	(void)snprintf(path, sizeof(path), "devices/%.*s.json", NAME_MAX_LEN, d->name);
	ok(repo_open(&there, w->git, NULL));
	ok(repo_ref_get(&main_id, there, "refs/heads/main", NULL));
	ok(repo_commit_read(&c, there, &main_id, NULL));
	if (tree_read_path(&text, there, &c.tree, path, RECORD_MAX_BYTES, NULL) == STATUS_OK) {
		ok(json_parse(&file.record, buf_text(&text), text.len, NULL));
		ok(json_set(file.record, "enrolment", cJSON_Duplicate(d->enrolment, true)));
	} else {
		file.record = device_record(d->name, role, by, signer, invite, d);
	}
	commit_clear(&c);
	repo_close(there);
	buf_clear(&text);
	return commit(w, d, NULL, &file, 1);
}

static void join_invited(struct world *w, struct testdev *manager, struct testdev *d, struct invite *invite,
			 const char *name, const char *role)
{
	struct oid id;

	invite_device(w, manager, invite, name, role);
	testdev_make(d, name, invite);
	assert_int_equal(testdev_enrol(d, w, invite, NULL), 200);
	id = enrolment_head(w, d, invite, role, "manager", manager->key);
	assert_true(push(w, d, &id, NULL));
}

/* How often the server's log says a text. */
static int log_count(const struct world *w, const char *text)
{
	char path[160], line[2048];
	FILE *f = NULL;
	int count = 0;

	(void)snprintf(path, sizeof(path), "%s/log", w->dir);
	f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		count += strstr(line, text) != NULL;
	(void)fclose(f);
	return count;
}

/* git fsck --strict of the practice's history. */
static void assert_sound(const struct world *w)
{
	char command[320];

	(void)snprintf(command, sizeof(command), "git -C '%s' fsck --strict >'%s/fsck' 2>&1", w->git, w->dir);
	assert_int_equal(system(command), 0);
}

static struct oid server_ref(const struct world *w, const char *name)
{
	struct repo *there = NULL;
	struct oid id = {{0}};
	enum status st = STATUS_OK;

	ok(repo_open(&there, w->git, NULL));
	st = repo_ref_get(&id, there, name, NULL);
	assert_true(st == STATUS_OK || st == STATUS_NOT_FOUND);
	repo_close(there);
	return id;
}

#endif
