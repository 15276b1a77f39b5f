/* core/merge.h - three-way merge of records and of trees: pure, versioned by its rules. Stage 7 runs it, stage 9 runs it again.
 *
 * No clock, randomness, locale or pointer order enters. For records: commutative, idempotent, and for any order of merges convergent,
 * because each slot is an observed-remove set of claims.
 */
#ifndef QIP_CORE_MERGE_H
#define QIP_CORE_MERGE_H

#include "core/record.h"
#include "core/tree.h"

/* Merge two records of one path. base may be NULL (created on both sides). STATUS_INVALID when they are of different types or ids,
 * STATUS_DENIED when one id stands for two different edits or entries. */
enum status merge_records(cJSON **out, const cJSON *base, const cJSON *ours, const cJSON *theirs, const struct rules *rules,
			  struct error *e) MUST_CHECK;

/* The same, and quicker: *out refers to pieces of base, ours and theirs, and is to be deleted before them. */
enum status merge_records_in_place(cJSON **out, const cJSON *base, const cJSON *ours, const cJSON *theirs, const struct rules *rules,
				   struct error *e) MUST_CHECK;

/* Merge trees and stage the result. Where one side deleted what the other changed, the change stays and its path is appended to
 * `kept`, one a line. What comes of two records keeps to their schema and size, or STATUS_TOO_BIG: else nobody could ever change it again. A zero id stands for the empty tree. */
enum status merge_trees(struct oid *out, struct buf *kept, struct repo *r, const struct oid *base, const struct oid *ours,
			const struct oid *theirs, const struct rules *rules, struct error *e) MUST_CHECK;

#endif
