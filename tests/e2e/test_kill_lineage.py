# kill -9 before every call of a change of the lineage: afterwards it is the old one or the new one, and the next run goes on.
# SPDX-License-Identifier: Apache-2.0
# ctest: kill
import json
import os

from harness import main, write
from kill_lake import PointTest, Stage
from tier_lake import leftovers

FILES = {"customers/a.csv": b"id,v\n1,2\n", "orders/a.csv": b"id,v\n3,4\n"}
EVENTS = [{"eventType": "COMPLETE", "eventTime": "2026-11-22T08:00:%02dZ" % i, "producer": "https://x/y", "schemaURL": "https://x/y",
           "run": {"runId": "00000000-0000-4000-8000-%012d" % i}, "job": {"namespace": "etl", "name": "job %d" % (i % 3)},
           "inputs": [{"namespace": "s3://b", "name": "in %d" % i}], "outputs": [{"namespace": "neurolake", "name": "raw-data.orders"}]}
          for i in range(20)]


class Lineage(PointTest):
    def setUp(self):
        super().setUp()
        self.stage = Stage(self.folder, FILES)
        self.stage.settings = lambda copy: []
        self.nl("catalog", "index")
        self.nl("lineage", "add", "--in", "s3://b/before", "--out", "raw-data.customers", "--job", "first")

    def nl(self, *words, copy=None):
        return self.stage.nl(copy or self.stage.base, *words)

    def graph(self, copy):
        value = json.loads(self.nl("lineage", "export", "--format", "json", copy=copy).stdout)
        return (sorted((e["from"], e["to"], e.get("job"), e["count"]) for e in value["edges"]), sorted(j["name"] for j in value["jobs"]),
                sorted(r["run"] for r in value["runs"]))

    def old_or_new(self, words, again=None):
        old = self.graph(self.stage.base)
        done = self.stage.copy("done")
        self.nl(*words, copy=done)
        new = self.graph(done)
        self.assertNotEqual(old, new)
        self.stage.lost = lambda copy: [] if self.graph(copy) in (old, new) else ["a graph that is neither the old nor the new one"]

        def whole(copy):
            now = self.graph(copy)
            problems = [] if again or now in (new, (sorted(self.twice(new[0], old[0])), *new[1:])) else ["after all: %s" % (now,)]
            problems += ["left: " + name for name in leftovers(os.path.join(copy, "lake"))]
            self.nl("doctor", copy=copy)
            return "; ".join(problems)

        self.each_point(self.stage, list(words), whole, again=again, accept=(0, 1) if again is None else (0,))

    @staticmethod
    def twice(new, old):
        """What was added before the kill counts once more by the run after it."""
        return [(*edge[:3], edge[3] + 1) if edge not in old else edge for edge in new]

    def test_add(self):
        self.old_or_new(("lineage", "add", "--in", "raw-data.customers", "--out", "raw-data.orders", "--job", "nightly"))

    def test_import(self):
        file = os.path.join(self.folder, "events.jsonl")
        write(file, "".join(json.dumps(event) + "\n" for event in EVENTS))
        self.old_or_new(("lineage", "import", file))

    def test_remove(self):
        """The second time there may be nothing left to remove (1)."""
        self.old_or_new(("lineage", "remove", "--job", "first"))


if __name__ == "__main__":
    main()
