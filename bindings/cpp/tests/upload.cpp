// Uploads from each kind of source, their options, progress and results.
#include "support.hpp"

#include <algorithm>
#include <cstring>
#include <thread>

using namespace std::chrono_literals;
using ofauth::Phase;
using ofauth::Progress;
using ofauth::Status;
using ofauth::Upload;
using support::clip;
using support::clip_bytes;
using support::clip_parts;
using support::error_of;
using support::has;

namespace {

/// Looks at each progress of one upload.
struct Watch {
    void operator()(const Progress &now) {
        CHECK(std::this_thread::get_id() == caller);
        CHECK(now.total == clip_bytes().size());
        CHECK(last.handed_over <= now.handed_over);
        CHECK(last.acknowledged <= now.acknowledged);
        CHECK(last.parts_done <= now.parts_done);
        CHECK(now.acknowledged <= now.handed_over);
        CHECK(now.handed_over <= now.total);
        CHECK((now.acknowledged == now.total) == (now.phase == Phase::done));
        last = now;
        ++calls;
    }
    void check_end() const {
        CHECK(calls > 1);
        CHECK(last.phase == Phase::done);
        CHECK(last.acknowledged == clip_bytes().size());
        CHECK(last.parts_done == clip_parts);
        CHECK(last.parts_total == clip_parts);
    }

    std::thread::id caller = std::this_thread::get_id();
    Progress last{};
    int calls = 0;
};

void check_arrived(const ofauth::Result &result) {
    CHECK(result.bytes() == clip_bytes().size());
    CHECK(result.part_count() == clip_parts);
    CHECK(has(result.json(), "\"mediaUploadId\":\"" + result.upload_id() + '"'));
    CHECK(has(support::upload_record(result.upload_id()), support::clip_sha256));
}

}  // namespace

TEST_CASE("a file arrives, and its etags are known to the vault") {
    const ofauth::Client client(support::config());
    Watch watch;
    Upload upload;
    upload.set_file(clip()).set_progress(std::ref(watch));
    const auto result = client.run(upload);
    check_arrived(result);
    watch.check_end();

    for (std::uint32_t part = 0; part < clip_parts; ++part) CHECK(result.etag(part).value().front() == '"');
    CHECK(result.etag(clip_parts) == std::nullopt);
    CHECK(result.etag(UINT32_MAX) == std::nullopt);
    const auto known = client.check(result.etag(0).value(), result.bytes());
    CHECK(known.exists);
    CHECK(known.media_json.value().front() == '{');
    CHECK(!client.check("\"of no file\"", 1).exists);
    CHECK(client.check("\"of no file\"", 1).media_json == std::nullopt);
    CHECK(result.is_multipart());
    CHECK(result.retries() == 0);
    CHECK(result.sent_again() == 0);
    CHECK(error_of([&] { client.check("", 1); }).code() == Status::invalid_argument);
    CHECK(error_of([&] { client.check("\"x\"", 0); }).code() == Status::invalid_argument);
}

TEST_CASE("a file arrives with one call, and a result outlives its client") {
    const auto result = ofauth::Client(support::config()).upload_file(clip());
    check_arrived(result);
    const std::string copied = ofauth::Client(support::config()).upload_file(clip()).json();
    CHECK(has(copied, "\"parts\":12"));
}

TEST_CASE("the id of the medium is there if the service tells it") {
    const ofauth::Client client(support::config());
    const auto media_id = [&](const char *media) {
        const support::Faults faults(
            R"([{"on": {"operation": "complete_upload"}, "fault": {"kind": "merge", "patch": {"media": )" +
            std::string(media) + "}}}]");
        return client.upload_file(clip()).media_id();
    };
    CHECK(media_id("null") == std::nullopt);
    CHECK(media_id(R"({"id": 4611686018427387904})") == "4611686018427387904");
}

TEST_CASE("bytes in memory arrive, also when the upload is run again") {
    const ofauth::Client client(support::config());
    Upload upload;
    upload.set_bytes(clip_bytes().data(), clip_bytes().size()).set_filename("memory.mp4");
    const auto first = client.run(upload), second = client.run(upload);
    check_arrived(first);
    check_arrived(second);
    CHECK(first.upload_id() != second.upload_id());
}

TEST_CASE("a reader is asked on the calling thread for ranges inside the source") {
    const ofauth::Client client(support::config());
    const auto caller = std::this_thread::get_id();
    const auto &source = clip_bytes();
    Watch watch;
    Upload upload;
    upload.set_progress(std::ref(watch)).set_filename("reader.mp4");
    upload.set_reader(source.size(), [&](std::uint64_t offset, std::byte *buffer, std::size_t size) {
        CHECK(std::this_thread::get_id() == caller);
        REQUIRE(offset < source.size());
        // An odd size, so that reads have to be repeated.
        const auto left = source.size() - static_cast<std::size_t>(offset);
        const auto count = std::min({size, left, std::size_t{9973}});
        std::memcpy(buffer, source.data() + offset, count);
        return count;
    });
    check_arrived(client.run(upload));
    watch.check_end();
}

TEST_CASE("a reader that gives what it must not ends the upload") {
    const ofauth::Client client(support::config());
    const auto run = [&](auto answer) {
        Upload upload;
        upload.set_filename("odd.mp4");
        upload.set_reader(100'000, [answer](std::uint64_t, std::byte *buffer, std::size_t size) {
            std::memset(buffer, 1, size);
            return answer(size);
        });
        return error_of([&] { client.run(upload); }).code();
    };
    const auto is_source = [](Status status) {
        return status == Status::source || status == Status::source_changed;
    };
    CHECK(is_source(run([](std::size_t) { return std::size_t{0}; })));
    CHECK(is_source(run([](std::size_t size) { return size + 1; })));
    CHECK(is_source(run([](std::size_t) { return SIZE_MAX; })));
    Upload upload;
    CHECK(error_of([&] { upload.set_reader(1, nullptr); }).code() == Status::null);
}

TEST_CASE("options reach the service") {
    auto config = support::config();
    config.set_worker_threads(1).set_concurrency(3).set_bandwidth_limit(1'000'000'000);
    config.set_connect_timeout(5s).set_stall_timeout(0s).set_answer_timeout(30s);
    config.set_user_agent("studio/2.1").allow_origin("https://media.example").allow_plain_http(false);
    config.set_connection_id("conn_of_nobody");
    const ofauth::Client client(config);
    Upload upload;
    upload.set_file(clip()).set_filename("named.mov").set_content_type("video/quicktime").set_concurrency(1);
    upload.set_connection_id(support::environment("OFAUTH_CONNECTION_ID"));
    upload.set_timeout(60s).set_vault_upload("message", "12345");
    upload.set_cancel(ofauth::Cancel()).set_cancel(nullptr).set_progress(nullptr);
    const auto result = client.run(upload);
    const auto record = support::upload_record(result.upload_id());
    for (const char *part : {"named.mov", "video/quicktime"}) CHECK(has(record, part));
    const ofauth::Client owner(support::config());
    CHECK(owner.check(result.etag(0).value(), result.bytes()).exists);
    upload.set_vault_upload({}).set_timeout(0s);
    CHECK(client.run(upload).part_count() == clip_parts);
}

TEST_CASE("what an upload cannot be is said, and changes nothing") {
    const ofauth::Client client(support::config());
    const auto code = [](const auto &call) { return error_of(call).code(); };
    Upload upload;
    CHECK(code([&] { client.run(upload); }) == Status::invalid_argument);
    upload.set_bytes("x", 1);
    CHECK(code([&] { client.run(upload); }) == Status::invalid_argument);
    upload.set_file("there is no such file.mp4");
    CHECK(code([&] { client.run(upload); }) == Status::source);
    CHECK(code([&] { client.upload_file("there is no such file.mp4"); }) == Status::source);
    upload.set_file(clip());
    CHECK(code([&] { upload.set_concurrency(0); }) == Status::invalid_argument);
    CHECK(code([&] { upload.set_concurrency(65); }) == Status::invalid_argument);
    CHECK(code([&] { upload.set_timeout(-1ms); }) == Status::invalid_argument);
    CHECK(code([&] { upload.set_bytes(nullptr, 5); }) == Status::null);
    CHECK(code([&] { upload.set_reader(5, {}); }) == Status::null);
    check_arrived(client.run(upload));
    CHECK(code([&] { client.run(Upload().set_bytes(nullptr, 0).set_filename("a.mp4")); }) == Status::source);
}

TEST_CASE("a timeout ends an upload that stands still") {
    const support::Faults faults(support::stuck);
    const ofauth::Client client(support::config());
    Upload upload;
    upload.set_file(clip()).set_filename("stuck.mp4").set_timeout(300ms);
    const auto error = error_of([&] { client.run(upload); });
    CHECK(error.code() == Status::timeout);
    CHECK(error.upload_id().has_value());
}

TEST_CASE("a part that is refused is named, with its upload") {
    const support::Faults faults(R"([{
        "on": {"operation": "upload_part", "part": 3, "filename": "refused.mp4"},
        "fault": {"kind": "status", "status": 403, "error": "no uploads today", "type": "FORBIDDEN"}}])");
    const ofauth::Client client(support::config());
    Upload upload;
    upload.set_file(clip()).set_filename("refused.mp4");
    const auto error = error_of([&] { client.run(upload); });
    CHECK(error.code() == Status::forbidden);
    CHECK(error.http_status() == 403);
    CHECK(error.part() == 3);
    CHECK(error.api_type() == "FORBIDDEN");
    CHECK(has(error.what(), "no uploads today"));
    CHECK(has(support::upload_record(error.upload_id().value()), "refused.mp4"));
}
