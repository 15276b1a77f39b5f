/* server/practices.c - all practices of a serving process. */
#include "server/practices.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "core/array.h"
#include "core/log.h"
#include "server/derive.h"
#include "server/erasures.h"
#include "server/kept.h"
#include "server/view.h"

struct practices {
	char dir[FILE_PATH_MAX];
	struct store *store;
	const struct env *env;
	pthread_mutex_t mutex;
	struct practice **list; /* sorted by ODS code */
	size_t len, cap;
};

enum status practices_open(struct practices **out, const char *dir, const struct limits *limits, const struct env *env,
			   struct error *e)
{
	struct practices *t = calloc(1, sizeof(*t));
	enum status st = STATUS_OK;

	if (!t)
		return error_set(e, STATUS_NOMEM, "out of memory");
	t->env = env;
	st = store_open(&t->store, dir, e);
	if (st != STATUS_OK || pthread_mutex_init(&t->mutex, NULL)) {
		store_close(t->store);
		free(t);
		return st != STATUS_OK ? st : error_set(e, STATUS_NOMEM, "out of memory");
	}
	store_limit(t->store, limits);
	memcpy(t->dir, dir, strlen(dir) + 1); /* store_open checked its length */
	*out = t;
	return STATUS_OK;
}

void practices_close(struct practices *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->len; i++)
		practice_close(t->list[i]);
	free(t->list);
	store_close(t->store);
	(void)pthread_mutex_destroy(&t->mutex);
	free(t);
}

size_t practices_disk_bytes(const struct practices *t)
{
	return store_disk_bytes(t->store);
}

/* Where the code is, or would have to be put. */
static size_t place_of(const struct practices *t, const char *ods)
{
	size_t low = 0, high = t->len;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(t->list[middle]->ods, ods) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* It keeps nobody from the practice. */
static void tidy_kept(struct practice *p, const struct env *env)
{
	struct error e = {STATUS_OK, ""};
	enum status st = kept_recover(p, &e);

	kept_expire(p, env->now_ms(env->ctx));
	if (st != STATUS_OK)
		log_line(LOG_LEVEL_WARN, "what is kept of revoked devices could not be tidied", "practice", p->ods, "reason", e.text, NULL);
}

/* After a crash: what was half-done goes, main is durable whatever became of its last move, and the refs that derive
 * from it follow. */
static enum status repair(struct practice *p, const struct env *env, struct error *e)
{
	struct store_lock *lock = NULL;
	struct view *view = NULL;
	enum status st = store_lock(&lock, p->history, LIMIT_LOCK_MS, e);

	if (st == STATUS_OK)
		st = store_recover(p->history, e);
	if (st == STATUS_OK)
		st = view_get(&view, p, e);
	if (st == STATUS_OK)
		st = store_settle(p->history, "refs/heads/main", &view->end.commit, e);
	/* a full disk can still be read from; the next push settles it, or fails */
	p->in_doubt = st == STATUS_UNKNOWN;
	if (st == STATUS_OK)
		st = signing_settle(p, view_registry(view), e);
	if (st == STATUS_OK)
		st = derive_repair(p, view, env, e);
	if (p->in_doubt)
		st = STATUS_OK;
	if (st == STATUS_OK)
		st = erasures_repair(p, &view->end.tree, e);
	if (st == STATUS_OK)
		tidy_kept(p, env);
	view_put(view);
	store_unlock(lock);
	return st;
}

static enum status open_at(struct practices *t, size_t place, const char *ods, struct error *e)
{
	struct practice *p = NULL;
	enum status st = STATUS_OK;

	if (t->len == LIMIT_PRACTICES)
		return error_set(e, STATUS_TOO_BIG, "this server holds %d practices already", LIMIT_PRACTICES);
	if (!array_room(&t->list, &t->cap, t->len))
		return error_set(e, STATUS_NOMEM, "out of memory");
	st = practice_open(&p, t->dir, t->store, ods, e);
	if (st == STATUS_OK)
		st = repair(p, t->env, e);
	if (st != STATUS_OK) {
		practice_close(p);
		return st;
	}
	memmove(t->list + place + 1, t->list + place, (t->len - place) * sizeof(struct practice *));
	t->list[place] = p;
	t->len++;
	return STATUS_OK;
}

enum status practices_get(struct practice **out, struct practices *t, const char *ods, struct error *e)
{
	enum status st = STATUS_OK;
	size_t place = 0;

	(void)pthread_mutex_lock(&t->mutex);
	place = place_of(t, ods);
	if (place == t->len || strcmp(t->list[place]->ods, ods) != 0)
		st = open_at(t, place, ods, e);
	if (st == STATUS_OK)
		*out = t->list[place];
	(void)pthread_mutex_unlock(&t->mutex);
	return st;
}

/* The one behind, by ODS code; the first behind none. Nothing is ever taken out of the list. */
static struct practice *next_of(struct practices *t, const struct practice *p)
{
	size_t place = 0;
	struct practice *next = NULL;

	(void)pthread_mutex_lock(&t->mutex);
	place = p ? place_of(t, p->ods) + 1 : 0;
	next = place < t->len ? t->list[place] : NULL;
	(void)pthread_mutex_unlock(&t->mutex);
	return next;
}

void practices_each(struct practices *t, void (*visit)(void *ctx, struct practice *p), void *ctx)
{
	for (struct practice *p = next_of(t, NULL); p; p = next_of(t, p))
		visit(ctx, p);
}

void practices_open_all(struct practices *t)
{
	struct error e = {STATUS_OK, ""};
	struct practice *p = NULL;
	struct dirent *entry = NULL;
	DIR *dir = opendir(t->dir);

	while (dir && (entry = readdir(dir)) != NULL) {
		if (ods_valid(entry->d_name) && practices_get(&p, t, entry->d_name, &e) != STATUS_OK)
			log_line(LOG_LEVEL_ERROR, "practice cannot be served", "practice", entry->d_name, "reason",
				 e.text, NULL);
	}
	if (dir)
		(void)closedir(dir);
}
