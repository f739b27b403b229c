// http_test.cpp: the HTTP client against sockets that answer as told.
// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "base/http.hpp"

using namespace neurolake;

namespace {

// Answers the connections it gets, one after the other, each with the next text, and keeps what it read.
class Answers {
public:
    explicit Answers(std::vector<std::string> texts) : m_texts(std::move(texts)) {
        m_socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        REQUIRE(::bind(m_socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
        REQUIRE(::listen(m_socket, 8) == 0);
        socklen_t size = sizeof address;
        ::getsockname(m_socket, reinterpret_cast<sockaddr*>(&address), &size);
        m_port = ntohs(address.sin_port);
        m_thread = std::thread([this] { serve(); });
    }
    Answers(const Answers&) = delete;
    Answers& operator=(const Answers&) = delete;
    ~Answers() { finish(); }

    std::string url(const std::string& path = "/") const { return "http://127.0.0.1:" + std::to_string(m_port) + path; }
    std::vector<std::string> requests() {
        finish();
        return m_requests;
    }

private:
    void finish() {
        if (m_thread.joinable()) m_thread.join();
        if (m_socket >= 0) ::close(std::exchange(m_socket, -1));
    }
    void serve() {
        for (const std::string& text : m_texts) {
            const int fd = ::accept(m_socket, nullptr, nullptr);
            std::string request;
            char buffer[4096];
            while (request.find("\r\n\r\n") == std::string::npos) {
                const ssize_t n = ::recv(fd, buffer, sizeof buffer, 0);
                if (n <= 0) break;
                request.append(buffer, static_cast<std::size_t>(n));
            }
            m_requests.push_back(request);
            ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
            ::shutdown(fd, SHUT_WR);
            const timeval patience{0, 200'000};  // the client may keep its side open
            ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
            while (::recv(fd, buffer, sizeof buffer, 0) > 0) {
            }
            ::close(fd);
        }
    }

    std::vector<std::string> m_texts, m_requests;
    int m_socket = -1, m_port = 0;
    std::thread m_thread;
};

http::Request get(const std::string& url) {
    http::Request request;
    request.method = "GET";
    request.url = url;
    return request;
}

}  // namespace

TEST_CASE("an answer comes with status, headers in lower case and body", "[base]") {
    Answers server({"HTTP/1.1 404 Not Found\r\nX-Some: a b \r\nContent-Length: 4\r\n\r\nbody"});
    const CancelFlag cancel;
    http::Client client({}, cancel);
    http::Request request = get(server.url("/a/../b%2Fc?x=%20"));
    request.headers = {{"x-mine", "1"}, {"x-empty", ""}};
    const auto response = client.send(request);
    REQUIRE(response);
    CHECK(response->status == 404);
    CHECK(response->body == "body");
    REQUIRE(response->header("x-some") != nullptr);
    CHECK(*response->header("x-some") == "a b");
    const auto requests = server.requests();
    CHECK_THAT(requests[0], Catch::StartsWith("GET /a/../b%2Fc?x=%20 HTTP/1.1\r\n"));
    CHECK_THAT(requests[0], Catch::Contains("x-mine: 1\r\n") && Catch::Contains("x-empty:\r\n"));
}

TEST_CASE("broken answers are unavailable, never success", "[base]") {
    for (const char* text : {"", "garbage\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
                             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"}) {
        CAPTURE(text);
        Answers server({text});
        const CancelFlag cancel;
        http::Client client({}, cancel);
        const auto response = client.send(get(server.url()));
        REQUIRE_FALSE(response);
        CHECK(response.error().code == Errc::unavailable);
    }
}

TEST_CASE("a redirect is an answer like any other", "[base]") {
    Answers server({"HTTP/1.1 307 Go\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"});
    const CancelFlag cancel;
    http::Client client({}, cancel);
    const auto response = client.send(get(server.url()));
    REQUIRE(response);
    CHECK(response->status == 307);
}

TEST_CASE("once an upload was cut, the next asks first and hears why it is refused", "[base]") {
    Answers server({"", "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno",
                    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
                    "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"});
    const CancelFlag cancel;
    http::Client client({}, cancel);
    http::Request upload = get(server.url());
    upload.method = "PUT";
    upload.body = http::body_of(std::string(8 << 20, 'x'));  // more than two socket buffers hold
    const auto cut = client.send(upload);
    REQUIRE_FALSE(cut);
    CHECK(cut.error().code == Errc::unavailable);
    const auto refused = client.send(upload);
    REQUIRE(refused);
    CHECK(refused->status == 403);
    CHECK(refused->body == "no");
    upload.body = http::body_of("bytes");
    const auto taken = client.send(upload);
    REQUIRE(taken);
    CHECK(taken->status == 200);
    CHECK(client.send(get(server.url()))->status == 200);
    const auto requests = server.requests();
    const auto asks = Catch::Contains("Expect: 100-continue");
    CHECK_THAT(requests[0], !asks);
    CHECK_THAT(requests[1], asks && Catch::EndsWith("\r\n\r\n"));  // not a byte of the body
    CHECK_THAT(requests[2], asks);
    CHECK_THAT(requests[3], !asks);
}

TEST_CASE("an answer larger than expected is corrupt", "[base]") {
    Answers server({"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + std::string(100, 'x')});
    const CancelFlag cancel;
    http::Client client({}, cancel);
    http::Request request = get(server.url());
    request.body_limit = 99;
    CHECK(client.send(request).error().code == Errc::corrupt);
}

TEST_CASE("a silent server ends by the stall limit, a cancel at once", "[base]") {
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(listener, 8) == 0);  // the kernel accepts; nobody answers
    socklen_t size = sizeof address;
    ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
    const std::string url = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/";
    CancelFlag cancel;
    http::Options options;
    options.stall_timeout = std::chrono::seconds(1);
    http::Client client(options, cancel);
    CHECK(client.send(get(url)).error().code == Errc::unavailable);
    http::Client patient({}, cancel);
    std::thread stopper([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        cancel.cancel();
    });
    CHECK(patient.send(get(url)).error().code == Errc::cancelled);
    stopper.join();
    ::close(listener);
}

TEST_CASE("other schemes than http and https are refused", "[base]") {
    const CancelFlag cancel;
    http::Client client({}, cancel);
    for (const char* url : {"file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1/", "notaurl:"}) {
        CAPTURE(url);
        CHECK_FALSE(client.send(get(url)));
    }
}

TEST_CASE("loopback is told from names that only look like it", "[base]") {
    for (const char* host : {"127.0.0.1", "127.1.2.3", "localhost", "LOCALHOST", "lake.localhost", "[::1]", "::1"}) {
        CHECK(http::is_loopback(host));
    }
    for (const char* host :
         {"128.0.0.1", "127.0.0.1.example", "localhost.example", "127.0.0", "127.0.0.x", "", "[::2]"}) {
        CHECK_FALSE(http::is_loopback(host));
    }
}
