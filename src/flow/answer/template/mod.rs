//! The workbook to fill in: a list of clients, what holds for the whole order, and how to hand it in.
//! Which columns, values and packages it offers is decided by the caller.

mod guide;

mod list;

mod order;

use anyhow::Context;
use chrono::Utc;
use minijinja::context;
use rust_xlsxwriter::{DocProperties, Format, Worksheet};

use super::{
    identity::{TEMPLATE, TEMPLATE_OF},
    lists::Lists,
    look::{self, Look, TEXT},
    view::TemplateView,
};
use crate::{domain::field::Field, flow::map::TEMPLATE_SHEET, text::Texts};

struct Kit<'a> {
    view: &'a TemplateView,
    texts: &'static Texts,
    look: Look,
    lists: Lists,
}

impl Kit<'_> {
    fn label(&self, key: &str) -> String {
        let name = |sheet: &str| self.texts.label(&format!("workbook.sheet.{sheet}"));
        let sheets = context! {
            list => name("list"), order => name("order"), known => name("known"),
            year => self.view.renews.map(|year| year.to_string()),
        };
        self.texts.say(&format!("workbook.{key}"), sheets)
    }

    /// The values that a field offers, where it offers any.
    fn options(&self, field: Field) -> Option<&[String]> {
        let found = self.view.choices.iter().find(|(known, _)| *known == field);
        found.map(|(_, options)| options.as_slice()).filter(|options| !options.is_empty())
    }
}

/// The bytes of the workbook; the same view gives the same bytes.
pub fn write(view: &TemplateView) -> anyhow::Result<Vec<u8>> {
    let texts = Texts::of(view.locale);
    let mut kit = Kit { view, texts, look: Look::new(), lists: Lists::default() };
    let mut workbook = look::workbook()?;
    let made_at = view.generated_at.with_timezone(&Utc);
    let properties = DocProperties::new().set_title(kit.label("template.title"));
    let properties = properties.set_author("hangloat").set_creation_datetime(&made_at);
    let properties = properties.set_custom_property(TEMPLATE, view.version.as_str());
    workbook.set_properties(&properties.set_custom_property(TEMPLATE_OF, view.mark.as_str()));
    workbook.push_worksheet(list::sheet(&mut kit).context("The list cannot be written")?);
    if !view.order_level.is_empty() {
        workbook.push_worksheet(order::sheet(&mut kit).context("The order cannot be written")?);
    }
    workbook.push_worksheet(guide::sheet(&kit).context("The guide cannot be written")?);
    if !view.known.is_empty() {
        let known = guide::known(&kit).context("The known clients cannot be written")?;
        workbook.push_worksheet(known);
    }
    if let Some(lists) = kit.lists.into_sheet()? {
        workbook.push_worksheet(lists);
    }
    workbook.push_worksheet(mark(view)?);
    workbook.save_to_buffer().context("The template cannot be written")
}

/// By which tables it was made and for whom, for when it comes back; programs that drop properties keep sheets.
fn mark(view: &TemplateView) -> anyhow::Result<Worksheet> {
    let mut sheet = Worksheet::new();
    sheet.set_name(TEMPLATE_SHEET)?.set_very_hidden(true);
    let text = Format::new().set_num_format(TEXT);
    sheet.write_string_with_format(0, 0, &view.version, &text)?;
    sheet.write_string_with_format(1, 0, &view.mark, &text)?;
    Ok(sheet)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use calamine::{Data, Reader, Xlsx};
    use chrono::TimeZone;

    use super::*;
    use crate::{
        domain::{client::CustomerType, locale::Locale, money::Money},
        flow::answer::view::{OrderLevel, TemplateColumn, TemplatePackage},
    };

    fn view() -> TemplateView {
        let column = |field, label: &str, required| TemplateColumn {
            field,
            label: label.to_owned(),
            required,
            note: "Ghi như trên giấy đăng ký.".to_owned(),
        };
        TemplateView {
            locale: Locale::Vi,
            customer_type: CustomerType::Enterprise,
            firm: "Minh An".into(),
            generated_at: chrono_tz::Asia::Ho_Chi_Minh
                .with_ymd_and_hms(2026, 11, 20, 9, 0, 0)
                .unwrap(),
            version: "2026-11+0badcafe".into(),
            mark: "MINHAN 0badcafe".into(),
            renews: None,
            columns: vec![
                column(Field::Name, "Tên khách hàng", true),
                column(Field::TaxId, "Mã số thuế", true),
                column(Field::VatMethod, "Phương pháp tính thuế", false),
                column(Field::FiscalYearStart, "Ngày bắt đầu", false),
            ],
            choices: vec![(Field::VatMethod, vec!["Khấu trừ".into(), "Trực tiếp".into()])],
            regimes: Vec::new(),
            example: vec![
                (Field::Name, "Công ty An Bình".into()),
                (Field::TaxId, "01xxxxxxxx".into()),
            ],
            known: vec![("0101243150".into(), "Công ty Minh An".into())],
            packages: vec![TemplatePackage {
                code: "ASP-DN".into(),
                name: "ASP".into(),
                price: Money::dong(2_950_000),
            }],
            rows: vec![vec![
                (Field::TaxId, "0101243150".into()),
                (Field::FiscalYearStart, "2027-01-01".into()),
            ]],
            order_level: vec![OrderLevel {
                field: Field::FiscalYear,
                label: "Năm tài chính".into(),
                value: "2026".into(),
                note: "Năm bắt đầu.".into(),
            }],
        }
    }

    #[test]
    fn a_template_has_a_list_an_order_and_a_guide() {
        let mut book = Xlsx::new(Cursor::new(write(&view()).unwrap())).unwrap();
        let names = ["Danh sách", "Đơn hàng", "Hướng dẫn", "Khách hàng đã có", TEMPLATE_SHEET];
        assert_eq!(book.sheet_names(), names);
        let list = book.worksheet_range("Danh sách").unwrap();
        assert_eq!(list.get_value((0, 0)), Some(&Data::String("Tên khách hàng (*)".into())));
        assert_eq!(list.get_value((0, 3)), Some(&Data::String("Ngày bắt đầu".into())));
        assert_eq!(list.get_value((1, 0)), Some(&Data::String("Ví dụ: Công ty An Bình".into())));
        assert_eq!(list.get_value((2, 1)), Some(&Data::String("0101243150".into())));
        assert!(matches!(list.get_value((2, 3)), Some(Data::DateTime(_))));
        let mark = book.worksheet_range(TEMPLATE_SHEET).unwrap();
        assert_eq!(mark.get_value((0, 0)), Some(&Data::String("2026-11+0badcafe".into())));
        assert_eq!(mark.get_value((1, 0)), Some(&Data::String("MINHAN 0badcafe".into())));
        let order = book.worksheet_range("Đơn hàng").unwrap();
        assert!(order.rows().any(|row| row[0] == "Năm tài chính" && row[1] == "2026"));
        let guide = book.worksheet_range("Hướng dẫn").unwrap();
        assert!(guide.rows().any(|row| row[0] == "ASP-DN" && row[2] == 2_950_000.0));
    }

    #[test]
    fn the_same_view_gives_the_same_template() {
        assert!(write(&view()).unwrap() == write(&view()).unwrap());
    }
}
