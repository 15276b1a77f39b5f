/* client/cli/sites.h - the practice's sites by id and name. */
#ifndef QIP_CLI_SITES_H
#define QIP_CLI_SITES_H

#include "core/json.h"
#include "qip/client.h"

#define SITES_MAX 200
#define SITES_ALL "all" /* in a set of sites: those that there are and those to come */

struct site {
	char id[NAME_MAX_LEN + 1];
	char name[201];
};

struct sites {
	struct site list[SITES_MAX]; /* sorted by id */
	size_t len;
};

enum status sites_read(struct sites *out, struct qip *q, struct error *e) MUST_CHECK;
/* By id, or by name whatever the case; text need not end with NUL. NULL when there is none. */
const struct site *sites_find(const struct sites *s, const char *text, size_t len);
/* The id of --site NAME, for filters; *out NULL when text is NULL. STATUS_NOT_FOUND naming the sites that there are. */
enum status sites_resolve(const char **out, const struct sites *s, const char *text, struct error *e) MUST_CHECK;
bool sites_is_all(const char *text, size_t len);
/* The action concerns the site; NULL: any. */
bool sites_concern(const cJSON *action, const char *site);
/* The names of all, ", " between. */
void sites_names(struct buf *out, const struct sites *s);

#endif
