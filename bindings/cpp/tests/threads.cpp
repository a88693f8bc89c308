// Cancelling, and several threads.
#include "support.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <set>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using ofauth::Cancel;
using ofauth::Client;
using ofauth::Progress;
using ofauth::Status;
using ofauth::Upload;
using support::clip;
using support::clip_bytes;
using support::error_of;
using support::Event;

namespace {

/// Runs its function on a thread, and waits for its end when it goes.
class Thread {
  public:
    template <typename Function>
    explicit Thread(Function function) : thread_(std::move(function)) {}
    ~Thread() { thread_.join(); }
    Thread(const Thread &) = delete;
    Thread &operator=(const Thread &) = delete;

  private:
    std::thread thread_;
};

}  // namespace

TEST_CASE("a progress function cancels by returning false") {
    const Client client(support::config());
    Upload upload;
    upload.set_file(clip()).set_progress([](const Progress &progress) { return progress.parts_done < 3; });
    CHECK(error_of([&] { client.run(upload); }).code() == Status::cancelled);
    upload.set_progress(std::function<bool(const Progress &)>());
    CHECK(client.run(upload).part_count() == support::clip_parts);
    upload.set_progress(std::function<void(const Progress &)>());
    CHECK(client.run(upload).part_count() == support::clip_parts);
}

TEST_CASE("another thread cancels an upload that waits for the network") {
    const support::Faults faults(support::stuck);
    const Client client(support::config());
    const Cancel cancel;
    Event sending;
    Upload upload;
    upload.set_file(clip()).set_filename("stuck.mp4").set_cancel(cancel);
    upload.set_progress([&](const Progress &progress) {
        if (progress.handed_over > 0) sending.happen();
    });
    std::chrono::steady_clock::time_point cancelled;
    const Thread other([&] {
        sending.wait();
        cancelled = std::chrono::steady_clock::now();
        cancel.cancel();
        cancel.cancel();
    });
    const auto error = error_of([&] { client.run(upload); });
    CHECK(std::chrono::steady_clock::now() - cancelled < 10s);
    CHECK(error.code() == Status::cancelled);
    CHECK(error.upload_id().has_value());
    // It stays cancelled, and copies are the same one.
    CHECK(error_of([&] { client.run(upload); }).code() == Status::cancelled);
    CHECK(error_of([&] { client.run(upload.set_cancel(Cancel(cancel))); }).code() == Status::cancelled);
}

TEST_CASE("a cancel takes effect once a reader returns, whose own copy may be the last") {
    const Client client(support::config());
    Event reading, cancelled;
    Upload upload;
    std::optional<Cancel> cancel(std::in_place);
    upload.set_filename("slow.mp4").set_cancel(*cancel);
    upload.set_reader(clip_bytes().size(), [&](std::uint64_t offset, std::byte *buffer, std::size_t size) {
        reading.happen();
        cancelled.wait();
        size = std::min(size, clip_bytes().size() - static_cast<std::size_t>(offset));
        std::memcpy(buffer, clip_bytes().data() + offset, size);
        return size;
    });
    const Thread other([&] {
        reading.wait();
        cancel->cancel();
        cancel.reset();
        cancelled.happen();
    });
    CHECK(error_of([&] { client.run(upload); }).code() == Status::cancelled);
}

TEST_CASE("a cancel may be used inside a function") {
    const Client client(support::config());
    const Cancel cancel;
    Upload upload;
    upload.set_file(clip()).set_cancel(cancel).set_progress([&](const Progress &) { cancel.cancel(); });
    CHECK(error_of([&] { client.run(upload); }).code() == Status::cancelled);
}

TEST_CASE("many threads share a client and a log") {
    constexpr int threads = 8, rounds = 3;
    auto config = support::config();
    std::atomic<int> lines{0};
    config.set_log(ofauth::LogLevel::trace, [&](ofauth::LogLevel, std::string_view) { ++lines; });
    const Client client(config);
    std::atomic<int> told{0}, thrown{0};

    std::vector<std::vector<std::string>> ids(threads);
    {
        std::vector<std::unique_ptr<Thread>> running;
        for (auto &own : ids) {
            running.push_back(std::make_unique<Thread>([&] {
                Upload upload;
                upload.set_file(clip()).set_progress([&](const Progress &) { ++told; });
                for (int round = 0; round < rounds; ++round) {
                    own.push_back(client.run(upload).upload_id());
                    if (client.call("whoami").status() != 200) own.clear();
                    // An exception belongs to the thread that threw it.
                    Upload failing;
                    failing.set_file(clip()).set_progress([&](const Progress &) { throw &own; });
                    try {
                        client.run(failing);
                    } catch (const std::vector<std::string> *of) {
                        if (of == &own) ++thrown;
                    }
                }
            }));
        }
    }
    std::set<std::string> different;
    for (const auto &own : ids) different.insert(own.begin(), own.end());
    CHECK(different.size() == threads * rounds);
    CHECK(thrown == threads * rounds);
    CHECK(told > threads * rounds);
    CHECK(lines > 0);
}

TEST_CASE("a client may go while another thread uploads with it") {
    int lines = 0, lines_before = 0;
    // The log is the client's alone.
    std::optional<Client> client(std::in_place, [&] {
        auto config = support::config();
        config.set_log(ofauth::LogLevel::trace, [&](ofauth::LogLevel, std::string_view) { ++lines; });
        return Client(config);
    }());
    Event under_way, gone;
    Upload upload;
    upload.set_file(clip()).set_progress([&](const Progress &) {
        under_way.happen();
        gone.wait();
        if (lines_before == 0) lines_before = lines + 1;
    });
    std::optional<ofauth::Result> result;
    {
        const Thread other([&] { result.emplace(client->run(upload)); });
        under_way.wait();
        client.reset();
        gone.happen();
    }
    CHECK(result.value().part_count() == support::clip_parts);
    CHECK(lines_before > 0);
    CHECK(lines >= lines_before);
}
