/* client/cli/table.c - see table.h. */
#include "client/cli/table.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "client/cli/text.h"
#include "core/array.h"

#define GAP 2		  /* spaces between columns */
#define TABLE_NARROWEST 8 /* characters that every column keeps */

void table_init(struct table *t, const struct table_column *columns, size_t len)
{
	assert(len > 0 && len <= TABLE_MAX_COLUMNS);
	*t = (struct table){.columns = columns, .columns_len = len};
}

void table_add(struct table *t, const char *const *cells)
{
	char **row;

	if (t->failed || !array_grow(&t->cells, &t->cap, t->rows, t->columns_len * sizeof(*t->cells))) {
		t->failed = true;
		return;
	}
	row = t->cells + t->rows * t->columns_len;
	for (size_t i = 0; i < t->columns_len; i++) {
		struct buf clean = BUF_INIT;

		text_clean(&clean, cells[i] ? cells[i] : "", 0);
		row[i] = strdup(buf_text(&clean));
		t->failed = t->failed || !row[i] || !buf_ok(&clean);
		buf_clear(&clean);
	}
	t->rows++;
}

/* The widest column that gives in this turn and is wider than `keep`; columns_len when there is none. */
static size_t find_widest(const size_t *widths, const struct table *t, int turn, size_t keep)
{
	size_t widest = t->columns_len;

	for (size_t i = 0; i < t->columns_len; i++) {
		bool gives = t->columns[i].gives > 0 && t->columns[i].gives <= turn && widths[i] > keep;

		if (gives && (widest == t->columns_len || widths[i] > widths[widest]))
			widest = i;
	}
	return widest;
}

/* Natural widths, then columns give way until all fit. */
static void find_widths(size_t widths[TABLE_MAX_COLUMNS], const struct table *t)
{
	size_t total = GAP * (t->columns_len - 1);

	for (size_t i = 0; i < t->columns_len; i++) {
		widths[i] = text_width(t->columns[i].title);
		for (size_t row = 0; row < t->rows; row++) {
			size_t width = text_width(t->cells[row * t->columns_len + i]);

			if (width > widths[i])
				widths[i] = width;
		}
		total += widths[i];
	}
	for (; total > TEXT_WIDTH; total--) {
		size_t i = find_widest(widths, t, 1, TABLE_SOON);

		if (i == t->columns_len)
			i = find_widest(widths, t, 2, TABLE_NARROWEST);
		if (i == t->columns_len)
			return; /* nothing gives way any more */
		widths[i]--;
	}
}

static void print_cell(FILE *f, const struct table_column *c, const char *text, size_t width, bool last, bool bold)
{
	struct buf cut = BUF_INIT;
	size_t pad;

	text_clean(&cut, text, width);
	pad = width - text_width(buf_text(&cut));
	if (c->right)
		fprintf(f, "%*s", (int)pad, "");
	fprintf(f, bold ? "\033[1m%s\033[0m" : "%s", buf_text(&cut));
	if (!last)
		fprintf(f, "%*s", (int)((c->right ? 0 : pad) + GAP), "");
	buf_clear(&cut);
}

static void print_row(FILE *f, const struct table *t, const char *const *cells, const size_t *widths, bool bold)
{
	size_t last = t->columns_len - 1;

	while (last > 0 && cells[last][0] == '\0')
		last--; /* no blanks at the end of a line */
	for (size_t i = 0; i <= last; i++)
		print_cell(f, &t->columns[i], cells[i], widths[i], i == last, bold && t->columns[i].bold);
	fputc('\n', f);
}

enum status table_print(FILE *f, const struct table *t, bool bold, struct error *e)
{
	const char *titles[TABLE_MAX_COLUMNS];
	size_t widths[TABLE_MAX_COLUMNS];

	if (t->failed)
		return error_set(e, STATUS_NOMEM, "out of memory");
	if (t->rows == 0)
		return STATUS_OK;
	for (size_t i = 0; i < t->columns_len; i++)
		titles[i] = t->columns[i].title;
	find_widths(widths, t);
	print_row(f, t, titles, widths, false);
	for (size_t row = 0; row < t->rows; row++)
		print_row(f, t, (const char *const *)(t->cells + row * t->columns_len), widths, bold);
	return STATUS_OK;
}

void table_clear(struct table *t)
{
	for (size_t i = 0; i < t->rows * t->columns_len; i++)
		free(t->cells[i]);
	free(t->cells);
	t->cells = NULL;
	t->rows = t->cap = 0;
}
