/* What the library reads of the environment: two variables, each once, whatever is done with it. The function that reads
 * it is this program's own, which stands before that of the C library. The first argument is a directory for journals.
 *
 * The test sets variables that are meant for other programs, and would end this one if they were read.
 */
#include "check.h"

extern char **environ;

enum { MOST = 256 };

static char names[MOST][64];
static size_t seen;

char *getenv(const char *name) {
  size_t length = strlen(name);
  /* The tests' own. */
  if (strncmp(name, "OFAUTH_", 7) != 0) {
    size_t at = __atomic_fetch_add(&seen, 1, __ATOMIC_RELAXED);
    CHECK(at < MOST);
    snprintf(names[at], sizeof(names[at]), "%s", name);
  }
  for (char **entry = environ; *entry != NULL; entry++) {
    if (strncmp(*entry, name, length) == 0 && (*entry)[length] == '=') {
      return *entry + length + 1;
    }
  }
  return NULL;
}

char *secure_getenv(const char *name) {
  return getenv(name);
}

static const char *directory;

/* A client that is used for everything and freed. */
static void journey(void) {
  ofauth_config *config = new_config();
  ofauth_client *client = NULL;
  ofauth_response *response = NULL;
  ofauth_result *result = NULL;
  OK(ofauth_config_set_journal_dir(config, directory, &error));
  OK(ofauth_config_set_rate_state_dir(config, directory, &error));
  OK(ofauth_client_new(config, &client, &error));
  ofauth_config_free(config);
  OK(ofauth_call(client, "whoami", NULL, NULL, &response, &error));
  ofauth_response_free(response);
  OK(ofauth_upload_file(client, needed("OFAUTH_CLIP"), &result, &error));
  ofauth_result_free(result);
  ofauth_sessions *sessions = NULL;
  OK(ofauth_journal_sessions(directory, &sessions, &error));
  ofauth_sessions_free(sessions);
  CHECK(ofauth_call(client, "no_such_operation", NULL, NULL, &response, NULL) == OFAUTH_ERR_INVALID_ARGUMENT);
  ofauth_client_free(client);
}

/* A client that would trust the platform's certificates, of a server that is not there. */
static void of_https(void) {
  ofauth_config *config = NULL;
  ofauth_client *client = NULL;
  ofauth_response *response = NULL;
  OK(ofauth_config_new("sk_test_key", &config, &error));
  OK(ofauth_config_set_base_url(config, "https://localhost:1", &error));
  OK(ofauth_client_new(config, &client, &error));
  CHECK(ofauth_call(client, "whoami", NULL, NULL, &response, NULL) != OFAUTH_OK);
  ofauth_client_free(client);
  ofauth_config_free(config);
}

static size_t count(const char *name) {
  size_t found = 0;
  for (size_t at = 0; at < seen; at++) {
    found += strcmp(names[at], name) == 0;
  }
  return found;
}

int main(int argc, char **argv) {
  CHECK(argc == 2);
  directory = argv[1];
  CHECK(getenv("RUST_MIN_STACK") != NULL && seen == 1);
  seen = 0;
  journey();
  journey();
  size_t before = seen;
  of_https();
  of_https();
  journey();
  for (size_t at = 0; at < seen; at++) {
    printf("read: %s\n", names[at]);
  }
  printf("%zu reads of the environment\n", seen);
  CHECK(before == 0);
  CHECK(count("SSL_CERT_FILE") == 1 && count("SSL_CERT_DIR") == 1 && seen == 2);
  return 0;
}
