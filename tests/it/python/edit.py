"""Opens a workbook, edits it and saves it: edit.py FROM TO < [edit, ...].

{"name": N, "value": V}              the cell that the workbook-level name N means
{"sheet": S, "cell": C, "value": V}  a cell
{"property": P, "value": V}          a custom document property
{"sheet": S, "insert_rows": R}       an empty row above row R
{"sheet": S, "delete_row": R}        the rows below move up
{"sheet": S, "insert_column": C, "header": H}  a column before column C, with H in row 1
{"sheet": S, "delete_column": C}     the columns behind move left
{"sheet": S, "hide_row": R}          nobody sees row R
{"sheet": S, "copy_row": R, "to": T} the cells of row R in row T too
{"sheet": S, "rename": T}            another name of a sheet
{"forget": "properties" | sheet}     no custom properties, or no such sheet
{"signature": V}                     another signature, wherever one stands
"""

import json
import re
import sys

from openpyxl import load_workbook


def named_cell(book, name):
    sheet, cell = book.defined_names[name].attr_text.rsplit("!", 1)
    return book[sheet.strip("'").replace("''", "'")][cell.replace("$", "")]


def forget(book, what):
    if what == "properties":
        for name in list(book.custom_doc_props.names):
            del book.custom_doc_props[name]
    else:
        del book[what]


def forge(book, signature):
    book.custom_doc_props["hangloat.signature"].value = signature
    for (cell,) in book["_hangloat"].iter_rows(max_col=1):
        cell.value = re.sub(r'"signature":"[^"]*"', f'"signature":"{signature}"', str(cell.value))


def edit(book, change):
    match change:
        case {"name": name, "value": value}:
            named_cell(book, name).value = value
        case {"sheet": sheet, "cell": cell, "value": value}:
            book[sheet][cell].value = value
        case {"sheet": sheet, "insert_rows": row}:
            book[sheet].insert_rows(row)
        case {"sheet": sheet, "delete_row": row}:
            book[sheet].delete_rows(row)
        case {"sheet": sheet, "insert_column": column, "header": header}:
            book[sheet].insert_cols(column)
            book[sheet].cell(1, column).value = header
        case {"sheet": sheet, "delete_column": column}:
            book[sheet].delete_cols(column)
        case {"sheet": sheet, "hide_row": row}:
            book[sheet].row_dimensions[row].hidden = True
        case {"sheet": sheet, "copy_row": row, "to": to}:
            for cell in list(book[sheet][row]):
                book[sheet].cell(to, cell.column).value = cell.value
        case {"sheet": sheet, "rename": title}:
            book[sheet].title = title
        case {"property": name, "value": value}:
            book.custom_doc_props[name].value = value
        case {"forget": what}:
            forget(book, what)
        case {"signature": value}:
            forge(book, value)
        case _:
            raise SystemExit(f"no such edit: {change}")


book = load_workbook(sys.argv[1])
for change in json.load(sys.stdin):
    edit(book, change)
book.save(sys.argv[2])
