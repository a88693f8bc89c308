/* How each call of C ends, as a number, with a server that answers everything alike: one line for each. */
#include "check.h"

static ofauth_client *client;

static void tell(const char *road, ofauth_status status, ofauth_response *response, ofauth_error *error) {
  CHECK((response != NULL) == (status == OFAUTH_OK) && ofauth_error_status(error) == status);
  CHECK(status == OFAUTH_OK || ofauth_error_message(error)[0] != '\0');
  printf("%s %d\n", road, (int)status);
  ofauth_error_free(error);
  ofauth_response_free(response);
}

int main(void) {
  static const char post[] = "{\"text\": \"x\"}";
  static const char part[] = "{\"mediaUploadId\": \"upload:1\", \"partNumber\": 1}";
  ofauth_response *response = NULL;
  ofauth_error *error = NULL;
  client = new_client();
  ofauth_status status = ofauth_call(client, "create_post", NULL, post, &response, &error);
  tell("made", status, response, error);
  response = NULL, error = NULL;
  status = ofauth_call_bytes(client, "upload_part", part, "bytes", 5, "video/mp4", &response, &error);
  tell("sent", status, response, error);
  response = NULL, error = NULL;
  status = ofauth_call(client, "whoami", NULL, NULL, &response, &error);
  tell("read", status, response, error);
  ofauth_client_free(client);
  return 0;
}
