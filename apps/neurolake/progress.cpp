// progress.cpp: draws the bar.
// SPDX-License-Identifier: Apache-2.0
#include "progress.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "table.hpp"

namespace neurolake::apps {

namespace {

constexpr auto k_redraw = std::chrono::milliseconds(100);
constexpr std::size_t k_bar = 24;

std::string bar(std::uint64_t done, std::uint64_t total, bool utf8) {
    const double share = total ? std::min(1.0, static_cast<double>(done) / static_cast<double>(total)) : 0;
    const auto full = static_cast<std::size_t>(share * k_bar);
    std::string out;
    for (std::size_t i = 0; i < k_bar; ++i) out += i < full ? (utf8 ? "█" : "#") : (utf8 ? "░" : ".");
    return out;
}

}  // namespace

Progress::Progress(Output& out, std::string label, Unit unit) : m_out(out), m_label(std::move(label)), m_unit(unit) {}

Progress::~Progress() { m_out.erase_bar(); }

void Progress::update(std::uint64_t done, std::uint64_t total, std::string_view what) {
    if (!m_out.draws_progress()) return;
    const std::lock_guard guard(m_mutex);
    const auto now = std::chrono::steady_clock::now();
    if (m_drawn && now - m_last < k_redraw) return;
    m_last = now;
    const auto amount = [&](std::uint64_t n) {
        return m_unit == Unit::bytes ? text::size_text(n) : text::with_thousands(n);
    };
    std::string line = m_label + " ";
    if (total) line += bar(done, total, m_out.utf8()) + " " + amount(done) + " / " + amount(total);
    if (!total) line += amount(done);
    if (!what.empty()) line += "  " + text::escape_controls(what);
    if (!m_out.utf8()) line = ascii_text(line);
    const auto width = static_cast<std::size_t>(std::max(20, m_out.width() - 1));
    m_out.draw_bar(fit(line, width, m_out.utf8()));
    m_drawn = true;
}

void Progress::step(std::string_view line) {
    const std::lock_guard guard(m_mutex);
    m_out.step(line);
}

}  // namespace neurolake::apps
