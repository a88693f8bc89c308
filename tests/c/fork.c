/* A host that forks while it uses the library: in the child every call with the parent's client has a status and the
 * client can be freed; the parent's upload, which was under way meanwhile, goes on to its end.
 *
 * parameters.inc is generated from the header by the test. With a CHECKER of leaks the child ends as another program:
 * what the threads of the parent held is lost in a child by nature.
 */
#include "parameters.h"
#include "parameters.inc"

static struct event under_way = EVENT_INITIALIZER;
static struct event go_on = EVENT_INITIALIZER;

static int stop_and_go(void *user_data, const ofauth_progress *progress) {
  (void)user_data, (void)progress;
  event_set(&under_way);
  event_wait(&go_on);
  return 0;
}

static void *upload_meanwhile(void *argument) {
  (void)argument;
  ofauth_upload *upload = clip_upload("forked.mp4");
  ofauth_result *result = NULL;
  OK(ofauth_upload_set_progress(upload, stop_and_go, NULL, NULL, &error));
  OK(ofauth_upload_run(shared.client, upload, &result, &error));
  CHECK(ofauth_result_part_count(result) == 12);
  ofauth_result_free(result);
  ofauth_upload_free(upload);
  return NULL;
}

/* Whether a function takes a client and can say that it cannot be used. */
static int takes_client(const struct function *function) {
  static const char *const NAMES[] = {TAKING_A_CLIENT};
  for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
    if (strcmp(NAMES[i], function->name) == 0) {
      return function->fallible;
    }
  }
  return 0;
}

static void child(void) {
  const struct variant right = {NOTHING, 0};
  size_t refused = 0;
  for (size_t i = 0; i < sizeof FUNCTIONS / sizeof FUNCTIONS[0]; i++) {
    if (takes_client(&FUNCTIONS[i])) {
      struct outcome outcome = {0};
      FUNCTIONS[i].call(&right, &outcome);
      check_status(__FILE__, __LINE__, FUNCTIONS[i].name, OFAUTH_ERR_FORKED, outcome.status);
      CHECK(outcome.out == NULL && ofauth_error_status(outcome.error) == OFAUTH_ERR_FORKED);
      ofauth_error_free(outcome.error);
      refused++;
    }
  }
  CHECK(refused >= 6);
  /* What needs no client works. */
  CHECK(ofauth_result_upload_id(shared.result) != NULL);
  free_shared();
  if (getenv("CHECKER") != NULL) {
    end_child();
  }
  exit(0);
}

/* A child may use the library with a client of its own, if no call was under way when it was made. */
static void child_with_own_client(void) {
  ofauth_result *result = NULL;
  shared.client = new_client();
  OK(ofauth_upload_file(shared.client, needed("OFAUTH_CLIP"), &result, &error));
  ofauth_result_free(result);
  ofauth_client_free(shared.client);
  _exit(0);
}

int main(void) {
  pthread_t thread;
  make_shared();
  CHECK(pthread_create(&thread, NULL, upload_meanwhile, NULL) == 0);
  event_wait(&under_way);
  fflush(NULL);
  pid_t pid = fork();
  CHECK(pid >= 0);
  if (pid == 0) {
    child();
  }
  check_exit(pid);
  event_set(&go_on);
  CHECK(pthread_join(thread, NULL) == 0);
  if (getenv("CHECKER") == NULL) {
    pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
      child_with_own_client();
    }
    check_exit(pid);
  }
  ofauth_response *response = NULL;
  OK(ofauth_call(shared.client, "whoami", NULL, NULL, &response, &error));
  ofauth_response_free(response);
  free_shared();
  return 0;
}
