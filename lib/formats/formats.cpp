// formats.cpp: which format a file is, by its name and by its first bytes, and the way to that format.
// SPDX-License-Identifier: Apache-2.0
#include "formats/formats.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <new>
#include <stdexcept>
#include <utility>

#include "formats/arrow.hpp"
#include "formats/avro.hpp"
#include "formats/csv.hpp"
#include "formats/csv_dialect.hpp"
#include "formats/findings.hpp"
#include "formats/json.hpp"
#include "formats/meaning_scan.hpp"
#include "formats/ncf.hpp"
#include "formats/orc.hpp"
#include "formats/parquet.hpp"
#include "formats/value_text.hpp"

namespace neurolake::formats {
namespace {

constexpr std::size_t k_sniff_bytes = 64u << 10;
constexpr std::string_view k_utf8_bom = "\xEF\xBB\xBF";

// One row a format: how it is profiled and how its first rows are shown.
struct Format {
    std::string_view name;
    Result<Profile> (*profile)(const Input&);
    Result<Rows> (*head)(const Input&, std::size_t);
};
constexpr std::array<Format, 9> k_formats{{
    {"csv", profile_csv, head_csv},
    {"tsv", profile_csv, head_csv},
    {"json_lines", profile_json_lines, head_json_lines},
    {"json", profile_json, head_json},
    {"parquet", profile_parquet, head_parquet},
    {"ncf", profile_ncf, head_ncf},
    {"avro", profile_avro, head_avro},
    {"arrow", profile_arrow, head_arrow},
    {"orc", profile_orc, head_orc},
}};

constexpr std::array<std::string_view, 5> k_binary{"parquet", "ncf", "avro", "arrow", "orc"};

// Formats whose files begin with a magic word: by name alone they are taken for what they should be, and found damaged.
bool is_binary(std::string_view format) {
    return std::find(k_binary.begin(), k_binary.end(), format) != k_binary.end();
}

const Format* find_format(std::string_view name) {
    const auto at = std::find_if(k_formats.begin(), k_formats.end(), [&](const Format& f) { return f.name == name; });
    return at == k_formats.end() ? nullptr : &*at;
}

struct Detected {
    std::string format;  // "" = unknown, "empty"
    model::Finding why;  // of unknown ones, and where name and content differ
    bool has_finding = false;
};

Detected known(std::string_view format) { return {std::string(format), {}, false}; }
Detected unknown(std::string code, std::string message) {
    return {"", note(std::move(code), std::move(message)), true};
}

// The first bytes of the file, inflated if need be: of damaged data those before the damage, if there are any.
Result<std::string> beginning_of(const Input& input, std::size_t bytes, bool& whole) {
    InputSource source(input);
    const bool as_it_is = input.compression == Compression::none && input.encoding == TextEncoding::utf8;
    if (as_it_is) bytes = static_cast<std::size_t>(std::min<std::uint64_t>(bytes, input.size));
    std::string beginning(bytes, '\0');
    std::size_t filled = 0;
    whole = false;
    while (filled < bytes) {
        auto got = source.read(std::span(beginning).subspan(filled));
        if (!got && (filled == 0 || !is_damage(got.error()))) return std::move(got).error();
        whole = got && *got == 0;
        if (!got || *got == 0) break;
        filled += *got;
    }
    whole |= as_it_is && filled == input.size;
    beginning.resize(filled);
    return beginning;
}

// Formats that say what they are, whatever the name says.
std::string_view format_of_magic(std::string_view beginning) {
    if (beginning.starts_with("PAR1") || beginning.starts_with("PARE")) return "parquet";
    if (beginning.starts_with(std::string_view("NCF\x01", 4))) return "ncf";
    if (beginning.starts_with(std::string_view("Obj\x01", 4))) return "avro";
    if (begins_like_arrow(beginning)) return "arrow";
    return {};
}

// A file that is named JSON Lines is that unless its first line plainly goes on in the second.
bool named_lines(std::string_view text) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return true;
    const std::size_t next = text.find_first_not_of(" \t\r\n", end);
    return next == std::string_view::npos || text[next] == '{' || holds_whole_value(text.substr(0, end));
}

Detected detect_json(const Input& input, std::string_view text, bool whole) {
    const bool lines = input.format_hint == "json_lines" ? named_lines(text) : looks_like_lines(text, whole);
    return known(lines ? "json_lines" : "json");
}

// Text whose name says nothing: only what cannot be mistaken.
Detected detect_text(const Input& input, std::string_view text, bool whole) {
    const std::size_t first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) return unknown("no_content", "nothing but blanks");
    if (text[first] == '{') return detect_json(input, text, whole);
    if (text[first] == '[') {
        const std::size_t second = text.find_first_not_of(" \t\r\n", first + 1);
        if (second != std::string_view::npos && (text[second] == '{' || text[second] == ']')) return known("json");
    }
    if (input.name.ends_with(".txt") || input.name.ends_with(".txt.gz") || input.name.ends_with(".txt.zst")) {
        const CsvDialect dialect = detect_dialect(text, whole, '\0');
        if (dialect.convincing) return known(dialect.set.delimiter == '\t' ? "tsv" : "csv");
        return unknown("plain_text", "text, but its lines do not agree on columns");
    }
    return unknown("unknown_format", "neither its name nor its first bytes tell a format we read");
}

Detected detect(const Input& input, std::string_view beginning, bool whole) {
    if (const std::string_view magic = format_of_magic(beginning); !magic.empty()) return known(magic);
    const bool unnamed = input.format_hint.empty() || is_binary(input.format_hint);  // a CSV file may begin so
    if (unnamed && beginning.starts_with("FEA1"))
        return unknown("unsupported", "Feather version 1 is not read: write it again as version 2, which is Arrow");
    if (unnamed && beginning.starts_with("ORC") && looks_binary(beginning)) return known("orc");
    if (is_binary(input.format_hint)) return known(input.format_hint);
    if (looks_binary(beginning))
        return unknown("binary_zeros", fmt::format("not text: a binary zero stands at byte {}", beginning.find('\0')));
    if (input.format_hint == "csv" || input.format_hint == "tsv") return known(input.format_hint);
    std::string_view text = beginning;
    if (text.starts_with(k_utf8_bom)) text.remove_prefix(k_utf8_bom.size());
    if (input.format_hint == "json" || input.format_hint == "json_lines") {
        const std::size_t first = text.find_first_not_of(" \t\r\n");
        if (first == std::string_view::npos || text[first] == '{') return detect_json(input, text, whole);
        if (text[first] == '[') return known(looks_like_lines(text, whole) ? "json_lines" : "json");
        return known(input.format_hint);
    }
    return detect_text(input, text, whole);
}

struct Opened {
    Input input;
    Detected detected;
    std::optional<Error> damage;  // of the compressed stream's beginning
    bool false_mark = false;      // of UTF-16, before text that is none
};

Result<Opened> open_input(int fd, std::string_view file_name, const Options& options, const CancelFlag& cancel) {
    TRY(const Identity identity, identity_of(fd));
    Opened opened{
        {fd, identity.size, {}, format_of_name(file_name), Compression::none, options, cancel}, {}, {}, false};
    Input& input = opened.input;
    for (const char c : file_name) input.name += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    std::array<char, 8> magic{};
    TRY(const std::size_t got, read_some(fd, std::as_writable_bytes(std::span(magic)), 0));
    const std::string_view first(magic.data(), got);
    input.compression = compression_of(first);
    if (first.empty()) {
        opened.detected = known("empty");
        return opened;
    }
    // Plain delimited text by name needs no second look; its own scan finds binary zeros.
    const bool plain = input.compression == Compression::none;
    const bool delimited = input.format_hint == "csv" || input.format_hint == "tsv";
    if (plain && delimited && format_of_magic(first).empty() && !has_utf16_mark(first) &&
        first.find('\0') == std::string_view::npos) {
        opened.detected = known(input.format_hint);
        return opened;
    }
    if (plain && !format_of_magic(first).empty()) {
        opened.detected = known(format_of_magic(first));
        return opened;
    }
    bool whole = false;
    auto beginning = beginning_of(input, k_sniff_bytes, whole);
    if (beginning && format_of_magic(*beginning).empty()) {
        input.encoding = encoding_of(*beginning);
        opened.false_mark = input.encoding == TextEncoding::utf8 && has_utf16_mark(*beginning);
        if (input.encoding != TextEncoding::utf8) beginning = beginning_of(input, k_sniff_bytes, whole);
    }
    if (!beginning) {
        if (!is_damage(beginning.error())) return beginning.error();
        opened.damage = std::move(beginning).error();
    } else {
        const bool nothing = beginning->empty() || (whole && *beginning == k_utf8_bom);
        opened.detected = nothing ? known("empty") : detect(input, *beginning, whole);
        // Lines of JSON hold no CR but between them.
        input.mixed_newlines = opened.detected.format == "json_lines" && has_lone_cr(*beginning);
    }
    return opened;
}

// A binary zero in a text is no character most programs and databases take.
void without_zeros(std::string& text) {
    for (std::size_t at = text.find('\0'); at != std::string::npos; at = text.find('\0', at))
        text.replace(at, 1, "\xEF\xBF\xBD");
}
void without_zeros(model::Type& type) {
    for (model::Field& field : type.fields) {
        without_zeros(field.name);
        if (field.name.size() > k_name_bytes) field.name = whole_characters(field.name.substr(0, k_name_bytes));
        without_zeros(field.type);
    }
}
void without_zeros(model::Column& column) {
    without_zeros(column.name);
    without_zeros(column.type);
    if (column.evidence.min) without_zeros(*column.evidence.min);
    if (column.evidence.max) without_zeros(*column.evidence.max);
}

// Footers have room for a whole value of any length; the catalog is for people.
void shorten(std::optional<std::string>& bound) {
    if (bound && bound->size() > k_bound_bytes) bound = whole_characters(bound->substr(0, k_bound_bytes));
}

// Texts are a column's own bounds where it is text.
void judge_texts(const model::Column& column, WrittenAs& written) {
    if (!written.min || !written.max) return;
    without_zeros(*written.min);
    without_zeros(*written.max);
    if (column.type.kind == model::TypeKind::text || !may_keep_texts(column, *written.min, *written.max))
        written.min = written.max = std::nullopt;
}

model::Finding tail_note(std::uint64_t bytes, std::string_view compression) {
    const std::string counted = bytes == 1 ? "1 byte" : fmt::format("{} bytes", bytes);
    return note("trailing_bytes", fmt::format("{} after the end of the {} data {} not {}", counted, compression,
                                              bytes == 1 ? "is" : "are", compression));
}

// What is odd about the encoding of text as a whole.
void note_odd_encoding(const Opened& opened, Profile& profile) {
    const Input& input = opened.input;
    const bool utf16 = input.encoding == TextEncoding::utf16_le || input.encoding == TextEncoding::utf16_be;
    if (opened.false_mark)
        profile.findings.push_back(
            warning("encoding", "it begins with the mark of UTF-16, but what follows is plain ASCII: read as that"));
    if (utf16 && input.compression == Compression::none && input.size % 2 == 1)
        profile.findings.push_back(warning(
            "half_character", "its last byte is half a character of UTF-16: was it cut off while it was written?"));
}

// What packs a file by its name, "" for nothing.
std::string_view packing_of_name(std::string_view name) {
    if (name.ends_with(".gz") || name.ends_with(".gzip")) return "gzip";
    if (name.ends_with(".zst") || name.ends_with(".zstd")) return "zstd";
    return {};
}

void note_other_name(const Input& input, Profile& profile) {
    if (profile.format == "unknown" || profile.format == "empty") return;
    const auto differs = [&](std::string message) {
        profile.findings.push_back(note("name_differs", std::move(message)));
    };
    const std::string_view named = packing_of_name(input.name), packing = to_string(input.compression);
    if (!named.empty() && named != packing)
        differs(packing.empty() ? fmt::format("the name says {}, the content is not packed", named)
                                : fmt::format("the name says {}, the content is {}", named, packing));
    if (!input.format_hint.empty() && profile.format != input.format_hint &&
        !(input.format_hint == "csv" && profile.format == "tsv"))
        differs(fmt::format("the name says {}, the content is {}", input.format_hint, profile.format));
}

// One file that wants more memory than there is costs itself, not the run: guard.
template <typename Read>
auto within_memory(Read read) -> decltype(read()) {
    try {
        return read();
    } catch (const std::bad_alloc&) {
        return Error(Errc::guard, "it takes more memory than there is");
    } catch (const std::length_error&) {
        return Error(Errc::guard, "it says it has more than can be");
    }
}

Result<Profile> profile_by(const Format& format, const Input& input) {
    auto read = within_memory([&] { return format.profile(input); });
    if (read || read.error().code != Errc::guard) return read;
    Profile profile = unread_profile(format.name, error("too_large", read.error().message));
    profile.compression = to_string(input.compression);
    return profile;
}

}  // namespace

Result<Profile> profile(int fd, std::string_view file_name, const Options& options, const CancelFlag& cancel) {
    if (cancel.cancelled()) return Error(Errc::cancelled, "reading was cancelled");
    TRY(Opened opened, open_input(fd, file_name, options, cancel));
    std::uint64_t tail_at = 0;
    opened.input.tail_at = &tail_at;
    const Input& input = opened.input;
    const std::string_view compression = to_string(input.compression);
    if (opened.damage) return unknown_profile(compression, error("damaged", opened.damage->message));
    const Detected& detected = opened.detected;
    if (detected.format == "empty") {
        Profile empty;
        empty.format = "empty";
        empty.compression = compression;
        note_odd_encoding(opened, empty);
        // Text may be empty; a binary format cannot: its writer died.
        if (is_binary(input.format_hint))
            empty.findings.push_back(
                error("empty_file", fmt::format("an empty file is no {} file", input.format_hint)));
        else
            empty.findings.push_back(note("empty_file", "the file is empty"));
        return empty;
    }
    const Format* format = find_format(detected.format);
    if (format == nullptr) return unknown_profile(compression, detected.why);
    TRY(Profile profile, profile_by(*format, input));
    if (tail_at > 0 && tail_at < input.size) profile.findings.push_back(tail_note(input.size - tail_at, compression));
    note_odd_encoding(opened, profile);
    for (model::Column& column : profile.columns) {
        without_zeros(column);
        if (column.type.kind == model::TypeKind::text) {
            shorten(column.evidence.min);
            shorten(column.evidence.max);
        }
        judge_values(column);
    }
    for (std::size_t i = 0; i < profile.written.size(); ++i) judge_texts(profile.columns[i], profile.written[i]);
    note_other_name(input, profile);
    return profile;
}

namespace {

// No refusal leaves people without a next step.
Error with_hint(Error e) {
    if (e.hint.empty() && e.code == Errc::corrupt) e.hint = "write the file again, or restore it from where it came";
    if (e.hint.empty() && e.code == Errc::unsupported)
        e.hint = "what is known of the file: neurolake catalog show TABLE";
    return e;
}

}  // namespace

Result<Rows> head(int fd, std::string_view file_name, std::size_t count) {
    const CancelFlag never;
    TRY(const Opened opened, open_input(fd, file_name, {}, never));
    if (opened.damage) return with_hint(*opened.damage);
    if (opened.detected.format == "empty") return Rows{};
    const Format* format = find_format(opened.detected.format);
    if (format == nullptr)
        return with_hint({Errc::unsupported, fmt::format("show the first rows: {}", opened.detected.why.message)});
    auto rows = within_memory([&] { return format->head(opened.input, count); });
    return rows ? std::move(rows) : with_hint(std::move(rows).error());
}

}  // namespace neurolake::formats
