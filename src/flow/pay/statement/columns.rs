//! Which column of a statement is what: by the headers of a layout whose marker stands there, else by the usual ones.
//! What stands in the columns is read beside it.

use crate::{
    catalogue::banks::{Banks, Headers},
    domain::fold::fold,
    flow::read::{Row, Sheet},
};

/// Titles above the table.
const SEARCHED: usize = 60;

/// Where a table begins, and how it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    pub header_row: u32,
    pub roles: Roles,
    pub bin: Option<String>,
    /// Whether what is written so always names its account.
    pub states_account: bool,
}

/// Columns, counted from 0. Day and reference may stand in one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roles {
    pub date: usize,
    pub memo: usize,
    pub credit: Option<usize>,
    pub debit: Option<usize>,
    pub amount: Option<usize>,
    pub reference: Option<usize>,
    pub balance: Option<usize>,
    pub fees: Vec<usize>,
    pub other_name: Option<usize>,
    pub other_account: Option<usize>,
}

impl Roles {
    /// The columns with their headers, in their order.
    pub fn named(&self, sheet: &Sheet, header_row: u32) -> Vec<(u32, String)> {
        let one = [Some(self.date), Some(self.memo), self.credit, self.debit, self.amount];
        let more = [self.reference, self.balance, self.other_name, self.other_account];
        let mut columns: Vec<usize> = one.into_iter().chain(more).flatten().collect();
        columns.extend(&self.fees);
        columns.sort_unstable();
        columns.dedup();
        let row = sheet.rows.iter().find(|row| row.number == header_row);
        let header = |at: usize| row.and_then(|row| row.cells.get(at)).map(|it| it.text().into());
        let named = columns.into_iter().map(|at| (at, header(at).unwrap_or_default()));
        named.map(|(at, header)| (u32::try_from(at).unwrap_or(u32::MAX), header)).collect()
    }
}

/// The layout whose marker stands there and whose columns are there; else the usual headers.
pub fn find(sheet: &Sheet, banks: &Banks) -> Option<Table> {
    let top = || sheet.rows.iter().take(SEARCHED);
    let name = fold(&sheet.name);
    let rows: Vec<String> = top()
        .map(|row| fold(&row.cells.iter().map(|cell| cell.text()).collect::<Vec<_>>().join(" ")))
        .collect();
    for (bank, layout) in banks.layouts() {
        let marker = fold(&layout.marker);
        let headers = layout.headers();
        let found = top().enumerate().find_map(|(at, row)| Some((at, roles(row, &headers, true)?)));
        if let Some((at, roles)) = found
            && (name.contains(&marker) || rows[..=at].iter().any(|row| row.contains(&marker)))
        {
            let header_row = sheet.rows[at].number;
            let (bin, states_account) = (Some(bank.bin.clone()), layout.states_account);
            return Some(Table { header_row, roles, bin, states_account });
        }
    }
    let usual = banks.usual();
    let found = top().find_map(|row| Some((row.number, roles(row, usual, false)?)));
    found.map(|(header_row, roles)| Table { header_row, roles, bin: None, states_account: false })
}

/// The columns of a row, where it is the header of a statement.
fn roles(row: &Row, headers: &Headers, is_marked: bool) -> Option<Roles> {
    let cells: Vec<Vec<String>> = row.cells.iter().map(|cell| names(&cell.text())).collect();
    let all = |wanted: &[String]| -> Vec<usize> {
        let wanted: Vec<String> = wanted.iter().map(|name| fold(name)).collect();
        let mut found = Vec::new();
        for name in &wanted {
            let called = (0..cells.len()).filter(|at| is_called(&cells[*at], name));
            for at in called {
                if !found.contains(&at) {
                    found.push(at);
                }
            }
        }
        found
    };
    let one = |wanted: &[String]| all(wanted).first().copied();
    let (credit, debit, amount) = (one(&headers.credit), one(&headers.debit), one(&headers.amount));
    let has_amounts = match (credit, debit) {
        (Some(credit), Some(debit)) => credit != debit,
        (Some(_), None) => is_marked,
        _ => amount.is_some(),
    };
    let (date, memo) = (one(&headers.date)?, one(&headers.memo)?);
    (has_amounts && date != memo).then(|| Roles {
        date,
        memo,
        credit,
        debit,
        amount: amount.filter(|_| credit.is_none()),
        reference: one(&headers.reference),
        balance: one(&headers.balance),
        fees: all(&headers.fees),
        other_name: one(&headers.other_name),
        other_account: one(&headers.other_account),
    })
}

/// What a header may be called, folded: as a whole, by its lines, and by what stands between strokes. Footnotes
/// (`Ngày1`) are no part of a name.
fn names(header: &str) -> Vec<String> {
    let lines = header.split(['\n', '\r']);
    let parts = header.split(['\n', '\r', '/', '(', ')']);
    let mut names: Vec<String> =
        std::iter::once(header).chain(lines).chain(parts).map(fold).collect();
    for name in &mut names {
        name.truncate(name.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end().len());
    }
    names.retain(|name| !name.is_empty());
    names
}

/// A name of several words may be followed by its translation.
fn is_called(names: &[String], wanted: &str) -> bool {
    let begins = |name: &String| {
        wanted.contains(' ') && name.strip_prefix(wanted).is_some_and(|rest| rest.starts_with(' '))
    };
    names.iter().any(|name| name == wanted) || names.first().is_some_and(begins)
}
