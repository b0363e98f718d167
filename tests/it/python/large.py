"""Writes files at the limits into a folder: large.py FOLDER. Each is to be refused, in 256 MiB at most: see corpus.py.

Texts of nearly 100 MB and workbooks of millions of cells: without a header, torn at the end, or with too much in them.
"""

import functools
import sys
import unicodedata
import zipfile
from pathlib import Path

MB = 1 << 20
HEADER = "STT;Tên khách hàng;MST;Người đại diện;Email;Điện thoại;Gói;Năm tài chính;PP thuế;Chế độ"
TONES = "\u0300\u0301\u0303\u0309\u0323"
OPEN_QUOTE = '1;"abc;2\r\n' * 2

SPREADSHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" ContentType='
    f'"application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType='
    f'"{KIND}.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="{KIND}.worksheet+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" Type="{OFFICE}/officeDocument"'
    f' Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{SPREADSHEET}" xmlns:r="{OFFICE}"><sheets><sheet name="S" sheetId="1" r:id="rId1"/>'
    f"</sheets></workbook>",
}


@functools.cache
def in_1258(letter):
    """Tones of windows-1258 are marks behind their letters."""
    apart = unicodedata.normalize("NFD", letter)
    base = unicodedata.normalize("NFC", "".join(c for c in apart if c not in TONES))
    return (base + "".join(c for c in apart if c in TONES)).encode("cp1258")


def encoded(text, encoding):
    return b"".join(map(in_1258, text)) if encoding == "cp1258" else text.encode(encoding)


def client(number):
    return (
        f"{number};Công ty TNHH Thương mại và Dịch vụ Hòa Bình {number};0{number:09d};Nguyễn Văn Đức;"
        f"kt{number}@hoabinh.example;0912345678;ASP-DN;2026;Khấu trừ;TT99\r\n"
    )


def text(path, encoding, megabytes, header="", end="", line=client):
    with path.open("wb") as out:
        if encoding == "utf-16-le":
            out.write(b"\xff\xfe")
        out.write(encoded(header, encoding))
        number = 0
        while out.tell() < megabytes * MB:
            out.write(encoded("".join(line(number + at) for at in range(2000)), encoding))
            number += 2000
        out.write(end.encode(encoding))


def letters(column):
    name, column = "", column + 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name


def workbook(path, rows, columns, cell, end="</sheetData></worksheet>", relations=0):
    sheet = f'<Relationship Id="rId1" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    others = "".join(f'<Relationship Id="x{at}" Type="http://x.example/x" Target="y{at}.xml"/>' for at in range(relations))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as parts:
        for name, part in PARTS.items():
            parts.writestr(name, part)
        parts.writestr(
            "xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{PACKAGE}/relationships">{sheet}{others}</Relationships>'
        )
        with parts.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as out:
            out.write(f'<worksheet xmlns="{SPREADSHEET}"><sheetData>'.encode())
            names = [letters(column) for column in range(columns)]
            for row in range(1, rows + 1):
                out.write((f'<row r="{row}">' + "".join(cell(name, row) for name in names) + "</row>").encode())
            out.write(end.encode())


def words(column, row):
    return f'<c r="{column}{row}" t="str"><v>a{row}</v></c>'


def number(column, row):
    return f'<c r="{column}{row}"><v>{row}</v></c>'


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    header = HEADER + "\r\n"
    ones = lambda _: ";".join(["1"] * 512) + "\n"
    text(folder / "utf16.csv", "utf-16-le", 99)
    text(folder / "utf8.csv", "utf-8", 99)
    text(folder / "utf8_open_quote.csv", "utf-8", 99, header, OPEN_QUOTE)
    text(folder / "cp1258.csv", "cp1258", 65)
    text(folder / "cp1258_open_quote.csv", "cp1258", 65, header, OPEN_QUOTE)
    text(folder / "cp1258_grows.csv", "cp1258", 90, header)
    text(folder / "cp1252.csv", "cp1252", 80, line=lambda at: f"Müller & Söhne GmbH {at};Straße 5;Zürich;é à ü;12345\n")
    text(folder / "wide.csv", "utf-8", 94, line=ones)
    text(folder / "wide_header.csv", "utf-8", 94, header, line=ones)
    text(folder / "lines.csv", "utf-8", 98, line=lambda _: "a\n")
    workbook(folder / "texts.xlsx", 200_000, 15, words)
    workbook(folder / "texts_backward.xlsx", 200_000, 15, words, '<row r="3"><c r="A3"><v>1</v></c></row></sheetData></worksheet>')
    workbook(folder / "texts_torn.xlsx", 200_000, 15, words, "<row")
    workbook(folder / "numbers.xlsx", 400_000, 15, number)
    workbook(folder / "wide.xlsx", 20_000, 512, number)
    workbook(folder / "rows.xlsx", 1_048_577, 1, number)
    workbook(folder / "relations.xlsx", 3, 3, number, relations=1_000_000)


if __name__ == "__main__":
    main()
