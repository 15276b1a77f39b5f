/* server/push.h - what travels through stages 5 to 8: one device's head on its way into the log. */
#ifndef QIP_SERVER_PUSH_H
#define QIP_SERVER_PUSH_H

#include "core/head.h"
#include "server/practice.h"
#include "server/view.h"

/* How a device stands to the practice. */
enum standing {
	STANDING_MEMBER,  /* in the registry, with this key */
	STANDING_INVITED, /* in the registry without a key, or let in by the root key and not in it yet; holds a certificate for it: may push its enrolment and
			     nothing else */
	STANDING_FIRST,	  /* the first manager, before there is a registry: may push the genesis */
};

struct identity {
	char device[NAME_MAX_LEN + 1];
	enum role role;
	enum standing standing;
};

struct push {
	struct practice *practice; /* borrowed */
	const char *device;	   /* borrowed; "server" for the host's own heads */
	struct oid id;		   /* the pushed head */
	struct oid old_id;	   /* what the device takes for its last accepted head; zero: it does not say */
	/* 5 receive */
	struct store_txn *txn; /* owned; holds the quarantined objects */
	/* 6 verify */
	struct view *view;  /* owned; the log that it was judged against */
	struct first first; /* only while there is no genesis */
	struct head_limits granted;  /* what context.limits points to; not for the host's own heads */
	struct head_context context;
	struct head head;
	struct head_fault fault; /* of a refusal */
	/* 7 merge */
	struct oid merged;
	/* 8 publish */
	struct error outcome;		  /* STATUS_OK or STATUS_EXISTS: the head is in the log, durably */
	void (*done)(struct push *p);	  /* for merge_queue_add: told the outcome, on a job thread */
	void *ctx;			  /* of the caller, for `done` */
	struct push *next;		  /* the queue's */
};

/* "refs/devices/<device>" */
void push_ref_name(char out[LIMIT_REF_BYTES], const char *device);
/* True for failures of this server, not of the push: no refusal, the device shall try again. */
bool push_failed_here(enum status st);
/* Free what the push owns; what was not published is gone. */
void push_clear(struct push *p);

#endif
