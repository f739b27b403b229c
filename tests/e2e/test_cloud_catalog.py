# The catalog outlives the bytes: what moved to the cloud keeps its table, rows, columns and history, through every command.
# SPDX-License-Identifier: Apache-2.0
# ctest: threads
import os

from harness import main, read, sha256, write
from tier_lake import TierTest, stub_of

ROWS = 20000


class CloudCatalog(TierTest):
    def setUp(self):
        super().setUp()
        for month in (1, 2, 3):
            self.put("raw-data/events/month=2024-0%d/part.csv" % month, "id,email\n" + "%d,a@b.c\n" % month * ROWS, age_days=90 - month)
        self.put("raw-data/orders/orders.csv", "id,zip\n" + "1,01234\n" * ROWS, age_days=9)
        self.nl("catalog", "index")

    def table(self, name):
        return next(t for t in self.nl("catalog", "tables", "--json").json["tables"] if t["name"] == name)

    def said(self, name):
        """All that the catalog answers about a table, without what tells where its bytes are."""
        shown = self.nl("catalog", "show", name, "--json").json["table"]
        for key in ("tier", "indexed_at", "cloud_files", "cloud_bytes"):
            shown.pop(key, None)
        return (shown, self.nl("catalog", "schema", name, "--json").json["columns"],
                self.nl("catalog", "explain", name, "--json").json["columns"],
                self.nl("catalog", "history", name, "--json").json["versions"])

    def test_a_table_in_the_cloud_answers_as_before(self):
        before = {name: self.said(name) for name in ("raw-data.events", "raw-data.orders")}
        self.nl("burst", "raw-data/orders", "raw-data/events")
        for words in (None, [], ["--full"]):
            if words is not None:
                report = self.nl("catalog", "index", "--json", *words).json
                self.assertEqual(([], 0, []), (report["changes"], report["files_read"], report["failed"]), words)
            for name in before:
                self.assertEqual(before[name], self.said(name))
                self.assertEqual("cloud", self.table(name)["tier"])
        self.assertEqual((3 * ROWS, True, 3), tuple(self.table("raw-data.events")[k] for k in ("rows", "rows_exact", "files")))
        self.assertIn("cloud", self.nl("catalog", "tables").out)
        hits = self.nl("catalog", "search", "email", "--json").json["hits"]
        self.assertEqual([("raw-data.events", "email")], [(hit["table"], hit["match"]) for hit in hits])

    def test_head_answers_from_the_catalog_and_says_how_to_get_all(self):
        self.nl("burst", "raw-data/orders")
        result = self.nl("catalog", "head", "raw-data.orders", "-n", "2")
        self.assertEqual([["id", "zip"], ["1", "01234"], ["1", "01234"]], [line.split() for line in result.out.splitlines()])
        self.assertIn("the data of raw-data.orders is in the cloud: these are the first 2 rows", result.err)
        self.assertIn("neurolake recall raw-data.orders", result.err)
        self.assertIn("no more are kept", self.nl("catalog", "head", "raw-data.orders", "-n", "50").err)
        value = self.nl("catalog", "head", "raw-data.orders", "-n", "50", "--json").json
        self.assertEqual(("sample", 20, []), (value["source"], len(value["rows"]), value["masked"]))
        self.nl("recall", "raw-data.orders")
        value = self.nl("catalog", "head", "raw-data.orders", "-n", "50", "--json").json
        self.assertEqual(("files", 50), (value["source"], len(value["rows"])))

    def test_with_no_store_in_reach_the_catalog_still_answers(self):
        before = self.said("raw-data.events")
        self.nl("burst", "raw-data/orders", "raw-data/events")
        os.rename(self.cloud, self.cloud + " unplugged")
        self.nl("recall", "raw-data.events", check=12)
        self.assertEqual(before, self.said("raw-data.events"))
        self.assertEqual([["1", "a@b.c", "2024-01"]], self.nl("catalog", "head", "raw-data.events", "-n", "1", "--json").json["rows"])
        self.assertEqual(["raw-data.orders"], [hit["table"] for hit in self.nl("catalog", "search", "zip", "--json").json["hits"]])
        for command in ("show", "schema", "explain", "history"):
            self.nl("catalog", command, "raw-data.orders")
        self.nl("catalog", "index", "--full")
        self.assertEqual(20, len(self.nl("catalog", "head", "raw-data.events", "-n", "20", "--json").json["rows"]))

    def test_a_lost_sample_is_said_and_taken_anew_when_the_data_is_back(self):
        self.nl("burst", "raw-data/orders")
        os.unlink(self.path("catalog", "samples.json"))
        error = self.nl("catalog", "head", "raw-data.orders", "--json", check=12).error
        self.assertEqual("cloud", error["code"])
        self.assertIn("neurolake recall raw-data.orders", error["hint"])
        self.nl("recall", "raw-data.orders")
        self.nl("catalog", "index", "--full")
        self.assertIn("raw-data.orders", read(self.path("catalog", "samples.json")).decode())

    def test_a_partition_away_makes_the_table_mixed_and_head_reads_what_is_here(self):
        self.nl("burst", "raw-data/events/month=2024-01")
        self.assertEqual("mixed", self.table("raw-data.events")["tier"])
        self.nl("catalog", "index")
        self.assertEqual(("mixed", 3 * ROWS), tuple(self.table("raw-data.events")[k] for k in ("tier", "rows")))
        head = self.nl("catalog", "head", "raw-data.events", "-n", "1", "--json").json
        self.assertEqual([["2", "a@b.c", "2024-02"]], head["rows"])
        self.nl("recall", "raw-data.events")
        self.assertEqual("local", self.table("raw-data.events")["tier"])

    def test_what_comes_back_is_the_same_table_and_is_not_read_again(self):
        before = self.nl("catalog", "show", "raw-data.orders", "--json").json["table"]
        digest = sha256(self.bucket("raw-data", "orders", "orders.csv"))
        self.nl("burst", "raw-data/orders")
        self.nl("catalog", "index")
        self.nl("recall", "raw-data.orders")
        self.assertEqual(0, self.nl("catalog", "index", "--json").json["files_read"])
        after = self.nl("catalog", "show", "raw-data.orders", "--json").json["table"]
        self.assertEqual([before[k] for k in ("id", "first_seen", "rows", "columns")], [after[k] for k in ("id", "first_seen", "rows", "columns")])
        self.assertEqual(digest, sha256(self.bucket("raw-data", "orders", "orders.csv")))

    def test_a_renamed_bucket_takes_its_cloud_tables_along(self):
        digest = sha256(self.bucket("raw-data", "orders", "orders.csv"))
        before = self.said("raw-data.orders")[1:]
        self.nl("burst", "raw-data/orders")
        key = stub_of(self.bucket("raw-data", "orders", "orders.csv"))["store"]["key"]
        report = self.nl("bucket", "rename", "raw-data", "intake", "--json").json
        self.assertEqual((2, 1), (report["tables"], report["cloud_objects"]))
        renamed = self.log("audit")[-1]
        self.assertEqual(("bucket.renamed", "raw-data", "intake"), (renamed["event"], renamed["from"], renamed["to"]))
        for words in ([], ["--full"]):
            self.nl("catalog", "index", *words)
            self.assertEqual(("cloud", ROWS), tuple(self.table("intake.orders")[k] for k in ("tier", "rows")))
            self.assertEqual(before, self.said("intake.orders")[1:])
        self.assertEqual({key: digest}, self.objects())
        self.assertEqual([], self.nl("cloud", "verify", "--full", "--json").json["lost"])
        self.assertEqual([], self.nl("cloud", "orphans", "--json").json["orphans"])
        self.nl("recall", "intake.orders")
        self.assertEqual(digest, sha256(self.bucket("intake", "orders", "orders.csv")))
        self.nl("burst", "intake/orders")
        self.assertEqual(digest, sha256(self.object(stub_of(self.bucket("intake", "orders", "orders.csv"))["store"]["key"])))
        self.nl("doctor")

    def test_a_stub_that_went_makes_no_table_go(self):
        """Removing a stub never removes the object; the index tells that files are gone, and the data comes back."""
        digest = sha256(self.bucket("raw-data", "orders", "orders.csv"))
        self.nl("burst", "raw-data/orders")
        os.unlink(self.bucket("raw-data", "orders", "orders.csv"))
        self.nl("catalog", "index", check=(0, 3, 15))
        self.assertEqual([digest], list(self.objects().values()))
        self.nl("doctor", "--fix", check=None)
        self.nl("recall", "raw-data/orders/orders.csv")
        self.assertEqual(digest, sha256(self.bucket("raw-data", "orders", "orders.csv")))

    def test_a_dropped_file_beside_stubs_joins_its_table(self):
        self.nl("burst", "raw-data/orders")
        write(self.bucket("raw-data", "orders", "more.csv"), "id,zip\n" + "2,54321\n" * 10, age_days=1)
        report = self.nl("catalog", "index", "--json").json
        self.assertEqual(1, report["files_read"])
        self.assertEqual(("mixed", ROWS + 10, 2), tuple(self.table("raw-data.orders")[k] for k in ("tier", "rows", "files")))
        self.assertIn(b"orders.csv", read(self.bucket("raw-data", "orders", "_IN-CLOUD.txt")))


if __name__ == "__main__":
    main()
