// What functions throw comes out of the call, whatever it is; and functions that call back into the library.
#include "support.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using ofauth::Client;
using ofauth::Progress;
using ofauth::Status;
using ofauth::Upload;
using support::clip;
using support::error_of;
using support::has;

namespace {

/// No std::exception, and not trivial to copy.
struct Odd {
    std::shared_ptr<std::string> text;
};

/// Throws one of several types.
void throw_kind(int kind) {
    switch (kind) {
        case 0: throw std::runtime_error("a disk is full");
        case 1: throw Odd{std::make_shared<std::string>("odd")};
        case 2: throw 42;
        case 3: throw std::bad_alloc();
        default: throw ofauth::Error(Status::forbidden, "not today");
    }
}
constexpr int kinds = 5;

/// The kind that `call` throws, if it comes out as it went in.
template <typename Call>
int kind_of(const Call &call) {
    try {
        call();
    } catch (const ofauth::Error &error) {
        return error.code() == Status::forbidden && error.what() == std::string("not today") ? 4 : -1;
    } catch (const std::runtime_error &error) {
        return error.what() == std::string("a disk is full") ? 0 : -1;
    } catch (const Odd &odd) {
        return *odd.text == "odd" ? 1 : -1;
    } catch (int number) {
        return number == 42 ? 2 : -1;
    } catch (const std::bad_alloc &) {
        return 3;
    }
    return -1;
}

}  // namespace

TEST_CASE("what progress throws comes out, at the first and at the last call of it") {
    const Client client(support::config());
    for (int kind = 0; kind < kinds; ++kind) {
        int calls = 0;
        Upload upload;
        upload.set_file(clip()).set_progress([&](const Progress &) {
            ++calls;
            throw_kind(kind);
        });
        CHECK(kind_of([&] { client.run(upload); }) == kind);
        CHECK(calls == 1);

        bool ended = false;
        upload.set_progress([&](const Progress &progress) {
            ended = progress.phase == ofauth::Phase::done;
            if (ended) throw_kind(kind);
            return true;
        });
        CHECK(kind_of([&] { client.run(upload); }) == kind);
        CHECK(ended);
    }
    CHECK(client.upload_file(clip()).part_count() == support::clip_parts);
}

TEST_CASE("what a reader throws comes out, and nothing of that call is asked again") {
    const Client client(support::config());
    for (int kind = 0; kind < kinds; ++kind) {
        int calls = 0;
        bool thrown = false, told_later = false;
        Upload upload;
        upload.set_filename("a.mp4");
        upload.set_progress([&](const Progress &) { told_later = told_later || thrown; });
        upload.set_reader(500'000, [&](std::uint64_t, std::byte *, std::size_t) -> std::size_t {
            ++calls;
            thrown = true;
            throw_kind(kind);
            return 0;
        });
        CHECK(kind_of([&] { client.run(upload); }) == kind);
        CHECK(calls == 1);
        CHECK_FALSE(told_later);
    }
}

TEST_CASE("what a log throws comes out of the call on whose thread it was") {
    for (int kind = 0; kind < kinds; ++kind) {
        auto config = support::config();
        bool quiet = true;
        int lines = 0;
        config.set_log(ofauth::LogLevel::trace, [&](ofauth::LogLevel, std::string_view) {
            ++lines;
            if (!quiet) throw_kind(kind);
        });
        const Client client(config);
        client.upload_file(clip());
        CHECK(lines > 1);
        for (const auto &call : {std::function<void()>([&] { client.call("whoami"); }),
                                 std::function<void()>([&] { client.upload_file(clip()); })}) {
            quiet = false;
            lines = 0;
            CHECK(kind_of(call) == kind);
            CHECK(lines == 1);
            quiet = true;
            CHECK(client.call("whoami").status() == 200);
        }
    }
}

TEST_CASE("what a log throws leaves the upload and its other functions alone") {
    auto config = support::config();
    config.set_log(ofauth::LogLevel::trace, [](ofauth::LogLevel, std::string_view) { throw_kind(0); });
    const Client client(config);
    std::uint64_t read = 0, acknowledged = 0;
    Upload upload;
    upload.set_filename("log.mp4").set_reader(1000, [&](std::uint64_t, std::byte *buffer, std::size_t size) {
        std::fill_n(buffer, size, std::byte{7});
        read += size;
        return size;
    });
    upload.set_progress([&](const Progress &at) { acknowledged = at.acknowledged; });
    CHECK(kind_of([&] { client.run(upload); }) == 0);
    CHECK(read >= 1000);
    CHECK(acknowledged == 1000);
}

TEST_CASE("a log gets lines, and the key is in none") {
    auto config = support::config();
    std::vector<std::pair<ofauth::LogLevel, std::string>> lines;
    config.set_log(ofauth::LogLevel::trace, [&](ofauth::LogLevel level, std::string_view line) {
        lines.emplace_back(level, line);
    });
    // The client keeps the function although the configuration changes and goes.
    const Client client(config);
    config.set_log(ofauth::LogLevel::error, nullptr);
    config = support::config();
    client.upload_file(clip());
    CHECK_FALSE(lines.empty());
    for (const auto &[level, line] : lines) {
        CHECK(level >= ofauth::LogLevel::error);
        CHECK(level <= ofauth::LogLevel::trace);
        CHECK_FALSE(has(line, support::environment("OFAUTH_API_KEY")));
    }
}

TEST_CASE("a blocking call inside a function is refused, and the upload goes on") {
    const Client client(support::config());
    Upload upload;
    std::vector<Status> refused;
    upload.set_file(clip()).set_progress([&](const Progress &) {
        for (const auto &call : {std::function<void()>([&] { client.call("whoami"); }),
                                 std::function<void()>([&] { client.upload_file(clip()); })}) {
            refused.push_back(error_of(call).code());
        }
    });
    CHECK(client.run(upload).part_count() == support::clip_parts);
    CHECK_FALSE(refused.empty());
    for (const auto status : refused) CHECK(status == Status::reentrant);

    // It leaves no trace: what is thrown later comes out of the upload.
    bool first = true;
    upload.set_progress([&](const Progress &) {
        if (!std::exchange(first, false)) throw 42;
        CHECK(error_of([&] { client.call("whoami"); }).code() == Status::reentrant);
    });
    CHECK(kind_of([&] { client.run(upload); }) == 2);

    // What is refused and not caught is an exception like any other.
    upload.set_progress([&](const Progress &) { client.call("whoami"); });
    CHECK(error_of([&] { client.run(upload); }).code() == Status::reentrant);
}

TEST_CASE("a callback may destroy its upload and its client") {
    std::optional<Client> client(support::config());
    auto upload = std::make_unique<Upload>();
    const std::string text = "long enough to live on the heap and not in the function itself";
    upload->set_file(clip()).set_progress([&, text](const Progress &) {
        upload.reset();
        client.reset();
        CHECK(text.size() == 62);
    });
    CHECK(client->run(*upload).part_count() == support::clip_parts);
    CHECK_FALSE(upload);
}
