#include "tests/fuzz/history.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/signature.h"
#include "tests/fuzz/forge_commits.h"
#include "tests/fuzz/forge_trees.h"
#include "tests/fuzz/live.h"
#include "tests/fuzz/memo.h"
#include "tests/support/must.h"

static const struct step *find_step(const struct history *h, const struct oid *id)
{
	for (size_t i = 0; i < h->len; i++)
		if (oid_equal(&h->steps[i].id, id))
			return &h->steps[i];
	return NULL;
}

/* Not deeper than the history is long. */
static void collect(struct history *h, const struct oid *id)
{
	struct step s = {.id = *id};
	struct commit c = COMMIT_INIT;
	struct error e = {0};

	if (find_step(h, id))
		return;
	must(repo_commit_read(&c, h->practice.repo, id, &e), &e);
	for (size_t i = 0; i < c.parents_len; i++)
		collect(h, &c.parents[i]);
	s.tree = c.tree;
	s.parents_len = c.parents_len;
	memcpy(s.parents, c.parents, sizeof(s.parents));
	(void)snprintf(s.author, sizeof(s.author), "%s", c.author_name);
	buf_add(&s.text, c.signed_text, c.signed_len);
	buf_adds(&s.signature, c.signature);
	h->steps[h->len++] = s;
	commit_clear(&c);
}

static void open_repo(struct history *h)
{
	char path[96];
	struct error e = {0};

	(void)snprintf(path, sizeof(path), "%s/history.git", h->practice.dir);
	must(repo_open(&h->practice.repo, path, &e), &e);
}

/* The packs of the true history are noted; others go. */
static void sweep(struct history *h, bool note)
{
	char dir[128], path[512], line[300];
	struct dirent *entry;
	DIR *folder;

	(void)snprintf(dir, sizeof(dir), "%s/history.git/objects/pack", h->practice.dir);
	folder = opendir(dir);
	while (folder && (entry = readdir(folder))) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
		(void)snprintf(line, sizeof(line), "%s\n", entry->d_name);
		if (note)
			buf_adds(&h->packs, line);
		else if (!strstr(buf_text(&h->packs), line))
			(void)unlink(path);
	}
	if (folder)
		(void)closedir(folder);
}

void history_open(struct history *h)
{
	*h = (struct history){.len = 0};
	practice_begin(&h->practice);
	live(&h->practice);
	collect(h, &h->practice.main);
	sweep(h, true);
}

void history_forget(struct history *h)
{
	repo_close(h->practice.repo);
	sweep(h, false);
	open_repo(h);
}

void history_close(struct history *h)
{
	for (size_t i = 0; i < h->len; i++) {
		buf_clear(&h->steps[i].text);
		buf_clear(&h->steps[i].signature);
	}
	buf_clear(&h->packs);
	practice_end(&h->practice);
}

/* ---- forging ---- */

enum what {
	FORGE_TREE,
	FORGE_TEXT,
	FORGE_SIGNATURE,
	FORGE_DROP,  /* the commit is taken out: what stood on it stands on its parent */
	FORGE_TWICE, /* a merge comes twice */
	FORGE_KINDS
};

struct forging {
	struct history *h;
	struct dice *dice;
	struct forgery *out;
	enum what what;
	size_t at;    /* step that is forged */
	bool carried; /* later trees have what the forged one has */
	struct tree_forgery tree;
	struct oid ids[HISTORY_MAX_STEPS]; /* what each step became */
};

static const struct key *key_of(const struct history *h, const struct step *s)
{
	struct practice *p = (struct practice *)(uintptr_t)&h->practice;

	return strcmp(s->author, "server") == 0 ? p->server : practice_device(p, s->author)->key;
}

/* All places where an id stands for itself: the headers. */
static void rename_id(struct buf *text, const struct oid *was, const struct oid *is)
{
	char old[OID_HEX_LEN + 1], new[OID_HEX_LEN + 1], *at, *end = strstr((char *)text->data, "\n\n");

	oid_hex(old, was);
	oid_hex(new, is);
	for (at = (char *)text->data; end && (at = strstr(at, old)) && at < end; at += OID_HEX_LEN)
		memcpy(at, new, OID_HEX_LEN);
}

static void forge_step_tree(struct forging *f, const struct step *s, size_t i, struct buf *text)
{
	struct oid tree = s->tree;

	if (i == f->at)
		forge_tree(&tree, &f->tree, f->h->practice.repo, f->dice);
	else if (f->carried)
		forge_tree_again(&tree, &f->tree, f->h->practice.repo);
	rename_id(text, &s->tree, &tree);
	if (i == f->at && !oid_equal(&tree, &s->tree) && strcmp(s->author, "server") == 0)
		f->out->must_be_found = true; /* whoever signs it: the tree does not come of the parents */
}

/* Signed by the key it belongs to, mostly; else the old signature stays, or another's key signs. */
static void sign(struct forging *f, const struct step *s, const struct buf *text, struct buf *signature)
{
	const struct history *h = f->h;
	const struct key *key = key_of(h, s);
	struct error e = {0};

	if (dice_once_in(f->dice, 12)) {
		f->out->must_be_found = true;
		if (dice_once_in(f->dice, 2))
			return;
		key = key == h->practice.server ? h->practice.devices[0].key : h->practice.server;
	}
	buf_reset(signature);
	must(signature_make(signature, key, SIGNATURE_NAMESPACE_GIT, text->data, text->len, &e), &e);
	memo_learn(key, SIGNATURE_NAMESPACE_GIT, text->data, text->len, buf_text(signature), signature->len);
}

static void forge_step_signature(struct forging *f, const struct step *s, struct buf *signature)
{
	const struct step *other = &f->h->steps[dice_roll(f->dice, f->h->len)];

	forge_signature(signature, buf_text(&other->signature), f->dice);
	if (signature_check(buf_text(signature), signature->len, key_of(f->h, s), SIGNATURE_NAMESPACE_GIT, s->text.data, s->text.len, NULL) !=
	    STATUS_OK)
		f->out->must_be_found = true;
}

static struct oid write_commit(struct forging *f, const struct buf *text, const char *signature)
{
	struct buf raw = BUF_INIT;
	struct error e = {0};
	struct oid id;

	commit_join(&raw, text, signature);
	must(repo_write(&id, f->h->practice.repo, REPO_COMMIT, raw.data, raw.len, &e), &e);
	buf_clear(&raw);
	return id;
}

static struct oid forge_step(struct forging *f, size_t i)
{
	const struct step *s = &f->h->steps[i];
	struct buf text = BUF_INIT, signature = BUF_INIT;
	struct oid id = s->id;

	buf_add(&text, s->text.data, s->text.len);
	buf_add(&signature, s->signature.data, s->signature.len);
	for (size_t k = 0; k < s->parents_len; k++)
		rename_id(&text, &s->parents[k], &f->ids[find_step(f->h, &s->parents[k]) - f->h->steps]);
	if (f->what == FORGE_TREE)
		forge_step_tree(f, s, i, &text);
	if (f->what == FORGE_TEXT && i == f->at)
		forge_commit_text(&text, f->ids, i + 1, f->dice);
	if (text.len != s->text.len || memcmp(text.data, s->text.data, text.len) != 0)
		sign(f, s, &text, &signature);
	else if (f->what == FORGE_SIGNATURE && i == f->at)
		forge_step_signature(f, s, &signature);
	if (text.len != s->text.len || memcmp(text.data, s->text.data, text.len) != 0 || strcmp(buf_text(&signature), buf_text(&s->signature)) != 0)
		id = write_commit(f, &text, buf_text(&signature));
	buf_clear(&text);
	buf_clear(&signature);
	return id;
}

/* The same words of the server for the second time, on top of the first. */
static struct oid forge_twice(struct forging *f, size_t i)
{
	const struct step *s = &f->h->steps[i];
	struct buf text = BUF_INIT, signature = BUF_INIT;
	struct oid id;

	if (strcmp(s->author, "server") != 0 || s->parents_len != 2)
		return f->ids[i];
	buf_add(&text, s->text.data, s->text.len);
	rename_id(&text, &s->parents[0], &f->ids[i]);
	sign(f, s, &text, &signature);
	f->out->must_be_found = true;
	id = write_commit(f, &text, buf_text(&signature));
	buf_clear(&text);
	buf_clear(&signature);
	return id;
}

static void tell(struct forging *f)
{
	static const char *const names[FORGE_KINDS] = {"tree", "text", "signature", "dropped", "twice"};
	const struct step *s = &f->h->steps[f->at];

	(void)snprintf(f->out->told, sizeof(f->out->told), "%s of step %zu by %s%s%s%.200s", names[f->what], f->at, s->author,
		       f->what == FORGE_TREE && f->carried ? ", carried on" : "", f->what == FORGE_TREE ? ", at /" : "", f->what == FORGE_TREE ? f->tree.path : "");
}

void history_forge(struct forgery *out, struct history *h, struct dice *d)
{
	static const enum what often[] = {FORGE_TREE, FORGE_TREE, FORGE_TREE, FORGE_TREE, FORGE_TEXT, FORGE_TEXT, FORGE_TEXT, FORGE_SIGNATURE, FORGE_DROP, FORGE_TWICE};
	struct forging f = {.h = h, .dice = d, .out = out, .what = often[dice_roll(d, ARRAY_LEN(often))], .carried = dice_once_in(d, 2)};
	size_t one = dice_roll(d, h->len), other = dice_roll(d, h->len);
	struct error e = {0};

	*out = (struct forgery){.changed = false};
	f.at = out->at = one > other ? one : other; /* rather late: what comes behind has to be made anew */
	for (size_t i = 0; i < h->len; i++) {
		const struct step *s = &h->steps[i];

		if (i < f.at)
			f.ids[i] = s->id;
		else if (i == f.at && f.what == FORGE_DROP && s->parents_len > 0)
			f.ids[i] = f.ids[find_step(h, &s->parents[0]) - h->steps];
		else
			f.ids[i] = forge_step(&f, i);
		if (i == f.at && f.what == FORGE_TWICE)
			f.ids[i] = forge_twice(&f, i);
	}
	must(repo_flush(h->practice.repo, &e), &e);
	out->main = f.ids[h->len - 1];
	out->changed = !oid_equal(&out->main, &h->practice.main);
	tell(&f);
}
