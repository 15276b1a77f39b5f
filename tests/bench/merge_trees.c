/* tests/bench/merge_trees.c - 20 changed records merged into practices of many records and of few.
 *
 *     merge_load trees FOLDER MANY FEW ROUNDS
 *
 * Each practice is a repository of its own: action points, and the answers of 8 kiosks. One side of the merge has 18 new answers and two
 * edited action points, the other 20 new answers of another kiosk and its own edits of the same two.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/policy.h"
#include "tests/bench/merge_load.h"

#define KIOSKS 8
#define ACTIONS 40
#define EDITED 2
#define CHANGED 20
#define BATCH 20000 /* records staged at once */
#define MERGES 100  /* of each, in turns of 10, a round */

struct grown {
	struct repo *repo;
	struct oid base, ours, theirs;
	struct tree_edit *edits;
	char (*paths)[TREE_PATH_MAX];
	size_t edits_len;
	cJSON *actions[EDITED];
	char action_paths[EDITED][TREE_PATH_MAX];
	uint64_t last; /* number of each kiosk's last answer */
};

static struct oid blob(struct grown *g, const cJSON *record)
{
	struct buf bytes = BUF_INIT;
	struct error e = {0};
	struct oid id;

	bench_must(json_canonical(&bytes, record), NULL, "a record");
	bench_must(repo_write(&id, g->repo, REPO_BLOB, bytes.data, bytes.len, &e), &e, "a record");
	buf_clear(&bytes);
	return id;
}

static void apply(struct grown *g, struct oid *tree)
{
	struct error e = {0};

	bench_must(tree_apply(tree, g->repo, tree, g->edits, g->edits_len, &e), &e, "a tree");
	bench_must(repo_flush(g->repo, &e), &e, "a tree");
	g->edits_len = 0;
}

static char *next_path(struct grown *g, const struct oid *id)
{
	char *path = g->paths[g->edits_len];

	g->edits[g->edits_len++] = (struct tree_edit){.path = path, .id = *id};
	return path;
}

static void add_answer(struct grown *g, const char *kiosk, uint64_t seq)
{
	static const char form[] = "{\"answers\":{\"experience\":\"good\"},\"device\":\"%s\",\"id\":\"%s\",\"language\":\"en\",\"mode\":\"kiosk\","
				   "\"recorded\":{\"at\":\"2026-01-01T00:00:00.000Z\",\"earliest\":\"2026-01-01T00:00:00.000Z\","
				   "\"latest\":\"2026-01-01T00:00:00.000Z\",\"quality\":\"synchronised\"},\"schema\":\"feedback/1\","
				   "\"seq\":%llu,\"site\":\"kibworth\",\"survey\":{\"id\":\"fft\",\"version\":1}}";
	char text[1024], id[ID_TEXT_LEN + 1];
	struct error e = {0};
	struct oid oid;

	bench_id(id);
	(void)snprintf(text, sizeof(text), form, kiosk, id, (unsigned long long)seq);
	bench_must(repo_write(&oid, g->repo, REPO_BLOB, text, strlen(text), &e), &e, "an answer");
	policy_feedback_path(next_path(g, &oid), kiosk, seq);
}

static void add_actions(struct grown *g)
{
	for (size_t i = 0; i < ACTIONS; i++) {
		cJSON *action = bench_action(i + 1);
		struct oid id = blob(g, action);
		char *path = next_path(g, &id);

		(void)snprintf(path, TREE_PATH_MAX, "qip/%s.json", json_string(action, "id"));
		if (i < EDITED) {
			(void)snprintf(g->action_paths[i], TREE_PATH_MAX, "%s", path);
			g->actions[i] = action;
		} else {
			cJSON_Delete(action);
		}
	}
	apply(g, &g->base);
}

static void add_answers(struct grown *g, size_t records)
{
	g->last = records / KIOSKS;
	for (uint64_t seq = 1; seq <= g->last; seq++) {
		for (int i = 1; i <= KIOSKS; i++) {
			char kiosk[24];

			(void)snprintf(kiosk, sizeof(kiosk), "kiosk-%d", i);
			add_answer(g, kiosk, seq);
		}
		if (g->edits_len + KIOSKS > BATCH || seq == g->last)
			apply(g, &g->base);
	}
}

static void make_side(struct grown *g, struct oid *out, int site, const char *kiosk, size_t answers)
{
	for (size_t i = 0; i < EDITED; i++) {
		cJSON *edited = cJSON_Duplicate(g->actions[i], true);
		struct oid id;

		bench_edit(edited, site);
		id = blob(g, edited);
		(void)snprintf(next_path(g, &id), TREE_PATH_MAX, "%s", g->action_paths[i]);
		cJSON_Delete(edited);
	}
	for (size_t i = 1; i <= answers; i++)
		add_answer(g, kiosk, g->last + i);
	*out = g->base;
	apply(g, out);
}

static void grown_begin(struct grown *g, const char *folder, const char *name, size_t records)
{
	char path[4096];
	struct error e = {0};

	*g = (struct grown){.repo = NULL};
	(void)snprintf(path, sizeof(path), "%s/%s.git", folder, name);
	bench_must(repo_create(path, &e), &e, path);
	bench_must(repo_open(&g->repo, path, &e), &e, path);
	g->edits = calloc(BATCH, sizeof(*g->edits));
	g->paths = calloc(BATCH, sizeof(*g->paths));
	if (!g->edits || !g->paths)
		bench_fail(path, "no memory");
	add_actions(g);
	add_answers(g, records);
	make_side(g, &g->ours, 0, "kiosk-1", CHANGED);
	make_side(g, &g->theirs, 1, "kiosk-2", CHANGED - EDITED);
}

static void grown_end(struct grown *g)
{
	for (size_t i = 0; i < EDITED; i++)
		cJSON_Delete(g->actions[i]);
	free(g->edits);
	free(g->paths);
	repo_close(g->repo);
}

static double time_merges(struct grown *g, size_t count)
{
	double start = bench_cpu_us();

	for (size_t i = 0; i < count; i++) {
		struct buf kept = BUF_INIT;
		struct error e = {0};
		struct oid tree;

		bench_must(merge_trees(&tree, &kept, g->repo, &g->base, &g->ours, &g->theirs, bench_rules(), &e), &e, "the merge");
		repo_discard(g->repo);
		buf_clear(&kept);
	}
	return bench_cpu_us() - start;
}

int bench_trees(int argc, char **argv)
{
	struct grown many, few;
	struct error e = {0};
	size_t rounds = argc == 4 ? bench_number(argv[3]) : 0;

	if (argc != 4)
		bench_fail("trees", "FOLDER MANY FEW ROUNDS");
	bench_must(repo_init_library(&e), &e, "git");
	grown_begin(&many, argv[0], "many", bench_number(argv[1]));
	grown_begin(&few, argv[0], "few", bench_number(argv[2]));
	(void)time_merges(&many, 10);
	(void)time_merges(&few, 10);
	for (size_t round = 0; round < rounds; round++) {
		double a = 0, b = 0;

		for (size_t i = 0; i < MERGES / 10; i++) {
			a += time_merges(&many, 10);
			b += time_merges(&few, 10);
		}
		printf("%.2f %.2f\n", a / MERGES, b / MERGES);
	}
	grown_end(&many);
	grown_end(&few);
	repo_shutdown_library();
	return 0;
}
