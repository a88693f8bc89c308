// Uploads many files, four at once: batch FILE...
//
// Prints each file and its reference as it ends. Ctrl-C cancels; a second one ends the program at once.
#include "environment.hpp"

#include <csignal>
#include <cstdint>
#include <iostream>

namespace {

volatile std::sig_atomic_t interrupted = 0;

extern "C" void on_interrupt(int signal) {
    interrupted = 1;
    std::signal(signal, SIG_DFL);
}

}  // namespace

int main(int argc, char **argv) {
    if (argc < 2) {
        std::cerr << "usage: batch FILE...\n";
        return 2;
    }
    std::signal(SIGINT, on_interrupt);
    try {
        const ofauth::Client client(config_of_environment());
        ofauth::Batch batch;
        batch.set_files(4);
        batch.set_progress([](std::uint64_t, const ofauth::Progress &) { return interrupted == 0; });
        batch.set_notice([argv](std::uint64_t index, const ofauth::Notice &notice) {
            std::cerr << argv[index + 1] << ": " << notice.text << '\n';
        });
        for (int at = 1; at < argc; ++at) batch.add_file(argv[at]);
        bool all = true;
        for (const auto &file : client.results(batch)) {
            if (const auto error = file.error()) {
                std::cerr << file.name() << ": " << error->what() << '\n';
                all = false;
            } else {
                std::cout << file.name() << ": " << file.result().upload_id() << std::endl;
            }
        }
        return interrupted != 0 ? 130 : all ? 0 : 1;
    } catch (const std::exception &error) {
        std::cerr << error.what() << '\n';
        return 1;
    }
}
