// Calls other than uploads: every tag of the document, what is refused before it is sent, and what an
// error knows.
#include "support.hpp"

#include <list>
#include <set>
#include <vector>

using ofauth::Status;
using support::error_of;
using support::Faults;
using support::has;

namespace {

struct Operation {
    const char *tag, *id, *params, *body;
};

constexpr Operation one_of_each_tag[] = {
    {"Account", "whoami", "", ""},
    {"Analytics", "get_top_posts", "", ""},
    {"Connections", "list_connections", "{}", ""},
    {"Dynamic Rules", "get_dynamic_rules_status", "", ""},
    {"Earnings", "list_transactions", "", ""},
    {"Link", "get_link_status", R"({"clientSecret": "cs_1"})", ""},
    {"Mass Messages", "get_mass_message", R"({"massMessageId": 12345})", ""},
    {"Messages", "send_chat_message", R"({"userId": "12345"})", R"({"text": "hello"})"},
    {"Posts", "create_post", "", R"({"text": "hello"})"},
    {"Promotions", "list_bundles", "", ""},
    {"Self", "get_self", "", ""},
    {"Stories", "list_user_stories", R"({"userId": 12345})", ""},
    {"Subscribers", "list_subscribers", R"({"limit": 5})", ""},
    {"Subscriptions", "get_subscription_counts", "", ""},
    {"Upload", "check_upload", "", R"({"etag": "\"of no file\"", "size": 1})"},
    {"User Lists", "list_user_lists", "", ""},
    {"Users", "get_user", R"({"userId": "me"})", ""},
    {"Vault", "list_vault_media", R"({"limit": 10})", ""},
    {"Vault Lists", "list_vault_list_media", R"({"listId": 12345})", ""},
    {"Vault+ Lists", "list_vault_plus_list_media", R"({"listId": 12345})", ""},
    {"Vault+ Media", "query_vault_plus_media", "", ""},
    {"Vault+ Stats", "get_vault_plus_stats", "", ""},
    {"outside the document", "proxy_request", R"({"method": "GET", "path": "users/me"})", ""},
};

}  // namespace

TEST_CASE("an operation of every tag can be called") {
    const ofauth::Client client(support::config());
    for (const auto &operation : one_of_each_tag) {
        INFO(std::string(operation.tag));
        const auto response = client.call(operation.id, operation.params, operation.body);
        CHECK(response.status() / 100 == 2);
        REQUIRE(response.is_json());
        CHECK_FALSE(response.json().empty());
        CHECK(response.request_id().has_value());
    }
}

TEST_CASE("a client for another connection shares all else, and calls can be tried once") {
    const ofauth::Client client(support::config());
    const auto other = client.for_connection("conn_other");
    CHECK_FALSE(other.budget().has_value());
    CHECK_FALSE(client.budget("conn_other").has_value());
    CHECK(error_of([&] { client.for_connection("a b"); }).code() == Status::config);
    {
        const Faults faults(R"([{"on": {"operation": "whoami", "times": 2}, "fault": {"kind": "status", "status": 503}}])");
        ofauth::Request request("whoami");
        request.set_retry(false);
        CHECK(error_of([&] { other.run(request); }).code() == Status::server);
        const auto hasty = client.with(ofauth::Wait().set_retry(false));
        CHECK(error_of([&] { hasty.call("whoami"); }).code() == Status::server);
        CHECK(other.call("whoami").status() == 200);
    }
    {
        const Faults faults(R"([{"on": {"operation": "list_posts"}, "fault": {"kind": "status", "status": 503}}])");
        ofauth::Pages pages("list_posts");
        pages.set_retry(false);
        CHECK(error_of([&] { other.next(pages); }).code() == Status::server);
        CHECK(other.next(pages).has_value());
    }
    const Faults faults(
        R"([{"on": {"operation": "get_self"}, "fault": {"kind": "answer", "json": {"id": 1},
             "headers": {"X-RateLimit-Limit": "90", "X-RateLimit-Remaining": "40", "X-RateLimit-Reset": "50"}}}])");
    other.call("get_self");
    const auto budget = other.budget();
    REQUIRE(budget.has_value());
    CHECK(budget->limit == 90);
    CHECK(budget->left <= 40);
    CHECK(budget->next.count() == 0);
    CHECK(client.budget("conn_other")->limit == 90);
    CHECK_FALSE(client.budget().has_value());
}

TEST_CASE("a key is replaced for all that a client has made, or stays") {
    // The server names a key, which the client hides once it is its own; or it refuses that key.
    const Faults faults(
        R"([{"on": {"operation": "whoami", "times": "always"},
             "fault": {"kind": "status", "status": 403, "error": "no sk_rotated_0123456789", "type": "FORBIDDEN"}}])");
    const ofauth::Client client(support::config());
    const auto other = client.with(ofauth::Wait());
    const auto is_named = [&] {
        return has(error_of([&] { client.call("whoami"); }).what(), "sk_rotated_0123456789");
    };
    CHECK(is_named());
    CHECK(error_of([&] { other.set_api_key(""); }).code() == Status::config);
    CHECK(is_named());
    other.set_api_key("sk_rotated_0123456789");
    CHECK_FALSE(is_named());
}

TEST_CASE("a call may name its connection") {
    auto config = support::config();
    config.set_connection_id("conn_of_nobody");
    const std::string id = support::environment("OFAUTH_CONNECTION_ID");
    CHECK(ofauth::Client(config).call("get_self", R"({"x-connection-id": ")" + id + R"("})").status() == 200);
}

TEST_CASE("what cannot be a call is refused and names the reason") {
    const ofauth::Client client(support::config());
    struct Wrong {
        const char *id, *params, *body, *reason;
    };
    for (const auto &wrong : {
             Wrong{"list_vault_medium", "", "", "list_vault_media"},
             Wrong{"", "", "", "operation"},
             Wrong{"get_user", "", "", "userId"},
             Wrong{"get_user", R"({"userId": "me", "colour": 1})", "", "colour"},
             Wrong{"list_vault_media", R"({"limit": "many"})", "", "limit"},
             Wrong{"list_vault_media", R"({"limit": 1000})", "", "use 1 to 40"},
             Wrong{"list_vault_media", R"({"limit": 0})", "", "use 1 to 40"},
             Wrong{"list_vault_media", R"({"limit": -5})", "", "use 1 to 40"},
             Wrong{"get_user", R"({"userId": )", "", "not JSON"},
             Wrong{"get_user", "[]", "", "object"},
             Wrong{"create_post", "", "{text: 1}", "not JSON"},
             Wrong{"create_post", "", "", "body"},
             Wrong{"whoami", "", "{}", "body"},
         }) {
        INFO(std::string(wrong.id));
        INFO(std::string(wrong.params));
        const auto error = error_of([&] { client.call(wrong.id, wrong.params, wrong.body); });
        CHECK(error.code() == Status::invalid_argument);
        INFO(std::string(error.what()));
        CHECK(has(error.what(), wrong.reason));
        CHECK_FALSE(error.is_retryable());
        CHECK(error.http_status() == 0);
    }
}

TEST_CASE("a raw parameter is sent as it is, and another one is checked") {
    const ofauth::Client client(support::config());
    ofauth::Request request("list_vault_media");
    request.set_params(R"({"limit": 1000})");
    CHECK(has(error_of([&] { client.run(request); }).what(), "1 to 40"));
    request.add_raw_param("limit", "1000").add_raw_param("later", "a b").add_raw_param("later", "c");
    try {
        client.run(request);
    } catch (const ofauth::Error &error) {
        // It reached the service, which may refuse it.
        CHECK(error.http_status() == 400);
    }
    CHECK(has(support::control("GET", "/_sandbox/transcript"), "media?limit=1000&later=a+b&later=c"));
}

TEST_CASE("a body of bytes can be sent") {
    const ofauth::Client client(support::config());
    const auto opened =
        client.call("init_upload", {}, R"({"filename": "a.png", "size": 5, "contentType": "image/png"})");
    const std::string_view json = opened.json(), key = "\"mediaUploadId\":\"";
    const auto start = json.find(key) + key.size();
    const std::string id(json.substr(start, json.find('"', start) - start));
    const std::string params = R"({"mediaUploadId": ")" + id + R"("})";
    const auto sent = client.call_bytes("upload_single", params, "bytes", 5, "image/png");
    CHECK(sent.status() == 200);
    CHECK(sent.json() == sent.body());
    CHECK(has(support::upload_record(id), R"("size":5)"));
    const auto code = [&](const char *operation, const void *body) {
        return error_of([&] { client.call_bytes(operation, params, body, 5, "image/png"); }).code();
    };
    CHECK(code("whoami", "bytes") == Status::invalid_argument);
    CHECK(code("upload_single", nullptr) == Status::null);
}

TEST_CASE("250 cached media are asked for, from any range of texts") {
    const ofauth::Client client(support::config());
    std::vector<std::string> ids;
    for (int number = 0; number < 250; ++number) ids.push_back(std::to_string(5'000'000'000 + number));
    const auto response = client.vault_plus_batch(ids);
    for (const char *name : {"\"items\":", "\"missing\":"}) CHECK(has(response.json(), name));
    for (const auto &id : ids) {
        CAPTURE(id);
        CHECK(has(response.json(), id));
    }
    const std::list<const char *> pointers{"1", "2"};
    const std::set<std::string_view> views{"1", "2"};
    const std::string_view both = R"(["1","2"])";
    CHECK(has(client.vault_plus_batch(pointers).json(), both));
    CHECK(has(client.vault_plus_batch(views).json(), both));
    CHECK(has(client.vault_plus_batch({"1", std::string_view("2")}).json(), both));
    CHECK(has(client.vault_plus_batch(std::vector<std::string>()).json(), "\"missing\":[]"));
}

TEST_CASE("an answer without a body is null, and one that is not JSON is none") {
    const ofauth::Client client(support::config());
    {
        const Faults faults(R"([{"on": {"operation": "restrict_user"},
            "fault": {"kind": "empty", "status": 204}}])");
        const auto response = client.call("restrict_user", R"({"userId": 12345})");
        CHECK(response.status() == 204);
        CHECK(response.json() == "null");
        CHECK(response.body().empty());
    }
    const Faults faults(R"([{"on": {"operation": "get_dynamic_rules"}, "fault":
        {"kind": "status", "status": 200, "body": "rules: none", "content_type": "text/plain"}}])");
    const auto error = error_of([&] { client.call("get_dynamic_rules"); });
    CHECK(error.code() == Status::invalid_answer);
    CHECK(error.http_status() == 200);
}

TEST_CASE("an error knows what the service said") {
    const ofauth::Client client(support::config());
    const Faults faults(R"([{"on": {"operation": "get_self"}, "fault": {"kind": "status", "status": 401,
        "error": "the session is gone", "type": "SESSION_EXPIRED", "action_required": "refresh_session"}}])");
    const auto error = error_of([&] { client.call("get_self"); });
    CHECK(error.code() == Status::unauthorized);
    CHECK(error.http_status() == 401);
    CHECK(error.api_type() == "SESSION_EXPIRED");
    CHECK(error.action_required() == "refresh_session");
    CHECK(error.request_id().has_value());
    CHECK(error.upload_id() == std::nullopt);
    CHECK(error.part() == 0);
    CHECK_FALSE(error.is_retryable());
    CHECK(has(error.what(), "the session is gone"));
    CHECK_FALSE(has(error.what(), support::environment("OFAUTH_API_KEY")));
}

TEST_CASE("a post whose answer was lost is neither repeated nor called a failure") {
    const ofauth::Client client(support::config());
    const auto posts = [] {
        const std::string all = support::control("GET", "/_sandbox/posts"), text = "\"posted once\"";
        int count = 0;
        for (auto at = all.find(text); at != std::string::npos; at = all.find(text, at + 1)) ++count;
        return count;
    };
    const int before = posts();
    const Faults faults(R"([{"on": {"operation": "create_post"}, "fault": {"kind": "answer_lost"}}])");
    const auto error = error_of([&] { client.call("create_post", {}, R"({"text": "posted once"})"); });
    CHECK(error.code() == Status::outcome_unknown);
    CHECK_FALSE(error.is_retryable());
    CHECK(posts() == before + 1);
}

TEST_CASE("a server that is not there is a network error") {
    auto config = support::config();
    // Port 9, discard, of this machine: nobody listens there.
    config.set_base_url("http://127.0.0.1:9");
    const auto error = error_of([&] { ofauth::Client(config).call("whoami"); });
    CHECK(error.code() == Status::network);
    CHECK(error.is_retryable());
}
