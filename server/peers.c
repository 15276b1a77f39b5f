/* server/peers.c - what the TLS side knows of a connection. */
#include "server/peers.h"

#include <pthread.h>
#include <stdlib.h>

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

enum status peers_put(struct peers *p, int fd, uint64_t id, const struct tls_peer *peer)
{
	struct entry *entry = NULL;

	if (fd < 0 || fd >= p->max_fd)
		return STATUS_TOO_BIG;
	entry = malloc(sizeof(*entry));
	if (!entry)
		return STATUS_NOMEM;
	*entry = (struct entry){.id = id, .peer = *peer};
	(void)pthread_mutex_lock(&p->mutex);
	free(p->entries[fd]);
	p->entries[fd] = entry;
	(void)pthread_mutex_unlock(&p->mutex);
	return STATUS_OK;
}

void peers_remove(struct peers *p, int fd, uint64_t id)
{
	if (fd < 0 || fd >= p->max_fd)
		return;
	(void)pthread_mutex_lock(&p->mutex);
	if (p->entries[fd] && p->entries[fd]->id == id) {
		free(p->entries[fd]);
		p->entries[fd] = NULL;
	}
	(void)pthread_mutex_unlock(&p->mutex);
}

enum status peers_get(struct tls_peer *out, struct peers *p, int fd)
{
	enum status st = STATUS_NOT_FOUND;

	if (fd < 0 || fd >= p->max_fd)
		return st;
	(void)pthread_mutex_lock(&p->mutex);
	if (p->entries[fd]) {
		*out = p->entries[fd]->peer;
		st = STATUS_OK;
	}
	(void)pthread_mutex_unlock(&p->mutex);
	return st;
}

void peers_set_answering(struct peers *p, int fd, bool answering)
{
	if (fd < 0 || fd >= p->max_fd)
		return;
	(void)pthread_mutex_lock(&p->mutex);
	if (p->entries[fd])
		p->entries[fd]->answering = answering;
	(void)pthread_mutex_unlock(&p->mutex);
}

bool peers_answering(struct peers *p, int fd, uint64_t id)
{
	bool answering = false;

	if (fd < 0 || fd >= p->max_fd)
		return false;
	(void)pthread_mutex_lock(&p->mutex);
	if (p->entries[fd] && p->entries[fd]->id == id)
		answering = p->entries[fd]->answering;
	(void)pthread_mutex_unlock(&p->mutex);
	return answering;
}
