//! The user's guide as one page: chapters by moment, with drawings of the sheets under the names that these really have.
//! Its words are in `text`, the drawings in `drawings`.

mod drawings;

use minijinja::{Value, context};

use self::drawings::Sheet;
use crate::{flow::answer::money, text::Texts};

const CHAPTERS: [&str; 10] =
    ["drop", "read", "fix", "tick", "activate", "pay", "money", "cut_offs", "after", "words"];
/// What may come after an order, each with its answer.
const MOMENTS: [&str; 20] = [
    "wrong_email",
    "where_is",
    "phone_yes",
    "one_says_no",
    "three_transfers",
    "fee",
    "twice",
    "staff",
    "moved",
    "tax_code",
    "free_year",
    "december",
    "zalo",
    "fraud",
    "statement",
    "tet",
    "limit",
    "disk",
    "law",
    "bounce",
];

/// A part of a chapter in the order of reading.
enum Block {
    Text(String),
    Steps(Vec<String>),
    Sheet(Sheet),
}

/// The page, which needs no other file.
pub fn page(texts: &Texts) -> Result<String, minijinja::Error> {
    let words = words(texts);
    let chapters = CHAPTERS.iter().map(|key| chapter(texts, key, &words));
    let chapters = chapters.collect::<Result<Vec<_>, _>>()?;
    let label = |key: &str| texts.label(&format!("guide.{key}"));
    let values = context! {
        lang => label("lang"), title => label("title"), lead => label("lead"), drawn => label("drawn"),
        contents => label("contents"), chapters,
    };
    texts.fill("guide.html", values)
}

/// How sheets, columns and boxes are called.
fn words(texts: &Texts) -> Value {
    let label = |key: &str| texts.label(&format!("workbook.{key}"));
    context! {
        summary => label("sheet.summary"),
        result => label("sheet.result"),
        fix => label("sheet.fix"),
        messages => label("sheet.messages"),
        money => label("reconciliation.money"),
        cut_offs => label("cut_offs.sheet"),
        decision => label("column.decision"),
        cancel => label("column.cancel"),
        confirm => label("confirm.confirm"),
        activate => label("confirm.activate"),
        candidates => money::own_label(texts, "candidates"),
        refund => label("money.refund"),
        waive => label("money.waive"),
        hold => label("cut_offs.hold"),
        renew => label("template.renew"),
    }
}

fn chapter(texts: &Texts, key: &str, words: &Value) -> Result<Value, minijinja::Error> {
    let own = section(texts, key, words)?;
    let title = own.title.clone();
    let mut sections = vec![Section { title: String::new(), ..own }];
    if key == "after" {
        for moment in MOMENTS {
            sections.push(section(texts, &format!("after.{moment}"), words)?);
        }
    }
    let sections: Vec<Value> = sections.iter().map(Section::value).collect();
    // Steps come one after the other; words do not.
    let list = if key == "words" { "ul" } else { "ol" };
    Ok(context! { key, title, sections, list })
}

struct Section {
    title: String,
    blocks: Vec<Block>,
}

impl Section {
    fn value(&self) -> Value {
        let blocks = self.blocks.iter().map(|block| match block {
            Block::Text(text) => context! { text },
            Block::Steps(steps) => context! { steps },
            Block::Sheet(sheet) => context! { sheet => sheet.value() },
        });
        context! { title => self.title.as_str(), blocks => blocks.collect::<Vec<_>>() }
    }
}

fn section(texts: &Texts, key: &str, words: &Value) -> Result<Section, minijinja::Error> {
    let fill = |part: &str| texts.fill(&format!("guide.{key}.{part}"), context! { w => words });
    let mut blocks: Vec<Block> = Vec::new();
    for line in fill("text")?.lines().filter(|line| !line.trim().is_empty()) {
        let drawing = line.strip_prefix('[').and_then(|line| line.strip_suffix(']'));
        let drawing = drawing.and_then(|name| drawings::of(texts, name));
        match (drawing, line.strip_prefix("- "), blocks.last_mut()) {
            (Some(sheet), ..) => blocks.push(Block::Sheet(sheet)),
            (None, Some(step), Some(Block::Steps(steps))) => steps.push(step.to_owned()),
            (None, Some(step), _) => blocks.push(Block::Steps(vec![step.to_owned()])),
            (None, None, _) => blocks.push(Block::Text(line.to_owned())),
        }
    }
    Ok(Section { title: fill("title")?, blocks })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::locale::Locale;

    #[test]
    fn the_guide_is_whole_in_both_languages_and_needs_no_other_file() {
        for locale in [Locale::Vi, Locale::En] {
            let texts = Texts::of(locale);
            let page = page(texts).unwrap();
            for key in CHAPTERS {
                assert!(page.contains(&format!("<h2 id=\"{key}\">")), "{key} in {locale}");
            }
            assert_eq!(page.matches("<h3>").count(), MOMENTS.len());
            assert_eq!(page.matches("<figure>").count(), 8, "every drawing is there");
            for outside in ["http", "src=", "guide.", "workbook.", "{{", "["] {
                assert!(!page.contains(outside), "{outside} in {locale}");
            }
            for sheet in ["sheet.fix", "sheet.messages", "cut_offs.sheet", "reconciliation.money"] {
                assert!(page.contains(&texts.label(&format!("workbook.{sheet}"))), "{sheet}");
            }
        }
    }
}
