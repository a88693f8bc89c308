/* What the generated cases of parameters.inc stand on: objects to pass, and ways to spoil one parameter at a time.
 *
 * Each function of the header has a case. It calls the function with values that are right but for what the variant
 * spoils, and hands the outcome to `judge`, which a program defines.
 */
#ifndef PARAMETERS_H
#define PARAMETERS_H

#include "check.h"

/* What is wrong with the parameters of a call. */
enum spoil { NOTHING, NULL_AT, ALL_NULL, BAD_UTF8_AT, EMPTY_AT, HUGE_NUMBERS };

struct variant {
  enum spoil spoil;
  int at;
};

/* What came of a call of a fallible function. */
struct outcome {
  ofauth_status status;
  int takes_error;
  ofauth_error *error;
  int takes_out;
  const void *out;
};

struct function {
  const char *name;
  void (*call)(const struct variant *variant, struct outcome *outcome);
  /* A letter for each parameter: 's' text, 'h' handle, 'o' place for a result, 'e' place for an error, 'c' callback,
   * 'u' user data, 'b' bytes, 'i' array of texts, 'z' place for a size, 'n' number. */
  const char *kinds;
  /* For each parameter: '1' if it may be NULL. */
  const char *nullable;
  /* Whether the function returns a status, and which one if nothing is spoilt. */
  int fallible;
  ofauth_status usual;
};

/* Objects that calls only look at, and texts from files. */
struct shared {
  ofauth_config *config;
  ofauth_client *client;
  /* The same, which gives everything up at once. */
  ofauth_client *hasty;
  ofauth_upload *upload;
  ofauth_cancel *cancel;
  ofauth_wait *wait;
  ofauth_request *request;
  ofauth_download *download;
  ofauth_check_result *check_result;
  ofauth_sessions *sessions;
  ofauth_result *result;
  ofauth_batched *batched;
  ofauth_pages *pages;
  ofauth_response *response;
  ofauth_error *error;
  char *pem;
};

static struct shared shared;

/* A session in which nobody signs in. */
#define SESSION                                                                                                       \
  "{\"version\":1,\"mode\":\"hosted\",\"url\":\"http://127.0.0.1:9/\",\"clientReferenceId\":\"nobody\",\"isUnique\":true}"

/* Nobody may read or free this: outputs begin with it, so that one that is left as it was is noticed. */
#define POISON ((void *)(uintptr_t)0x5a5a)

static inline int is_null(const struct variant *variant, int at) {
  return variant->spoil == ALL_NULL || (variant->spoil == NULL_AT && variant->at == at);
}

static inline const char *text_at(const struct variant *variant, int at, const char *usual) {
  if (is_null(variant, at)) {
    return NULL;
  }
  if (variant->spoil == BAD_UTF8_AT && variant->at == at) {
    return "caf\xe9 \xff\xfe";
  }
  return variant->spoil == EMPTY_AT && variant->at == at ? "" : usual;
}

static inline uint64_t number_at(const struct variant *variant, uint64_t usual, uint64_t huge) {
  return variant->spoil == HUGE_NUMBERS ? huge : usual;
}

/* An array of one text, spoilt like a text; another array for each parameter. */
static inline const char *const *texts_at(const struct variant *variant, int at) {
  static const char *texts[16];
  CHECK(at < 16);
  texts[at] = text_at(variant, at, "4492994399");
  return is_null(variant, at) ? NULL : &texts[at];
}

static inline int64_t read_nothing(void *user_data, uint64_t offset, uint8_t *buf, size_t len) {
  (void)user_data, (void)offset, (void)buf, (void)len;
  return -1;
}

static inline int ignore_progress(void *user_data, const ofauth_progress *progress) {
  (void)user_data, (void)progress;
  return 0;
}

static inline int ignore_notice(void *user_data, int32_t kind, const char *text) {
  (void)user_data, (void)kind, (void)text;
  return 0;
}

static inline int ignore_batch_progress(void *user_data, uint64_t index, const ofauth_progress *progress) {
  (void)user_data, (void)index, (void)progress;
  return 0;
}

static inline int ignore_batch_notice(void *user_data, uint64_t index, int32_t kind, const char *text) {
  (void)user_data, (void)index, (void)kind, (void)text;
  return 0;
}

static inline int ignore_tick(void *user_data) {
  (void)user_data;
  return 0;
}

static inline void ignore_destroy(void *user_data) {
  (void)user_data;
}

static inline void ignore_log(void *user_data, int32_t level, const char *message) {
  (void)user_data, (void)level, (void)message;
}

static inline ofauth_config *fresh_config(void) {
  return new_config();
}

static inline ofauth_client *fresh_client(void) {
  return new_client();
}

static inline ofauth_upload *fresh_upload(void) {
  return new_upload("some bytes", 10, "some.mp4");
}

static inline ofauth_batch *fresh_batch(void) {
  ofauth_batch *batch = NULL;
  OK(ofauth_batch_new(&batch, &error));
  OK(ofauth_batch_add_bytes(batch, "some bytes", 10, "some.mp4", &error));
  return batch;
}

static inline ofauth_cancel *fresh_cancel(void) {
  ofauth_cancel *cancel = NULL;
  OK(ofauth_cancel_new(&cancel, &error));
  return cancel;
}

static inline ofauth_wait *fresh_wait(void) {
  ofauth_wait *wait = NULL;
  OK(ofauth_wait_new(&wait, &error));
  return wait;
}

static inline ofauth_request *fresh_request(void) {
  ofauth_request *request = NULL;
  OK(ofauth_request_new("whoami", &request, &error));
  return request;
}

static inline ofauth_download *fresh_download(void) {
  ofauth_download *download = NULL;
  OK(ofauth_download_new("4492994399", "source", "no-such-directory/film.mp4", &download, &error));
  return download;
}

static inline ofauth_check_result *fresh_check_result(void) {
  ofauth_check_result *found = NULL;
  OK(ofauth_check(shared.client, "\"an etag\"", 1, &found, &error));
  return found;
}

static inline ofauth_sessions *fresh_sessions(void) {
  ofauth_sessions *sessions = NULL;
  OK(ofauth_journal_sessions("no-such-directory", &sessions, &error));
  return sessions;
}

static inline ofauth_result *fresh_result(void) {
  ofauth_result *result = NULL;
  OK(ofauth_upload_run(shared.client, shared.upload, &result, &error));
  return result;
}

static inline ofauth_pages *fresh_pages(void) {
  ofauth_pages *pages = NULL;
  OK(ofauth_pages_new("list_posts", NULL, &pages, &error));
  return pages;
}

static inline ofauth_batched *fresh_batched(void) {
  ofauth_batch *batch = fresh_batch();
  ofauth_batched *file = NULL;
  OK(ofauth_batch_next(shared.client, batch, &file, &error));
  ofauth_batch_free(batch);
  return file;
}

static inline ofauth_response *fresh_response(void) {
  ofauth_response *response = NULL;
  OK(ofauth_call(shared.client, "whoami", NULL, NULL, &response, &error));
  return response;
}

static inline ofauth_error *fresh_error(void) {
  ofauth_response *response = NULL;
  ofauth_error *error = NULL;
  static const char body[] = "{\"mediaUploadId\": \"upload:none\"}";
  EXPECT(OFAUTH_ERR_REJECTED, ofauth_call(shared.client, "complete_upload", NULL, body, &response, &error));
  return error;
}

static inline ofauth_client *fresh_hasty(void) {
  ofauth_wait *wait = fresh_wait();
  ofauth_client *client = NULL;
  OK(ofauth_wait_set_timeout(wait, 1, &error));
  OK(ofauth_client_with_wait(shared.client, wait, &client, &error));
  ofauth_wait_free(wait);
  return client;
}

static inline void make_shared(void) {
  shared.pem = read_file(needed("AUTHORITY"), NULL);
  shared.config = fresh_config();
  shared.client = fresh_client();
  shared.hasty = fresh_hasty();
  shared.upload = fresh_upload();
  shared.cancel = fresh_cancel();
  shared.wait = fresh_wait();
  shared.request = fresh_request();
  shared.download = fresh_download();
  shared.check_result = fresh_check_result();
  shared.sessions = fresh_sessions();
  shared.result = fresh_result();
  shared.batched = fresh_batched();
  shared.pages = fresh_pages();
  shared.response = fresh_response();
  shared.error = fresh_error();
}

static inline void free_shared(void) {
  ofauth_error_free(shared.error);
  ofauth_response_free(shared.response);
  ofauth_batched_free(shared.batched);
  ofauth_pages_free(shared.pages);
  ofauth_result_free(shared.result);
  ofauth_sessions_free(shared.sessions);
  ofauth_check_result_free(shared.check_result);
  ofauth_download_free(shared.download);
  ofauth_request_free(shared.request);
  ofauth_wait_free(shared.wait);
  ofauth_cancel_free(shared.cancel);
  ofauth_upload_free(shared.upload);
  ofauth_client_free(shared.hasty);
  ofauth_client_free(shared.client);
  ofauth_config_free(shared.config);
  free(shared.pem);
}

#endif
