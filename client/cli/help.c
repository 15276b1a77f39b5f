/* client/cli/help.c - how `qip --help` and `qip CMD --help` are printed; the texts are in help_texts.c. */
#include "client/cli/help.h"

#include <string.h>

#include "client/cli/text.h"

#define COMMAND_COLUMN 36
#define OPTION_COLUMN 28

/* "name words", padded so that what follows is aligned; a line of its own when it is too long. */
static void print_left(FILE *f, const char *a, const char *b, size_t column)
{
	size_t width = 2 + strlen(a) + (b[0] ? 1 + text_width(b) : 0);

	fprintf(f, "  %s%s%s", a, b[0] ? " " : "", b);
	if (width >= column) {
		fputc('\n', f);
		width = 0;
	}
	fprintf(f, "%*s", (int)(column - width), "");
}

void help_all(FILE *f, const struct command *commands, const char *group)
{
	size_t len = group ? strlen(group) : 0;

	if (!group)
		fprintf(f,
			"qip - a practice's quality improvement plan and its patients' feedback, offline and "
			"checked\n\n"
			"Usage: qip [--home DIR] COMMAND …    QIP_HOME names the folder when --home is not given.\n\n");
	for (const struct command *c = commands; c->name; c++) {
		if (group && (strncmp(c->name, group, len) != 0 || c->name[len] != ' '))
			continue;
		print_left(f, c->name, c->words, COMMAND_COLUMN);
		fprintf(f, "%s\n", c->summary);
	}
	fprintf(f, "\nMore: qip COMMAND --help, and qip(1). Every listing prints JSON with --json.\n");
}

/* Paragraphs are wrapped; examples, which begin with a space, stand as they are. */
static void print_text(FILE *f, const char *text)
{
	while (*text) {
		char line[1024];
		size_t len = strcspn(text, "\n");

		(void)snprintf(line, sizeof(line), "%.*s", (int)len, text);
		if (line[0] == ' ' || line[0] == '\0')
			fprintf(f, "%s\n", line);
		else
			text_wrap(f, line, 0);
		text += len + (text[len] == '\n');
	}
}

static void print_options(FILE *f, const struct arg_option *options)
{
	for (const struct arg_option *o = options; o && o->name; o++) {
		char name[48], text[256];

		(void)snprintf(name, sizeof(name), "--%s", o->name);
		(void)snprintf(text, sizeof(text), "%s%s", o->help, o->repeat ? "; may be repeated" : "");
		print_left(f, name, o->value ? o->value : "", OPTION_COLUMN);
		text_wrap(f, text, OPTION_COLUMN);
	}
}

void help_command(FILE *f, const struct command *cmd, const struct arg_option *common)
{
	fprintf(f, "qip %s%s%s - %s\n\n", cmd->name, cmd->words[0] ? " " : "", cmd->words, cmd->summary);
	print_text(f, cmd->help);
	fprintf(f, "\nOptions:\n");
	print_options(f, cmd->options);
	print_options(f, common);
}
