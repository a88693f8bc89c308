/* Callbacks that do what they should not: they call functions that wait, cancel in several ways, and free the objects
 * that the running upload stands on. Every call has a status, and nothing is used after it was freed.
 */
#include "check.h"

enum deed { CALL_BACK, CANCEL, FREE_UPLOAD, FREE_CLIENT, FREE_CANCEL, FREE_ALL, NOTHING };

struct scene {
  enum deed deed;
  long thread;
  ofauth_client *client;
  ofauth_client *other_client;
  ofauth_upload *upload;
  ofauth_cancel *cancel;
  char *bytes;
  size_t size;
  unsigned calls;
  unsigned refused;
};

static void refused(struct scene *scene, ofauth_status status, const void *out, ofauth_error *error) {
  CHECK(status == OFAUTH_ERR_REENTRANT && out == NULL && ofauth_error_status(error) == status);
  ofauth_error_free(error);
  scene->refused++;
}

/* Everything that waits, with the client that is running and with another one. */
static void call_back(struct scene *scene) {
  ofauth_client *clients[] = {scene->client, scene->other_client};
  static const char *const ids[] = {"1"};
  for (int i = 0; i < 2; i++) {
    ofauth_result *result = NULL;
    ofauth_response *response = NULL;
    ofauth_check_result *found = NULL;
    ofauth_error *error = NULL;
    ofauth_status status = ofauth_upload_run(clients[i], scene->upload, &result, &error);
    refused(scene, status, result, error);
    status = ofauth_upload_file(clients[i], needed("OFAUTH_CLIP"), &result, &error);
    refused(scene, status, result, error);
    status = ofauth_check(clients[i], "\"x\"", 1, &found, &error);
    refused(scene, status, found, error);
    status = ofauth_vault_plus_batch(clients[i], ids, 1, &response, &error);
    refused(scene, status, response, error);
    status = ofauth_call(clients[i], "whoami", NULL, NULL, &response, &error);
    refused(scene, status, response, error);
    status = ofauth_call_bytes(clients[i], "upload_single", "{\"mediaUploadId\": \"upload:x\"}", "x", 1, "video/mp4", &response, &error);
    refused(scene, status, response, error);
    status = ofauth_result_settle(clients[i], NULL, &error);
    refused(scene, status, NULL, error);
  }
  /* What does not wait is allowed: a client may be made and freed here. */
  ofauth_client_free(new_client());
}

static int act(struct scene *scene) {
  CHECK(thread_id() == scene->thread);
  if (scene->calls++ > 0) {
    return 0;
  }
  switch (scene->deed) {
    case CALL_BACK:
      call_back(scene);
      break;
    case CANCEL:
      ofauth_cancel_cancel(scene->cancel);
      break;
    case FREE_UPLOAD:
    case FREE_ALL:
      ofauth_upload_free(scene->upload);
      scene->upload = NULL;
      if (scene->deed == FREE_UPLOAD) {
        break;
      }
      ofauth_cancel_free(scene->cancel);
      scene->cancel = NULL;
      ofauth_client_free(scene->client);
      scene->client = NULL;
      break;
    case FREE_CLIENT:
      ofauth_client_free(scene->client);
      scene->client = NULL;
      break;
    case FREE_CANCEL:
      ofauth_cancel_free(scene->cancel);
      scene->cancel = NULL;
      break;
    case NOTHING:
      break;
  }
  return 0;
}

static int on_progress(void *user_data, const ofauth_progress *progress) {
  CHECK(progress != NULL);
  return act(user_data);
}

static int64_t on_read(void *user_data, uint64_t offset, uint8_t *buf, size_t len) {
  struct scene *scene = user_data;
  act(scene);
  size_t count = scene->size - offset < len ? (size_t)(scene->size - offset) : len;
  memcpy(buf, scene->bytes + offset, count);
  return (int64_t)count;
}

static void on_log(void *user_data, int32_t level, const char *message) {
  struct scene *scene = user_data;
  CHECK(level >= OFAUTH_LOG_ERROR && level <= OFAUTH_LOG_TRACE && message != NULL);
  CHECK(strstr(message, needed("OFAUTH_API_KEY")) == NULL);
  act(scene);
}

enum callback { PROGRESS, READER, LOG };

static void play(enum callback callback, enum deed deed, ofauth_status expected, char *bytes, size_t size) {
  struct scene scene = {.deed = deed, .thread = thread_id(), .bytes = bytes, .size = size};
  ofauth_config *config = new_config();
  if (callback == LOG) {
    OK(ofauth_config_set_log(config, OFAUTH_LOG_TRACE, on_log, &scene, NULL, &error));
  }
  /* Nothing is logged before there is something to act on. */
  scene.calls = 1;
  OK(ofauth_client_new(config, &scene.client, &error));
  ofauth_config_free(config);
  scene.other_client = new_client();
  OK(ofauth_cancel_new(&scene.cancel, &error));
  OK(ofauth_upload_new(&scene.upload, &error));
  OK(ofauth_upload_set_reader(scene.upload, on_read, &scene, NULL, size, &error));
  if (callback != READER) {
    OK(ofauth_upload_set_file(scene.upload, needed("OFAUTH_CLIP"), &error));
  }
  OK(ofauth_upload_set_filename(scene.upload, "callbacks.mp4", &error));
  OK(ofauth_upload_set_content_type(scene.upload, "video/mp4", &error));
  OK(ofauth_upload_set_cancel(scene.upload, scene.cancel, &error));
  if (callback == PROGRESS) {
    OK(ofauth_upload_set_progress(scene.upload, on_progress, &scene, NULL, &error));
  }
  scene.calls = 0;
  ofauth_result *result = NULL;
  ofauth_error *error = NULL;
  ofauth_status status = ofauth_upload_run(scene.client, scene.upload, &result, &error);
  if (status != expected || (result != NULL) != (status == OFAUTH_OK)) {
    fprintf(stderr, "callback %d, deed %d: %s: %s\n", callback, deed, ofauth_status_name(status), ofauth_error_message(error));
    _exit(1);
  }
  CHECK(scene.calls > 0 && scene.refused == (deed == CALL_BACK ? 14 : 0));
  ofauth_error_free(error);
  ofauth_result_free(result);
  ofauth_upload_free(scene.upload);
  ofauth_cancel_free(scene.cancel);
  ofauth_client_free(scene.client);
  ofauth_client_free(scene.other_client);
}

/* The log of a call that is no upload comes on the thread that called, too. */
static void log_of_a_call(void) {
  struct scene scene = {.deed = NOTHING, .thread = thread_id()};
  ofauth_config *config = new_config();
  ofauth_client *client = NULL;
  ofauth_response *response = NULL;
  OK(ofauth_config_set_log(config, OFAUTH_LOG_TRACE, on_log, &scene, NULL, &error));
  OK(ofauth_client_new(config, &client, &error));
  OK(ofauth_call(client, "whoami", NULL, NULL, &response, &error));
  CHECK(scene.calls > 0);
  ofauth_response_free(response);
  ofauth_client_free(client);
  ofauth_config_free(config);
}

int main(void) {
  size_t size = 0;
  char *bytes = read_file(needed("OFAUTH_CLIP"), &size);
  for (enum callback callback = PROGRESS; callback <= LOG; callback++) {
    play(callback, CALL_BACK, OFAUTH_OK, bytes, size);
    play(callback, CANCEL, OFAUTH_ERR_CANCELLED, bytes, size);
    play(callback, FREE_UPLOAD, OFAUTH_OK, bytes, size);
    play(callback, FREE_CLIENT, OFAUTH_OK, bytes, size);
    play(callback, FREE_CANCEL, OFAUTH_OK, bytes, size);
    play(callback, FREE_ALL, OFAUTH_OK, bytes, size);
  }
  log_of_a_call();
  free(bytes);
  return 0;
}
