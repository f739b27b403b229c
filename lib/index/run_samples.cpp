// run_samples.cpp: the first rows that a run keeps of the tables it changed.
// SPDX-License-Identifier: Apache-2.0
#include "index/run.hpp"
#include "index/sample.hpp"

namespace neurolake::index {

using model::Table;

// The samples that a full run found as they were before.
std::unordered_set<std::string> Run::kept_samples() const {
    const bool any = std::any_of(m_to_sample.begin(), m_to_sample.end(), [](const ToSample& job) { return job.known; });
    if (!any) return {};
    const auto kept = m_catalog.entries(catalog::List::samples);
    if (!kept) return {};
    return {kept->begin(), kept->end()};
}

// A table none of whose files is here keeps the sample it has.
void Run::take_samples() {
    if (m_options.dry_run) return;
    const unsigned threads = m_options.threads ? m_options.threads : usable_threads();
    std::vector<std::optional<catalog::EntryChange>> taken(m_to_sample.size());
    parallel_for(m_to_sample.size(), threads, [&](std::size_t i, unsigned) {
        const ToSample& job = m_to_sample[i];
        const Table& table = job.known ? *job.known : m_batch.upserts[job.upsert];
        const auto sample = m_cancel.cancelled() ? std::nullopt : take_sample(table, *job.group, job.bucket_fd);
        if (sample)
            taken[i] = catalog::EntryChange{catalog::List::samples, table.id, to_entry(*sample)};
        else if (table.tier == model::TableTier::local && !m_cancel.cancelled())
            taken[i] = catalog::EntryChange{catalog::List::samples, table.id, std::nullopt};
    });
    const auto kept = kept_samples();
    for (std::size_t i = 0; i < taken.size(); ++i) {
        if (!taken[i]) continue;
        const auto& entry = taken[i]->entry;
        if (m_to_sample[i].known && (!entry || kept.contains(*entry))) continue;  // a full run, and nothing is new
        m_batch.entries.push_back(std::move(*taken[i]));
    }
}

}  // namespace neurolake::index
