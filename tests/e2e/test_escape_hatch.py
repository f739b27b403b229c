# The way out: all data comes back with a shell script, without this program.
# SPDX-License-Identifier: Apache-2.0
import os
import subprocess

from harness import main, read, write
from tier_lake import QuickTest


class EscapeHatch(QuickTest):
    def setUp(self):
        super().setUp()
        self.store = os.path.join(self.tmp, "store")
        os.mkdir(self.store)
        self.set("hybrid_storage.cloud_provider", "directory")
        self.set("hybrid_storage.directory", self.store)
        self.files = {"raw-data/orders/it's.csv": b"a,b\n" + b"1,2\n" * 30000, "raw-data/orders/b c.csv": b"a,b\n" + b"3,4\n" * 30000}
        for name, data in self.files.items():
            self.put(name, data, age_days=3)
        self.times = {name: os.stat(self.bucket(name)).st_mtime for name in self.files}
        self.nl("burst", "raw-data/orders")
        self.assertEqual(self.nl("ls", "--local", "raw-data/orders").out, "")
        self.script = write(os.path.join(self.tmp, "restore.sh"), self.nl("escape-hatch").out)

    def restore(self, *words, check=0):
        env = {"PATH": "/usr/bin:/bin"}
        run = subprocess.run(["sh", self.script, *words], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertEqual(run.returncode, check, run.stderr)
        return run

    def test_every_file_comes_back_bit_for_bit(self):
        self.restore()
        for name, data in self.files.items():
            self.assertEqual(read(self.bucket(name)), data)
            self.assertEqual(int(os.stat(self.bucket(name)).st_mtime), int(self.times[name]))
        self.restore()

    def test_what_is_here_already_is_left_alone(self):
        mine = self.bucket("raw-data/orders/it's.csv")
        os.unlink(mine)
        write(mine, b"mine")
        self.restore()
        self.assertEqual(read(mine), b"mine")

    def test_a_damaged_object_is_named_and_not_put_in_place(self):
        for folder, _, names in os.walk(self.store):
            for name in names:
                if name == "b c.csv":
                    os.chmod(os.path.join(folder, name), 0o600)
                    write(os.path.join(folder, name), b"damaged")
        run = self.restore(check=1)
        self.assertIn(b"b c.csv", run.stderr)
        self.assertEqual(read(self.bucket("raw-data/orders/it's.csv")), self.files["raw-data/orders/it's.csv"])
        self.assertNotEqual(read(self.bucket("raw-data/orders/b c.csv")), b"damaged")

    def test_a_copy_of_the_lake_is_restored_at_its_own_place(self):
        copy = os.path.join(self.tmp, "copy")
        os.mkdir(copy)
        self.restore(copy)
        for name, data in self.files.items():
            self.assertEqual(read(os.path.join(copy, "buckets", name)), data)


if __name__ == "__main__":
    main()
