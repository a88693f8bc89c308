// Whole flows: posts and messages, waits for media, lists of the vault, Vault+, downloads, Link, connections and settings.
#include "support.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

using ofauth::Status;
using support::error_of;
using support::has;

namespace {

/// The value of a field of the outermost object, as it stands in JSON without its quotes.
std::string field(std::string_view json, const std::string &name) {
    const std::string start = '"' + name + "\":";
    int depth = 0;
    for (std::size_t at = 0; at < json.size(); ++at) {
        if (json[at] == '{' || json[at] == '[') ++depth;
        if (json[at] == '}' || json[at] == ']') --depth;
        if (json[at] != '"') continue;
        if (depth == 1 && json.compare(at, start.size(), start) == 0) {
            auto value = json.substr(at + start.size());
            const bool is_text = value.front() == '"';
            if (is_text) value.remove_prefix(1);
            return std::string(value.substr(0, value.find_first_of(is_text ? "\"" : ",}")));
        }
        for (++at; json[at] != '"'; ++at) at += json[at] == '\\';
    }
    FAIL("there is no field " << name);
    return {};
}

std::string uploaded(const ofauth::Client &client, const std::string &name, const std::string &bytes) {
    ofauth::Upload upload;
    upload.set_bytes(bytes.data(), bytes.size()).set_filename(name);
    const auto id = client.run(upload).media_id();
    REQUIRE(id.has_value());
    return *id;
}

}  // namespace

TEST_CASE("posts and messages go from the first request to the last") {
    const ofauth::Client client(support::config());
    const auto post = field(client.create_post(R"({"text": "hello"})").json(), "id");
    CHECK(has(std::string(client.update_post(post, R"({"text": "hello again"})").json()), post));
    CHECK(has(std::string(client.get_post(post).json()), "hello again"));
    client.delete_post(post);
    CHECK(error_of([&] { client.get_post(post); }).code() == Status::rejected);
    const auto message = field(client.send_message("12345", R"({"text": "for you"})").json(), "id");
    client.unsend_message("12345", message);
    const auto later = R"({"text": "to all", "userLists": ["fans"], "scheduledDate": "2099-01-01T00:00:00.000Z"})";
    const auto mass = field(client.create_mass_message(later).json(), "id");
    CHECK(has(std::string(client.get_mass_message(mass).json()), mass));
    client.update_mass_message(mass, R"({"text": "to all of you", "userLists": ["fans"]})");
    client.delete_mass_message(mass);
}

TEST_CASE("media are waited for, listed and downloaded") {
    const ofauth::Client client(support::config());
    const std::string bytes(5000, 'x');
    const std::vector<std::string> ids{uploaded(client, "one.mp4", bytes), uploaded(client, "two.mp4", bytes)};
    std::vector<ofauth::Notice> notices;
    const auto hearing = client.with(ofauth::Wait().set_notice([&](const ofauth::Notice &notice) { notices.push_back(notice); }));
    CHECK(has(std::string(hearing.wait_ready(ids).json()), ids[1]));
    REQUIRE_FALSE(notices.empty());
    CHECK(notices.back().kind == ofauth::NoticeKind::media_ready);
    CHECK(notices.back().text == "2 of 2 media are ready");
    CHECK(has(std::string(client.wait_stored({ids[0]}).json()), "stored"));
    CHECK(has(std::string(client.wait_stored({ids[0]}, {"source"}).json()), "stored"));

    const auto path = std::filesystem::temp_directory_path() / ("ofauth_cpp_" + ids[0] + ".mp4");
    std::filesystem::remove(path);
    ofauth::Download download(ids[0], "source", path);
    std::uint64_t received = 0;
    download.set_wait(true).set_timeout(std::chrono::seconds(60)).set_progress([&](const ofauth::Progress &progress) {
        received = progress.handed_over;
    });
    CHECK(has(std::string(client.run(download).json()), "\"bytes\":5000"));
    CHECK(received <= 5000);
    std::ifstream file(path, std::ios::binary);
    CHECK(std::string(std::istreambuf_iterator<char>(file), {}) == bytes);
    CHECK(error_of([&] { client.download(ids[0], "source", path); }).code() == Status::invalid_argument);
    struct Thrown {};
    download.set_overwrite(true).set_progress([](const ofauth::Progress &) { throw Thrown(); });
    CHECK_THROWS_AS(client.run(download), Thrown);
    ofauth::Cancel cancel;
    cancel.cancel();
    CHECK(error_of([&] { client.run(download.set_progress(nullptr).set_cancel(cancel)); }).code() == Status::cancelled);
    client.run(download.set_cancel(nullptr));
    std::filesystem::remove(path);

    const auto list = field(client.create_vault_list("Summer \"26\"").json(), "id");
    const auto second = field(client.create_vault_list("Copy").json(), "id");
    CHECK(has(std::string(client.rename_vault_list(list, "Autumn").json()), "Autumn"));
    client.add_to_vault_list(list, ids);
    CHECK(has(std::string(client.copy_vault_list(list, second).json()), ids[0]));
    CHECK(client.remove_from_vault_list(second, {ids[0]}).json() == "{\"changed\":[\"" + ids[0] + "\"],\"unchanged\":[]}");
    client.delete_vault_list(list);
    client.delete_vault_list(second);
}

TEST_CASE("Vault+ in full") {
    const ofauth::Client client(support::config());
    const auto id = uploaded(client, "cached.mp4", std::string(100, 'y'));
    client.wait_stored({id});
    bool seen = false;
    for (const auto &item : client.vault_plus_query(R"({"status": "stored", "type": "video"})")) seen = seen || has(item, id);
    CHECK(seen);
    CHECK(has(std::string(client.vault_plus_get(id).json()), "source"));
    CHECK(has(std::string(client.vault_plus_status().json()), "storedCount"));
    CHECK(has(std::string(client.vault_plus_stats().json()), "totalConnections"));
    CHECK(has(std::string(client.vault_plus_batch({id, "1"}).json()), "\"missing\":[\"1\"]"));
    CHECK(has(std::string(client.vault_plus_delete(id).json()), "true"));
    client.for_connection("conn_other").vault_plus_purge();
    CHECK(client.vault_plus_list_media("12345").is_json());
    const auto list = field(client.create_vault_list("Kept").json(), "id");
    CHECK(has(std::string(client.vault_plus_add_list(list).json()), "\"added\":true"));
    CHECK(has(std::string(client.vault_plus_lists().json()), '"' + list + '"'));
}

TEST_CASE("a creator is linked, and comes back") {
    const ofauth::Client client(support::config());
    const auto session = client.link_start(R"({"clientReferenceId": "creator-cpp"})");
    CHECK(has(field(session.json(), "url"), "http"));
    const auto own = client.link_start(R"({"mode": "whitelabel"})");
    CHECK_FALSE(field(own.json(), "clientSecret").empty());
    // Nobody signs in.
    int notices = 0;
    const auto hearing = client.with(ofauth::Wait().set_notice([&](const ofauth::Notice &notice) {
        CHECK(notice.kind == ofauth::NoticeKind::link_state);
        return ++notices == 0;
    }));
    CHECK(error_of([&] { hearing.link_wait(session.json()); }).code() == Status::cancelled);
    CHECK(notices == 1);
    CHECK(error_of([&] { client.link_wait("{}"); }).code() == Status::invalid_argument);
    for (const auto &connection : client.connections()) CHECK(has(connection, "\"id\""));
    CHECK(has(ofauth::parse_link_return("/b?status=success&connection_id=conn_1"), "\"connectionId\":\"conn_1\""));
    CHECK(error_of([] { ofauth::parse_link_return("/b"); }).code() == Status::invalid_argument);
    CHECK(error_of([&] { client.disconnect_connection("conn_of_nobody"); }).code() == Status::rejected);
    CHECK(error_of([&] { client.invalidate_connection("conn_of_nobody"); }).code() == Status::rejected);
}

TEST_CASE("settings that delete copies have to be allowed") {
    const ofauth::Client client(support::config());
    const auto other = client.for_connection("conn_other");
    other.wait_stored({uploaded(other, "settled.mp4", std::string(100, 'z'))});
    const auto off = R"({"vaultPlus": {"enabled": false}})";
    const auto refused = error_of([&] { client.update_connection_settings("conn_other", off); });
    CHECK(refused.code() == Status::invalid_argument);
    CHECK(has(refused.what(), "deletes copies"));
    CHECK(has(std::string(client.update_connection_settings("conn_other", off, true).json()), "\"purged\""));
    CHECK(has(std::string(client.connection_settings("conn_other").json()), "false"));
    client.update_connection_settings("conn_other", R"({"vaultPlus": {"enabled": true}})");
    client.update_account_settings(R"({"vaultPlus": {"defaultSettings": {"retentionDays": 30}}})");
    CHECK(has(std::string(client.account_settings().json()), "\"retentionDays\":30"));
}
