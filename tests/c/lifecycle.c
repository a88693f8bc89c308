/* Clients that come and go leave nothing behind: no thread, no file descriptor, no memory. */
#include "check.h"

#include <dirent.h>
#include <limits.h>
#include <time.h>

static long entries(const char *path) {
  long count = 0;
  DIR *directory = opendir(path);
  CHECK(directory != NULL);
  for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
    count += entry->d_name[0] != '.';
  }
  closedir(directory);
  return count;
}

static long resident_kib(void) {
  char line[256];
  long kib = -1;
  FILE *file = fopen("/proc/self/status", "r");
  CHECK(file != NULL);
  while (kib < 0 && fgets(line, sizeof line, file) != NULL) {
    sscanf(line, "VmRSS: %ld kB", &kib);
  }
  fclose(file);
  CHECK(kib > 0);
  return kib;
}

static void cycle(void) {
  ofauth_client *client = new_client();
  ofauth_result *result = NULL;
  ofauth_response *response = NULL;
  ofauth_error *error = NULL;
  OK(ofauth_upload_file(client, needed("OFAUTH_CLIP"), &result, &error));
  OK(ofauth_call(client, "whoami", NULL, NULL, &response, &error));
  ofauth_result_free(result);
  ofauth_response_free(response);
  CHECK(ofauth_call(client, "nothing", NULL, NULL, &response, &error) != OFAUTH_OK);
  ofauth_error_free(error);
  ofauth_client_free(client);
}

/* Threads end by themselves after a client is freed, if not within the call. Bounded. */
static long settled(const char *path, long wanted) {
  long now = entries(path);
  for (int i = 0; i < 200 && now > wanted; i++) {
    const struct timespec pause = {0, 10 * 1000 * 1000};
    nanosleep(&pause, NULL);
    now = entries(path);
  }
  return now;
}

int main(void) {
  const long cycles = rounds(400);
  /* The least memory seen in a while, for one figure says little: where the allocator puts things goes up and down by half
     a MiB. */
  long early_kib = LONG_MAX;
  long late_kib = LONG_MAX;
  long threads_before = entries("/proc/self/task");
  long files_before = entries("/proc/self/fd");
  cycle();
  long threads = settled("/proc/self/task", threads_before);
  long files = settled("/proc/self/fd", files_before);
  CHECK(threads == threads_before && files == files_before);
  for (long i = 1; i < cycles; i++) {
    cycle();
    long now = resident_kib();
    if (i >= cycles / 5 && i < cycles * 2 / 5 && now < early_kib) {
      early_kib = now;
    } else if (i >= cycles * 3 / 5 && now < late_kib) {
      late_kib = now;
    }
  }
  CHECK(settled("/proc/self/task", threads) <= threads && settled("/proc/self/fd", files) <= files);
  printf("%ld cycles: threads %ld, descriptors %ld, at least %ld KiB early and %ld KiB late\n", cycles,
         entries("/proc/self/task"), entries("/proc/self/fd"), early_kib, late_kib);
  /* A checker's own memory grows as it likes; it finds leaks in its own way. */
  CHECK(cycles < 400 || late_kib <= early_kib + 1024);
  return 0;
}
