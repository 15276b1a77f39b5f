/* client/cli/audit_check.c - qip audit --check-certificate: does a certificate of audit hold, and what does it certify? */
#include "client/cli/audit.h"

#include <string.h>

#include "client/audit_certificate.h"
#include "client/cli/text.h"

/* Who vouches for the key. */
struct voucher {
	bool log;     /* a copy of the log does */
	bool reaches; /* and goes as far as the certificate */
	bool named;   /* --key does */
};

static enum status vouch_by_log(struct voucher *v, struct cli *c, const struct audit_certificate *cert, struct error *e)
{
	struct audited on = {.copy = NULL};
	enum status st = audited_open(&on, c, cert->ods, e);

	if (st == STATUS_OK && !on.root_pin)
		st = error_set(e, STATUS_USAGE, "please name the root key that the copy must hang on: --root SHA256:…");
	if (st == STATUS_OK && (on.copy || strcmp(on.ods, cert->ods) == 0)) { /* a home of another practice knows nothing of this one */
		st = audit_certificate_judge(&v->reaches, cert, on.repo, &on.main, on.root_pin, e);
		v->log = st == STATUS_OK;
		if (st == STATUS_UNTRUSTED) {
			c->failed = AUDIT_EXIT_REFUSED;
			(void)error_prefix(e, st, "the certificate does not hold");
		}
	}
	audited_close(&on);
	return st;
}

static enum status vouch(struct voucher *v, struct cli *c, const struct audit_certificate *cert, struct error *e)
{
	const char *key = args_get(&c->args, "key");
	enum status st = STATUS_OK;

	if (key && strcmp(key, cert->key_fingerprint) != 0) {
		c->failed = AUDIT_EXIT_REFUSED;
		return error_set(e, STATUS_UNTRUSTED, "the certificate does not hold: it was signed by another key, %s", cert->key_fingerprint);
	}
	v->named = key != NULL;
	if (args_get(&c->args, "repo") || (c->home && c->home[0]))
		st = vouch_by_log(v, c, cert, e);
	return st;
}

static long long number(const cJSON *object, const char *key)
{
	int64_t n = 0;

	return json_integer(object, key, &n) ? (long long)n : 0;
}

static void print_list(FILE *out, const char *title, const cJSON *list, long long more)
{
	const cJSON *item;

	fprintf(out, "%-11s %lld\n", title, cJSON_GetArraySize(list) + more);
	cJSON_ArrayForEach(item, list) {
		const char *text = json_string(item, "text"), *restored = json_string(item, "restored");

		fputs("            ", out);
		text_wrap(out, text ? text : restored ? restored : "", 12);
	}
}

static void print_vouchers(FILE *out, const struct voucher *v, const struct audit_certificate *cert)
{
	if (v->log)
		fprintf(out, "\nThe log here says that this is the key of %s, along managers' signatures to the root key.%s\n", cert->device,
			v->reaches ? " The merges that are named stand in it."
				   : " It does not reach as far as the certificate; after the next sync the merges can be compared, too.");
	else if (v->named)
		fprintf(out, "\nIt is signed by the key that you named.\n");
	else
		fprintf(out, "\nIt was not altered since this key signed it. Whose key that is, nothing here says: ask the practice or the ICB, not whoever\n"
			     "gave you the certificate, for the key of %s, and check again with --key, or with --repo and --root.\n",
			cert->device);
}

static void print_text(FILE *out, const struct voucher *v, const struct audit_certificate *cert)
{
	const cJSON *counts = json_get(cert->json, "counts");

	fprintf(out, "Practice    %s, root key %s\nResult      the audit %s\n", cert->ods, cert->root, cert->passed ? "passed" : "failed");
	if (cert->from > 0)
		fprintf(out, "Audited     from merge %lld (%.10s), where the audit of %.10s ended, to merge %lld (%.10s)\n", (long long)cert->from,
			cert->from_main, cert->from_at, (long long)cert->index, cert->main);
	else
		fprintf(out, "Audited     the whole log, to merge %lld (%.10s)\n", (long long)cert->index, cert->main);
	fprintf(out, "Checked     merges %lld, commits %lld, records %lld; dated back %lld\n", number(counts, "merges"), number(counts, "commits"),
		number(counts, "records"), number(counts, "backdated"));
	print_list(out, "Findings", json_get(cert->json, "findings"), number(cert->json, "more_findings"));
	print_list(out, "Restores", json_get(cert->json, "incidents"), 0);
	print_list(out, "Settled", json_get(cert->json, "settled"), number(cert->json, "more_settled"));
	fprintf(out, "Signed      on %.10s by %s, role %s, key %s\n", cert->at, cert->device, cert->role, cert->key_fingerprint);
	print_vouchers(out, v, cert);
}

static enum status print_json(struct cli *c, const struct voucher *v, const struct audit_certificate *cert, struct error *e)
{
	cJSON *out = cJSON_CreateObject();

	put_bool(&out, "passed", cert->passed);
	put_bool(&out, "known_key", v->log || v->named);
	put_bool(&out, "in_log", v->log && v->reaches);
	put_string(&out, "fingerprint", cert->key_fingerprint);
	put_item(&out, "certificate", cJSON_Duplicate(cert->json, true));
	return cli_print_json(c, out, e);
}

enum status audit_check(struct cli *c, const char *path, struct error *e)
{
	struct audit_certificate cert = AUDIT_CERTIFICATE_INIT;
	struct voucher v = {.log = false};
	enum status st = audit_certificate_read(&cert, path, e);

	if (st == STATUS_UNTRUSTED || st == STATUS_MALFORMED)
		c->failed = AUDIT_EXIT_REFUSED;
	if (st == STATUS_OK)
		st = vouch(&v, c, &cert, e);
	if (st == STATUS_OK && c->json)
		st = print_json(c, &v, &cert, e);
	else if (st == STATUS_OK)
		print_text(c->out, &v, &cert);
	if (st == STATUS_OK && !v.log && !v.named)
		st = error_set(e, STATUS_UNKNOWN, "nothing here says whose key %s is", cert.key_fingerprint);
	if (st == STATUS_OK && !cert.passed) {
		c->failed = AUDIT_EXIT_FINDINGS;
		st = error_set(e, STATUS_UNTRUSTED, "the certificate holds, and says that the audit failed");
	}
	audit_certificate_clear(&cert);
	return st;
}
