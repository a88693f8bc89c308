/* Batches: results, sources, callbacks, what ends them, their records, and hosts that misbehave. The first argument is a
 * directory for journals.
 */
#include "batch.h"

static const char *directory;

static int64_t read_bytes(void *user_data, uint64_t offset, uint8_t *buf, size_t len) {
  struct scene *scene = user_data;
  CHECK(scene->destroyed == 0 && offset + len <= SIZE);
  memcpy(buf, bytes + offset, len);
  scene->calls++;
  return (int64_t)len;
}

static void every_source_has_a_result(void) {
  struct scene reader = {0}, progress = {0};
  ofauth_client *client = new_client();
  ofauth_batch *batch = new_batch();
  OK(ofauth_batch_set_files(batch, 3, &error));
  OK(ofauth_batch_set_progress(batch, on_progress, &progress, destroy, &error));
  add(batch, "batch-bytes.mp4");
  OK(ofauth_batch_add_reader(batch, read_bytes, &reader, destroy, SIZE, "batch-reader.mp4", &error));
  OK(ofauth_batch_add_file(batch, needed("OFAUTH_CLIP"), &error));
  OK(ofauth_batch_add_file(batch, "/no/such/file.mp4", &error));
  static const char *const NAMES[] = {"batch-bytes.mp4", "batch-reader.mp4", NULL, "/no/such/file.mp4"};
  unsigned seen = 0;
  for (ofauth_batched *file = next(client, batch); file != NULL; file = next(client, batch)) {
    uint64_t index = ofauth_batched_index(file);
    CHECK(index < 4 && (seen & 1u << index) == 0 && ofauth_batched_was_tried(file) == 1);
    seen |= 1u << index;
    CHECK(strcmp(ofauth_batched_name(file), index == 2 ? needed("OFAUTH_CLIP") : NAMES[index]) == 0);
    const ofauth_result *result = ofauth_batched_result(file);
    CHECK((result == NULL) == (index == 3) && (ofauth_batched_error(file) == NULL) == (index != 3));
    if (result != NULL) {
      CHECK(ofauth_result_upload_id(result) != NULL && progress.by_index[index] > 0);
      CHECK(index == 2 || ofauth_result_bytes(result) == SIZE);
      /* The record of a batch holds results, and here is none. */
      OK(ofauth_result_settle(client, result, &error));
    } else {
      EXPECT(OFAUTH_ERR_SOURCE, ofauth_error_status(ofauth_batched_error(file)));
    }
    CHECK(index != 1 || reader.destroyed == 1);
    ofauth_batched_free(file);
  }
  CHECK(seen == 15 && reader.calls > 0 && progress.destroyed == 0);
  is_over(client, batch);
  EXPECT(OFAUTH_ERR_INVALID_ARGUMENT, ofauth_batch_add_file(batch, "too-late.mp4", NULL));
  EXPECT(OFAUTH_ERR_INVALID_ARGUMENT, ofauth_batch_add_reader(batch, read_bytes, &reader, destroy, 1, "a.mp4", NULL));
  CHECK(reader.destroyed == 2);
  EXPECT(OFAUTH_ERR_INVALID_ARGUMENT, ofauth_batch_set_files(batch, 2, NULL));
  EXPECT(OFAUTH_ERR_INVALID_ARGUMENT, ofauth_batch_set_progress(batch, NULL, NULL, NULL, NULL));
  CHECK(progress.destroyed == 0);
  ofauth_batch_free(batch);
  CHECK(progress.destroyed == 1);
  batch = new_batch();
  is_over(client, batch);
  ofauth_batch_free(batch);
  ofauth_client_free(client);
}

static int add_another(void *user_data, uint64_t index, const ofauth_progress *progress) {
  struct scene *scene = user_data;
  (void)progress;
  if (index == scene->calls && scene->calls < 3) {
    scene->calls++;
    add(scene->batch, "batch-added.mp4");
  }
  return 0;
}

static void files_are_added_under_way(void) {
  struct scene scene = {.batch = new_batch()};
  ofauth_client *client = new_client();
  OK(ofauth_batch_set_progress(scene.batch, add_another, &scene, NULL, &error));
  add(scene.batch, "batch-added.mp4");
  for (int i = 0; i < 4; i++) {
    next_is(client, scene.batch, OFAUTH_OK, 1);
  }
  is_over(client, scene.batch);
  ofauth_batch_free(scene.batch);
  ofauth_client_free(client);
}

static void a_cancelled_batch_gives_out_every_file(void) {
  ofauth_client *client = new_client();
  ofauth_cancel *cancel = NULL;
  OK(ofauth_cancel_new(&cancel, &error));
  ofauth_batch *batch = new_batch();
  OK(ofauth_batch_set_cancel(batch, cancel, &error));
  for (int i = 0; i < 3; i++) {
    add(batch, "batch-cancelled.mp4");
  }
  ofauth_cancel_cancel(cancel);
  ofauth_cancel_free(cancel);
  for (int i = 0; i < 3; i++) {
    next_is(client, batch, OFAUTH_ERR_CANCELLED, 0);
  }
  is_over(client, batch);
  ofauth_batch_free(batch);

  struct scene scene = {.returns = 1};
  batch = new_batch();
  OK(ofauth_batch_set_progress(batch, on_progress, &scene, destroy, &error));
  /* By a reader, which is asked behind the first progress: so the service is not being asked to finish by then. */
  OK(ofauth_batch_add_reader(batch, read_bytes, &scene, NULL, SIZE, "batch-cancelled.mp4", &error));
  add(batch, "batch-cancelled.mp4");
  next_is(client, batch, OFAUTH_ERR_CANCELLED, 1);
  next_is(client, batch, OFAUTH_ERR_CANCELLED, 0);
  is_over(client, batch);
  ofauth_batch_free(batch);
  CHECK(scene.destroyed == 1 && scene.by_index[1] == 0);
  ofauth_client_free(client);
}

/* What gives up a call leaves the batch as it is. */
static void a_wait_that_is_given_up_loses_nothing(void) {
  ofauth_client *client = new_client(), *hasty = NULL, *other = new_client();
  ofauth_cancel *cancel = NULL;
  ofauth_wait *wait = NULL;
  ofauth_batched *file = NULL;
  OK(ofauth_cancel_new(&cancel, &error));
  ofauth_cancel_cancel(cancel);
  OK(ofauth_wait_new(&wait, &error));
  OK(ofauth_wait_set_cancel(wait, cancel, &error));
  OK(ofauth_client_with_wait(client, wait, &hasty, &error));
  ofauth_batch *batch = new_batch();
  add(batch, "batch-waited.mp4");
  for (int i = 0; i < 3; i++) {
    EXPECT(OFAUTH_ERR_CANCELLED, ofauth_batch_next(hasty, batch, &file, NULL));
    CHECK(file == NULL);
    EXPECT(OFAUTH_ERR_INVALID_ARGUMENT, ofauth_batch_next(other, batch, &file, NULL));
    EXPECT(OFAUTH_ERR_INVALID_ARGUMENT, ofauth_batch_settle(other, batch, NULL));
  }
  ofauth_client_free(hasty);
  next_is(client, batch, OFAUTH_OK, 1);
  is_over(client, batch);
  /* The batch keeps what it needs of its client. */
  ofauth_client_free(client);
  ofauth_batch_free(batch);
  ofauth_client_free(other);
  ofauth_wait_free(wait);
  ofauth_cancel_free(cancel);
}

static int free_all(void *user_data, uint64_t index, const ofauth_progress *progress) {
  struct scene *scene = user_data;
  (void)index, (void)progress;
  CHECK(scene->destroyed == 0);
  scene->calls++;
  ofauth_batch_free(scene->batch);
  ofauth_client_free(scene->client);
  scene->batch = NULL;
  scene->client = NULL;
  return 0;
}

static void a_callback_may_free_everything(void) {
  struct scene scene = {.batch = new_batch(), .client = new_client()};
  ofauth_batched *file = NULL;
  OK(ofauth_batch_set_progress(scene.batch, free_all, &scene, destroy, &error));
  add(scene.batch, "batch-freed.mp4");
  OK(ofauth_batch_next(scene.client, scene.batch, &file, &error));
  CHECK(scene.calls > 0 && scene.destroyed == 1 && ofauth_batched_result(file) != NULL);
  ofauth_batched_free(file);
}

/* What was lent is given back by the time a batch is freed: a checker sees who looks at it afterwards. */
static void a_batch_that_is_freed_gives_back_what_it_was_lent(void) {
  for (int begun = 0; begun <= 1; begun++) {
    struct scene reader = {0}, progress = {0};
    ofauth_client *client = new_client();
    unsigned char *lent = malloc(SIZE);
    CHECK(lent != NULL);
    memcpy(lent, bytes, SIZE);
    ofauth_batch *batch = new_batch();
    OK(ofauth_batch_set_files(batch, 4, &error));
    OK(ofauth_batch_set_progress(batch, on_progress, &progress, destroy, &error));
    for (int i = 0; i < 4; i++) {
      OK(ofauth_batch_add_reader(batch, read_bytes, &reader, NULL, SIZE, "batch-lent.mp4", &error));
      OK(ofauth_batch_add_bytes(batch, lent, SIZE, "batch-lent.mp4", &error));
    }
    OK(ofauth_batch_add_reader(batch, read_bytes, &reader, destroy, SIZE, "batch-lent.mp4", &error));
    if (begun) {
      next_is(client, batch, OFAUTH_OK, 1);
    }
    CHECK(reader.destroyed == 0 && progress.destroyed == 0);
    ofauth_batch_free(batch);
    memset(lent, 0xff, SIZE);
    free(lent);
    CHECK(reader.destroyed == 1 && progress.destroyed == 1);
    ofauth_client_free(client);
  }
}

static void options_are_an_upload_without_a_source(void) {
  ofauth_client *client = new_client();
  ofauth_batch *batch = new_batch();
  ofauth_upload *upload = clip_upload("a.mp4");
  EXPECT(OFAUTH_ERR_INVALID_ARGUMENT, ofauth_batch_set_options(batch, upload, NULL));
  ofauth_upload_free(upload);
  ofauth_cancel *cancel = NULL;
  OK(ofauth_cancel_new(&cancel, &error));
  OK(ofauth_upload_new(&upload, &error));
  OK(ofauth_upload_set_cancel(upload, cancel, &error));
  EXPECT(OFAUTH_ERR_INVALID_ARGUMENT, ofauth_batch_set_options(batch, upload, NULL));
  OK(ofauth_upload_set_cancel(upload, NULL, &error));
  OK(ofauth_upload_set_filename(upload, "batch-options.mp4", &error));
  OK(ofauth_batch_set_options(batch, upload, &error));
  OK(ofauth_batch_add_file(batch, needed("OFAUTH_CLIP"), &error));
  next_is(client, batch, OFAUTH_OK, 1);
  is_over(client, batch);
  ofauth_batch_free(batch);
  batch = new_batch();
  OK(ofauth_upload_set_timeout(upload, 1, &error));
  OK(ofauth_batch_set_options(batch, upload, &error));
  OK(ofauth_batch_add_file(batch, needed("OFAUTH_CLIP"), &error));
  next_is(client, batch, OFAUTH_ERR_TIMEOUT, 1);
  ofauth_batch_free(batch);
  ofauth_upload_free(upload);
  ofauth_cancel_free(cancel);
  ofauth_client_free(client);
}

static ofauth_client *new_journal_client(void) {
  ofauth_client *client = NULL;
  ofauth_config *config = new_config();
  OK(ofauth_config_set_journal_dir(config, directory, &error));
  OK(ofauth_client_new(config, &client, &error));
  ofauth_config_free(config);
  return client;
}

static int count_recorded(void *user_data, uint64_t index, int32_t kind, const char *text) {
  struct scene *scene = user_data;
  CHECK(index < 8 && strlen(text) > 0);
  scene->calls += kind == OFAUTH_NOTICE_ALREADY_RECORDED;
  return 0;
}

static void a_record_gives_results_again_until_it_is_settled(void) {
  ofauth_client *client = new_journal_client();
  ofauth_upload *held = NULL;
  char *ids[2] = {NULL, NULL};
  OK(ofauth_upload_new(&held, &error));
  OK(ofauth_upload_set_hold_result(held, 1, &error));
  for (int run = 0; run < 3; run++) {
    struct scene notices = {0};
    ofauth_batch *batch = new_batch();
    OK(ofauth_batch_set_options(batch, held, &error));
    OK(ofauth_batch_set_record(batch, "held", &error));
    OK(ofauth_batch_set_notice(batch, count_recorded, &notices, destroy, &error));
    add(batch, "batch-held-0.mp4");
    OK(ofauth_batch_add_file(batch, needed("OFAUTH_CLIP"), &error));
    for (int i = 0; i < 2; i++) {
      ofauth_batched *file = next(client, batch);
      const ofauth_result *result = ofauth_batched_result(file);
      uint64_t index = ofauth_batched_index(file);
      const char *id = ofauth_result_upload_id(result);
      CHECK(id != NULL && ofauth_result_resumed(result) == (run == 1 ? ofauth_result_bytes(result) : 0));
      CHECK(run == 0 || (strcmp(id, ids[index]) == 0) == (run == 1));
      free(ids[index]);
      ids[index] = strdup(id);
      ofauth_batched_free(file);
    }
    is_over(client, batch);
    if (run > 0) {
      OK(ofauth_batch_settle(client, batch, &error));
      OK(ofauth_batch_settle(client, batch, &error));
    }
    ofauth_batch_free(batch);
    CHECK(notices.calls == (run == 1 ? 2 : 0) && notices.destroyed == 1);
  }
  free(ids[0]);
  free(ids[1]);
  ofauth_upload_free(held);
  ofauth_client_free(client);
}

/* Settling neither ends a batch nor needs files, and the same file twice is one upload. */
static void a_batch_goes_on_after_it_was_settled(void) {
  ofauth_client *client = new_journal_client();
  ofauth_batch *batch = new_batch();
  OK(ofauth_batch_set_record(batch, "settled", &error));
  OK(ofauth_batch_settle(client, batch, &error));
  EXPECT(OFAUTH_ERR_INVALID_ARGUMENT, ofauth_batch_set_files(batch, 2, NULL));
  /* A call that is refused ends nothing either. */
  ofauth_client *other = new_journal_client();
  ofauth_batched *none = NULL;
  EXPECT(OFAUTH_ERR_INVALID_ARGUMENT, ofauth_batch_next(other, batch, &none, NULL));
  ofauth_client_free(other);
  add(batch, "batch-settled.mp4");
  add(batch, "batch-settled.mp4");
  ofauth_batched *first = next(client, batch), *second = next(client, batch);
  CHECK(strcmp(ofauth_result_upload_id(ofauth_batched_result(first)),
               ofauth_result_upload_id(ofauth_batched_result(second))) == 0);
  OK(ofauth_batch_settle(client, batch, &error));
  add(batch, "batch-settled.mp4");
  ofauth_batched *third = next(client, batch);
  CHECK(strcmp(ofauth_result_upload_id(ofauth_batched_result(first)),
               ofauth_result_upload_id(ofauth_batched_result(third))) != 0);
  is_over(client, batch);
  ofauth_batched_free(first);
  ofauth_batched_free(second);
  ofauth_batched_free(third);
  ofauth_batch_free(batch);
  ofauth_client_free(client);
}

/* What is destroyed because a setter has no use for it may use the batch. */
static void add_in_destroy(void *user_data) {
  struct scene *scene = user_data;
  scene->destroyed++;
  EXPECT(OFAUTH_OK, ofauth_batch_set_files(scene->batch, 2, NULL));
  add(scene->batch, "batch-destroy.mp4");
}

static void a_destroy_may_use_the_batch(void) {
  struct scene scene = {.batch = new_batch()};
  ofauth_client *client = new_client();
  OK(ofauth_batch_set_notice(scene.batch, NULL, &scene, add_in_destroy, &error));
  OK(ofauth_batch_set_progress(scene.batch, on_progress, &scene, add_in_destroy, &error));
  OK(ofauth_batch_set_progress(scene.batch, NULL, NULL, NULL, &error));
  EXPECT(OFAUTH_ERR_NULL, ofauth_batch_add_reader(scene.batch, NULL, &scene, add_in_destroy, 1, "a.mp4", NULL));
  CHECK(scene.destroyed == 3);
  for (int i = 0; i < 3; i++) {
    next_is(client, scene.batch, OFAUTH_OK, 1);
  }
  is_over(client, scene.batch);
  ofauth_batch_free(scene.batch);
  ofauth_client_free(client);
}

static void one_batch_at_a_time_has_a_name(void) {
  ofauth_client *client = new_journal_client();
  ofauth_batch *first = new_batch(), *second = new_batch();
  ofauth_batched *file = NULL;
  OK(ofauth_batch_set_record(first, "a name", &error));
  OK(ofauth_batch_set_record(second, "a name", &error));
  add(first, "batch-named.mp4");
  add(second, "batch-named.mp4");
  next_is(client, first, OFAUTH_OK, 1);
  EXPECT(OFAUTH_ERR_BUSY, ofauth_batch_next(client, second, &file, NULL));
  next_is(client, second, OFAUTH_ERR_BUSY, 0);
  is_over(client, second);
  ofauth_batch_free(second);
  is_over(client, first);
  ofauth_batch_free(first);
  ofauth_client_free(client);
}

int main(int argc, char **argv) {
  CHECK(argc == 2);
  directory = argv[1];
  bytes = pattern(SIZE);
  every_source_has_a_result();
  files_are_added_under_way();
  a_cancelled_batch_gives_out_every_file();
  a_wait_that_is_given_up_loses_nothing();
  a_callback_may_free_everything();
  a_batch_that_is_freed_gives_back_what_it_was_lent();
  options_are_an_upload_without_a_source();
  a_record_gives_results_again_until_it_is_settled();
  a_batch_goes_on_after_it_was_settled();
  a_destroy_may_use_the_batch();
  one_batch_at_a_time_has_a_name();
  free(bytes);
  return 0;
}
