//! What a zip holds, and whether it may be unpacked: looked at before a reader of workbooks sees it.
//! The cells are read by `xlsx`.

use std::{
    fs::File,
    io::{BufReader, Read, Seek},
};

use zip::{ZipArchive, read::ZipFile};

use super::{
    declared,
    limits::Limits,
    refusal::{ERROR, Refusal},
};
use crate::domain::refusal::Why;

type Archive<'a> = ZipArchive<BufReader<&'a File>>;

/// A workbook with 200 sheets and as many pictures has some 1,000.
const MAX_PARTS: usize = 10_000;
/// Smaller parts harm nobody, however well they are packed.
const SMALL: u64 = 10 << 20;
/// A sheet of half a million rows unpacks to seven times its size, the emptiest ones to some twenty.
const MAX_RATIO: u64 = 200;
/// Lists of sheets, names, colours and properties.
pub(super) const MAX_LABEL_PART: u64 = 8 << 20;
/// As much as is read of a part that says what the zip is.
const MAX_LABEL: u64 = 1 << 20;

/// `xlsx`, `xlsm`, `xlsb` or `ods`, if it is one and may be unpacked.
pub(super) fn admit(mut file: &File, limits: &Limits) -> Result<&'static str, Refusal> {
    file.rewind().map_err(|error| broken(&error.into()))?;
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(|error| broken(&error))?;
    if archive.len() > MAX_PARTS {
        return Err(Refusal::new(Why::Parts).with("size", archive.len()).with("most", MAX_PARTS));
    }
    let names = part_names(&mut archive)?;
    let container = container(&mut archive, &names)?;
    refuse_bombs(&mut archive, &names, limits)?;
    Ok(container)
}

fn broken(error: &zip::result::ZipError) -> Refusal {
    Refusal::new(Why::CutOff).with(ERROR, error)
}

/// In lower case and with `/` between folders, as they are looked up later.
fn part_names(archive: &mut Archive<'_>) -> Result<Vec<String>, Refusal> {
    let mut names = Vec::with_capacity(archive.len());
    for index in 0..archive.len() {
        let part = archive.by_index_raw(index).map_err(|error| broken(&error))?;
        if part.encrypted() {
            return Err(Refusal::new(Why::ZipPassword));
        }
        let name = part.name().map_err(|error| broken(&error))?;
        names.push(name.replace('\\', "/").to_ascii_lowercase());
    }
    Ok(names)
}

/// By what the package says of itself; the names of parts are a habit only.
fn container(archive: &mut Archive<'_>, names: &[String]) -> Result<&'static str, Refusal> {
    let types = label(archive, names, "[content_types].xml");
    let says = |word: &str| types.contains(word);
    let has = |name: &str| names.iter().any(|found| found == name);
    if has("xl/workbook.bin") {
        Ok("xlsb")
    } else if says("macroenabled.main+xml") && says("ms-excel") {
        Ok("xlsm")
    } else if says("spreadsheetml.sheet.main+xml")
        || says("spreadsheetml.template.main+xml")
        || has("xl/workbook.xml")
    {
        Ok("xlsx")
    } else if says("ms-excel.sheet.binary") {
        // Last of these: some programs declare it beside every workbook.
        Ok("xlsb")
    } else if says("wordprocessingml") {
        Err(Refusal::new(Why::Document))
    } else if says("presentationml") {
        Err(Refusal::new(Why::Presentation))
    } else if names.iter().any(|name| name == "index.zip" || name.starts_with("index/")) {
        Err(Refusal::new(Why::Numbers))
    } else if has("mimetype") {
        open_document(archive, names)
    } else {
        Err(Refusal::new(Why::Archive))
    }
}

fn open_document(archive: &mut Archive<'_>, names: &[String]) -> Result<&'static str, Refusal> {
    if label(archive, names, "meta-inf/manifest.xml").contains("encryption-data") {
        return Err(Refusal::new(Why::Password));
    }
    let is_sheet = label(archive, names, "mimetype").contains("opendocument.spreadsheet");
    if is_sheet { Ok("ods") } else { Err(Refusal::new(Why::OpenDocument)) }
}

/// The text of a part in lower case; empty if there is none or it cannot be read.
fn label(archive: &mut Archive<'_>, names: &[String], name: &str) -> String {
    let index = names.iter().position(|found| found == name);
    let mut text = Vec::new();
    if let Some(Ok(part)) = index.map(|index| archive.by_index(index)) {
        // What was read before an error is as good as any.
        let _ = part.take(MAX_LABEL).read_to_end(&mut text);
    }
    String::from_utf8_lossy(&text).to_ascii_lowercase()
}

/// Sizes can be believed: unpacking stops with an error at what is declared.
fn refuse_bombs(
    archive: &mut Archive<'_>,
    names: &[String],
    limits: &Limits,
) -> Result<(), Refusal> {
    let mut expanded = 0_u64;
    for (index, name) in names.iter().enumerate() {
        let part = archive.by_index(index).map_err(|error| broken(&error))?;
        let size = part.size();
        expanded = expanded.saturating_add(size);
        if size > SMALL && size / part.compressed_size().max(1) > MAX_RATIO {
            return Err(Refusal::new(Why::Packed).with("part", name));
        }
        let most = limits.max_expanded_bytes;
        if expanded > most {
            return Err(Refusal::new(Why::Unpacked).with("most", most >> 20));
        }
        refuse_costly(part, name, limits)?;
    }
    Ok(())
}

/// Parts that are held in memory as a whole, or kept as lists that are larger than the part.
fn refuse_costly<R: Read>(
    part: ZipFile<'_, R>,
    name: &str,
    limits: &Limits,
) -> Result<(), Refusal> {
    let most = limits.max_shared_strings_bytes;
    let is_texts = name.ends_with("sharedstrings.xml");
    let is_styles = name.ends_with("styles.xml");
    let is_label = ["_rels/", "docprops/", "theme/"].iter().any(|folder| name.contains(folder))
        || name.ends_with("workbook.xml");
    let allowed = if is_label { most.min(MAX_LABEL_PART) } else { most };
    if (is_texts || is_styles || is_label) && part.size() > allowed {
        let refusal = Refusal::new(Why::UnpackedPart).with("part", name);
        return Err(refusal.with("most", allowed >> 20));
    }
    let part = BufReader::new(part);
    if is_texts {
        declared::refuse_texts(part, limits)
    } else if is_styles {
        declared::refuse_styles(part)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use zip::{ZipWriter, write::SimpleFileOptions};

    const TYPES: &str = "spreadsheetml.sheet.main+xml";

    fn zip_of(parts: &[(&str, &[u8])]) -> Vec<u8> {
        let mut zip = ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for (name, content) in parts {
            zip.start_file(*name, SimpleFileOptions::default()).unwrap();
            zip.write_all(content).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    fn look(bytes: &[u8], limits: &Limits) -> Result<&'static str, Refusal> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        admit(&file, limits)
    }

    fn refusal_of(parts: &[(&str, &[u8])]) -> Refusal {
        look(&zip_of(parts), &Limits::default()).unwrap_err()
    }

    #[test]
    fn a_workbook_is_known_by_its_content_types_or_by_its_name() {
        let types = ("[Content_Types].xml", TYPES.as_bytes());
        assert_eq!(look(&zip_of(&[types, ("a.xml", b"")]), &Limits::default()), Ok("xlsx"));
        assert_eq!(look(&zip_of(&[("xl\\Workbook.xml", b"")]), &Limits::default()), Ok("xlsx"));
        let macros = b"application/vnd.ms-excel.sheet.macroEnabled.main+xml".as_slice();
        let types = ("[Content_Types].xml", macros);
        assert_eq!(look(&zip_of(&[types]), &Limits::default()), Ok("xlsm"));
        assert_eq!(look(&zip_of(&[("xl/workbook.bin", b"")]), &Limits::default()), Ok("xlsb"));
        let ods = b"application/vnd.oasis.opendocument.spreadsheet".as_slice();
        assert_eq!(look(&zip_of(&[("mimetype", ods)]), &Limits::default()), Ok("ods"));
    }

    #[test]
    fn other_archives_are_named() {
        let text = b"application/vnd.oasis.opendocument.text".as_slice();
        assert_eq!(refusal_of(&[("mimetype", text)]).why, Why::OpenDocument);
        let ods = b"application/vnd.oasis.opendocument.spreadsheet".as_slice();
        let locked = [("mimetype", ods), ("META-INF/manifest.xml", b"<m:encryption-data/>")];
        assert_eq!(refusal_of(&locked).why, Why::Password);
        assert_eq!(refusal_of(&[("a.txt", b"a")]).why, Why::Archive);
        let cut = &zip_of(&[("a.txt", b"a")])[..20];
        assert_eq!(look(cut, &Limits::default()).unwrap_err().why, Why::CutOff);
    }

    #[test]
    fn bombs_are_refused_before_they_are_unpacked() {
        let types = ("[Content_Types].xml", TYPES.as_bytes());
        let sheet = vec![b' '; 11 << 20];
        let refusal = refusal_of(&[types, ("xl/worksheets/sheet1.xml", &sheet)]);
        assert_eq!(refusal.why, Why::Packed);
        let tight = Limits { max_shared_strings_bytes: 3, ..Limits::default() };
        let texts = zip_of(&[types, ("xl/SharedStrings.xml", b"<sst/>")]);
        assert_eq!(look(&texts, &tight).unwrap_err().why, Why::UnpackedPart);
        let tight = Limits { max_expanded_bytes: 40, ..Limits::default() };
        assert_eq!(look(&texts, &tight), Ok("xlsx"));
        let more = zip_of(&[types, ("a", b"123456789"), ("b", b"123456789")]);
        assert_eq!(look(&more, &tight).unwrap_err().why, Why::Unpacked);
    }
}
