/* server/route.c - what a request line asks for. */
#include "server/route.h"

#include <string.h>

#include "core/id.h"

#define ODS_LEN 6

static const struct {
	const char *rest; /* of the path, behind /<ODS> */
	const char *method;
	const char *content;
	enum route_kind kind;
} practice_routes[] = {
	{"/history.git/info/refs", "GET", NULL, ROUTE_REFS},
	{"/history.git/git-upload-pack", "POST", "application/x-git-upload-pack-request", ROUTE_UPLOAD_PACK},
	{"/history.git/git-receive-pack", "POST", "application/x-git-receive-pack-request", ROUTE_RECEIVE_PACK},
	{"/enrol", "POST", "application/json", ROUTE_ENROL},
	{"/renew", "POST", "application/json", ROUTE_RENEW},
	{"/slice", "POST", "application/json", ROUTE_SLICE},
	{"/server-key", "POST", "application/json", ROUTE_SERVER_KEY},
	{"/doubt", "POST", "application/json", ROUTE_DOUBT},
	{"/blobs/get", "POST", "application/json", ROUTE_BLOBS_GET},
	{"/blobs/", "PUT", "application/octet-stream", ROUTE_BLOB_PUT}, /* a SHA-256 follows */
	{"/offer", "POST", "application/x-qip-offer", ROUTE_OFFER},
	{"/quarantine/keep", "POST", "application/x-qip-kept", ROUTE_KEEP},
	{"/quarantine/list", "POST", "application/json", ROUTE_KEPT_LIST},
	{"/quarantine/get", "POST", "application/json", ROUTE_KEPT_GET},
	{"/quarantine/take", "POST", "application/json", ROUTE_KEPT_TAKE},
	{"/quarantine/drop", "POST", "application/json", ROUTE_KEPT_DROP},
};

static bool method_is(const char *method, const char *right)
{
	return strcmp(method, right) == 0 || (strcmp(right, "GET") == 0 && strcmp(method, "HEAD") == 0);
}

static bool rest_is(struct route *r, const char *rest, size_t i)
{
	size_t len = strlen(practice_routes[i].rest);

	if (practice_routes[i].kind == ROUTE_BLOB_PUT)
		return strncmp(rest, practice_routes[i].rest, len) == 0 &&
		       hex_decode(r->blob, sizeof(r->blob), rest + len) == STATUS_OK;
	return strcmp(rest, practice_routes[i].rest) == 0;
}

static void parse_practice(struct route *r, const char *method, const char *path)
{
	char ods[ODS_LEN + 1] = "";

	if (path[0] != '/' || strnlen(path + 1, ODS_LEN) < ODS_LEN)
		return;
	memcpy(ods, path + 1, ODS_LEN);
	if (!ods_valid(ods))
		return;
	for (size_t i = 0; i < ARRAY_LEN(practice_routes); i++) {
		if (!rest_is(r, path + 1 + ODS_LEN, i))
			continue;
		r->kind = practice_routes[i].kind;
		r->method = practice_routes[i].method;
		r->content = practice_routes[i].content;
		r->method_ok = method_is(method, r->method);
		memcpy(r->ods, ods, sizeof(ods));
	}
}

static bool parse_health(struct route *r, const char *method, const char *path)
{
	if (strcmp(path, "/healthz") != 0)
		return false;
	r->kind = ROUTE_HEALTH;
	r->method_ok = method_is(method, "GET");
	return true;
}

void route_parse(struct route *out, const char *method, const char *path)
{
	struct route r = {.kind = ROUTE_NONE, .method = "GET"};

	if (!parse_health(&r, method, path))
		parse_practice(&r, method, path);
	*out = r;
}

/* ---- ordinary repositories ---- */

static const struct {
	const char *rest; /* of the path, behind the repository's */
	const char *method;
	const char *content;
	enum route_kind kind;
} plain_routes[] = {
	{"/info/refs", "GET", NULL, ROUTE_PLAIN_REFS},
	{"/git-upload-pack", "POST", "application/x-git-upload-pack-request", ROUTE_PLAIN_UPLOAD_PACK},
	{"/git-receive-pack", "POST", "application/x-git-receive-pack-request", ROUTE_PLAIN_RECEIVE_PACK},
};

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "%20" becomes a blank. An escaped slash or NUL would make another path of it: none. */
static bool unescape(char out[ROUTE_PATH_MAX], const char *path, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		char c = path[i];

		if (c == '%') {
			int high = i + 1 < len ? hex_digit(path[i + 1]) : -1, low = i + 2 < len ? hex_digit(path[i + 2]) : -1;

			if (high < 0 || low < 0)
				return false;
			c = (char)(high * 16 + low);
			if (c == '/' || c == 0)
				return false;
			i += 2;
		}
		if (n == ROUTE_PATH_MAX - 1)
			return false;
		out[n++] = c;
	}
	out[n] = 0;
	return n > 0;
}

void route_parse_plain(struct route *out, const char *method, const char *path)
{
	struct route r = {.kind = ROUTE_NONE, .method = "GET"};
	size_t len = strlen(path);
	bool found = parse_health(&r, method, path);

	for (size_t i = 0; i < ARRAY_LEN(plain_routes) && !found; i++) {
		size_t rest = strlen(plain_routes[i].rest);

		if (path[0] != '/' || len <= rest + 1 || strcmp(path + len - rest, plain_routes[i].rest) != 0 ||
		    !unescape(r.repository, path + 1, len - rest - 1))
			continue;
		found = true;
		r.kind = plain_routes[i].kind;
		r.method = plain_routes[i].method;
		r.content = plain_routes[i].content;
		r.method_ok = method_is(method, r.method);
	}
	*out = r;
}

const char *route_name(enum route_kind kind)
{
	static const char *const names[ROUTE_KINDS] = {
		[ROUTE_NONE] = "none",
		[ROUTE_PLAIN_REFS] = "plain_refs",
		[ROUTE_PLAIN_UPLOAD_PACK] = "plain_upload_pack",
		[ROUTE_PLAIN_RECEIVE_PACK] = "plain_receive_pack",
		[ROUTE_HEALTH] = "healthz",
		[ROUTE_REFS] = "refs",
		[ROUTE_UPLOAD_PACK] = "upload_pack",
		[ROUTE_RECEIVE_PACK] = "receive_pack",
		[ROUTE_ENROL] = "enrol",
		[ROUTE_RENEW] = "renew",
		[ROUTE_SLICE] = "slice",
		[ROUTE_SERVER_KEY] = "server_key",
		[ROUTE_DOUBT] = "doubt",
		[ROUTE_BLOB_PUT] = "blob_put",
		[ROUTE_BLOBS_GET] = "blobs_get",
		[ROUTE_OFFER] = "offer",
		[ROUTE_KEEP] = "quarantine_keep",
		[ROUTE_KEPT_LIST] = "quarantine_list",
		[ROUTE_KEPT_GET] = "quarantine_get",
		[ROUTE_KEPT_TAKE] = "quarantine_take",
		[ROUTE_KEPT_DROP] = "quarantine_drop",
	};

	return names[kind];
}
