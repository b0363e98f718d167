//! A thousand mails to a server that often says no, for now or for good, and cuts lines after letters were handed over:
//! whatever happens, nobody gets a letter twice, nobody is forgotten, and no secret stands anywhere.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Read as _,
};

use super::posted::{ORDER, THEN, all, change, in_an_hour, placed};
use crate::{
    smtp::{Act, How, Moment, Server, Stage},
    world::{World, text},
};

/// Each mail that waits once more, under further sequences.
macro_rules! more {
    ($n:literal) => {
        concat!(
            "insert into mail (purpose, subject, order_code, line_id, recipient, recipient_name, sequence, message_id,
                               state, planned_at, not_before)
             select purpose, subject, order_code, line_id, recipient, recipient_name, sequence + ",
            $n,
            ", '",
            $n,
            ".' || message_id, state, planned_at, not_before
             from mail where state = 'planned' and order_code is not null and sequence = 1"
        )
    };
}

/// Each gets a notice and a log-in, and the firm a copy of that.
const CLIENTS: u32 = 84;
/// The same letters once more, as other mails: the program gathers and hands over a thousand.
const MORE: [&str; 3] = [more!("1"), more!("2"), more!("3")];
const PASSWORD: &str = "bi-mat-cua-may-chu-thu";

/// Drawn by chance, the same in each run.
struct Chance(u64);

impl Chance {
    fn is_one_of(&mut self, hundred: u64) -> bool {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % 100 < hundred
    }
}

/// 5 % no for now, 2 % of the addresses no for good, lines cut after the letter, and the letter kept or not.
fn unreliable() -> impl FnMut(&Moment) -> Act {
    let mut chance = Chance(42);
    move |at| match at.stage {
        Stage::Recipient if is_bad(&at.to) => Act::Say("550 5.1.1 no such user"),
        Stage::Recipient if chance.is_one_of(5) => Act::Say("451 4.7.1 greylisted"),
        Stage::Letter if chance.is_one_of(2) => Act::TakeAndCut,
        Stage::Letter if chance.is_one_of(1) => Act::Cut,
        _ => Act::Go,
    }
}

fn is_bad(to: &str) -> bool {
    let number = to.strip_prefix("giamdoc@congty").and_then(|rest| rest.split('.').next());
    number.and_then(|number| number.parse::<u32>().ok()).is_some_and(|number| number % 42 == 7)
}

#[test]
fn of_a_thousand_mails_each_is_accepted_once_or_listed_and_no_secret_is_told() {
    let server = Server::with(How::Starttls, Some(("ketoan", PASSWORD)));
    let world = placed(CLIENTS);
    world.run_at(THEN, &["activate", ORDER]).exits(0);
    for sql in MORE {
        change(&world, sql);
    }
    let planned = all(&world);
    assert!(planned.len() >= 1_000, "{}", planned.len());
    server.script(unreliable());
    let mut said = String::new();
    for _ in 0..12 {
        let mut command = server.command(&world, &["run", "mail", "-vvv"]);
        command.env("HANGLOAT_MAIL__USERNAME", "ketoan").env("HANGLOAT_MAIL__PASSWORD", PASSWORD);
        let ran = crate::world::finished(&mut command);
        said.push_str(&(ran.stdout + &ran.stderr));
        in_an_hour(&world);
        if !all(&world).iter().any(|mail| mail["state"] == "planned") {
            break;
        }
    }
    each_is_accepted_once_or_listed(&world, &server);
    nothing_is_told(&world, &server, &said);
}

fn each_is_accepted_once_or_listed(world: &World, server: &Server) {
    let mut accepted: BTreeMap<String, usize> = BTreeMap::new();
    for taken in server.taken() {
        *accepted.entry(taken.message_id).or_default() += 1;
    }
    let suppressed = world.run(&["suppressions", "--json"]).exits(0).json();
    let suppressed = crate::world::texts(suppressed["suppressions"].as_array().unwrap(), "address");
    let mut states: BTreeMap<String, usize> = BTreeMap::new();
    for mail in &all(world) {
        let times = accepted.get(&text(mail, "message_id")).copied().unwrap_or(0);
        let state = text(mail, "state");
        match state.as_str() {
            "sent" => assert_eq!(times, 1, "{mail}"),
            "uncertain" => assert!(times <= 1, "{mail}"),
            "refused" | "held" => {
                assert_eq!(times, 0, "{mail}");
                assert!(
                    suppressed.contains(&text(mail, "to")) && is_bad(&text(mail, "to")),
                    "{mail}"
                );
            }
            _ => panic!("{mail}"),
        }
        *states.entry(state).or_default() += 1;
    }
    assert!(["sent", "uncertain", "refused"].iter().all(|state| states[*state] > 0), "{states:?}");
    assert!(accepted.values().all(|times| *times == 1));
    assert_eq!(suppressed.len(), usize::try_from(CLIENTS / 42).unwrap());
}

/// The links of letters, and the password of the server: in letters alone.
fn nothing_is_told(world: &World, server: &Server, said: &str) {
    let mut secrets = BTreeSet::from([PASSWORD.to_owned()]);
    for taken in server.taken() {
        // Bodies are in base64 or quoted: a link is looked for in what a reader sees.
        let text = unquoted(&taken.text);
        for rest in text.split("token=").skip(1) {
            let token: String = rest.chars().take_while(char::is_ascii_alphanumeric).collect();
            secrets.insert(token);
        }
    }
    assert!(secrets.len() > 60, "the letters were read: {}", secrets.len());
    let mut places =
        vec![("the database", world.database()), ("the logs", said.as_bytes().to_vec())];
    for file in world.files_in("outbox") {
        places.push(("a workbook", unpacked(world, &file)));
    }
    for (place, bytes) in &places {
        let text = String::from_utf8_lossy(bytes);
        let found: BTreeSet<&str> = words(&text).filter(|word| secrets.contains(*word)).collect();
        assert!(found.is_empty(), "{} secrets stand in {place}", found.len());
        assert!(!text.contains(PASSWORD), "the password stands in {place}");
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| word.len() >= 16)
}

/// Of a message, with its parts in quoted-printable or base64 as text.
fn unquoted(message: &str) -> String {
    let mut text = message.replace("=\r\n", "").replace("=3D", "=");
    for part in message.split("Content-Transfer-Encoding: base64\r\n\r\n").skip(1) {
        let body: String =
            part.split("\r\n--").next().unwrap_or_default().split_whitespace().collect();
        let bytes = data_encoding::BASE64.decode(body.as_bytes()).unwrap_or_default();
        text.push_str(&String::from_utf8_lossy(&bytes));
    }
    text
}

/// All that stands in the parts of a workbook.
fn unpacked(world: &World, file: &str) -> Vec<u8> {
    let bytes = std::fs::read(world.path("outbox").join(file)).unwrap();
    let Ok(mut archive) = zip::ZipArchive::new(std::io::Cursor::new(&bytes)) else { return bytes };
    let mut all = Vec::new();
    for at in 0..archive.len() {
        archive.by_index(at).unwrap().read_to_end(&mut all).unwrap();
    }
    all
}
