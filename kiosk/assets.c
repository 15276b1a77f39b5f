/* kiosk/assets.c - the files that pages ask for. What the program carries enters; addresses leave. */
#include "kiosk/assets.h"

#include <stdio.h>
#include <string.h>

#include "core/digest.h"

#define HASH_LEN 8

static const struct {
	const char *ending, *type;
} types[] = {
	{".css", "text/css; charset=utf-8"},
	{".js", "text/javascript; charset=utf-8"},
	{".json", "application/json"},
	{".svg", "image/svg+xml"},
	{".png", "image/png"},
};

/* The entry's number; ARRAY_LEN(types) for a file that is not served. */
static size_t type_of(const char *name)
{
	const char *ending = strrchr(name, '.');
	size_t i = 0;

	while (i < ARRAY_LEN(types) && !(ending && strcmp(types[i].ending, ending) == 0))
		i++;
	return i;
}

enum status assets_list(struct assets *out, struct error *e)
{
	struct assets a = {.len = 0};

	for (const struct embedded *file = kiosk_assets; file->name; file++) {
		struct asset *asset = &a.list[a.len];
		uint8_t digest[SHA256_LEN];
		char hex[2 * HASH_LEN + 1];
		size_t type = type_of(file->name);

		if (type == ARRAY_LEN(types))
			continue;
		if (a.len == ASSETS_MAX || sha256(digest, file->bytes, file->len) != STATUS_OK)
			return error_set(e, STATUS_CRYPTO, "the files of the pages cannot be listed");
		hex_encode(hex, digest, HASH_LEN);
		asset->file = file;
		asset->type = types[type].type;
		(void)snprintf(asset->path, sizeof(asset->path), "/a/%s%s", hex, types[type].ending);
		a.len++;
	}
	*out = a;
	return STATUS_OK;
}

const struct asset *assets_named(const struct assets *a, const char *name)
{
	for (size_t i = 0; i < a->len; i++) {
		if (strcmp(a->list[i].file->name, name) == 0)
			return &a->list[i];
	}
	return NULL;
}

const struct asset *assets_at(const struct assets *a, const char *path)
{
	for (size_t i = 0; i < a->len; i++) {
		if (strcmp(a->list[i].path, path) == 0)
			return &a->list[i];
	}
	return NULL;
}
