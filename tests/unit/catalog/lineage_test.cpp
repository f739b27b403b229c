// lineage_test.cpp: the graph: names by id, merging, removal, walks, cycles, large graphs.
// SPDX-License-Identifier: Apache-2.0
#include "catalog/lineage.hpp"

#include <catch2/catch.hpp>
#include <filesystem>

#include "base/file.hpp"
#include "catalog/layered_layout.hpp"
#include "catalog/lineage_picture.hpp"
#include "support/scratch.hpp"

using namespace neurolake;
using namespace neurolake::catalog;
using model::DatasetRef;

namespace {

constexpr const char* k_now = "2026-11-22T08:00:00Z";

struct Lake {
    Lake() { options.folder = scratch.path() / "catalog"; }
    Catalog open() {
        auto catalog = Catalog::open(options);
        REQUIRE(catalog);
        return std::move(*catalog);
    }
    void tables(std::vector<model::Table> tables) {
        Batch batch;
        batch.upserts = std::move(tables);
        batch.indexed_at = k_now;
        REQUIRE(open().apply(batch));
    }
    void say(LineageAddition addition) {
        Catalog catalog = open();
        const auto known = Lineage::read(catalog);
        REQUIRE(known);
        REQUIRE(catalog.change_entries(add_lineage(*known, std::move(addition)).entries));
    }
    void say_made_from(const model::Table& made, const model::Table& source);  // two tables and their edge
    neurolake::tests::Scratch scratch;
    Options options;
};

model::Table table(std::string bucket, std::string name, std::string id = "") {
    model::Table t;
    t.id = id.empty() ? bucket + "-" + name : id;
    t.bucket = std::move(bucket);
    t.name = t.path = std::move(name);
    t.rule = model::GroupingRule::folder;
    t.format = "csv";
    return t;
}

DatasetRef ref(const model::Table& t) { return LineageNames::ref(t); }
DatasetRef named(std::string name) { return {"", std::string(model::k_lake_namespace), std::move(name)}; }

model::LineageEdge edge(DatasetRef from, DatasetRef to, std::string job = "") {
    model::LineageEdge e;
    e.from = std::move(from);
    e.to = std::move(to);
    e.job = job.empty() ? "" : model::job_id(model::k_lake_namespace, job);
    e.first_seen = e.last_seen = k_now;
    return e;
}

void Lake::say_made_from(const model::Table& made, const model::Table& source) {
    tables({source, made});
    LineageAddition addition;
    addition.edges = {edge(ref(source), ref(made))};
    say(addition);
}

LineageAddition edges(std::vector<std::pair<std::string, std::string>> names) {
    LineageAddition addition;
    for (auto& [from, to] : names) addition.edges.push_back(edge(named(from), named(to)));
    return addition;
}

model::LineageRun run(std::string id, std::string at, std::string job = "nightly") {
    model::LineageRun r;
    r.run_id = std::move(id);
    r.job = model::job_id(model::k_lake_namespace, job);
    r.state = model::LineageRun::State::complete;
    r.started_at = std::move(at);
    r.inputs = {named("a")};
    r.outputs = {named("b")};
    return r;
}

std::vector<std::string> names(const Lineage& lineage, const std::vector<std::size_t>& datasets) {
    std::vector<std::string> all;
    for (const std::size_t at : datasets) all.push_back(lineage.datasets()[at].name);
    return all;
}

std::vector<std::string> reached(const Lineage& lineage, const char* start, Direction direction,
                                 std::size_t depth = k_any_depth) {
    std::vector<std::string> all;
    for (const auto& at : walk(lineage, lineage.get(start).value().value(), direction, depth))
        all.push_back(std::to_string(at.depth) + " " + lineage.datasets()[at.dataset].name);
    return all;
}

using Names = std::vector<std::string>;

// The names next to a table, up and down.
std::vector<std::string> around(const Lineage& lineage, const model::Table& t) {
    std::vector<std::string> names;
    const auto at = lineage.find(ref(t));
    for (const auto direction : {Direction::up, Direction::down})
        for (const std::size_t other : at ? neighbours(lineage, *at, direction) : std::vector<std::size_t>{})
            names.push_back(lineage.datasets()[other].name);
    return names;
}

}  // namespace

TEST_CASE("what is around one table is told without the rest, however its ends were noted", "[catalog]") {
    Lake lake;
    const auto odd = table("raw-data", "say \"hi\"\\", "0000000000000007");
    const auto bytes = table("raw-data", "b\xff", "0000000000000008"),
               alone = table("raw-data", "alone", "0000000000000009");
    const auto mart = table("processed", "mart", "000000000000000a");
    lake.tables({odd, bytes, alone, mart});
    LineageAddition addition =
        edges({{"raw-data.say \"hi\"\\", "processed.mart"}, {"raw-data.else", "processed.other"}});
    addition.edges.push_back(edge(ref(mart), {"", "s3://b", "k"}));
    addition.edges.push_back(edge(named("raw-data/say \"hi\"\\/part/x.csv"), named("later.one")));
    addition.edges.push_back(edge(named("raw-data/b\xff/x.csv"), {"", "file", "/srv/\xfe"}));
    addition.edges.push_back(edge({"gone", "", "processed.mart"}, named("of an older catalog")));
    for (int i = 0; i < 50; ++i)
        addition.edges.push_back(edge(named("x" + std::to_string(i)), named("y" + std::to_string(i))));
    lake.say(std::move(addition));
    const Catalog catalog = lake.open();
    const auto whole = Lineage::read(catalog);
    REQUIRE(whole);
    for (const model::Table& t : {odd, bytes, mart}) {
        const auto part = Lineage::around(catalog, t);
        REQUIRE(part);
        REQUIRE(*part);
        CHECK(around(**part, t).size() >= 1);
        CHECK(around(**part, t) == around(*whole, t));
        CHECK((*part)->edges().size() < 10);
    }
    CHECK(around(*whole, mart).size() == 3);
    const auto none = Lineage::around(catalog, alone);
    REQUIRE(none);
    CHECK((!*none || around(**none, alone).empty()));
}

TEST_CASE("an edge follows its table to a new name and a new bucket", "[catalog][lineage]") {
    Lake lake;
    const auto orders = table("raw-data", "orders"), daily = table("processed", "daily");
    lake.tables({orders, daily});
    LineageAddition addition;
    addition.edges = {edge(ref(orders), ref(daily)), edge(named("raw-data.missing"), ref(daily)),
                      edge(named("raw-data/place/x"), ref(daily))};
    addition.runs = {run("r1", k_now)};
    addition.runs[0].inputs = {named("raw-data.missing")};
    lake.say(addition);
    auto catalog = lake.open();
    REQUIRE(catalog.rename_bucket("raw-data", "intake"));
    REQUIRE(catalog.rename_bucket("raw-data", "intake"));  // a rename that was cut off runs again
    auto moved = orders;
    moved.bucket = "intake";
    moved.name = "sales";
    REQUIRE(catalog.update_tables({moved}));
    const auto lineage = Lineage::read(catalog);
    REQUIRE(lineage);
    CHECK(reached(*lineage, "processed.daily", Direction::up) ==
          Names{"1 intake.missing", "1 intake.sales", "1 intake/place/x"});
    CHECK(lineage->runs()[0].inputs[0].name == "intake.missing");
    CHECK(lineage->edges().size() == 3);
}

TEST_CASE("a rename of a bucket touches nothing of buckets whose names begin alike", "[catalog][lineage]") {
    Lake lake;
    lake.say(edges({{"raw.a", "raw-data.b"}, {"rawest.c", "raw-data.b"}}));
    auto catalog = lake.open();
    REQUIRE(catalog.rename_bucket("raw", "new"));
    const auto lineage = Lineage::read(catalog);
    CHECK(reached(*lineage, "raw-data.b", Direction::up) == Names{"1 new.a", "1 rawest.c"});
}

TEST_CASE("what was named before it was a table becomes the table", "[catalog][lineage]") {
    Lake lake;
    const auto daily = table("processed", "daily");
    lake.tables({daily});
    LineageAddition addition;
    addition.edges = {edge(named("raw-data.orders"), ref(daily), "nightly"),
                      edge(named("raw-data/orders"), ref(daily), "nightly"),
                      edge(named("raw-data/orders/part.csv"), ref(daily), "other")};
    lake.say(addition);
    lake.tables({table("raw-data", "orders", "0123456789abcdef")});
    {
        const auto catalog = lake.open();
        const auto lineage = Lineage::read(catalog);
        REQUIRE(lineage->datasets().size() == 2);
        CHECK(lineage->datasets()[1].table->id == "0123456789abcdef");
        CHECK(lineage->links().size() == 1);
    }
    // The next change writes it down: by name or place there is nothing left.
    lake.say(edges({{"x.y", "z.z"}}));
    const auto catalog = lake.open();
    const auto lineage = Lineage::read(catalog);
    CHECK(lineage->edges().size() == 3);  // two of them were one and the same
    const auto stored_entries = catalog.entries(List::lineage).value();
    for (const auto& text : stored_entries) CHECK(text.find("raw-data/orders") == std::string::npos);
}

TEST_CASE("a table whose files are gone keeps its lineage, and gets it back", "[catalog][lineage]") {
    Lake lake;
    const auto orders = table("raw-data", "orders"), daily = table("processed", "daily");
    lake.say_made_from(daily, orders);
    Batch gone;
    gone.tombstones = {orders.id};
    gone.indexed_at = "2026-11-23T08:00:00Z";
    auto catalog = lake.open();
    REQUIRE(catalog.apply(gone));
    const auto lineage = Lineage::read(catalog);
    REQUIRE(lineage->datasets().size() == 2);
    CHECK(lineage->datasets()[1].name == "raw-data.orders");
    CHECK(lineage->datasets()[1].gone());
    CHECK(lineage->get("raw-data.orders").value().has_value());
    CHECK(lineage->find(named("raw-data.orders")).has_value());
}

TEST_CASE("a catalog made anew finds its tables by the names that were noted", "[catalog][lineage]") {
    Lake lake;
    const auto orders = table("raw-data", "orders"), daily = table("processed", "daily");
    lake.say_made_from(daily, orders);
    std::filesystem::remove(lake.options.folder / "tables.json");
    lake.tables({table("raw-data", "orders", "new-id")});
    const auto catalog = lake.open();
    const auto lineage = Lineage::read(catalog);
    CHECK(lineage->datasets()[1].table->id == "new-id");
    CHECK(lineage->datasets()[0].table == nullptr);
    CHECK(lineage->datasets()[0].name == "processed.daily");
}

TEST_CASE("saying it again changes the one entry", "[catalog][lineage]") {
    Lake lake;
    for (const char* now : {"2026-11-20T00:00:00Z", "2026-11-22T00:00:00Z"}) {
        LineageAddition addition = edges({{"a.a", "b.b"}});
        addition.edges[0].first_seen = addition.edges[0].last_seen = now;
        lake.say(addition);
    }
    const auto catalog = lake.open();
    REQUIRE(catalog.entries(List::lineage).value().size() == 1);
    const auto lineage = Lineage::read(catalog);
    CHECK(lineage->edges()[0].count == 2);
    CHECK(lineage->edges()[0].first_seen == "2026-11-20T00:00:00Z");
    CHECK(lineage->edges()[0].last_seen == "2026-11-22T00:00:00Z");
}

TEST_CASE("of each job the last hundred runs are kept", "[catalog][lineage]") {
    Lake lake;
    LineageAddition addition;
    for (int i = 0; i < 150; ++i)
        addition.runs.push_back(run("run " + std::to_string(i), to_rfc3339(time_from_ns(i * 1'000'000'000ll))));
    addition.runs.push_back(run("alone", k_now, "weekly"));
    lake.say(addition);
    LineageAddition more;
    more.runs = {run("newest", k_now)};
    lake.say(more);
    const auto catalog = lake.open();
    const auto lineage = Lineage::read(catalog);
    REQUIRE(lineage->runs().size() == k_runs_kept + 1);
    CHECK(lineage->runs()[0].run_id == "run 51");
    CHECK(lineage->runs().back().run_id == "newest");
}

TEST_CASE("removal takes what passes the whole filter, and the job with its last edge", "[catalog][lineage]") {
    Lake lake;
    LineageAddition addition;
    addition.jobs.emplace_back();
    addition.jobs[0].name = "nightly";
    addition.edges = {edge(named("a"), named("c"), "nightly"), edge(named("b"), named("c"), "nightly"),
                      edge(named("a"), named("c"))};
    addition.runs = {run("r", k_now)};
    lake.say(addition);
    auto catalog = lake.open();
    auto lineage = Lineage::read(catalog);
    LineageFilter filter;
    filter.from = {named("a").key()};
    filter.to = {named("c").key()};
    filter.job = model::job_id(model::k_lake_namespace, "nightly");
    auto change = remove_lineage(*lineage, filter);
    CHECK(change.removed_edges.size() == 1);
    CHECK(change.removed_jobs == 0);
    REQUIRE(catalog.change_entries(change.entries));
    lineage = Lineage::read(catalog);
    CHECK(lineage->edges().size() == 2);
    LineageFilter job;
    job.job = filter.job;
    change = remove_lineage(*lineage, job);
    CHECK(change.removed_edges.size() == 1);
    CHECK(change.removed_jobs == 1);
    CHECK(change.removed_runs == 1);
    REQUIRE(catalog.change_entries(change.entries));
    CHECK(catalog.entries(List::lineage).value().size() == 1);
    LineageFilter either;
    either.either = {named("c").key()};
    CHECK(remove_lineage(*Lineage::read(catalog), either).removed_edges.size() == 1);
    either.either = {named("x").key()};
    CHECK(remove_lineage(*Lineage::read(catalog), either).entries.empty());
}

TEST_CASE("a walk names each dataset once, by depth and name, and ends where a circle closes", "[catalog][lineage]") {
    Lake lake;
    lake.say(edges({{"a", "b"}, {"a", "c"}, {"b", "d"}, {"c", "d"}, {"d", "e"}, {"e", "a"}, {"x", "e"}, {"e", "e"}}));
    const auto catalog = lake.open();
    const auto lineage = Lineage::read(catalog);
    CHECK(reached(*lineage, "a", Direction::down) == Names{"1 b", "1 c", "2 d", "3 e"});
    CHECK(reached(*lineage, "a", Direction::down, 1) == Names{"1 b", "1 c"});
    CHECK(reached(*lineage, "a", Direction::up) == Names{"1 e", "2 d", "2 x", "3 b", "3 c"});
    CHECK(reached(*lineage, "x", Direction::up).empty());
    CHECK(reached(*lineage, "a", Direction::down, 0).empty());
}

TEST_CASE("cycles are found until each dataset is in one, a dataset that feeds itself too", "[catalog][lineage]") {
    Lake lake;
    lake.say(edges({{"a", "b"}, {"b", "c"}, {"c", "a"}, {"b", "a"}, {"c", "d"}, {"d", "d"}, {"d", "e"}}));
    const auto catalog = lake.open();
    const auto lineage = Lineage::read(catalog);
    const auto found = cycles(*lineage);
    REQUIRE(found.size() == 3);
    CHECK(names(*lineage, found[0]) == Names{"a", "b"});
    CHECK(names(*lineage, found[1]) == Names{"a", "b", "c"});
    CHECK(names(*lineage, found[2]) == Names{"d"});
}

TEST_CASE("names lead to datasets, unknown ones to a suggestion", "[catalog][lineage]") {
    Lake lake;
    lake.tables({table("raw-data", "orders"), table("raw-data", "alone")});
    LineageAddition addition;
    addition.edges = {edge(dataset_from_words("s3://crm/x/contacts.csv"), named("raw-data.orders")),
                      edge(dataset_from_words("/srv/in.csv"), named("raw-data.orders")),
                      edge(dataset_from_words("food_delivery:public.orders"), named("raw-data.orders")),
                      edge(dataset_from_words("postgres://db:5432/shop.public.orders"), named("raw-data.orders"))};
    lake.say(addition);
    const auto catalog = lake.open();
    const auto lineage = Lineage::read(catalog);
    for (const char* words :
         {"s3://crm/x/contacts.csv", "/srv/in.csv", "file:///srv/in.csv", "food_delivery:public.orders",
          "postgres://db:5432/shop.public.orders", "raw-data.orders", "orders"}) {
        INFO(words);
        const auto found = lineage->get(words);
        REQUIRE(found);
        CHECK(found->has_value());
    }
    CHECK(dataset_from_words("s3://crm/x/contacts.csv").name_space == "s3://crm");
    CHECK_FALSE(lineage->get("raw-data.alone").value().has_value());  // a table without lineage
    const auto typo = lineage->get("raw-data.ordres");
    REQUIRE_FALSE(typo);
    CHECK(typo.error().hint == "did you mean raw-data.orders?");
    CHECK(lineage->get("s3://crm/x/contact.csv").error().hint == "did you mean s3://crm/x/contacts.csv?");
}

TEST_CASE("a damaged entry is named, and entries of later versions are left alone", "[catalog][lineage]") {
    Lake lake;
    auto catalog = lake.open();
    REQUIRE(catalog.change_entries({{List::lineage, "x-1", R"({"id":"x-1","kind":"something new"})"}}));
    CHECK(Lineage::read(catalog));
    CHECK(catalog.check());
    REQUIRE(catalog.change_entries({{List::lineage, "e-1", R"({"id":"e-1","kind":"edge","to":{"name":"a"}})"}}));
    const auto lineage = Lineage::read(catalog);
    REQUIRE_FALSE(lineage);
    CHECK(lineage.error().code == Errc::corrupt);
    CHECK(lineage.error().message.find("e-1") != std::string::npos);
    CHECK_FALSE(catalog.check());
}

TEST_CASE("a chain of thousands and a hub of as many are walked", "[catalog][lineage]") {
    Lake lake;
    LineageAddition addition;
    for (int i = 0; i < 5'000; ++i) {
        addition.edges.push_back(edge(named("chain " + std::to_string(i)), named("chain " + std::to_string(i + 1))));
        addition.edges.push_back(edge(named("hub"), named("leaf " + std::to_string(i))));
    }
    lake.say(addition);
    const auto catalog = lake.open();
    const auto lineage = Lineage::read(catalog);
    REQUIRE(lineage);
    CHECK(lineage->edges().size() == 10'000);
    CHECK(walk(*lineage, lineage->get("chain 0").value().value(), Direction::down).back().depth == 5'000);
    CHECK(walk(*lineage, lineage->get("hub").value().value(), Direction::down).size() == 5'000);
    CHECK(cycles(*lineage).empty());
    ViewWish wish;
    const auto view = view_of(*lineage, lineage->get("hub").value().value(), wish);
    CHECK(view.nodes.size() == 26);
    CHECK(view.more_down == 5'000 - 25);
}

TEST_CASE("a view counts what it leaves out, and nothing in it hangs in the air", "[catalog][lineage]") {
    Lake lake;
    lake.say(edges({{"a", "b"}, {"b", "start"}, {"c", "start"}, {"start", "d"}, {"d", "e"}, {"d", "f"}, {"f", "c"}}));
    const auto catalog = lake.open();
    const auto lineage = Lineage::read(catalog);
    const auto start = lineage->get("start").value().value();
    const auto view = view_of(*lineage, start, {});
    CHECK(view.nodes.size() == 4);
    CHECK(view.more_up == 2);    // a and f; d is shown on the other side
    CHECK(view.more_down == 2);  // e and f; c is shown on the other side
    ViewWish narrow;
    narrow.up = narrow.down = k_any_depth;
    narrow.widest = 1;
    const auto tight = view_of(*lineage, start, narrow);
    for (const auto& node : tight.nodes) {
        const auto linked = std::count_if(tight.links.begin(), tight.links.end(), [&](std::size_t link) {
            return lineage->links()[link].from == node.dataset || lineage->links()[link].to == node.dataset;
        });
        CHECK(linked > 0);
    }
}

TEST_CASE("in a cycle a dataset stands on the side on which it is nearer", "[catalog][lineage]") {
    Lake lake;
    lake.say(edges({{"a", "start"}, {"start", "b"}, {"b", "c"}, {"c", "a"}, {"d", "a"}}));
    const auto catalog = lake.open();
    const auto lineage = Lineage::read(catalog);
    ViewWish wish;
    wish.up = wish.down = k_any_depth;
    const auto view = view_of(*lineage, lineage->get("start").value().value(), wish);
    std::vector<std::string> levels;
    for (const auto& node : view.nodes)
        levels.push_back(lineage->datasets()[node.dataset].name + " " + std::to_string(node.level));
    CHECK(levels == Names{"c -2", "d -2", "a -1", "start 0", "b 1"});
}

TEST_CASE("boxes of a chart keep apart, and lines run from left to right", "[catalog][lineage]") {
    std::vector<LayoutBox> boxes(40);
    std::vector<LayoutEdge> links;
    for (std::size_t i = 0; i < boxes.size(); ++i) {
        boxes[i].width = 80 + static_cast<double>(i % 7) * 20;
        boxes[i].height = 44 + static_cast<double>(i % 5) * 18;
        for (const std::size_t step : {1u, 3u, 8u})
            if (i + step < boxes.size() && (i * step) % 4 != 1) links.push_back({i, i + step});
    }
    links.push_back({39, 0});
    links.push_back({5, 5});
    const Layout layout = lay_out(boxes, links, {});
    REQUIRE(layout.routes.size() == links.size());
    for (std::size_t i = 0; i < boxes.size(); ++i) {
        CHECK(boxes[i].x >= 0);
        CHECK(boxes[i].y >= -0.001);
        CHECK(boxes[i].x + boxes[i].width <= layout.width + 0.001);
        CHECK(boxes[i].y + boxes[i].height <= layout.height + 0.001);
        for (std::size_t k = 0; k < i; ++k) {
            const bool apart = boxes[i].x + boxes[i].width <= boxes[k].x || boxes[k].x + boxes[k].width <= boxes[i].x ||
                               boxes[i].y + boxes[i].height <= boxes[k].y + 0.001 ||
                               boxes[k].y + boxes[k].height <= boxes[i].y + 0.001;
            CHECK(apart);
        }
    }
    std::size_t backward = 0;
    for (std::size_t e = 0; e < links.size(); ++e) {
        backward += layout.routes[e].backward;
        if (layout.routes[e].backward) continue;
        double x = boxes[links[e].from].x + boxes[links[e].from].width;
        for (const double point : layout.routes[e].x) {
            CHECK(point > x);
            x = point;
        }
        CHECK(boxes[links[e].to].x > x);
    }
    CHECK(backward == 2);
}

TEST_CASE("pictures of hostile names stay well-formed", "[catalog][lineage]") {
    Lake lake;
    const std::string hostile = "a\"];b -> c;//\\<script>&'\xff\xEF\xBF\xBE\n|}]%%";
    lake.say(edges({{hostile, "x"}, {"x", "--> y"}}));
    const auto catalog = lake.open();
    const auto lineage = Lineage::read(catalog);
    const auto view = view_of(*lineage, lineage->get("x").value().value(), {});
    const std::string dot = to_dot(*lineage, view, true);
    CHECK(dot.find("label=\"a\\\"];b -> c;//\\\\<script>&'") != std::string::npos);
    const std::string svg = to_svg(*lineage, view, true);
    CHECK(svg.find("<script>") == std::string::npos);
    CHECK(svg.find("\xEF\xBF\xBE") == std::string::npos);
    const std::string mermaid = to_mermaid(*lineage, view, true);
    CHECK(mermaid.find("<script>") == std::string::npos);
    CHECK(mermaid.find("%%") == std::string::npos);
    CHECK(mermaid.find("a#34;#93;#59;b -#62; c#59;//#92;#60;script#62;") != std::string::npos);
}

TEST_CASE("each knot of cycles is told once, by a way that stays in it", "[catalog][lineage]") {
    Lake lake;
    lake.say(edges({{"a", "b"}, {"b", "c"}, {"c", "a"}, {"c", "d"}, {"d", "e"}, {"e", "d"}, {"e", "x"}, {"b", "x"}}));
    const auto catalog = lake.open();
    const auto lineage = Lineage::read(catalog);
    std::vector<Names> found;
    for (const auto& way : cycles(*lineage)) found.push_back(names(*lineage, way));
    CHECK(found == std::vector<Names>{{"a", "b", "c"}, {"d", "e"}});
}

TEST_CASE("new jobs are counted once, and a run without a beginning is as old as its end", "[catalog][lineage]") {
    Lake lake;
    LineageAddition addition;
    addition.jobs.resize(1);
    addition.jobs[0].name_space = model::k_lake_namespace;
    addition.jobs[0].name = "nightly";
    {
        const auto catalog = lake.open();
        const auto known = Lineage::read(catalog);
        CHECK(add_lineage(*known, addition).new_jobs == 1);
    }
    lake.say(addition);
    const auto catalog = lake.open();
    const auto known = Lineage::read(catalog);
    CHECK(add_lineage(*known, addition).new_jobs == 0);
    model::LineageRun ended = run("x", "");
    ended.ended_at = "2026-11-22T09:00:00Z";
    CHECK(age_key(ended) > age_key(run("y", "2026-11-22T08:00:00Z")));
    CHECK(age_key(ended) < age_key(run("y", "2026-11-22T10:00:00Z")));
}

TEST_CASE("a rename of a bucket leaves other systems' names alone, and joins edges that become one",
          "[catalog][lineage]") {
    Lake lake;
    LineageAddition addition = edges({{"raw.a", "x.b"}, {"new.a", "x.b"}});
    addition.edges.push_back(edge({"", "s3://bucket", "raw/a"}, named("x.b")));
    addition.edges[0].first_seen = "2026-11-01T00:00:00Z";
    lake.say(addition);
    auto catalog = lake.open();
    REQUIRE(catalog.rename_bucket("raw", "new"));
    const auto lineage = Lineage::read(catalog);
    CHECK(reached(*lineage, "x.b", Direction::up) == Names{"1 new.a", "1 s3://bucket/raw/a"});
    REQUIRE(lineage->edges().size() == 2);
    std::uint64_t count = 0;
    std::string first = k_now;
    for (const auto& each : lineage->edges()) {
        count += each.count;
        first = std::min(first, each.first_seen);
    }
    CHECK(count == 3);
    CHECK(first == "2026-11-01T00:00:00Z");
}
