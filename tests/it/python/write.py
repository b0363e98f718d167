"""Writes a workbook as other people's programs do: write.py FILE < {"sheet": [[cell, ...], ...]}."""

import json
import sys

from openpyxl import Workbook

book = Workbook()
book.remove(book.active)
for title, rows in json.load(sys.stdin).items():
    sheet = book.create_sheet(title)
    for row in rows:
        sheet.append(row)
book.save(sys.argv[1])
