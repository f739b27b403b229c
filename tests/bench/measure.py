# measure.py: runs commands in turn and compares them: farm-style pairs, medians of ratios.
# SPDX-License-Identifier: Apache-2.0
"""What a bench_<part>.py needs. It defines rows(context) and yields Row objects; run.py runs and prints them.

Absolute times drift with the machine, so two commands are run A B A B ... on the same files, and the ratio is taken
within each pair; the median of the ratios counts.
"""
import dataclasses
import json
import os
import statistics
import subprocess
import tempfile


@dataclasses.dataclass
class Command:
    """A program and how it is run. `before` is called ahead of every run, unmeasured. `after` is called with what the
    program printed: it raises where the work was not done, and returns what else is to be told of the run (name -> number)."""
    label: str
    argv: list
    before: object = None
    env: dict = None
    exit_codes: tuple = (0,)
    after: object = None


@dataclasses.dataclass
class Sample:
    wall: float
    user: float
    system: float
    peak_mb: float
    numbers: dict = dataclasses.field(default_factory=dict)

    @property
    def cpu(self):
        return self.user + self.system


@dataclasses.dataclass
class Row:
    """One line of the table: `ours`, against `peer` where there is one, and what it must reach.

    at_most: ours / peer is at most this. at_least: peer / ours (how much faster we are) is at least this. `by` names
    the number both have that is compared instead of the wall time.
    cpu_share_at_most: our CPU seconds / the peer's.
    wall_at_most and cpu_at_most (seconds), peak_at_most (MB), user_at_most (share of CPU time), numbers_at_most (name ->
    limit, of what Command.after gave): of ours alone.
    """
    group: str
    what: str
    ours: Command
    peer: Command = None
    at_most: float = None
    at_least: float = None
    wall_at_most: float = None
    cpu_at_most: float = None
    peak_at_most: float = None
    user_at_most: float = None
    rounds: int = None
    by: str = None
    cpu_share_at_most: float = None
    numbers_at_most: dict = dataclasses.field(default_factory=dict)


class Skip(Exception):
    """A peer is not installed, or something else is missing: the row is left out, with the reason."""


class Context:
    def __init__(self, build, scratch, sizes, rounds):
        self.build, self.scratch, self.sizes, self.rounds = build, scratch, sizes, rounds

    def program(self, name):
        for place in ("tests/bench", "apps/neurolake"):
            path = os.path.join(self.build, place, name)
            if os.access(path, os.X_OK):
                return path
        raise Skip(f"{name} is not built")

    def path(self, *names):
        return os.path.join(self.scratch, *names)

    def tree(self, files, a_folder, seed=1):
        """The folder of a generated tree, made when it is not there yet."""
        root = self.path(f"tree-{files}-{a_folder}-{seed}")
        argv = [self.program("bench_make_tree"), root, str(files), str(a_folder), str(seed)]
        subprocess.run(argv, check=True)
        return root


def peer(label, *argv, **more):
    """A Command when its program is installed. The system's own comes before any wrapper that shadows it."""
    for folder in ["/usr/bin", *os.environ.get("PATH", "").split(":")]:
        program = os.path.join(folder, argv[0])
        if os.access(program, os.X_OK):
            return Command(label, [program, *argv[1:]], **more)
    raise Skip(f"{argv[0]} is not installed")


def duckdb(context, label, name, statements):
    """DuckDB in one process, one thread, one statement after the other. Its Node package lies in the folder that
    NEUROLAKE_DUCKDB names (npm install @duckdb/node-api), else in the one the oracle tests installed. `wall` is the
    time of the statements alone, without the start of Node."""
    folders = [os.environ.get("NEUROLAKE_DUCKDB", ""), os.path.join(context.build, "oracle"), os.path.join(context.build, "tests", "oracle")]
    modules = next((os.path.join(f, "node_modules") for f in folders
                    if os.path.isdir(os.path.join(f, "node_modules", "@duckdb", "node-api"))), None)
    if not modules:
        raise Skip("DuckDB's Node package is not installed: set NEUROLAKE_DUCKDB to a folder in which npm put @duckdb/node-api")
    script = context.path(name + ".sql")
    with open(script, "w", encoding="utf-8") as out:
        out.write("\n".join(statements) + "\n")
    runner = os.path.join(os.path.dirname(os.path.abspath(__file__)), "duckdb_run.mjs")
    return peer(label, "node", runner, modules, script, after=lambda said: {"seconds": json.loads(said)["seconds"]})


def run_once(context, command):
    if command.before:
        command.before()
    result = context.path("result")
    with tempfile.TemporaryFile() as errors, tempfile.TemporaryFile() as out:
        subprocess.run([context.program("bench_run_one"), result, *command.argv], stdin=subprocess.DEVNULL,
                       stdout=out if command.after else subprocess.DEVNULL, stderr=errors, env=command.env, check=True)
        with open(result, encoding="ascii") as text:
            wall, user, system, peak, code = text.read().split()
        if int(code) not in command.exit_codes:
            errors.seek(0)
            raise RuntimeError(f"{command.argv} ended with {code}: {errors.read().decode(errors='replace')}")
        out.seek(0)
        numbers = command.after(out.read().decode(errors="replace")) if command.after else {}
    return Sample(numbers.pop("seconds", float(wall)), float(user), float(system), int(peak) / 1024, numbers)


def median_sample(samples):
    def median(value):
        return statistics.median(value(sample) for sample in samples)
    numbers = {name: median(lambda sample, n=name: sample.numbers[n]) for name in samples[0].numbers}
    return Sample(median(lambda s: s.wall), median(lambda s: s.user), median(lambda s: s.system),
                  median(lambda s: s.peak_mb), numbers)


def measure(context, row, rounds):
    """Runs one row; returns a dict for the table and for JSON."""
    ours, theirs, ratios, shares = [], [], [], []
    run_once(context, row.ours)  # warm, both
    if row.peer:
        run_once(context, row.peer)
    for _ in range(row.rounds or rounds):
        ours.append(run_once(context, row.ours))
        if row.peer:
            theirs.append(run_once(context, row.peer))
            a, b = [one.numbers[row.by] if row.by else one.wall for one in (ours[-1], theirs[-1])]
            ratios.append(a / b)
            shares.append(ours[-1].cpu / max(theirs[-1].cpu, 1e-6))
    mine = median_sample(ours)
    result = {"group": row.group, "what": row.what, "ours": row.ours.label, "wall_s": mine.wall, "user_s": mine.user,
              "system_s": mine.system, "peak_mb": mine.peak_mb, "rounds": len(ours), "numbers": mine.numbers}
    if row.peer:
        other = median_sample(theirs)
        result.update(peer=row.peer.label, peer_wall_s=other.wall, peer_cpu_s=other.cpu, peer_peak_mb=other.peak_mb,
                      peer_numbers=other.numbers, ratio=statistics.median(ratios), cpu_share=statistics.median(shares))
    result["goals"] = goals(row, result)
    return result


def goals(row, result):
    cpu = result["user_s"] + result["system_s"]
    checks = [
        ("x peer" + (f" by {row.by}" if row.by else ""), row.at_most, result.get("ratio"), "at most"),
        ("x faster", row.at_least, 1 / result["ratio"] if "ratio" in result else None, "at least"),
        ("s", row.wall_at_most, result["wall_s"], "at most"),
        ("s CPU", row.cpu_at_most, cpu, "at most"),
        ("MB", row.peak_at_most, result["peak_mb"], "at most"),
        ("of CPU in user", row.user_at_most, result["user_s"] / cpu if cpu else 0.0, "at most"),
        ("x the peer's CPU", row.cpu_share_at_most, result.get("cpu_share"), "at most"),
        *((name, limit, result["numbers"].get(name), "at most") for name, limit in row.numbers_at_most.items()),
    ]
    return [{"goal": f"{how} {limit:g} {unit}", "value": value,
             "met": value <= limit if how == "at most" else value >= limit}
            for unit, limit, value, how in checks if limit is not None and value is not None]
