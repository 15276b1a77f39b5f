/* kiosk/route.c - what each request to the kiosk's pages gets. */
#include "kiosk/route.h"

#include <string.h>
#include <strings.h>

#include "core/embed.h"
#include "core/log.h"
#include "kiosk/page.h"

#define HTML "text/html; charset=utf-8"
#define FORM_TYPE "application/x-www-form-urlencoded"

struct turn {
	const struct desk *desk;
	const struct request *request;
	struct response *response;
	struct question question;
	bool comments;
};

static void finish(struct turn *t, unsigned status, enum status made, const struct error *e)
{
	t->response->status = status;
	t->response->type = HTML;
	if (made == STATUS_OK)
		return;
	log_line(LOG_LEVEL_ERROR, "a page could not be made", "error", e->text, NULL);
	buf_reset(&t->response->body);
	t->response->status = 503;
}

static void message(struct turn *t, unsigned status, const char *heading, const char *text)
{
	struct error e = {.text = ""};

	finish(t, status, page_message(&t->response->body, &t->question, heading, text, &e), &e);
}

static void ask(struct turn *t, unsigned status, const struct captured *before, const char *fault, const char *field)
{
	struct error e = {.text = ""};
	char token[TOKEN_TEXT_MAX];
	struct page_form form = {.question = &t->question, .comments = t->comments, .token = token, .fault = fault, .fault_field = field};

	if (token_make(token, &t->desk->secret, t->desk->env) != STATUS_OK) {
		finish(t, status, error_set(&e, STATUS_IO, "the system gives no randomness"), &e);
		return;
	}
	if (before) {
		form.token = before->token;
		form.choice = before->choice;
		form.comment = before->comment;
		form.publish = before->publish;
	}
	finish(t, status, page_question(&t->response->body, &form, &e), &e);
}

static bool not_ready(struct turn *t)
{
	if (t->question.options_len > 0)
		return false;
	message(t, 503, "Not ready yet", "This screen has not received its question yet. Please tell reception.");
	return true;
}

static void show_question(struct turn *t)
{
	if (!not_ready(t))
		ask(t, 200, NULL, NULL, NULL);
}

static void show_thanks(struct turn *t)
{
	struct error e = {.text = ""};

	finish(t, 200, page_thanks(&t->response->body, &t->question, &e), &e);
}

static void show_status(struct turn *t)
{
	struct error e = {.text = ""};
	struct standing s = {.last = 0};

	t->desk->standing(t->desk->ctx, &s);
	finish(t, 200, page_status(&t->response->body, &t->question, &s, &e), &e);
}

static void show_status_json(struct turn *t)
{
	struct error e = {.text = ""};
	struct standing s = {.last = 0};
	cJSON *json = NULL;
	enum status st = STATUS_OK;

	t->desk->standing(t->desk->ctx, &s);
	json = standing_json(&s);
	if (!json || json_canonical(&t->response->body, json) != STATUS_OK)
		st = error_set(&e, STATUS_NOMEM, "no memory for the status");
	cJSON_Delete(json);
	finish(t, 200, st, &e);
	t->response->type = "application/json";
}

static void show_style(struct turn *t)
{
	const struct embedded *file = embed_find(kiosk_assets, "style.css");
	struct error e = {.text = "there is no style sheet"};

	if (file)
		buf_add(&t->response->body, file->bytes, file->len);
	finish(t, 200, file && buf_ok(&t->response->body) ? STATUS_OK : STATUS_NOT_FOUND, &e);
	t->response->type = "text/css; charset=utf-8";
}

/* Durable, or said to be not. */
static void keep(struct turn *t, const struct captured *c)
{
	struct error e = {.text = ""};
	enum status st = capture_pass_on(c, &t->question, t->desk->keep, t->desk->ctx, &e);

	if (st == STATUS_OK || st == STATUS_EXISTS) {
		t->response->status = 303;
		t->response->location = "/thanks";
		return;
	}
	log_line(LOG_LEVEL_ERROR, "an answer could not be kept", "error", e.text, NULL);
	if (st == STATUS_INVALID || st == STATUS_TOO_BIG || st == STATUS_MALFORMED)
		message(t, 400, "That did not work", "This answer cannot be kept as it is. Please start again.");
	else
		message(t, 503, "Sorry", "Sorry, your answer could not be kept. Please tell reception.");
}

static void take_answer(struct turn *t)
{
	struct captured c;

	if (not_ready(t))
		return;
	switch (capture_read(&c, t->request->body, t->request->body_len, &t->question, t->comments, &t->desk->secret)) {
	case CAPTURE_GOOD:
		keep(t, &c);
		break;
	case CAPTURE_NO_FORM:
		message(t, 400, "That did not work", "The form did not arrive as it should. Please start again.");
		break;
	case CAPTURE_NO_CHOICE:
		ask(t, 400, &c, "Choose one of the answers", PAGE_FIRST_OPTION);
		break;
	case CAPTURE_CHANGED:
		ask(t, 400, &c, "The question has changed. Please choose your answer again", PAGE_FIRST_OPTION);
		break;
	case CAPTURE_LONG_COMMENT:
		ask(t, 400, &c, "Your comment is too long. Please use at most 10,000 characters", t->question.comment_id);
		break;
	}
}

static const struct place {
	const char *path;
	bool post;
	void (*serve)(struct turn *t);
} places[] = {
	{"/", false, show_question},
	{"/answer", true, take_answer},
	{"/thanks", false, show_thanks},
	{"/status", false, show_status},
	{"/status.json", false, show_status_json},
	{"/style.css", false, show_style},
};

static const struct place *find_place(const char *path)
{
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		if (strcmp(places[i].path, path) == 0)
			return &places[i];
	}
	return NULL;
}

static bool method_fits(const struct place *p, const char *method)
{
	if (p->post)
		return strcmp(method, "POST") == 0;
	return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
}

/* Another name for this address means that a page elsewhere had its name point here (DNS rebinding). */
static bool host_is_ours(const struct desk *d, const char *host)
{
	for (size_t i = 0; i < ROUTE_HOSTS; i++) {
		if (host && strcasecmp(host, d->hosts[i]) == 0)
			return true;
	}
	return false;
}

/* A browser says where a post comes from; a program that says nothing is no browser. */
static bool from_our_page(const struct request *r)
{
	size_t scheme = strlen("http://");

	if (r->fetch_site && strcmp(r->fetch_site, "same-origin") != 0)
		return false;
	return !r->origin || (strncmp(r->origin, "http://", scheme) == 0 && strcasecmp(r->origin + scheme, r->host) == 0);
}

static bool is_form(const char *type)
{
	size_t len = strlen(FORM_TYPE);

	return type && strncasecmp(type, FORM_TYPE, len) == 0 && (type[len] == '\0' || type[len] == ';' || type[len] == ' ');
}

struct refusal {
	unsigned status;
	const char *heading, *text, *allow;
};

/* What the headers alone decide; status 0: nothing against it. */
static struct refusal judge(const struct request *r, const struct desk *d)
{
	const struct place *p = find_place(r->path);

	if (!r->host || r->ambiguous)
		return (struct refusal){400, "That did not work", "The browser's request is not well-formed.", NULL};
	if (!host_is_ours(d, r->host))
		return (struct refusal){403, "Not here", "This page is for the kiosk's own screen.", NULL};
	if (!p)
		return (struct refusal){404, "Page not found", "There is no such page on this kiosk.", NULL};
	if (!method_fits(p, r->method))
		return (struct refusal){405, "That did not work", "This page cannot be used in this way.", p->post ? "POST" : "GET, HEAD"};
	if (p->post && !from_our_page(r))
		return (struct refusal){403, "Not here", "Answers can only be given on the kiosk's own page.", NULL};
	if (p->post && !is_form(r->content_type))
		return (struct refusal){415, "That did not work", "What was sent is not a form.", NULL};
	if (r->too_big)
		return (struct refusal){413, "That was too long", "Please write less, and send it again.", NULL};
	return (struct refusal){0, NULL, NULL, NULL};
}

void route(struct response *out, const struct desk *d, const struct request *r)
{
	struct turn t = {.desk = d, .request = r, .response = out};
	struct refusal no = judge(r, d);

	*out = (struct response){.status = 503, .type = HTML, .body = BUF_INIT};
	d->question(d->ctx, &t.question, &t.comments);
	t.comments = t.comments && t.question.comment_id[0];
	if (no.status == 0) {
		find_place(r->path)->serve(&t);
		return;
	}
	out->allow = no.allow;
	message(&t, no.status, no.heading, no.text);
}
