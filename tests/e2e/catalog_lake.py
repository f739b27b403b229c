# What the tests of the catalog share: indexing with its report, and what the catalog then says.
# SPDX-License-Identifier: Apache-2.0
from harness import LakeTest, read
from jsonschema_lite import check as check_schema


class CatalogTest(LakeTest):
    def index(self, *args, check=0, **more):
        report = self.nl("catalog", "index", "--json", *args, check=check, **more).json
        check_schema(report)
        return report

    def tables(self, *args):
        value = self.nl("catalog", "tables", "--json", *args).json
        check_schema(value)
        rows = value["tables"]
        return {row["name"]: row for row in rows}

    def names(self, *args):
        return sorted(self.tables(*args))

    def types(self, table):
        columns = self.nl("catalog", "schema", table, "--json").json["columns"]
        return {column["name"]: column["type"] for column in columns}

    def why(self, table):
        columns = self.nl("catalog", "explain", table, "--json").json["columns"]
        return {column["name"]: column["why"] for column in columns}

    def findings(self, report):
        return [finding["code"] for finding in report["findings"]]

    def catalog_files(self):
        return {name: read(self.path("catalog", name)) for name in ("tables.json", "schemas.json")}
