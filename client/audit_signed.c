/* client/audit_signed.c - a JSON document with a signature inside. */
#include "client/audit_signed.h"

#include <string.h>

#include "core/signature.h"

enum status audit_sign(struct buf *out, cJSON *document, const struct key *key, struct error *e)
{
	struct buf statement = BUF_INIT, signature = BUF_INIT;
	enum status st = json_canonical(&statement, document);

	if (st == STATUS_OK)
		st = signature_make(&signature, key, SIGNATURE_NAMESPACE_AUDIT, statement.data, statement.len, NULL);
	if (st == STATUS_OK)
		st = json_set_string(document, AUDIT_SIGNATURE, buf_text(&signature));
	if (st == STATUS_OK)
		st = json_canonical(out, document);
	buf_clear(&statement);
	buf_clear(&signature);
	return st == STATUS_OK ? st : error_set(e, st, "what the audit found cannot be written down: %s", status_text(st));
}

static enum status check(char signer[KEY_SSH_MAX], const cJSON *document, const char *signature, struct error *e)
{
	struct buf statement = BUF_INIT;
	struct key *key = NULL;
	enum status st = signature_signer(signer, signature, strlen(signature), e);

	if (st == STATUS_OK)
		st = key_from_ssh(&key, signer, e);
	if (st == STATUS_OK)
		st = json_canonical(&statement, document);
	if (st == STATUS_OK)
		st = signature_check(signature, strlen(signature), key, SIGNATURE_NAMESPACE_AUDIT, statement.data, statement.len, e);
	key_free(key);
	buf_clear(&statement);
	return st == STATUS_MALFORMED ? STATUS_UNTRUSTED : st;
}

enum status audit_read_signed(cJSON **out, char signer[KEY_SSH_MAX], const char *bytes, size_t len, struct error *e)
{
	cJSON *document = NULL, *signature = NULL;
	enum status st = json_parse(&document, bytes, len, e);

	if (st == STATUS_NOMEM)
		return st;
	if (st != STATUS_OK)
		return error_prefix(e, STATUS_MALFORMED, "it is damaged");
	signature = cJSON_DetachItemFromObjectCaseSensitive(document, AUDIT_SIGNATURE);
	if (!cJSON_IsObject(document))
		st = error_set(e, STATUS_MALFORMED, "it is damaged: no JSON object");
	else if (!cJSON_IsString(signature))
		st = error_set(e, STATUS_UNTRUSTED, "it is not signed");
	else
		st = check(signer, document, signature->valuestring, e);
	if (st == STATUS_OK) {
		*out = document;
		document = NULL;
	}
	cJSON_Delete(signature);
	cJSON_Delete(document);
	return st;
}
