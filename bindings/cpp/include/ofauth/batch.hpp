// Part of ofauth.hpp: many uploads by one object, and how each of them ended.
#ifndef OFAUTH_BATCH_HPP
#define OFAUTH_BATCH_HPP

#include <ofauth/callbacks.hpp>
#include <ofauth/error.hpp>
#include <ofauth/results.hpp>
#include <ofauth/upload.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace ofauth {

class Client;

namespace detail {

/// A file of a batch that has ended. There is room for it before it is asked for, so that none is lost.
struct Ended {
    BatchedHandle handle;
    std::shared_ptr<Ended> next;
};

/// A batch, and the files that ended in calls out of which an exception came. Client::next shares it while it waits.
class BatchState {
  public:
    explicit BatchState(BatchHandle handle) noexcept : handle_(std::move(handle)) {}

    ofauth_batch *get() const noexcept { return handle_.get(); }

    /// How the next file ended; without a handle if there is none.
    std::shared_ptr<Ended> next(const ofauth_client *client) {
        if (auto file = take()) return file;
        auto file = std::make_shared<Ended>();
        try {
            make_in(file->handle, &ofauth_batch_next, client, get());
        } catch (...) {
            if (file->handle) put_back(std::move(file));
            throw;
        }
        return file;
    }

  private:
    std::shared_ptr<Ended> take() {
        const std::lock_guard lock(mutex_);
        auto file = std::move(first_);
        if (file) first_ = std::move(file->next);
        return file;
    }
    void put_back(std::shared_ptr<Ended> file) {
        const std::lock_guard lock(mutex_);
        file->next = std::move(first_);
        first_ = std::move(file);
    }

    BatchHandle handle_;
    std::mutex mutex_;
    std::shared_ptr<Ended> first_;
};

// What a function of one file throws is not the end of the others, unless it cancels: their readers go on.

inline int on_batch_progress(void *function, std::uint64_t index, const ofauth_progress *at) noexcept {
    if (Frame::is_over()) return 0;
    return Frame::keep(1, [&] {
        return (*static_cast<const BatchProgressFunction *>(function))(index, progress_of(at)) ? 0 : 1;
    });
}

inline int on_batch_notice(void *function, std::uint64_t index, std::int32_t kind, const char *text) noexcept {
    if (Frame::is_over()) return 0;
    return Frame::keep(1, [&] {
        const Notice notice{static_cast<NoticeKind>(kind), text};
        return (*static_cast<const BatchNoticeFunction *>(function))(index, notice) ? 0 : 1;
    });
}

inline std::int64_t on_batch_read(void *function, std::uint64_t offset, std::uint8_t *buffer,
                                  std::size_t size) noexcept {
    return Frame::keep(std::int64_t{-1}, [&] {
        return read(*static_cast<const ReadFunction *>(function), offset, buffer, size);
    });
}

}  // namespace detail

/// How one file of a batch ended. Copies share it, and copying does not throw.
class Batched {
  public:
    /// The place of the file among those that were added, from 0.
    std::uint64_t index() const { return ofauth_batched_index(handle()); }
    /// What people call the file: its path, or the name of what has no path.
    std::string name() const { return ofauth_batched_name(handle()); }
    /// Whether the file was tried. One that was not has the status of the failure that stopped the batch, which
    /// is that of another file, or Status::cancelled; nothing was sent for it.
    bool was_tried() const { return ofauth_batched_was_tried(handle()) != 0; }
    /// Whether the file was uploaded.
    bool ok() const { return ofauth_batched_result(handle()) != nullptr; }
    /// The finished upload, which may outlive this object. Throws error() if there is none.
    Result result() const {
        if (auto failure = error()) throw *std::move(failure);
        return Result(part(ofauth_batched_result(handle())));
    }
    /// Why the file was not uploaded; nothing if it was.
    std::optional<Error> error() const {
        const ofauth_error *const error = ofauth_batched_error(handle());
        if (error == nullptr) return std::nullopt;
        return Error(static_cast<Status>(ofauth_error_status(error)), part(error));
    }

  private:
    friend class Client;
    explicit Batched(std::shared_ptr<const detail::Ended> file) noexcept : file_(std::move(file)) {}
    const ofauth_batched *handle() const { return detail::used(file_, "Batched")->handle.get(); }
    /// What belongs to the file, which lives as long as that is used.
    template <typename Part>
    std::shared_ptr<const Part> part(const Part *part) const noexcept {
        return {file_, part};
    }

    std::shared_ptr<const detail::Ended> file_;
};

/// Many uploads, some of them at once, in memory that does not grow with their number. It is made, given files,
/// and asked by Client::next or Client::results how the next one ended, until there is none.
///
/// One file's failure is its result, and the others go on. What would meet all of them (the key, a proxy that
/// refuses, a full disk for journals, a cancel) stops the batch: the rest are results that were not tried. A service
/// that did not serve three files in a row is waited for, 5 minutes at most, with one file that is tried again.
///
/// With a journal directory, each upload is written into a record before its result is given out: the same files in
/// a later batch give the same references at once, and only the rest is uploaded. A file that is added twice is uploaded
/// once then, and both have the same reference, which only one post can use. See "Batches" in ofauth.h.
///
/// What is set is set before the first Client::next or Client::settle; files may be added, in functions of the batch too, until that has
/// returned nothing. Destroying the batch ends its uploads.
class Batch {
  public:
    /// A batch without files.
    Batch() {
        detail::check_abi();
        state_ = std::make_shared<detail::BatchState>(detail::make<detail::BatchHandle>(&ofauth_batch_new));
    }
    // Two that share their files would only be in each other's way.
    Batch(const Batch &) = delete;
    Batch &operator=(const Batch &) = delete;
    Batch(Batch &&) noexcept = default;
    Batch &operator=(Batch &&) noexcept = default;
    ~Batch() = default;

    /// Uploads each file by the options of `upload`, which are copied. Its timeout is that of each file, and a file
    /// name that of every file. Status::invalid_argument if it has a source, a function or a cancel, which belong to
    /// the batch.
    Batch &set_options(const Upload &upload) {
        return set(&ofauth_batch_set_options, detail::used(upload.handle_, "Upload"));
    }
    /// Files that are uploaded at once, 1 to 64. Default: 1. Each sends so many parts in parallel as its options say.
    Batch &set_files(std::uint32_t files) { return set(&ofauth_batch_set_files, files); }
    /// The name of the record in the client's journal directory, which only one batch at a time has. It then has what
    /// batches of this name uploaded and nothing else. An empty one is none, the default.
    Batch &set_record(std::string_view record) {
        return set(&ofauth_batch_set_record, detail::Text(record, "record").get_or_null());
    }
    /// Lets this cancel end the batch: files under way are cancelled, the others are not tried, and all of them are
    /// still given out.
    Batch &set_cancel(const Cancel &cancel) { return set(&ofauth_batch_set_cancel, cancel.handle_.get()); }
    /// Lets no cancel end the batch, the default.
    Batch &set_cancel(std::nullptr_t) { return set(&ofauth_batch_set_cancel, nullptr); }
    /// Calls a function with the progress of each file, as Upload::set_progress does. It takes the file's index and a
    /// `const Progress &`, and returns nothing, or a bool: false cancels the batch. An empty function, or nullptr, is
    /// called by nobody.
    template <typename Function>
    Batch &set_progress(Function function) {
        return give(&ofauth_batch_set_progress, &detail::on_batch_progress,
                    detail::answering<std::uint64_t, const Progress &>(std::move(function)));
    }
    /// Calls a function with each notice of each file, as Upload::set_notice does, and with what the batch waits for.
    /// It takes the file's index and a `const Notice &`, and returns nothing, or a bool: false cancels the batch. An
    /// empty function, or nullptr, is called by nobody.
    template <typename Function>
    Batch &set_notice(Function function) {
        return give(&ofauth_batch_set_notice, &detail::on_batch_notice,
                    detail::answering<std::uint64_t, const Notice &>(std::move(function)));
    }

    /// Adds a regular file. The first one that is added has the index 0, the next one 1.
    Batch &add_file(const std::filesystem::path &path) {
        return set(&ofauth_batch_add_file, detail::path_text(path).get());
    }
    /// Adds bytes in memory, which are not copied: they must stay as they are until the result of this file was given
    /// out, or the batch is destroyed and no call waits for it.
    Batch &add_bytes(const void *data, std::size_t size, std::string_view filename) {
        return set(&ofauth_batch_add_bytes, data, size, detail::Text(filename, "filename").get());
    }
    /// Adds `size` bytes that a function gives. It runs inside calls that wait for the batch: between two of them, the
    /// upload of this file stands still. When it throws, its file has Status::source, and the others go on.
    Batch &add_reader(std::uint64_t size, ReadFunction function, std::string_view filename) {
        if (!function) throw Error(Status::null, "the reader is an empty function");
        return give(&ofauth_batch_add_reader, &detail::on_batch_read, std::move(function), size,
                    detail::Text(filename, "filename").get());
    }

  private:
    friend class Client;
    template <typename Function, typename... Arguments>
    Batch &set(Function function, Arguments... arguments) {
        detail::call(function, detail::used(state_, "Batch")->get(), arguments...);
        return *this;
    }
    template <typename Setter, typename Callback, typename Function, typename... More>
    Batch &give(Setter setter, Callback callback, Function function, More... more) {
        detail::give(setter, detail::used(state_, "Batch")->get(), callback, std::move(function), more...);
        return *this;
    }

    std::shared_ptr<detail::BatchState> state_;
};

/// How the files of a batch end, as an input range that is gone through once; Client::results makes it. begin() and ++
/// wait as Client::next does, and throw what that throws. After that, ++ or another begin() goes on.
class Results {
  public:
    /// Stands at a file that has ended, or at the end.
    class Iterator {
      public:
        using iterator_category = std::input_iterator_tag;
        using value_type = Batched;
        using difference_type = std::ptrdiff_t;
        using pointer = const Batched *;
        using reference = const Batched &;

        /// The end.
        Iterator() noexcept = default;
        reference operator*() const { return *file_; }
        pointer operator->() const { return &*file_; }
        /// Waits for the next file.
        Iterator &operator++();
        /// The same, and returns where it stood.
        Iterator operator++(int) {
            auto before = *this;
            ++*this;
            return before;
        }
        /// Whether both stand at a file, or both at the end.
        friend bool operator==(const Iterator &one, const Iterator &other) noexcept {
            return one.file_.has_value() == other.file_.has_value();
        }
        friend bool operator!=(const Iterator &one, const Iterator &other) noexcept { return !(one == other); }

      private:
        friend class Results;
        Iterator(const Client *client, Batch *batch) noexcept : client_(client), batch_(batch) {}

        const Client *client_ = nullptr;
        Batch *batch_ = nullptr;
        std::optional<Batched> file_;
    };

    /// Waits for the next file.
    Iterator begin() const { return ++Iterator(client_, batch_); }
    /// After the last one.
    Iterator end() const noexcept { return {}; }

  private:
    friend class Client;
    Results(const Client *client, Batch *batch) noexcept : client_(client), batch_(batch) {}

    const Client *client_;
    Batch *batch_;
};

}  // namespace ofauth

#endif
