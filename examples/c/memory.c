/* Uploads bytes that are in memory, then asks the vault by etag and size whether it has them.
 *
 *   cc memory.c -o memory $(pkg-config --cflags --libs ofauth)
 *   OFAUTH_API_KEY=... OFAUTH_CONNECTION_ID=... ./memory
 */
#include <ofauth.h>
#include <stdio.h>
#include <stdlib.h>

/* A picture of one pixel, as a program may have drawn it. */
static const unsigned char PICTURE[] = {
    0x47, 0x49, 0x46, 0x38, 0x39, 0x61, 0x01, 0x00, 0x01, 0x00, 0x80, 0x00, 0x00, 0x00, 0x00,
    0x00, 0xff, 0xff, 0xff, 0x2c, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x01, 0x00, 0x00, 0x02,
    0x02, 0x44, 0x01, 0x00, 0x3b,
};

/* Everything that has to be freed at the end; all free functions take NULL. */
struct held {
  ofauth_config *config;
  ofauth_client *client;
  ofauth_upload *upload;
  ofauth_result *result;
  ofauth_check_result *found;
  ofauth_error *error;
};

static ofauth_status make_client(struct held *held) {
  const char *base_url = getenv("OFAUTH_BASE_URL");
  const char *api_key = getenv("OFAUTH_API_KEY");
  const char *connection_id = getenv("OFAUTH_CONNECTION_ID");
  ofauth_status status = ofauth_config_new(api_key != NULL ? api_key : "", &held->config, &held->error);
  if (status == OFAUTH_OK && connection_id != NULL) {
    status = ofauth_config_set_connection_id(held->config, connection_id, &held->error);
  }
  if (status == OFAUTH_OK && base_url != NULL) {
    status = ofauth_config_set_base_url(held->config, base_url, &held->error);
  }
  if (status == OFAUTH_OK) {
    status = ofauth_client_new(held->config, &held->client, &held->error);
  }
  return status;
}

static ofauth_status upload_picture(struct held *held) {
  ofauth_status status = ofauth_upload_new(&held->upload, &held->error);
  if (status == OFAUTH_OK) {
    /* Borrowed, not copied: the bytes have to stay as they are until the upload is freed. */
    status = ofauth_upload_set_bytes(held->upload, PICTURE, sizeof PICTURE, &held->error);
  }
  if (status == OFAUTH_OK) {
    status = ofauth_upload_set_filename(held->upload, "pixel.gif", &held->error);
  }
  if (status == OFAUTH_OK) {
    status = ofauth_upload_set_content_type(held->upload, "image/gif", &held->error);
  }
  if (status == OFAUTH_OK) {
    status = ofauth_upload_run(held->client, held->upload, &held->result, &held->error);
  }
  return status;
}

static ofauth_status check(struct held *held) {
  const char *etag = ofauth_result_etag(held->result, 0);
  if (etag == NULL) {
    puts("the service gave no etag");
    return OFAUTH_OK;
  }
  ofauth_status status = ofauth_check(held->client, etag, sizeof PICTURE, &held->found, &held->error);
  if (status == OFAUTH_OK) {
    puts(ofauth_check_result_exists(held->found) ? "the vault has it" : "the vault does not have it");
  }
  return status;
}

int main(void) {
  struct held held = {0};
  ofauth_status status = make_client(&held);
  if (status == OFAUTH_OK) {
    status = upload_picture(&held);
  }
  if (status == OFAUTH_OK) {
    printf("%s\n", ofauth_result_upload_id(held.result));
    status = check(&held);
  }
  if (status != OFAUTH_OK) {
    fprintf(stderr, "%s: %s\n", ofauth_status_name(status), ofauth_error_message(held.error));
  }
  ofauth_error_free(held.error);
  ofauth_check_result_free(held.found);
  ofauth_result_free(held.result);
  ofauth_upload_free(held.upload);
  ofauth_client_free(held.client);
  ofauth_config_free(held.config);
  return status == OFAUTH_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
