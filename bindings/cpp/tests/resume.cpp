// Uploads that are interrupted and run again with a journal, held results, notices, and the journal itself.
#include "support.hpp"

#include <fstream>
#include <stdexcept>
#include <vector>

using ofauth::Notice;
using ofauth::NoticeKind;
using ofauth::Progress;
using ofauth::SessionState;
using ofauth::Status;
using ofauth::Upload;
using support::Directory;
using support::clip;
using support::clip_bytes;
using support::error_of;
using support::has;

namespace {

constexpr std::uint64_t part_size = 64 * 1024;
constexpr std::uint32_t parts_before = 5;

ofauth::Client client(const Directory &directory) {
    return ofauth::Client(support::config().set_journal_dir(directory.journal()).set_concurrency(1));
}

/// An upload of the sample, and what is told of it.
struct Told {
    explicit Told(const char *filename) {
        upload.set_file(clip()).set_filename(filename);
        upload.set_notice([this](Notice notice) {
            // A machine that is too busy may stand still at any time.
            if (notice.kind != NoticeKind::woke) notices.push_back(std::move(notice));
        });
    }
    Told(const Told &) = delete;
    Told &operator=(const Told &) = delete;

    Upload upload;
    std::vector<Notice> notices;
};

constexpr std::string_view stuck_at_the_sixth =
    R"([{"on": {"operation": "upload_part", "part": 6, "times": "always"},
         "fault": {"kind": "slow_reader", "bytes_per_second": 0}}])";

/// Runs it and cancels it at the sixth part, which is not answered.
void interrupt(const ofauth::Client &client, Upload &upload) {
    const support::Faults faults(stuck_at_the_sixth);
    upload.set_progress([](const Progress &now) {
        return now.parts_done < parts_before || now.handed_over == now.acknowledged;
    });
    CHECK(error_of([&] { client.run(upload); }).code() == Status::cancelled);
    upload.set_progress(nullptr);
}

/// The only journal of a directory.
ofauth::Session only_one(const Directory &directory) {
    const auto sessions = ofauth::journal_sessions(directory.journal());
    REQUIRE(sessions.size() == 1);
    return sessions[0];
}

}  // namespace

TEST_CASE("a cancelled upload goes on, and only the rest is sent") {
    const Directory directory;
    const auto uploader = client(directory);
    Told told("resumed.mp4");
    interrupt(uploader, told.upload);
    CHECK(told.notices.empty());
    const auto session = only_one(directory);
    CHECK(session.state == SessionState::interrupted);
    CHECK(session.parts_total == 12);
    CHECK(session.parts_done == parts_before);
    CHECK(session.bytes_done == parts_before * part_size);
    CHECK(session.size == clip_bytes().size());
    CHECK(session.file == clip().string());
    CHECK(session.connection_id == support::environment("OFAUTH_CONNECTION_ID"));
    CHECK(has(session.base_url.value(), "http"));
    CHECK(session.opened.value() > std::chrono::system_clock::now() - std::chrono::hours(1));
    CHECK(session.expires.value_or(session.opened.value() + std::chrono::hours(1)) > session.opened.value());
    CHECK(!session.in_use);

    Progress first{}, last{};
    bool is_first = true;
    told.upload.set_progress([&](const Progress &now) {
        if (is_first && now.parts_total > 0) {
            first = now;
            is_first = false;
        }
        last = now;
    });
    const auto result = uploader.run(told.upload);
    CHECK(result.resumed() == parts_before * part_size);
    CHECK(first.acknowledged >= result.resumed());
    CHECK(last.resumed == result.resumed());
    CHECK(last.acknowledged == clip_bytes().size());
    REQUIRE(told.notices.size() == 1);
    CHECK(told.notices[0].kind == NoticeKind::resumed);
    CHECK(has(told.notices[0].text, "resumed"));
    CHECK(has(result.json(), "\"resumed\":" + std::to_string(result.resumed())));
    CHECK(has(support::upload_record(result.upload_id()), support::clip_sha256));
    CHECK(ofauth::journal_sessions(directory.journal()).empty());
}

TEST_CASE("without the journal, everything is sent again") {
    const Directory directory;
    const auto uploader = client(directory);
    Told told("without.mp4");
    interrupt(uploader, told.upload.set_journal(false));
    told.upload.set_journal(true);
    CHECK(ofauth::journal_sessions(directory.journal()).empty());
    CHECK(uploader.run(told.upload).resumed() == 0);
    CHECK(told.notices.empty());
}

TEST_CASE("a held result is given again until it is settled") {
    const Directory directory;
    const auto uploader = client(directory);
    Told told("held.mp4");
    told.upload.set_hold_result(true);
    std::string reference;
    {
        const auto first = uploader.run(told.upload);
        reference = first.upload_id();
        CHECK(error_of([&] { uploader.run(told.upload); }).code() == Status::busy);
    }
    const auto session = only_one(directory);
    CHECK(session.state == SessionState::finished);
    const auto second = uploader.run(told.upload);
    CHECK(second.upload_id() == reference);
    CHECK(second.resumed() == second.bytes());
    REQUIRE(told.notices.size() == 1);
    CHECK(told.notices[0].kind == NoticeKind::already_finished);
    CHECK(error_of([&] { ofauth::journal_forget(directory.journal(), session.id); }).code() ==
          Status::busy);
    uploader.settle(second);
    uploader.settle(second);
    CHECK(uploader.run(told.upload).upload_id() != reference);
}

TEST_CASE("an unknown outcome stays so until its journal is forgotten") {
    const Directory directory;
    const auto uploader = client(directory);
    Told told("unknown.mp4");
    std::string reference;
    {
        // The service finishes and its answer is lost; asked again, it knows nothing of it.
        const support::Faults faults(R"([
            {"on": {"operation": "complete_upload"}, "fault": {"kind": "answer_lost"}},
            {"on": {"operation": "complete_upload", "nth": 2, "times": "always"},
             "fault": {"kind": "status", "status": 404, "error": "gone", "type": "RESOURCE_NOT_FOUND"}}])");
        for (int run = 0; run < 2; ++run) {
            const auto error = error_of([&] { uploader.run(told.upload); });
            CHECK(error.code() == Status::outcome_unknown);
            CHECK(!error.is_retryable());
            CHECK((reference.empty() || error.upload_id() == reference));
            reference = error.upload_id().value();
        }
    }
    const auto session = only_one(directory);
    CHECK(session.state == SessionState::outcome_unknown);
    CHECK(session.upload_id == reference);
    ofauth::journal_forget(directory.journal(), session.id);
    CHECK(ofauth::journal_sessions(directory.journal()).empty());
    CHECK(error_of([&] { ofauth::journal_forget(directory.journal(), "0123"); }).code() ==
          Status::invalid_argument);
    CHECK(uploader.run(told.upload).upload_id() != reference);
}

TEST_CASE("what a notice function throws comes out of the call") {
    const Directory directory;
    const auto uploader = client(directory);
    Told told("thrown.mp4");
    interrupt(uploader, told.upload);
    // The sixth part is not answered again: without a cancel, the upload would stand still.
    {
        const support::Faults faults(stuck_at_the_sixth);
        told.upload.set_notice([](const Notice &notice) { throw std::domain_error(notice.text); });
        CHECK_THROWS_AS(uploader.run(told.upload), std::domain_error);
    }
    told.upload.set_notice(nullptr);
    CHECK(uploader.run(told.upload).resumed() == parts_before * part_size);
}

TEST_CASE("a journal that cannot be made is an error before anything is sent") {
    const Directory directory;
    std::ofstream(directory.journal()) << "a file where the directory should be";
    Told told("no-journal.mp4");
    CHECK(error_of([&] { client(directory).run(told.upload); }).code() == Status::journal);
    CHECK(error_of([&] { ofauth::journal_sessions(directory.journal()); }).code() == Status::journal);
}

TEST_CASE("a rate limit paces, and is kept in a directory") {
    const Directory directory;
    const ofauth::Client limited(
        support::config().set_request_limit(6000, 2).set_rate_state_dir(directory.rate()));
    for (int call = 0; call < 4; ++call) CHECK(limited.call("list_vault_media").status() == 200);
    CHECK(!std::filesystem::is_empty(directory.rate()));
}
