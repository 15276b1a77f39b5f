/* server/limits.h - every bound that the server keeps, with its unit in the name: those that whoever runs it may set, then
 * those that are fixed. What a record may be (its size, the depth of its JSON, the length of its path) is no server's to
 * choose: core decides, and an auditor decides the same. */
#ifndef QIP_SERVER_LIMITS_H
#define QIP_SERVER_LIMITS_H

#include <stdatomic.h>
#include <stdint.h>

#define LIMITS_KIB INT64_C(1024)
#define LIMITS_MIB (1024 * LIMITS_KIB)
#define LIMITS_GIB (1024 * LIMITS_MIB)

/* name in server.json, unless it is set, at least, at most */
#define LIMITS_LIST(X)                                                                                                 \
	X(connections, 2000, 8, LIMIT_CONNECTIONS)                                                                                 \
	X(connections_per_address, 1000, 1, LIMIT_CONNECTIONS) /* a whole region may come from one address */                      \
	X(handshake_ms, 30000, 1000, 600000)  /* a morning rush of kiosks queues for the processor */                   \
	X(idle_ms, 120000, 5000, 3600000)     /* no byte either way */                                                  \
	X(request_ms, 30000, 1000, 3600000)   /* a request may take this long, and longer only at this rate: */         \
	X(request_min_bytes_s, 1024, 1, LIMITS_MIB)                                                                    \
	X(job_threads, 4, 1, 64)              /* requests at work */                                                    \
	X(device_pushes_hour, 3600, 10, 100000000) /* of one device; a blob counts as a tenth */                       \
	X(device_bytes_hour, 4 * LIMITS_GIB, LIMITS_MIB, 64 * LIMITS_GIB)                                              \
	X(push_bytes, 64 * LIMITS_MIB, LIMITS_MIB, 2 * LIMITS_GIB) /* of its pack */                                    \
	X(push_objects, 200000, 600, 8000000)                                                                          \
	X(push_inflated_bytes, LIMITS_GIB, LIMITS_MIB, 64 * LIMITS_GIB) /* all objects and deltas together */           \
	X(push_cpu_ms, 20000, 100, 600000) /* to unpack and index it; an ordinary pack of 64 MiB takes a tenth of it */ \
	X(push_commits, 10000, 1, 100000)                                                                              \
	X(push_paths, 200000, 600, 2000000) /* files that its commits add, change or remove */                         \
	X(push_memory_bytes, 48 * LIMITS_MIB, LIMITS_MIB, LIMITS_GIB) /* of all pushes; with more they wait on disk */  \
	X(push_disk_bytes, LIMITS_GIB, LIMITS_MIB, 1024 * LIMITS_GIB) /* of all large pushes; with more they come again later */ \
	X(object_bytes, 4 * LIMITS_MIB, 256 * LIMITS_KIB, 32 * LIMITS_MIB)                                             \
	X(delta_depth, 250, 50, 4095)                                                                                  \
	X(tree_depth, 8, 5, 8) /* names in a path */                                                                    \
	X(blob_bytes, 16 * LIMITS_MIB, LIMITS_MIB, LIMIT_BLOB_BYTES) /* a comment has some kilobytes, evidence is larger */

/* Read by every thread, and changed by the one that reads server.json again. */
struct limits {
#define LIMITS_MEMBER(name, otherwise, least, most) _Atomic int64_t name;
	LIMITS_LIST(LIMITS_MEMBER)
#undef LIMITS_MEMBER
};
extern const struct limits limits_default;
/* Take over all that `from` says, one by one. */
void limits_set(struct limits *l, const struct limits *from);

/* connections */
#define LIMIT_LISTEN 8 /* addresses */
#define LIMIT_CONNECTIONS 50000 /* at most, whatever is set */
#define LIMIT_DESCRIPTORS_A_CONNECTION 3
#define LIMIT_DESCRIPTORS_SPARE 256  /* repositories, logs, listening */
#define LIMIT_LINGER_MS 2000	     /* after an answer that ends a connection, for the client to read it */
#define LIMIT_ROOM_MS 1000	     /* a connection that is older and does nothing may have to make room */
#define LIMIT_HANDSHAKES_US 10000    /* of handshakes in one go, until connections that are open get their turn */
#define LIMIT_HEAVY_US 200000	     /* processor time of an address's handshakes of late, from which it waits for others */
#define LIMIT_HEAVY_PAUSE 3	     /* times as long as its last one took */
#define LIMIT_OTHERS_MS 1000	     /* as long as others were heard of so lately */
#define LIMIT_STOP_MS 30000	     /* for running requests when the server is told to stop */
#define LIMIT_DRAIN_MS 2000	     /* for the last bytes of answers after that */

/* whoever looks at metrics */
#define LIMIT_ADMIN_CONNECTIONS 16
#define LIMIT_ADMIN_S 10

/* threads */
#define LIMIT_HTTP_THREADS 2 /* bytes in and out only */
#define LIMIT_JOB_THREADS 64 /* at most, whatever is set */
#define LIMIT_HEAVY_SHARE 4  /* one thread in so many, at least one, may do what takes long */
#define LIMIT_STACK_BYTES (512 * 1024)
#define LIMIT_HTTP_MEMORY_BYTES (16 * 1024) /* of one connection: its request line and headers */

/* request bodies, after decompression */
#define LIMIT_ENROL_BYTES (32 * 1024)
#define LIMIT_FETCH_BYTES (4 * 1024 * 1024)
#define LIMIT_COMMAND_BYTES (16 * 1024) /* of a push, before its pack */
#define LIMIT_COMMANDS 16
#define LIMIT_CAPABILITY_BYTES 1024
#define LIMIT_REF_BYTES 128 /* of a ref's name, with NUL */
#define LIMIT_MEMORY_PACK_BYTES (512 * 1024)	   /* a larger one waits on disk */
#define LIMIT_MEMORY_OBJECTS_BYTES (8 * 1024 * 1024) /* what it may unpack to, and stay in memory */
#define LIMIT_DISCARD_BYTES (1024 * 1024) /* of a refused body that is larger than any may be; a client that sends more is cut off */

/* fetching */
#define LIMIT_REFS 4096
#define LIMIT_WANTS 65536
#define LIMIT_REF_PREFIXES 4096 /* of one ls-refs; with more it lists all */
#define LIMIT_HAVES 65536
#define LIMIT_SHALLOWS 65536  /* ends of the client's shallow clone */
#define LIMIT_DEEPEN_NOT 16
#define LIMIT_OLD_WANTS 16 /* wants that are no tip (any more): each costs a walk */
#define LIMIT_READY_WALKS 64
#define LIMIT_SLICE_BYTES 1024	  /* of the question how far a copy in slices goes next */
#define LIMIT_LOG_MERGES 16777216 /* that can be copied in slices */
#define LIMIT_PLAIN_COMMANDS 262144
#define LIMIT_PLAIN_COMMAND_BYTES (32 * 1024 * 1024)
#define LIMIT_PLAIN_PACK_BYTES (2LL * 1024 * 1024 * 1024)
#define LIMIT_PLAIN_PACK_OBJECTS 8000000
#define LIMIT_PLAIN_OBJECT_BYTES (32 * 1024 * 1024) /* more cannot be read back */
#define LIMIT_PLAIN_PACK_CPU_MS 600000
#define LIMIT_PLAIN_LOCK_TRIES 50 /* on a ref that another program is moving, LIMIT_PLAIN_LOCK_MS apart */
#define LIMIT_PLAIN_LOCK_MS 20
#define LIMIT_PLAIN_REF_BYTES 1024 /* of a ref's name in an ordinary repository, with NUL; longer ones are not told */
#define LIMIT_SPOOL_MEMORY_BYTES (256 * 1024) /* an answer larger than this waits on disk */
#define LIMIT_SPOOL_BYTES (4LL * 1024 * 1024 * 1024)

/* blobs */
#define LIMIT_BLOB_BYTES (32 * 1024 * 1024)	     /* of one, whatever is set */
#define LIMIT_BLOB_PUTS 64			     /* of a practice on their way at once */
#define LIMIT_BLOB_PENDING_BYTES (128 * 1024 * 1024) /* of those */
#define LIMIT_BLOB_IDS 1000			     /* asked for at once */
#define LIMIT_BLOB_GET_BYTES (96 * 1024)	     /* of such a request */
#define LIMIT_BLOB_ANSWER_BYTES (32 * 1024 * 1024)   /* of the blobs in an answer; a single blob fits */
#define LIMIT_ERASE_BATCH 16384			     /* erasures carried out between two rounds of fsync */

/* what revoked devices still send, see server/kept.h */
#define LIMIT_KEPT_FILE_BYTES (4 * 1024 * 1024) /* of one: what was sent at once; devices send no more (client/limits.h) */
#define LIMIT_KEPT_COMMITS 1000			/* in it */
#define LIMIT_KEPT_DEVICE 4			/* of a device */
#define LIMIT_KEPT_PRACTICE 32			/* of a practice */
#define LIMIT_KEPT_AT_ONCE 4			/* of a practice on their way, in memory; one of a device */
#define LIMIT_KEPT_AT_ONCE_ALL 32		/* and of all practices */
#define LIMIT_KEPT_DAYS 35
#define LIMIT_KEPT_STEP_DAYS 7 /* of its age that one look adds */
#define LIMIT_KEPT_SINCE_MERGES 100000 /* since somebody began to take one over, in which that is looked for */
#define LIMIT_KEPT_UNKNOWN_MERGES 1000 /* that whoever takes one over may not have yet, none of them a manager's */

/* kiosks in doubt, see server/doubts.h */
#define LIMIT_DOUBTS 64	       /* of a practice */
#define LIMIT_DOUBT_DAYS 8     /* after a kiosk last said so; it does each time it would sync, twice a day at the least */
#define LIMIT_DOUBT_MS 3600000 /* until the same is noted again */

/* practices */
#define LIMIT_PRACTICES 4096
#define LIMIT_LOCK_MS 30000	     /* waiting for another program on the same practice */
#define LIMIT_FILE_BYTES (64 * 1024) /* of one file of the server's folder */
#define LIMIT_DERIVED_LAG 64	     /* merges between two notes of how far the derived refs are */
#define LIMIT_BATCH 64		     /* pushes that are merged with one move of main */
#define LIMIT_BATCH_BYTES (32 * 1024 * 1024) /* of their objects */
#define LIMIT_REASON_BYTES 900	     /* of the sentence in a refusal */

/* upkeep */
#define LIMIT_PACKS 30		    /* of a practice, before they are joined */
#define LIMIT_UPKEEP_RETRY_MS 5000 /* until what failed is tried again */
#define LIMIT_REST_MS 1000	    /* without a push, until what is kept for the next is let go of */
#define LIMIT_UPKEEP_PUSHES 10	    /* between two looks; each leaves a pack, or several one */
#define LIMIT_JOINED_OBJECTS 100000 /* of a pack that is made by joining: 200 bytes of memory each while it is made */
#define LIMIT_JOINED_BYTES (512LL * 1024 * 1024)
#define LIMIT_RETIRED_MS 10000 /* how long the bytes of joined packs stay for requests that read them; each look for packs passes over them */

/* backups, and practices restored from them */
#define LIMIT_SUMS_BYTES (16 * 1024 * 1024)	     /* of a practice's list of files and their hashes */
#define LIMIT_BACKUP_OBJECT_BYTES (32 * 1024 * 1024) /* as large as any object can be */

#define LIMIT_LEFTOVER_S 3600 /* a pack in quarantine for longer was left there by a server that was killed */

/* certificates */
#define LIMIT_AUTHORITY_DAYS 3653 /* of the CA and the server's own: ten years */
#define LIMIT_WARN_DAYS 90 /* before one of those ends, a check tells of it */
#define LIMIT_DEVICE_DAYS 366
#define LIMIT_RENEW_DAYS 122 /* a certificate with more days left is given out again as it is */

#endif
