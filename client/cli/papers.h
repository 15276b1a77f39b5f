/* client/cli/papers.h - the practice's papers on the screen, each in a box so that it is not overlooked. */
#ifndef QIP_CLI_PAPERS_H
#define QIP_CLI_PAPERS_H

#include "client/cli/cli.h"

/* What was shown, for the JSON of the command; the caller wipes it. */
struct papers {
	struct cli *c;
	char root[QIP_PAPER_TEXT_MAX], recovery[QIP_PAPER_TEXT_MAX];
};

/* A qip_show_papers; ctx is the struct papers. With --json the boxes go to the standard error, for a person to see them before they are in force. */
void papers_show(void *ctx, const struct qip_papers *shown);

#endif
