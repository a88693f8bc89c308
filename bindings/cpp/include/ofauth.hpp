// ofauth for C++17 and later: uploads to the OnlyFans vault and every other call of the OFAuth API.
//
// A thin layer over ofauth.h and nothing else: handles that free themselves, exceptions in place of
// status codes, std::function in place of function pointers. It decides nothing; what a call does is
// described in ofauth.h. Link with -lofauth.
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
// - Callbacks (progress, notice, tick, reader, log) run on the thread that made the call, before it returns.
//   What one of them throws comes out of the call unchanged, also if the service had finished by then; until
//   it does, no callback of that call runs. It cancels the call. What a log throws comes out, too, but cancels
//   nothing, and silences only the log. Inside a callback, calls fail with Status::reentrant.
// - A Batch outlives a call: what its progress or notice throws cancels the batch, what a reader throws fails the
//   reader's file, and the readers of other files still run. A tick ends the call alone. Nothing is lost: the file
//   that had ended when an exception came out of Client::next is what the next call of it gives.
// - Any number of threads may use a Client, a Cancel or a Batch, for which one at a time waits, and read a Result, a
//   Batched, a Response or an Error. A Config, a Wait, a Request, an Upload and a Pages are for one thread at a time, and nobody
//   changes what runs.
// - A call keeps what it needs: once it has begun to call back, its Client, Request, Upload and Batch may be
//   destroyed, in a callback or on another thread, and it goes on to its end.
// - An object that was moved from can be destroyed or assigned to. Other uses throw Status::null.
#ifndef OFAUTH_HPP
#define OFAUTH_HPP

// MSVC has its own name for the language that it really speaks.
#if !(defined(_MSVC_LANG) && _MSVC_LANG >= 201703L) && __cplusplus < 201703L
#error "ofauth.hpp needs C++17 or later: compile with -std=c++17"
#else

#include <ofauth/batch.hpp>
#include <ofauth/callbacks.hpp>
#include <ofauth/error.hpp>
#include <ofauth/pages.hpp>
#include <ofauth/results.hpp>
#include <ofauth/upload.hpp>
#include <ofauth/webhooks.hpp>

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
    /// How long opening a connection may take. Zero is the default, 10 s.
    Config &set_connect_timeout(std::chrono::milliseconds time) {
        return set(&ofauth_config_set_connect_timeout, detail::milliseconds(time, "connect_timeout"));
    }
    /// How long an upload may stand still. Zero is the default, 60 s.
    Config &set_stall_timeout(std::chrono::milliseconds time) {
        return set(&ofauth_config_set_stall_timeout, detail::milliseconds(time, "stall_timeout"));
    }
    /// How long the service may take to answer a request that it has. Zero is the default, 120 s.
    Config &set_answer_timeout(std::chrono::milliseconds time) {
        return set(&ofauth_config_set_answer_timeout, detail::milliseconds(time, "answer_timeout"));
    }
    /// Puts a text in front of the library's own User-Agent, such as "studio/2.1".
    Config &set_user_agent(std::string_view text) {
        return set_text(&ofauth_config_set_user_agent, text, "user_agent");
    }
    /// Gives the messages up to `level` of all calls of a client to `function`. It runs on threads that are
    /// inside a call: with several of them, several times at once. What it throws comes out of the call on
    /// whose thread it ran, which may go on to its end before. An empty function stops the log.
    Config &set_log(LogLevel level, LogFunction function) {
        ofauth_config *const config = detail::used(handle_, "Config");
        auto log = detail::kept(std::move(function));
        const auto callback = log ? &detail::on_log : nullptr;
        detail::call(&ofauth_config_set_log, config, static_cast<std::int32_t>(level), callback,
                     static_cast<void *>(log.release()), &detail::destroy<LogFunction>);
        return *this;
    }
    /// Lets upload plans point to this server too, which then gets the API key. May be repeated.
    Config &allow_origin(std::string_view origin) {
        return set_text(&ofauth_config_allow_origin, origin, "origin");
    }
    /// Allows http:// to other machines: the API key then travels readable. Default: false.
    Config &allow_plain_http(bool allow) { return set(&ofauth_config_allow_plain_http, allow ? 1 : 0); }

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
};

/// How long calls may take, and what cancels them. Client::with gives it to all calls of a client.
class Wait {
  public:
    /// A wait without limits.
    Wait() {
        detail::check_abi();
        handle_ = detail::make<detail::WaitHandle>(&ofauth_wait_new);
    }

    /// Lets this cancel end the calls.
    Wait &set_cancel(const Cancel &cancel) { return set(&ofauth_wait_set_cancel, cancel.handle_.get()); }
    /// Lets no cancel end the calls, the default.
    Wait &set_cancel(std::nullptr_t) { return set(&ofauth_wait_set_cancel, nullptr); }
    /// Gives each call up when it takes longer, all tries and pauses together; zero for no limit, the default.
    Wait &set_timeout(std::chrono::milliseconds time) {
        return set(&ofauth_wait_set_timeout, detail::milliseconds(time, "timeout"));
    }
    /// Whether calls are tried again after a failure where that is safe. Default: true. Uploads are not changed by it.
    Wait &set_retry(bool retry) { return set(&ofauth_wait_set_retry, retry ? 1 : 0); }
    /// Calls a function four times a second while a call waits. It returns nothing, or a bool: false cancels.
    template <typename Function>
    Wait &set_tick(Function function) {
        detail::give_tick(&ofauth_wait_set_tick, detail::used(handle_, "Wait"), std::move(function));
        return *this;
    }

  private:
    friend class Client;
    template <typename Function, typename... Arguments>
    Wait &set(Function function, Arguments... arguments) {
        detail::call(function, detail::used(handle_, "Wait"), arguments...);
        return *this;
    }

    detail::WaitHandle handle_;
};

/// Any operation of the API, to be run by Client::run, any number of times. Setters return the object, so that
/// they can be chained.
class Request {
  public:
    /// A request for an operation by its id, such as "list_vault_media".
    explicit Request(std::string_view operation_id) {
        detail::check_abi();
        const detail::Text text(operation_id, "operation_id");
        handle_ = detail::make<detail::RequestHandle>(&ofauth_request_new, text.get());
    }

    /// The path, query and header parameters by their names, as one JSON object.
    Request &set_params(std::string_view json) { return set_text(&ofauth_request_set_params, json, "params"); }
    /// Adds a parameter that is sent as it is, in place of one that is checked: one that the library does not know, or
    /// a value that it would refuse. Of several with the same name all are sent.
    Request &add_raw_param(std::string_view name, std::string_view value) {
        const detail::Text name_text(name, "name");
        const detail::Text value_text(value, "value");
        return set(&ofauth_request_add_raw_param, name_text.get(), value_text.get());
    }
    /// The JSON body, which is sent as it is. It replaces bytes.
    Request &set_json(std::string_view json) { return set_text(&ofauth_request_set_json, json, "json"); }
    /// A body of bytes, for the operations that take one. They are not copied: they must stay as they are as
    /// long as this object, and while a run is under way. They replace a JSON body.
    Request &set_bytes(const void *data, std::size_t size, std::string_view content_type) {
        const detail::Text type(content_type, "content_type");
        return set(&ofauth_request_set_bytes, data, size, type.get());
    }
    /// Lets this cancel end the request.
    Request &set_cancel(const Cancel &cancel) { return set(&ofauth_request_set_cancel, cancel.handle_.get()); }
    /// Lets no cancel end the request, the default.
    Request &set_cancel(std::nullptr_t) { return set(&ofauth_request_set_cancel, nullptr); }
    /// Gives up when a run takes longer, all tries and pauses together; zero for no limit, the default.
    Request &set_timeout(std::chrono::milliseconds time) {
        return set(&ofauth_request_set_timeout, detail::milliseconds(time, "timeout"));
    }
    /// Whether a run is tried again after a failure where that is safe, and waits after a refusal for too many requests.
    /// Default: true.
    Request &set_retry(bool retry) { return set(&ofauth_request_set_retry, retry ? 1 : 0); }
    /// Calls a function four times a second while the request runs. It returns nothing, or a bool: false cancels.
    template <typename Function>
    Request &set_tick(Function function) {
        detail::give_tick(&ofauth_request_set_tick, detail::used(handle_, "Request"), std::move(function));
        return *this;
    }

  private:
    friend class Client;
    template <typename Function, typename... Arguments>
    Request &set(Function function, Arguments... arguments) {
        detail::call(function, detail::used(handle_, "Request"), arguments...);
        return *this;
    }
    template <typename Function>
    Request &set_text(Function function, std::string_view text, const char *argument) {
        return set(function, detail::Text(text, argument).get());
    }

    detail::RequestHandle handle_;
};

/// What is known of the request budget of a connection.
struct Budget {
    /// The most requests that are allowed at once.
    std::uint64_t limit;
    /// Requests that may go now.
    std::uint64_t left;
    /// How long the next request will wait; zero if it may go now.
    std::chrono::milliseconds next;
};

/// A client of the API, with threads and connections of its own. Any number of threads may use it at once.
///
/// Make one and keep it. Destroying it waits for no call and cancels none: calls on other threads go on.
class Client {
  public:
    /// Starts a client. Sends nothing yet.
    explicit Client(const Config &config) {
        const auto *const settings = detail::used(config.handle_, "Config");
        handle_ = detail::make<detail::ClientHandle>(&ofauth_client_new, settings);
    }

    /// The same client, all of whose calls have these limits: it shares threads and connections. What an upload
    /// or a request sets itself applies too.
    Client with(const Wait &wait) const {
        return Client(make<detail::ClientHandle>(&ofauth_client_with_wait, detail::used(wait.handle_, "Wait")));
    }

    /// The same client for another connection, which is a linked account. It costs next to nothing: it shares threads,
    /// connections and all limits, and each connection has one request budget, whoever spends it.
    Client for_connection(std::string_view connection_id) const {
        const detail::Text id(connection_id, "connection_id");
        return Client(make<detail::ClientHandle>(&ofauth_client_for_connection, id.get()));
    }
    /// What is known of the request budget of a connection, by an empty id of the client's own; nothing while no limit is
    /// known. Nothing is sent.
    std::optional<Budget> budget(std::string_view connection_id = {}) const {
        const detail::Text id(connection_id, "connection_id");
        std::uint64_t limit = 0, left = 0, next_ms = 0;
        detail::call(&ofauth_client_budget, detail::used(handle_, "Client"), id.get_or_null(), &limit, &left, &next_ms);
        if (limit == 0) return std::nullopt;
        return Budget{limit, left, std::chrono::milliseconds(next_ms)};
    }

    /// Uploads, and returns once the service has confirmed the end.
    Result run(const Upload &upload) const {
        return Result(make<detail::ResultHandle>(&ofauth_upload_run, detail::used(upload.handle_, "Upload")));
    }
    /// Uploads a file with the client's options.
    Result upload_file(const std::filesystem::path &path) const {
        return Result(make<detail::ResultHandle>(&ofauth_upload_file, detail::path_text(path).get()));
    }
    /// Says that a held result has arrived where it belongs: its journal is removed. Changes nothing for a
    /// result that is not held, or is settled already.
    void settle(const Result &result) const {
        const auto *const done = result.handle();
        detail::run(&ofauth_result_settle, detail::used(handle_, "Client"), done);
    }
    /// Waits until the next file of a batch has ended, whichever it is, and tells how; nothing once every file was
    /// given out: the batch is over, and no file can be added.
    ///
    /// The first call begins the batch with this client; later ones take the same client, or one that `with` made
    /// of it. New files begin only during a call. A Wait gives up waiting and not the batch: after
    /// Status::cancelled or Status::timeout, ask again. Status::busy: another thread waits for it, or another batch
    /// has a record of this name.
    std::optional<Batched> next(Batch &batch) const {
        const auto *const client = detail::used(handle_, "Client");
        detail::used(batch.state_, "Batch");
        // A copy, because a function of the batch may destroy it.
        const auto state = batch.state_;
        auto file = state->next(client);
        if (!file->handle) return std::nullopt;
        return Batched(std::move(file));
    }
    /// The same as a range: `for (const auto &file : client.results(batch))`. Both must stay while it is used.
    Results results(Batch &batch) const & noexcept { return {this, &batch}; }
    /// A client that is about to go cannot be asked again.
    Results results(Batch &batch) const && = delete;
    /// Says that the results of a batch have arrived where they belong: its record is forgotten, and the same files
    /// are then uploaded again. Needed after Upload::set_hold_result, or when a file failed. Changes nothing for a
    /// batch without a record, or that is settled already.
    void settle(Batch &batch) const {
        const auto *const client = detail::used(handle_, "Client");
        detail::run(&ofauth_batch_settle, client, detail::used(batch.state_, "Batch")->get());
    }
    /// Hands out the next page of a list: its JSON is {"items": [...]}. Nothing at the end of the list.
    ///
    /// The first call begins the walk with this client; later ones take the same client, or one that `with` made of it.
    /// After an exception, the next call asks for the same page again. Status::invalid_answer: the service says that
    /// more follows and does not give it.
    std::optional<Response> next(Pages &pages) const {
        auto page = pages.next(pages.page_, &ofauth_pages_next, detail::used(handle_, "Client"));
        if (!page) return std::nullopt;
        return Response(std::move(page));
    }
    /// The items of a list as a range: `for (const auto &item : client.items(pages))`, each a JSON text. Both must stay
    /// while it is used.
    Items items(Pages &pages) const & noexcept { return {this, &pages}; }
    /// The same for a list of which nothing is set but its parameters: `client.items("list_chats")`.
    Items items(std::string_view operation_id, std::string_view params_json = {}) const & {
        return {this, std::make_unique<Pages>(operation_id, params_json)};
    }
    /// A client that is about to go cannot be asked again.
    Items items(Pages &pages) const && = delete;
    /// The same.
    Items items(std::string_view operation_id, std::string_view params_json = {}) const && = delete;
    /// Replaces the API key, for a program that rotates keys, inside callbacks too. Requests that are sent from now
    /// on carry the new one, also those of uploads under way and of all that `with` made. Status::config: no key
    /// looks like that; the old one stays.
    void set_api_key(std::string_view api_key) const {
        const detail::SecretText text(api_key, "api_key");
        detail::call(&ofauth_client_set_api_key, detail::used(handle_, "Client"), text.get());
    }
    /// Sends a request, and returns its answer.
    Response run(const Request &request) const {
        return response(&ofauth_request_run, detail::used(request.handle_, "Request"));
    }
    /// Asks whether the vault has the file with this etag and size.
    Check check(std::string_view etag, std::uint64_t size) const {
        const detail::Text text(etag, "etag");
        const auto found = make<detail::CheckHandle>(&ofauth_check, text.get(), size);
        return {ofauth_check_result_exists(found.get()) != 0,
                detail::optional_text(ofauth_check_result_media_json(found.get()))};
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
    friend class Items::Iterator;
    /// The next item of a list; nothing at the end.
    std::optional<std::string> next_item(Pages &pages) const {
        auto item = pages.next(pages.item_, &ofauth_pages_next_item, detail::used(handle_, "Client"));
        if (!item) return std::nullopt;
        return std::string(ofauth_response_json(item.get()));
    }
    explicit Client(detail::ClientHandle handle) noexcept : handle_(std::move(handle)) {}
    template <typename Made, typename Function, typename... Arguments>
    Made make(Function function, Arguments... arguments) const {
        return detail::make<Made>(function, detail::used(handle_, "Client"), arguments...);
    }
    template <typename Function, typename... Arguments>
    Response response(Function function, Arguments... arguments) const {
        return Response(make<detail::ResponseHandle>(function, arguments...));
    }

    detail::ClientHandle handle_;
};

inline Items::Iterator &Items::Iterator::operator++() {
    item_ = client_->next_item(*pages_);
    return *this;
}

inline Results::Iterator &Results::Iterator::operator++() {
    file_ = client_->next(*batch_);
    return *this;
}

}  // namespace ofauth

#endif
#endif
