/* From a link to a download and a verified webhook, as a program that may be killed anywhere and is run again: nothing happens
 * twice. It keeps a file for each step that is done, and before it makes something it looks whether an earlier run did.
 *
 *     story STATE_DIR CLIP
 */
#include "check.h"

#include <time.h>

static const char *state;
static const char *clip;
/* Of the organization, and of the connection that was linked. */
static ofauth_client *account, *client;
static char media[64], reference[200], post[64], later[64];

/* -- Texts and files ------------------------------------------------------------------------------------------------ */

static char *path_of(const char *name) {
  char *path = NULL;
  CHECK(asprintf(&path, "%s/%s", state, name) > 0);
  return path;
}

/* The file of a step, or NULL. The caller frees it. */
static char *written(const char *name) {
  char *path = path_of(name);
  char *text = access(path, F_OK) == 0 ? read_file(path, NULL) : NULL;
  free(path);
  return text;
}

/* Makes the file of a step, whole or not at all. */
static void write_down(const char *name, const char *value) {
  char *whole = path_of(name), *part = NULL;
  CHECK(asprintf(&part, "%s.new", whole) > 0);
  FILE *file = fopen(part, "w");
  CHECK(file != NULL && fputs(value, file) >= 0 && fclose(file) == 0 && rename(part, whole) == 0);
  free(part);
  free(whole);
}

/* A field of the outermost object of a JSON text, without quotes; NULL if it is missing. What is escaped stays so. The caller
 * frees it. */
static char *field(const char *json, const char *name) {
  size_t length = strlen(name);
  int depth = 0;
  for (const char *at = json; *at != '\0'; at++) {
    depth += (*at == '{' || *at == '[') - (*at == '}' || *at == ']');
    if (*at != '"') continue;
    if (depth == 1 && strncmp(at + 1, name, length) == 0 && strncmp(at + 1 + length, "\":", 2) == 0) {
      const char *value = at + length + 3;
      int is_text = *value == '"';
      return strndup(value + is_text, strcspn(value + is_text, is_text ? "\"" : ",}"));
    }
    for (at++; *at != '"'; at++) at += *at == '\\';
  }
  return NULL;
}

/* The same of a response, which is freed. */
static void take(ofauth_response *response, const char *name, char *into, size_t size) {
  char *value = field(ofauth_response_json(response), name);
  CHECK(value != NULL && (size_t)snprintf(into, size, "%s", value) < size);
  free(value);
  ofauth_response_free(response);
}

/* Finds the first item of a list whose field `name` has this part, and keeps the item's id. Whether there is one. */
static int find(const ofauth_client *of, const char *operation, const char *params, const char *name, const char *part, char *id,
                size_t size) {
  ofauth_pages *pages = NULL;
  ofauth_response *item = NULL;
  int found = 0;
  OK(ofauth_pages_new(operation, params, &pages, &error));
  for (;;) {
    OK(ofauth_pages_next_item(of, pages, &item, &error));
    if (item == NULL) break;
    char *value = field(ofauth_response_json(item), name);
    found = value != NULL && strstr(value, part) != NULL;
    free(value);
    if (found) {
      take(item, "id", id, size);
      break;
    }
    ofauth_response_free(item);
  }
  ofauth_pages_free(pages);
  return found;
}

static ofauth_response *call(const char *operation, const char *params, const char *body) {
  ofauth_response *response = NULL;
  OK(ofauth_call(client, operation, params, body, &response, &error));
  return response;
}

/* -- The steps: each gives its value -------------------------------------------------------------------------------- */

/* What an earlier run began goes on: two sessions may make two connections. */
static void link_account(char *value, size_t size) {
  if (find(account, "list_connections", NULL, "clientReferenceId", "story", value, size)) return;
  ofauth_response *session = NULL, *linked = NULL;
  char *begun = written("session");
  if (begun == NULL) {
    OK(ofauth_link_start(account, "{\"clientReferenceId\": \"story\"}", &session, &error));
    write_down("session", ofauth_response_json(session));
    ofauth_response_free(session);
    begun = written("session");
  }
  OK(ofauth_link_wait(account, begun, &linked, &error));
  free(begun);
  take(linked, "connectionId", value, size);
}

/* The result is held until it is written down: the id in the vault, and the reference. */
static void upload(char *value, size_t size) {
  ofauth_upload *upload = NULL;
  ofauth_result *result = NULL;
  OK(ofauth_upload_new(&upload, &error));
  OK(ofauth_upload_set_file(upload, clip, &error));
  OK(ofauth_upload_set_hold_result(upload, 1, &error));
  OK(ofauth_upload_run(client, upload, &result, &error));
  char id[64];
  if (ofauth_result_media_id(result) != NULL) {
    CHECK((size_t)snprintf(id, sizeof id, "%s", ofauth_result_media_id(result)) < sizeof id);
  } else {
    /* An upload in parts is not always told its id. It is the newest of the vault. */
    CHECK(find(client, "list_vault_media", NULL, "id", "", id, sizeof id));
  }
  CHECK((size_t)snprintf(value, size, "%s %s", id, ofauth_result_upload_id(result)) < size);
  write_down("upload", value);
  OK(ofauth_result_settle(client, result, &error));
  ofauth_result_free(result);
  ofauth_upload_free(upload);
}

static void wait_ready(char *value, size_t size) {
  ofauth_response *response = NULL;
  OK(ofauth_wait_ready(client, (const char *[]){media}, 1, &response, &error));
  ofauth_response_free(response);
  snprintf(value, size, "%s", media);
}

static void create_post(char *value, size_t size) {
  if (find(client, "list_posts", NULL, "text", "story post", value, size)) return;
  char body[500];
  CHECK(snprintf(body, sizeof body, "{\"text\": \"story post\", \"mediaItems\": [\"%s\"], \"scheduledDate\": \"%s\"}", reference,
                 later) < (int)sizeof body);
  take(call("create_post", NULL, body), "id", value, size);
}

static void edit_post(char *value, size_t size) {
  char params[100], body[500];
  CHECK(snprintf(params, sizeof params, "{\"postId\": \"%s\"}", post) < (int)sizeof params);
  CHECK(snprintf(body, sizeof body, "{\"text\": \"story post edited\", \"mediaItems\": [\"%s\"], \"scheduledDate\": \"%s\"}", media,
                 later) < (int)sizeof body);
  ofauth_response_free(call("update_post", params, body));
  snprintf(value, size, "%s", post);
}

static void send_message(char *value, size_t size) {
  static const char to[] = "{\"userId\": \"12345\"}";
  if (find(client, "list_chat_messages", to, "text", "story message", value, size)) return;
  char body[200];
  CHECK(snprintf(body, sizeof body, "{\"text\": \"story message\", \"mediaItems\": [\"%s\"]}", media) < (int)sizeof body);
  take(call("send_chat_message", to, body), "id", value, size);
}

static void wait_stored(char *value, size_t size) {
  ofauth_response *response = NULL;
  OK(ofauth_wait_stored(client, (const char *[]){media}, 1, (const char *[]){"source"}, 1, &response, &error));
  ofauth_response_free(response);
  snprintf(value, size, "%s", media);
}

static void download(char *value, size_t size) {
  char *path = path_of("downloaded.mp4");
  ofauth_download *download = NULL;
  ofauth_response *file = NULL;
  OK(ofauth_download_new(media, "source", path, &download, &error));
  OK(ofauth_download_set_overwrite(download, 1, &error));
  OK(ofauth_download_run(client, download, &file, &error));
  take(file, "bytes", value, size);
  ofauth_download_free(download);
  free(path);
}

/* Verifies the webhook that the service has sent. */
static void webhook(char *value, size_t size) {
  char *path = path_of("webhook.body");
  const struct timespec pause = {0, 50 * 1000 * 1000};
  while (access(path, F_OK) != 0) nanosleep(&pause, NULL);
  size_t body_size = 0, count = 0;
  char *body = read_file(path, &body_size), *secret = written("webhook.secret"), *headers = written("webhook.headers");
  CHECK(secret != NULL && headers != NULL);
  const char *names[64], *values[64];
  for (char *line = strtok(headers, "\n"); line != NULL && count < 64; line = strtok(NULL, "\n")) {
    char *end = strstr(line, ": ");
    if (end == NULL) continue;
    *end = '\0';
    names[count] = line;
    values[count++] = end + 2;
  }
  ofauth_response *event = NULL;
  OK(ofauth_webhook_verify((const char *[]){secret}, 1, names, values, count, body, body_size, (int64_t)time(NULL), 0, &event,
                           &error));
  take(event, "type", value, size);
  free(headers);
  free(secret);
  free(body);
  free(path);
}

/* Does a step unless its file is there, prints its value and keeps it, if `keep` is not NULL. */
static void step(const char *name, void (*work)(char *value, size_t size), char *keep, size_t keep_size) {
  char value[300];
  char *before = written(name);
  if (before != NULL) {
    CHECK((size_t)snprintf(value, sizeof value, "%s", before) < sizeof value);
  } else {
    work(value, sizeof value);
    write_down(name, value);
  }
  free(before);
  printf("%s %s\n", name, value);
  CHECK(fflush(stdout) == 0);
  if (keep != NULL) CHECK((size_t)snprintf(keep, keep_size, "%s", value) < keep_size);
}

int main(int argc, char **argv) {
  CHECK(argc == 3);
  state = argv[1];
  clip = argv[2];
  time_t tomorrow = time(NULL) + 24 * 60 * 60;
  struct tm at;
  CHECK(gmtime_r(&tomorrow, &at) != NULL && strftime(later, sizeof later, "%Y-%m-%dT%H:%M:%S.000Z", &at) > 0);

  ofauth_config *config = NULL;
  char *journal = path_of("journal");
  OK(ofauth_config_new(needed("OFAUTH_API_KEY"), &config, &error));
  OK(ofauth_config_set_base_url(config, needed("OFAUTH_BASE_URL"), &error));
  OK(ofauth_config_set_journal_dir(config, journal, &error));
  OK(ofauth_client_new(config, &account, &error));
  ofauth_config_free(config);
  free(journal);

  char connection[100], uploaded[300];
  step("link", link_account, connection, sizeof connection);
  OK(ofauth_client_for_connection(account, connection, &client, &error));
  step("upload", upload, uploaded, sizeof uploaded);
  CHECK(sscanf(uploaded, "%63s %199s", media, reference) == 2);
  step("ready", wait_ready, NULL, 0);
  step("post", create_post, post, sizeof post);
  step("edit", edit_post, NULL, 0);
  step("message", send_message, NULL, 0);
  step("stored", wait_stored, NULL, 0);
  step("download", download, NULL, 0);
  step("webhook", webhook, NULL, 0);
  puts("done");
  ofauth_client_free(client);
  ofauth_client_free(account);
  return 0;
}
