//! A letter in the making: blocks that both layouts know how to show.
//! Which blocks a letter has is its own file's business, how they look that of `text/layout.*`.

use anyhow::Context;
use minijinja::{Value, context};

use super::{FirmBlock, Letter};
use crate::text::{Texts, one_line};

pub(super) struct Draft<'a> {
    texts: &'a Texts,
    /// What every sentence of the letter may name.
    values: Value,
    /// From top to bottom, each with its `kind` and what the layouts show of that kind.
    blocks: Vec<Value>,
}

/// A labelled value.
pub(super) struct Fact(Value);

/// A client in a list, or an order; without a code nothing is said of one, and without an amount neither.
#[derive(Default)]
pub(super) struct Item {
    pub title: String,
    pub details: Vec<String>,
    /// Where there is more than one sum.
    pub amount_label: String,
    pub amount: String,
    pub code_label: String,
    pub code: String,
}

impl<'a> Draft<'a> {
    /// Every sentence may also name `call`: whom to call at the firm, and where.
    pub fn new(texts: &'a Texts, values: Value) -> anyhow::Result<Draft<'a>> {
        let mut draft = Draft { texts, values, blocks: Vec::new() };
        let call = draft.say("call")?;
        draft.values = context! { call, ..draft.values };
        Ok(draft)
    }

    /// The sentence under `letter.<key>`.
    pub fn say(&self, key: &str) -> anyhow::Result<String> {
        self.say_with(key, self.values.clone())
    }

    /// The same with values of its own.
    pub fn say_with(&self, key: &str, values: Value) -> anyhow::Result<String> {
        let said = self.texts.fill(&format!("letter.{key}"), values);
        said.map(|text| one_line(&text))
            .with_context(|| format!("The text `letter.{key}` is wrong"))
    }

    pub fn fact(&self, name: &str, value: &str) -> anyhow::Result<Fact> {
        let label = self.say(&format!("fact.{name}"))?;
        Ok(Fact(context! { label, value => one_line(value), strong => false }))
    }

    /// One to be copied without a mistake.
    pub fn strong_fact(&self, name: &str, value: &str) -> anyhow::Result<Fact> {
        let Fact(fact) = self.fact(name, value)?;
        Ok(Fact(context! { strong => true, ..fact }))
    }

    /// Nothing is added where the sentence comes out empty.
    pub fn paragraph(&mut self, key: &str) -> anyhow::Result<()> {
        let text = self.say(key)?;
        if !text.is_empty() {
            self.blocks.push(context! { kind => "paragraph", text });
        }
        Ok(())
    }

    /// A sentence that is ready.
    pub fn sentence(&mut self, text: &str) {
        self.blocks.push(context! { kind => "paragraph", text => one_line(text) });
    }

    pub fn heading(&mut self, key: &str) -> anyhow::Result<()> {
        let text = self.say(key)?;
        self.blocks.push(context! { kind => "heading", text });
        Ok(())
    }

    pub fn facts(&mut self, facts: Vec<Fact>) {
        let facts: Vec<Value> = facts.into_iter().map(|Fact(fact)| fact).collect();
        self.blocks.push(context! { kind => "facts", facts });
    }

    /// Sentences that are ready, each with a mark before it.
    pub fn points(&mut self, points: &[String]) {
        let points: Vec<String> = points.iter().map(|point| one_line(point)).collect();
        self.blocks.push(context! { kind => "points", points });
    }

    pub fn list(&mut self, items: Vec<Item>) {
        let show = |Item { title, details, amount_label, amount, code_label, code }| {
            context! { title => one_line(&title), details, amount_label, amount, code_label, code }
        };
        let items: Vec<Value> = items.into_iter().map(show).collect();
        self.blocks.push(context! { kind => "list", items });
    }

    /// The picture with the content id `cid`; `key` has its caption, its alternative and what the text part says instead.
    pub fn picture(&mut self, key: &str, cid: &str) -> anyhow::Result<()> {
        let caption = self.say(&format!("{key}.caption"))?;
        let alt = self.say(&format!("{key}.alt"))?;
        let plain = self.say(&format!("{key}.plain"))?;
        self.blocks.push(context! { kind => "picture", cid, caption, alt, plain });
        Ok(())
    }

    pub fn button(&mut self, key: &str, url: &str) -> anyhow::Result<()> {
        let (label, by_hand) = (self.say(key)?, self.say("log_in.by_hand")?);
        self.blocks.push(context! { kind => "button", label, url, by_hand });
        Ok(())
    }

    pub fn note(&mut self, title: &str, text: &str) -> anyhow::Result<()> {
        let (title, text) = (self.say(title)?, self.say(text)?);
        self.blocks.push(context! { kind => "note", title, text });
        Ok(())
    }

    /// Both parts, with the subject and the title under `<key>.subject` and `<key>.title`.
    pub fn finish(self, key: &str, firm: &FirmBlock) -> anyhow::Result<Letter> {
        let texts = self.texts;
        let subject = self.say(&format!("{key}.subject"))?;
        let values = context! {
            lang => self.say("lang")?,
            subject => subject.as_str(),
            title => self.say(&format!("{key}.title"))?,
            firm => one_line(&firm.name),
            heading => self.say("footer.heading")?,
            contacts => self.contacts()?,
            blocks => self.blocks,
        };
        let show = |layout| {
            let shown = texts.fill(layout, values.clone());
            shown.with_context(|| format!("The layout `{layout}` is wrong"))
        };
        Ok(Letter { text: show("layout.txt")?, html: show("layout.html")?, subject })
    }

    /// Whom to ask at the firm, a line each.
    fn contacts(&self) -> anyhow::Result<Vec<String>> {
        let mut contacts = Vec::new();
        for part in ["accountant", "phone", "email"] {
            contacts.push(self.say(&format!("footer.{part}"))?);
        }
        contacts.retain(|contact| !contact.is_empty());
        Ok(contacts)
    }
}
