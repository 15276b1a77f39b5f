/* client/cli/kiosks_show.c - how the practice's kiosks are doing, in words and as JSON. */
#include "client/cli/kiosks.h"

#include <string.h>

static const char *words_of(const char *trouble)
{
	static const struct {
		const char *code, *words;
	} known[] = {
		{"disk-full", "it has no room for answers, or soon none: see why they are not sent, or have its storage looked at"},
		{"disk-errors", "it cannot keep answers: its storage may be failing, have it replaced"},
		{"lost-records", "places of its journal were lost: its storage may be failing"},
		{"clock-unset", "it does not know what time it is: times of its answers are worked out from the server's"},
		{"sync-failing", "its syncs kept failing before the last one"},
	};

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (strcmp(known[i].code, trouble) == 0)
			return known[i].words;
	return trouble;
}

static bool is_silent(const struct kiosk *k)
{
	return k->joined && !k->ended && (k->silent_ms >= KIOSKS_SILENT_MS || !k->heard[0]);
}

static void age_text(char *out, size_t size, const char *at, int64_t now_ms)
{
	char age[40];
	int64_t at_ms = 0;

	if (time_parse(&at_ms, at) != STATUS_OK) {
		(void)snprintf(out, size, "%s", at);
		return;
	}
	cli_age(age, sizeof(age), now_ms > at_ms ? now_ms - at_ms : 0);
	(void)snprintf(out, size, "%s ago", age);
}

static void trouble_codes(struct buf *out, const struct kiosk *k)
{
	const cJSON *code = NULL;

	if (!k->joined)
		buf_adds(out, "not joined yet");
	else if (k->ended)
		buf_adds(out, "taken out of service");
	else if (is_silent(k))
		buf_adds(out, "silent");
	if (!k->joined || k->ended)
		return;
	if (k->doubt[0])
		buf_addf(out, "%sclone", out->len > 0 ? ", " : "");
	cJSON_ArrayForEach(code, json_get(k->health, "troubles"))
	{
		if (cJSON_IsString(code))
			buf_addf(out, "%s%s", out->len > 0 ? ", " : "", code->valuestring);
	}
}

static void add_row(struct table *t, const struct kiosk *k, int64_t now_ms)
{
	char heard[48] = "", answered[48] = "", last[24] = "none";
	struct buf troubles = BUF_INIT;

	if (k->heard[0])
		age_text(heard, sizeof(heard), k->heard, now_ms);
	else if (!k->ended)
		(void)snprintf(heard, sizeof(heard), "never");
	if (k->last > 0)
		(void)snprintf(last, sizeof(last), "%lld", (long long)k->last);
	if (k->answered[0])
		age_text(answered, sizeof(answered), k->answered, now_ms);
	trouble_codes(&troubles, k);
	table_add(t, (const char *const[]){k->id, k->site, heard, last, answered, buf_text(&troubles)});
	buf_clear(&troubles);
}

/* Who is in doubt sends nothing, and cannot tell which of two boxes it is: staff see that at its screen. */
static void print_doubt(FILE *out, const struct kiosk *k, int64_t now_ms)
{
	char said[48];

	age_text(said, sizeof(said), k->doubted, now_ms);
	fprintf(out, "%s: %s, %s. It keeps answers and sends none, until it has a name of its own: run `qip invite NEW-NAME --role kiosk%s%s`, and on the box "
		"whose page for staff says so `qip-kiosk join URL CODE`\n",
		k->id,
		strcmp(k->doubt, "head") == 0 ? "a box that has its name found answers at the server that are not its own: one of two copies, or set back to an older state"
					      : "a box that has its name is another than the one that joined, so a copy of its card may be in use",
		said, k->site[0] ? " --site " : "", k->site);
}

static void print_troubles(FILE *out, const struct kiosk *k, int64_t now_ms)
{
	const cJSON *code = NULL;
	char told[48] = "long ago";

	if (k->ended || !k->joined)
		return;
	if (is_silent(k))
		fprintf(out, "%s: %s: is it on, and has it a network? It keeps its answers meanwhile\n", k->id,
			k->heard[0] ? "nothing has come from it for more than a week" : "nothing has ever come from it, or too long ago");
	if (k->doubt[0])
		print_doubt(out, k, now_ms);
	if (k->told[0])
		age_text(told, sizeof(told), k->told, now_ms);
	cJSON_ArrayForEach(code, json_get(k->health, "troubles"))
	{
		if (cJSON_IsString(code))
			fprintf(out, "%s: by its own word, %s: %s\n", k->id, told, words_of(code->valuestring));
	}
}

enum status kiosks_print(struct cli *c, const struct kiosks *k, struct error *e)
{
	static const struct table_column columns[] = {
		{.title = "Kiosk", .gives = 1}, {.title = "Site", .gives = 1},	    {.title = "Last heard"},
		{.title = "Last number", .right = true}, {.title = "It came"}, {.title = "Trouble", .gives = 2, .bold = true},
	};
	struct table t;
	enum status st = STATUS_OK;

	if (k->len == 0)
		return STATUS_OK;
	table_init(&t, columns, ARRAY_LEN(columns));
	for (size_t i = 0; i < k->len; i++)
		add_row(&t, &k->list[i], qip_now_ms(c->q));
	fprintf(c->out, "\n");
	st = table_print(c->out, &t, c->bold, e);
	table_clear(&t);
	for (size_t i = 0; i < k->len && st == STATUS_OK; i++)
		print_troubles(c->out, &k->list[i], qip_now_ms(c->q));
	return st;
}

cJSON *kiosks_json(const struct kiosks *k)
{
	cJSON *out = cJSON_CreateArray();

	for (size_t i = 0; i < k->len; i++) {
		const struct kiosk *kiosk = &k->list[i];
		cJSON *item = cJSON_CreateObject();

		put_string(&item, "device", kiosk->id);
		put_string(&item, "site", kiosk->site);
		put_number(&item, "last", kiosk->last);
		put_string(&item, "last_answer", kiosk->at);
		put_string(&item, "answer_received", kiosk->answered);
		put_string(&item, "heard", kiosk->heard);
		put_bool(&item, "silent", is_silent(kiosk));
		put_bool(&item, "ended", kiosk->ended);
		put_string(&item, "health_received", kiosk->told);
		if (kiosk->doubt[0]) {
			put_string(&item, "doubt", kiosk->doubt);
			put_string(&item, "doubt_said", kiosk->doubted);
		}
		if (kiosk->health)
			put_item(&item, "health", cJSON_Duplicate(kiosk->health, true));
		push_item(&out, item);
	}
	return out;
}
