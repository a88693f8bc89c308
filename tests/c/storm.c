/* A host whose environment changes all the time while clients are made, used and freed: over plain http and an address in
 * numbers, nothing of the library looks at it.
 */
#include "check.h"

static int over;

static void *change_environment(void *nothing) {
  (void)nothing;
  for (unsigned i = 0; !__atomic_load_n(&over, __ATOMIC_RELAXED); i++) {
    char name[64], value[2000];
    memset(value, 'x', sizeof(value) - 1);
    value[sizeof(value) - 1] = '\0';
    snprintf(name, sizeof(name), "V%u", i % 3000);
    if (i % 3 == 2) {
      unsetenv(name);
    } else {
      setenv(name, value + i * 7 % 1900, 1);
    }
  }
  return NULL;
}

int main(void) {
  ofauth_config *config = new_config();
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, change_environment, NULL) == 0);
  const long clients = 1000;
  for (long i = 0; i < clients; i++) {
    ofauth_client *client = NULL;
    ofauth_response *response = NULL;
    OK(ofauth_client_new(config, &client, &error));
    OK(ofauth_call(client, "whoami", NULL, NULL, &response, &error));
    ofauth_response_free(response);
    ofauth_client_free(client);
  }
  __atomic_store_n(&over, 1, __ATOMIC_RELAXED);
  CHECK(pthread_join(thread, NULL) == 0);
  ofauth_config_free(config);
  printf("%ld clients\n", clients);
  return 0;
}
