"""Writes an xls of the sheets on stdin: {"name", "hidden", "cells": [[row, column, value]], "merges": [[r1, r2, c1, c2]]}.

Rows and columns count from 0. A value is a text, a number, a bool, {"date": "2026-11-24"} or {"percent": 0.08}.
"""
import datetime
import json
import sys

import xlwt


def put(sheet, row, column, value):
    if not isinstance(value, dict):
        sheet.write(row, column, value)
    elif "date" in value:
        style = xlwt.easyxf(num_format_str="DD/MM/YYYY")
        sheet.write(row, column, datetime.date.fromisoformat(value["date"]), style)
    else:
        sheet.write(row, column, value["percent"], xlwt.easyxf(num_format_str="0%"))


def main(path):
    book = xlwt.Workbook()
    for wanted in json.load(sys.stdin):
        sheet = book.add_sheet(wanted["name"])
        for row, column, value in wanted["cells"]:
            put(sheet, row, column, value)
        for merge in wanted.get("merges", []):
            sheet.merge(*merge)
        sheet.visibility = 1 if wanted.get("hidden") else 0
    book.dates_1904 = False
    book.save(path)


main(sys.argv[1])
