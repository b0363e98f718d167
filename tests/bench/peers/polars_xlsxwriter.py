"""polars + xlsxwriter + sqlite3: polars_xlsxwriter.py LIST KNOWN.db FOLDER"""
import sys
from pathlib import Path

import polars as pl

import shared as s
import xlsxwriter


def read(file):
    if file.suffix == ".xlsx":
        rows = pl.read_excel(file, engine="calamine", infer_schema_length=0)
    else:
        rows = pl.read_csv(file, infer_schema=False)
    return rows.with_columns(pl.all().cast(pl.String).fill_null(""))


def check_digit_holds(tax_id):
    """Of ten digits; personal ids have none."""
    digit = lambda at: tax_id.str.slice(at, 1).cast(pl.Int64, strict=False)
    total = sum(weight * digit(at) for at, weight in enumerate(s.WEIGHTS))
    personal = (tax_id.str.len_bytes() == 12) & tax_id.str.starts_with("0")
    return personal | (10 - total % 11 == digit(9))


def rules(known):
    """What is wrong, and where."""
    tax_id, email, kind = pl.col(s.TAX_ID), pl.col(s.EMAIL), pl.col(s.TYPE)
    yield "thiếu mã số thuế", tax_id == ""
    yield "mã số thuế sai", (tax_id != "") & ~tax_id.str.contains(s.TAX_ID_FORM)
    yield "chữ số kiểm tra sai", (tax_id != "") & ~check_digit_holds(tax_id)
    for column in s.REQUIRED:
        yield f"thiếu {column}", pl.col(column).str.strip_chars() == ""
    yield "email sai", ~email.str.contains(s.EMAIL_FORM)
    parts = email.str.split("@").list
    yield "email gõ nhầm", parts.last().is_in(s.TYPOS) | parts.first().is_in(s.MADE_UP)
    for column in [s.PHONE, s.CONTACT]:
        yield f"{column} sai", ~pl.col(column).str.contains(s.MOBILE)
    for column, values in s.ALLOWED.items():
        yield f"{column} không có", ~pl.col(column).is_in(values)
    for column, fits in s.FITS.items():
        of_enterprise = (kind == s.ENTERPRISE) & pl.col(column).is_in(fits[s.ENTERPRISE])
        of_household = (kind == s.HOUSEHOLD) & pl.col(column).is_in(fits[s.HOUSEHOLD])
        yield f"{column} không hợp", ~(of_enterprise | of_household)
    yield "trùng trong tệp", (tax_id != "") & ~tax_id.is_first_distinct()
    yield "đã mua", tax_id.is_in(known)


def main():
    file, known, folder = map(Path, sys.argv[1:])
    known = pl.Series(s.known(known), dtype=pl.String).implode()
    reasons = [pl.when(wrong.fill_null(True)).then(pl.lit(reason + "; ")).otherwise(pl.lit(""))
               for reason, wrong in rules(known)]
    rows = read(file).with_columns(pl.concat_str(reasons).alias(s.REASON))
    state = pl.when(pl.col(s.REASON) == "").then(pl.lit(s.ACCEPTED)).otherwise(pl.lit(s.REJECTED))
    rows = rows.with_columns(state.alias(s.STATE))
    s.store(folder / "out.db", rows.columns, rows.iter_rows())
    book = xlsxwriter.Workbook(folder / "out.xlsx", {"constant_memory": True})
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, rows.columns)
    for number, row in enumerate(rows.iter_rows(), 1):
        for column, text in enumerate(row):
            sheet.write_string(number, column, text)
    book.close()
    s.tell(len(rows), rows.filter(pl.col(s.STATE) == s.REJECTED).height)


if __name__ == "__main__":
    main()
