// options_test.cpp: the table and the templates say the same.
// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <cstdlib>
#include <regex>
#include <set>

#include "base/text.hpp"
#include "config/options.hpp"
#include "scratch.hpp"

using namespace neurolake;
using namespace neurolake::config;

namespace {

struct Line {
    bool live = false;
    std::string value;
};

// Every "key: value" of a template, by full key, the commented-out ones too.
std::map<std::string, Line> lines_of(std::string_view text) {
    static const std::regex k_section("^([a-z_]+):.*"), k_key("^  (# )?([a-z_]+): ('[^']*'|\\[[^\\]]*\\]|[^ ]+).*");
    std::map<std::string, Line> found;
    std::string section;
    for (const std::string_view row : text::split(text, '\n')) {
        std::match_results<std::string_view::const_iterator> match;
        if (std::regex_match(row.begin(), row.end(), match, k_section)) section = match[1];
        if (section == "buckets" || !std::regex_match(row.begin(), row.end(), match, k_key)) continue;
        std::string value = match[3];
        if (value.front() == '\'') value = value.substr(1, value.size() - 2);
        found[section + "." + match[2].str()] = {!match[1].matched, value};
    }
    return found;
}

}  // namespace

TEST_CASE("the settings template holds every setting with its default", "[config]") {
    const auto found = lines_of(*settings_template("settings"));
    for (const Option& option : options()) {
        INFO(option.key);
        const auto line = found.find(std::string(option.key));
        REQUIRE(line != found.end());
        // What has no default shows an example, and stays commented out unless it is empty.
        if (!option.fallback.empty())
            CHECK(line->second.value == option.fallback);
        else
            CHECK((!line->second.live || line->second.value.empty()));
    }
    for (const auto& [key, line] : found) {
        INFO(key);
        CHECK(find_option(key));
    }
}

TEST_CASE("every value a template shows is one that loads", "[config]") {
    const PathRules paths("/lake", ".", "/home/ana");
    for (const auto& [key, line] : lines_of(*settings_template("settings"))) {
        INFO(key << ": " << line.value);
        const Option* option = find_option(key);
        REQUIRE(option);
        CHECK(convert(*option, node_from_text(*option, line.value), paths));
    }
}

TEST_CASE("every template loads without a warning", "[config]") {
    CHECK(template_names() == std::vector<std::string>{"nas", "s3", "settings", "team"});
    for (const std::string& name : template_names()) {
        INFO(name);
        scratch::Lake lake;
        lake.settings(std::string(*settings_template(name)));
        auto loaded = Config::load(lake.home(), scratch::environment());
        if (!loaded) FAIL(loaded.error().message);
        CHECK(loaded->settings().warnings.empty());
        CHECK(loaded->settings().buckets.size() == 5);
        for (const auto& [key, line] : lines_of(*settings_template(name))) {
            INFO(key);
            CHECK(find_option(key));
        }
    }
    CHECK_FALSE(settings_template("none"));
}

TEST_CASE("keys are unique, documented, and their environment names too", "[config]") {
    std::set<std::string> names;
    for (const Option& option : options()) {
        INFO(option.key);
        CHECK(names.insert(environment_name(option.key)).second);
        CHECK_FALSE(option.help.empty());
        CHECK(option.set != nullptr);
        CHECK((option.yields_to.empty() || find_option(option.yields_to)));
    }
    CHECK(environment_name("storage.high") == "NEUROLAKE_STORAGE_HIGH");
    CHECK(names.count("NEUROLAKE_HOME") == 0);
    CHECK(known_keys().size() == names.size());
}

TEST_CASE("the document of the settings has a row for every setting with its default", "[config]") {
    const char* tests = std::getenv("NEUROLAKE_TESTS_DIR");
    REQUIRE(tests != nullptr);
    std::ifstream in(std::filesystem::path(tests) / "../docs/formats/settings.md");
    std::ostringstream out;
    out << in.rdbuf();
    const std::string text = out.str();
    const auto check_row = [&](const Rule& rule, std::size_t from) {
        INFO(rule.key);
        const std::size_t row = text.find("| `" + std::string(rule.key) + "` | ", from);
        REQUIRE(row != std::string::npos);
        const std::string line = text.substr(row, text.find('\n', row) - row);
        const std::string fallback = rule.fallback.empty() ? "-" : "`" + std::string(rule.fallback) + "`";
        CHECK(line.find(" | " + fallback + " | " + std::string(rule.help) + " |") != std::string::npos);
    };
    for (const Option& option : options()) check_row(option, 0);
    for (const BucketField& field : bucket_fields()) check_row(field, text.find("key below"));
}
