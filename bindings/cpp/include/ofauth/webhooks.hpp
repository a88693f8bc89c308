// Part of ofauth.hpp: webhooks. Who sent one and what it says is decided in the library; no client is needed.
#ifndef OFAUTH_WEBHOOKS_HPP
#define OFAUTH_WEBHOOKS_HPP

#include <ofauth/callbacks.hpp>
#include <ofauth/error.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ofauth {

/// How a webhook is signed.
enum class WebhookScheme {
    ofauth,  ///< "OFAuth-Signature", the documented one.
    svix,    ///< "svix-id", "svix-timestamp", "svix-signature".
};

/// Headers of a request: names, in upper or lower case, and values.
using Headers = std::vector<std::pair<std::string, std::string>>;

namespace detail {

inline std::int64_t unix_seconds(std::chrono::system_clock::time_point time) {
    return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

}  // namespace detail

/// Verifies a webhook and returns its event, the JSON object of ofauth_webhook_verify: scheme, type, timestamp, live, id,
/// signedAt, connection, environment, dedupeKey, data. A request that is not to be taken throws one of the Status::webhook_...;
/// answer 400 to it.
///
/// `secrets` are several while they are rotated. `headers` may be all of the request. `body` is the body as it came, before
/// anything parses it. `tolerance` is how old a signature may be, and how far in the future; zero for the default, 300 s.
inline std::string verify_webhook(const std::vector<std::string> &secrets, const Headers &headers, std::string_view body,
                                  std::chrono::system_clock::time_point now = std::chrono::system_clock::now(),
                                  std::chrono::seconds tolerance = std::chrono::seconds::zero()) {
    detail::check_abi();
    if (tolerance.count() < 0) throw Error(Status::invalid_argument, "tolerance is negative");
    std::vector<const char *> keys, names, values;
    for (const auto &secret : secrets) keys.push_back(detail::whole(secret, "a secret").c_str());
    for (const auto &[name, value] : headers) {
        names.push_back(detail::whole(name, "the name of a header").c_str());
        values.push_back(detail::whole(value, "a header").c_str());
    }
    const auto event = detail::make<detail::ResponseHandle>(
        &ofauth_webhook_verify, keys.data(), keys.size(), names.data(), values.data(), names.size(),
        static_cast<const void *>(body.data()), body.size(), detail::unix_seconds(now),
        static_cast<std::uint64_t>(tolerance.count()));
    return ofauth_response_json(event.get());
}

/// Signs a body as the service does, to test an endpoint: the headers to send with it. `id` is that of the event, for
/// WebhookScheme::svix alone.
inline Headers sign_webhook(WebhookScheme scheme, std::string_view secret, std::string_view body, std::string_view id = {},
                            std::chrono::system_clock::time_point at = std::chrono::system_clock::now()) {
    detail::check_abi();
    const detail::SecretText key(secret, "secret");
    const detail::Text event(id, "id");
    const auto made = detail::make<detail::ResponseHandle>(
        &ofauth_webhook_sign, scheme == WebhookScheme::svix ? "svix" : "ofauth", key.get(), event.get_or_null(),
        static_cast<const void *>(body.data()), body.size(), detail::unix_seconds(at));
    Headers headers;
    for (std::size_t at_index = 0; at_index < ofauth_response_header_count(made.get()); ++at_index) {
        headers.emplace_back(ofauth_response_header_name(made.get(), at_index),
                             ofauth_response_header_value(made.get(), at_index));
    }
    return headers;
}

}  // namespace ofauth

#endif
