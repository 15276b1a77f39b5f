/* client/home.c - the folder that is an installation. */
#include "client/home.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "client/anew.h"
#include "client/blobs.h"
#include "client/files.h"
#include "client/incarnation.h"
#include "client/rejoin.h"
#include "client/seal_key.h"
#include "client/seen_file.h"
#include "client/unnamed.h"
#include "core/log.h"

#define LOCK_FILE "lock"
#define LOCK_POLL_MS 20

static pthread_once_t library_once = PTHREAD_ONCE_INIT;
static struct error library_error;
static enum status library_status;

static void start_library(void)
{
	library_status = repo_init_library(&library_error);
}

static int64_t clock_ms(void)
{
	struct timespec ts = {0};

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static enum status take_lock(struct qip *q, int wait_ms, struct error *e)
{
	int64_t end_ms = clock_ms() + wait_ms;

	q->lock = openat(q->dir, LOCK_FILE, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (q->lock < 0)
		return error_set_errno(e, errno, "cannot open the lock of %s", q->path);
	while (flock(q->lock, LOCK_EX | LOCK_NB) != 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return error_set_errno(e, errno, "cannot lock %s", q->path);
		if (wait_ms >= 0 && clock_ms() >= end_ms)
			return error_set(e, STATUS_BUSY, "another program is using %s: try again when it has ended", q->path);
		(void)nanosleep(&(struct timespec){.tv_nsec = LOCK_POLL_MS * 1000000L}, NULL);
	}
	return STATUS_OK;
}

static int sync_above(const char *path)
{
	char above[HOME_PATH_MAX + 4];
	int fd = -1, failed = 0;

	(void)snprintf(above, sizeof(above), "%s/..", path);
	fd = open(above, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == EACCES ? 0 : -1; /* a folder above that may not be read was there before */
	failed = fsync(fd);
	(void)close(fd);
	return failed;
}

static enum status open_folder(struct qip *q, const struct qip_options *o, bool make, struct error *e)
{
	size_t len = o->home ? strlen(o->home) : 0;

	(void)pthread_once(&library_once, start_library);
	if (library_status != STATUS_OK)
		return error_set(e, library_status, "%s", library_error.text);
	if (len == 0 || len + 64 > sizeof(q->path))
		return error_set(e, STATUS_USAGE, "the name of the home folder is empty or too long");
	while (len > 1 && o->home[len - 1] == '/')
		len--;
	(void)snprintf(q->path, sizeof(q->path), "%.*s", (int)len, o->home);
	q->env = o->env ? o->env : env_system();
	q->join_as = o->join_as;
	q->progress = o->progress;
	q->progress_ctx = o->progress_ctx;
	if (make && mkdir(q->path, 0700) != 0 && errno != EEXIST)
		return error_set_errno(e, errno, "cannot make the folder %s", q->path);
	if (make && sync_above(q->path) != 0) /* what a join keeps in it would go with the folder */
		return error_set_errno(e, errno, "cannot save the folder %s", q->path);
	q->dir = open(q->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (q->dir < 0 && errno == ENOENT)
		return error_set(e, STATUS_NOT_FOUND, "there is no home at %s; is the name right? The join command makes a home", q->path);
	if (q->dir < 0)
		return error_set_errno(e, errno, "cannot open the folder %s", q->path);
	return STATUS_OK;
}

enum status home_lock(struct qip *q, const struct qip_options *o, bool make, struct error *e)
{
	enum status st = open_folder(q, o, make, e);

	return st == STATUS_OK ? take_lock(q, o->lock_wait_ms, e) : st;
}

enum status home_lacks(const struct qip *q, const char *name, struct error *e)
{
	return error_set(e, STATUS_CORRUPT, "%s/%s is missing or damaged: restore it from a backup, or join again in a new home", q->path, name);
}

enum status home_unreadable(const struct qip *q, const struct error *why, struct error *e)
{
	const char *advice = home_is_kiosk(q) ? "what is damaged is asked for anew by a sync; if it stays so, the card is failing"
					      : "if it stays so, join again in a new home, and keep this one for what it has not sent";

	return error_set(e, why->status == STATUS_NOT_FOUND ? STATUS_CORRUPT : why->status, "%s/" HOME_HISTORY " cannot be read (%s): %s", q->path,
			 why->text, advice);
}

static enum status load_key(struct qip *q, struct error *e)
{
	struct buf pem = BUF_INIT;
	enum status st = files_read(&pem, q->dir, HOME_KEY, LIMIT_FILE_BYTES, e);

	if (st == STATUS_NOT_FOUND || (st == STATUS_OK && key_from_pem(&q->key, buf_text(&pem), NULL) != STATUS_OK))
		st = home_lacks(q, HOME_KEY, e);
	buf_wipe(&pem);
	return st;
}

/* Only a sync needs it, and says so if it is not there: a kiosk keeps answers without. */
static enum status load_certificate(struct buf *out, const struct qip *q, const char *name, struct error *e)
{
	enum status st = files_read(out, q->dir, name, LIMIT_FILE_BYTES, e);

	return st == STATUS_NOT_FOUND ? STATUS_OK : st;
}

static enum status load_keys(struct qip *q, struct error *e)
{
	enum status st = load_key(q, e);

	if (st == STATUS_OK)
		st = load_certificate(&q->cert_pem, q, HOME_CERT, e);
	return st == STATUS_OK ? load_certificate(&q->ca_pem, q, HOME_CA, e) : st;
}

static enum status open_history(struct qip *q, struct error *e)
{
	char path[HOME_PATH_MAX];
	struct error why = {0};

	if (qip_home_path(path, sizeof(path), q, HOME_HISTORY) != STATUS_OK)
		return error_set(e, STATUS_TOO_BIG, "the name of the home folder is too long");
	if (repo_open(&q->repo, path, &why) != STATUS_OK || repo_take_ends(q->repo, &why) != STATUS_OK)
		return home_unreadable(q, &why, e);
	return STATUS_OK;
}

/* The work ref is the last thing that a join or a sync moves: an interruption may have left it behind. */
static enum status repair(struct qip *q, struct error *e)
{
	enum status st = STATUS_OK;
	struct oid work, base, accepted;
	bool contained = false;

	files_sweep(q->dir, ".");
	files_sweep(q->dir, HOME_BLOBS);
	files_sweep(q->dir, HOME_OUTBOX);
	files_sweep(q->dir, HOME_REFUSED);
	(void)(blobs_make_outbox(q, NULL) == STATUS_OK); /* else with what goes there next */
	if (!home_is_kiosk(q) && unnamed_settle(q, true, NULL) != STATUS_OK)
		log_line(LOG_LEVEL_WARN, "sealed bytes whose edit never came could not be cleared away; that is tried again", NULL);
	st = repo_intake_sweep(q->repo, e);
	if (st == STATUS_OK && home_is_kiosk(q)) /* it is not made durable at each receipt (sync_send.c) */
		st = repo_ref_drop_empty(q->repo, q->own_ref, e);
	if (st == STATUS_OK)
		st = home_ref(&work, q, REF_WORK, e);
	if (st == STATUS_OK)
		st = home_ref(&accepted, q, q->own_ref, e);
	if (st == STATUS_OK)
		st = home_ref(&base, q, home_is_kiosk(q) ? q->own_ref : REF_MAIN, e);
	if (st != STATUS_OK || oid_is_zero(&base) || oid_equal(&work, &base))
		return st;
	if (oid_is_zero(&work))
		return home_move_ref(q, REF_WORK, &base, &work, e);
	if (home_is_kiosk(q) || !oid_equal(&work, &accepted))
		return STATUS_OK;
	st = repo_is_ancestor(&contained, q->repo, &work, &base, e);
	return st == STATUS_OK && contained ? home_move_ref(q, REF_WORK, &base, &work, e) : st;
}

/* A kiosk's is damaged: what is in it is at the server or in the journal. */
static enum status load_history(struct qip *q, struct error *e)
{
	struct error why = {0};
	enum status st = open_history(q, &why);

	if (st == STATUS_OK)
		st = repair(q, &why);
	if (st == STATUS_CORRUPT && home_is_kiosk(q))
		return anew_begin(q, &why, e);
	return st == STATUS_OK ? st : error_set(e, st, "%s", why.text);
}

/* What nothing else holds: where a newer program wrote one of these, the home is left as it is. All other small files are made anew. */
static enum status check_forms(const struct qip *q, struct error *e)
{
	static const char *const files[] = {HOME_CONFIG, STATE_FILE, INCARNATION_FILE, SEEN_FILE};
	struct error why = {.text = ""};

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		cJSON *file = NULL;
		enum status st = files_read_json(&file, q->dir, files[i], &why);

		cJSON_Delete(file);
		if (st == STATUS_UNSUPPORTED)
			return error_set(e, st, "%s/%s", q->path, why.text);
	}
	return STATUS_OK;
}

enum status home_load(struct qip *q, struct error *e)
{
	enum status st = check_forms(q, e);

	if (st == STATUS_OK)
		st = rejoin_finish(q, e);
	if (st == STATUS_OK)
		st = home_load_config(q, e);
	if (st == STATUS_OK)
		st = load_keys(q, e);
	if (st == STATUS_OK)
		st = rules_get(&q->rules, RULES_VERSION, e);
	if (st != STATUS_OK)
		return st;
	q->sent_bytes = LIMIT_SENT_BYTES;
	seal_key_guard(q);
	state_load(&q->state, q->dir);
	incarnation_look(q);
	return load_history(q, e);
}

/* Files are put in place whole, so these can be read while somebody else works on the home. */
static enum status load_beside(struct qip *q, struct error *e)
{
	enum status st = home_load_config(q, e);

	if (st == STATUS_OK)
		st = load_key(q, e);
	if (st == STATUS_OK)
		state_load(&q->state, q->dir);
	return st;
}

static enum status open_home(struct qip **out, const struct qip_options *o, bool beside, struct error *e)
{
	struct qip *q = calloc(1, sizeof(*q));
	enum status st = STATUS_OK;

	if (!q)
		return error_set(e, STATUS_NOMEM, "out of memory");
	q->dir = q->lock = -1;
	st = beside ? open_folder(q, o, false, e) : home_lock(q, o, false, e);
	if (st == STATUS_OK)
		st = beside ? load_beside(q, e) : home_load(q, e);
	if (st != STATUS_OK) {
		qip_close(q);
		return st;
	}
	*out = q;
	return STATUS_OK;
}

enum status qip_open(struct qip **out, const struct qip_options *o, struct error *e)
{
	return open_home(out, o, false, e);
}

enum status qip_open_beside(struct qip **out, const struct qip_options *o, struct error *e)
{
	return open_home(out, o, true, e);
}

void home_close(struct qip *q)
{
	repo_close(q->repo);
	key_free(q->key);
	explicit_bzero(q->seal_key, sizeof(q->seal_key));
	registry_clear(&q->registry);
	buf_clear(&q->ca_pem);
	buf_clear(&q->cert_pem);
	if (q->lock >= 0)
		(void)close(q->lock);
	if (q->dir >= 0)
		(void)close(q->dir);
	*q = (struct qip){.dir = -1, .lock = -1};
}

void qip_close(struct qip *q)
{
	if (!q)
		return;
	home_close(q);
	free(q);
}

const struct qip_identity *qip_identity(const struct qip *q)
{
	return &q->identity;
}

const struct env *qip_env(const struct qip *q)
{
	return q->env;
}

int64_t qip_now_ms(const struct qip *q)
{
	return state_now_ms(&q->state, q->env);
}

int64_t qip_last_sync_ms(struct qip *q)
{
	return q->state.last_sync_ms;
}

enum status qip_home_path(char *out, size_t size, const struct qip *q, const char *name)
{
	int n = snprintf(NULL, 0, "%s/%s", q->path, name);

	if (n < 0 || (size_t)n >= size)
		return STATUS_TOO_BIG;
	(void)snprintf(out, size, "%s/%s", q->path, name);
	return STATUS_OK;
}

bool home_is_kiosk(const struct qip *q)
{
	return q->identity.role == ROLE_KIOSK;
}
