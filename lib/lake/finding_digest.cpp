// finding_digest.cpp: keeps the first findings of each code and counts the rest.
// SPDX-License-Identifier: Apache-2.0
#include "lake/finding_digest.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace neurolake::lake {

FindingDigest::Kind& FindingDigest::kind(const std::string& code) {
    const auto found = std::ranges::find(m_kinds, code, &Kind::code);
    if (found != m_kinds.end()) return *found;
    m_kinds.push_back({code, 0, {}});
    return m_kinds.back();
}

void FindingDigest::keep(Kind& kind, model::Finding finding) {
    if (kind.kept.size() == m_most && (m_most == 0 || finding.path >= kind.kept.back().path)) return;
    const auto at = std::ranges::upper_bound(kind.kept, finding.path, {}, &model::Finding::path);
    kind.kept.insert(at, std::move(finding));
    if (kind.kept.size() > m_most) kind.kept.pop_back();
}

void FindingDigest::add(model::Finding finding) {
    Kind& of = kind(finding.code);
    ++of.count;
    keep(of, std::move(finding));
}

void FindingDigest::merge(FindingDigest other) {
    for (Kind& from : other.m_kinds) {
        Kind& to = kind(from.code);
        to.count += from.count;
        for (model::Finding& finding : from.kept) keep(to, std::move(finding));
    }
}

std::vector<model::Finding> FindingDigest::take() {
    std::vector<model::Finding> all;
    std::ranges::sort(m_kinds, {}, &Kind::code);
    for (Kind& from : m_kinds) {
        const std::uint64_t more = from.count - from.kept.size();
        model::Finding summary;
        if (!from.kept.empty()) summary.severity = from.kept.front().severity;
        for (model::Finding& finding : from.kept) all.push_back(std::move(finding));
        if (more == 0) continue;
        summary.code = from.code;
        summary.message = "and " + text::with_thousands(more) + " more like these";
        all.push_back(std::move(summary));
    }
    m_kinds.clear();
    return all;
}

}  // namespace neurolake::lake
