"""Says what a Parquet file holds: columns.py FILE > {"types": {name: type}, "rows": [{name: value}, ...]}."""

import json
import sys

from pyarrow import parquet

table = parquet.read_table(sys.argv[1])
types = {field.name: str(field.type) for field in table.schema}
json.dump({"types": types, "rows": table.to_pylist()}, sys.stdout, default=str)
