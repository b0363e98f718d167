"""Writes lists in each format, cell by cell and byte by byte, so that a script can also write them wrong.

What stands in them is said by ugly.py and planted.py.
"""

import io
import unicodedata
import zipfile
import zlib
from datetime import date, datetime
from xml.sax.saxutils import escape, quoteattr

EPOCH = datetime(1899, 12, 30)
EPOCH_1904 = datetime(1904, 1, 1)
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'

# Number formats by their place in styles.xml.
FORMATS = ["General", "dd/mm/yyyy", "0000000000", "000000000000", "0#########", "@", "0.00E+00", "#,##0"]


class C:
    """A cell that is more than its value: a number format, a formula, an error."""

    def __init__(self, value=None, fmt="General", formula=None, error=False):
        self.value, self.fmt, self.formula, self.error = value, fmt, formula, error


WEIGHTS = [31, 29, 23, 19, 17, 13, 7, 5, 3]


def with_check_digit(number):
    """Nine digits and the tenth that checks them: the first from this number on that has one."""
    while True:
        rest = sum(int(digit) * weight for digit, weight in zip(f"{number:09}", WEIGHTS)) % 11
        if rest:
            return f"{number:09}{10 - rest}"
        number += 1


def mst(number):
    """A made-up tax id of an organisation."""
    return with_check_digit(10_000_000 + number)


def letters(index):
    """0 → A."""
    name, index = "", index + 1
    while index:
        index, rest = divmod(index - 1, 26)
        name = chr(65 + rest) + name
    return name


def serial(day, epoch=EPOCH):
    at = day if isinstance(day, datetime) else datetime(day.year, day.month, day.day)
    delta = at - epoch
    number = delta.days + delta.seconds / 86400
    return int(number) if number == int(number) else number


class Book:
    """An xlsx of its own making: a list of sheets, and parts that may be changed before they are packed."""

    def __init__(self, *sheets, date1904=False, shared=True):
        self.sheets, self.date1904, self.shared = sheets, date1904, shared
        self.texts = {}

    def parts(self):
        parts = {}
        for number, sheet in enumerate(self.sheets, 1):
            parts[f"xl/worksheets/sheet{number}.xml"] = self.sheet_xml(sheet)
        count = len(self.sheets)
        over = [("/xl/workbook.xml", "sheet.main"), ("/xl/styles.xml", "styles"), ("/xl/sharedStrings.xml", "sharedStrings")]
        over += [(f"/xl/worksheets/sheet{n}.xml", "worksheet") for n in range(1, count + 1)]
        types = "".join(f'<Override PartName="{name}" ContentType="{TYPE}.{kind}+xml"/>' for name, kind in over)
        ordered = {
            "[Content_Types].xml": f'{HEAD}<Types xmlns="{PACKAGE}/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Default Extension="xml" ContentType="application/xml"/>{types}</Types>',
            "_rels/.rels": f'{HEAD}<Relationships xmlns="{PACKAGE}/relationships">'
            f'<Relationship Id="rId1" Type="{RELS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
            "xl/workbook.xml": self.workbook_xml(),
            "xl/_rels/workbook.xml.rels": self.rels_xml(count),
            "xl/styles.xml": styles_xml(),
            "xl/sharedStrings.xml": self.texts_xml(),
        }
        return {name: text.encode() for name, text in {**ordered, **parts}.items()}

    def bytes(self):
        return pack(self.parts())

    def workbook_xml(self):
        sheets = "".join(
            f'<sheet name={quoteattr(sheet.name)} sheetId="{n}"{sheet.state_xml()} r:id="rId{n}"/>'
            for n, sheet in enumerate(self.sheets, 1)
        )
        date1904 = '<workbookPr date1904="1"/>' if self.date1904 else ""
        return f'{HEAD}<workbook xmlns="{MAIN}" xmlns:r="{RELS}">{date1904}<sheets>{sheets}</sheets></workbook>'

    def rels_xml(self, count):
        kinds = [(f"rId{n}", "worksheet", f"worksheets/sheet{n}.xml") for n in range(1, count + 1)]
        kinds += [("rId900", "styles", "styles.xml"), ("rId901", "sharedStrings", "sharedStrings.xml")]
        rels = "".join(f'<Relationship Id="{i}" Type="{RELS}/{kind}" Target="{to}"/>' for i, kind, to in kinds)
        return f'{HEAD}<Relationships xmlns="{PACKAGE}/relationships">{rels}</Relationships>'

    def texts_xml(self):
        items = "".join(f'<si><t xml:space="preserve">{escape(text)}</t></si>' for text in self.texts)
        return f'{HEAD}<sst xmlns="{MAIN}" count="{len(self.texts)}" uniqueCount="{len(self.texts)}">{items}</sst>'

    def sheet_xml(self, sheet):
        rows = []
        for at, cells in enumerate(sheet.rows):
            number = sheet.first + at
            xml = "".join(self.cell_xml(number, sheet.left + i, cell) for i, cell in enumerate(cells))
            hidden = ' hidden="1"' if number in sheet.hidden else ""
            if xml or hidden:
                rows.append(f'<row r="{number}"{hidden}>{xml}</row>')
        merges = "".join(f'<mergeCell ref="{ref}"/>' for ref in sheet.merges)
        merges = f'<mergeCells count="{len(sheet.merges)}">{merges}</mergeCells>' if merges else ""
        data = "".join(rows) + sheet.more
        return f'{HEAD}<worksheet xmlns="{MAIN}">{sheet.before}<sheetData>{data}</sheetData>{sheet.after}{merges}</worksheet>'

    def cell_xml(self, row, column, cell):
        cell = cell if isinstance(cell, C) else C(cell)
        value, place = cell.value, f'r="{letters(column)}{row}"'
        formula = f"<f>{escape(cell.formula)}</f>" if cell.formula else ""
        if isinstance(value, date):
            epoch = EPOCH_1904 if self.date1904 else EPOCH
            value, cell = serial(value, epoch), C(fmt="dd/mm/yyyy" if cell.fmt == "General" else cell.fmt)
        style = FORMATS.index(cell.fmt)
        place += f' s="{style}"' if style else ""
        if cell.error:
            return f'<c {place} t="e">{formula}<v>{value}</v></c>'
        if value is None or value == "":
            return f"<c {place}>{formula}</c>" if style or formula else ""
        if isinstance(value, bool):
            return f'<c {place} t="b">{formula}<v>{int(value)}</v></c>'
        if isinstance(value, (int, float)):
            return f"<c {place}>{formula}<v>{value}</v></c>"
        if formula:
            return f'<c {place} t="str">{formula}<v>{escape(value)}</v></c>'
        if not self.shared:
            return f'<c {place} t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'
        return f'<c {place} t="s"><v>{self.texts.setdefault(value, len(self.texts))}</v></c>'


class Sheet:
    """Rows of cells from row `first` and column `left` (from 0) on."""

    def __init__(self, rows, name="DS khách hàng", first=1, left=0, **more):
        self.rows, self.name, self.first, self.left = rows, name, first, left
        self.merges, self.hidden = more.pop("merges", []), more.pop("hidden", ())
        self.state = more.pop("state", "")
        # XML before the rows, behind them as further rows, and after them.
        self.before, self.more, self.after = (more.pop(key, "") for key in ("before", "more", "after"))
        assert not more, more

    def state_xml(self):
        return f' state="{self.state}"' if self.state else ""


def styles_xml():
    custom = "".join(f'<numFmt numFmtId="{164 + i}" formatCode={quoteattr(f)}/>' for i, f in enumerate(FORMATS))
    formats = "".join(f'<xf numFmtId="{164 + i if i else 0}" fontId="0" fillId="0" borderId="0" xfId="0"/>' for i in range(len(FORMATS)))
    return (
        f'{HEAD}<styleSheet xmlns="{MAIN}"><numFmts count="{len(FORMATS)}">{custom}</numFmts>'
        '<fonts count="1"><font/></fonts><fills count="1"><fill/></fills><borders count="1"><border/></borders>'
        f'<cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="{len(FORMATS)}">{formats}</cellXfs></styleSheet>'
    )


def pack(parts, level=6):
    """The same bytes each time: no part has a date of its own."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as package:
        for name, content in parts.items():
            method = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            info = zipfile.ZipInfo(name)
            info.compress_type = method
            package.writestr(info, content)
    return out.getvalue()


def pack_huge(parts, name, block, times):
    """A zip with one more part: `block` again and again, packed once and never held as a whole."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    once = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    end = zlib.compressobj(9, zlib.DEFLATED, -15).flush()
    crc = 0
    for _ in range(times):
        crc = zlib.crc32(block, crc)
    packed = once * times + end
    return graft(pack(parts), name, packed, (crc, len(block) * times))


def graft(package, name, packed, declared):
    """Adds a part that is already deflated, with the check sum and size it is said to have."""
    crc, size = declared
    info = zipfile.ZipInfo(name)
    info.compress_type, info.CRC = zipfile.ZIP_DEFLATED, crc
    info.compress_size, info.file_size = len(packed), size
    out = io.BytesIO(package)
    with zipfile.ZipFile(out, "a") as archive:
        info.header_offset = archive.start_dir
        archive.fp.seek(archive.start_dir)
        archive.fp.write(info.FileHeader(False) + packed)
        archive.start_dir = archive.fp.tell()
        archive.filelist.append(info)
        archive.NameToInfo[name] = info
        archive._didModify = True
    return out.getvalue()


def xls(sheets, encoding="utf-8", **formats):
    """An Excel 97 workbook; `formats` are number formats by column."""
    import xlwt

    book = xlwt.Workbook(encoding=encoding)
    book.dates_1904 = formats.pop("date1904", False)
    dates = xlwt.easyxf(num_format_str="dd/mm/yyyy")
    for sheet in sheets:
        page = book.add_sheet(sheet.name)
        if sheet.state:
            page.visibility = {"hidden": 1, "veryHidden": 2}[sheet.state]
        for at, cells in enumerate(sheet.rows):
            for i, cell in enumerate(cells):
                value = cell.value if isinstance(cell, C) else cell
                place = (sheet.first - 1 + at, sheet.left + i)
                if isinstance(cell, C) and cell.error:
                    page.row(place[0]).set_cell_error(place[1], {"#N/A": 42}.get(value, value))
                elif isinstance(value, date):
                    page.write(*place, value, dates)
                elif isinstance(cell, C) and cell.fmt != "General":
                    page.write(*place, value, xlwt.easyxf(num_format_str=cell.fmt))
                elif value is not None and value != "":
                    page.write(*place, value)
            if sheet.first + at in sheet.hidden:
                page.row(sheet.first - 1 + at).hidden = True
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


ODS = "application/vnd.oasis.opendocument.spreadsheet"
OASIS = "urn:oasis:names:tc:opendocument:xmlns"


def ods_parts(sheets, after=""):
    """`after` is XML behind the rows of each table."""
    tables = "".join(ods_table(sheet, after) for sheet in sheets)
    content = (
        f'{HEAD}<office:document-content xmlns:office="{OASIS}:office:1.0" xmlns:table="{OASIS}:table:1.0" '
        f'xmlns:text="{OASIS}:text:1.0" office:version="1.2"><office:body><office:spreadsheet>{tables}'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    manifest = (
        f'{HEAD}<manifest:manifest xmlns:manifest="{OASIS}:manifest:1.0" manifest:version="1.2">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{ODS}"/>'
        '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>'
    )
    return {"mimetype": ODS.encode(), "content.xml": content.encode(), "META-INF/manifest.xml": manifest.encode()}


def ods(sheets, after=""):
    return pack(ods_parts(sheets, after))


def ods_table(sheet, after):
    rows = []
    if sheet.first > 1:
        rows.append(f'<table:table-row table:number-rows-repeated="{sheet.first - 1}"><table:table-cell/></table:table-row>')
    left = f'<table:table-cell table:number-columns-repeated="{sheet.left}"/>' if sheet.left else ""
    for cells in sheet.rows:
        rows.append(f"<table:table-row>{left}{''.join(map(ods_cell, cells))}<table:table-cell/></table:table-row>")
    return f"<table:table table:name={quoteattr(sheet.name)}>{''.join(rows)}{after}</table:table>"


def ods_cell(cell):
    value = cell.value if isinstance(cell, C) else cell
    if value is None or value == "":
        return "<table:table-cell/>"
    kind, shown = 'office:value-type="string"', str(value)
    if isinstance(value, bool):
        kind = f'office:value-type="boolean" office:boolean-value="{str(value).lower()}"'
    elif isinstance(value, (int, float)):
        kind = f'office:value-type="float" office:value="{value}"'
    elif isinstance(value, date):
        kind = f'office:value-type="date" office:date-value="{value.isoformat()}"'
    lines = "".join(f"<text:p>{escape(line)}</text:p>" for line in shown.split("\n"))
    return f"<table:table-cell {kind}>{lines}</table:table-cell>"


def csv_text(rows, delimiter=";", end="\r\n"):
    """As Excel writes it: quotes only where they are needed, dates as they are shown."""
    def field(cell):
        value = cell.value if isinstance(cell, C) else cell
        text = "" if value is None else value.strftime("%d/%m/%Y") if isinstance(value, date) else str(value)
        special = any(sign in text for sign in (delimiter, '"', "\n", "\r"))
        return '"' + text.replace('"', '""') + '"' if special else text

    return "".join(delimiter.join(map(field, cells)) + end for cells in rows)


# TCVN 5712:1993 as fonts like .VnTime have it: each letter is one byte, shown here as the Latin-1 letter it is taken for.
TCVN3 = dict(
    zip(
        "àảãáạăằẳẵắặâầẩẫấậèẻẽéẹêềểễếệìỉĩíịòỏõóọôồổỗốộơờởỡớợùủũúụưừửữứựỳỷỹýỵđĂÂÊÔƠƯĐ",
        bytes.fromhex(
            "b5b6b7b8b9a8bbbcbdbec6a9c7c8c9cacbcccecfd0d1aad2d3d4d5d6d7d8dcdddedfe1e2e3e4abe5e6e7e8e9"
            + "aceaebecedeeeff1f2f3f4adf5f6f7f8f9fafbfcfdfeaea1a2a3a4a5a6a7"
        ).decode("latin-1"),
    )
)
# VNI-Windows: the base letter, and a letter for tone and shape behind it.
VNI_TONES = {"\u0301": "ù", "\u0300": "ø", "\u0309": "û", "\u0303": "õ", "\u0323": "ï"}
VNI_CIRCUMFLEX = {"": "â", "\u0301": "á", "\u0300": "à", "\u0309": "å", "\u0303": "ã", "\u0323": "ä"}
VNI_BREVE = {"": "ê", "\u0301": "é", "\u0300": "è", "\u0309": "ú", "\u0303": "ü", "\u0323": "ë"}
VNI_ALONE = {"đ": "ñ", "ỉ": "æ", "ĩ": "ó", "ị": "ò", "ỵ": "î"}


def tcvn3(text):
    """Capitals with a tone have no byte: the small letter stands for them."""
    text = unicodedata.normalize("NFC", text)
    return "".join(TCVN3.get(c) or TCVN3.get(c.lower(), c) if not c.isascii() else c for c in text)


def vni(text):
    return "".join(map(vni_letter, unicodedata.normalize("NFC", text)))


def vni_letter(letter):
    if letter.isascii():
        return letter
    if letter.lower() in VNI_ALONE:
        other = VNI_ALONE[letter.lower()]
        return other if letter.islower() else other.upper()
    base, *marks = unicodedata.normalize("NFD", letter)
    tone = next((mark for mark in marks if mark in VNI_TONES), "")
    if "\u031b" in marks:
        base = {"o": "ô", "O": "Ô", "u": "ö", "U": "Ö"}[base]
        sign = VNI_TONES.get(tone, "")
    elif "\u0302" in marks:
        sign = VNI_CIRCUMFLEX[tone]
    elif "\u0306" in marks:
        sign = VNI_BREVE[tone]
    else:
        sign = VNI_TONES[tone] if base not in "iI" else ""
        if base in "iI":
            return {"\u0301": "í", "\u0300": "ì"}[tone] if base == "i" else {"\u0301": "Í", "\u0300": "Ì"}[tone]
    return base + (sign if base.islower() else sign.upper())


def cp1258(text):
    """Vowels with shape are letters of the code page, tones are marks behind them."""
    out = []
    for letter in unicodedata.normalize("NFC", text):
        try:
            out.append(letter.encode("cp1258"))
        except UnicodeEncodeError:
            decomposed = unicodedata.normalize("NFD", letter)
            tones = [mark for mark in decomposed if mark in VNI_TONES]
            base = unicodedata.normalize("NFC", "".join(c for c in decomposed if c not in VNI_TONES))
            out.append((base + "".join(tones)).encode("cp1258"))
    return b"".join(out)


# windows-1252 with control characters in its five holes, as programs show it.
SHOWN_1252 = {n: bytes([n]).decode("cp1252", "ignore") or chr(n) for n in range(256)}


def as_1252(raw):
    """Bytes as a program shows them that takes them for windows-1252."""
    return raw.decode("latin-1").translate(SHOWN_1252)


def mojibake(text):
    """UTF-8 that was taken for windows-1252."""
    return as_1252(unicodedata.normalize("NFC", text).encode())
