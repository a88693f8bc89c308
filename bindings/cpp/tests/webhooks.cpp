// Webhooks: what sign_webhook signs, verify_webhook takes, and what is refused throws what it is.
#include "support.hpp"

#include <chrono>

using ofauth::Status;
using ofauth::WebhookScheme;
using support::error_of;
using support::has;

namespace {

const std::string secret = "whsec_c2VjcmV0LXNlY3JldA==";
const std::string body = R"({"type":"connection.expired","data":{"connection":{"id":"conn_1"}}})";

}  // namespace

TEST_CASE("a webhook that was signed is taken, in either scheme") {
    for (const auto scheme : {WebhookScheme::ofauth, WebhookScheme::svix}) {
        const auto headers = ofauth::sign_webhook(scheme, secret, body, "msg_1");
        CHECK(headers.size() == (scheme == WebhookScheme::svix ? 3 : 1));
        const auto event = ofauth::verify_webhook({"another", secret}, headers, body);
        CHECK(has(event, R"("type":"connection.expired")"));
        CHECK(has(event, scheme == WebhookScheme::svix ? R"("dedupeKey":"msg_1")" : R"("dedupeKey":"sha256-)"));
    }
}

TEST_CASE("a webhook that is not to be taken throws why") {
    const auto now = std::chrono::system_clock::now();
    const auto headers = ofauth::sign_webhook(WebhookScheme::ofauth, secret, body, {}, now);
    const auto status = [&](const auto &...arguments) {
        return error_of([&] { ofauth::verify_webhook(arguments...); }).code();
    };
    const std::vector<std::string> secrets{secret};
    const std::chrono::hours day(24);
    CHECK(status(secrets, ofauth::Headers{}, body) == Status::webhook_missing);
    CHECK(status(secrets, ofauth::Headers{{"ofauth-signature", "t=1"}}, body) == Status::webhook_malformed);
    CHECK(status(secrets, headers, body, now + day) == Status::webhook_too_old);
    CHECK(status(secrets, headers, body, now - day) == Status::webhook_too_new);
    CHECK(status(std::vector<std::string>{"another"}, headers, body) == Status::webhook_mismatch);
    CHECK(status(secrets, ofauth::sign_webhook(WebhookScheme::ofauth, secret, {}), std::string()) ==
          Status::webhook_unreadable);
    CHECK(status(std::vector<std::string>{}, headers, body) == Status::invalid_argument);
    CHECK(status(std::vector<std::string>{std::string("a\0b", 3)}, headers, body) == Status::invalid_argument);
    CHECK_NOTHROW(ofauth::verify_webhook(secrets, headers, body, now + day, day));
    CHECK(error_of([&] { ofauth::sign_webhook(WebhookScheme::svix, secret, body); }).code() == Status::invalid_argument);
}
