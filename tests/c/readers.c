/* Readers that do what the contract allows, and readers that do not: each ends the upload with a status, none corrupts
 * memory. Whether the bytes of the good ones arrived is compared by the test at the server.
 */
#include "check.h"

struct source {
  long thread;
  const unsigned char *bytes;
  uint64_t size;
  /* Most bytes at a time; 0 for as many as are asked for. */
  size_t most;
  /* From this offset on, `answer` is given instead of bytes. */
  uint64_t wrong_from;
  int64_t answer;
  /* Set when the reader was called; waited for before it goes on. */
  struct event *entered;
  struct event *go_on;
  unsigned calls;
};

static int64_t read_source(void *user_data, uint64_t offset, uint8_t *buf, size_t len) {
  struct source *source = user_data;
  CHECK(thread_id() == source->thread && buf != NULL && len > 0 && offset < source->size);
  source->calls++;
  if (source->entered != NULL) {
    event_set(source->entered);
    event_wait(source->go_on);
  }
  if (offset + len > source->wrong_from) {
    /* The whole buffer may be written to, whatever is said about it. */
    memset(buf, 0x77, len);
    return source->answer == INT64_MAX ? (int64_t)len + 1 : source->answer;
  }
  size_t count = len;
  if (source->size - offset < count) {
    count = (size_t)(source->size - offset);
  }
  if (source->most != 0 && source->most < count) {
    count = source->most;
  }
  memcpy(buf, source->bytes + offset, count);
  return (int64_t)count;
}

static ofauth_upload *upload_of(struct source *source, const char *filename) {
  ofauth_upload *upload = NULL;
  source->thread = thread_id();
  OK(ofauth_upload_new(&upload, &error));
  OK(ofauth_upload_set_reader(upload, read_source, source, NULL, source->size, &error));
  OK(ofauth_upload_set_filename(upload, filename, &error));
  OK(ofauth_upload_set_content_type(upload, "video/mp4", &error));
  return upload;
}

static void good(ofauth_client *client, const unsigned char *bytes, size_t size) {
  static const size_t MOST[] = {0, 1000, 65536, 65537};
  for (size_t i = 0; i < sizeof MOST / sizeof MOST[0]; i++) {
    struct source source = {.bytes = bytes, .size = size, .most = MOST[i], .wrong_from = UINT64_MAX};
    ofauth_upload *upload = upload_of(&source, "reader.mp4");
    ofauth_result *result = NULL;
    OK(ofauth_upload_run(client, upload, &result, &error));
    CHECK(ofauth_result_bytes(result) == size && source.calls >= 12);
    ofauth_result_free(result);
    ofauth_upload_free(upload);
  }
}

static void bad(ofauth_client *client, const unsigned char *bytes, size_t size) {
  /* INT64_MAX stands for one byte more than there is room for. */
  static const int64_t ANSWERS[] = {-1, 0, -2, INT64_MIN, INT64_MAX, INT64_MAX - 1};
  const uint64_t wrong_from[] = {0, 1, size / 2, size - 1};
  for (size_t i = 0; i < sizeof ANSWERS / sizeof ANSWERS[0]; i++) {
    for (size_t at = 0; at < sizeof wrong_from / sizeof wrong_from[0]; at++) {
      struct source source = {.bytes = bytes, .size = size, .wrong_from = wrong_from[at], .answer = ANSWERS[i]};
      ofauth_upload *upload = upload_of(&source, "bad-reader.mp4");
      ofauth_result *result = NULL;
      ofauth_error *error = NULL;
      ofauth_status status = ofauth_upload_run(client, upload, &result, &error);
      if (status != OFAUTH_ERR_SOURCE && status != OFAUTH_ERR_SOURCE_CHANGED) {
        fprintf(stderr, "a reader that answers %" PRId64 " from %" PRIu64 " on: %s: %s\n", ANSWERS[i], wrong_from[at],
                ofauth_status_name(status), ofauth_error_message(error));
        _exit(1);
      }
      CHECK(result == NULL);
      ofauth_error_free(error);
      ofauth_upload_free(upload);
    }
  }
}

struct blocked {
  ofauth_cancel *cancel;
  struct event entered;
  struct event go_on;
};

static void *cancel_while_blocked(void *argument) {
  struct blocked *blocked = argument;
  event_wait(&blocked->entered);
  ofauth_cancel_cancel(blocked->cancel);
  event_set(&blocked->go_on);
  return NULL;
}

/* A reader that blocks blocks the call; a cancellation acts once it returns. */
static void blocking(ofauth_client *client, const unsigned char *bytes, size_t size) {
  struct blocked blocked = {NULL, EVENT_INITIALIZER, EVENT_INITIALIZER};
  struct source source = {.bytes = bytes, .size = size, .wrong_from = UINT64_MAX,
                          .entered = &blocked.entered, .go_on = &blocked.go_on};
  ofauth_upload *upload = upload_of(&source, "blocked-reader.mp4");
  ofauth_result *result = NULL;
  pthread_t thread;
  OK(ofauth_cancel_new(&blocked.cancel, &error));
  OK(ofauth_upload_set_cancel(upload, blocked.cancel, &error));
  CHECK(pthread_create(&thread, NULL, cancel_while_blocked, &blocked) == 0);
  EXPECT(OFAUTH_ERR_CANCELLED, ofauth_upload_run(client, upload, &result, NULL));
  CHECK(pthread_join(thread, NULL) == 0 && result == NULL);
  ofauth_upload_free(upload);
  ofauth_cancel_free(blocked.cancel);
}

/* Sizes that no source has. */
static void sizes(ofauth_client *client, const unsigned char *bytes) {
  struct source source = {.bytes = bytes, .size = 0, .wrong_from = 0, .answer = -1};
  ofauth_upload *upload = upload_of(&source, "empty-reader.mp4");
  ofauth_result *result = NULL;
  EXPECT(OFAUTH_ERR_SOURCE, ofauth_upload_run(client, upload, &result, NULL));
  ofauth_upload_free(upload);
  source.size = UINT64_MAX;
  upload = upload_of(&source, "huge-reader.mp4");
  ofauth_status status = ofauth_upload_run(client, upload, &result, NULL);
  CHECK(status != OFAUTH_OK && status < OFAUTH_ERR_INTERNAL && result == NULL);
  ofauth_upload_free(upload);
}

int main(void) {
  ofauth_client *client = new_client();
  size_t size = 0;
  char *bytes = read_file(needed("OFAUTH_CLIP"), &size);
  const unsigned char *data = (const unsigned char *)bytes;
  good(client, data, size);
  bad(client, data, size);
  blocking(client, data, size);
  sizes(client, data);
  good(client, data, size);
  ofauth_client_free(client);
  free(bytes);
  return 0;
}
