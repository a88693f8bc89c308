// Lets each allocation of a program's life fail in turn: std::bad_alloc has to come out every time. That
// nothing leaks is seen by running this under AddressSanitizer, or under valgrind with
// --soname-synonyms=somalloc=nouserintercepts, without which it replaces the operators below by its own.
#include <ofauth.hpp>

#include <cstdlib>
#include <iostream>
#include <new>
#include <string>
#include <vector>

namespace {

/// How many allocations of this thread succeed before one fails; negative for all.
thread_local long until_failure = -1;

void *allocate(std::size_t size) {
    if (until_failure == 0) {
        until_failure = -1;
        throw std::bad_alloc();
    }
    if (until_failure > 0) --until_failure;
    if (void *const memory = std::malloc(size == 0 ? 1 : size)) return memory;
    throw std::bad_alloc();
}

std::string environment(const char *name) {
    const char *const value = std::getenv(name);
    if (value == nullptr) throw std::runtime_error(std::string("set ") + name);
    return value;
}

/// One life of all objects: every kind of source, of function and of call.
void live(const std::string &key, const std::string &url, const std::string &connection) {
    const std::string much(100, 'm');  // Too long to be kept without an allocation.
    ofauth::Config config(key);
    config.set_base_url(url).set_connection_id(connection).set_user_agent(much);
    config.set_log(ofauth::LogLevel::info, [much](ofauth::LogLevel, std::string_view line) {
        const std::string copy(line);
    });
    const ofauth::Client client(config);
    const ofauth::Cancel cancel;

    ofauth::Upload upload;
    upload.set_bytes(much.data(), much.size()).set_filename(much + ".mp4").set_cancel(cancel);
    upload.set_progress([much](const ofauth::Progress &) { const std::string copy(much); });
    const auto result = client.run(upload);
    upload.set_reader(much.size(), [much](std::uint64_t offset, std::byte *buffer, std::size_t size) {
        const std::string piece = much.substr(static_cast<std::size_t>(offset), size);
        for (std::size_t at = 0; at < piece.size(); ++at) buffer[at] = static_cast<std::byte>(piece[at]);
        return piece.size();
    });
    const auto other = client.run(upload);
    ofauth::Batch batch;
    batch.set_files(2).set_record(much).set_cancel(cancel);
    batch.set_notice([much](std::uint64_t, const ofauth::Notice &) { const std::string copy(much); });
    batch.add_bytes(much.data(), much.size(), much).add_file(much);
    batch.add_reader(1, [much](std::uint64_t, std::byte *, std::size_t size) { return size; }, much);
    for (const auto &file : client.results(batch)) {
        if (const auto error = file.error(); !error) static_cast<void>(file.result().upload_id());
    }
    client.settle(batch);
    client.check(other.etag(0).value(), result.bytes());
    client.vault_plus_batch({much, "1", "2"});
    const std::string text = client.call("whoami", "{}").json();
    try {
        client.call(much);
    } catch (const ofauth::Error &error) {
        const ofauth::Error copy(error);
        static_cast<void>(copy.api_type());
    }
}

}  // namespace

void *operator new(std::size_t size) { return allocate(size); }
void *operator new[](std::size_t size) { return allocate(size); }
void operator delete(void *memory) noexcept { std::free(memory); }
void operator delete[](void *memory) noexcept { std::free(memory); }
void operator delete(void *memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void *memory, std::size_t) noexcept { std::free(memory); }

int main() try {
    const auto key = environment("OFAUTH_API_KEY"), url = environment("OFAUTH_BASE_URL");
    const auto connection = environment("OFAUTH_CONNECTION_ID");
    constexpr long most = 500, least = 30;
    for (long allocation = 0; allocation < most; ++allocation) {
        bool failed = false;
        until_failure = allocation;
        try {
            live(key, url, connection);
        } catch (const std::bad_alloc &) {
            failed = true;
        }
        const bool was_made_to_fail = until_failure < 0;
        until_failure = -1;
        if (failed != was_made_to_fail) {
            std::cerr << "allocation " << allocation << " failed and no std::bad_alloc came out\n";
            return 1;
        }
        if (!failed) {
            std::cout << allocation << " allocations failed in turn\n";
            return allocation >= least ? 0 : 1;
        }
    }
    std::cerr << "more than " << most << " allocations\n";
    return 1;
} catch (const std::exception &error) {
    std::cerr << error.what() << '\n';
    return 1;
}
