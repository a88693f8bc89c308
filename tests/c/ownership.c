/* User data that the library takes over: destroyed exactly once, when it lets go of it, on a thread of the program. */
#include "check.h"

/* User data of a callback. */
struct data {
  unsigned destroyed;
  unsigned calls;
  long thread;
};

/* What frees an object when the user data of one of its callbacks is destroyed. */
static void (*free_doomed)(void *object);
static void *doomed;

static void destroy(void *user_data) {
  struct data *data = user_data;
  CHECK(thread_id() == data->thread);
  data->destroyed++;
  if (doomed != NULL) {
    void *object = doomed;
    doomed = NULL;
    free_doomed(object);
  }
}

/* What the callbacks of a running call free, once. */
static ofauth_upload *running;
static ofauth_client *client_of_running;

static int called(void *user_data) {
  struct data *data = user_data;
  CHECK(data->destroyed == 0);
  data->calls++;
  ofauth_upload_free(running);
  running = NULL;
  ofauth_client_free(client_of_running);
  client_of_running = NULL;
  return 0;
}

static int on_progress(void *user_data, const ofauth_progress *progress) {
  CHECK(progress->size == sizeof *progress);
  return called(user_data);
}

static int on_notice(void *user_data, int32_t kind, const char *text) {
  (void)kind, (void)text;
  return called(user_data);
}

static int on_tick(void *user_data) {
  return called(user_data);
}

static void on_log(void *user_data, int32_t level, const char *message) {
  (void)level, (void)message;
  called(user_data);
}

static int64_t on_read(void *user_data, uint64_t offset, uint8_t *buf, size_t len) {
  (void)offset;
  memset(buf, 7, len);
  called(user_data);
  return (int64_t)len;
}

/* -- Setters of each kind, for an object that may be NULL, with a callback that may be NULL -------------------------- */

static ofauth_status set_progress(void *object, int with, struct data *data) {
  return ofauth_upload_set_progress(object, with ? on_progress : NULL, data, destroy, NULL);
}

static ofauth_status set_notice(void *object, int with, struct data *data) {
  return ofauth_upload_set_notice(object, with ? on_notice : NULL, data, destroy, NULL);
}

static ofauth_status set_reader(void *object, int with, struct data *data) {
  return ofauth_upload_set_reader(object, with ? on_read : NULL, data, destroy, 100, NULL);
}

static ofauth_status set_log(void *object, int with, struct data *data) {
  return ofauth_config_set_log(object, OFAUTH_LOG_TRACE, with ? on_log : NULL, data, destroy, NULL);
}

static ofauth_status set_tick(void *object, int with, struct data *data) {
  return ofauth_request_set_tick(object, with ? on_tick : NULL, data, destroy, NULL);
}

static ofauth_status set_tick_of_wait(void *object, int with, struct data *data) {
  return ofauth_wait_set_tick(object, with ? on_tick : NULL, data, destroy, NULL);
}

static ofauth_status set_notice_of_wait(void *object, int with, struct data *data) {
  return ofauth_wait_set_notice(object, with ? on_notice : NULL, data, destroy, NULL);
}

static ofauth_status set_progress_of_download(void *object, int with, struct data *data) {
  return ofauth_download_set_progress(object, with ? on_progress : NULL, data, destroy, NULL);
}

static int on_batch_progress(void *user_data, uint64_t index, const ofauth_progress *progress) {
  (void)index;
  return on_progress(user_data, progress);
}

static int on_batch_notice(void *user_data, uint64_t index, int32_t kind, const char *text) {
  (void)index;
  return on_notice(user_data, kind, text);
}

static ofauth_status set_batch_progress(void *object, int with, struct data *data) {
  return ofauth_batch_set_progress(object, with ? on_batch_progress : NULL, data, destroy, NULL);
}

static ofauth_status set_batch_notice(void *object, int with, struct data *data) {
  return ofauth_batch_set_notice(object, with ? on_batch_notice : NULL, data, destroy, NULL);
}

static void *new_batch(void) {
  ofauth_batch *batch = NULL;
  OK(ofauth_batch_new(&batch, &error));
  return batch;
}

static void *new_empty_upload(void) {
  ofauth_upload *upload = NULL;
  OK(ofauth_upload_new(&upload, &error));
  return upload;
}

static void *new_request(void) {
  ofauth_request *request = NULL;
  OK(ofauth_request_new("whoami", &request, &error));
  return request;
}

static void *new_wait(void) {
  ofauth_wait *wait = NULL;
  OK(ofauth_wait_new(&wait, &error));
  return wait;
}

static void *new_download(void) {
  ofauth_download *download = NULL;
  OK(ofauth_download_new("1", "source", "never.mp4", &download, &error));
  return download;
}

static void *new_any_config(void) {
  return new_config();
}

static void free_upload(void *object) {
  ofauth_upload_free(object);
}

static void free_request(void *object) {
  ofauth_request_free(object);
}

static void free_batch(void *object) {
  ofauth_batch_free(object);
}

static void free_wait(void *object) {
  ofauth_wait_free(object);
}

static void free_download(void *object) {
  ofauth_download_free(object);
}

static void free_config(void *object) {
  ofauth_config_free(object);
}

static const struct {
  const char *name;
  ofauth_status (*set)(void *object, int with, struct data *data);
  void *(*new_object)(void);
  void (*free_object)(void *object);
  ofauth_status without;
} SETTERS[] = {
    {"progress", set_progress, new_empty_upload, free_upload, OFAUTH_OK},
    {"notice", set_notice, new_empty_upload, free_upload, OFAUTH_OK},
    {"reader", set_reader, new_empty_upload, free_upload, OFAUTH_ERR_NULL},
    {"log", set_log, new_any_config, free_config, OFAUTH_OK},
    {"tick", set_tick, new_request, free_request, OFAUTH_OK},
    {"tick of a wait", set_tick_of_wait, new_wait, free_wait, OFAUTH_OK},
    {"notice of a wait", set_notice_of_wait, new_wait, free_wait, OFAUTH_OK},
    {"progress of a download", set_progress_of_download, new_download, free_download, OFAUTH_OK},
    {"progress of a batch", set_batch_progress, new_batch, free_batch, OFAUTH_OK},
    {"notice of a batch", set_batch_notice, new_batch, free_batch, OFAUTH_OK},
};

static void setters(void) {
  for (size_t i = 0; i < sizeof SETTERS / sizeof SETTERS[0]; i++) {
    struct data data[5] = {{0}};
    for (size_t at = 0; at < 5; at++) {
      data[at].thread = thread_id();
    }
    void *object = SETTERS[i].new_object();
    EXPECT(OFAUTH_OK, SETTERS[i].set(object, 1, &data[0]));
    CHECK(data[0].destroyed == 0);
    EXPECT(OFAUTH_OK, SETTERS[i].set(object, 1, &data[1]));
    CHECK(data[0].destroyed == 1 && data[1].destroyed == 0);
    /* A callback that is NULL has no use for its data; a setter that fails destroys it and changes nothing. */
    EXPECT(SETTERS[i].without, SETTERS[i].set(object, 0, &data[2]));
    CHECK(data[2].destroyed == 1 && data[1].destroyed == (SETTERS[i].without == OFAUTH_OK));
    EXPECT(OFAUTH_ERR_NULL, SETTERS[i].set(NULL, 1, &data[3]));
    CHECK(data[3].destroyed == 1);
    EXPECT(OFAUTH_OK, SETTERS[i].set(object, 1, &data[4]));
    SETTERS[i].free_object(object);
    for (size_t at = 0; at < 5; at++) {
      if (data[at].destroyed != 1) {
        fprintf(stderr, "%s: number %zu was destroyed %u times\n", SETTERS[i].name, at, data[at].destroyed);
        _exit(1);
      }
      CHECK(data[at].calls == 0);
    }
  }
  /* What a setter lets go of may free the object. */
  for (size_t i = 0; i < sizeof SETTERS / sizeof SETTERS[0]; i++) {
    /* What was set before, or what a setter without a callback, which may fail, has no use for. */
    for (int with = 0; with <= 1; with++) {
      struct data data[2] = {{.thread = thread_id()}, {.thread = thread_id()}};
      void *object = SETTERS[i].new_object();
      EXPECT(OFAUTH_OK, SETTERS[i].set(object, 1, &data[0]));
      doomed = object;
      free_doomed = SETTERS[i].free_object;
      EXPECT(with ? OFAUTH_OK : SETTERS[i].without, SETTERS[i].set(object, with, &data[1]));
      CHECK(doomed == NULL && data[0].destroyed == 1 && data[1].destroyed == 1);
    }
  }
  struct data data = {.thread = thread_id()};
  ofauth_config *config = new_config();
  EXPECT(OFAUTH_ERR_INVALID_ARGUMENT, ofauth_config_set_log(config, 99, on_log, &data, destroy, NULL));
  CHECK(data.destroyed == 1);
  ofauth_config_free(config);
}

/* A run whose callbacks free its objects has its data until it returns. */
static void runs(void) {
  struct data progress = {.thread = thread_id()}, notice = progress, reader = progress, log = progress;
  ofauth_result *result = NULL;
  ofauth_config *config = new_config();
  OK(ofauth_config_set_log(config, OFAUTH_LOG_TRACE, on_log, &log, destroy, &error));
  OK(ofauth_client_new(config, &client_of_running, &error));
  ofauth_config_free(config);
  running = new_empty_upload();
  OK(ofauth_upload_set_reader(running, on_read, &reader, destroy, 100, &error));
  OK(ofauth_upload_set_filename(running, "owned.mp4", &error));
  OK(ofauth_upload_set_progress(running, on_progress, &progress, destroy, &error));
  OK(ofauth_upload_set_notice(running, on_notice, &notice, destroy, &error));
  OK(ofauth_upload_run(client_of_running, running, &result, &error));
  CHECK(running == NULL && client_of_running == NULL && progress.calls > 0 && reader.calls > 0 && log.calls > 0);
  CHECK(notice.calls > 0);
  CHECK(progress.destroyed == 1 && notice.destroyed == 1 && reader.destroyed == 1 && log.destroyed == 1);
  ofauth_result_free(result);
}

/* Each handle of a client keeps the log, and the client the tick of its wait. */
static void handles(void) {
  struct data log = {.thread = thread_id()}, tick = log;
  ofauth_config *config = new_config();
  ofauth_client *client = NULL, *with = NULL;
  ofauth_wait *wait = NULL;
  OK(ofauth_config_set_log(config, OFAUTH_LOG_ERROR, on_log, &log, destroy, &error));
  OK(ofauth_client_new(config, &client, &error));
  ofauth_config_free(config);
  OK(ofauth_wait_new(&wait, &error));
  OK(ofauth_wait_set_tick(wait, on_tick, &tick, destroy, &error));
  OK(ofauth_client_with_wait(client, wait, &with, &error));
  ofauth_wait_free(wait);
  ofauth_client_free(client);
  CHECK(log.destroyed == 0 && tick.destroyed == 0);
  ofauth_client_free(with);
  CHECK(log.destroyed == 1 && tick.destroyed == 1);
}

/* A notice cancels as progress does. */
static int cancel_at_notice(void *user_data, int32_t kind, const char *text) {
  (void)kind, (void)text;
  ++*(unsigned *)user_data;
  return 1;
}

static void notices_cancel(void) {
  unsigned notices = 0;
  ofauth_client *client = new_client();
  ofauth_upload *upload = new_upload("bytes", 5, "refused.mp4");
  ofauth_result *result = NULL;
  OK(ofauth_upload_set_notice(upload, cancel_at_notice, &notices, NULL, &error));
  EXPECT(OFAUTH_ERR_CANCELLED, ofauth_upload_run(client, upload, &result, NULL));
  CHECK(notices >= 1 && result == NULL);
  ofauth_upload_free(upload);
  ofauth_client_free(client);
}

int main(void) {
  setters();
  runs();
  handles();
  notices_cancel();
  return 0;
}
