//! Sheets as the guide draws them: real headings, states and reasons, with invented clients in them.

use minijinja::{Value, context};

use crate::{
    domain::{
        field::Field,
        finding::{Code, Finding, Place},
        money::Money,
    },
    flow::answer::money,
    text::{Texts, findings},
};

const CLIENT: &str = "Công ty TNHH Thương mại Hoa Sen";
const TAX_ID: &str = "0101243150";
const PHONE: &str = "0912 345 678";
const CODE: &str = "HLACDEFGHJ";
const PRICE: Money = Money::dong(2_950_000);

/// A sheet, or what of it is to be seen.
pub struct Sheet {
    name: String,
    columns: Vec<String>,
    rows: Vec<Vec<Cell>>,
}

struct Cell {
    text: String,
    tone: &'static str,
}

impl Sheet {
    /// As the page shows it.
    pub fn value(&self) -> Value {
        let cell = |cell: &Cell| context! { text => cell.text.as_str(), tone => cell.tone };
        let row = |row: &Vec<Cell>| Value::from(row.iter().map(cell).collect::<Vec<_>>());
        context! {
            name => self.name.as_str(),
            columns => self.columns.clone(),
            rows => self.rows.iter().map(row).collect::<Vec<_>>(),
        }
    }
}

fn plain(text: impl Into<String>) -> Cell {
    toned("", text)
}

fn toned(tone: &'static str, text: impl Into<String>) -> Cell {
    Cell { text: text.into(), tone }
}

struct Kit<'a>(&'a Texts);

impl Kit<'_> {
    fn label(&self, key: &str) -> String {
        self.0.label(&format!("workbook.{key}"))
    }

    fn say(&self, key: &str, values: Value) -> String {
        self.0.say(&format!("workbook.{key}"), values)
    }

    fn field(&self, field: Field) -> String {
        self.0.label(&format!("field.{field}"))
    }

    /// Under some headings of a part of the texts.
    fn sheet<const N: usize>(
        &self,
        name: &str,
        (part, columns): (&str, [&str; N]),
        rows: Vec<Vec<Cell>>,
    ) -> Sheet {
        let columns = columns.map(|column| self.label(&format!("{part}.{column}"))).into();
        Sheet { name: self.label(name), columns, rows }
    }

    /// Why a row is not taken, and how to fix it.
    fn said(&self, code: Code, (field, value): (Field, &str), suggestion: &str) -> [String; 2] {
        let place = Place { field: Some(field), ..Place::default() };
        let finding = Finding::new(code, place).value(value).suggest(suggestion);
        [findings::message(self.0, &finding), findings::fix(self.0, &finding)]
    }

    fn wrong(&self) -> [String; 2] {
        self.said(Code::TaxIdChecksum, (Field::TaxId, "0101243159"), "")
    }

    fn doubtful(&self) -> [String; 2] {
        let (typed, meant) = ("giamdoc@gmial.com", "giamdoc@gmail.com");
        self.said(Code::EmailDomainTypo, (Field::Email, typed), meant)
    }
}

/// The drawing of a name in the texts.
pub fn of(texts: &Texts, name: &str) -> Option<Sheet> {
    let kit = Kit(texts);
    Some(match name {
        "result" => result(&kit),
        "fix" => fix(&kit),
        "tick" => tick(&kit),
        "pay" => pay(&kit),
        "messages" => messages(&kit),
        "money" => waiting(&kit),
        "cut_offs" => cut_offs(&kit),
        "look_up" => look_up(&kit),
        _ => return None,
    })
}

fn result(kit: &Kit<'_>) -> Sheet {
    let ([why, how], [doubt, decide]) = (kit.wrong(), kit.doubtful());
    let state = |tone, key: &str| toned(tone, kit.label(&format!("row_state.{key}")));
    let row = |name: &str, tax_id: &str, said: [Cell; 3]| {
        [plain(name), plain(tax_id)].into_iter().chain(said).collect()
    };
    let mut sheet = kit.sheet(
        "sheet.result",
        ("column", ["state", "reason", "fix"]),
        vec![
            row(CLIENT, TAX_ID, [state("good", "accepted"), plain(""), plain("")]),
            row("…", "0101243159", [state("bad", "rejected"), plain(why), plain(how)]),
            row("…", "…", [state("waiting", "held"), plain(doubt), plain(decide)]),
        ],
    );
    let theirs = [Field::Name, Field::TaxId].map(|field| kit.field(field));
    sheet.columns.splice(0..0, theirs);
    sheet
}

fn fix(kit: &Kit<'_>) -> Sheet {
    let ([why, _], [doubt, _]) = (kit.wrong(), kit.doubtful());
    let [hidden, _] = kit.said(Code::RowHidden, (Field::TaxId, ""), "");
    let accept = kit.label("decision.accept");
    let mut sheet = kit.sheet(
        "sheet.fix",
        ("column", ["reason", "suggestion", "decision"]),
        vec![
            vec![toned("bad", "0101243159"), plain("…"), plain(why), plain(""), plain("")],
            vec![
                plain("…"),
                // Put right: beside what is mistyped "accept" would send a log-in to it.
                toned("input", "giamdoc@gmail.com"),
                plain(doubt),
                plain("giamdoc@gmail.com"),
                plain(""),
            ],
            vec![plain("…"), plain("…"), plain(hidden), plain(""), toned("input", accept)],
        ],
    );
    let theirs = [Field::TaxId, Field::Email].map(|field| kit.field(field));
    sheet.columns.splice(0..0, theirs);
    sheet
}

fn tick(kit: &Kit<'_>) -> Sheet {
    let row = |key: &str, value: &str| {
        vec![plain(kit.label(&format!("confirm.{key}"))), toned("input", value)]
    };
    let rows = vec![row("confirm", "☑"), row("activate", "☐"), row("by", "lan@minhan.example")];
    Sheet {
        name: kit.label("sheet.summary"),
        columns: vec![kit.label("confirm.title"), String::new()],
        rows,
    }
}

fn pay(kit: &Kit<'_>) -> Sheet {
    let to =
        context! { bank => "Vietcombank", account => "1023456789", name => "CONG TY PHAN MEM" };
    let account = kit.say("payment.to", to);
    let row = [CODE.to_owned(), CLIENT.to_owned(), PRICE.to_string(), account];
    let columns = ["code", "payer", "amount", "account"];
    kit.sheet("sheet.summary", ("payment", columns), vec![row.map(plain).into()])
}

fn messages(kit: &Kit<'_>) -> Sheet {
    let values = context! {
        firm => "Minh An", payer => CLIENT, client => CLIENT, package => "ASP-DN 2026",
        amount => PRICE.to_string(), bank => "Vietcombank", account => "1023456789",
        account_name => "CONG TY PHAN MEM", code => CODE, due => "30/11/2026", suspended => false,
        grace_days => 7, phone => PHONE,
    };
    let row = vec![plain(PHONE), plain(kit.0.say("message.slip", values))];
    kit.sheet("sheet.messages", ("messages", ["phone", "text"]), vec![row])
}

fn waiting(kit: &Kit<'_>) -> Sheet {
    let why = context! { left => PRICE.to_string(), free => PRICE.to_string() };
    let candidate = format!("1. {CODE} – {CLIENT}: {}", kit.say("money.why_not.near_miss", why));
    let read = ["payment", "amount", "memo", "candidates"];
    let read = read.map(|name| money::own_label(kit.0, name));
    let (first, more) = ([0, 1], 2 * money::CODES);
    let written = first.into_iter().chain([more, more + 1]).map(|at| money::label(kit.0, at));
    let row = ["41", &PRICE.to_string(), "HLACDEFGH tien phan mem", &candidate].map(plain);
    let filled = [CODE, "", "", ""].map(|text| toned("input", text));
    Sheet {
        name: kit.label("reconciliation.money"),
        columns: read.into_iter().chain(written).collect(),
        rows: vec![row.into_iter().chain(filled).collect()],
    }
}

fn cut_offs(kit: &Kit<'_>) -> Sheet {
    let columns = ["line", "client", "rest", "last_day", "hold", "reason"];
    let days = kit.say("cut_offs.days", context! { n => 3 });
    let read = ["DH-2611-000123/17", CLIENT, &PRICE.to_string(), "30/11/2026"].map(plain);
    let written = [toned("input", days), toned("input", "")];
    let row = read.into_iter().chain(written).collect();
    kit.sheet("cut_offs.sheet", ("cut_offs", columns), vec![row])
}

fn look_up(kit: &Kit<'_>) -> Sheet {
    let columns = ["client", "tax_id", "state", "waits", "next_on", "next", "payment"];
    let paid = context! { state => kit.label("request_state.open"), rest => PRICE.to_string() };
    let row = vec![
        plain(CLIENT),
        plain(TAX_ID),
        toned("waiting", kit.label("line_state.grace")),
        plain(kit.say("look_up.waits.pay", context! { payer => CLIENT })),
        plain("30/11/2026"),
        plain(kit.say("look_up.next.cut_off", context! { from => "01/12/2026 00:00" })),
        plain(kit.say("look_up.payment", paid)),
    ];
    kit.sheet("look_up.sheet", ("look_up.column", columns), vec![row])
}
