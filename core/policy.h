/* core/policy.h - who may change what: the role table of the design in code. The server asks at stage 6, the auditor at stage 9. */
#ifndef QIP_CORE_POLICY_H
#define QIP_CORE_POLICY_H

#include "core/registry.h"
#include "core/record.h"

struct policy_change {
	const char *ods;
	const char *device;     /* who signed the commit */
	enum role role;
	const char *path;
	const cJSON *before;    /* NULL: the file is new */
	const cJSON *after;     /* NULL: the file goes */
	int schema_level;
	const struct registry *registry; /* at the place of the log that the commit is judged by; a genesis's own */
	bool genesis;                    /* the practice's first head, by its first manager */
	bool by_root;                    /* the first head of a manager's device that nobody but the root key invited */
};

/* STATUS_DENIED or STATUS_INVALID with a sentence for people. Covers: the path's place and form, the schema it must name, the role's right to it,
 * append-only folders, claims and log entries in the own device's name only, claims removed only by replacing them. */
enum status policy_check(const struct policy_change *c, const struct rules *rules, struct error *e) MUST_CHECK;

/* The i-th place of the tree: its folder with '/' behind, or the one file; *type is the first of the types of record that may stand there.
 * NULL past the end; static storage. */
const char *policy_place(const char **type, size_t i);

/* feedback/<device>/<seq/65536>/<seq/256 mod 256>/<seq>.json */
void policy_feedback_path(char out[TREE_PATH_MAX], const char *device, uint64_t seq);
/* clock/<device>/…, likewise. */
void policy_clock_path(char out[TREE_PATH_MAX], const char *device, uint64_t seq);
/* May this role read a ref? own: the ref is the device's own. */
bool policy_may_read(enum role role, const char *device, const char *ref);
/* May it bring free text and evidence (sealed, beside the history), and read them? A retired device delivers what it has, and reads
 * nothing of that kind any more. */
bool policy_may_put_blob(enum role role);
bool policy_may_get_blob(enum role role, bool retired);

#endif
