// loader.cpp: gathers what every layer says, lets the highest count, converts, checks what must fit together.
// SPDX-License-Identifier: Apache-2.0
#include "config/loader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "base/text.hpp"

namespace neurolake::config {

namespace {

class Loader {
public:
    Loader(const std::filesystem::path& home, const Sources& sources, const Environment& env)
        : m_home(home), m_sources(sources), m_env(env), m_given(options().size()) {
        m_out.settings.home = home;
    }

    Loaded run(const Overrides& overrides) {
        read_settings();
        read_buckets();
        read_environment();
        for (const auto& [key, value] : overrides) read_override(key, value);
        find_paths();
        set_options();
        set_buckets();
        check_together();
        warn_moved();
        sort_problems();
        return std::move(m_out);
    }

private:
    void problem(const Problem& place, std::string text) {
        m_out.problems.push_back({place.file, place.line, place.column, std::move(text)});
    }
    static Problem place_of(const Place& at, std::string_view file) {
        return {std::string(file), at.line, at.column, {}};
    }

    // ---- gathering
    Document parse(std::string_view text, std::string_view file) {
        Document document = parse_yaml(text, file);
        auto& all = m_out.problems;
        all.insert(all.end(), document.problems.begin(), document.problems.end());
        return document;
    }

    static std::vector<std::string> sections() {
        std::vector<std::string> names{"buckets"};
        for (const Option& option : options()) {
            const std::string section(option.key.substr(0, option.key.find('.')));
            if (std::find(names.begin(), names.end(), section) == names.end()) names.push_back(section);
        }
        return names;
    }

    void read_settings() {
        const Document document = parse(m_sources.settings, k_settings_name);
        if (document.broken) return;
        const auto known = sections();
        for (const Node& section : document.root.children) {
            const Problem place = place_of(section.key_at, k_settings_name);
            if (std::find(known.begin(), known.end(), section.key) == known.end()) {
                unknown_section(section, place, known);
            } else if (section.kind != Node::Kind::map && section.kind != Node::Kind::null) {
                problem(place, fmt::format("'{}' must be a section with indented keys below it", section.key));
            } else if (section.key == "buckets") {
                collect_buckets(section, k_settings_name, Layer::settings, m_drafts, m_out.problems);
            } else {
                for (const Node& entry : section.children) take(section.key, entry);
            }
        }
    }

    void unknown_section(const Node& section, const Problem& place, const std::vector<std::string>& known) {
        std::string text = fmt::format("unknown section '{}'", section.key);
        if (const auto meant = text::closest(section.key, known)) {
            text += fmt::format("; did you mean {}?", *meant);
        } else if (const auto home_of = key_named(section.key); !home_of.empty()) {
            text += fmt::format("; write it as {}, indented below its section", home_of);
        } else {
            text += fmt::format("; the sections are {}", fmt::join(known, ", "));
        }
        problem(place, std::move(text));
    }

    static std::string key_named(std::string_view last_part) {
        for (const Option& option : options())
            if (option.key.substr(option.key.find('.') + 1) == last_part) return std::string(option.key);
        return {};
    }

    static std::size_t index_of(const Option& option) { return static_cast<std::size_t>(&option - options().data()); }

    void take(const std::string& section, const Node& entry) {
        const std::string key = section + "." + entry.key;
        const Option* option = find_option(key);
        if (!option) return problem(place_of(entry.key_at, k_settings_name), unknown_key(section, entry.key));
        m_given[index_of(*option)] = given_in_file(entry, k_settings_name, Layer::settings);
    }

    static std::string unknown_key(const std::string& section, const std::string& name) {
        std::vector<std::string> siblings;
        for (const Option& option : options())
            if (option.key.starts_with(section + ".")) siblings.emplace_back(option.key.substr(section.size() + 1));
        std::string text = fmt::format("unknown key '{}' in {}", name, section);
        if (const auto elsewhere = key_named(name); !elsewhere.empty())
            return text + fmt::format("; it belongs to {}", elsewhere.substr(0, elsewhere.find('.')));
        if (const auto meant = text::closest(name, siblings)) return text + fmt::format("; did you mean {}?", *meant);
        return text + "; `neurolake config show` lists the known keys";
    }

    void read_buckets() {
        if (m_sources.buckets.empty()) return;
        const Document document = parse(m_sources.buckets, k_buckets_name);
        if (document.broken) return;
        for (const Node& section : document.root.children) {
            const Problem place = place_of(section.key_at, k_buckets_name);
            if (section.key != "buckets")
                problem(place,
                        fmt::format("unknown section '{}'; entries stand indented below 'buckets:'", section.key));
            else if (section.kind != Node::Kind::map && section.kind != Node::Kind::null)
                problem(place, "'buckets' must be a section with a named entry for each bucket");
            else
                collect_buckets(section, k_buckets_name, Layer::buckets, m_drafts, m_out.problems);
        }
    }

    void read_environment() {
        for (const Option& option : options()) {
            const std::string name = environment_name(option.key);
            const auto value = m_env(name);
            if (!value || value->empty()) continue;
            Given given{Layer::environment, node_from_text(option, *value), "env " + name, {name, 0, 0, {}}};
            m_given[index_of(option)] = std::move(given);
        }
    }

    void read_override(const std::string& key, const std::string& value) {
        const Problem place{"--set " + key, 0, 0, {}};
        if (key.starts_with("buckets.")) return override_bucket(key, value, place);
        const Option* option = find_option(key);
        if (!option) {
            const auto keys = known_keys();
            const auto meant = text::closest(key, keys);
            return problem(place, meant ? fmt::format("unknown key; did you mean {}?", *meant)
                                        : "unknown key; `neurolake config show` lists the known keys");
        }
        // The process list shows arguments to everyone on the machine.
        if (is_secret(*option, value))
            return problem(place, "a secret must not stand on the command line; use the environment");
        m_given[index_of(*option)] = Given{Layer::flag, node_from_text(*option, value), "flag --set", place};
    }

    void override_bucket(const std::string& key, const std::string& value, const Problem& place) {
        const std::string rest = key.substr(8);
        const std::string name = rest.substr(0, rest.find('.'));
        const std::string field = name.size() < rest.size() ? rest.substr(name.size() + 1) : "";
        const auto draft = m_drafts.find(name);
        const BucketField* row = find_bucket_field(field);
        if (draft == m_drafts.end() || !row) return problem(place, "no such bucket or field");
        const auto index = static_cast<std::size_t>(row - bucket_fields().data());
        draft->second.fields[index] = Given{Layer::flag, node_from_text(*row, value), "flag --set", place};
    }

    // ---- converting
    void find_paths() {
        std::string base;
        const auto& given = m_given[index_of(*find_option("storage.base_path"))];
        if (given && given->node.kind == Node::Kind::scalar) base = given->node.text;
        m_paths.emplace(m_home, base, m_env("HOME"));
    }

    bool yields(std::size_t index) const {
        const std::string_view winner = options()[index].yields_to;
        if (winner.empty()) return false;
        const auto& other = m_given[index_of(*find_option(winner))];
        const auto& own = m_given[index];
        return other && (!own || other->layer >= own->layer);
    }

    // The key of a higher layer that counts instead of this one.
    std::string_view overridden_by(std::size_t index) const {
        if (yields(index)) return options()[index].yields_to;
        for (std::size_t i = 0; i < options().size(); ++i)
            if (options()[i].yields_to == options()[index].key && m_given[i] && !yields(i)) return options()[i].key;
        return {};
    }

    void set_options() {
        // Rows that may yield stand last in effect: a lower layer's size must not undo a higher layer's gigabytes.
        std::vector<std::size_t> order(options().size());
        for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
        std::stable_partition(order.begin(), order.end(), [](std::size_t i) { return options()[i].yields_to.empty(); });
        for (const std::size_t i : order) set_option(i);
        for (std::size_t i = 0; i < options().size(); ++i) show_option(i);
    }

    void set_option(std::size_t index) {
        const Option& option = options()[index];
        const auto& given = m_given[index];
        if (!given && (option.fallback.empty() || yields(index))) return;
        const Node node = given ? given->node : node_from_text(option, option.fallback);
        auto value = convert(option, node, *m_paths);
        if (!value)
            return problem(given->place,
                           fmt::format("{}: {}; {}", option.key, value.error().message, value.error().hint));
        if (value->rerooted) m_rerooted.push_back(fmt::format("{} ({})", option.key, given->origin));
        value->origin = fmt::format("{}, {}", option.key, given ? given->origin : "default");
        if (given && given->layer == Layer::settings && !given->node.text.empty() &&
            is_secret(option, given->node.text))
            m_secrets.emplace_back(&*given, option.key.starts_with("catalog.") ? "~/.pgpass" : "~/.aws/credentials");
        if (!yields(index)) option.set(m_out.settings, *value);
    }

    void show_option(std::size_t index) {
        const Option& option = options()[index];
        const auto& given = m_given[index];
        Shown shown;
        shown.key = option.key;
        shown.help = option.help;
        shown.secret = option.secret && (!given || is_secret(option, given->node.text));
        shown.value = given ? shown_text(option, given->node) : std::string(option.fallback);
        shown.origin = given ? given->origin : "default";
        if (const auto other = overridden_by(index); given && !other.empty())
            shown.origin += fmt::format(", but {} counts", other);
        m_out.shown.push_back(std::move(shown));
    }

    void set_buckets() {
        auto made = make_buckets(m_home, m_drafts, *m_paths, m_rerooted, m_out.problems);
        for (Shown& shown : made.shown) m_out.shown.push_back(std::move(shown));
        m_out.settings.buckets = std::move(made.buckets);
        for (const auto& [name, draft] : m_drafts)
            if (draft.settings_line && draft.buckets_line)
                m_out.settings.warnings.push_back(fmt::format(
                    "bucket {} stands in {} and in {}; the latter counts: remove one of them", name,
                    origin_at(k_settings_name, *draft.settings_line), origin_at(k_buckets_name, *draft.buckets_line)));
    }

    // ---- what must fit together
    Problem place_of_key(std::string_view key) const {
        const auto& given = m_given[index_of(*find_option(key))];
        return given ? given->place : Problem{std::string(k_settings_name), 0, 0, {}};
    }

    void check_together() {
        const tier::MarkSettings& marks = m_out.settings.tier.marks;
        if (marks.low && marks.threshold && marks.low->bytes > marks.threshold->bytes)
            problem(place_of_key("storage.low"),
                    fmt::format("storage.low ({}) is above the high mark ({}, {}); make it smaller",
                                text::size_text(marks.low->bytes), text::size_text(marks.threshold->bytes),
                                marks.threshold->origin));
        check_directory();
        check_own_folder("catalog.storage_path", m_out.settings.catalog.folder);
        check_own_folder("monitoring.log_path", m_out.settings.monitoring.log_folder);
        check_secrets();
    }

    void check_directory() {
        const std::string& directory = m_out.settings.store.directory;
        if (directory.empty()) return;
        bool inside = directory == m_home.string();
        for (const char* own : {"buckets", "config", "catalog", ".neurolake", "logs", "cache"})
            inside = inside || text::starts_with_folder(directory, (m_home / own).string());
        for (const lake::Bucket& bucket : m_out.settings.buckets)
            inside = inside || text::starts_with_folder(directory, bucket.root.string());
        if (inside)
            problem(place_of_key("hybrid_storage.directory"),
                    fmt::format("hybrid_storage.directory: {} lies inside the lake's own folders; name another place, "
                                "best on another disk",
                                directory));
    }

    // What we write ourselves must not be taken for the user's data, nor the other way round.
    void check_own_folder(const char* key, const std::filesystem::path& folder) {
        bool inside = false;
        for (const char* other : {"buckets", ".neurolake"})
            inside = inside || text::starts_with_folder(folder.string(), (m_home / other).string());
        for (const lake::Bucket& bucket : m_out.settings.buckets)
            inside = inside || text::starts_with_folder(folder.string(), bucket.root.string());
        if (inside)
            problem(place_of_key(key),
                    fmt::format("{}: {} lies where buckets or the lake's own state lie; name another "
                                "folder, as {}",
                                key, folder.string(), m_home.string() + "/catalog"));
    }

    void check_secrets() {
        for (const auto& [secret, better] : m_secrets) {
            if (!m_sources.settings_private)
                problem(secret->place, fmt::format("a secret in a file that others can read; run chmod 600 on it, or "
                                                   "move the secret to the environment or {}",
                                                   better));
            else
                m_out.settings.warnings.push_back(
                    fmt::format("{}: a secret stands in the settings; better keep it in the environment or {}",
                                secret->origin, better));
        }
    }

    void warn_moved() {
        auto& warnings = m_out.settings.warnings;
        if (!m_rerooted.empty())
            warnings.insert(warnings.begin(),
                            fmt::format("{} below {} {} read below {}: {}",
                                        m_rerooted.size() == 1 ? "a path" : fmt::format("{} paths", m_rerooted.size()),
                                        m_out.settings.base_path_hint, m_rerooted.size() == 1 ? "is" : "are",
                                        m_home.string(), fmt::join(m_rerooted, ", ")));
        if (m_paths->moved())
            warnings.insert(warnings.begin(),
                            fmt::format("storage.base_path ({}) says {}, the lake lies at {}: the real place counts",
                                        m_given[index_of(*find_option("storage.base_path"))]->origin,
                                        m_out.settings.base_path_hint, m_home.string()));
    }

    void sort_problems() {
        std::stable_sort(m_out.problems.begin(), m_out.problems.end(), [](const Problem& a, const Problem& b) {
            const auto rank = [](const Problem& p) {
                return p.file == k_settings_name ? 0 : p.file == k_buckets_name ? 1 : 2;
            };
            return std::tuple(rank(a), a.line, a.column) < std::tuple(rank(b), b.line, b.column);
        });
    }

    const std::filesystem::path m_home;
    const Sources& m_sources;
    const Environment& m_env;
    std::vector<std::optional<Given>> m_given;  // parallel to options(); the highest layer's
    std::map<std::string, BucketDraft> m_drafts;
    std::optional<PathRules> m_paths;
    std::vector<std::string> m_rerooted;
    std::vector<std::pair<const Given*, const char*>> m_secrets;  // and the file where it is better kept
    Loaded m_out;
};

}  // namespace

std::string origin_at(std::string_view file, int line) { return fmt::format("{}:{}", file, line); }

Given given_in_file(const Node& node, std::string_view file, Layer layer) {
    const Place& at = node.kind == Node::Kind::null ? node.key_at : node.at;
    return {layer, node, origin_at(file, node.key_at.line), {std::string(file), at.line, at.column, {}}};
}

Error error_of(const std::vector<Problem>& problems) {
    std::string text;
    for (const Problem& problem : problems) {
        if (!text.empty()) text += '\n';
        text += to_string(problem);
    }
    return Error(Errc::config, std::move(text));
}

Loaded load_from(const std::filesystem::path& home, const Sources& sources, const Environment& env,
                 const Overrides& overrides) {
    return Loader(home, sources, env).run(overrides);
}

}  // namespace neurolake::config
