// Uploads a file with a line of progress: upload FILE
//
// Ctrl-C cancels; a second one ends the program at once. Prints the reference of the upload.
#include "environment.hpp"

#include <csignal>
#include <iostream>

namespace {

volatile std::sig_atomic_t interrupted = 0;

extern "C" void on_interrupt(int signal) {
    interrupted = 1;
    std::signal(signal, SIG_DFL);
}

bool show(const ofauth::Progress &progress) {
    std::cerr << '\r' << progress.acknowledged << " of " << progress.total << " bytes, "
              << progress.parts_done << " of " << progress.parts_total << " parts" << std::flush;
    return interrupted == 0;
}

}  // namespace

int main(int argc, char **argv) {
    if (argc != 2) {
        std::cerr << "usage: upload FILE\n";
        return 2;
    }
    std::signal(SIGINT, on_interrupt);
    try {
        const ofauth::Client client(config_of_environment());
        ofauth::Upload upload;
        upload.set_file(argv[1]).set_progress(show);
        const auto result = client.run(upload);
        std::cerr << '\n';
        std::cout << result.upload_id() << std::endl;
        return 0;
    } catch (const ofauth::Error &error) {
        std::cerr << '\n' << error.what() << '\n';
        if (error.code() == ofauth::Status::cancelled) return 130;
        if (error.code() == ofauth::Status::outcome_unknown) {
            std::cerr << "look before repeating, it may be there: " << error.upload_id().value_or("") << '\n';
        }
        return error.is_retryable() ? 3 : 1;
    } catch (const std::exception &error) {
        std::cerr << '\n' << error.what() << '\n';
        return 1;
    }
}
