//! Which part of the zip each sheet is in, found by the same rules as the reader of cells finds it:
//! the workbook by the relations of the package, the sheets by the workbook and its relations.

use std::{
    collections::HashMap,
    fs::File,
    io::{BufRead, BufReader, Read, Seek},
};

use quick_xml::{
    escape::unescape,
    events::{BytesStart, Event},
};
use zip::ZipArchive;

use crate::flow::read::{
    archive::MAX_LABEL_PART,
    refusal::Refusal,
    xml::{self, Next},
};

pub(super) struct Parts<'a> {
    archive: ZipArchive<BufReader<&'a File>>,
    /// In lower case and with `/` between folders; of two, the last counts.
    places: HashMap<String, usize>,
    /// The names of the sheets and their paths, in the order of the workbook.
    pub(super) sheets: Vec<(String, String)>,
}

/// `None` if it is no zip; damage inside is left to the reader of cells.
pub(super) fn open(mut file: &File) -> Result<Option<Parts<'_>>, Refusal> {
    file.rewind().map_err(Refusal::damaged)?;
    let Ok(mut archive) = ZipArchive::new(BufReader::new(file)) else { return Ok(None) };
    let mut places = HashMap::with_capacity(archive.len());
    for index in 0..archive.len() {
        let part = archive.by_index_raw(index).ok();
        if let Some(Ok(name)) = part.as_ref().map(zip::read::ZipFile::name) {
            places.insert(normal(&name), index);
        }
    }
    let mut parts = Parts { archive, places, sheets: Vec::new() };
    parts.sheets = parts.list()?;
    Ok(Some(parts))
}

fn normal(path: &str) -> String {
    path.replace('\\', "/").to_ascii_lowercase()
}

impl Parts<'_> {
    pub(super) fn part(&mut self, path: &str) -> Option<impl BufRead> {
        let index = *self.places.get(&path.to_ascii_lowercase())?;
        self.archive.by_index(index).ok().map(BufReader::new)
    }

    fn list(&mut self) -> Result<Vec<(String, String)>, Refusal> {
        let mut workbook = "xl/workbook.xml".to_owned();
        self.each(("_rels/.rels", "Relationship"), |element| {
            let kind = xml::attribute(element, "Type").unwrap_or_default();
            if kind.ends_with("/relationships/officeDocument") {
                let target = xml::attribute(element, "Target").unwrap_or_default();
                let target = plain(&target);
                target.trim_start_matches('/').clone_into(&mut workbook);
            }
        })?;
        let (folder, name) =
            workbook.rfind('/').map_or(("", &*workbook), |at| workbook.split_at(at + 1));
        let mut targets = HashMap::new();
        self.each((&format!("{folder}_rels/{name}.rels"), "Relationship"), |element| {
            let target = xml::attribute(element, "Target").unwrap_or_default();
            targets.insert(xml::attribute(element, "Id"), target);
        })?;
        let mut sheets = Vec::new();
        self.each((&workbook, "sheet"), |element| {
            let target = targets.get(&relation(element)).cloned().unwrap_or_default();
            let inside = target.strip_prefix('/').map(str::to_owned);
            let path = normal(&inside.unwrap_or_else(|| format!("{folder}{target}")));
            let name = xml::attribute(element, "name").unwrap_or_default();
            sheets.push((plain(&name), path));
        })?;
        Ok(sheets)
    }

    /// The elements of one name in a small part.
    fn each(
        &mut self,
        (path, name): (&str, &str),
        mut look: impl FnMut(&BytesStart<'_>),
    ) -> Result<(), Refusal> {
        let Some(part) = self.part(path) else { return Ok(()) };
        let mut is_ambiguous = false;
        xml::walk(BufReader::new(part.take(MAX_LABEL_PART)), |event| {
            if let Event::Start(element) = event
                && element.local_name().as_ref() == name
            {
                is_ambiguous |= element.attributes().any(|attribute| attribute.is_err());
                look(element);
            }
            Next::Go
        })?;
        if is_ambiguous {
            Err(Refusal::damaged(format!("an attribute in `{path}` is no attribute")))
        } else {
            Ok(())
        }
    }
}

fn plain(written: &str) -> String {
    unescape(written).map(std::borrow::Cow::into_owned).unwrap_or_default()
}

/// Its prefix is free to choose.
fn relation(sheet: &BytesStart<'_>) -> Option<String> {
    let attributes = sheet.attributes().flatten();
    let ids = attributes.filter(|attribute| attribute.key.local_name().as_ref() == "id");
    ids.last().map(|id| id.value.into_owned())
}
