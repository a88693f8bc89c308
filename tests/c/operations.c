/* Calls every operation of the API, and says with which HTTP status each ended: a line for each. operations.inc is generated
 * by the test from the table of all roads. */
#include "check.h"

static const struct operation {
  const char *id;
  const char *parameters;
  const char *body;
  /* NULL for operations that take JSON or nothing. */
  const char *content_type;
} OPERATIONS[] = {
#include "operations.inc"
};

/* What the document does not allow is not sent, and the error says what it allows. */
static void refused(ofauth_client *client, const char *parameters) {
  ofauth_response *response = NULL;
  ofauth_error *error = NULL;
  EXPECT(OFAUTH_ERR_INVALID_ARGUMENT, ofauth_call(client, "list_vault_media", parameters, NULL, &response, &error));
  CHECK(response == NULL && ofauth_error_http_status(error) == 0);
  CHECK(strstr(ofauth_error_message(error), "use 1 to 40") != NULL);
  ofauth_error_free(error);
}

int main(void) {
  ofauth_client *client = new_client();
  refused(client, "{\"limit\": 1000}");
  refused(client, "{\"limit\": 0}");
  refused(client, "{\"limit\": -5}");
  for (size_t i = 0; i < sizeof OPERATIONS / sizeof OPERATIONS[0]; i++) {
    const struct operation *const one = &OPERATIONS[i];
    ofauth_response *response = NULL;
    ofauth_error *error = NULL;
    const ofauth_status status =
        one->content_type == NULL
            ? ofauth_call(client, one->id, one->parameters, one->body, &response, &error)
            : ofauth_call_bytes(client, one->id, one->parameters, one->body, strlen(one->body), one->content_type, &response,
                                &error);
    printf("%s %d\n", one->id, status == OFAUTH_OK ? ofauth_response_status(response) : ofauth_error_http_status(error));
    ofauth_response_free(response);
    ofauth_error_free(error);
  }
  ofauth_client_free(client);
  return 0;
}
