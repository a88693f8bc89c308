// Where the examples find their settings. Programs may ask the environment; the library never does.
#ifndef OFAUTH_EXAMPLES_ENVIRONMENT_HPP
#define OFAUTH_EXAMPLES_ENVIRONMENT_HPP

#include <ofauth.hpp>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

/// The key from OFAUTH_API_KEY and, where they are set, the server, the connection and a file of trusted
/// certificates from OFAUTH_BASE_URL, OFAUTH_CONNECTION_ID and OFAUTH_CA_PEM_FILE.
inline ofauth::Config config_of_environment() {
    const auto value = [](const char *name) {
        const char *const text = std::getenv(name);
        return std::string(text == nullptr ? "" : text);
    };
    ofauth::Config config(value("OFAUTH_API_KEY"));
    if (const auto url = value("OFAUTH_BASE_URL"); !url.empty()) config.set_base_url(url);
    if (const auto id = value("OFAUTH_CONNECTION_ID"); !id.empty()) config.set_connection_id(id);
    if (const auto path = value("OFAUTH_CA_PEM_FILE"); !path.empty()) {
        std::ifstream file(path);
        config.set_ca_pem(std::string(std::istreambuf_iterator<char>(file), {}));
    }
    return config;
}

#endif
