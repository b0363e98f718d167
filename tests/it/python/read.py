"""Says what a workbook holds.

read.py FILE > {"names": {name: value}, "sheets": {title: [[text, ...], ...]}, "lists": {title: [[cells, options], ...]}}
"""

import json
import sys

from openpyxl import load_workbook

book = load_workbook(sys.argv[1])
names = {}
for name, defined in book.defined_names.items():
    sheet, cell = defined.attr_text.rsplit("!", 1)
    value = book[sheet.strip("'").replace("''", "'")][cell.replace("$", "")].value
    names[name] = value if isinstance(value, (bool, int, float)) else str(value or "")
sheets = {
    sheet.title: [["" if value is None else str(value) for value in row] for row in sheet.iter_rows(values_only=True)]
    for sheet in book
}
lists = {
    sheet.title: [[str(rule.sqref), str(rule.formula1 or "")] for rule in sheet.data_validations.dataValidation]
    for sheet in book
    if hasattr(sheet, "data_validations")
}
json.dump({"names": names, "sheets": sheets, "lists": lists}, sys.stdout)
