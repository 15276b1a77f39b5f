/* client/limits.h - every size, count and wait of the client library. */
#ifndef QIP_CLIENT_LIMITS_H
#define QIP_CLIENT_LIMITS_H

/* waits, ms */
#define LIMIT_CONNECT_MS 30000          /* connecting and shaking hands; a server in a morning rush needs seconds */
#define LIMIT_IDLE_MS 60000             /* silence in the middle of a call */
#define LIMIT_CALL_MS (2 * 60 * 1000)   /* a call with a small answer */
#define LIMIT_PACK_MS (30 * 60 * 1000)  /* a call that carries a pack */

/* HTTP */
#define LIMIT_HEADERS_BYTES (16 * 1024) /* of one response */
#define LIMIT_REFUSAL_BYTES (16 * 1024) /* body of an answer that is not 200 */
#define LIMIT_JSON_BYTES (256 * 1024)   /* an answer beside git's: an enrolment's, a slice's */
#define LIMIT_REFS_BYTES (1024 * 1024)  /* a list of refs: 1,000 devices need 100 kB */
#define LIMIT_REPORT_BYTES (256 * 1024) /* a push's report */

/* packs */
#define LIMIT_PACK_BYTES (4ULL * 1024 * 1024 * 1024)
#define LIMIT_PACK_OBJECTS 50000000u
#define LIMIT_OBJECT_BYTES (8ULL * 1024 * 1024)
#define LIMIT_SLICE_BYTES (128ULL * 1024 * 1024) /* of a log that is copied in slices: more than one merge is asked for in smaller ones */
#define LIMIT_SLICE_OBJECTS 400000u
#define LIMIT_SLICE_AIM_BYTES (6ULL * 1024 * 1024) /* about so much is lost with the link: some 50,000 objects */
#define LIMIT_SLICE_FIRST 32                 /* merges, before their size is known */
#define LIMIT_SLICE_GROWTH 4                 /* times the merges of the slice before, at most */
#define LIMIT_SLICE_MERGES 65536
#define LIMIT_LOG_MERGES 100000000           /* that a server is believed to have */
#define LIMIT_SLICES 100000                  /* in one sync */
#define LIMIT_PUSH_BYTES (64u * 1024 * 1024) /* one push's pack, held in memory */
#define LIMIT_PUSH_COMMITS 1000              /* commits in one push */
#define LIMIT_PUSH_KIOSK_COMMITS 4           /* fewer on small machines: 4 x 500 answers */
#define LIMIT_OFFER_COMMITS 1000             /* merges in one part of an offer to a restored server */
#define LIMIT_CHAIN 100000                   /* own commits that wait */
#define LIMIT_PUSH_ROUNDS 1000               /* pushes in one sync */

/* packs in the home */
#define LIMIT_PACKS 30               /* before they are joined */
#define LIMIT_JOINED_OBJECTS 20000   /* of a pack that is made by joining: 200 bytes of memory each while it is made */
#define LIMIT_JOINED_BYTES (64LL * 1024 * 1024)

/* what a kiosk sent long ago */
#define LIMIT_SENT_BYTES (16ULL * 1024 * 1024) /* of history: some years of answers. Beyond, the oldest is forgotten */
#define LIMIT_FORGET_AGAIN_MS (86400LL * 1000) /* after a look in vain */
#define LIMIT_SENT_COMMITS 200                 /* that stay in any case */

/* the home */
#define LIMIT_RENEW_MS (90LL * 86400 * 1000) /* a certificate with less left is renewed */
#define LIMIT_BLOB_BYTES (16 * 1024 * 1024) /* sealed bytes of one comment or file */
#define LIMIT_BLOB_BYTES_LEAST (1024 * 1024) /* that a server takes, however it is set */
#define LIMIT_BLOBS_LISTED 20000            /* of those that wait, looked at in one visit: 80 bytes of memory each */
#define LIMIT_BLOBS_SENT 2000               /* of them offered in one visit, oldest first */
#define LIMIT_BLOBS_SENT_BYTES (64LL * 1024 * 1024) /* beyond that the rest waits */
#define LIMIT_BLOBS_FETCHED 5000            /* received in one visit */
#define LIMIT_BLOBS_FETCHED_BYTES (256LL * 1024 * 1024)
#define LIMIT_BLOBS_ASKED 500               /* in one question, whose names the server takes 1,000 of */
#define LIMIT_BLOBS_MISSING 3000            /* that are asked for again with each visit, until the server has them */
#define LIMIT_BLOBS_ANSWER (40LL * 1024 * 1024)
#define LIMIT_CA_BYTES (32 * 1024) /* of the authorities that a server names */
#define LIMIT_FILE_BYTES (256 * 1024)
#define LIMIT_LEFT_OUT 256              /* stretches of a copied kiosk's journal that another copy has sent */
#define LIMIT_HELD_IDS 1000000          /* answers that a copy has sent beyond what this one knows: 37 bytes of memory each while it is joined again */
#define LIMIT_FORMER 16                 /* names that a kiosk had before */
#define LIMIT_KIN 256                   /* kiosks that may hold the same answers */
#define LIMIT_DOUBTS 64                 /* kiosks in doubt that a server may tell of */
#define LIMIT_ANCHORS 8                 /* boots whose clock is known */
#define LIMIT_HANDED_BYTES (4 * 1024 * 1024) /* that a revoked device sends: what the server takes (LIMIT_KEPT_FILE_BYTES there) */
#define LIMIT_KEPT_BYTES (5 * 1024 * 1024) /* the same as the server keeps it aside, with a line about it */
#define LIMIT_KEPT_COMMITS 1000         /* in it; the server's LIMIT_KEPT_COMMITS */
#define LIMIT_KEPT_LISTED 64            /* that a server may keep of one practice */
#define LIMIT_SETTLED 200               /* refusals that are settled and kept all the same */
#define LIMIT_SETTLED_DAYS 35           /* for so long */
#define LIMIT_REFUSED 100000            /* highest number of a kept refused chain */

/* answers */
#define LIMIT_ANSWERS_PER_COMMIT 500
#define LIMIT_LOST 100000               /* numbers that a damaged journal may miss at one place */
#define LIMIT_LOST_NEWS_MS (7LL * 86400 * 1000) /* that staff are shown places of the journal which are lost */
#define LIMIT_UNREADABLE_MS (7LL * 86400 * 1000) /* that a file of the journal is waited for which the disk does not give */
#define LIMIT_SURVEYS 32                /* in force at one time that a kiosk asks */
#define LIMIT_SURVEY_VERSIONS 4         /* of each that it knows, for answers that were begun under an older one */
#define LIMIT_SURVEY_CHANGES 32         /* of what kiosks may read that are looked through for older versions when a capture opens */
#define LIMIT_RECENT_IDS 1024
#define LIMIT_KEEP_RECEIPTED_MS (35LL * 86400 * 1000)

/* checkpoints */
#define LIMIT_CHECKPOINT_MERGES 500  /* since the own last one; or a day */
#define LIMIT_SEEN 64                /* contradictions of a server that are kept and not settled */
#define LIMIT_SEEN_FORKS 3           /* of them logs that contradict at the same merge; each may be a whole history */
#define LIMIT_SEEN_EVER 1000         /* and those that were */
#define LIMIT_INCIDENTS 1000         /* restores that a log tells of */
#define LIMIT_STATED 64              /* statements of others that wait for the log to reach them */
#define LIMIT_STATEMENT_BYTES 8192

/* an audit */
#define LIMIT_AUDIT_THREADS 64           /* one for each processor; some 300 kB each, and 13 MB where every directory is full */
#define LIMIT_AUDIT_TASKS 64             /* merges that wait to be judged: some kB each */
#define LIMIT_AUDIT_TEXT_BYTES (32LL * 1024 * 1024) /* of one sealed text or piece of evidence beside the history: no server takes more */
#define LIMIT_AUDIT_ODD_ANSWERS 100000   /* at the log's end, beyond those that sound commits brought */
#define LIMIT_AUDIT_STALE_MS (14LL * 86400 * 1000)  /* a log that is still for longer is told */
#define LIMIT_AUDIT_SILENT_MS (30LL * 86400 * 1000) /* a device unheard of for longer is told */

/* edits */
#define LIMIT_EDIT_FILES 20000
#define LIMIT_RETENTION 500 /* comments that were kept long enough, of one visit; the next goes on */
#define LIMIT_GRANTS 1000 /* of one visit: a device handed a generation of the comment key; the next visit goes on */

#endif
