#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "server/route.h"

#define SHA "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static struct route parse(const char *method, const char *path)
{
	struct route r;

	route_parse(&r, method, path);
	return r;
}

static void knows_each_address_and_its_method(void **state)
{
	static const struct {
		const char *method, *path;
		enum route_kind kind;
	} cases[] = {
		{"GET", "/healthz", ROUTE_HEALTH},
		{"GET", "/C82999/history.git/info/refs", ROUTE_REFS},
		{"POST", "/C82999/history.git/git-upload-pack", ROUTE_UPLOAD_PACK},
		{"POST", "/C82999/history.git/git-receive-pack", ROUTE_RECEIVE_PACK},
		{"POST", "/C82999/enrol", ROUTE_ENROL},
		{"POST", "/C82999/renew", ROUTE_RENEW},
		{"POST", "/C82999/slice", ROUTE_SLICE},
		{"POST", "/C82999/doubt", ROUTE_DOUBT},
		{"PUT", "/C82999/blobs/" SHA, ROUTE_BLOB_PUT},
		{"POST", "/C82999/blobs/get", ROUTE_BLOBS_GET},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct route r = parse(cases[i].method, cases[i].path);

		assert_int_equal(r.kind, cases[i].kind);
		assert_true(r.method_ok);
		if (cases[i].kind != ROUTE_HEALTH)
			assert_string_equal(r.ods, "C82999");
	}
}

static void tells_a_wrong_method_from_a_wrong_address(void **state)
{
	struct route r = parse("PUT", "/C82999/enrol");

	(void)state;
	assert_int_equal(r.kind, ROUTE_ENROL);
	assert_false(r.method_ok);
	assert_string_equal(r.method, "POST");
	r = parse("POST", "/healthz");
	assert_int_equal(r.kind, ROUTE_HEALTH);
	assert_false(r.method_ok);
}

static void nothing_else_is_an_address(void **state)
{
	static const char *const bad[] = {
		"",
		"/",
		"/healthz/",
		"/C82999",
		"/C82999/",
		"/C82999/enrol/",
		"/c82999/enrol",
		"/C8299/enrol",
		"/C829999/enrol",
		"/../../C82999/enrol",
		"/C82999/history.git/HEAD",
		"/C82999/history.git/objects/info/packs",
		"/......",
		"C82999/enrol",
		"/C82999//history.git/info/refs",
		"/C82999/history.git/info/refs/",
		"/C82999/history.git/../server.key",
		"/C82999/blobs/../server.key",
		"/C82999/blobs/" SHA "/",
		"/C82999/blobs/" SHA ".erased",
		"/C82999/blobs/E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(parse("GET", bad[i]).kind, ROUTE_NONE);
}

static void the_head_of_a_page_is_asked_for_like_the_page(void **state)
{
	(void)state;
	assert_true(parse("HEAD", "/healthz").method_ok);
	assert_true(parse("HEAD", "/C82999/history.git/info/refs").method_ok);
	assert_false(parse("HEAD", "/C82999/enrol").method_ok);
}

static void an_ordinary_repository_is_named_by_all_before_the_service(void **state)
{
	static const struct {
		const char *path, *repository;
		enum route_kind kind;
	} cases[] = {
		{"/x.git/info/refs", "x.git", ROUTE_PLAIN_REFS},
		{"/a/b/c.git/git-upload-pack", "a/b/c.git", ROUTE_PLAIN_UPLOAD_PACK},
		{"/with%20blank/info/refs", "with blank", ROUTE_PLAIN_REFS},
		{"/../x/info/refs", "../x", ROUTE_PLAIN_REFS}, /* looked for, and refused, by server/plain.c */
		{"/info/refs", "", ROUTE_NONE},
		{"//info/refs", "", ROUTE_NONE},
		{"/x.git/HEAD", "", ROUTE_NONE},
		{"/x.git", "", ROUTE_NONE},
		{"/x%2fy/info/refs", "", ROUTE_NONE},
		{"/x%00/info/refs", "", ROUTE_NONE},
		{"/x%4/info/refs", "", ROUTE_NONE},
		{"x/info/refs", "", ROUTE_NONE},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct route r;

		route_parse_plain(&r, "GET", cases[i].path);
		assert_int_equal(r.kind, cases[i].kind);
		if (r.kind != ROUTE_NONE)
			assert_string_equal(r.repository, cases[i].repository);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_each_address_and_its_method),
		cmocka_unit_test(tells_a_wrong_method_from_a_wrong_address),
		cmocka_unit_test(nothing_else_is_an_address),
		cmocka_unit_test(the_head_of_a_page_is_asked_for_like_the_page),
		cmocka_unit_test(an_ordinary_repository_is_named_by_all_before_the_service),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
