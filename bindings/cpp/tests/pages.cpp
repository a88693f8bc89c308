// Lists in pages: what a walk refuses, what interrupts it, and what is lost then: nothing. Every style of pages is walked
// by tests/cpp/pages.cpp.
#include "support.hpp"

#include <string>
#include <vector>

using ofauth::Status;
using support::error_of;
using support::Faults;
using support::has;

TEST_CASE("items and pages come in turn, each once") {
    const ofauth::Client client(support::config());
    ofauth::Pages pages("list_vault_media");
    REQUIRE_FALSE(pages.resume_token().has_value());
    std::size_t items = 0;
    for (const auto &item : client.items(pages)) {
        CHECK(has(item, "\"id\""));
        ++items;
    }
    CHECK(items > 0);
    CHECK_FALSE(client.next(pages).has_value());
    CHECK_FALSE(pages.resume_token().has_value());

    ofauth::Pages whole("list_vault_media");
    const auto page = client.next(whole);
    REQUIRE(page.has_value());
    CHECK(page->json().substr(0, 10) == "{\"items\":[");
    std::size_t pages_left = 0;
    while (client.next(whole)) ++pages_left;
    CHECK(pages_left < items);

    std::size_t again = 0;
    for (const auto &item : client.items("list_vault_media", R"({"limit": 1})")) again += item.empty() ? 0U : 1U;
    CHECK(again == items);
}

TEST_CASE("what is no walk is refused") {
    const ofauth::Client client(support::config());
    const auto status = [&](ofauth::Pages pages) {
        return error_of([&] { static_cast<void>(client.next(pages)); }).code();
    };
    CHECK(status(ofauth::Pages("get_self")) == Status::invalid_argument);
    CHECK(status(ofauth::Pages("list_posts", R"({"limit": 1000})")) == Status::invalid_argument);
    CHECK(status(std::move(ofauth::Pages("list_posts").set_resume("7"))) == Status::invalid_argument);
    CHECK(error_of([] { ofauth::Pages("list_posts", "no JSON"); }).code() == Status::invalid_argument);
    ofauth::Pages pages("list_posts"), moved(std::move(pages));
    CHECK(error_of([&] { pages.set_max(1); }).code() == Status::null);
    CHECK(client.next(moved).has_value());
    CHECK(error_of([&] { moved.set_max(1); }).code() == Status::invalid_argument);
}

TEST_CASE("a walk that was interrupted goes on where it was") {
    const ofauth::Client client(support::config());
    ofauth::Pages pages("list_posts");
    {
        const Faults refusal(R"({"on": {"operation": "list_posts"}, "fault": {"kind": "status", "status": 403}})");
        CHECK(error_of([&] { static_cast<void>(client.next(pages)); }).code() == Status::forbidden);
    }
    CHECK(pages.resume_token() == "list_posts@");
    // What a function throws comes out, and the page that had come by then is not lost.
    ofauth::Cancel cancel;
    cancel.cancel();
    CHECK(error_of([&] { static_cast<void>(client.with(ofauth::Wait().set_cancel(cancel)).next(pages)); }).code() ==
          Status::cancelled);
    CHECK(client.next(pages).has_value());
}
