/* What the C test programs share: checks that end the program with file and line, and a client of the test's server.
 *
 * Include it first. The server comes through the environment: OFAUTH_BASE_URL, OFAUTH_API_KEY, OFAUTH_CONNECTION_ID,
 * OFAUTH_CA_PEM_FILE if it speaks TLS, OFAUTH_CLIP for a file to upload. ROUNDS makes loops shorter for checkers that
 * slow everything down. Programs that need no server use only the checks.
 */
#ifndef CHECK_H
#define CHECK_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <inttypes.h>
#include <ofauth.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHECK(condition)                                                          \
  do {                                                                            \
    if (!(condition)) {                                                           \
      fprintf(stderr, "%s:%d: CHECK(%s) failed\n", __FILE__, __LINE__, #condition); \
      fflush(NULL);                                                               \
      _exit(1);                                                                   \
    }                                                                             \
  } while (0)

/* A call whose status has to be `expected`. */
#define EXPECT(expected, call) check_status(__FILE__, __LINE__, #call, (expected), (call))

/* A call that has to succeed; `error` is the variable that the call was given, for its message. */
#define OK(call)                                                                               \
  do {                                                                                         \
    ofauth_error *error = NULL;                                                                \
    ofauth_status status_of_call = (call);                                                     \
    if (status_of_call != OFAUTH_OK || error != NULL) {                                        \
      fprintf(stderr, "%s:%d: %s: %s: %s\n", __FILE__, __LINE__, #call,                        \
              ofauth_status_name(status_of_call), ofauth_error_message(error));                \
      _exit(1);                                                                                \
    }                                                                                          \
  } while (0)

static inline void check_status(const char *file, int line, const char *call, ofauth_status expected,
                                ofauth_status status) {
  if (status != expected) {
    fprintf(stderr, "%s:%d: %s: %s, not %s\n", file, line, call, ofauth_status_name(status),
            ofauth_status_name(expected));
    _exit(1);
  }
}

/* Waits for a child, which has to end with 0. */
static inline void check_exit(pid_t pid) {
  int status = 0;
  CHECK(waitpid(pid, &status, 0) == pid);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    fprintf(stderr, "the child ended with %d, signal %d\n", WEXITSTATUS(status), WIFSIGNALED(status) ? WTERMSIG(status) : 0);
    _exit(1);
  }
}

/* Ends a child as another program: what the parent's threads held is lost in a child by nature, which a checker of leaks
 * does not know.
 */
static inline void end_child(void) {
  char *const arguments[] = {"true", NULL};
  char *const environment[] = {NULL};
  execve("/bin/true", arguments, environment);
  _exit(3);
}

static inline const char *needed(const char *name) {
  const char *value = getenv(name);
  if (value == NULL) {
    fprintf(stderr, "the variable %s is not set\n", name);
    _exit(2);
  }
  return value;
}

/* How often to do something: `usual`, or the environment's ROUNDS if that is less. */
static inline long rounds(long usual) {
  const char *text = getenv("ROUNDS");
  long fewer = text == NULL ? usual : strtol(text, NULL, 10);
  CHECK(fewer > 0);
  return fewer < usual ? fewer : usual;
}

static inline long thread_id(void) {
  return syscall(SYS_gettid);
}

/* The whole of a file, with a NUL behind it. The caller frees it. */
static inline char *read_file(const char *path, size_t *size) {
  FILE *file = fopen(path, "rb");
  CHECK(file != NULL && fseek(file, 0, SEEK_END) == 0);
  long length = ftell(file);
  CHECK(length >= 0 && fseek(file, 0, SEEK_SET) == 0);
  char *bytes = malloc((size_t)length + 1);
  CHECK(bytes != NULL && fread(bytes, 1, (size_t)length, file) == (size_t)length && fclose(file) == 0);
  bytes[length] = '\0';
  if (size != NULL) {
    *size = (size_t)length;
  }
  return bytes;
}

static inline ofauth_config *new_config(void) {
  ofauth_config *config = NULL;
  OK(ofauth_config_new(needed("OFAUTH_API_KEY"), &config, &error));
  OK(ofauth_config_set_connection_id(config, needed("OFAUTH_CONNECTION_ID"), &error));
  OK(ofauth_config_set_base_url(config, needed("OFAUTH_BASE_URL"), &error));
  const char *authority = getenv("OFAUTH_CA_PEM_FILE");
  if (authority != NULL) {
    char *pem = read_file(authority, NULL);
    OK(ofauth_config_set_ca_pem(config, pem, &error));
    free(pem);
  }
  return config;
}

static inline ofauth_client *new_client(void) {
  ofauth_client *client = NULL;
  ofauth_config *config = new_config();
  OK(ofauth_client_new(config, &client, &error));
  ofauth_config_free(config);
  return client;
}

/* An upload of bytes in memory, as a video. */
static inline ofauth_upload *new_upload(const void *bytes, size_t size, const char *filename) {
  ofauth_upload *upload = NULL;
  OK(ofauth_upload_new(&upload, &error));
  OK(ofauth_upload_set_bytes(upload, bytes, size, &error));
  OK(ofauth_upload_set_filename(upload, filename, &error));
  OK(ofauth_upload_set_content_type(upload, "video/mp4", &error));
  return upload;
}

/* An upload of the sample. */
static inline ofauth_upload *clip_upload(const char *filename) {
  ofauth_upload *upload = NULL;
  OK(ofauth_upload_new(&upload, &error));
  OK(ofauth_upload_set_file(upload, needed("OFAUTH_CLIP"), &error));
  OK(ofauth_upload_set_filename(upload, filename, &error));
  return upload;
}

/* `size` bytes, the same at every run. The caller frees them. */
static inline unsigned char *pattern(size_t size) {
  unsigned char *bytes = malloc(size);
  CHECK(bytes != NULL);
  uint32_t state = 1;
  for (size_t i = 0; i < size; i++) {
    state = state * 1664525u + 1013904223u;
    bytes[i] = (unsigned char)(state >> 24);
  }
  return bytes;
}

/* How often `part` stands in `text`. */
static inline size_t count_of(const char *text, const char *part) {
  size_t count = 0;
  for (const char *at = strstr(text, part); at != NULL; at = strstr(at + 1, part)) {
    count++;
  }
  return count;
}

/* Something that happens once, for threads to wait for. */
struct event {
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  int happened;
};

#define EVENT_INITIALIZER {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0}

static inline void event_set(struct event *event) {
  CHECK(pthread_mutex_lock(&event->mutex) == 0);
  event->happened = 1;
  CHECK(pthread_cond_broadcast(&event->changed) == 0);
  CHECK(pthread_mutex_unlock(&event->mutex) == 0);
}

static inline void event_wait(struct event *event) {
  CHECK(pthread_mutex_lock(&event->mutex) == 0);
  while (!event->happened) {
    CHECK(pthread_cond_wait(&event->changed, &event->mutex) == 0);
  }
  CHECK(pthread_mutex_unlock(&event->mutex) == 0);
}

#endif
