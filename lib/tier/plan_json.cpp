// plan_json.cpp: a plan as a file a person can review: sealed by the SHA-256 of its own content.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "base/digest.hpp"
#include "tier/tier.hpp"

namespace neurolake::tier {

namespace {

constexpr std::string_view k_schema = "neurolake.burst.plan/1";

json::Value to_json(const PlanFile& file) {
    auto out = json::Value::object();
    json::set_path(out, "path", file.path);
    out.set("bytes", file.bytes).set("mtime", to_rfc3339(time_from_ns(file.mtime_ns), Precision::nanoseconds));
    out.set("ino", file.ino);
    if (!file.sha256.empty()) out.set("sha256", file.sha256);
    return out;
}

json::Value to_json(const Unit& unit) {
    auto out = json::Value::object();
    out.set("table", unit.table).set("bucket", unit.bucket);
    json::set_path(out, "path", unit.path);
    auto files = json::Value::array();
    for (const auto& file : unit.files) files.push(to_json(file));
    out.set("files", std::move(files)).set("bytes", unit.bytes).set("score", unit.score);
    return out.set("rule", unit.rule).set("why", unit.why);
}

json::Value to_json(const Kept& kept) {
    auto out = json::Value::object();
    json::set_path(out, "path", kept.path);
    return out.set("rule", kept.rule).set("why", kept.why).set("bytes", kept.bytes);
}

// What moving will ask of the store; prices are the reader's to multiply.
json::Value cost_of(const Plan& plan) {
    std::uint64_t files = 0;
    for (const auto& unit : plan.units) files += unit.files.size();
    auto requests = json::Value::object();
    requests.set("put", files).set("head", files);
    return json::Value::object().set("upload_bytes", plan.bytes).set("requests", std::move(requests));
}

std::string signature_of(const json::Value& unsigned_plan) {
    const auto digest = sha256(json::dump(unsigned_plan));
    return digest ? to_hex(*digest) : std::string();
}

Result<Unit> unit_from(const json::Value& value) {
    Unit unit;
    unit.table = value.text("table");
    unit.bucket = value.text("bucket");
    unit.path = json::get_path(value, "path");
    unit.bytes = value.natural("bytes");
    unit.score = value.number("score");
    unit.rule = value.text("rule");
    unit.why = value.text("why");
    for (const auto& entry : value.items("files")) {
        PlanFile file;
        file.path = json::get_path(entry, "path");
        file.bytes = entry.natural("bytes");
        TRY(const auto mtime, parse_rfc3339(entry.text("mtime")));
        file.mtime_ns = to_ns(mtime);
        file.ino = entry.natural("ino");
        file.sha256 = entry.text("sha256");
        unit.files.push_back(std::move(file));
    }
    return unit;
}

Marks marks_from(const json::Value& value) {
    Marks marks;
    marks.capacity = {value.natural("capacity_bytes"), value.text("capacity_origin")};
    marks.high = {value.natural("high_bytes"), value.text("high_origin")};
    marks.low = {value.natural("low_bytes"), value.text("low_origin")};
    marks.used = value.natural("used_bytes");
    marks.disk_total = value.natural("disk_total_bytes");
    marks.disk_free = value.natural("disk_free_bytes");
    marks.min_free = value.natural("min_free_bytes");
    return marks;
}

}  // namespace

json::Value to_json(const Plan& plan) {
    auto out = json::Value::object();
    out.set("schema", k_schema).set("created_at", plan.created_at).set("reason", plan.reason);
    out.set("marks", to_json(plan.marks));
    auto units = json::Value::array();
    for (const auto& unit : plan.units) units.push(to_json(unit));
    auto kept = json::Value::array();
    for (const auto& one : plan.kept) kept.push(to_json(one));
    out.set("units", std::move(units)).set("kept", std::move(kept)).set("bytes", plan.bytes);
    out.set("cost", cost_of(plan)).set("policy_hash", plan.policy_hash);
    const auto signature = signature_of(out);
    return out.set("plan", signature.substr(0, 12)).set("signature", signature);
}

Result<Plan> plan_from_json(const json::Value& value) {
    const auto wrong = [](std::string why) {
        return Error(Errc::corrupt, "this is no plan that can be applied: " + why,
                     "make a new one with: neurolake burst plan -o FILE");
    };
    if (!value.is_object() || value.text("schema") != k_schema)
        return wrong("its schema is not neurolake.burst.plan/1");
    // Sealed are the keys up to the signature; a report of a finished burst repeats a plan and adds to it.
    auto sealed = json::Value::object();
    for (const auto& [key, member] : *value.as_object()) {
        if (key == "plan" || key == "signature") break;
        sealed.set(key, member);
    }
    if (value.text("signature") != signature_of(sealed)) return wrong("it was changed after it was made");
    Plan plan;
    plan.id = value.text("plan");
    plan.created_at = value.text("created_at");
    plan.reason = value.text("reason");
    if (const auto* marks = value.find("marks")) plan.marks = marks_from(*marks);
    for (const auto& entry : value.items("units")) {
        TRY(auto unit, unit_from(entry));
        plan.units.push_back(std::move(unit));
    }
    for (const auto& entry : value.items("kept"))
        plan.kept.push_back(
            {json::get_path(entry, "path"), entry.text("rule"), entry.text("why"), entry.natural("bytes")});
    plan.bytes = value.natural("bytes");
    plan.policy_hash = value.text("policy_hash");
    return plan;
}

}  // namespace neurolake::tier
