/* Walks a list: prints each item on a line, and last "= STATUS TOKEN MESSAGE". OFAUTH_LIST names the operation, OFAUTH_PARAMS
 * its parameters; OFAUTH_MAX, OFAUTH_RESUME and OFAUTH_RAW, a parameter that nobody knows, are optional. OFAUTH_WAY says how:
 * "items" (the default), "pages", or both in turn ("mixed"). */
#include "check.h"

static int by_items(unsigned turn) {
  const char *way = getenv("OFAUTH_WAY");
  if (way == NULL || strcmp(way, "items") == 0) return 1;
  return strcmp(way, "mixed") == 0 && turn % 7 != 0;
}

/* The items of a page, which are strings and numbers without brackets or braces in them: one a line. */
static void print_page(const char *page) {
  static const char start[] = "{\"items\":[";
  CHECK(strncmp(page, start, sizeof(start) - 1) == 0);
  for (const char *at = page + sizeof(start) - 1; *at != ']';) {
    const char *const end = strchr(at, '}');
    CHECK(*at == '{' && end != NULL);
    printf("%.*s\n", (int)(end + 1 - at), at);
    at = end[1] == ',' ? end + 2 : end + 1;
  }
}

int main(void) {
  const char *max = getenv("OFAUTH_MAX"), *resume = getenv("OFAUTH_RESUME");
  ofauth_client *client = new_client();
  ofauth_pages *pages = NULL;
  ofauth_response *response = NULL;
  ofauth_error *error = NULL;
  OK(ofauth_pages_new(needed("OFAUTH_LIST"), needed("OFAUTH_PARAMS"), &pages, &error));
  if (max != NULL) OK(ofauth_pages_set_max(pages, strtoull(max, NULL, 10), &error));
  if (resume != NULL) OK(ofauth_pages_set_resume(pages, resume, &error));
  if (getenv("OFAUTH_RAW") != NULL) OK(ofauth_pages_add_raw_param(pages, "later", getenv("OFAUTH_RAW"), &error));
  CHECK(ofauth_pages_resume_token(pages) == NULL);
  ofauth_status status = OFAUTH_OK;
  for (unsigned turn = 0; status == OFAUTH_OK; turn++) {
    const int is_item = by_items(turn);
    status = is_item ? ofauth_pages_next_item(client, pages, &response, &error)
                     : ofauth_pages_next(client, pages, &response, &error);
    CHECK(status == OFAUTH_OK || response == NULL);
    if (response == NULL) break;
    if (is_item) printf("%s\n", ofauth_response_json(response));
    else print_page(ofauth_response_json(response));
    ofauth_response_free(response);
    response = NULL;
  }
  const char *const token = ofauth_pages_resume_token(pages);
  printf("= %d %s %s\n", (int)status, token == NULL ? "-" : token, error == NULL ? "" : ofauth_error_message(error));
  ofauth_error_free(error);
  error = NULL;
  /* A list that does not go on does not end, whoever asks again; and one that is over stays so. */
  CHECK(ofauth_pages_next(client, pages, &response, &error) == status && response == NULL);
  ofauth_error_free(error);
  CHECK(ofauth_pages_set_max(pages, 1, NULL) == OFAUTH_ERR_INVALID_ARGUMENT);
  ofauth_pages_free(pages);
  /* Nor does one that cannot begin. */
  OK(ofauth_pages_new("get_self", NULL, &pages, &error));
  EXPECT(OFAUTH_ERR_INVALID_ARGUMENT, ofauth_pages_next(client, pages, &response, NULL));
  EXPECT(OFAUTH_ERR_INVALID_ARGUMENT, ofauth_pages_next_item(client, pages, &response, NULL));
  ofauth_pages_free(pages);
  ofauth_client_free(client);
  return 0;
}
