/* client/cli/kiosks.c - the practice's kiosks out of the log: what each sent last, when the server had it, and what it says of itself. */
#include "client/cli/kiosks.h"

#include <stdlib.h>
#include <string.h>

#include "client/doubts.h"
#include "core/head.h"
#include "core/record_file.h"

#define FEEDBACK "feedback"
#define WORD "health"

/* ---- the last answer of a device: the highest number at each level, not a walk over all answers ---- */

static enum status highest_entry(struct tree_entry *out, struct repo *r, const struct oid *tree, struct error *e)
{
	struct tree t = TREE_INIT;
	long long best = -1;
	enum status st = repo_tree_read(&t, r, tree, e);

	for (size_t i = 0; st == STATUS_OK && i < t.len; i++) {
		long long number = strtoll(t.entries[i].name, NULL, 10);

		if (number > best) {
			best = number;
			*out = (struct tree_entry){.is_dir = t.entries[i].is_dir, .id = t.entries[i].id};
		}
	}
	tree_clear(&t);
	return st == STATUS_OK && best < 0 ? STATUS_NOT_FOUND : st;
}

static enum status read_last(struct kiosk *k, struct repo *r, struct error *e)
{
	struct tree_entry entry = {.is_dir = true, .id = k->feedback};
	cJSON *record = NULL;
	const char *at;
	enum status st = STATUS_OK;

	for (int depth = 0; depth < TREE_DEPTH_MAX && entry.is_dir && st == STATUS_OK; depth++)
		st = highest_entry(&entry, r, &entry.id, e);
	if (st == STATUS_OK)
		st = record_read(&record, r, &entry.id, e);
	if (st == STATUS_OK) {
		at = json_string(json_get(record, "recorded"), "at");
		(void)snprintf(k->at, sizeof(k->at), "%s", at ? at : "");
		(void)json_integer(record, "seq", &k->last);
	}
	cJSON_Delete(record);
	return st == STATUS_NOT_FOUND ? STATUS_OK : st;
}

/* What of a kiosk is in a tree: its folder of feedback, its word; zero when it has none there. */
static enum status find_own(struct oid *out, struct repo *r, const struct oid *tree, const char *folder, const struct kiosk *k, struct error *e)
{
	char path[TREE_PATH_MAX];
	bool is_dir = false;
	enum status st = STATUS_OK;

	(void)snprintf(path, sizeof(path), "%s/%s%s", folder, k->id, strcmp(folder, WORD) == 0 ? ".json" : "");
	*out = (struct oid){0};
	st = tree_find(out, &is_dir, r, tree, path, e);
	if (st == STATUS_NOT_FOUND)
		*out = (struct oid){0};
	return st == STATUS_NOT_FOUND ? STATUS_OK : st;
}

static enum status read_kiosk(struct kiosk *k, const struct device *d, struct repo *r, const struct oid *tree, struct error *e)
{
	char path[TREE_PATH_MAX];
	enum status st = STATUS_OK;

	(void)snprintf(k->id, sizeof(k->id), "%s", d->id);
	(void)snprintf(k->site, sizeof(k->site), "%s", d->site);
	k->joined = d->key_ssh[0] != '\0';
	k->ended = d->retired || d->revoked;
	k->doubt = "";
	(void)snprintf(path, sizeof(path), "health/%s.json", d->id);
	st = record_read_path(&k->health, r, tree, path, e);
	if (st == STATUS_OK || st == STATUS_NOT_FOUND)
		st = find_own(&k->feedback, r, tree, FEEDBACK, k, e);
	if (st == STATUS_OK)
		st = find_own(&k->word, r, tree, WORD, k, e);
	return st == STATUS_OK && !oid_is_zero(&k->feedback) ? read_last(k, r, e) : st;
}

/* ---- when the server had it: back along the log until something of each kiosk was found ---- */

static struct kiosk *by_id(struct kiosks *k, const char *id)
{
	for (size_t i = 0; i < k->len; i++)
		if (strcmp(k->list[i].id, id) == 0)
			return &k->list[i];
	return NULL;
}

/* Is all known that the log tells? Of one that is not in use nothing is looked for. */
static bool is_found(const struct kiosk *k)
{
	return !k->joined || k->ended ||
	       (k->heard[0] && (k->answered[0] || oid_is_zero(&k->feedback)) && (k->told[0] || oid_is_zero(&k->word)));
}

/* Did `now`, that stands in the tree looked at last, come with the merge on top of `before`? Then `at` is when. */
static enum status look_for(char at[TIME_TEXT_MAX], struct repo *r, const struct oid *before, const char *folder, const struct oid *now,
			    const struct kiosk *k, const struct merge_note *note, struct error *e)
{
	struct oid then;
	enum status st = STATUS_OK;

	if (at[0] || oid_is_zero(now))
		return STATUS_OK;
	st = find_own(&then, r, before, folder, k, e);
	if (st == STATUS_OK && !oid_equal(&then, now))
		memcpy(at, note->received, sizeof(note->received));
	return st;
}

/* The merge `c` of something of this kiosk, on top of `before`. */
static enum status look_at(struct kiosk *k, struct repo *r, const struct merge_note *note, const struct oid *before, struct error *e)
{
	struct commit earlier = COMMIT_INIT;
	enum status st = STATUS_OK;

	if (!k->heard[0])
		memcpy(k->heard, note->received, sizeof(k->heard));
	if (is_found(k))
		return STATUS_OK;
	st = repo_commit_read(&earlier, r, before, e);
	if (st == STATUS_OK)
		st = look_for(k->answered, r, &earlier.tree, FEEDBACK, &k->feedback, k, note, e);
	if (st == STATUS_OK)
		st = look_for(k->told, r, &earlier.tree, WORD, &k->word, k, note, e);
	commit_clear(&earlier);
	return st;
}

static enum status look_back(struct kiosks *k, struct repo *r, const struct oid *main, struct error *e)
{
	struct oid at = *main;
	size_t open = 0;
	enum status st = STATUS_OK;

	for (size_t i = 0; i < k->len; i++)
		open += !is_found(&k->list[i]);
	for (size_t n = 0; n < KIOSKS_MAX_MERGES && open > 0 && st == STATUS_OK; n++) {
		struct merge_note note = {0};
		struct commit c = COMMIT_INIT;
		struct kiosk *kiosk = NULL;
		bool more = false;

		st = repo_commit_read(&c, r, &at, e);
		more = st == STATUS_OK && c.parents_len == 2 && merge_note_parse(&note, c.message, NULL) == STATUS_OK;
		kiosk = more ? by_id(k, note.device) : NULL;
		if (kiosk && !is_found(kiosk)) {
			st = look_at(kiosk, r, &note, &c.parents[0], e);
			open -= is_found(kiosk);
		}
		if (more)
			at = c.parents[0];
		else
			open = 0;
		buf_clear(&note.kept);
		commit_clear(&c);
	}
	return st;
}

/* The log here is as new as the last sync. A computer whose clock is wrong, or that did not sync for long, makes no kiosk silent. */
static void count_silence(struct kiosks *k, int64_t synced_ms)
{
	for (size_t i = 0; i < k->len; i++) {
		int64_t heard_ms = 0;

		if (time_parse(&heard_ms, k->list[i].heard) == STATUS_OK && synced_ms > heard_ms)
			k->list[i].silent_ms = synced_ms - heard_ms;
	}
}

static void note_doubts(struct kiosks *k, const struct qip *q)
{
	struct doubts d;

	doubts_load(&d, q);
	for (size_t i = 0; i < d.len; i++) {
		struct kiosk *kiosk = by_id(k, d.list[i].device);

		if (!kiosk || !kiosk->joined || kiosk->ended)
			continue;
		kiosk->doubt = doubt_reason(d.list[i].by);
		time_format(kiosk->doubted, d.list[i].at_ms);
	}
}

static enum status read_all(struct kiosks *out, struct qip *q, const struct registry *reg, struct error *e)
{
	struct commit tip = COMMIT_INIT;
	struct oid id;
	enum status st = qip_tip(&id, q, e);

	if (st == STATUS_OK)
		st = repo_commit_read(&tip, qip_repo(q), &id, e);
	for (size_t i = 0; st == STATUS_OK && i < reg->devices_len && out->len < KIOSKS_MAX; i++)
		if (reg->devices[i].role == ROLE_KIOSK)
			st = read_kiosk(&out->list[out->len++], &reg->devices[i], qip_repo(q), &tip.tree, e);
	commit_clear(&tip);
	return st;
}

enum status kiosks_read(struct kiosks *out, struct qip *q, struct error *e)
{
	struct registry reg = REGISTRY_INIT;
	struct oid main;
	enum status st = qip_registry(&reg, q, e);

	*out = (struct kiosks){.list = calloc(KIOSKS_MAX, sizeof(*out->list))};
	if (st == STATUS_OK && !out->list)
		st = error_set(e, STATUS_NOMEM, "out of memory");
	if (st == STATUS_OK)
		st = read_all(out, q, &reg, e);
	if (st == STATUS_OK)
		st = qip_main(&main, q, e);
	if (st == STATUS_OK)
		st = look_back(out, qip_repo(q), &main, e);
	if (st == STATUS_OK)
		count_silence(out, qip_last_sync_ms(q));
	if (st == STATUS_OK)
		note_doubts(out, q);
	registry_clear(&reg);
	return st == STATUS_NOT_FOUND ? STATUS_OK : st; /* nothing has come from the server yet */
}

void kiosks_clear(struct kiosks *k)
{
	for (size_t i = 0; i < k->len; i++)
		cJSON_Delete(k->list[i].health);
	free(k->list);
	*k = (struct kiosks){.len = 0};
}
