#!/usr/bin/env python3
"""Writes the sample client lists next to itself; the same bytes on every run.

danh-sach-khach-hang.xlsx: 14 enterprises and 8 households, header in row 4, data in rows 5-26.
19 rows are right. Three are wrong on purpose:
  row 14  the tax id's check digit (tax_id.checksum),
  row 20  the e-mail domain gmial.com (email.domain_typo),
  row 22  an enterprise's regime, TT133, for a household (regime.not_allowed).
Rows 7 and 18 are two enterprises of one owner: same representative, e-mail and phone.
Rows 11 and 23 are paid by the accounting firm, all others by the client.
ho-kinh-doanh.csv: 5 households, all right, paid by the firm; UTF-8 with BOM, semicolons,
English headers.

Everything is invented: names, addresses, tax ids (0999..., right check digit), personal ids
(right province, century and sex; number 0000xx), phones, e-mails (*.example only, but for the
misspelt one). Headers and values are the first (Vietnamese) and second (English) entries of
jobs/catalogue/columns.toml. Needs Python 3.11 and openpyxl.
"""

import csv
import datetime
import io
import re
import tomllib
import zipfile
from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter

HERE = Path(__file__).resolve().parent
COLUMNS = tomllib.loads((HERE / "../jobs/catalogue/columns.toml").read_text("utf-8"))
MADE = datetime.datetime(2026, 11, 2, 8, 0, 0)
VI, EN = 0, 1
HEADER_ROW = 4

FIELDS = [
    ("name", 44), ("tax_id", 16), ("customer_type", 17), ("representative", 24),
    ("representative_title", 14), ("email", 34), ("phone", 14), ("address", 70), ("package", 15),
    ("fiscal_year", 11), ("vat_method", 24), ("regime", 12), ("recipient", 18), ("note", 32),
]
CSV_FIELDS = [
    "external_id", "name", "tax_id", "customer_type", "representative", "email", "phone",
    "address", "package", "fiscal_year", "vat_method", "regime", "recipient",
]

# name, sequence of the tax id, representative, title, e-mail, phone, address, VAT method, regime,
# recipient, note
ENTERPRISES = [
    ("Công ty TNHH Thương mại An Phát Hưng", 10011, "Nguyễn Quang Huy", "Giám đốc",
     "huy.nguyen@anphathung.example", "0912000101",
     "Số 18 đường Trần Thái Tông, phường Cầu Giấy, TP Hà Nội", "deduction", "TT99", "client", ""),
    ("Công ty Cổ phần Xây lắp Đông Kinh", 10023, "Phạm Đức Thắng", "Tổng giám đốc",
     "ketoan@xaylapdongkinh.example", "0912000102",
     "Số 205 đường Giải Phóng, phường Bạch Mai, TP Hà Nội", "deduction", "TT99", "client", ""),
    ("Công ty TNHH Vận tải Sao Biển", 10035, "Lê Thị Thu Hằng", "Giám đốc",
     "thuhang@saobien.example", "0912000103",
     "Số 7 đường Lạch Tray, phường Gia Viên, TP Hải Phòng", "deduction", "TT133", "client", ""),
    ("Công ty TNHH Nội thất Gỗ Mộc Lâm", 10047, "Vũ Minh Khôi", "Giám đốc",
     "lienhe@moclam.example", "0912000104",
     "Cụm nghề Đồng Kỵ, phường Đồng Nguyên, tỉnh Bắc Ninh", "deduction", "TT133", "client", ""),
    ("Công ty Cổ phần Thực phẩm Vị Quê", 10059, "Hoàng Thị Bích Ngọc", "Giám đốc",
     "ngoc.hoang@vique.example", "0912000105",
     "Số 64 đường Lê Lợi, phường Hạc Thành, tỉnh Thanh Hóa", "deduction", "TT133", "firm",
     "KTDV thanh toán hộ"),
    ("Công ty TNHH Giáo dục Ánh Dương", 10061, "Đặng Thu Trang", "Giám đốc",
     "trang.dang@anhduong.example", "0912000106",
     "Số 31 đường Quang Trung, phường Thành Vinh, tỉnh Nghệ An", "none", "TT133", "client",
     "Dạy học, không chịu thuế GTGT"),
    ("Công ty TNHH Cơ khí Chính xác Tân Tiến", 10073, "Bùi Văn Lực", "Giám đốc",
     "vanluc@cokhitantien.example", "0912000107",
     "Lô B2 khu công nghiệp Hòa Khánh, phường Liên Chiểu, TP Đà Nẵng", "deduction", "TT99",
     "client", ""),
    ("Công ty Cổ phần Du lịch Hành Trình Xanh", 10085, "Trịnh Hoài Nam", "Giám đốc",
     "nam.trinh@hanhtrinhxanh.example", "0912000108",
     "Số 12 đường Trần Phú, phường Nha Trang, tỉnh Khánh Hòa", "deduction", "TT133", "client", ""),
    ("Công ty TNHH Vàng bạc Kim Ngân Phú", 10097, "Lý Gia Bảo", "Giám đốc",
     "giabao@kimnganphu.example", "0912000109",
     "Số 90 đường Nguyễn Trãi, phường Chợ Quán, TP Hồ Chí Minh", "direct_value_added", "TT133",
     "client", "Mua bán vàng"),
    ("Công ty TNHH Kho bãi Cát Lái Xanh", 10109, "Lê Thị Thu Hằng", "Chủ tịch công ty",
     "thuhang@saobien.example", "0912000103",
     "Số 3 đường Nguyễn Thị Định, phường Cát Lái, TP Hồ Chí Minh", "deduction", "TT133", "client",
     "Cùng chủ với Vận tải Sao Biển"),
    ("Công ty TNHH In ấn Bao bì Tín Thành", 10113, "Ngô Thanh Tùng", "Giám đốc",
     "tung.ngo@intinthanh.example", "0912000111",
     "Số 150 đường Cộng Hòa, phường Tân Bình, TP Hồ Chí Minh", "deduction", "TT99", "client", ""),
    ("Công ty TNHH Thiết bị Y tế Bảo Tâm", 10128, "Phan Ngọc Diệp", "Giám đốc",
     "vidu-gonham-hangloat@gmial.com", "0912000112",
     "Số 22 đường 30 Tháng 4, phường Ninh Kiều, TP Cần Thơ", "deduction", "TT133", "client", ""),
    ("Công ty TNHH Một thành viên Nông sản Phù Sa", 10139, "Huỳnh Văn Phước", "Giám đốc",
     "phuoc.huynh@nongsanphusa.example", "0912000113",
     "Ấp Tân Hòa, xã Tân Dương, tỉnh Đồng Tháp", "direct_revenue", "TT133", "firm",
     "KTDV thanh toán hộ"),
    ("Công ty Cổ phần Công nghệ Mạng Việt Tre", 10152, "Đỗ Hải Yến", "Giám đốc",
     "haiyen@viettre.example", "0912000114",
     "Số 45 đường Nguyễn Huệ, phường Sài Gòn, TP Hồ Chí Minh", "deduction", "TT99", "client", ""),
]

# name, personal id, owner, e-mail, phone, address, regime
HOUSEHOLDS = [
    ("Hộ kinh doanh Tạp hóa Cô Tám", "079175000011", "Trần Thị Tám", "cotam@taphoa.example",
     "0912000201", "Số 8 hẻm 51 đường Phạm Văn Hai, phường Tân Sơn Nhất, TP Hồ Chí Minh", "TT152"),
    ("Hộ kinh doanh Quán ăn Bếp Mẹ", "001182000012", "Đinh Thị Hòa", "hoa@quanbepme.example",
     "0912000202", "Số 27 phố Hàng Bún, phường Ba Đình, TP Hà Nội", "TT152"),
    ("Hộ kinh doanh Sửa xe Quốc Cường", "048079000013", "Mai Quốc Cường",
     "cuong@suaxequoccuong.example", "0912000203",
     "Số 114 đường Điện Biên Phủ, phường Thanh Khê, TP Đà Nẵng", "TT152"),
    ("Hộ kinh doanh Vật liệu xây dựng Hồng Hà", "034068000014", "Tô Văn Hà",
     "vanha@vlxdhongha.example", "0912000204",
     "Số 60 đường Lý Bôn, phường Thái Bình, tỉnh Hưng Yên", "TT152"),
    ("Hộ kinh doanh Nhà thuốc Minh Đức", "092188000015", "Cao Thị Mỹ Linh",
     "linh@nhathuocminhduc.example", "0912000205",
     "Số 5 đường Mậu Thân, phường Cái Khế, TP Cần Thơ", "TT152"),
    ("Hộ kinh doanh May mặc Thủy Tiên", "036190000016", "Lương Thủy Tiên", "tien@maythuytien.example",
     "0912000206", "Số 39 đường Trần Hưng Đạo, phường Nam Định, tỉnh Ninh Bình", "TT133"),
    ("Hộ kinh doanh Cà phê Gió Núi", "068091000017", "Hà Văn Toàn", "toan@caphegionui.example",
     "0912000207", "Số 2 đường Hùng Vương, phường Lâm Viên - Đà Lạt, tỉnh Lâm Đồng", "TT152"),
    ("Hộ kinh doanh Thú cưng Miu Miu", "075301000018", "Võ Khánh Vy", "vy@thucungmiumiu.example",
     "0912000208", "Số 71 đường Đồng Khởi, phường Trấn Biên, tỉnh Đồng Nai", "TT152"),
]

CSV_HOUSEHOLDS = [
    ("Hộ kinh doanh Gốm sứ Tràng An", "001076000021", "Nghiêm Xuân Phúc", "phuc@gomtrangan.example",
     "0912000301", "Xóm 2 Giang Cao, xã Bát Tràng, TP Hà Nội", "TT152"),
    ("Hộ kinh doanh Hải sản Bà Năm", "077169000022", "Dương Thị Năm", "banam@haisan.example",
     "0912000302", "Số 16 đường Hạ Long, phường Vũng Tàu, TP Hồ Chí Minh", "TT152"),
    ("Hộ kinh doanh Điện nước Thành Công", "031084000023", "Tạ Thành Công",
     "cong@diennuoc.example", "0912000303", "Số 48 đường Tô Hiệu, phường Lê Chân, TP Hải Phòng",
     "TT152"),
    ("Hộ kinh doanh Hoa tươi Thảo Nguyên", "068193000024", "Kiều Thảo Nguyên",
     "nguyen@hoathaonguyen.example", "0912000304",
     "Số 9 đường Vạn Thành, phường Cam Ly - Đà Lạt, tỉnh Lâm Đồng", "TT152"),
    ("Hộ kinh doanh Photocopy Đại Học", "046087000025", "Tôn Thất Vinh", "vinh@photodaihoc.example",
     "0912000305", "Số 77 đường Nguyễn Huệ, phường Thuận Hóa, TP Huế", "TT152"),
]

WRONG_CHECK_DIGIT = 10085


def header(field, language):
    return COLUMNS["headers"][field][language]


def shown(field, value, language):
    return COLUMNS["values"][field][value][language]


def enterprise_tax_id(sequence):
    """Nine digits and their check digit; 10 is never issued."""
    digits = f"0999{sequence:05}"
    weights = (31, 29, 23, 19, 17, 13, 7, 5, 3)
    check = 10 - sum(w * int(d) for w, d in zip(weights, digits)) % 11
    assert check != 10, f"sequence {sequence} has no check digit"
    if sequence == WRONG_CHECK_DIGIT:
        check = (check + 4) % 10
    return f"{digits}{check}"


def enterprise(row, language):
    name, sequence, person, title, email, phone, address, vat, regime, recipient, note = row
    return {
        "name": name, "tax_id": enterprise_tax_id(sequence),
        "customer_type": shown("customer_type", "enterprise", language),
        "representative": person, "representative_title": title, "email": email, "phone": phone,
        "address": address, "package": "ASP-DN", "fiscal_year": 2026,
        "vat_method": shown("vat_method", vat, language),
        "regime": shown("regime", regime, language),
        "recipient": shown("recipient", recipient, language), "note": note,
    }


def household(row, recipient, language):
    name, personal_id, person, email, phone, address, regime = row
    return {
        "name": name, "tax_id": personal_id,
        "customer_type": shown("customer_type", "household", language),
        "representative": person, "representative_title": "Chủ hộ", "email": email, "phone": phone,
        "address": address, "package": "ASP-HKD", "fiscal_year": 2026,
        "vat_method": shown("vat_method", "direct_revenue", language),
        "regime": shown("regime", regime, language),
        "recipient": shown("recipient", recipient, language), "note": "",
    }


def mixed(first, second):
    """Two households after every four enterprises: the list is mixed, not sorted."""
    first, second = list(first), list(second)
    rows = []
    while first or second:
        rows += first[:4] + second[:2]
        first, second = first[4:], second[2:]
    return rows


def write_xlsx(path):
    book = Workbook()
    sheet = book.active
    sheet.title = "DS khách hàng"
    width = len(FIELDS) + 1
    titles = ["CÔNG TY TNHH DỊCH VỤ KẾ TOÁN MINH AN",
              "DANH SÁCH KHÁCH HÀNG ĐĂNG KÝ PHẦN MỀM KẾ TOÁN NĂM TÀI CHÍNH 2026"]
    for number, title in enumerate(titles, 1):
        sheet.merge_cells(start_row=number, start_column=1, end_row=number, end_column=width)
        cell = sheet.cell(number, 1, title)
        cell.font = Font(name="Calibri", bold=True, size=11 + 2 * number)
        cell.alignment = Alignment(horizontal="left", vertical="center")
        sheet.row_dimensions[number].height = 24

    line = Side(style="thin", color="BFBFBF")
    box = Border(left=line, right=line, top=line, bottom=line)
    headers = ["STT"] + [header(field, VI) for field, _ in FIELDS]
    for column, text in enumerate(headers, 1):
        cell = sheet.cell(HEADER_ROW, column, text)
        cell.font = Font(name="Calibri", bold=True, color="FFFFFF")
        cell.fill = PatternFill("solid", start_color="1F4E79")
        cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
        cell.border = box
    sheet.row_dimensions[HEADER_ROW].height = 36

    rows = mixed((enterprise(row, VI) for row in ENTERPRISES),
                 (household(row, "client", VI) for row in HOUSEHOLDS))
    for number, row in enumerate(rows, 1):
        values = [number] + [row[field] for field, _ in FIELDS]
        for column, value in enumerate(values, 1):
            cell = sheet.cell(HEADER_ROW + number, column, value if value != "" else None)
            cell.border = box
            cell.alignment = Alignment(
                vertical="center", horizontal="center" if isinstance(value, int) else "left")
            if isinstance(value, str):
                cell.number_format = "@"  # text: no leading zero is lost

        sheet.row_dimensions[HEADER_ROW + number].height = 18

    sheet.column_dimensions["A"].width = 6
    for column, (_, size) in enumerate(FIELDS, 2):
        sheet.column_dimensions[get_column_letter(column)].width = size
    last = get_column_letter(width)
    sheet.auto_filter.ref = f"A{HEADER_ROW}:{last}{HEADER_ROW + len(rows)}"
    sheet.freeze_panes = sheet.cell(HEADER_ROW + 1, 3)
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_title_rows = f"{HEADER_ROW}:{HEADER_ROW}"
    book.properties.creator = "hangloat samples"
    book.properties.created = MADE
    save_stable(book, path)


def save_stable(book, path):
    """Saves with fixed times: openpyxl stamps both core.xml and the zip entries with now."""
    raw = io.BytesIO()
    book.save(raw)
    stamp = rb"\g<1>" + MADE.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    with zipfile.ZipFile(raw) as source, zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            data = source.read(name)
            if name == "docProps/core.xml":
                data = re.sub(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*", stamp, data)
            entry = zipfile.ZipInfo(name, MADE.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o600 << 16
            target.writestr(entry, data)


def write_csv(path):
    with open(path, "w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(header(field, EN) for field in CSV_FIELDS)
        for number, row in enumerate(CSV_HOUSEHOLDS, 1):
            values = household(row, "firm", EN) | {"external_id": f"HKD{number:03}"}
            writer.writerow(values[field] for field in CSV_FIELDS)


if __name__ == "__main__":
    write_xlsx(HERE / "danh-sach-khach-hang.xlsx")
    write_csv(HERE / "ho-kinh-doanh.csv")
