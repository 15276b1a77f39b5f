/* tests/sim/ledger.c - see ledger.h. */
#include "tests/sim/ledger.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Room for one more; a run without memory is no run. */
static void *grow(void *items, size_t len, size_t *cap, size_t size)
{
	void *grown = items;

	if (len < *cap)
		return items;
	*cap = *cap ? *cap * 2 : 64;
	grown = realloc(items, *cap * size);
	if (!grown)
		abort();
	return grown;
}

void ledger_clear(struct ledger *l)
{
	while (l->deeds_len > 0)
		ledger_undo(l);
	free(l->deeds);
	free(l->claims);
	free(l->entries);
	*l = (struct ledger){.deeds = NULL};
}

size_t ledger_deed(struct ledger *l, unsigned step, unsigned site)
{
	l->deeds = grow(l->deeds, l->deeds_len, &l->deeds_cap, sizeof(*l->deeds));
	l->deeds[l->deeds_len] = (struct deed){.step = step, .site = site, .merged = INT64_MAX};
	return l->deeds_len++;
}

void ledger_undo(struct ledger *l)
{
	size_t deed = --l->deeds_len;

	while (l->claims_len > 0 && l->claims[l->claims_len - 1].deed == deed) {
		struct claim *c = &l->claims[--l->claims_len];

		cJSON_Delete(c->value);
		free(c->seen);
	}
	while (l->entries_len > 0 && l->entries[l->entries_len - 1].deed == deed)
		cJSON_Delete(l->entries[--l->entries_len].value);
}

/* ---- reading records ---- */

static const char *text_of(const cJSON *object, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

	return cJSON_IsString(item) ? item->valuestring : "";
}

const cJSON *ledger_plain(const cJSON *record, const char *slot, bool is_element)
{
	static const cJSON yes = {.type = cJSON_True};
	char field[RECORD_SLOT_MAX];
	const char *key = strchr(slot, '/');
	const cJSON *value = NULL, *item;

	(void)snprintf(field, sizeof(field), "%.*s", (int)strcspn(slot, "/"), slot);
	value = cJSON_GetObjectItemCaseSensitive(record, field);
	if (!key)
		return value;
	if (!is_element)
		return cJSON_GetObjectItemCaseSensitive(value, key + 1);
	cJSON_ArrayForEach(item, value) {
		if (cJSON_IsString(item) && strcmp(item->valuestring, key + 1) == 0)
			return &yes;
	}
	return NULL;
}

void ledger_each_claim(const cJSON *record, const char *slot, ledger_visit visit, void *ctx)
{
	const cJSON *conflicts = cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(record, "conflicts"), slot);
	const cJSON *edits = cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(record, "edits"), slot), *claim;
	char field[RECORD_SLOT_MAX];

	(void)snprintf(field, sizeof(field), "%.*s", (int)strcspn(slot, "/"), slot);
	cJSON_ArrayForEach(claim, conflicts)
		visit(ctx, claim, cJSON_GetObjectItemCaseSensitive(claim, "value"));
	cJSON_ArrayForEach(claim, edits)
		visit(ctx, claim, ledger_plain(record, slot, cJSON_IsArray(cJSON_GetObjectItemCaseSensitive(record, field))));
}

int64_t ledger_next_number(const cJSON *record)
{
	static const char *const groups[] = {"edits", "conflicts"};
	const cJSON *slot, *claim;
	int64_t highest = 0;

	for (size_t i = 0; i < ARRAY_LEN(groups); i++) {
		cJSON_ArrayForEach(slot, cJSON_GetObjectItemCaseSensitive(record, groups[i])) {
			cJSON_ArrayForEach(claim, slot) {
				const cJSON *n = cJSON_GetObjectItemCaseSensitive(claim, "n");

				if (cJSON_IsNumber(n) && (int64_t)n->valuedouble > highest)
					highest = (int64_t)n->valuedouble;
			}
		}
	}
	return highest + 1;
}

/* ---- what was meant ---- */

static void add_seen_id(struct claim *c, const char *id)
{
	char(*grown)[ID_TEXT_LEN + 1] = realloc(c->seen, (c->seen_len + 1) * sizeof(*grown));

	if (!grown)
		abort();
	c->seen = grown;
	(void)snprintf(c->seen[c->seen_len++], sizeof(*grown), "%s", id);
}

static void add_seen(void *ctx, const cJSON *claim, const cJSON *value)
{
	(void)value;
	add_seen_id(ctx, text_of(claim, "id"));
}

static const struct claim *find_claim(const struct ledger *l, const char *id)
{
	for (size_t i = 0; i < l->claims_len; i++)
		if (strcmp(l->claims[i].id, id) == 0)
			return &l->claims[i];
	return NULL;
}

/* What a site's own earlier edit took the place of, of its own, it takes the place of as well: that earlier edit may be refused. */
static void add_own(const struct ledger *l, struct claim *c)
{
	for (size_t i = 0, len = c->seen_len; i < len; i++) {
		const struct claim *before = find_claim(l, c->seen[i]);

		for (size_t k = 0; before && strcmp(before->device, c->device) == 0 && k < before->seen_len; k++) {
			const struct claim *own = find_claim(l, before->seen[k]);

			if (own && strcmp(own->device, c->device) == 0)
				add_seen_id(c, own->id);
		}
	}
}

void ledger_claim(struct ledger *l, unsigned record, const char *slot, const char *id, const char *device, const cJSON *value,
		  const cJSON *before)
{
	struct claim *c = NULL;

	l->claims = grow(l->claims, l->claims_len, &l->claims_cap, sizeof(*l->claims));
	c = &l->claims[l->claims_len++];
	*c = (struct claim){.record = record, .deed = l->deeds_len - 1, .n = ledger_next_number(before)};
	c->value = cJSON_Duplicate(value, true);
	(void)snprintf(c->id, sizeof(c->id), "%s", id);
	(void)snprintf(c->slot, sizeof(c->slot), "%s", slot);
	(void)snprintf(c->device, sizeof(c->device), "%s", device);
	ledger_each_claim(before, slot, add_seen, c);
	add_own(l, c);
}

void ledger_entry(struct ledger *l, unsigned record, const char *field, const char *id, const cJSON *value)
{
	struct entry *e = NULL;

	l->entries = grow(l->entries, l->entries_len, &l->entries_cap, sizeof(*l->entries));
	e = &l->entries[l->entries_len++];
	*e = (struct entry){.record = record, .deed = l->deeds_len - 1, .value = cJSON_Duplicate(value, true)};
	(void)snprintf(e->id, sizeof(e->id), "%s", id);
	(void)snprintf(e->field, sizeof(e->field), "%s", field);
}

static bool has_seen(const struct claim *c, const char *id)
{
	for (size_t i = 0; i < c->seen_len; i++)
		if (strcmp(c->seen[i], id) == 0)
			return true;
	return false;
}

struct anew {
	const struct ledger *ledger;
	const struct claim *claim;
	const char *device;
	bool found;
};

static void look_for_own(void *ctx, const cJSON *claim, const cJSON *value)
{
	struct anew *a = ctx;
	const struct claim *other = find_claim(a->ledger, text_of(claim, "id"));

	(void)value;
	if (strcmp(text_of(claim, "device"), a->device) != 0 || (other && other == a->claim))
		return;
	if (!has_seen(a->claim, text_of(claim, "id")))
		a->found = true;
}

/* What had taken its place took that of the refused one, not of what it is made as now. */
static void forget_seen(struct ledger *l, const char *id)
{
	for (size_t i = 0; i < l->claims_len; i++) {
		struct claim *c = &l->claims[i];

		for (size_t k = 0; k < c->seen_len; k++)
			if (strcmp(c->seen[k], id) == 0)
				c->seen[k][0] = '\0';
	}
}

void ledger_made_again(struct ledger *l, size_t deed, unsigned record, const char *device, const cJSON *present)
{
	for (size_t i = 0; i < l->claims_len; i++) {
		struct claim *c = &l->claims[i];
		struct anew a = {.ledger = l, .claim = c, .device = device};

		if (c->deed != deed || c->record != record)
			continue;
		ledger_each_claim(present, c->slot, look_for_own, &a);
		c->overtaken = a.found;
		if (!c->overtaken)
			forget_seen(l, c->id);
		c->n = ledger_next_number(present);
	}
}

/* ---- what follows ---- */

static bool counts(const struct ledger *l, const struct claim *c)
{
	return l->deeds[c->deed].fate == FATE_MEANT && !c->overtaken;
}

void ledger_settle(struct ledger *l)
{
	for (size_t i = 0; i < l->claims_len; i++)
		l->claims[i].replaced = false;
	for (size_t i = 0; i < l->claims_len; i++) {
		if (!counts(l, &l->claims[i]))
			continue;
		for (size_t k = 0; k < l->claims_len; k++)
			if (has_seen(&l->claims[i], l->claims[k].id))
				l->claims[k].replaced = true;
	}
}

bool ledger_is_alive(const struct ledger *l, const struct claim *c)
{
	return counts(l, c) && !c->replaced;
}

static bool met(const struct ledger *l, const struct claim *a, const struct claim *b)
{
	const struct deed *da = &l->deeds[a->deed], *db = &l->deeds[b->deed];

	return a->record == b->record && strcmp(a->slot, b->slot) == 0 && da->site != db->site && da->merged > db->past &&
	       db->merged > da->past;
}

unsigned ledger_overlap(const struct ledger *l)
{
	size_t n = 0;

	for (size_t i = 0; i < l->claims_len; i++) {
		bool found = false;

		for (size_t k = 0; k < l->claims_len && !found; k++)
			found = met(l, &l->claims[i], &l->claims[k]);
		n += found;
	}
	return l->claims_len > 0 ? (unsigned)(n * 100 / l->claims_len) : 0;
}
