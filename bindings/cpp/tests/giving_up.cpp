// Calls that are given up: by a cancel, by a timeout, by a tick, by what a tick throws.
#include "support.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <stdexcept>
#include <thread>
#include <vector>

using ofauth::Cancel;
using ofauth::Client;
using ofauth::Request;
using ofauth::Status;
using ofauth::Wait;
using support::error_of;
using namespace std::chrono_literals;

namespace {

/// Nothing is answered while a call of these lasts.
constexpr std::string_view silent =
    R"([{"on": {"operation": "list_vault_media", "times": "always"}, "fault": {"kind": "delay", "ms": 60000}},
        {"on": {"operation": "create_post", "times": "always"}, "fault": {"kind": "delay", "ms": 60000}},
        {"on": {"operation": "check_upload", "times": "always"}, "fault": {"kind": "delay", "ms": 60000}},
        {"on": {"operation": "batch_vault_plus_media", "times": "always"}, "fault": {"kind": "delay", "ms": 60000}},
        {"on": {"operation": "init_upload", "times": "always"}, "fault": {"kind": "delay", "ms": 60000}}])";

/// Every function that waits for the service, and what it ends with if it must not be made twice.
struct Call {
    std::function<void(const Client &)> make;
    bool once;
};

const std::vector<Call> &calls() {
    static const std::vector<Call> all{
        {[](const Client &client) { client.call("list_vault_media"); }, false},
        {[](const Client &client) { client.call("create_post", {}, R"({"text": "x"})"); }, true},
        {[](const Client &client) { client.run(Request("list_vault_media")); }, false},
        {[](const Client &client) { client.run(Request("create_post").set_json(R"({"text": "x"})")); }, true},
        {[](const Client &client) { client.check("\"x\"", 1); }, false},
        {[](const Client &client) { client.vault_plus_batch({"1"}); }, false},
        {[](const Client &client) { client.upload_file(support::clip()); }, false},
    };
    return all;
}

/// What each call ends with under `wait`.
void all_end(const Client &client, const std::function<Wait()> &wait, Status status) {
    for (const auto &call : calls()) {
        const auto error = error_of([&] { call.make(client.with(wait())); });
        CHECK(error.code() == (call.once ? Status::outcome_unknown : status));
        CHECK(error.is_retryable() != call.once);
    }
}

}  // namespace

TEST_CASE("every call can be cancelled, given a timeout, and ended by a tick") {
    const support::Faults faults(silent);
    const Client client(support::config());
    all_end(client, [] { return std::move(Wait().set_timeout(200ms)); }, Status::timeout);
    all_end(client, [] { return std::move(Wait().set_tick([] { return false; })); }, Status::cancelled);
    for (const auto &call : calls()) {
        const Cancel cancel;
        std::thread soon([cancel] {
            std::this_thread::sleep_for(100ms);
            cancel.cancel();
        });
        const auto error = error_of([&] { call.make(client.with(Wait().set_cancel(cancel))); });
        CHECK(error.code() == (call.once ? Status::outcome_unknown : Status::cancelled));
        soon.join();
    }
}

TEST_CASE("a request has limits of its own, and the client that it ran on has not") {
    Cancel cancel;
    {
        const support::Faults faults(silent);
        const Client client(support::config());
        Request request("list_vault_media");
        request.set_params(R"({"limit": 1})").set_timeout(100ms);
        CHECK(error_of([&] { client.run(request); }).code() == Status::timeout);
        int ticks = 0;
        request.set_timeout(0s).set_tick([&ticks] { return ++ticks < 3; });
        CHECK(error_of([&] { client.run(request); }).code() == Status::cancelled);
        CHECK(ticks == 3);
        request.set_tick([] { throw std::domain_error("enough"); });
        CHECK_THROWS_AS(client.run(request), std::domain_error);
        cancel.cancel();
        request.set_tick(nullptr).set_cancel(cancel);
        CHECK(error_of([&] { client.run(request); }).code() == Status::cancelled);
    }
    const Client client(support::config());
    Request request("whoami");
    request.set_cancel(cancel).set_cancel(nullptr).set_tick([] {});
    const auto response = client.run(request);
    CHECK(response.status() == 200);
    CHECK(response.header("CONTENT-TYPE").value_or("").find("json") != std::string::npos);
    CHECK(response.header("x-not-there") == std::nullopt);
    const auto headers = response.headers();
    CHECK(std::any_of(headers.begin(), headers.end(), [&](const auto &header) {
        return header.first == "content-type" && header.second == response.header("Content-Type");
    }));
}

TEST_CASE("a tick and a notice live as long as what uses them") {
    const auto alive = std::make_shared<int>(1);
    {
        ofauth::Upload upload;
        upload.set_notice([alive](const ofauth::Notice &) { return true; }).set_progress([alive](const auto &) {});
        upload.set_reader(1, [alive](std::uint64_t, std::byte *, std::size_t) { return std::size_t{1}; });
        Request request("whoami");
        request.set_tick([alive] {});
        Client client(support::config());
        auto limited = client.with(Wait().set_tick([alive] {}));
        CHECK(alive.use_count() == 6);
        upload.set_notice(nullptr).set_file(support::clip());
        CHECK(alive.use_count() == 4);
    }
    CHECK(alive.use_count() == 1);
}
