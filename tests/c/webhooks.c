/* Verifies the webhooks of a table, and says what each comes to: a line with the status, and the event if there is one.
 *
 * OFAUTH_WEBHOOKS names a file of words, one after another. Numbers are decimal, texts are hex, an empty one is "-". A vector is
 * the number of secrets, the secrets, the number of headers, names and values in turn, the body, and now.
 */
#include "check.h"

enum { MOST = 16 };

static FILE *file;

/* The next word; 0 at the end of the file. */
static int word(char *into, size_t size) {
  char format[16];
  CHECK(snprintf(format, sizeof format, "%%%zus", size - 1) > 0);
  return fscanf(file, format, into) == 1;
}

static char *text(size_t *size) {
  static char hex[1 << 16];
  CHECK(word(hex, sizeof hex));
  size_t length = strcmp(hex, "-") == 0 ? 0 : strlen(hex) / 2;
  char *bytes = malloc(length + 1);
  CHECK(bytes != NULL);
  for (size_t i = 0; i < length; i++) {
    unsigned value = 0;
    CHECK(sscanf(hex + 2 * i, "%2x", &value) == 1);
    bytes[i] = (char)value;
  }
  bytes[length] = '\0';
  if (size != NULL) {
    *size = length;
  }
  return bytes;
}

static long long number(void) {
  char digits[32];
  CHECK(word(digits, sizeof digits));
  return strtoll(digits, NULL, 10);
}

static void free_all(char **texts, size_t count) {
  for (size_t i = 0; i < count; i++) {
    free(texts[i]);
  }
}

static void verify(size_t secret_count) {
  char *secrets[MOST], *names[MOST], *values[MOST];
  CHECK(secret_count <= MOST);
  for (size_t i = 0; i < secret_count; i++) {
    secrets[i] = text(NULL);
  }
  size_t header_count = (size_t)number();
  CHECK(header_count <= MOST);
  for (size_t i = 0; i < header_count; i++) {
    names[i] = text(NULL);
    values[i] = text(NULL);
  }
  size_t size = 0;
  char *body = text(&size);
  ofauth_response *event = NULL;
  ofauth_error *error = NULL;
  ofauth_status status = ofauth_webhook_verify((const char *const *)secrets, secret_count, (const char *const *)names,
                                               (const char *const *)values, header_count, body, size, number(), 0, &event,
                                               &error);
  CHECK(ofauth_error_status(error) == status && (event != NULL) == (status == OFAUTH_OK));
  printf("%d %s\n", (int)status, status == OFAUTH_OK ? ofauth_response_json(event) : ofauth_error_message(error));
  ofauth_response_free(event);
  ofauth_error_free(error);
  free_all(secrets, secret_count);
  free_all(names, header_count);
  free_all(values, header_count);
  free(body);
}

/* What the library signs, it takes. */
static void sign(const char *scheme, const char *id, size_t count) {
  static const char body[] = "{\"type\": \"rules.updated\"}";
  const char *secrets[] = {"whsec_c2VjcmV0"}, *names[MOST], *values[MOST];
  ofauth_response *headers = NULL, *event = NULL;
  OK(ofauth_webhook_sign(scheme, secrets[0], id, body, strlen(body), 1000, &headers, &error));
  CHECK(ofauth_response_header_count(headers) == count);
  for (size_t i = 0; i < count; i++) {
    names[i] = ofauth_response_header_name(headers, i);
    values[i] = ofauth_response_header_value(headers, i);
    CHECK(strstr(ofauth_response_json(headers), values[i]) != NULL);
  }
  OK(ofauth_webhook_verify(secrets, 1, names, values, count, body, strlen(body), 2000, 1000, &event, &error));
  CHECK(strstr(ofauth_response_json(event), "\"rules.updated\"") != NULL);
  ofauth_response_free(event);
  event = NULL;
  EXPECT(OFAUTH_ERR_WEBHOOK_TOO_OLD, ofauth_webhook_verify(secrets, 1, names, values, count, body, strlen(body), 2000, 999,
                                                           &event, NULL));
  EXPECT(OFAUTH_ERR_INVALID_ARGUMENT, ofauth_webhook_verify(secrets, 1, names, values, count, body, strlen(body), -1, 0,
                                                            &event, NULL));
  ofauth_response_free(headers);
}

int main(void) {
  file = fopen(needed("OFAUTH_WEBHOOKS"), "r");
  CHECK(file != NULL);
  char count[32];
  while (word(count, sizeof count)) {
    verify((size_t)strtoul(count, NULL, 10));
  }
  CHECK(fclose(file) == 0);
  sign("ofauth", NULL, 1);
  sign("svix", "msg_1", 3);
  ofauth_response *none = NULL;
  EXPECT(OFAUTH_ERR_INVALID_ARGUMENT, ofauth_webhook_sign("svix", "secret", NULL, "", 0, 1, &none, NULL));
  EXPECT(OFAUTH_ERR_INVALID_ARGUMENT, ofauth_webhook_sign("stripe", "secret", NULL, "", 0, 1, &none, NULL));
  EXPECT(OFAUTH_ERR_INVALID_ARGUMENT, ofauth_webhook_sign("ofauth", "\n", NULL, "", 0, 1, &none, NULL));
  return 0;
}
