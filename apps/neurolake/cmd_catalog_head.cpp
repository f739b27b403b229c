// cmd_catalog_head.cpp: `neurolake catalog head`: the first rows of a table, file by file.
// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "catalog_report.hpp"
#include "cmd_catalog.hpp"
#include "formats/formats.hpp"
#include "index/sample.hpp"
#include "index/table_storage.hpp"
#include "shell_words.hpp"
#include "table.hpp"

namespace neurolake::apps {

namespace {

constexpr const char* k_formats_read = "CSV, TSV, JSON, JSON Lines, Parquet, ORC, Avro, Arrow and NCF";

struct Args {
    std::string table;
    std::size_t rows = 10;
};

// A file whose rows are not shown, and why.
struct Gap {
    std::string path;   // bucket/path
    const char* state;  // "gone", "changed", "unreadable"
    std::string message;
};

struct Head {
    std::vector<std::string> columns;
    std::vector<index::Cells> rows;
    std::vector<std::string> in_cloud;  // files that were passed over
    std::vector<Gap> missing;           // what was to be read and could not
    bool cut = false;                   // more rows were asked for, but they are too large
    bool kept = false;                  // from the sample in the catalog, cut and masked
    std::vector<std::string> masked;    // columns of such a sample
};

struct TableFile {
    std::string path;
    bool in_cloud = false;
    bool indexed = false;  // else nobody has looked at its columns yet
    std::uint64_t size = 0;
    std::int64_t mtime_ns = 0;
};

Result<std::vector<TableFile>> files_of(Session& session, const model::Table& table) {
    TRY(const catalog::Catalog* catalog, session.catalog());
    TRY(const lake::Inventory* inventory, session.inventory());
    std::vector<TableFile> files;
    inventory->for_each(table.bucket, table.path, [&](const lake::FileRecord& file) {
        if (file.state == lake::FileState::ignored) return true;
        const model::Table* of = catalog->table_of(table.bucket, file.path);
        if (of && of->id == table.id)
            files.push_back(
                {file.path, file.state == lake::FileState::stub, file.indexed_ns != 0, file.size, file.mtime_ns});
        return true;
    });
    std::ranges::sort(files, {}, &TableFile::path);
    return files;
}

// What the index found wrong with a file tells more than that its rows cannot be shown.
Error why_unread(const model::Table& table, const std::string& path, Error error) {
    for (const auto& finding : table.findings)
        if (finding.severity == model::Finding::Severity::error && finding.path == path)
            return Error(
                Errc::corrupt, fmt::format("show the first rows of {}: {}", path, finding.message),
                fmt::format("what is known of it: neurolake catalog show {}", plain_or_quoted(table.full_name())),
                path);
    if (error.code == Errc::unsupported)
        error.hint = fmt::format("what is known of it: neurolake catalog show {}; rows are read of {}",
                                 plain_or_quoted(table.full_name()), k_formats_read);
    return std::move(error).with_context(path);
}

// The data is away; the catalog kept its first rows.
Status take_kept_rows(Session& session, const model::Table& table, std::size_t wanted, Head& head) {
    TRY(const catalog::Catalog* catalog, session.catalog());
    TRY(const std::string entry, catalog->entry(catalog::List::samples, table.id));
    if (entry.empty())
        return Error(Errc::cloud, fmt::format("all data of {} is in the cloud", table.full_name()),
                     fmt::format("bring it back: neurolake recall {}", plain_or_quoted(table.full_name())));
    TRY(index::Sample sample, index::sample_from_entry(entry));
    index::mask(sample, table);
    head.kept = true;
    head.columns = sample.columns;
    for (std::size_t i = 0; i < sample.columns.size(); ++i)
        if (sample.masked[i]) head.masked.push_back(sample.columns[i]);
    if (sample.rows.size() > wanted) sample.rows.resize(wanted);
    head.rows = std::move(sample.rows);
    return {};
}

bool has_other_columns(const model::Table& table, const formats::Rows& rows) {
    return !std::ranges::all_of(rows.columns, [&](const std::string& name) {
        return std::ranges::find(table.columns, name, &model::Column::name) != table.columns.end();
    });
}

// The rows of one file, or why there are none: what is no longer what was indexed would be shown below columns that are
// not its own.
Result<formats::Rows> rows_of(int root, const model::Table& table, const TableFile& file, std::size_t wanted,
                              Gap& gap) {
    auto fd = open_beneath(root, file.path, O_RDONLY);
    if (!fd) {
        if (fd.error().code == Errc::not_found) gap.state = "gone";
        return std::move(fd).error();
    }
    TRY(const Identity now, identity_of(fd->get()));
    const Error changed(Errc::corrupt, "its file changed since it was indexed", "neurolake catalog index");
    if (now.size != file.size || now.mtime_ns != file.mtime_ns) {
        gap.state = "changed";
        return changed;
    }
    TRY(auto rows, formats::head(fd->get(), file.path.substr(file.path.rfind('/') + 1), wanted));
    if (file.indexed || !has_other_columns(table, rows)) return rows;
    gap.state = "changed";
    return changed;
}

Result<Head> read_head(Session& session, const model::Table& table, std::size_t wanted) {
    Head head;
    for (const auto* list : {&table.columns, &table.partition_columns})
        for (const auto& column : *list) head.columns.push_back(column.name);
    TRY(const lake::Bucket* bucket, session.bucket(table.bucket));
    TRY(const Fd root, open_folder(bucket->root));
    TRY(auto files, files_of(session, table));
    index::OldVersions old(root.get());  // are no part of the table: the index leaves them out as well
    std::erase_if(files, [&](const TableFile& file) { return old.holds(file.path); });
    std::optional<Error> failed;
    for (const TableFile& file : files) {
        if (head.rows.size() == wanted) break;
        if (file.in_cloud) {
            head.in_cloud.push_back(table.bucket + "/" + file.path);
            continue;
        }
        Gap gap{table.bucket + "/" + file.path, "unreadable", {}};
        auto rows = rows_of(root.get(), table, file, wanted, gap);
        if (!rows) {
            gap.message = rows.error().message;
            if (!failed && gap.state == std::string_view("unreadable"))
                failed = why_unread(table, gap.path, std::move(rows).error());
            head.missing.push_back(std::move(gap));
            continue;
        }
        index::add_rows(table, file.path, *rows, wanted, head.rows);
        head.cut = rows->cut;
        if (head.cut) break;
    }
    if (failed && head.rows.empty()) return std::move(*failed);
    if (head.rows.empty() && !head.in_cloud.empty()) TRY_DO(take_kept_rows(session, table, wanted, head));
    return head;
}

using Line = std::vector<std::string>;

// Could the columns stand beside each other, each with room for some words?
bool fits_beside(const Output& out, const Line& titles, const std::vector<Line>& lines) {
    constexpr std::size_t k_some_words = 12, k_gap = 2;
    std::size_t needed = 0;
    for (std::size_t c = 0; c < titles.size(); ++c) {
        std::size_t width = text::display_width(titles[c]);
        for (const Line& line : lines) width = std::max(width, text::display_width(line[c]));
        needed += std::min(width, k_some_words) + (c ? k_gap : 0);
    }
    return !out.stdout_is_terminal() || needed <= static_cast<std::size_t>(out.width());
}

// One column a line: what is too wide to be read as a table.
void print_records(Output& out, const Line& titles, const std::vector<Line>& lines) {
    for (std::size_t row = 0; row < lines.size(); ++row) {
        out.exact(out.paint(Style::bold, fmt::format("row {}", text::with_thousands(row + 1))));
        Table record({{"", TableColumn::Align::left, true}, {"", TableColumn::Align::left, true}});
        for (std::size_t c = 0; c < titles.size(); ++c) record.row({"  " + titles[c], lines[row][c]});
        record.print(out);
    }
}

void print_head(Output& out, const Head& head) {
    Line titles;
    std::vector<Line> lines;
    for (const auto& column : head.columns) titles.push_back(out.value(column));
    for (const auto& cells : head.rows)
        for (lines.emplace_back(); const auto& cell : cells) lines.back().push_back(cell ? out.value(*cell) : "null");
    if (!fits_beside(out, titles, lines)) return print_records(out, titles, lines);
    std::vector<TableColumn> columns;
    for (const auto& title : titles) columns.push_back({title, TableColumn::Align::left, true});
    Table shown(std::move(columns));
    for (Line& line : lines) shown.row(std::move(line));
    if (!titles.empty()) shown.print(out);
}

void tell_of_sample(Output& out, const model::Table& table, const Head& head, std::size_t wanted) {
    out.warn(
        fmt::format("the data of {} is in the cloud: these are the first {} as the last index saw them{}; all of "
                    "them: neurolake recall {}",
                    out.name(table.full_name()), counted(head.rows.size(), "row"),
                    head.rows.size() < wanted && head.rows.size() < table.rows ? ", no more are kept" : "",
                    out.name(plain_or_quoted(table.full_name()))));
    if (!head.masked.empty())
        out.warn(
            fmt::format("masked, because about people: {}", out.name(fmt::format("{}", fmt::join(head.masked, ", ")))));
}

// Each file by name, as long as that can be read.
void tell_of_missing(Output& out, const Head& head) {
    constexpr std::size_t k_named = 5;
    for (std::size_t i = 0; i < std::min(k_named, head.missing.size()); ++i) {
        const auto& [path, state, message] = head.missing[i];
        const std::string name = out.name(text::escape_controls(path));
        if (state == std::string_view("gone"))
            out.warn(name + " is gone since the last index: its rows are missing here; to do: neurolake catalog index");
        else if (state == std::string_view("changed"))
            out.warn(name +
                     ": its file changed since it was indexed: neurolake catalog index; its rows are missing here");
        else
            out.warn(fmt::format("{}: {}; its rows are missing here", name, out.name(text::escape_controls(message))));
    }
    if (head.missing.size() > k_named)
        out.warn(fmt::format("the rows of {} more are missing here", counted(head.missing.size() - k_named, "file")));
}

json::Value missing_json(const Head& head) {
    auto missing = json::Value::array();
    for (const auto& [path, state, message] : head.missing) {
        auto one = json::Value::object();
        json::set_path(one, "path", path);
        missing.push(one.set("state", state).set("message", text::to_valid_utf8(message)));
    }
    return missing;
}

Result<int> run_head(Session& session, const Args& args) {
    TRY(const model::Table* table, table_named(session, args.table));
    TRY(const Head head, read_head(session, *table, args.rows));
    session.query("catalog.head", json::Value::object().set("table", table->full_name()).set("rows", head.rows.size()));
    Output& out = session.out();
    if (head.kept) tell_of_sample(out, *table, head, args.rows);
    if (head.cut)
        out.warn(fmt::format("only the first {}: more are too large to be shown", counted(head.rows.size(), "row")));
    if (!head.in_cloud.empty() && !head.kept)
        out.warn(fmt::format("{} in the cloud not read, for instance {}", counted(head.in_cloud.size(), "file"),
                             text::escape_controls(head.in_cloud.front())));
    tell_of_missing(out, head);
    const int rc = head.missing.empty() ? 0 : k_exit_partial;
    if (!out.machine()) {
        print_head(out, head);
        return rc;
    }
    auto columns = json::Value::array(), rows = json::Value::array();
    for (const auto& column : head.columns) columns.push(text::to_valid_utf8(column));
    for (const auto& cells : head.rows) {
        auto row = json::Value::array();
        for (const auto& cell : cells) row.push(cell ? json::Value(text::to_valid_utf8(*cell)) : json::Value());
        rows.push(std::move(row));
    }
    auto value = json::Value::object().set("schema", "neurolake.catalog.head/1");
    json::set_path(value, "table", table->full_name());
    value.set("source", head.kept ? "sample" : "files");
    if (head.cut) value.set("cut", true);
    if (head.kept) {
        auto masked = json::Value::array();
        for (const auto& column : head.masked) masked.push(text::to_valid_utf8(column));
        value.set("masked", std::move(masked));
    }
    value.set("columns", std::move(columns)).set("rows", std::move(rows));
    out.object(value.set("missing", missing_json(head)));
    return rc;
}

}  // namespace

void add_catalog_head(CommandLine catalog, Registry& registry) {
    auto [app, args] = registry.command<Args>(catalog, "head", "The first rows of a table", run_head,
                                              {"neurolake catalog head raw-data.orders",
                                               "neurolake catalog head raw-data.orders -n 3 --json | jq -c '.rows[]'"});
    app.add_option("TABLE", args.table, "The table: bucket.table, or its name alone where only one bucket has it")
        ->required();
    app.add_option("-n,--rows", args.rows, "How many rows")->type_name("N")->positive()->capture_default_str();
}

}  // namespace neurolake::apps
