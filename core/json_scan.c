/* core/json_scan.c - untrusted bytes in, a tree of a strict document out, or where the first fault is. */
#include <stdlib.h>
#include <string.h>

#include "core/json_token.h"

/* twin: what another document has in this place; NULL for nothing, or no other document. */
static enum status read_value(struct scanner *s, const struct json_path *path, int depth, const cJSON *twin, cJSON **out);

/* After an element or member: *more says whether another must follow. */
static enum status read_separator(struct scanner *s, const struct json_path *path, char closing, bool *more)
{
	scanner_skip_space(s);
	*more = scanner_next_is(s, ',');
	if (!*more && !scanner_next_is(s, closing))
		return scanner_malformed(
			s, path, closing == ']' ? "a comma or ] must stand here" : "a comma or } must stand here");
	s->at++;
	return STATUS_OK;
}

static enum status read_elements(struct scanner *s, const struct json_path *path, int depth, cJSON *array)
{
	struct json_path here = {.parent = path};
	bool more = true;

	for (; more; here.index++) {
		cJSON *item = NULL;
		enum status st = read_value(s, &here, depth, NULL, &item);

		if (st != STATUS_OK)
			return st;
		if (!cJSON_AddItemToArray(array, item)) {
			scanner_drop(s, item);
			return scanner_out_of_memory(s);
		}
		st = read_separator(s, path, ']', &more);
		if (st != STATUS_OK)
			return st;
	}
	return STATUS_OK;
}

/* The name of a member, and the colon behind it. *key is the caller's, to end with scanner_drop_text. */
static enum status read_name(char **key, struct scanner *s, const struct json_path *path)
{
	struct json_path here = {.parent = path};
	enum status st = STATUS_OK;
	char *name = NULL;

	scanner_skip_space(s);
	if (!scanner_next_is(s, '"'))
		return scanner_malformed(s, path, "a name in double quotes must stand here");
	st = scanner_read_string(s, path);
	if (st != STATUS_OK)
		return st;
	name = scanner_copy_string(s);
	if (!name)
		return scanner_out_of_memory(s);
	here.key = name;
	scanner_skip_space(s);
	if (!scanner_next_is(s, ':')) {
		st = scanner_malformed(s, &here, "a colon must stand behind the name");
		scanner_drop_text(s, name);
		return st;
	}
	s->at++;
	*key = name;
	return STATUS_OK;
}

/* Names are mostly sorted on both sides. */
static const cJSON *find_twin(const cJSON **twins, const char *key)
{
	while (*twins && json_compare_names((*twins)->string, key) < 0)
		*twins = (*twins)->next;
	return *twins && strcmp((*twins)->string, key) == 0 ? *twins : NULL;
}

/* twins: where the other document's members have been looked through to. */
static enum status read_member(struct scanner *s, const struct json_path *path, int depth, const cJSON **twins, cJSON *object)
{
	struct json_path here = {.parent = path};
	cJSON *item = NULL;
	char *key = NULL;
	enum status st = read_name(&key, s, path);

	if (st != STATUS_OK)
		return st;
	here.key = key;
	st = read_value(s, &here, depth, find_twin(twins, key), &item);
	if (st != STATUS_OK) {
		scanner_drop_text(s, key);
		return st;
	}
	item->string = key; /* the item's from now on */
	if (!cJSON_AddItemToArray(object, item)) {
		scanner_drop(s, item);
		return scanner_out_of_memory(s);
	}
	return STATUS_OK;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorted, so that an object of many members cannot cost the square of them. */
static enum status find_duplicate(struct scanner *s, const struct json_path *path, const cJSON *object)
{
	struct json_path here = {.parent = path};
	const cJSON *item = NULL;
	const char **keys = NULL;
	size_t len = 0;

	for (item = object->child; item; item = item->next)
		len++;
	if (len < 2)
		return STATUS_OK;
	keys = malloc(len * sizeof(keys[0]));
	if (!keys)
		return scanner_out_of_memory(s);
	len = 0;
	for (item = object->child; item; item = item->next)
		keys[len++] = item->string;
	qsort(keys, len, sizeof(keys[0]), by_text);
	for (size_t i = 1; i < len && !here.key; i++) {
		if (strcmp(keys[i - 1], keys[i]) == 0)
			here.key = keys[i];
	}
	if (here.key)
		scanner_forbid(s, &here, "the name stands twice in its object");
	free(keys);
	return STATUS_OK;
}

static enum status read_members(struct scanner *s, const struct json_path *path, int depth, const cJSON *twin, cJSON *object)
{
	const cJSON *last = NULL, *twins = cJSON_IsObject(twin) ? twin->child : NULL;
	bool more = true, sorted = true;

	while (more) {
		enum status st = read_member(s, path, depth, &twins, object);

		if (st == STATUS_OK)
			st = read_separator(s, path, '}', &more);
		if (st != STATUS_OK)
			return st;
		sorted = sorted && (!last || json_compare_names(last->string, last->next->string) < 0);
		last = last ? last->next : object->child;
	}
	if (sorted)
		return STATUS_OK; /* so none stands twice */
	s->doubtful = true;
	return find_duplicate(s, path, object);
}

/* The same bytes at the same depth: all that there is to say of them was said of the twin. */
static bool is_twin(const struct scanner *s, const cJSON *twin)
{
	size_t len = twin && twin->child ? (size_t)twin->valueint : 0;

	return len > 0 && len <= (size_t)(s->end - s->at) && memcmp(s->at, s->beside + (size_t)twin->valuedouble, len) == 0;
}

/* An array or object; `depth` levels are open already. */
static enum status read_container(struct scanner *s, const struct json_path *path, int depth, const cJSON *twin, cJSON **out)
{
	const char *start = s->at;
	bool is_array = *s->at == '[';
	enum status st = STATUS_OK;
	cJSON *value = NULL;

	if (depth == JSON_MAX_DEPTH)
		return scanner_fault(s, s->e, STATUS_TOO_BIG, path, "nested too deep");
	if (is_twin(s, twin)) {
		value = scanner_make(s, twin->type | cJSON_IsReference);
		if (!value)
			return scanner_out_of_memory(s);
		value->child = twin->child;
		s->at += twin->valueint;
		*out = value;
		return STATUS_OK;
	}
	value = scanner_make(s, is_array ? cJSON_Array : cJSON_Object);
	if (!value)
		return scanner_out_of_memory(s);
	s->at++;
	scanner_skip_space(s);
	if (scanner_next_is(s, is_array ? ']' : '}'))
		s->at++;
	else
		st = is_array ? read_elements(s, path, depth + 1, value) : read_members(s, path, depth + 1, twin, value);
	if (st != STATUS_OK) {
		scanner_drop(s, value);
		return st;
	}
	/* Where it stands: cJSON has no use for these two in a list or an object. */
	value->valuedouble = (double)(start - s->start);
	value->valueint = (int)(s->at - start);
	*out = value;
	return STATUS_OK;
}

static enum status read_value(struct scanner *s, const struct json_path *path, int depth, const cJSON *twin, cJSON **out)
{
	scanner_skip_space(s);
	if (scanner_next_is(s, '{') || scanner_next_is(s, '['))
		return read_container(s, path, depth, twin, out);
	if (scanner_next_is(s, '"'))
		return scanner_read_text(s, path, out);
	if (scanner_next_is(s, '-') || scanner_next_is_digit(s))
		return scanner_read_number(s, path, out);
	return scanner_read_word(s, path, out);
}

/* *doubtful: the bytes may not be the canonical form of the value. */
static enum status parse(cJSON **out, bool *doubtful, const char *bytes, size_t len, const struct json_reading *how, struct error *e)
{
	struct scanner s = {.start = bytes, .at = bytes, .end = bytes + len, .pool = how->pool, .beside = how->other_bytes, .e = e};
	enum status st = STATUS_OK;
	cJSON *value = NULL;

	if (len > JSON_MAX_BYTES)
		return error_set(e, STATUS_TOO_BIG, "top level: longer than %d bytes", JSON_MAX_BYTES);
	st = read_value(&s, NULL, 0, how->other, &value);
	if (st != STATUS_OK)
		goto done;
	scanner_skip_space(&s);
	if (s.at != s.end) {
		st = scanner_malformed(&s, NULL, "something follows behind the end");
	} else if (s.forbidden.status != STATUS_OK) {
		st = error_set(e, s.forbidden.status, "%s", s.forbidden.text);
	} else {
		*out = value;
		*doubtful = s.doubtful;
		value = NULL;
	}
done:
	scanner_drop(&s, value);
	buf_clear(&s.text);
	return st;
}

/* Written anew and compared. */
static enum status check_canonical(const cJSON *value, const char *bytes, size_t len, struct error *e)
{
	struct buf canonical = BUF_INIT;
	size_t same = 0;
	enum status st = json_canonical(&canonical, value);

	if (st != STATUS_OK) {
		st = error_set(e, st, "top level: %s", status_text(st));
		goto done;
	}
	while (same < len && same < canonical.len && (uint8_t)bytes[same] == canonical.data[same])
		same++;
	if (same != len || same != canonical.len)
		st = error_set(e, STATUS_FORBIDDEN_FORM,
			       "top level: not the canonical form of RFC 8785 (from byte %zu on)", same);
done:
	buf_clear(&canonical);
	return st;
}

enum status json_read(cJSON **out, const char *bytes, size_t len, const struct json_reading *how, struct error *e)
{
	cJSON *value = NULL;
	bool doubtful = false;
	enum status st = parse(&value, &doubtful, bytes, len, how, e);

	if (st == STATUS_OK && how->canonical && (doubtful || how->other))
		st = check_canonical(value, bytes, len, e);
	if (st == STATUS_OK)
		*out = value;
	else if (!how->pool)
		cJSON_Delete(value);
	return st;
}

enum status json_parse(cJSON **out, const char *bytes, size_t len, struct error *e)
{
	return json_read(out, bytes, len, &(struct json_reading){.canonical = false}, e);
}

enum status json_parse_canonical(cJSON **out, const char *bytes, size_t len, struct error *e)
{
	return json_read(out, bytes, len, &(struct json_reading){.canonical = true}, e);
}
