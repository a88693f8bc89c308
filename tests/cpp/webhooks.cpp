// Verifies the webhooks of a table, and says what each comes to: a line with the status, and the event if there is one. The
// table is that of tests/c/webhooks.c.
#include <ofauth.hpp>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

namespace {

std::string text(std::istream &words) {
    std::string hex, bytes;
    words >> hex;
    for (std::size_t at = 0; hex != "-" && at < hex.size(); at += 2) {
        bytes += static_cast<char>(std::stoi(hex.substr(at, 2), nullptr, 16));
    }
    return bytes;
}

}  // namespace

int main() {
    const char *const path = std::getenv("OFAUTH_WEBHOOKS");
    if (path == nullptr) return 2;
    std::ifstream words(path);
    std::size_t count = 0;
    while (words >> count) {
        std::vector<std::string> secrets;
        while (secrets.size() < count) secrets.push_back(text(words));
        ofauth::Headers headers;
        words >> count;
        while (headers.size() < count) {
            const auto name = text(words);
            headers.emplace_back(name, text(words));
        }
        const auto body = text(words);
        long long seconds = 0;
        words >> seconds;
        const std::chrono::system_clock::time_point now{std::chrono::seconds(seconds)};
        try {
            const auto event = ofauth::verify_webhook(secrets, headers, body, now);
            std::cout << "0 " << event << '\n';
        } catch (const ofauth::Error &error) {
            std::cout << static_cast<int>(error.code()) << ' ' << error.what() << '\n';
        }
    }
    return 0;
}
