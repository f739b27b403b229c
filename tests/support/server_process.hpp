// server_process.hpp: a Python test server as a child process: started on a free port, stopped by its process id.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/json.hpp"

namespace neurolake::contract {

// Runs tests/support/<script>; it prints one line of JSON when it listens and ends when its stdin closes.
class ServerProcess {
public:
    ServerProcess(const std::string& script, std::vector<std::string> arguments);
    ServerProcess(const ServerProcess&) = delete;
    ServerProcess& operator=(const ServerProcess&) = delete;
    ~ServerProcess();

    const json::Value& said() const { return m_said; }
    bool listens() const { return m_said.natural("port") != 0; }
    // One line on its stdin, for those that take orders; the line it answers with.
    json::Value tell(const std::string& order);
    std::string endpoint() const { return "http://127.0.0.1:" + std::to_string(m_said.natural("port")); }

private:
    json::Value m_said;
    pid_t m_pid = -1;
    int m_stdin = -1, m_stdout = -1;
};

// One JSON request to a server's control address.
json::Value ask(const std::string& method, const std::string& url, const json::Value& body = {});

}  // namespace neurolake::contract
