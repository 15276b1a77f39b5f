#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/schema.h"
#include "core/schema_document.h"

#define ID "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"
#define ID2 "017f22e2-79b0-7cc3-98c4-dc0c0c073990"
#define TIME "2022-06-06T09:30:00.000Z"
#define KEY                                                                                                     \
	"ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBEmKSENjQEezOmxkZMy7opKgwFB9nkt5Y" \
	"RrYMjNuG5N87uRgg6CLrbo5wAdT/y6v0mKV0U2w0WZ2YB/++Tpockg="
#define SIGNATURE "-----BEGIN SSH SIGNATURE-----\\nU1NIU0lHAAAAAQ==\\n-----END SSH SIGNATURE-----"
#define RAW32 "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
#define RAW80 RAW32 RAW32 "AAECAwQFBgcICQoLDA0OD"
#define SHA "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define STAMP_OF(id) "\"id\":\"" id "\",\"device\":\"kib-desk\",\"n\":1,\"by\":\"manager\",\"effective\":\"2022-06-06\",\"at\":\"" TIME "\""
#define ENTRY "\"device\":\"kib-desk\",\"by\":\"staff\",\"effective\":\"2022-06-06\",\"at\":\"" TIME "\""

static const char practice[] =
	"{\"schema\":\"practice/1\",\"ods\":\"C82999\",\"name\":\"Harborough Vale Medical Group (sample)\",\"pcn\":\"U12345\",\"icb\":\"QK1\","
	"\"root_key\":\"" KEY "\",\"schema_level\":1,\"server_keys\":[{\"key\":\"" KEY "\",\"signature\":\"" SIGNATURE "\"}],"
	"\"edits\":{\"pcn\":[{" STAMP_OF(ID) "}]},"
	"\"conflicts\":{\"name\":[{" STAMP_OF(ID) ",\"value\":\"A\"},{" STAMP_OF(ID2) ",\"value\":null}]}}";

static const char site[] = "{\"schema\":\"site/1\",\"id\":\"kibworth\",\"name\":\"Kibworth\",\"ods\":\"C82999001\","
			   "\"local_authority\":\"E10000018\",\"kiosk\":{\"languages\":[\"en\",\"pt-BR\"],\"drafts\":true,\"hours\":{\"mon\":[\"08:00\",\"18:30\"]},"
			   "\"read_aloud\":false,\"pin\":{\"hash\":\"" SHA "\",\"rounds\":50000,\"salt\":\"00112233445566778899aabbccddeeff\"}},"
			   "\"edits\":{\"name\":[{" STAMP_OF(ID) "}],\"kiosk/read_aloud\":[{" STAMP_OF(ID) "}]},"
			   "\"conflicts\":{\"kiosk/hours\":[{" STAMP_OF(ID) ",\"value\":{\"mon\":[\"08:00\",\"18:30\"]}},{" STAMP_OF(ID2) ",\"value\":null}]}}";

static const char device[] =
	"{\"schema\":\"device/1\",\"id\":\"kib-kiosk\",\"role\":\"kiosk\",\"site\":\"kibworth\","
	"\"invite\":{\"key\":\"" KEY "\",\"by\":\"kib-desk\",\"at\":\"" TIME "\",\"signature\":\"" SIGNATURE "\"},"
	"\"enrolment\":{\"key\":\"" KEY "\",\"seal_key\":\"" RAW32 "\",\"at\":\"" TIME "\",\"proof\":\"" SIGNATURE "\"},"
	"\"retired\":{\"by\":\"kib-desk\",\"at\":\"" TIME "\"},\"revoked\":{\"by\":\"kib-desk\",\"at\":\"" TIME "\",\"reason\":\"stolen\"}}";

static const char key[] = "{\"schema\":\"key/1\",\"generation\":1,\"public_key\":\"" RAW32 "\",\"by\":\"root\",\"at\":\"" TIME "\","
			  "\"signature\":\"" SIGNATURE "\",\"without\":[\"fle-desk\",\"more\"],\"wrapped\":{\"kib-desk\":\"" RAW80 "\"},"
			  "\"recovery\":{\"public_key\":\"" RAW32 "\",\"wrapped\":\"" RAW80 "\"}}";

static const char survey[] =
	"{\"schema\":\"survey/1\",\"id\":\"fft\",\"version\":1,\"questions\":["
	"{\"id\":\"experience\",\"kind\":\"choice\",\"text\":{\"en\":{\"text\":\"How was it?\",\"status\":\"official\"}},"
	"\"options\":[{\"id\":\"very-good\",\"text\":{\"en\":{\"text\":\"Very good\",\"status\":\"official\"}}},"
	"{\"id\":\"poor\",\"text\":{\"en\":{\"text\":\"Poor\",\"status\":\"draft\"},\"pt-BR\":{\"text\":\"Ruim\",\"status\":\"reviewed\"}}}]},"
	"{\"id\":\"comment\",\"kind\":\"text\",\"optional\":true,\"text\":{\"en\":{\"text\":\"Why?\",\"status\":\"official\"}}},"
	"{\"id\":\"wait\",\"kind\":\"rating\",\"text\":{\"en\":{\"text\":\"The wait?\",\"status\":\"official\"}}},"
	"{\"id\":\"again\",\"kind\":\"yes-no\",\"text\":{\"en\":{\"text\":\"Again?\",\"status\":\"official\"}}}]}";

static const char feedback[] =
	"{\"schema\":\"feedback/1\",\"id\":\"" ID "\",\"device\":\"kib-kiosk\",\"seq\":1,\"site\":\"kibworth\","
	"\"survey\":{\"id\":\"fft\",\"version\":1},\"mode\":\"kiosk\",\"language\":\"en\","
	"\"answers\":{\"experience\":\"very-good\",\"wait\":4,\"again\":true},"
	"\"recorded\":{\"at\":\"" TIME "\",\"quality\":\"unknown\",\"earliest\":\"" TIME "\",\"latest\":\"" TIME "\"},"
	"\"comment\":{\"sha256\":\"" SHA "\",\"size\":60,\"publish\":false,\"key\":1}}";

static const char void_record[] = "{\"schema\":\"void/1\",\"id\":\"" ID "\",\"device\":\"kib-kiosk\",\"seq\":2,\"reason\":\"refused\"}";
static const char lost[] = "{\"schema\":\"lost/1\",\"id\":\"" ID "\",\"device\":\"kib-kiosk\",\"seq\":3,\"reason\":\"damaged\"}";

static const char erasure[] = "{\"schema\":\"erasure/1\",\"id\":\"" ID "\",\"device\":\"kib-desk\",\"at\":\"" TIME
			      "\",\"reason\":\"The patient asked for it.\",\"feedback\":\"" ID2 "\",\"devices\":[\"kib-kiosk\"],\"blobs\":[\"" SHA "\"]}";
static const char incident[] = "{\"schema\":\"incident/1\",\"id\":\"" ID "\",\"restored\":\"" TIME "\",\"backup\":\"" TIME "\","
			       "\"commit\":\"4b825dc642cb6eb9a060e54bf8d69288fbee4904\",\"index\":7,\"known\":9,\"unheard\":[\"kib-kiosk\"]}";

static const char retired_key[] = "{\"schema\":\"retired-key/1\",\"id\":\"4b825dc642cb6eb9a060e54bf8d69288fbee4904\",\"key\":\"" KEY
				  "\",\"signature\":\"" SIGNATURE "\",\"device\":\"kib-desk\",\"at\":\"" TIME "\"}";

static const char checkpoint[] = "{\"schema\":\"checkpoint/1\",\"device\":\"kib-desk\",\"main\":\"4b825dc642cb6eb9a060e54bf8d69288fbee4904\","
				 "\"index\":7,\"at\":\"" TIME "\"}";

static const char action[] =
	"{\"schema\":\"action/1\",\"id\":\"" ID "\",\"ref\":\"QIP-07\",\"source\":\"CQC inspection April 2022\",\"finding\":\"f\","
	"\"key_question\":\"well-led\",\"action\":\"a\",\"success_measure\":\"m\",\"owner_role\":\"Lead pharmacist\","
	"\"start_date\":\"2022-06-06\",\"due_date\":\"2022-12-31\",\"driver\":\"role clarity\",\"public_summary\":\"p\","
	"\"risk_initial\":{\"likelihood\":4,\"consequence\":5},\"risk_target\":{\"likelihood\":1,\"consequence\":5},"
	"\"risk_current\":{\"likelihood\":2,\"consequence\":5},\"status\":\"amber\",\"sites\":[\"all\",\"kibworth\"],"
	"\"regulations\":[\"12\",\"20A\"],\"notes\":{\"" ID "\":{" ENTRY ",\"text\":\"n\"}},"
	"\"evidence\":{\"" ID "\":{" ENTRY ",\"title\":\"Alert log\",\"link\":\"https://example.org/\"}},"
	"\"reviews\":{\"" ID "\":{" ENTRY ",\"outcome\":\"embedded\",\"text\":\"r\"}},"
	"\"edits\":{\"sites/kibworth\":[{" STAMP_OF(ID) "}],\"ref\":[{" STAMP_OF(ID) "},{" STAMP_OF(ID2) "}]},"
	"\"conflicts\":{\"risk_current\":[{" STAMP_OF(ID) ",\"value\":{\"likelihood\":2,\"consequence\":5}},{" STAMP_OF(ID2) ",\"value\":null}],"
	"\"status\":[{" STAMP_OF(ID) ",\"value\":\"red\"},{" STAMP_OF(ID2) ",\"value\":\"amber\"}]}}";

static const char inspection[] =
	"{\"schema\":\"inspection/1\",\"id\":\"" ID "\",\"provider\":\"Harborough Vale\",\"framework\":\"2014 key lines of enquiry\","
	"\"inspected_on\":\"2022-04-28\",\"published_on\":\"2022-05-30\",\"overall\":\"requires-improvement\",\"report_link\":\"https://example.org/\","
	"\"ratings\":{\"caring\":{\"rating\":\"good\",\"carried_forward\":true},\"safe\":{\"rating\":\"not-rated\",\"carried_forward\":false}},"
	"\"breaches\":[\"12\",\"17\"],\"findings\":{\"" ID "\":{" ENTRY ",\"text\":\"f\",\"regulation\":\"12\"}},"
	"\"conflicts\":{\"ratings/caring\":[{" STAMP_OF(ID) ",\"value\":{\"rating\":\"good\",\"carried_forward\":true}},"
	"{" STAMP_OF(ID2) ",\"value\":null}]}}";

#define COUNTS_OPTIONS "{\"very-good\":60,\"good\":30,\"neither\":8,\"poor\":4,\"very-poor\":3,\"dont-know\":3}"
#define COUNTS_MODES "{\"kiosk\":80,\"handwritten\":8,\"telephone\":5,\"sms\":10,\"online\":5,\"other\":0}"

/* One full record of each type of what practices report and others say. */
static const char *const reports[] = {
	"{\"schema\":\"icb-note/1\",\"id\":\"" ID "\",\"device\":\"lead-icb\",\"by\":\"icb\",\"at\":\"" TIME "\",\"about\":\"" ID2 "\",\"text\":\"Overdue?\"}",
	"{\"schema\":\"return/1\",\"month\":\"2022-06\",\"totals\":{\"options\":" COUNTS_OPTIONS ",\"modes\":" COUNTS_MODES "},"
	"\"submitted\":\"2022-07-08\",\"remark\":\"r\",\"conflicts\":{\"totals\":[{" STAMP_OF(ID) ",\"value\":{\"options\":" COUNTS_OPTIONS ",\"modes\":"
	COUNTS_MODES "}},{" STAMP_OF(ID2) ",\"value\":null}]}}",
	"{\"schema\":\"theme/1\",\"id\":\"" ID "\",\"title\":\"Telephones\",\"said\":\"s\",\"decision\":\"d\",\"did\":\"w\",\"outcome\":\"o\",\"from\":\"2022-04-01\","
	"\"to\":\"2022-06-30\",\"status\":\"in-progress\",\"improved\":\"partly\",\"publish\":true,\"sites\":[\"all\"],\"actions\":[\"" ID2 "\"],"
	"\"notes\":{\"" ID "\":{" ENTRY ",\"text\":\"n\"}},\"edits\":{\"actions/" ID2 "\":[{" STAMP_OF(ID) "}]}}",
	"{\"schema\":\"opel/1\",\"week\":\"2022-W49\",\"level\":3,\"causes\":[\"staffing\"],\"mitigation\":\"m\",\"support\":\"s\","
	"\"notes\":{\"" ID "\":{" ENTRY ",\"text\":\"n\"}},\"conflicts\":{\"level\":[{" STAMP_OF(ID) ",\"value\":3},{" STAMP_OF(ID2) ",\"value\":2}]}}",
	"{\"schema\":\"access/1\",\"month\":\"2022-10\",\"sites\":{\"kibworth\":{\"face-to-face\":{\"attended\":812,\"did_not_attend\":31},"
	"\"enhanced\":{\"offered\":60,\"used\":52}}},\"source\":\"s\",\"remark\":\"r\",\"edits\":{\"sites/kibworth\":[{" STAMP_OF(ID) "}]}}",
	"{\"schema\":\"ppg/1\",\"id\":\"" ID "\",\"name\":\"Kibworth PPG\",\"status\":\"being-re-established\",\"contact_role\":\"Chair\",\"members\":12,\"about\":\"a\","
	"\"sites\":[\"kibworth\"],\"meetings\":{\"" ID "\":{" ENTRY ",\"attended\":9,\"text\":\"m\"}},"
	"\"outreach\":{\"" ID2 "\":{" ENTRY ",\"where\":\"Library\",\"reached\":40,\"text\":\"o\"}}}",
	"{\"schema\":\"toolkit/1\",\"version\":\"2023-24\",\"title\":\"T\",\"device\":\"lead-icb\",\"at\":\"" TIME "\",\"domains\":[{\"id\":\"safeguarding\","
	"\"title\":\"Safeguarding\",\"statements\":[{\"id\":\"sg-1\",\"text\":\"There is a lead.\",\"guidance\":\"g\"}]}]}",
	"{\"schema\":\"toolkit-answer/1\",\"toolkit\":\"2023-24\",\"statement\":\"sg-1\",\"answer\":\"partly-met\",\"rationale\":\"r\",\"actions\":[\"" ID "\"],"
	"\"support\":{\"" ID "\":{\"provider\":\"lmc\",\"need\":\"n\",\"status\":\"agreed\",\"outcome\":\"o\"}},"
	"\"evidence\":{\"" ID2 "\":{" ENTRY ",\"title\":\"Policy\",\"link\":\"https://example.org/\"}}}",
	"{\"schema\":\"triage/1\",\"id\":\"" ID "\",\"status\":\"acted\",\"concern\":\"none\",\"publication\":\"publish\",\"released\":{\"sha256\":\"" SHA
	"\",\"size\":60,\"key\":1},\"themes\":[\"" ID "\"],\"actions\":[\"" ID2 "\"],\"flags\":[\"rapid-repeat\"],\"escalation\":{\"to\":\"safeguarding lead\",\"due\":\"2022-06-08\"},"
	"\"escalation_met\":\"2022-06-07\",\"conflicts\":{\"escalation\":[{" STAMP_OF(ID) ",\"value\":{\"to\":\"safeguarding lead\",\"due\":\"2022-06-08\"}},"
	"{" STAMP_OF(ID2) ",\"value\":null}]}}",
	"{\"schema\":\"health/1\",\"device\":\"kib-kiosk\",\"number\":1,\"at\":\"" TIME "\",\"quality\":\"estimated\",\"last\":12,\"waiting\":0,\"last_sync\":\"" TIME
	"\",\"free_bytes\":1000000,\"starts\":3,\"program\":\"0.1.0~rc1\"}",
	"{\"schema\":\"clock/1\",\"device\":\"kib-kiosk\",\"seq\":1,\"boot\":\"017f22e2-79b0\",\"monotonic_ms\":5,\"server_time\":\"" TIME "\",\"error_ms\":40}",
	"{\"schema\":\"ack/1\",\"device\":\"kib-kiosk\",\"id\":\"" ID "\",\"did\":\"erased\",\"at\":\"" TIME "\"}",
	"{\"schema\":\"person/1\",\"id\":\"" ID "\",\"name\":{\"sha256\":\"" SHA "\",\"size\":60,\"key\":1},\"job\":\"practice manager\","
	"\"left\":\"2022-06-06\",\"edits\":{\"job\":[{" STAMP_OF(ID) ",\"person\":\"" ID2 "\"}]}}",
};

/* The smallest record of each type that is whole. */
static const char *const smallest[] = {
	"{\"schema\":\"practice/1\",\"ods\":\"C82999\",\"name\":\"N\",\"root_key\":\"" KEY "\",\"schema_level\":1,\"server_keys\":[]}",
	"{\"schema\":\"site/1\",\"id\":\"kibworth\",\"name\":\"Kibworth\"}",
	"{\"schema\":\"device/1\",\"id\":\"icb\",\"role\":\"icb\",\"invite\":{\"key\":\"" KEY "\",\"by\":\"server\",\"at\":\"" TIME
	"\",\"signature\":\"" SIGNATURE "\"}}",
	"{\"schema\":\"action/1\",\"id\":\"" ID "\",\"ref\":\"QIP-01\"}",
	"{\"schema\":\"inspection/1\",\"id\":\"" ID "\"}",
	"{\"schema\":\"feedback/1\",\"id\":\"" ID "\",\"device\":\"d\",\"seq\":9007199254740991,\"site\":\"s\",\"survey\":{\"id\":\"fft\",\"version\":1},"
	"\"mode\":\"other\",\"language\":\"gu\",\"answers\":{},\"recorded\":{\"at\":\"" TIME "\",\"quality\":\"estimated\",\"earliest\":\"" TIME
	"\",\"latest\":\"" TIME "\"}}",
};

static cJSON *must_parse(const char *text)
{
	struct error e = {0};
	cJSON *value = NULL;

	if (json_parse(&value, text, strlen(text), &e) != STATUS_OK)
		fail_msg("%s in %s", e.text, text);
	return value;
}

/* The child that one step of a pointer names. */
static cJSON *step(cJSON *value, const char *name)
{
	return cJSON_IsArray(value) ? cJSON_GetArrayItem(value, atoi(name)) : cJSON_GetObjectItemCaseSensitive(value, name);
}

/* Put `json` (NULL: nothing) where the pointer says; what stood there goes. */
static void change(cJSON *record, const char *pointer, const char *json)
{
	char path[256];
	char *name = path + 1;
	cJSON *parent = record;
	char *next = NULL;

	assert_in_range(strlen(pointer), 2, sizeof(path) - 1);
	strcpy(path, pointer);
	while ((next = strchr(name, '/')) != NULL) {
		*next = '\0';
		parent = step(parent, name);
		assert_non_null(parent);
		name = next + 1;
	}
	for (char *tilde = strstr(name, "~1"); tilde; tilde = strstr(name, "~1")) {
		*tilde = '/';
		memmove(tilde + 1, tilde + 2, strlen(tilde + 2) + 1);
	}
	if (cJSON_IsArray(parent)) {
		cJSON_DeleteItemFromArray(parent, atoi(name));
		if (json)
			cJSON_InsertItemInArray(parent, atoi(name), must_parse(json));
	} else if (json) {
		assert_int_equal(json_set(parent, name, must_parse(json)), STATUS_OK);
	} else {
		cJSON_DeleteItemFromObjectCaseSensitive(parent, name);
	}
}

/* One change to a good record, and what is said of it. */
struct broken {
	const char *pointer, *json, *said;
};

static void assert_broken(const char *good, const struct broken *cases, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		struct error e = {0};
		cJSON *record = must_parse(good);

		change(record, cases[i].pointer, cases[i].json);
		assert_int_equal(schema_check(record, &e), STATUS_INVALID);
		assert_int_equal(e.status, STATUS_INVALID);
		assert_string_equal(e.text, cases[i].said);
		assert_int_equal(schema_check(record, NULL), STATUS_INVALID);
		cJSON_Delete(record);
	}
}

#define NAME_WORDS "a short name of lower-case letters, digits and hyphens, at most 40"
#define ID_WORDS "an id: a UUID of version 7 in lower case"
#define DAY_WORDS "a day, as in 2022-06-06"
#define TIME_WORDS "a time in UTC with milliseconds, as in 2022-06-06T09:30:00.000Z"
#define NOT_A_FIELD "is not a field that belongs here"
#define SLOT_WORDS "a field of this record, or field/key for an element of a set or map"

static void good_records_of_every_type_pass(void **state)
{
	static const char *const full[] = {practice, site,	  device, key,	  survey,
					   feedback, void_record, lost,   action, inspection, erasure, incident, retired_key,
					   checkpoint};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(full) + ARRAY_LEN(smallest); i++) {
		const char *text = i < ARRAY_LEN(full) ? full[i] : smallest[i - ARRAY_LEN(full)];
		struct error e = {0};
		cJSON *record = must_parse(text);

		if (schema_check(record, &e) != STATUS_OK)
			fail_msg("%s in %s", e.text, text);
		cJSON_Delete(record);
	}
}

static void a_broken_practice_is_named(void **state)
{
	static const struct broken cases[] = {
		{"/ods", "\"c82999\"", "/ods: must be an ODS code of a letter and five digits, as in C82999"},
		{"/ods", NULL, "/ods: is required"},
		{"/name", "\"\"", "/name: must not be empty"},
		{"/root_key", "\"ssh-rsa AAAA\"", "/root_key: must be an SSH public key line (ecdsa-sha2-nistp256) without a comment"},
		{"/root_key", "\"" KEY " comment\"", "/root_key: must be an SSH public key line (ecdsa-sha2-nistp256) without a comment"},
		{"/schema_level", "0", "/schema_level: must be at least 1"},
		{"/server_keys/0/signature", "\"x\"", "/server_keys/0/signature: must be an armored SSH signature"},
		{"/server_keys/0/key", NULL, "/server_keys/0/key: is required"},
		{"/server_keys", "{}", "/server_keys: must be a list"},
		{"/pcn", "\"X1\"", "/pcn: must be the ODS code of a PCN, as in U12345"},
		{"/phone", "\"0116\"", "/phone: " NOT_A_FIELD},
		{"/edits/Bad~1slot!", "[]", "/edits/Bad~1slot!: the name must be " SLOT_WORDS},
	};

	(void)state;
	assert_broken(practice, cases, ARRAY_LEN(cases));
}

static void a_broken_site_is_named(void **state)
{
	static const struct broken cases[] = {
		{"/id", "\"Great Glen\"", "/id: must be " NAME_WORDS},
		{"/id", "\"../glen\"", "/id: must be " NAME_WORDS},
		{"/id", "\"a1234567890123456789012345678901234567890\"", "/id: must be " NAME_WORDS},
		{"/name", NULL, "/name: is required"},
		{"/name", "7", "/name: must be a text"},
		{"/local_authority", "\"Rutland\"", "/local_authority: must be a GSS code, as in E10000018"},
		{"/edits/name", "[]", "/edits/name: must have at least 1 entries, has 0"},
		{"/edits/name/0/n", "0", "/edits/name/0/n: must be at least 1"},
		{"/edits/name/0/value", "1", "/edits/name/0/value: " NOT_A_FIELD},
		{"/kiosk/languages/1", "\"Polish\"", "/kiosk/languages/1: must be a language tag, as in en or pt-BR"},
		{"/kiosk/drafts", "\"on\"", "/kiosk/drafts: must be true or false"},
		{"/kiosk/hours/mon/0", "\"8:00\"", "/kiosk/hours/mon/0: must be a time of the day, as in 08:30"},
		{"/kiosk/hours/mon", "[\"08:00\"]", "/kiosk/hours/mon: must have at least 2 entries, has 1"},
		{"/kiosk/hours/day", "[\"08:00\",\"09:00\"]", "/kiosk/hours/day: " NOT_A_FIELD},
		{"/kiosk/pin/salt", NULL, "/kiosk/pin/salt: is required"},
		{"/kiosk/pin/hash", "\"1234\"", "/kiosk/pin/hash: must be 64 hexadecimal digits in lower case"},
		{"/kiosk/volume", "1", "/kiosk/volume: " NOT_A_FIELD},
		{"/conflicts/kiosk~1hours",
		 "[{" STAMP_OF(ID) ",\"value\":{\"mon\":[\"08:00\",\"25:00\"]}},{" STAMP_OF(ID2) ",\"value\":null}]", "/conflicts/kiosk~1hours/0/value/mon/1: must be a time of the day, as in 08:30"},
	};

	(void)state;
	assert_broken(site, cases, ARRAY_LEN(cases));
}

static void a_broken_device_is_named(void **state)
{
	static const struct broken cases[] = {
		{"/role", "\"owner\"", "/role: must be one of kiosk, staff, manager, icb, auditor"},
		{"/invite", NULL, "/invite: is required"},
		{"/invite/by", "\"\"", "/invite/by: must be " NAME_WORDS},
		{"/invite/at", "\"2022-06-06T09:30:00Z\"", "/invite/at: must be " TIME_WORDS},
		{"/enrolment/seal_key", "\"AAAA\"", "/enrolment/seal_key: must be 32 bytes in base64url"},
		{"/enrolment/proof", NULL, "/enrolment/proof: is required"},
		{"/retired/at", "\"yesterday\"", "/retired/at: must be " TIME_WORDS},
		{"/revoked/reason", "[]", "/revoked/reason: must be a text"},
		{"/site", "null", "/site: must be a text"},
	};

	(void)state;
	assert_broken(device, cases, ARRAY_LEN(cases));
}

static void a_broken_comment_key_is_named(void **state)
{
	static const struct broken cases[] = {
		{"/generation", "\"1\"", "/generation: must be a whole number"},
		{"/public_key", "\"" RAW32 "=\"", "/public_key: must be 32 bytes in base64url"},
		{"/wrapped", NULL, "/wrapped: is required"},
		{"/wrapped/Desk", "\"" RAW80 "\"", "/wrapped/Desk: the name must be " NAME_WORDS},
		{"/wrapped/kib-desk", "\"*\"", "/wrapped/kib-desk: must be sealed bytes in base64url"},
		{"/without", "[]", "/without: must have at least 1 entries, has 0"},
		{"/without/0", "\"Desk\"", "/without/0: must be " NAME_WORDS},
		{"/without/1", "\"fle-desk\"", "/without/1: stands twice"},
	};

	(void)state;
	assert_broken(key, cases, ARRAY_LEN(cases));
}

static void a_broken_end_of_a_servers_key_is_named(void **state)
{
	static const struct broken cases[] = {
		{"/id", "\"4b825dc642cb\"", "/id: must be 40 hexadecimal digits in lower case"},
		{"/key", NULL, "/key: is required"},
		{"/signature", "\"x\"", "/signature: must be an armored SSH signature"},
		{"/device", NULL, "/device: is required"},
		{"/reason", "\"x\"", "/reason: " NOT_A_FIELD},
	};

	(void)state;
	assert_broken(retired_key, cases, ARRAY_LEN(cases));
}

static void a_broken_erasure_is_named(void **state)
{
	static const struct broken cases[] = {
		{"/blobs", "[]", "/blobs: must have at least 1 entries, has 0"},
		{"/blobs", "[\"" SHA "\",\"" SHA "\"]", "/blobs/1: stands twice"},
		{"/blobs/0", "\"" ID "\"", "/blobs/0: must be 64 hexadecimal digits in lower case"},
		{"/blobs/0", "\"../../../../../../../../../../../../../../../../../../etc/passwd\"",
		 "/blobs/0: must be 64 hexadecimal digits in lower case"},
		{"/reason", "\"\"", "/reason: must not be empty"},
		{"/feedback", "\"1\"", "/feedback: must be " ID_WORDS},
		{"/text", "\"I saw Dr Smith\"", "/text: " NOT_A_FIELD},
	};

	(void)state;
	assert_broken(erasure, cases, ARRAY_LEN(cases));
}

static void reports_and_what_others_say_pass_whole_and_closed(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(reports); i++) {
		static const struct broken cases[] = {{"/patient", "\"Ann\"", "/patient: " NOT_A_FIELD}};
		struct error e = {0};
		cJSON *record = must_parse(reports[i]);

		if (schema_check(record, &e) != STATUS_OK)
			fail_msg("%s in %s", e.text, reports[i]);
		assert_broken(reports[i], cases, ARRAY_LEN(cases));
		cJSON_Delete(record);
	}
}

static void a_broken_report_is_named(void **state)
{
	static const struct {
		size_t record;
		struct broken fault;
	} cases[] = {
		{0, {"/by", "\"staff\"", "/by: must be one of icb, auditor"}},
		{1, {"/totals/options/dont-know", NULL, "/totals/options/dont-know: is required"}},
		{1, {"/totals/modes/kiosk", "-1", "/totals/modes/kiosk: must be at least 0"}},
		{1, {"/month", "\"2022-13\"", "/month: must be a month, as in 2022-06"}},
		{3, {"/level", "5", "/level: must be at most 4"}},
		{3, {"/week", "\"2022-W54\"", "/week: must be an ISO week, as in 2022-W49"}},
		{4, {"/sites/kibworth/carrier-pigeon", "{}", "/sites/kibworth/carrier-pigeon: " NOT_A_FIELD}},
		{6, {"/domains/0/statements", "[]", "/domains/0/statements: must have at least 1 entries, has 0"}},
		{7, {"/answer", "\"yes\"", "/answer: must be one of met, partly-met, not-met, not-applicable"}},
		{8, {"/released/text", "\"plain\"", "/released/text: " NOT_A_FIELD}},
		{8, {"/flags/0", "\"She was rude.\"", "/flags/0: must be " NAME_WORDS}},
		{11, {"/did", "\"nothing\"", "/did: must be one of erased"}},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_broken(reports[cases[i].record], &cases[i].fault, 1);
}

static void a_broken_checkpoint_is_named(void **state)
{
	static const struct broken cases[] = {
		{"/main", "\"4b825dc\"", "/main: must be a git commit id of 40 lower-case hex digits"},
		{"/main", "\"4B825DC642CB6EB9A060E54BF8D69288FBEE4904\"", "/main: must be a git commit id of 40 lower-case hex digits"},
		{"/index", "0", "/index: must be at least 1"},
		{"/index", NULL, "/index: is required"},
		{"/device", "\"Desk\"", "/device: must be " NAME_WORDS},
		{"/at", "\"today\"", "/at: must be " TIME_WORDS},
		{"/note", "\"hello\"", "/note: " NOT_A_FIELD},
	};

	(void)state;
	assert_broken(checkpoint, cases, ARRAY_LEN(cases));
}

static void a_broken_survey_is_named_by_the_kind_of_question(void **state)
{
	static const struct broken cases[] = {
		{"/questions/0/kind", "\"slider\"", "/questions/0: has none of the allowed forms"},
		{"/questions/0/options", NULL, "/questions/0/options: is required"},
		{"/questions/0/options/1/id", "\"Very Good\"", "/questions/0/options/1/id: must be " NAME_WORDS},
		{"/questions/1/options", "[]", "/questions/1/options: " NOT_A_FIELD},
		{"/questions/2/text/en/status", "\"final\"", "/questions/2/text/en/status: must be one of official, reviewed, draft"},
		{"/questions/3/text/english", "{}", "/questions/3/text/english: the name must be a language tag, as in en or pt-BR"},
		{"/questions/3/text", "{}", "/questions/3/text: must have at least 1 members, has 0"},
		{"/questions", "[]", "/questions: must have at least 1 entries, has 0"},
		{"/version", "0", "/version: must be at least 1"},
	};

	(void)state;
	assert_broken(survey, cases, ARRAY_LEN(cases));
}

static void a_broken_answer_is_named(void **state)
{
	static const struct broken cases[] = {
		{"/seq", "0", "/seq: must be at least 1"},
		{"/seq", NULL, "/seq: is required"},
		{"/mode", "\"carrier pigeon\"", "/mode: must be one of kiosk, handwritten, telephone, sms, online, other"},
		{"/answers/experience", "\"My name is Ann\"",
		 "/answers/experience: must be the id of an option: lower-case letters, digits and hyphens"},
		{"/answers/experience", "null", "/answers/experience: must be a text or a whole number or true or false"},
		{"/answers/experience", "101", "/answers/experience: must be at most 100"},
		{"/answers/What was it?", "1", "/answers/What was it?: the name must be " NAME_WORDS},
		{"/recorded/quality", "\"good\"", "/recorded/quality: must be one of synchronised, estimated, unknown"},
		{"/recorded/latest", NULL, "/recorded/latest: is required"},
		{"/comment/sha256", "\"" SHA "00\"", "/comment/sha256: must be 64 hexadecimal digits in lower case"},
		{"/comment/text", "\"plain\"", "/comment/text: " NOT_A_FIELD},
		{"/comment/publish", "\"no\"", "/comment/publish: must be true or false"},
		{"/survey/version", NULL, "/survey/version: is required"},
		{"/id", "\"" SHA "\"", "/id: must be " ID_WORDS},
	};

	(void)state;
	assert_broken(feedback, cases, ARRAY_LEN(cases));
}

static void a_broken_void_or_lost_record_is_named(void **state)
{
	static const struct broken cases[] = {
		{"/reason", NULL, "/reason: is required"},
		{"/reason", "\"\"", "/reason: must not be empty"},
		{"/device", "\"KIB\"", "/device: must be " NAME_WORDS},
		{"/seq", "-1", "/seq: must be at least 1"},
		{"/answers", "{}", "/answers: " NOT_A_FIELD},
	};

	(void)state;
	assert_broken(void_record, cases, ARRAY_LEN(cases));
	assert_broken(lost, cases, ARRAY_LEN(cases));
}

static void a_broken_incident_is_named(void **state)
{
	static const struct broken incidents[] = {
		{"/commit", "\"HEAD\"", "/commit: must be a git commit id of 40 lower-case hex digits"},
		{"/known", "-1", "/known: must be at least 0"},
		{"/unheard", NULL, "/unheard: is required"},
		{"/restored", "\"yesterday\"", "/restored: must be " TIME_WORDS},
	};

	(void)state;
	assert_broken(incident, incidents, ARRAY_LEN(incidents));
}

static void a_broken_action_is_named(void **state)
{
	static const struct broken cases[] = {
		{"/ref", NULL, "/ref: is required"},
		{"/ref", "\"\"", "/ref: must not be empty"},
		{"/status", "\"purple\"", "/status: must be one of red, amber, green, blue"},
		{"/key_question", "\"well led\"", "/key_question: must be one of safe, effective, caring, responsive, well-led"},
		{"/due_date", "\"31/12/2022\"", "/due_date: must be " DAY_WORDS},
		{"/due_date", "\"2022-13-01\"", "/due_date: must be " DAY_WORDS},
		{"/due_date", "null", "/due_date: must be a text"},
		{"/risk_current/likelihood", "6", "/risk_current/likelihood: must be at most 5"},
		{"/risk_current/consequence", NULL, "/risk_current/consequence: is required"},
		{"/risk_target", "4", "/risk_target: must be an object"},
		{"/sites/1", "\"all\"", "/sites/1: stands twice"},
		{"/sites/0", "\"Kibworth\"", "/sites/0: must be " NAME_WORDS},
		{"/regulations/0", "\"12B\"", "/regulations/0: must be the number of a regulation, as in 12 or 20A"},
		{"/notes/first", "{}", "/notes/first: the name must be " ID_WORDS},
		{"/notes/" ID "/text", NULL, "/notes/" ID "/text: is required"},
		{"/notes/" ID "/by", "\"root\"", "/notes/" ID "/by: must be one of kiosk, staff, manager, icb, auditor"},
		{"/evidence/" ID "/title", "\"\"", "/evidence/" ID "/title: must not be empty"},
		{"/reviews/" ID "/outcome", "1", "/reviews/" ID "/outcome: must be a text"},
		{"/edits/ref/0/effective", "\"June\"", "/edits/ref/0/effective: must be " DAY_WORDS},
		{"/edits/ref/1/device", NULL, "/edits/ref/1/device: is required"},
		{"/conflicts/status/0/value", NULL, "/conflicts/status/0/value: is required"},
		{"/conflicts/status/0/value", "[]",
		 "/conflicts/status/0/value: must be a text or a whole number or true or false or null or an object"},
		{"/conflicts/risk_current/0/value/name", "1", "/conflicts/risk_current/0/value/name: " NOT_A_FIELD},
		{"/conflicts/status/1", NULL, "/conflicts/status: must have at least 2 entries, has 1"},
		{"/owner", "\"Dr A\"", "/owner: " NOT_A_FIELD},
	};

	(void)state;
	assert_broken(action, cases, ARRAY_LEN(cases));
}

static void a_broken_inspection_is_named(void **state)
{
	static const struct broken cases[] = {
		{"/overall", "\"Good\"", "/overall: must be one of outstanding, good, requires-improvement, inadequate, not-rated"},
		{"/ratings/kind", "{}", "/ratings/kind: the name must be one of safe, effective, caring, responsive, well-led"},
		{"/ratings/safe/carried_forward", NULL, "/ratings/safe/carried_forward: is required"},
		{"/breaches/0", "12", "/breaches/0: must be a text"},
		{"/breaches/1", "\"12\"", "/breaches/1: stands twice"},
		{"/findings/" ID "/regulation", "\"x\"",
		 "/findings/" ID "/regulation: must be the number of a regulation, as in 12 or 20A"},
		{"/id", NULL, "/id: is required"},
	};

	(void)state;
	assert_broken(inspection, cases, ARRAY_LEN(cases));
}

static void lengths_are_counted_in_characters(void **state)
{
	struct buf text = BUF_INIT;
	struct error e = {0};
	cJSON *record = must_parse(action);

	(void)state;
	for (int i = 0; i < 4000; i++)
		buf_adds(&text, "\xe0\xaa\x86"); /* Gujarati, three bytes each */
	assert_int_equal(json_set_string(record, "finding", buf_text(&text)), STATUS_OK);
	assert_int_equal(schema_check(record, &e), STATUS_OK);
	buf_adds(&text, "!");
	assert_int_equal(json_set_string(record, "finding", buf_text(&text)), STATUS_OK);
	assert_int_equal(schema_check(record, &e), STATUS_INVALID);
	assert_string_equal(e.text, "/finding: must have at most 4000 characters, has 4001");
	buf_clear(&text);
	cJSON_Delete(record);
}

static void a_log_has_at_most_five_hundred_entries(void **state)
{
	static const char entry[] = "{" ENTRY ",\"text\":\"n\"}";
	struct error e = {0};
	cJSON *record = must_parse(smallest[3]);
	cJSON *notes = cJSON_AddObjectToObject(record, "notes");

	(void)state;
	for (int i = 0; i < 501; i++) {
		char id[40];

		snprintf(id, sizeof(id), "017f22e2-79b0-7%03x-98c4-dc0c0c07398f", (unsigned)i & 0xFFF);
		assert_int_equal(schema_check(record, &e), STATUS_OK);
		cJSON_AddItemToObject(notes, id, must_parse(entry));
	}
	assert_int_equal(schema_check(record, &e), STATUS_INVALID);
	assert_string_equal(e.text, "/notes: must have at most 500 members, has 501");
	cJSON_Delete(record);
}

static void a_number_that_is_not_whole_is_no_integer(void **state)
{
	struct error e = {0};
	cJSON *record = must_parse(feedback);

	(void)state;
	assert_int_equal(json_set(record, "seq", cJSON_CreateNumber(1.5)), STATUS_OK);
	assert_int_equal(schema_check(record, &e), STATUS_INVALID);
	assert_string_equal(e.text, "/seq: must be a whole number");
	cJSON_Delete(record);
}

static void the_schema_name_is_a_type_and_a_version(void **state)
{
	static const char *const bad[] = {
		"{\"schema\":\"action\"}", "{\"schema\":\"action/\"}", "{\"schema\":\"action/01\"}", "{\"schema\":\"/1\"}",
		"{\"schema\":\"Action/1\"}", "{\"schema\":\"action/1 \"}", "{\"schema\":\"action/99999\"}", "{\"schema\":1}",
		"{\"schema\":\"../action/1\"}", "{\"schema\":\"a-very-long-type-name-that-nobody-would-ever-use-here/1\"}",
	};
	struct schema_name name = {0};
	struct error e = {0};
	cJSON *record = must_parse("{\"schema\":\"toolkit-answer/12\"}");

	(void)state;
	assert_int_equal(schema_name_of(&name, record, &e), STATUS_OK);
	assert_string_equal(name.type, "toolkit-answer");
	assert_int_equal(name.version, 12);
	cJSON_Delete(record);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		record = must_parse(bad[i]);
		assert_int_equal(schema_name_of(&name, record, &e), STATUS_INVALID);
		assert_string_equal(e.text, "/schema: must be a type and a version, as in action/1");
		cJSON_Delete(record);
	}
	record = must_parse("{}");
	assert_int_equal(schema_check(record, &e), STATUS_INVALID);
	assert_string_equal(e.text, "/schema: is required");
	cJSON_Delete(record);
	record = must_parse("[]");
	assert_int_equal(schema_check(record, &e), STATUS_INVALID);
	cJSON_Delete(record);
}

static void an_unknown_type_or_version_is_unsupported(void **state)
{
	static const char *const unknown[] = {"action/2", "actions/1", "rules/1", "opel/2"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(unknown); i++) {
		struct error e = {0};
		cJSON *record = must_parse(action);

		assert_int_equal(json_set_string(record, "schema", unknown[i]), STATUS_OK);
		assert_int_equal(schema_check(record, &e), STATUS_UNSUPPORTED);
		assert_non_null(strstr(e.text, unknown[i]));
		cJSON_Delete(record);
	}
}

static void every_embedded_schema_passes_the_self_check_and_is_published(void **state)
{
	struct error e = {0};
	size_t n = 0;

	(void)state;
	if (schema_self_check(&e) != STATUS_OK)
		fail_msg("%s", e.text);
	for (const char *name = NULL; (name = schema_file(n)) != NULL; n++) {
		char id[128], type[SCHEMA_NAME_MAX];
		const char *text = NULL;
		cJSON *root = NULL;

		snprintf(type, sizeof(type), "%.*s", (int)(strlen(name) - 2), name);
		text = schema_text(type, 1);
		assert_non_null(text);
		root = must_parse(text);
		snprintf(id, sizeof(id), "https://qip.invalid/schemas/%s.json", name);
		assert_string_equal(json_string(root, "$id"), id);
		assert_string_equal(json_string(root, "$schema"), "https://json-schema.org/draft/2020-12/schema");
		assert_non_null(json_string(root, "title"));
		assert_non_null(json_string(root, "description"));
		cJSON_Delete(root);
	}
	assert_int_equal(n, 27);
	assert_null(schema_text("action", 2));
	assert_null(schema_text("rules", 1));
}

/* ---- documents of the test's own ---- */

static void assert_schema_refused(const char *json, const char *said)
{
	struct schema_document *d = NULL;
	struct error e = {0};

	assert_int_equal(schema_document_open(&d, json, strlen(json), &e), STATUS_INVALID);
	assert_null(d);
	assert_string_equal(e.text, said);
}

static void a_schema_with_an_unknown_or_misused_keyword_is_refused(void **state)
{
	(void)state;
	assert_schema_refused("{\"type\":\"integer\",\"multipleOf\":2}", "/multipleOf: no keyword that this program knows");
	assert_schema_refused("{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{\"a\":{\"type\":\"null\",\"format\":\"date\"}}}",
			      "/properties/a/format: no keyword that this program knows");
	assert_schema_refused("{\"type\":\"number\"}", "/type: not what the keyword takes");
	assert_schema_refused("{\"type\":[]}", "/type: not what the keyword takes");
	assert_schema_refused("{\"type\":\"integer\",\"minimum\":\"1\"}", "/minimum: not what the keyword takes");
	assert_schema_refused("{\"type\":\"string\",\"maxLength\":-1}", "/maxLength: not what the keyword takes");
	assert_schema_refused("{\"enum\":[]}", "/enum: not what the keyword takes");
	assert_schema_refused("{\"oneOf\":{}}", "/oneOf: must hold schemas");
	assert_schema_refused("{\"oneOf\":[true]}", "/oneOf/0: a schema must be an object");
	assert_schema_refused("{\"$ref\":\"#/$defs/a\"}", "/$ref: not what the keyword takes");
	assert_schema_refused("{\"$ref\":\"other.json\"}", "/$ref: not what the keyword takes");
	assert_schema_refused("{\"type\":\"null\",\"oneOf\":[{\"$defs\":{}}]}", "/oneOf/0/$defs: definitions stand at the top only");
	assert_schema_refused("{\"type\":\"string\",\"maxLength\":9,\"title\":\"x\",\"pattern\":\"^(a$\"}", "/pattern: not a pattern");
	assert_schema_refused("{\"type\":\"string\",\"maxLength\":9,\"title\":\"x\",\"pattern\":\"a\"}",
			      "/pattern: a pattern must stand between ^ and $");
	assert_schema_refused("{\"type\":\"string\",\"maxLength\":9,\"pattern\":\"^a$\"}",
			      "top level: a pattern needs a title that says it in words");
}

static void a_schema_that_leaves_a_size_open_is_refused(void **state)
{
	static const char open_object[] = "top level: an open object needs additionalProperties, propertyNames and maxProperties";

	(void)state;
	assert_schema_refused("{}", "top level: takes any type");
	assert_schema_refused("{\"type\":\"string\"}", "top level: a text needs maxLength");
	assert_schema_refused("{\"type\":[\"null\",\"string\"],\"minLength\":1}", "top level: a text needs maxLength");
	assert_schema_refused("{\"type\":\"array\",\"maxItems\":3}", "top level: a list needs items and maxItems");
	assert_schema_refused("{\"type\":\"array\",\"items\":{\"type\":\"null\"}}", "top level: a list needs items and maxItems");
	assert_schema_refused("{\"type\":\"object\"}", open_object);
	assert_schema_refused("{\"type\":\"object\",\"additionalProperties\":true}", "/additionalProperties: a schema must be an object");
	assert_schema_refused("{\"type\":\"object\",\"additionalProperties\":{\"type\":\"null\"},\"maxProperties\":3}", open_object);
	assert_schema_refused("{\"type\":\"object\",\"additionalProperties\":{\"type\":\"null\"},\"propertyNames\":{\"maxLength\":3}}", open_object);
	assert_schema_refused("{\"type\":\"object\",\"additionalProperties\":{\"type\":\"null\"},\"maxProperties\":3,\"propertyNames\":{\"minLength\":1}}",
			      "/propertyNames: a text needs maxLength");
}

struct tried {
	const char *value, *said; /* said NULL: passes */
};

static void assert_tried(const char *schema, const struct tried *cases, size_t len)
{
	struct schema_document *d = NULL;
	struct error opened = {0};

	if (schema_document_open(&d, schema, strlen(schema), &opened) != STATUS_OK)
		fail_msg("%s in %s", opened.text, schema);
	for (size_t i = 0; i < len; i++) {
		struct error e = {0};
		cJSON *value = must_parse(cases[i].value);
		enum status st = schema_document_check(d, value, &e);

		assert_string_equal(e.text, cases[i].said ? cases[i].said : "");
		assert_int_equal(st, cases[i].said ? STATUS_INVALID : STATUS_OK);
		cJSON_Delete(value);
	}
	schema_document_close(d);
}

static void any_of_takes_one_form_or_more_and_one_of_exactly_one(void **state)
{
	static const struct tried any[] = {{"5", NULL}, {"15", NULL}, {"25", NULL}, {"\"x\"", "top level: has none of the allowed forms"}};
	static const struct tried one[] = {{"5", NULL}, {"15", "top level: has more than one of the allowed forms"}, {"25", NULL}};

	(void)state;
	assert_tried("{\"anyOf\":[{\"type\":\"integer\",\"maximum\":20},{\"type\":\"integer\",\"minimum\":10}]}", any, ARRAY_LEN(any));
	assert_tried("{\"oneOf\":[{\"type\":\"integer\",\"maximum\":20},{\"type\":\"integer\",\"minimum\":10}]}", one, ARRAY_LEN(one));
}

static void equal_elements_of_any_type_stand_twice(void **state)
{
	static const struct tried cases[] = {
		{"[]", NULL},
		{"[1,\"1\",true,\"true\",{\"a\":1},{\"a\":2}]", NULL},
		{"[5,1,2,1]", "/3: stands twice"},
		{"[{\"a\":1,\"b\":2},3,{\"b\":2,\"a\":1}]", "/2: stands twice"},
	};

	(void)state;
	assert_tried("{\"type\":\"array\",\"maxItems\":9,\"uniqueItems\":true,\"items\":{\"type\":[\"integer\",\"string\",\"boolean\",\"object\"],"
		     "\"maxLength\":9,\"additionalProperties\":false,\"properties\":{\"a\":{\"type\":\"integer\"},\"b\":{\"type\":\"integer\"}}}}",
		     cases, ARRAY_LEN(cases));
}

static void limits_include_their_ends(void **state)
{
	static const struct tried number[] = {{"-2", NULL}, {"3", NULL}, {"-3", "top level: must be at least -2"}, {"4", "top level: must be at most 3"}};
	static const struct tried text[] = {{"\"ab\"", NULL}, {"\"abc\"", NULL}, {"\"a\"", "top level: must have at least 2 characters, has 1"},
					    {"\"abcd\"", "top level: must have at most 3 characters, has 4"}};
	static const struct tried list[] = {{"[1]", NULL}, {"[1,2]", NULL}, {"[]", "top level: must have at least 1 entries, has 0"},
					    {"[1,2,3]", "top level: must have at most 2 entries, has 3"}};

	(void)state;
	assert_tried("{\"type\":\"integer\",\"minimum\":-2,\"maximum\":3}", number, ARRAY_LEN(number));
	assert_tried("{\"type\":\"string\",\"minLength\":2,\"maxLength\":3}", text, ARRAY_LEN(text));
	assert_tried("{\"type\":\"array\",\"minItems\":1,\"maxItems\":2,\"items\":{\"type\":\"integer\"}}", list, ARRAY_LEN(list));
}

static void constants_and_enumerations_may_be_of_any_type(void **state)
{
	static const struct tried cases[] = {{"null", NULL}, {"3", NULL}, {"{\"b\":1,\"a\":[]}", NULL},
					     {"\"3\"", "top level: must be one of null, 3, {\"a\":[],\"b\":1}"}};

	(void)state;
	assert_tried("{\"enum\":[null,3,{\"a\":[],\"b\":1}]}", cases, ARRAY_LEN(cases));
}

static void keywords_beside_a_reference_count_too(void **state)
{
	static const struct tried cases[] = {{"5", NULL}, {"1", "top level: must be at least 2"}, {"11", "top level: must be at most 10"}};

	(void)state;
	assert_tried("{\"$ref\":\"#/$defs/few\",\"minimum\":2,\"$defs\":{\"few\":{\"type\":\"integer\",\"maximum\":10}}}", cases,
		     ARRAY_LEN(cases));
}

static void a_schema_that_refers_to_itself_comes_to_an_end(void **state)
{
	static const char endless[] = "{\"$ref\":\"#/$defs/a\",\"$defs\":{\"a\":{\"$ref\":\"#/$defs/a\"}}}";
	struct schema_document *d = NULL;
	struct error e = {0};
	cJSON *value = must_parse("1");

	(void)state;
	assert_int_equal(schema_document_open(&d, endless, strlen(endless), &e), STATUS_OK);
	assert_int_equal(schema_document_check(d, value, &e), STATUS_TOO_BIG);
	schema_document_close(d);
	cJSON_Delete(value);
}

static void *check_many(void *failed)
{
	for (int i = 0; i < 200; i++) {
		cJSON *record = must_parse(action);

		if (schema_check(record, NULL) != STATUS_OK)
			*(int *)failed = 1;
		cJSON_Delete(record);
	}
	return NULL;
}

static void a_text_is_asked_of_each_pattern(void **state)
{
	static const char *const schemas[] = {
		"{\"type\":\"string\",\"title\":\"a\",\"pattern\":\"^[a-z]+$\",\"maxLength\":100}",
		"{\"type\":\"string\",\"title\":\"b\",\"pattern\":\"^[a-y]+$\",\"maxLength\":100}",
	};
	static const char *const texts[] = {"abcz", "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"};

	(void)state;
	for (size_t round = 0; round < 3; round++) {
		for (size_t i = 0; i < ARRAY_LEN(schemas); i++) {
			struct schema_document *d = NULL;

			assert_int_equal(schema_document_open(&d, schemas[i], strlen(schemas[i]), NULL), STATUS_OK);
			for (size_t k = 0; k < 2 * ARRAY_LEN(texts); k++) {
				cJSON *value = cJSON_CreateString(texts[k / 2]);

				assert_int_equal(schema_document_check(d, value, NULL), i == 0 ? STATUS_OK : STATUS_INVALID);
				cJSON_Delete(value);
			}
			schema_document_close(d);
		}
	}
}

static void several_threads_check_at_once(void **state)
{
	pthread_t threads[4];
	int failed[4] = {0};

	(void)state;
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, check_many, &failed[i]), 0);
	for (size_t i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(failed[i], 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(several_threads_check_at_once), /* first, so that they meet unopened schemas */
		cmocka_unit_test(a_text_is_asked_of_each_pattern),
		cmocka_unit_test(good_records_of_every_type_pass),
		cmocka_unit_test(a_broken_practice_is_named),
		cmocka_unit_test(a_broken_site_is_named),
		cmocka_unit_test(a_broken_device_is_named),
		cmocka_unit_test(a_broken_comment_key_is_named),
		cmocka_unit_test(a_broken_end_of_a_servers_key_is_named),
		cmocka_unit_test(a_broken_erasure_is_named),
		cmocka_unit_test(reports_and_what_others_say_pass_whole_and_closed),
		cmocka_unit_test(a_broken_report_is_named),
		cmocka_unit_test(a_broken_checkpoint_is_named),
		cmocka_unit_test(a_broken_survey_is_named_by_the_kind_of_question),
		cmocka_unit_test(a_broken_answer_is_named),
		cmocka_unit_test(a_broken_void_or_lost_record_is_named),
		cmocka_unit_test(a_broken_incident_is_named),
		cmocka_unit_test(a_broken_action_is_named),
		cmocka_unit_test(a_broken_inspection_is_named),
		cmocka_unit_test(lengths_are_counted_in_characters),
		cmocka_unit_test(a_log_has_at_most_five_hundred_entries),
		cmocka_unit_test(a_number_that_is_not_whole_is_no_integer),
		cmocka_unit_test(the_schema_name_is_a_type_and_a_version),
		cmocka_unit_test(an_unknown_type_or_version_is_unsupported),
		cmocka_unit_test(every_embedded_schema_passes_the_self_check_and_is_published),
		cmocka_unit_test(a_schema_with_an_unknown_or_misused_keyword_is_refused),
		cmocka_unit_test(a_schema_that_leaves_a_size_open_is_refused),
		cmocka_unit_test(any_of_takes_one_form_or_more_and_one_of_exactly_one),
		cmocka_unit_test(equal_elements_of_any_type_stand_twice),
		cmocka_unit_test(limits_include_their_ends),
		cmocka_unit_test(constants_and_enumerations_may_be_of_any_type),
		cmocka_unit_test(keywords_beside_a_reference_count_too),
		cmocka_unit_test(a_schema_that_refers_to_itself_comes_to_an_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
