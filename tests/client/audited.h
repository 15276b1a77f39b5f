/* tests/client/audited.h - a small practice with three answers of kib-kiosk, and the home of lead-icb, which audits it. */
#ifndef QIP_TESTS_CLIENT_AUDITED_H
#define QIP_TESTS_CLIENT_AUDITED_H

#include "client/audit.h"
#include "client/audit_checkpoint.h"
#include "client/home.h"
#include "tests/support/practice.h"

struct audited {
	struct practice p;
	struct qip home;               /* what an audit needs of it; its repository is the practice's */
	struct audit a;                /* of the last call */
	struct audit_checkpoint from;  /* what the home kept, after audited_checkpoint */
	struct error e;
};

void audited_begin(struct audited *w);
void audited_end(struct audited *w);

/* Answers of the kiosk, one push. An action point by a device, one push. */
void audited_answers(struct audited *w, unsigned count);
void audited_edit(struct audited *w, const char *device);
/* A new action point, and where it goes. */
cJSON *audited_action(struct audited *w, const struct fixture_device *d, char path[TREE_PATH_MAX]);
/* The server changes a record, or takes it out (NULL), while it merges an honest head of fle-staff. */
void audited_forge_merge(struct audited *w, const char *path, cJSON *record);
/* Take a head into the log with a tree of one's choice. */
void audited_merge_anyway(struct audited *w, const char *device, const struct oid *head, const struct oid *tree);

/* Audit from `from`, if it holds anything, or all with it in mind. */
enum status audited_try(struct audited *w, bool all);
/* The same; it has to run. */
void audited_run(struct audited *w, bool all);
/* Audit on, without a finding, and keep what was reached: on disk, and read again into `from`. */
void audited_checkpoint(struct audited *w);
/* Some finding says these words and, unless NULL, names that path and device. No finding at all. */
void audited_finds(const struct audited *w, const char *words, const char *path);
void audited_finds_of(const struct audited *w, const char *words, const char *path, const char *device);
void audited_passes(const struct audited *w);

/* The bytes of a file of the home, to be freed; and other ones in their place. */
char *audited_read(const struct audited *w, const char *name, size_t *len);
void audited_write(const struct audited *w, const char *name, const void *bytes, size_t len);
/* The document is as a published schema has it. */
void audited_fits_schema(const char *bytes, size_t len, const char *schema);

#endif
