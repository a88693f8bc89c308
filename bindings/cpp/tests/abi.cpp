// A program that was compiled for another binary interface than the one of the library that it gets: no
// object can be made.
#include <ofauth.h>

#undef OFAUTH_ABI_VERSION
#define OFAUTH_ABI_VERSION 77
#include <ofauth.hpp>

#include <iostream>
#include <string>

namespace {

template <typename Make>
bool is_refused(const char *what, const Make &make) {
    try {
        make();
    } catch (const ofauth::Error &error) {
        const bool says_both = std::string(error.what()).find("interface 77 ") != std::string::npos &&
                               std::string(error.what()).find(ofauth::version()) != std::string::npos;
        if (error.code() == ofauth::Status::config && says_both) return true;
        std::cerr << what << ": " << error.what() << '\n';
        return false;
    }
    std::cerr << what << " was made\n";
    return false;
}

}  // namespace

int main() {
    const bool config = is_refused("Config", [] { ofauth::Config("a key that is long enough"); });
    const bool upload = is_refused("Upload", [] { ofauth::Upload(); });
    const bool cancel = is_refused("Cancel", [] { ofauth::Cancel(); });
    return config && upload && cancel ? 0 : 1;
}
