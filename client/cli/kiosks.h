/* client/cli/kiosks.h - how the practice's kiosks are doing, as far as the log here tells: by what they sent and when the server had it. */
#ifndef QIP_CLI_KIOSKS_H
#define QIP_CLI_KIOSKS_H

#include "client/cli/cli.h"

#define KIOSKS_MAX 200
#define KIOSKS_MAX_MERGES 20000                     /* further back nobody looks for a kiosk's last visit */
#define KIOSKS_SILENT_MS (INT64_C(8) * 86400 * 1000) /* each sends a word on its health about once a week */

struct kiosks {
	struct kiosk {
		char id[NAME_MAX_LEN + 1];
		char site[NAME_MAX_LEN + 1];
		bool joined, ended; /* ended: retired or revoked */
		int64_t last;             /* number of its last record of feedback; 0 none */
		char at[TIME_TEXT_MAX];       /* when that was given, as well as it is known; "" unknown */
		char heard[TIME_TEXT_MAX];    /* when the server last had something new of it; "" never, too long ago, or ended */
		char answered[TIME_TEXT_MAX]; /* the same of an answer */
		char told[TIME_TEXT_MAX];     /* the same of its word on itself */
		const char *doubt; /* "hardware" or "head": something works under its name that takes itself for a copy; "" when nothing said so */
		char doubted[TIME_TEXT_MAX]; /* when it last did, by the server's clock */
		int64_t silent_ms;        /* from `heard` to this device's last sync, both by the server's clock; 0 without */
		struct oid feedback;      /* its folder in the tree looked at last; zero: none */
		struct oid word;          /* its word there; zero: none */
		cJSON *health;            /* owned; its own word, or NULL */
	} *list; /* owned */
	size_t len;
};

/* kiosks_clear in every case. Nothing has come from the server yet: STATUS_OK, and none. */
enum status kiosks_read(struct kiosks *out, struct qip *q, struct error *e) MUST_CHECK;
void kiosks_clear(struct kiosks *k);

/* An array; NULL without memory. */
cJSON *kiosks_json(const struct kiosks *k);
/* A table, and a line for each trouble in words. */
enum status kiosks_print(struct cli *c, const struct kiosks *k, struct error *e) MUST_CHECK;

#endif
