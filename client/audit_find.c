/* client/audit_find.c - findings of one audit, in the order of the log; and the registries that its merges are judged against. */
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/audit_internal.h"
#include "core/utf8.h"

/* ---- findings ---- */

enum status audit_findings_open(struct audit_findings *f, struct error *e)
{
	struct audit_findings made = {.list = calloc(AUDIT_MAX_FINDINGS, sizeof(*made.list)),
				      .places = calloc(AUDIT_MAX_FINDINGS, sizeof(*made.places))};

	if (!made.list || !made.places) {
		free(made.list);
		free(made.places);
		return error_set(e, STATUS_NOMEM, "out of memory");
	}
	*f = made;
	(void)pthread_mutex_init(&f->mutex, NULL);
	return STATUS_OK;
}

void audit_findings_close(struct audit_findings *f)
{
	free(f->list);
	free(f->places);
	(void)pthread_mutex_destroy(&f->mutex);
}

bool audit_findings_enough(struct audit_findings *f)
{
	bool enough;

	(void)pthread_mutex_lock(&f->mutex);
	enough = f->len + f->more >= AUDIT_MAX_FAULTS;
	(void)pthread_mutex_unlock(&f->mutex);
	return enough;
}

/* Behind all of the same place: what one merge shows is found by the walker first, then by one thread. When the list is full, what lies
 * furthest along the log gives way, so that the same history always has the same list. */
static struct audit_finding *make_room(struct audit_findings *f, uint64_t place)
{
	size_t at = f->len;

	while (at > 0 && f->places[at - 1] > place)
		at--;
	if (f->len == AUDIT_MAX_FINDINGS) {
		f->more += f->more < AUDIT_MAX_FAULTS - AUDIT_MAX_FINDINGS;
		if (at == f->len)
			return NULL;
		f->len--;
	}
	memmove(&f->list[at + 1], &f->list[at], (f->len - at) * sizeof(*f->list));
	memmove(&f->places[at + 1], &f->places[at], (f->len - at) * sizeof(*f->places));
	f->len++;
	f->places[at] = place;
	return &f->list[at];
}

/* It quotes what others wrote: no byte of it may steer a terminal or break the JSON that it goes into, nor may being cut short. */
void audit_clean_text(char *text)
{
	size_t len = strlen(text), to = 0;

	for (size_t i = 0; i < len;) {
		uint32_t cp = 0;
		size_t n = utf8_decode(&cp, text + i, len - i);

		if (n == 0 || cp < 0x20 || (cp >= 0x7f && cp < 0xa0)) {
			text[to++] = '?';
			i += n ? n : 1;
			continue;
		}
		memmove(text + to, text + i, n);
		to += n;
		i += n;
	}
	text[to] = '\0';
}

PRINTF_LIKE(4, 0)
static void set_words(struct audit_finding *f, const char *path, const char *device, const char *fmt, va_list args)
{
	(void)snprintf(f->path, sizeof(f->path), "%s", path);
	(void)snprintf(f->device, sizeof(f->device), "%s", device);
	(void)vsnprintf(f->text, sizeof(f->text), fmt, args);
	audit_clean_text(f->path);
	audit_clean_text(f->device);
	audit_clean_text(f->text);
}

void audit_find(struct auditor *a, const struct oid *commit, const char *path, const char *device, const char *fmt, ...)
{
	struct audit_finding made = {0}, *f = NULL;
	va_list args;

	if (commit && !oid_is_zero(commit))
		oid_hex(made.commit, commit);
	va_start(args, fmt);
	set_words(&made, path, device, fmt, args);
	va_end(args);
	(void)pthread_mutex_lock(&a->found->mutex);
	f = make_room(a->found, a->place);
	if (f)
		*f = made;
	(void)pthread_mutex_unlock(&a->found->mutex);
}

void audit_find_beside(struct audit *out, const char *commit, const char *path, const char *device, const char *fmt, ...)
{
	struct audit_finding made = {0};
	va_list args;

	if (out->findings_len == AUDIT_MAX_FINDINGS) {
		out->findings_more++;
		return;
	}
	(void)snprintf(made.commit, sizeof(made.commit), "%s", commit);
	va_start(args, fmt);
	set_words(&made, path, device, fmt, args);
	va_end(args);
	out->findings[out->findings_len++] = made;
}

/* ---- registries ---- */

struct audit_registry {
	struct registry registry;
	atomic_uint holders;
};

enum status audit_registry_load(struct audit_registry **out, const struct audit_registry *known, struct repo *r, const struct oid *tree,
				const uint8_t *root_pin, struct error *e)
{
	struct audit_registry *made = calloc(1, sizeof(*made));
	enum status st;

	if (!made)
		return error_set(e, STATUS_NOMEM, "out of memory");
	st = registry_load_after(&made->registry, audit_registry_get(known), r, tree, root_pin, e);
	if (st != STATUS_OK) {
		free(made);
		return st;
	}
	atomic_init(&made->holders, 1);
	*out = made;
	return STATUS_OK;
}

const char *audit_registry_fault(char path[TREE_PATH_MAX], const struct error *e)
{
	static const char *const places[] = {"practice.json", RETIRED_KEYS, "devices"};
	size_t len = strcspn(e->text, ":");
	bool named = false;

	path[0] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(places); i++)
		named = named || strncmp(e->text, places[i], strlen(places[i])) == 0;
	if (named && e->text[len] && len < TREE_PATH_MAX)
		(void)snprintf(path, TREE_PATH_MAX, "%.*s", (int)len, e->text);
	return path;
}

struct audit_registry *audit_registry_hold(struct audit_registry *r)
{
	if (r)
		(void)atomic_fetch_add(&r->holders, 1);
	return r;
}

void audit_registry_release(struct audit_registry *r)
{
	if (!r || atomic_fetch_sub(&r->holders, 1) != 1)
		return;
	registry_clear(&r->registry);
	free(r);
}

const struct registry *audit_registry_get(const struct audit_registry *r)
{
	return r ? &r->registry : NULL;
}
