/* Calls any operation of the API by its id and prints the JSON of the answer. Ctrl-C ends it, and so does a timeout.
 *
 *   cc call.c -o call $(pkg-config --cflags --libs ofauth)
 *   OFAUTH_API_KEY=... OFAUTH_CONNECTION_ID=... ./call list_vault_media '{"limit": 10}'
 *   OFAUTH_API_KEY=... OFAUTH_CONNECTION_ID=... ./call create_post '{}' '{"text": "Hello"}'
 */
#include <ofauth.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#define TIMEOUT_MS 60000

static volatile sig_atomic_t interrupted;

static void on_interrupt(int number) {
  (void)number;
  interrupted = 1;
}

/* Called four times a second while the request runs. Any result but 0 cancels it. */
static int on_tick(void *user_data) {
  (void)user_data;
  return interrupted;
}

/* Prints why something failed and frees the error. */
static void failed(ofauth_error *error) {
  fprintf(stderr, "%s: %s\n", ofauth_status_name(ofauth_error_status(error)), ofauth_error_message(error));
  if (ofauth_error_api_type(error) != NULL) {
    fprintf(stderr, "  the API calls it %s\n", ofauth_error_api_type(error));
  }
  if (ofauth_error_action_required(error) != NULL) {
    fprintf(stderr, "  it asks for %s\n", ofauth_error_action_required(error));
  }
  ofauth_error_free(error);
}

static ofauth_client *client_from_environment(void) {
  const char *base_url = getenv("OFAUTH_BASE_URL");
  const char *api_key = getenv("OFAUTH_API_KEY");
  const char *connection_id = getenv("OFAUTH_CONNECTION_ID");
  ofauth_config *config = NULL;
  ofauth_client *client = NULL;
  ofauth_error *error = NULL;
  /* A connection is needed by the operations that act on an account, not by all. */
  if (ofauth_config_new(api_key != NULL ? api_key : "", &config, &error) != OFAUTH_OK ||
      (connection_id != NULL && ofauth_config_set_connection_id(config, connection_id, &error) != OFAUTH_OK) ||
      (base_url != NULL && ofauth_config_set_base_url(config, base_url, &error) != OFAUTH_OK) ||
      ofauth_client_new(config, &client, &error) != OFAUTH_OK) {
    failed(error);
  }
  ofauth_config_free(config);
  return client;
}

static ofauth_status call(const ofauth_client *client, const char *operation, const char *parameters, const char *body) {
  ofauth_request *request = NULL;
  ofauth_response *response = NULL;
  ofauth_error *error = NULL;
  ofauth_status status = ofauth_request_new(operation, &request, &error);
  if (status == OFAUTH_OK) status = ofauth_request_set_params(request, parameters, &error);
  if (status == OFAUTH_OK) status = ofauth_request_set_json(request, body, &error);
  if (status == OFAUTH_OK) status = ofauth_request_set_timeout(request, TIMEOUT_MS, &error);
  if (status == OFAUTH_OK) status = ofauth_request_set_tick(request, on_tick, NULL, NULL, &error);
  if (status == OFAUTH_OK) status = ofauth_request_run(client, request, &response, &error);
  if (status == OFAUTH_OK) {
    const char *json = ofauth_response_json(response);
    fprintf(stderr, "HTTP status %d\n", ofauth_response_status(response));
    puts(json != NULL ? json : "(the answer is not JSON)");
  } else {
    failed(error);
  }
  ofauth_response_free(response);
  ofauth_request_free(request);
  return status;
}

int main(int argc, char **argv) {
  if (argc < 2 || argc > 4) {
    fprintf(stderr, "usage: %s OPERATION [PARAMETERS [BODY]]\n", argv[0]);
    return EXIT_FAILURE;
  }
  ofauth_client *client = client_from_environment();
  if (client == NULL) {
    return EXIT_FAILURE;
  }
  signal(SIGINT, on_interrupt);
  ofauth_status status = call(client, argv[1], argc > 2 ? argv[2] : NULL, argc > 3 ? argv[3] : NULL);
  ofauth_client_free(client);
  return status == OFAUTH_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
