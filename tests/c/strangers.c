/* Hosts that do what a library does not expect: a client that is made while a thread ends, a log callback that is slow,
 * standard descriptors that are closed, and descriptors that are not the program's closed with them. It prints nothing
 * after that, and its exit code says how it went.
 */
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <time.h>

static double now_ms(void) {
  struct timespec now;
  CHECK(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
  return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void call_whoami(ofauth_client *client) {
  ofauth_response *response = NULL;
  OK(ofauth_call(client, "whoami", NULL, NULL, &response, &error));
  ofauth_response_free(response);
}

/* ---- A client that is made in the destructor of a thread's key, after the thread has used the library. */

static int made;

static void make_a_client(void *nothing) {
  (void)nothing;
  ofauth_client *client = new_client();
  call_whoami(client);
  ofauth_client_free(client);
  made = 1;
}

static void *use_and_end(void *key) {
  ofauth_client *client = new_client();
  call_whoami(client);
  ofauth_client_free(client);
  CHECK(pthread_setspecific(*(pthread_key_t *)key, key) == 0);
  return NULL;
}

static void while_a_thread_ends(void) {
  pthread_key_t key;
  pthread_t thread;
  CHECK(pthread_key_create(&key, make_a_client) == 0);
  CHECK(pthread_create(&thread, NULL, use_and_end, &key) == 0 && pthread_join(thread, NULL) == 0);
  CHECK(made && pthread_key_delete(key) == 0);
}

/* ---- A log callback that takes 20 ms a line, and a call of another thread that has nothing to do with it. */

static struct event slow = EVENT_INITIALIZER;
static pthread_t uploader;

static void take_a_while(void *user_data, int32_t level, const char *message) {
  (void)user_data, (void)level, (void)message;
  const struct timespec pause = {0, 20 * 1000 * 1000};
  event_set(&slow);
  nanosleep(&pause, NULL);
}

static void *upload_slowly(void *client) {
  ofauth_upload *upload = clip_upload("slow-log.mp4");
  ofauth_result *result = NULL;
  OK(ofauth_upload_run(client, upload, &result, &error));
  ofauth_result_free(result);
  ofauth_upload_free(upload);
  return NULL;
}

static void slow_log(void) {
  ofauth_config *config = new_config();
  ofauth_client *client = NULL;
  OK(ofauth_config_set_log(config, OFAUTH_LOG_TRACE, take_a_while, NULL, NULL, &error));
  OK(ofauth_client_new(config, &client, &error));
  ofauth_config_free(config);
  CHECK(pthread_create(&uploader, NULL, upload_slowly, client) == 0);
  event_wait(&slow);
  double least = 1e9;
  for (int i = 0; i < 5; i++) {
    double began = now_ms();
    call_whoami(client);
    double took = now_ms() - began;
    least = took < least ? took : least;
  }
  CHECK(pthread_join(uploader, NULL) == 0);
  printf("a call beside a slow log: %.1f ms\n", least);
  CHECK(least < 100);
  ofauth_client_free(client);
}

/* ---- Standard descriptors. */

/* Whether a descriptor has nothing behind it. */
static int is_null_device(int number) {
  char link[32], target[256];
  snprintf(link, sizeof(link), "/proc/self/fd/%d", number);
  ssize_t length = readlink(link, target, sizeof(target) - 1);
  if (length < 0) {
    return 0;
  }
  target[length] = '\0';
  return strcmp(target, "/dev/null") == 0;
}

static void fail_at(int code) {
  _exit(code);
}

static void without_standard_descriptors(void) {
  for (int number = 0; number <= 2; number++) {
    close(number);
  }
  ofauth_client *client = NULL;
  ofauth_config *config = new_config();
  if (ofauth_client_new(config, &client, NULL) != OFAUTH_OK) {
    fail_at(10);
  }
  ofauth_config_free(config);
  call_whoami(client);
  for (int number = 0; number <= 2; number++) {
    if (!is_null_device(number)) {
      fail_at(11 + number);
    }
  }
  ofauth_client_free(client);
}

/* ---- Descriptors that belong to the library, closed by the program. */

static ofauth_status last;
static struct event under_way = EVENT_INITIALIZER;

static int tell(void *user_data, const ofauth_progress *progress) {
  (void)user_data;
  if (progress->acknowledged > 0) {
    event_set(&under_way);
  }
  return 0;
}

static void *upload_memory(void *client) {
  enum { SIZE = 4 << 20 };
  unsigned char *bytes = pattern(SIZE);
  ofauth_upload *upload = new_upload(bytes, SIZE, "closed.mp4");
  ofauth_result *result = NULL;
  OK(ofauth_upload_set_progress(upload, tell, NULL, NULL, &error));
  last = ofauth_upload_run(client, upload, &result, NULL);
  ofauth_result_free(result);
  ofauth_upload_free(upload);
  free(bytes);
  return NULL;
}

static void descriptors_of_others(void) {
  ofauth_config *config = new_config();
  ofauth_client *client = NULL;
  ofauth_response *response = NULL;
  pthread_t thread;
  if (ofauth_config_set_bandwidth_limit(config, 1 << 20, NULL) != OFAUTH_OK ||
      ofauth_client_new(config, &client, NULL) != OFAUTH_OK) {
    fail_at(20);
  }
  ofauth_config_free(config);
  CHECK(pthread_create(&thread, NULL, upload_memory, client) == 0);
  event_wait(&under_way);
  for (int number = 3; number < 256; number++) {
    close(number);
  }
  double began = now_ms();
  if (pthread_join(thread, NULL) != 0 || last == OFAUTH_OK || now_ms() - began > 5000) {
    fail_at(21);
  }
  began = now_ms();
  ofauth_status status = ofauth_call(client, "whoami", NULL, NULL, &response, NULL);
  if (status == OFAUTH_OK || now_ms() - began > 5000) {
    fail_at(22);
  }
  ofauth_client_free(client);
  client = new_client();
  call_whoami(client);
  ofauth_client_free(client);
}

int main(void) {
  while_a_thread_ends();
  slow_log();
  fflush(NULL);
  without_standard_descriptors();
  descriptors_of_others();
  return 0;
}
