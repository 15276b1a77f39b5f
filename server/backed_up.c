/* server/backed_up.c - see backed_up.h. */
#include "server/backed_up.h"

#include <string.h>

#include "core/env.h"
#include "server/file.h"

#define NAME "backed-up"

/* For all to read: it may be root who makes the backup. */
enum status backed_up_note(const char *dir, int64_t now_ms, struct error *e)
{
	char path[FILE_PATH_MAX], text[TIME_TEXT_MAX];
	enum status st = file_path(path, dir, NAME, e);

	time_format(text, now_ms);
	return st == STATUS_OK ? file_write(path, text, strlen(text), 0644, e) : st;
}

int64_t backed_up_ms(const char *dir)
{
	char path[FILE_PATH_MAX];
	struct buf text = BUF_INIT;
	int64_t at_ms = 0;

	if (file_path(path, dir, NAME, NULL) != STATUS_OK || file_read_max(&text, path, TIME_TEXT_MAX, NULL) != STATUS_OK ||
	    time_parse(&at_ms, buf_text(&text)) != STATUS_OK)
		at_ms = 0;
	buf_clear(&text);
	return at_ms;
}
