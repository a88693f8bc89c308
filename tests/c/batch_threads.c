/* Batches that several threads use, and that a forked child finds. */
#include "batch.h"

static void *wait_too(void *argument) {
  struct scene *scene = argument;
  ofauth_batched *file = NULL;
  EXPECT(OFAUTH_ERR_BUSY, ofauth_batch_next(scene->client, scene->batch, &file, NULL));
  EXPECT(OFAUTH_ERR_BUSY, ofauth_batch_settle(scene->client, scene->batch, NULL));
  add(scene->batch, "batch-threads.mp4");
  return NULL;
}

static int from_another_thread(void *user_data, uint64_t index, const ofauth_progress *progress) {
  struct scene *scene = user_data;
  ofauth_batched *file = NULL;
  (void)index, (void)progress;
  if (scene->calls++ == 0) {
    pthread_t thread;
    EXPECT(OFAUTH_ERR_REENTRANT, ofauth_batch_next(scene->client, scene->batch, &file, NULL));
    CHECK(pthread_create(&thread, NULL, wait_too, scene) == 0 && pthread_join(thread, NULL) == 0);
  }
  return 0;
}

static void one_thread_waits_and_others_add(void) {
  struct scene scene = {.batch = new_batch(), .client = new_client()};
  OK(ofauth_batch_set_progress(scene.batch, from_another_thread, &scene, destroy, &error));
  add(scene.batch, "batch-threads.mp4");
  next_is(scene.client, scene.batch, OFAUTH_OK, 1);
  next_is(scene.client, scene.batch, OFAUTH_OK, 1);
  is_over(scene.client, scene.batch);
  ofauth_batch_free(scene.batch);
  ofauth_client_free(scene.client);
}

static void in_a_child(struct scene *scene, ofauth_batched *file) {
  ofauth_batched *none = NULL;
  ofauth_batch *own = NULL;
  EXPECT(OFAUTH_ERR_FORKED, ofauth_batch_next(scene->client, scene->batch, &none, NULL));
  EXPECT(OFAUTH_ERR_FORKED, ofauth_batch_settle(scene->client, scene->batch, NULL));
  EXPECT(OFAUTH_ERR_FORKED, ofauth_batch_add_file(scene->batch, "a.mp4", NULL));
  EXPECT(OFAUTH_ERR_FORKED, ofauth_batch_set_files(scene->batch, 2, NULL));
  OK(ofauth_batch_new(&own, &error));
  EXPECT(OFAUTH_ERR_FORKED, ofauth_batch_next(scene->client, own, &none, NULL));
  CHECK(none == NULL && strlen(ofauth_batched_name(file)) > 0);
  ofauth_batched_free(file);
  ofauth_batch_free(own);
  ofauth_batch_free(scene->batch);
  ofauth_client_free(scene->client);
  CHECK(scene->destroyed == 1);
  end_child();
}

static void a_child_leaves_a_batch_alone(void) {
  struct scene scene = {.batch = new_batch(), .client = new_client()};
  OK(ofauth_batch_set_files(scene.batch, 2, &error));
  OK(ofauth_batch_set_progress(scene.batch, on_progress, &scene, destroy, &error));
  for (int i = 0; i < 4; i++) {
    add(scene.batch, "batch-forked.mp4");
  }
  ofauth_batched *file = next(scene.client, scene.batch);
  pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    in_a_child(&scene, file);
  }
  check_exit(child);
  ofauth_batched_free(file);
  for (int i = 0; i < 3; i++) {
    next_is(scene.client, scene.batch, OFAUTH_OK, 1);
  }
  is_over(scene.client, scene.batch);
  ofauth_batch_free(scene.batch);
  ofauth_client_free(scene.client);
  CHECK(scene.destroyed == 1);
}

/* In the child, the call of the parent's callback comes back and ends. */
static int fork_once(void *user_data, uint64_t index, const ofauth_progress *progress) {
  struct scene *scene = user_data;
  (void)index, (void)progress;
  if (scene->calls++ == 0) {
    scene->returns = (int)fork();
    CHECK(scene->returns >= 0);
  }
  return 0;
}

static void a_callback_may_fork(void) {
  struct scene scene = {.batch = new_batch(), .client = new_client()};
  ofauth_batched *file = NULL;
  OK(ofauth_batch_set_progress(scene.batch, fork_once, &scene, destroy, &error));
  add(scene.batch, "batch-forked.mp4");
  ofauth_status status = ofauth_batch_next(scene.client, scene.batch, &file, NULL);
  if (scene.returns == 0) {
    CHECK(status == OFAUTH_ERR_FORKED && file == NULL);
    ofauth_batch_free(scene.batch);
    ofauth_client_free(scene.client);
    end_child();
  }
  EXPECT(OFAUTH_OK, status);
  check_exit(scene.returns);
  ofauth_batched_free(file);
  is_over(scene.client, scene.batch);
  ofauth_batch_free(scene.batch);
  ofauth_client_free(scene.client);
  CHECK(scene.destroyed == 1);
}

int main(void) {
  bytes = pattern(SIZE);
  one_thread_waits_and_others_add();
  a_child_leaves_a_batch_alone();
  a_callback_may_fork();
  free(bytes);
  return 0;
}
