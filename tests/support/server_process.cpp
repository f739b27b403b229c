// server_process.cpp: starting and stopping test servers.
// SPDX-License-Identifier: Apache-2.0
#include "support/server_process.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>

#include "base/http.hpp"

extern char** environ;

namespace neurolake::contract {
namespace {

std::string read_line(int fd) {
    std::string line;
    char c = 0;
    while (::read(fd, &c, 1) == 1 && c != '\n') line += c;
    return line;
}

}  // namespace

ServerProcess::ServerProcess(const std::string& script, std::vector<std::string> arguments) {
    const char* tests = std::getenv("NEUROLAKE_TESTS_DIR");
    REQUIRE(tests != nullptr);
    std::vector<std::string> words{"python3", "-B", std::string(tests) + "/support/" + script};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);

    int in[2], out[2];
    REQUIRE(::pipe2(in, O_CLOEXEC) == 0);
    REQUIRE(::pipe2(out, O_CLOEXEC) == 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in[0], 0);
    posix_spawn_file_actions_adddup2(&actions, out[1], 1);
    const int failed = ::posix_spawnp(&m_pid, "python3", &actions, nullptr, argv.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    ::close(in[0]);
    ::close(out[1]);
    m_stdin = in[1];
    if (failed != 0) m_pid = -1;
    m_stdout = out[0];
    const std::string line = read_line(m_stdout);
    if (auto parsed = json::parse(line)) m_said = std::move(*parsed);
}

ServerProcess::~ServerProcess() {
    ::close(m_stdin);
    ::close(m_stdout);
    if (m_pid > 0) ::waitpid(m_pid, nullptr, 0);
}

json::Value ServerProcess::tell(const std::string& order) {
    const std::string line = order + "\n";
    REQUIRE(::write(m_stdin, line.data(), line.size()) == static_cast<ssize_t>(line.size()));
    auto answer = json::parse(read_line(m_stdout));
    REQUIRE(answer);
    return std::move(*answer);
}

json::Value ask(const std::string& method, const std::string& url, const json::Value& body) {
    const CancelFlag never;
    http::Client client({}, never);
    http::Request request;
    request.method = method;
    request.url = url;
    if (!body.is_null()) request.body = http::body_of(json::dump(body));
    request.body_limit = 64u << 20;
    const auto response = client.send(request);
    REQUIRE(response);
    REQUIRE(response->status == 200);
    auto parsed = json::parse(response->body);
    REQUIRE(parsed);
    return std::move(*parsed);
}

}  // namespace neurolake::contract
