// Part of ofauth.hpp: limits of calls, and any operation as an object.
#ifndef OFAUTH_REQUEST_HPP
#define OFAUTH_REQUEST_HPP

#include <ofauth/callbacks.hpp>
#include <ofauth/error.hpp>
#include <ofauth/upload.hpp>

#include <chrono>
#include <cstddef>
#include <string_view>
#include <utility>

namespace ofauth {

class Client;

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
    /// Calls a function with how far a wait is, at first and whenever that changes: of wait_ready, wait_stored and link_wait. It
    /// takes a `const Notice &` and returns nothing, or a bool: false cancels the call.
    template <typename Function>
    Wait &set_notice(Function function) {
        detail::give(&ofauth_wait_set_notice, detail::used(handle_, "Wait"), &detail::on_notice,
                     detail::answering<const Notice &>(std::move(function)));
        return *this;
    }
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

}  // namespace ofauth

#endif
