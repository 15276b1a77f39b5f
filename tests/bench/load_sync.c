/* tests/bench/load_sync.c - a kiosk's answers, from the journal to the receipt.
 *
 *     server_load sync HOME COUNT TIMES
 *
 * So many times: COUNT answers go into the journal, off the clock; then one visit to the server, as the kiosk makes it. A line each:
 * milliseconds, and bytes sent and received, TLS included. At the end the most memory that the process ever had, in kB.
 */
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "tests/bench/load.h"

static uint64_t bytes_moved;

/* The linker puts these in the place of the library's own calls (--wrap). */
ssize_t __real_send(int fd, const void *bytes, size_t len, int flags);
ssize_t __wrap_send(int fd, const void *bytes, size_t len, int flags);
ssize_t __real_recv(int fd, void *bytes, size_t len, int flags);
ssize_t __wrap_recv(int fd, void *bytes, size_t len, int flags);

ssize_t __wrap_send(int fd, const void *bytes, size_t len, int flags)
{
	ssize_t n = __real_send(fd, bytes, len, flags);

	if (n > 0)
		__atomic_fetch_add(&bytes_moved, (uint64_t)n, __ATOMIC_RELAXED);
	return n;
}

ssize_t __wrap_recv(int fd, void *bytes, size_t len, int flags)
{
	ssize_t n = __real_recv(fd, bytes, len, flags);

	if (n > 0)
		__atomic_fetch_add(&bytes_moved, (uint64_t)n, __ATOMIC_RELAXED);
	return n;
}

static void capture(struct qip *q, size_t count)
{
	cJSON *answers = cJSON_CreateObject();
	char id[ID_TEXT_LEN + 1];
	struct qip_answer a = {.id = id, .survey = "fft", .survey_version = 1, .language = "en", .mode = "kiosk", .answers = answers};
	struct qip_capture *c = NULL;
	struct error e = {0};
	uint64_t seq = 0;

	(void)cJSON_AddStringToObject(answers, "experience", "good");
	load_must(qip_capture_open(&c, q, &e), &e, "the journal");
	for (size_t i = 0; i < count; i++) {
		load_must(id_make(id, q->env), NULL, "an id");
		load_must(qip_capture(&seq, c, &a, &e), &e, "an answer");
	}
	qip_capture_close(c);
	cJSON_Delete(answers);
}

int load_capture(int argc, char **argv)
{
	struct qip *q = NULL;

	if (argc != 2)
		load_fail("capture", "HOME COUNT");
	q = load_open(argv[0]);
	capture(q, load_number(argv[1]));
	qip_close(q);
	return 0;
}

static void visit(const char *home, size_t count)
{
	struct qip_sync_report report = {0};
	struct qip *q = load_open(home);
	struct error e = {0};
	int64_t begin = 0, end = 0;
	uint64_t moved = 0;

	capture(q, count);
	begin = load_now_ns();
	moved = bytes_moved;
	load_must(qip_sync(q, &report, &e), &e, "a sync");
	end = load_now_ns();
	if (report.waiting != 0 || report.records_sent != count)
		load_fail("a sync", "has not delivered everything");
	printf("%.3f %llu\n", (double)(end - begin) / 1e6, (unsigned long long)(bytes_moved - moved));
	qip_close(q);
}

int load_sync(int argc, char **argv)
{
	struct rusage usage = {0};
	size_t count = 0, times = 0;

	if (argc != 3)
		load_fail("sync", "HOME COUNT TIMES");
	count = load_number(argv[1]);
	times = load_number(argv[2]);
	for (size_t i = 0; i < times; i++)
		visit(argv[0], count);
	if (getrusage(RUSAGE_SELF, &usage) != 0)
		load_fail("sync", "memory is not told");
	printf("%ld\n", usage.ru_maxrss);
	return 0;
}
