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
};

static void parse_practice(struct route *r, const char *method, const char *path)
{
	char ods[ODS_LEN + 1] = "";

	if (path[0] != '/' || strnlen(path + 1, ODS_LEN) < ODS_LEN)
		return;
	memcpy(ods, path + 1, ODS_LEN);
	if (!ods_valid(ods))
		return;
	for (size_t i = 0; i < ARRAY_LEN(practice_routes); i++) {
		if (strcmp(path + 1 + ODS_LEN, practice_routes[i].rest) != 0)
			continue;
		r->kind = practice_routes[i].kind;
		r->method = practice_routes[i].method;
		r->content = practice_routes[i].content;
		r->method_ok = strcmp(method, r->method) == 0;
		memcpy(r->ods, ods, sizeof(ods));
	}
}

void route_parse(struct route *out, const char *method, const char *path)
{
	struct route r = {.kind = ROUTE_NONE, .method = "GET"};

	if (strcmp(path, "/healthz") == 0) {
		r.kind = ROUTE_HEALTH;
		r.method_ok = strcmp(method, "GET") == 0;
	} else {
		parse_practice(&r, method, path);
	}
	*out = r;
}
