/* What the programs about batches share: files of the same bytes, and the user data of callbacks. */
#ifndef BATCH_H
#define BATCH_H

#include "check.h"

enum { SIZE = 200 * 1024 };

static unsigned char *bytes;

static inline ofauth_batch *new_batch(void) {
  ofauth_batch *batch = NULL;
  OK(ofauth_batch_new(&batch, &error));
  return batch;
}

static inline void add(ofauth_batch *batch, const char *filename) {
  OK(ofauth_batch_add_bytes(batch, bytes, SIZE, filename, &error));
}

static inline ofauth_batched *next(const ofauth_client *client, ofauth_batch *batch) {
  ofauth_batched *file = NULL;
  OK(ofauth_batch_next(client, batch, &file, &error));
  return file;
}

/* The next file, which has to have this status. */
static inline void next_is(const ofauth_client *client, ofauth_batch *batch, ofauth_status status, int was_tried) {
  ofauth_batched *file = next(client, batch);
  CHECK(file != NULL && ofauth_batched_was_tried(file) == was_tried);
  EXPECT(status, ofauth_error_status(ofauth_batched_error(file)));
  CHECK((ofauth_batched_result(file) == NULL) == (status != OFAUTH_OK));
  ofauth_batched_free(file);
}

static inline void is_over(const ofauth_client *client, ofauth_batch *batch) {
  CHECK(next(client, batch) == NULL);
}

/* User data of the callbacks of a batch. */
struct scene {
  ofauth_batch *batch;
  ofauth_client *client;
  unsigned calls;
  unsigned destroyed;
  unsigned by_index[8];
  int returns;
};

static inline void destroy(void *user_data) {
  struct scene *scene = user_data;
  scene->destroyed++;
}

static inline int on_progress(void *user_data, uint64_t index, const ofauth_progress *progress) {
  struct scene *scene = user_data;
  CHECK(index < 8 && progress->size == sizeof *progress && progress->acknowledged <= progress->total);
  scene->calls++;
  scene->by_index[index]++;
  return scene->returns;
}

#endif
