#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <archive.h>
#include <archive_entry.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "server/archive.h"

#define ok(call) assert_int_equal((call), STATUS_OK)

static struct error why;

static int memory_file(void)
{
	int fd = memfd_create("archive", MFD_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static void rewind_to(int fd, off_t at)
{
	assert_int_equal(lseek(fd, at, SEEK_SET), at);
}

struct seen {
	int files;
	size_t bytes;
	char last[128];
};

static enum status note(void *ctx, const char *path, const struct buf *content, struct error *e)
{
	struct seen *s = ctx;

	(void)e;
	s->files++;
	s->bytes += content->len;
	(void)snprintf(s->last, sizeof(s->last), "%s", path);
	return STATUS_OK;
}

static enum status look(struct seen *s, int fd)
{
	*s = (struct seen){.files = 0};
	rewind_to(fd, 0);
	return archive_in_each(fd, note, s, &why);
}

static off_t write_three(int fd)
{
	struct archive_out *a = NULL;
	char large[100000];

	memset(large, 'x', sizeof(large));
	ok(archive_out_open(&a, fd, &why));
	ok(archive_out_add(a, "backup.json", "{}", 2, &why));
	ok(archive_out_add(a, "C82999/blobs/0f/0fff", large, sizeof(large), &why));
	ok(archive_out_add(a, "empty", "", 0, &why));
	ok(archive_out_finish(a, &why));
	archive_out_close(a);
	return lseek(fd, 0, SEEK_END);
}

static void test_what_goes_in_comes_out(void **state)
{
	struct seen s;
	int fd = memory_file();

	(void)state;
	(void)write_three(fd);
	ok(look(&s, fd));
	assert_int_equal(s.files, 3);
	assert_int_equal(s.bytes, 100002);
	assert_string_equal(s.last, "empty");
	(void)close(fd);
}

static void test_a_stream_that_was_cut_anywhere_is_known(void **state)
{
	struct seen s;
	int fd = memory_file();
	off_t whole = write_three(fd), end = whole;

	(void)state;
	/* behind the mark there are only tar's own zeros */
	for (char block[512] = ""; block[0] == '\0'; end -= 512) {
		rewind_to(fd, end - 512);
		assert_int_equal(read(fd, block, sizeof(block)), sizeof(block));
	}
	for (off_t at = end; at >= 0; at -= 512) {
		assert_int_equal(ftruncate(fd, at), 0);
		assert_int_equal(look(&s, fd), STATUS_CORRUPT);
	}
	(void)close(fd);
}

/* One entry of a kind, by the library itself. */
static enum status look_at_entry(const char *path, __LA_MODE_T type)
{
	struct archive *tar = archive_write_new();
	struct archive_entry *entry = archive_entry_new();
	struct seen s;
	enum status st = STATUS_OK;
	int fd = memory_file();

	ok(archive_write_set_format_pax_restricted(tar));
	ok(archive_write_open_fd(tar, fd));
	archive_entry_set_pathname(entry, path);
	archive_entry_set_filetype(entry, type);
	archive_entry_set_perm(entry, 0600);
	archive_entry_set_size(entry, 0);
	if (type == AE_IFLNK)
		archive_entry_set_symlink(entry, "/etc/passwd");
	ok(archive_write_header(tar, entry));
	archive_entry_clear(entry);
	archive_entry_set_pathname(entry, "end");
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_size(entry, 0);
	ok(archive_write_header(tar, entry));
	archive_entry_free(entry);
	ok(archive_write_free(tar));
	st = look(&s, fd);
	assert_int_equal(s.files, st == STATUS_OK);
	(void)close(fd);
	return st;
}

static void test_paths_that_lead_elsewhere_are_refused(void **state)
{
	static const char *const evil[] = {"../x", "/etc/passwd", "a/../../x", "a//b", "a\nb", "C82999/blobs/..", "a\\b"};

	(void)state;
	ok(look_at_entry("C82999/practice.json", AE_IFREG));
	for (size_t i = 0; i < sizeof(evil) / sizeof(evil[0]); i++)
		assert_int_equal(look_at_entry(evil[i], AE_IFREG), STATUS_CORRUPT);
}

static void test_only_files_are_taken(void **state)
{
	(void)state;
	assert_int_equal(look_at_entry("link", AE_IFLNK), STATUS_CORRUPT);
	assert_int_equal(look_at_entry("folder", AE_IFDIR), STATUS_CORRUPT);
	assert_int_equal(look_at_entry("pipe", AE_IFIFO), STATUS_CORRUPT);
}

static void test_what_is_too_large_is_refused(void **state)
{
	struct archive_out *a = NULL;
	int fd = memory_file();

	(void)state;
	ok(archive_out_open(&a, fd, &why));
	assert_int_equal(archive_out_add(a, "large", "", (size_t)ARCHIVE_FILE_BYTES + 1, &why), STATUS_TOO_BIG);
	archive_out_close(a);
	(void)close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_goes_in_comes_out),
		cmocka_unit_test(test_a_stream_that_was_cut_anywhere_is_known),
		cmocka_unit_test(test_paths_that_lead_elsewhere_are_refused),
		cmocka_unit_test(test_only_files_are_taken),
		cmocka_unit_test(test_what_is_too_large_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
