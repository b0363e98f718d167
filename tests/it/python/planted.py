"""Writes lists with planted errors, and says which findings they must give: planted.py FOLDER FORMAT,… ROWS SEED > JSON.

Formats are those of FORMATS below. The answer, for each: {"file", "rows": {state: count}, "findings": [[row, field, code], ...]};
0 and "" where a finding has no row or no field. The clients are invented; the same list for the same seed.
"""

import json
import random
import sys
import tomllib
import unicodedata
from datetime import date
from pathlib import Path

from writers import C, Book, Sheet, as_1252, cp1258, csv_text, mojibake, mst, ods, tcvn3, vni, with_check_digit, xls

TABLES = tomllib.loads((Path(__file__).parents[3] / "jobs/catalogue/columns.toml").read_text())
PROVINCES = ["001", "010", "026", "031", "038", "048", "056", "079", "092", "096"]
SYLLABLES = "Hòa Bình Thịnh Phát Ngọc Dương Hoàng Long Minh Đức Phú Quý Trường Thành Vạn Lộc Khởi Nguyên".split()
FAMILY = ["Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Vũ", "Đặng", "Bùi"]
GIVEN = ["Thị Hằng", "Văn Quyết", "Đức Thịnh", "Thị Tám", "Minh Khôi", "Hữu Nghĩa"]
STREETS = ["Trần Phú, Hà Nội", "Nguyễn Huệ, Đà Nẵng", "Lê Lợi, Huế", "Bạch Đằng, Hải Phòng", "Hùng Vương, Cần Thơ"]
TITLES = ["Giám đốc", "Chủ hộ", "Tổng giám đốc", "Phó giám đốc"]

# How a list is written: which file, and what happens to each text before (old letters) or after (code pages).
FORMATS = {
    "xlsx": ("xlsx", None), "xls": ("xls", None), "ods": ("ods", None),
    "csv-semicolon": (";", str.encode), "csv-comma-bom": (",", lambda t: t.encode("utf-8-sig")), "csv-pipe": ("|", str.encode),
    "csv-tab": ("\t", str.encode),
    "csv-utf16le": ("\t", lambda t: b"\xff\xfe" + t.encode("utf-16-le")), "csv-utf16be": ("\t", lambda t: b"\xfe\xff" + t.encode("utf-16-be")),
    "csv-utf16le-bare": ("\t", lambda t: t.encode("utf-16-le")), "csv-utf16be-bare": ("\t", lambda t: t.encode("utf-16-be")),
    "csv-1258": (";", cp1258), "csv-1252": (";", lambda t: t.encode("cp1252")),
    "csv-tcvn3": (";", lambda t: t.encode("latin-1")), "csv-vni": (";", lambda t: t.encode("cp1252")), "csv-mojibake": (";", str.encode),
    "xlsx-tcvn3": ("xlsx", None), "xlsx-vni": ("xlsx", None), "xlsx-mojibake": ("xlsx", None), "xlsx-1258": ("xlsx", None),
}
OLD_LETTERS = {"tcvn3": tcvn3, "vni": vni, "mojibake": mojibake, "xlsx-1258": lambda text: as_1252(cp1258(text))}
HOLDS = {
    "tax_id.ambiguous", "client.duplicate_in_file", "email.domain_typo", "email.of_firm", "row.hidden",
}
HARMLESS = {
    "email.shared", "phone.shared", "tax_id.unknown_province", "fiscal_year.differs", "tax_id.zero_restored", "phone.zero_restored",
    "phone.renumbered", "text.recoded", "text.normalised", "date.from_text", "header.unknown", "order.mixed_types",
}


def bare(text):
    """Without accents."""
    text = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return "".join(c for c in text if not unicodedata.combining(c))


def old_letters(name):
    return next((change for key, change in OLD_LETTERS.items() if name.endswith(key)), None)


class List:
    """The list while it is made: one client after the other, some with an error."""

    def __init__(self, name, rows, seed):
        self.name, self.rng = name, random.Random(seed)
        self.container, self.encode = FORMATS[name]
        self.is_csv = self.encode is not None
        self.letters = old_letters(name)
        self.findings, self.rows, self.hidden, self.first = [], [], set(), {}
        self.count = rows
        self.fields = list(TABLES["headers"])
        self.rng.shuffle(self.fields)

    def pick(self, *values):
        return self.rng.choice(values)

    def word(self, field, value):
        """Some way to say a value."""
        return self.pick(value, *TABLES["values"][field][value])

    def client(self, n):
        rng, household = self.rng, self.rng.random() < 0.3
        name = f"{self.pick(*SYLLABLES)} {self.pick(*SYLLABLES)} {n}"
        person = f"{self.pick(*FAMILY)} {self.pick(*GIVEN)} {n}"
        start, year = (None, 2026) if household or rng.random() < 0.8 else (date(2026, self.pick(1, 4, 7, 10), 1), 2026)
        regime = "TT152" if household else self.pick("TT99", "TT133", "TT132")
        row = {
            "household": household,
            "name": f"{'Hộ kinh doanh' if household else self.pick('Công ty TNHH', 'Công ty Cổ phần', 'DNTN')} {name}",
            "tax_id": f"{self.pick(*PROVINCES)}{180 + n // 1_000_000}{n % 1_000_000:06}" if household else mst(n * 20 + 100),
            "customer_type": self.word("customer_type", "household" if household else "enterprise"),
            "representative": person,
            "representative_title": self.pick("", *TITLES),
            "email": f"kh{n}@congty{n}.example",
            "phone": f"09{1 + n // 10_000_000}{n % 10_000_000:07}",
            "contact_phone": self.pick("", "024 3825 1234", f"028 3{n % 10_000_000:07}"),
            "address": f"Số {n} {self.pick(*STREETS)}",
            "package": "ASP-HKD" if household else self.pick("ASP-DN", "ASP-DN-PRO"),
            "fiscal_year": self.pick(str(year), f"NTC {year}", f"{year}.0"),
            "vat_method": self.word("vat_method", self.pick("direct_revenue", "none") if household else self.pick("deduction", "direct_revenue")),
            "regime": self.word("regime", regime),
            "fiscal_year_start": start,
            "books_start": self.pick(None, None, date(2026, rng.randint(1, 12), rng.randint(13, 28))) if start is None else None,
            "currency": self.pick("", "VND", "usd"),
            "inventory_method": self.pick("", self.word("inventory_method", "fifo"), self.word("inventory_method", "specific")),
            "recipient": self.pick("", self.word("recipient", "client"), self.word("recipient", "firm")),
            "invoice_to": "",
            "kind": self.pick("", self.word("kind", "purchase")),
            "registered_by": self.pick("", "binh@minhan.example", "Trần Văn Bình"),
            "assigned_to": self.pick("", "Nguyễn Thị Lan", "binh@minhan.example"),
            "note": self.pick("", "khách quen", "gọi trước khi gửi"),
            "external_id": self.pick("", f"KH{n:05}"),
            "old_tax_id": with_check_digit(800_000_100 + 20 * n) if household and rng.random() < 0.2 else "",
        }
        if rng.random() < 0.05:
            row |= {
                "recipient": self.word("recipient", "other"), "recipient_name": f"Văn phòng {name}", "recipient_email": f"nhan{n}@vanphong.example",
                "recipient_phone": "0987654321", "invoice_name": f"Văn phòng {name}", "invoice_address": "Số 1 Tràng Tiền, Hà Nội",
                "invoice_tax_id": "0101243150", "invoice_email": f"hoadon{n}@vanphong.example",
            }
        return row

    def plants(self, n, row):
        """What may be wrong with this client: a change of its cells, and the findings that it must give."""
        household, number = row["household"], self.container in ("xlsx", "xls", "ods")
        yield from self.missing(row)
        yield from self.tax_ids(n, row, number)
        yield from self.log_ins(n, row, number)
        yield from self.words(row, household)
        yield from self.dates(row, household)
        yield from self.cells(row)
        if row["recipient"] == "":
            yield {"recipient": "Khác"}, [("recipient_name", "recipient.incomplete"), ("invoice_name", "invoice.incomplete")]

    def missing(self, row):
        for field in ("name", "tax_id", "representative", "email", "phone", "package", "fiscal_year", "vat_method", "regime"):
            # Old letters of a word that means nothing are nothing too.
            yield {field: self.pick("", "-", "-" if self.letters else "chưa có")}, [(field, f"{field}.missing")]
        if row["recipient"] == "":
            yield {"address": ""}, [("address", "invoice.incomplete")]

    def tax_ids(self, n, row, number):
        own, household = row["tax_id"], row["household"]
        code = lambda name: [("tax_id", f"tax_id.{name}")]
        for value in ("VV34567890", "0100000008", "0314409058-000", "01012431O5"):
            yield {"tax_id": value}, code("malformed")
        for value in ("12345", "03002802384", "0100112571001001"):
            yield {"tax_id": value}, code("length")
        yield {"tax_id": self.pick("1.00112E+11", "7,9301E+10")}, code("digits_lost")
        if household:
            yield {"tax_id": "003" + own[3:]}, code("unknown_province")
            yield {"tax_id": mst(5_000_000 + 20 * n)}, code("wrong_kind")
            lost = int(own)
            if number and own.startswith("0") and not own.startswith("00"):
                proved = self.container == "xlsx"
                yield {"tax_id": C(lost, "000000000000")}, code("zero_restored" if proved else "length")
                yield {"tax_id": lost}, code("length")
            twice = ambiguous(n)
            yield {"tax_id": int(twice) if number else twice}, code("ambiguous")
            return
        at = self.rng.randrange(9)
        wrong = own[:at] + str((int(own[at]) + self.rng.randint(1, 9)) % 10) + own[at + 1:]
        if wrong[2:9] != "0000000" and not wrong.startswith("00"):
            yield {"tax_id": wrong}, code("checksum")
            yield {"tax_id": f"{wrong}-001"}, code("checksum")
        yield {"tax_id": f"079180{n:06}"}, code("wrong_kind")
        yield {"tax_id": int(own) if number else own[1:]}, code("zero_restored")
        branch = f"{own}{1 + n % 900:03}"
        yield {"tax_id": int(branch) if number else branch[1:]}, code("zero_restored")
        if self.container == "xlsx":
            yield {"tax_id": C(int(own), "0000000000")}, code("zero_restored")
        near = str((int(own[1]) + 1) % 10 or 1) + own[2:]
        yield {"tax_id": int(near) if number else near}, code("length")

    def log_ins(self, n, row, number):
        for value in (f"kh{n}", f"kh{n}@congty", f"kh{n}(at)congty.example", "a@b.example, c@d.example"):
            yield {"email": value}, [("email", "email.malformed")]
        yield {"email": self.pick("khongco", "chuaco", "noemail") + "@gmail.com"}, [("email", "email.placeholder")]
        yield {"email": f"kh{n}@{self.pick('gmial.com', 'yahooo.com', 'hotmai.com')}"}, [("email", "email.domain_typo")]
        for value in ("024 3825 1234", "1900 1234", "8610458", "0712345678", "9.12E+08", "fax:8535638"):
            yield {"phone": value}, [("phone", "phone.malformed")]
        lost = row["phone"][1:]
        yield {"phone": int(lost) if number else lost}, [("phone", "phone.zero_restored")]
        if self.container == "xlsx":
            yield {"phone": C(int(lost), "0#########")}, [("phone", "phone.zero_restored")]
        yield {"phone": f"0167{n:07}"}, [("phone", "phone.renumbered")]
        yield {"contact_phone": "113"}, [("contact_phone", "contact_phone.malformed")]
        yield {"recipient_email": "nhan(at)x.example"}, [("recipient_email", "recipient_email.malformed")]
        yield {"recipient_phone": "12"}, [("recipient_phone", "recipient_phone.malformed")]
        yield {"invoice_email": "hoadon"}, [("invoice_email", "invoice_email.malformed")]
        yield {"old_tax_id": "8037630691"}, [("old_tax_id", "old_tax_id.malformed")]
        yield {"invoice_tax_id": "0100233480"}, [("invoice_tax_id", "invoice_tax_id.malformed")]
        for field, code in (("email", "email.shared"), ("phone", "phone.shared")):
            if self.first:
                yield {field: self.first[field]}, [(field, code)]
        same = self.first.get("household" if row["household"] else "enterprise")
        if same and row["recipient"] != "Khác":
            yield {"tax_id": same}, [("tax_id", "client.duplicate_in_file")]

    def words(self, row, household):
        for field, word in (
            ("customer_type", "Tập đoàn"), ("vat_method", "theo luật"), ("regime", "QĐ48"), ("package", "ASP-VIP"), ("inventory_method", "bình quân"),
            ("recipient", "ai đó"), ("invoice_to", "ai đó"), ("kind", "thuê"), ("registered_by", "Người Lạ"), ("assigned_to", "la@minhan.example"),
        ):
            # An addressee of another kind would want names and addresses.
            if field not in ("recipient", "invoice_to") or "recipient_name" not in row:
                yield {field: word}, [(field, f"{field}.unknown")]
        yield {"currency": "đồng"}, [("currency", "currency.malformed")]
        yield {"fiscal_year": self.pick("2024-2026", "niên độ này", "20260")}, [("fiscal_year", "fiscal_year.malformed")]
        yield {"fiscal_year": "2030", "fiscal_year_start": None, "books_start": None}, [("fiscal_year", "fiscal_year.out_of_range")]
        yield {"regime": "TT133" if household else "TT88"}, [("regime", "regime.not_allowed")]
        yield {"package": "ASP-DN" if household else "ASP-HKD"}, [("package", "package.wrong_type")]
        if household:
            yield {"vat_method": "Khấu trừ"}, [("vat_method", "vat_method.not_allowed")]
        else:
            yield {"regime": "TT200"}, [("regime", "regime.not_allowed")]

    def dates(self, row, household):
        none = {"books_start": None}
        yield {**none, "fiscal_year_start": date(2026, 2, 1)}, [("fiscal_year_start", "fiscal_year_start.not_allowed")]
        yield {"books_start": self.pick("hôm nay", "31/02/2026", "2026")}, [("books_start", "books_start.malformed")]
        yield {"books_start": date(2028, 1, 1)}, [("books_start", "books_start.not_allowed")]
        day = f"{self.rng.randint(13, 28)}"
        text = self.pick(f"{day}/03/2026", f"{day}-3-2026", f"{day}.03.2026", f"2026-03-{day}", f"{day}/03/2026 00:00")
        yield {"books_start": text, "fiscal_year_start": None}, [("books_start", "date.from_text")]
        if not household:
            change = {**none, "fiscal_year_start": date(2025, 10, 1), "regime": "TT133"}
            yield change, [("fiscal_year", "fiscal_year.differs")]

    def cells(self, row):
        if self.container in ("xlsx", "xls"):
            yield {"email": C("#N/A", error=True)}, [("email", "cell.error_value")]
            yield {"Vốn điều lệ": C("#DIV/0!", error=True)}, [("", "cell.error_value")]
        if self.container == "xlsx":
            yield {"representative": C(None, formula="A1")}, [("representative", "cell.no_cached_value")]
            yield {"hidden": True}, [("", "row.hidden")]
        if self.container != "ods":
            mark = "_x0001_" if self.container == "xlsx" else "\x01"
            yield {"representative": f"Le Van{mark}A"}, [("representative", "cell.control_characters")]
            yield {"Vốn điều lệ": f"a{mark}b"}, [("", "cell.control_characters")]
        yield {"name": "Cong ty " + "a" * 260}, [("name", "cell.too_long")]
        yield {"note": "a" * 1001}, [("note", "cell.too_long")]
        if self.letters is None and self.name not in ("csv-1252", "csv-1258"):
            for name in ("Công ty\u00a0Hòa Bình", "Công ty\u200b Hòa Bình", "Công ty  Hòa Bình", unicodedata.normalize("NFD", "Công ty Hòa Bình")):
                yield {"name": name}, [("name", "text.normalised")]

    def make(self):
        of_firm = self.count // 2
        for n in range(1, self.count + 1):
            row = self.client(n)
            said = []
            if n == of_firm:
                row["email"], said = "lan@minhan.example", [("email", "email.of_firm")]
            elif n > 20 and self.rng.random() < 0.45:
                change, said = self.rng.choice(list(self.plants(n, row)))
                row |= change
            else:
                # Whoever is copied is right in every way.
                kind = "household" if row["household"] else "enterprise"
                self.first[kind] = row["tax_id"]
                self.first |= {"email": row["email"], "phone": row["phone"]}
            self.rows.append((row, said))

    def shown(self, value):
        """A text as it is written."""
        if not isinstance(value, str):
            return value
        if self.name == "csv-1252":
            # Two words that this code page can write, and that no reader may take for older letters.
            return bare(value).replace("Hoa B", "Hòa B").replace("Binh", "Bình")
        return self.letters(value) if self.letters else value

    def write(self, folder):
        """The rows between titles, blanks and a total; each finding gets the row that its client came to stand in."""
        headers = {field: self.pick(*TABLES["headers"][field]) for field in self.fields}
        columns = ["STT", *self.fields[:9], "Vốn điều lệ", *self.fields[9:], "Ngành nghề chính"]
        lines = [["DANH SÁCH KHÁCH HÀNG"], ["năm tài chính 2026"], [], [headers.get(column, column) for column in columns]]
        header_row, states = len(lines), {"accepted": 0, "rejected": 0, "held": 0}
        self.findings += [[header_row, "", "header.unknown"]] * 2
        for n, (row, said) in enumerate(self.rows, 1):
            if self.rng.random() < 0.02:
                lines.append([])
            lines.append([n, *(row.get(column) for column in columns[1:])])
            at = len(lines)
            said = said + self.on_the_way(row, said)
            self.findings += [[at, field, code] for field, code in said]
            if row.get("hidden"):
                self.hidden.add(at)
            states[state_of(row, said)] += 1
        lines.append(["", "Tổng cộng", len(self.rows)])
        taken = [row["household"] for row, said in self.rows if state_of(row, said) != "rejected"]
        if len(set(taken)) == 2:
            self.findings.append([0, "", "order.mixed_types"])
        path = Path(folder) / f"{self.name}.{'csv' if self.is_csv else self.container}"
        path.write_bytes(self.bytes([[self.shown(cell) for cell in line] for line in lines]))
        return {"file": str(path), "rows": states, "findings": self.findings}

    def on_the_way(self, row, said):
        """What the format itself makes of a cell: old letters are read as what they were, days of a CSV are texts."""
        found, flawed = [], {field for field, code in said if code.startswith("cell.")}
        told = {field for field, code in said if code == "date.from_text" or code.endswith("_start.malformed")}
        for field in self.fields:
            value = row.get(field)
            if self.letters and isinstance(value, str) and field not in flawed and self.shown(value) != value:
                found.append((field, "text.recoded"))
            if self.is_csv and isinstance(value, date) and field not in told:
                found.append((field, "date.from_text"))
        return found

    def bytes(self, lines):
        if self.is_csv:
            return self.encode(csv_text(lines, self.container))
        sheet = Sheet(lines, hidden=self.hidden)
        match self.container:
            case "xlsx":
                return Book(sheet).bytes()
            case "xls":
                return xls([sheet])
            case _:
                return ods([sheet])


def state_of(row, said):
    # Of a cell that is no field it is information.
    codes = {code for field, code in said if field or code == "row.hidden"}
    if row["household"]:
        codes.discard("tax_id.wrong_kind")
    if codes - HOLDS - HARMLESS:
        return "rejected"
    return "held" if codes & HOLDS else "accepted"


def ambiguous(n):
    """A right tax id that is also a personal id of Hà Nội without its two zeros."""
    return with_check_digit(119_001_000 + 11 * n)


if __name__ == "__main__":
    answers = []
    for name in sys.argv[2].split(","):
        made = List(name, int(sys.argv[3]), int(sys.argv[4]))
        made.make()
        answers.append(made.write(sys.argv[1]))
    json.dump(answers, sys.stdout)
