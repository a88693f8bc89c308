/* Every function of the header with every parameter spoilt in turn: NULL, not UTF-8, empty, huge.
 *
 * parameters.inc is generated from the header by the test, so that a new function cannot escape.
 */
#include "parameters.h"
#include "parameters.inc"

static size_t calls;

static void complain(const struct function *function, const struct variant *variant, const struct outcome *outcome,
                     const char *what) {
  static const char *const SPOILS[] = {"nothing", "NULL", "all NULL", "bad UTF-8", "empty", "huge numbers"};
  fprintf(stderr, "%s, %s at %d: %s; %s: %s\n", function->name, SPOILS[variant->spoil], variant->at, what,
          ofauth_status_name(outcome->status), ofauth_error_message(outcome->error));
  _exit(1);
}

/* What comes of a path that is not UTF-8, which is a path all the same, and of such a header; OFAUTH_ERR_UTF8 for others. */
static ofauth_status odd_bytes(const struct function *function, int at) {
  static const struct {
    const char *name;
    int at;
    ofauth_status status;
  } PATHS[] = {
      {"ofauth_upload_file", 1, OFAUTH_ERR_SOURCE},      {"ofauth_upload_set_file", 1, OFAUTH_OK},
      {"ofauth_batch_add_file", 1, OFAUTH_OK},           {"ofauth_download_new", 2, OFAUTH_OK},
      {"ofauth_config_set_journal_dir", 1, OFAUTH_OK},   {"ofauth_config_set_rate_state_dir", 1, OFAUTH_OK},
      {"ofauth_webhook_verify", 3, OFAUTH_ERR_WEBHOOK_MISSING},
      {"ofauth_journal_sessions", 0, OFAUTH_OK},         {"ofauth_journal_forget", 0, OFAUTH_ERR_INVALID_ARGUMENT},
  };
  for (size_t i = 0; i < sizeof PATHS / sizeof PATHS[0]; i++) {
    if (PATHS[i].at == at && strcmp(PATHS[i].name, function->name) == 0) {
      return PATHS[i].status;
    }
  }
  return OFAUTH_ERR_UTF8;
}

/* The status that has to come, or -1 for any that is defined. */
static ofauth_status expected(const struct function *function, const struct variant *variant) {
  switch (variant->spoil) {
    case NOTHING:
      return function->usual;
    case NULL_AT:
      return function->nullable[variant->at] == '1' ? -1 : OFAUTH_ERR_NULL;
    case ALL_NULL:
      return strchr(function->nullable, '0') == NULL ? -1 : OFAUTH_ERR_NULL;
    case BAD_UTF8_AT:
      return odd_bytes(function, variant->at);
    default:
      return -1;
  }
}

static void judge(const struct function *function, const struct variant *variant, const struct outcome *outcome) {
  ofauth_status status = outcome->status;
  ofauth_status wanted = expected(function, variant);
  if (wanted != -1 && status != wanted) {
    complain(function, variant, outcome, ofauth_status_name(wanted));
  }
  if (strcmp(ofauth_status_name(status), "OFAUTH_ERR_UNKNOWN") == 0 || status >= OFAUTH_ERR_INTERNAL) {
    complain(function, variant, outcome, "not a defined status");
  }
  if (outcome->takes_out && (status == OFAUTH_OK) != (outcome->out != NULL && outcome->out != POISON)) {
    complain(function, variant, outcome, "the result and the status differ");
  }
  if (outcome->takes_out && status != OFAUTH_OK && outcome->out != NULL) {
    complain(function, variant, outcome, "the result is not NULL after a failure");
  }
  if (outcome->takes_error && (status == OFAUTH_OK) != (outcome->error == NULL)) {
    complain(function, variant, outcome, "the error and the status differ");
  }
  if (outcome->takes_error && outcome->error != NULL) {
    CHECK(outcome->error != POISON && ofauth_error_status(outcome->error) == status);
    CHECK(strlen(ofauth_error_message(outcome->error)) > 0 && strchr(ofauth_error_message(outcome->error), '\n') == NULL);
  }
}

static void run(const struct function *function, enum spoil spoil, int at) {
  struct variant variant = {spoil, at};
  struct outcome outcome = {0};
  function->call(&variant, &outcome);
  calls++;
  if (function->fallible) {
    judge(function, &variant, &outcome);
    ofauth_error_free(outcome.error);
  }
}

int main(void) {
  make_shared();
  const size_t count = sizeof FUNCTIONS / sizeof FUNCTIONS[0];
  for (size_t i = 0; i < count; i++) {
    const struct function *function = &FUNCTIONS[i];
    run(function, NOTHING, 0);
    run(function, ALL_NULL, 0);
    run(function, ALL_NULL, 0);
    if (strchr(function->kinds, 'n') != NULL) {
      run(function, HUGE_NUMBERS, 0);
    }
    for (int at = 0; function->kinds[at] != '\0'; at++) {
      if (function->kinds[at] != 'n') {
        run(function, NULL_AT, at);
      }
      if (function->kinds[at] == 's' || function->kinds[at] == 'i') {
        run(function, BAD_UTF8_AT, at);
        run(function, EMPTY_AT, at);
      }
    }
  }
  free_shared();
  printf("%zu functions, %zu calls\n", count, calls);
  return 0;
}
