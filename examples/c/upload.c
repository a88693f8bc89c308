/* Uploads a file with a progress line; Ctrl-C cancels it. Prints the upload reference, which a post or message takes.
 *
 *   cc upload.c -o upload $(pkg-config --cflags --libs ofauth)
 *   OFAUTH_API_KEY=... OFAUTH_CONNECTION_ID=... ./upload clip.mp4
 *
 * With OFAUTH_JOURNAL_DIR, a directory, an upload that was cancelled or killed goes on when the command is given again.
 */
#include <inttypes.h>
#include <ofauth.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal_number) {
  (void)signal_number;
  interrupted = 1;
}

/* Runs on the thread that called ofauth_upload_run. Any result but 0 cancels the upload. */
static int on_progress(void *user_data, const ofauth_progress *progress) {
  (void)user_data;
  int percent = progress->total == 0 ? 0 : (int)(progress->acknowledged * 100 / progress->total);
  char bar[] = "....................";
  for (int i = 0; i < percent / 5; i++) {
    bar[i] = '#';
  }
  fprintf(stderr, "\r[%s] %3d %%  %" PRIu64 " of %" PRIu64 " bytes, part %" PRIu32 " of %" PRIu32 " ", bar, percent,
          progress->acknowledged, progress->total, progress->parts_done, progress->parts_total);
  if (progress->phase == OFAUTH_PHASE_DONE) {
    fputc('\n', stderr);
  }
  return interrupted;
}

/* Says that an upload was resumed, starts over, and the like. Any result but 0 cancels it, too. */
static int on_notice(void *user_data, int32_t kind, const char *text) {
  (void)user_data;
  (void)kind;
  fprintf(stderr, "\n%s\n", text);
  return 0;
}

/* Prints why something failed, frees the error, and gives back the status. */
static ofauth_status failed(const char *what, ofauth_error *error) {
  ofauth_status status = ofauth_error_status(error);
  fprintf(stderr, "\n%s: %s: %s\n", what, ofauth_status_name(status), ofauth_error_message(error));
  if (ofauth_error_request_id(error) != NULL) {
    fprintf(stderr, "  request %s, HTTP status %d\n", ofauth_error_request_id(error), ofauth_error_http_status(error));
  }
  if (status == OFAUTH_ERR_OUTCOME_UNKNOWN) {
    const char *reference = ofauth_error_upload_id(error);
    fprintf(stderr, "  look into the vault before you upload again: %s\n", reference != NULL ? reference : "");
  } else if (ofauth_error_is_retryable(error)) {
    fputs("  trying again later may help\n", stderr);
  }
  ofauth_error_free(error);
  return status;
}

/* A client that is set up from the environment, or NULL. */
static ofauth_client *client_from_environment(void) {
  const char *base_url = getenv("OFAUTH_BASE_URL");
  const char *api_key = getenv("OFAUTH_API_KEY");
  const char *connection_id = getenv("OFAUTH_CONNECTION_ID");
  const char *journal_dir = getenv("OFAUTH_JOURNAL_DIR");
  if (api_key == NULL || connection_id == NULL) {
    fputs("set OFAUTH_API_KEY and OFAUTH_CONNECTION_ID\n", stderr);
    return NULL;
  }
  ofauth_config *config = NULL;
  ofauth_client *client = NULL;
  ofauth_error *error = NULL;
  if (ofauth_config_new(api_key, &config, &error) != OFAUTH_OK ||
      ofauth_config_set_connection_id(config, connection_id, &error) != OFAUTH_OK ||
      (base_url != NULL && ofauth_config_set_base_url(config, base_url, &error) != OFAUTH_OK) ||
      (journal_dir != NULL && ofauth_config_set_journal_dir(config, journal_dir, &error) != OFAUTH_OK) ||
      ofauth_client_new(config, &client, &error) != OFAUTH_OK) {
    failed("the client", error);
  }
  ofauth_config_free(config);
  return client;
}

static ofauth_status upload(const ofauth_client *client, const char *path) {
  ofauth_upload *upload = NULL;
  ofauth_result *result = NULL;
  ofauth_error *error = NULL;
  ofauth_status status = OFAUTH_OK;
  if (ofauth_upload_new(&upload, &error) != OFAUTH_OK ||
      ofauth_upload_set_file(upload, path, &error) != OFAUTH_OK ||
      ofauth_upload_set_progress(upload, on_progress, NULL, NULL, &error) != OFAUTH_OK ||
      ofauth_upload_set_notice(upload, on_notice, NULL, NULL, &error) != OFAUTH_OK ||
      ofauth_upload_run(client, upload, &result, &error) != OFAUTH_OK) {
    status = failed(path, error);
  } else {
    printf("%s\n", ofauth_result_upload_id(result));
  }
  ofauth_result_free(result);
  ofauth_upload_free(upload);
  return status;
}

int main(int argc, char **argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: %s FILE\n", argv[0]);
    return EXIT_FAILURE;
  }
  ofauth_client *client = client_from_environment();
  if (client == NULL) {
    return EXIT_FAILURE;
  }
  signal(SIGINT, on_interrupt);
  ofauth_status status = upload(client, argv[1]);
  ofauth_client_free(client);
  return status == OFAUTH_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
