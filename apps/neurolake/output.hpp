// output.hpp: what goes to stdout and stderr and how: text or JSON, colour, escapes, ASCII, and the exit-code table.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "base/json.hpp"
#include "base/result.hpp"
#include "base/text.hpp"
#include "model/table.hpp"

namespace neurolake::apps {

enum class ColorMode { automatic, always, never };
enum class Style { bold, dim, red, green, yellow };

struct OutputOptions {
    bool json = false;     // one object on stdout
    bool jsonl = false;    // one object a line, for long lists
    bool quiet = false;    // no progress, no summaries; errors stay
    bool verbose = false;  // adds why
    ColorMode color = ColorMode::automatic;
};

inline constexpr int k_exit_partial = 3;  // some objects failed, each named

// The process's exit code for a failure. `signal`: the one that cancelled the run (0 = none).
int exit_code(Errc code, int signal = 0);

// A sentence of ours with the commands in it as a person must type them.
using Advice = std::function<std::string(std::string_view)>;

// The two streams. stdout is buffered and carries the result only; stderr is written at once, after what stdout holds.
// A closed pipe is no failure: later text is dropped and closed() lets a long listing stop early.
class Output {
public:
    explicit Output(OutputOptions options);
    Output(const Output&) = delete;
    Output& operator=(const Output&) = delete;
    ~Output() { (void)flush(); }

    void set(OutputOptions options);  // once the command line is parsed
    // From now on every sentence of line(), summary(), prose() and of stderr goes through it, and of JSON the values
    // named message, hint, fix and next. Rows of tables do not: what people wrote stands there, too; they call
    // advised().
    void advise(Advice advice) { m_advice = std::move(advice); }
    std::string advised(std::string_view text) const { return m_advice ? m_advice(text) : std::string(text); }
    bool json() const { return m_options.json; }
    bool jsonl() const { return m_options.jsonl; }
    bool machine() const { return m_options.json || m_options.jsonl; }
    bool quiet() const { return m_options.quiet; }
    bool verbose() const { return m_options.verbose; }
    bool utf8() const { return m_utf8; }
    bool stdout_is_terminal() const { return m_stdout_terminal; }
    bool stderr_is_terminal() const { return m_stderr_terminal; }
    bool draws_progress() const;  // a bar on stderr makes sense
    int width() const { return m_width; }
    bool closed() const { return m_closed; }

    // stdout. Text may use the few symbols of ascii_text(); names from disk go through name() first. On a terminal a
    // line that is wider than it is broken at blanks, the rest indented below; in a pipe nothing is ever broken.
    void line(std::string_view text = {});     // a result; nothing with --json
    void exact(std::string_view text);         // a result that is never broken: rows of a table, what people copy
    void summary(std::string_view text = {});  // the same, but dropped by --quiet
    void prose(std::string_view text, std::size_t indent = 0);  // a summary whose further lines are indented so far
    void labelled_line(std::string_view label, std::string_view text);  // a result that is broken below its own text
    void raw(std::string_view bytes);                                   // exactly these bytes, for scripts
    void object(const json::Value& value);                              // --json: the one object
    void object_line(const json::Value& value);

    // stderr.
    void warn(std::string_view text);  // "warning: ..."
    void note(std::string_view text);  // "note: ...", harmless; dropped by --quiet
    void step(std::string_view text);  // one finished step of a longer work; dropped by --quiet
    void why(std::string_view text);   // with --verbose only
    void error(const Error& error, int exit);
    void stderr_raw(std::string_view bytes);
    // One line that the next text of any kind, or erase_bar(), wipes away. Only where draws_progress().
    void draw_bar(std::string_view line);
    void erase_bar();

    // A name from disk, safe to show: control characters escaped on a terminal, ASCII where the locale is not UTF-8.
    std::string name(std::string_view bytes) const;
    // A value out of a data file: whatever it holds, it stays on its line and within its column, in a pipe, too.
    std::string value(std::string_view bytes) const { return name(text::escape_controls(bytes)); }
    std::string paint(Style style, std::string_view text) const;         // for stdout
    std::string paint_stderr(Style style, std::string_view text) const;  // for stderr
    std::string separator() const { return m_utf8 ? " · " : " - "; }
    std::string tick(bool good) const;  // a check mark or "ok", a cross or "FAIL"

    Status flush();  // io when stdout cannot be written (disk full); a closed pipe is fine

private:
    std::string encode(std::string_view text) const;
    std::string for_stderr(std::string_view text) const;
    json::Value with_advice(json::Value value) const;
    void write_stderr(std::string_view bytes);
    std::size_t columns() const;
    std::string labelled(Style style, std::string_view label, std::string_view text) const;

    OutputOptions m_options;
    Advice m_advice;
    bool m_utf8 = false, m_stdout_terminal = false, m_stderr_terminal = false, m_dumb = false;
    bool m_color_out = false, m_color_err = false, m_closed = false, m_bar = false;
    int m_width = 80;
    int m_failed_errno = 0;
    std::string m_buffer;
};

// Broken at blanks where a line of it is wider than `width`; what follows stands below its text, not below its label
// or its drawing. Commands are never broken.
std::string broken(std::string_view utf8, std::size_t width);

// Columns on a terminal, without the sequences that colour it.
std::size_t visible_width(std::string_view text);

// Part of what was asked could not be read: the run ends with k_exit_partial.
bool left_out(const model::Finding& finding);

std::string counted(std::uint64_t n, std::string_view noun);  // "1 row", "1,234 rows"
// The symbols we use ourselves in plain ASCII ("·" -> "-", "…" -> "..."); everything else beyond ASCII as \xNN.
std::string ascii_text(std::string_view utf8);
// A UTF-8 locale by LC_ALL, LC_CTYPE, LANG, in that order.
bool locale_is_utf8();

json::Value to_json(const Error& error, int exit);  // neurolake.error/1

}  // namespace neurolake::apps
