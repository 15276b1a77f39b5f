/* tests/fuzz/harness/replay.c - runs every file of a corpus through a harness, once: what CI does, with any compiler.
 *
 *     harness_<name> FOLDER|FILE…
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/fuzz/harness/harness.h"

#define INPUT_MAX_BYTES (1024 * 1024) /* of one; longer ones are no replay */

static bool replay_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *bytes = f ? malloc(INPUT_MAX_BYTES) : NULL;
	size_t len = bytes ? fread(bytes, 1, INPUT_MAX_BYTES, f) : 0;
	bool whole = bytes && !ferror(f) && len < INPUT_MAX_BYTES;
	uint8_t *exact = whole ? malloc(len ? len : 1) : NULL; /* so that a read beyond its end is seen */

	if (exact) {
		for (size_t i = 0; i < len; i++)
			exact[i] = bytes[i];
		(void)LLVMFuzzerTestOneInput(exact, len);
	}
	if (!exact)
		(void)fprintf(stderr, "%s: cannot be read\n", path);
	free(exact);
	free(bytes);
	if (f)
		(void)fclose(f);
	return whole;
}

/* How many files a folder has; -1 when one cannot be replayed. */
static int replay_folder(const char *path, struct dirent **entries, int len)
{
	int done = 0;

	for (int i = 0; i < len && done >= 0; i++) {
		char file[4096];

		if (entries[i]->d_name[0] == '.')
			continue;
		(void)snprintf(file, sizeof(file), "%s/%s", path, entries[i]->d_name);
		(void)fprintf(stderr, "%s\n", file); /* the last one is what a crash is of */
		done = replay_file(file) ? done + 1 : -1;
	}
	return done;
}

static int replay(const char *path)
{
	struct dirent **entries = NULL;
	int len = scandir(path, &entries, NULL, alphasort), done = 0;

	if (len < 0)
		return replay_file(path) ? 1 : -1;
	done = replay_folder(path, entries, len);
	for (int i = 0; i < len; i++)
		free(entries[i]);
	free(entries);
	return done;
}

int main(int argc, char **argv)
{
	int all = 0;

	if (LLVMFuzzerInitialize && LLVMFuzzerInitialize(&argc, &argv) != 0)
		return 1;
	for (int i = 1; i < argc; i++) {
		int done = replay(argv[i]);

		if (done < 0)
			return 1;
		all += done;
	}
	if (all == 0) {
		(void)fprintf(stderr, "there is nothing to replay\n");
		return 1;
	}
	(void)printf("%d inputs replayed\n", all);
	return 0;
}
