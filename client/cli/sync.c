/* client/cli/sync.c - qip sync: send what waits and fetch what is new. */
#include "client/cli/secret.h"

static enum status print_json(struct cli *c, const struct qip_sync_report *r, struct error *e)
{
	cJSON *json = cJSON_CreateObject();

	put_number(&json, "commits_sent", (int64_t)r->commits_sent);
	put_number(&json, "records_sent", (int64_t)r->records_sent);
	put_number(&json, "merges_received", (int64_t)r->merges_received);
	put_number(&json, "refused", (int64_t)r->refused);
	put_number(&json, "waiting", (int64_t)r->waiting);
	put_number(&json, "main_index", r->main_index);
	put_number(&json, "blobs_sent", (int64_t)r->blobs_sent);
	put_number(&json, "blobs_waiting", (int64_t)r->blobs_waiting);
	put_number(&json, "blobs_received", (int64_t)r->blobs_received);
	put_number(&json, "blobs_missing", (int64_t)r->blobs_missing);
	put_bool(&json, "blobs_more", r->blobs_more);
	put_number(&json, "retention_erased", (int64_t)r->retention_erased);
	put_string(&json, "blobs_why", r->blobs_why);
	put_bool(&json, "checkpoint", r->checkpoint);
	return cli_print_json(c, json, e);
}

static void tell_blobs(struct cli *c, const struct qip_sync_report *r)
{
	if (r->blobs_sent > 0 || r->blobs_received > 0)
		fprintf(c->out, "Free text and evidence: sent %llu, received %llu.\n", (unsigned long long)r->blobs_sent, (unsigned long long)r->blobs_received);
	if (r->blobs_more)
		fprintf(c->out, "There is more to receive: qip sync\n");
	if (r->blobs_waiting > 0)
		fprintf(c->out, "%llu piece%s of free text or evidence wait here for the next sync.\n", (unsigned long long)r->blobs_waiting, plural(r->blobs_waiting));
	if (r->blobs_missing > 0)
		fprintf(c->out, "%llu piece%s of free text or evidence have not reached the server yet: whoever has them has to sync.\n",
			(unsigned long long)r->blobs_missing, plural(r->blobs_missing));
	if (r->retention_erased > 0)
		fprintf(c->out, "%llu comment%s erased: kept as long as the practice keeps them.\n", (unsigned long long)r->retention_erased, r->retention_erased == 1 ? " was" : "s were");
	if (r->blobs_why[0])
		fprintf(c->out, "Not all free text and evidence could be exchanged: %s\n", r->blobs_why);
}

enum status cmd_sync(struct cli *c, struct error *e)
{
	struct qip_sync_report r = {0};
	enum status st = cli_open_unasked(c, e);

	if (st == STATUS_OK)
		st = qip_sync(c->q, &r, e);
	if (st == STATUS_OK && c->json)
		st = print_json(c, &r, e);
	else if (st == STATUS_OK)
		fprintf(c->out, "Sent %llu edit%s, received %llu change%s. The log is at %lld.\n",
			(unsigned long long)r.commits_sent, plural(r.commits_sent),
			(unsigned long long)r.merges_received, plural(r.merges_received), (long long)r.main_index);
	if (st == STATUS_OK && !c->json)
		tell_blobs(c, &r);
	if (st == STATUS_OK && r.refused > 0)
		st = error_set(e, STATUS_REFUSED,
			       "the server refused %llu edit%s; all else is sent, and \"qip refused list\" says why",
			       (unsigned long long)r.refused, plural(r.refused));
	return st;
}
