// Part of ofauth.hpp: lists that come in pages, as ranges of their items.
#ifndef OFAUTH_PAGES_HPP
#define OFAUTH_PAGES_HPP

#include <ofauth/callbacks.hpp>
#include <ofauth/error.hpp>
#include <ofauth/results.hpp>
#include <ofauth/upload.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace ofauth {

class Client;

/// A walk through a list that an operation hands out in pages, such as "list_subscribers": Client::next gives its
/// pages, Client::items its items, each once. Everything is set before the first of them is asked for.
class Pages {
  public:
    /// A walk with these parameters, one JSON object by their names; an empty text is none.
    explicit Pages(std::string_view operation_id, std::string_view params_json = {}) {
        detail::check_abi();
        const detail::Text operation(operation_id, "operation_id"), params(params_json, "params_json");
        handle_ = detail::make<detail::PagesHandle>(&ofauth_pages_new, operation.get(), params.get_or_null());
    }

    /// Adds a parameter that is sent as it is, as Request::add_raw_param does.
    Pages &add_raw_param(std::string_view name, std::string_view value) {
        const detail::Text name_text(name, "name"), value_text(value, "value");
        return set(&ofauth_pages_add_raw_param, name_text.get(), value_text.get());
    }
    /// The most items that are handed out. Default: all.
    Pages &set_max(std::uint64_t items) { return set(&ofauth_pages_set_max, items); }
    /// Goes on where an earlier walk through the same list was left: its resume_token().
    Pages &set_resume(std::string_view token) {
        return set(&ofauth_pages_set_resume, detail::Text(token, "token").get());
    }
    /// Lets this cancel end the fetching of pages.
    Pages &set_cancel(const Cancel &cancel) { return set(&ofauth_pages_set_cancel, cancel.handle_.get()); }
    /// Lets no cancel end it, the default.
    Pages &set_cancel(std::nullptr_t) { return set(&ofauth_pages_set_cancel, nullptr); }
    /// Gives up when one page takes longer, all tries and pauses together; zero for no limit, the default.
    Pages &set_timeout(std::chrono::milliseconds time) {
        return set(&ofauth_pages_set_timeout, detail::milliseconds(time, "timeout"));
    }
    /// Whether a page that could not be fetched is asked for again where that is safe. Default: true.
    Pages &set_retry(bool retry) { return set(&ofauth_pages_set_retry, retry ? 1 : 0); }
    /// How many items come without waiting for the service.
    std::size_t ready() const { return ofauth_pages_ready(detail::used(handle_, "Pages")); }
    /// Where another walk goes on behind what was handed out, in this process or another. Nothing before the first
    /// page and at the end of the list.
    std::optional<std::string> resume_token() const {
        return detail::optional_text(ofauth_pages_resume_token(detail::used(handle_, "Pages")));
    }

  private:
    friend class Client;
    template <typename Function, typename... Arguments>
    Pages &set(Function function, Arguments... arguments) {
        detail::call(function, detail::used(handle_, "Pages"), arguments...);
        return *this;
    }
    /// What comes next; nothing at the end. What had come when an exception came out of a call is what the next one gives.
    template <typename Function>
    detail::ResponseHandle next(detail::ResponseHandle &kept, Function function, const ofauth_client *client) {
        if (!kept) detail::make_in(kept, function, client, detail::used(handle_, "Pages"));
        return std::move(kept);
    }

    detail::PagesHandle handle_;
    detail::ResponseHandle page_, item_;
};

/// The items of a list, each a JSON text, as an input range that is gone through once; Client::items makes it. begin() and
/// ++ fetch a page when one is used up, and throw what that throws. After that, ++ or another begin() goes on.
class Items {
  public:
    /// Stands at an item, or at the end.
    class Iterator {
      public:
        using iterator_category = std::input_iterator_tag;
        using value_type = std::string;
        using difference_type = std::ptrdiff_t;
        using pointer = const std::string *;
        using reference = const std::string &;

        /// The end.
        Iterator() noexcept = default;
        reference operator*() const { return *item_; }
        pointer operator->() const { return &*item_; }
        /// Goes to the next item.
        Iterator &operator++();
        /// The same, and returns where it stood.
        Iterator operator++(int) {
            auto before = *this;
            ++*this;
            return before;
        }
        /// Whether both stand at an item, or both at the end.
        friend bool operator==(const Iterator &one, const Iterator &other) noexcept {
            return one.item_.has_value() == other.item_.has_value();
        }
        friend bool operator!=(const Iterator &one, const Iterator &other) noexcept { return !(one == other); }

      private:
        friend class Items;
        Iterator(const Client *client, Pages *pages) noexcept : client_(client), pages_(pages) {}

        const Client *client_ = nullptr;
        Pages *pages_ = nullptr;
        std::optional<std::string> item_;
    };

    /// Goes to the next item.
    Iterator begin() const { return ++Iterator(client_, pages_); }
    /// After the last one.
    Iterator end() const noexcept { return {}; }

  private:
    friend class Client;
    Items(const Client *client, Pages *pages) noexcept : client_(client), pages_(pages) {}
    Items(const Client *client, std::unique_ptr<Pages> pages) noexcept
        : client_(client), own_(std::move(pages)), pages_(own_.get()) {}

    const Client *client_;
    std::unique_ptr<Pages> own_;
    Pages *pages_;
};

}  // namespace ofauth

#endif
