//! `guide`: how to use the program, as a page for people who drop lists and read answers.

use std::{ffi::OsStr, path::Path};

use minijinja::context;

use super::{
    args::Global,
    init::Made,
    reply::{Exit, Failure, Reply},
    workspace,
};
use crate::flow::{files::write_whole, guide};

pub fn run(global: &Global, output: &Path) -> anyhow::Result<Reply> {
    let texts = workspace::texts(global);
    let is_page = |end: &OsStr| ["html", "htm"].iter().any(|it| end.eq_ignore_ascii_case(it));
    if !output.extension().is_some_and(is_page) {
        let values = context! { file => output.display().to_string() };
        return Err(Failure::misused(texts, "guide_ending", values).into());
    }
    let path = std::path::absolute(output)?;
    write_whole(&path, guide::page(texts)?.as_bytes())?;
    let human = texts.say("command.guide", context! { file => path.display().to_string() });
    Reply::new(Exit::Done, human).with("files", [Made { path, kind: "guide" }])
}
