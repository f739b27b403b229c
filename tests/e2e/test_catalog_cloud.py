# The catalog of data that is in the cloud: rows, schema and statistics stay, nothing is read twice, stubs are called stubs.
# SPDX-License-Identifier: Apache-2.0
import os
import shutil

from harness import main, read
from tier_lake import TierTest, stub_of


class CatalogOfCloudData(TierTest):
    def setUp(self):
        super().setUp()
        for month in range(1, 5):
            rows = "".join("%d,%05d,%.2f\n" % (i, i % 99999, i / 4) for i in range(month * 3000))
            self.put("raw-data/orders/month=%02d/a.csv" % month, "id,zip,amount\n" + rows)
        self.put("raw-data/single.csv", "id,name\n1,Ann\n2,Bob\n" + "3,x\n" * 20000)
        self.nl("catalog", "index")

    def facts(self, table):
        """What the catalog says of the data itself, wherever it lies."""
        shown = self.nl("catalog", "show", table, "--json").json["table"]
        return {key: shown[key] for key in ("rows", "rows_exact", "bytes", "files", "columns", "partitions", "schema_version",
                                            "partition_values")}

    def index(self, *args, **more):
        return self.nl("catalog", "index", "--json", *args, **more).json

    def test_rows_schema_and_statistics_stay_through_burst_index_and_recall(self):
        before = {table: self.facts(table) for table in ("raw-data.orders", "raw-data.single")}
        self.nl("burst", "raw-data/single.csv", "raw-data/orders/month=01", "raw-data/orders/month=02")
        self.assertTrue(stub_of(self.bucket("raw-data", "single.csv")))
        for args in ([], ["--full"], ["raw-data"]):
            report = self.index(*args)
            self.assertEqual([], report["changes"], args)
            self.assertEqual(before, {table: self.facts(table) for table in before}, args)
        self.assertEqual("cloud", self.nl("catalog", "show", "single", "--json").json["table"]["tier"])
        self.nl("recall", "--all")
        report = self.index()
        self.assertEqual((0, 0, 5, []), tuple(report[k] for k in ("files_read", "bytes_read", "files_unchanged", "changes")))
        self.assertEqual(before, {table: self.facts(table) for table in before})

    def test_a_new_file_beside_stubs_adds_its_rows_to_theirs(self):
        self.nl("burst", "raw-data/orders")
        self.put("raw-data/orders/month=05/a.csv", "id,zip,amount\n1,00001,2.5\n")
        report = self.index()
        self.assertEqual((1, 5), (report["files_read"], report["files_unchanged"]))
        self.assertEqual((30001, True), tuple(self.facts("raw-data.orders")[key] for key in ("rows", "rows_exact")))

    def test_a_renamed_bucket_and_a_renamed_folder_keep_the_rows_of_stubs(self):
        before = self.facts("raw-data.orders")
        self.nl("burst", "raw-data/orders", "raw-data/single.csv")
        self.nl("bucket", "rename", "raw-data", "landing")
        self.put("landing/orders/month=05/a.csv", "id,zip,amount\n1,00001,2.5\n")
        report = self.index()
        self.assertEqual(1, report["files_read"])
        self.assertEqual(before["rows"] + 1, self.facts("landing.orders")["rows"])
        os.rename(self.bucket("landing", "orders"), self.bucket("landing", "sales"))
        self.assertEqual(0, self.index()["files_read"])
        after = self.facts("landing.sales")
        self.assertEqual((before["rows"] + 1, True), (after["rows"], after["rows_exact"]))

    def test_a_removed_stub_is_told_with_what_is_still_in_the_cloud(self):
        data = self.bucket("raw-data", "orders", "month=02", "a.csv")
        before = read(data)
        self.nl("burst", "raw-data/orders", "raw-data/single.csv")
        os.unlink(self.bucket("raw-data", "single.csv"))
        os.unlink(data)
        result = self.nl("catalog", "index")
        self.assertIn("gone    raw-data.single", result.out)
        self.assertRegex(result.err, r"raw-data/single.csv: its stub was removed, but the data \(.*\) is still in the cloud; "
                                     r"bring it back: neurolake recall raw-data/single.csv\n")
        self.assertIn("bring it back: neurolake recall raw-data/orders/month=02/a.csv\n", result.err)
        self.assertEqual("", self.nl("catalog", "index").err)  # told once
        for line in result.err.splitlines():
            self.nl(*line.split("bring it back: neurolake ")[1].split())
        self.assertEqual(before, read(data))
        self.assertTrue(os.path.exists(self.bucket("raw-data", "single.csv")))
        self.index()
        self.assertEqual(20002, self.facts("raw-data.single")["rows"])

    def test_a_moved_stub_is_not_called_removed(self):
        self.nl("burst", "raw-data/single.csv")
        os.rename(self.bucket("raw-data", "single.csv"), self.bucket("raw-data", "alone.csv"))
        self.assertEqual("", self.nl("catalog", "index").err)
        self.assertEqual(20002, self.facts("raw-data.alone")["rows"])

    def test_copies_of_stubs_are_called_stubs(self):
        self.nl("burst", "raw-data/orders")
        shutil.copytree(self.bucket("raw-data", "orders"), self.bucket("processed", "orders"))
        result = self.nl("catalog", "index")
        self.assertIn("processed.orders  rows unknown", result.out)
        self.assertIn("4 of its files are stubs for data in the cloud", result.out)
        self.assertNotIn("0 rows", result.out)


if __name__ == "__main__":
    main()
