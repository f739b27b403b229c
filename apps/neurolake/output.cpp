// output.cpp: the streams, the symbols in plain ASCII, the exit-code table.
// SPDX-License-Identifier: Apache-2.0
#include "output.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "base/text.hpp"

namespace neurolake::apps {

namespace {

// The whole contract between failures and scripts; docs/exit-codes.md says the same in words.
struct ExitRow {
    Errc code;
    int exit;
};
constexpr ExitRow k_exit_codes[] = {
    {Errc::usage, 2},     {Errc::config, 2},  {Errc::not_found, 1}, {Errc::already_exists, 1}, {Errc::conflict, 1},
    {Errc::locked, 11},   {Errc::corrupt, 1}, {Errc::denied, 1},    {Errc::unavailable, 12},   {Errc::unsupported, 1},
    {Errc::full, 1},      {Errc::io, 1},      {Errc::no_lake, 10},  {Errc::cloud, 12},         {Errc::over_mark, 13},
    {Errc::mismatch, 14}, {Errc::guard, 15},
};

constexpr std::size_t k_flush_at = 64 * 1024;

constexpr std::pair<std::string_view, std::string_view> k_symbols[] = {
    {"·", "-"}, {"…", "..."}, {"→", "->"}, {"←", "<-"}, {"✓", "ok"}, {"✗", "x"}, {"–", "-"},
    {"—", "-"}, {"≥", ">="},  {"≤", "<="}, {"█", "#"},  {"░", "."},  {"×", "x"}, {"’", "'"},
};

constexpr std::pair<Style, std::string_view> k_colors[] = {
    {Style::bold, "\x1b[1m"},   {Style::dim, "\x1b[2m"},     {Style::red, "\x1b[31m"},
    {Style::green, "\x1b[32m"}, {Style::yellow, "\x1b[33m"},
};

std::string_view env(const char* name) {
    const char* value = std::getenv(name);
    return value ? std::string_view(value) : std::string_view();
}

int terminal_width() {
    winsize size{};
    for (const int stream : {STDOUT_FILENO, STDERR_FILENO})
        if (::ioctl(stream, TIOCGWINSZ, &size) == 0 && size.ws_col >= 20) return size.ws_col;
    if (int columns = std::atoi(std::string(env("COLUMNS")).c_str()); columns >= 20) return columns;
    return 80;
}

std::string painted(bool on, Style style, std::string_view text) {
    if (!on) return std::string(text);
    for (const auto& [which, code] : k_colors) {
        if (which == style) return std::string(code) + std::string(text) + "\x1b[0m";
    }
    return std::string(text);
}

bool wants_color(ColorMode mode, bool terminal, bool dumb) {
    if (mode != ColorMode::automatic) return mode == ColorMode::always;
    return terminal && !dumb && env("NO_COLOR").empty();
}

std::string escape_beyond_ascii(std::string_view bytes) {
    std::string out;
    constexpr char hex[] = "0123456789abcdef";
    for (unsigned char c : bytes) {
        if (c < 0x80) {
            out += static_cast<char>(c);
        } else {
            out += {'\\', 'x', hex[c >> 4], hex[c & 15]};
        }
    }
    return out;
}

// Blanks and the strokes of a tree.
std::size_t drawing_at_start(std::string_view line) {
    static constexpr std::string_view k_strokes[] = {" ", "│", "├", "└", "─", "|", "`", "+", "-"};
    for (std::size_t at = 0; at < line.size();) {
        const auto* stroke =
            std::ranges::find_if(k_strokes, [&](std::string_view one) { return line.substr(at).starts_with(one); });
        if (stroke == std::end(k_strokes)) return at;
        at += stroke->size();
    }
    return line.size();
}

// "Cloud      not configured": the text begins behind the blanks that follow the label.
std::size_t end_of_label(std::string_view line, std::size_t from) {
    constexpr std::size_t k_widest_label = 24;
    const std::size_t gap = line.find("  ", from);
    if (gap == std::string_view::npos) return from;
    const std::size_t end = line.find_first_not_of(' ', gap);
    if (end == std::string_view::npos || visible_width(line.substr(0, end)) > k_widest_label) return from;
    return end;
}

std::string broken_line(std::string_view line, std::size_t width) {
    constexpr std::size_t k_hang = 2;
    if (visible_width(line) <= width) return std::string(line);
    const std::size_t start = drawing_at_start(line);
    const std::size_t label = end_of_label(line, start);
    const std::size_t used = visible_width(line.substr(0, label));
    return std::string(line.substr(0, label)) +
           text::wrapped(line.substr(label), width, used, label == start ? used + k_hang : used);
}

}  // namespace

std::size_t visible_width(std::string_view text) {
    std::size_t width = text::display_width(text);
    for (std::size_t at = text.find("\x1b["); at != std::string_view::npos; at = text.find("\x1b[", at + 1)) {
        const std::size_t end = text.find('m', at);
        if (end != std::string_view::npos) width -= end - at;  // the escape itself has no width
    }
    return width;
}

std::string broken(std::string_view utf8, std::size_t width) {
    std::string out;
    for (const std::string_view line : text::split(utf8, '\n')) {
        if (line.data() != utf8.data()) out += '\n';
        out += broken_line(line, width);
    }
    return out;
}

int exit_code(Errc code, int signal) {
    if (code == Errc::cancelled) return signal ? 128 + signal : 130;
    for (const auto& row : k_exit_codes) {
        if (row.code == code) return row.exit;
    }
    return 1;
}

bool locale_is_utf8() {
    for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
        if (auto value = env(name); !value.empty()) {
            const auto lowered = text::lower(value);
            return lowered.find("utf-8") != std::string::npos || lowered.find("utf8") != std::string::npos;
        }
    }
    return false;
}

bool left_out(const model::Finding& finding) {
    return finding.severity == model::Finding::Severity::error || finding.code == "unreadable";
}

std::string counted(std::uint64_t n, std::string_view noun) {
    return text::with_thousands(n) + " " + std::string(noun) + (n == 1 ? "" : "s");
}

std::string ascii_text(std::string_view utf8) {
    std::string out;
    out.reserve(utf8.size());
    for (std::size_t i = 0; i < utf8.size();) {
        if (static_cast<unsigned char>(utf8[i]) < 0x80) {
            out += utf8[i++];
            continue;
        }
        const auto* known = std::find_if(std::begin(k_symbols), std::end(k_symbols), [&](const auto& row) {
            return utf8.substr(i, row.first.size()) == row.first;
        });
        if (known != std::end(k_symbols)) {
            out += known->second;
            i += known->first.size();
            continue;
        }
        out += escape_beyond_ascii(utf8.substr(i++, 1));
    }
    return out;
}

json::Value to_json(const Error& error, int exit) {
    auto inner = json::Value::object();
    inner.set("code", to_string(error.code)).set("exit", exit).set("message", error.message).set("hint", error.hint);
    if (!error.path.empty()) json::set_path(inner, "path", error.path);
    return json::Value::object().set("schema", "neurolake.error/1").set("error", std::move(inner));
}

Output::Output(OutputOptions options) {
    m_utf8 = locale_is_utf8();
    m_stdout_terminal = ::isatty(STDOUT_FILENO) == 1;
    m_stderr_terminal = ::isatty(STDERR_FILENO) == 1;
    m_dumb = env("TERM") == "dumb" || env("TERM").empty();
    if (m_stdout_terminal || m_stderr_terminal) m_width = terminal_width();
    set(options);
}

void Output::set(OutputOptions options) {
    m_options = options;
    m_color_out = wants_color(options.color, m_stdout_terminal, m_dumb) && !machine();
    m_color_err = wants_color(options.color, m_stderr_terminal, m_dumb) && !machine();
}

bool Output::draws_progress() const { return m_stderr_terminal && !m_dumb && !m_options.quiet; }

std::string Output::for_stderr(std::string_view text) const {
    const auto shown = encode(advised(text));
    return m_stderr_terminal ? broken(shown, columns()) : shown;
}

std::string Output::encode(std::string_view text) const { return m_utf8 ? std::string(text) : ascii_text(text); }

void Output::line(std::string_view text) {
    if (machine()) return;
    const auto shown = encode(advised(text));
    raw((m_stdout_terminal ? broken(shown, columns()) : shown) + "\n");
}

void Output::labelled_line(std::string_view label, std::string_view text) {
    if (machine()) return;
    const auto shown = encode(advised(text));
    const std::size_t used = visible_width(label);
    raw(encode(label) + (m_stdout_terminal ? text::wrapped(shown, columns(), used, used) : shown) + "\n");
}

void Output::exact(std::string_view text) {
    if (!machine()) raw(encode(text) + "\n");
}

void Output::summary(std::string_view text) {
    if (!m_options.quiet) line(text);
}

void Output::prose(std::string_view text, std::size_t indent) {
    if (m_options.quiet) return;
    const auto shown = advised(text);
    exact(m_stdout_terminal ? text::wrapped(shown, columns(), 0, indent) : shown);
}

void Output::raw(std::string_view bytes) {
    if (m_closed) return;
    m_buffer += bytes;
    if (m_buffer.size() >= k_flush_at) (void)flush();
}

// The values that are commands, or sentences with them, wherever they stand.
json::Value Output::with_advice(json::Value value) const {
    if (auto* list = value.as_array())
        for (auto& item : *list) item = with_advice(std::move(item));
    if (auto* fields = value.as_object())
        for (auto& [key, item] : *fields) {
            const bool told = key == "message" || key == "hint" || key == "fix" || key == "next";
            if (told && item.is_string())
                item = json::Value(advised(*item.as_string()));
            else
                item = with_advice(std::move(item));
        }
    return value;
}

void Output::object(const json::Value& value) {
    raw(json::dump(m_advice ? with_advice(value) : value,
                   m_stdout_terminal ? json::Style::pretty : json::Style::compact) +
        "\n");
}

void Output::object_line(const json::Value& value) { raw(json::dump(m_advice ? with_advice(value) : value) + "\n"); }

Status Output::flush() {
    if (!m_buffer.empty()) erase_bar();
    std::string_view rest = m_buffer;
    while (!rest.empty() && !m_closed) {
        const ssize_t n = ::write(STDOUT_FILENO, rest.data(), rest.size());
        if (n >= 0) {
            rest.remove_prefix(static_cast<std::size_t>(n));
        } else if (errno != EINTR) {
            m_failed_errno = errno == EPIPE ? 0 : errno;
            m_closed = true;
        }
    }
    m_buffer.clear();
    if (m_failed_errno == 0) return {};
    return Error(Errc::io, std::string("write to standard output: ") + std::strerror(m_failed_errno),
                 "check the disk or program that takes the output");
}

void Output::stderr_raw(std::string_view bytes) {
    (void)flush();
    erase_bar();
    write_stderr(bytes);
}

void Output::draw_bar(std::string_view line) {
    (void)flush();
    m_bar = true;
    write_stderr("\r\x1b[K" + std::string(line));
}

void Output::erase_bar() {
    if (std::exchange(m_bar, false)) write_stderr("\r\x1b[K");
}

void Output::write_stderr(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t n = ::write(STDERR_FILENO, bytes.data(), bytes.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return;  // nobody listens; the exit code still speaks
        bytes.remove_prefix(static_cast<std::size_t>(n));
    }
}

std::size_t Output::columns() const { return static_cast<std::size_t>(m_width); }

// "error: ..." with the text below itself where it takes several lines.
std::string Output::labelled(Style style, std::string_view label, std::string_view text) const {
    constexpr std::size_t k_least = 7;
    const std::size_t indent = std::max(k_least, label.size() + 1);
    const auto shown = encode(advised(text));
    return (label.empty() ? "" : paint_stderr(style, label)) + std::string(indent - label.size(), ' ') +
           (m_stderr_terminal ? text::wrapped(shown, columns(), indent, indent) : shown) + "\n";
}

void Output::warn(std::string_view text) { stderr_raw(labelled(Style::yellow, "warning:", text)); }

void Output::note(std::string_view text) {
    if (!m_options.quiet) stderr_raw(labelled(Style::bold, "note:", text));
}

void Output::step(std::string_view text) {
    if (!m_options.quiet) stderr_raw(for_stderr(text) + "\n");
}

void Output::why(std::string_view text) {
    if (m_options.verbose) stderr_raw(paint_stderr(Style::dim, for_stderr(text)) + "\n");
}

void Output::error(const Error& error, int exit) {
    if (machine())
        return stderr_raw(json::dump(m_advice ? with_advice(to_json(error, exit)) : to_json(error, exit)) + "\n");
    // Messages quote names; a message is one or more lines of ours, so only line feeds pass unescaped.
    std::string out;
    for (auto part : text::split(error.message, '\n'))
        out += labelled(Style::red, out.empty() ? "error:" : "", text::escape_controls(part));
    if (!error.hint.empty()) out += labelled(Style::bold, "hint:", text::escape_controls(error.hint));
    stderr_raw(out);
}

std::string Output::name(std::string_view bytes) const {
    std::string shown = m_stdout_terminal || !text::is_utf8(bytes) ? text::escape_controls(bytes) : std::string(bytes);
    return m_utf8 ? shown : escape_beyond_ascii(shown);
}

std::string Output::paint(Style style, std::string_view text) const { return painted(m_color_out, style, text); }
std::string Output::paint_stderr(Style style, std::string_view text) const { return painted(m_color_err, style, text); }

std::string Output::tick(bool good) const {
    const char* mark = m_utf8 ? (good ? "✓" : "✗") : (good ? "ok" : "FAIL");
    return paint(good ? Style::green : Style::red, mark);
}

}  // namespace neurolake::apps
