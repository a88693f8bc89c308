// Batches: the results of their files, what functions of theirs throw and do, records, and what ends them.
#include "support.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>
#include <iterator>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using ofauth::Batch;
using ofauth::Batched;
using ofauth::Client;
using ofauth::Notice;
using ofauth::NoticeKind;
using ofauth::Phase;
using ofauth::Progress;
using ofauth::Results;
using ofauth::Status;
using ofauth::Upload;
using ofauth::Wait;
using support::clip;
using support::clip_bytes;
using support::error_of;
using support::has;

namespace {

using Traits = std::iterator_traits<Results::Iterator>;
static_assert(std::is_same_v<Traits::iterator_category, std::input_iterator_tag>);
static_assert(std::is_same_v<Traits::value_type, Batched>);

template <typename Asked, typename = void>
constexpr bool has_results = false;
template <typename Asked>
constexpr bool has_results<Asked, std::void_t<decltype(std::declval<Asked>().results(std::declval<Batch &>()))>> = true;
static_assert(has_results<const Client &> && !has_results<Client>, "a loop over a client that is gone");

void add(Batch &batch, const char *filename) {
    batch.add_bytes(clip_bytes().data(), clip_bytes().size(), filename);
}

/// A reader of the sample.
std::size_t read_clip(std::uint64_t offset, std::byte *buffer, std::size_t size) {
    const auto count = std::min(size, clip_bytes().size() - static_cast<std::size_t>(offset));
    std::memcpy(buffer, clip_bytes().data() + offset, count);
    return count;
}

/// What the files of a batch that are left end with, by their index.
std::map<std::uint64_t, Status> rest_of(const Client &client, Batch &batch) {
    std::map<std::uint64_t, Status> ends;
    for (const auto &file : client.results(batch)) {
        const auto error = file.error();
        CHECK(ends.emplace(file.index(), error ? error->code() : Status::ok).second);
    }
    return ends;
}

using Ends = std::map<std::uint64_t, Status>;

}  // namespace

TEST_CASE("every file of a batch has its result, by its index") {
    const Client client(support::config());
    const auto caller = std::this_thread::get_id();
    const std::string missing = "there is no such file.mp4";
    const std::array<std::string, 4> names{"bytes.mp4", "reader.mp4", clip().string(), missing};
    std::array<Phase, 4> phases{};
    Batch batch;
    batch.set_files(3).set_progress([&](std::uint64_t index, const Progress &now) {
        CHECK(std::this_thread::get_id() == caller);
        CHECK(now.acknowledged <= now.total);
        phases.at(index) = now.phase;
    });
    add(batch, "bytes.mp4");
    batch.add_reader(clip_bytes().size(), read_clip, "reader.mp4").add_file(clip()).add_file(missing);
    std::set<std::uint64_t> seen;
    for (auto &&file : client.results(batch)) {
        CHECK(seen.insert(file.index()).second);
        CHECK(file.name() == names.at(file.index()));
        CHECK(file.was_tried());
        CHECK(file.ok() == (file.index() != 3));
        if (file.ok()) {
            const auto result = file.result();
            CHECK(file.error() == std::nullopt);
            CHECK(has(support::upload_record(result.upload_id()), support::clip_sha256));
            CHECK(phases.at(file.index()) == Phase::done);
            // The record of a batch holds results, and here is none.
            client.settle(result);
        } else {
            CHECK(file.error().value().code() == Status::source);
            CHECK(has(error_of([&] { file.result(); }).what(), missing));
        }
    }
    CHECK(seen.size() == 4);
    CHECK(!client.next(batch));
    const auto code = [](const auto &call) { return error_of(call).code(); };
    CHECK(code([&] { batch.add_file(clip()); }) == Status::invalid_argument);
    CHECK(code([&] { batch.set_files(2); }) == Status::invalid_argument);
    Batch empty;
    CHECK(code([&] { empty.set_files(0); }) == Status::invalid_argument);
    CHECK(code([&] { empty.add_reader(1, {}, "a.mp4"); }) == Status::null);
    CHECK(rest_of(client, empty).empty());
}

TEST_CASE("the results of a batch are an input range") {
    const Client client(support::config());
    Batch batch;
    for (int count = 0; count < 3; ++count) batch.add_file(clip());
    const auto results = client.results(batch);
    auto at = results.begin();
    const auto first = *at++;
    CHECK(first.index() == 0);
    CHECK(at->index() == 1);
    CHECK(at != results.end());
    const std::vector<Batched> rest(at, results.end());
    CHECK(rest.size() == 2);
    CHECK(std::all_of(rest.begin(), rest.end(), [](const Batched &file) { return file.ok(); }));
    CHECK(results.begin() == results.end());
}

TEST_CASE("the options of a batch are an upload without a source") {
    const Client client(support::config());
    Batch batch;
    const auto refused = [&](const Upload &upload) {
        return error_of([&] { batch.set_options(upload); }).code() == Status::invalid_argument;
    };
    Upload upload;
    CHECK(refused(upload.set_file(clip())));
    CHECK(refused(Upload().set_cancel(ofauth::Cancel())));
    CHECK(refused(Upload().set_progress([](const Progress &) {})));
    Upload options;
    batch.set_options(options.set_content_type("video/quicktime").set_concurrency(1)).add_file(clip());
    const auto file = client.next(batch).value();
    CHECK(has(support::upload_record(file.result().upload_id()), "video/quicktime"));
    Batch hasty;
    hasty.set_options(options.set_timeout(1ms)).add_file(clip());
    CHECK(client.next(hasty).value().error().value().code() == Status::timeout);
}

TEST_CASE("what progress and notices throw comes out, cancels the batch, and loses no result") {
    const Client client(support::config());
    Batch told;
    bool thrown = false;
    told.set_progress([&](std::uint64_t, const Progress &now) {
        CHECK(!thrown);
        if (now.phase != Phase::done) return;
        thrown = true;
        throw std::domain_error("enough");
    });
    add(told, "thrown.mp4");
    add(told, "not tried.mp4");
    CHECK_THROWS_AS(client.next(told), std::domain_error);
    const auto first = client.next(told).value();
    CHECK(first.index() == 0);
    CHECK(first.result().part_count() == support::clip_parts);
    const auto second = client.next(told).value();
    CHECK(!second.was_tried());
    CHECK(second.error().value().code() == Status::cancelled);
    CHECK(!client.next(told));

    const support::Faults faults(
        R"([{"on": {"operation": "init_upload", "times": "always"}, "fault": {"kind": "status", "status": 503}}])");
    Batch noticed;
    noticed.set_notice([](std::uint64_t index, const Notice &notice) {
        CHECK(index == 0);
        if (notice.kind == NoticeKind::retrying) throw notice.kind;
    });
    add(noticed, "noticed.mp4");
    CHECK_THROWS_AS(client.next(noticed), NoticeKind);
    CHECK(rest_of(client, noticed) == Ends{{0, Status::cancelled}});
}

TEST_CASE("what a reader throws comes out, and is the failure of its file alone") {
    const Client client(support::config());
    Batch batch;
    int told = 0;
    batch.set_files(3).set_progress([&](std::uint64_t, const Progress &) { ++told; });
    batch.add_reader(clip_bytes().size(), read_clip, "one.mp4");
    batch.add_reader(
        clip_bytes().size(),
        [](std::uint64_t, std::byte *, std::size_t) -> std::size_t { throw std::domain_error("no disk"); },
        "two.mp4");
    batch.add_reader(clip_bytes().size(), read_clip, "three.mp4");
    Ends ends;
    int thrown = 0;
    const auto results = client.results(batch);
    // An exception out of begin() or ++ leaves the batch to go on with.
    for (;;) {
        try {
            for (auto at = results.begin(); at != results.end(); ++at) {
                const auto error = at->error();
                CHECK(ends.emplace(at->index(), error ? error->code() : Status::ok).second);
            }
            break;
        } catch (const std::domain_error &error) {
            CHECK(error.what() == std::string("no disk"));
            ++thrown;
        }
    }
    CHECK(ends == Ends{{0, Status::ok}, {1, Status::source}, {2, Status::ok}});
    CHECK(thrown == 1);
    CHECK(told > 0);
}

TEST_CASE("what a log or a tick throws comes out, and the batch goes on") {
    bool quiet = true;
    auto config = support::config();
    config.set_log(ofauth::LogLevel::trace, [&](ofauth::LogLevel, std::string_view) {
        if (!std::exchange(quiet, true)) throw std::domain_error("a log");
    });
    const Client client(config);
    const support::Faults faults(
        R"([{"on": {"operation": "init_upload"}, "fault": {"kind": "delay", "ms": 1000}}])");
    Batch batch;
    batch.set_progress([](std::uint64_t, const Progress &) {});
    batch.add_reader(clip_bytes().size(), read_clip, "slow.mp4").add_file(clip());
    const auto ticking = client.with(Wait().set_tick([] { throw std::out_of_range("a tick"); }));
    CHECK_THROWS_AS(ticking.next(batch), std::out_of_range);
    quiet = false;
    CHECK_THROWS_AS(client.next(batch), std::domain_error);
    CHECK(rest_of(client, batch) == Ends{{0, Status::ok}, {1, Status::ok}});
}

TEST_CASE("what a function throws in a call that is given up comes before the error") {
    const Client client(support::config());
    const ofauth::Cancel cancel;
    cancel.cancel();
    const auto hasty = client.with(Wait().set_cancel(cancel));
    bool settling = false, thrown = false, came_out = false;
    Batch batch;
    batch.set_files(2).add_bytes("clip", 4, "small.mp4");
    batch.add_reader(
        10'000'000,
        [&](std::uint64_t, std::byte *buffer, std::size_t size) {
            if (settling && !std::exchange(thrown, true)) throw std::domain_error("no disk");
            std::fill_n(buffer, size, std::byte{7});
            return size;
        },
        "large.mp4");
    REQUIRE(client.next(batch).value().index() == 0);
    settling = true;
    while (!thrown) {
        try {
            hasty.settle(batch);
        } catch (const std::domain_error &) {
            came_out = true;
        } catch (const ofauth::Error &error) {
            CHECK(error.code() == Status::cancelled);
        }
    }
    CHECK(came_out);
    CHECK(rest_of(client, batch) == Ends{{1, Status::source}});
}

TEST_CASE("a cancelled batch gives out every file") {
    const Client client(support::config());
    const ofauth::Cancel cancel;
    const Ends all{{0, Status::cancelled}, {1, Status::cancelled}, {2, Status::cancelled}};
    Batch batch;
    batch.set_cancel(cancel);
    for (int count = 0; count < 3; ++count) batch.add_file(clip());
    cancel.cancel();
    CHECK(rest_of(client, batch) == all);

    Batch told;
    std::set<std::uint64_t> indexes;
    told.set_cancel(cancel).set_cancel(nullptr).set_progress([&](std::uint64_t index, const Progress &) {
        indexes.insert(index);
        return false;
    });
    // By a reader, which is asked behind the first progress: so the service is not being asked to finish by then.
    const auto read = [](std::uint64_t, std::byte *buffer, std::size_t size) {
        std::fill_n(buffer, size, std::byte{7});
        return size;
    };
    told.add_reader(200'000, read, "cancelled.mp4");
    for (int count = 1; count < 3; ++count) told.add_file(clip());
    const auto first = client.next(told).value();
    CHECK(first.was_tried());
    CHECK(first.error().value().code() == Status::cancelled);
    CHECK(rest_of(client, told).size() == 2);
    CHECK(indexes == std::set<std::uint64_t>{0});

    Batch given_up;
    given_up.add_file(clip());
    const auto hasty = client.with(Wait().set_cancel(cancel));
    CHECK(error_of([&] { hasty.next(given_up); }).code() == Status::cancelled);
    CHECK(error_of([&] { Client(support::config()).next(given_up); }).code() == Status::invalid_argument);
    CHECK(rest_of(client, given_up) == Ends{{0, Status::ok}});
}

TEST_CASE("a record gives results again until it is settled") {
    const support::Directory directory;
    const Client client(support::config().set_journal_dir(directory.journal()));
    std::array<std::set<std::string>, 3> ids;
    for (std::size_t run = 0; run < ids.size(); ++run) {
        int recorded = 0;
        Batch batch;
        batch.set_options(Upload().set_hold_result(true)).set_record("held");
        batch.set_notice([&](std::uint64_t, const Notice &notice) {
            if (notice.kind == NoticeKind::already_recorded) ++recorded;
        });
        add(batch, "held.mp4");
        batch.add_file(clip());
        for (const auto &file : client.results(batch)) {
            const auto result = file.result();
            CHECK(result.resumed() == (run == 1 ? result.bytes() : 0));
            ids.at(run).insert(result.upload_id());
        }
        CHECK(recorded == (run == 1 ? 2 : 0));
        if (run > 0) {
            client.settle(batch);
            client.settle(batch);
        }
    }
    CHECK(ids[0].size() == 2);
    CHECK(ids[0] == ids[1]);
    CHECK(std::none_of(ids[2].begin(), ids[2].end(), [&](const auto &id) { return ids[1].count(id) > 0; }));
}

TEST_CASE("one batch at a time has a name, and an empty name is none") {
    const support::Directory directory;
    const Client client(support::config().set_journal_dir(directory.journal()));
    Batch first, second, unnamed;
    first.set_record("a name").add_file(clip());
    second.set_record("a name").add_file(clip());
    unnamed.set_record("a name").set_record("").add_file(clip());
    CHECK(client.next(first).value().ok());
    CHECK(error_of([&] { client.next(second); }).code() == Status::busy);
    Batch third;
    CHECK(error_of([&] { client.settle(third.set_record("a name")); }).code() == Status::busy);
    CHECK(rest_of(client, second) == Ends{{0, Status::busy}});
    CHECK(client.next(unnamed).value().ok());
}

TEST_CASE("functions of a batch may add files, and may not wait") {
    const Client client(support::config());
    Batch batch;
    std::uint64_t added = 0;
    batch.set_progress([&](std::uint64_t index, const Progress &) {
        CHECK(error_of([&] { client.next(batch); }).code() == Status::reentrant);
        CHECK(error_of([&] { client.settle(batch); }).code() == Status::reentrant);
        if (index != added || added == 3) return;
        ++added;
        batch.add_file(clip());
    });
    batch.add_file(clip());
    CHECK(rest_of(client, batch).size() == 4);
    CHECK(added == 3);
}

TEST_CASE("one thread waits for a batch, and others add to it") {
    const Client client(support::config());
    Batch batch;
    bool asked = false;
    batch.set_progress([&](std::uint64_t, const Progress &) {
        if (std::exchange(asked, true)) return;
        std::thread other([&] {
            CHECK(error_of([&] { client.next(batch); }).code() == Status::busy);
            batch.add_file(clip());
        });
        other.join();
    });
    batch.add_file(clip());
    CHECK(rest_of(client, batch) == Ends{{0, Status::ok}, {1, Status::ok}});
}

TEST_CASE("results and errors outlive their file, their batch and their client") {
    std::optional<ofauth::Result> result;
    std::optional<ofauth::Error> error;
    {
        const Client client(support::config());
        Batch batch;
        batch.add_file(clip()).add_file("there is no such file.mp4");
        const auto file = client.next(batch).value();
        result.emplace(file.result());
        CHECK(file.result().upload_id() == result->upload_id());
        error = client.next(batch).value().error();
    }
    CHECK(result->bytes() == clip_bytes().size());
    CHECK(has(result->json(), result->upload_id()));
    const auto moved = std::move(*result);
    CHECK(moved.etag(0).has_value());
    CHECK(error_of([&] { result->bytes(); }).code() == Status::null);
    CHECK(has(error->what(), "there is no such file.mp4"));
    CHECK(error->http_status() == 0);
}

TEST_CASE("functions live as long as what uses them, and once") {
    const auto alive = std::make_shared<int>(1);
    const auto reader = [alive](std::uint64_t offset, std::byte *buffer, std::size_t size) {
        return read_clip(offset, buffer, size);
    };
    const Client client(support::config());
    {
        Batch batch;
        batch.set_progress([alive](std::uint64_t, const Progress &) {});
        batch.set_notice([alive](std::uint64_t, const Notice &) { return true; });
        CHECK(alive.use_count() == 4);
        batch.set_notice(nullptr).set_notice(std::function<bool(std::uint64_t, const Notice &)>());
        CHECK(alive.use_count() == 3);
        for (const char *name : {"one.mp4", "two.mp4"}) batch.add_reader(clip_bytes().size(), reader, name);
        CHECK(alive.use_count() == 5);
        CHECK_THROWS_AS(batch.add_reader(1, reader, std::string_view("\0", 1)), ofauth::Error);
        Batch moved(std::move(batch));
        CHECK(client.next(moved).value().ok());
        CHECK(alive.use_count() == 4);
        batch = std::move(moved);
        CHECK(alive.use_count() == 4);
        CHECK(client.next(batch).value().ok());
        CHECK(alive.use_count() == 3);
    }
    CHECK(alive.use_count() == 2);
}

TEST_CASE("a function may destroy its batch and its client") {
    for (const bool throws : {false, true}) {
        std::optional<Client> client(support::config());
        std::optional<Batch> batch(std::in_place);
        const std::string text = "long enough to live on the heap and not in the function itself";
        batch->set_progress([&, text](std::uint64_t, const Progress &) {
            batch.reset();
            client.reset();
            CHECK(text.size() == 62);
            if (throws) throw 42;
        });
        batch->add_file(clip());
        if (throws) {
            CHECK_THROWS_AS(client->next(*batch), int);
        } else {
            CHECK(client->next(*batch).value().ok());
        }
        CHECK(!batch);
    }
}

TEST_CASE("batches that were moved from are refused, and one that is destroyed gives back what it was lent") {
    const Client client(support::config());
    Batch batch;
    Batch other(std::move(batch));
    const auto moved = [](const char *type, const auto &call) {
        const auto error = error_of(call);
        CHECK(error.code() == Status::null);
        CHECK(has(error.what(), type));
    };
    moved("Batch", [&] { batch.set_files(1); });
    moved("Batch", [&] { batch.add_file(clip()); });
    moved("Batch", [&] { batch.set_progress(nullptr); });
    moved("Batch", [&] { client.next(batch); });
    moved("Batch", [&] { client.results(batch).begin(); });
    moved("Batch", [&] { client.settle(batch); });
    Client first(support::config());
    const Client second(std::move(first));
    moved("Client", [&] { first.next(other); });
    moved("Client", [&] { first.settle(other); });
    Upload upload;
    const Upload options(std::move(upload));
    moved("Upload", [&] { other.set_options(upload); });

    // A checker sees who looks at it afterwards.
    auto lent = std::make_unique<std::string>(clip_bytes());
    other.set_files(4);
    for (int count = 0; count < 6; ++count) other.add_bytes(lent->data(), lent->size(), "lent.mp4");
    auto file = client.next(other).value();
    CHECK(file.ok());
    other = Batch();
    lent.reset();
    const Batched kept(std::move(file));
    moved("Batched", [&] { file.index(); });
    moved("Batched", [&] { file.result(); });
    moved("Batched", [&] { file.error(); });
    CHECK(kept.result().bytes() == clip_bytes().size());
}
