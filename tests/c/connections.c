/* One client for two connections, what is known of their request budgets, and calls that are tried once. The server allows 60
 * requests a minute and connection, 20 of them at once; the first answers to each of the operations named here are 503. */
#include "check.h"

struct budget {
  uint64_t limit, left, next_ms;
};

static struct budget budget_of(const ofauth_client *client, const char *connection) {
  struct budget known = {0, 0, 0};
  OK(ofauth_client_budget(client, connection, &known.limit, &known.left, &known.next_ms, &error));
  return known;
}

static ofauth_status call(const ofauth_client *client, const char *operation) {
  ofauth_response *response = NULL;
  ofauth_status status = ofauth_call(client, operation, NULL, NULL, &response, NULL);
  ofauth_response_free(response);
  return status;
}

static void budgets(const ofauth_client *client) {
  struct budget known = budget_of(client, NULL);
  CHECK(known.limit == 0 && known.left == UINT64_MAX && known.next_ms == 0);

  ofauth_client *other = NULL, *same = NULL;
  OK(ofauth_client_for_connection(client, "conn_other", &other, &error));
  OK(ofauth_client_for_connection(other, needed("OFAUTH_CONNECTION_ID"), &same, &error));
  for (int i = 0; i < 5; i++) EXPECT(OFAUTH_OK, call(client, "get_self"));
  EXPECT(OFAUTH_OK, call(other, "get_self"));
  known = budget_of(same, NULL);
  CHECK(known.limit == 20 && known.left < 20 && known.next_ms == 0);
  CHECK(budget_of(client, "conn_other").left > known.left);
  EXPECT(OFAUTH_OK, ofauth_client_budget(client, NULL, NULL, NULL, NULL, NULL));
  EXPECT(OFAUTH_ERR_CONFIG, ofauth_client_budget(client, "a b", NULL, NULL, NULL, NULL));
  ofauth_client *none = NULL;
  EXPECT(OFAUTH_ERR_CONFIG, ofauth_client_for_connection(client, "", &none, NULL));
  CHECK(none == NULL);
  /* The threads stay for those that are left. */
  ofauth_client_free(other);
  EXPECT(OFAUTH_OK, call(same, "get_self"));
  ofauth_client_free(same);
}

/* Each operation fails once: with `retry` the call is a success, without it is that failure. */
static void retries(const ofauth_client *client) {
  ofauth_request *request = NULL;
  OK(ofauth_request_new("list_chats", &request, &error));
  ofauth_response *response = NULL;
  OK(ofauth_request_set_retry(request, 0, &error));
  EXPECT(OFAUTH_ERR_SERVER, ofauth_request_run(client, request, &response, NULL));
  OK(ofauth_request_set_retry(request, 1, &error));
  OK(ofauth_request_run(client, request, &response, &error));
  ofauth_response_free(response);
  ofauth_request_free(request);

  ofauth_pages *pages = NULL;
  OK(ofauth_pages_new("list_posts", NULL, &pages, &error));
  OK(ofauth_pages_set_retry(pages, 0, &error));
  response = NULL;
  EXPECT(OFAUTH_ERR_SERVER, ofauth_pages_next(client, pages, &response, NULL));
  OK(ofauth_pages_next(client, pages, &response, &error));
  ofauth_response_free(response);
  ofauth_pages_free(pages);

  ofauth_wait *wait = NULL;
  ofauth_client *hasty = NULL, *again = NULL;
  OK(ofauth_wait_new(&wait, &error));
  OK(ofauth_wait_set_retry(wait, 0, &error));
  OK(ofauth_client_with_wait(client, wait, &hasty, &error));
  /* What is set is copied, and goes on to handles for other connections. */
  OK(ofauth_wait_set_retry(wait, 1, &error));
  OK(ofauth_client_for_connection(hasty, "conn_other", &again, &error));
  ofauth_wait_free(wait);
  EXPECT(OFAUTH_ERR_SERVER, call(hasty, "get_earnings_chart"));
  EXPECT(OFAUTH_ERR_SERVER, call(again, "list_bundles"));
  EXPECT(OFAUTH_OK, call(again, "list_bundles"));
  EXPECT(OFAUTH_OK, call(client, "list_trial_links"));
  ofauth_client_free(hasty);
  ofauth_client_free(again);
}

int main(void) {
  ofauth_client *client = new_client();
  budgets(client);
  retries(client);
  ofauth_client_free(client);
  puts("done");
  return 0;
}
