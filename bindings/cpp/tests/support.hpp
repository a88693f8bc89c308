// What the tests share: the server and the sample that the environment names, and the server's faults.
#ifndef OFAUTH_TESTS_SUPPORT_HPP
#define OFAUTH_TESTS_SUPPORT_HPP

#include <ofauth.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <filesystem>
#include <future>
#include <string>
#include <string_view>

namespace support {

/// The SHA-256 of the sample, which the README shows too.
inline constexpr std::string_view clip_sha256 =
    "ed98729e84e055bfff160724734f2938a61f176ecc5062239ae27c68c6a2b3fc";
/// The parts of the sample at the part size that the server has to have: 64 KiB.
inline constexpr std::uint32_t clip_parts = 12;

/// A variable of the environment. Throws if it is not there.
std::string environment(const char *name);

/// What a client of the server is made from.
ofauth::Config config();

/// The sample.
std::filesystem::path clip();

/// The bytes of the sample.
const std::string &clip_bytes();

/// Asks the server's control paths, below /_sandbox, and returns the body of the answer.
std::string control(std::string_view method, std::string_view path, std::string_view body = {});

/// What the server knows of an upload, as JSON.
std::string upload_record(const std::string &upload_id);

/// Whether `text` has `part` in it.
inline bool has(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

/// Faults that the server plays as long as this lives.
class Faults {
  public:
    explicit Faults(std::string_view rules) { control("POST", "/_sandbox/faults", rules); }
    ~Faults() { control("DELETE", "/_sandbox/faults"); }
    Faults(const Faults &) = delete;
    Faults &operator=(const Faults &) = delete;
};

/// Faults under which the parts of "stuck.mp4" are accepted by the kernel and never answered.
inline constexpr std::string_view stuck =
    R"([{"on": {"operation": "upload_part", "filename": "stuck.mp4", "times": "always"},
         "fault": {"kind": "slow_reader", "bytes_per_second": 0}}])";

/// A directory of its own, removed with all that is in it.
class Directory {
  public:
    Directory();
    ~Directory();
    Directory(const Directory &) = delete;
    Directory &operator=(const Directory &) = delete;

    std::filesystem::path journal() const { return path_ / "journal \xc3\xa9"; }
    std::filesystem::path rate() const { return path_ / "rate"; }

  private:
    std::filesystem::path path_;
};

/// Something that happens once, and that other threads wait for.
class Event {
  public:
    void happen() {
        if (!happened_.exchange(true)) promise_.set_value();
    }
    void wait() const { future_.wait(); }

  private:
    std::atomic<bool> happened_{false};
    std::promise<void> promise_;
    std::shared_future<void> future_{promise_.get_future()};
};

/// The error that `call` throws. Fails the test if it throws none.
template <typename Call>
ofauth::Error error_of(const Call &call) {
    try {
        call();
    } catch (const ofauth::Error &error) {
        return error;
    }
    FAIL("no ofauth::Error was thrown");
    throw 0;  // FAIL does not return, which the compiler cannot know.
}

}  // namespace support

#endif
