/* server/peers.c - what the TLS side knows of a connection. */
#include "server/peers.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct entry {
	uint64_t id;
	bool answering;
	struct tls_peer peer;
};

struct peers {
	pthread_mutex_t mutex;
	int max_fd;
	struct entry **entries; /* by descriptor; NULL where there is none */
};

enum status peers_open(struct peers **out, int max_fd, struct error *e)
{
	struct peers *p = calloc(1, sizeof(*p));

	if (p)
		p->entries = calloc((size_t)max_fd, sizeof(struct entry *));
	if (!p || !p->entries || pthread_mutex_init(&p->mutex, NULL)) {
		if (p)
			free(p->entries);
		free(p);
		return error_set(e, STATUS_NOMEM, "out of memory");
	}
	p->max_fd = max_fd;
	*out = p;
	return STATUS_OK;
}

void peers_close(struct peers *p)
{
	if (!p)
		return;
	for (int i = 0; i < p->max_fd; i++)
		free(p->entries[i]);
	free(p->entries);
	(void)pthread_mutex_destroy(&p->mutex);
	free(p);
}

/* The descriptor's entry; NULL for none. With the mutex. */
static struct entry *find(const struct peers *p, int fd)
{
	return fd >= 0 && fd < p->max_fd ? p->entries[fd] : NULL;
}

static bool grow(struct peers *p, int fd)
{
	size_t len = (size_t)fd * 2;
	struct entry **entries = reallocarray(p->entries, len, sizeof(struct entry *));

	if (!entries)
		return false;
	memset(entries + p->max_fd, 0, (len - (size_t)p->max_fd) * sizeof(struct entry *));
	p->entries = entries;
	p->max_fd = (int)len;
	return true;
}

enum status peers_put(struct peers *p, int fd, uint64_t id, const struct tls_peer *peer)
{
	struct entry *entry = malloc(sizeof(*entry));
	bool ok = false;

	if (!entry)
		return STATUS_NOMEM;
	*entry = (struct entry){.id = id, .peer = *peer};
	(void)pthread_mutex_lock(&p->mutex);
	ok = fd < p->max_fd || grow(p, fd);
	if (ok) {
		free(p->entries[fd]);
		p->entries[fd] = entry;
	}
	(void)pthread_mutex_unlock(&p->mutex);
	if (!ok)
		free(entry);
	return ok ? STATUS_OK : STATUS_NOMEM;
}

void peers_remove(struct peers *p, int fd, uint64_t id)
{
	struct entry *entry = NULL;

	(void)pthread_mutex_lock(&p->mutex);
	entry = find(p, fd);
	if (entry && entry->id == id) {
		free(entry);
		p->entries[fd] = NULL;
	}
	(void)pthread_mutex_unlock(&p->mutex);
}

enum status peers_get(struct tls_peer *out, struct peers *p, int fd)
{
	const struct entry *entry = NULL;
	enum status st = STATUS_NOT_FOUND;

	(void)pthread_mutex_lock(&p->mutex);
	entry = find(p, fd);
	if (entry) {
		*out = entry->peer;
		st = STATUS_OK;
	}
	(void)pthread_mutex_unlock(&p->mutex);
	return st;
}

void peers_set_answering(struct peers *p, int fd, bool answering)
{
	struct entry *entry = NULL;

	(void)pthread_mutex_lock(&p->mutex);
	entry = find(p, fd);
	if (entry)
		entry->answering = answering;
	(void)pthread_mutex_unlock(&p->mutex);
}

bool peers_answering(struct peers *p, int fd, uint64_t id)
{
	const struct entry *entry = NULL;
	bool answering = false;

	(void)pthread_mutex_lock(&p->mutex);
	entry = find(p, fd);
	if (entry && entry->id == id)
		answering = entry->answering;
	(void)pthread_mutex_unlock(&p->mutex);
	return answering;
}
