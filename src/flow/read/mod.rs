//! Bytes → sheets of raw cells, with their place and format. Limits come first, and nothing is inferred.
//! No meaning is given to a cell here, and no database is seen.

mod guarded;

mod refusal;

mod limits;

mod sniff;

mod compound;

mod archive;

mod declared;

mod xml;

mod rows;

mod xlsx;

mod delimiter;

mod csv;

pub mod unstreamed;

use std::{
    collections::BTreeMap,
    fs::File,
    io::{Read, Seek},
    path::Path,
};

use serde::{Deserialize, Serialize};

use self::sniff::Kind;
use self::unstreamed::Container;
pub use self::{
    limits::Limits,
    refusal::{Refusal, Unread},
};
pub use crate::domain::cell::Cell;
use crate::domain::{refusal::Why, sheet::Layout};

/// A file as it was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    pub format: Format,
    /// In the order of the file; hidden ones too, charts not.
    pub sheets: Vec<Sheet>,
    /// Name and formula (`'Tóm tắt'!$C$4`), as the workbook has them.
    pub defined_names: Vec<(String, String)>,
    /// Custom document properties, their values as text.
    pub properties: BTreeMap<String, String>,
}

/// What reading needs beside the file.
#[derive(Clone)]
pub struct Reader<'a> {
    pub limits: Limits,
    /// This program, which reads what cannot be streamed in a process of its own.
    pub program: &'a Path,
    /// Whether the beginning of a sheet is that of a list: of a large file without one no more is kept.
    pub is_list: &'a dyn Fn(&Sheet) -> bool,
}

/// Reads a file by what it is, whatever its name says.
pub fn read(path: &Path, reader: &Reader<'_>) -> Result<Document, Unread> {
    let limits = &reader.limits;
    let (file, head) = open(path, limits)?;
    match sniff::look(&head) {
        Kind::Zip => {
            let container = archive::admit(&file, limits)?;
            let read = match container.parse::<Container>() {
                Ok(container) => unstreamed::read(file, container, reader),
                Err(_) => xlsx::read(&file, container, reader).map_err(Unread::from),
            };
            read.map_err(|unread| unread.of(container))
        }
        Kind::Compound => {
            compound::admit(&file)?;
            let container = Container::Xls;
            unstreamed::read(file, container, reader)
                .map_err(|unread| unread.of(container.as_str()))
        }
        Kind::Text => {
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            csv::read(&file, &name, reader)
        }
        Kind::Encoded(encoding) => {
            Err(Refusal::new(Why::Encoding).with("encoding", encoding).into())
        }
        Kind::Foreign(what) => Err(Refusal::new(what).into()),
        Kind::Binary => Err(Refusal::new(Why::Binary).into()),
    }
}

/// So much of the beginning of a mail as is asked for; nothing where the file is anything else.
pub fn mail(path: &Path, limits: &Limits, most: u64) -> Result<Option<Vec<u8>>, Unread> {
    let (file, head) = open(path, limits)?;
    if sniff::look(&head) != Kind::Foreign(Why::Mail) {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    file.take(most).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// The file, and its first bytes.
fn open(path: &Path, limits: &Limits) -> Result<(File, Vec<u8>), Unread> {
    let mut file = File::open(path)?;
    if limits.admit(&file.metadata()?)? == 0 {
        return Err(Refusal::new(Why::Empty).into());
    }
    let mut head = Vec::new();
    (&file).take(sniff::HEAD).read_to_end(&mut head)?;
    file.rewind()?;
    Ok((file, head))
}

/// A row that holds something.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Excel's own row number; in a CSV the line on which the record starts.
    pub number: u32,
    /// From column A on; trailing empty cells are left out.
    pub cells: Vec<Cell>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Sheet {
    pub name: String,
    pub visible: bool,
    pub rows: Vec<Row>,
    pub layout: Layout,
}

/// What the bytes turned out to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Format {
    /// `xlsx`, `xlsm`, `xls`, `xlsb`, `ods`, `csv`.
    pub container: String,
    pub encoding: Option<String>,
    pub delimiter: Option<String>,
}

impl Format {
    fn of(container: &str) -> Format {
        Format { container: container.to_owned(), encoding: None, delimiter: None }
    }
}

#[cfg(test)]
mod tests;
