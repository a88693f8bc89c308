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
//   Batched, a Response or an Error. A Config, a Wait, a Request, an Upload, a Download and a Pages are for one thread at a time,
//   and nobody changes what runs.
// - A call keeps what it needs: once it has begun to call back, its Client, Request, Upload, Download and Batch may be
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
#include <ofauth/config.hpp>
#include <ofauth/download.hpp>
#include <ofauth/error.hpp>
#include <ofauth/flows.hpp>
#include <ofauth/pages.hpp>
#include <ofauth/request.hpp>
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
class Client : public Flows {
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
    /// Downloads a variant of a medium from Vault+, and returns once the file is there. JSON: {"bytes", "resumed", "contentType"}.
    Response run(const Download &download) const {
        return response(&ofauth_download_run, detail::used(download.handle_, "Download"));
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
    friend class Flows;
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

template <typename Function, typename... Arguments>
Response Flows::response(Function function, Arguments... arguments) const {
    return client().response(function, arguments...);
}

template <typename... Fields>
Response Flows::call(std::string_view operation_id, std::string_view body_json, Fields... params) const {
    return client().call(operation_id, detail::object(params...), body_json);
}

inline Response Flows::download(std::string_view media_id, std::string_view label, const std::filesystem::path &path) const {
    return client().run(Download(media_id, label, path));
}

inline void Flows::add_to_vault_list(std::string_view list_id, const Ids &ids) const {
    const detail::Text list(list_id, "list_id");
    detail::run(&ofauth_add_to_vault_list, detail::used(client().handle_, "Client"), list.get(), ids.data(), ids.size());
}

inline Items Flows::vault_plus_query(std::string_view params_json) const & {
    return client().items("query_vault_plus_media", params_json);
}

inline Items Flows::connections() const & { return client().items("list_connections", R"({"limit": 50})"); }

inline const Client &Flows::client() const noexcept { return static_cast<const Client &>(*this); }

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
