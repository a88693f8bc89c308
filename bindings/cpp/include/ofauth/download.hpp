// Part of ofauth.hpp: downloads of variants from Vault+ to files.
#ifndef OFAUTH_DOWNLOAD_HPP
#define OFAUTH_DOWNLOAD_HPP

#include <ofauth/callbacks.hpp>
#include <ofauth/error.hpp>
#include <ofauth/upload.hpp>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <string_view>
#include <utility>

namespace ofauth {

class Client;

/// A variant of a medium and the file that it is to be, to be run by Client::run, any number of times. Who is interrupted, by a
/// kill or by a cancel, does the same again: it goes on where it was.
class Download {
  public:
    /// The variant with this label, such as "source", "full" or "720p", of a medium by its OnlyFans id.
    Download(std::string_view media_id, std::string_view label, const std::filesystem::path &path) {
        detail::check_abi();
        const detail::Text id(media_id, "media_id"), label_text(label, "label");
        handle_ = detail::make<detail::DownloadHandle>(&ofauth_download_new, id.get(), label_text.get(),
                                                       detail::path_text(path).get());
    }

    /// Whether the file takes the place of one that is there. Default: false, and that is an error.
    Download &set_overwrite(bool on) { return set(&ofauth_download_set_overwrite, on ? 1 : 0); }
    /// Whether a run waits until Vault+ has the bytes. Default: false, and a variant that is not stored is an error.
    Download &set_wait(bool on) { return set(&ofauth_download_set_wait, on ? 1 : 0); }
    /// Calls a function with the progress, about ten times a second while bytes come: `handed_over` are those that are there,
    /// and `total` is the largest number while it is not known. It takes a `const Progress &` and returns nothing, or a bool:
    /// false cancels the download.
    template <typename Function>
    Download &set_progress(Function function) {
        detail::give(&ofauth_download_set_progress, detail::used(handle_, "Download"), &detail::on_progress,
                     detail::answering<const Progress &>(std::move(function)));
        return *this;
    }
    /// Lets this cancel end the download.
    Download &set_cancel(const Cancel &cancel) { return set(&ofauth_download_set_cancel, cancel.handle_.get()); }
    /// Lets no cancel end it, the default.
    Download &set_cancel(std::nullptr_t) { return set(&ofauth_download_set_cancel, nullptr); }
    /// Gives up when a run takes longer, all tries and waits together; zero for no limit, the default.
    Download &set_timeout(std::chrono::milliseconds time) {
        return set(&ofauth_download_set_timeout, detail::milliseconds(time, "timeout"));
    }

  private:
    friend class Client;
    template <typename Function, typename... Arguments>
    Download &set(Function function, Arguments... arguments) {
        detail::call(function, detail::used(handle_, "Download"), arguments...);
        return *this;
    }

    detail::DownloadHandle handle_;
};

}  // namespace ofauth

#endif
