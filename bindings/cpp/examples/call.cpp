// Calls any operation of the API: call OPERATION [PARAMETERS [BODY]]
//
//     call whoami
//     call list_vault_media '{"limit": 10}'
//     call create_post '{}' '{"text": "Hello"}'
//
// Prints the answer.
#include "environment.hpp"

#include <iostream>

int main(int argc, char **argv) {
    if (argc < 2 || argc > 4) {
        std::cerr << "usage: call OPERATION [PARAMETERS [BODY]]\n";
        return 2;
    }
    try {
        const ofauth::Client client(config_of_environment());
        const auto response = client.call(argv[1], argc > 2 ? argv[2] : "", argc > 3 ? argv[3] : "");
        std::cout << response.body() << std::endl;
        return 0;
    } catch (const ofauth::Error &error) {
        std::cerr << ofauth::status_name(error.code()) << ": " << error.what() << '\n';
        if (error.http_status() != 0) std::cerr << "HTTP status " << error.http_status() << '\n';
        if (const auto id = error.request_id()) std::cerr << "request " << *id << '\n';
        return error.is_retryable() ? 3 : 1;
    } catch (const std::exception &error) {
        std::cerr << error.what() << '\n';
        return 1;
    }
}
