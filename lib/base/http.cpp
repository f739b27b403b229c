// http.cpp: transfers over libcurl, one multi handle a thread's transfer, kept for its open connections.
// SPDX-License-Identifier: Apache-2.0
#include "base/http.hpp"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstring>
#include <ctime>
#include <mutex>
#include <thread>

#include "base/http_library.hpp"
#include "base/text.hpp"

namespace neurolake::http {
namespace {

constexpr std::size_t k_most_header_bytes = 256 << 10;
constexpr long k_buffer = 512 << 10, k_small_buffer = 16 << 10;
constexpr int k_poll_ms = 200;  // how fast a cancel is seen while nothing moves

struct SharedCounts {
    std::mutex mutex;
    Counts counts;
};
SharedCounts& shared_counts() {
    static SharedCounts shared;
    return shared;
}

void count_request(const std::string& method) {
    SharedCounts& shared = shared_counts();
    const std::lock_guard lock(shared.mutex);
    ++shared.counts.requests[method];
}

void count_bytes(std::uint64_t sent, std::uint64_t received) {
    SharedCounts& shared = shared_counts();
    const std::lock_guard lock(shared.mutex);
    shared.counts.bytes_sent += sent;
    shared.counts.bytes_received += received;
}

// A token bucket over all transfers: take() sleeps in the transfer's own thread.
class RateLimit {
public:
    using Clock = std::chrono::steady_clock;
    explicit RateLimit(std::optional<std::uint64_t> rate) : m_rate(rate) {}

    // At most this much at a time, so that a slow limit still moves bytes often enough not to look stalled.
    std::size_t grain(std::size_t wanted) const {
        if (!m_rate) return wanted;
        return std::min<std::size_t>(wanted, std::max<std::uint64_t>(1, *m_rate / 10));
    }
    void take(std::size_t bytes, const CancelFlag& cancel) {
        if (!m_rate || bytes == 0) return;
        const Clock::time_point due = reserve(bytes);
        while (!cancel.cancelled() && Clock::now() < due) {
            std::this_thread::sleep_until(std::min(due, Clock::now() + std::chrono::milliseconds(k_poll_ms)));
        }
    }

private:
    Clock::time_point reserve(std::size_t bytes) {
        const std::lock_guard lock(m_mutex);
        const auto start = std::max(m_free_at, Clock::now());
        const double seconds = static_cast<double>(bytes) / static_cast<double>(std::max<std::uint64_t>(1, *m_rate));
        m_free_at = start + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
        return start;
    }

    std::optional<std::uint64_t> m_rate;
    std::mutex m_mutex;
    Clock::time_point m_free_at{};
};

// A write to a connection the server closed raises SIGPIPE in some TLS libraries; it must not end the program.
class NoSigpipe {
public:
    NoSigpipe() {
        sigemptyset(&m_pipe);
        sigaddset(&m_pipe, SIGPIPE);
        sigset_t pending;
        sigpending(&pending);
        m_was_pending = sigismember(&pending, SIGPIPE) == 1;
        pthread_sigmask(SIG_BLOCK, &m_pipe, &m_before);
    }
    NoSigpipe(const NoSigpipe&) = delete;
    NoSigpipe& operator=(const NoSigpipe&) = delete;
    ~NoSigpipe() {
        if (!m_was_pending) {
            const timespec now{};
            while (sigtimedwait(&m_pipe, nullptr, &now) == SIGPIPE) {
            }
        }
        pthread_sigmask(SIG_SETMASK, &m_before, nullptr);
    }

private:
    sigset_t m_pipe{}, m_before{};
    bool m_was_pending = false;
};

std::string host_of(std::string_view url) {
    const std::size_t start = url.find("://");
    std::string_view rest = start == std::string_view::npos ? url : url.substr(start + 3);
    rest = rest.substr(0, rest.find('/'));
    if (rest.starts_with('[')) return std::string(rest.substr(0, rest.find(']') + 1));
    return std::string(rest.substr(0, rest.find(':')));
}

std::string origin_of(std::string_view url) {
    const std::size_t start = url.find("://");
    if (start == std::string_view::npos) return std::string(url);
    return std::string(url.substr(0, url.find('/', start + 3)));
}

// One request on its way: what libcurl's callbacks see.
class Transfer {
public:
    Transfer(const Library& library, const Request& request, RateLimit& rate, const CancelFlag& cancel)
        : m_curl(library), m_request(request), m_rate(rate), m_cancel(cancel), m_easy(library.easy_init()) {}
    Transfer(const Transfer&) = delete;
    Transfer& operator=(const Transfer&) = delete;
    ~Transfer() {
        if (m_easy != nullptr) m_curl.easy_cleanup(m_easy);
        m_curl.slist_free_all(m_headers);
    }

    Status prepare(const Options& options, bool asks_first);
    Result<Response> run(CURLM* multi);

private:
    template <typename Value>
    void set(CURLoption option, Value value) {
        if (m_curl.easy_setopt(m_easy, option, value) != CURLE_OK) m_refused_option = true;
    }
    void set_method();
    void set_headers(bool asks_first);
    void set_callbacks();
    Result<CURLcode> drive(CURLM* multi);
    Result<Response> finish(CURLcode code);
    Error failure(CURLcode code) const;
    Status begin_body();

    std::size_t on_read(char* into, std::size_t room);
    int on_seek(curl_off_t offset, int origin);
    std::size_t on_header(std::string_view line);
    std::size_t on_write(std::string_view bytes);
    bool stop(Error error) {
        if (!m_error) m_error = std::move(error);
        return false;
    }

    static std::size_t read_callback(char* into, std::size_t size, std::size_t count, void* self) {
        return static_cast<Transfer*>(self)->on_read(into, size * count);
    }
    static int seek_callback(void* self, curl_off_t offset, int origin) {
        return static_cast<Transfer*>(self)->on_seek(offset, origin);
    }
    static std::size_t header_callback(char* line, std::size_t size, std::size_t count, void* self) {
        return static_cast<Transfer*>(self)->on_header({line, size * count});
    }
    static std::size_t write_callback(char* bytes, std::size_t size, std::size_t count, void* self) {
        return static_cast<Transfer*>(self)->on_write({bytes, size * count});
    }

    const Library& m_curl;
    const Request& m_request;
    RateLimit& m_rate;
    const CancelFlag& m_cancel;
    CURL* m_easy = nullptr;
    curl_slist* m_headers = nullptr;
    char m_words[CURL_ERROR_SIZE] = {};
    Response m_response;
    std::optional<Error> m_error;
    std::uint64_t m_position = 0, m_sent = 0;
    std::size_t m_header_bytes = 0;
    bool m_body_begun = false, m_refused_option = false;
};

Status Transfer::prepare(const Options& options, bool asks_first) {
    if (m_easy == nullptr) return Error(Errc::io, "out of memory for a transfer");
    set(CURLOPT_URL, m_request.url.c_str());
    set(CURLOPT_PATH_AS_IS, 1L);  // keys may hold "/../"
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_FOLLOWLOCATION, 0L);  // a redirect would take the signature to another host
    set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_SSL_VERIFYPEER, 1L);
    set(CURLOPT_SSL_VERIFYHOST, 2L);
    if (!options.ca_file.empty()) set(CURLOPT_CAINFO, options.ca_file.c_str());
    set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(std::chrono::milliseconds(options.connect_timeout).count()));
    set(CURLOPT_LOW_SPEED_LIMIT, 1L);
    set(CURLOPT_LOW_SPEED_TIME, static_cast<long>(options.stall_timeout.count()));
    set(CURLOPT_TCP_KEEPALIVE, 1L);
    set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    // A large buffer is for bodies only: its memory is taken and given back with every request.
    set(CURLOPT_BUFFERSIZE, m_request.sink ? k_buffer : k_small_buffer);
    const bool large = m_request.body && m_request.body->size > static_cast<std::uint64_t>(k_small_buffer);
    set(CURLOPT_UPLOAD_BUFFERSIZE, large ? k_buffer : k_small_buffer);
    set(CURLOPT_USERAGENT, options.user_agent.c_str());
    set(CURLOPT_ERRORBUFFER, m_words);
    if (is_loopback(host_of(m_request.url))) set(CURLOPT_NOPROXY, "*");
    set_method();
    set_headers(asks_first && m_request.body && m_request.body->size > 0);
    set_callbacks();
    if (m_refused_option) return Error(Errc::unsupported, "the installed libcurl is too old (7.85 is needed)");
    return {};
}

void Transfer::set_method() {
    if (m_request.body) {
        set(CURLOPT_UPLOAD, 1L);
        set(CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(m_request.body->size));
    } else if (m_request.method == "HEAD") {
        set(CURLOPT_NOBODY, 1L);
    }
    if (m_request.method != "HEAD") set(CURLOPT_CUSTOMREQUEST, m_request.method.c_str());
}

void Transfer::set_headers(bool asks_first) {
    // Asking costs a round trip, and a second where the server does not know of it: not before it is needed.
    m_headers = m_curl.slist_append(m_headers, asks_first ? "Expect: 100-continue" : "Expect:");
    for (const auto& [name, value] : m_request.headers) {
        // libcurl removes a header "name:" and sends an empty one for "name;".
        const std::string line = value.empty() ? name + ";" : name + ": " + value;
        m_headers = m_curl.slist_append(m_headers, line.c_str());
    }
    set(CURLOPT_HTTPHEADER, m_headers);
}

void Transfer::set_callbacks() {
    set(CURLOPT_READFUNCTION, &Transfer::read_callback);
    set(CURLOPT_READDATA, static_cast<void*>(this));
    set(CURLOPT_SEEKFUNCTION, &Transfer::seek_callback);
    set(CURLOPT_SEEKDATA, static_cast<void*>(this));
    set(CURLOPT_HEADERFUNCTION, &Transfer::header_callback);
    set(CURLOPT_HEADERDATA, static_cast<void*>(this));
    set(CURLOPT_WRITEFUNCTION, &Transfer::write_callback);
    set(CURLOPT_WRITEDATA, static_cast<void*>(this));
}

std::size_t Transfer::on_read(char* into, std::size_t room) {
    if (!m_request.body || m_error) return CURL_READFUNC_ABORT;
    const std::uint64_t left = m_request.body->size - m_position;
    const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(m_rate.grain(room), left));
    if (want == 0) return 0;
    const auto got = m_request.body->read(m_position, into, want);
    if (!got) return stop(got.error()) ? 0 : CURL_READFUNC_ABORT;
    if (*got == 0 || *got > want) {
        stop(Error(Errc::conflict, "the source of an upload ended at " + std::to_string(m_position) + " of " +
                                       std::to_string(m_request.body->size) + " bytes"));
        return CURL_READFUNC_ABORT;
    }
    m_rate.take(*got, m_cancel);
    m_position += *got;
    m_sent += *got;
    return *got;
}

int Transfer::on_seek(curl_off_t offset, int origin) {
    if (origin != SEEK_SET || offset < 0) return CURL_SEEKFUNC_FAIL;
    if (static_cast<std::uint64_t>(offset) < m_position) m_response.repeated = true;
    m_position = static_cast<std::uint64_t>(offset);
    return CURL_SEEKFUNC_OK;
}

std::size_t Transfer::on_header(std::string_view line) {
    m_header_bytes += line.size();
    if (m_header_bytes > k_most_header_bytes) {
        stop(Error(Errc::corrupt, "the answer of " + origin_of(m_request.url) + " has more than 256 KiB of headers"));
        return 0;
    }
    const std::size_t taken = line.size();
    line = text::trim(line);
    if (line.starts_with("HTTP/")) {  // also after an interim answer
        m_response.headers.clear();
        const std::size_t blank = line.find(' ');
        m_response.status =
            blank == std::string_view::npos ? 0 : std::atoi(std::string(line.substr(blank + 1)).c_str());
        return taken;
    }
    if (const std::size_t colon = line.find(':'); colon != std::string_view::npos) {
        m_response.headers.emplace_back(text::lower(text::trim(line.substr(0, colon))),
                                        std::string(text::trim(line.substr(colon + 1))));
    }
    return taken;
}

Status Transfer::begin_body() {
    if (std::exchange(m_body_begun, true) || !m_request.head) return {};
    return m_request.head(m_response);
}

std::size_t Transfer::on_write(std::string_view bytes) {
    const bool to_sink = m_request.sink && m_response.status >= 200 && m_response.status < 300;
    if (to_sink) {
        if (auto begun = begin_body(); !begun) return stop(std::move(begun).error());
        if (auto taken = m_request.sink(bytes); !taken) return stop(std::move(taken).error());
    } else if (m_response.body.size() + bytes.size() > m_request.body_limit) {
        return stop(Error(Errc::corrupt, "the answer of " + origin_of(m_request.url) + " is larger than expected"));
    } else {
        m_response.body.append(bytes);
    }
    m_response.received += bytes.size();
    m_rate.take(bytes.size(), m_cancel);
    return bytes.size();
}

Result<CURLcode> Transfer::drive(CURLM* multi) {
    for (;;) {
        int running = 0;
        if (const CURLMcode code = m_curl.multi_perform(multi, &running); code != CURLM_OK) {
            return Error(Errc::io, std::string("transfer failed: ") + m_curl.multi_strerror(code));
        }
        if (m_error) return CURLE_ABORTED_BY_CALLBACK;
        if (running == 0) break;
        if (m_cancel.cancelled()) return Error(Errc::cancelled, "stopped while talking to " + origin_of(m_request.url));
        m_curl.multi_poll(multi, nullptr, 0, k_poll_ms, nullptr);
    }
    int left = 0;
    while (const CURLMsg* message = m_curl.multi_info_read(multi, &left)) {
        if (message->msg == CURLMSG_DONE && message->easy_handle == m_easy) return message->data.result;
    }
    return Error(Errc::io, "a transfer ended without a result");
}

Result<Response> Transfer::run(CURLM* multi) {
    if (m_curl.multi_add_handle(multi, m_easy) != CURLM_OK) return Error(Errc::io, "cannot begin a transfer");
    count_request(m_request.method);
    const NoSigpipe quiet;
    auto code = drive(multi);
    m_curl.multi_remove_handle(multi, m_easy);  // closes the connection when the transfer was not over
    count_bytes(m_sent, m_response.received);
    if (m_error) return std::move(*m_error);
    if (!code) return std::move(code).error();
    return finish(*code);
}

Result<Response> Transfer::finish(CURLcode code) {
    if (code != CURLE_OK) return failure(code);
    const bool success = m_response.status >= 200 && m_response.status < 300;
    if (success && m_request.body && m_position != m_request.body->size) {
        return Error(Errc::unavailable, origin_of(m_request.url) + " answered before it had all bytes of an upload");
    }
    if (success && m_request.sink) TRY_DO(begin_body());
    return std::move(m_response);
}

Error Transfer::failure(CURLcode code) const {
    const std::string words = m_words[0] != '\0' ? m_words : m_curl.easy_strerror(code);
    const std::string message =
        m_request.method + " at " + origin_of(m_request.url) + " failed: " + text::escape_controls(words);
    switch (code) {
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CACERT_BADFILE:
        case CURLE_SSL_ISSUER_ERROR:
            return Error(Errc::cloud, message, "for a certificate of your own, set hybrid_storage.ca_file to its CA");
        case CURLE_URL_MALFORMAT:
            return Error(Errc::config, message, "check hybrid_storage.endpoint");
        case CURLE_OUT_OF_MEMORY:
            return Error(Errc::io, message);
        case CURLE_COULDNT_RESOLVE_HOST:
        case CURLE_COULDNT_CONNECT:
            return Error(Errc::unavailable, message, "check hybrid_storage.endpoint and the network");
        default:
            return Error(Errc::unavailable, message);
    }
}

}  // namespace

// Idle multi handles, last used first: each keeps its connections open.
struct Client::Pool {
    Options options;
    const CancelFlag& cancel;
    RateLimit rate;
    std::mutex mutex;
    std::vector<CURLM*> idle;
    const Library* curl = nullptr;
    std::atomic<bool> asks_first{false};  // an upload was cut: the next ones wait for the server's word

    Pool(Options o, const CancelFlag& c) : options(std::move(o)), cancel(c), rate(options.bytes_per_second) {}
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;
    ~Pool() {
        for (CURLM* multi : idle) curl->multi_cleanup(multi);
    }

    CURLM* take(const Library& library) {
        {
            const std::lock_guard lock(mutex);
            curl = &library;
            if (!idle.empty()) {
                CURLM* multi = idle.back();
                idle.pop_back();
                return multi;
            }
        }
        return library.multi_init();
    }
    void give_back(CURLM* multi) {
        const std::lock_guard lock(mutex);
        idle.push_back(multi);
    }
};

Client::Client(Options options, const CancelFlag& cancel)
    : m_pool(std::make_unique<Pool>(std::move(options), cancel)) {}
Client::Client(Client&&) noexcept = default;
Client::~Client() = default;

Result<Response> Client::send(const Request& request) {
    if (m_pool->cancel.cancelled()) return Error(Errc::cancelled, "stopped before a request was sent");
    TRY(const Library* curl, library());
    Transfer transfer(*curl, request, m_pool->rate, m_pool->cancel);
    TRY_DO(transfer.prepare(m_pool->options, m_pool->asks_first.load()));
    CURLM* multi = m_pool->take(*curl);
    if (multi == nullptr) return Error(Errc::io, "out of memory for a transfer");
    auto response = transfer.run(multi);
    m_pool->give_back(multi);
    if (!response && request.body && response.error().code == Errc::unavailable) m_pool->asks_first.store(true);
    return response;
}

const std::string* Response::header(std::string_view lower_name) const {
    for (const auto& [name, value] : headers) {
        if (name == lower_name) return &value;
    }
    return nullptr;
}

Body body_of(std::string bytes) {
    Body body;
    body.size = bytes.size();
    body.read = [bytes = std::move(bytes)](std::uint64_t offset, char* into,
                                           std::size_t length) -> Result<std::size_t> {
        if (offset >= bytes.size()) return std::size_t{0};
        const std::size_t count = std::min(length, bytes.size() - static_cast<std::size_t>(offset));
        std::memcpy(into, bytes.data() + offset, count);
        return count;
    };
    return body;
}

Counts counts() {
    SharedCounts& shared = shared_counts();
    const std::lock_guard lock(shared.mutex);
    return shared.counts;
}

bool is_loopback(std::string_view host) {
    const std::string name = text::lower(host);
    if (name == "localhost" || name.ends_with(".localhost") || name == "[::1]" || name == "::1") return true;
    const auto parts = text::split(name, '.');
    return parts.size() == 4 && parts[0] == "127" && std::all_of(parts.begin(), parts.end(), [](std::string_view p) {
               return !p.empty() && p.size() <= 3 && p.find_first_not_of("0123456789") == std::string_view::npos;
           });
}

}  // namespace neurolake::http
