"""What the scripts share: the fifteen rules as data, and what was used.

Each does the work of an import on a list of ../generate.rs: reads it, holds every row against the rules, looks for tax
ids that come twice or are known, stores all in one table with a unique key and an index, durably and in one transaction,
and writes a workbook of seventeen columns.
"""
import json
import resource
import sqlite3
import time

NAME, TAX_ID, TYPE, REPRESENTATIVE, EMAIL, PHONE, CONTACT, ADDRESS, KIND, PACKAGE, YEAR, VAT, REGIME, RECIPIENT = (
    "Tên khách hàng", "Mã số thuế", "Loại hình hoạt động", "Người đại diện theo pháp luật", "Email", "Số điện thoại",
    "Số điện thoại liên hệ", "Địa chỉ", "Loại đơn hàng", "Gói sản phẩm", "Năm tài chính", "Phương pháp tính thuế GTGT",
    "Chế độ kế toán", "Đối tượng nhận thông báo")
ENTERPRISE, HOUSEHOLD = "Doanh nghiệp", "Hộ kinh doanh"
REQUIRED = [NAME, REPRESENTATIVE, ADDRESS]
TAX_ID_FORM = r"^(?:0[0-9]{11}|[0-9]{10}(?:-?[0-9]{3})?)$"
WEIGHTS = [31, 29, 23, 19, 17, 13, 7, 5, 3]
EMAIL_FORM = r"^[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}$"
TYPOS = ["gmial.com", "gmai.com", "gmal.com", "gamil.com", "gnail.com", "gmail.con", "yaho.com", "hotmial.com"]
MADE_UP = ["khongco", "chuaco", "noemail", "none", "null"]
MOBILE = r"^0(?:3[0-9]|5[25689]|7[06-9]|8[1-9]|9[0-9])[0-9]{7}$"
ALLOWED = {
    TYPE: [ENTERPRISE, HOUSEHOLD],
    KIND: ["Mua mới", "Miễn phí", "Gia hạn"],
    YEAR: ["2025", "2026", "2027"],
    RECIPIENT: ["Khách hàng", "Kế toán dịch vụ", "Khác"],
}
# By the type of the client.
FITS = {
    PACKAGE: {ENTERPRISE: ["ASP-DN", "ASP-DN-PRO"], HOUSEHOLD: ["ASP-HKD"]},
    VAT: {
        ENTERPRISE: ["Khấu trừ", "Trực tiếp trên doanh thu", "Trực tiếp trên GTGT", "Không"],
        HOUSEHOLD: ["Trực tiếp trên doanh thu", "Trực tiếp trên GTGT", "Không"],
    },
    REGIME: {ENTERPRISE: ["TT99", "TT133", "TT132"], HOUSEHOLD: ["TT152"]},
}
STATE, REASON = "Trạng thái", "Lý do"
ACCEPTED, REJECTED = "Đã nhận", "Cần sửa"


def known(file):
    """The tax ids that were ordered for before."""
    with sqlite3.connect(file) as db:
        return [tax_id for (tax_id,) in db.execute("select tax_id from known")]


def store(file, columns, rows):
    """All rows, in one transaction that survives a power cut."""
    db = sqlite3.connect(file)
    db.execute("pragma journal_mode = wal")
    db.execute("pragma synchronous = full")
    names = ", ".join(f"c{at}" for at in range(len(columns)))
    db.execute(f"create table client (id integer primary key, {names})")
    key, phone = columns.index("Mã khách hàng"), columns.index(PHONE)
    db.execute(f"create unique index client_key on client (c{key})")
    db.execute(f"create index client_phone on client (c{phone})")
    places = ", ".join("?" * len(columns))
    with db:
        db.executemany(f"insert into client ({names}) values ({places})", rows)
    db.close()


BEGAN = time.perf_counter()


def tell(rows, rejected):
    """One line for whoever runs a script by hand."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    seconds = time.perf_counter() - BEGAN
    print(json.dumps({"rows": rows, "rejected": rejected, "seconds": round(seconds, 2), "peak_mib": round(peak)}))
