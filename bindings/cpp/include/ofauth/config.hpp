// Part of ofauth.hpp: what a client is made from.
#ifndef OFAUTH_CONFIG_HPP
#define OFAUTH_CONFIG_HPP

#include <ofauth/callbacks.hpp>
#include <ofauth/error.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string_view>
#include <utility>

namespace ofauth {

class Client;

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

}  // namespace ofauth

#endif
