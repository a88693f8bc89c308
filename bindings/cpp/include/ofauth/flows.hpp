// Part of ofauth.hpp: the methods of Client for whole flows: posts and messages, waits for media, lists of the vault, Vault+,
// Link, connections and settings. Bodies and answers are JSON text, as Client::call has them.
#ifndef OFAUTH_FLOWS_HPP
#define OFAUTH_FLOWS_HPP

#include <ofauth/callbacks.hpp>
#include <ofauth/error.hpp>
#include <ofauth/pages.hpp>
#include <ofauth/results.hpp>

#include <cstddef>
#include <filesystem>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace ofauth {

class Client;

/// Ids of media, as an argument: any range of what a string_view can be made from, or ids in braces.
class Ids {
  public:
    /// Ids in braces.
    Ids(std::initializer_list<std::string_view> ids) { take(ids); }
    /// Those of a range.
    template <typename Range>
    Ids(const Range &ids) {
        take(ids);
    }
    Ids(const Ids &) = delete;
    Ids &operator=(const Ids &) = delete;

    const char *const *data() const noexcept { return pointers_.data(); }
    std::size_t size() const noexcept { return pointers_.size(); }

  private:
    template <typename Range>
    void take(const Range &ids) {
        for (const auto &id : ids) texts_.emplace_back(id, "id");
        pointers_.reserve(texts_.size());
        for (const auto &text : texts_) pointers_.push_back(text.get());
    }

    std::vector<detail::Text> texts_;
    std::vector<const char *> pointers_;
};

namespace detail {

/// A text in JSON.
inline std::string quoted(std::string_view text) {
    std::string json = "\"";
    for (const char each : text) {
        if (each == '"' || each == '\\') json += '\\';
        if (static_cast<unsigned char>(each) < 0x20) {
            constexpr const char *digits = "0123456789abcdef";
            json += "\\u00";
            json += digits[each / 16];
            json += digits[each % 16];
        } else {
            json += each;
        }
    }
    return json + '"';
}

/// A field of a JSON object.
struct Field {
    std::string_view name, value;
};

/// A JSON object of texts; nothing if it has no fields.
template <typename... Fields>
std::string object(Fields... fields) {
    if constexpr (sizeof...(fields) == 0) {
        return {};
    } else {
        std::string json;
        ((json += (json.empty() ? "{" : ",") + quoted(fields.name) + ":" + quoted(fields.value)), ...);
        return json + "}";
    }
}

}  // namespace detail

/// The part of a Client that is flows; only a Client is one.
class Flows {
  public:
    // -- Posts and messages. A body is the content: {"text", "mediaItems", "price", "scheduledDate", ...}.

    /// Creates a post. JSON: the post, with its "id".
    Response create_post(std::string_view body_json) const { return call("create_post", body_json); }
    /// Reads a post.
    Response get_post(std::string_view id) const { return call("get_post", {}, Field{"postId", id}); }
    /// Edits a post: it is as the body says from then on, without the text, media, price and date that it leaves out. For what
    /// stays, take the ids in "media" of get_post, and not the upload references, which are used up.
    Response update_post(std::string_view id, std::string_view body_json) const {
        return call("update_post", body_json, Field{"postId", id});
    }
    /// Deletes a post, or a scheduled one before it is published.
    Response delete_post(std::string_view id) const { return call("delete_post", {}, Field{"postId", id}); }
    /// Sends a message to a user. With "replyToMessageId" it is a reply.
    Response send_message(std::string_view user_id, std::string_view body_json) const {
        return call("send_chat_message", body_json, Field{"userId", user_id});
    }
    /// Takes back a message to a user.
    Response unsend_message(std::string_view user_id, std::string_view message_id) const {
        return call("unsend_chat_message", detail::object(Field{"withUserId", user_id}), Field{"userId", user_id},
                    Field{"messageId", message_id});
    }
    /// Creates a message for the users and lists that the body names.
    Response create_mass_message(std::string_view body_json) const { return call("create_mass_message", body_json); }
    /// Reads a mass message.
    Response get_mass_message(std::string_view id) const {
        return call("get_mass_message", {}, Field{"massMessageId", id});
    }
    /// Edits a mass message that was not sent yet, as update_post edits a post; recipients that are left out are gone, too.
    Response update_mass_message(std::string_view id, std::string_view body_json) const {
        return call("update_mass_message", body_json, Field{"massMessageId", id});
    }
    /// Deletes a mass message.
    Response delete_mass_message(std::string_view id) const {
        return call("delete_mass_message", {}, Field{"massMessageId", id});
    }

    // -- Media and lists of the vault

    /// Waits until the vault has processed these media; Wait::set_notice tells how far that is. JSON: {"items"}.
    Response wait_ready(const Ids &ids) const { return response(&ofauth_wait_ready, ids.data(), ids.size()); }
    /// Creates a list, with a name of 1 to 100 characters. JSON: the list, with its "id".
    Response create_vault_list(std::string_view name) const {
        return call("create_vault_list", detail::object(Field{"name", name}));
    }
    /// Gives a list another name.
    Response rename_vault_list(std::string_view id, std::string_view name) const {
        return call("update_vault_list", detail::object(Field{"name", name}), Field{"listId", id});
    }
    /// Deletes a list. Its media stay in the vault.
    Response delete_vault_list(std::string_view id) const {
        return call("delete_vault_list", {}, Field{"listId", id});
    }
    /// Puts media into a list, any number of them.
    void add_to_vault_list(std::string_view list_id, const Ids &ids) const;
    /// Takes media out of a list, as ofauth_remove_from_vault_list does. JSON: {"changed", "unchanged"}.
    Response remove_from_vault_list(std::string_view list_id, const Ids &ids) const {
        const detail::Text list(list_id, "list_id");
        return response(&ofauth_remove_from_vault_list, list.get(), ids.data(), ids.size());
    }
    /// Puts all media of one list into another. JSON: {"changed", "unchanged"}.
    Response copy_vault_list(std::string_view from_id, std::string_view to_id) const {
        const detail::Text from(from_id, "from_id"), to(to_id, "to_id");
        return response(&ofauth_copy_vault_list, from.get(), to.get());
    }

    // -- Vault+

    /// All media that filters ask for, by their names in the API document, as a range of JSON texts.
    Items vault_plus_query(std::string_view params_json = {}) const &;
    /// A client that is about to go cannot be asked again.
    Items vault_plus_query(std::string_view params_json = {}) const && = delete;
    /// Fetches cached media by their ids, any number of them. JSON: {"items", "missing"}.
    Response vault_plus_batch(const Ids &ids) const {
        return response(&ofauth_vault_plus_batch, ids.data(), ids.size());
    }
    /// One medium with its variants.
    Response vault_plus_get(std::string_view id) const {
        return call("get_vault_plus_media", {}, Field{"mediaId", id});
    }
    /// Deletes all variants of one medium from Vault+. The vault of OnlyFans keeps it.
    Response vault_plus_delete(std::string_view id) const {
        return call("delete_vault_plus_media", {}, Field{"mediaId", id});
    }
    /// Deletes everything that Vault+ has of the connection. The vault of OnlyFans keeps it.
    Response vault_plus_purge() const { return call("purge_vault_plus_media", {}); }
    /// The media of a list of the vault, as far as Vault+ has them. JSON: {"items"}.
    Response vault_plus_list_media(std::string_view list_id) const {
        return call("list_vault_plus_list_media", {}, Field{"listId", list_id});
    }
    /// Brings the copies of a list of the vault up to date.
    Response vault_plus_sync(std::string_view list_id) const {
        return call("sync_vault_plus_list", {}, Field{"listId", list_id});
    }
    /// Has Vault+ copy what is new in a list of the vault, and removes nothing. The documents do not show what is answered.
    Response vault_plus_add_list(std::string_view list_id) const {
        return call("add_vault_plus_list", {}, Field{"listId", list_id});
    }
    /// The lists of the vault that Vault+ keeps copies of. The documents do not show what is answered. JSON: {"items"}.
    Response vault_plus_lists() const { return call("list_vault_plus_lists", {}); }
    /// What Vault+ has of the connection.
    Response vault_plus_status() const { return call("get_vault_plus_status", {}); }
    /// What Vault+ has of all connections.
    Response vault_plus_stats() const { return call("get_vault_plus_stats", {}); }
    /// Waits until Vault+ has the bytes of these media: of the variants with these labels, such as "source", or of all. JSON:
    /// {"items"}.
    Response wait_stored(const Ids &ids, const Ids &labels = {}) const {
        return response(&ofauth_wait_stored, ids.data(), ids.size(), labels.data(), labels.size());
    }
    /// Downloads a variant to a file that is not there yet; a Download has more. JSON: {"bytes", "resumed", "contentType"}.
    Response download(std::string_view media_id, std::string_view label, const std::filesystem::path &path) const;

    // -- Link, connections and settings

    /// Opens a session in which a creator signs in, with the options of ofauth_link_start. JSON: the session; its "url" is
    /// where to send the creator. With {"mode": "whitelabel"} the sandbox gives a "clientSecret" instead, for a page of your own.
    /// Keep it as you keep a password.
    Response link_start(std::string_view options_json = {}) const {
        const detail::Text options(options_json, "options_json");
        return response(&ofauth_link_start, options.get_or_null());
    }
    /// Waits until the creator has signed in, in any process that has the session's JSON. JSON: {"connectionId", ...}.
    Response link_wait(std::string_view session_json) const {
        const detail::SecretText session(session_json, "session_json");
        return response(&ofauth_link_wait, session.get());
    }
    /// All connections of the organization, as a range of JSON texts.
    Items connections() const &;
    /// A client that is about to go cannot be asked again.
    Items connections() const && = delete;
    /// Removes a connection for good.
    Response disconnect_connection(std::string_view id) const {
        return call("disconnect_connection", {}, Field{"connectionId", id});
    }
    /// Ends the session of a connection, which can be linked again.
    Response invalidate_connection(std::string_view id) const {
        return call("invalidate_connection", {}, Field{"connectionId", id});
    }
    /// The settings of a connection.
    Response connection_settings(std::string_view id) const {
        return call("get_connection_settings", {}, Field{"connectionId", id});
    }
    /// The settings of the account.
    Response account_settings() const { return call("get_account_settings", {}); }
    /// Changes the settings of a connection: {"vaultPlus": {"enabled": true, "settings": {...}}}. A change that deletes copies
    /// throws Status::invalid_argument with each reason, and is not sent, unless it is allowed. JSON: {"settings", "purged",
    /// "freedBytes", "affectedConnections"}.
    Response update_connection_settings(std::string_view id, std::string_view patch_json, bool allow_purge = false) const {
        const detail::Text connection(id, "id"), patch(patch_json, "patch_json");
        return response(&ofauth_update_connection_settings, connection.get(), patch.get(), allow_purge ? 1 : 0);
    }
    /// The same for the account: {"vaultPlus": {"defaultSettings": {...}}}.
    Response update_account_settings(std::string_view patch_json, bool allow_purge = false) const {
        const detail::Text patch(patch_json, "patch_json");
        return response(&ofauth_update_account_settings, patch.get(), allow_purge ? 1 : 0);
    }

  private:
    friend class Client;
    using Field = detail::Field;
    Flows() = default;
    const Client &client() const noexcept;
    template <typename Function, typename... Arguments>
    Response response(Function function, Arguments... arguments) const;
    template <typename... Fields>
    Response call(std::string_view operation_id, std::string_view body_json, Fields... params) const;
};

/// Reads the address that a creator came back to after a sign-in: a JSON object with "status", "connectionId",
/// "clientReferenceId", "step", "errorCode" and "message", which says why there is no connection.
inline std::string parse_link_return(std::string_view url) {
    detail::check_abi();
    const detail::Text text(url, "url");
    const auto back = detail::make<detail::ResponseHandle>(&ofauth_link_return_parse, text.get());
    return ofauth_response_json(back.get());
}

}  // namespace ofauth

#endif
