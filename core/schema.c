/* core/schema.c - the embedded schemas of all records: find the one that a record names and check the record against
 * it. A schema is opened when it is first needed, so that a kiosk pays for the two or three it uses. */
#include "core/schema.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/embed.h"
#include "core/schema_document.h"

#define MAX_FILES 64
#define RULES_PREFIX "rules-" /* the other kind of file in core_data */
#define FILE_SUFFIX ".json"

struct entry {
	char name[SCHEMA_NAME_MAX]; /* "action-1" */
	const struct embedded *file;
	_Atomic(struct schema_document *) document; /* opened under `lock`; NULL until first used */
};

static struct entry entries[MAX_FILES];
static size_t entries_len;
static bool overflow; /* a file found no place */
static pthread_once_t listed = PTHREAD_ONCE_INIT;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void list_files(void)
{
	for (const struct embedded *file = core_data; file->name; file++) {
		size_t len = strlen(file->name);

		if (strncmp(file->name, RULES_PREFIX, strlen(RULES_PREFIX)) == 0)
			continue;
		if (entries_len == MAX_FILES || len <= strlen(FILE_SUFFIX) ||
		    len - strlen(FILE_SUFFIX) >= SCHEMA_NAME_MAX) {
			overflow = true;
			continue;
		}
		memcpy(entries[entries_len].name, file->name, len - strlen(FILE_SUFFIX));
		entries[entries_len].file = file;
		entries_len++;
	}
}

static struct entry *find_entry(const char *type, int version)
{
	size_t len = strlen(type);

	(void)pthread_once(&listed, list_files);
	for (size_t i = 0; i < entries_len; i++) {
		const char *name = entries[i].name;
		char *end = NULL;

		if (name[0] == type[0] && strncmp(name, type, len) == 0 && name[len] == '-' && strtol(name + len + 1, &end, 10) == version &&
		    *end == '\0')
			return &entries[i];
	}
	return NULL;
}

static enum status open_entry(const struct schema_document **out, struct entry *entry, struct error *e)
{
	struct schema_document *d = atomic_load_explicit(&entry->document, memory_order_acquire);
	enum status st = STATUS_OK;

	if (!d) {
		(void)pthread_mutex_lock(&lock);
		d = entry->document;
		if (!d)
			st = schema_document_open(&d, (const char *)entry->file->bytes, entry->file->len, e);
		atomic_store_explicit(&entry->document, d, memory_order_release);
		(void)pthread_mutex_unlock(&lock);
	}
	*out = d;
	if (st != STATUS_OK)
		(void)error_prefix(e, st, "schema %s", entry->name);
	return st;
}

/* "<type>/<version>": a lower-case word, which may have hyphens, and a number without leading zeros. */
static bool read_name(struct schema_name *out, const char *text)
{
	size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz-");
	const char *number = text + len + 1;
	size_t digits = 0;
	int version = 0;

	if (len == 0 || text[0] == '-' || len >= SCHEMA_NAME_MAX || text[len] != '/')
		return false;
	digits = strspn(number, "0123456789");
	if (digits == 0 || digits > 4 || number[0] == '0' || number[digits] != '\0')
		return false;
	for (size_t i = 0; i < digits; i++)
		version = version * 10 + (number[i] - '0');
	memcpy(out->type, text, len);
	out->type[len] = '\0';
	out->version = version;
	return true;
}

enum status schema_name_of(struct schema_name *out, const cJSON *record, struct error *e)
{
	const char *text = json_string(record, "schema");

	if (!cJSON_IsObject(record))
		return error_set(e, STATUS_INVALID, "top level: must be an object");
	if (!json_get(record, "schema"))
		return error_set(e, STATUS_INVALID, "/schema: is required");
	if (!text || !read_name(out, text))
		return error_set(e, STATUS_INVALID, "/schema: must be a type and a version, as in action/1");
	return STATUS_OK;
}

enum status schema_check(const cJSON *record, struct error *e)
{
	const struct schema_document *document = NULL;
	struct schema_name name = {0};
	struct entry *entry = NULL;
	enum status st = schema_name_of(&name, record, e);

	if (st != STATUS_OK)
		return st;
	entry = find_entry(name.type, name.version);
	if (!entry)
		return error_set(e, STATUS_UNSUPPORTED, "/schema: this program does not know %s/%d; a newer one may",
				 name.type, name.version);
	st = open_entry(&document, entry, e);
	return st == STATUS_OK ? schema_document_check(document, record, e) : st;
}

const char *schema_text(const char *type, int version)
{
	const struct entry *entry = find_entry(type, version);

	return entry ? (const char *)entry->file->bytes : NULL;
}

const char *schema_file(size_t i)
{
	(void)pthread_once(&listed, list_files);
	return i < entries_len ? entries[i].name : NULL;
}

enum status schema_self_check(struct error *e)
{
	(void)pthread_once(&listed, list_files);
	if (overflow)
		return error_set(e, STATUS_TOO_BIG,
				 "more schema files, or longer names, than this program has room for");
	for (size_t i = 0; i < entries_len; i++) {
		const struct schema_document *document = NULL;
		enum status st = open_entry(&document, &entries[i], e);

		if (st != STATUS_OK)
			return st;
	}
	return STATUS_OK;
}
