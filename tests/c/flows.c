/* The functions of several requests: waits for media, lists of the vault, downloads, Link and settings. The server links a
 * creator after two looks at the list of connections.
 */
#include "check.h"

static ofauth_client *client;

/* The value of a field of text in a flat JSON object of the library, which writes no spaces. */
static char *field(const ofauth_response *response, const char *name) {
  char start[64];
  CHECK(snprintf(start, sizeof start, "\"%s\":\"", name) < (int)sizeof start);
  const char *at = strstr(ofauth_response_json(response), start);
  CHECK(at != NULL);
  at += strlen(start);
  return strndup(at, strcspn(at, "\""));
}

static ofauth_response *call(const char *operation, const char *params, const char *body) {
  ofauth_response *response = NULL;
  OK(ofauth_call(client, operation, params, body, &response, &error));
  return response;
}

/* Checks what a response holds, and frees it. */
static void holds(ofauth_response *response, const char *part) {
  if (strstr(ofauth_response_json(response), part) == NULL) {
    fprintf(stderr, "%s is not in %s\n", part, ofauth_response_json(response));
    _exit(1);
  }
  ofauth_response_free(response);
}

/* Small enough to go in one request, whose answer names the medium. */
#define BYTES 60000

static char *uploaded(const char *filename) {
  unsigned char *bytes = pattern(BYTES);
  ofauth_upload *upload = new_upload(bytes, BYTES, filename);
  ofauth_result *result = NULL;
  OK(ofauth_upload_run(client, upload, &result, &error));
  char *id = strdup(ofauth_result_media_id(result));
  ofauth_result_free(result);
  ofauth_upload_free(upload);
  free(bytes);
  return id;
}

/* -- Waits ---------------------------------------------------------------------------------------------------------- */

struct heard {
  int32_t kind;
  unsigned count;
  unsigned stop_at;
  unsigned destroyed;
  char last[200];
};

static int hear(void *user_data, int32_t kind, const char *text) {
  struct heard *heard = user_data;
  heard->count++;
  heard->kind = kind;
  CHECK(snprintf(heard->last, sizeof heard->last, "%s", text) < (int)sizeof heard->last);
  ofauth_response *response = NULL;
  EXPECT(OFAUTH_ERR_REENTRANT, ofauth_wait_ready(client, NULL, 0, &response, NULL));
  return heard->count == heard->stop_at;
}

static void let_go(void *user_data) {
  ((struct heard *)user_data)->destroyed++;
}

/* A client whose waits are heard. */
static ofauth_client *hearing(struct heard *heard) {
  ofauth_wait *wait = NULL;
  ofauth_client *with = NULL;
  OK(ofauth_wait_new(&wait, &error));
  OK(ofauth_wait_set_notice(wait, hear, heard, let_go, &error));
  OK(ofauth_client_with_wait(client, wait, &with, &error));
  ofauth_wait_free(wait);
  CHECK(heard->destroyed == 0);
  return with;
}

static void waits(const char *const *ids) {
  struct heard heard = {0};
  ofauth_response *response = NULL;
  ofauth_client *with = hearing(&heard);
  OK(ofauth_wait_ready(with, ids, 2, &response, &error));
  holds(response, "\"items\":[{");
  CHECK(heard.kind == OFAUTH_NOTICE_MEDIA_READY && heard.count >= 2);
  CHECK(strcmp(heard.last, "2 of 2 media are ready") == 0);
  OK(ofauth_wait_stored(with, ids, 2, NULL, 0, &response, &error));
  CHECK(count_of(ofauth_response_json(response), "\"stored\"") >= 2);
  holds(response, ids[1]);
  OK(ofauth_wait_stored(with, ids, 2, (const char *[]){"source"}, 1, &response, &error));
  holds(response, ids[1]);
  EXPECT(OFAUTH_ERR_NULL, ofauth_wait_stored(with, ids, 2, NULL, 1, &response, NULL));
  ofauth_client_free(with);
  CHECK(heard.destroyed == 1);

  heard = (struct heard){.stop_at = 1};
  with = hearing(&heard);
  response = NULL;
  EXPECT(OFAUTH_ERR_CANCELLED, ofauth_wait_ready(with, (const char *[]){"1"}, 1, &response, NULL));
  CHECK(response == NULL && heard.count == 1);
  ofauth_client_free(with);
  EXPECT(OFAUTH_ERR_INVALID_ARGUMENT, ofauth_wait_ready(client, (const char *[]){"no number"}, 1, &response, NULL));
  OK(ofauth_wait_ready(client, NULL, 0, &response, &error));
  holds(response, "{\"items\":[]}");
}

/* -- Lists ---------------------------------------------------------------------------------------------------------- */

static void lists(const char *const *ids) {
  char *list[2], params[100], changed[200];
  for (int i = 0; i < 2; i++) {
    ofauth_response *made = call("create_vault_list", NULL, i == 0 ? "{\"name\": \"Summer\"}" : "{\"name\": \"Winter\"}");
    const char *id = strstr(ofauth_response_json(made), "\"id\":");
    CHECK(id != NULL);
    id += strspn(id + 5, " \"") + 5;
    list[i] = strndup(id, strspn(id, "0123456789"));
    ofauth_response_free(made);
  }
  OK(ofauth_add_to_vault_list(client, list[0], ids, 2, &error));
  OK(ofauth_add_to_vault_list(client, list[0], ids, 2, &error));
  OK(ofauth_add_to_vault_list(client, list[0], NULL, 0, &error));
  ofauth_response *response = NULL;
  OK(ofauth_copy_vault_list(client, list[0], list[1], &response, &error));
  CHECK(strstr(ofauth_response_json(response), ids[0]) != NULL);
  holds(response, "\"unchanged\":[]");
  OK(ofauth_remove_from_vault_list(client, list[1], ids, 1, &response, &error));
  snprintf(changed, sizeof changed, "{\"changed\":[\"%s\"],\"unchanged\":[]}", ids[0]);
  holds(response, changed);
  OK(ofauth_copy_vault_list(client, list[0], list[1], &response, &error));
  CHECK(strstr(ofauth_response_json(response), "\"changed\":[") != NULL);
  holds(response, ids[1]);
  EXPECT(OFAUTH_ERR_INVALID_ARGUMENT, ofauth_copy_vault_list(client, list[0], list[0], &response, NULL));
  for (int i = 0; i < 2; i++) {
    snprintf(params, sizeof params, "{\"listId\": \"%s\"}", list[i]);
    ofauth_response_free(call("delete_vault_list", params, NULL));
    free(list[i]);
  }
}

/* -- Downloads ------------------------------------------------------------------------------------------------------ */

struct progress {
  unsigned calls;
  int cancel;
  ofauth_progress last;
};

static int see(void *user_data, const ofauth_progress *progress) {
  struct progress *seen = user_data;
  CHECK(progress->size == sizeof *progress && progress->acknowledged <= progress->handed_over);
  CHECK(progress->handed_over <= progress->total && progress->handed_over >= seen->last.handed_over);
  CHECK(seen->calls > 0 || progress->phase == OFAUTH_PHASE_STARTING || progress->handed_over > 0);
  seen->calls++;
  seen->last = *progress;
  return seen->cancel;
}

static void downloads(const char *id, const char *directory) {
  char path[4096], part[4096 + 16];
  CHECK(snprintf(path, sizeof path, "%s/film.mp4", directory) < (int)sizeof path);
  CHECK(snprintf(part, sizeof part, "%s.ofauth-part", path) < (int)sizeof part);
  ofauth_download *download = NULL;
  ofauth_cancel *cancel = NULL;
  ofauth_response *response = NULL;
  struct progress seen = {.cancel = 1};
  OK(ofauth_download_new(id, "source", path, &download, &error));
  OK(ofauth_download_set_wait(download, 1, &error));
  OK(ofauth_download_set_progress(download, see, &seen, NULL, &error));
  EXPECT(OFAUTH_ERR_CANCELLED, ofauth_download_run(client, download, &response, NULL));
  CHECK(access(path, F_OK) != 0);
  seen = (struct progress){0};
  OK(ofauth_download_run(client, download, &response, &error));
  holds(response, "\"contentType\":\"video/mp4\"");
  size_t size = 0;
  char *bytes = read_file(path, &size);
  unsigned char *wanted = pattern(BYTES);
  CHECK(size == BYTES && memcmp(bytes, wanted, size) == 0 && access(part, F_OK) != 0);
  CHECK(seen.calls >= 1 && seen.last.phase <= OFAUTH_PHASE_SENDING);
  free(bytes);
  free(wanted);

  OK(ofauth_download_set_progress(download, NULL, NULL, NULL, &error));
  EXPECT(OFAUTH_ERR_INVALID_ARGUMENT, ofauth_download_run(client, download, &response, NULL));
  OK(ofauth_download_set_overwrite(download, 1, &error));
  OK(ofauth_download_run(client, download, &response, &error));
  ofauth_response_free(response);
  OK(ofauth_cancel_new(&cancel, &error));
  ofauth_cancel_cancel(cancel);
  OK(ofauth_download_set_cancel(download, cancel, &error));
  EXPECT(OFAUTH_ERR_CANCELLED, ofauth_download_run(client, download, &response, NULL));
  ofauth_cancel_free(cancel);
  ofauth_download_free(download);
  OK(ofauth_download_new(id, "no such variant", path, &download, &error));
  OK(ofauth_download_set_overwrite(download, 1, &error));
  EXPECT(OFAUTH_ERR_REJECTED, ofauth_download_run(client, download, &response, NULL));
  ofauth_download_free(download);
}

/* -- Link and settings ---------------------------------------------------------------------------------------------- */

static void links(void) {
  struct heard heard = {0};
  ofauth_response *session = NULL, *linked = NULL, *back = NULL;
  OK(ofauth_link_start(client, "{\"clientReferenceId\": \"creator-17\", \"redirectUrl\": \"https://a.example/b\"}", &session,
                       &error));
  char *url = field(session, "url");
  CHECK(strncmp(url, "http", 4) == 0);
  free(url);
  ofauth_client *with = hearing(&heard);
  OK(ofauth_link_wait(with, ofauth_response_json(session), &linked, &error));
  CHECK(heard.count >= 1 && heard.kind == OFAUTH_NOTICE_LINK_STATE);
  char *id = field(linked, "connectionId"), *reference = field(linked, "clientReferenceId");
  CHECK(strlen(id) > 0 && strcmp(reference, "creator-17") == 0);
  ofauth_response_free(linked);
  ofauth_client_free(with);
  free(id);
  free(reference);

  heard = (struct heard){.stop_at = 1};
  with = hearing(&heard);
  ofauth_response_free(session);
  OK(ofauth_link_start(client, NULL, &session, &error));
  linked = NULL;
  EXPECT(OFAUTH_ERR_CANCELLED, ofauth_link_wait(with, ofauth_response_json(session), &linked, NULL));
  CHECK(linked == NULL);
  ofauth_client_free(with);
  ofauth_response_free(session);
  EXPECT(OFAUTH_ERR_INVALID_ARGUMENT, ofauth_link_start(client, "{\"app\": 1}", &session, NULL));
  EXPECT(OFAUTH_ERR_INVALID_ARGUMENT, ofauth_link_start(client, "{\"mode\": \"own\"}", &session, NULL));
  OK(ofauth_link_start(client, "{\"mode\": \"whitelabel\"}", &session, &error));
  char *secret = field(session, "clientSecret");
  CHECK(strlen(secret) > 0);
  free(secret);
  ofauth_response_free(session);
  EXPECT(OFAUTH_ERR_INVALID_ARGUMENT, ofauth_link_wait(client, "{}", &linked, NULL));

  OK(ofauth_link_return_parse("https://a.example/b?status=success&connection_id=conn_1", &back, &error));
  CHECK(strstr(ofauth_response_json(back), "\"message\":null") != NULL);
  holds(back, "\"connectionId\":\"conn_1\"");
  OK(ofauth_link_return_parse("/b?status=error&error_code=2fa_failed", &back, &error));
  CHECK(strstr(ofauth_response_json(back), "second factor") != NULL);
  holds(back, "\"errorCode\":\"2fa_failed\"");
  EXPECT(OFAUTH_ERR_INVALID_ARGUMENT, ofauth_link_return_parse("https://a.example/b", &back, NULL));
}

static void settings(void) {
  const char *connection = needed("OFAUTH_CONNECTION_ID");
  const char *off = "{\"vaultPlus\": {\"enabled\": false}}";
  ofauth_response *response = NULL;
  ofauth_error *refused = NULL;
  OK(ofauth_update_connection_settings(client, connection, "{\"vaultPlus\": {\"settings\": {\"autoCacheVault\": true}}}", 0,
                                       &response, &error));
  holds(response, "\"autoCacheVault\":true");
  EXPECT(OFAUTH_ERR_INVALID_ARGUMENT, ofauth_update_connection_settings(client, connection, off, 0, &response, &refused));
  CHECK(response == NULL && strstr(ofauth_error_message(refused), "deletes copies") != NULL);
  ofauth_error_free(refused);
  OK(ofauth_update_connection_settings(client, connection, off, 1, &response, &error));
  holds(response, "\"purged\":");
  OK(ofauth_update_account_settings(client, "{\"vaultPlus\": {\"defaultSettings\": {\"retentionDays\": 30}}}", 0, &response,
                                    &error));
  holds(response, "\"retentionDays\":30");
  EXPECT(OFAUTH_ERR_INVALID_ARGUMENT, ofauth_update_account_settings(client, off, 0, &response, NULL));
  EXPECT(OFAUTH_ERR_INVALID_ARGUMENT, ofauth_update_account_settings(client, "nonsense", 0, &response, NULL));
}

int main(int argc, char **argv) {
  CHECK(argc == 2);
  client = new_client();
  char *ids[2] = {uploaded("flow-1.mp4"), uploaded("flow-2.mp4")};
  waits((const char *const *)ids);
  lists((const char *const *)ids);
  downloads(ids[0], argv[1]);
  links();
  settings();
  free(ids[0]);
  free(ids[1]);
  ofauth_client_free(client);
  return 0;
}
