// Part of ofauth.hpp: what a call ends with, and how arguments reach the library. Knows nothing of
// callbacks and of the objects that users hold.
#ifndef OFAUTH_ERROR_HPP
#define OFAUTH_ERROR_HPP

#include <ofauth.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

// Exceptions and the record of running calls have to be the same in all shared objects of a program.
#if defined(__GNUC__) && !defined(_WIN32)
#define OFAUTH_HPP_SHARED __attribute__((visibility("default")))
#else
#define OFAUTH_HPP_SHARED
#endif

namespace ofauth {

/// How a call ended. Later versions may add values: have a default branch.
enum class Status : ofauth_status {
    ok = OFAUTH_OK,                                     ///< Success; no Error has it.
    null = OFAUTH_ERR_NULL,                             ///< A moved-from object, or no data.
    utf8 = OFAUTH_ERR_UTF8,                             ///< Text that is not UTF-8.
    invalid_argument = OFAUTH_ERR_INVALID_ARGUMENT,     ///< A wrong argument; the message names it.
    config = OFAUTH_ERR_CONFIG,                         ///< Key, connection, URL, certificates.
    cancelled = OFAUTH_ERR_CANCELLED,                   ///< The caller cancelled.
    reentrant = OFAUTH_ERR_REENTRANT,                   ///< A call inside a callback.
    forked = OFAUTH_ERR_FORKED,                         ///< The client was made in a parent process.
    network = OFAUTH_ERR_NETWORK,                       ///< Not reached, or broken off; tries ran out.
    timeout = OFAUTH_ERR_TIMEOUT,                       ///< Nothing moved for too long, or the time given is over.
    proxy = OFAUTH_ERR_PROXY,                           ///< The proxy refused (407, 403).
    rate_limited = OFAUTH_ERR_RATE_LIMITED,             ///< The limit did not clear in an acceptable time.
    server = OFAUTH_ERR_SERVER,                         ///< 5xx; tries ran out.
    unauthorized = OFAUTH_ERR_UNAUTHORIZED,             ///< 401.
    forbidden = OFAUTH_ERR_FORBIDDEN,                   ///< 403.
    rejected = OFAUTH_ERR_REJECTED,                     ///< Another 4xx, or an error in a 2xx.
    outcome_unknown = OFAUTH_ERR_OUTCOME_UNKNOWN,       ///< Perhaps carried out: look before repeating.
    invalid_plan = OFAUTH_ERR_INVALID_PLAN,             ///< A plan that does not cover the file exactly once.
    untrusted_origin = OFAUTH_ERR_UNTRUSTED_ORIGIN,     ///< A plan that points to a server not allowed.
    redirect = OFAUTH_ERR_REDIRECT,                     ///< A redirect, which is never followed.
    invalid_answer = OFAUTH_ERR_INVALID_ANSWER,         ///< An answer that cannot be understood.
    source = OFAUTH_ERR_SOURCE,                         ///< No file, bytes or reader, or not readable.
    source_changed = OFAUTH_ERR_SOURCE_CHANGED,         ///< The source changed during the upload.
    journal = OFAUTH_ERR_JOURNAL,                       ///< A journal cannot be read or written.
    busy = OFAUTH_ERR_BUSY,                             ///< The same upload runs elsewhere.
    webhook_missing = OFAUTH_ERR_WEBHOOK_MISSING,       ///< A request without a signature, or with half of one.
    webhook_malformed = OFAUTH_ERR_WEBHOOK_MALFORMED,   ///< A signature header that cannot be read.
    webhook_too_old = OFAUTH_ERR_WEBHOOK_TOO_OLD,       ///< Genuine, but signed too long ago.
    webhook_too_new = OFAUTH_ERR_WEBHOOK_TOO_NEW,       ///< Genuine, but signed in the future.
    webhook_mismatch = OFAUTH_ERR_WEBHOOK_MISMATCH,     ///< Another secret, another body, or another sender.
    webhook_unreadable = OFAUTH_ERR_WEBHOOK_UNREADABLE, ///< Genuine, but no event can be read.
    internal = OFAUTH_ERR_INTERNAL,                     ///< A defect of the library.
    panic = OFAUTH_ERR_PANIC,                           ///< A defect of the library, stopped at its border.
    resources = OFAUTH_ERR_RESOURCES,                   ///< No more threads, descriptors, ports or memory.
};

/// What an upload is doing. Later versions may add values.
enum class Phase : std::int32_t {
    starting = OFAUTH_PHASE_STARTING,      ///< Opens the source and asks for a plan.
    sending = OFAUTH_PHASE_SENDING,        ///< Sends bytes.
    waiting = OFAUTH_PHASE_WAITING,        ///< Starts nothing new: the rate limit is used up.
    completing = OFAUTH_PHASE_COMPLETING,  ///< All is acknowledged; the service finishes.
    done = OFAUTH_PHASE_DONE,              ///< The service confirmed the end.
};

/// What a notice is about. Later versions may add values.
enum class NoticeKind : std::int32_t {
    other = OFAUTH_NOTICE_OTHER,                        ///< Has no value yet; the text says it.
    resumed = OFAUTH_NOTICE_RESUMED,                    ///< An earlier run's upload goes on.
    already_finished = OFAUTH_NOTICE_ALREADY_FINISHED,  ///< A held result is given again.
    started_over = OFAUTH_NOTICE_STARTED_OVER,          ///< An earlier run's upload is of no use.
    session_expired = OFAUTH_NOTICE_SESSION_EXPIRED,    ///< The parts go into a new session.
    at_risk = OFAUTH_NOTICE_AT_RISK,                    ///< The session will end too early.
    long_wait = OFAUTH_NOTICE_LONG_WAIT,                ///< The service asks for a long pause.
    woke = OFAUTH_NOTICE_WOKE,                          ///< The machine slept.
    retrying = OFAUTH_NOTICE_RETRYING,                  ///< A step failed and is tried again.
    rate_limited = OFAUTH_NOTICE_RATE_LIMITED,          ///< The rate limit is used up for some seconds.
    not_resumable = OFAUTH_NOTICE_NOT_RESUMABLE,        ///< The source cannot be read again by another process.
    already_recorded = OFAUTH_NOTICE_ALREADY_RECORDED,  ///< An earlier batch had uploaded the file; nothing is sent.
    not_recorded = OFAUTH_NOTICE_NOT_RECORDED,          ///< The file is uploaded, and no record can be written.
    service_gone = OFAUTH_NOTICE_SERVICE_GONE,          ///< The file is tried again and again; the others wait.
    service_back = OFAUTH_NOTICE_SERVICE_BACK,          ///< The other files of the batch go on.
    media_ready = OFAUTH_NOTICE_MEDIA_READY,            ///< More media are ready; the text says how many.
    link_state = OFAUTH_NOTICE_LINK_STATE,              ///< How far the sign-in of a creator is.
    link_confirm = OFAUTH_NOTICE_LINK_CONFIRM,          ///< The creator has to confirm it by a second factor.
};

/// How important a log message is.
enum class LogLevel : std::int32_t {
    error = OFAUTH_LOG_ERROR,  ///< Failures.
    warn = OFAUTH_LOG_WARN,    ///< What may need attention.
    info = OFAUTH_LOG_INFO,    ///< What is done.
    debug = OFAUTH_LOG_DEBUG,  ///< How it is done.
    trace = OFAUTH_LOG_TRACE,  ///< Everything.
};

/// The version of the library that is loaded, "MAJOR.MINOR.PATCH".
inline std::string version() { return ofauth_version(); }

/// The number of the binary interface of the library that is loaded. Constructors compare it with that
/// of the header and throw Status::config if they differ.
inline std::uint32_t abi_version() noexcept { return ofauth_abi_version(); }

/// The name of a status in ofauth.h, such as "OFAUTH_ERR_NETWORK". Valid for ever.
inline std::string_view status_name(Status status) noexcept {
    return ofauth_status_name(static_cast<ofauth_status>(status));
}

namespace detail {

template <auto Free>
struct Freer {
    template <typename T>
    void operator()(T *handle) const noexcept {
        Free(handle);
    }
};
template <typename T, auto Free>
using Handle = std::unique_ptr<T, Freer<Free>>;
using ConfigHandle = Handle<ofauth_config, &ofauth_config_free>;
using ClientHandle = Handle<ofauth_client, &ofauth_client_free>;
using CancelHandle = Handle<ofauth_cancel, &ofauth_cancel_free>;
using WaitHandle = Handle<ofauth_wait, &ofauth_wait_free>;
using RequestHandle = Handle<ofauth_request, &ofauth_request_free>;
using CheckHandle = Handle<ofauth_check_result, &ofauth_check_result_free>;
using SessionsHandle = Handle<ofauth_sessions, &ofauth_sessions_free>;
using UploadHandle = Handle<ofauth_upload, &ofauth_upload_free>;
using DownloadHandle = Handle<ofauth_download, &ofauth_download_free>;
using BatchHandle = Handle<ofauth_batch, &ofauth_batch_free>;
using BatchedHandle = Handle<ofauth_batched, &ofauth_batched_free>;
using PagesHandle = Handle<ofauth_pages, &ofauth_pages_free>;
using ResultHandle = Handle<ofauth_result, &ofauth_result_free>;
using ResponseHandle = Handle<ofauth_response, &ofauth_response_free>;
using ErrorHandle = Handle<ofauth_error, &ofauth_error_free>;

inline std::optional<std::string> optional_text(const char *text) {
    return text == nullptr ? std::nullopt : std::optional<std::string>(text);
}

}  // namespace detail

/// What went wrong. what() is one line for people, names the next step and never holds the API key.
/// Copies share their details, and copying does not throw.
class OFAUTH_HPP_SHARED Error : public std::runtime_error {
  public:
    /// An error of this layer, without details of an answer.
    Error(Status code, const std::string &message) : std::runtime_error(message), code_(code) {}
    /// An error of the library. A null `error` leaves the name of the status as the message.
    Error(Status code, std::shared_ptr<const ofauth_error> error)
        : std::runtime_error(error ? ofauth_error_message(error.get())
                                   : ofauth_status_name(static_cast<ofauth_status>(code))),
          code_(code), error_(std::move(error)) {}

    /// The kind of failure.
    Status code() const noexcept { return code_; }
    /// The HTTP status of the answer, 0 if there was none.
    int http_status() const noexcept { return ofauth_error_http_status(error_.get()); }
    /// The part of the upload that failed, counted from 1; 0 if it is not about a part.
    std::uint32_t part() const noexcept { return ofauth_error_part(error_.get()); }
    /// Whether the same call may succeed later. Never true for Status::outcome_unknown.
    bool is_retryable() const noexcept { return ofauth_error_is_retryable(error_.get()) != 0; }
    /// The API's own name of the error, such as "SESSION_EXPIRED".
    std::optional<std::string> api_type() const { return text(&ofauth_error_api_type); }
    /// The service's number of the request, for its support.
    std::optional<std::string> request_id() const { return text(&ofauth_error_request_id); }
    /// What the service asks the user to do.
    std::optional<std::string> action_required() const { return text(&ofauth_error_action_required); }
    /// The reference of the upload that failed, once there was one.
    std::optional<std::string> upload_id() const { return text(&ofauth_error_upload_id); }

  private:
    std::optional<std::string> text(const char *(*get)(const ofauth_error *)) const {
        return detail::optional_text(get(error_.get()));
    }

    Status code_;
    std::shared_ptr<const ofauth_error> error_;
};

namespace detail {

/// Throws what a call ended with, unless that is success.
inline void check(ofauth_status status, ErrorHandle error) {
    if (status != OFAUTH_OK) throw Error(static_cast<Status>(status), std::move(error));
}

/// Calls a function of the library that makes nothing, and calls no function of ours.
template <typename Function, typename... Arguments>
void call(Function function, Arguments... arguments) {
    ofauth_error *error = nullptr;
    const auto status = function(arguments..., &error);
    check(status, ErrorHandle(error));
}

template <typename Pointer>
auto *used(const Pointer &handle, const char *type) {
    if (!handle) throw Error(Status::null, std::string("this ofauth::") + type + " was moved from");
    return handle.get();
}

/// A text, if it has no NUL inside, which would cut it.
template <typename Of>
const Of &whole(const Of &text, const char *argument) {
    if (text.find('\0') == Of::npos) return text;
    throw Error(Status::invalid_argument, std::string(argument) + " has a NUL character inside");
}

/// A copy of an argument that ends with NUL and has none inside.
class Text {
  public:
    Text(std::string_view text, const char *argument) : text_(whole(text, argument)) {}
    const char *get() const noexcept { return text_.c_str(); }
    const char *get_or_null() const noexcept { return text_.empty() ? nullptr : text_.c_str(); }

  protected:
    std::string text_;
};

/// A Text that leaves nothing in memory.
class SecretText : public Text {
  public:
    using Text::Text;
    SecretText(const SecretText &) = delete;
    SecretText &operator=(const SecretText &) = delete;
    ~SecretText() {
        volatile char *const bytes = text_.data();
        for (std::size_t at = 0; at < text_.size(); ++at) bytes[at] = 0;
    }
};

/// A path as the library wants it. The element type of u8string() depends on the version of C++.
/// UTF-8 is of another type since C++20.
inline const char *chars(const char *text) { return text; }
#ifdef __cpp_char8_t
inline const char *chars(const char8_t *text) { return reinterpret_cast<const char *>(text); }
#endif

inline Text path_text(const std::filesystem::path &path, const char *argument = "path") {
    const auto text = path.u8string();
    return Text({chars(text.data()), text.size()}, argument);
}

inline std::uint64_t milliseconds(std::chrono::milliseconds time, const char *argument) {
    if (time.count() >= 0) return static_cast<std::uint64_t>(time.count());
    throw Error(Status::invalid_argument, std::string(argument) + " is negative");
}

inline void check_abi() {
    if (ofauth_abi_version() == OFAUTH_ABI_VERSION) return;
    throw Error(Status::config, "this program was compiled for binary interface " +
                                    std::to_string(OFAUTH_ABI_VERSION) + " of libofauth; what is loaded is " +
                                    version() + " with " + std::to_string(ofauth_abi_version()));
}

}  // namespace detail

}  // namespace ofauth

#endif
