#include "tests/server/world.h"

#include "tests/support/folder.h"

/* ---- the server ---- */

void server_start(struct world *w)
{
	char file[160];
	FILE *f = NULL;

	(void)snprintf(file, sizeof(file), "%s/port", w->dir);
	(void)unlink(file);
	assert_int_equal(fflush(NULL), 0);
	w->pid = fork();
	assert_true(w->pid >= 0);
	if (w->pid == 0) {
		struct serve_options o = {
			.dir = w->server, .listen = &(struct address){"127.0.0.1", "0"}, .listen_len = 1, .port_file = file, .env = env_system()};
		struct error e = {STATUS_OK, ""};
		char log[160];

		(void)snprintf(log, sizeof(log), "%s/log", w->dir);
		if (!freopen(log, "a", stderr))
			exit(3);
		repo_close(w->local);
		key_free(w->root);
		key_free(w->first.key);
		config_clear(&w->config);
		if (serve(&o, &e) != STATUS_OK) {
			(void)fprintf(stderr, "%s\n", e.text);
			exit(1);
		}
		repo_shutdown_library();
		exit(0);
	}
	for (int i = 0; i < WAIT_MS / 10 && !(f = fopen(file, "r")); i++)
		(void)poll(NULL, 0, 10);
	assert_non_null(f);
	assert_non_null(fgets(w->port, sizeof(w->port), f));
	w->port[strcspn(w->port, "\n")] = 0;
	(void)fclose(f);
}

int server_stop(struct world *w, int sig)
{
	int status = 0;

	assert_int_equal(kill(w->pid, sig), 0);
	assert_int_equal(waitpid(w->pid, &status, 0), w->pid);
	w->pid = 0;
	return status;
}

void world_open(struct world *w)
{
	struct store *store = NULL;
	struct first first = {.device = "manager"};
	struct practice *p = NULL;
	char local[160];

	*w = (struct world){.dir = ""};
	folder_make(w->dir, "server");
	(void)snprintf(w->server, sizeof(w->server), "%s/srv", w->dir);
	(void)snprintf(w->git, sizeof(w->git), "%s/" ODS "/history.git", w->server);
	(void)snprintf(local, sizeof(local), "%s/local.git", w->dir);
	ok(config_create(w->server, NULL, 0, env_system(), NULL));
	ok(config_load(&w->config, w->server, NULL));
	ok(invite_make(&w->first, ODS, w->config.authority->ca_fingerprint, NULL, env_system(), NULL));
	memcpy(first.invite_key, w->first.key_ssh, sizeof(first.invite_key));
	ok(store_open(&store, w->server, NULL));
	ok(practice_create(w->server, store, ODS, "Sample practice", &first, env_system(), NULL));
	ok(practice_open(&p, w->server, store, ODS, NULL));
	memcpy(w->server_key, p->first_key, sizeof(w->server_key));
	practice_close(p);
	store_close(store);
	ok(key_generate(&w->root, NULL));
	ok(repo_create(local, NULL));
	ok(repo_open(&w->local, local, NULL));
	server_start(w);
}

void world_close(struct world *w)
{
	if (w->pid)
		assert_int_equal(server_stop(w, SIGTERM), 0);
	repo_close(w->local);
	key_free(w->root);
	invite_clear(&w->first);
	config_clear(&w->config);
	folder_remove(w->dir);
}

/* ---- speaking ---- */

enum status world_dial(struct tls_conn **c, const struct world *w, const struct testdev *d, struct error *e)
{
	struct tls_client_options o = {
		.host = "localhost",
		.port = w->port,
		.ca_pem = buf_text(&w->config.authority->ca_pem),
		.cert_pem = d && d->cert.len ? buf_text(&d->cert) : NULL,
		.key = d && d->cert.len ? d->key : NULL,
		.deadline_ms = WAIT_MS,
	};

	return tls_connect(c, &o, e);
}

void read_reply(struct reply *r, struct tls_conn *c)
{
	struct buf all = BUF_INIT;
	const char *end = NULL;
	char part[4096];
	size_t n = 0, head = 0;

	do {
		n = sizeof(part);
		if (tls_read(c, part, &n, WAIT_MS, NULL) != STATUS_OK)
			break;
		buf_add(&all, part, n);
	} while (n > 0);
	end = strstr(buf_text(&all), "\r\n\r\n");
	if (end) {
		head = (size_t)(end - buf_text(&all));
		assert_true(head < sizeof(r->head));
		memcpy(r->head, all.data, head);
		r->code = atoi(r->head + 9);
		buf_add(&r->body, all.data + head + 4, all.len - head - 4);
	}
	buf_clear(&all);
}

void raw_call(struct reply *r, const struct world *w, const struct testdev *d, const char *start, const char *headers,
	      const void *body, size_t len)
{
	struct tls_conn *c = NULL;
	struct buf out = BUF_INIT;

	*r = (struct reply){.code = 0};
	if (world_dial(&c, w, d, NULL) != STATUS_OK)
		return;
	buf_addf(&out, "%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n%s\r\n", start, headers);
	buf_add(&out, body, len);
	/* an early answer may end the connection under our hands: it is there to be read all the same */
	if (tls_write(c, out.data, out.len, WAIT_MS, NULL) != STATUS_OK)
		r->cut = true;
	read_reply(r, c);
	tls_close(c);
	buf_clear(&out);
}

void get(struct reply *r, const struct world *w, const struct testdev *d, const char *path)
{
	char start[256];

	(void)snprintf(start, sizeof(start), "GET %s", path);
	raw_call(r, w, d, start, "", NULL, 0);
}

void post(struct reply *r, const struct world *w, const struct testdev *d, const char *path, const char *type,
	  const void *body, size_t len)
{
	char start[256], headers[256];

	(void)snprintf(start, sizeof(start), "POST %s", path);
	(void)snprintf(headers, sizeof(headers), "Content-Type: %s\r\nContent-Length: %zu\r\n", type, len);
	raw_call(r, w, d, start, headers, body, len);
}

bool reply_has(const struct reply *r, const char *text)
{
	return memmem(r->body.data, r->body.len, text, strlen(text)) != NULL;
}

void reply_clear(struct reply *r)
{
	buf_clear(&r->body);
}

int log_count(const struct world *w, const char *text)
{
	char path[160], line[2048];
	FILE *f = NULL;
	int count = 0;

	(void)snprintf(path, sizeof(path), "%s/log", w->dir);
	f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		count += strstr(line, text) != NULL;
	(void)fclose(f);
	return count;
}

void assert_sound(const struct world *w)
{
	char command[320];
	int status = 0;

	(void)snprintf(command, sizeof(command), "git -C '%s' fsck --strict >'%s/fsck' 2>&1", w->git, w->dir);
	/* a pack that is joined away while git looks is an error of packs (4), once; damage stays */
	for (int i = 0; i < 5; i++) {
		status = system(command);
		if (!WIFEXITED(status) || WEXITSTATUS(status) != 4)
			break;
	}
	assert_int_equal(status, 0);
}

size_t packs(const struct world *w)
{
	struct repo *r = NULL;
	size_t count = 0;

	ok(repo_open(&r, w->git, NULL));
	ok(repo_count_packs(&count, r, NULL));
	repo_close(r);
	return count;
}

struct oid server_ref(const struct world *w, const char *name)
{
	struct repo *there = NULL;
	struct oid id = {{0}};
	enum status st = STATUS_OK;

	ok(repo_open(&there, w->git, NULL));
	st = repo_ref_get(&id, there, name, NULL);
	assert_true(st == STATUS_OK || st == STATUS_NOT_FOUND);
	repo_close(there);
	return id;
}

int objects_on_disk(const struct world *w)
{
	char command[320], line[32] = "";
	FILE *f = NULL;

	(void)snprintf(command, sizeof(command), "find '%s' -type f -not -path '*/refs/*' | wc -l", w->git);
	f = popen(command, "r");
	assert_non_null(f);
	assert_non_null(fgets(line, sizeof(line), f));
	assert_int_equal(pclose(f), 0);
	return atoi(line);
}
