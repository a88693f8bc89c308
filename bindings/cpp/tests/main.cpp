// The test program. doctest, because it is one small header that compiles quickly, under sanitizers too.
#define DOCTEST_CONFIG_IMPLEMENT
#include "support.hpp"

#include <iostream>

int main(int argc, char **argv) {
    try {
        for (auto name : {"OFAUTH_BASE_URL", "OFAUTH_API_KEY", "OFAUTH_CONNECTION_ID", "OFAUTH_CLIP"}) {
            support::environment(name);
        }
    } catch (const std::exception &error) {
        std::cerr << "these tests need a sandbox with parts of 64 KiB: " << error.what() << '\n';
        return 2;
    }
    doctest::Context context(argc, argv);
    return context.run();
}
