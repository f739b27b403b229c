# What people say of tables and columns: tags, owner, description, glossary; kept through all that happens to the files.
# SPDX-License-Identifier: Apache-2.0
import json
import os
import shutil

from catalog_lake import CatalogTest
from harness import main, read, tree
from jsonschema_lite import check as check_schema


class WordsTest(CatalogTest):
    def setUp(self):
        super().setUp()
        for name in ("customers", "orders"):
            for i in range(3):
                self.put("raw-data/%s/%d.csv" % (name, i), "id,zip\n%d,01234\n" % i)
        self.index()

    def json(self, *args, **more):
        value = self.nl("catalog", *args, "--json", **more).json
        check_schema(value)
        return value

    def say_all(self, table="raw-data.orders"):
        self.nl("catalog", "tag", table, "gold", "pii")
        self.nl("catalog", "owner", table, "Ana Lee")
        self.nl("catalog", "describe", table, "One row an order")
        self.nl("catalog", "describe", table, "--column", "zip", "As typed by the customer")
        self.nl("catalog", "glossary", "add", "Order", "--definition", "What someone bought")
        self.nl("catalog", "glossary", "add", "Postal code", "--synonym", "zip code")
        self.nl("catalog", "glossary", "link", "Order", table)
        self.nl("catalog", "glossary", "link", "postal code", table + ".zip")
        self.nl("catalog", "compatibility", table, "backward")

    def words(self, table):
        """All that say_all said, as the catalog has it now."""
        found = self.nl("catalog", "show", table, "--json").json["table"]
        column = [c for c in found["columns"] if c["name"] == "zip"][0]
        return (found.get("tags"), found.get("owner"), found.get("description"), column.get("description"), found.get("terms"),
                column.get("term"), found.get("compatibility"))

    SAID = (["gold", "pii"], "Ana Lee", "One row an order", "As typed by the customer", ["Order"], "Postal code", "backward")


class Words(WordsTest):
    def test_tags_are_added_listed_and_taken_away(self):
        value = self.json("tag", "raw-data.customers", "pii", "gold")
        self.assertEqual([("raw-data.customers", True, ["gold", "pii"])], [(t["table"], t["changed"], t["tags"]) for t in value["tables"]])
        self.assertFalse(self.json("tag", "raw-data.customers", "PII")["tables"][0]["changed"])
        self.assertIn("(nothing changed)", self.nl("catalog", "tag", "raw-data.customers", "gold").out)
        self.assertEqual("raw-data.customers: gold, pii\n", self.nl("catalog", "tag", "customers").out)
        self.assertEqual(["raw-data.customers"], self.names("--tag", "Pii"))
        self.nl("catalog", "tag", "raw-data.customers", "gold", "silver", "--remove")
        self.assertEqual(["pii"], self.tables()["raw-data.customers"]["tags"])
        lines = [line for line in self.log("audit") if line["event"] == "catalog.tag"]
        self.assertEqual([{"added": ["pii", "gold"]}, {"removed": ["gold", "silver"]}],
                         [{k: line[k] for k in ("added", "removed") if k in line} for line in lines])
        self.assertEqual(["raw-data.customers"], lines[0]["tables"])

    def test_several_tables_at_once_and_a_dry_run_that_writes_nothing(self):
        before = tree(self.lake)
        value = self.json("tag", "raw-data.*", "new", "--dry-run")
        self.assertEqual([True, True], [t["changed"] for t in value["tables"]])
        self.assertIn("Dry run", self.nl("catalog", "owner", "raw-data.*", "me", "--dry-run").out)
        self.nl("catalog", "glossary", "add", "X", "--dry-run")
        self.assert_same_tree(before, self.lake)
        self.nl("catalog", "tag", "raw-data.customers,orders", "new")
        self.assertEqual(["raw-data.customers", "raw-data.orders"], self.names("--tag", "new"))
        self.nl("catalog", "owner", "*", "Team Data")
        self.assertEqual(["raw-data.customers", "raw-data.orders"], self.names("--owner", "team data"))
        self.assertIn("No such tables", self.nl("catalog", "tables", "--owner", "nobody").out)
        self.assertIn("matches", self.nl("catalog", "tag", "sales.*", "x", check=1).err)

    def test_one_wrong_table_changes_none(self):
        before = tree(self.path("catalog"))
        result = self.nl("catalog", "tag", "raw-data.customers,raw-data.order", "x", check=1)
        self.assertIn("did you mean raw-data.orders", result.err)
        result = self.nl("catalog", "describe", "raw-data.*", "--column", "zap", "text", check=1)
        self.assertIn("did you mean zip?", result.err)
        self.assert_same_tree(before, self.path("catalog"))

    def test_words_that_could_not_be_shown_are_refused(self):
        for tag in ("", "a,b", " a", "a\nb", "a\x1b[31m", b"\xff", "x" * 101):
            self.nl("catalog", "tag", "raw-data.orders", tag, check=2)
        self.nl("catalog", "tag", "raw-data.orders", "--remove", check=2)
        self.nl("catalog", "owner", "raw-data.orders", "ana", "--remove", check=2)

    def test_descriptions_of_tables_and_columns(self):
        self.assertIn("no description", self.nl("catalog", "describe", "raw-data.orders").out)
        self.nl("catalog", "describe", "raw-data.orders", "One", "row", "an order")
        self.nl("catalog", "describe", "raw-data.orders", "--column", "zip", "As typed")
        self.assertEqual("raw-data.orders: One row an order\n  zip: As typed\n", self.nl("catalog", "describe", "raw-data.orders").out)
        self.assertEqual("raw-data.orders: zip: As typed\n", self.nl("catalog", "describe", "raw-data.orders", "--column", "zip").out)
        shown = self.nl("catalog", "show", "raw-data.orders").out
        self.assertIn("One row an order", shown)
        self.assertRegex(shown, r"zip +As typed")
        self.nl("catalog", "describe", "raw-data.orders", "--column", "zip", "--remove")
        self.nl("catalog", "describe", "raw-data.orders", "--remove")
        self.assertEqual([], self.json("describe", "raw-data.orders")["tables"][0]["columns"])

    def test_the_glossary_links_terms_to_tables_and_columns(self):
        self.assertIn("empty", self.nl("catalog", "glossary", "list").out)
        self.json("glossary", "add", "Customer", "--definition", "Someone who bought once", "--synonym", "client", "--synonym", "buyer")
        self.assertFalse(self.json("glossary", "add", "customer", "--synonym", "Client")["changed"])
        self.json("glossary", "link", "client", "raw-data.customers", "raw-data.orders.id")
        self.assertFalse(self.json("glossary", "link", "Customer", "customers")["changed"])
        for words, said in (((" Client",), ""), (("Client",), 'synonym of the term "Customer"'), (("Patron", "--synonym", "BUYER"), 'synonym of the term "Customer"'),
                            (("Patron", "--synonym", "customer"), '"customer" is a term of its own')):
            self.assertIn(said, self.nl("catalog", "glossary", "add", *words, check=(1, 2)).err)
        self.assertEqual(1, len(self.json("glossary", "list")["terms"]))
        term = self.json("glossary", "show", "BUYER")["terms"][0]
        self.assertEqual({"term": "Customer", "definition": "Someone who bought once", "synonyms": ["buyer", "client"],
                          "links": [{"table": "raw-data.customers"}, {"table": "raw-data.orders", "column": "id"}]}, term)
        self.assertEqual(["raw-data.customers", "raw-data.orders"], self.names("--term", "client"))
        self.assertRegex(self.nl("catalog", "glossary", "list").out, r"Customer +2 +Someone who bought once")
        self.assertRegex(self.nl("catalog", "show", "raw-data.customers").out, r"Stands for +Customer")
        self.nl("catalog", "glossary", "unlink", "Customer", "raw-data.orders.id")
        self.assertEqual(["raw-data.customers"], self.names("--term", "Customer"))
        self.nl("catalog", "glossary", "remove", "Customer", "--synonym", "buyer")
        self.assertEqual(["client"], self.json("glossary", "show", "Customer")["terms"][0]["synonyms"])
        self.assertIn("with its 1 link", self.nl("catalog", "glossary", "remove", "Customer").out)
        self.assertFalse(self.json("glossary", "remove", "Customer")["changed"])
        self.assertNotIn("terms", self.tables()["raw-data.customers"])
        self.assertIn("did you mean", self.nl("catalog", "glossary", "link", "Custom", "raw-data.orders.zap", check=1).err
                      if self.nl("catalog", "glossary", "add", "Customs") else "")
        self.assertIn("did you mean zip?", self.nl("catalog", "glossary", "link", "Customs", "raw-data.orders.zap", check=1).err)

    def test_a_column_stands_for_one_term_and_says_which_it_was(self):
        for term in ("A", "B"):
            self.nl("catalog", "glossary", "add", term)
        self.nl("catalog", "glossary", "link", "A", "raw-data.orders.zip")
        self.assertIn("stands for B, was A", self.nl("catalog", "glossary", "link", "B", "raw-data.orders.zip").out)
        self.assertIn("nothing changed", self.nl("catalog", "glossary", "unlink", "A", "raw-data.orders.zip").out)


class Kept(WordsTest):
    """Whatever happens to the files, the words stay with the table."""

    def test_through_a_re_index_with_other_content_and_a_full_one(self):
        self.say_all()
        self.assertEqual(self.SAID, self.words("raw-data.orders"))
        self.put("raw-data/orders/9.csv", "zip,id,new\n01234,9,1\n")
        self.index()
        self.assertEqual(self.SAID, self.words("raw-data.orders"))
        self.index("--full")
        self.assertEqual(self.SAID, self.words("raw-data.orders"))

    def test_through_a_renamed_folder_with_one_file_more(self):
        self.say_all()
        os.rename(self.bucket("raw-data", "orders"), self.bucket("raw-data", "sales"))
        self.put("raw-data/sales/9.csv", "id,zip\n9,01234\n")
        self.index()
        self.assertEqual(self.SAID, self.words("raw-data.sales"))
        self.assertEqual(["raw-data.sales"], self.names("--term", "Order"))

    def test_through_two_folders_that_change_places(self):
        self.say_all()
        self.nl("catalog", "tag", "raw-data.customers", "people")
        ids = {name: self.nl("catalog", "show", name, "--json").json["table"]["id"] for name in self.names()}
        one, two, aside = self.bucket("raw-data", "orders"), self.bucket("raw-data", "customers"), self.bucket("raw-data", "aside")
        os.rename(one, aside)
        os.rename(two, one)
        os.rename(aside, two)
        self.assertEqual(0, self.index()["files_read"])
        self.assertEqual(self.SAID, self.words("raw-data.customers"))
        self.assertEqual(["people"], self.tables()["raw-data.orders"]["tags"])
        after = {name: self.nl("catalog", "show", name, "--json").json["table"]["id"] for name in self.names()}
        self.assertEqual({"raw-data.orders": ids["raw-data.customers"], "raw-data.customers": ids["raw-data.orders"]}, after)

    def test_through_a_renamed_bucket_and_a_moved_lake(self):
        self.say_all()
        self.nl("bucket", "rename", "raw-data", "landing")
        self.assertEqual(self.SAID, self.words("landing.orders"))
        self.index()
        self.assertEqual(self.SAID, self.words("landing.orders"))
        moved = os.path.join(self.tmp, "moved lake")
        shutil.move(self.lake, moved)
        self.lake = moved
        self.index("--full")
        self.assertEqual(self.SAID, self.words("landing.orders"))
        self.assertEqual(2, len(self.json("glossary", "list")["terms"]))

    def test_through_a_tombstone_and_back(self):
        self.say_all()
        os.rename(self.bucket("raw-data", "orders"), os.path.join(self.tmp, "away"))
        self.index("--accept-shrink")
        self.assertEqual(["raw-data.customers"], self.names())
        self.assertEqual([], self.json("glossary", "show", "Order")["terms"][0]["links"])
        os.rename(os.path.join(self.tmp, "away"), self.bucket("raw-data", "orders"))
        self.index()
        self.assertEqual(self.SAID, self.words("raw-data.orders"))


class Search(WordsTest):
    def hits(self, *words):
        return [(hit["table"], hit["found"][0]["where"], hit["found"][0]["match"]) for hit in self.json("search", *words)["hits"]]

    def test_the_table_that_is_most_likely_meant_comes_first(self):
        for name in ("orders_old", "new_orders", "preorders"):
            self.put("raw-data/%s.csv" % name, "id\n1\n")
        self.put("raw-data/x.csv", "orders\n1\n")
        self.index()
        self.nl("catalog", "tag", "raw-data.customers", "orders")
        order = ["orders", "x", "orders_old", "new_orders", "preorders", "customers"]
        self.assertEqual(["raw-data." + name for name in order], [hit[0] for hit in self.hits("orders")])
        lines = self.nl("catalog", "search", "orders").out.splitlines()
        self.assertRegex(lines[1], r"^raw-data.orders +name$")
        self.assertRegex(lines[2], r"^raw-data.x +column orders$")
        self.assertRegex(lines[6], r"^raw-data.customers +tag orders$")

    def test_every_place_is_told_below_the_table_and_in_json(self):
        self.put("raw-data/wide.csv", "zip,zip_from,zip_to,name\n01234,1,2,x\n")
        self.index()
        self.nl("catalog", "tag", "raw-data.wide", "zipped")
        self.nl("catalog", "describe", "raw-data.wide", "goes with the zip", "--column", "name")
        lines = [line.split(None, 1) for line in self.nl("catalog", "search", "zip").out.splitlines()]
        at = lines.index(["raw-data.wide", "columns zip, zip_from, zip_to"])
        self.assertEqual([["tag", "zipped"], ["description", "of column name"]], lines[at + 1:at + 3])
        self.assertRegex(self.nl("catalog", "search", "wide", "zip").out, r"(?m)^raw-data.wide +name, column zip\n +columns zip_from, zip_to\n +tag zipped\n")
        hit = next(hit for hit in self.json("search", "zip")["hits"] if hit["table"] == "raw-data.wide")
        self.assertEqual([("column", "zip"), ("column", "zip_from"), ("column", "zip_to"), ("tag", "zipped"), ("description", "goes with the zip")],
                         [(place["where"], place["match"]) for place in hit["places"]])
        self.assertEqual("name", hit["places"][-1]["column"])

    def test_every_word_must_be_found_and_each_hit_says_where(self):
        self.say_all()
        self.assertEqual([("raw-data.orders", "column", "zip")], self.hits("zip", "Ana"))
        self.assertRegex(self.nl("catalog", "search", "zip", "ana").out, r"raw-data.orders +column zip, owner Ana Lee")
        self.assertEqual([], self.hits("ana", "bob"))
        self.assertEqual([("raw-data.orders", "description", "As typed by the customer")], self.hits("typed"))
        self.assertEqual([("raw-data.orders", "tag", "gold")], self.hits("GOLD"))

    def test_letters_with_accents_are_found_without_regard_to_case_too(self):
        self.put("raw-data/saison.csv", "Été,ÜBUNG\n1,2\n")
        self.index()
        for word in ("été", "ÉTÉ", "übung", "Übung"):
            found = self.nl("catalog", "search", word, "--json").json["hits"]
            self.assertEqual(["raw-data.saison"], [hit["table"] for hit in found], word)
        self.assertEqual([], self.nl("catalog", "search", "ete", "--json").json["hits"])

    def test_synonyms_of_the_glossary_find_their_tables(self):
        self.nl("catalog", "glossary", "add", "Customer", "--synonym", "client")
        self.assertEqual([], self.hits("client"))
        self.nl("catalog", "glossary", "link", "Customer", "raw-data.orders.id")
        self.assertEqual([("raw-data.orders", "term", "Customer (client)")], self.hits("client"))

    def test_long_answers_are_cut_and_say_so(self):
        for i in range(60):
            self.put("raw-data/many%02d.csv" % i, "id\n1\n")
        self.index()
        value = self.json("search", "many")
        self.assertEqual((60, 50), (value["total"], len(value["hits"])))
        self.assertIn("and 57 more", self.nl("catalog", "search", "many", "--limit", "3").out)
        self.assertEqual(60, len(self.nl("catalog", "search", "many", "--limit", "0", "--jsonl").jsonl))
        self.assertIn("Found in 60 tables", self.nl("catalog", "search", "many", "--limit", "0").out)


class FirstRows(CatalogTest):
    """What samples.json keeps of each table."""

    def samples(self):
        return {s["table"]: s for s in json.loads(read(self.path("catalog", "samples.json")))["samples"]}

    def test_twenty_rows_of_each_table_are_kept_cut_and_bounded(self):
        self.put("raw-data/t.csv", "id,text\n" + "".join("%d,%s\n" % (i, "\u65e5" * i) for i in range(100)))
        self.put("raw-data/wide.csv", ",".join("column_%d" % i for i in range(300)) + "\n" + (",".join(["x" * 60] * 300) + "\n") * 50)
        self.put("raw-data/p/year=2024/a.csv", "id\n1\n\n")
        self.put("raw-data/note.txt.bin", b"\x00\x01\x02")
        self.index()
        kept = self.samples()
        self.assertEqual(["raw-data.p", "raw-data.t", "raw-data.wide"], sorted(kept))
        self.assertEqual((["id", "text"], 20), (kept["raw-data.t"]["columns"], len(kept["raw-data.t"]["rows"])))
        self.assertEqual(["19", "\u65e5" * 19], kept["raw-data.t"]["rows"][19])
        self.assertEqual(["id", "year"], kept["raw-data.p"]["columns"])
        self.assertEqual(["1", "2024"], kept["raw-data.p"]["rows"][0])
        self.assertEqual(100, len(kept["raw-data.wide"]["columns"]))
        self.assertLessEqual(max(len(json.dumps(s, ensure_ascii=False, separators=(",", ":")).encode()) for s in kept.values()), 16384)
        self.put("raw-data/t.csv", "id,text\n1,%s\n" % ("\u65e5" * 40))
        self.index()
        self.assertEqual([["1", "\u65e5" * 20 + "..."]], self.samples()["raw-data.t"]["rows"])

    def test_samples_go_with_their_table_and_come_back_with_it(self):
        path = self.put("raw-data/t.csv", "id\n1\n")
        self.put("raw-data/u.csv", "id\n2\n")
        self.index()
        os.rename(path, os.path.join(self.tmp, "t.csv"))
        self.index()
        self.assertEqual(["raw-data.u"], sorted(self.samples()))
        os.rename(os.path.join(self.tmp, "t.csv"), path)
        self.index()
        self.assertEqual(["raw-data.t", "raw-data.u"], sorted(self.samples()))
        os.rename(path, self.bucket("raw-data", "s.csv"))
        self.index()
        self.assertEqual(["raw-data.s", "raw-data.u"], sorted(self.samples()))

    def test_a_run_without_news_writes_nothing(self):
        self.put("raw-data/t.csv", "id\n1\n")
        self.index("--now", "2020-01-01T00:00:00Z")  # another time than the next run's
        before = tree(self.path("catalog"))
        self.index()
        self.index("--full")
        self.index("--dry-run")
        self.assert_same_tree(before, self.path("catalog"))


if __name__ == "__main__":
    main()
