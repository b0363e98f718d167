"""Writes a corpus of files as people and programs spoil them: ugly.py FOLDER [PREFIX].

What the program must make of each stands in tests/it/corpus/golden.toml. The clients are invented; the same bytes each time.
"""

import random
import struct
import sys
import unicodedata
import zipfile
import zlib
from datetime import date, datetime
from io import BytesIO
from pathlib import Path

from writers import (
    C, HEAD as XML, MAIN, Book, Sheet, as_1252, cp1258, csv_text, graft, mojibake, mst, ods, ods_parts, ods_table, pack,
    pack_huge, serial, tcvn3, vni, xls,
)

COLUMNS = ["no", "name", "id", "type", "rep", "email", "phone", "address", "package", "year", "vat", "regime"]
HEADER = [
    "STT", "Tên khách hàng", "Mã số thuế", "Loại hình", "Người đại diện theo pháp luật", "Email", "Số điện thoại",
    "Địa chỉ", "Gói sản phẩm", "Năm tài chính", "Phương pháp tính thuế GTGT", "Chế độ kế toán",
]
ENGLISH = [
    "No.", "Customer name", "Tax code", "Customer type", "Legal representative", "E-mail", "Phone", "Address", "Package",
    "Fiscal year", "VAT method", "Accounting regime",
]
NAMES = ["Công ty TNHH Thương mại Hòa Bình", "Công ty Cổ phần Kỹ thuật Uy Tín", "Doanh nghiệp tư nhân Ngọc Dương"]
PEOPLE = ["Nguyễn Thị Hằng", "Trần Văn Quyết", "Lê Đức Thịnh"]
STREETS = ["Số 8 phố Huế, Hà Nội", "12 Trường Chinh, Đà Nẵng", "Thôn Bình Thạnh, Long An"]


def firm(n, **cells):
    """An enterprise in which nothing is wrong."""
    i = (n - 1) % 3
    more = "" if n <= 3 else f" {n}"
    row = [
        n, NAMES[i] + more, mst(4000 + 10 * n), "Doanh nghiệp", PEOPLE[i] + more, f"giamdoc{n}@congty{n}.example",
        f"0912000{n:03}", STREETS[i], "ASP-DN", "2026", "Khấu trừ", "TT133",
    ]
    return with_(row, **cells)


def home(n, **cells):
    """A household business in which nothing is wrong."""
    row = [
        n, f"Hộ kinh doanh Cô Tám {n}", f"079180000{n:03}", "Hộ kinh doanh", f"Phạm Thị Tám {n}",
        f"cotam{n}@taphoa{n}.example", f"0938000{n:03}", STREETS[n % 3], "ASP-HKD", "2026", "Trực tiếp", "TT152",
    ]
    return with_(row, **cells)


def with_(row, **cells):
    return [cells.get(column, value) for column, value in zip(COLUMNS, row)]


THREE = [firm(1), firm(2), firm(3)]
BASE = [HEADER, *THREE]


def each(rows, change):
    """Every text changed."""
    return [[change(cell) if isinstance(cell, str) else cell for cell in row] for row in rows]


def only(columns, rows, change):
    """The texts of some columns changed, below the header."""
    at = [COLUMNS.index(column) for column in columns]
    body = [[change(cell) if i in at else cell for i, cell in enumerate(row)] for row in rows[1:]]
    return [rows[0], *body]


def add(header, *values, rows=BASE):
    """One more column."""
    return [[*row, value] for row, value in zip(rows, [header, *values])]


def drop(*columns, rows=BASE):
    at = [COLUMNS.index(column) for column in columns]
    return [[cell for i, cell in enumerate(row) if i not in at] for row in rows]


def book(rows, **sheet):
    return Book(Sheet(rows, **sheet))


def xlsx(rows, **sheet):
    return book(rows, **sheet).bytes()


def changed(**parts):
    """The plain workbook with other parts: `workbook`, `sheet`, `strings`, `styles`, `types`, `rels`; None for none."""
    names = {
        "workbook": "xl/workbook.xml", "sheet": "xl/worksheets/sheet1.xml", "strings": "xl/sharedStrings.xml",
        "styles": "xl/styles.xml", "types": "[Content_Types].xml", "rels": "xl/_rels/workbook.xml.rels",
    }
    all_parts = book(BASE).parts()
    for name, change in parts.items():
        if change is None:
            del all_parts[names[name]]
        else:
            all_parts[names[name]] = change(all_parts[names[name]])
    return all_parts


def swap(old, new):
    def change(content):
        assert old in content, old
        return content.replace(old, new, 1)

    return change


def text(rows, delimiter=";"):
    return csv_text(rows, delimiter)


def by_openpyxl(fill):
    """A workbook as that library writes it; formulas have no values. Its dates are put back, so that the bytes stay the same."""
    from openpyxl import Workbook

    made = Workbook()
    made.properties.creator = ""
    fill(made)
    out = BytesIO()
    made.save(out)
    with zipfile.ZipFile(out) as parts:
        kept = {name: parts.read(name) for name in parts.namelist() if name != "docProps/core.xml"}
    kept["[Content_Types].xml"] = kept["[Content_Types].xml"].replace(b'<Override PartName="/docProps/core.xml"', b'<!-- <Override').replace(
        b'ContentType="application/vnd.openxmlformats-package.core-properties+xml" />', b'-->'
    )
    return pack(kept)


def encodings():
    plain = text(BASE)
    wide = text(BASE, "\t")
    yield "enc-utf8.csv", plain.encode()
    yield "enc-utf8-bom.csv", plain.encode("utf-8-sig")
    yield "enc-utf8-nfd.csv", unicodedata.normalize("NFD", plain).encode()
    yield "enc-utf8-nfd.xlsx", xlsx(each(BASE, lambda t: unicodedata.normalize("NFD", t)))
    yield "enc-utf16le-bom.csv", b"\xff\xfe" + wide.encode("utf-16-le")
    yield "enc-utf16be-bom.csv", b"\xfe\xff" + wide.encode("utf-16-be")
    yield "enc-utf16le.csv", wide.encode("utf-16-le")
    yield "enc-utf16be.csv", wide.encode("utf-16-be")
    yield "enc-utf16-odd.csv", b"\xff\xfe" + wide.encode("utf-16-le") + b"\x41"
    yield "enc-utf16-half-pair.csv", b"\xff\xfe" + wide.replace("Ngọc", "\ud83d").encode("utf-16-le", "surrogatepass")
    yield "enc-utf32le.csv", b"\xff\xfe\0\0" + plain.encode("utf-32-le")
    yield "enc-utf32be.csv", b"\0\0\xfe\xff" + plain.encode("utf-32-be")
    yield "enc-1258.csv", cp1258(plain)
    western = [ENGLISH, firm(1, name="Ristorante Così è Però", type="Enterprise", rep="Niccolò Bargàn", address="12 Via Virtù", vat="Deduction")]
    yield "enc-1252.csv", text(western).encode("cp1252")
    yield "enc-tcvn3.csv", tcvn3(plain).encode("latin-1")
    yield "enc-tcvn3.xlsx", xlsx(each(BASE, tcvn3))
    yield "enc-tcvn3-body.xlsx", xlsx(only(["name", "rep", "address"], BASE, tcvn3))
    yield "enc-tcvn3-one-cell.xlsx", xlsx([HEADER, firm(1, name=tcvn3(NAMES[0])), firm(2), firm(3)])
    yield "enc-vni.csv", vni(plain).encode("cp1252")
    yield "enc-vni.xlsx", xlsx(each(BASE, vni))
    yield "enc-vni-body.xlsx", xlsx(only(["name", "rep", "address"], BASE, vni))
    yield "enc-mojibake.csv", mojibake(plain).encode()
    yield "enc-mojibake.xlsx", xlsx(each(BASE, mojibake))
    yield "enc-1258-as-1252.xlsx", xlsx(each(BASE, lambda t: as_1252(cp1258(t))))
    yield "enc-broken.csv", plain.encode().replace("Quyết".encode(), b"Quy\xff\xfet")
    long = text([HEADER, *(firm(n % 900 + 1) for n in range(900))]).encode()
    yield "enc-broken-late.csv", long[:-40] + b"\xc3" + long[-40:]
    yield "enc-bom-only.csv", b"\xef\xbb\xbf"
    yield "enc-utf16-bom-only.csv", b"\xff\xfe"
    yield "enc-cr.csv", csv_text(BASE, ";", "\r").encode()
    yield "enc-emoji.xlsx", xlsx([HEADER, firm(1, name="Công ty Trà Sữa 🧋 Vui Vẻ"), firm(2), firm(3)])


def boxes():
    plain = book(BASE)
    yield "box-plain.xlsx", plain.bytes()
    yield "box-inline.xlsx", Book(Sheet(BASE), shared=False).bytes()
    macro = plain.parts()
    macro["[Content_Types].xml"] = macro["[Content_Types].xml"].replace(
        b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml", b"application/vnd.ms-excel.sheet.macroEnabled.main+xml"
    )
    macro["xl/vbaProject.bin"] = b"\xd0\xcf\x11\xe0" + bytes(60)
    yield "box-macros.xlsm", pack(macro)
    template = plain.parts()
    template["[Content_Types].xml"] = template["[Content_Types].xml"].replace(b".sheet.main+xml", b".template.main+xml")
    yield "box-template.xltx", pack(template)
    yield "box-backslashes.xlsx", pack({name.replace("/", "\\"): part for name, part in plain.parts().items()})
    yield "box-openpyxl.xlsx", by_openpyxl(lambda made: [made.active.append(row) for row in BASE])
    yield "box-plain.xls", xls([Sheet(BASE)])
    yield "box-plain.ods", ods([Sheet(BASE)])
    yield "box-repeated.ods", ods([Sheet(BASE)], '<table:table-row table:number-rows-repeated="1048500"><table:table-cell table:number-columns-repeated="1024"/></table:table-row>')
    yield "box-comma.csv", text(BASE, ",").encode()
    yield "box-tab.tsv", text(BASE, "\t").encode()
    yield "box-tab.txt", text(BASE, "\t").encode()
    yield "box-pipe.csv", text(BASE, "|").encode()
    yield "box-sep.csv", b"sep=;\r\n" + text(BASE).encode()
    yield "box-sep-odd.csv", b"sep=^\r\n" + text(BASE, "^").encode()
    breaks = [HEADER, firm(1, address="Số 8\nphố Huế"), firm(2, address='Nhà "Xanh"; Huế'), firm(3)]
    yield "box-line-breaks.csv", text(breaks).encode()
    yield "box-xlsx.csv", plain.bytes()
    yield "box-xlsx.xls", plain.bytes()
    yield "box-xls.xlsx", xls([Sheet(BASE)])
    yield "box-ods.xlsx", ods([Sheet(BASE)])
    yield "box-csv.xlsx", text(BASE).encode()
    yield "box-csv.xls", text(BASE, "\t").encode()
    cells = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in BASE)
    yield "box-html.xls", f'<html><head><meta charset="utf-8"></head><body><table>{cells}</table></body></html>'.encode()
    yield "box-html-bare.xlsx", f"\ufeff\n<table>{cells}</table>".encode()
    office = f'{XML}<?mso-application progid="Excel.Sheet"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>'
    yield "box-xml2003.xls", office.encode()
    yield "box-xml.xls", b"<?xml version='1.0'?><hoa-don/>"
    yield "box-csv.zip", pack({"danh-sach.csv": text(BASE).encode()})
    word = XML + f'<Types><Override ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
    yield "box-word.docx", pack({"[Content_Types].xml": word.encode(), "word/document.xml": b"<w/>"})
    yield "box-word.xlsx", pack({"[Content_Types].xml": word.encode(), "word/document.xml": b"<w/>"})
    yield "box-slides.pptx", pack({"[Content_Types].xml": word.replace("wordprocessingml", "presentationml").encode()})
    yield "box-text.odt", pack({"mimetype": b"application/vnd.oasis.opendocument.text", "content.xml": b"<a/>"})
    yield "box-numbers.numbers", pack({"Index/Document.iwa": bytes(20), "preview.jpg": b"\xff\xd8\xff"})
    yield "box-scan.pdf", b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n"
    yield "box-photo.png", b"\x89PNG\r\n\x1a\n" + bytes(100)
    yield "box-photo.jpg", b"\xff\xd8\xff\xe0" + bytes(100)
    yield "box-letter.rtf", b"{\\rtf1 Danh sach}"
    yield "box-packed.gz", b"\x1f\x8b\x08" + bytes(50)
    yield "box-packed.7z", b"7z\xbc\xaf\x27\x1c" + bytes(50)
    yield "box-packed.rar", b"Rar!\x1a\x07\x00" + bytes(50)
    yield "box-program.xlsx", b"MZ\x90\0" + bytes(200)
    yield "box-prose.txt", "Kính gửi chị Lan,\nem gửi danh sách sau ạ.\nCảm ơn chị.\n".encode()
    yield "box-data.json", '{"khach_hang": [{"ten": "Hòa Bình", "mst": "0101243150"}]}'.encode()
    yield "box-empty.xlsx", b""
    yield "box-one-byte.csv", b"x"
    yield "box-nul.csv", b"\0"
    yield "box-noise.xlsx", random.Random(3).randbytes(4000)
    yield "box-locked.xlsx", compound("EncryptedPackage", bytes(600))
    yield "box-locked.xls", compound("Workbook", struct.pack("<HHHHHH", 0x809, 4, 0x600, 5, 0x2F, 2) + bytes(600))
    yield "box-word.doc", compound("WordDocument", bytes(600))
    yield "box-biff2.xls", b"\x09\0\x04\0\x02\0\x10\0" + bytes(40)


def compound(name, stream):
    """An OLE file with one stream, as far as its directory and first records."""
    head = bytearray(512)
    head[:8] = bytes.fromhex("d0cf11e0a1b11ae1")
    struct.pack_into("<HHHHH", head, 24, 0x3E, 3, 0xFFFE, 9, 6)
    struct.pack_into("<IIIIIIIIII", head, 40, 0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0, 0)
    for at in range(1, 109):
        struct.pack_into("<I", head, 76 + 4 * at, 0xFFFFFFFF)
    size = max(len(stream), 4096)
    sectors = (size + 511) // 512
    chain = [0xFFFFFFFD, 0xFFFFFFFE, *range(3, 2 + sectors), 0xFFFFFFFE]
    fat = struct.pack("<128I", *(chain + [0xFFFFFFFF] * (128 - len(chain))))
    entries = entry("Root Entry", 5, 0xFFFFFFFE, 0, child=1) + entry(name, 2, 2, size)
    return bytes(head) + fat + entries.ljust(512, b"\0") + stream.ljust(sectors * 512, b"\0")


def entry(name, kind, start, size, child=0xFFFFFFFF):
    raw = (name + "\0").encode("utf-16-le")
    front = raw.ljust(64, b"\0") + struct.pack("<HBB", len(raw), kind, 1)
    return front + struct.pack("<III", 0xFFFFFFFF, 0xFFFFFFFF, child) + bytes(36) + struct.pack("<IQ", start, size)


def damages():
    plain = book(BASE).bytes()
    yield "dmg-cut-start.xlsx", plain[:100]
    yield "dmg-cut-half.xlsx", plain[: len(plain) // 2]
    yield "dmg-cut-end.xlsx", plain[:-15]
    yield "dmg-crc.xlsx", bad_crc()
    yield "dmg-no-workbook.xlsx", pack(changed(workbook=None))
    yield "dmg-no-types.xlsx", pack(changed(types=None))
    yield "dmg-no-rels.xlsx", pack(changed(rels=None))
    yield "dmg-no-strings.xlsx", pack(changed(strings=None))
    yield "dmg-no-styles.xlsx", pack(changed(styles=None))
    yield "dmg-no-sheet.xlsx", pack(changed(sheet=None))
    yield "dmg-cut-sheet.xlsx", pack(changed(sheet=lambda xml: xml[: len(xml) // 2]))
    yield "dmg-cut-strings.xlsx", pack(changed(strings=lambda xml: xml[: len(xml) // 2]))
    yield "dmg-few-strings.xlsx", pack(changed(strings=lambda xml: xml[: xml.find(b"<si>", 600)] + b"</sst>"))
    yield "dmg-no-xml.xlsx", pack(changed(sheet=lambda _: b"nothing of the kind"))
    yield from entities()
    yield from bombs()
    yield from places()
    yield "dmg-long-name.xlsx", xlsx([HEADER, firm(1, name="Công ty " + "Dài " * 80), firm(2), firm(3)])
    yield "dmg-long-elsewhere.xlsx", xlsx(add("Lịch sử", "a" * 33_000, "", ""))
    yield "dmg-control.xlsx", pack(changed(strings=swap("Quyết".encode(), b"_x0001_")))
    yield "dmg-control.csv", text(BASE).replace("Quyết", "Quy\x01ết").encode()
    yield "dmg-nul.csv", text(BASE).replace("Quyết", "Quy\0ết").encode()
    yield "dmg-control-elsewhere.csv", text(add("Lịch sử", "a\x02b", "", "")).encode()
    yield "dmg-quote-open.csv", text(BASE).replace("12 Trường", '"12 Trường').encode()
    yield "dmg-quote-inside.csv", text(BASE).replace("12 Trường", '12" Trường').encode()
    yield "dmg-ragged.csv", text([HEADER, firm(1), firm(2)[:-1], [*firm(3), "", "", ""]]).encode()
    yield "dmg-locked.xlsx", lock(plain)
    yield from old_formats()


def bad_crc():
    """One byte of a stored sheet is another one than was packed."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        for name, content in book(BASE).parts().items():
            package.writestr(zipfile.ZipInfo(name), content)
    return out.getvalue().replace(b'<v>2</v>', b'<v>7</v>', 1)


def lock(package):
    """The flag of a password on every part."""
    out = bytearray(package)
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = out.find(mark)
        while start >= 0:
            out[start + at] |= 1
            start = out.find(mark, start + 4)
    return bytes(out)


def entities():
    lol = '<!DOCTYPE sst [<!ENTITY a0 "lol">' + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10)) + "]>"
    file = '<!DOCTYPE sst [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
    name = NAMES[0].encode()

    def declare(doctype, old, new):
        return lambda xml: swap(old, new)(swap(XML.encode(), (XML + doctype).encode())(xml))

    yield "dmg-entity-bomb.xlsx", pack(changed(strings=declare(lol, name, b"&a9;")))
    yield "dmg-entity-bomb-sheet.xlsx", pack(changed(sheet=declare(lol, b"<v>12</v>", b"<v>&a9;</v>")))
    yield "dmg-entity-file.xlsx", pack(changed(strings=declare(file, name, b"&x;")))
    yield "dmg-entity-file-sheet.xlsx", pack(changed(sheet=declare(file, b"<v>12</v>", b"<v>&x;</v>")))
    yield "dmg-doctype.xlsx", pack(changed(strings=declare("<!DOCTYPE sst>", name, name)))
    content = ods_parts([Sheet(BASE)])
    content["content.xml"] = declare(lol, name, b"&a9;")(content["content.xml"])
    yield "dmg-entity-bomb.ods", pack(content)


def bombs():
    spaces = b" " * (1 << 20)
    strings, sheet = "xl/sharedStrings.xml", "xl/worksheets/sheet1.xml"
    yield "dmg-bomb-strings.xlsx", pack_huge(changed(strings=None), strings, spaces, 300)
    yield "dmg-bomb-sheet.xlsx", pack_huge(changed(sheet=None), sheet, spaces, 300)
    noise = random.Random(5).randbytes(6000).hex().encode()
    yield "dmg-bomb-slow.xlsx", pack_huge(changed(strings=None), strings, noise + spaces[len(noise):], 80)
    yield "dmg-bomb-items.xlsx", pack_huge(changed(strings=None), strings, b"<si/>" * 200_000, 60)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(XML.encode() + spaces) + packer.compress(spaces * 60) + packer.flush()
    yield "dmg-bomb-lying.xlsx", graft(pack(changed(strings=None)), strings, packed, (0, 1000))
    yield "dmg-bomb-picture.xlsx", pack_huge(changed(), "xl/media/image1.bmp", bytes(1 << 20), 200)
    yield "dmg-bomb-parts.xlsx", pack({**changed(), **{f"xl/media/{n}": b"" for n in range(11_000)}}, 1)
    yield "dmg-bomb-count.xlsx", pack(changed(strings=swap(b"uniqueCount=", b'uniqueCount="4000000000" was=')))
    yield "dmg-bomb-styles.xlsx", pack(changed(styles=swap(b"<xf numFmtId=", b"<xf/>" * 200_000 + b"<xf numFmtId=")), 1)
    many = "".join(f'<sheet name="S{n}" sheetId="{n + 5}" r:id="rId1"/>' for n in range(2000)).encode()
    yield "dmg-bomb-sheets.xlsx", pack(changed(workbook=swap(b"<sheets>", b"<sheets>" + many)))
    yield "dmg-bomb-nested.zip", pack({"a.zip": pack_huge({}, "a.zip", pack_huge({}, "a", spaces, 50), 2)})


def places():
    """Cells where no cell should be, or twice, or nowhere."""
    yield "dmg-far-cell.xlsx", xlsx(BASE, more='<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>a</t></is></c></row>')
    yield "dmg-far-style.xlsx", xlsx(BASE, more='<row r="1048576"><c r="XFD1048576" s="1"/></row>')
    yield "dmg-far-row.xlsx", xlsx(BASE, more='<row r="1048576"><c r="A1048576" t="inlineStr"><is><t>hết</t></is></c></row>')
    yield "dmg-beyond.xlsx", xlsx(BASE, more='<row r="99999999"><c r="ZZZZ99999999"><v>1</v></c></row>')
    yield "dmg-overflow.xlsx", xlsx(BASE, more='<row r="5"><c r="A99999999999999999999"><v>1</v></c></row>')
    styled = "".join(f'<row r="{n}" s="1" customFormat="1"><c r="A{n}" s="1"/></row>' for n in range(5, 200_000))
    yield "dmg-style-rows.xlsx", pack(book(BASE, more=styled).parts(), 1)
    empty = "".join([f'<row r="{n}" ht="15"/>' for n in range(5, 1_048_577)])
    yield "dmg-empty-rows.xlsx", pack(book(BASE, more=empty).parts(), 1)
    swapped = Book(Sheet([]))
    one, two = (swapped.sheet_xml(Sheet([row], first=n)) for row, n in ((THREE[2], 4), (THREE[1], 3)))
    late = one[one.find("<row"):one.find("</sheetData>")] + two[two.find("<row"):two.find("</sheetData>")]
    swapped.sheets[0].rows, swapped.sheets[0].more = [HEADER, THREE[0]], late
    yield "dmg-rows-out-of-order.xlsx", swapped.bytes()
    again = '<row r="4"><c r="B4" t="inlineStr"><is><t>lần hai</t></is></c></row>'
    yield "dmg-row-twice.xlsx", xlsx(BASE, more=again)
    yield "dmg-cell-twice.xlsx", pack(changed(sheet=swap(b'<c r="C2"', b'<c r="B2"')))
    yield "dmg-cells-out-of-order.xlsx", pack(changed(sheet=lambda x: swap(b'<c r="Z"', b'<c r="B2"')(swap(b'<c r="B2"', b'<c r="C2"')(swap(b'<c r="C2"', b'<c r="Z"')(x)))))
    yield "dmg-no-places.xlsx", pack(changed(sheet=without_places))
    yield "dmg-dimension.xlsx", xlsx(BASE, before='<dimension ref="A1:XFD1048576"/>')
    wide = [[*row, *((f"Cột {n}" if i == 0 else "a") for n in range(13, 601))] for i, row in enumerate(BASE)]
    yield "dmg-600-columns.xlsx", xlsx(wide)
    yield "dmg-600-columns.csv", text(wide).encode()
    yield "dmg-500-columns.xlsx", xlsx([row[:500] for row in wide])


def without_places(xml):
    import re

    return re.sub(rb' r="[A-Z]*\d+"', b"", xml)


def old_formats():
    plain = xls([Sheet(BASE)])
    yield "dmg-cut.xls", plain[:3000]
    yield "dmg-zeros.xls", plain[:512] + bytes(len(plain) - 512)
    loop = bytearray(plain)
    fat = 512 * (1 + struct.unpack_from("<I", plain, 76)[0])
    struct.pack_into("<I", loop, fat, 0)
    yield "dmg-loop.xls", bytes(loop)
    yield "dmg-huge-sectors.xls", plain[:44] + struct.pack("<I", 0x7FFFFFF0) + plain[48:]
    content = ods_parts([Sheet(BASE)])
    yield "dmg-cut.ods", pack({**content, "content.xml": content["content.xml"][:1500]})
    yield "dmg-no-content.ods", pack({name: part for name, part in content.items() if name != "content.xml"})
    cells = '<table:table-cell office:value-type="string" table:number-columns-repeated="16384"><text:p>a</text:p></table:table-cell>'
    yield "dmg-bomb-repeat.ods", ods([Sheet(BASE)], f'<table:table-row table:number-rows-repeated="1048000">{cells}</table:table-row>')
    locked = {**content, "META-INF/manifest.xml": content["META-INF/manifest.xml"].replace(b'"text/xml"/>', b'"text/xml"><manifest:encryption-data/></manifest:file-entry>')}
    yield "dmg-locked.ods", pack(locked)
    yield "dmg-bomb.ods", pack_huge({name: part for name, part in content.items() if name != "content.xml"}, "content.xml", b" " * (1 << 20), 300)


def layouts():
    title = [["CÔNG TY TNHH DỊCH VỤ KẾ TOÁN MINH AN"], ["DANH SÁCH KHÁCH HÀNG NĂM 2026"], []]
    yield "lay-titles.xlsx", xlsx([*title, *BASE])
    letterhead = [
        ["CÔNG TY TNHH DỊCH VỤ KẾ TOÁN MINH AN", None, None, None, None, None, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"],
        ["Số: 12/DS-MA", None, None, None, None, None, "Độc lập – Tự do – Hạnh phúc"], [],
        ["DANH SÁCH KHÁCH HÀNG ĐĂNG KÝ"], ["(Kèm theo đề nghị ngày 20/11/2026)"], [],
    ]
    yield "lay-letterhead.xlsx", xlsx([*letterhead, *BASE], merges=["A1:F1", "G1:L1", "G2:L2", "A4:L4", "A5:L5"])
    group = ["", "Thông tin khách hàng", "", "", "", "", "", "", "Đơn đăng ký", "", "", ""]
    yield "lay-group-header.xlsx", xlsx([group, *BASE], merges=["B1:H1", "I1:L1"])
    upper = ["Đầu mối" if i == 5 else "" if i == 6 else name for i, name in enumerate(HEADER)]
    lower = [name if i in (5, 6) else "" for i, name in enumerate(HEADER)]
    down = [f"{chr(65 + i)}4:{chr(65 + i)}5" for i in range(12) if i not in (5, 6)]
    yield "lay-two-row-header.xlsx", xlsx([*title, upper, lower, *THREE], merges=["F4:G4", *down])
    yield "lay-header-50.xlsx", xlsx(BASE, first=50)
    notes = [[f"Điều {n}: khách hàng cung cấp thông tin đúng."] for n in range(1, 50)]
    yield "lay-header-50-below-notes.xlsx", xlsx([*notes, *BASE])
    yield "lay-header-AA.xlsx", xlsx(BASE, left=26)
    yield "lay-header-AA.xls", xls([Sheet(BASE, left=26, first=9)])
    yield "lay-header-AA.ods", ods([Sheet(BASE, left=26, first=9)])
    yield "lay-header-breaks.xlsx", xlsx([[name.replace(" ", "\n", 1) for name in HEADER], *THREE])
    yield "lay-header-stars.xlsx", xlsx([[f"{name} (*)" for name in HEADER], *THREE])
    yield "lay-header-two-languages.xlsx", xlsx([[f"{a} / {b}" for a, b in zip(HEADER, ENGLISH)], *THREE])
    yield "lay-header-two-lines.xlsx", xlsx([[f"{a}\n({b})" for a, b in zip(HEADER, ENGLISH)], *THREE])
    yield "lay-header-english.xlsx", xlsx([ENGLISH, *THREE])
    bare = [unicodedata.normalize("NFD", name.replace("Đ", "D").replace("đ", "d")) for name in HEADER]
    yield "lay-header-bare.csv", text([["".join(c for c in name if ord(c) < 128).upper() for name in bare], *THREE]).encode()
    yield "lay-gaps.xlsx", xlsx([[cell for value in row for cell in (value, None)] for row in BASE])
    yield "lay-trailing-formats.xlsx", xlsx([*BASE, *[[C(fmt="@")] * 12] * 500])
    below = [
        ["", "Tổng cộng: 3 khách hàng"], [], ["Ghi chú: thông tin theo đăng ký kinh doanh."],
        ["", "Người lập", "", "", "", "", "", "Giám đốc"], ["", "(Ký, ghi rõ họ tên)"], [], ["", "Trần Văn Bình"],
    ]
    yield "lay-below.xlsx", xlsx([*BASE, *below])
    yield "lay-below.csv", text([*BASE, *below]).encode()
    yield "lay-blank-rows.xlsx", xlsx([HEADER, [], THREE[0], [], [], THREE[1], [None] * 12, THREE[2]])
    yield "lay-blank-rows.csv", text([[], HEADER, [], THREE[0], [""] * 12, THREE[1], [], THREE[2]]).encode()
    yield "lay-header-again.xlsx", xlsx([HEADER, THREE[0], HEADER, THREE[1], HEADER, THREE[2]])
    yield "lay-column-numbers.xlsx", xlsx([HEADER, [f"({n})" for n in range(1, 13)], *THREE])
    yield "lay-sections.xlsx", xlsx([HEADER, ["I", "KHỐI THƯƠNG MẠI"], THREE[0], ["II", "KHỐI SẢN XUẤT"], *THREE[1:]])
    yield "lay-csv-titles.csv", text([["DANH SÁCH KHÁCH HÀNG"], [], *BASE, ["Tổng cộng", "3"]]).encode()
    yield from sheets()
    yield from rows_and_cells()
    yield from headers()


def sheets():
    other = Sheet([HEADER, firm(4), firm(5)], name="Chi nhánh 2")
    cover = Sheet([["BẢNG KÊ"], ["Tháng 11"]], name="Bìa")
    yield "lay-two-lists.xlsx", Book(cover, Sheet(BASE), other).bytes()
    yield "lay-two-lists.xls", xls([cover, Sheet(BASE), other])
    yield "lay-two-lists.ods", ods([cover, Sheet(BASE), other])
    yield "lay-empty-sheet.xlsx", Book(Sheet(BASE), Sheet([], name="Sheet2")).bytes()
    for state in ("hidden", "veryHidden"):
        hidden = Sheet([HEADER, firm(4)], name="Cũ", state=state)
        yield f"lay-{state.lower()}-list.xlsx", Book(Sheet(BASE), hidden).bytes()
    yield "lay-hidden-list.xls", xls([Sheet(BASE), Sheet([HEADER, firm(4)], name="Cũ", state="hidden")])
    yield "lay-hidden-notes.xlsx", Book(Sheet(BASE), Sheet([["bản nháp"]], name="Nháp", state="hidden")).bytes()
    order = Sheet([["Gói sản phẩm", "ASP-DN"], ["Năm tài chính", 2026]], name="Đơn hàng")
    yield "lay-order-sheet.xlsx", Book(Sheet(drop("package", "year")), order).bytes()


def rows_and_cells():
    five = [HEADER, *(firm(n) for n in range(1, 6))]
    yield "lay-hidden-rows.xlsx", xlsx(five, hidden={3, 5})
    filtered = '<autoFilter ref="A1:L6"><filterColumn colId="1"><filters><filter val="a"/></filters></filterColumn></autoFilter>'
    yield "lay-filtered.xlsx", xlsx(five, hidden={4, 5, 6}, after=filtered)
    yield "lay-hidden-blank.xlsx", xlsx([HEADER, *THREE, [], []], hidden={5, 6})
    yield "lay-hidden-rows.xls", xls([Sheet(five, hidden={3, 5})])
    columns = '<cols><col min="3" max="4" width="0" hidden="1" customWidth="1"/></cols>'
    yield "lay-hidden-columns.xlsx", xlsx(BASE, before=columns)
    starts = add("Ngày bắt đầu năm tài chính", *[date(2026, 1, 1)] * 3)
    yield "lay-1904.xlsx", Book(Sheet(starts), date1904=True).bytes()
    yield "lay-1904.xls", xls([Sheet(starts)], date1904=True)
    yield "lay-dates.xlsx", xlsx(starts)
    yield "lay-dates.ods", ods([Sheet(starts)])
    one = {"package": None, "year": None, "vat": None, "regime": None}
    merged = [HEADER, firm(1), firm(2, **one), firm(3, **one)]
    yield "lay-merged-down.xlsx", xlsx(merged, merges=["I2:I4", "J2:J4", "K2:K4", "L2:L4"])
    yield "lay-merged-name.xlsx", xlsx([HEADER, firm(1), firm(2, name=None), firm(3)], merges=["B2:B3"])
    mails = [f"giamdoc{n}@congty{n}.example" for n in (1, 2, 3)]
    cached = [firm(n, email=C(mail, formula=f'LOWER("{mail}")')) for n, mail in enumerate(mails, 1)]
    yield "lay-formulas.xlsx", xlsx([HEADER, *cached])
    uncached = [firm(n, email=f'=LOWER("{mail}")') for n, mail in enumerate(mails, 1)]
    yield "lay-formulas-no-values.xlsx", by_openpyxl(lambda made: [made.active.append(row) for row in [HEADER, *uncached]])
    broken = C("#N/A", error=True, formula="VLOOKUP(1,Z:Z,1,0)")
    yield "lay-error-value.xlsx", xlsx([HEADER, firm(1, email=broken), firm(2), firm(3)])
    yield "lay-error-value.xls", xls([Sheet([HEADER, firm(1, email=C("#N/A", error=True)), firm(2), firm(3)])])
    yield "lay-error-elsewhere.xlsx", xlsx(add("Doanh thu", C("#DIV/0!", error=True), 5, 6))
    yield "lay-error-text.csv", text([HEADER, firm(1, email="#VALUE!"), firm(2), firm(3)]).encode()
    yield "lay-checkboxes.xlsx", xlsx(add("Chọn", True, False, True))


def headers():
    yield "lay-only-header.xlsx", xlsx([HEADER])
    yield "lay-only-header.csv", text([HEADER]).encode()
    yield "lay-only-titles.xlsx", xlsx([["DANH SÁCH KHÁCH HÀNG"], ["năm 2026"]])
    yield "lay-no-header.xlsx", xlsx(THREE)
    yield "lay-ambiguous.xlsx", xlsx(add("Ghi chú / Mã khách hàng", "KH1", "KH2", "KH3"))
    yield "lay-duplicate-header.xlsx", xlsx(add("SĐT", "0912000001", "0912000002", "0912000003"))
    yield "lay-unknown-headers.xlsx", xlsx(add("Vốn điều lệ", 1, 2, 3, rows=add("Ngành nghề", "a", "b", "c")))
    yield "lay-no-tax-id.xlsx", xlsx(drop("id"))
    yield "lay-no-regime.xlsx", xlsx(drop("regime"))
    yield "lay-mixed.xlsx", xlsx([*BASE, home(1), home(2)])


def values():
    spoilt = [
        "0100233480", "0100000008", "0314409058-000", "12345", "VV34567890", "03002802384", "0100112571001001",
        "1052380000000", "1.00112E+11", "",
    ]
    yield "val-tax-ids.xlsx", xlsx([HEADER, *(firm(n, id=value) for n, value in enumerate(spoilt, 1))])
    right = ["0100109106066", "0314409058-002", "0312 68 78 78 - 001", "01.00.112.437", "'0100109106", "0100684378.0"]
    yield "val-tax-ids-right.xlsx", xlsx([HEADER, *(firm(n, id=value) for n, value in enumerate(right, 1))])
    nine, branch = int(mst(4011)), 100112437062
    yield "val-zeros.xlsx", xlsx([HEADER, firm(1, id=nine), firm(2, id=C(int(mst(4021)), "0000000000")), firm(3, id=branch)])
    yield "val-zeros.csv", text([HEADER, firm(1, id=nine), firm(2, id=100112437), firm(3, id=branch)]).encode()
    yield "val-zeros.xls", xls([Sheet([HEADER, firm(1, id=nine), firm(2), firm(3, id=branch)])])
    yield "val-zeros-unproved.xlsx", xlsx([HEADER, firm(1, id=101243151), firm(2), firm(3)])
    yield "val-person-zeros.xlsx", xlsx([HEADER, home(1, id=C(79180000012, "000000000000")), home(2)])
    phones = [C(912000001, "0#########"), 912000002, C(912000003, "0000000000")]
    yield "val-phone-zeros.xlsx", xlsx([HEADER, *(firm(n, phone=phone) for n, phone in enumerate(phones, 1))])
    good = ["+84 912 000 001", "0084912000002", "0912.000.003", "(0912) 000-004", "84912000005", "01672345678"]
    yield "val-phones.xlsx", xlsx([HEADER, *(firm(n, phone=phone) for n, phone in enumerate(good, 1))])
    bad = ["024 3825 1234", "1900 1234", "8610458", "0712345678", "9.12E+08", "0912000006x", ""]
    yield "val-phones-bad.xlsx", xlsx([HEADER, *(firm(n, phone=phone) for n, phone in enumerate(bad, 1))])
    mails = [
        "khongco@gmail.com", "hang@gmial.com", "lan@minhan.example", "hang(at)congty.example", "nguyễn@congty.example",
        "a@b.example, c@d.example", "không có",
    ]
    yield "val-emails.xlsx", xlsx([HEADER, *(firm(n, email=mail) for n, mail in enumerate(mails, 1))])
    shared = [firm(1), firm(2, email="giamdoc1@congty1.example"), firm(3, rep=PEOPLE[0], email="GiamDoc1@congty1.example")]
    yield "val-shared.xlsx", xlsx([HEADER, *shared, firm(4, phone="+84912000001")])
    forms = ["01/01/2026", "1/1/26", "01-01-2026", "01.01.2026", "2026-01-01", "01/01/2026 00:00:00"]
    many = [HEADER, *(firm(n) for n in range(1, 7))]
    yield "val-date-texts.xlsx", xlsx(add("Ngày bắt đầu hạch toán", *forms, rows=many))
    yield "val-date-texts.csv", text(add("Ngày bắt đầu hạch toán", *forms, rows=many)).encode()
    yield "val-dates-us.csv", text(add("Ngày bắt đầu hạch toán", "01/15/2026", "02/20/2026", "03/04/2026")).encode()
    yield "val-dates-bad.xlsx", xlsx(add("Ngày bắt đầu hạch toán", "31/02/2026", "hôm nay", "2026"))
    days = [serial(datetime(2026, 1, 1))] * 3
    yield "val-date-numbers.xlsx", xlsx(add("Ngày bắt đầu năm tài chính", *days))
    yield "val-scientific.csv", text([HEADER, firm(1, id="1.00112E+11"), firm(2, phone="9.12E+08"), firm(3)]).encode()
    odd = [firm(1, name="Công ty\u00a0Hòa\u00a0Bình"), firm(2, rep="Trần\u200b Văn Quyết"), firm(3, address="\ufeffThôn  Bình Thạnh\t")]
    yield "val-blanks.xlsx", xlsx([HEADER, *odd])
    wide = str.maketrans("0123456789", "０１２３４５６７８９")
    yield "val-wide-digits.xlsx", xlsx([HEADER, firm(1, id=firm(1)[2].translate(wide)), firm(2), firm(3)])
    nothing = ["-", "không có", "x", ".", "N/A"]
    yield "val-nothings.xlsx", xlsx(add("Ghi chú", *nothing, rows=[HEADER, *(firm(n) for n in range(1, 6))]))
    twice = [firm(1), firm(2), firm(3, id=firm(1)[2]), firm(4, id=firm(1)[2])]
    yield "val-duplicates.xlsx", xlsx([HEADER, *twice])
    yield "val-bad-share.xlsx", xlsx([HEADER, *(firm(n, id="0100233480") if n > 9 else firm(n) for n in range(1, 21))])
    yield "val-half-bad.xlsx", xlsx([HEADER, *(firm(n, id="0100233480") if n > 10 else firm(n) for n in range(1, 21))])
    words = [
        firm(1, type="Tập đoàn"), firm(2, vat="theo luật"), firm(3, regime="QĐ48"), firm(4, regime="TT200"),
        firm(5, package="ASP-VIP"), firm(6, package="ASP-HKD"), firm(7, year="2030"), firm(8, year="2025-2026"),
        firm(9, year=2025, regime="TT200"), firm(10, regime="TT88"), firm(11, vat=""),
    ]
    yield "val-words.xlsx", xlsx([HEADER, *words])
    families = [
        home(1), home(2, id=mst(9000)), home(3, id=1190003456), home(4, id="003190003456"), home(5, id="79180000012"),
        home(6, vat="Khấu trừ"), home(7, regime="TT133"), firm(8, id="079180000020"),
    ]
    yield "val-households.xlsx", xlsx([HEADER, *families])
    synonyms = [
        "#", "Tên đơn vị", "MST", "DN/HKD", "Giám đốc", "Thư điện tử", "ĐTDĐ", "Trụ sở", "Gói cước", "Niên độ", "PP tính thuế", "Thông tư",
    ]
    said = [
        firm(1, type="Cty", vat="KT", regime="200/2014/TT-BTC", year="NTC 2025"),
        firm(2, type="CTCP", vat="PP khấu trừ", regime="Thông tư 133", year="2026.0"),
        firm(3, type="DNTN", vat="% doanh thu", regime="99/2025", year=2026),
    ]
    yield "val-synonyms.xlsx", xlsx([synonyms, *said])
    formula = '=HYPERLINK("http://x.example","Công ty A")'
    yield "val-formula-like.csv", text([HEADER, firm(1, name=formula), firm(2, name="+84 Media"), firm(3, name="@Home")], ";").encode()
    yield "val-starts.xlsx", xlsx(add("Ngày bắt đầu năm tài chính", date(2026, 2, 1), date(2025, 10, 1), date(2026, 4, 1)))
    tail = [["Khách hàng", "", "", ""], ["Kế toán dịch vụ", "", "", ""], ["Khác", "Khác", "", ""]]
    head = ["Đối tượng nhận thông báo", "Đối tượng xuất hóa đơn", "Tên người nhận", "Email người nhận"]
    yield "val-addressees.xlsx", xlsx([[*row, *more] for row, more in zip(BASE, [head, *tail])])


GROUPS = {"enc": encodings, "box": boxes, "dmg": damages, "lay": layouts, "val": values}

if __name__ == "__main__":
    folder, prefix = Path(sys.argv[1]), (sys.argv[2] if len(sys.argv) > 2 else "")
    folder.mkdir(parents=True, exist_ok=True)
    for group, files in GROUPS.items():
        if group.startswith(prefix):
            for name, content in files():
                (folder / name).write_bytes(content)
