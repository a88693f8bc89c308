/* Hosts that do to their threads what a library does not expect: a log callback that waits for another caller, a fork in
 * a callback, forks while other threads work, threads that are cancelled, and a system that gives no more threads.
 *
 * With a CHECKER the last two are left out: a checker has threads and memory of its own, and reports what a cancelled
 * thread could not free.
 */
#include "check.h"

#include <sys/resource.h>

/* Ends a child in which something is being waited for, with the signal that the parent then sees. */
static void limit_child(void) {
  alarm(20);
}

/* ---- A log callback that waits for a call of another thread. */

static struct event in_log = EVENT_INITIALIZER;
static struct event other_called = EVENT_INITIALIZER;
static pthread_t first_caller;

static void wait_in_log(void *user_data, int32_t level, const char *message) {
  (void)user_data, (void)level, (void)message;
  if (pthread_equal(pthread_self(), first_caller)) {
    event_set(&in_log);
    event_wait(&other_called);
  }
}

static void *call_first(void *client) {
  ofauth_response *response = NULL;
  OK(ofauth_call(client, "whoami", NULL, NULL, &response, &error));
  ofauth_response_free(response);
  return NULL;
}

static void log_that_waits(void) {
  ofauth_config *config = new_config();
  ofauth_client *client = NULL;
  OK(ofauth_config_set_log(config, OFAUTH_LOG_TRACE, wait_in_log, NULL, NULL, &error));
  OK(ofauth_client_new(config, &client, &error));
  ofauth_config_free(config);
  CHECK(pthread_create(&first_caller, NULL, call_first, client) == 0);
  event_wait(&in_log);
  call_first(client);
  event_set(&other_called);
  CHECK(pthread_join(first_caller, NULL) == 0);
  ofauth_client_free(client);
}

/* ---- A callback that forks and comes back in both processes. */

static pid_t forked;

static int fork_once(void) {
  if (forked == -1) {
    forked = fork();
    CHECK(forked >= 0);
    if (forked == 0) {
      limit_child();
    }
  }
  return forked == 0;
}

/* The child also cancels, which has no effect on the parent. */
static int fork_in_progress(void *user_data, const ofauth_progress *progress) {
  (void)user_data, (void)progress;
  return fork_once();
}

static int64_t fork_in_reader(void *user_data, uint64_t offset, uint8_t *buf, size_t len) {
  memcpy(buf, (const unsigned char *)user_data + offset, len);
  fork_once();
  return (int64_t)len;
}

static void fork_in_a_callback(ofauth_client *client, int in_reader) {
  unsigned char *bytes = pattern(1 << 20);
  ofauth_upload *upload = new_upload(bytes, 1 << 20, "forked.mp4");
  ofauth_cancel *cancel = NULL;
  ofauth_result *result = NULL;
  ofauth_error *error = NULL;
  OK(ofauth_cancel_new(&cancel, &error));
  OK(ofauth_upload_set_cancel(upload, cancel, &error));
  if (in_reader) {
    OK(ofauth_upload_set_reader(upload, fork_in_reader, bytes, NULL, 1 << 20, &error));
  } else {
    OK(ofauth_upload_set_progress(upload, fork_in_progress, NULL, NULL, &error));
  }
  forked = -1;
  ofauth_status status = ofauth_upload_run(client, upload, &result, &error);
  if (forked == 0) {
    EXPECT(OFAUTH_ERR_FORKED, status);
    ofauth_error_free(error);
    ofauth_cancel_cancel(cancel);
    ofauth_cancel_free(cancel);
    ofauth_upload_free(upload);
    ofauth_client_free(client);
    end_child();
  }
  CHECK(error == NULL);
  EXPECT(OFAUTH_OK, status);
  check_exit(forked);
  ofauth_result_free(result);
  ofauth_cancel_free(cancel);
  ofauth_upload_free(upload);
  free(bytes);
}

/* ---- Forks while other threads are in the middle of using a cancel. */

struct busy {
  ofauth_client *client;
  ofauth_upload *upload;
  int stop;
};

static void *run_without_a_source(void *argument) {
  struct busy *busy = argument;
  while (!__atomic_load_n(&busy->stop, __ATOMIC_RELAXED)) {
    ofauth_result *result = NULL;
    EXPECT(OFAUTH_ERR_INVALID_ARGUMENT, ofauth_upload_run(busy->client, busy->upload, &result, NULL));
  }
  return NULL;
}

static void forks_under_way(ofauth_client *client) {
  struct busy busy = {client, NULL, 0};
  ofauth_cancel *cancel = NULL;
  pthread_t threads[3];
  OK(ofauth_cancel_new(&cancel, &error));
  OK(ofauth_upload_new(&busy.upload, &error));
  OK(ofauth_upload_set_cancel(busy.upload, cancel, &error));
  for (size_t i = 0; i < 3; i++) {
    CHECK(pthread_create(&threads[i], NULL, run_without_a_source, &busy) == 0);
  }
  for (long i = rounds(100); i > 0; i--) {
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
      limit_child();
      ofauth_upload_free(busy.upload);
      ofauth_cancel_cancel(cancel);
      ofauth_cancel_free(cancel);
      ofauth_client_free(client);
      end_child();
    }
    check_exit(pid);
  }
  __atomic_store_n(&busy.stop, 1, __ATOMIC_RELAXED);
  for (size_t i = 0; i < 3; i++) {
    CHECK(pthread_join(threads[i], NULL) == 0);
  }
  ofauth_upload_free(busy.upload);
  ofauth_cancel_free(cancel);
}

/* ---- Threads that are cancelled in the middle of calls. */

static struct event calling = EVENT_INITIALIZER;

static void *call_for_ever(void *client) {
  for (;;) {
    call_first(client);
    event_set(&calling);
    pthread_testcancel();
  }
  return NULL;
}

static void cancelled_threads(ofauth_client *client) {
  for (int i = 0; i < 50; i++) {
    pthread_t thread;
    void *ended = NULL;
    CHECK(pthread_create(&thread, NULL, call_for_ever, client) == 0);
    event_wait(&calling);
    calling.happened = 0;
    CHECK(pthread_cancel(thread) == 0 && pthread_join(thread, &ended) == 0 && ended == PTHREAD_CANCELED);
  }
}

/* ---- No more threads. */

static long own_pages(void) {
  long pages = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  CHECK(file != NULL && fscanf(file, "%ld", &pages) == 1 && fclose(file) == 0);
  return pages;
}

static void without_threads(void) {
  pid_t pid = fork();
  CHECK(pid >= 0);
  if (pid == 0) {
    limit_child();
    ofauth_config *config = new_config();
    OK(ofauth_config_set_worker_threads(config, 8, &error));
    /* Room for the stacks of two threads, of 2 MiB each, and not for those of eight. */
    rlim_t room = (rlim_t)own_pages() * (rlim_t)sysconf(_SC_PAGESIZE) + 5 * 1024 * 1024;
    struct rlimit limit = {room, RLIM_INFINITY}, no_limit = {RLIM_INFINITY, RLIM_INFINITY};
    for (int i = 0; i < 20; i++) {
      ofauth_client *client = NULL;
      ofauth_error *error = NULL;
      CHECK(setrlimit(RLIMIT_AS, &limit) == 0);
      ofauth_status status = ofauth_client_new(config, &client, &error);
      CHECK(setrlimit(RLIMIT_AS, &no_limit) == 0);
      EXPECT(OFAUTH_ERR_RESOURCES, status);
      CHECK(client == NULL && strstr(ofauth_error_message(error), "refused a thread") != NULL);
      ofauth_error_free(error);
    }
    CHECK(dup(0) < 8);
    ofauth_client *client = NULL;
    OK(ofauth_client_new(config, &client, &error));
    ofauth_client_free(client);
    ofauth_config_free(config);
    _exit(0);
  }
  check_exit(pid);
}

int main(void) {
  int checked = getenv("CHECKER") != NULL;
  if (!checked) {
    without_threads();
  }
  log_that_waits();
  ofauth_client *client = new_client();
  fork_in_a_callback(client, 0);
  fork_in_a_callback(client, 1);
  forks_under_way(client);
  if (!checked) {
    cancelled_threads(client);
  }
  call_first(client);
  ofauth_client_free(client);
  return 0;
}
