# bucket, ls and put against the real binary: names, adoption, sizes, renames, removal, copying in.
# SPDX-License-Identifier: Apache-2.0
import os
import subprocess

from harness import LakeTest, age, main, read, sha256, tree, tree_hash, write
from jsonschema_lite import check


class Buckets(LakeTest):
    def row(self, name):
        return next(r for r in self.nl("bucket", "list", "--json").json["buckets"] if r["name"] == name)

    def test_create_makes_a_folder_and_registers_what_was_said(self):
        result = self.nl("bucket", "create", "customer-analytics", "--purpose", "Customer behavior analysis", "--tier", "local",
                         "--retention", "365")
        self.assertIn(self.bucket("customer-analytics"), result.out)
        self.assertTrue(os.path.isdir(self.bucket("customer-analytics")))
        row = self.row("customer-analytics")
        self.assertEqual((row["tier"], row["retention_days"], row["purpose"]), ("local", 365, "Customer behavior analysis"))
        self.assertRegex(row["created_at"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        self.assertTrue(row["auto_catalog"])
        self.assertEqual(row["path"], self.bucket("customer-analytics"))

    def test_print_path_prints_only_the_path(self):
        path = self.nl("bucket", "create", "exports", "--print", "path").out
        self.assertEqual(path, self.bucket("exports") + "\n")
        self.assertEqual(self.nl("bucket", "create", "exports", "--print", "path").out, path)

    def test_bad_names_are_refused_with_the_rule(self):
        for name in ("../x", "CON", "a b.", ".hidden", "x" * 64, "ab", "-abc", "abc-", "com1"):
            result = self.nl("bucket", "create", "--", name, check=2)
            self.assertIn("bucket name", result.err)
        self.nl("bucket", "create", "Raw-Data", check=2)
        os.mkdir(self.bucket("Mixed"))
        self.assertIn("case", self.nl("bucket", "create", "mixed", check=2).err)

    def test_creating_again_is_fine_in_the_same_words_only(self):
        self.nl("bucket", "create", "xyz", "--tier", "cloud")
        before = tree_hash(os.path.join(self.lake, "config"))
        self.assertIn("Exists", self.nl("bucket", "create", "xyz", "--tier", "cloud").out)
        self.assertIn("Exists", self.nl("bucket", "create", "xyz").out)
        self.nl("bucket", "create", "xyz", "--tier", "local", check=1)
        self.nl("bucket", "create", "xyz", "--retention", "3", check=1)
        self.assertEqual(tree_hash(os.path.join(self.lake, "config")), before)

    def test_settings_yaml_and_the_users_comments_stay(self):
        settings = os.path.join(self.lake, "config/settings.yaml")
        buckets = os.path.join(self.lake, "config/buckets.yaml")
        before = sha256(settings)
        self.nl("bucket", "create", "one")
        with open(buckets, "a") as file:
            file.write("# mine, keep it\n")
        self.nl("bucket", "create", "two")
        self.nl("bucket", "remove", "one")
        self.assertIn(b"# mine, keep it", read(buckets))
        self.assertIn(b"two", read(buckets))
        self.assertEqual(sha256(settings), before)

    def test_retention_zero_and_unknown_tiers_are_refused(self):
        self.assertIn("-1", self.nl("bucket", "create", "xyz", "--retention", "0", check=2).err)
        self.nl("bucket", "create", "xyz", "--tier", "tape", check=2)
        self.nl("bucket", "set", "raw-data", "retention=0", check=2)
        self.assertFalse(os.path.exists(self.bucket("xyz")))
        self.nl("bucket", "create", "xyz", "--retention", "-1")
        self.assertEqual(self.row("xyz")["retention_days"], -1)

    def test_a_handmade_folder_is_listed_and_adopted(self):
        write(os.path.join(self.bucket("handmade"), "a.csv"), "a\n1\n")
        self.nl("catalog", "index")
        listed = self.nl("bucket", "list")
        self.assertIn("unregistered", listed.out)
        self.assertNotIn("not counted yet", listed.out)  # the registered ones are
        self.assertIn("neurolake bucket create handmade", listed.out)
        self.assertFalse(self.row("handmade")["registered"])
        self.assertIn("adopt", self.nl("bucket", "stats", "handmade", check=1).err)
        self.assertEqual(self.nl("bucket", "create", "handmade", "--json").json["outcome"], "adopted")
        self.assertTrue(self.row("handmade")["registered"])
        self.assertEqual(read(os.path.join(self.bucket("handmade"), "a.csv")), b"a\n1\n")

    def test_stats_count_files_not_folders(self):
        for path, size in (("a.csv", 1000), ("x/b.csv", 500), ("x/y/c.jsonl", 24)):
            write(os.path.join(self.bucket("raw-data"), path), b"z" * size)
        report = self.nl("bucket", "stats", "raw-data", "--json").json
        check(report)
        row = report["buckets"][0]
        self.assertEqual((row["file_count"], row["dir_count"], row["size_bytes"]), (3, 2, 1524))
        self.assertEqual(row["size_gb"], 1524 / 2**30)
        self.assertEqual(row["by_format"]["csv"], {"files": 2, "bytes": 1500})
        self.assertEqual([f["path"] for f in row["largest"]], ["a.csv", "x/b.csv", "x/y/c.jsonl"])
        self.assertEqual(report["total"]["file_count"], 3)

    def test_the_card_line_has_size_files_and_tier(self):
        for number in range(1234):
            write(os.path.join(self.bucket("raw-data"), "f%d" % number), b"x")
        self.assertIn("1.2 KiB · 1,234 files · Tier: LOCAL", self.nl("bucket", "stats", "raw-data").out)
        plain = self.nl("bucket", "stats", "raw-data", env={"LC_ALL": "C"}).out
        self.assertIn("1.2 KiB - 1,234 files - Tier: LOCAL", plain)

    def test_an_unknown_bucket_gets_a_suggestion(self):
        result = self.nl("bucket", "stats", "raw-dat", check=1)
        self.assertIn("did you mean raw-data?", result.err)

    def test_cached_stats_come_from_the_last_index(self):
        write(os.path.join(self.bucket("raw-data"), "a.csv"), "a\n1\n")
        age(self.bucket("raw-data"), seconds=60)
        self.nl("bucket", "stats", "raw-data", "--cached", check=1)
        self.nl("catalog", "index")
        write(os.path.join(self.bucket("raw-data"), "b.csv"), "a\n1\n")
        cached = self.nl("bucket", "stats", "raw-data", "--cached", "--json").json
        check(cached)
        self.assertEqual(cached["buckets"][0]["file_count"], 1)
        self.assertEqual(self.nl("bucket", "stats", "raw-data", "--json").json["buckets"][0]["file_count"], 2)
        self.assertEqual(self.row("raw-data")["file_count"], 1)

    def test_set_changes_one_value_and_shows_it(self):
        self.nl("bucket", "set", "raw-data", "purpose=Raw: it's # here", "tier=pinned")
        row = self.nl("bucket", "show", "raw-data", "--json").json
        check(row)
        self.assertEqual((row["bucket"]["purpose"], row["bucket"]["tier"]), ("Raw: it's # here", "pinned"))
        self.assertEqual(row["bucket"]["retention_days"], 90)
        self.assertIn("did you mean purpose?", self.nl("bucket", "set", "raw-data", "porpose=x", check=2).err)

    def test_rename_keeps_files_settings_and_tables(self):
        write(os.path.join(self.bucket("raw-data"), "orders.csv"), "id\n1\n2\n")
        age(self.bucket("raw-data"), seconds=60)
        self.nl("catalog", "index")
        result = self.nl("bucket", "rename", "raw-data", "intake", "--json")
        check(result.json)
        self.assertEqual(result.json["tables"], 1)
        row = self.row("intake")
        self.assertEqual((row["retention_days"], row["file_count"]), (90, 1))
        self.assertTrue(os.path.isfile(os.path.join(self.bucket("intake"), "orders.csv")))
        self.assertFalse(os.path.exists(self.bucket("raw-data")))
        names = [t["name"] for t in self.nl("catalog", "tables", "--json").json["tables"]]
        self.assertEqual(names, ["intake.orders"])
        self.nl("catalog", "index")
        self.assertEqual([t["name"] for t in self.nl("catalog", "tables", "--json").json["tables"]], ["intake.orders"])
        self.nl("bucket", "rename", "intake", "archive", check=1)
        self.nl("bucket", "rename", "nothing", "else-where", check=1)

    def test_a_killed_rename_is_finished_by_running_it_again(self):
        write(os.path.join(self.bucket("raw-data"), "orders.csv"), "id\n1\n")
        age(self.bucket("raw-data"), seconds=60)
        self.nl("catalog", "index")
        # The state after a kill between the folder's move and the settings' change.
        write(os.path.join(self.lake, ".neurolake/rename.json"),
              '{"schema":"neurolake.rename/1","from":"raw-data","to":"intake"}\n')
        os.rename(self.bucket("raw-data"), self.bucket("intake"))
        self.nl("bucket", "rename", "raw-data", "intake")
        self.assertEqual(self.row("intake")["retention_days"], 90)
        self.assertTrue(os.path.isfile(os.path.join(self.bucket("intake"), "orders.csv")))
        self.assertEqual([t["name"] for t in self.nl("catalog", "tables", "--json").json["tables"]], ["intake.orders"])
        self.nl("bucket", "rename", "intake", "raw-data")

    def test_what_cannot_be_audited_is_not_done(self):
        log = os.path.join(self.lake, "logs", "audit.log")
        os.rename(log, log + ".kept")
        os.mkdir(log)
        before = tree(os.path.join(self.lake, "config"))
        for words in (("bucket", "create", "xyz"), ("bucket", "rename", "raw-data", "xyz"), ("bucket", "remove", "analytics"),
                      ("bucket", "set", "raw-data", "tier=cloud"), ("config", "set", "storage.high", "1GB")):
            self.assertIn("nothing was changed", self.nl(*words, check=1).err)
        self.assertEqual(before, tree(os.path.join(self.lake, "config")))
        self.assertFalse(os.path.exists(self.bucket("xyz")))

    def test_a_killed_rename_is_finished_by_whatever_runs_next(self):
        write(os.path.join(self.bucket("raw-data"), "orders.csv"), "id\n1\n")
        age(self.bucket("raw-data"), seconds=60)
        self.nl("catalog", "index")
        identity = self.nl("catalog", "show", "raw-data.orders", "--json").json["table"]["id"]
        old, new = "raw-data", "intake"
        for words in (("status",), ("doctor",), ("doctor", "--fix"), ("catalog", "index"), ("bucket", "list"), ("config", "show")):
            write(os.path.join(self.lake, ".neurolake/rename.json"),
                  '{"schema":"neurolake.rename/1","from":"%s","to":"%s"}\n' % (old, new))
            os.rename(self.bucket(old), self.bucket(new))
            self.assertIn("finished the rename of bucket %s to %s" % (old, new), self.nl(*words).err, words)
            self.assertEqual(self.row(new)["retention_days"], 90)
            self.assertFalse(os.path.exists(self.bucket(old)))
            self.assertEqual(identity, self.nl("catalog", "show", new + ".orders", "--json").json["table"]["id"])
            old, new = new, old
        # Where somebody made the folder again, nothing is guessed, and other work goes on.
        write(os.path.join(self.lake, ".neurolake/rename.json"),
              '{"schema":"neurolake.rename/1","from":"%s","to":"%s"}\n' % (old, new))
        os.rename(self.bucket(old), self.bucket(new))
        os.mkdir(self.bucket(old))
        self.assertIn("both folders are there", self.nl("bucket", "list").err)
        os.rmdir(self.bucket(old))
        self.nl("bucket", "list")
        self.assertEqual(self.row(new)["retention_days"], 90)

    def test_a_full_bucket_is_only_removed_to_the_trash(self):
        write(os.path.join(self.bucket("analytics"), "deep/a.csv"), "a\n1\n")
        before = tree(self.bucket("analytics"))
        self.assertIn("--trash", self.nl("bucket", "remove", "analytics", check=15).err)
        self.assertEqual(tree(self.bucket("analytics")), before)
        result = self.nl("bucket", "remove", "analytics", "--trash", "--json").json
        check(result)
        kept = os.path.join(self.lake, ".neurolake/trash", result["trash"], "data")
        self.assertEqual(tree(kept), before)
        self.assertNotIn("analytics", self.nl("ls", "--buckets").out.split())
        self.nl("bucket", "remove", "processed")
        self.assertFalse(os.path.exists(self.bucket("processed")))

    def test_dry_runs_write_nothing(self):
        write(os.path.join(self.bucket("raw-data"), "a.csv"), "a\n1\n")
        source = write(os.path.join(self.tmp, "b.csv"), "a\n1\n")
        before = tree_hash(self.lake)
        for words in (("bucket", "create", "xyz"), ("bucket", "set", "raw-data", "tier=cloud"), ("bucket", "rename", "raw-data", "xyz"),
                      ("bucket", "remove", "raw-data", "--trash"), ("put", source, "raw-data"), ("put", "--move", source, "raw-data")):
            self.assertNotEqual(self.nl(*words, "--dry-run").out, "", words)
            self.assertEqual(tree_hash(self.lake), before, words)
        self.nl("bucket", "set", "nothing", "tier=cloud", "--dry-run", check=1)
        self.assertEqual(tree_hash(self.lake), before)
        self.assertTrue(os.path.exists(source))

    def test_a_bucket_elsewhere_is_guarded_by_its_marker(self):
        disk = os.path.join(self.tmp, "disk")
        os.mkdir(disk)
        self.nl("bucket", "create", "big", "--path", disk)
        write(os.path.join(disk, "a.csv"), "a\n1\n")
        self.assertEqual(self.nl("bucket", "stats", "big", "--json").json["buckets"][0]["file_count"], 1)
        os.rename(disk, disk + "-unmounted")
        os.mkdir(disk)
        self.nl("bucket", "stats", "big", check=10)
        self.nl("put", __file__, "big", check=10)
        self.assertEqual(os.listdir(disk), [])

    def test_every_bucket_json_fits_its_schema(self):
        for words in (("bucket", "list"), ("bucket", "show", "archive"), ("bucket", "stats"), ("bucket", "create", "xyz"),
                      ("bucket", "set", "xyz", "tier=cloud"), ("bucket", "rename", "xyz", "xyz2"), ("bucket", "remove", "xyz2"),
                      ("ls",), ("version",)):
            check(self.nl(*words, "--json").json)

    def test_two_hundred_buckets_are_listed(self):
        lines = ["buckets:\n"]
        for number in range(195):
            os.mkdir(self.bucket("b-%03d" % number))
            if number % 2:
                lines.append("  b-%03d:\n    tier: local\n    purpose: number %d\n" % (number, number))
        write(self.path("config", "buckets.yaml"), "".join(lines))
        rows = self.nl("bucket", "list", "--json").json["buckets"]
        self.assertEqual((200, 102), (len(rows), len([row for row in rows if row["registered"]])))
        self.assertEqual("number 101", self.row("b-101")["purpose"])

    def test_the_purpose_is_shown_wherever_a_bucket_is(self):
        self.nl("bucket", "create", "xyz", "--purpose", "Till receipts of the south")
        for words in (["bucket", "list"], ["bucket", "show", "xyz"], ["bucket", "stats", "xyz"]):
            self.assertIn("Till receipts of the south", self.nl(*words).out, words)
        self.nl("bucket", "set", "xyz", "purpose=Of the north")
        for words in (["bucket", "list"], ["bucket", "show", "xyz"], ["bucket", "stats", "xyz"]):
            shown = self.nl(*words).out
            self.assertIn("Of the north", shown, words)
            self.assertNotIn("south", shown, words)

    def test_the_list_names_tier_retention_files_size_cloud_and_purpose(self):
        heading = self.nl("bucket", "list").out.splitlines()[0]
        for word in ("NAME", "TIER", "RETENTION", "FILES", "SIZE", "CLOUD", "PURPOSE"):
            self.assertIn(word, heading.upper())

    def test_the_day_of_creation_survives_edits_renames_and_copies(self):
        self.nl("bucket", "create", "xyz", "--now", "2024-05-06T07:08:09Z")
        born = self.row("xyz")["created_at"]
        self.nl("bucket", "set", "xyz", "tier=cloud", "retention=9", "purpose=other")
        self.nl("bucket", "create", "xyz")
        self.assertEqual(born, self.row("xyz")["created_at"])
        self.nl("bucket", "rename", "xyz", "zyx")
        self.assertEqual(born, self.row("zyx")["created_at"])
        copy = os.path.join(self.tmp, "copy")
        subprocess.run(["cp", "-r", self.lake, copy], check=True)
        rows = self.nl("bucket", "list", "--json", lake=copy).json["buckets"]
        self.assertEqual([born], [row["created_at"] for row in rows if row["name"] == "zyx"])



class Listing(LakeTest):
    def test_local_files_are_what_find_sees(self):
        for name in ("raw-data/a.csv", "raw-data/deep/er/b.csv", "archive/c d.txt", "hand/made.csv", "raw-data/.hidden"):
            write(self.bucket(name), b"x")
        found = subprocess.run(["find", ".", "-type", "f"], cwd=os.path.join(self.lake, "buckets"), stdout=subprocess.PIPE, check=True)
        wanted = sorted(line[2:] for line in found.stdout.decode().splitlines())
        self.assertEqual(sorted(self.nl("ls", "--local").out.splitlines()), wanted)
        self.assertEqual(self.nl("ls", "--cloud").out, "")

    def test_names_with_newlines_survive_nul_separation(self):
        name = os.fsencode(self.bucket("raw-data")) + b"/a\nb\xff.csv"
        write(name, b"x")
        out = self.nl("ls", "-0", "raw-data").out_bytes
        self.assertEqual(out, b"raw-data/a\nb\xff.csv\0")
        row = self.nl("ls", "raw-data", "--json").json["files"][0]
        self.assertIn("path_b64", row)

    def test_a_folder_a_file_and_a_missing_path(self):
        write(self.bucket("raw-data/x/a.csv"), b"1")
        write(self.bucket("raw-data/y/b.csv"), b"1")
        self.assertEqual(self.nl("ls", "raw-data/x").out, "raw-data/x/a.csv\n")
        self.assertEqual(self.nl("ls", "raw-data/x/a.csv").out, "raw-data/x/a.csv\n")
        self.assertEqual(self.nl("ls", "./x", cwd=self.bucket("raw-data")).out, "raw-data/x/a.csv\n")
        self.assertEqual(self.nl("ls", self.bucket("raw-data/x")).out, "raw-data/x/a.csv\n")
        self.nl("ls", "raw-data/z", check=1)
        self.nl("ls", "/etc", check=2)
        self.nl("ls", "raw-data/../../config", check=2)

    def test_jsonl_streams_one_object_a_line(self):
        for name in "abc":
            write(self.bucket("raw-data/" + name), b"12345")
        rows = self.nl("ls", "--jsonl").jsonl
        self.assertEqual([(r["path"], r["bytes"], r["tier"]) for r in rows],
                         [("raw-data/" + name, 5, "local") for name in "abc"])

    def test_links_are_not_followed(self):
        os.symlink("/etc", self.bucket("raw-data/link"))
        self.assertEqual(self.nl("ls").out, "")
        self.nl("ls", "raw-data/link", check=(1, 2))


class Putting(LakeTest):
    def setUp(self):
        super().setUp()
        self.source = write(os.path.join(self.tmp, "in.csv"), b"a,b\n1,2\n")

    def test_a_file_goes_into_a_bucket_a_folder_or_under_a_name(self):
        self.nl("put", self.source, "raw-data")
        self.nl("put", self.source, "raw-data/new/folder/")
        self.nl("put", self.source, "raw-data/new/other.csv")
        for name in ("in.csv", "new/folder/in.csv", "new/other.csv"):
            self.assertEqual(read(self.bucket("raw-data/" + name)), read(self.source))
        self.assertTrue(os.path.exists(self.source))

    def test_nothing_is_overwritten_unless_told_and_then_the_old_one_is_kept(self):
        self.nl("put", self.source, "raw-data")
        write(self.source, b"other")
        self.nl("put", self.source, "raw-data", check=1)
        self.assertEqual(read(self.bucket("raw-data/in.csv")), b"a,b\n1,2\n")
        report = self.nl("put", self.source, "raw-data", "--overwrite", "--json").json
        check(report)
        self.assertTrue(report["put"][0]["replaced"])
        self.assertEqual(read(self.bucket("raw-data/in.csv")), b"other")
        trash = os.path.join(self.lake, ".neurolake/trash")
        kept = [os.path.join(trash, name) for name in os.listdir(trash)]
        self.assertEqual([read(os.path.join(entry, "data")) for entry in kept], [b"a,b\n1,2\n"])
        self.assertIn(b'"raw-data/in.csv"', read(os.path.join(kept[0], "record.json")))

    def test_move_removes_the_source_and_keeps_bytes_time_and_mode(self):
        age(self.source, days=3)
        os.chmod(self.source, 0o640)
        before = os.stat(self.source)
        digest = sha256(self.source)
        report = self.nl("put", self.source, "raw-data", "--move", "--json").json
        self.assertEqual(report["put"][0]["sha256"], digest)
        self.assertFalse(os.path.exists(self.source))
        after = os.stat(self.bucket("raw-data/in.csv"))
        self.assertEqual((after.st_mtime_ns, after.st_mode), (before.st_mtime_ns, before.st_mode))

    def test_lists_come_from_standard_input(self):
        names = [write(os.path.join(self.tmp, name), name.encode()) for name in ("one", "two words", "new\nline-free"[:3] + "x")]
        self.nl("put", "-", "raw-data/list/", input="".join(name + "\n" for name in names))
        self.nl("put", "--from0", "raw-data/nul/", input="".join(name + "\0" for name in names))
        self.assertEqual(len(os.listdir(self.bucket("raw-data/list"))), 3)
        self.assertEqual(len(os.listdir(self.bucket("raw-data/nul"))), 3)

    def test_among_several_the_failed_one_is_named_and_the_rest_stands(self):
        result = self.nl("put", self.source, os.path.join(self.tmp, "nope"), "raw-data", check=3)
        self.assertIn("nope", result.err)
        self.assertTrue(os.path.exists(self.bucket("raw-data/in.csv")))

    def test_names_that_are_the_lakes_own_are_refused(self):
        for target in ("raw-data/_IN-CLOUD.txt", "raw-data/.neurolake-bucket", "raw-data/a\nb"):
            self.nl("put", self.source, target, check=2)
        self.nl("put", self.source, "../x", check=2)
        self.nl("put", self.source, "nothing/x", check=1)
        self.assertEqual(os.listdir(self.bucket("raw-data")), [])

    def test_each_change_is_in_the_audit_log(self):
        self.nl("bucket", "create", "xyz")
        self.nl("put", self.source, "xyz")
        events = [line["event"] for line in self.log("audit")]
        self.assertEqual(events[-2:], ["bucket.created", "file.put"])
        put = self.log("audit")[-1]
        self.assertEqual((put["path"], put["sha256"], put["cmd"], put["rc"]), ("xyz/in.csv", sha256(self.source), "put", 0))
        for key in ("ts", "lake", "user", "host", "pid", "ms", "prev"):
            self.assertIn(key, put)


if __name__ == "__main__":
    main()
