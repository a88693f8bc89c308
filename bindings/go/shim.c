/* The C half of the bindings: passes the library's callbacks on to Go, and lends Go memory for one call. Decides
 * nothing. */
#include "shim.h"

#include "_cgo_export.h"

/* The call under way on this thread. The library calls back on the thread that called it, so a log line, which belongs
 * to a client, finds the call that it speaks of. */
static _Thread_local uintptr_t current_call;

/* Carries out what waits, with the call that its log lines belong to. */
#define IN_CALL(number, expression)      \
  uintptr_t before = current_call;       \
  current_call = (number);               \
  ofauth_status status = (expression);   \
  current_call = before;                 \
  return status

static int64_t read_source(void *user_data, uint64_t offset, uint8_t *buf, size_t len) {
  return ofauthGoRead((uintptr_t)user_data, 0, offset, buf, len);
}

static int report_progress(void *user_data, const ofauth_progress *progress) {
  return ofauthGoProgress((uintptr_t)user_data, 0, (ofauth_progress *)progress);
}

static int tell_notice(void *user_data, int32_t kind, const char *text) {
  return ofauthGoNotice((uintptr_t)user_data, 0, kind, (char *)text);
}

/* A batch outlives the calls that wait for it, so its functions belong to the one that waits now. */
static int64_t read_file(void *user_data, uint64_t offset, uint8_t *buf, size_t len) {
  return ofauthGoRead(current_call, (uintptr_t)user_data, offset, buf, len);
}

static int report_progress_of_file(void *user_data, uint64_t index, const ofauth_progress *progress) {
  (void)user_data;
  return ofauthGoProgress(current_call, index, (ofauth_progress *)progress);
}

static int tell_notice_of_file(void *user_data, uint64_t index, int32_t kind, const char *text) {
  (void)user_data;
  return ofauthGoNotice(current_call, index, kind, (char *)text);
}

static void write_log(void *user_data, int32_t level, const char *message) {
  (void)user_data;
  if (current_call != 0) {
    ofauthGoLog(current_call, level, (char *)message);
  }
}

ofauth_status ofauthgo_config_set_log(ofauth_config *config, int32_t level, ofauth_error **err) {
  return ofauth_config_set_log(config, level, write_log, NULL, NULL, err);
}

ofauth_status ofauthgo_upload_set_reader(ofauth_upload *upload, uintptr_t call, uint64_t size, ofauth_error **err) {
  return ofauth_upload_set_reader(upload, read_source, (void *)call, NULL, size, err);
}

ofauth_status ofauthgo_upload_set_progress(ofauth_upload *upload, uintptr_t call, ofauth_error **err) {
  return ofauth_upload_set_progress(upload, call != 0 ? report_progress : NULL, (void *)call, NULL, err);
}

ofauth_status ofauthgo_upload_set_notice(ofauth_upload *upload, uintptr_t call, ofauth_error **err) {
  return ofauth_upload_set_notice(upload, call != 0 ? tell_notice : NULL, (void *)call, NULL, err);
}

ofauth_status ofauthgo_upload_run(const ofauth_client *client, ofauth_upload *upload, uintptr_t call,
                                  ofauth_result **out, ofauth_error **err) {
  uintptr_t before = current_call;
  current_call = call;
  ofauth_status status = ofauth_upload_run(client, upload, out, err);
  current_call = before;
  ofauth_upload_free(upload);
  return status;
}

ofauth_status ofauthgo_upload_run_bytes(const ofauth_client *client, ofauth_upload *upload, const uint8_t *data,
                                        size_t size, uintptr_t call, ofauth_result **out, ofauth_error **err) {
  ofauth_status status = ofauth_upload_set_bytes(upload, data, size, err);
  if (status != OFAUTH_OK) {
    ofauth_upload_free(upload);
    return status;
  }
  return ofauthgo_upload_run(client, upload, call, out, err);
}

ofauth_status ofauthgo_wait_set_notice(ofauth_wait *wait, uintptr_t call, ofauth_error **err) {
  return ofauth_wait_set_notice(wait, tell_notice, (void *)call, NULL, err);
}

ofauth_status ofauthgo_batch_add_reader(ofauth_batch *batch, uintptr_t index, uint64_t size, const char *filename,
                                        ofauth_error **err) {
  return ofauth_batch_add_reader(batch, read_file, (void *)index, NULL, size, filename, err);
}

ofauth_status ofauthgo_batch_set_progress(ofauth_batch *batch, int is_wanted, ofauth_error **err) {
  return ofauth_batch_set_progress(batch, is_wanted ? report_progress_of_file : NULL, NULL, NULL, err);
}

ofauth_status ofauthgo_batch_set_notice(ofauth_batch *batch, int is_wanted, ofauth_error **err) {
  return ofauth_batch_set_notice(batch, is_wanted ? tell_notice_of_file : NULL, NULL, NULL, err);
}

ofauth_status ofauthgo_batch_next(const ofauth_client *client, ofauth_batch *batch, uintptr_t call,
                                  ofauth_batched **out, ofauth_error **err) {
  IN_CALL(call, ofauth_batch_next(client, batch, out, err));
}

ofauth_status ofauthgo_batch_settle(const ofauth_client *client, ofauth_batch *batch, uintptr_t call,
                                    ofauth_error **err) {
  IN_CALL(call, ofauth_batch_settle(client, batch, err));
}

ofauth_status ofauthgo_result_settle(const ofauth_client *client, const ofauth_result *result, uintptr_t call,
                                     ofauth_error **err) {
  IN_CALL(call, ofauth_result_settle(client, result, err));
}

ofauth_status ofauthgo_check(const ofauth_client *client, const char *etag, uint64_t size, uintptr_t call,
                             ofauth_check_result **out, ofauth_error **err) {
  IN_CALL(call, ofauth_check(client, etag, size, out, err));
}

ofauth_status ofauthgo_vault_plus_batch(const ofauth_client *client, char *const *ids, size_t count, uintptr_t call,
                                        ofauth_response **out, ofauth_error **err) {
  IN_CALL(call, ofauth_vault_plus_batch(client, (const char *const *)ids, count, out, err));
}

ofauth_status ofauthgo_wait_ready(const ofauth_client *client, char *const *ids, size_t count, uintptr_t call,
                                  ofauth_response **out, ofauth_error **err) {
  IN_CALL(call, ofauth_wait_ready(client, (const char *const *)ids, count, out, err));
}

ofauth_status ofauthgo_wait_stored(const ofauth_client *client, char *const *ids, size_t count, char *const *labels,
                                   size_t label_count, uintptr_t call, ofauth_response **out, ofauth_error **err) {
  IN_CALL(call, ofauth_wait_stored(client, (const char *const *)ids, count, (const char *const *)labels, label_count, out, err));
}

ofauth_status ofauthgo_add_to_vault_list(const ofauth_client *client, const char *list, char *const *ids, size_t count,
                                         uintptr_t call, ofauth_error **err) {
  IN_CALL(call, ofauth_add_to_vault_list(client, list, (const char *const *)ids, count, err));
}

ofauth_status ofauthgo_remove_from_vault_list(const ofauth_client *client, const char *list, char *const *ids,
                                              size_t count, uintptr_t call, ofauth_response **out, ofauth_error **err) {
  IN_CALL(call, ofauth_remove_from_vault_list(client, list, (const char *const *)ids, count, out, err));
}

ofauth_status ofauthgo_copy_vault_list(const ofauth_client *client, const char *from, const char *to, uintptr_t call,
                                       ofauth_response **out, ofauth_error **err) {
  IN_CALL(call, ofauth_copy_vault_list(client, from, to, out, err));
}

ofauth_status ofauthgo_link_start(const ofauth_client *client, const char *options, uintptr_t call,
                                  ofauth_response **out, ofauth_error **err) {
  IN_CALL(call, ofauth_link_start(client, options, out, err));
}

ofauth_status ofauthgo_link_wait(const ofauth_client *client, const char *session, uintptr_t call,
                                 ofauth_response **out, ofauth_error **err) {
  IN_CALL(call, ofauth_link_wait(client, session, out, err));
}

ofauth_status ofauthgo_update_connection_settings(const ofauth_client *client, const char *connection, const char *patch,
                                                  int allow_purge, uintptr_t call, ofauth_response **out,
                                                  ofauth_error **err) {
  IN_CALL(call, ofauth_update_connection_settings(client, connection, patch, allow_purge, out, err));
}

ofauth_status ofauthgo_update_account_settings(const ofauth_client *client, const char *patch, int allow_purge,
                                               uintptr_t call, ofauth_response **out, ofauth_error **err) {
  IN_CALL(call, ofauth_update_account_settings(client, patch, allow_purge, out, err));
}

ofauth_status ofauthgo_download_run(const ofauth_client *client, ofauth_download *download, int with_progress,
                                    uintptr_t call, ofauth_response **out, ofauth_error **err) {
  ofauth_progress_callback progress = with_progress ? report_progress : NULL;
  ofauth_status set = ofauth_download_set_progress(download, progress, (void *)call, NULL, err);
  if (set != OFAUTH_OK) return set;
  IN_CALL(call, ofauth_download_run(client, download, out, err));
}

static ofauth_status fill_request(ofauth_request *request, const ofauthgo_request *texts, const uint8_t *data,
                                  size_t size, ofauth_error **err) {
  ofauth_status status = ofauth_request_set_params(request, texts->params_json, err);
  if (status == OFAUTH_OK) {
    status = texts->content_type != NULL
                 ? ofauth_request_set_bytes(request, data, size, texts->content_type, err)
                 : ofauth_request_set_json(request, texts->body_json, err);
  }
  if (status == OFAUTH_OK) status = ofauth_request_set_retry(request, !texts->once, err);
  for (size_t i = 0; status == OFAUTH_OK && i < texts->raw_count; ++i) {
    status = ofauth_request_add_raw_param(request, texts->raw[2 * i], texts->raw[2 * i + 1], err);
  }
  return status;
}

ofauth_status ofauthgo_pages_next_item(const ofauth_client *client, ofauth_pages *pages, uintptr_t call,
                                       ofauth_response **out, ofauth_error **err) {
  IN_CALL(call, ofauth_pages_next_item(client, pages, out, err));
}

ofauth_status ofauthgo_request_run(const ofauth_client *client, const ofauthgo_request *texts, const uint8_t *data,
                                   size_t size, uintptr_t call, ofauth_response **out, ofauth_error **err) {
  uintptr_t before = current_call;
  current_call = call;
  ofauth_request *request = NULL;
  ofauth_status status = ofauth_request_new(texts->operation_id, &request, err);
  if (status == OFAUTH_OK) status = fill_request(request, texts, data, size, err);
  if (status == OFAUTH_OK) status = ofauth_request_run(client, request, out, err);
  ofauth_request_free(request);
  current_call = before;
  return status;
}

ofauth_status ofauthgo_webhook_verify(char *const *secrets, size_t secret_count, char *const *header_names,
                                      char *const *header_values, size_t header_count, const uint8_t *body,
                                      size_t body_size, int64_t now, uint64_t tolerance, ofauth_response **out,
                                      ofauth_error **err) {
  return ofauth_webhook_verify((const char *const *)secrets, secret_count, (const char *const *)header_names,
                               (const char *const *)header_values, header_count, body, body_size, now, tolerance, out,
                               err);
}

ofauth_status ofauthgo_webhook_sign(const char *scheme, const char *secret, const char *id, const uint8_t *body,
                                    size_t body_size, int64_t at, ofauth_response **out, ofauth_error **err) {
  return ofauth_webhook_sign(scheme, secret, id, body, body_size, at, out, err);
}
