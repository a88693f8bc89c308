/* A system that gives no threads, and sizes for which there is no memory: a status, at once, and nothing on standard error.
 * The function that starts threads is this program's own. The first argument is a directory for journals.
 */
#include "check.h"

#include <dlfcn.h>
#include <errno.h>
#include <sys/mman.h>
#include <time.h>

static int scarce;

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *argument) {
  typedef int function(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
  if (__atomic_load_n(&scarce, __ATOMIC_SEQ_CST)) {
    return EAGAIN;
  }
  return ((function *)(uintptr_t)dlsym(RTLD_NEXT, "pthread_create"))(thread, attributes, start, argument);
}

static void set_scarce(int now) {
  __atomic_store_n(&scarce, now, __ATOMIC_SEQ_CST);
}

static double now_ms(void) {
  struct timespec now;
  CHECK(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
  return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static ofauth_client *client_at(const char *url, const char *journals) {
  ofauth_client *client = NULL;
  ofauth_config *config = new_config();
  if (url != NULL) {
    OK(ofauth_config_set_base_url(config, url, &error));
  }
  OK(ofauth_config_set_journal_dir(config, journals, &error));
  OK(ofauth_client_new(config, &client, &error));
  ofauth_config_free(config);
  return client;
}

/* What a call ended with, if that is a status that says what is missing, within a second. */
static void expect_shortage(const char *what, double began, ofauth_status status, ofauth_error *error, const char *word) {
  printf("%s: %.1f ms, %s: %s\n", what, now_ms() - began, ofauth_status_name(status), ofauth_error_message(error));
  EXPECT(OFAUTH_ERR_RESOURCES, status);
  CHECK(now_ms() - began < 1000 && strstr(ofauth_error_message(error), word) != NULL);
  ofauth_error_free(error);
}

static void without_threads(const char *journals) {
  ofauth_error *error = NULL;
  ofauth_result *result = NULL;
  ofauth_response *response = NULL;
  ofauth_config *config = new_config();
  ofauth_client *client = NULL;
  set_scarce(1);
  double began = now_ms();
  ofauth_status status = ofauth_client_new(config, &client, &error);
  expect_shortage("a client", began, status, error, "refused a thread");
  set_scarce(0);
  ofauth_config_free(config);

  client = client_at(NULL, journals);
  set_scarce(1);
  began = now_ms();
  status = ofauth_upload_file(client, needed("OFAUTH_CLIP"), &result, &error);
  expect_shortage("a file", began, status, error, "refused a thread");
  /* The journal of what is in memory is opened on such a thread, too. */
  ofauth_upload *upload = new_upload("some bytes", 10, "memory.mp4");
  began = now_ms();
  status = ofauth_upload_run(client, upload, &result, &error);
  expect_shortage("a journal", began, status, error, "refused a thread");
  set_scarce(0);
  OK(ofauth_upload_file(client, needed("OFAUTH_CLIP"), &result, &error));
  ofauth_result_free(result);
  ofauth_upload_free(upload);
  ofauth_client_free(client);

  client = client_at("http://localhost:9", journals);
  set_scarce(1);
  began = now_ms();
  status = ofauth_call(client, "whoami", NULL, NULL, &response, &error);
  expect_shortage("a name", began, status, error, "refused a thread");
  set_scarce(0);
  ofauth_client_free(client);
}

static int cancel_at_once(void *user_data, const ofauth_progress *progress) {
  (void)user_data, (void)progress;
  return 1;
}

static int64_t read_zeros(void *user_data, uint64_t offset, uint8_t *buf, size_t len) {
  (void)user_data, (void)offset;
  memset(buf, 0, len);
  return (int64_t)len;
}

static void huge_sizes(const char *journals) {
  const size_t huge = (size_t)100 << 30;
  void *memory = mmap(NULL, huge, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  CHECK(memory != MAP_FAILED);
  ofauth_client *client = client_at(NULL, journals);
  ofauth_error *error = NULL;
  ofauth_response *response = NULL;
  ofauth_result *result = NULL;
  ofauth_status status = ofauth_call_bytes(client, "upload_single", "{\"mediaUploadId\": \"upload:x\"}", memory, huge,
                                           "video/mp4", &response, &error);
  printf("lent bytes: %s\n", ofauth_status_name(status));
  CHECK(status != OFAUTH_OK && status != OFAUTH_ERR_PANIC);
  ofauth_error_free(error);
  status = ofauth_vault_plus_batch(client, memory, huge / sizeof(char *), &response, &error);
  printf("ids: %s\n", ofauth_status_name(status));
  CHECK(status == OFAUTH_ERR_RESOURCES || status == OFAUTH_ERR_NULL);
  ofauth_error_free(error);
  ofauth_check_result *found = NULL;
  EXPECT(OFAUTH_OK, ofauth_check(client, "\"etag\"", huge, &found, NULL));
  ofauth_check_result_free(found);

  ofauth_upload *upload = new_upload(memory, huge, "huge.mp4");
  OK(ofauth_upload_set_progress(upload, cancel_at_once, NULL, NULL, &error));
  status = ofauth_upload_run(client, upload, &result, NULL);
  printf("lent memory: %s\n", ofauth_status_name(status));
  CHECK(status != OFAUTH_OK && status != OFAUTH_ERR_PANIC);
  const uint64_t sizes[] = {huge, INT64_MAX, UINT64_MAX};
  for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
    OK(ofauth_upload_set_reader(upload, read_zeros, NULL, NULL, sizes[i], &error));
    status = ofauth_upload_run(client, upload, &result, NULL);
    printf("a reader of %" PRIu64 " bytes: %s\n", sizes[i], ofauth_status_name(status));
    CHECK(status != OFAUTH_OK && status != OFAUTH_ERR_PANIC);
  }
  ofauth_upload_free(upload);
  CHECK(munmap(memory, huge) == 0);

  /* Texts of a megabyte: refused at once, in a line that a person can read. */
  char *text = malloc((1 << 20) + 1);
  CHECK(text != NULL);
  memset(text, 'x', 1 << 20);
  text[1 << 20] = '\0';
  ofauth_config *config = new_config();
  for (int which = 0; which < 4; which++) {
    error = NULL;
    double began = now_ms();
    status = which == 0   ? ofauth_call(client, text, NULL, NULL, &response, &error)
             : which == 1 ? ofauth_upload_file(client, text, &result, &error)
             : which == 2 ? ofauth_config_set_base_url(config, text, &error)
                          : ofauth_config_set_proxy(config, text, &error);
    ofauth_client *other = NULL;
    if (status == OFAUTH_OK) {
      status = ofauth_client_new(config, &other, &error);
    }
    printf("a text of 1 MiB: %.1f ms, %s, %zu bytes of message\n", now_ms() - began, ofauth_status_name(status),
           strlen(ofauth_error_message(error)));
    CHECK(status != OFAUTH_OK && strlen(ofauth_error_message(error)) < 1000 && now_ms() - began < 1000);
    ofauth_error_free(error);
  }
  ofauth_config_free(config);
  free(text);
  ofauth_client_free(client);
}

int main(int argc, char **argv) {
  CHECK(argc == 2);
  without_threads(argv[1]);
  huge_sizes(argv[1]);
  return 0;
}
