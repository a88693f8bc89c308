// ofauth for C++17 and later: uploads to the OnlyFans vault and every other call of the OFAuth API.
//
// A thin layer over ofauth.h and nothing else: handles that free themselves, exceptions in place of
// status codes, std::function in place of function pointers. It has no state of its own and decides
// nothing; what a call does is described in ofauth.h. Link with -lofauth.
//
//     ofauth::Config config(api_key);
//     config.set_connection_id(connection_id);
//     ofauth::Client client(config);
//     std::cout << client.upload_file("clip.mp4").upload_id() << '\n';
//
// Conventions:
// - Text is UTF-8 and copied. A NUL character inside it is an Error that names the argument.
// - What can fail throws ofauth::Error, or std::bad_alloc. After an exception the objects are as they
//   were, and nothing leaks.
// - Callbacks (progress, notice, reader, log) run on the thread that made the call, before it returns. What one of
//   them throws cancels an upload and comes out of the call unchanged, also if the service had finished by
//   then; until it does, no callback of that call runs. Inside a callback, calls fail with
//   Status::reentrant.
// - Any number of threads may use a Client or a Cancel, and read a Result, a Response or an Error. A Config
//   and an Upload are for one thread at a time, and nobody changes an Upload that runs.
// - A call keeps what it needs: once it has begun to call back, its Client and its Upload may be destroyed,
//   in a callback or on another thread, and it goes on to its end.
// - An object that was moved from can be destroyed or assigned to. Other uses throw Status::null.
#ifndef OFAUTH_HPP
#define OFAUTH_HPP

// MSVC has its own name for the language that it really speaks.
#if !(defined(_MSVC_LANG) && _MSVC_LANG >= 201703L) && __cplusplus < 201703L
#error "ofauth.hpp needs C++17 or later: compile with -std=c++17"
#else

#include <ofauth/callbacks.hpp>
#include <ofauth/error.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace ofauth {

/// Cancels uploads, from any thread and in any callback, but not in a signal handler. Copies are the same
/// cancel. It stays cancelled.
class Cancel {
  public:
    /// Makes a cancel that nobody has used.
    Cancel() {
        detail::check_abi();
        handle_ = detail::make<detail::CancelHandle>(&ofauth_cancel_new);
    }
    // Without moves, which would leave nothing to cancel with behind.
    Cancel(const Cancel &) = default;
    Cancel &operator=(const Cancel &) = default;
    ~Cancel() = default;

    /// Ends every upload that has it, running or not, with Status::cancelled or, if the service was just
    /// finishing one, Status::outcome_unknown. Cancelling again changes nothing.
    void cancel() const noexcept { ofauth_cancel_cancel(handle_.get()); }

  private:
    friend class Upload;
    std::shared_ptr<ofauth_cancel> handle_;
};

/// What a Client is made from. Changes do not reach clients that were made before.
class Config {
  public:
    /// A configuration with this API key and defaults for the rest.
    explicit Config(std::string_view api_key) {
        detail::check_abi();
        const detail::SecretText text(api_key, "api_key");
        handle_ = detail::make<detail::ConfigHandle>(&ofauth_config_new, text.get());
    }

    /// The address of the API. Default: the service's.
    Config &set_base_url(std::string_view url) { return set_text(&ofauth_config_set_base_url, url, "url"); }
    /// The connection that calls act for unless they name another one.
    Config &set_connection_id(std::string_view id) {
        return set_text(&ofauth_config_set_connection_id, id, "connection_id");
    }
    /// Threads of a client for network and encryption, 1 to 64. Default: 2.
    Config &set_worker_threads(std::uint32_t threads) {
        return set(&ofauth_config_set_worker_threads, threads);
    }
    /// Parts of an upload that are sent in parallel, 1 to 64. Default: 4.
    Config &set_concurrency(std::uint32_t parts) { return set(&ofauth_config_set_concurrency, parts); }
    /// The most bytes per second of all uploads of a client together. 0, the default, is no limit.
    Config &set_bandwidth_limit(std::uint64_t bytes_per_second) {
        return set(&ofauth_config_set_bandwidth_limit, bytes_per_second);
    }
    /// Writes uploads down in this directory, so that one that was interrupted goes on when it is run again.
    /// See "Uploads that survive" in ofauth.h.
    Config &set_journal_dir(const std::filesystem::path &path) {
        return set(&ofauth_config_set_journal_dir, detail::path_text(path).get());
    }
    /// Keeps to this many requests a minute in the long run, and this many at once. Neither may be 0.
    Config &set_request_limit(std::uint32_t per_minute, std::uint32_t burst) {
        return set(&ofauth_config_set_request_limit, per_minute, burst);
    }
    /// Shares what is known of rate limits with other processes in this directory.
    Config &set_rate_state_dir(const std::filesystem::path &path) {
        return set(&ofauth_config_set_rate_state_dir, detail::path_text(path).get());
    }
    /// Trusts the certificates of this PEM text instead of the system's.
    Config &set_ca_pem(std::string_view pem) { return set_text(&ofauth_config_set_ca_pem, pem, "pem"); }
    /// Goes through this HTTP proxy, "http://[user:password@]host:port". Default: none, whatever the
    /// environment says.
    Config &set_proxy(std::string_view url) {
        const detail::SecretText text(url, "url");
        return set(&ofauth_config_set_proxy, text.get());
    }
    /// How long connecting may take, how long no byte of an upload may be accepted, and how long an answer
    /// may take. Zero keeps the present value; first they are 10 s, 60 s and 120 s.
    Config &set_timeouts(std::chrono::milliseconds connect, std::chrono::milliseconds stall,
                         std::chrono::milliseconds answer) {
        return set(&ofauth_config_set_timeouts, detail::milliseconds(connect, "connect"),
                   detail::milliseconds(stall, "stall"), detail::milliseconds(answer, "answer"));
    }
    /// Puts a text in front of the library's own User-Agent, such as "studio/2.1".
    Config &set_user_agent(std::string_view text) {
        return set_text(&ofauth_config_set_user_agent, text, "user_agent");
    }
    /// Gives the messages up to `level` of all calls of a client to `function`. It runs on threads that are
    /// inside a call: with several of them, several times at once. What it throws comes out of the call on
    /// whose thread it ran, which may go on to its end before. An empty function stops the log.
    Config &set_log(LogLevel level, LogFunction function) {
        auto log = function ? std::make_shared<LogFunction>(std::move(function)) : nullptr;
        set(&ofauth_config_set_log, static_cast<std::int32_t>(level), log ? &detail::on_log : nullptr,
            static_cast<void *>(log.get()));
        log_ = std::move(log);
        return *this;
    }
    /// Lets upload plans point to this server too, which then gets the API key. May be repeated.
    Config &allow_origin(std::string_view origin) {
        return set_text(&ofauth_config_allow_origin, origin, "origin");
    }
    /// Allows http:// to other machines: the API key then travels readable. Default: false.
    Config &allow_plain_http(bool allow) { return set(&ofauth_config_allow_plain_http, allow); }

  private:
    friend class Client;
    template <typename Function, typename... Arguments>
    Config &set(Function function, Arguments... arguments) {
        detail::call(function, detail::used(handle_, "Config"), arguments...);
        return *this;
    }
    template <typename Function>
    Config &set_text(Function function, std::string_view text, const char *argument) {
        return set(function, detail::Text(text, argument).get());
    }

    detail::ConfigHandle handle_;
    std::shared_ptr<LogFunction> log_;
};

/// What to upload, and how. It may be run several times; each run is a new upload, unless a journal has an
/// interrupted one. Setters return the object, so that they can be chained.
class Upload {
  public:
    /// An upload without a source: it needs a file, bytes or a reader.
    Upload() {
        detail::check_abi();
        handle_ = detail::make<detail::UploadHandle>(&ofauth_upload_new);
    }

    /// Takes the bytes of a regular file, which is opened when the upload runs.
    Upload &set_file(const std::filesystem::path &path) {
        set(&ofauth_upload_set_file, detail::path_text(path).get());
        reader_.reset();
        return *this;
    }
    /// Takes bytes in memory, which are not copied: they must stay as they are while a run is under way.
    /// Needs a file name.
    Upload &set_bytes(const void *data, std::size_t size) {
        set(&ofauth_upload_set_bytes, data, size);
        reader_.reset();
        return *this;
    }
    /// Takes `size` bytes from a function. Needs a file name. As long as the function does not return, the
    /// upload stands still and cannot be cancelled.
    Upload &set_reader(std::uint64_t size, ReadFunction function) {
        if (!function) throw Error(Status::null, "the reader is an empty function");
        auto reader = std::make_shared<ReadFunction>(std::move(function));
        set(&ofauth_upload_set_reader, &detail::on_read, static_cast<void *>(reader.get()), size);
        reader_ = std::move(reader);
        return *this;
    }
    /// The name that the service sees. Default: that of the file.
    Upload &set_filename(std::string_view name) {
        return set_text(&ofauth_upload_set_filename, name, "filename");
    }
    /// The media type, such as "video/mp4". Default: from the file name, then from the first bytes,
    /// then "application/octet-stream".
    Upload &set_content_type(std::string_view type) {
        return set_text(&ofauth_upload_set_content_type, type, "content_type");
    }
    /// The connection to upload for. Default: the client's.
    Upload &set_connection_id(std::string_view id) {
        return set_text(&ofauth_upload_set_connection_id, id, "connection_id");
    }
    /// Parts that are sent in parallel, 1 to 64. Default: the client's.
    Upload &set_concurrency(std::uint32_t parts) { return set(&ofauth_upload_set_concurrency, parts); }
    /// Gives up when a run takes longer; zero for no limit, the default.
    Upload &set_timeout(std::chrono::milliseconds time) {
        return set(&ofauth_upload_set_timeout, detail::milliseconds(time, "timeout"));
    }
    /// Options for automatic vault workflows: a mode, of which only "message" is known, and the id of the
    /// user that the upload is meant for. An empty one is left out.
    Upload &set_vault_upload(std::string_view mode, std::string_view user_id = {}) {
        const detail::Text mode_text(mode, "mode"), user_text(user_id, "user_id");
        return set(&ofauth_upload_set_vault_upload, mode_text.get_or_null(), user_text.get_or_null());
    }
    /// Tells a function of progress: about ten times a second while bytes flow, after every part, and at the
    /// end. It takes a `const Progress &` and returns nothing, or a bool: false cancels the upload. An empty
    /// function is told nothing.
    template <typename Function>
    Upload &set_progress(Function function) {
        using Answer = std::invoke_result_t<Function &, const Progress &>;
        static_assert(std::is_void_v<Answer> || std::is_same_v<Answer, bool>, "return bool, or nothing");
        std::function<Answer(const Progress &)> given(std::move(function));
        if (!given) return set_progress(nullptr);
        if constexpr (std::is_void_v<Answer>) {
            return keep_progress([given = std::move(given)](const Progress &progress) {
                given(progress);
                return true;
            });
        } else {
            return keep_progress(std::move(given));
        }
    }
    /// Tells nobody of progress, the default.
    Upload &set_progress(std::nullptr_t) { return keep_progress(nullptr); }
    /// Whether the client's journal directory, if it has one, is used. Default: true.
    Upload &set_journal(bool on) { return set(&ofauth_upload_set_journal, on); }
    /// Whether the journal keeps the result until Client::settle. Default: false.
    Upload &set_hold_result(bool on) { return set(&ofauth_upload_set_hold_result, on); }
    /// Tells a function of notices: resumed, started over, at risk, retrying. An empty function is told
    /// nothing, the default.
    Upload &set_notice(NoticeFunction function) {
        auto notice = function ? std::make_shared<NoticeFunction>(std::move(function)) : nullptr;
        // What it throws cancels at the next progress, whoever wants to know that.
        if (!progress_) set(&ofauth_upload_set_progress, &detail::on_no_progress, nullptr);
        set(&ofauth_upload_set_notice, notice ? &detail::on_notice : nullptr,
            static_cast<void *>(notice.get()));
        notice_ = std::move(notice);
        return *this;
    }
    /// Lets this cancel end the upload.
    Upload &set_cancel(const Cancel &cancel) { return set(&ofauth_upload_set_cancel, cancel.handle_.get()); }
    /// Lets no cancel end the upload, the default.
    Upload &set_cancel(std::nullptr_t) { return set(&ofauth_upload_set_cancel, nullptr); }

  private:
    friend class Client;
    template <typename Function, typename... Arguments>
    Upload &set(Function function, Arguments... arguments) {
        detail::call(function, detail::used(handle_, "Upload"), arguments...);
        return *this;
    }
    template <typename Function>
    Upload &set_text(Function function, std::string_view text, const char *argument) {
        return set(function, detail::Text(text, argument).get());
    }
    Upload &keep_progress(ProgressFunction function) {
        auto progress = function ? std::make_shared<ProgressFunction>(std::move(function)) : nullptr;
        set(&ofauth_upload_set_progress, progress ? &detail::on_progress : &detail::on_no_progress,
            static_cast<void *>(progress.get()));
        progress_ = std::move(progress);
        return *this;
    }

    std::shared_ptr<ProgressFunction> progress_;
    std::shared_ptr<NoticeFunction> notice_;
    std::shared_ptr<ReadFunction> reader_;
    detail::UploadHandle handle_;
};

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
    /// All of it as a JSON object. The view is valid as long as this object.
    std::string_view json() const & { return ofauth_result_json(handle()); }
    /// A copy, as this object is about to go.
    std::string json() const && { return ofauth_result_json(handle()); }

  private:
    friend class Client;
    explicit Result(detail::ResultHandle handle) noexcept : handle_(std::move(handle)) {}
    const ofauth_result *handle() const { return detail::used(handle_, "Result"); }

    detail::ResultHandle handle_;
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
    /// The bytes of the body, as they came.
    std::string_view body() const & {
        std::size_t size = 0;
        const auto *const bytes = ofauth_response_body(handle(), &size);
        return {reinterpret_cast<const char *>(bytes), size};
    }
    /// A copy, as this object is about to go.
    std::string body() const && { return std::string(body()); }
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

/// A client of the API, with threads and connections of its own. Any number of threads may use it at once.
///
/// Make one and keep it. Destroying it waits for no call and cancels none: calls on other threads go on.
class Client {
  public:
    /// Starts a client. Sends nothing yet.
    explicit Client(const Config &config) : log_(config.log_) {
        const auto *const settings = detail::used(config.handle_, "Config");
        handle_ = detail::make<detail::ClientHandle>(&ofauth_client_new, settings);
    }

    /// Uploads, and returns once the service has confirmed the end.
    Result run(const Upload &upload) const {
        const auto progress = upload.progress_;
        const auto notice = upload.notice_;
        const auto reader = upload.reader_;
        return Result(make<detail::ResultHandle>(&ofauth_upload_run, detail::used(upload.handle_, "Upload")));
    }
    /// Uploads a file with the client's options.
    Result upload_file(const std::filesystem::path &path) const {
        return Result(make<detail::ResultHandle>(&ofauth_upload_file, detail::path_text(path).get()));
    }
    /// Says that a held result has arrived where it belongs: its journal is removed. Changes nothing for a
    /// result that is not held, or is settled already.
    void settle(const Result &result) const {
        const auto log = log_;
        detail::Frame frame;
        const auto *const done = result.handle();
        detail::call(&ofauth_result_settle, detail::used(handle_, "Client"), done);
        frame.rethrow();
    }
    /// Asks whether the vault has the file with this etag and size. JSON: {"exists", "media"}.
    Response check(std::string_view etag, std::uint64_t size) const {
        return response(&ofauth_check, detail::Text(etag, "etag").get(), size);
    }
    /// Fetches cached media by their ids, any number of them. `ids` is a range of what a string_view can
    /// be made from. JSON: {"items", "missing"}.
    template <typename Range>
    Response vault_plus_batch(const Range &ids) const {
        std::vector<detail::Text> texts;
        for (const auto &id : ids) texts.emplace_back(id, "id");
        std::vector<const char *> pointers;
        pointers.reserve(texts.size());
        for (const auto &text : texts) pointers.push_back(text.get());
        return response(&ofauth_vault_plus_batch, pointers.data(), pointers.size());
    }
    /// The same for ids in braces.
    Response vault_plus_batch(std::initializer_list<std::string_view> ids) const {
        return vault_plus_batch<std::initializer_list<std::string_view>>(ids);
    }
    /// Calls any operation of the API by its id. `params_json` is one JSON object with its path, query and
    /// header parameters, `body_json` the JSON body; an empty one is left out.
    Response call(std::string_view operation_id, std::string_view params_json = {},
                  std::string_view body_json = {}) const {
        const detail::Text operation(operation_id, "operation_id");
        const detail::Text params(params_json, "params_json"), body(body_json, "body_json");
        return response(&ofauth_call, operation.get(), params.get_or_null(), body.get_or_null());
    }
    /// The same with a body of bytes, for the operations that take one. Uploads have a better way: run().
    Response call_bytes(std::string_view operation_id, std::string_view params_json, const void *body,
                        std::size_t size, std::string_view content_type) const {
        const detail::Text operation(operation_id, "operation_id"), params(params_json, "params_json");
        const detail::Text type(content_type, "content_type");
        return response(&ofauth_call_bytes, operation.get(), params.get_or_null(), body, size, type.get());
    }

  private:
    template <typename Made, typename Function, typename... Arguments>
    Made make(Function function, Arguments... arguments) const {
        const auto log = log_;
        return detail::make<Made>(function, detail::used(handle_, "Client"), arguments...);
    }
    template <typename Function, typename... Arguments>
    Response response(Function function, Arguments... arguments) const {
        return Response(make<detail::ResponseHandle>(function, arguments...));
    }

    std::shared_ptr<LogFunction> log_;
    detail::ClientHandle handle_;
};

/// The journals in a directory of Config::set_journal_dir, as JSON: {"sessions": [...]}, which
/// ofauth_journal_sessions in ofauth.h describes. A directory that is not there has none.
inline std::string journal_sessions(const std::filesystem::path &dir) {
    const detail::Text text = detail::path_text(dir, "dir");
    const auto response = detail::make<detail::ResponseHandle>(&ofauth_journal_sessions, text.get());
    return ofauth_response_json(response.get());
}

/// Removes a journal by its id. The same upload then starts over: if its outcome was unknown, look into the
/// vault first. Status::busy while an upload or a held Result has it.
inline void journal_forget(const std::filesystem::path &dir, std::string_view id) {
    const detail::Text text = detail::path_text(dir, "dir"), name(id, "id");
    detail::call(&ofauth_journal_forget, text.get(), name.get());
}

}  // namespace ofauth

#endif
#endif
