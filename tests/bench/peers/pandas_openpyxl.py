"""pandas + openpyxl + sqlite3: pandas_openpyxl.py LIST KNOWN.db FOLDER"""
import sys
from pathlib import Path

import pandas as pd
from openpyxl import Workbook

import shared as s


def read(file):
    how = {"dtype": str, "keep_default_na": False}
    return pd.read_excel(file, engine="openpyxl", **how) if file.suffix == ".xlsx" else pd.read_csv(file, **how)


def check_digit_holds(tax_ids):
    """Of ten digits; personal ids have none."""
    total = sum(weight * pd.to_numeric(tax_ids.str[at], errors="coerce") for at, weight in enumerate(s.WEIGHTS))
    personal = (tax_ids.str.len() == 12) & tax_ids.str.startswith("0")
    return personal | ((10 - total % 11) == pd.to_numeric(tax_ids.str[9], errors="coerce"))


def rules(rows, known):
    """What is wrong, and where."""
    tax_id, email, kind = rows[s.TAX_ID], rows[s.EMAIL], rows[s.TYPE]
    yield "thiếu mã số thuế", tax_id == ""
    yield "mã số thuế sai", (tax_id != "") & ~tax_id.str.match(s.TAX_ID_FORM)
    yield "chữ số kiểm tra sai", (tax_id != "") & ~check_digit_holds(tax_id)
    for column in s.REQUIRED:
        yield f"thiếu {column}", rows[column].str.strip() == ""
    yield "email sai", ~email.str.match(s.EMAIL_FORM)
    yield "email gõ nhầm", email.str.split("@").str[-1].isin(s.TYPOS) | email.str.split("@").str[0].isin(s.MADE_UP)
    for column in [s.PHONE, s.CONTACT]:
        yield f"{column} sai", ~rows[column].str.match(s.MOBILE)
    for column, values in s.ALLOWED.items():
        yield f"{column} không có", ~rows[column].isin(values)
    for column, fits in s.FITS.items():
        of_enterprise = (kind == s.ENTERPRISE) & rows[column].isin(fits[s.ENTERPRISE])
        of_household = (kind == s.HOUSEHOLD) & rows[column].isin(fits[s.HOUSEHOLD])
        yield f"{column} không hợp", ~(of_enterprise | of_household)
    yield "trùng trong tệp", (tax_id != "") & tax_id.duplicated(keep="first")
    yield "đã mua", tax_id.isin(known)


def main():
    file, known, folder = map(Path, sys.argv[1:])
    rows = read(file)
    reasons = pd.Series("", index=rows.index)
    for reason, wrong in rules(rows, s.known(known)):
        reasons = reasons.mask(wrong.fillna(True), reasons + reason + "; ")
    rows[s.STATE] = (reasons == "").map({True: s.ACCEPTED, False: s.REJECTED})
    rows[s.REASON] = reasons
    columns = list(rows.columns)
    s.store(folder / "out.db", columns, rows.itertuples(index=False, name=None))
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(columns)
    for row in rows.itertuples(index=False, name=None):
        sheet.append(row)
    book.save(folder / "out.xlsx")
    s.tell(len(rows), int((rows[s.STATE] == s.REJECTED).sum()))


if __name__ == "__main__":
    main()
