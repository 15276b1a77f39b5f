/* kiosk/route.c - what each request to the kiosk's pages gets. */
#include "kiosk/route.h"

#include <string.h>
#include <strings.h>

#include "kiosk/say.h"
#include "kiosk/turn.h"

#define HTML "text/html; charset=utf-8"
#define FORM_TYPE "application/x-www-form-urlencoded"
#define ASSETS_FOLDER "/a/"

static void show_asset(struct turn *t)
{
	const struct asset *asset = assets_at(&t->desk->assets, t->request->path);
	struct error e = {.text = "no memory for a file of the pages"};

	if (!asset) {
		turn_message(t, 404, "error_heading", "error_not_found");
		return;
	}
	buf_add(&t->response->body, asset->file->bytes, asset->file->len);
	t->response->type = asset->type;
	turn_finish(t, 200, buf_ok(&t->response->body) ? STATUS_OK : STATUS_NOMEM, &e);
	t->response->lasting = t->response->status == 200;
}

static void show_sound(struct turn *t)
{
	struct error e = {.text = ""};
	enum status st = say_question(&t->response->body, &t->screen, t->request->path, t->desk->env, &e);

	if (st == STATUS_NOT_FOUND) {
		turn_message(t, 404, "error_heading", "error_not_found");
		return;
	}
	t->response->type = "audio/wav";
	turn_finish(t, 200, st, &e);
	t->response->lasting = t->response->status == 200; /* the wording of a version never changes: nobody waits for it twice */
}

/* Browsers ask for it by themselves. */
static void show_no_icon(struct turn *t)
{
	t->response->status = 204;
}

static const struct place {
	const char *path;
	bool post;
	bool asks; /* it needs what the screen may show */
	void (*serve)(struct turn *t);
} places[] = {
	{"/", false, true, turn_start},
	{"/step", true, true, turn_step},
	{"/thanks", false, true, turn_thanks},
	{"/status", false, true, staff_status},
	{"/status.json", false, false, staff_status_json},
	{"/staff", false, true, staff_ask},
	{"/staff/open", true, true, staff_open},
	{ASSETS_FOLDER, false, false, show_asset},
	{SAY_FOLDER, false, true, show_sound},
	{"/favicon.ico", false, false, show_no_icon},
};

static const struct place *find_place(const char *path)
{
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		size_t len = strlen(places[i].path);
		bool folder = len > 1 && places[i].path[len - 1] == '/';

		if (folder ? strncmp(places[i].path, path, len) == 0 : strcmp(places[i].path, path) == 0)
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
	const char *text, *allow;
};

/* What the headers alone decide; status 0: nothing against it. */
static struct refusal judge(const struct request *r, const struct desk *d)
{
	const struct place *p = find_place(r->path);

	if (!r->host || r->ambiguous)
		return (struct refusal){400, "error_form", NULL};
	if (!host_is_ours(d, r->host))
		return (struct refusal){403, "error_not_found", NULL};
	if (!p)
		return (struct refusal){404, "error_not_found", NULL};
	if (!method_fits(p, r->method))
		return (struct refusal){405, "error_form", p->post ? "POST" : "GET, HEAD"};
	if (p->post && !from_our_page(r))
		return (struct refusal){403, "error_form", NULL};
	if (p->post && !is_form(r->content_type))
		return (struct refusal){415, "error_form", NULL};
	if (r->too_big)
		return (struct refusal){413, "error_too_long", NULL};
	return (struct refusal){0, NULL, NULL};
}

void route(struct response *out, struct desk *d, const struct request *r)
{
	struct turn t = {.desk = d, .request = r, .response = out, .visit = VISIT_INIT};
	struct refusal no = judge(r, d);

	if (!r->by_watch)
		d->seen_ms = d->env->monotonic_ms(d->env->ctx);
	*out = (struct response){.status = 503, .type = HTML, .body = BUF_SECRET, .location = BUF_INIT};
	if (no.status == 0) {
		const struct place *p = find_place(r->path);

		if (p->asks)
			d->screen(d->ctx, &t.screen);
		p->serve(&t);
	} else {
		out->allow = no.allow;
		turn_message(&t, no.status, "error_heading", no.text); /* of a screen that shows nothing */
	}
	if (strcmp(r->path, "/") == 0)
		out->reload_s = d->reload_s;
	visit_clear(&t.visit);
	screen_close(&t.screen);
}

void response_clear(struct response *r)
{
	buf_wipe(&r->body);
	buf_clear(&r->location);
}
