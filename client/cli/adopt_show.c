/* client/cli/adopt_show.c - see adopt_show.h. */
#include "client/cli/adopt_show.h"

#include <string.h>

#include "client/cli/claims.h"
#include "client/cli/fields.h"
#include "client/cli/story.h"
#include "client/cli/story_print.h"
#include "client/cli/tell.h"

struct showing {
	struct claims_view view;
	cJSON *edits, *left, *before;
	char commit[OID_HEX_LEN + 1]; /* at hand */
	uint64_t changes, answers, lefts;
};

static void print_commit(struct showing *s, const struct qip_kept_change *change)
{
	struct buf line = BUF_INIT;
	char at[TIME_TEXT_MAX];

	if (strcmp(s->commit, change->commit) == 0)
		return;
	(void)snprintf(s->commit, sizeof(s->commit), "%s", change->commit);
	time_format(at, change->at_ms);
	buf_adds(&line, change->subject);
	buf_adds(&line, " (");
	tell_time(&line, at);
	buf_adds(&line, " by the device's clock)");
	fputc('\n', s->view.c->out);
	tell_line(s->view.c->out, buf_text(&line), 0, 2);
	buf_clear(&line);
}

static cJSON *new_entry(const struct qip_kept_change *change)
{
	cJSON *entry = cJSON_CreateObject();

	put_string(&entry, "commit", change->commit);
	put_string(&entry, "subject", change->subject);
	if (change->path[0])
		put_string(&entry, "path", change->path);
	return entry;
}

static enum status show_record(struct showing *s, const struct qip_kept_change *change, struct error *e)
{
	cJSON *entry = new_entry(change);
	char label[80];
	enum status st;

	put_bool(&entry, "begins", !change->before);
	st = story_compare(&entry, s->view.rules, change->before, change->after, e);
	s->changes += (uint64_t)cJSON_GetArraySize(json_get(entry, "changes"));
	if (st == STATUS_OK && s->view.c->json) {
		push_item(&s->edits, entry);
		return STATUS_OK;
	}
	if (st == STATUS_OK) {
		print_commit(s, change);
		plan_label(label, sizeof(label), change->after);
		fprintf(s->view.c->out, "  %s%s\n", label, change->before ? "" : " (new)");
		story_print_changes(&s->view, entry);
	}
	cJSON_Delete(entry);
	return st;
}

/* A new conflict is no reason not to take it over, but to be told of. */
static void print_conflicts(struct showing *s, const struct qip_kept_change *change)
{
	struct buf line = BUF_INIT, why = BUF_INIT;
	const char *slot;

	for (size_t i = 0; (slot = record_conflict(change->after, i)) != NULL; i++) {
		cJSON *claims = NULL;
		char title[RECORD_SLOT_MAX + 80];

		if (json_equal(json_get(json_get(change->before, "conflicts"), slot), json_get(json_get(change->after, "conflicts"), slot)))
			continue;
		claims = record_claims(change->after, slot);
		slot_title(title, sizeof(title), slot);
		claims_reason(&why, &s->view, change->after, slot, claims);
		buf_addf(&line, "! %s would be in conflict with what others have set. It would show ", title);
		tell_value(&line, slot, slot_value(change->after, slot));
		buf_addf(&line, ", %s.", buf_text(&why));
		fprintf(s->view.c->out, "    ");
		tell_line(s->view.c->out, buf_text(&line), 4, 6);
		buf_reset(&line);
		buf_reset(&why);
		cJSON_Delete(claims);
	}
	buf_clear(&line);
	buf_clear(&why);
}

static void show_taken(struct showing *s, const struct qip_kept_change *change)
{
	cJSON *entry = new_entry(change);
	struct buf line = BUF_INIT;

	put_string(&entry, "by", change->taken_by);
	push_item(&s->before, entry);
	if (!s->view.c->json) {
		print_commit(s, change);
		buf_adds(&line, "Taken over before by ");
		tell_who(&line, &s->view.registry, &s->view.sites, change->taken_by, "manager");
		buf_addc(&line, '.');
		fprintf(s->view.c->out, "  ");
		tell_line(s->view.c->out, buf_text(&line), 2, 4);
	}
	buf_clear(&line);
}

static void show_left(struct showing *s, const struct qip_kept_change *change)
{
	cJSON *entry = new_entry(change);
	struct buf line = BUF_INIT;
	char label[80], title[RECORD_SLOT_MAX + 80];

	s->lefts++;
	if (change->slot[0])
		put_string(&entry, "slot", change->slot);
	put_string(&entry, "why", change->left);
	push_item(&s->left, entry);
	if (!s->view.c->json) {
		print_commit(s, change);
		plan_label(label, sizeof(label), change->after);
		slot_title(title, sizeof(title), change->slot);
		if (change->slot[0])
			buf_addf(&line, "Left as it is now: %s of %s, for %s.", title, label, change->left);
		else
			buf_addf(&line, "Cannot be taken over: %s.", change->left);
		fprintf(s->view.c->out, "  ");
		tell_line(s->view.c->out, buf_text(&line), 2, 4);
	}
	buf_clear(&line);
}

static enum status show_change(void *ctx, const struct qip_kept_change *change, struct error *e)
{
	struct showing *s = ctx;
	enum status st;

	if (change->taken_by) {
		show_taken(s, change);
		return STATUS_OK;
	}
	if (change->left && strncmp(change->path, "feedback/", strlen("feedback/")) == 0) {
		s->answers++;
		return STATUS_OK;
	}
	if (change->left) {
		show_left(s, change);
		return STATUS_OK;
	}
	st = show_record(s, change, e);
	if (st == STATUS_OK && !s->view.c->json)
		print_conflicts(s, change);
	return st;
}

static void print_rest(const struct showing *s, int64_t number)
{
	struct buf line = BUF_INIT;
	FILE *out = s->view.c->out;

	if (s->answers > 0) {
		buf_addf(&line, "%llu answer%s of patients: nobody can take them over, for an answer counts only under its kiosk's own number and "
				"signature. They stay aside until this is dropped or too old.",
			 (unsigned long long)s->answers, plural(s->answers));
		fputc('\n', out);
		tell_line(out, buf_text(&line), 0, 0);
		buf_reset(&line);
	}
	if (s->changes > 0)
		buf_addf(&line, "To take it over in your name: qip adopt take %lld", (long long)number);
	else
		buf_addf(&line, "Taking it over would change nothing now. Nobody needs it any more? qip adopt drop %lld", (long long)number);
	fputc('\n', out);
	tell_line(out, buf_text(&line), 0, 0);
	buf_clear(&line);
}

static void print_sender(struct showing *s, const struct qip_kept *k)
{
	const struct device *d = registry_find(&s->view.registry, k->device);
	struct buf line = BUF_INIT;

	buf_addf(&line, "No %lld: sent by ", (long long)k->number);
	tell_who(&line, &s->view.registry, &s->view.sites, k->device, d ? role_text(d->role) : "");
	buf_adds(&line, " after it was revoked, received ");
	tell_time(&line, k->received);
	buf_adds(&line, ". Taking it over would change this now:");
	tell_line(s->view.c->out, buf_text(&line), 0, 0);
	buf_clear(&line);
}

static enum status print_shown(struct showing *s, const struct qip_kept *k, struct error *e)
{
	cJSON *out = cJSON_CreateObject();

	put_number(&out, "number", k->number);
	put_string(&out, "device", k->device);
	put_string(&out, "head", k->head);
	put_string(&out, "received", k->received);
	put_number(&out, "answers", (int64_t)s->answers);
	put_number(&out, "changes", (int64_t)s->changes);
	put_item(&out, "edits", s->edits);
	put_item(&out, "left", s->left);
	put_item(&out, "before", s->before);
	s->edits = s->left = s->before = NULL;
	return cli_print_json(s->view.c, out, e);
}

enum status adopt_show(struct cli *c, int64_t number, struct error *e)
{
	struct showing s = {.edits = cJSON_CreateArray(), .left = cJSON_CreateArray(), .before = cJSON_CreateArray()};
	struct qip_kept k;
	enum status st = claims_view_open(&s.view, c, e);

	if (st == STATUS_OK)
		st = qip_kept_fetch(&k, c->q, number, e);
	if (st == STATUS_OK && !c->json)
		print_sender(&s, &k);
	if (st == STATUS_OK)
		st = qip_kept_changes(c->q, &k, show_change, &s, e);
	if (st == STATUS_OK && c->json)
		st = print_shown(&s, &k, e);
	else if (st == STATUS_OK)
		print_rest(&s, number);
	cJSON_Delete(s.edits);
	cJSON_Delete(s.left);
	cJSON_Delete(s.before);
	claims_view_close(&s.view);
	return st;
}
