// progress.hpp: a bar on stderr terminals, one plain line per finished step elsewhere.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

#include "output.hpp"

namespace neurolake::apps {

// May be called from several threads. The bar is redrawn at most ten times a second and erased by the destructor, and
// by the next text, so nothing of it stays on the screen.
class Progress {
public:
    enum class Unit { bytes, count };
    Progress(Output& out, std::string label, Unit unit = Unit::bytes);
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;
    ~Progress();

    void update(std::uint64_t done, std::uint64_t total, std::string_view what = {});
    void step(std::string_view line);  // a finished step in words, kept above the bar

private:
    Output& m_out;
    std::string m_label;
    Unit m_unit;
    std::mutex m_mutex;
    bool m_drawn = false;
    std::chrono::steady_clock::time_point m_last{};
};

}  // namespace neurolake::apps
