#!/usr/bin/env python3
# run.py: one command, one table of ratios: every bench_<part>.py beside this file is run.
# SPDX-License-Identifier: Apache-2.0
import argparse
import glob
import importlib
import json
import os
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import measure  # noqa: E402


def arguments():
    parser = argparse.ArgumentParser(description="Runs the benchmarks and prints one table of ratios.",
                                     epilog="Trees stay in --scratch and are used again.")
    parser.add_argument("--build", default="build/release", help="build folder with NEUROLAKE_BENCH=ON")
    parser.add_argument("--only", default="", help="parts, by comma: walk,inventory")
    parser.add_argument("--sizes", default="10000,100000", help="numbers of files, by comma (1000000 takes a while)")
    parser.add_argument("--rounds", type=int, default=5, help="pairs a row")
    parser.add_argument("--scratch", default=os.path.join(tempfile.gettempdir(), "neurolake-bench"))
    parser.add_argument("--json", metavar="FILE", help="results as JSON too (- = instead of the table)")
    return parser.parse_args()


def parts(only):
    folder = os.path.dirname(os.path.abspath(__file__))
    names = sorted(os.path.basename(path)[6:-3] for path in glob.glob(os.path.join(folder, "bench_*.py")))
    return [name for name in names if not only or name in only.split(",")]


def line(result):
    ratio = f"{result['ratio']:6.2f}" if "ratio" in result else "      "
    peer = f"{result['peer']} {result['peer_wall_s']:.3f} s, CPU {result['peer_cpu_s']:.2f}" if "peer" in result else ""
    numbers = "".join(f"; {name} {value:.3g}" for name, value in result["numbers"].items())
    marks = "; ".join(f"{'ok' if goal['met'] else 'MISSED'}: {goal['value']:.3g}, {goal['goal']}" for goal in result["goals"])
    return (f"{result['what']:<34} {result['wall_s']:8.4f} {result['user_s'] + result['system_s']:7.3f} "
            f"{result['peak_mb']:7.1f} {ratio}  {peer:<38} {marks}{numbers if marks else numbers[2:]}")


def main():
    options = arguments()
    os.makedirs(options.scratch, exist_ok=True)
    context = measure.Context(os.path.abspath(options.build), options.scratch,
                              [int(size) for size in options.sizes.split(",")], options.rounds)
    table = options.json != "-"
    results, group, failed = [], None, 0
    for part in parts(options.only):
        for make_row in importlib.import_module("bench_" + part).rows(context):
            try:
                row = make_row()
                result = measure.measure(context, row, options.rounds)
            except measure.Skip as reason:
                print(f"(left out: {reason})", file=sys.stderr)
                continue
            except RuntimeError as error:
                failed += 1
                print(f"(FAILED: {error})", file=sys.stderr)
                continue
            results.append(result)
            if table and result["group"] != group:
                group = result["group"]
                print(f"\n{group}\n{'':<34} {'wall s':>8} {'CPU s':>7} {'peak MB':>7} {'ratio':>6}  "
                      f"{'peer (wall, CPU)':<38} goals, counts")
            if table:
                print(line(result), flush=True)
    if options.json:
        text = json.dumps({"schema": "neurolake.bench/1", "rounds": options.rounds, "results": results}, indent=1)
        if table:
            with open(options.json, "w", encoding="utf-8") as out:
                out.write(text + "\n")
        else:
            print(text)
    missed = sum(not goal["met"] for result in results for goal in result["goals"])
    if table:
        print(f"\n{len(results)} rows, {missed} goal{'' if missed == 1 else 's'} missed, {failed} rows failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
