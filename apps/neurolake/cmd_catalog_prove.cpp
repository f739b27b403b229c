// cmd_catalog_prove.cpp: `neurolake catalog prove`: why one column has its type, with the row that forced it.
// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <fmt/format.h>

#include "base/text.hpp"
#include "catalog_report.hpp"
#include "cmd_catalog.hpp"
#include "index/proof.hpp"
#include "model/mask.hpp"
#include "model/meaning.hpp"
#include "shell_words.hpp"
#include "table.hpp"
#include "table_words.hpp"

namespace neurolake::apps {

namespace {

struct Args {
    std::string column;
};

// The row that forced the type, and what its file says now.
struct Offender {
    std::string path;   // bucket/path
    const char* state;  // "verified", "differs", "changed", "cloud", "gone"
    index::Proof proof;
    index::OtherFiles others;
};

const char* state_of(const index::Proof& proof) {
    if (!proof.same_content) return "changed";
    return proof.forced ? "verified" : "differs";
}

Result<std::optional<Offender>> offender_of(Session& session, const ColumnMeant& meant) {
    const auto& seen = meant.column->evidence;
    if (seen.forced_row == 0) return std::optional<Offender>();
    const std::string path = seen.forced_path.empty() ? meant.table->path : seen.forced_path;
    std::optional<Offender> out = Offender{meant.table->bucket + "/" + path, "gone", {}, {}};
    TRY(const lake::Inventory* inventory, session.inventory());
    TRY(const lake::Lake* lake, session.lake());
    if (const auto profiles = index::ProfileStore::open(lake->layout().state / "profiles"))
        out->others = index::other_files(*profiles, *inventory, *meant.table, meant.column->name, path);
    const auto record = inventory->find(meant.table->bucket, path);
    if (!record) return out;
    if (record->state == lake::FileState::stub) {
        out->state = "cloud";
        return out;
    }
    TRY(const lake::Bucket* bucket, session.bucket(meant.table->bucket));
    TRY(const Fd root, open_folder(bucket->root));
    auto fd = open_beneath(root.get(), path, O_RDONLY);
    if (!fd && fd.error().code == Errc::not_found) return out;
    if (!fd) return std::move(fd).error();
    TRY(out->proof, index::prove(fd->get(), path.substr(path.rfind('/') + 1), *meant.column,
                                 {record->size, record->mtime_ns, meant.table->sampled_rows}, session.cancel()));
    if ((meant.column->pii || model::is_hint(*meant.column)) && out->proof.value)
        out->proof.value = model::mask_value(meant.column->semantic, *out->proof.value);
    out->state = state_of(out->proof);
    return out;
}

std::string percent(std::uint64_t part, std::uint64_t whole) {
    return whole == 0 ? "0" : fmt::format("{:.1f}", 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

std::string state_text(const Output& out, const Offender& offender) {
    const std::string_view state = offender.state;
    if (state == "verified") return "read again just now";
    if (state == "cloud")
        return "its file is in the cloud: neurolake recall " + out.name(plain_or_quoted(offender.path));
    if (state == "gone") return "its file is not there any more: neurolake catalog index";
    if (state == "changed") return "its file changed since it was indexed: neurolake catalog index";
    return "this version of neurolake reads it otherwise: neurolake catalog index --full";
}

// Of the rows before it in its file; where they say nothing, of the table's other files.
std::string without_text(std::uint64_t row, const Offender& offender) {
    const auto type_of = [](const model::Type& type, const std::string& rows) {
        return fmt::format("{} for {}", text::escape_controls(model::to_string(type)), rows);
    };
    if (offender.proof.with_later_rows) return "not known: rows behind it force the type together with it";
    const auto& before = offender.proof.without;
    if (before && before->kind != model::TypeKind::unknown)
        return type_of(*before, counted(row - 1, "row") + " until then");
    const auto& others = offender.others;
    if (others.type.kind != model::TypeKind::unknown)
        return type_of(others.type, fmt::format("the {} of {}", counted(others.rows, "row"),
                                                others.files == 1 ? "the other file" : "the other files"));
    return row == 1 ? "nothing: it is the first row" : "no value in the rows before";
}

// A JSON text as its file has it: without its quotes nobody sees why "2.5" is no number. What is masked has none.
std::string value_text(const Output& out, const ColumnMeant& meant, const std::string& value) {
    const bool json = meant.table->format == "json" || meant.table->format == "json_lines";
    if (!json || !meant.column->evidence.reason.starts_with("text ")) return out.value(value);
    if (meant.column->pii || model::is_hint(*meant.column)) return out.value(value);
    const auto bare = json::parse(value);
    const bool looks_otherwise = bare && !bare->is_string();
    return out.value(json::dump(json::Value(text::to_valid_utf8(value)))) +
           (looks_otherwise ? ", a text: it stands in quotes" : "");
}

void print_offender(Output& out, Table& facts, const ColumnMeant& meant, const Offender& offender) {
    const auto& seen = meant.column->evidence;
    std::string value;
    if (offender.proof.value) value = ": " + value_text(out, meant, *offender.proof.value);
    facts.row({"  First one",
               fmt::format("{}, row {}{}", out.name(offender.path), text::with_thousands(seen.forced_row), value)});
    facts.row({"  Checked", out.advised(state_text(out, offender))});
    if (std::string_view(offender.state) != "verified") return;
    facts.row({"  Without it", without_text(seen.forced_row, offender)});
}

// All of them, where the table has no others; what could not be read is in no count.
std::string rows_seen_text(const model::Table& table, std::uint64_t rows) {
    const std::string seen = text::with_thousands(rows);
    if (table.sampled_rows > 0) return seen + ", " + sample_text(table);
    if (!table.rows_exact)
        return seen + " (those that could be read; see: neurolake catalog show " + plain_or_quoted(table.full_name()) +
               ")";
    return seen + (rows == table.rows ? " (all)" : "");
}

void print_proof(Output& out, const ColumnMeant& meant, const std::optional<Offender>& offender) {
    const auto& [table, column] = meant;
    const auto& seen = column->evidence;
    const std::uint64_t rows = seen.values + seen.nulls;
    out.line(out.paint(Style::bold, fmt::format("{}.{}", out.name(table->full_name()), out.value(column->name))) +
             " is " + out.value(model::to_string(column->type)));
    Table facts({{""}, {"", TableColumn::Align::left, true, TableColumn::Narrow::wrap}});
    facts.row({"  Rows seen", out.advised(out.name(rows_seen_text(*table, rows)))});
    facts.row({"  Nulls", fmt::format("{} ({} %)", text::with_thousands(seen.nulls), percent(seen.nulls, rows))});
    if (seen.distinct) facts.row({"  Distinct", "about " + text::with_thousands(*seen.distinct)});
    if (seen.min && seen.max)
        facts.row({"  Range", range_end_text(out, *seen.min) + " .. " + range_end_text(out, *seen.max)});
    if (seen.longest > 0) facts.row({"  Longest", counted(seen.longest, "byte")});
    facts.row({"  Because", out.value(why_text(*column, false))});
    if (offender) print_offender(out, facts, meant, *offender);
    facts.print(out);
}

json::Value proof_json(const ColumnMeant& meant, const std::optional<Offender>& offender) {
    const auto& seen = meant.column->evidence;
    auto value = named("neurolake.catalog.prove/1", *meant.table);
    value.set("column", column_json(*meant.column, Detail::full));
    value.set("rows_seen", seen.values + seen.nulls).set("rows", meant.table->rows);
    value.set("rows_exact", meant.table->rows_exact);
    if (meant.table->sampled_rows > 0) value.set("sampled_rows", meant.table->sampled_rows);
    value.set("why", text::to_valid_utf8(why_text(*meant.column, false)));
    if (!offender) return value;
    auto first = json::Value::object();
    json::set_path(first, "path", offender->path);
    first.set("row", seen.forced_row).set("state", offender->state);
    if (offender->proof.value) json::set_path(first, "value", *offender->proof.value);
    if (offender->proof.without) first.set("type_without_it", model::to_string(*offender->proof.without));
    if (offender->others.files > 0) {
        auto others = json::Value::object().set("files", offender->others.files).set("rows", offender->others.rows);
        first.set("other_files", others.set("type", model::to_string(offender->others.type)));
    }
    return value.set("first", std::move(first));
}

Result<int> run_prove(Session& session, const Args& args) {
    TRY(const ColumnMeant meant, column_meant(session, args.column));
    TRY(const auto offender, offender_of(session, meant));
    Output& out = session.out();
    if (out.machine())
        out.object(proof_json(meant, offender));
    else
        print_proof(out, meant, offender);
    return 0;
}

}  // namespace

void add_catalog_prove(CommandLine catalog, Registry& registry) {
    auto [app, args] = registry.command<Args>(
        catalog, "prove", "Why a column has its type: the row that forced it, read again", run_prove,
        {"neurolake catalog prove raw-data.orders.zip", "neurolake catalog prove orders.zip --json | jq .first"});
    app.add_option("TABLE.COLUMN", args.column, "The column, after its table and a dot")->required();
}

}  // namespace neurolake::apps
