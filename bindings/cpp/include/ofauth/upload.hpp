// Part of ofauth.hpp: what to upload and how, and what cancels it.
#ifndef OFAUTH_UPLOAD_HPP
#define OFAUTH_UPLOAD_HPP

#include <ofauth/callbacks.hpp>
#include <ofauth/error.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>
#include <utility>

namespace ofauth {

/// Cancels uploads and calls, from any thread and in any callback, but not in a signal handler. Copies are the same
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

    /// Ends every upload and call that has it, running or not, with Status::cancelled or, if the service may
    /// have carried out what must not be done twice, Status::outcome_unknown. Cancelling again changes nothing.
    void cancel() const noexcept { ofauth_cancel_cancel(handle_.get()); }

  private:
    friend class Upload;
    friend class Batch;
    friend class Pages;
    friend class Request;
    friend class Download;
    friend class Wait;
    std::shared_ptr<ofauth_cancel> handle_;
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
        return set(&ofauth_upload_set_file, detail::path_text(path).get());
    }
    /// Takes bytes in memory, which are not copied: they must stay as they are while a run is under way.
    /// Needs a file name.
    Upload &set_bytes(const void *data, std::size_t size) {
        return set(&ofauth_upload_set_bytes, data, size);
    }
    /// Takes `size` bytes from a function. Needs a file name. As long as the function does not return, the
    /// upload stands still and cannot be cancelled.
    Upload &set_reader(std::uint64_t size, ReadFunction function) {
        if (!function) throw Error(Status::null, "the reader is an empty function");
        return give(&ofauth_upload_set_reader, &detail::on_read, std::move(function), size);
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
    /// Calls a function with the progress: about ten times a second while bytes flow, after every part, and at
    /// the end. It takes a `const Progress &` and returns nothing, or a bool: false cancels the upload. An empty
    /// function, or nullptr, is called by nobody.
    template <typename Function>
    Upload &set_progress(Function function) {
        return give(&ofauth_upload_set_progress, &detail::on_progress,
                    detail::answering<const Progress &>(std::move(function)));
    }
    /// Whether the client's journal directory, if it has one, is used. Default: true.
    Upload &set_journal(bool on) { return set(&ofauth_upload_set_journal, on ? 1 : 0); }
    /// Whether the journal keeps the result until Client::settle. Default: false.
    Upload &set_hold_result(bool on) { return set(&ofauth_upload_set_hold_result, on ? 1 : 0); }
    /// Calls a function with each notice: resumed, started over, at risk, retrying. It takes a `const Notice &`
    /// and returns nothing, or a bool: false cancels the upload. An empty function, or nullptr, is called by
    /// nobody.
    template <typename Function>
    Upload &set_notice(Function function) {
        return give(&ofauth_upload_set_notice, &detail::on_notice,
                    detail::answering<const Notice &>(std::move(function)));
    }
    /// Lets this cancel end the upload.
    Upload &set_cancel(const Cancel &cancel) { return set(&ofauth_upload_set_cancel, cancel.handle_.get()); }
    /// Lets no cancel end the upload, the default.
    Upload &set_cancel(std::nullptr_t) { return set(&ofauth_upload_set_cancel, nullptr); }

  private:
    friend class Client;
    friend class Batch;
    template <typename Function, typename... Arguments>
    Upload &set(Function function, Arguments... arguments) {
        detail::call(function, detail::used(handle_, "Upload"), arguments...);
        return *this;
    }
    template <typename Setter, typename Callback, typename Function, typename... More>
    Upload &give(Setter setter, Callback callback, Function function, More... more) {
        detail::give(setter, detail::used(handle_, "Upload"), callback, std::move(function), more...);
        return *this;
    }
    template <typename Function>
    Upload &set_text(Function function, std::string_view text, const char *argument) {
        return set(function, detail::Text(text, argument).get());
    }

    detail::UploadHandle handle_;
};

}  // namespace ofauth

#endif
