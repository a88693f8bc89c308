/* How long a client takes to be made: the median of many, in milliseconds, with and without certificates of its own. */
#include "check.h"

#include <time.h>

enum { TIMES = 51 };

static double now_ms(void) {
  struct timespec time;
  CHECK(clock_gettime(CLOCK_MONOTONIC, &time) == 0);
  return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static int by_size(const void *left, const void *right) {
  double difference = *(const double *)left - *(const double *)right;
  return (difference > 0) - (difference < 0);
}

static double median_ms(const ofauth_config *config) {
  double times[TIMES];
  for (int i = 0; i < TIMES; i++) {
    ofauth_client *client = NULL;
    double start = now_ms();
    OK(ofauth_client_new(config, &client, &error));
    times[i] = now_ms() - start;
    ofauth_client_free(client);
  }
  qsort(times, TIMES, sizeof *times, by_size);
  return times[TIMES / 2];
}

int main(void) {
  ofauth_config *config = NULL;
  OK(ofauth_config_new("sk_test", &config, &error));
  double plain = median_ms(config);
  char *pem = read_file(needed("AUTHORITY"), NULL);
  OK(ofauth_config_set_ca_pem(config, pem, &error));
  double with_pem = median_ms(config);
  free(pem);
  ofauth_config_free(config);
  printf("median of %d: %.3f ms, with certificates %.3f ms\n", TIMES, plain, with_pem);
  CHECK(plain <= 5 && with_pem <= 5);
  return 0;
}
