/* tests/bench/flash_git.c REPOSITORY REMOTE FIRST LAST - what one would do without a journal: each answer a commit by libgit2, durable, and a push to the
 * remote. Makes the repository if it is not there. */
#include <git2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BRANCH "refs/heads/kiosk"
#define ANSWER_BYTES 600

static void must(int failed, const char *what)
{
	if (failed >= 0)
		return;
	(void)fprintf(stderr, "flash_git: %s: %s\n", what, git_error_last() ? git_error_last()->message : "?");
	exit(1);
}

/* The parent, and the tree that holds its answers and this one. */
static git_commit *add_answer(git_oid *tree, git_repository *repo, int number)
{
	git_tree_update update = {.action = GIT_TREE_UPDATE_UPSERT, .filemode = GIT_FILEMODE_BLOB};
	git_object *parent = NULL;
	git_tree *before = NULL;
	char path[64], answer[ANSWER_BYTES];
	git_oid empty;

	(void)snprintf(path, sizeof(path), "feedback/kiosk/0/0/%08d.json", number);
	memset(answer, 'a', sizeof(answer));
	(void)snprintf(answer, sizeof(answer), "{\"seq\":%d,", number);
	must(git_blob_create_from_buffer(&update.id, repo, answer, sizeof(answer)), "blob");
	update.path = path;
	if (git_revparse_single(&parent, repo, BRANCH) == 0) {
		must(git_commit_tree(&before, (git_commit *)parent), "tree");
	} else {
		git_treebuilder *none = NULL;

		must(git_treebuilder_new(&none, repo, NULL), "tree");
		must(git_treebuilder_write(&empty, none), "tree");
		git_treebuilder_free(none);
		must(git_tree_lookup(&before, repo, &empty), "tree");
	}
	must(git_tree_create_updated(tree, repo, before, 1, &update), "tree");
	git_tree_free(before);
	return (git_commit *)parent;
}

static void commit_answer(git_repository *repo, int number)
{
	git_oid tree_id, id;
	git_commit *parent = add_answer(&tree_id, repo, number);
	const git_commit *parents[] = {parent};
	git_signature *who = NULL;
	git_tree *tree = NULL;

	must(git_signature_now(&who, "kiosk", "kiosk@qip.invalid"), "signature");
	must(git_tree_lookup(&tree, repo, &tree_id), "tree");
	must(git_commit_create(&id, repo, BRANCH, who, who, NULL, "Answer", tree, parent ? 1 : 0, parents), "commit");
	git_tree_free(tree);
	git_signature_free(who);
	git_commit_free(parent);
}

static void push(git_repository *repo, const char *to)
{
	git_strarray refs = {.strings = (char *[]){BRANCH ":" BRANCH}, .count = 1};
	git_remote *remote = NULL;

	must(git_remote_create_anonymous(&remote, repo, to), "remote");
	must(git_remote_push(remote, &refs, NULL), "push");
	git_remote_free(remote);
}

int main(int argc, char **argv)
{
	git_repository *repo = NULL, *remote = NULL;

	if (argc != 5) {
		(void)fputs("usage: flash_git REPOSITORY REMOTE FIRST LAST\n", stderr);
		return 2;
	}
	must(git_libgit2_init(), "start");
	must(git_libgit2_opts(GIT_OPT_ENABLE_FSYNC_GITDIR, 1), "fsync");
	if (git_repository_open_bare(&repo, argv[1]) < 0)
		must(git_repository_init(&repo, argv[1], 1), "repository");
	if (git_repository_open_bare(&remote, argv[2]) < 0)
		must(git_repository_init(&remote, argv[2], 1), "remote");
	for (int number = atoi(argv[3]); number <= atoi(argv[4]); number++) {
		commit_answer(repo, number);
		push(repo, argv[2]);
	}
	git_repository_free(remote);
	git_repository_free(repo);
	(void)git_libgit2_shutdown();
	return 0;
}
