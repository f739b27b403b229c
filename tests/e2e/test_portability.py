# A lake can be moved, copied, read without us, and is never mistaken for an empty mount point.
# SPDX-License-Identifier: Apache-2.0
import os
import subprocess
import zipfile

from harness import digest_of, main, need, read, remove_tree, run, sha256, tree, write
from tier_lake import QuickTest


class PortableLake(QuickTest):
    def setUp(self):
        super().setUp()
        self.cloud = os.path.join(self.tmp, "cloud")
        os.mkdir(self.cloud)
        for name in ("orders", "customers"):
            for month in range(3):
                self.put("raw-data/%s/%02d.csv" % (name, month + 1), "id,v\n" + "1,%s\n" % name * 20000, age_days=30 + month)
        self.nl("catalog", "index")

    def use_cloud_folder(self):
        self.set("hybrid_storage.cloud_provider", "directory")
        self.set("hybrid_storage.directory", self.cloud)

    def burst_orders(self):
        self.use_cloud_folder()
        self.nl("burst", "raw-data/orders")

    def facts(self, lake):
        """What must be equal wherever the lake lies."""
        tables = self.nl("catalog", "tables", "--json", lake=lake).json["tables"]
        buckets = self.nl("bucket", "list", "--json", lake=lake).json["buckets"]
        return ([(t["name"], t["rows"], t["bytes"], t["tier"], t["columns"]) for t in tables],
                [(b["name"], b["tier"], b["retention_days"], b["file_count"], b["size_bytes"], b["cloud_bytes"]) for b in buckets])


class Moving(PortableLake):
    def test_a_moved_lake_is_the_same_lake(self):
        self.burst_orders()
        before = self.facts(self.lake)
        elsewhere = os.path.join(self.tmp, "Mein Lager", "\u65e5\u672c", "lake")
        os.makedirs(os.path.dirname(elsewhere))
        os.rename(self.lake, elsewhere)
        self.nl("status", lake=elsewhere)
        self.assertEqual(before, self.facts(elsewhere))
        self.nl("recall", "raw-data/orders", lake=elsewhere)
        self.nl("catalog", "index", lake=elsewhere)
        self.nl("doctor", lake=elsewhere)

    def test_no_file_of_the_lake_knows_where_the_lake_lies(self):
        self.burst_orders()
        self.nl("recall", "raw-data/orders/01.csv")
        self.nl("status")
        for folder, _, files in os.walk(self.lake):
            for name in files:
                with open(os.path.join(folder, name), "rb") as file:
                    self.assertNotIn(os.fsencode(self.lake), file.read(), os.path.join(folder, name))

    def test_a_zip_opens_at_another_path(self):
        before = self.facts(self.lake)
        archive = os.path.join(self.tmp, "lake.zip")
        with zipfile.ZipFile(archive, "w") as out:
            for folder, folders, files in os.walk(self.lake):
                for name in folders + files:
                    full = os.path.join(folder, name)
                    out.write(full, os.path.relpath(full, self.lake))
        elsewhere = os.path.join(self.tmp, "unzipped")
        with zipfile.ZipFile(archive) as source:
            source.extractall(elsewhere)
        self.assertEqual(before, self.facts(elsewhere))

    def test_a_copy_with_cp_is_a_whole_lake(self):
        copy = os.path.join(self.tmp, "copy")
        subprocess.run(["cp", "-r", self.lake, copy], check=True)
        self.nl("doctor", lake=copy)
        self.assertEqual(self.facts(self.lake), self.facts(copy))

    def test_a_copy_by_someone_who_cannot_read_stubs_is_whole_after_a_fix(self):
        self.burst_orders()
        uid = self.as_nobody()
        os.chmod(self.cloud, 0o777)
        subprocess.run(["chown", "-R", str(uid), self.cloud], check=True)
        copy = os.path.join(self.tmp, "copy")
        os.mkdir(copy)
        os.chown(copy, uid, uid)
        copied = run(["cp", "-r", self.lake + "/.", copy], uid=uid, env={"PATH": os.environ["PATH"], "LC_ALL": "C"})
        self.assertEqual(1, copied.rc, copied)
        for month in ("01", "02", "03"):
            self.assertIn("orders/%s.csv" % month, copied.err)
        self.nl("doctor", "--fix", lake=copy, uid=uid, check=(0, 1))
        self.nl("doctor", lake=copy, uid=uid)
        self.nl("recall", "raw-data/orders", lake=copy, uid=uid, check=(0, 3))  # 3: the owner was root
        for month in ("01", "02", "03"):
            self.assertEqual("id,v\n" + "1,orders\n" * 20000, read(os.path.join(copy, "buckets/raw-data/orders/%s.csv" % month)).decode())

    def test_readable_stubs_let_an_ordinary_cp_succeed(self):
        self.set("burst.stub", "readable")
        self.burst_orders()
        uid = self.as_nobody()
        copy = os.path.join(self.tmp, "copy")
        os.mkdir(copy)
        os.chown(copy, uid, uid)
        # The private state folder belongs to the same user, so only stubs could stop cp.
        self.assertEqual(0, run(["cp", "-r", self.lake + "/.", copy], uid=uid, env={"PATH": os.environ["PATH"]}).rc)


class WithoutUs(PortableLake):
    def test_data_files_are_plain_files_under_their_names(self):
        listed = self.nl("ls", "--local", "-0").out.split("\0")[:-1]
        found = []
        for folder, _, files in os.walk(self.path("buckets")):
            found += [os.path.relpath(os.path.join(folder, name), self.path("buckets")) for name in files]
        self.assertEqual(sorted(found), sorted(listed))
        self.burst_orders()
        listed = self.nl("ls", "--local", "-0").out.split("\0")[:-1]
        self.assertEqual(sorted(name for name in found if "orders" not in name), sorted(listed))

    def test_a_bursted_file_comes_back_with_the_restore_script_alone(self):
        wanted = {name: sha256(self.bucket("raw-data", "orders", name)) for name in ("01.csv", "02.csv", "03.csv")}
        self.burst_orders()
        script = self.nl("escape-hatch").out
        target = os.path.join(self.tmp, "rescued")
        os.mkdir(target)
        write(os.path.join(self.tmp, "restore.sh"), script)
        done = run(["sh", os.path.join(self.tmp, "restore.sh"), target], env={"PATH": os.environ["PATH"]}, cwd=self.tmp)
        self.assertEqual(0, done.rc, done)
        for name, digest in wanted.items():
            self.assertEqual(digest, sha256(os.path.join(target, "buckets", "raw-data", "orders", name)))

    def test_the_object_in_a_folder_store_is_the_plain_file(self):
        wanted = sha256(self.bucket("raw-data", "orders", "01.csv"))
        self.burst_orders()
        found = [digest_of(os.path.join(folder, name)) for folder, _, files in os.walk(self.cloud) for name in files if name == "01.csv"]
        self.assertEqual([wanted], found)

    def test_no_packet_leaves_without_a_configured_cloud(self):
        need("strace")
        trace = os.path.join(self.tmp, "trace")
        self.use_cloud_folder()
        self.put("raw-data/more.csv", "a,b\n1,2\n")
        for words in (["status"], ["catalog", "index"], ["doctor"], ["burst", "raw-data/orders"], ["recall", "raw-data/orders"],
                      ["bucket", "stats"], ["version"]):
            done = run(["strace", "-f", "-qq", "-o", trace, "-e", "trace=socket,connect,sendto,sendmsg", self.binary, *words],
                       env=self.environment(), cwd=self.tmp)
            self.assertEqual(0, done.rc, done)
            for line in read(trace).decode().splitlines():
                if "AF_INET" in line or "AF_NETLINK" in line:
                    self.fail("%s opens the network: %s" % (words, line))


class Guards(PortableLake):
    def test_a_vanished_marker_is_no_lake_and_nothing_is_touched(self):
        os.rename(self.path(".neurolake", "lake.json"), os.path.join(self.tmp, "marker"))
        before = tree(self.lake)
        for words in (["catalog", "index"], ["burst"], ["recall", "raw-data/orders"], ["status"], ["bucket", "list"]):
            result = self.nl(*words, check=10)
            self.assertIn("marker", result.err)
        self.assert_same_tree(before, self.lake)

    def test_an_empty_folder_with_the_lakes_name_is_no_lake(self):
        os.rename(self.lake, self.lake + "-unmounted")
        self.nl("catalog", "index", check=10)
        os.mkdir(self.lake)
        self.nl("catalog", "index", check=10)
        self.nl("burst", check=10)
        self.assertEqual([], os.listdir(self.lake))

    def test_a_bucket_on_an_unmounted_disk_stops_the_index(self):
        disk = os.path.join(self.tmp, "disk")
        os.mkdir(disk)
        write(self.path("config", "buckets.yaml"), "buckets:\n  far-away:\n    path: %s\n    tier: local\n" % disk)
        self.nl("bucket", "create", "far-away")
        for number in range(6):
            write(os.path.join(disk, "%d.csv" % number), "a\n1\n", age_days=2)
        self.nl("catalog", "index")
        catalog = tree(self.path("catalog"))
        os.rename(disk, disk + "-gone")
        self.nl("catalog", "index", check=10)
        os.mkdir(disk)
        self.assertIn("far-away", self.nl("catalog", "index", check=10).err)
        self.assert_same_tree(catalog, self.path("catalog"))
        os.rmdir(disk)
        os.rename(disk + "-gone", disk)
        self.nl("catalog", "index")

    def test_most_files_gone_is_a_guard_until_a_person_has_looked(self):
        for number in range(20):
            self.put("raw-data/many/%02d.csv" % number, "a\n%d\n" % number)
        self.nl("catalog", "index")
        state = tree(self.path("catalog"))
        inventory = read(self.path(".neurolake", "inventory"))
        for number in range(14):
            os.unlink(self.bucket("raw-data", "many", "%02d.csv" % number))
        remove_tree(self.bucket("raw-data", "customers"))
        result = self.nl("catalog", "index", check=15)
        self.assertIn("--accept-shrink", result.err)
        self.assert_same_tree(state, self.path("catalog"))
        self.assertEqual(inventory, read(self.path(".neurolake", "inventory")))
        self.use_cloud_folder()
        self.nl("burst", "raw-data/orders", check=15)
        self.assertEqual([], [name for name in os.listdir(self.cloud) if not name.startswith(".")])
        self.nl("catalog", "index", "--accept-shrink")
        self.nl("catalog", "index")


if __name__ == "__main__":
    main()
