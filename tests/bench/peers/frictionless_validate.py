"""frictionless: looks at a CSV by schema.json, and stores nothing: frictionless_validate.py LIST.csv"""
import json
import sys
from pathlib import Path

from frictionless import Resource, Schema, fields, validate, system

import shared as s


def field(name, rules):
    constraints = {"required": rules.get("minLength", 0) > 0}
    constraints |= {key: rules[key] for key in ["pattern", "enum"] if key in rules}
    return fields.StringField(name=name, constraints=constraints)


def main():
    file, schema = sys.argv[1], Path(__file__).parent / "schema.json"
    properties = json.loads(schema.read_text("utf-8"))["properties"]
    schema = Schema(fields=[field(name, rules) for name, rules in properties.items()])
    with system.use_context(trusted=True):
        report = validate(Resource(path=file, schema=schema), limit_errors=10**9)
    task = report.tasks[0]
    s.tell(task.stats.get("rows", 0), len({error.row_number for error in task.errors}))


if __name__ == "__main__":
    main()
