/* tests/sim/ledger.h - what every site meant, written down when it did: the expectation that a run is held against.
 *
 * Knows nothing of merging. A claim is there at the end unless an accepted edit replaced it that had seen it; an entry is there for good. What an
 * edit had seen is what stood in the record that its site looked at.
 */
#ifndef QIP_TESTS_SIM_LEDGER_H
#define QIP_TESTS_SIM_LEDGER_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "core/record.h"
#include "core/tree.h"
#include "tests/sim/fields.h"

enum fate {
	FATE_MEANT,   /* it is in the log, or on its way there */
	FATE_REFUSED, /* the server said no, and it waits for somebody */
};

/* One commit. */
struct deed {
	unsigned step, site;
	enum fate fate;
	bool wrong;        /* made so that it must be refused */
	bool may_fail;     /* may be refused: something else may come first */
	bool dropped;      /* nobody wants it any more */
	bool again;        /* it was refused, and made again */
	int number;        /* of the refusal */
	char commit[41];   /* that was refused */
	int64_t past;      /* the merge that its site had seen last */
	int64_t merged;    /* a merge by which it was in the log; INT64_MAX until then */
	bool deletes;      /* a record: nothing else changes, and another edit of the record outdoes it */
};

struct claim {
	char id[ID_TEXT_LEN + 1];
	char slot[RECORD_SLOT_MAX];
	char device[41];
	cJSON *value;      /* owned */
	int64_t n;
	unsigned record;
	size_t deed;
	char (*seen)[ID_TEXT_LEN + 1]; /* owned; the claims that it took the place of */
	size_t seen_len;
	bool overtaken;    /* refused, and when it was made again its site had set the field anew */
	bool replaced;     /* worked out by ledger_settle */
};

struct entry {
	char id[ID_TEXT_LEN + 1];
	char field[RECORD_SLOT_MAX];
	cJSON *value; /* owned */
	unsigned record;
	size_t deed;
};

struct ledger {
	struct deed *deeds;
	struct claim *claims;
	struct entry *entries;
	size_t deeds_len, claims_len, entries_len, deeds_cap, claims_cap, entries_cap;
	char paths[RECORDS][TREE_PATH_MAX]; /* "" until somebody has made it */
};

void ledger_clear(struct ledger *l);
/* The next deed's number; what is added belongs to it. */
size_t ledger_deed(struct ledger *l, unsigned step, unsigned site);
/* Take the last deed and what belongs to it back. */
void ledger_undo(struct ledger *l);
/* A claim that stands in `before` (NULL: no record yet) no more once this one is made. `value` is copied; n: the record's next number. */
void ledger_claim(struct ledger *l, unsigned record, const char *slot, const char *id, const char *device, const cJSON *value,
		  const cJSON *before);
void ledger_entry(struct ledger *l, unsigned record, const char *field, const char *id, const cJSON *value);
/* 1 + the highest edit number in a record; of none, 1. */
int64_t ledger_next_number(const cJSON *record);
/* Made again at a site that sees `present`: claims whose field the site has set anew meanwhile stay away. As setting anew counts, too, that an
 * earlier refused edit was made again after this one was made. */
void ledger_made_again(struct ledger *l, size_t deed, unsigned record, const char *device, const cJSON *present);

/* Work out which claims were replaced. */
void ledger_settle(struct ledger *l);
bool ledger_is_alive(const struct ledger *l, const struct claim *c);
/* Of the deeds' claims, how many met another site's that neither had seen; in percent. */
unsigned ledger_overlap(const struct ledger *l);

/* The claims of a slot in a record's JSON, each visited with its value. */
typedef void (*ledger_visit)(void *ctx, const cJSON *claim, const cJSON *value);
void ledger_each_claim(const cJSON *record, const char *slot, ledger_visit visit, void *ctx);
/* The plain value of a slot: of a set's element true or NULL. */
const cJSON *ledger_plain(const cJSON *record, const char *slot, bool is_element);

#endif
