/* Uploads a file a number of times and prints the CPU seconds of the process, to be compared by hand with the same in
 * Rust: bench_upload FILE TIMES.
 */
#include "check.h"

#include <sys/resource.h>

static double seconds(struct timeval time) {
  return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

int main(int argc, char **argv) {
  CHECK(argc == 3);
  ofauth_client *client = new_client();
  for (long i = strtol(argv[2], NULL, 10); i > 0; i--) {
    ofauth_result *result = NULL;
    OK(ofauth_upload_file(client, argv[1], &result, &error));
    ofauth_result_free(result);
  }
  ofauth_client_free(client);
  struct rusage usage;
  CHECK(getrusage(RUSAGE_SELF, &usage) == 0);
  printf("user %.3f s, system %.3f s\n", seconds(usage.ru_utime), seconds(usage.ru_stime));
  return 0;
}
