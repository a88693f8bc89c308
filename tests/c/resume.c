/* Uploads that are interrupted and run again with a journal. The first argument names the scene, the second a directory
 * for journals; each scene has a server of its own, which the test looks at afterwards. Where an upload is to be cancelled,
 * that server does not answer part 6.
 *
 *   cancel   uploads from each kind of source are cancelled and run again: only the rest is sent
 *   run      one upload, which the test kills in the middle, and starts again
 *   hold     a result that is held is given again until it is settled
 *   unknown  an outcome that is unknown stays so until its journal is forgotten
 *   busy     a second thread begins the same upload
 *   notice   a notice callback that does what it should not
 *   limit    calls under a rate limit
 */
#include "check.h"

enum { PART = 64 * 1024, PARTS = 12, BEFORE_CANCEL = 5 };

static const char *directory;

/* -- What callbacks hear ------------------------------------------------------------------------------------------- */

struct told {
  long thread;
  unsigned kinds[OFAUTH_NOTICE_WOKE + 1];
  unsigned count;
};

static int on_notice(void *user_data, int32_t kind, const char *text) {
  struct told *told = user_data;
  CHECK(thread_id() == told->thread);
  CHECK(kind > OFAUTH_NOTICE_OTHER && kind <= OFAUTH_NOTICE_WOKE);
  CHECK(strlen(text) > 0 && strchr(text, '\n') == NULL && strstr(text, needed("OFAUTH_API_KEY")) == NULL);
  told->kinds[kind]++;
  /* A machine that is too busy may stand still at any time. */
  told->count += kind != OFAUTH_NOTICE_WOKE;
  return 0;
}

struct watched {
  /* Cancels once so many parts are done and the next one is under way; 0 for never. */
  uint32_t cancel_at;
  ofauth_progress last;
};

static int on_progress(void *user_data, const ofauth_progress *progress) {
  struct watched *watched = user_data;
  CHECK(progress->acknowledged >= watched->last.acknowledged && progress->handed_over <= progress->total);
  CHECK(progress->resumed <= progress->acknowledged && progress->resumed >= watched->last.resumed);
  CHECK(progress->eta_ms == OFAUTH_UNKNOWN_MS || progress->eta_ms < UINT64_C(1) << 50);
  CHECK(progress->session_left_ms == OFAUTH_UNKNOWN_MS || progress->session_left_ms < UINT64_C(1) << 40);
  watched->last = *progress;
  return watched->cancel_at != 0 && progress->parts_done >= watched->cancel_at &&
         progress->handed_over > progress->acknowledged;
}

/* -- Clients and uploads ------------------------------------------------------------------------------------------- */

/* A client that journals, and sends one part after the other. */
static ofauth_client *journaling_client(void) {
  ofauth_client *client = NULL;
  ofauth_config *config = new_config();
  OK(ofauth_config_set_journal_dir(config, directory, &error));
  OK(ofauth_config_set_concurrency(config, 1, &error));
  OK(ofauth_client_new(config, &client, &error));
  ofauth_config_free(config);
  return client;
}

static ofauth_result *run(ofauth_client *client, ofauth_upload *upload, struct told *told) {
  ofauth_result *result = NULL;
  *told = (struct told){.thread = thread_id()};
  OK(ofauth_upload_set_notice(upload, on_notice, told, NULL, &error));
  OK(ofauth_upload_run(client, upload, &result, &error));
  return result;
}

static void run_to_cancel(ofauth_client *client, ofauth_upload *upload) {
  ofauth_result *result = NULL;
  ofauth_error *error = NULL;
  struct watched watched = {.cancel_at = BEFORE_CANCEL};
  OK(ofauth_upload_set_progress(upload, on_progress, &watched, NULL, &error));
  EXPECT(OFAUTH_ERR_CANCELLED, ofauth_upload_run(client, upload, &result, &error));
  CHECK(watched.last.parts_done == BEFORE_CANCEL && watched.last.resumed == 0 && result == NULL);
  ofauth_error_free(error);
  OK(ofauth_upload_set_progress(upload, NULL, NULL, NULL, &error));
}

/* The list of journals; the caller frees it. */
static ofauth_sessions *sessions(void) {
  ofauth_sessions *sessions = NULL;
  OK(ofauth_journal_sessions(directory, &sessions, &error));
  return sessions;
}

/* Fails unless there is one journal, of this state. `id` receives its id. */
static void expect_one(int32_t state, int in_use, char id[17]) {
  ofauth_sessions *list = sessions();
  if (ofauth_sessions_count(list) != 1 || ofauth_sessions_state(list, 0) != state || ofauth_sessions_in_use(list, 0) != in_use) {
    fprintf(stderr, "not one journal, %d, %d: %zu, %d, %d\n", state, in_use, ofauth_sessions_count(list),
            ofauth_sessions_state(list, 0), ofauth_sessions_in_use(list, 0));
    _exit(1);
  }
  if (state != OFAUTH_SESSION_DAMAGED) {
    CHECK(strlen(ofauth_sessions_file(list, 0)) > 0 && strncmp(ofauth_sessions_upload_id(list, 0), "upload:", 7) == 0);
    CHECK(strcmp(ofauth_sessions_connection_id(list, 0), needed("OFAUTH_CONNECTION_ID")) == 0);
    CHECK(strstr(ofauth_sessions_base_url(list, 0), "http") != NULL);
    CHECK(ofauth_sessions_size(list, 0) >= ofauth_sessions_bytes_done(list, 0));
    CHECK(ofauth_sessions_parts_total(list, 0) >= ofauth_sessions_parts_done(list, 0));
    CHECK(ofauth_sessions_opened_ms(list, 0) > INT64_C(1700000000000));
    CHECK(ofauth_sessions_expires_ms(list, 0) == OFAUTH_UNKNOWN_TIME || ofauth_sessions_expires_ms(list, 0) > ofauth_sessions_opened_ms(list, 0));
  }
  /* Behind the end there is nothing. */
  CHECK(ofauth_sessions_id(list, 1) == NULL && ofauth_sessions_size(list, SIZE_MAX) == 0);
  CHECK(strlen(ofauth_sessions_id(list, 0)) == 16);
  memcpy(id, ofauth_sessions_id(list, 0), 17);
  ofauth_sessions_free(list);
}

static void expect_none(void) {
  ofauth_sessions *list = sessions();
  CHECK(ofauth_sessions_count(list) == 0);
  ofauth_sessions_free(list);
}

/* -- Scenes -------------------------------------------------------------------------------------------------------- */

struct memory {
  const char *bytes;
  size_t size;
};

static int64_t read_memory(void *user_data, uint64_t offset, uint8_t *buf, size_t len) {
  const struct memory *memory = user_data;
  size_t count = memory->size - offset < len ? (size_t)(memory->size - offset) : len;
  memcpy(buf, memory->bytes + offset, count);
  return (int64_t)count;
}

static void cancel_and_resume(ofauth_client *client, ofauth_upload *upload, size_t size) {
  struct told told;
  char id[17];
  run_to_cancel(client, upload);
  expect_one(OFAUTH_SESSION_INTERRUPTED, 0, id);
  struct watched watched = {0};
  OK(ofauth_upload_set_progress(upload, on_progress, &watched, NULL, &error));
  ofauth_result *result = run(client, upload, &told);
  uint64_t resumed = ofauth_result_resumed(result);
  CHECK(resumed == BEFORE_CANCEL * PART);
  CHECK(watched.last.resumed == resumed && watched.last.acknowledged == size);
  CHECK(told.count == 1 && told.kinds[OFAUTH_NOTICE_RESUMED] == 1);
  CHECK(ofauth_result_bytes(result) == size && ofauth_result_part_count(result) == PARTS);
  for (uint32_t part = 0; part < PARTS; part++) {
    CHECK(ofauth_result_etag(result, part) != NULL);
  }
  char field[64];
  snprintf(field, sizeof field, "\"resumed\":%" PRIu64, resumed);
  CHECK(strstr(ofauth_result_json(result), field) != NULL);
  ofauth_result_free(result);
  ofauth_upload_free(upload);
  expect_none();
}

static void scene_cancel(void) {
  size_t size = 0;
  char *bytes = read_file(needed("OFAUTH_CLIP"), &size);
  struct memory memory = {bytes, size};
  ofauth_client *client = journaling_client();
  cancel_and_resume(client, clip_upload("file.mp4"), size);
  cancel_and_resume(client, new_upload(bytes, size, "bytes.mp4"), size);
  ofauth_upload *reading = new_upload(bytes, size, "reader.mp4");
  OK(ofauth_upload_set_reader(reading, read_memory, &memory, NULL, size, &error));
  cancel_and_resume(client, reading, size);

  /* Left out, there is no journal, and nothing to go on with. */
  struct told told;
  ofauth_upload *upload = clip_upload("without.mp4");
  OK(ofauth_upload_set_journal(upload, 0, &error));
  run_to_cancel(client, upload);
  expect_none();
  OK(ofauth_upload_set_journal(upload, 1, &error));
  ofauth_result *result = run(client, upload, &told);
  CHECK(ofauth_result_resumed(result) == 0 && told.count == 0);
  ofauth_result_free(result);

  /* Another content is another upload. */
  run_to_cancel(client, upload);
  ofauth_upload_free(upload);
  upload = new_upload(bytes, size, "changed.mp4");
  run_to_cancel(client, upload);
  bytes[100] ^= 1;
  result = run(client, upload, &told);
  CHECK(ofauth_result_resumed(result) == 0 && told.count == 1 && told.kinds[OFAUTH_NOTICE_STARTED_OVER] == 1);
  ofauth_result_free(result);
  ofauth_upload_free(upload);
  char id[17];
  expect_one(OFAUTH_SESSION_INTERRUPTED, 0, id);
  id[4] = '\0';
  OK(ofauth_journal_forget(directory, id, &error));
  expect_none();
  ofauth_client_free(client);
  free(bytes);
}

static void scene_run(void) {
  struct told told;
  ofauth_client *client = journaling_client();
  ofauth_upload *upload = clip_upload("killed.mp4");
  ofauth_result *result = run(client, upload, &told);
  printf("resumed %" PRIu64 ", %u notices, %u of them resumed\n", ofauth_result_resumed(result), told.count,
         told.kinds[OFAUTH_NOTICE_RESUMED]);
  ofauth_result_free(result);
  ofauth_upload_free(upload);
  ofauth_client_free(client);
  expect_none();
}

static void scene_hold(void) {
  struct told told;
  char id[17];
  ofauth_client *client = journaling_client();
  ofauth_upload *upload = clip_upload("held.mp4");
  OK(ofauth_upload_set_hold_result(upload, 1, &error));
  ofauth_result *first = run(client, upload, &told);
  expect_one(OFAUTH_SESSION_FINISHED, 1, id);
  ofauth_result *none = NULL;
  EXPECT(OFAUTH_ERR_BUSY, ofauth_upload_run(client, upload, &none, NULL));
  EXPECT(OFAUTH_ERR_BUSY, ofauth_journal_forget(directory, id, NULL));
  char *reference = strdup(ofauth_result_upload_id(first));
  CHECK(reference != NULL && none == NULL);
  ofauth_result_free(first);
  expect_one(OFAUTH_SESSION_FINISHED, 0, id);

  /* Another client, as after a start of the program. */
  ofauth_client_free(client);
  client = journaling_client();
  ofauth_result *second = run(client, upload, &told);
  CHECK(told.count == 1 && told.kinds[OFAUTH_NOTICE_ALREADY_FINISHED] == 1);
  CHECK(strcmp(ofauth_result_upload_id(second), reference) == 0 && ofauth_result_part_count(second) == PARTS);
  CHECK(ofauth_result_resumed(second) == ofauth_result_bytes(second) && ofauth_result_etag(second, 0) != NULL);

  /* A child has the result, and leaves the journal alone. */
  pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    CHECK(ofauth_result_settle(client, second, NULL) == OFAUTH_ERR_FORKED);
    CHECK(strcmp(ofauth_result_upload_id(second), reference) == 0);
    ofauth_result_free(second);
    end_child();
  }
  check_exit(child);
  expect_one(OFAUTH_SESSION_FINISHED, 1, id);
  /* Given up before it began, it is not settled. */
  ofauth_wait *wait = NULL;
  ofauth_cancel *cancel = NULL;
  ofauth_client *cancelled = NULL;
  OK(ofauth_cancel_new(&cancel, &error));
  ofauth_cancel_cancel(cancel);
  OK(ofauth_wait_new(&wait, &error));
  OK(ofauth_wait_set_cancel(wait, cancel, &error));
  OK(ofauth_client_with_wait(client, wait, &cancelled, &error));
  EXPECT(OFAUTH_ERR_CANCELLED, ofauth_result_settle(cancelled, second, NULL));
  ofauth_client_free(cancelled);
  ofauth_wait_free(wait);
  ofauth_cancel_free(cancel);
  expect_one(OFAUTH_SESSION_FINISHED, 1, id);
  OK(ofauth_result_settle(client, second, &error));
  OK(ofauth_result_settle(client, second, &error));
  expect_none();

  ofauth_result *third = run(client, upload, &told);
  CHECK(told.count == 0 && strcmp(ofauth_result_upload_id(third), reference) != 0);
  /* Any client does. */
  ofauth_client *other = new_client();
  OK(ofauth_result_settle(other, third, &error));
  ofauth_client_free(other);
  ofauth_result_free(third);
  ofauth_result_free(second);

  OK(ofauth_upload_set_hold_result(upload, 0, &error));
  ofauth_result *not_held = run(client, upload, &told);
  OK(ofauth_result_settle(client, not_held, &error));
  ofauth_result_free(not_held);
  expect_none();
  free(reference);
  ofauth_upload_free(upload);
  ofauth_client_free(client);
}

static void scene_unknown(void) {
  char id[17];
  char reference[128] = "";
  ofauth_client *client = journaling_client();
  ofauth_upload *upload = clip_upload("unknown.mp4");
  for (int i = 0; i < 2; i++) {
    ofauth_result *result = NULL;
    ofauth_error *error = NULL;
    EXPECT(OFAUTH_ERR_OUTCOME_UNKNOWN, ofauth_upload_run(client, upload, &result, &error));
    CHECK(!ofauth_error_is_retryable(error) && ofauth_error_upload_id(error) != NULL);
    CHECK(i == 0 || strcmp(reference, ofauth_error_upload_id(error)) == 0);
    snprintf(reference, sizeof reference, "%s", ofauth_error_upload_id(error));
    ofauth_error_free(error);
    expect_one(OFAUTH_SESSION_OUTCOME_UNKNOWN, 0, id);
  }
  OK(ofauth_journal_forget(directory, id, &error));
  expect_none();
  ofauth_error *error = NULL;
  EXPECT(OFAUTH_ERR_INVALID_ARGUMENT, ofauth_journal_forget(directory, id, &error));
  CHECK(strstr(ofauth_error_message(error), id) != NULL);
  ofauth_error_free(error);
  EXPECT(OFAUTH_ERR_INVALID_ARGUMENT, ofauth_journal_forget(directory, "", NULL));
  EXPECT(OFAUTH_ERR_INVALID_ARGUMENT, ofauth_journal_forget(directory, "../../clip", NULL));
  ofauth_upload_free(upload);
  ofauth_client_free(client);
}

struct blocking {
  struct memory memory;
  struct event reading;
  struct event go_on;
};

static int64_t read_when_told(void *user_data, uint64_t offset, uint8_t *buf, size_t len) {
  struct blocking *blocking = user_data;
  event_set(&blocking->reading);
  event_wait(&blocking->go_on);
  return read_memory(&blocking->memory, offset, buf, len);
}

struct second {
  struct blocking *blocking;
  ofauth_client *client;
  ofauth_upload *upload;
};

static void *run_the_same(void *argument) {
  struct second *second = argument;
  ofauth_result *result = NULL;
  ofauth_error *error = NULL;
  char id[17];
  event_wait(&second->blocking->reading);
  EXPECT(OFAUTH_ERR_BUSY, ofauth_upload_run(second->client, second->upload, &result, &error));
  CHECK(result == NULL && ofauth_error_is_retryable(error));
  ofauth_error_free(error);
  expect_one(OFAUTH_SESSION_INTERRUPTED, 1, id);
  EXPECT(OFAUTH_ERR_BUSY, ofauth_journal_forget(directory, id, NULL));
  event_set(&second->blocking->go_on);
  return NULL;
}

static void scene_busy(void) {
  struct told told;
  size_t size = 0;
  char *bytes = read_file(needed("OFAUTH_CLIP"), &size);
  struct blocking blocking = {{bytes, size}, EVENT_INITIALIZER, EVENT_INITIALIZER};
  ofauth_client *client = journaling_client();
  ofauth_upload *upload = new_upload(bytes, size, "busy.mp4");
  OK(ofauth_upload_set_reader(upload, read_when_told, &blocking, NULL, size, &error));
  /* The same upload for the journal; it never gets to read. */
  struct second second = {&blocking, client, new_upload(bytes, size, "busy.mp4")};
  OK(ofauth_upload_set_reader(second.upload, read_when_told, &blocking, NULL, size, &error));
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, run_the_same, &second) == 0);
  ofauth_result *result = run(client, upload, &told);
  CHECK(pthread_join(thread, NULL) == 0);
  CHECK(ofauth_result_resumed(result) == 0 && told.count == 0);
  ofauth_result_free(result);
  ofauth_upload_free(second.upload);
  ofauth_upload_free(upload);
  ofauth_client_free(client);
  expect_none();
  free(bytes);
}

struct deeds {
  ofauth_client *client;
  ofauth_upload *upload;
  ofauth_cancel *cancel;
  unsigned calls;
};

static int misbehave(void *user_data, int32_t kind, const char *text) {
  struct deeds *deeds = user_data;
  ofauth_response *response = NULL;
  ofauth_result *result = NULL;
  if (kind == OFAUTH_NOTICE_WOKE) {
    return 0;
  }
  CHECK(kind == OFAUTH_NOTICE_RESUMED && strlen(text) > 0);
  deeds->calls++;
  EXPECT(OFAUTH_ERR_REENTRANT, ofauth_call(deeds->client, "whoami", NULL, NULL, &response, NULL));
  EXPECT(OFAUTH_ERR_REENTRANT, ofauth_upload_run(deeds->client, deeds->upload, &result, NULL));
  EXPECT(OFAUTH_ERR_REENTRANT, ofauth_result_settle(deeds->client, NULL, NULL));
  ofauth_upload_free(deeds->upload);
  deeds->upload = NULL;
  if (deeds->cancel != NULL) {
    /* The server does not answer part 6, so the upload is under way still. */
    char id[17];
    expect_one(OFAUTH_SESSION_INTERRUPTED, 1, id);
    EXPECT(OFAUTH_ERR_BUSY, ofauth_journal_forget(directory, id, NULL));
    ofauth_cancel_cancel(deeds->cancel);
  }
  return 0;
}

static ofauth_status run_with_deeds(ofauth_client *client, ofauth_cancel *cancel) {
  struct deeds deeds = {client, clip_upload("deeds.mp4"), cancel, 0};
  ofauth_result *result = NULL;
  OK(ofauth_upload_set_notice(deeds.upload, misbehave, &deeds, NULL, &error));
  OK(ofauth_upload_set_cancel(deeds.upload, cancel, &error));
  ofauth_status status = ofauth_upload_run(client, deeds.upload, &result, NULL);
  CHECK(deeds.calls == 1 && deeds.upload == NULL && (result != NULL) == (status == OFAUTH_OK));
  CHECK(result == NULL || ofauth_result_resumed(result) == BEFORE_CANCEL * PART);
  ofauth_result_free(result);
  return status;
}

static void scene_notice(void) {
  ofauth_client *client = journaling_client();
  ofauth_upload *upload = clip_upload("deeds.mp4");
  run_to_cancel(client, upload);
  ofauth_upload_free(upload);
  ofauth_cancel *cancel = NULL;
  OK(ofauth_cancel_new(&cancel, &error));
  EXPECT(OFAUTH_ERR_CANCELLED, run_with_deeds(client, cancel));
  ofauth_cancel_free(cancel);
  EXPECT(OFAUTH_OK, run_with_deeds(client, NULL));
  expect_none();
  ofauth_client_free(client);
}

static void scene_limit(void) {
  ofauth_config *config = new_config();
  ofauth_client *client = NULL;
  ofauth_error *error = NULL;
  EXPECT(OFAUTH_ERR_INVALID_ARGUMENT, ofauth_config_set_request_limit(config, 0, 4, &error));
  CHECK(strstr(ofauth_error_message(error), "per_minute") != NULL);
  ofauth_error_free(error);
  EXPECT(OFAUTH_ERR_INVALID_ARGUMENT, ofauth_config_set_request_limit(config, 600, 0, &error));
  CHECK(strstr(ofauth_error_message(error), "burst") != NULL);
  ofauth_error_free(error);
  EXPECT(OFAUTH_ERR_INVALID_ARGUMENT, ofauth_config_set_journal_dir(config, "", NULL));
  EXPECT(OFAUTH_ERR_INVALID_ARGUMENT, ofauth_config_set_rate_state_dir(config, "", NULL));
  /* One request less at once than the server allows, for the time that the first takes longer than the others. */
  OK(ofauth_config_set_request_limit(config, 600, 4, &error));
  OK(ofauth_config_set_rate_state_dir(config, directory, &error));
  OK(ofauth_client_new(config, &client, &error));
  for (int i = 0; i < 30; i++) {
    ofauth_response *response = NULL;
    OK(ofauth_call(client, "list_vault_media", NULL, NULL, &response, &error));
    ofauth_response_free(response);
  }
  ofauth_client_free(client);
  ofauth_config_free(config);
}

static const struct {
  const char *name;
  void (*play)(void);
} SCENES[] = {
    {"cancel", scene_cancel},   {"run", scene_run},   {"hold", scene_hold},   {"unknown", scene_unknown},
    {"busy", scene_busy}, {"notice", scene_notice}, {"limit", scene_limit},
};

int main(int argc, char **argv) {
  CHECK(argc == 3);
  directory = argv[2];
  for (size_t i = 0; i < sizeof SCENES / sizeof SCENES[0]; i++) {
    if (strcmp(SCENES[i].name, argv[1]) == 0) {
      SCENES[i].play();
      return 0;
    }
  }
  fprintf(stderr, "there is no scene %s\n", argv[1]);
  return 2;
}
