/* server/cmd.c - what subcommands share. */
#include "server/cmd.h"

#include <stdarg.h>
#include <stdio.h>

int cmd_usage(const char *usage, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	(void)fprintf(stderr, "qip-server: ");
	(void)vfprintf(stderr, fmt, args);
	(void)fprintf(stderr, "\nusage: %s\n", usage);
	va_end(args);
	return EXIT_USAGE;
}

int cmd_failed(const struct error *e)
{
	(void)fprintf(stderr, "qip-server: %s\n", e->text[0] ? e->text : status_text(e->status));
	return 1;
}

const char *cmd_value(int argc, char **argv, int *i)
{
	if (*i + 1 >= argc)
		return NULL;
	return argv[++*i];
}
