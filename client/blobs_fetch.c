/* client/blobs_fetch.c - see blobs_send.h. POST /<ODS>/blobs/get, see server/README.md.
 *
 * Enters: the log's end, and wanted.json: up to which tree all that is named was asked for, and what of it the server did not have. Leaves: the bytes in
 * blobs/, and wanted.json for the next visit. A kill in between makes the same be looked for again; what has come is not asked for twice.
 *
 * wanted.json: {"schema":"wanted/1","tree":<40 hex>,"missing":[<sha256>…]}
 */
#include "client/blobs_send.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/blobs.h"
#include "client/build.h"
#include "client/files.h"
#include "core/log.h"
#include "core/record_file.h"

#define SCHEMA "wanted/1"
#define LINE_BYTES (SHA256_HEX_LEN + 32)

struct name {
	char hex[SHA256_HEX_LEN + 1];
};

struct fetching {
	struct qip *q;
	struct remote *remote;
	struct name ids[LIMIT_BLOBS_ASKED]; /* to be asked for next */
	size_t len;
	struct name missing[LIMIT_BLOBS_MISSING]; /* the server does not have them yet */
	size_t missing_len;
	size_t known_len;        /* of them, when the visit began */
	bool noted;              /* what the last visit missed is asked for */
	bool overflow;           /* there are more: the log is looked through again for those */
	struct blobs_fetched done;
	const struct blobs_bounds *bounds;
	int64_t got_bytes;
	struct error bad;        /* the first that did not come as it was sealed; the others come all the same */

	/* one answer */
	size_t at;               /* the id that it speaks of next */
	char line[LINE_BYTES];
	size_t line_len;
	uint64_t left;           /* bytes of a blob to come */
	struct buf bytes;
	struct name later[LIMIT_BLOBS_ASKED];
	size_t later_len;
};

/* ---- the answer ---- */

static enum status malformed(struct error *e)
{
	return error_set(e, STATUS_MALFORMED, "the server's answer with free text is not well-formed");
}

/* For the next visit; false: it is there already. */
static bool ask_again(struct fetching *f, const char *hex)
{
	for (size_t i = 0; i < f->missing_len; i++)
		if (strcmp(f->missing[i].hex, hex) == 0)
			return false;
	if (f->missing_len < LIMIT_BLOBS_MISSING)
		memcpy(f->missing[f->missing_len++].hex, hex, SHA256_HEX_LEN + 1);
	else
		f->overflow = true;
	return true;
}

static void note_missing(struct fetching *f, const char *hex)
{
	/* what was erased is not to come */
	if (!blobs_is_erased(f->q, hex) && ask_again(f, hex))
		f->done.missing++;
}

/* Bytes that are not what was asked for are not kept, and all else that comes is. */
static enum status keep(struct fetching *f, struct error *e)
{
	const char *hex = f->ids[f->at].hex;
	struct error why = {.text = ""};
	enum status st = buf_ok(&f->bytes) ? blobs_keep(f->q, hex, f->bytes.data, f->bytes.len, f->remote->server_ms, &why)
					   : error_set(&why, STATUS_NOMEM, "out of memory");

	f->got_bytes += (int64_t)f->bytes.len;
	buf_clear(&f->bytes);
	f->at++;
	if (st == STATUS_OK) {
		f->done.received++;
	} else if (st == STATUS_UNTRUSTED) {
		log_line(LOG_LEVEL_ERROR, "free text did not come as it was sealed", "reason", why.text, NULL);
		note_missing(f, hex);
		if (f->bad.status == STATUS_OK)
			f->bad = why;
		st = STATUS_OK;
	} else if (st == STATUS_GONE) {
		st = STATUS_OK;
	}
	return st == STATUS_OK ? st : error_set(e, st, "%s", why.text);
}

/* "<sha256> <size>", "<sha256> absent", "<sha256> later" */
static enum status take_line(struct fetching *f, struct error *e)
{
	const char *said = f->line + SHA256_HEX_LEN + 1;
	char *end = NULL;

	f->line[f->line_len] = '\0';
	if (f->at >= f->len || f->line_len <= SHA256_HEX_LEN + 1 || strncmp(f->line, f->ids[f->at].hex, SHA256_HEX_LEN) != 0 || said[-1] != ' ')
		return malformed(e);
	f->line_len = 0;
	if (strcmp(said, "absent") == 0) {
		note_missing(f, f->ids[f->at++].hex);
		return STATUS_OK;
	}
	if (strcmp(said, "later") == 0) {
		f->later[f->later_len++] = f->ids[f->at++];
		return STATUS_OK;
	}
	if (said[0] < '1' || said[0] > '9')
		return malformed(e);
	f->left = strtoull(said, &end, 10);
	if (*end)
		return malformed(e);
	return f->left > LIMIT_BLOB_BYTES ? error_set(e, STATUS_TOO_BIG, "sealed bytes of more than %d are not taken", LIMIT_BLOB_BYTES) : STATUS_OK;
}

static enum status feed(void *ctx, const void *bytes, size_t len, struct error *e)
{
	struct fetching *f = ctx;
	const char *at = bytes;
	enum status st = STATUS_OK;

	while (st == STATUS_OK && len > 0) {
		size_t n = 1;

		if (f->left > 0) {
			n = len < f->left ? len : (size_t)f->left;
			buf_add(&f->bytes, at, n);
			f->left -= n;
			if (f->left == 0)
				st = keep(f, e);
		} else if (*at == '\n') {
			st = take_line(f, e);
		} else if (f->line_len == sizeof(f->line) - 1) {
			st = malformed(e);
		} else {
			f->line[f->line_len++] = *at;
		}
		at += n;
		len -= n;
	}
	return st;
}

/* ---- asking ---- */

static enum status write_question(struct buf *body, const struct fetching *f, struct error *e)
{
	enum status st = STATUS_OK;
	cJSON *question = build_object(&st), *list = cJSON_CreateArray();

	for (size_t i = 0; st == STATUS_OK && i < f->len; i++)
		if (!cJSON_AddItemToArray(list, cJSON_CreateString(f->ids[i].hex)))
			st = STATUS_NOMEM;
	build_item(&st, question, "blobs", list);
	if (st == STATUS_OK)
		st = json_canonical(body, question);
	cJSON_Delete(question);
	return st == STATUS_OK && buf_ok(body) ? STATUS_OK : error_set(e, STATUS_NOMEM, "out of memory");
}

static enum status ask_once(struct fetching *f, struct error *e)
{
	struct http_response res = HTTP_RESPONSE_INIT;
	struct buf body = BUF_INIT;
	char path[32];
	struct http_request req = {
		.method = "POST",
		.path = path,
		.accept = "application/octet-stream",
		.content_type = "application/json",
		.max_bytes = LIMIT_BLOBS_ANSWER,
		.sink = feed,
		.sink_ctx = f,
		.call_ms = LIMIT_PACK_MS,
	};
	enum status st = write_question(&body, f, e);

	f->at = f->line_len = f->later_len = 0;
	f->left = 0;
	req.body = body.data;
	req.body_len = body.len;
	(void)snprintf(path, sizeof(path), "/%s/blobs/get", f->q->identity.ods);
	if (st == STATUS_OK)
		st = remote_call(f->remote, &req, "application/octet-stream", &res, e);
	if (st == STATUS_OK && (f->at != f->len || f->left > 0 || f->line_len > 0))
		st = malformed(e);
	http_response_clear(&res);
	buf_clear(&body);
	buf_clear(&f->bytes);
	return st;
}

/* Until nothing is put off: the first that is asked for always fits. */
static enum status ask(struct fetching *f, struct error *e)
{
	enum status st = STATUS_OK;

	while (st == STATUS_OK && f->len > 0) {
		size_t before = f->len;

		st = ask_once(f, e);
		memcpy(f->ids, f->later, f->later_len * sizeof(f->later[0]));
		f->len = f->later_len;
		if (st == STATUS_OK && f->len == before)
			st = malformed(e);
	}
	return st;
}

static bool is_full(const struct fetching *f)
{
	return f->done.received >= f->bounds->count || f->got_bytes >= f->bounds->bytes;
}

static enum status want(void *ctx, const char *hex, struct error *e)
{
	struct fetching *f = ctx;

	if (!blobs_is_name(hex) || blobs_has(f->q, hex) || blobs_is_erased(f->q, hex))
		return STATUS_OK;
	for (size_t i = 0; i < f->len; i++)
		if (strcmp(f->ids[i].hex, hex) == 0)
			return STATUS_OK;
	f->done.more = f->done.more || is_full(f);
	if (f->done.more) {
		if (f->noted) /* no record is looked at again for it */
			(void)ask_again(f, hex);
		return STATUS_OK;
	}
	memcpy(f->ids[f->len++].hex, hex, SHA256_HEX_LEN + 1);
	return f->len == LIMIT_BLOBS_ASKED || f->done.received + f->len >= f->bounds->count ? ask(f, e) : STATUS_OK;
}

/* ---- what the log names ---- */

static enum status look_at(void *ctx, const char *path, const struct oid *old_id, const struct oid *new_id, struct error *e)
{
	static const char *const folders[] = {"feedback/", "triage/", "qip/", "people/"};
	struct fetching *f = ctx;
	cJSON *record = NULL;
	bool may = false;
	enum status st = STATUS_OK;

	(void)old_id;
	for (size_t i = 0; i < ARRAY_LEN(folders); i++)
		may = may || strncmp(path, folders[i], strlen(folders[i])) == 0;
	if (!new_id || !may || f->done.more)
		return STATUS_OK;
	st = record_read(&record, f->q->repo, new_id, e);
	if (st == STATUS_MALFORMED || st == STATUS_FORBIDDEN_FORM || st == STATUS_TOO_BIG)
		return STATUS_OK; /* the audit tells of it, and the others come */
	if (st == STATUS_OK)
		st = blobs_named(record, want, f, e);
	cJSON_Delete(record);
	return st;
}

/* What is not there, or damaged, makes all be looked at again. */
static enum status read_wanted(struct oid *tree, struct fetching *f, struct error *e)
{
	cJSON *file = NULL;
	const cJSON *item = NULL;
	const char *hex = NULL;
	enum status st = STATUS_OK;

	*tree = (struct oid){{0}};
	if (files_read_json(&file, f->q->dir, HOME_WANTED, NULL) == STATUS_OK)
		hex = json_string(file, "tree");
	if (!hex || oid_parse(tree, hex, strlen(hex)) != STATUS_OK || !repo_has(f->q->repo, tree))
		*tree = (struct oid){{0}};
	f->noted = true;
	cJSON_ArrayForEach(item, json_get(file, "missing"))
	{
		f->known_len++;
		if (st == STATUS_OK && cJSON_IsString(item))
			st = want(f, item->valuestring, e);
	}
	cJSON_Delete(file);
	if (st == STATUS_OK)
		st = ask(f, e);
	f->noted = false;
	return st;
}

static enum status write_wanted(const struct fetching *f, const struct oid *tree, struct error *e)
{
	enum status st = STATUS_OK;
	char hex[OID_HEX_LEN + 1];
	cJSON *file = build_object(&st), *list = cJSON_CreateArray();

	oid_hex(hex, tree);
	build_string(&st, file, "schema", SCHEMA);
	build_string(&st, file, "tree", hex);
	for (size_t i = 0; st == STATUS_OK && i < f->missing_len; i++)
		if (!cJSON_AddItemToArray(list, cJSON_CreateString(f->missing[i].hex)))
			st = STATUS_NOMEM;
	build_item(&st, file, "missing", list);
	st = st == STATUS_OK ? files_write_json(f->q->dir, HOME_WANTED, file, 0600, e) : error_set(e, st, "out of memory");
	cJSON_Delete(file);
	return st;
}

static bool may_read(struct qip *q)
{
	const struct registry *reg = NULL;
	const struct device *own = view_registry(&reg, q, NULL) == STATUS_OK ? registry_find(reg, q->identity.device) : NULL;

	return own && policy_may_get_blob(q->identity.role, own->retired);
}

static enum status fetch(struct fetching *f, struct error *e)
{
	struct oid main, before, after;
	enum status st = home_ref(&main, f->q, REF_MAIN, e);

	if (st == STATUS_OK)
		st = home_tree_of(&after, f->q, &main, e);
	if (st == STATUS_OK)
		st = read_wanted(&before, f, e);
	if (st == STATUS_OK && !oid_equal(&before, &after))
		st = tree_diff(f->q->repo, &before, &after, look_at, f, e);
	if (st == STATUS_OK)
		st = ask(f, e);
	if (st == STATUS_OK && (!oid_equal(&before, &after) || f->missing_len != f->known_len))
		st = write_wanted(f, f->overflow || f->done.more ? &before : &after, e);
	return st == STATUS_OK && f->bad.status != STATUS_OK ? error_set(e, f->bad.status, "%s", f->bad.text) : st;
}

enum status blobs_fetch(struct blobs_fetched *out, struct qip *q, struct remote *r, const struct blobs_bounds *b, struct error *e)
{
	struct fetching *f = NULL;
	enum status st = STATUS_OK;

	*out = (struct blobs_fetched){.received = 0};
	if (!may_read(q))
		return STATUS_OK;
	f = calloc(1, sizeof(*f));
	if (!f)
		return error_set(e, STATUS_NOMEM, "out of memory");
	f->q = q;
	f->remote = r;
	f->bounds = b;
	st = fetch(f, e);
	*out = f->done;
	free(f);
	return st;
}
