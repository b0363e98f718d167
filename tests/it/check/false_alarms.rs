//! Generated lists: right rows are never complained about, and wrong ones never break anything.
//! Each kind of finding has its own test elsewhere.

use super::*;
use proptest::prelude::*;

/// What may be said of a right row.
const DOCUMENTED: [&str; 5] = [
    "tax_id.zero_restored",
    "phone.zero_restored",
    "phone.renumbered",
    "text.normalised",
    "date.from_text",
];

/// Numbers that are the same on every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }

    fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.roll(from.len())]
    }
}

fn synonyms() -> toml::Table {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("jobs/catalogue/columns.toml");
    std::fs::read_to_string(path).unwrap().parse().unwrap()
}

fn one_of<'a>(dice: &mut Dice, words: &'a toml::Value) -> &'a str {
    let words: Vec<&str> = words.as_array().unwrap().iter().map(|w| w.as_str().unwrap()).collect();
    dice.pick(&words)
}

fn spelt(dice: &mut Dice, synonyms: &toml::Table, field: Field, word: &str) -> Cell {
    let written = one_of(dice, &synonyms["values"][field.as_str()][word]);
    text(&match dice.roll(4) {
        0 => written.to_uppercase(),
        1 => written.to_lowercase(),
        2 => format!(" {written} "),
        _ => written.to_owned(),
    })
}

fn phone(dice: &mut Dice, number: u32) -> Cell {
    let digits = format!("{:08}", 12_000_000 + number);
    match dice.roll(7) {
        0 => text(&format!("+849{digits}")),
        1 => text(&format!("0084 9{digits}")),
        2 => text(&format!("09{} {} {}", &digits[..2], &digits[2..5], &digits[5..])),
        3 => text(&format!("09{}.{}.{}", &digits[..2], &digits[2..5], &digits[5..])),
        4 => super::number(format!("9{digits}").parse().unwrap()),
        5 => formatted(format!("9{digits}").parse().unwrap(), "0000000000"),
        _ => text(&format!("09{digits}")),
    }
}

fn tax_id(dice: &mut Dice, number: u32, is_household: bool) -> Cell {
    if is_household {
        let id = format!(
            "0{}1{:02}{number:06}",
            dice.pick(&["79", "01", "48", "96"]),
            dice.roll(90) + 10
        );
        return match dice.roll(3) {
            0 => formatted(id.parse().unwrap(), "000000000000"),
            1 => text(&format!("'{id}")),
            _ => text(&id),
        };
    }
    let id = organisation(number);
    match dice.roll(7) {
        0 => super::number(id.parse().unwrap()),
        1 => formatted(id.parse().unwrap(), "0000000000"),
        2 => text(&format!("{id}-{:03}", dice.roll(998) + 1)),
        3 => text(&format!("{id}{:03}", dice.roll(998) + 1)),
        4 => text(&format!("{}.{}.{}.{}", &id[..2], &id[2..4], &id[4..7], &id[7..])),
        5 => text(&format!("{id} ")),
        _ => text(&id),
    }
}

fn start(dice: &mut Dice, year: i32, is_household: bool) -> Cell {
    let quarter = dice.pick(&["01", "04", "07", "10"]);
    let month = if is_household { "01" } else { quarter };
    let short = month.trim_start_matches('0');
    match dice.roll(6) {
        0 => date(&format!("{year}-{month}-01")),
        1 => text(&format!("01/{month}/{year}")),
        2 => text(&format!("1/{short}/{year}")),
        3 => text(&format!("01-{month}-{year}")),
        4 => text(&format!("01.{month}.{year}")),
        _ => Cell::Empty,
    }
}

fn regime(dice: &mut Dice, year: i32, is_household: bool) -> &'static str {
    match (is_household, year) {
        (true, 2025) => "TT88",
        (true, _) => "TT152",
        (false, 2025) => dice.pick(&["TT200", "TT133", "TT132"]),
        (false, _) => dice.pick(&["TT99", "TT133", "TT132"]),
    }
}

fn right_client(dice: &mut Dice, synonyms: &toml::Table, number: u32) -> Client {
    let is_household = dice.roll(3) == 0;
    let (kind, package, methods): (_, _, &[&str]) = if is_household {
        ("household", "ASP-HKD", &["direct_revenue", "direct_value_added", "none"])
    } else {
        ("enterprise", "ASP-DN", &["deduction", "direct_revenue", "direct_value_added", "none"])
    };
    let name =
        dice.pick(&["Cty CP", "DNTN", "HTX", "Tổng công ty", "CÔNG TY TNHH", "Cộng đồng", "Hộ KD"]);
    let year = [2025, 2026, 2027][dice.roll(3)];
    let year_cell = match dice.roll(3) {
        0 => super::number(year.into()),
        1 => text(&format!("NTC {year}")),
        _ => text(&year.to_string()),
    };
    let (method, regime) = (dice.pick(methods), regime(dice, year, is_household));
    let mut client = with(
        enterprise(number),
        &[
            (Field::Name, text(&format!("{name} Số {number}"))),
            (Field::TaxId, tax_id(dice, number, is_household)),
            (Field::CustomerType, spelt(dice, synonyms, Field::CustomerType, kind)),
            (Field::Phone, phone(dice, number)),
            (Field::Package, text(package)),
            (Field::FiscalYear, year_cell),
            (Field::FiscalYearStart, start(dice, year, is_household)),
            (Field::VatMethod, spelt(dice, synonyms, Field::VatMethod, method)),
            (Field::Regime, spelt(dice, synonyms, Field::Regime, regime)),
            (Field::Recipient, spelt(dice, synonyms, Field::Recipient, "client")),
            (Field::InventoryMethod, spelt(dice, synonyms, Field::InventoryMethod, "fifo")),
        ],
    );
    if dice.roll(2) == 0 {
        client.remove(&Field::CustomerType);
    }
    client
}

#[test]
fn three_hundred_right_rows_in_all_spellings_give_no_false_alarm() {
    let (mut dice, synonyms) = (Dice(20_261_122), synonyms());
    for list in 0..20 {
        let clients: Vec<Client> =
            (0..15).map(|at| right_client(&mut dice, &synonyms, list * 15 + at)).collect();
        let mut sheet = super::list(&clients);
        let header = Field::ALL
            .iter()
            .map(|field| text(one_of(&mut dice, &synonyms["headers"][field.as_str()])));
        sheet.rows[0].cells = header.collect();
        let said = World::default().sheets(vec![sheet]);
        let alarms: Vec<_> = said
            .all()
            .filter(|finding| finding.name() != "order.mixed_types")
            .filter(|finding| !DOCUMENTED.contains(&finding.name().as_str()))
            .collect();
        assert!(alarms.is_empty(), "{alarms:#?}");
        assert_eq!(said.states(), [RowState::Accepted; 15]);
    }
}

fn any_cell() -> impl Strategy<Value = Cell> {
    let words = prop::sample::select(vec![
        "Công ty",
        "MST",
        "0101243150",
        "1190003456",
        "-",
        "Khấu trừ",
        "2026",
        "TT133",
        "ASP-DN",
        "Tổng cộng",
        "31/12/2026",
        "0912345678",
        "lan@gmial.com",
        "Đơn hàng",
        "Kế toán dịch vụ",
        "1E+11",
        "DN",
        "Khác",
    ]);
    prop_oneof![
        2 => Just(Cell::Empty),
        6 => words.prop_map(text),
        2 => any::<String>().prop_map(Cell::Text),
        2 => any::<f64>().prop_map(number),
        1 => (any::<f64>(), "[0#@.]{0,20}").prop_map(|(value, format)| formatted(value, &format)),
        1 => any::<i32>().prop_map(|days| {
            let at = NaiveDate::from_num_days_from_ce_opt(days).unwrap_or_default();
            Cell::Date(at.into())
        }),
        1 => any::<bool>().prop_map(Cell::Bool),
        1 => "#[A-Z/!]{0,6}".prop_map(Cell::Error),
    ]
}

fn any_sheet() -> impl Strategy<Value = Sheet> {
    let name = prop::sample::select(vec!["DS", "Đơn hàng", "Kết quả", "Tóm tắt", "Lists", ""]);
    let row = prop::collection::vec(any_cell(), 0..35);
    (name, any::<bool>(), prop::collection::vec(row, 0..12), any::<bool>()).prop_map(
        |(name, visible, mut rows, has_header)| {
            if has_header {
                let header = Field::ALL.iter().map(|field| text(field.as_str())).collect();
                rows.insert(rows.len() / 4, header);
            }
            let rows = (1..).zip(rows).map(|(number, cells)| Row { number, cells }).collect();
            Sheet { name: name.to_owned(), visible, rows, layout: Layout::default() }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]
    #[test]
    fn whatever_the_cells_hold_every_row_ends_in_one_state(
        sheets in prop::collection::vec(any_sheet(), 0..4),
        from_csv in any::<bool>(),
    ) {
        let said = World { from_csv, ..World::default() }.sheets(sheets);
        let count = |state| said.states().iter().filter(|found| **found == state).count();
        let ended = [RowState::Accepted, RowState::Rejected, RowState::Held, RowState::Unchanged];
        let ends: usize = ended.map(count).iter().sum();
        let data = said.mapped.tables.iter().flat_map(|table| &table.rows);
        let total = data.filter(|row| row.kind == hangloat::db::rows::RowKind::Data).count();
        prop_assert_eq!(ends, total);
        prop_assert_eq!(said.checked.verdicts.len(), total);
        for verdict in said.checked.verdicts.iter().filter(|verdict| verdict.state == RowState::Accepted) {
            prop_assert!(verdict.client.is_some());
        }
        for finding in said.all() {
            let words = hangloat::text::findings::message(Texts::of(Locale::Vi), finding);
            prop_assert!(!words.contains("finding."), "{}", words);
        }
    }
}
