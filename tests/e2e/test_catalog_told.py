# What the catalog's commands tell people: reasons that fit the screen, dry runs that say so, names that are meant.
# SPDX-License-Identifier: Apache-2.0
import os
import re

from catalog_lake import CatalogTest
from harness import main, read, tree
from jsonschema_lite import check as check_schema

NESTED = "{\"id\":1,\"payload\":{%s},\"a_column_with_a_very_long_name_that_goes_on\":\"01\"}\n" % ",".join(
    "\"member_%02d\":%d" % (i, i) for i in range(30))


def plain(text):
    return re.sub(r"\x1b\[[0-9;]*m", "", text).replace("\r", "")


class Told(CatalogTest):
    def test_the_reason_of_a_type_stays_readable_on_a_narrow_terminal(self):
        self.put("raw-data/events.jsonl", NESTED)
        self.index()
        why = self.why("raw-data.events")
        lines = plain(self.terminal("catalog", "explain", "raw-data.events", columns=80).out).splitlines()
        begin = next(i for i, line in enumerate(lines) if line.startswith("  COLUMN"))
        told = lines[begin:]
        self.assertLessEqual(max(map(len, told)), 80)
        at = told[0].index("BECAUSE")
        for reason in why.values():
            self.assertIn(reason, " ".join(line[at:] for line in told))
        whole = self.nl("catalog", "explain", "raw-data.events").out
        self.assertIn("a_column_with_a_very_long_name_that_goes_on", whole)
        self.assertIn(self.types("raw-data.events")["payload"], whole)

    def test_many_files_of_unknown_format_are_one_line_a_folder(self):
        for i in range(30):
            self.put("raw-data/talks/t%02d.txt" % i, "Mr. Speaker, %d.\nThank you.\n" % i)
            self.put("raw-data/talks/t%02d.csv" % i, "a%d,b%d\n1,2\n" % (i, i))
        self.put("raw-data/_neurolake.yaml", "tabel: x\n")
        told = self.nl("catalog", "index", check=3).out
        self.assertEqual(1, told.count("unknown format"), told)
        self.assertIn("new     30 files of unknown format below raw-data/talks\n", told)
        line = self.log("audit")[-1]
        self.assertEqual((3, 60, 20, 40), (line["rc"], line["added"], len(line["added_tables"]), line["added_not_named"]))
        os.rename(self.bucket("raw-data", "talks"), self.bucket("raw-data", "speeches"))
        told = self.nl("catalog", "index", check=3).out
        self.assertIn("changed 30 files of unknown format below raw-data/speeches, where they were not before\n", told)
        self.assertEqual(1, told.count("unknown format"), told)
        for i in range(30):
            os.unlink(self.bucket("raw-data", "speeches", "t%02d.txt" % i))
        self.assertEqual(30, len(self.index("--dry-run", check=3)["changes"]))
        self.assertIn("gone    30 files of unknown format below raw-data/speeches\n", self.nl("catalog", "index", check=3).out)

    def test_links_and_pipes_are_told_by_the_run_that_sees_them_first(self):
        self.put("raw-data/a.csv", "id\n1\n")
        os.symlink("a.csv", self.bucket("raw-data", "link.csv"))
        told = self.nl("catalog", "index").out
        self.assertIn("1 symlink not followed: neurolake catalog index -v names them\n", told)
        self.assertNotIn("pipe", told)
        os.mkfifo(self.bucket("raw-data", "pipe"))
        told = self.nl("catalog", "index").out
        self.assertIn("1 pipe, socket or device left alone", told)
        self.assertNotIn("symlink", told)
        self.assertNotIn("left alone", self.nl("catalog", "index").out)

    def test_a_description_that_waits_for_its_column_is_told(self):
        path = self.put("raw-data/orders.csv", "id,zip\n1,01234\n")
        self.index()
        self.nl("catalog", "describe", "orders", "--column", "zip", "As typed")
        os.unlink(path)
        self.put("raw-data/orders.csv", "id,postcode\n1,01234\n")
        self.assertIn("zip had a description; it comes back with the column; for another name: neurolake catalog describe raw-data.orders",
                      " ".join(self.nl("catalog", "index").err.split()))
        self.assertNotIn("zip had", self.nl("catalog", "index").err)

    def test_a_dry_run_says_what_would_be(self):
        self.put("raw-data/orders.csv", "id,zip\n1,01234\n")
        self.index()
        for term in ("Order", "Sale"):
            self.nl("catalog", "glossary", "add", term)
        self.nl("catalog", "glossary", "link", "Order", "raw-data.orders")
        self.nl("catalog", "glossary", "link", "Order", "raw-data.orders.zip")
        before = tree(self.lake)

        def dry(*words):
            return self.nl("catalog", *words, "--dry-run").out

        self.assertIn("raw-data.orders would have: foo\n", dry("tag", "orders", "foo"))
        self.assertIn("raw-data.orders would have: owner Ana\n", dry("owner", "orders", "Ana"))
        self.assertIn("raw-data.orders would have: zip: As typed\n", dry("describe", "orders", "--column", "zip", "As typed"))
        self.assertIn("would have: the rule that new schema versions must be", dry("compatibility", "orders", "full"))
        self.assertIn("New: would be added\n", dry("glossary", "add", "New"))
        self.assertIn("Order: would be removed, with its 2 links\n", dry("glossary", "remove", "Order"))
        self.assertIn("raw-data.orders would stand for Sale\n", dry("glossary", "link", "Sale", "raw-data.orders"))
        self.assertIn("raw-data.orders.zip would stand for Sale, now Order\n", dry("glossary", "link", "Sale", "raw-data.orders.zip"))
        self.assertIn("raw-data.orders would no longer stand for Order\n", dry("glossary", "unlink", "Order", "raw-data.orders"))
        self.assert_same_tree(before, self.lake)
        self.assertEqual("raw-data.orders: foo\n", self.nl("catalog", "tag", "orders", "foo").out)

    def test_what_is_wrong_with_a_file_is_told_with_its_own_severity(self):
        self.put("raw-data/bad.ncf", b"this is no such file at all, though its name says so")
        told = self.nl("catalog", "index", check=3).err
        self.assertRegex(told, r"(?m)^error: raw-data/bad\.ncf: .*does not begin like an NCF file")
        self.assertNotIn("warning: raw-data/bad.ncf", told)
        self.assertIn("error: ", self.nl("catalog", "show", "raw-data.bad").out)

    def test_show_names_the_keys_of_partitions_with_their_values(self):
        for month in ("01", "02"):
            self.put("raw-data/t/year=2026/month=%s/a.csv" % month, "id\n1\n")
        self.index()
        self.assertIn("Partitions      2: year 2026 (1 value), month 01 .. 02 (2 values)\n", self.nl("catalog", "show", "raw-data.t").out)

    def test_names_are_whole_on_a_narrow_terminal_and_a_pipe_cuts_nothing(self):
        name = "raw-data." + "folder." * 9 + "orders"
        self.put("raw-data/%sorders/a.csv" % ("folder/" * 9), "id\n1\n")
        self.index()
        for words in (("tables",), ("search", "orders")):  # to be typed, so whole on a line of its own
            self.assertIn(name, plain(self.terminal("catalog", *words, columns=60).out).splitlines())
        shown = plain(self.terminal("catalog", "tables", columns=60).out).splitlines()
        self.assertRegex(shown[2], r"^ +csv +1 ")
        self.assertIn(name, plain(self.terminal("catalog", "tables", columns=200).out))
        self.assertIn(name, self.nl("catalog", "tables").out)

    def test_rows_that_are_wider_than_the_terminal_stand_one_column_a_line(self):
        names = ["column_%02d" % n for n in range(20)]
        self.put("raw-data/wide.csv", ",".join(names) + "\n" + ",".join("value%d" % n for n in range(20)) + "\n" + "," * 19 + "\n")
        self.index()
        shown = plain(self.terminal("catalog", "head", "wide").out).splitlines()
        self.assertEqual(["row 1", "  column_00  value0", "  column_01  value1"], shown[:3])
        self.assertEqual(["row 2", "  column_00  null"], shown[21:23])
        self.assertEqual(names, self.nl("catalog", "head", "wide").out.splitlines()[0].split())
        self.assertEqual(names, plain(self.terminal("catalog", "head", "wide", columns=400).out).splitlines()[0].split())

    def test_an_empty_file_is_called_empty(self):
        self.put("raw-data/nothing.csv", "")
        self.index()
        for verb in ("show", "explain"):
            shown = self.nl("catalog", verb, "raw-data.nothing").out
            self.assertIn("the file is empty", shown)
            self.assertNotIn("unknown", shown)
            self.assertFalse(shown.endswith("\n\n"))

    def test_show_tells_terms_as_terms(self):
        self.put("raw-data/orders.csv", "id,zip,sum\n1,01234,2\n")
        self.index()
        self.nl("catalog", "glossary", "add", "Revenue")
        self.nl("catalog", "glossary", "link", "Revenue", "raw-data.orders.sum", "raw-data.orders.zip")
        self.nl("catalog", "describe", "orders", "--column", "zip", "As typed")
        shown = self.nl("catalog", "show", "orders").out
        self.assertRegex(shown, r"\n  sum +term: Revenue\n")
        self.assertRegex(shown, r"\n  zip +As typed; term: Revenue\n")


class Meant(CatalogTest):
    """Names that mean no table, and names that mean one by its place."""

    def setUp(self):
        super().setUp()
        self.put("raw-data/app.csv", "id,price\n1,2\n")
        self.put("raw-data/sales.csv", "id\n1\n")
        self.put("raw-data/orders/part-1.csv", "id\n1\n")
        self.put("raw-data/orders/part-2.csv", "id\n2\n")
        self.index()

    def hint(self, *words, check=1):
        return self.nl("catalog", *words, "--json", check=check).error["hint"]

    def test_only_what_is_close_is_suggested(self):
        self.assertNotIn("did you mean", self.hint("tag", "raw-data.nix"))
        self.assertNotIn("did you mean", self.hint("show", "raw-dta.nix"))
        for word in ("raw-data.slaes", "raw-dta.sales", "slaes"):
            self.assertEqual("did you mean raw-data.sales?", self.hint("show", word))

    def test_who_names_a_column_is_told_what_shows_it(self):
        told = "raw-data.app is a table; for one of its columns: neurolake catalog prove raw-data.app.price"
        self.assertEqual(told, self.hint("explain", "raw-data.app.price"))
        self.nl("catalog", "prove", "raw-data.app.price")

    def test_a_pattern_is_no_table(self):
        wrong = self.nl("catalog", "show", "raw-data.s*", "--json", check=1).error
        self.assertIn("is a pattern, and one table is wanted", wrong["message"])
        self.assertEqual("it matches raw-data.sales", wrong["hint"])
        self.assertIn("no table matches", self.hint("explain", "raw-data.x?"))

    def test_a_table_is_meant_by_the_place_of_its_folder_and_of_its_files_too(self):
        for verb in ("show", "explain", "schema", "history", "head"):
            for place, table in (("raw-data/sales.csv", "sales"), ("raw-data/orders", "orders"), ("raw-data/orders/", "orders"),
                                 ("raw-data/orders/part-2.csv", "orders"), (self.path("buckets", "raw-data", "sales.csv"), "sales")):
                value = self.nl("catalog", verb, place, "--json").json
                found = value["table"]["name"] if verb == "show" else value["table"]
                self.assertEqual("raw-data." + table, found)
        for place in ("buckets/raw-data/orders", "./buckets/raw-data/orders/part-1.csv"):
            self.assertEqual("raw-data.orders", self.nl("catalog", "show", place, "--json", cwd=self.lake).json["table"]["name"])
        self.nl("catalog", "tag", "raw-data/sales.csv,raw-data/orders", "gold")
        self.nl("catalog", "tag", "raw-data/sales.csv", "best")
        self.assertEqual(["raw-data.orders", "raw-data.sales"], self.names("--tag", "gold"))
        self.assertEqual(["raw-data.sales"], self.names("--tag", "best"))
        self.assertIn("catalog tables raw-data", self.hint("show", "raw-data/none.csv"))
        self.nl("catalog", "show", "raw-data/orders/none.csv", check=1)

    def test_a_bucket_is_no_table_and_a_table_no_bucket_however_they_are_named(self):
        for place in ("raw-data", "raw-data/", self.path("buckets", "raw-data")):
            wrong = self.nl("catalog", "show", place, "--json", check=1).error
            self.assertEqual(('"%s" is a bucket, not a table' % place, "its tables: neurolake catalog tables raw-data"), (wrong["message"], wrong["hint"]))
        wrong = self.nl("catalog", "tables", "raw-data.sales", "--json", check=1).error
        self.assertEqual(('"raw-data.sales" is a table, not a bucket', "see it: neurolake catalog show raw-data.sales"), (wrong["message"], wrong["hint"]))
        self.assertEqual("a bucket is named without its folder: raw-data", self.hint("index", "buckets/raw-data/"))
        self.assertIn("it has version 1 only", self.hint("schema", "raw-data.sales", "--version", "9"))

    def test_a_renamed_table_is_known_by_its_former_name(self):
        self.put("raw-data/visits/a.csv", "id\n1\n")
        self.index()
        os.rename(self.bucket("raw-data", "visits"), self.bucket("raw-data", "visits2"))
        self.index()
        for words in (("show", "raw-data.visits"), ("head", "visits"), ("pii", "raw-data.visits")):
            self.assertIn("it is now raw-data.visits2", self.nl("catalog", *words, check=1).err)
        self.put("raw-data/visits/a.csv", "id,other\n1,2\n")  # another table of that name is found as any other
        self.index()
        self.nl("catalog", "show", "raw-data.visits")

    def test_a_table_whose_files_are_gone_is_known_by_either_name(self):
        os.unlink(self.path("buckets", "raw-data", "sales.csv"))
        self.index()
        since = self.tables("--all")["raw-data.sales"]["deleted_at"]
        for name in ("sales", "raw-data.sales"):
            for verb in ("head", "tag"):
                self.assertIn("files are gone since %s; what was known of it: neurolake catalog show raw-data.sales" % since, self.hint(verb, name))
            for verb in ("show", "history", "schema", "explain"):
                answer = self.nl("catalog", verb, name)
                self.assertEqual("warning: the files of raw-data.sales are gone since %s: this is what was known of it\n" % since, answer.err)
                self.assertTrue(answer.out)
        self.assertEqual(since, self.nl("catalog", "show", "sales", "--json").json["table"]["deleted_at"])
        self.assertIn("Gone since", self.nl("catalog", "show", "sales").out)

    def test_a_table_that_is_gone_can_be_forgotten_and_one_that_is_there_cannot(self):
        os.unlink(self.path("buckets", "raw-data", "sales.csv"))
        self.index()
        before = self.catalog_files()
        refused = self.nl("catalog", "forget", "raw-data.orders", check=15).err
        self.assertIn("raw-data.orders is not gone: its files are in raw-data/orders", refused)
        self.nl("catalog", "forget", "nothing.like-it", check=1)
        self.nl("catalog", "forget", "no.*", check=1)
        self.assertIn("Would forget raw-data.sales, gone since ", self.nl("catalog", "forget", "sales", "--dry-run").out)
        self.assertEqual(before, self.catalog_files())
        answer = self.nl("catalog", "forget", "raw-data.s*", "--json").json
        check_schema(answer)
        self.assertEqual(["raw-data.sales"], [table["name"] for table in answer["tables"]])
        line = self.log("audit")[-1]
        self.assertEqual(("catalog.forget", "raw-data.sales"), (line["event"], line["tables"][0]["name"]))
        self.assertNotIn("raw-data.sales", self.tables("--all"))
        self.nl("catalog", "history", "raw-data.sales", check=1)
        self.nl("doctor")
        self.assertEqual([], self.index()["changes"])

    def test_a_list_without_tables_says_what_there_is(self):
        self.nl("catalog", "tag", "sales", "gold")
        shown = self.nl("catalog", "tables", "--tag", "gld", "--format", "avro", "--owner", "ana").out
        self.assertIn("No such tables\n", shown)
        self.assertIn('No table has the format "avro"; there is csv\n', shown)
        self.assertIn('No table has the tag "gld"; there is gold (did you mean gold?)\n', shown)
        self.assertIn('No table has the owner "ana"; there is none yet\n', shown)
        self.nl("catalog", "owner", "app", "Ana")
        self.assertEqual("No such tables\n", self.nl("catalog", "tables", "--tag", "gold", "--owner", "ana").out)

    def test_a_word_that_is_no_format_is_refused_with_those_there_are(self):
        wrong = self.nl("catalog", "tables", "--format", "unkown", "--json", check=2).error
        self.assertEqual('there is no format "unkown"', wrong["message"])
        self.assertIn("did you mean unknown? the formats are csv, tsv, json, ", wrong["hint"])
        for known in ("ncf", "mixed", "unknown", "csv"):
            self.nl("catalog", "tables", "--format", known)

    def test_what_was_said_of_columns_is_shown_with_what_was_said_of_the_table(self):
        self.nl("catalog", "describe", "sales", "All sales")
        self.nl("catalog", "describe", "sales", "--column", self.first_column("sales"), "A number")
        self.assertEqual("raw-data.sales: All sales\n  %s: A number\n" % self.first_column("sales"), self.nl("catalog", "describe", "sales").out)

    def first_column(self, table):
        return self.nl("catalog", "schema", table, "--json").json["columns"][0]["name"]

    def test_the_hint_of_a_file_that_is_not_read_names_its_table(self):
        self.put("raw-data/dump.bin", b"\x01\x02\x03\x00\xfe")
        self.index()
        table = self.names("--format", "unknown")[0]
        hint = self.hint("head", table)
        self.assertIn("neurolake catalog show %s; rows are read of CSV, " % table, hint)

    def test_a_table_is_not_made_from_itself(self):
        before = read(self.path("catalog", "lineage.json"))
        told = self.nl("lineage", "add", "--in", "app,sales", "--out", "raw-data/sales.csv", check=2).err
        self.assertIn("raw-data.sales cannot be made from itself", told)
        self.assertEqual(before, read(self.path("catalog", "lineage.json")))

    def test_what_lies_further_away_is_no_direct_input(self):
        self.nl("lineage", "add", "--in", "app", "--out", "sales")
        self.nl("lineage", "add", "--in", "sales", "--out", "orders")
        self.assertIn("Made from:\n└─ raw-data.sales\n   and 1 more further up (--depth 2)\n", self.nl("lineage", "show", "orders").out)
        self.assertIn("Feeds:\n└─ raw-data.sales\n   and 1 more further down (--depth 2)\n", self.nl("lineage", "show", "app").out)
        self.assertNotIn("more", self.nl("lineage", "show", "app", "--depth", "2").out)

    def test_help_on_an_unknown_command_is_an_error(self):
        told = self.nl("catalog", "why", "--help", check=2)
        self.assertEqual("", told.out)
        self.assertIn("unknown command 'why' for catalog", told.err)
        self.assertIn("neurolake catalog show", self.nl("catalog", "show", "raw-data.app", "--help").out)


    def test_each_line_about_a_new_table_is_worth_reading(self):
        self.put("raw-data/empty.csv", "")
        self.put("raw-data/picture.png", "\x89PNG\r\n\x1a\n\0\0\0\r")
        self.put("raw-data/late.csv", "id,zip,part,note\n" + "".join("%d,%s,%s,%s\n" % (
            i, "01234" if i == 500 else 80331, "1" if i < 9 else "1.5", "" if i < 300 else "word") for i in range(1, 501)))
        told = self.nl("catalog", "index").out.splitlines()
        self.assertEqual(["new     raw-data.empty  empty", "new     raw-data.late  500 rows",
                          "          zip is text: leading zero first at row 500", "new     raw-data.picture_png  unknown format"], told[:4])
        self.assertRegex(told[5], "^Catalog: [0-9]+ tables, [0-9]+ rows$", "a picture has no rows to be counted")


if __name__ == "__main__":
    main()
