# Stubs, catalog, folders or a store that somebody removed or damaged: what the cloud holds is told and comes back.
# SPDX-License-Identifier: Apache-2.0
import os
import shutil

from harness import main, read, sha256, write
from tier_lake import TierTest, stub_of


class LostTraces(TierTest):
    def setUp(self):
        super().setUp()
        self.digests = {}
        for number in range(5):
            name = "orders/%d.csv" % number
            self.put("raw-data/" + name, "id,amount\n" + "%d,2.5\n" % number * 20000)
            self.digests[name] = sha256(self.bucket("raw-data", name))
        self.nl("catalog", "index")
        self.nl("burst", "raw-data/orders")
        self.assertTrue(all(stub_of(self.bucket("raw-data", name)) for name in self.digests))

    def assert_back(self):
        self.assertEqual(self.digests, {name: sha256(self.bucket("raw-data", name)) for name in self.digests})
        self.assert_clean()

    def path_of(self, number):
        return self.bucket("raw-data", "orders", "%d.csv" % number)

    def test_removed_stubs_come_back_by_folder_table_and_all(self):
        for words in (("raw-data.orders",), ("raw-data/orders",)):
            os.unlink(self.path_of(1))
            self.assertEqual(5, len(self.nl("recall", *words, "--json").json["recalled"]), words)
            self.assert_back()
            self.nl("burst", "raw-data/orders")
        shutil.rmtree(self.bucket("raw-data", "orders"))
        self.assertEqual(5, len(self.nl("recall", "--all", "--json").json["recalled"]))
        self.assert_back()

    def test_a_file_where_a_folder_was_stops_no_other(self):
        self.put("raw-data/other.bin", b"x" * 100000)
        self.nl("burst", "raw-data/other.bin")
        shutil.rmtree(self.bucket("raw-data", "orders"))
        write(self.bucket("raw-data", "orders"), "no folder any more\n")
        result = self.nl("recall", "--all", check=3)
        self.assertIn("raw-data/orders/0.csv", result.err)
        self.assertEqual(b"x" * 100000, read(self.bucket("raw-data", "other.bin")))
        self.assertEqual(b"no folder any more\n", read(self.bucket("raw-data", "orders")))

    def test_a_damaged_stub_is_never_taken_for_data(self):
        with open(self.path_of(2), "ab") as file:
            file.write(b"x")
        os.truncate(self.path_of(3), 100)
        for words in (("doctor",), ("catalog", "index"), ("bucket", "stats", "raw-data"), ("status",)):
            result = self.nl(*words, check=None)
            self.assertIn("2.csv", result.out + result.err, words)
            self.assertIn("damaged", result.out + result.err, words)
        self.assertEqual(3, self.nl("catalog", "index", check=3).rc)  # as long as they lie there
        self.assertEqual(1, self.nl("doctor", check=1).rc)
        os.unlink(self.path(".neurolake", "inventory"))
        self.assertIn("recall raw-data/orders/3.csv", self.nl("doctor", check=1).out)
        result = self.nl("recall", "raw-data/orders", check=3)
        self.assertIn("2.csv", result.err)
        self.assertIn("nl-conflict", result.err)
        self.assertEqual(self.digests, {name: sha256(self.bucket("raw-data", name)) for name in self.digests})

    def test_a_new_file_in_the_place_of_a_stub_is_kept(self):
        os.unlink(self.path_of(0))
        write(self.path_of(0), "id,amount\n9,9\n")
        self.assertEqual(4, len(self.nl("recall", "--all", "--json").json["recalled"]))
        self.assertEqual(b"id,amount\n9,9\n", read(self.path_of(0)))

    def test_a_bucket_whose_stubs_are_lost_is_not_removed(self):
        shutil.rmtree(self.bucket("raw-data", "orders"))
        for words in ((), ("--trash",)):
            self.assertIn("doctor --fix", self.nl("bucket", "remove", "raw-data", *words, check=15).err)
        self.assertEqual(1, self.nl("doctor", check=1).rc)
        self.nl("doctor", "--fix", check=None)
        self.nl("recall", "raw-data")
        self.assert_back()

    def test_stubs_that_were_moved_are_not_lost(self):
        os.rename(self.bucket("raw-data", "orders"), self.bucket("raw-data", "moved"))
        self.nl("catalog", "index")
        self.assertIn("the stub of raw-data/orders/0.csv was moved to raw-data/moved/0.csv", self.nl("doctor").out)
        self.nl("doctor", "--fix")
        self.assertFalse(os.path.exists(self.bucket("raw-data", "orders")))
        told = self.nl("recall", "raw-data/orders", check=3)
        self.assertIn("raw-data/orders/0.csv: its stub was moved to raw-data/moved/0.csv, and 4 more were moved too", told.out + told.err)
        self.assertEqual(5, len(self.nl("recall", "--all", "--json").json["recalled"]))
        for number in range(5):
            self.assertEqual(self.digests["orders/%d.csv" % number], sha256(self.bucket("raw-data", "moved", "%d.csv" % number)))
        self.nl("doctor", "--fix")
        self.assertEqual([], self.nl("recall", "--all", "--json").json["recalled"])
        self.assertFalse(os.path.exists(self.bucket("raw-data", "orders")))
        self.assertEqual(["raw-data.moved"], [t["name"] for t in self.nl("catalog", "tables", "--json").json["tables"]])

    def test_a_bucket_that_was_renamed_by_hand_is_let_go(self):
        os.rename(self.bucket("raw-data"), self.bucket("raw2"))
        self.nl("bucket", "create", "raw2")
        self.nl("catalog", "index", check=None)
        self.nl("bucket", "remove", "raw-data")
        self.assertNotIn("removed bucket", self.nl("doctor").out)
        self.assertEqual(5, len(self.nl("recall", "raw2", "--json").json["recalled"]))

    def test_data_of_a_removed_bucket_is_told_and_comes_back(self):
        self.nl("bucket", "remove", "raw-data", "--trash")
        self.assertIn("5 files of the removed bucket raw-data are still in the cloud", self.nl("doctor").out)
        self.nl("bucket", "create", "raw-data")
        self.nl("doctor", "--fix", check=None)
        self.nl("recall", "raw-data")
        self.assertEqual(self.digests, {name: sha256(self.bucket("raw-data", name)) for name in self.digests})

    def test_a_damaged_catalog_is_mended_and_stands_in_no_recalls_way(self):
        for text in ("{}", '{"schema":"neurolake.tables/1","tables":{}}'):
            write(self.path("catalog", "tables.json"), text)
            result = self.nl("recall", "--all", check=3)
            self.assertIn("catalog", result.err, text)
            self.assert_back()
            self.nl("doctor", "--fix", check=None)
            self.nl("catalog", "index", "--full")
            self.assertIn("raw-data.orders", self.nl("catalog", "tables").out)
            self.nl("burst", "raw-data/orders")

    def test_damaged_state_is_told_and_mended(self):
        state = self.path(".neurolake")
        inventory = read(os.path.join(state, "inventory"))
        for place in range(200, len(inventory), len(inventory) // 7):
            with open(os.path.join(state, "inventory"), "wb") as file:
                file.write(inventory[:place] + bytes([inventory[place] ^ 0x55]) + inventory[place + 1:])
            self.nl("recall", "raw-data/orders/0.csv", check=(0, 3))
            self.nl("catalog", "index", check=(0, 3))
            self.nl("catalog", "index")
            self.nl("doctor")
        for name in ("pins.json", "rename.json"):
            for text in ("{}x", "", "[]"):
                write(os.path.join(state, name), text)
                self.assertIn(name, self.nl("doctor", check=1).out)
                self.nl("recall", "raw-data/orders/1.csv", check=(0, 3))
                self.nl("doctor", "--fix")
                self.assertFalse(os.path.exists(os.path.join(state, name)))
                self.nl("pin", "raw-data/orders")
                self.nl("unpin", "raw-data/orders")
        write(os.path.join(state, "journal", "0123456789abcdef.json"), "junk")
        self.assertIn("0123456789abcdef.json", self.nl("doctor", check=1).out)
        self.nl("recall", "--all")
        os.unlink(os.path.join(state, "journal", "0123456789abcdef.json"))
        self.nl("recall", "--all")
        self.assert_back()

    def test_a_store_that_is_gone_is_exit_12(self):
        self.put("raw-data/new.bin", b"x" * 100000)
        os.rename(self.cloud, self.cloud + "-away")
        for words in (("recall", "--all"), ("cloud", "verify"), ("cloud", "orphans"), ("burst", "raw-data/new.bin"), ("cloud", "test")):
            result = self.nl(*words, check=12)
            self.assertNotIn("each has the SHA-256", result.out)
        os.rename(self.cloud + "-away", self.cloud)
        self.nl("recall", "--all")
        self.assertEqual(self.digests, {name: sha256(self.bucket("raw-data", name)) for name in self.digests})

    def test_status_knows_of_the_last_verify(self):
        self.assertRegex(self.nl("status").out, r"Verified +never")
        self.nl("cloud", "verify", "--sample", "50%")
        self.assertRegex(self.nl("status").out, r"Verified +never")
        self.nl("cloud", "verify")
        self.assertNotRegex(self.nl("status").out, r"Verified +never")

    def test_one_bucket_without_its_folder_does_not_stop_the_others(self):
        self.nl("bucket", "create", "extra")
        os.rmdir(self.bucket("extra"))
        self.put("raw-data/new.bin", b"x" * 100000)
        self.assertIn("extra", self.nl("burst", "raw-data/new.bin").err)
        self.assertIn("extra", self.nl("recall", "--all", check=3).err)
        self.assert_back()
        self.assertIn("extra", self.nl("bucket", "stats").err)
        self.nl("why", "raw-data/new.bin")
        self.assertEqual(3, self.nl("catalog", "index", check=3).rc)
        for words in (("burst", "extra"), ("burst", "--bucket", "extra"), ("recall", "extra"), ("bucket", "stats", "extra")):
            self.nl(*words, check=10)


if __name__ == "__main__":
    main()
