/* server/cmd_fsck.c - qip-server fsck: look for damage. */
#include <inttypes.h>
#include <stdio.h>

#include "server/cmd.h"
#include "server/fsck.h"

static void print_finding(void *ctx, const char *ods, bool damage, const char *text)
{
	(void)ctx;
	(void)printf("%s %s: %s\n", ods, damage ? "damaged" : "note", text);
}

int cmd_fsck(int argc, char **argv)
{
	struct fsck_result r = {0};
	struct error e = {STATUS_OK, ""};

	for (int i = 1; i < argc; i++) {
		if (argv[i][0] == '-')
			return cmd_usage(CMD_FSCK_USAGE, "\"%s\" is not expected", argv[i]);
	}
	if (argc < 2 || argc > 3)
		return cmd_usage(CMD_FSCK_USAGE, "a folder is needed, and at most one ODS code");
	if (fsck_run(&r, argv[1], argc == 3 ? argv[2] : NULL, print_finding, NULL, &e) != STATUS_OK)
		return cmd_failed(&e);
	(void)printf("checked %" PRIu64 " practice%s: %" PRIu64 " merges, %" PRIu64 " objects, %" PRIu64 " blobs, %" PRIu64 " damage%s\n",
		     r.practices, r.practices == 1 ? "" : "s", r.merges, r.objects, r.blobs, r.damages, r.damages == 1 ? "" : "s");
	return r.damages ? 1 : 0;
}
