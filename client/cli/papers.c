/* client/cli/papers.c - see papers.h. */
#include "client/cli/papers.h"

#include <string.h>

#define WIDTH 94

static const char rule[] = "----------------------------------------------------------------------------------------------";

static void print_box(FILE *out, const char *title, const char *text, const char *const *lines, size_t len)
{
	fprintf(out, "\n+-%.*s-+\n", WIDTH, rule);
	fprintf(out, "| %-*s |\n| %-*s |\n", WIDTH, title, WIDTH, "");
	fprintf(out, "| %-*s |\n| %-*s |\n", WIDTH, text, WIDTH, "");
	for (size_t i = 0; i < len; i++)
		fprintf(out, "| %-*s |\n", WIDTH, lines[i]);
	fprintf(out, "+-%.*s-+\n", WIDTH, rule);
}

static void print_root(FILE *out, const struct qip_papers *shown)
{
	static const char *const lines[] = {
		"Print this now and put it into the practice's safe.",
		"It is shown this once and is kept on no computer. Whoever holds it can appoint",
		"managers of this practice's plan; if all their devices are lost, nothing else can.",
	};
	char title[WIDTH + 1];

	(void)snprintf(title, sizeof(title), "Root key of the practice, %s", shown->fingerprint);
	print_box(out, title, shown->root, lines, ARRAY_LEN(lines));
}

static void print_recovery(FILE *out, const struct qip_papers *shown)
{
	char title[WIDTH + 1], day[11], belongs[WIDTH + 1];
	const char *const lines[] = {
		"Print this now and keep it apart from the root key's paper.",
		"It is shown this once and is kept on no computer. With a manager's device it opens",
		"all that patients write and staff seal; if all their devices are lost, nothing else can.",
		belongs,
	};

	(void)snprintf(belongs, sizeof(belongs), "Of the practice with the root key %s", shown->fingerprint);
	date_format(day, shown->at_ms);
	(void)snprintf(title, sizeof(title), "Recovery key of the practice's comments, made on %s", day);
	print_box(out, title, shown->recovery, lines, ARRAY_LEN(lines));
}

void papers_show(void *ctx, const struct qip_papers *shown)
{
	struct papers *kept = ctx;
	FILE *out = kept->c->json ? stderr : kept->c->out;

	if (shown->root) {
		(void)snprintf(kept->root, sizeof(kept->root), "%s", shown->root);
		print_root(out, shown);
	}
	(void)snprintf(kept->recovery, sizeof(kept->recovery), "%s", shown->recovery);
	print_recovery(out, shown);
	fprintf(out, "\n");
	(void)fflush(out); /* they go into force next, and are nowhere else */
}
