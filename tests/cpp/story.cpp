// From a link to a download and a verified webhook, as a program that may be killed anywhere and is run again: nothing happens
// twice. It keeps a file for each step that is done, and before it makes something it looks whether an earlier run did.
//
//     story STATE_DIR CLIP
#include <ofauth.hpp>

#include <chrono>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace fs = std::filesystem;

namespace {

std::string environment(const char *name) {
    const char *const value = std::getenv(name);
    if (value == nullptr) throw std::runtime_error(std::string(name) + " is not set");
    return value;
}

std::string read(const fs::path &path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) throw std::runtime_error("cannot read " + path.string());
    return std::string(std::istreambuf_iterator<char>(file), {});
}

/// A field of the outermost object of a JSON text, without quotes; nothing if it is missing. What is escaped stays so.
std::optional<std::string> field(std::string_view json, const std::string &name) {
    const std::string start = '"' + name + "\":";
    int depth = 0;
    for (std::size_t at = 0; at < json.size(); ++at) {
        if (json[at] == '{' || json[at] == '[') ++depth;
        if (json[at] == '}' || json[at] == ']') --depth;
        if (json[at] != '"') continue;
        if (depth == 1 && json.compare(at, start.size(), start) == 0) {
            auto value = json.substr(at + start.size());
            const bool is_text = value.front() == '"';
            if (is_text) value.remove_prefix(1);
            return std::string(value.substr(0, value.find_first_of(is_text ? "\"" : ",}")));
        }
        for (++at; json[at] != '"'; ++at) at += json[at] == '\\';
    }
    return std::nullopt;
}

std::string id_of(std::string_view json) {
    const auto id = field(json, "id");
    if (!id) throw std::runtime_error("the answer has no id");
    return *id;
}

/// The id of the first item of a list whose text has this part.
std::optional<std::string> find(ofauth::Items items, std::string_view text) {
    for (const auto &item : items) {
        const auto said = field(item, "text");
        if (said && said->find(text) != std::string::npos) return id_of(item);
    }
    return std::nullopt;
}

/// A directory with a file for each step.
class Done {
  public:
    explicit Done(fs::path directory) : directory_(std::move(directory)) {}

    /// What the file of a step says; nothing if it is not there.
    std::optional<std::string> of(const std::string &name) const {
        if (!fs::exists(directory_ / name)) return std::nullopt;
        return read(directory_ / name);
    }

    /// Does a step unless its file is there, prints its value and returns it.
    std::string step(const std::string &name, const std::function<std::string()> &work) const {
        const auto before = of(name);
        const std::string value = before ? *before : work();
        if (!before) write(name, value);
        std::cout << name << ' ' << value << std::endl;
        return value;
    }

    /// Makes the file of a step, whole or not at all.
    void write(const std::string &name, const std::string &value) const {
        const fs::path whole = directory_ / name, part = directory_ / (name + ".new");
        std::ofstream(part, std::ios::binary) << value;
        fs::rename(part, whole);
    }

  private:
    fs::path directory_;
};

/// Links an account, unless an earlier run did. What that run began goes on: two sessions may make two connections.
std::string link_account(const ofauth::Client &account, const Done &done) {
    for (const auto &connection : account.connections()) {
        if (field(connection, "clientReferenceId") == "story") return id_of(connection);
    }
    auto session = done.of("session");
    if (!session) {
        session = account.link_start(R"({"clientReferenceId": "story"})").json();
        done.write("session", *session);
    }
    return field(account.link_wait(*session).json(), "connectionId").value();
}

/// Uploads the clip. Its result is held until it is written down: the id in the vault, and the reference.
std::string upload(const ofauth::Client &client, const Done &done, const fs::path &clip) {
    ofauth::Upload upload;
    upload.set_file(clip).set_hold_result(true);
    const auto result = client.run(upload);
    auto media = result.media_id();
    if (!media) {
        // An upload in parts is not always told its id. It is the newest of the vault.
        for (const auto &item : client.items("list_vault_media")) {
            media = id_of(item);
            break;
        }
    }
    const std::string value = media.value() + ' ' + result.upload_id();
    done.write("upload", value);
    client.settle(result);
    return value;
}

/// Verifies the webhook that the service has sent.
std::string webhook(const fs::path &state) {
    while (!fs::exists(state / "webhook.body")) std::this_thread::sleep_for(std::chrono::milliseconds(50));
    ofauth::Headers headers;
    std::ifstream lines(state / "webhook.headers");
    for (std::string line; std::getline(lines, line);) {
        if (const auto end = line.find(": "); end != std::string::npos) {
            headers.emplace_back(line.substr(0, end), line.substr(end + 2));
        }
    }
    const auto event = ofauth::verify_webhook({read(state / "webhook.secret")}, headers, read(state / "webhook.body"));
    return field(event, "type").value();
}

/// A moment as the API takes it.
std::string tomorrow() {
    const std::time_t at = std::time(nullptr) + 24 * 60 * 60;
    char text[32];
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S.000Z", std::gmtime(&at));
    return text;
}

void tell(const fs::path &state, const fs::path &clip) {
    ofauth::Config config(environment("OFAUTH_API_KEY"));
    config.set_base_url(environment("OFAUTH_BASE_URL")).set_journal_dir(state / "journal");
    const ofauth::Client account(config);
    const Done done(state);

    const auto client = account.for_connection(done.step("link", [&] { return link_account(account, done); }));
    const auto uploaded = done.step("upload", [&] { return upload(client, done, clip); });
    const auto media = uploaded.substr(0, uploaded.find(' ')), reference = uploaded.substr(media.size() + 1);
    const auto content = [&](const std::string &text, const std::string &item, const std::string &more) {
        return "{\"text\": \"" + text + "\", \"mediaItems\": [\"" + item + "\"]" + more + "}";
    };
    const auto scheduled = ", \"scheduledDate\": \"" + tomorrow() + '"';
    done.step("ready", [&] {
        client.wait_ready({media});
        return media;
    });
    const auto post = done.step("post", [&] {
        if (const auto made = find(client.items("list_posts"), "story post")) return *made;
        return id_of(client.create_post(content("story post", reference, scheduled)).json());
    });
    done.step("edit", [&] {
        client.update_post(post, content("story post edited", media, scheduled));
        return post;
    });
    done.step("message", [&] {
        const auto messages = R"({"userId": "12345"})";
        if (const auto sent = find(client.items("list_chat_messages", messages), "story message")) return *sent;
        return id_of(client.send_message("12345", content("story message", media, "")).json());
    });
    done.step("stored", [&] {
        client.wait_stored({media}, {"source"});
        return media;
    });
    done.step("download", [&] {
        ofauth::Download download(media, "source", state / "downloaded.mp4");
        return field(client.run(download.set_overwrite(true)).json(), "bytes").value();
    });
    done.step("webhook", [&] { return webhook(state); });
    std::cout << "done" << std::endl;
}

}  // namespace

int main(int argc, char **argv) {
    try {
        if (argc != 3) throw std::runtime_error("give a directory for the state and a clip");
        tell(argv[1], argv[2]);
        return 0;
    } catch (const std::exception &error) {
        std::cerr << error.what() << '\n';
        return 1;
    }
}
