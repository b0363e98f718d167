//! Bytes → sheets of raw cells, with their place and format. Limits come first, and nothing is inferred.
//! No meaning is given to a cell here, and no database is seen.

mod refusal;

mod limits;

mod sniff;

mod compound;

mod archive;

mod declared;

mod rows;

mod xlsx;

mod delimiter;

mod csv;

use std::{
    collections::BTreeMap,
    fs::File,
    io::{Read, Seek},
    path::Path,
};

use serde::{Deserialize, Serialize};

use self::sniff::Kind;
pub use self::{limits::Limits, refusal::Refusal};
pub use crate::domain::cell::Cell;
use crate::domain::{finding::Code, sheet::Layout};

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

/// Reads a file by what it is, whatever its name says.
pub fn read(path: &Path, limits: &Limits) -> Result<Document, Refusal> {
    let mut file = File::open(path)?;
    if limits.admit(&file.metadata()?)? == 0 {
        return Err(Refusal::new(Code::FileEmpty, "the file has no byte"));
    }
    let mut head = Vec::new();
    (&file).take(sniff::HEAD).read_to_end(&mut head)?;
    file.rewind()?;
    match sniff::look(&head) {
        Kind::Zip => {
            let container = archive::admit(&file, limits)?;
            xlsx::read(&file, container, limits)
                .map_err(|refusal| refusal.of(&Format::of(container)))
        }
        Kind::Text => {
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            csv::read(&file, &name, limits)
        }
        Kind::Compound => Err(compound::refusal(&file)),
        Kind::Encoded(encoding) => Err(csv::undecodable(&format!("it is in {encoding}"))),
        Kind::Foreign(what) => Err(Refusal::unsupported(what)),
        Kind::Binary => Err(Refusal::new(Code::FileNotATable, "it is neither a workbook nor text")),
    }
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
    /// `xlsx`, `csv`.
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
