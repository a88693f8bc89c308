/* Calls that are given up, by a cancel, by a timeout and by a tick: every function that waits for the service, by the
 * setters of its own object and by a client of ofauth_client_with_wait. The server takes requests and never answers.
 */
#include "check.h"

#include <time.h>

enum means { CANCEL, TIMEOUT, TICK, MEANS };

#define TIMEOUT_MS 300

static ofauth_client *client;

static double now_ms(void) {
  struct timespec now;
  CHECK(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
  return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* What gives a call up, and what became of it. */
struct scene {
  enum means means;
  ofauth_cancel *cancel;
  long thread;
  unsigned ticks;
  unsigned destroyed;
  double given_up;
};

static int tick(void *user_data) {
  struct scene *scene = user_data;
  CHECK(thread_id() == scene->thread && scene->destroyed == 0);
  scene->ticks++;
  if (scene->ticks == 1) {
    /* It is a callback like all others. */
    ofauth_response *response = NULL;
    EXPECT(OFAUTH_ERR_REENTRANT, ofauth_call(client, "whoami", NULL, NULL, &response, NULL));
  }
  scene->given_up = now_ms();
  return scene->ticks >= 2;
}

static void destroy(void *user_data) {
  struct scene *scene = user_data;
  CHECK(thread_id() == scene->thread);
  scene->destroyed++;
}

static void *cancel_soon(void *argument) {
  struct scene *scene = argument;
  const struct timespec pause = {0, 200 * 1000 * 1000};
  nanosleep(&pause, NULL);
  scene->given_up = now_ms();
  ofauth_cancel_cancel(scene->cancel);
  return NULL;
}

/* -- The functions that wait ---------------------------------------------------------------------------------------- */

static ofauth_status call_get(ofauth_client *with, ofauth_error **error) {
  ofauth_response *response = NULL;
  ofauth_status status = ofauth_call(with, "list_vault_media", NULL, NULL, &response, error);
  CHECK(response == NULL);
  return status;
}

static ofauth_status call_post(ofauth_client *with, ofauth_error **error) {
  ofauth_response *response = NULL;
  ofauth_status status = ofauth_call(with, "create_post", NULL, "{\"text\": \"Hello\"}", &response, error);
  CHECK(response == NULL);
  return status;
}

static ofauth_status call_bytes(ofauth_client *with, ofauth_error **error) {
  ofauth_response *response = NULL;
  ofauth_status status = ofauth_call_bytes(with, "upload_part", "{\"mediaUploadId\": \"upload:x\", \"partNumber\": 1}", "x",
                                           1, "video/mp4", &response, error);
  CHECK(response == NULL);
  return status;
}

static ofauth_status check(ofauth_client *with, ofauth_error **error) {
  ofauth_check_result *found = NULL;
  ofauth_status status = ofauth_check(with, "\"etag\"", 1, &found, error);
  CHECK(found == NULL);
  return status;
}

static const char *const IDS[] = {"1", "2"};

static ofauth_status vault_plus_batch(ofauth_client *with, ofauth_error **error) {
  ofauth_response *response = NULL;
  ofauth_status status = ofauth_vault_plus_batch(with, IDS, 2, &response, error);
  CHECK(response == NULL);
  return status;
}

static ofauth_status wait_ready(ofauth_client *with, ofauth_error **error) {
  ofauth_response *response = NULL;
  ofauth_status status = ofauth_wait_ready(with, IDS, 2, &response, error);
  CHECK(response == NULL);
  return status;
}

static ofauth_status wait_stored(ofauth_client *with, ofauth_error **error) {
  ofauth_response *response = NULL;
  ofauth_status status = ofauth_wait_stored(with, IDS, 2, NULL, 0, &response, error);
  CHECK(response == NULL);
  return status;
}

static ofauth_status add_to_list(ofauth_client *with, ofauth_error **error) {
  return ofauth_add_to_vault_list(with, "7", IDS, 2, error);
}

static ofauth_status remove_from_list(ofauth_client *with, ofauth_error **error) {
  ofauth_response *response = NULL;
  ofauth_status status = ofauth_remove_from_vault_list(with, "7", IDS, 2, &response, error);
  CHECK(response == NULL);
  return status;
}

static ofauth_status copy_list(ofauth_client *with, ofauth_error **error) {
  ofauth_response *response = NULL;
  ofauth_status status = ofauth_copy_vault_list(with, "7", "8", &response, error);
  CHECK(response == NULL);
  return status;
}

static ofauth_status link_start(ofauth_client *with, ofauth_error **error) {
  ofauth_response *response = NULL;
  ofauth_status status = ofauth_link_start(with, NULL, &response, error);
  CHECK(response == NULL);
  return status;
}

/* Of either mode: they ask different questions. */
static ofauth_status link_wait(ofauth_client *with, const char *session, ofauth_error **error) {
  ofauth_response *response = NULL;
  ofauth_status status = ofauth_link_wait(with, session, &response, error);
  CHECK(response == NULL);
  return status;
}

static ofauth_status hosted_link(ofauth_client *with, ofauth_error **error) {
  return link_wait(with, "{\"version\":1,\"mode\":\"hosted\",\"url\":\"http://a/\",\"clientReferenceId\":\"r\",\"isUnique\":true}",
                   error);
}

static ofauth_status whitelabel_link(ofauth_client *with, ofauth_error **error) {
  return link_wait(with,
                   "{\"version\":1,\"mode\":\"whitelabel\",\"clientSecret\":\"s\",\"clientReferenceId\":\"r\",\"isUnique\":true}",
                   error);
}

static ofauth_status connection_settings(ofauth_client *with, ofauth_error **error) {
  ofauth_response *response = NULL;
  ofauth_status status = ofauth_update_connection_settings(with, "conn_test", "{\"vaultPlus\": {\"enabled\": true}}", 0,
                                                           &response, error);
  CHECK(response == NULL);
  return status;
}

static ofauth_status account_settings(ofauth_client *with, ofauth_error **error) {
  ofauth_response *response = NULL;
  ofauth_status status = ofauth_update_account_settings(
      with, "{\"vaultPlus\": {\"defaultSettings\": {\"retentionDays\": 7}, \"applyToExistingConnections\": true}}", 0, &response,
      error);
  CHECK(response == NULL);
  return status;
}

static ofauth_status download(ofauth_client *with, ofauth_error **error) {
  ofauth_download *download = NULL;
  ofauth_response *response = NULL;
  ofauth_status status = ofauth_download_new("1", "source", "never.mp4", &download, error);
  status = status == OFAUTH_OK ? ofauth_download_run(with, download, &response, error) : status;
  CHECK(response == NULL && access("never.mp4", F_OK) != 0);
  ofauth_download_free(download);
  return status;
}

static ofauth_status upload_file(ofauth_client *with, ofauth_error **error) {
  ofauth_result *result = NULL;
  ofauth_status status = ofauth_upload_file(with, needed("OFAUTH_CLIP"), &result, error);
  CHECK(result == NULL);
  return status;
}

static ofauth_status file_of_batch(ofauth_client *with, ofauth_error **error) {
  ofauth_batch *batch = NULL;
  ofauth_batched *file = NULL;
  ofauth_status status = ofauth_batch_new(&batch, error);
  status = status == OFAUTH_OK ? ofauth_batch_add_file(batch, needed("OFAUTH_CLIP"), error) : status;
  status = status == OFAUTH_OK ? ofauth_batch_next(with, batch, &file, error) : status;
  CHECK(file == NULL);
  ofauth_batch_free(batch);
  return status;
}

static ofauth_status page(ofauth_client *with, ofauth_error **error) {
  ofauth_pages *pages = NULL;
  ofauth_response *response = NULL;
  ofauth_status status = ofauth_pages_new("list_posts", NULL, &pages, error);
  status = status == OFAUTH_OK ? ofauth_pages_next(with, pages, &response, error) : status;
  CHECK(response == NULL && strcmp(ofauth_pages_resume_token(pages), "list_posts@") == 0);
  ofauth_pages_free(pages);
  return status;
}

/* A timeout of one call for a page is none of the next, which a cancel ends later. */
static void by_next_call(void) {
  ofauth_pages *pages = NULL;
  ofauth_response *response = NULL;
  ofauth_wait *wait = NULL;
  ofauth_client *hasty = NULL;
  struct scene scene = {.means = CANCEL, .thread = thread_id()};
  pthread_t thread;
  OK(ofauth_wait_new(&wait, &error));
  OK(ofauth_wait_set_timeout(wait, 1, &error));
  OK(ofauth_client_with_wait(client, wait, &hasty, &error));
  OK(ofauth_pages_new("list_posts", NULL, &pages, &error));
  OK(ofauth_cancel_new(&scene.cancel, &error));
  OK(ofauth_pages_set_cancel(pages, scene.cancel, &error));
  EXPECT(OFAUTH_ERR_TIMEOUT, ofauth_pages_next(hasty, pages, &response, NULL));
  CHECK(pthread_create(&thread, NULL, cancel_soon, &scene) == 0);
  EXPECT(OFAUTH_ERR_CANCELLED, ofauth_pages_next(client, pages, &response, NULL));
  CHECK(pthread_join(thread, NULL) == 0 && response == NULL);
  ofauth_pages_free(pages);
  ofauth_client_free(hasty);
  ofauth_wait_free(wait);
  ofauth_cancel_free(scene.cancel);
}

/* A walk with a timeout of its own, which goes on with the same page. */
static void by_pages(void) {
  ofauth_pages *pages = NULL;
  ofauth_response *response = NULL;
  OK(ofauth_pages_new("list_posts", NULL, &pages, &error));
  OK(ofauth_pages_set_timeout(pages, TIMEOUT_MS, &error));
  EXPECT(OFAUTH_ERR_TIMEOUT, ofauth_pages_next_item(client, pages, &response, NULL));
  EXPECT(OFAUTH_ERR_TIMEOUT, ofauth_pages_next(client, pages, &response, NULL));
  CHECK(response == NULL);
  ofauth_pages_free(pages);
}

/* By name, and whether it must not be carried out twice. */
static const struct {
  const char *name;
  ofauth_status (*call)(ofauth_client *with, ofauth_error **error);
  int once;
} CALLS[] = {
    {"a GET", call_get, 0}, {"a POST", call_post, 1},  {"bytes", call_bytes, 0},
    {"a check", check, 0},  {"a Vault+ batch", vault_plus_batch, 0}, {"an upload", upload_file, 0},
    {"a batch", file_of_batch, 0}, {"a page", page, 0},
    {"a wait for media", wait_ready, 0}, {"a wait for Vault+", wait_stored, 0}, {"a download", download, 0},
    {"a list to fill", add_to_list, 0}, {"a list to empty", remove_from_list, 0}, {"a list to copy", copy_list, 0},
    {"a link", link_start, 0}, {"a hosted link", hosted_link, 0}, {"a whitelabel link", whitelabel_link, 0},
    {"a connection's settings", connection_settings, 0}, {"the account's settings", account_settings, 0},
};

static const struct {
  const char *operation;
  const char *json;
  int once;
} REQUESTS[] = {{"list_vault_media", NULL, 0}, {"create_post", "{\"text\": \"Hello\"}", 1}};

/* -- Ways to give up ------------------------------------------------------------------------------------------------ */

static void judge(const char *name, int once, struct scene *scene, double began, ofauth_status status, ofauth_error *error) {
  double passed = now_ms() - (scene->means == TIMEOUT ? began + TIMEOUT_MS : scene->given_up);
  ofauth_status wanted = once                      ? OFAUTH_ERR_OUTCOME_UNKNOWN
                         : scene->means == TIMEOUT ? OFAUTH_ERR_TIMEOUT
                                                   : OFAUTH_ERR_CANCELLED;
  /* A checker makes everything slow. */
  double most = getenv("CHECKER") == NULL ? 100 : 5000;
  if (status != wanted || passed < -1 || passed > most || ofauth_error_is_retryable(error) == once) {
    fprintf(stderr, "%s, means %d: after %.0f ms %s: %s\n", name, scene->means, passed, ofauth_status_name(status),
            ofauth_error_message(error));
    _exit(1);
  }
  CHECK(scene->means != TICK || scene->ticks == 2);
  ofauth_error_free(error);
}

static void begin(struct scene *scene, enum means means, pthread_t *thread) {
  *scene = (struct scene){.means = means, .thread = thread_id()};
  OK(ofauth_cancel_new(&scene->cancel, &error));
  if (means == CANCEL) {
    CHECK(pthread_create(thread, NULL, cancel_soon, scene) == 0);
  }
}

static void end(struct scene *scene, pthread_t thread) {
  if (scene->means == CANCEL) {
    CHECK(pthread_join(thread, NULL) == 0);
  }
  ofauth_cancel_free(scene->cancel);
  CHECK(scene->destroyed == 1);
}

static void by_client(size_t at, enum means means) {
  struct scene scene;
  pthread_t thread;
  ofauth_wait *wait = NULL;
  ofauth_client *with = NULL;
  ofauth_error *error = NULL;
  begin(&scene, means, &thread);
  OK(ofauth_wait_new(&wait, &error));
  OK(ofauth_wait_set_tick(wait, means == TICK ? tick : NULL, &scene, destroy, &error));
  CHECK(scene.destroyed == (means != TICK));
  if (means == TIMEOUT) {
    OK(ofauth_wait_set_timeout(wait, TIMEOUT_MS, &error));
  }
  OK(ofauth_wait_set_cancel(wait, scene.cancel, &error));
  OK(ofauth_client_with_wait(client, wait, &with, &error));
  ofauth_wait_free(wait);
  double began = now_ms();
  ofauth_status status = CALLS[at].call(with, &error);
  judge(CALLS[at].name, CALLS[at].once, &scene, began, status, error);
  CHECK(scene.destroyed == (means != TICK));
  ofauth_client_free(with);
  end(&scene, thread);
}

static void by_request(size_t at, enum means means) {
  struct scene scene;
  pthread_t thread;
  ofauth_request *request = NULL;
  ofauth_response *response = NULL;
  ofauth_error *error = NULL;
  begin(&scene, means, &thread);
  OK(ofauth_request_new(REQUESTS[at].operation, &request, &error));
  OK(ofauth_request_set_params(request, "{}", &error));
  OK(ofauth_request_set_json(request, REQUESTS[at].json, &error));
  OK(ofauth_request_set_tick(request, means == TICK ? tick : NULL, &scene, destroy, &error));
  OK(ofauth_request_set_cancel(request, scene.cancel, &error));
  OK(ofauth_request_set_timeout(request, means == TIMEOUT ? TIMEOUT_MS : 0, &error));
  double began = now_ms();
  ofauth_status status = ofauth_request_run(client, request, &response, &error);
  CHECK(response == NULL);
  judge(REQUESTS[at].operation, REQUESTS[at].once, &scene, began, status, error);
  ofauth_request_free(request);
  end(&scene, thread);
}

/* Two cancels and two timeouts: the sooner one counts. */
static void by_both(void) {
  ofauth_wait *wait = NULL;
  ofauth_client *with = NULL;
  ofauth_request *request = NULL;
  ofauth_response *response = NULL;
  ofauth_cancel *cancels[2] = {NULL, NULL};
  OK(ofauth_cancel_new(&cancels[0], &error));
  OK(ofauth_cancel_new(&cancels[1], &error));
  OK(ofauth_wait_new(&wait, &error));
  OK(ofauth_wait_set_cancel(wait, cancels[0], &error));
  OK(ofauth_wait_set_timeout(wait, TIMEOUT_MS, &error));
  OK(ofauth_client_with_wait(client, wait, &with, &error));
  OK(ofauth_request_new("whoami", &request, &error));
  OK(ofauth_request_set_cancel(request, cancels[1], &error));
  OK(ofauth_request_set_timeout(request, 600000, &error));
  EXPECT(OFAUTH_ERR_TIMEOUT, ofauth_request_run(with, request, &response, NULL));
  ofauth_cancel_cancel(cancels[0]);
  EXPECT(OFAUTH_ERR_CANCELLED, ofauth_request_run(with, request, &response, NULL));
  /* The client that it was made from has no limits, and the request has its own. */
  OK(ofauth_request_set_timeout(request, 1, &error));
  EXPECT(OFAUTH_ERR_TIMEOUT, ofauth_request_run(client, request, &response, NULL));
  ofauth_cancel_cancel(cancels[1]);
  EXPECT(OFAUTH_ERR_CANCELLED, ofauth_request_run(client, request, &response, NULL));
  ofauth_request_free(request);
  ofauth_client_free(with);
  ofauth_wait_free(wait);
  ofauth_cancel_free(cancels[0]);
  ofauth_cancel_free(cancels[1]);
}

int main(void) {
  client = new_client();
  for (enum means means = CANCEL; means < MEANS; means++) {
    for (size_t i = 0; i < sizeof CALLS / sizeof CALLS[0]; i++) {
      by_client(i, means);
    }
    for (size_t i = 0; i < sizeof REQUESTS / sizeof REQUESTS[0]; i++) {
      by_request(i, means);
    }
  }
  by_both();
  by_pages();
  by_next_call();
  ofauth_client_free(client);
  return 0;
}
