# Recall with the real binary: bytes, mode, time and attributes as before, or the stub stays.
# SPDX-License-Identifier: Apache-2.0
# ctest: threads
import os
import stat

from harness import main, read, sha256, write
from tier_lake import TierTest, failnth, stub_of

MIB = 1 << 20


class Recall(TierTest):
    def away(self, name, data, **more):
        self.put("raw-data/" + name, data, **more)
        self.nl("burst", "raw-data/" + name)
        self.assertTrue(stub_of(self.bucket("raw-data", name)))

    def test_a_folder_comes_back_as_it_was(self):
        files = {"orders/a.csv": os.urandom(MIB), "orders/deep/b c.csv": b"x" * 70000, "orders/empty": b""}
        facts = {}
        for name, data in files.items():
            self.put("raw-data/" + name, data, mode=0o640)
            path = self.bucket("raw-data", *name.split("/"))
            try:
                os.setxattr(path, "user.note", b"hello")
            except OSError:
                pass
            status = os.stat(path)
            facts[name] = (sha256(path), status.st_mtime_ns, stat.S_IMODE(status.st_mode), status.st_uid, os.listxattr(path))
        self.nl("burst", "raw-data/orders")
        self.assertEqual(3, len(self.objects()))
        result = self.nl("recall", "raw-data/orders", "--json").json
        self.assertEqual(3, len(result["recalled"]))
        for name, fact in facts.items():
            path = self.bucket("raw-data", *name.split("/"))
            status = os.stat(path)
            self.assertEqual(fact, (sha256(path), status.st_mtime_ns, stat.S_IMODE(status.st_mode), status.st_uid,
                                    os.listxattr(path)))
        self.assertFalse(os.path.exists(self.bucket("raw-data", "orders", "_IN-CLOUD.txt")))
        self.assertEqual(3, len(self.objects()))  # the second copy stays
        self.assertEqual([], self.nl("recall", "raw-data/orders", "--json").json["recalled"])
        self.assert_clean()

    def test_files_of_a_batch_share_the_syncs_of_their_folders(self):
        names = ["d%d/f%d" % (i % 3, i) for i in range(60)]
        for name in names:
            self.put("raw-data/" + name, name.encode() * 100)
        self.nl("burst", "raw-data")
        counted = os.path.join(self.tmp, "counted")
        self.nl("recall", "raw-data", env={"LD_PRELOAD": failnth(), "FAILNTH_COUNT": counted, "FAILNTH_UNDER": self.lake})
        for name in names:
            self.assertEqual(name.encode() * 100, read(self.bucket("raw-data", *name.split("/"))))
        syncs = read(counted).split().count(b"fsync")
        self.assertGreaterEqual(syncs, len(names))  # each download is durable before it takes a name
        self.assertLess(syncs, len(names) + 40)
        self.assert_clean()

    def test_it_refuses_to_pass_the_mark_unless_room_is_made(self):
        for name in ("a.bin", "b.bin"):
            self.away(name, os.urandom(MIB))
        self.nl("recall", "raw-data/b.bin")
        self.set("storage.high", "1536KiB")
        self.assertIn("--make-room", self.nl("recall", "raw-data/a.bin", check=15).err)
        self.assertTrue(stub_of(self.bucket("raw-data", "a.bin")))
        self.nl("recall", "raw-data/a.bin", "--make-room")
        self.assertEqual(MIB, os.path.getsize(self.bucket("raw-data", "a.bin")))
        self.assertTrue(stub_of(self.bucket("raw-data", "b.bin")))

    def test_a_changed_object_is_never_taken_for_the_file(self):
        self.away("a.bin", os.urandom(MIB))
        path = self.object(stub_of(self.bucket("raw-data", "a.bin"))["store"]["key"])
        good = read(path)
        os.chmod(path, 0o644)
        for bad in (good[:-1], good + b"x", good[:1000] + bytes([good[1000] ^ 1]) + good[1001:], b""):
            write(path, bad)
            self.nl("recall", "raw-data/a.bin", check=14)
            self.assertTrue(stub_of(self.bucket("raw-data", "a.bin")))
            self.assert_clean()
        self.nl("recall", "raw-data/a.bin", "--keep-bad", check=14)
        self.assertEqual(1, len(os.listdir(self.path(".neurolake", "staging"))))
        os.unlink(path)
        self.nl("recall", "raw-data/a.bin", check=14)
        write(path, good)
        self.nl("recall", "raw-data/a.bin")
        self.assertEqual(good, read(self.bucket("raw-data", "a.bin")))

    def test_dry_run_and_to(self):
        data = os.urandom(MIB)
        self.away("sub/a.bin", data)
        self.assertIn("sub/a.bin", self.assert_writes_nothing("recall", "raw-data/sub", "--dry-run").out)
        out = os.path.join(self.tmp, "out")
        os.mkdir(out)
        self.nl("recall", "raw-data/sub", "--to", out)
        self.assertEqual(data, read(os.path.join(out, "raw-data", "sub", "a.bin")))
        self.assertTrue(stub_of(self.bucket("raw-data", "sub", "a.bin")))

    def test_all_and_missing_stubs(self):
        data = {name: os.urandom(1000) for name in ("a", "b", "c/d")}
        for name in data:
            self.away(name, data[name])
        os.unlink(self.bucket("raw-data", "a"))
        self.nl("recall", "raw-data/a")  # catalog/cloud.jsonl knows it
        self.nl("recall", "--all")
        for name in data:
            self.assertEqual(data[name], read(self.bucket("raw-data", *name.split("/"))))

    def test_words_that_name_nothing(self):
        self.assertIn("nothing at", self.nl("recall", "raw-data/none", check=1).err)
        self.nl("recall", "no-bucket/x", check=1)
        self.nl("recall", check=2)

    def test_no_set_id_program_comes_out_of_a_stub_that_changed_hands(self):
        if os.getuid() != 0:
            self.skipTest("only root could give files away")
        self.put("raw-data/tool", os.urandom(1000), mode=0o4755)
        self.nl("burst", "raw-data/tool")
        path = self.bucket("raw-data", "tool")
        os.chown(path, 65534, 65534)
        self.nl("recall", "raw-data/tool", check=(0, 3))
        status = os.stat(path)
        self.assertEqual(0o755, stat.S_IMODE(status.st_mode))
        self.assertEqual(65534, status.st_uid)

    def test_names_of_every_kind_make_the_round_trip(self):
        names = ["new\nline", "tab\t", "star*?", "colon:x", "trailing.", "trailing ", "%41", "a%2Fb", "CON", "-dash", "quote\"'",
                 "\u00e9\u4e2d\U0001f600", "x" * 200, "UPPER", "upper"]
        raw = [name.encode() for name in names] + [b"not\xffutf8"]
        folder = os.fsencode(self.bucket("raw-data"))
        data = {}
        for name in raw:
            data[name] = name * 50
            path = os.path.join(folder, b"n", name)
            write(os.fsdecode(path), data[name], age_days=1)
        self.nl("burst", "raw-data/n")
        for name in raw:
            self.assertTrue(stub_of(os.path.join(folder, b"n", name)), name)
        self.assertEqual(len(raw), len(self.objects()))
        self.nl("recall", "raw-data/n")
        for name in raw:
            self.assertEqual(data[name], read(os.fsdecode(os.path.join(folder, b"n", name))))


if __name__ == "__main__":
    main()
