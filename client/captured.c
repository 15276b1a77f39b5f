/* client/captured.c - what an answer is in the journal. Plain answers enter; {"id","survey","mode","language","answers","site","flags"?,"comment"?} leaves,
 * and the comment sealed beside it. */
#include "client/captured.h"

#include <string.h>

#include "client/answers.h"
#include "client/build.h"
#include "core/schema.h"
#include "core/seal.h"
#include "core/utf8.h"

#define SEAL_INFO "qip comment"

bool captured_has_comment(const struct qip_answer *a)
{
	return a->comment && a->comment[strspn(a->comment, " \t\r\n")] != '\0';
}

static enum status seal_comment(struct buf *sealed, cJSON *captured, const struct capturer *who, const struct qip_answer *a, struct error *e)
{
	size_t len = strlen(a->comment), count = 0;
	struct buf aad = BUF_INIT;
	uint8_t digest[SHA256_LEN] = {0};
	char hex[SHA256_HEX_LEN + 1];
	enum status st = STATUS_OK;
	cJSON *comment = NULL;

	if (!utf8_valid(&count, a->comment, len) || count > QIP_COMMENT_MAX)
		return error_set(e, STATUS_INVALID, "a comment is text of at most %d characters", QIP_COMMENT_MAX);
	if (who->key.generation == 0)
		return error_set(e, STATUS_UNTRUSTED, "there is no key to seal a comment to, and unsealed it is not kept");
	buf_addf(&aad, "%s/%s", who->ods, a->id);
	st = seal_to(sealed, who->key.public_key, SEAL_INFO, aad.data, aad.len, a->comment, len, e);
	if (st == STATUS_OK && (!buf_ok(sealed) || !buf_ok(&aad)))
		st = STATUS_NOMEM;
	if (st == STATUS_OK)
		st = sha256(digest, sealed->data, sealed->len);
	hex_encode(hex, digest, sizeof(digest));
	comment = build_object(&st);
	build_string(&st, comment, "sha256", hex);
	build_integer(&st, comment, "size", (int64_t)sealed->len);
	build_bool(&st, comment, "publish", a->publish);
	build_integer(&st, comment, "key", who->key.generation);
	build_item(&st, captured, "comment", comment);
	buf_clear(&aad);
	return st == STATUS_OK ? st : error_set(e, st, "the comment cannot be sealed: %s", status_text(st));
}

static void build_flags(enum status *st, cJSON *captured, const char *const *flags)
{
	int n = 0;

	while (flags && flags[n])
		n++;
	if (n > 0)
		build_item(st, captured, "flags", cJSON_CreateStringArray(flags, n));
}

/* What the server would refuse must not get a number: numbers have no gaps. */
static enum status check_record(const cJSON *captured, const struct capturer *who, struct error *e)
{
	const struct recorded now = {.quality = CLOCK_UNKNOWN};
	cJSON *record = NULL;
	enum status st = answers_record(&record, captured, who->device, who->site, 1, &now);

	if (st == STATUS_OK)
		st = schema_check(record, e);
	cJSON_Delete(record);
	return st;
}

enum status captured_make(cJSON **out, struct buf *sealed, const struct capturer *who, const struct qip_answer *a, struct error *e)
{
	enum status st = STATUS_OK;
	cJSON *captured = build_object(&st), *survey = build_object(&st);

	build_string(&st, survey, "id", a->survey);
	build_integer(&st, survey, "version", a->survey_version);
	build_string(&st, captured, "id", a->id);
	build_item(&st, captured, "survey", survey);
	build_string(&st, captured, "mode", a->mode);
	build_string(&st, captured, "language", a->language);
	build_item(&st, captured, "answers", cJSON_Duplicate(a->answers, true));
	build_string(&st, captured, "site", who->site); /* by the time it is sent, the kiosk may have been joined again for another */
	build_flags(&st, captured, a->flags);
	if (st != STATUS_OK)
		st = error_set(e, st, "the answer cannot be written: %s", status_text(st));
	else if (captured_has_comment(a))
		st = seal_comment(sealed, captured, who, a, e);
	if (st == STATUS_OK)
		st = check_record(captured, who, e);
	if (st == STATUS_OK)
		*out = captured;
	else
		cJSON_Delete(captured);
	return st;
}
