// The parts of support.hpp that need the operating system.
#include "support.hpp"

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>

namespace support {

namespace {

struct Closer {
    int socket;
    ~Closer() { close(socket); }
};

int connect_to(const std::string &host, const std::string &port) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo *found = nullptr;
    if (getaddrinfo(host.c_str(), port.c_str(), &hints, &found) != 0) {
        throw std::runtime_error("no such host: " + host);
    }
    const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, &freeaddrinfo);
    const int connected = socket(found->ai_family, found->ai_socktype, found->ai_protocol);
    if (connected < 0) throw std::runtime_error("no socket");
    if (connect(connected, found->ai_addr, found->ai_addrlen) != 0) {
        close(connected);
        throw std::runtime_error("nobody listens on port " + port);
    }
    return connected;
}

}  // namespace

std::string environment(const char *name) {
    const char *const value = std::getenv(name);
    if (value == nullptr || *value == '\0') throw std::runtime_error(std::string("set ") + name);
    return value;
}

ofauth::Config config() {
    ofauth::Config config(environment("OFAUTH_API_KEY"));
    config.set_base_url(environment("OFAUTH_BASE_URL"));
    config.set_connection_id(environment("OFAUTH_CONNECTION_ID"));
    return config;
}

std::filesystem::path clip() { return environment("OFAUTH_CLIP"); }

const std::string &clip_bytes() {
    static const std::string bytes = [] {
        std::ifstream file(clip(), std::ios::binary);
        return std::string(std::istreambuf_iterator<char>(file), {});
    }();
    return bytes;
}

std::string control(std::string_view method, std::string_view path, std::string_view body) {
    const std::string url = environment("OFAUTH_BASE_URL");
    const std::string scheme = "http://";
    const auto colon = url.rfind(':');
    if (url.compare(0, scheme.size(), scheme) != 0 || colon <= scheme.size()) {
        throw std::runtime_error("OFAUTH_BASE_URL has to be http://HOST:PORT, not " + url);
    }
    const Closer server{connect_to(url.substr(scheme.size(), colon - scheme.size()), url.substr(colon + 1))};

    std::string request(method);
    request.append(" ").append(path).append(" HTTP/1.1\r\nHost: sandbox\r\nConnection: close\r\n");
    request.append("Content-Type: application/json\r\nContent-Length: ").append(std::to_string(body.size()));
    request.append("\r\n\r\n").append(body);
    for (std::size_t sent = 0; sent < request.size();) {
        const auto more = send(server.socket, request.data() + sent, request.size() - sent, MSG_NOSIGNAL);
        if (more <= 0) throw std::runtime_error("the server stopped reading");
        sent += static_cast<std::size_t>(more);
    }
    std::string answer;
    char buffer[4096];
    for (ssize_t got = 0; (got = recv(server.socket, buffer, sizeof buffer, 0)) > 0;) {
        answer.append(buffer, static_cast<std::size_t>(got));
    }
    if (!has(answer.substr(0, 16), " 200 ")) throw std::runtime_error("the server refused: " + answer);
    return answer.substr(answer.find("\r\n\r\n") + 4);
}

Directory::Directory() {
    std::string name = (std::filesystem::temp_directory_path() / "ofauth-cpp-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no directory could be made");
    path_ = name;
}

Directory::~Directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::string upload_record(const std::string &upload_id) {
    return control("GET", "/_sandbox/uploads/" + upload_id);
}

}  // namespace support
