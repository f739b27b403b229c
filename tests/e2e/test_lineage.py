# Lineage: said by hand, shown as a tree, a picture and JSON, exchanged as OpenLineage; names that change, cycles, hostile names.
# SPDX-License-Identifier: Apache-2.0
import fcntl
import json
import os
import re
import xml.etree.ElementTree as ElementTree

from catalog_lake import CatalogTest
from harness import main, read, tree_hash, write
from jsonschema_lite import check as check_schema

SVG = "{http://www.w3.org/2000/svg}"
EVENT_SCHEMA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support", "openlineage.json")


class LineageTest(CatalogTest):
    def setUp(self):
        super().setUp()
        for name in ("raw-data/customers", "raw-data/orders", "processed/summary", "analytics/dashboard"):
            self.put(name + "/a.csv", "id,name,total\n1,x,2.5\n")
        self.index()

    def add(self, sources, targets, *more, **options):
        return self.nl("lineage", "add", "--in", sources, "--out", targets, *more, **options)

    def json(self, *words, check=0, **more):
        value = self.nl("lineage", *words, "--json", check=check, **more).json
        check_schema(value)
        return value

    def graph(self):
        """Everything known, as comparable sets: edges with their columns, jobs, runs."""
        value = self.nl("lineage", "export", "--format", "json").json
        check_schema(value)
        edges = sorted((e["from"], e["to"], e.get("job", ""), [(c["from"], c["to"]) for c in e["columns"]]) for e in value["edges"])
        jobs = sorted((j["namespace"], j["name"], j.get("sql", ""), j.get("command", ""), j["runs"]) for j in value["jobs"])
        runs = sorted((r["run"], r["state"], r.get("rc"), r.get("duration_ms"), r.get("error", "")) for r in value["runs"])
        return edges, jobs, runs

    def around(self, name, *more):
        value = self.json("show", name, *more)
        return {each["name"]: each["level"] for each in value["datasets"]}

    def import_events(self, *events, check=0, raw=None):
        text = raw if raw is not None else "".join(json.dumps(event) + "\n" for event in events)
        return self.nl("lineage", "import", "-", input=text, check=check)


class Said(LineageTest):
    def test_what_a_person_says_is_shown(self):
        self.add("raw-data.customers,raw-data.orders", "processed.summary", "--job", "nightly")
        shown = self.nl("lineage", "show", "processed.summary").out
        self.assertIn("raw-data.customers  by nightly", shown)
        self.assertIn("raw-data.orders  by nightly", shown)
        self.assertEqual(self.around("processed.summary"),
                         {"raw-data.customers": -1, "raw-data.orders": -1, "processed.summary": 0})
        card = self.nl("catalog", "show", "processed.summary").out
        self.assertRegex(card, r"\n  Made from +raw-data\.customers, raw-data\.orders\n")
        self.assertRegex(self.nl("catalog", "show", "raw-data.orders").out, r"\n  Feeds +processed\.summary\n")
        self.assertIn("lineage.add", [line["event"] for line in self.log("audit")])

    def test_a_column_names_the_input_it_comes_from_where_there_are_several(self):
        self.add("raw-data.customers,raw-data.orders", "processed.summary", "--column", "total=orders.total")
        shown = self.nl("lineage", "show", "processed.summary", "--columns").out
        self.assertIn("total \u2190 raw-data.orders.total\n", shown)
        self.add("processed.summary", "analytics.dashboard", "--column", "total=total")
        self.assertIn("total \u2190 total\n", self.nl("lineage", "show", "analytics.dashboard", "--columns").out)

    def test_a_command_without_a_job_is_called_as_what_it_makes_and_that_is_told(self):
        added = self.add("s3://crm/x.csv", "raw-data.customers", "--command", "aws s3 cp s3://crm/x.csv .")
        self.assertIn("note:  a query or a command line is a job's; without --job it is called raw-data.customers", added.err)
        self.assertEqual("", self.add("s3://crm/x.csv", "raw-data.customers", "--job", "crm", "--command", "aws").err)

    def test_the_file_is_json_with_one_entry_a_line(self):
        self.add("raw-data.orders", "processed.summary", "--job", "nightly", "--sql", "select 1")
        text = read(self.path("catalog", "lineage.json")).decode()
        document = json.loads(text)
        self.assertEqual(document["schema"], "neurolake.lineage/1")
        self.assertEqual([entry["kind"] for entry in document["entries"]], ["edge", "job"])
        self.assertEqual(len([line for line in text.splitlines() if line.startswith("    {")]), 2)
        self.assertNotIn(self.lake, text)

    def test_saying_it_again_is_no_second_edge(self):
        self.add("raw-data.orders", "processed.summary", "--column", "summary.total=orders.total")
        again = self.json("add", "--in", "raw-data.orders", "--out", "processed.summary", "--column", "name=name")
        self.assertEqual([(edge["new"], edge["count"], len(edge["columns"])) for edge in again["edges"]], [(False, 2, 2)])

    def test_unknown_names_are_kept_and_a_typo_is_asked_about(self):
        result = self.add("raw-data.custmers,s3://crm/contacts.csv,/srv/x.csv", "processed.summary")
        self.assertIn("did you mean raw-data.customers?", result.err)
        self.assertEqual(result.err.count("warning:"), 1)
        value = self.json("show", "processed.summary")
        self.assertEqual({d["name"]: d.get("namespace") for d in value["datasets"] if d["kind"] == "external"},
                         {"raw-data.custmers": "neurolake", "s3://crm/contacts.csv": "s3://crm", "/srv/x.csv": "file"})
        notes = self.json("add", "--in", "raw-data.nowhere", "--out", "processed.summary", "--dry-run")["notes"]
        self.assertEqual(len(notes), 1)

    def test_a_path_in_a_bucket_is_the_table_that_lies_there(self):
        self.add("raw-data/orders/a.csv", self.bucket("processed", "summary"))
        self.add("./buckets/raw-data/customers", "processed.summary", cwd=self.lake)
        self.assertEqual(self.around("processed.summary"),
                         {"raw-data.orders": -1, "raw-data.customers": -1, "processed.summary": 0})
        self.add("raw-data/new/x.csv", "processed.summary")
        self.put("raw-data/new/x.csv", "a\n1\n")
        self.index()
        self.assertIn("raw-data.new", self.around("processed.summary"))

    def test_columns_are_checked_but_kept(self):
        result = self.add("raw-data.orders,raw-data.customers", "processed.summary", "--column",
                          "processed.summary.total=orders.total, summary.nme=raw-data.customers.name", "--job", "nightly")
        self.assertIn('no column "nme" (did you mean name?)', result.err)
        shown = self.nl("lineage", "show", "processed.summary", "--columns", env={"LC_ALL": "C"}).out
        self.assertIn("total <- raw-data.orders.total", shown)
        self.assertIn("nme <- raw-data.customers.name", shown)
        self.assertTrue(shown.isascii())
        self.add("raw-data.orders", "analytics.report", "--column", "report.sum=orders.total")  # not in the catalog yet
        self.assertIn("sum <- total", self.nl("lineage", "show", "analytics.report", "--columns", env={"LC_ALL": "C"}).out)
        self.assertIn("analytics.report (not in the catalog)", self.nl("lineage", "impact", "raw-data.orders").out)
        for wrong in ("total", "other.x=orders.total", "summary.x=nothing.y", "=", "summary.=orders.total"):
            self.add("raw-data.orders,raw-data.customers", "processed.summary", "--column", wrong, check=2)

    def test_line_feeds_in_names_break_no_line_of_text(self):
        self.nl("lineage", "add", "--in", "ext:a\nb", "--out", "ext:c", "--job", "nl\nx")
        for words in (("jobs",), ("jobs", "nl\nx"), ("show", "ext:c"), ("impact", "ext:a\nb")):
            self.assertIn("\\n", self.nl("lineage", *words).out, words)
            self.assertFalse([line for line in self.nl("lineage", *words).out.splitlines() if line.startswith(("x", "b"))], words)
        self.assertEqual("nl\nx", self.nl("lineage", "jobs", "--json").json["jobs"][0]["name"])

    def test_a_job_of_many_tables_is_one_narrow_line_and_whole_on_request(self):
        self.add("raw-data.orders", ",".join("s3://b/%03d" % n for n in range(300)), "--job", "split")
        (line,) = [line for line in self.nl("lineage", "jobs").out.splitlines() if line.startswith("split")]
        self.assertIn("s3://b/000, s3://b/001, s3://b/002 and 297 more", line)
        self.assertLess(len(line), 120)
        self.assertIn("s3://b/299", self.nl("lineage", "jobs", "split").out)

    def test_names_in_the_list_of_jobs_stay_whole_as_long_as_lines_can_break_between_them(self):
        self.add("raw-data.orders,raw-data.customers", "processed.customer_summary", "--job", "nightly")
        self.assertIn("processed.customer_summary ", self.terminal("lineage", "jobs").out)

    def test_the_list_of_jobs_cuts_no_name_of_a_table(self):
        names = ["raw-data.customers_of_the_last_ten_years_in_all_regions", "raw-data.orders_of_the_same_time"]
        self.add(",".join(names), "processed.customer_summary", "--job", "nightly")
        shown = " ".join(self.terminal("lineage", "jobs").out.split())
        self.assertIn("makes processed.customer_summary from %s, %s" % tuple(names), shown)
        self.assertRegex(self.terminal("lineage", "jobs", columns=200).out, r"nightly +processed.customer_summary +%s, " % names[0])
        self.assertRegex(self.nl("lineage", "jobs").out, r"nightly +processed.customer_summary +%s, " % names[0])

    def test_a_dry_run_writes_nothing(self):
        before = tree_hash(self.lake)
        result = self.add("raw-data.orders", "processed.summary", "--job", "x", "--dry-run")
        self.assertIn("Would add: ", result.out)
        self.assertEqual(tree_hash(self.lake), before)

    def test_what_is_missing_is_a_usage_error(self):
        self.nl("lineage", "add", "--in", "raw-data.orders", check=2)
        self.nl("lineage", "add", "--in", ",", "--out", "x.y", check=2)
        for bucket in ("raw-data", "raw-data/", "./buckets/raw-data"):
            self.assertIn("is a bucket, not a table", self.add(bucket, "x.y", check=2, cwd=self.lake).err)
        self.nl("lineage", "add", "--in", "raw-data.orders", "--out", "a.a,b.b", "--sql", "select", check=2)
        self.nl("lineage", "remove", check=2)
        self.nl("lineage", "show", "processed.summary", "--depth", "far", check=2)
        self.nl("lineage", "show", "processed.summary", "--format", "png", check=2)
        self.assertIn("did you mean processed.summary?", self.nl("lineage", "show", "processed.sumary", check=1).err)

    def test_a_table_of_which_nothing_is_known_is_no_error(self):
        self.assertIn("Nothing is known", self.nl("lineage", "show", "raw-data.orders").out)
        self.assertEqual(self.json("show", "raw-data.orders")["edges"], [])
        self.assertEqual(self.json("impact", "raw-data.orders")["affected"], [])
        self.assertEqual(self.json("jobs")["jobs"], [])
        self.assertEqual(self.json("cycles")["cycles"], [])
        self.nl("lineage", "show", "raw-data.orders", "--format", "svg", check=1)
        self.assertEqual(self.nl("lineage", "export").out, "")

    def test_removal_takes_back_what_was_said(self):
        self.add("raw-data.orders,raw-data.customers", "processed.summary", "--job", "nightly")
        self.add("raw-data.orders", "processed.summary")
        before = tree_hash(self.lake)
        self.assertEqual(len(self.json("remove", "--job", "nightly", "--dry-run")["edges"]), 2)
        self.assertEqual(tree_hash(self.lake), before)
        self.nl("lineage", "remove", "--in", "raw-data.customers", "--out", "raw-data.orders", check=1)
        self.nl("lineage", "remove", "--job", "nihgtly", check=1)
        self.assertEqual(len(self.json("remove", "--in", "raw-data.customers")["edges"]), 1)
        gone = self.json("remove", "--job", "nightly")
        self.assertEqual((len(gone["edges"]), gone["jobs"]), (1, 1))
        self.assertEqual(len(self.json("remove", "processed.summary")["edges"]), 1)
        self.assertEqual(self.graph(), ([], [], []))

    def test_a_second_writer_waits_or_leaves(self):
        with open(self.path(".neurolake", "lock"), "a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.add("raw-data.orders", "processed.summary", check=11)
            waiting = self.start("lineage", "add", "--in", "raw-data.orders", "--out", "processed.summary", "--wait")
            self.nl("lineage", "show", "processed.summary")  # readers never wait
            self.assertIsNone(waiting.poll())
            fcntl.flock(lock, fcntl.LOCK_UN)
        self.assertEqual(waiting.wait(timeout=60), 0)
        self.assertEqual(len(self.graph()[0]), 1)


class Names(LineageTest):
    def test_a_rename_of_a_bucket_keeps_edges_and_places(self):
        self.add("raw-data.orders,raw-data.later,raw-data/some/place", "processed.summary", "--job", "nightly")
        self.nl("bucket", "rename", "raw-data", "intake")
        self.assertEqual(self.around("processed.summary"),
                         {"intake.orders": -1, "intake.later": -1, "intake/some/place": -1, "processed.summary": 0})
        self.put("intake/later/a.csv", "a\n1\n")
        self.index()
        self.assertEqual([d["kind"] for d in self.json("show", "intake.later")["datasets"]][0], "table")

    def test_a_table_whose_files_are_gone_is_still_a_source(self):
        self.add("raw-data.orders", "processed.summary")
        os.unlink(self.bucket("raw-data", "orders", "a.csv"))
        self.index("--accept-shrink")
        self.assertIn("raw-data.orders  (its files are gone)", self.nl("lineage", "show", "processed.summary").out)
        self.assertTrue(self.json("impact", "raw-data.orders")["dataset"]["gone"])
        self.put("raw-data/orders/a.csv", "id,name,total\n1,x,2.5\n")
        self.index()
        self.assertNotIn("gone", self.nl("lineage", "show", "processed.summary").out)

    def test_a_lake_that_moved_knows_as_much(self):
        self.add("raw-data.orders,raw-data/not/yet.csv", "processed.summary", "--job", "nightly")
        before = self.graph()
        moved = os.path.join(self.tmp, "elsewhere")
        os.rename(self.lake, moved)
        self.lake = moved
        self.assertEqual(self.graph(), before)


    def test_a_name_with_a_comma_is_one_where_it_names_something(self):
        self.put("raw-data/a,b.csv", "x\n1\n")
        self.put("raw-data/not/c,d/e.txt", "x")
        self.index()
        outside = write(os.path.join(self.tmp, "f,g.csv"), "x\n1\n")
        given = ["raw-data/a,b.csv", "raw-data/not/c,d", outside, "s3://x/h,s3://x/i"]
        edges = self.nl("lineage", "add", *[word for each in given for word in ("--in", each)], "--out", "s3://x/out", "--json").json["edges"]
        self.assertEqual([outside, "raw-data.a_b", "raw-data.not.c_d", "s3://x/h", "s3://x/i"], sorted(edge["from"] for edge in edges))


class Graphs(LineageTest):
    def edges(self, pairs, job="fill"):
        """Many edges at once, as one event each."""
        self.import_events(*({"eventTime": "2026-11-22T08:00:00Z", "job": {"namespace": "neurolake", "name": job},
                              "inputs": [{"namespace": "neurolake", "name": source}],
                              "outputs": [{"namespace": "neurolake", "name": target}]} for source, target in pairs))

    def test_impact_lists_everything_downstream(self):
        self.edges([("raw-data.customers", "processed.summary"), ("processed.summary", "analytics.dashboard"),
                    ("analytics.dashboard", "mail.report"), ("raw-data.customers", "analytics.dashboard")])
        value = self.json("impact", "raw-data.customers")
        self.assertEqual([(a["depth"], a["name"], a["through"]) for a in value["affected"]],
                         [(1, "analytics.dashboard", []), (1, "processed.summary", []),
                          (2, "mail.report", ["analytics.dashboard"])])
        shown = self.nl("lineage", "impact", "raw-data.customers").out
        self.assertRegex(shown, r"2 +mail\.report \(not in the catalog\) +- +fill +analytics\.dashboard")
        self.assertIn("reaches 3 datasets", shown)

    def test_cycles_are_tolerated_and_named(self):
        self.edges([("raw-data.orders", "processed.summary"), ("processed.summary", "raw-data.orders"),
                    ("analytics.dashboard", "analytics.dashboard"), ("processed.summary", "analytics.other"), ("raw.x", "raw-data.orders")])
        self.assertEqual([cycle["datasets"] for cycle in self.json("cycles")["cycles"]],
                         [["analytics.dashboard"], ["processed.summary", "raw-data.orders"]])
        self.assertIn("processed.summary → raw-data.orders → processed.summary", self.nl("lineage", "cycles").out)
        self.assertIn("processed.summary  by fill  (in a cycle with raw-data.orders)", self.nl("lineage", "show", "raw-data.orders").out)
        self.assertIn("processed.summary  by fill  (again: a cycle)",
                      self.nl("lineage", "show", "analytics.other", "--depth", "all").out)
        self.assertEqual(len(self.json("impact", "raw-data.orders")["affected"]), 2)
        for form in ("dot", "mermaid", "svg"):
            self.nl("lineage", "show", "raw-data.orders", "--depth", "all", "--format", form)

    def test_of_five_hundred_datasets_the_nearest_are_shown(self):
        """One source, one target, and 37 further upstream; the rest lies behind the target."""
        chain = [("up%02d.t" % i, "up%02d.t" % (i + 1)) for i in range(37)] + [("up37.t", "middle.t"), ("middle.t", "down000.t")]
        chain += [("down%03d.t" % i, "down%03d.t" % (i + 1)) for i in range(459)]
        self.edges(chain)
        shown = self.nl("lineage", "show", "middle.t").out
        names = re.findall(r"(?:up|down)\d+\.t", shown)
        self.assertEqual(names, ["up37.t", "down000.t"])
        self.assertIn("and 37 more", shown)
        self.assertIn("and 459 more", shown)
        self.assertEqual(self.json("show", "middle.t")["more"], {"up": 37, "down": 459})
        for form in ("dot", "mermaid", "svg"):
            self.assertIn("and 37 more", self.nl("lineage", "show", "middle.t", "--format", form).out)
        whole = self.json("show", "middle.t", "--depth", "all")
        self.assertEqual((len(whole["datasets"]), whole["more"]), (499, {"up": 0, "down": 0}))
        up = self.json("show", "middle.t", "--depth", "2", "--direction", "up")
        self.assertEqual((sorted(d["level"] for d in up["datasets"]), up["more"]), ([-2, -1, 0], {"up": 36, "down": 0}))

    def test_a_wide_graph_is_cut_unless_all_is_wanted(self):
        self.edges([("s%03d.t" % i, "middle.t") for i in range(60)])
        self.assertEqual(self.json("show", "middle.t")["more"], {"up": 35, "down": 0})
        self.assertEqual(self.json("show", "middle.t", "--limit", "0")["more"], {"up": 0, "down": 0})
        self.assertIn("and 57 more", self.nl("lineage", "show", "middle.t", "--limit", "3").out)


class Columns(LineageTest):
    def test_columns_said_later_of_a_known_edge_are_told_as_new(self):
        edge = ("lineage", "add", "--in", "raw.a", "--out", "made.b", "--job", "fill")
        self.nl(*edge)
        self.assertIn("Added to raw.a", self.nl(*edge, "--column", "x=y").out)
        self.assertIn("Known already: ", self.nl(*edge, "--column", "x=y").out)


class Labels(LineageTest):
    def test_labels_of_an_svg_cover_neither_tables_nor_each_other_and_tell_whole_names_under_the_pointer(self):
        job = "import.pull_everything_that_was_said_since_yesterday.task_%d"
        for i in range(5):
            self.nl("lineage", "add", "--in", "https://api.example.com/v%d/things" % i, "--out", "processed.mid", "--job", job % i)
            self.nl("lineage", "add", "--in", "processed.mid", "--out", "analytics.end", "--job", "step %d" % i)
        self.nl("lineage", "add", "--in", "analytics.end", "--out", "processed.mid", "--job", "feedback")
        root = ElementTree.fromstring(self.nl("lineage", "show", "processed.mid", "--format", "svg").out)
        areas = [tuple(float(box.get(key)) for key in ("x", "y", "width", "height"))
                 for box in root.iter(SVG + "rect") if box.get("class") == "box"]
        labels = [each for each in root.iter(SVG + "text") if each.get("class") == "job"]
        titles = [each.find(SVG + "title").text for each in labels]
        self.assertEqual(sorted([job % i for i in range(5)] + [", ".join("step %d" % i for i in range(5)), "feedback"]), sorted(titles))
        self.assertIn("step 0 and 4 more", [each.find(SVG + "title").tail for each in labels])
        for each in labels:
            width = 6.0 * len(each.find(SVG + "title").tail)
            areas.append((float(each.get("x")) - width / 2, float(each.get("y")) - 9, width, 10))
        for i, (x, y, width, height) in enumerate(areas):
            for x2, y2, width2, height2 in areas[:i]:
                apart = x >= x2 + width2 or x2 >= x + width or y >= y2 + height2 or y2 >= y + height
                self.assertTrue(apart, (areas[i], (x2, y2, width2, height2)))


class Pictures(LineageTest):
    NAMES = ('a"]; b -> "c', "<script>alert(1)</script>", "x\ny\t\x1b[31m", "größe-日本", "100%% --> |a|", "\\", "end", "&amp;", "'", "#35;")

    def setUp(self):
        super().setUp()
        self.event = {"eventTime": "2026-11-22T08:00:00Z", "job": {"namespace": "neurolake", "name": 'job "q" <&> |'},
                      "inputs": [{"namespace": "neurolake", "name": name} for name in self.NAMES],
                      "outputs": [{"namespace": "file", "name": self.bucket("processed", "summary"), "facets": {"columnLineage": {"fields": {
                          'c"<o>': {"inputFields": [{"namespace": "neurolake", "name": name, "field": "f|]" + name} for name in self.NAMES]}}}}}]}
        self.import_events(self.event)

    def show(self, form, *more):
        return self.nl("lineage", "show", "processed.summary", "--format", form, *more)

    def test_svg_is_xml_with_every_name_as_text(self):
        for more in ((), ("--columns",)):
            text = self.show("svg", *more).out
            root = ElementTree.fromstring(text)
            self.assertEqual(root.tag, SVG + "svg")
            titles = [each.text for each in root.iter(SVG + "title")]
            for name in self.NAMES:
                escaped = name.replace("\n", "\\n").replace("\t", "\\t").replace("\x1b", "\\x1b")
                self.assertIn(escaped, titles)
            kinds = {each.tag for each in root.iter()}
            self.assertFalse({SVG + "script", SVG + "image", SVG + "use", SVG + "foreignObject"} & kinds, kinds)
            for box in root.iter(SVG + "rect"):
                if box.get("class") == "box":
                    self.assertGreater(float(box.get("width")), 0)
            self.assertEqual(len([each for each in root.iter(SVG + "rect") if each.get("class") == "box"]), len(self.NAMES) + 1)

    def test_dot_strings_end_where_they_should(self):
        text = self.show("dot", "--columns").out
        labels = re.findall(r'label="((?:[^"\\]|\\.)*)"', text)
        self.assertEqual(len(labels), 2 * len(self.NAMES) + 1)
        bare = re.sub(r'"(?:[^"\\]|\\.)*"', "", text)
        self.assertNotIn('"', bare)
        self.assertEqual(bare.count("{"), 1)
        self.assertEqual(bare.count("->"), len(self.NAMES))

    def test_mermaid_labels_hold_no_markup(self):
        text = self.show("mermaid", "--columns").out
        for label in re.findall(r'"([^"]*)"', text):
            self.assertRegex(label, r"^(?:[\w ._/:+,=-]|[^\x00-\x7f]|#\d+;|<br/>)*$")
        bare = re.sub(r'"[^"]*"', "", text)
        self.assertNotIn('"', bare)
        self.assertEqual(len(re.findall(r"^  n\d+ -->\|\| n\d+$", bare, re.M)), len(self.NAMES))

    def test_the_tree_is_safe_on_a_terminal_and_ascii_where_it_must_be(self):
        shown = self.terminal("lineage", "show", "processed.summary", "--columns", "--color", "never").out_bytes
        self.assertNotIn(b"\x1b", shown)
        for words in (("show", "processed.summary", "--columns"), ("impact", "end"), ("jobs",)):
            result = self.nl("lineage", *words, env={"LC_ALL": "C"})
            self.assertTrue(result.out_bytes.isascii(), result)


class OpenLineage(LineageTest):
    """Events as other tools write them, made after their documentation."""
    AIRFLOW = [{"eventType": kind, "eventTime": time, "producer": "https://github.com/apache/airflow/tree/providers-openlineage/1.8.0",
                "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
                "run": {"runId": "01917b1e-8a3f-7c2d-9e5a-3d2f1a0b4c5d", "facets": {"parent": {
                    "_producer": "https://x", "_schemaURL": "https://x", "run": {"runId": "01917b1e-0000-7c2d-9e5a-3d2f1a0b4c5d"},
                    "job": {"namespace": "prod", "name": "daily"}}}},
                "job": {"namespace": "prod", "name": "daily.load_orders", "facets": {"sql": {
                    "_producer": "https://x", "_schemaURL": "https://x", "query": "insert into orders select * from staging"}}},
                "inputs": [{"namespace": "postgres://db.example:5432", "name": "shop.public.staging"}],
                "outputs": [{"namespace": "postgres://db.example:5432", "name": "shop.public.orders"}]}
               for kind, time in (("START", "2026-11-22T01:00:00.123456+01:00"), ("COMPLETE", "2026-11-22T01:02:03.5+01:00"))]

    def spark(self):
        run = {"runId": "ad0995e1-49f1-432d-92b6-2e2739034c13", "facets": {"spark.logicalPlan": {"_producer": "https://s", "_schemaURL": "https://s", "plan": []}}}
        job = {"namespace": "spark", "name": "etl.execute_insert_into_hadoop_fs_relation_command"}
        base = {"producer": "https://github.com/OpenLineage/OpenLineage/tree/1.22.0/integration/spark",
                "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent", "run": run, "job": job}
        source = {"namespace": "file", "name": self.bucket("raw-data", "orders"), "facets": {}, "inputFacets": {}}
        target = {"namespace": "file", "name": self.bucket("processed", "summary"), "outputFacets": {}, "facets": {
            "columnLineage": {"_producer": "https://s", "_schemaURL": "https://s", "fields": {"total": {"inputFields": [
                {"namespace": "file", "name": self.bucket("raw-data", "orders"), "field": "total",
                 "transformations": [{"type": "INDIRECT", "subtype": "AGGREGATION", "description": "", "masking": False}]}]}},
                "dataset": []}}}
        return [dict(base, eventType="START", eventTime="2026-11-22T02:00:00Z", inputs=[source], outputs=[]),
                dict(base, eventType="RUNNING", eventTime="2026-11-22T02:00:01Z", inputs=[], outputs=[]),
                dict(base, eventType="COMPLETE", eventTime="2026-11-22T02:00:09Z", inputs=[], outputs=[target])]

    DBT = [{"eventType": "FAIL", "eventTime": "2026-11-22T03:00:00Z", "producer": "https://github.com/OpenLineage/OpenLineage/tree/1.20.0/integration/dbt",
            "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
            "run": {"runId": "6f6b2c1e-0d64-4c9a-8f0e-7d8d1a3b9c11", "facets": {"errorMessage": {
                "_producer": "https://d", "_schemaURL": "https://d", "message": "relation does not exist", "programmingLanguage": "sql"}}},
            "job": {"namespace": "dbt", "name": "shop.public.model.orders"},
            "inputs": [{"namespace": "duckdb://shop.db", "name": "shop.main.raw"}], "outputs": [{"namespace": "duckdb://shop.db", "name": "shop.main.orders"}]}]
    MARQUEZ = [{"eventTime": "2020-12-28T19:52:00.001+10:00", "eventType": "START", "run": {"runId": "d46e465b-d358-4d32-83d4-df660ff614dd"},
                "job": {"namespace": "my-namespace", "name": "my-job"}, "inputs": [{"namespace": "my-namespace", "name": "my-input"}],
                "producer": "https://github.com/OpenLineage/OpenLineage/blob/v1-0-0/client"},
               {"eventTime": "2020-12-28T20:52:00.001+10:00", "eventType": "COMPLETE", "run": {"runId": "d46e465b-d358-4d32-83d4-df660ff614dd"},
                "job": {"namespace": "my-namespace", "name": "my-job"}, "outputs": [{"namespace": "my-namespace", "name": "my-output", "facets": {
                    "schema": {"_producer": "https://m", "_schemaURL": "https://m", "fields": [{"name": "a", "type": "VARCHAR"}]}}}],
                "producer": "https://github.com/OpenLineage/OpenLineage/blob/v1-0-0/client"}]

    def test_events_of_other_tools_are_understood(self):
        events = self.AIRFLOW + self.spark() + self.DBT + self.MARQUEZ
        for event in events:
            check_schema(dict(event, schemaURL=event.get("schemaURL", "https://x")), EVENT_SCHEMA)
        result = self.import_events(*events)
        self.assertIn("Imported %d events: 4 new edges" % len(events), result.out)
        edges, jobs, runs = self.graph()
        self.assertEqual([edge[:3] for edge in edges], sorted([
            ("postgres://db.example:5432/shop.public.staging", "postgres://db.example:5432/shop.public.orders", "prod:daily.load_orders"),
            ("raw-data.orders", "processed.summary", "spark:etl.execute_insert_into_hadoop_fs_relation_command"),
            ("duckdb://shop.db/shop.main.raw", "duckdb://shop.db/shop.main.orders", "dbt:shop.public.model.orders"),
            ("my-namespace:my-input", "my-namespace:my-output", "my-namespace:my-job")]))
        self.assertEqual([edge[3] for edge in edges if edge[0] == "raw-data.orders"], [[("total", "total")]])
        self.assertEqual({run[0][:4]: run[1:4:2] for run in runs},
                         {"0191": ("complete", 123377), "ad09": ("complete", 9000), "6f6b": ("failed", None), "d46e": ("complete", 3600000)})
        shown = self.json("jobs", "daily.load_orders")["jobs"][0]
        self.assertEqual((shown["sql"], shown["last_run"]["started_at"]),
                         ("insert into orders select * from staging", "2026-11-22T00:00:00.123Z"))
        self.assertIn("relation does not exist", self.nl("lineage", "jobs", "dbt:shop.public.model.orders").out)
        self.assertIn("processed.summary", self.around("raw-data.orders"))

    def test_a_burst_names_the_jobs_that_read_its_tables(self):
        start, _, complete = self.spark()
        self.import_events(start, complete)
        self.set("hybrid_storage.cloud_provider", "directory")
        self.set("hybrid_storage.directory", os.path.join(self.tmp, "cloud"))
        os.mkdir(os.path.join(self.tmp, "cloud"))
        self.set("burst.min_size", "0")
        plan = ("burst", "raw-data/orders", "processed/summary", "--dry-run", "--now")
        told = "read by a job in the last 7 days: raw-data.orders (by spark:etl.execute_insert"
        self.assertIn(told, self.nl(*plan, "2026-11-25T00:00:00Z").err)
        self.assertNotIn("read by a job", self.nl(*plan, "2026-12-25T00:00:00Z").err)

    def test_what_is_exported_fits_the_published_schema(self):
        self.import_events(*self.AIRFLOW, *self.spark(), *self.DBT)
        self.add("raw-data.customers,s3://crm/x.csv", "processed.summary", "--job", "nightly", "--sql", 'select "a"', "--column",
                 "summary.id=customers.id")
        self.add("raw-data.nowhere", "analytics.dashboard")
        events = self.nl("lineage", "export", "--format", "openlineage").jsonl
        self.assertEqual(len(events), 7)
        for event in events:
            check_schema(event, EVENT_SCHEMA)
        by_job = {(event["job"]["name"], event["eventType"]): event for event in events}
        event = by_job["nightly", "COMPLETE"]
        self.assertEqual([(d["namespace"], d["name"]) for d in event["outputs"]], [("file", self.bucket("processed", "summary"))])
        self.assertEqual(sorted((d["namespace"], d["name"]) for d in event["inputs"]),
                         [("file", self.bucket("raw-data", "customers")), ("s3://crm", "x.csv")])
        facets = event["outputs"][0]["facets"]
        self.assertEqual([(f["name"], f["type"]) for f in facets["schema"]["fields"]], [("id", "int64"), ("name", "text"), ("total", "double")])
        self.assertEqual(facets["columnLineage"]["fields"]["id"]["inputFields"],
                         [{"namespace": "file", "name": self.bucket("raw-data", "customers"), "field": "id"}])
        self.assertEqual(event["job"]["facets"]["sql"]["query"], 'select "a"')
        self.assertEqual(self.nl("lineage", "export").jsonl, events)

    def test_what_is_exported_and_read_again_is_the_same(self):
        self.import_events(*self.AIRFLOW, *self.spark(), *self.DBT, *self.MARQUEZ)
        self.add("raw-data.customers,raw-data/not/yet.csv", "processed.summary", "--job", "nightly", "--command", "make it")
        self.add("raw-data.orders", "analytics.dashboard", "--job", "nightly")
        self.add("raw-data.nowhere", "analytics.dashboard")
        before = self.graph()
        file = os.path.join(self.tmp, "events.jsonl")
        report = self.json("export", "-o", file)
        self.assertEqual((report["edges"], report["file"]), (len(before[0]), file))
        self.nl("lineage", "export", "-o", file, check=1)
        self.nl("lineage", "export", "-o", file, "--overwrite")
        write(self.path("catalog", "lineage.json"), '{"schema":"neurolake.lineage/1","entries":[]}')
        self.assertEqual(self.graph(), ([], [], []))
        self.nl("lineage", "import", file)
        self.assertEqual(self.graph(), before)
        again = self.json("import", file)
        self.assertEqual((again["new_edges"], again["new_jobs"], again["new_runs"]), (0, 0, 0))

    def test_a_bad_event_is_named_and_the_good_ones_are_taken(self):
        good = [json.dumps(event) for event in self.AIRFLOW]
        text = good[0] + "\n" + '{"eventTime": "yesterday", "job": {}}\n' + good[1][:40] + "\n" + good[1] + "\n"
        result = self.import_events(raw=text, check=3)
        self.assertIn("standard input:2: ", result.err)
        self.assertIn("standard input:3: ", result.err)
        self.assertEqual(len(self.graph()[0]), 1)
        file = write(os.path.join(self.tmp, "events.json"), "[" + ",\n".join(good + ["{}"]) + "]")
        value = self.json("import", file, check=3)
        self.assertEqual((value["events"], [bad["line"] for bad in value["failed"]]), (2, [3]))
        before = tree_hash(self.path("catalog"))
        self.import_events(raw="this is no event\n", check=1)
        self.nl("lineage", "import", os.path.join(self.tmp, "missing"), check=1)
        self.import_events(raw="", check=0)
        self.assertEqual(tree_hash(self.path("catalog")), before)

    def test_a_folder_is_told_from_a_file_of_events(self):
        error = self.nl("lineage", "import", self.tmp, check=2).err
        self.assertIn("it is a folder, not a file of OpenLineage events", error)
        self.assertIn("cat %s/* | neurolake lineage import -" % self.tmp, error)

    def test_a_run_without_beginning_or_end_has_a_time_all_the_same(self):
        event = {"eventType": "OTHER", "eventTime": "2026-11-22T08:00:00Z", "producer": "https://x/y", "schemaURL": "https://x/y",
                 "run": {"runId": "3f5e83fa-3480-44ff-99c5-ff943904e5e8"}, "job": {"namespace": "n", "name": "j"},
                 "inputs": [{"namespace": "s3://b", "name": "x"}], "outputs": [{"namespace": "s3://b", "name": "y"}]}
        self.nl("lineage", "import", "-", input=json.dumps(event))
        self.assertEqual({"2026-11-22T08:00:00Z"}, {edge["first_seen"] for edge in self.nl("lineage", "export", "--format", "json").json["edges"]})
        self.assertRegex(self.nl("lineage", "jobs").out, r"n:j +s3://b/y +s3://b/x +1 +- +other")

    def test_a_dry_run_of_an_import_writes_nothing(self):
        file = write(os.path.join(self.tmp, "e.jsonl"), json.dumps(self.DBT[0]))
        before = tree_hash(self.lake)
        self.assertEqual(self.json("import", file, "--dry-run")["new_edges"], 1)
        self.assertEqual(tree_hash(self.lake), before)


if __name__ == "__main__":
    main()
