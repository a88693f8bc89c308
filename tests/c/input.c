/* Values that are wrong in themselves: numbers, JSON, operations and parameters. Each has a status, and a client that
 * was given one goes on to work.
 */
#include "check.h"

static void refused_call(ofauth_client *client, const char *operation, const char *parameters, const char *body,
                         const char *named) {
  ofauth_response *response = NULL;
  ofauth_error *error = NULL;
  ofauth_status status = ofauth_call(client, operation, parameters, body, &response, &error);
  const char *message = ofauth_error_message(error);
  if (status != OFAUTH_ERR_INVALID_ARGUMENT || response != NULL || strstr(message, named) == NULL) {
    fprintf(stderr, "%s %s %s: %s: %s\n", operation, parameters, body, ofauth_status_name(status), message);
    _exit(1);
  }
  ofauth_error_free(error);
}

static void calls(ofauth_client *client) {
  refused_call(client, "no_such_operation", NULL, NULL, "no_such_operation");
  refused_call(client, "create-post", NULL, "{}", "create_post");
  refused_call(client, "", NULL, NULL, "");
  refused_call(client, "get_post", NULL, NULL, "postId");
  refused_call(client, "get_post", "{}", NULL, "postId");
  refused_call(client, "get_post", "{\"postId\": null}", NULL, "postId");
  refused_call(client, "list_vault_media", "{\"no_such\": 1}", NULL, "no_such");
  refused_call(client, "list_vault_media", "{\"limit\": \"ten\"}", NULL, "limit");
  refused_call(client, "list_vault_media", "{\"limit\": 1e400}", NULL, "");
  refused_call(client, "create_post", NULL, NULL, "body");
  refused_call(client, "whoami", NULL, "{}", "body");
  refused_call(client, "upload_part", "{\"mediaUploadId\": \"upload:x\", \"partNumber\": 1}", "{}", "bytes");
  static const char *const NOT_OBJECTS[] = {"", " ", "{", "}", "[]", "1", "\"text\"", "{\"a\":}", "{\"a\":1}x", "{'a':1}",
                                            "\xef\xbb\xbf{}", "nul"};
  for (size_t i = 0; i < sizeof NOT_OBJECTS / sizeof NOT_OBJECTS[0]; i++) {
    refused_call(client, "list_vault_media", NOT_OBJECTS[i], NULL, "");
    if (strcmp(NOT_OBJECTS[i], "[]") != 0 && NOT_OBJECTS[i][0] != '1' && NOT_OBJECTS[i][0] != '"') {
      refused_call(client, "create_post", NULL, NOT_OBJECTS[i], "");
    }
  }
  /* Deep enough to overflow the stack of a parser that recurses without a limit. */
  const size_t depth = 1000000;
  char *deep = malloc(depth + 1);
  CHECK(deep != NULL);
  memset(deep, '[', depth);
  deep[depth] = '\0';
  refused_call(client, "create_post", NULL, deep, "");
  refused_call(client, "list_vault_media", deep, NULL, "");
  free(deep);
}

static void ignore_log(void *user_data, int32_t level, const char *message) {
  (void)user_data, (void)level, (void)message;
}

static void numbers_of_a_config(void) {
  ofauth_config *config = new_config();
  static const uint32_t WRONG[] = {0, 65, UINT32_MAX, (uint32_t)-1, (uint32_t)INT32_MIN};
  for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++) {
    EXPECT(OFAUTH_ERR_INVALID_ARGUMENT, ofauth_config_set_worker_threads(config, WRONG[i], NULL));
    EXPECT(OFAUTH_ERR_INVALID_ARGUMENT, ofauth_config_set_concurrency(config, WRONG[i], NULL));
  }
  OK(ofauth_config_set_worker_threads(config, 64, &error));
  OK(ofauth_config_set_worker_threads(config, 1, &error));
  OK(ofauth_config_set_concurrency(config, 64, &error));
  OK(ofauth_config_set_connect_timeout(config, 0, &error));
  OK(ofauth_config_set_stall_timeout(config, 0, &error));
  OK(ofauth_config_set_answer_timeout(config, 0, &error));
  OK(ofauth_config_set_bandwidth_limit(config, UINT64_MAX, &error));
  OK(ofauth_config_set_bandwidth_limit(config, 0, &error));
  static const int32_t NO_LEVELS[] = {0, -1, 6, INT32_MAX, INT32_MIN};
  for (size_t i = 0; i < sizeof NO_LEVELS / sizeof NO_LEVELS[0]; i++) {
    EXPECT(OFAUTH_ERR_INVALID_ARGUMENT, ofauth_config_set_log(config, NO_LEVELS[i], ignore_log, NULL, NULL, NULL));
  }
  ofauth_config_free(config);
}

/* The largest times must not overflow where a point in time is reckoned from them. */
static void huge_times(void) {
  ofauth_config *config = new_config();
  ofauth_client *client = NULL;
  ofauth_result *result = NULL;
  OK(ofauth_config_set_connect_timeout(config, UINT64_MAX, &error));
  OK(ofauth_config_set_stall_timeout(config, UINT64_MAX, &error));
  OK(ofauth_config_set_answer_timeout(config, UINT64_MAX, &error));
  OK(ofauth_config_set_bandwidth_limit(config, UINT64_MAX, &error));
  OK(ofauth_client_new(config, &client, &error));
  ofauth_config_free(config);
  ofauth_upload *upload = clip_upload("huge-times.mp4");
  OK(ofauth_upload_set_timeout(upload, UINT64_MAX, &error));
  EXPECT(OFAUTH_ERR_INVALID_ARGUMENT, ofauth_upload_set_concurrency(upload, UINT32_MAX, NULL));
  EXPECT(OFAUTH_ERR_INVALID_ARGUMENT, ofauth_upload_set_concurrency(upload, 0, NULL));
  OK(ofauth_upload_run(client, upload, &result, &error));
  ofauth_result_free(result);
  /* One millisecond is over before the server answers. */
  ofauth_error *error = NULL;
  OK(ofauth_upload_set_timeout(upload, 1, &error));
  ofauth_status status = ofauth_upload_run(client, upload, &result, &error);
  CHECK(status == OFAUTH_ERR_TIMEOUT ? result == NULL : status == OFAUTH_OK);
  ofauth_error_free(error);
  ofauth_result_free(result);
  ofauth_upload_free(upload);
  ofauth_client_free(client);
}

static void sizes(ofauth_client *client) {
  ofauth_upload *upload = NULL;
  ofauth_response *response = NULL;
  static const char *const ids[] = {"1", NULL, "3"};
  OK(ofauth_upload_new(&upload, &error));
  EXPECT(OFAUTH_ERR_INVALID_ARGUMENT, ofauth_upload_set_bytes(upload, "x", SIZE_MAX, NULL));
  EXPECT(OFAUTH_ERR_INVALID_ARGUMENT, ofauth_upload_set_bytes(upload, "x", (size_t)PTRDIFF_MAX + 1, NULL));
  EXPECT(OFAUTH_ERR_NULL, ofauth_upload_set_bytes(upload, NULL, 1, NULL));
  EXPECT(OFAUTH_ERR_INVALID_ARGUMENT, ofauth_vault_plus_batch(client, ids, SIZE_MAX, &response, NULL));
  EXPECT(OFAUTH_ERR_INVALID_ARGUMENT, ofauth_vault_plus_batch(client, ids, SIZE_MAX / sizeof *ids + 2, &response, NULL));
  EXPECT(OFAUTH_ERR_NULL, ofauth_vault_plus_batch(client, ids, 3, &response, NULL));
  EXPECT(OFAUTH_ERR_INVALID_ARGUMENT,
         ofauth_call_bytes(client, "upload_single", "{\"mediaUploadId\": \"upload:x\"}", "x", SIZE_MAX, "video/mp4", &response, NULL));
  ofauth_upload_free(upload);
}

/* Uploads that lack something, or are of nothing. */
static void uploads(ofauth_client *client) {
  ofauth_upload *upload = NULL;
  ofauth_result *result = NULL;
  OK(ofauth_upload_new(&upload, &error));
  EXPECT(OFAUTH_ERR_INVALID_ARGUMENT, ofauth_upload_run(client, upload, &result, NULL));
  CHECK(result == NULL);
  ofauth_upload_free(upload);

  OK(ofauth_upload_new(&upload, &error));
  OK(ofauth_upload_set_bytes(upload, "bytes", 5, &error));
  EXPECT(OFAUTH_ERR_INVALID_ARGUMENT, ofauth_upload_run(client, upload, &result, NULL));
  ofauth_status empty = ofauth_upload_set_bytes(upload, NULL, 0, NULL);
  OK(ofauth_upload_set_filename(upload, "nothing.mp4", &error));
  CHECK(empty == OFAUTH_OK || empty == OFAUTH_ERR_SOURCE || empty == OFAUTH_ERR_INVALID_ARGUMENT);
  if (empty == OFAUTH_OK) {
    EXPECT(OFAUTH_ERR_SOURCE, ofauth_upload_run(client, upload, &result, NULL));
  }
  static const char *const NO_FILES[] = {"", "/", "/dev/null", "/no/such/file.mp4", "/proc/self/mem"};
  for (size_t i = 0; i < sizeof NO_FILES / sizeof NO_FILES[0]; i++) {
    EXPECT(OFAUTH_ERR_SOURCE, ofauth_upload_file(client, NO_FILES[i], &result, NULL));
    CHECK(result == NULL);
  }
  static const char *const NO_TYPES[] = {"", "video/mp4\r\nx-evil: 1", "\x01"};
  for (size_t i = 0; i < sizeof NO_TYPES / sizeof NO_TYPES[0]; i++) {
    OK(ofauth_upload_set_bytes(upload, "bytes", 5, &error));
    if (ofauth_upload_set_content_type(upload, NO_TYPES[i], NULL) == OFAUTH_OK) {
      EXPECT(OFAUTH_ERR_INVALID_ARGUMENT, ofauth_upload_run(client, upload, &result, NULL));
    }
  }
  ofauth_upload_free(upload);
}

/* Settings that no client can be made of are refused where they are set or where the client is made. */
static void settings(void) {
  static const struct {
    ofauth_status (*set)(ofauth_config *config, const char *text, ofauth_error **error);
    const char *text;
  } WRONG[] = {
      {ofauth_config_set_base_url, ""},
      {ofauth_config_set_base_url, "not a URL"},
      {ofauth_config_set_base_url, "ftp://127.0.0.1"},
      {ofauth_config_set_base_url, "http://192.0.2.1"},
      {ofauth_config_set_connection_id, "a\nb"},
      {ofauth_config_set_ca_pem, "no certificate"},
      {ofauth_config_set_ca_pem, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"},
      {ofauth_config_set_proxy, "not a URL"},
      {ofauth_config_set_proxy, "gopher://127.0.0.1"},
      {ofauth_config_set_user_agent, "a\r\nb"},
      {ofauth_config_allow_origin, "not an origin"},
  };
  for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++) {
    ofauth_config *config = new_config();
    ofauth_client *client = NULL;
    ofauth_status status = WRONG[i].set(config, WRONG[i].text, NULL);
    if (status == OFAUTH_OK) {
      status = ofauth_client_new(config, &client, NULL);
    }
    if ((status != OFAUTH_ERR_CONFIG && status != OFAUTH_ERR_INVALID_ARGUMENT) || client != NULL) {
      fprintf(stderr, "setting %zu, \"%s\": %s\n", i, WRONG[i].text, ofauth_status_name(status));
      _exit(1);
    }
    ofauth_config_free(config);
  }
  ofauth_config *config = NULL;
  ofauth_client *client = NULL;
  ofauth_status status = ofauth_config_new("", &config, NULL);
  if (status == OFAUTH_OK) {
    status = ofauth_client_new(config, &client, NULL);
  }
  CHECK((status == OFAUTH_ERR_CONFIG || status == OFAUTH_ERR_INVALID_ARGUMENT) && client == NULL);
  ofauth_config_free(config);
}

int main(void) {
  ofauth_client *client = new_client();
  calls(client);
  numbers_of_a_config();
  huge_times();
  sizes(client);
  uploads(client);
  settings();
  ofauth_result *result = NULL;
  OK(ofauth_upload_file(client, needed("OFAUTH_CLIP"), &result, &error));
  ofauth_result_free(result);
  ofauth_client_free(client);
  return 0;
}
