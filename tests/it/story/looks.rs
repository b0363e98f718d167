//! Letters as they look in a browser, on a phone and on a desk; and in the owner's words.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use hangloat::domain::money::Money;

use serde_json::Value;

use super::{
    letters::{self, scanned, transfer},
    lists::{csv, enterprise},
};
use crate::world::{World, finished, require, text, texts};

/// Pixels of a phone and of a desk, and so high that whole letters are seen.
const WIDTHS: [u32; 2] = [390, 1000];
const HEIGHT: u32 = 3000;
const OWN: &str = "jobs/letters/order_notice.vi.toml";

fn chromium(world: &World, args: &[&str], page: &Path) -> String {
    let mut command = Command::new("chromium");
    command.args(["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]);
    command.arg(format!("--user-data-dir={}", world.outside("chromium").display()));
    let page = format!("file://{}", page.display());
    finished(command.args(args).arg(page)).exits(0).stdout
}

/// What a page looks like in a window of a width.
fn picture(world: &World, page: &Path, width: u32) -> PathBuf {
    let name = page.file_stem().unwrap().to_str().unwrap();
    let png = world.outside(&format!("{name}-{width}.png"));
    let screenshot = format!("--screenshot={}", png.display());
    chromium(world, &[&screenshot, &format!("--window-size={width},{HEIGHT}")], page);
    png
}

/// A page with each letter in a frame of a width; its title says how many pixels wide and high each of them is.
fn framed(world: &World, name: &str, letters: &[String], width: u32) -> PathBuf {
    const MEASURE: &str = "<script>onload = () => { document.title = [...document.querySelectorAll('iframe')]
        .map(it => it.contentDocument).map(it => it.documentElement.scrollWidth + 'x' + it.body.scrollHeight)
        .join(' ') }</script>";
    let frame = |html: &String| {
        let html = html.replace('&', "&amp;").replace('"', "&quot;");
        let size = format!("width='{width}' height='{HEIGHT}' style='border:0'");
        format!("<iframe {size} srcdoc=\"{html}\"></iframe>")
    };
    let frames: String = letters.iter().map(frame).collect();
    let page = world.outside(&format!("{name}.html"));
    let head = "<!DOCTYPE html><meta charset='utf-8'><title></title>";
    let body = format!("<body style='margin:0;white-space:nowrap'>{frames}{MEASURE}");
    std::fs::write(&page, format!("{head}{body}")).unwrap();
    page
}

/// How many pixels wide and high each letter is in a frame of a width.
fn sizes(world: &World, letters: &[String], width: u32) -> Vec<(u32, u32)> {
    let page = framed(world, "measured", letters, width);
    let page = chromium(world, &["--dump-dom", "--window-size=1200,3100"], &page);
    let title = page.split("<title>").nth(1).and_then(|rest| rest.split("</title>").next());
    let size = |size: &str| {
        let (wide, high) = size.split_once('x').unwrap();
        (wide.parse().unwrap(), high.parse().unwrap())
    };
    title.unwrap().split(' ').map(size).collect()
}

/// All letters of a language, as files.
fn previewed(world: &World, locale: &str) -> Vec<PathBuf> {
    let folder = world.outside(&format!("letters-{locale}"));
    let args = ["mails", "preview", "-o", folder.to_str().unwrap(), "--locale", locale, "--json"];
    let files = world.run(&args).exits(0).json()["files"].as_array().unwrap().clone();
    let kind = |wanted: &str| files.iter().filter(|file| file["kind"] == wanted).count();
    assert_eq!(kind("html"), kind("txt"));
    let pages = files.iter().filter(|file| file["kind"] == "html");
    pages.map(|file| text(file, "path").into()).collect()
}

#[test]
fn every_letter_fits_a_phone_and_a_desk_and_its_picture_can_be_scanned_there() {
    if !(require("chromium") && require("zbarimg")) {
        return;
    }
    let world = World::new();
    for (locale, width) in ["vi", "en"].into_iter().zip(WIDTHS) {
        let pages = previewed(&world, locale);
        let read = |page: &PathBuf| std::fs::read_to_string(page).unwrap();
        let letters: Vec<String> = pages.iter().map(read).collect();
        assert!(letters.len() >= 25 && letters.iter().all(|html| !html.contains("cid:")));
        for (page, (wide, high)) in pages.iter().zip(sizes(&world, &letters, width)) {
            assert!(wide <= width, "{} is {wide} pixels wide on {width}", page.display());
            assert!((200..HEIGHT).contains(&high), "{} is {high} high", page.display());
        }
        let to_scan: Vec<String> =
            letters.into_iter().filter(|html| html.contains("data:image/png")).collect();
        let page = framed(&world, &format!("scanned-{locale}"), &to_scan, width);
        let all = picture(&world, &page, width * u32::try_from(to_scan.len()).unwrap());
        let seen = scanned(&all);
        let mut asked: Vec<_> = seen.lines().map(transfer).collect();
        assert_eq!(asked.len(), to_scan.len(), "each picture is scanned from how it looks");
        for html in &to_scan {
            let at = asked.iter().position(|asked| {
                // As the words in its place say.
                let amount = Money::dong(asked.amount).to_string();
                html.contains(&format!("{}\" style=", asked.memo)) && html.contains(&amount)
            });
            let asked = asked.remove(at.unwrap_or_else(|| panic!("no picture of {html}")));
            assert_eq!((asked.bin.as_str(), asked.account.as_str()), ("970436", "1023456789"));
        }
    }
}

#[test]
fn the_notice_of_an_order_is_scanned_from_its_picture_at_both_widths() {
    if !(require("chromium") && require("zbarimg") && require("python3")) {
        return;
    }
    let world = World::new();
    // A name without a gap, as wide as no phone is.
    let long = enterprise(1).with("A", &"CôngtyTNHHmộtthànhviên".repeat(6));
    world.import("khach.csv", &csv(&[long]));
    world.run(&["confirm", "DH-2611-000001"]).exits(0);
    world.run(&["run", "mail"]).exits(0);
    let all = letters::all(&world);
    let notice = all.iter().find(|letter| !letter.pictures.is_empty()).unwrap();
    let (cid, png) = notice.pictures.first_key_value().unwrap();
    let html = notice.html.replace(&format!("cid:{cid}"), &format!("data:image/png;base64,{png}"));
    let page = world.outside("notice.html");
    std::fs::write(&page, html).unwrap();
    let request = world.order("DH-2611-000001")["payment_requests"][0].clone();
    for width in WIDTHS {
        let asked = transfer(&scanned(&picture(&world, &page, width)));
        assert_eq!((asked.amount, &asked.memo), (2_950_000, &text(&request, "payment_code")));
        let html = std::fs::read_to_string(&page).unwrap();
        assert_eq!(sizes(&world, &[html], width)[0].0, width, "nothing is cut off");
    }
}

#[test]
fn a_warning_about_some_of_a_payer_can_be_looked_at_too() {
    let world = World::new();
    for (locale, sum) in [("vi", "Chưa thanh toán: 5.900.000 đ"), ("en", "Not paid: 5.900.000 đ")]
    {
        world.run(&["mails", "preview", "grace_warning", "--locale", locale]).exits(0);
        let file = world.path(&format!("mail/preview/grace_warning-of-some.{locale}.txt"));
        let letter = std::fs::read_to_string(file).unwrap();
        for needed in [sum, "8.850.000", "15/12/2026"] {
            assert!(letter.contains(needed), "no {needed} in {letter}");
        }
    }
}

#[test]
fn a_letter_can_be_looked_at_with_the_words_that_it_is_written_in() {
    let world = World::new();
    let said = world.run(&["mails", "preview", "order_notice"]).exits(0).stdout;
    assert!(said.contains("Thanh toán đơn hàng") && said.contains("jobs/letters"), "{said}");
    let files = world.files_in("mail/preview");
    assert_eq!(files.len(), 11, "{files:?}");
    let page = std::fs::read_to_string(world.path("mail/preview/order_notice.vi.html")).unwrap();
    assert!(page.contains("Công ty TNHH Dịch vụ Kế toán Minh An") && page.contains("1023456789"));
    world.run(&["mails", "preview", "order_notise"]).exits(2);
    assert!(world.list("mails").is_empty(), "nothing is sent");

    // The words are a file that may be taken as it is.
    let words = std::fs::read_to_string(world.path("mail/preview/order_notice.vi.toml")).unwrap();
    std::fs::create_dir(world.path("jobs/letters")).unwrap();
    std::fs::write(world.path(OWN), words).unwrap();
    world.run(&["catalogue", "check"]).exits(0);
}

#[test]
fn a_letter_is_written_in_the_owners_words() {
    if !require("python3") {
        return;
    }
    let world = World::new();
    std::fs::create_dir(world.path("jobs/letters")).unwrap();
    let own = "[order_notice]\nsubject = \"Mời thanh toán đơn {{ order }}\"\n";
    std::fs::write(world.path(OWN), own).unwrap();
    world.run(&["catalogue", "check"]).exits(0);
    world.import("khach.csv", &csv(&[enterprise(1)]));
    world.run(&["confirm", "DH-2611-000001"]).exits(0);
    world.run(&["run", "mail"]).exits(0);
    let letters = letters::all(&world);
    let subjects: Vec<&str> = letters.iter().map(|letter| letter.subject.as_str()).collect();
    assert!(subjects.contains(&"Mời thanh toán đơn DH-2611-000001"), "{subjects:?}");
}

#[test]
fn wrong_words_are_told_with_their_place_before_anything_is_sent() {
    let world = World::new();
    std::fs::create_dir(world.path("jobs/letters")).unwrap();
    std::fs::write(world.path(OWN), "[order_notice]\n\nsubject = \"{{ ordre }}\"\n").unwrap();
    let problems = world.run(&["catalogue", "check", "--json"]).exits(1).json()["problems"].clone();
    let problem = &problems.as_array().unwrap()[0];
    assert!(text(problem, "file").ends_with("order_notice.vi.toml"), "{problem}");
    assert_eq!(problem["line"], 3);
    assert!(text(problem, "message").contains("`ordre`"), "{problem}");
    assert_eq!(text(problem, "fix"), "did you mean `order`?");
    let checks = world.run(&["doctor", "--json"]).exits(1).json()["checks"].clone();
    let wrong = checks.as_array().unwrap().iter().filter(|check| check["ok"] == false);
    let wrong: Vec<Value> = wrong.cloned().collect();
    assert!(texts(&wrong, "name").contains(&"letters".to_owned()), "{wrong:?}");
    let said = world.run(&["run", "mail"]).exits(78);
    assert!(said.stderr.contains("order_notice.vi.toml:3:"), "{}", said.stderr);
    assert!(said.stderr.contains("có phải `order`?"), "{}", said.stderr);
}
