//! The process that reads an old workbook: bound in memory and time, it knows nothing but the file on stdin.
//! It tells sheets and rows on stdout as `lines`; who asked decides what they are worth.

use std::{
    collections::{BTreeMap, HashSet},
    fs::File,
    io::{BufReader, BufWriter, Write},
    os::{fd::AsFd, unix::process::parent_id},
    process::ExitCode,
    time::{Duration, Instant},
};

use calamine::{
    Data, Dimensions, Ods, OdsError, Range, Reader, Sheet as Found, SheetType, SheetVisible, Xls,
    XlsError, Xlsb, XlsbError,
};
use rlimit::Resource;

use super::{Cell, Container, Refusal, Row, Unread, cells::cell, lines::Line};
use crate::domain::{
    finding::column_letters,
    refusal::Why,
    sheet::{Layout, Merge},
};
use crate::flow::read::guarded::guarded;

type Source = BufReader<File>;

/// Of everything that the process maps, so it uses less.
const MEMORY: u64 = 1 << 30;
/// The largest files that are read take some ten seconds.
const TIME: Duration = Duration::from_mins(2);
/// How often it is looked whether there is still time, and somebody to read for.
const LOOK: Duration = Duration::from_millis(200);
/// Bytes. What the allocator does in a thread that is new took more than 64 KiB in a debug build.
const WATCH_STACK: usize = 1 << 20;
/// Exit code of one that used up its time.
pub(super) const LATE: i32 = 124;
/// Exit code of one whom nobody hears any more, who could not be bound, or whose file is away.
const GIVEN_UP: u8 = 70;
/// A workbook cannot have more that could be seen.
const MAX_SHEETS: usize = 1000;
/// The last cell of any sheet is XFD1048576.
const SHEET: (u32, u32) = (1_048_576, 16_384);

/// Reads the file on stdin. To be called before there is any other thread: each costs address space.
pub fn run(container: Container) -> ExitCode {
    if watch().and_then(|()| bind()).is_err() {
        return ExitCode::from(GIVEN_UP);
    }
    let mut out = BufWriter::new(std::io::stdout().lock());
    // Damage that nobody thought of makes the reader of workbooks panic, not fail.
    let told = guarded(|| tell(container, &mut out));
    let told = told.unwrap_or_else(|| Err(Refusal::damaged("its reader gave up").into()));
    let last = match told {
        Ok(last) => last,
        Err(Unread::Refused(Refusal { why, values, sheet, format: _ })) => {
            Line::Refused { why, values, sheet }
        }
        Err(Unread::Failed(_)) => return ExitCode::from(GIVEN_UP),
    };
    match last.write(&mut out).and_then(|()| out.flush()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(GIVEN_UP),
    }
}

fn bind() -> std::io::Result<()> {
    let lower = |resource: Resource, most: u64| {
        let most = most.min(resource.get_hard()?);
        resource.set(most, most)
    };
    // A core dump would hold what the file holds.
    lower(Resource::CORE, 0)?;
    lower(Resource::CPU, TIME.as_secs())?;
    lower(Resource::AS, MEMORY)
}

/// Ends this process when its time is over or the one that started it is gone.
fn watch() -> std::io::Result<()> {
    let (began, parent) = (Instant::now(), parent_id());
    let watch = move || {
        while parent_id() == parent && began.elapsed() < TIME {
            std::thread::sleep(LOOK);
        }
        std::process::exit(LATE)
    };
    std::thread::Builder::new().stack_size(WATCH_STACK).spawn(watch)?;
    Ok(())
}

/// Everything but the last line, which it returns.
fn tell(container: Container, out: &mut impl Write) -> Result<Line, Unread> {
    let file = File::from(std::io::stdin().as_fd().try_clone_to_owned()?);
    let source = BufReader::new(file);
    match container {
        Container::Xls => tell_xls(source, out),
        Container::Xlsb => tell_xlsb(source, out),
        Container::Ods => tell_ods(source, out),
    }
}

fn tell_xls(source: Source, out: &mut impl Write) -> Result<Line, Unread> {
    let mut workbook: Xls<Source> = Xls::new(source).map_err(|error| match error {
        XlsError::Password => Refusal::new(Why::Password),
        other => Refusal::damaged(other),
    })?;
    for Found { name, visible, .. } in worksheets(workbook.sheets_metadata())? {
        let merges = workbook.merge_cells_by_sheet_name(&name).unwrap_or_default();
        let layout = Layout {
            merges: merges.iter().filter_map(merge).collect(),
            from_1904: workbook.has_1904_epoch(),
            ..Layout::default()
        };
        sheet_line(&name, visible, layout).write(out)?;
        tell_range(&mut workbook, &name, out).map_err(|refusal| refusal.in_sheet(&name))?;
    }
    // A list is a list without its properties, so their damage refuses nothing.
    let properties = workbook.workbook_properties().unwrap_or_default().custom_properties;
    Ok(done(workbook.defined_names(), properties))
}

fn tell_ods(source: Source, out: &mut impl Write) -> Result<Line, Unread> {
    let mut workbook: Ods<Source> = Ods::new(source).map_err(|error| match error {
        OdsError::Password => Refusal::new(Why::Password),
        OdsError::CellLimitExceeded { .. } => Refusal::new(Why::Repeated),
        other => Refusal::damaged(other),
    })?;
    for Found { name, visible, .. } in worksheets(workbook.sheets_metadata())? {
        sheet_line(&name, visible, Layout::default()).write(out)?;
        tell_range(&mut workbook, &name, out).map_err(|refusal| refusal.in_sheet(&name))?;
    }
    let properties = workbook.workbook_properties().unwrap_or_default().custom_properties;
    Ok(done(workbook.defined_names(), properties))
}

fn tell_xlsb(source: Source, out: &mut impl Write) -> Result<Line, Unread> {
    let mut workbook: Xlsb<Source> = Xlsb::new(source).map_err(|error| match error {
        XlsbError::Password => Refusal::new(Why::Password),
        other => Refusal::damaged(other),
    })?;
    for Found { name, visible, .. } in worksheets(workbook.sheets_metadata())? {
        let layout = Layout { from_1904: workbook.has_1904_epoch(), ..Layout::default() };
        sheet_line(&name, visible, layout).write(out)?;
        tell_cells(&mut workbook, &name, out).map_err(|refusal| refusal.in_sheet(&name))?;
    }
    let properties = workbook.workbook_properties().unwrap_or_default().custom_properties;
    Ok(done(workbook.defined_names(), properties))
}

/// The sheets that can hold a table. Charts and dialogues are left out.
fn worksheets(all: &[Found]) -> Result<Vec<Found>, Refusal> {
    let names: HashSet<&str> = all.iter().map(|sheet| sheet.name.as_str()).collect();
    if all.is_empty() {
        return Err(Refusal::damaged("it has no sheet"));
    }
    if names.len() < all.len() || all.len() > MAX_SHEETS {
        return Err(Refusal::damaged("sheets of one name, or more than there can be"));
    }
    Ok(all.iter().filter(|sheet| sheet.typ == SheetType::WorkSheet).cloned().collect())
}

fn sheet_line(name: &str, visible: SheetVisible, layout: Layout) -> Line {
    Line::Sheet { name: name.to_owned(), visible: visible == SheetVisible::Visible, layout }
}

fn done(
    names: &[(String, String)],
    properties: impl IntoIterator<Item = (String, String)>,
) -> Line {
    let properties: BTreeMap<String, String> = properties.into_iter().collect();
    Line::Done { defined_names: names.to_vec(), properties }
}

fn merge(found: &Dimensions) -> Option<Merge> {
    let corner = |(row, column): (u32, u32)| (number_of(row), column);
    Merge::between(corner(found.start), corner(found.end))
}

/// As people count.
fn number_of(row: u32) -> u32 {
    row.saturating_add(1)
}

/// A range begins at the first cell with content, wherever that is.
fn tell_range<W: Reader<Source>>(
    workbook: &mut W,
    name: &str,
    out: &mut impl Write,
) -> Result<(), Unread>
where
    W::Error: std::fmt::Display,
{
    let formulas = workbook.worksheet_formula(name).map_err(Refusal::damaged)?;
    let range = workbook.worksheet_range(name).map_err(Refusal::damaged)?;
    // The last formula may be one without a value, behind all values.
    let Some(first) = earliest(range.start(), formulas.start()) else { return Ok(()) };
    let last = range.end().max(formulas.end()).map_or(first.0, |(row, _)| row);
    let width = [range.end(), formulas.end()].iter().flatten().map(|end| end.1 + 1).max();
    for row in first.0..=last {
        let at = |column| cell_at(&range, &formulas, (row, column));
        tell_row(row, (0..width.unwrap_or(0)).map(at).collect(), out)?;
    }
    Ok(())
}

fn earliest(one: Option<(u32, u32)>, other: Option<(u32, u32)>) -> Option<(u32, u32)> {
    [one, other].into_iter().flatten().min()
}

fn cell_at(range: &Range<Data>, formulas: &Range<String>, place: (u32, u32)) -> Cell {
    let value = range.get_value(place).cloned().unwrap_or_default();
    let is_formula = formulas.get_value(place).is_some_and(|formula| !formula.is_empty());
    cell(value, is_formula)
}

/// Cell by cell, since a far-off one would make a range as large as the sheet could be.
fn tell_cells(workbook: &mut Xlsb<Source>, name: &str, out: &mut impl Write) -> Result<(), Unread> {
    let mut reader = workbook.worksheet_cells_reader(name).map_err(Refusal::damaged)?;
    let (mut row, mut cells) = (0, Vec::new());
    while let Some(found) = reader.next_cell().map_err(Refusal::damaged)? {
        let (its_row, column) = found.get_position();
        let is_behind = its_row == row && (column as usize) < cells.len();
        if its_row < row || is_behind || its_row >= SHEET.0 || column >= SHEET.1 {
            let place = format!("{}{}", column_letters(column), number_of(its_row));
            return Err(Refusal::new(Why::MisplacedCell).with("cell", place).into());
        }
        if its_row > row {
            tell_row(row, std::mem::take(&mut cells), out)?;
            row = its_row;
        }
        cells.resize(column as usize, Cell::Empty);
        cells.push(cell(found.get_value().clone().into(), false));
    }
    tell_row(row, cells, out)
}

/// Says nothing of a row without content.
fn tell_row(row: u32, mut cells: Vec<Cell>, out: &mut impl Write) -> Result<(), Unread> {
    let width = cells.iter().rposition(|cell| *cell != Cell::Empty).map_or(0, |last| last + 1);
    cells.truncate(width);
    if cells.is_empty() {
        return Ok(());
    }
    Ok(Line::Row(Row { number: number_of(row), cells }).write(out)?)
}
