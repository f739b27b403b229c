// profile_codec.cpp: variable-length integers, and every text stored once a folder: files of a folder look alike.
// SPDX-License-Identifier: Apache-2.0
#include "index/profile_codec.hpp"

#include <unordered_map>
#include <vector>

namespace neurolake::index {
namespace {

using model::Column;
using model::Finding;

class Packer {
public:
    void number(std::uint64_t v) {
        while (v >= 0x80) {
            m_body += static_cast<char>(v | 0x80);
            v >>= 7;
        }
        m_body += static_cast<char>(v);
    }
    void signed_number(std::int64_t v) {
        number((static_cast<std::uint64_t>(v) << 1) ^ static_cast<std::uint64_t>(v >> 63));
    }
    void text(const std::string& s) {
        const auto [at, fresh] = m_known.try_emplace(s, m_texts.size());
        if (fresh) m_texts.push_back(s);
        number(at->second);
    }
    void maybe_text(const std::optional<std::string>& s) {
        number(s.has_value());
        if (s) text(*s);
    }
    // The texts first, then the body that refers to them.
    std::string take() {
        std::string body = std::move(m_body);
        m_body.clear();
        number(m_texts.size());
        for (const std::string& s : m_texts) {
            number(s.size());
            m_body += s;
        }
        return std::move(m_body) + body;
    }

private:
    std::string m_body;
    std::vector<std::string> m_texts;
    std::unordered_map<std::string, std::size_t> m_known;
};

class Unpacker {
public:
    explicit Unpacker(std::string_view bytes) : m_rest(bytes) {}
    bool good() const { return m_good; }
    bool finished() const { return m_good && m_rest.empty(); }

    std::uint64_t number() {
        std::uint64_t v = 0;
        for (int shift = 0; shift < 64; shift += 7) {
            if (m_rest.empty()) break;
            const auto byte = static_cast<unsigned char>(m_rest.front());
            m_rest.remove_prefix(1);
            v |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
            if (byte < 0x80) return v;
        }
        m_good = false;
        return 0;
    }
    std::int64_t signed_number() {
        const std::uint64_t v = number();
        return static_cast<std::int64_t>((v >> 1) ^ (~(v & 1) + 1));
    }
    // How many items follow, each at least one byte long: a damaged count must not make us reserve the world.
    std::uint64_t count() {
        const std::uint64_t n = number();
        if (n > m_rest.size()) m_good = false;
        return m_good ? n : 0;
    }
    void texts() {
        for (std::uint64_t n = count(); n && m_good; --n) {
            const std::uint64_t size = count();
            m_texts.push_back(m_rest.substr(0, size));
            m_rest.remove_prefix(size);
        }
    }
    std::string text() {
        const std::uint64_t at = number();
        if (at >= m_texts.size()) m_good = false;
        return m_good ? std::string(m_texts[at]) : std::string();
    }
    std::optional<std::string> maybe_text() {
        if (number() == 0) return std::nullopt;
        return text();
    }

private:
    std::string_view m_rest;
    std::vector<std::string_view> m_texts;
    bool m_good = true;
};

constexpr std::uint64_t k_nullable = 1, k_pii = 2, k_described = 4;
constexpr std::uint64_t k_plain = 1, k_may_group = 2;

void pack(Packer& out, const model::SemanticEvidence& e) {
    out.text(e.source);
    out.text(e.field);
    out.number(e.checked);
    out.number(e.matched);
    out.text(e.sample);
    out.number(e.distinct);
    out.number(e.first_rows);
    out.number(e.shapes.size());
    for (const model::ShapeCount& count : e.shapes) {
        out.number(count.shape);
        out.number(count.matched);
        out.text(count.sample);
    }
}

model::SemanticEvidence unpack_semantic(Unpacker& in, int codec) {
    model::SemanticEvidence e;
    e.source = in.text();
    e.field = in.text();
    e.checked = in.number();
    e.matched = in.number();
    e.sample = in.text();
    e.distinct = in.number();
    if (codec > 3) e.first_rows = in.number();
    for (std::uint64_t n = in.count(); n && in.good(); --n) {
        model::ShapeCount count;
        count.shape = static_cast<std::uint8_t>(in.number() & 0x1F);
        count.matched = in.number();
        count.sample = in.text();
        e.shapes.push_back(std::move(count));
    }
    return e;
}

void pack(Packer& out, const Column& c) {
    out.text(c.name);
    out.text(model::to_string(c.type));
    out.number((c.nullable ? k_nullable : 0u) | (c.pii ? k_pii : 0u) | (c.description.empty() ? 0u : k_described));
    out.text(c.semantic);
    if (!c.description.empty()) out.text(c.description);
    pack(out, c.semantic_evidence);
    out.number(c.evidence.values);
    out.number(c.evidence.nulls);
    out.maybe_text(c.evidence.min);
    out.maybe_text(c.evidence.max);
    out.number(c.evidence.longest);
    out.number(c.evidence.distinct ? *c.evidence.distinct + 1 : 0);
    out.text(c.evidence.reason);
    out.number(c.evidence.forced_row);
}

std::optional<Column> unpack_column(Unpacker& in, int codec) {
    Column c;
    c.name = in.text();
    auto type = model::parse_type(in.text());
    if (!type) return std::nullopt;
    c.type = std::move(*type);
    const std::uint64_t bits = in.number();
    c.nullable = bits & k_nullable;
    c.pii = bits & k_pii;
    c.semantic = in.text();
    if (bits & k_described) c.description = in.text();
    if (codec > 1) c.semantic_evidence = unpack_semantic(in, codec);
    c.evidence.values = in.number();
    c.evidence.nulls = in.number();
    c.evidence.min = in.maybe_text();
    c.evidence.max = in.maybe_text();
    c.evidence.longest = in.number();
    if (const std::uint64_t distinct = in.number()) c.evidence.distinct = distinct - 1;
    c.evidence.reason = in.text();
    c.evidence.forced_row = in.number();
    return c;
}

void pack(Packer& out, const formats::WrittenAs& w) {
    out.maybe_text(w.min);
    out.maybe_text(w.max);
    out.number(w.empty);
    out.number((w.plain ? k_plain : 0u) | (w.may_group ? k_may_group : 0u));
    if (!w.plain) return;
    out.number(w.whole);
    out.number(w.scale);
}

formats::WrittenAs unpack_written(Unpacker& in) {
    formats::WrittenAs w;
    w.min = in.maybe_text();
    w.max = in.maybe_text();
    w.empty = in.number();
    const std::uint64_t bits = in.number();
    w.plain = bits & k_plain;
    w.may_group = bits & k_may_group;
    if (!w.plain) return w;
    w.whole = in.number();
    w.scale = in.number();
    return w;
}

void pack(Packer& out, const Finding& f) {
    out.number(static_cast<std::uint64_t>(f.severity));
    out.text(f.code);
    out.number(f.line);
    out.text(f.message);
}

std::optional<Finding> unpack_finding(Unpacker& in) {
    Finding f;
    const std::uint64_t severity = in.number();
    if (severity > static_cast<std::uint64_t>(Finding::Severity::error)) return std::nullopt;
    f.severity = static_cast<Finding::Severity>(severity);
    f.code = in.text();
    f.line = in.number();
    f.message = in.text();
    return f;
}

void pack(Packer& out, const FileProfile& f) {
    out.number(f.size);
    out.number(f.ino);
    out.signed_number(f.mtime_ns);
    out.signed_number(f.ctime_ns);
    out.number(static_cast<std::uint64_t>(f.made_by));
    const formats::Profile& p = f.profile;
    out.text(p.format);
    out.text(p.dialect);
    out.text(p.compression);
    out.number(p.rows);
    out.number((f.sampled_rows << 1) | (p.rows_exact ? 1u : 0u));
    out.number(p.columns.size());
    for (const Column& column : p.columns) pack(out, column);
    out.number(p.written.size() == p.columns.size());
    if (p.written.size() == p.columns.size())
        for (const formats::WrittenAs& written : p.written) pack(out, written);
    out.number(p.findings.size());
    for (const Finding& finding : p.findings) pack(out, finding);
}

std::optional<FileProfile> unpack_file(Unpacker& in, int codec) {
    FileProfile f;
    f.size = in.number();
    f.ino = in.number();
    f.mtime_ns = in.signed_number();
    if (codec >= 3) f.ctime_ns = in.signed_number();
    f.made_by = codec >= 3 ? static_cast<int>(in.number() & 0xFF) : codec;
    formats::Profile& p = f.profile;
    p.format = in.text();
    p.dialect = in.text();
    p.compression = in.text();
    p.rows = in.number();
    const std::uint64_t exact = in.number();
    p.rows_exact = (exact & 1) != 0;
    f.sampled_rows = exact >> 1;
    for (std::uint64_t n = in.count(); n && in.good(); --n) {
        auto column = unpack_column(in, codec);
        if (!column) return std::nullopt;
        p.columns.push_back(std::move(*column));
    }
    if (codec > 4 && in.number() != 0)
        for (std::size_t n = p.columns.size(); n && in.good(); --n) p.written.push_back(unpack_written(in));
    for (std::uint64_t n = in.count(); n && in.good(); --n) {
        auto finding = unpack_finding(in);
        if (!finding) return std::nullopt;
        p.findings.push_back(std::move(*finding));
    }
    return f;
}

}  // namespace

std::string encode(const FolderProfiles& folder) {
    Packer out;
    out.number(folder.size());
    for (const auto& [name, file] : folder) {
        out.text(name);
        pack(out, file);
    }
    return out.take();
}

std::optional<FolderProfiles> decode(std::string_view bytes, int codec) {
    Unpacker in(bytes);
    in.texts();
    FolderProfiles folder;
    for (std::uint64_t n = in.count(); n && in.good(); --n) {
        std::string name = in.text();
        auto file = unpack_file(in, codec);
        if (!file) return std::nullopt;
        folder.emplace_hint(folder.end(), std::move(name), std::move(*file));
    }
    if (!in.finished()) return std::nullopt;
    return folder;
}

}  // namespace neurolake::index
