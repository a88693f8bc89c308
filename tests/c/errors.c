/* What errors tell: status, HTTP status, the API's words, the part, the reference, and whether trying again makes sense.
 *
 * The test's server has a script of faults, one for each case below and in this order.
 */
#include "check.h"

static ofauth_client *client;

/* What an error has to say. */
struct expected {
  ofauth_status status;
  int32_t http_status;
  const char *api_type;
  const char *words;
  int is_retryable;
  uint32_t part;
  /* Whether a session was opened that the error can name. */
  int names_upload;
};

static void look(const struct expected *expected, ofauth_status status, const void *out, ofauth_error *error) {
  const char *api_type = ofauth_error_api_type(error);
  if (status != expected->status || strstr(ofauth_error_message(error), expected->words) == NULL) {
    fprintf(stderr, "%s wanted: %s: %s\n", ofauth_status_name(expected->status), ofauth_status_name(status),
            ofauth_error_message(error));
    _exit(1);
  }
  CHECK(out == NULL && ofauth_error_status(error) == status);
  CHECK(ofauth_error_http_status(error) == expected->http_status);
  CHECK(expected->api_type == NULL ? api_type == NULL : api_type != NULL && strcmp(api_type, expected->api_type) == 0);
  CHECK(ofauth_error_is_retryable(error) == expected->is_retryable);
  if (ofauth_error_part(error) != expected->part) {
    fprintf(stderr, "part %" PRIu32 ": %s\n", ofauth_error_part(error), ofauth_error_message(error));
    _exit(1);
  }
  CHECK((ofauth_error_upload_id(error) != NULL) == expected->names_upload);
  CHECK(strstr(ofauth_error_message(error), needed("OFAUTH_API_KEY")) == NULL);
}

static void call(const char *operation, const char *body, struct expected expected) {
  ofauth_response *response = NULL;
  ofauth_error *error = NULL;
  ofauth_status status = ofauth_call(client, operation, NULL, body, &response, &error);
  look(&expected, status, response, error);
  ofauth_error_free(error);
}

static ofauth_error *upload(struct expected expected) {
  ofauth_result *result = NULL;
  ofauth_error *error = NULL;
  ofauth_status status = ofauth_upload_file(client, needed("OFAUTH_CLIP"), &result, &error);
  look(&expected, status, result, error);
  return error;
}

int main(void) {
  client = new_client();
  call("whoami", NULL, (struct expected){OFAUTH_ERR_UNAUTHORIZED, 401, "UNAUTHORIZED", "no such key", 0, 0, 0});
  call("whoami", NULL, (struct expected){OFAUTH_ERR_FORBIDDEN, 403, "FORBIDDEN", "no scope", 0, 0, 0});
  call("whoami", NULL, (struct expected){OFAUTH_ERR_REDIRECT, 307, NULL, "", 0, 0, 0});
  call("whoami", NULL, (struct expected){OFAUTH_ERR_RATE_LIMITED, 429, "RATE_LIMIT_EXCEEDED", "tomorrow", 1, 0, 0});
  call("create_post", "{\"text\": \"Hello\"}", (struct expected){OFAUTH_ERR_OUTCOME_UNKNOWN, 0, NULL, "", 0, 0, 0});
  ofauth_error_free(upload((struct expected){OFAUTH_ERR_INVALID_PLAN, 0, NULL, "", 0, 0, 1}));
  /* The library counts parts from 1, and names the one whose URL leads elsewhere. */
  ofauth_error_free(upload((struct expected){OFAUTH_ERR_UNTRUSTED_ORIGIN, 0, NULL, "", 0, 1, 1}));

  ofauth_error *error = upload((struct expected){OFAUTH_ERR_FORBIDDEN, 403, "FORBIDDEN", "the vault is full", 0, 3, 1});
  CHECK(strncmp(ofauth_error_upload_id(error), "upload:", 7) == 0);
  CHECK(strcmp(ofauth_error_action_required(error), "upgrade") == 0);
  CHECK(ofauth_error_request_id(error) != NULL);
  ofauth_error_free(error);

  /* Nothing of that spoils the client. */
  ofauth_result *result = NULL;
  OK(ofauth_upload_file(client, needed("OFAUTH_CLIP"), &result, &error));
  ofauth_result_free(result);
  ofauth_client_free(client);

  /* An address that nothing listens at: the system refuses the connection. */
  ofauth_config *config = new_config();
  ofauth_upload *upload = clip_upload("nowhere.mp4");
  OK(ofauth_config_set_base_url(config, "http://127.0.0.1:1", &error));
  OK(ofauth_client_new(config, &client, &error));
  OK(ofauth_upload_set_timeout(upload, 1500, &error));
  ofauth_status status = ofauth_upload_run(client, upload, &result, &error);
  CHECK((status == OFAUTH_ERR_NETWORK || status == OFAUTH_ERR_TIMEOUT) && result == NULL);
  CHECK(ofauth_error_is_retryable(error) && ofauth_error_http_status(error) == 0);
  ofauth_error_free(error);
  ofauth_upload_free(upload);
  ofauth_client_free(client);
  ofauth_config_free(config);
  return 0;
}
