/* tests/bench/load_grow.c - a kiosk's branch grows by signed commits of feedback records, as the journal would have made them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/answers.h"
#include "client/commit.h"
#include "core/policy.h"
#include "tests/bench/load.h"

#define FLUSH_OBJECTS 100000 /* held in memory at once */

/* Which numbers are taken: all, or about THIN_RECORDS up to `last`, such that the directories that the record behind it goes into hold as
 * many entries as if all had been taken. */
#define THIN_RECORDS 1000

struct grower {
	struct qip *q;
	uint64_t thin_last; /* 0: all are taken */
	uint64_t thin_each; /* numbers taken of each directory beside the last */
	struct oid work, tip, tree; /* the ref; with the staged commits; of tip */
	uint64_t next;              /* number of the record to come */
	size_t staged;              /* objects, about */
	struct tree_edit *edits;
	char (*paths)[TREE_PATH_MAX];
};

static cJSON *captured_answer(const struct qip *q)
{
	static const char *const options[] = {"very-good", "good", "neither", "poor", "very-poor", "dont-know"};
	static size_t turn;
	char id[ID_TEXT_LEN + 1];
	cJSON *answer = cJSON_CreateObject(), *child = NULL;

	load_must(id_make(id, q->env), NULL, "an id");
	(void)cJSON_AddStringToObject(answer, "id", id);
	child = cJSON_AddObjectToObject(answer, "survey");
	(void)cJSON_AddStringToObject(child, "id", "fft");
	(void)cJSON_AddNumberToObject(child, "version", 1);
	(void)cJSON_AddStringToObject(answer, "mode", "kiosk");
	(void)cJSON_AddStringToObject(answer, "language", "en");
	child = cJSON_AddObjectToObject(answer, "answers");
	(void)cJSON_AddStringToObject(child, "experience", options[turn++ % ARRAY_LEN(options)]);
	return answer;
}

static bool is_taken(const struct grower *g, uint64_t seq)
{
	if (g->thin_last == 0 || seq / 256 == g->thin_last / 256)
		return true;
	if (seq / 65536 == g->thin_last / 65536)
		return seq % 256 < g->thin_each;
	return seq % 65536 == 1;
}

static void add_record(struct grower *g, size_t i)
{
	struct qip *q = g->q;
	int64_t now_ms = q->env->now_ms(q->env->ctx);
	const struct recorded when = {.at_ms = now_ms, .earliest_ms = now_ms, .latest_ms = now_ms, .quality = CLOCK_SYNCHRONISED};
	cJSON *captured = captured_answer(q), *record = NULL;
	struct error e = {0};

	while (!is_taken(g, g->next))
		g->next++;
	load_must(answers_record(&record, captured, q->identity.device, q->identity.site, g->next, &when), NULL, "a record");
	policy_feedback_path(g->paths[i], q->identity.device, g->next++);
	g->edits[i] = (struct tree_edit){.path = g->paths[i]};
	load_must(commit_stage(&g->edits[i].id, q, record, &e), &e, "a record");
	cJSON_Delete(record);
	cJSON_Delete(captured);
}

static void flush(struct grower *g)
{
	struct error e = {0};

	load_must(repo_flush(g->q->repo, &e), &e, g->q->path);
	load_must(home_move_ref(g->q, REF_WORK, &g->tip, &g->work, &e), &e, REF_WORK);
	g->work = g->tip;
	g->staged = 0;
}

static void add_commit(struct grower *g, size_t records)
{
	struct qip *q = g->q;
	struct error e = {0};

	for (size_t i = 0; i < records; i++)
		add_record(g, i);
	load_must(tree_apply(&g->tree, q->repo, &g->tree, g->edits, records, &e), &e, "a tree");
	load_must(commit_write(&g->tip, q, &g->tree, &g->tip, q->env->now_ms(q->env->ctx), "Answers", &e), &e, "a commit");
	g->staged += records + TREE_DEPTH_MAX;
	if (g->staged >= FLUSH_OBJECTS)
		flush(g);
}

static void grower_begin(struct grower *g, struct qip *q, size_t records)
{
	uint64_t last = 0;
	struct error e = {0};

	*g = (struct grower){.q = q};
	g->edits = load_alloc(records, sizeof(*g->edits));
	g->paths = load_alloc(records, sizeof(*g->paths));
	load_must(home_ref(&g->work, q, REF_WORK, &e), &e, REF_WORK);
	load_must(home_tree_of(&g->tree, q, &g->work, &e), &e, REF_WORK);
	load_must(answers_last(&last, q, &g->work, &e), &e, REF_WORK);
	g->tip = g->work;
	g->next = last + 1;
}

static void grower_end(struct grower *g)
{
	flush(g);
	free(g->edits);
	free(g->paths);
}

void load_grow(struct oid *tips, struct qip *q, size_t commits, size_t records)
{
	struct grower g;

	grower_begin(&g, q, records);
	for (size_t i = 0; i < commits; i++) {
		add_commit(&g, records);
		if (tips)
			tips[i] = g.tip;
	}
	grower_end(&g);
}

int load_prepare(int argc, char **argv)
{
	struct qip *q = NULL;

	if (argc != 3)
		load_fail("prepare", "HOME COMMITS RECORDS");
	q = load_open(argv[0]);
	load_grow(NULL, q, load_number(argv[1]), load_number(argv[2]));
	qip_close(q);
	return 0;
}

int load_thin(int argc, char **argv)
{
	struct qip *q = NULL;
	struct grower g;
	size_t records = 0;

	if (argc != 2)
		load_fail("thin", "HOME LAST");
	q = load_open(argv[0]);
	grower_begin(&g, q, 2 * THIN_RECORDS);
	g.thin_last = load_number(argv[1]);
	g.thin_each = THIN_RECORDS / (g.thin_last % 65536 / 256 + 1) + 1;
	for (uint64_t seq = g.next; seq <= g.thin_last; seq++)
		records += is_taken(&g, seq);
	if (records > 2 * THIN_RECORDS)
		load_fail("thin", "too many records");
	add_commit(&g, records);
	grower_end(&g);
	qip_close(q);
	return 0;
}
