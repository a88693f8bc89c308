/* Systems that hang: a name server, a disk, the disk of the journal, a server that does not speak. In each, an upload or
 * a request is cancelled and its client freed, in both orders: each takes 100 ms at most, and the memory that was lent is the caller's
 * again. The first argument is a directory for journals and files.
 *
 * The functions of the system that hang are this program's own, which stand before those of the C library.
 */
#include "check.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <netdb.h>
#include <poll.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <time.h>

enum { LONGEST_MS = 100, TRIES = 3 };

/* ---- What hangs, and how far it came. */

enum place { NOWHERE, NAME, OPEN, EXAMINE, READ, SYNC, BUDGET, SERVER };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static enum place stuck_at;
static int skipped; /* Visits of the place that do not hang. */
static int inside;

/* Hangs if this is the place, until it is released. */
static void pass(enum place place) {
  pthread_mutex_lock(&mutex);
  if (place == stuck_at && skipped-- <= 0) {
    inside++;
    pthread_cond_broadcast(&changed);
    while (place == stuck_at) {
      pthread_cond_wait(&changed, &mutex);
    }
    inside--;
    pthread_cond_broadcast(&changed);
  }
  pthread_mutex_unlock(&mutex);
}

static void hang(enum place place, int after) {
  pthread_mutex_lock(&mutex);
  stuck_at = place;
  skipped = after;
  pthread_mutex_unlock(&mutex);
}

/* Waits until something hangs. */
static void wait_inside(void) {
  pthread_mutex_lock(&mutex);
  while (inside == 0) {
    pthread_cond_wait(&changed, &mutex);
  }
  pthread_mutex_unlock(&mutex);
}

/* Lets go of all that hangs, and waits until it has gone. */
static void release(void) {
  pthread_mutex_lock(&mutex);
  stuck_at = NOWHERE;
  pthread_cond_broadcast(&changed);
  while (inside > 0) {
    pthread_cond_wait(&changed, &mutex);
  }
  pthread_mutex_unlock(&mutex);
}

#define REAL(result, name, ...) ((result(*)(__VA_ARGS__))(uintptr_t)dlsym(RTLD_NEXT, name))

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **found) {
  pass(NAME);
  return REAL(int, "getaddrinfo", const char *, const char *, const struct addrinfo *,
              struct addrinfo **)(node, service, hints, found);
}

int open64(const char *path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  mode_t mode = (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
  va_end(arguments);
  if (strstr(path, "stuck.mp4") != NULL) {
    pass(OPEN);
  }
  return REAL(int, "open64", const char *, int, mode_t)(path, flags, mode);
}

/* Nothing here lies on a file system that answers from memory. */
int fstatfs64(int file, struct statfs64 *about) {
  int result = REAL(int, "fstatfs64", int, struct statfs64 *)(file, about);
  about->f_type = FUSE_SUPER_MAGIC;
  return result;
}

int fstatfs(int file, struct statfs *about) {
  int result = REAL(int, "fstatfs", int, struct statfs *)(file, about);
  about->f_type = FUSE_SUPER_MAGIC;
  return result;
}

int statx(int directory_or_file, const char *path, int flags, unsigned mask, struct statx *about) {
  if (strstr(path, ".rate") != NULL) {
    pass(BUDGET);
  } else if (path[0] == '\0') {
    char link[64], name[4096] = {0};
    snprintf(link, sizeof(link), "/proc/self/fd/%d", directory_or_file);
    if (readlink(link, name, sizeof(name) - 1) > 0 && strstr(name, "stuck.mp4") != NULL) {
      pass(EXAMINE);
    }
  }
  return REAL(int, "statx", int, const char *, int, unsigned, struct statx *)(directory_or_file, path, flags, mask, about);
}

ssize_t pread64(int file, void *buffer, size_t size, off_t at) {
  pass(READ);
  return REAL(ssize_t, "pread64", int, void *, size_t, off_t)(file, buffer, size, at);
}

/* Nothing is in the page cache, so that everything is read by pread. */
ssize_t preadv64v2(int file, const struct iovec *parts, int count, off_t at, int flags) {
  (void)file, (void)parts, (void)count, (void)at, (void)flags;
  errno = EOPNOTSUPP;
  return -1;
}

int fdatasync(int file) {
  pass(SYNC);
  return REAL(int, "fdatasync", int)(file);
}

int fsync(int file) {
  pass(SYNC);
  return REAL(int, "fsync", int)(file);
}

/* ---- One phase. */

struct phase {
  const char *name;
  enum place place;
  int after;
  enum { OF_FILE, OF_MEMORY, OF_REQUEST } what; /* An upload of a file, of lent memory in one request, or a post. */
  const char *url; /* NULL for the test's server. */
};

static const char *directory;
static char path[4096], silent_http[64], silent_https[64], named[64];
static int listening;

struct run {
  ofauth_client *client;
  ofauth_upload *upload;
  /* In place of the upload, if there is one. */
  ofauth_request *request;
  struct event ended;
  ofauth_status status;
  double ended_at;
};

static double now_ms(void) {
  struct timespec now;
  CHECK(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
  return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void *carry_out(void *argument) {
  struct run *run = argument;
  ofauth_result *result = NULL;
  ofauth_response *response = NULL;
  ofauth_error *error = NULL;
  run->status = run->request != NULL ? ofauth_request_run(run->client, run->request, &response, &error)
                                     : ofauth_upload_run(run->client, run->upload, &result, &error);
  run->ended_at = now_ms();
  ofauth_response_free(response);
  ofauth_error_free(error);
  ofauth_result_free(result);
  return NULL;
}

static ofauth_client *client_for(const struct phase *phase) {
  ofauth_client *client = NULL;
  ofauth_config *config = new_config();
  if (phase->url != NULL) {
    OK(ofauth_config_set_base_url(config, phase->url, &error));
    OK(ofauth_config_allow_plain_http(config, 1, &error));
  }
  /* A directory for each try: what an earlier one has left would change how often is written. */
  static int number;
  char journals[4200];
  snprintf(journals, sizeof(journals), "%s/%d", directory, ++number);
  CHECK(mkdir(journals, 0700) == 0);
  OK(ofauth_config_set_journal_dir(config, journals, &error));
  OK(ofauth_config_set_rate_state_dir(config, journals, &error));
  OK(ofauth_client_new(config, &client, &error));
  ofauth_config_free(config);
  return client;
}

/* Threads that hung end by themselves once they are let go, and with them their locks. Bounded. */
static void wait_for_threads(void) {
  for (int i = 0; i < 2000; i++) {
    long threads = 0;
    DIR *tasks = opendir("/proc/self/task");
    CHECK(tasks != NULL);
    for (struct dirent *task = readdir(tasks); task != NULL; task = readdir(tasks)) {
      threads += task->d_name[0] != '.';
    }
    CHECK(closedir(tasks) == 0);
    if (threads == 1) {
      return;
    }
    const struct timespec pause = {0, 5 * 1000 * 1000};
    nanosleep(&pause, NULL);
  }
  CHECK(!"a thread that hung has not ended");
}

/* The longest that one of both took: the cancelled upload, and freeing the client. */
static double try_phase(const struct phase *phase, int free_first) {
  enum { SIZE = 48 * 1024 };
  ofauth_cancel *cancel = NULL;
  pthread_t thread;
  OK(ofauth_cancel_new(&cancel, &error));
  struct run run = {client_for(phase), NULL, NULL, EVENT_INITIALIZER, OFAUTH_OK, 0};
  void *memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(memory != MAP_FAILED);
  run.upload = new_upload(memory, SIZE, "stuck.mp4");
  if (phase->what == OF_FILE) {
    OK(ofauth_upload_set_file(run.upload, path, &error));
  } else if (phase->what == OF_REQUEST) {
    OK(ofauth_request_new("create_post", &run.request, &error));
    OK(ofauth_request_set_json(run.request, "{\"text\": \"Hello\"}", &error));
    OK(ofauth_request_set_cancel(run.request, cancel, &error));
  }
  OK(ofauth_upload_set_cancel(run.upload, cancel, &error));
  hang(phase->place, phase->after);
  CHECK(pthread_create(&thread, NULL, carry_out, &run) == 0);
  if (phase->place == SERVER) {
    struct pollfd waiting = {listening, POLLIN, 0};
    CHECK(poll(&waiting, 1, 10000) == 1);
  } else {
    wait_inside();
  }
  double freeing = 0, began = now_ms();
  if (free_first) {
    ofauth_client_free(run.client);
    freeing = now_ms() - began;
    began = now_ms();
  }
  ofauth_cancel_cancel(cancel);
  CHECK(pthread_join(thread, NULL) == 0);
  double ending = run.ended_at - began;
  /* Nobody looks at it any more, whatever still hangs. */
  CHECK(munmap(memory, SIZE) == 0);
  if (!free_first) {
    began = now_ms();
    ofauth_client_free(run.client);
    freeing = now_ms() - began;
  }
  printf("%s, %s: it %.1f ms (%s), client %.1f ms\n", phase->name, free_first ? "freed first" : "cancelled first",
         ending, ofauth_status_name(run.status), freeing);
  CHECK(run.status == OFAUTH_ERR_CANCELLED || (phase->place == SYNC && phase->after > 1) ||
        (phase->what == OF_REQUEST && phase->url == silent_http && run.status == OFAUTH_ERR_OUTCOME_UNKNOWN));
  release();
  if (phase->place == SERVER) {
    CHECK(close(accept(listening, NULL, NULL)) == 0);
  }
  wait_for_threads();
  ofauth_request_free(run.request);
  ofauth_upload_free(run.upload);
  ofauth_cancel_free(cancel);
  return freeing > ending ? freeing : ending;
}

static void listen_in_silence(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof(address);
  listening = socket(AF_INET, SOCK_STREAM, 0);
  CHECK(listening >= 0 && bind(listening, (struct sockaddr *)&address, length) == 0 && listen(listening, 64) == 0);
  CHECK(getsockname(listening, (struct sockaddr *)&address, &length) == 0);
  snprintf(silent_http, sizeof(silent_http), "http://127.0.0.1:%u", ntohs(address.sin_port));
  snprintf(silent_https, sizeof(silent_https), "https://127.0.0.1:%u", ntohs(address.sin_port));
  snprintf(named, sizeof(named), "http://name.test:%u", ntohs(address.sin_port));
}

int main(int argc, char **argv) {
  CHECK(argc == 2);
  directory = argv[1];
  snprintf(path, sizeof(path), "%s/stuck.mp4", directory);
  FILE *file = fopen(path, "wb");
  size_t size = 0;
  char *bytes = read_file(needed("OFAUTH_CLIP"), &size);
  CHECK(file != NULL && fwrite(bytes, 1, size, file) == size && fclose(file) == 0);
  free(bytes);
  listen_in_silence();
  const struct phase phases[] = {
      {"a name is looked up", NAME, 0, OF_FILE, named},
      {"a name is looked up, for memory", NAME, 0, OF_MEMORY, named},
      {"a name is looked up, for a post", NAME, 0, OF_REQUEST, named},
      {"the request budget is looked at, for a post", BUDGET, 0, OF_REQUEST, NULL},
      {"the server is silent, for a post", SERVER, 0, OF_REQUEST, silent_http},
      {"TLS is silent, for a post", SERVER, 0, OF_REQUEST, silent_https},
      {"a file is opened", OPEN, 0, OF_FILE, NULL},
      {"an open file is examined", EXAMINE, 0, OF_FILE, NULL},
      {"a file is examined before it is sent", EXAMINE, 1, OF_FILE, NULL},
      {"a file is examined after a part", EXAMINE, 8, OF_FILE, NULL},
      {"a file is read", READ, 0, OF_FILE, NULL},
      {"the request budget is looked at", BUDGET, 0, OF_FILE, NULL},
      {"the request budget is looked at, for memory", BUDGET, 0, OF_MEMORY, NULL},
      {"the server is silent", SERVER, 0, OF_MEMORY, silent_http},
      {"TLS is silent", SERVER, 0, OF_MEMORY, silent_https},
      {"a journal is made", SYNC, 0, OF_FILE, NULL},
      {"a journal is made, for memory", SYNC, 0, OF_MEMORY, NULL},
      {"a journal hears of the session", SYNC, 2, OF_FILE, NULL},
      {"a journal hears of a part", SYNC, 3, OF_FILE, NULL},
      {"a journal hears of the end, for memory", SYNC, 4, OF_MEMORY, NULL},
  };
  for (size_t i = 0; i < sizeof(phases) / sizeof(phases[0]); i++) {
    for (int free_first = 0; free_first < 2; free_first++) {
      /* A machine that is busy may take a moment now and then, and not each time. */
      double least = try_phase(&phases[i], free_first);
      for (int i_try = 1; i_try < TRIES && least >= LONGEST_MS; i_try++) {
        double took = try_phase(&phases[i], free_first);
        least = took < least ? took : least;
      }
      if (least >= LONGEST_MS) {
        fprintf(stderr, "%s: %.1f ms\n", phases[i].name, least);
        return 1;
      }
    }
  }
  return 0;
}
