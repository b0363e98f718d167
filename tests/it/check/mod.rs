//! Rows of cells through mapping and checks, with the shipped catalogue and no database.
//! What the reader makes of bytes and what becomes of verdicts is tested elsewhere.

mod across;

mod defaults;

mod false_alarms;

mod fields;

mod headers;

mod history;

mod kinds;

mod laws;

mod lists;

mod repairs;

mod rights;

mod rules;
mod same;

mod tax_ids;

mod terms;

mod wording;

use std::{collections::BTreeMap, path::Path, sync::OnceLock};

use chrono::NaiveDate;
use hangloat::{
    catalogue::Catalogue,
    db::{
        clients::{self, Reached, Tie},
        lines::Known,
    },
    domain::{
        batch::RowState,
        cell::Cell,
        field::Field,
        finding::{Code, Finding, Severity},
        firm::{Admin, Firm, Staff, StaffRole},
        locale::Locale,
        sheet::Layout,
    },
    flow::{
        check::{self, Checked, Context, History, Past},
        map::{self, Mapped},
        options::ImportOptions,
        progress::Progress,
        read::{Row, Sheet},
    },
    text::Texts,
};

/// A client without a fault, from the name to the regime.
const HOA: [&str; 11] = [
    "Công ty TNHH Hòa Bình",
    "0101243150",
    "Doanh nghiệp",
    "Lê Thị Hoa",
    "hoa@hoabinh.example",
    "0912 345 678",
    "Số 1 Tràng Tiền, Hà Nội",
    "ASP-DN",
    "2026",
    "Khấu trừ",
    "TT133",
];

/// A client of a list: what is written into which field.
type Client = BTreeMap<Field, Cell>;

fn catalogue() -> &'static Catalogue {
    static CATALOGUE: OnceLock<Catalogue> = OnceLock::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("jobs/catalogue");
    CATALOGUE.get_or_init(|| Catalogue::load(&folder).unwrap())
}

fn text(text: &str) -> Cell {
    if text.is_empty() { Cell::Empty } else { Cell::Text(text.to_owned()) }
}

fn number(value: f64) -> Cell {
    Cell::Number { value, format: None }
}

fn formatted(value: f64, format: &str) -> Cell {
    Cell::Number { value, format: Some(format.to_owned()) }
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn date(text: &str) -> Cell {
    Cell::Date(day(text).into())
}

/// Rows from 1 on, as texts.
fn sheet(name: &str, rows: &[&[&str]]) -> Sheet {
    let row = |(number, cells): (u32, &&[&str])| Row {
        number,
        cells: cells.iter().map(|cell| text(cell)).collect(),
    };
    Sheet {
        name: name.to_owned(),
        visible: true,
        rows: (1..).zip(rows).map(row).collect(),
        layout: Layout::default(),
    }
}

/// Ten digits with the right check digit: the first of the sequence that has one.
fn organisation(sequence: u32) -> String {
    let weights = [31, 29, 23, 19, 17, 13, 7, 5, 3];
    let with_check = |sequence: u32| {
        let digits = format!("09{sequence:07}");
        let values = digits.chars().map(|c| c.to_digit(10).unwrap());
        let sum: u32 = values.zip(weights).map(|(value, weight)| value * weight).sum();
        (!sum.is_multiple_of(11)).then(|| format!("{digits}{}", 10 - sum % 11))
    };
    // Room for one that has none, which is never issued.
    (0..3).find_map(|more| with_check(sequence * 3 + more)).unwrap()
}

fn client(values: &[(Field, &str)]) -> Client {
    values.iter().map(|(field, value)| (*field, text(value))).collect()
}

fn enterprise(number: u32) -> Client {
    client(&[
        (Field::Name, &format!("Công ty TNHH Số {number}")),
        (Field::TaxId, &organisation(number + 1)),
        (Field::CustomerType, "Doanh nghiệp"),
        (Field::Representative, &format!("Nguyễn Văn Thứ {number}")),
        (Field::Email, &format!("giamdoc{number}@congty{number}.example")),
        (Field::Phone, &format!("0912{number:06}")),
        (Field::Address, &format!("Số {number} đường Giải Phóng, Hà Nội")),
        (Field::Package, "ASP-DN"),
        (Field::FiscalYear, "2026"),
        (Field::VatMethod, "Khấu trừ"),
        (Field::Regime, "TT133"),
    ])
}

fn household(number: u32) -> Client {
    let mut client = enterprise(number);
    let own = [
        (Field::Name, format!("Hộ kinh doanh Số {number}")),
        (Field::TaxId, format!("079180{number:06}")),
        (Field::CustomerType, "Hộ kinh doanh".to_owned()),
        (Field::Package, "ASP-HKD".to_owned()),
        (Field::VatMethod, "Trực tiếp".to_owned()),
        (Field::Regime, "TT152".to_owned()),
    ];
    client.extend(own.iter().map(|(field, value)| (*field, text(value))));
    client
}

/// The same client with other cells.
fn with(mut client: Client, cells: &[(Field, Cell)]) -> Client {
    client.extend(cells.iter().cloned());
    client
}

fn without(mut client: Client, fields: &[Field]) -> Client {
    client.retain(|field, _| !fields.contains(field));
    client
}

fn firm() -> Firm {
    Firm {
        code: "MINHAN".parse().unwrap(),
        name: "Công ty TNHH Dịch vụ Kế toán Minh An".into(),
        tax_id: Some("0101243150".parse().unwrap()),
        admin: Admin {
            name: "Nguyễn Thị Lan".into(),
            email: "lan@minhan.example".parse().unwrap(),
            phone: None,
        },
        staff: vec![Staff {
            name: "Trần Văn Bình".into(),
            email: "binh@minhan.example".parse().unwrap(),
            role: StaffRole::DataEntry,
            aliases: vec!["Bình kế toán".into()],
        }],
    }
}

/// What the checks know besides the rows.
struct World {
    firm: Firm,
    options: ImportOptions,
    order_level: Vec<(Field, String)>,
    today: NaiveDate,
    from_csv: bool,
    max_cell_chars: usize,
    locale: Locale,
    known: Vec<Known>,
    /// Who of the firm signs in where.
    reached: Vec<Reached>,
    /// Addresses that get no mail.
    suppressed: Vec<String>,
}

impl Default for World {
    fn default() -> World {
        World {
            firm: firm(),
            options: ImportOptions::default(),
            order_level: Vec::new(),
            today: day("2026-11-22"),
            from_csv: false,
            max_cell_chars: 32_767,
            locale: Locale::Vi,
            known: Vec::new(),
            reached: Vec::new(),
            suppressed: Vec::new(),
        }
    }
}

impl World {
    fn csv() -> World {
        World { from_csv: true, ..World::default() }
    }

    /// `--set`.
    fn set(mut self, defaults: &[&str]) -> World {
        for default in defaults {
            self.options.defaults.set(default).unwrap();
        }
        self
    }

    fn check(&self, clients: &[Client]) -> Said {
        self.sheets(vec![list(clients)])
    }

    /// As a database has it that these lines were accepted into: the catalogue has the newest word on each client.
    fn past(&self) -> Past {
        let mut newest: BTreeMap<String, clients::Client> = BTreeMap::new();
        let own = self.known.iter().filter(|line| line.firm == self.firm.code.as_str());
        let mut own: Vec<&Known> = own.collect();
        own.sort_by_key(|line| line.fiscal_year);
        for line in own {
            let (firm, tax_id) = (line.firm.clone(), line.client.tax_id.to_string());
            let client = clients::Client { firm, tax_id, record: line.client.clone() };
            newest.insert(client.tax_id.clone(), client);
        }
        let ties = self.known.iter().filter_map(|line| {
            let tax_id = line.client.old_tax_id.as_ref()?.to_string();
            Some(Tie { firm: line.firm.clone(), tax_id, client: line.client.tax_id.to_string() })
        });
        let clients = newest.into_values().collect();
        let (lines, reached) = (self.known.clone(), self.reached.clone());
        let suppressed = self.suppressed.iter().cloned().collect();
        Past { lines, clients, reached, ties: ties.collect(), suppressed, ..Past::default() }
    }

    fn sheets(&self, sheets: Vec<Sheet>) -> Said {
        let mapped = map::tables(sheets, &catalogue().columns, self.options.hidden_rows);
        let mut order_level = self.order_level.clone();
        order_level.extend(mapped.order_level.clone());
        let silent = Progress::silent();
        let context = Context {
            catalogue: catalogue(),
            firm: &self.firm,
            options: &self.options,
            order_level: &order_level,
            today: self.today,
            from_csv: self.from_csv,
            max_bad_share: 0.5,
            max_cell_chars: self.max_cell_chars,
            texts: Texts::of(self.locale),
            locale: self.locale,
            progress: &silent,
        };
        let wanted = check::wanted(&mapped.tables, &catalogue().columns);
        let history = History::new(self.past(), &wanted.pairs);
        let checked = check::check(&mapped, &context, &history);
        Said { mapped, checked }
    }
}

/// Row 1 has a column for every field by its own name, A to AF in the order of `Field::ALL`; clients follow.
fn list(clients: &[Client]) -> Sheet {
    let header: Vec<Cell> = Field::ALL.iter().map(|field| text(field.as_str())).collect();
    let cells = |client: &Client| {
        Field::ALL.iter().map(|field| client.get(field).cloned().unwrap_or_default()).collect()
    };
    let rows = std::iter::once(header).chain(clients.iter().map(cells));
    let rows = (1..).zip(rows).map(|(number, cells)| Row { number, cells });
    Sheet { name: "DS".into(), visible: true, rows: rows.collect(), layout: Layout::default() }
}

/// What was said of a file.
struct Said {
    mapped: Mapped,
    checked: Checked,
}

impl Said {
    /// All but that a first year could have been free, which is said of nearly every row: that has tests of its own.
    fn all(&self) -> impl Iterator<Item = &Finding> {
        let all = self.mapped.findings.iter().chain(self.checked.findings.iter().map(|(_, it)| it));
        all.filter(|finding| finding.code != Code::FreeYearAvailable)
    }

    fn states(&self) -> Vec<RowState> {
        self.checked.verdicts.iter().map(|verdict| verdict.state).collect()
    }

    fn names(&self) -> Vec<String> {
        self.all().map(Finding::name).collect()
    }

    /// `tax_id.checksum error`, for one row.
    fn of_row(&self, row: u32) -> Vec<String> {
        let of_row = self.all().filter(|finding| finding.place.row == Some(row));
        of_row.map(|finding| format!("{} {}", finding.name(), finding.severity)).collect()
    }

    fn only(&self) -> &Finding {
        let all: Vec<&Finding> = self.all().collect();
        assert_eq!(all.len(), 1, "{all:?}");
        all[0]
    }

    fn finding(&self, name: &str) -> &Finding {
        self.all().find(|finding| finding.name() == name).unwrap_or_else(|| {
            panic!("no {name} among {:?}", self.names());
        })
    }

    fn client(&self, at: usize) -> &hangloat::domain::client::ClientRow {
        self.checked.verdicts[at].client.as_ref().unwrap()
    }

    fn detail(&self, name: &str, key: &str) -> &str {
        self.finding(name).detail.get(key).map_or("", String::as_str)
    }

    fn is_clean(&self) -> bool {
        self.names().is_empty() && self.states().iter().all(|state| *state == RowState::Accepted)
    }
}

/// The only row of a list has these findings and no others, in any order; its state follows from them.
fn says(world: &World, client: Client, expected: &[(&str, Severity)]) -> Said {
    let said = world.check(&[client]);
    let mut found = said.of_row(2);
    let mut wanted: Vec<String> =
        expected.iter().map(|(name, severity)| format!("{name} {severity}")).collect();
    found.sort();
    wanted.sort();
    assert_eq!(found, wanted, "{:?}", said.names());
    let has = |wanted| expected.iter().any(|(_, severity)| *severity == wanted);
    let state = if has(Severity::Error) {
        RowState::Rejected
    } else if has(Severity::Hold) {
        RowState::Held
    } else {
        RowState::Accepted
    };
    assert_eq!(said.states(), [state], "{expected:?}");
    said
}

/// One cell of a right enterprise is replaced.
fn one(field: Field, cell: Cell) -> Client {
    with(enterprise(1), &[(field, cell)])
}

fn said_of(field: Field, written: &str, name: &str, severity: Severity) -> Said {
    let said = says(&World::default(), one(field, text(written)), &[(name, severity)]);
    let finding = said.finding(name);
    assert_eq!(finding.value.as_deref(), Some(written), "{name}");
    assert_eq!(finding.place.field, Some(field), "{name}");
    said
}
