# The catalog after damage: what is broken is told and never overwritten, what can be made anew is.
# SPDX-License-Identifier: Apache-2.0
import os

from catalog_lake import CatalogTest
from harness import main, read, write


class Damage(CatalogTest):
    def test_a_damaged_catalog_is_never_overwritten(self):
        self.put("raw-data/a.csv", "id\n1\n")
        self.index()
        write(self.path("catalog", "tables.json"), read(self.path("catalog", "tables.json"))[:-30])
        damaged = read(self.path("catalog", "tables.json"))
        self.put("raw-data/b.csv", "id\n1\n")
        for args in (["catalog", "tables"], ["catalog", "index"]):
            error = self.nl(*args, "--json", check=1).error
            self.assertEqual("corrupt", error["code"])
            self.assertIn("doctor --fix", error["hint"])
            self.assertIn("words of people and lineage come back from a backup or an export only", error["hint"])
        self.assertEqual(damaged, read(self.path("catalog", "tables.json")))
        self.assertIn("bring them back from a backup", self.nl("doctor", "--fix").out)

    def test_a_lost_catalog_is_made_again_without_reading_files(self):
        for i in range(10):
            self.put("raw-data/t/%d.csv" % i, "id\n%d\n" % i)
        self.index()
        before = self.tables()["raw-data.t"]
        os.unlink(self.path("catalog", "tables.json"))
        self.assertEqual(0, self.index()["files_read"])
        after = self.tables()["raw-data.t"]
        self.assertEqual({k: v for k, v in before.items() if k != "indexed_at"},
                         {k: v for k, v in after.items() if k != "indexed_at"})

    def test_a_lost_schema_history_is_told_until_it_begins_again(self):
        for name, text in (("t", "a,b\n1,2\n"), ("u", "a\n1\n"), ("t", "a,b,c\n1,2,3\n")):
            self.put("raw-data/%s.csv" % name, text)
            self.index()
        file = self.path("catalog", "schemas.json")
        kept = read(file)
        os.unlink(file)
        self.assertIn("raw-data.t goes on at version 2", self.nl("catalog", "index", check=3).err)
        self.assertIn("with it the earlier schema versions of all tables are lost", self.nl("doctor", check=1).out)
        self.put("raw-data/u.csv", "a,d\n1,2\n")
        self.assertIn("the schema history of 1 table is lost: raw-data.t goes on", self.nl("catalog", "index", check=3).err)
        self.assertIn("the schema history of 1 table is lost: raw-data.t goes on at version 2", self.nl("doctor", check=1).out)
        self.assertIn("began the schema history of 1 table again", self.nl("doctor", "--fix").out)
        history = self.nl("catalog", "history", "raw-data.t", "--json").json["versions"]
        self.assertEqual([(2, ["a", "b", "c"])], [(v["version"], [c["name"] for c in v["columns"]]) for v in history])
        self.nl("doctor")
        self.put("raw-data/t.csv", "a,b,c,d\n1,2,3,4\n")
        self.index()
        self.assertEqual([2, 3], [v["version"] for v in self.nl("catalog", "history", "raw-data.t", "--json").json["versions"]])
        write(file, kept)
        self.index()

    def test_a_damaged_inventory_is_put_aside_and_made_again(self):
        self.put("raw-data/a.csv", "id\n1\n")
        self.index()
        write(self.path(".neurolake", "inventory"), b"no inventory")
        report = self.index()
        self.assertIn("inventory_damaged", self.findings(report))
        aside = [name for name in os.listdir(self.path(".neurolake")) if ".damaged-" in name]
        self.assertEqual(1, len(aside))
        self.assertEqual(["raw-data.a"], self.names())
        self.assertEqual([], self.index()["changes"])

    def test_damaged_profiles_only_cost_a_second_reading(self):
        self.put("raw-data/t/a.csv", "id\n1\n")
        self.index()
        write(self.path(".neurolake", "profiles"), b"NLPROF2\nrubbish")
        self.put("raw-data/t/b.csv", "id\n2\n")
        self.assertEqual(2, self.index()["files_read"])
        self.assertEqual(2, self.tables()["raw-data.t"]["rows"])


if __name__ == "__main__":
    main()
