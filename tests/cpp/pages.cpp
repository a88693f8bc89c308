// Walks a list as tests/c/pages.c does: each item on a line, and last "= STATUS TOKEN MESSAGE".
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

}  // namespace

int main() {
    ofauth::Config config(needed("OFAUTH_API_KEY"));
    config.set_connection_id(needed("OFAUTH_CONNECTION_ID"));
    config.set_base_url(needed("OFAUTH_BASE_URL"));
    const ofauth::Client client(config);
    ofauth::Pages pages(needed("OFAUTH_LIST"), needed("OFAUTH_PARAMS"));
    if (const char *max = std::getenv("OFAUTH_MAX")) pages.set_max(std::stoull(max));
    if (const char *token = std::getenv("OFAUTH_RESUME")) pages.set_resume(token);
    if (const char *raw = std::getenv("OFAUTH_RAW")) pages.add_raw_param("later", raw);
    auto status = ofauth::Status::ok;
    std::string message;
    try {
        for (const auto &item : client.items(pages)) std::cout << item << '\n';
    } catch (const ofauth::Error &error) {
        status = error.code();
        message = error.what();
    }
    std::cout << "= " << static_cast<int>(status) << ' ' << pages.resume_token().value_or("-") << ' ' << message << '\n';
    return 0;
}
