#include "tests/server/world.h"

#include <dirent.h>
#include <sys/stat.h>

#include "server/file.h"
#include "server/fsck.h"
#include "tests/support/damage.h"

static struct world w;
static struct testdev manager;

/* What the last fsck said. */
static char said[8192];
static struct fsck_result result;

static int set_up(void **state)
{
	struct testdev kiosk;
	struct invite invite;

	(void)state;
	ok(repo_init_library(NULL));
	world_open(&w);
	join_first(&w, &manager);
	join_invited(&w, &manager, &kiosk, &invite, "kib-kiosk", "kiosk");
	testdev_clear(&kiosk);
	invite_clear(&invite);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	testdev_clear(&manager);
	world_close(&w);
	repo_shutdown_library();
	return 0;
}

static void note_finding(void *ctx, const char *ods, bool damage, const char *text)
{
	size_t at = strlen(said);

	(void)ctx;
	(void)snprintf(said + at, sizeof(said) - at, "%s %s: %s\n", ods, damage ? "damaged" : "note", text);
}

static uint64_t damages(void)
{
	said[0] = 0;
	ok(fsck_run(&result, w.server, NULL, note_finding, NULL, NULL));
	return result.damages;
}

static void tells(const char *words)
{
	if (!strstr(said, words))
		fail_msg("wanted \"%s\" in: %s", words, said);
}

/* A file of the pack folder with that suffix. */
static void pack_file(char out[512], const char *suffix)
{
	char dir[200];
	struct dirent *entry = NULL;
	DIR *d = NULL;

	(void)snprintf(dir, sizeof(dir), "%s/objects/pack", w.git);
	d = opendir(dir);
	assert_non_null(d);
	out[0] = 0;
	while ((entry = readdir(d)) != NULL) {
		size_t len = strlen(entry->d_name);

		if (len > strlen(suffix) && strcmp(entry->d_name + len - strlen(suffix), suffix) == 0)
			(void)snprintf(out, 512, "%s/%s", dir, entry->d_name);
	}
	(void)closedir(d);
	assert_true(out[0] != 0);
}

static off_t size_of(const char *path)
{
	struct stat info;

	assert_int_equal(stat(path, &info), 0);
	return info.st_size;
}

static void move_ref(const char *name, const struct oid *to)
{
	struct repo *r = NULL;
	struct oid old = server_ref(&w, name);

	ok(repo_open(&r, w.git, NULL));
	ok(repo_ref_update(r, name, to, oid_is_zero(&old) ? NULL : &old, NULL));
	repo_close(r);
}

static void a_served_folder_is_sound(void **state)
{
	(void)state;
	if (damages() != 0)
		fail_msg("%s", said);
	assert_int_equal(result.practices, 1);
	assert_int_equal(result.merges, 4);
	assert_true(result.objects > 10);
}

static void a_flipped_byte_anywhere_in_a_pack_or_index_is_found(void **state)
{
	static const char *const suffixes[] = {".pack", ".idx"};
	char path[512];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
		off_t size = 0;

		pack_file(path, suffixes[i]);
		size = size_of(path);
		for (off_t at = 0; at < size; at += size / 9 + 1) {
			flip(path, at);
			assert_true(damages() > 0);
			tells("pack-");
			flip(path, at);
		}
		flip(path, size - 1);
		assert_true(damages() > 0);
		flip(path, size - 1);
	}
	assert_int_equal(damages(), 0);
}

/* Make a file's checksum at its end right again; the caller's bytes stand before it. */
static void reseal(struct buf *file)
{
	struct sha1 *sum = sha1_open();

	assert_non_null(sum);
	sha1_add(sum, file->data, file->len - SHA1_LEN);
	ok(sha1_finish(file->data + file->len - SHA1_LEN, sum));
	sha1_close(sum);
}

static void read_all(struct buf *out, const char *path)
{
	ok(file_read(out, path, NULL));
}

static void write_all(const char *path, const struct buf *bytes)
{
	FILE *f = NULL;

	assert_int_equal(chmod(path, 0600), 0);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(bytes->data, 1, bytes->len, f), bytes->len);
	assert_int_equal(fclose(f), 0);
}

/* An index of version 2: two objects change places, and every checksum says that this is right. */
static void an_object_that_is_not_what_its_id_says_is_found_though_the_checksums_are_right(void **state)
{
	char path[512];
	struct buf before = BUF_INIT, idx = BUF_INIT;
	uint8_t *sums = NULL, *offsets = NULL, swap[4];
	size_t objects = 0;

	(void)state;
	pack_file(path, ".idx");
	read_all(&before, path);
	buf_add(&idx, before.data, before.len);
	objects = (size_t)idx.data[8 + 255 * 4 + 2] << 8 | idx.data[8 + 255 * 4 + 3];
	assert_in_range(objects, 2, 1000);
	sums = idx.data + 8 + 256 * 4 + objects * OID_LEN;
	offsets = sums + objects * 4;
	memcpy(swap, sums, 4);
	memcpy(sums, sums + 4, 4);
	memcpy(sums + 4, swap, 4);
	memcpy(swap, offsets, 4);
	memcpy(offsets, offsets + 4, 4);
	memcpy(offsets + 4, swap, 4);
	reseal(&idx);
	write_all(path, &idx);
	assert_true(damages() > 0);
	tells("does not have the content of its name");
	write_all(path, &before);
	assert_int_equal(damages(), 0);
	buf_clear(&before);
	buf_clear(&idx);
}

static void a_missing_pack_is_found_with_what_is_lost_in_it(void **state)
{
	char path[512], away[600];

	(void)state;
	pack_file(path, ".pack");
	(void)snprintf(away, sizeof(away), "%s.away", path);
	assert_int_equal(rename(path, away), 0);
	assert_true(damages() >= 2);
	tells("the file is missing");
	tells("missing");
	assert_int_equal(rename(away, path), 0);
	assert_int_equal(damages(), 0);
}

static void a_wrong_ref_is_found(void **state)
{
	struct oid right = server_ref(&w, "refs/devices/kib-kiosk"), main_id = server_ref(&w, "refs/heads/main");
	struct oid head = server_ref(&w, "refs/devices/manager"), config = server_ref(&w, "refs/kiosk/config");

	(void)state;
	move_ref("refs/devices/kib-kiosk", &head);
	assert_int_equal(damages(), 1);
	tells("refs/devices/kib-kiosk is not the last head of kib-kiosk");
	move_ref("refs/devices/kib-kiosk", &right);

	move_ref("refs/kiosk/config", &main_id);
	assert_int_equal(damages(), 1);
	tells("refs/kiosk/config is no configuration of kiosks");
	move_ref("refs/kiosk/config", &config);

	move_ref("refs/devices/nobody", &head);
	assert_int_equal(damages(), 1);
	tells("refs/devices/nobody names a device of which the log holds nothing");
	move_ref("refs/devices/nobody", NULL);
	assert_int_equal(damages(), 0);
}

static void a_merge_that_the_server_did_not_sign_is_found(void **state)
{
	struct oid main_id = server_ref(&w, "refs/heads/main"), forged;
	struct merge_note note = {.index = 0};
	struct commit c = COMMIT_INIT;
	struct repo *r = NULL;
	struct commit_spec spec = {.name = "server", .email = "server@c82999.qip.invalid", .key = manager.key, .parents_len = 2};

	(void)state;
	ok(repo_open(&r, w.git, NULL));
	ok(repo_commit_read(&c, r, &main_id, NULL));
	ok(merge_note_parse(&note, c.message, NULL));
	spec.tree = c.tree;
	spec.parents[0] = c.parents[0];
	spec.parents[1] = c.parents[1];
	spec.message = c.message;
	ok(repo_commit_write(&forged, r, &spec, NULL));
	ok(repo_flush(r, NULL));
	repo_close(r);
	commit_clear(&c);
	buf_clear(&note.kept);
	move_ref("refs/heads/main", &forged);
	assert_true(damages() > 0);
	tells("is not signed by this server's key");
	move_ref("refs/heads/main", &main_id);
}

static void a_damaged_certificate_or_key_is_found(void **state)
{
	static const char *const files[] = {"certificates/manager.json", "server.key", "practice.json"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		char path[256];

		(void)snprintf(path, sizeof(path), "%s/" ODS "/%s", w.server, files[i]);
		flip(path, 0);
		assert_true(damages() > 0);
		flip(path, 0);
	}
	assert_int_equal(damages(), 0);
}

static void a_damaged_blob_is_found(void **state)
{
	static const char text[] = "sealed bytes";
	char path[320], hex[SHA256_HEX_LEN + 1];
	struct blob_id id;
	struct store *store = NULL;
	struct store_history *h = NULL;
	struct store_blob_put *put = NULL;

	(void)state;
	ok(sha256(id.sha256, text, sizeof(text)));
	ok(store_open(&store, w.server, NULL));
	ok(store_history_open(&h, store, ODS, NULL));
	ok(store_blob_put_begin(&put, h, &id, NULL));
	ok(store_blob_put_feed(put, text, sizeof(text), NULL));
	ok(store_blob_put_finish(put, NULL, NULL));
	store_blob_put_end(put);
	store_history_close(h);
	store_close(store);
	assert_int_equal(damages(), 0);
	assert_int_equal(result.blobs, 1);
	hex_encode(hex, id.sha256, sizeof(id.sha256));
	(void)snprintf(path, sizeof(path), "%s/" ODS "/blobs/%.2s/%s", w.server, hex, hex);
	flip(path, 3);
	assert_int_equal(damages(), 1);
	tells("is not what its name says");
	flip(path, 3);
	assert_int_equal(damages(), 0);
}

static void a_practice_that_is_not_there_is_no_damage(void **state)
{
	struct error e = {STATUS_OK, ""};

	(void)state;
	assert_int_equal(fsck_run(&result, w.server, "C81111", note_finding, NULL, &e), STATUS_NOT_FOUND);
	assert_int_equal(fsck_run(&result, "/nowhere", NULL, note_finding, NULL, &e), STATUS_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_served_folder_is_sound),
		cmocka_unit_test(a_flipped_byte_anywhere_in_a_pack_or_index_is_found),
		cmocka_unit_test(an_object_that_is_not_what_its_id_says_is_found_though_the_checksums_are_right),
		cmocka_unit_test(a_missing_pack_is_found_with_what_is_lost_in_it),
		cmocka_unit_test(a_wrong_ref_is_found),
		cmocka_unit_test(a_merge_that_the_server_did_not_sign_is_found),
		cmocka_unit_test(a_damaged_certificate_or_key_is_found),
		cmocka_unit_test(a_damaged_blob_is_found),
		cmocka_unit_test(a_practice_that_is_not_there_is_no_damage),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
