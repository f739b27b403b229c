// http.hpp: the HTTP client: signed by the caller, sent by libcurl, which is loaded when the first request is made.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "base/workers.hpp"

namespace neurolake::http {

using Headers = std::vector<std::pair<std::string, std::string>>;

// A request body that can be read again from any offset: the transfer may have to start over.
struct Body {
    std::uint64_t size = 0;
    std::function<Result<std::size_t>(std::uint64_t offset, char* into, std::size_t length)> read;
};
Body body_of(std::string bytes);

struct Response {
    int status = 0;
    Headers headers;             // names in lower case
    std::string body;            // empty when a sink took it
    std::uint64_t received = 0;  // bytes of body
    // The body went out more than once: a kept connection turned out dead and the request was sent again on a new one.
    // The first may have been carried out, so a refusal ("exists", "gone") can be the echo of our own success.
    bool repeated = false;
    const std::string* header(std::string_view lower_name) const;
};

struct Request {
    std::string method, url;  // the path of the URL goes out byte by byte as it stands here
    Headers headers;
    std::optional<Body> body;
    // Where the body of a 2xx answer goes; without it, and for any other status, Response::body. `head` comes before
    // the first byte (and also when there is none). The error of either ends the transfer and is returned.
    std::function<Status(const Response&)> head;
    std::function<Status(std::string_view bytes)> sink;
    std::size_t body_limit = 8u << 20;  // of Response::body; more is corrupt
};

struct Options {
    std::string ca_file;                            // "" = the system's certificates
    std::optional<std::uint64_t> bytes_per_second;  // over all transfers of this client, both directions together
    std::chrono::seconds connect_timeout{10};
    std::chrono::seconds stall_timeout{30};  // this long without a byte ends a transfer; there is no total limit
    std::string user_agent = "neurolake";
};

// Many threads may send at once; each drives its own transfer, and connections are kept and reused. Never follows
// redirects, speaks http and https only, always verifies certificates, keeps no cookies, uses the proxy of the
// environment except for loopback. An answer of any status is a Response. A server that refuses before it has read the
// body, and then closes, takes its answer along (RFC 9112, 9.6): once an upload was cut, the next ones of this client
// ask before they send ("Expect: 100-continue", RFC 9110, 10.1.1), so that the refusal can be heard. Errors:
// unavailable (no connection, cut, stalled, not HTTP), cloud (certificate refused), cancelled, corrupt (answer too
// large), unsupported (libcurl is not installed), or the caller's own.
class Client {
public:
    Client(Options options, const CancelFlag& cancel);
    Client(Client&&) noexcept;
    ~Client();
    Result<Response> send(const Request& request);

private:
    struct Pool;
    std::unique_ptr<Pool> m_pool;
};

struct Counts {
    std::map<std::string, std::uint64_t> requests;  // by method, every attempt
    std::uint64_t bytes_sent = 0, bytes_received = 0;
};
Counts counts();  // of this process

bool is_loopback(std::string_view host);  // "127.0.0.1", "localhost", "x.localhost", "[::1]"

}  // namespace neurolake::http
