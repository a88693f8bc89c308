// The objects themselves: texts, moves, copies, and what the types promise.
#include "support.hpp"

#include <unistd.h>

#include <algorithm>
#include <type_traits>
#include <utility>
#include <vector>

using namespace std::string_view_literals;
using namespace std::chrono_literals;
using ofauth::Batch;
using ofauth::Batched;
using ofauth::Cancel;
using ofauth::Client;
using ofauth::Config;
using ofauth::Error;
using ofauth::Progress;
using ofauth::Response;
using ofauth::Request;
using ofauth::Result;
using ofauth::Status;
using ofauth::Upload;
using ofauth::Wait;
using support::clip;
using support::error_of;
using support::has;

namespace {

template <typename T>
constexpr bool moves_only = std::is_nothrow_move_constructible_v<T> && std::is_nothrow_move_assignable_v<T> &&
                            !std::is_copy_constructible_v<T> && !std::is_copy_assignable_v<T>;
static_assert(moves_only<Config> && moves_only<Client> && moves_only<Upload>);
static_assert(moves_only<Result> && moves_only<Response> && moves_only<Batch>);
static_assert(std::is_nothrow_copy_constructible_v<Cancel> && std::is_nothrow_copy_assignable_v<Cancel>);
static_assert(std::is_nothrow_copy_constructible_v<Batched> && std::is_nothrow_copy_assignable_v<Batched>);
static_assert(std::is_nothrow_copy_constructible_v<Error> && std::is_base_of_v<std::runtime_error, Error>);

/// Checks that `call` is refused because of the argument of that name.
template <typename Call>
void check_named(const char *argument, Status code, const Call &call) {
    const auto error = error_of(call);
    CHECK(error.code() == code);
    INFO(std::string(error.what()));
    CHECK(has(error.what(), argument));
}

}  // namespace

TEST_CASE("versions and names of statuses") {
    CHECK(ofauth::version() == OFAUTH_VERSION);
    CHECK(ofauth::abi_version() == OFAUTH_ABI_VERSION);
    CHECK(ofauth::status_name(Status::ok) == "OFAUTH_OK");
    CHECK(ofauth::status_name(Status::outcome_unknown) == "OFAUTH_ERR_OUTCOME_UNKNOWN");
    CHECK(ofauth::status_name(static_cast<Status>(12345)) == "OFAUTH_ERR_UNKNOWN");
}

TEST_CASE("a NUL character inside a text is an error that names the argument") {
    const auto text = "a\0b"sv;
    const auto nul = [](const char *argument, const auto &call) {
        check_named(argument, Status::invalid_argument, call);
    };
    auto config = support::config();
    nul("api_key", [&] { Config{text}; });
    nul("url", [&] { config.set_base_url(text); });
    nul("connection_id", [&] { config.set_connection_id(text); });
    nul("pem", [&] { config.set_ca_pem(text); });
    nul("url", [&] { config.set_proxy(text); });
    nul("user_agent", [&] { config.set_user_agent(text); });
    nul("origin", [&] { config.allow_origin(text); });
    nul("path", [&] { config.set_journal_dir(text); });
    nul("path", [&] { config.set_rate_state_dir(text); });
    nul("dir", [&] { ofauth::journal_sessions(text); });
    nul("dir", [&] { ofauth::journal_forget(text, "0123"); });
    nul("id", [&] { ofauth::journal_forget("nowhere", text); });
    Upload upload;
    nul("path", [&] { upload.set_file(text); });
    nul("filename", [&] { upload.set_filename(text); });
    nul("content_type", [&] { upload.set_content_type(text); });
    nul("connection_id", [&] { upload.set_connection_id(text); });
    nul("mode", [&] { upload.set_vault_upload(text); });
    nul("user_id", [&] { upload.set_vault_upload("message", text); });
    Batch batch;
    nul("record", [&] { batch.set_record(text); });
    nul("path", [&] { batch.add_file(text); });
    nul("filename", [&] { batch.add_bytes("", 0, text); });
    nul("filename", [&] { batch.add_reader(1, [](auto, auto, auto) { return std::size_t{1}; }, text); });
    const Client client(config);
    nul("api_key", [&] { client.set_api_key(text); });
    nul("path", [&] { client.upload_file(text); });
    nul("etag", [&] { client.check(text, 1); });
    nul("id", [&] { client.vault_plus_batch({"1", text}); });
    nul("operation_id", [&] { Request{text}; });
    Request request("whoami");
    nul("params", [&] { request.set_params(text); });
    nul("name", [&] { request.add_raw_param(text, "value"); });
    nul("value", [&] { request.add_raw_param("name", text); });
    nul("json", [&] { request.set_json(text); });
    nul("content_type", [&] { request.set_bytes("", 0, text); });
    nul("name", [&] { client.run(request).header(text); });
    nul("operation_id", [&] { client.call(text); });
    nul("params_json", [&] { client.call("whoami", text); });
    nul("body_json", [&] { client.call("whoami", {}, text); });
    nul("operation_id", [&] { client.call_bytes(text, {}, "", 0, "image/png"); });
    nul("params_json", [&] { client.call_bytes("whoami", text, "", 0, "image/png"); });
    nul("content_type", [&] { client.call_bytes("whoami", {}, "", 0, text); });
    // None of it changed anything.
    CHECK(client.call("whoami").status() == 200);
}

TEST_CASE("text that is not UTF-8 is refused, and other text arrives") {
    const auto text = "\xff\xfe"sv;
    const auto bad = [](const char *argument, const auto &call) {
        check_named(argument, Status::utf8, call);
    };
    auto config = support::config();
    bad("api_key", [&] { Config{text}; });
    bad("url", [&] { config.set_base_url(text); });
    bad("connection_id", [&] { config.set_connection_id(text); });
    const Client client(config);
    bad("operation_id", [&] { client.call(text); });
    bad("params_json", [&] { client.call("whoami", text); });
    bad("body_json", [&] { client.call("create_post", {}, text); });
    Upload upload;
    bad("filename", [&] { upload.set_filename(text); });
    upload.set_bytes("clip", 4).set_filename("\xc3\xa9t\xc3\xa9 \xe2\x98\x80.mp4");
    CHECK(has(support::upload_record(client.run(upload).upload_id()), "\xc3\xa9t\xc3\xa9 \xe2\x98\x80.mp4"));
}

TEST_CASE("a path may hold any letters, and its last part names the upload") {
    // Of its own name, because several of these programs may run at once.
    const auto own = std::to_string(getpid());
    const auto directory = std::filesystem::temp_directory_path() / ("ofauth \xe2\x98\x80 " + own);
    std::filesystem::create_directories(directory);
    const auto file = directory / "caf\xc3\xa9.mp4";
    std::filesystem::copy_file(clip(), file, std::filesystem::copy_options::overwrite_existing);
    const auto result = Client(support::config()).upload_file(file);
    std::filesystem::remove_all(directory);
    CHECK(has(support::upload_record(result.upload_id()), "caf\xc3\xa9.mp4"));
}

TEST_CASE("wrong settings are refused") {
    const auto code = [](const auto &call) { return error_of(call).code(); };
    CHECK(code([] { Config{""}; }) == Status::config);
    auto config = support::config();
    CHECK(code([&] { config.set_worker_threads(0); }) == Status::invalid_argument);
    CHECK(code([&] { config.set_worker_threads(65); }) == Status::invalid_argument);
    CHECK(code([&] { config.set_concurrency(0); }) == Status::invalid_argument);
    CHECK(code([&] { config.set_connect_timeout(-1ms); }) == Status::invalid_argument);
    CHECK(code([&] { config.set_stall_timeout(-1ms); }) == Status::invalid_argument);
    CHECK(code([&] { config.set_answer_timeout(-1ms); }) == Status::invalid_argument);
    CHECK(code([&] { config.set_request_limit(0, 1); }) == Status::invalid_argument);
    CHECK(code([&] { config.set_request_limit(1, 0); }) == Status::invalid_argument);
    CHECK(code([&] { config.set_journal_dir(""); }) == Status::invalid_argument);
    CHECK(code([&] { config.set_rate_state_dir(""); }) == Status::invalid_argument);
    CHECK(code([&] { config.set_log(static_cast<ofauth::LogLevel>(9), [](auto, auto) {}); }) ==
          Status::invalid_argument);
    const auto refused = [&](auto change) {
        return code([&] {
            auto changed = support::config();
            change(changed);
            Client client(changed);
        });
    };
    CHECK(refused([](Config &wrong) { wrong.set_base_url("ftp://example.com"); }) == Status::config);
    CHECK(refused([](Config &wrong) { wrong.set_base_url("http://example.com"); }) == Status::config);
    CHECK(refused([](Config &wrong) { wrong.set_proxy("not a proxy"); }) == Status::config);
    CHECK(refused([](Config &wrong) { wrong.set_ca_pem("no certificate"); }) == Status::config);
    CHECK(Client(config).call("whoami").status() == 200);
}

TEST_CASE("an upload keeps its functions when it moves") {
    const Client client(support::config());
    int told = 0, read = 0;
    std::vector<Upload> uploads;
    for (int count = 0; count < 3; ++count) {
        Upload upload;
        upload.set_filename("moved.mp4").set_progress([&told](const Progress &) { ++told; });
        upload.set_reader(100, [&read](std::uint64_t, std::byte *buffer, std::size_t size) {
            ++read;
            std::fill_n(buffer, size, std::byte{7});
            return size;
        });
        uploads.push_back(std::move(upload));
    }
    Upload target;
    target.set_progress([](const Progress &) { FAIL("the old function was called"); });
    target = std::move(uploads.back());
    Client moved_client(support::config());
    const Client last(std::move(moved_client));
    CHECK(last.run(target).bytes() == 100);
    CHECK(last.run(uploads.front()).bytes() == 100);
    CHECK(told >= 2);
    CHECK(read >= 2);
}

TEST_CASE("what was moved from throws, and can be used again after an assignment") {
    const auto moved = [](const char *type, const auto &call) { check_named(type, Status::null, call); };
    auto config = support::config();
    Config new_config(std::move(config));
    moved("Config", [&] { config.set_user_agent("x"); });
    moved("Config", [&] { config.set_log(ofauth::LogLevel::info, [](auto, auto) {}); });
    moved("Config", [&] { Client client(config); });
    config = std::move(new_config);

    Client client(config);
    Upload upload;
    upload.set_bytes("clip", 4).set_filename("a.mp4");
    Upload new_upload(std::move(upload));
    moved("Upload", [&] { upload.set_filename("x"); });
    moved("Upload", [&] { upload.set_progress([](const Progress &) {}); });
    moved("Upload", [&] { upload.set_progress(nullptr); });
    moved("Upload", [&] { client.run(upload); });
    upload = std::move(new_upload);

    Client new_client(std::move(client));
    moved("Client", [&] { client.run(upload); });
    moved("Client", [&] { client.upload_file(clip()); });
    moved("Client", [&] { client.check("\"x\"", 1); });
    moved("Client", [&] { client.settle(new_client.run(upload)); });
    moved("Client", [&] { client.vault_plus_batch({"1"}); });
    moved("Client", [&] { client.call("whoami"); });
    moved("Client", [&] { client.with(Wait()); });
    moved("Client", [&] { client.run(Request("whoami")); });
    moved("Client", [&] { client.call_bytes("whoami", {}, "", 0, ""); });
    moved("Client", [&] { client.set_api_key("x"); });
    client = std::move(new_client);

    auto result = client.run(upload);
    Result new_result(std::move(result));
    moved("Result", [&] { result.upload_id(); });
    moved("Result", [&] { result.media_id(); });
    moved("Result", [&] { result.bytes(); });
    moved("Result", [&] { result.resumed(); });
    moved("Result", [&] { result.is_multipart(); });
    moved("Result", [&] { result.retries(); });
    moved("Result", [&] { result.sent_again(); });
    moved("Result", [&] { result.media_json(); });
    moved("Result", [&] { client.settle(result); });
    moved("Result", [&] { result.part_count(); });
    moved("Result", [&] { result.etag(0); });
    moved("Result", [&] { static_cast<void>(result.json()); });
    CHECK(new_result.bytes() == 4);

    auto response = client.call("whoami");
    Response new_response(std::move(response));
    moved("Response", [&] { response.status(); });
    moved("Response", [&] { response.is_json(); });
    moved("Response", [&] { static_cast<void>(response.json()); });
    moved("Response", [&] { static_cast<void>(response.body()); });
    moved("Response", [&] { response.request_id(); });
    moved("Response", [&] { response.header("date"); });
    moved("Response", [&] { response.headers(); });
    CHECK(new_response.status() == 200);
}

TEST_CASE("requests and waits that were moved from are refused") {
    const auto moved = [](const char *type, const auto &call) {
        const auto error = error_of(call);
        CHECK(error.code() == Status::null);
        CHECK(has(error.what(), type));
    };
    const Client client(support::config());
    Request request("whoami");
    Request new_request(std::move(request));
    moved("Request", [&] { request.set_timeout(1s); });
    moved("Request", [&] { request.set_tick([] {}); });
    moved("Request", [&] { client.run(request); });
    CHECK(client.run(new_request).status() == 200);
    Wait wait;
    Wait new_wait(std::move(wait));
    moved("Wait", [&] { wait.set_timeout(1s); });
    moved("Wait", [&] { wait.set_tick([] {}); });
    moved("Wait", [&] { client.with(wait); });
    CHECK(client.with(new_wait).call("whoami").status() == 200);
}

TEST_CASE("a cancel that was moved from still cancels") {
    Cancel cancel;
    const Cancel other(std::move(cancel));
    cancel.cancel();
    Upload upload;
    upload.set_file(clip()).set_cancel(other);
    CHECK(error_of([&] { Client(support::config()).run(upload); }).code() == Status::cancelled);
}

TEST_CASE("an error outlives what made it, and can be made by users") {
    std::optional<Error> kept;
    {
        const Client client(support::config());
        kept = error_of([&] { client.call("no_such_operation"); });
    }
    const Error copy(*kept);
    kept.reset();
    CHECK(has(copy.what(), "no_such_operation"));
    CHECK(copy.api_type() == std::nullopt);
    const Error own(Status::source, "no film in the camera");
    CHECK(own.what() == std::string("no film in the camera"));
    CHECK(own.http_status() == 0);
    CHECK(own.request_id() == std::nullopt);
    CHECK(Error(Status::panic, ofauth::detail::ErrorHandle()).what() == std::string("OFAUTH_ERR_PANIC"));
}
