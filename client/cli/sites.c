/* client/cli/sites.c - see sites.h. */
#include "client/cli/sites.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static enum status add_site(void *ctx, const char *path, const cJSON *record, struct error *e)
{
	struct sites *s = ctx;
	const char *id = json_string(record, "id"), *name = json_string(record, "name");
	struct site *site;

	(void)path;
	if (!id || strlen(id) > NAME_MAX_LEN)
		return STATUS_OK;
	if (s->len == SITES_MAX)
		return error_set(e, STATUS_TOO_BIG, "the practice has more than %d sites", SITES_MAX);
	site = &s->list[s->len++];
	(void)snprintf(site->id, sizeof(site->id), "%s", id);
	(void)snprintf(site->name, sizeof(site->name), "%s", name ? name : id);
	return STATUS_OK;
}

enum status sites_read(struct sites *out, struct qip *q, struct error *e)
{
	out->len = 0;
	return qip_each(q, "sites/", add_site, out, e);
}

const struct site *sites_find(const struct sites *s, const char *text, size_t len)
{
	for (size_t i = 0; i < s->len; i++)
		if (strlen(s->list[i].id) == len && strncasecmp(s->list[i].id, text, len) == 0)
			return &s->list[i];
	for (size_t i = 0; i < s->len; i++)
		if (strlen(s->list[i].name) == len && strncasecmp(s->list[i].name, text, len) == 0)
			return &s->list[i];
	return NULL;
}

bool sites_is_all(const char *text, size_t len)
{
	return len == strlen(SITES_ALL) && strncasecmp(text, SITES_ALL, len) == 0;
}

bool sites_concern(const cJSON *action, const char *site)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, json_get(action, "sites"))
	{
		if (site && cJSON_IsString(item) &&
		    (strcmp(item->valuestring, site) == 0 || strcmp(item->valuestring, SITES_ALL) == 0))
			return true;
	}
	return !site;
}

void sites_names(struct buf *out, const struct sites *s)
{
	for (size_t i = 0; i < s->len; i++)
		buf_addf(out, "%s%s", i ? ", " : "", s->list[i].name);
}

enum status sites_resolve(const char **out, const struct sites *s, const char *text, struct error *e)
{
	struct buf names = BUF_INIT;
	const struct site *site = text ? sites_find(s, text, strlen(text)) : NULL;

	if (!text || site) {
		*out = site ? site->id : NULL;
		return STATUS_OK;
	}
	sites_names(&names, s);
	(void)error_set(e, STATUS_NOT_FOUND, "there is no site \"%.60s\"; the sites are: %.600s", text,
			s->len ? buf_text(&names) : "none yet");
	buf_clear(&names);
	return STATUS_NOT_FOUND;
}
