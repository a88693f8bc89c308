/* One client in the hands of many threads: uploads and calls in parallel, a cancellation from elsewhere, a client that
 * is freed while another thread uploads with it.
 */
#include "check.h"

enum { THREADS = 8 };

struct worker {
  ofauth_client *client;
  long rounds;
  int number;
};

static int on_own_thread(void *user_data, const ofauth_progress *progress) {
  CHECK(progress->acknowledged <= progress->total);
  CHECK(*(const long *)user_data == thread_id());
  return 0;
}

static void *work(void *argument) {
  const struct worker *worker = argument;
  long thread = thread_id();
  char filename[32];
  snprintf(filename, sizeof filename, "thread-%d.mp4", worker->number);
  ofauth_upload *upload = clip_upload(filename);
  OK(ofauth_upload_set_progress(upload, on_own_thread, &thread, NULL, &error));
  for (long i = 0; i < worker->rounds; i++) {
    ofauth_result *result = NULL;
    ofauth_response *response = NULL;
    ofauth_error *error = NULL;
    OK(ofauth_upload_run(worker->client, upload, &result, &error));
    CHECK(ofauth_result_part_count(result) == 12);
    ofauth_check_result *found = NULL;
    OK(ofauth_check(worker->client, ofauth_result_etag(result, 0), 1, &found, &error));
    ofauth_check_result_free(found);
    ofauth_result_free(result);
    OK(ofauth_call(worker->client, "list_vault_media", "{\"limit\": 1}", NULL, &response, &error));
    ofauth_response_free(response);
    EXPECT(OFAUTH_ERR_INVALID_ARGUMENT, ofauth_call(worker->client, "nothing", NULL, NULL, &response, &error));
    ofauth_error_free(error);
  }
  ofauth_upload_free(upload);
  return NULL;
}

static void many_threads(void) {
  ofauth_client *client = new_client();
  pthread_t threads[THREADS];
  struct worker workers[THREADS];
  for (int i = 0; i < THREADS; i++) {
    workers[i] = (struct worker){client, rounds(10), i};
    CHECK(pthread_create(&threads[i], NULL, work, &workers[i]) == 0);
  }
  for (int i = 0; i < THREADS; i++) {
    CHECK(pthread_join(threads[i], NULL) == 0);
  }
  ofauth_client_free(client);
}

struct running {
  ofauth_client *client;
  ofauth_cancel *cancel;
  ofauth_status status;
  struct event under_way;
  struct event go_on;
};

/* Stops at the first report until the main thread has done its deed. */
static int stop_and_go(void *user_data, const ofauth_progress *progress) {
  struct running *running = user_data;
  (void)progress;
  event_set(&running->under_way);
  event_wait(&running->go_on);
  return 0;
}

static void *upload_and_tell(void *argument) {
  struct running *running = argument;
  ofauth_upload *upload = clip_upload("running.mp4");
  ofauth_result *result = NULL;
  ofauth_error *error = NULL;
  OK(ofauth_upload_set_progress(upload, stop_and_go, running, NULL, &error));
  OK(ofauth_upload_set_cancel(upload, running->cancel, &error));
  running->status = ofauth_upload_run(running->client, upload, &result, &error);
  CHECK((running->status == OFAUTH_OK) == (result != NULL));
  ofauth_error_free(error);
  ofauth_result_free(result);
  ofauth_upload_free(upload);
  return NULL;
}

/* Frees the client, or cancels, while an upload is under way on another thread. */
static void meddle(int cancel, ofauth_status expected) {
  struct running running = {new_client(), NULL, OFAUTH_OK, EVENT_INITIALIZER, EVENT_INITIALIZER};
  pthread_t thread;
  OK(ofauth_cancel_new(&running.cancel, &error));
  CHECK(pthread_create(&thread, NULL, upload_and_tell, &running) == 0);
  event_wait(&running.under_way);
  if (cancel) {
    ofauth_cancel_cancel(running.cancel);
  } else {
    ofauth_client_free(running.client);
    /* Its owner may be gone too: the upload was told of it and keeps what it needs. */
    ofauth_cancel_free(running.cancel);
  }
  event_set(&running.go_on);
  CHECK(pthread_join(thread, NULL) == 0);
  if (running.status != expected) {
    fprintf(stderr, "cancel %d: %s\n", cancel, ofauth_status_name(running.status));
    _exit(1);
  }
  if (cancel) {
    ofauth_cancel_free(running.cancel);
    ofauth_client_free(running.client);
  }
}

int main(void) {
  many_threads();
  for (long i = rounds(20); i > 0; i--) {
    meddle(0, OFAUTH_OK);
    meddle(1, OFAUTH_ERR_CANCELLED);
  }
  return 0;
}
