// How each call of C++ ends, as a number, with a server that answers everything alike: one line for each.
#include <ofauth.hpp>

#include <cstdlib>
#include <iostream>
#include <string>

namespace {

std::string needed(const char *name) {
    const char *const value = std::getenv(name);
    if (value == nullptr) std::abort();
    return value;
}

template <typename Call>
void tell(const char *road, const Call &call) {
    auto status = ofauth::Status::ok;
    try {
        call();
    } catch (const ofauth::Error &error) {
        status = error.code();
    }
    std::cout << road << ' ' << static_cast<int>(status) << '\n';
}

}  // namespace

int main() {
    ofauth::Config config(needed("OFAUTH_API_KEY"));
    config.set_connection_id(needed("OFAUTH_CONNECTION_ID"));
    config.set_base_url(needed("OFAUTH_BASE_URL"));
    const ofauth::Client client(config);
    const char *const part = R"({"mediaUploadId": "upload:1", "partNumber": 1})";
    tell("made", [&] { client.call("create_post", {}, R"({"text": "x"})"); });
    tell("sent", [&] { client.call_bytes("upload_part", part, "bytes", 5, "video/mp4"); });
    tell("read", [&] { client.call("whoami"); });
    return 0;
}
