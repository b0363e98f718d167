"""django-import-export: django_import_export.py LIST KNOWN.db FOLDER; the same rules on each row as it comes."""
import re
import sys
from pathlib import Path

import django
from django.conf import settings

import shared as s

file, known, folder = map(Path, sys.argv[1:])
settings.configure(
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": folder / "out.db",
                           "OPTIONS": {"init_command": "pragma journal_mode = wal; pragma synchronous = full"}}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=["import_export"],
    USE_TZ=True,
)
django.setup()

from django.core.exceptions import ValidationError  # noqa: E402
from django.db import connection, models  # noqa: E402
from import_export import resources  # noqa: E402
from import_export.fields import Field  # noqa: E402
from import_export.formats.base_formats import CSV, XLSX  # noqa: E402
from tablib import Dataset  # noqa: E402

COLUMNS = ["Mã khách hàng", s.NAME, s.TAX_ID, s.TYPE, s.REPRESENTATIVE, s.EMAIL, s.PHONE, s.CONTACT, s.ADDRESS, s.KIND,
           s.PACKAGE, s.YEAR, s.VAT, s.REGIME, s.RECIPIENT]
KNOWN = set(s.known(known))
TAX_ID_FORM, EMAIL_FORM, MOBILE = map(re.compile, [s.TAX_ID_FORM, s.EMAIL_FORM, s.MOBILE])


class Client(models.Model):
    c0 = models.CharField(max_length=40, unique=True)
    for at in range(1, len(COLUMNS)):
        locals()[f"c{at}"] = models.CharField(max_length=400, blank=True, db_index=COLUMNS[at] == s.PHONE)

    class Meta:
        app_label = "clients"


def check_digit_holds(tax_id):
    if len(tax_id) == 12:
        return tax_id.startswith("0")
    total = sum(weight * int(digit) for weight, digit in zip(s.WEIGHTS, tax_id))
    return 10 - total % 11 == int(tax_id[9])


def wrong(row, seen):
    """What is wrong with a row."""
    tax_id, kind, (box, _, domain) = row[s.TAX_ID], row[s.TYPE], row[s.EMAIL].partition("@")
    if not tax_id:
        yield "thiếu mã số thuế"
    elif not TAX_ID_FORM.match(tax_id):
        yield "mã số thuế sai"
    elif not check_digit_holds(tax_id):
        yield "chữ số kiểm tra sai"
    yield from (f"thiếu {column}" for column in s.REQUIRED if not row[column].strip())
    if not EMAIL_FORM.match(row[s.EMAIL]):
        yield "email sai"
    if domain in s.TYPOS or box in s.MADE_UP:
        yield "email gõ nhầm"
    yield from (f"{column} sai" for column in [s.PHONE, s.CONTACT] if not MOBILE.match(row[column]))
    yield from (f"{column} không có" for column, values in s.ALLOWED.items() if row[column] not in values)
    yield from (f"{column} không hợp" for column, fits in s.FITS.items() if row[column] not in fits.get(kind, []))
    if tax_id in seen:
        yield "trùng trong tệp"
    if tax_id in KNOWN:
        yield "đã mua"
    if tax_id:
        seen.add(tax_id)


class ClientResource(resources.ModelResource):
    for at, column in enumerate(COLUMNS):
        locals()[f"c{at}"] = Field(attribute=f"c{at}", column_name=column)

    class Meta:
        model = Client
        import_id_fields = ["c0"]
        force_init_instance = True
        use_bulk = True
        batch_size = 1000
        use_transactions = True
        skip_diff = True

    def before_import(self, dataset, **kwargs):
        self.seen, self.reasons = set(), []

    def before_import_row(self, row, **kwargs):
        for column in COLUMNS:
            row[column] = "" if row[column] is None else str(row[column])
        self.reasons.append("; ".join(wrong(row, self.seen)))
        if self.reasons[-1]:
            raise ValidationError(self.reasons[-1])


with connection.schema_editor() as schema:
    schema.create_model(Client)
if file.suffix == ".xlsx":
    rows = XLSX().create_dataset(file.read_bytes())
else:
    rows = CSV().create_dataset(file.read_text("utf-8"))
resource = ClientResource()
resource.import_data(rows, raise_errors=False)
out = Dataset(headers=[*COLUMNS, s.STATE, s.REASON])
for row, reason in zip(rows, resource.reasons):
    out.append([*row, s.REJECTED if reason else s.ACCEPTED, reason])
(folder / "out.xlsx").write_bytes(XLSX().export_data(out))
s.tell(len(rows), sum(map(bool, resource.reasons)))
