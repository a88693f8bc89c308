/* A host that leaves SIGPIPE at its default, which is to die of it, and a server that refuses in the middle of bodies
 * and resets the connection.
 *
 * With an argument it shows that the default is in force: it writes to a broken pipe and dies.
 */
#include "check.h"

#include <signal.h>

enum { THREADS = 8, SIZE = 1024 * 1024 };

static ofauth_client *client;
static unsigned char *bytes;
static long per_thread;
static long refused[THREADS];

static void *upload(void *argument) {
  long *count = argument;
  ofauth_upload *upload = new_upload(bytes, SIZE, "refused.mp4");
  for (long i = 0; i < per_thread; i++) {
    ofauth_result *result = NULL;
    ofauth_error *error = NULL;
    ofauth_status status = ofauth_upload_run(client, upload, &result, &error);
    CHECK(status != OFAUTH_OK && status < OFAUTH_ERR_INTERNAL && result == NULL);
    *count += status == OFAUTH_ERR_REJECTED && ofauth_error_http_status(error) == 413;
    ofauth_error_free(error);
  }
  ofauth_upload_free(upload);
  return NULL;
}

static void die_of_it(void) {
  int ends[2];
  CHECK(pipe(ends) == 0 && close(ends[0]) == 0);
  ssize_t written = write(ends[1], "x", 1);
  printf("%zd bytes written, alive\n", written);
}

int main(int argc, char **argv) {
  (void)argv;
  CHECK(signal(SIGPIPE, SIG_DFL) != SIG_ERR);
  if (argc > 1) {
    die_of_it();
    return 0;
  }
  pthread_t threads[THREADS];
  long total = 0;
  bytes = pattern(SIZE);
  client = new_client();
  per_thread = rounds(1000) / THREADS;
  CHECK(per_thread > 0);
  for (int i = 0; i < THREADS; i++) {
    CHECK(pthread_create(&threads[i], NULL, upload, &refused[i]) == 0);
  }
  for (int i = 0; i < THREADS; i++) {
    CHECK(pthread_join(threads[i], NULL) == 0);
    total += refused[i];
  }
  struct sigaction action;
  CHECK(sigaction(SIGPIPE, NULL, &action) == 0 && action.sa_handler == SIG_DFL);
  ofauth_client_free(client);
  free(bytes);
  printf("%ld of %ld uploads refused, host alive\n", total, per_thread * THREADS);
  CHECK(total * 100 >= per_thread * THREADS * 99);
  return 0;
}
