// Part of ofauth.hpp: what calls give, and the journals of a directory.
#ifndef OFAUTH_RESULTS_HPP
#define OFAUTH_RESULTS_HPP

#include <ofauth/callbacks.hpp>
#include <ofauth/error.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ofauth {

/// What an upload ended with.
class Result {
  public:
    /// The reference of the upload, which posts and messages take.
    std::string upload_id() const { return ofauth_result_upload_id(handle()); }
    /// The id of the medium, if the service told it.
    std::optional<std::string> media_id() const {
        return detail::optional_text(ofauth_result_media_id(handle()));
    }
    /// The bytes that were uploaded.
    std::uint64_t bytes() const { return ofauth_result_bytes(handle()); }
    /// The bytes among them that an earlier run had sent.
    std::uint64_t resumed() const { return ofauth_result_resumed(handle()); }
    /// The parts that it took.
    std::uint32_t part_count() const { return ofauth_result_part_count(handle()); }
    /// The etag of a part as the service gave it, with its quotes. `index` counts from 0. Nothing if the
    /// service gave none, or if there is no such part.
    std::optional<std::string> etag(std::uint32_t index) const {
        return detail::optional_text(ofauth_result_etag(handle(), index));
    }
    /// Whether it went in parts and was then completed.
    bool is_multipart() const { return ofauth_result_is_multipart(handle()) != 0; }
    /// The tries of all steps that failed and were repeated.
    std::uint32_t retries() const { return ofauth_result_retries(handle()); }
    /// The bytes that an expired session had acknowledged and that were sent once more.
    std::uint64_t sent_again() const { return ofauth_result_sent_again(handle()); }
    /// The medium as the service described it, a JSON object, if it did.
    std::optional<std::string> media_json() const {
        return detail::optional_text(ofauth_result_media_json(handle()));
    }
    /// All of it as a JSON object. The view is valid as long as this object.
    std::string_view json() const & { return ofauth_result_json(handle()); }
    /// A copy, as this object is about to go.
    std::string json() const && { return ofauth_result_json(handle()); }

  private:
    friend class Client;
    friend class Batched;
    explicit Result(detail::ResultHandle handle) noexcept : handle_(std::move(handle)) {}
    /// The result of a file of a batch, which is alive as long as what it is part of.
    explicit Result(std::shared_ptr<const ofauth_result> part) noexcept : part_(std::move(part)) {}
    const ofauth_result *handle() const { return part_ ? part_.get() : detail::used(handle_, "Result"); }

    detail::ResultHandle handle_;
    std::shared_ptr<const ofauth_result> part_;
};

/// The answer to a call that succeeded. Views are valid as long as this object.
class Response {
  public:
    /// The HTTP status; 200 for a call that took several requests.
    int status() const { return ofauth_response_status(handle()); }
    /// Whether the body is JSON, or empty.
    bool is_json() const { return ofauth_response_json(handle()) != nullptr; }
    /// The body as JSON text; "null" if it is empty. Throws Status::invalid_answer if it is not JSON.
    std::string_view json() const & {
        const char *const text = ofauth_response_json(handle());
        if (text == nullptr) throw Error(Status::invalid_answer, "the answer is not JSON: use body()");
        return text;
    }
    /// A copy, as this object is about to go.
    std::string json() const && { return std::string(json()); }
    /// The bytes of the body, without compression.
    std::string_view body() const & {
        std::size_t size = 0;
        const auto *const bytes = ofauth_response_body(handle(), &size);
        return {reinterpret_cast<const char *>(bytes), size};
    }
    /// A copy, as this object is about to go.
    std::string body() const && { return std::string(body()); }
    /// The value of a header, whose name may be in upper or lower case, if the service sent it.
    std::optional<std::string> header(std::string_view name) const {
        return detail::optional_text(ofauth_response_header(handle(), detail::Text(name, "name").get()));
    }
    /// All headers that are text: names in lower case, and values.
    std::vector<std::pair<std::string, std::string>> headers() const {
        std::vector<std::pair<std::string, std::string>> all;
        for (std::size_t at = 0; at < ofauth_response_header_count(handle()); ++at) {
            all.emplace_back(ofauth_response_header_name(handle(), at), ofauth_response_header_value(handle(), at));
        }
        return all;
    }
    /// The service's number of the request, if it gave one.
    std::optional<std::string> request_id() const {
        return detail::optional_text(ofauth_response_request_id(handle()));
    }

  private:
    friend class Client;
    explicit Response(detail::ResponseHandle handle) noexcept : handle_(std::move(handle)) {}
    const ofauth_response *handle() const { return detail::used(handle_, "Response"); }

    detail::ResponseHandle handle_;
};

/// What a check found.
struct Check {
    bool exists;                            ///< Whether the vault has the file.
    std::optional<std::string> media_json;  ///< The medium, a JSON object, if the service described it.
};

/// Where the upload of a journal stands. Later versions may add values.
enum class SessionState : std::int32_t {
    other = OFAUTH_SESSION_OTHER,                      ///< Has no value yet.
    interrupted = OFAUTH_SESSION_INTERRUPTED,          ///< The same upload continues it.
    outcome_unknown = OFAUTH_SESSION_OUTCOME_UNKNOWN,  ///< Look into the vault, then forget it.
    finished = OFAUTH_SESSION_FINISHED,                ///< Its result is held; the same upload gives it.
    damaged = OFAUTH_SESSION_DAMAGED,                  ///< It cannot be read.
    other_version = OFAUTH_SESSION_OTHER_VERSION,      ///< Another version of the library wrote it.
};

/// A journal: an upload that was interrupted, whose outcome is unknown, or whose result is held.
struct Session {
    using Time = std::chrono::time_point<std::chrono::system_clock, std::chrono::milliseconds>;

    std::string id;                            ///< 16 digits, for journal_forget.
    SessionState state;                        ///< Where its upload stands.
    bool in_use;                               ///< Whether an upload has it open at this moment.
    std::optional<std::string> file;           ///< The path of the file, or the name of what is no file.
    std::optional<std::string> connection_id;  ///< The connection whose vault receives it.
    std::optional<std::string> base_url;       ///< The server.
    std::optional<std::string> upload_id;      ///< The upload reference.
    std::uint64_t size;                        ///< Bytes of the file; 0 if it cannot be read.
    std::uint64_t bytes_done;                  ///< Bytes of the parts that the service has.
    std::uint32_t parts_done;                  ///< Parts that the service has.
    std::uint32_t parts_total;                 ///< Parts of the plan; 0 if it cannot be read.
    std::optional<Time> opened;                ///< When the upload session was opened.
    std::optional<Time> expires;               ///< When it ends, by this machine's clock.
};

namespace detail {

inline std::optional<Session::Time> time_of(std::int64_t unix_ms) {
    if (unix_ms == OFAUTH_UNKNOWN_TIME) return std::nullopt;
    return Session::Time(std::chrono::milliseconds(unix_ms));
}

}  // namespace detail

/// The journals in a directory of Config::set_journal_dir, the oldest first. A directory that does not exist
/// has none.
inline std::vector<Session> journal_sessions(const std::filesystem::path &dir) {
    const detail::Text text = detail::path_text(dir, "dir");
    const auto made = detail::make<detail::SessionsHandle>(&ofauth_journal_sessions, text.get());
    const ofauth_sessions *const list = made.get();
    std::vector<Session> sessions;
    for (std::size_t at = 0; at < ofauth_sessions_count(list); ++at) {
        sessions.push_back({
            ofauth_sessions_id(list, at),
            static_cast<SessionState>(ofauth_sessions_state(list, at)),
            ofauth_sessions_in_use(list, at) != 0,
            detail::optional_text(ofauth_sessions_file(list, at)),
            detail::optional_text(ofauth_sessions_connection_id(list, at)),
            detail::optional_text(ofauth_sessions_base_url(list, at)),
            detail::optional_text(ofauth_sessions_upload_id(list, at)),
            ofauth_sessions_size(list, at),
            ofauth_sessions_bytes_done(list, at),
            ofauth_sessions_parts_done(list, at),
            ofauth_sessions_parts_total(list, at),
            detail::time_of(ofauth_sessions_opened_ms(list, at)),
            detail::time_of(ofauth_sessions_expires_ms(list, at)),
        });
    }
    return sessions;
}

/// Removes a journal by its id. The same upload then starts over: if its outcome was unknown, look into the
/// vault first. Status::busy while an upload or a held Result has it.
inline void journal_forget(const std::filesystem::path &dir, std::string_view id) {
    const detail::Text text = detail::path_text(dir, "dir"), name(id, "id");
    detail::call(&ofauth_journal_forget, text.get(), name.get());
}

}  // namespace ofauth

#endif
