/* client/cli/evidence.c - qip evidence get, erase: a file that is kept as evidence of an action, opened, or erased for good. */
#include "client/cli/evidence.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "client/cli/change.h"
#include "client/cli/plan.h"
#include "client/cli/secret.h"
#include "client/cli/text.h"
#include "client/cli/typed.h"
#include "client/erase.h"
#include "client/evidence.h"
#include "client/limits.h"
#include "client/sealed.h"

#define MIN_ID_PREFIX 8

const struct arg_option options_evidence_get[] = {
	{"output", "FILE", "where to write it; a file that is there is never written over (needed)", false},
	{NULL, NULL, NULL, false},
};

enum status evidence_read(struct evidence *out, const char *path, struct error *e)
{
	struct buf file = BUF_INIT;
	enum status st = cli_read_file(&file, path, LIMIT_BLOB_BYTES, e);

	if (st == STATUS_OK && file.len > LIMIT_BLOB_BYTES)
		st = error_set(e, STATUS_TOO_BIG, "%.200s has more than %d MiB, which is more than is kept", path, LIMIT_BLOB_BYTES >> 20);
	if (st == STATUS_OK)
		st = evidence_take(&out->bytes, &out->type, file.data, file.len, e);
	buf_clear(&file);
	return st;
}

void evidence_clear(struct evidence *ev)
{
	buf_clear(&ev->bytes);
}

enum status evidence_attach(cJSON *entry, struct qip *q, const char *id, const struct evidence *ev, struct error *e)
{
	cJSON *file = NULL;
	enum status st = sealed_make(&file, q, SEALED_EVIDENCE, id, ev->bytes.data, ev->bytes.len, e);

	if (st != STATUS_OK)
		return st;
	put_string(&file, "type", ev->type);
	if (file && cJSON_AddItemToObject(entry, "file", file))
		return STATUS_OK;
	cJSON_Delete(file);
	return error_set(e, STATUS_NOMEM, "out of memory");
}

/* The one entry with a file whose id begins so. */
static enum status find_entry(const cJSON **out, const cJSON *record, const char *ref, struct error *e)
{
	const cJSON *entry, *found = NULL;
	size_t len = strlen(ref);

	cJSON_ArrayForEach(entry, json_get(record, "evidence"))
	{
		if (len < MIN_ID_PREFIX || strncasecmp(entry->string, ref, len) != 0 || !json_get(entry, "file"))
			continue;
		if (found)
			return error_set(e, STATUS_INVALID, "\"%.40s\" means several files; please give more of the id: qip show REF --json", ref);
		found = entry;
	}
	if (!found)
		return error_set(e, STATUS_NOT_FOUND, "there is no file \"%.40s\" among this action's evidence; \"qip show REF\" names them", ref);
	*out = found;
	return STATUS_OK;
}

/* Readable by this user alone, and only where no file is. */
static enum status write_new(const char *path, const struct buf *bytes, struct error *e)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600), code = 0;
	size_t done = 0;

	if (fd < 0 && errno == EEXIST)
		return error_set(e, STATUS_EXISTS, "%.200s is there already; please name another file", path);
	if (fd < 0)
		return error_set_errno(e, errno, "cannot write %.200s", path);
	while (done < bytes->len && code == 0) {
		ssize_t n = write(fd, bytes->data + done, bytes->len - done);

		if (n >= 0)
			done += (size_t)n;
		else if (errno != EINTR)
			code = errno;
	}
	if (fsync(fd) != 0 && code == 0 && errno != EINVAL) /* a pipe has no disk */
		code = errno;
	if (close(fd) != 0 && code == 0)
		code = errno;
	if (code == 0)
		return STATUS_OK;
	(void)unlink(path);
	return error_set_errno(e, code, "cannot write %.200s", path);
}

enum status cmd_evidence_get(struct cli *c, struct error *e)
{
	const char *path = args_get(&c->args, "output");
	const struct plan_item *item = NULL;
	struct plan p = PLAN_INIT;
	struct buf bytes = BUF_SECRET;
	const cJSON *entry = NULL;
	enum status st = path ? cli_no_json(c, e) : error_set(e, STATUS_USAGE, "please say where to write it: --output FILE");

	if (st == STATUS_OK)
		st = cli_open_sealed(c, e);
	if (st == STATUS_OK)
		st = plan_read(&p, c, "qip", e);
	if (st == STATUS_OK)
		st = plan_find(&item, &p, cli_word(c, 0), e);
	if (st == STATUS_OK)
		st = find_entry(&entry, item->record, cli_word(c, 1), e);
	if (st == STATUS_OK)
		st = sealed_open(&bytes, c->q, SEALED_EVIDENCE, entry->string, json_get(entry, "file"), e);
	if (st == STATUS_OK && !buf_ok(&bytes))
		st = error_set(e, STATUS_NOMEM, "out of memory");
	if (st == STATUS_OK)
		st = write_new(path, &bytes, e);
	if (st == STATUS_OK)
		fprintf(c->out, "%s: %s, %zu bytes\n", path, evidence_word(json_string(json_get(entry, "file"), "type")), bytes.len);
	buf_wipe(&bytes);
	plan_clear(&p);
	return st;
}

enum status cmd_evidence_erase(struct cli *c, struct error *e)
{
	const char *reason = args_get(&c->args, "reason"), *hex = NULL;
	char id[ID_TEXT_LEN + 1];
	const struct plan_item *item = NULL;
	struct plan p = PLAN_INIT;
	const cJSON *entry = NULL;
	enum status st = reason ? text_check(reason, "--reason", e) : error_set(e, STATUS_USAGE, "please say why: --reason TEXT");

	if (st == STATUS_OK)
		st = typed_check_text(c, "--reason", reason, e);
	if (st == STATUS_OK)
		st = plan_read(&p, c, "qip", e);
	if (st == STATUS_OK)
		st = change_allowed(c, e);
	if (st == STATUS_OK)
		st = plan_find(&item, &p, cli_word(c, 0), e);
	if (st == STATUS_OK)
		st = find_entry(&entry, item->record, cli_word(c, 1), e);
	if (st == STATUS_OK) {
		hex = json_string(json_get(entry, "file"), "sha256");
		st = erase_blob(id, c->q, hex, reason, e);
	}
	if (st == STATUS_OK)
		st = change_tell(c, item->record, "the file is erased here, and elsewhere with the next syncs", e);
	plan_clear(&p);
	return st;
}
