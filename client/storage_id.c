/* client/storage_id.c - see storage_id.h. */
#include "client/storage_id.h"

#include <stdio.h>
#include <string.h>

#define HASH_PREFIX "qip incarnation\n"
#define CARD_PLACE "device/cid"

void storage_hash(char out[SHA256_HEX_LEN + 1], const char *text)
{
	uint8_t digest[SHA256_LEN];
	struct buf b = BUF_INIT;

	out[0] = '\0';
	if (!text[0])
		return;
	buf_addf(&b, HASH_PREFIX "%s", text);
	if (buf_ok(&b) && sha256(digest, b.data, b.len) == STATUS_OK)
		hex_encode(out, digest, sizeof(digest));
	buf_clear(&b);
}

/* Which of them it is; their number: none. */
static size_t find(const struct storage_id *id, const char *name)
{
	size_t i = 0;

	while (i < id->len && strcmp(id->places[i].name, name) != 0)
		i++;
	return i;
}

static void add(struct storage_id *id, const char *name, const char *hash)
{
	size_t i = find(id, name);
	struct storage_place *p = i < STORAGE_PLACES_MAX ? &id->places[i] : NULL;

	if (!p || strlen(name) >= sizeof(p->name) || strlen(hash) >= sizeof(p->hash))
		return;
	if (i == id->len)
		id->len++;
	(void)snprintf(p->name, sizeof(p->name), "%s", name);
	(void)snprintf(p->hash, sizeof(p->hash), "%s", hash);
}

/* "place=number", one a line; a line that names no place is a number alone. */
void storage_id_parse(struct storage_id *out, const char *text)
{
	char line[ENV_STORAGE_MAX], hash[SHA256_HEX_LEN + 1];

	*out = (struct storage_id){.len = 0};
	while (*text) {
		size_t len = strcspn(text, "\n");
		char *equals = NULL;

		(void)snprintf(line, sizeof(line), "%.*s", (int)(len < sizeof(line) ? len : sizeof(line) - 1), text);
		text += len + (text[len] == '\n');
		equals = strchr(line, '=');
		if (equals)
			*equals = '\0';
		storage_hash(hash, equals ? equals + 1 : line);
		if (hash[0])
			add(out, equals ? line : "", hash);
	}
}

/* A number whose place was not noted is any place's. A card's own register holds all that tells it; its serial number alone may be another's, too. */
enum storage_answer storage_id_compare(const struct storage_id *known, const struct storage_id *now)
{
	const size_t card = find(known, CARD_PLACE), card_now = find(now, CARD_PLACE);
	enum storage_answer answer = STORAGE_UNSURE;

	if (card < known->len && card_now < now->len)
		return strcmp(known->places[card].hash, now->places[card_now].hash) == 0 ? STORAGE_SAME : STORAGE_OTHER;
	for (size_t i = 0; i < known->len; i++) {
		for (size_t k = 0; k < now->len; k++) {
			const struct storage_place *was = &known->places[i], *is = &now->places[k];

			if (was->name[0] && is->name[0] && strcmp(was->name, is->name) != 0)
				continue;
			if (strcmp(was->hash, is->hash) == 0)
				return STORAGE_SAME;
			answer = STORAGE_OTHER;
		}
	}
	return answer;
}

bool storage_id_take(struct storage_id *known, const struct storage_id *now)
{
	struct storage_id before = *known;

	if (now->len == 0)
		return false;
	if (find(known, "") < known->len)
		known->len = 0;
	for (size_t i = 0; i < now->len; i++)
		add(known, now->places[i].name, now->places[i].hash);
	return known->len != before.len || memcmp(known->places, before.places, before.len * sizeof(before.places[0])) != 0;
}

cJSON *storage_id_json(const struct storage_id *id)
{
	cJSON *json = cJSON_CreateObject();
	enum status st = json ? STATUS_OK : STATUS_NOMEM;

	for (size_t i = 0; i < id->len && st == STATUS_OK; i++)
		st = json_set_string(json, id->places[i].name, id->places[i].hash);
	if (st == STATUS_OK)
		return json;
	cJSON_Delete(json);
	return NULL;
}

void storage_id_read(struct storage_id *out, const cJSON *json)
{
	const cJSON *member = NULL;

	*out = (struct storage_id){.len = 0};
	if (cJSON_IsString(json) && json->valuestring[0])
		add(out, "", json->valuestring);
	cJSON_ArrayForEach(member, json)
	{
		if (cJSON_IsString(member) && member->string)
			add(out, member->string, member->valuestring);
	}
}
