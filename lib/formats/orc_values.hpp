// orc_values.hpp: values of a column of an ORC file, one after the other, with all that nests in them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "base/json.hpp"
#include "formats/orc_numbers.hpp"
#include "formats/orc_stripe.hpp"

namespace neurolake::formats {

// A stripe and the file around it; all must outlive what reads from it.
struct OrcSource {
    const Input& input;
    const OrcTail& tail;
    const OrcFooter& footer;
    const OrcStripe& stripe;
    OrcBudget& budget;
};

// Source: the ORC specification v1, "Column Encodings". Types as orc_columns takes them.
class OrcValues {
public:
    OrcValues(const OrcSource& source, std::uint32_t node);  // of what a kind of column is made from; else open()
    virtual ~OrcValues() { m_source.budget.forget(k_memory); }
    OrcValues(const OrcValues&) = delete;
    OrcValues& operator=(const OrcValues&) = delete;

    // Of a node of the footer's types. corrupt: the stripe does not have what it needs; unsupported: timestamps of a
    // zone that this system does not know, types of a newer ORC.
    static Result<std::unique_ptr<OrcValues>> open(const OrcSource& source, std::uint32_t node);

    // The value of the next row as JSON: what has no form of its own there is its text. Errors: of the streams;
    // corrupt; guard: it becomes larger than 16 MiB; unsupported: days of the calendar before 1582.
    Result<json::Value> next_row();

protected:
    Result<json::Value> next();
    virtual Result<json::Value> present() = 0;  // the next value that is not null
    Status spend(std::uint64_t bytes);          // of what the row may still grow by
    const OrcType& type() const { return m_source.footer.types[m_node]; }

    // The stream of that kind; one that the stripe does not have is empty.
    std::unique_ptr<OrcStream> stream(OrcStreamKind kind) const;
    OrcIntegers integers(OrcStreamKind kind, bool is_signed) const;

    static constexpr std::uint64_t k_memory = 512;  // bytes that a reader takes beside its streams, about

    OrcSource m_source;
    std::uint32_t m_node;
    OrcEncoding m_encoding;

    std::uint64_t* m_room = &m_own_room;  // the row's: nested values share it

private:
    friend class OrcNested;
    std::unique_ptr<OrcBits> m_present;
    std::uint64_t m_own_room = 0;
};

}  // namespace neurolake::formats
