/* What cgo cannot say in Go: the library's callbacks, and calls that lend Go memory or must tell their log lines apart.
 * Declarations only; the functions stand in shim.c. `call` is always the handle of the Go value that belongs to the
 * call, a number, so that no Go pointer is kept by C. */
#ifndef OFAUTH_GO_SHIM_H
#define OFAUTH_GO_SHIM_H

#include <stddef.h>
#include <stdint.h>

#include <ofauth.h>

/* Sends the log lines of a client to whichever call is under way on the thread that they come on. */
ofauth_status ofauthgo_config_set_log(ofauth_config *config, int32_t level, ofauth_error **err);

ofauth_status ofauthgo_upload_set_reader(ofauth_upload *upload, uintptr_t call, uint64_t size, ofauth_error **err);
/* No call means no progress, and no notices. */
ofauth_status ofauthgo_upload_set_progress(ofauth_upload *upload, uintptr_t call, ofauth_error **err);
ofauth_status ofauthgo_upload_set_notice(ofauth_upload *upload, uintptr_t call, ofauth_error **err);

ofauth_status ofauthgo_wait_set_notice(ofauth_wait *wait, uintptr_t call, ofauth_error **err);

/* Run and free the upload. The second one lends it `data` for that time and no longer. */
ofauth_status ofauthgo_upload_run(const ofauth_client *client, ofauth_upload *upload, uintptr_t call,
                                  ofauth_result **out, ofauth_error **err);
ofauth_status ofauthgo_upload_run_bytes(const ofauth_client *client, ofauth_upload *upload, const uint8_t *data,
                                        size_t size, uintptr_t call, ofauth_result **out, ofauth_error **err);

/* The file at this place of a batch is read in Go. */
ofauth_status ofauthgo_batch_add_reader(ofauth_batch *batch, uintptr_t index, uint64_t size, const char *filename,
                                        ofauth_error **err);
ofauth_status ofauthgo_batch_set_progress(ofauth_batch *batch, int is_wanted, ofauth_error **err);
ofauth_status ofauthgo_batch_set_notice(ofauth_batch *batch, int is_wanted, ofauth_error **err);

/* The library's functions of the same names, with the call that their log lines belong to. */
ofauth_status ofauthgo_batch_next(const ofauth_client *client, ofauth_batch *batch, uintptr_t call,
                                  ofauth_batched **out, ofauth_error **err);
ofauth_status ofauthgo_batch_settle(const ofauth_client *client, ofauth_batch *batch, uintptr_t call,
                                    ofauth_error **err);
ofauth_status ofauthgo_result_settle(const ofauth_client *client, const ofauth_result *result, uintptr_t call,
                                     ofauth_error **err);
ofauth_status ofauthgo_check(const ofauth_client *client, const char *etag, uint64_t size, uintptr_t call,
                             ofauth_check_result **out, ofauth_error **err);
ofauth_status ofauthgo_vault_plus_batch(const ofauth_client *client, char *const *ids, size_t count, uintptr_t call,
                                        ofauth_response **out, ofauth_error **err);
ofauth_status ofauthgo_wait_ready(const ofauth_client *client, char *const *ids, size_t count, uintptr_t call,
                                  ofauth_response **out, ofauth_error **err);
ofauth_status ofauthgo_wait_stored(const ofauth_client *client, char *const *ids, size_t count, char *const *labels,
                                   size_t label_count, uintptr_t call, ofauth_response **out, ofauth_error **err);
ofauth_status ofauthgo_add_to_vault_list(const ofauth_client *client, const char *list, char *const *ids, size_t count,
                                         uintptr_t call, ofauth_error **err);
ofauth_status ofauthgo_remove_from_vault_list(const ofauth_client *client, const char *list, char *const *ids,
                                              size_t count, uintptr_t call, ofauth_response **out, ofauth_error **err);
ofauth_status ofauthgo_copy_vault_list(const ofauth_client *client, const char *from, const char *to, uintptr_t call,
                                       ofauth_response **out, ofauth_error **err);
ofauth_status ofauthgo_link_start(const ofauth_client *client, const char *options, uintptr_t call,
                                  ofauth_response **out, ofauth_error **err);
ofauth_status ofauthgo_link_wait(const ofauth_client *client, const char *session, uintptr_t call,
                                 ofauth_response **out, ofauth_error **err);
ofauth_status ofauthgo_update_connection_settings(const ofauth_client *client, const char *connection, const char *patch,
                                                  int allow_purge, uintptr_t call, ofauth_response **out,
                                                  ofauth_error **err);
ofauth_status ofauthgo_update_account_settings(const ofauth_client *client, const char *patch, int allow_purge,
                                               uintptr_t call, ofauth_response **out, ofauth_error **err);
/* With the call's progress, if it is wanted. */
ofauth_status ofauthgo_download_run(const ofauth_client *client, ofauth_download *download, int with_progress,
                                    uintptr_t call, ofauth_response **out, ofauth_error **err);
ofauth_status ofauthgo_pages_next_item(const ofauth_client *client, ofauth_pages *pages, uintptr_t call,
                                       ofauth_response **out, ofauth_error **err);

/* What a request says in texts. */
typedef struct ofauthgo_request {
  const char *operation_id;
  const char *params_json;
  const char *body_json;
  /* Not NULL for a body of bytes. */
  const char *content_type;
  /* Names and values in turn: `raw_count` pairs. */
  char *const *raw;
  size_t raw_count;
  /* Whether a failure is the end. */
  int once;
} ofauthgo_request;

/* Makes, runs and frees a request, to which it lends `data` for that time and no longer. */
ofauth_status ofauthgo_request_run(const ofauth_client *client, const ofauthgo_request *texts, const uint8_t *data,
                                   size_t size, uintptr_t call, ofauth_response **out, ofauth_error **err);

/* The library's functions of the same names, which need no call: their bytes are of a type without pointers. */
ofauth_status ofauthgo_webhook_verify(char *const *secrets, size_t secret_count, char *const *header_names,
                                      char *const *header_values, size_t header_count, const uint8_t *body,
                                      size_t body_size, int64_t now, uint64_t tolerance, ofauth_response **out,
                                      ofauth_error **err);
ofauth_status ofauthgo_webhook_sign(const char *scheme, const char *secret, const char *id, const uint8_t *body,
                                    size_t body_size, int64_t at, ofauth_response **out, ofauth_error **err);

#endif
