// Part of ofauth.hpp: functions of the user that run inside calls, and the calls that run them. An
// exception must not pass through the library: it is kept on the way in and thrown again on the way out.
#ifndef OFAUTH_CALLBACKS_HPP
#define OFAUTH_CALLBACKS_HPP

#include <ofauth/error.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace ofauth {

/// How far an upload is.
struct Progress {
    std::uint64_t handed_over;   ///< Bytes given to the network.
    std::uint64_t acknowledged;  ///< Bytes of acknowledged parts; equals total once the end is confirmed.
    std::uint64_t total;         ///< Bytes of the whole file.
    std::uint64_t sent_again;    ///< Bytes sent once more because a session had expired.
    std::uint32_t parts_done;    ///< Acknowledged parts.
    std::uint32_t parts_total;   ///< Parts of the plan; 0 before there is one.
    std::uint32_t retries;       ///< Requests repeated so far.
    Phase phase;                 ///< What is being done.
    std::uint64_t resumed;       ///< Bytes that an earlier run had sent, in acknowledged from the start.
    std::uint64_t rate;          ///< Bytes per second of this run, evened out; 0 while not known.
    /// How long the rest takes; nothing while it is not known.
    std::optional<std::chrono::milliseconds> eta;
    /// How long the upload session lasts; nothing if the service did not say.
    std::optional<std::chrono::milliseconds> session_left;
};

/// Something that happens to an upload and that its user should know.
struct Notice {
    NoticeKind kind;   ///< What it is about.
    std::string text;  ///< One line for people.
};

/// Takes the log messages of calls. The text is valid during the call.
using LogFunction = std::function<void(LogLevel level, std::string_view message)>;
/// Takes the progress of an upload. False cancels it.
using ProgressFunction = std::function<bool(const Progress &progress)>;
/// Takes a notice of an upload. False cancels it.
using NoticeFunction = std::function<bool(const Notice &notice)>;
/// Takes the progress of a file of a batch, which was added as number `index`, from 0. False cancels the batch.
using BatchProgressFunction = std::function<bool(std::uint64_t index, const Progress &progress)>;
/// Takes a notice of a file of a batch, which was added as number `index`, from 0. False cancels the batch.
using BatchNoticeFunction = std::function<bool(std::uint64_t index, const Notice &notice)>;
/// Is called four times a second while a call waits. False cancels it.
using TickFunction = std::function<bool()>;
/// Reads up to `size` bytes from `offset` into `buffer`, and returns how many; 0 at the end. The same
/// range must give the same bytes each time. Failure is told by throwing.
using ReadFunction = std::function<std::size_t(std::uint64_t offset, std::byte *buffer, std::size_t size)>;

namespace detail {

/// Stands for a call that runs on this thread and keeps what one of its functions threw.
class OFAUTH_HPP_SHARED Frame {
  public:
    Frame() noexcept : outer_(current()) { current() = this; }
    ~Frame() { current() = outer_; }
    Frame(const Frame &) = delete;
    Frame &operator=(const Frame &) = delete;

    void rethrow() const {
        if (thrown_) std::rethrow_exception(thrown_);
    }

    /// Whether a function of the call on this thread has thrown, and ended with that what it was about.
    static bool is_over() noexcept { return current() != nullptr && current()->is_over_; }

    /// What `function` returns, or `stop` if it throws. The first exception of a call is kept, as none must
    /// pass through the library.
    template <typename Answer, typename Function>
    static Answer keep(Answer stop, const Function &function) noexcept {
        try {
            return function();
        } catch (...) {
            throws();
            if (Frame *const frame = current()) frame->is_over_ = true;
            return stop;
        }
    }

    /// The same, or `stop` if that has happened to another function of the call.
    template <typename Answer, typename Function>
    static Answer guard(Answer stop, const Function &function) noexcept {
        return is_over() ? stop : keep(stop, function);
    }

    /// Runs a log, whose exception is kept, too, but ends nothing. After one, no other runs.
    template <typename Function>
    static void log(const Function &function) noexcept {
        if (current() != nullptr && current()->thrown_) return;
        try {
            function();
        } catch (...) {
            throws();
        }
    }

  private:
    static void throws() noexcept {
        Frame *const frame = current();
        if (frame != nullptr && !frame->thrown_) frame->thrown_ = std::current_exception();
    }
    static Frame *&current() noexcept {
        static thread_local Frame *frame = nullptr;
        return frame;
    }

    Frame *outer_;
    std::exception_ptr thrown_;
    bool is_over_ = false;
};

inline void on_log(void *function, std::int32_t level, const char *message) noexcept {
    Frame::log([&] { (*static_cast<const LogFunction *>(function))(static_cast<LogLevel>(level), message); });
}

/// A time of ofauth_progress, none of which is as long as the longest time of C++.
inline std::optional<std::chrono::milliseconds> known(std::uint64_t time) {
    constexpr auto most = static_cast<std::uint64_t>((std::chrono::milliseconds::max)().count());
    if (time == OFAUTH_UNKNOWN_MS || time > most) return std::nullopt;
    return std::chrono::milliseconds(static_cast<std::chrono::milliseconds::rep>(time));
}

inline Progress progress_of(const ofauth_progress *at) {
    return {at->handed_over, at->acknowledged, at->total, at->sent_again, at->parts_done, at->parts_total,
            at->retries, static_cast<Phase>(at->phase), at->resumed, at->rate, known(at->eta_ms),
            known(at->session_left_ms)};
}

inline int on_notice(void *function, std::int32_t kind, const char *text) noexcept {
    return Frame::guard(1, [&] {
        const Notice notice{static_cast<NoticeKind>(kind), text};
        return (*static_cast<const NoticeFunction *>(function))(notice) ? 0 : 1;
    });
}

inline int on_tick(void *function) noexcept {
    return Frame::guard(1, [&] { return (*static_cast<const TickFunction *>(function))() ? 0 : 1; });
}

inline int on_progress(void *function, const ofauth_progress *at) noexcept {
    return Frame::guard(1, [&] {
        return (*static_cast<const ProgressFunction *>(function))(progress_of(at)) ? 0 : 1;
    });
}

/// What a reader gives, as the library wants it.
inline std::int64_t read(const ReadFunction &reader, std::uint64_t offset, std::uint8_t *buffer, std::size_t size) {
    const std::size_t count = reader(offset, reinterpret_cast<std::byte *>(buffer), size);
    // More than was asked for is the library's to refuse; it must not turn into something else here.
    constexpr auto most = static_cast<std::uint64_t>((std::numeric_limits<std::int64_t>::max)());
    return count > most ? std::int64_t{-1} : static_cast<std::int64_t>(count);
}

inline std::int64_t on_read(void *function, std::uint64_t offset, std::uint8_t *buffer,
                            std::size_t size) noexcept {
    return Frame::guard(std::int64_t{-1}, [&] {
        return read(*static_cast<const ReadFunction *>(function), offset, buffer, size);
    });
}

/// A function of the user, on its way to the library, which destroys it; nothing if it is empty.
template <typename Function>
std::unique_ptr<Function> kept(Function function) {
    return function ? std::make_unique<Function>(std::move(function)) : nullptr;
}

/// What the library calls once it has let go of a function.
template <typename Function>
void destroy(void *function) noexcept {
    delete static_cast<Function *>(function);
}

/// A function that answers whether to go on, of one that may also answer nothing. Empty if that is.
template <typename... Given, typename Function>
std::function<bool(Given...)> answering(Function function) {
    if constexpr (std::is_null_pointer_v<Function>) {
        return nullptr;
    } else {
        using Answer = std::invoke_result_t<Function &, Given...>;
        static_assert(std::is_void_v<Answer> || std::is_same_v<Answer, bool>, "return bool, or nothing");
        std::function<Answer(Given...)> given(std::move(function));
        if constexpr (std::is_void_v<Answer>) {
            if (!given) return nullptr;
            return [given = std::move(given)](Given... what) {
                given(what...);
                return true;
            };
        } else {
            return given;
        }
    }
}

/// Gives a function of the user to an object of the library, which owns it from then on. `callback` calls it.
template <typename Setter, typename Object, typename Callback, typename Function, typename... More>
void give(Setter setter, Object *object, Callback callback, Function function, More... more) {
    auto owned = kept(std::move(function));
    const Callback called = owned ? callback : nullptr;
    call(setter, object, called, static_cast<void *>(owned.release()), &destroy<Function>, more...);
}

/// Gives a tick to an object of the library.
template <typename Setter, typename Object, typename Function>
void give_tick(Setter setter, Object *object, Function function) {
    give(setter, object, &on_tick, answering<>(std::move(function)));
}

/// Calls a function of the library that may call functions of ours. What one of those threw comes before the error.
template <typename Function, typename... Arguments>
void run(Function function, Arguments... arguments) {
    Frame frame;
    ofauth_error *error = nullptr;
    const auto status = function(arguments..., &error);
    ErrorHandle owned(error);
    frame.rethrow();
    check(status, std::move(owned));
}

/// The same for a function that makes something, which is then in `made` even if this throws.
template <typename Made, typename Function, typename... Arguments>
void make_in(Made &made, Function function, Arguments... arguments) {
    typename Made::pointer out = nullptr;
    const auto own = [&](auto... all) {
        const auto status = function(all...);
        made.reset(out);
        return status;
    };
    run(own, arguments..., &out);
}

/// The same, and returns it.
template <typename Made, typename Function, typename... Arguments>
Made make(Function function, Arguments... arguments) {
    Made made;
    make_in(made, function, arguments...);
    return made;
}

}  // namespace detail

}  // namespace ofauth

#endif
