//! Lists that come through a bucket, answers that go into one, and backups: against a real server for such buckets.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Command, Stdio},
};

use super::lists::{csv, mixed};
use crate::world::{World, eventually, python, require, text};

const ORDER: &str = "DH-2611-000001";

/// A server with the bucket `khach`, which ends with the test.
struct Server {
    child: Child,
    address: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Server {
    fn start() -> Server {
        let mut command = Command::new(python());
        command.args(["-m", "moto.server", "-H", "127.0.0.1", "-p", "0"]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
        let address = said.find_map(|line| {
            let line = line.unwrap();
            line.split_once("Running on http://").map(|(_, address)| address.trim().to_owned())
        });
        // Nobody reads on: what else is said must not fill the pipe.
        std::thread::spawn(move || said.for_each(drop));
        let server = Server { child, address: address.unwrap() };
        assert_eq!(server.ask("PUT", "/khach", b"").0, 200);
        server
    }

    fn stop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Status and body.
    fn ask(&self, method: &str, path: &str, body: &[u8]) -> (u16, Vec<u8>) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let head = format!(
            "{method} {path} HTTP/1.0\r\nHost: {}\r\nContent-Length: {}\r\n\r\n",
            self.address,
            body.len()
        );
        stream.write_all(&[head.as_bytes(), body].concat()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        let status = String::from_utf8_lossy(&answer[9..12]).parse().unwrap();
        (status, answer.split_off(end + 4))
    }

    fn put(&self, name: &str, bytes: &[u8]) {
        assert_eq!(self.ask("PUT", &format!("/khach/{name}"), bytes).0, 200);
    }

    fn listed(&self) -> String {
        String::from_utf8(self.ask("GET", "/khach?list-type=2", b"").1).unwrap()
    }

    /// The names of all that lies there, in order.
    fn names(&self) -> Vec<String> {
        let mut keys: Vec<String> = self
            .listed()
            .split("<Key>")
            .skip(1)
            .map(|rest| rest.split("</Key>").next().unwrap().to_owned())
            .collect();
        keys.sort();
        keys
    }
}

/// A workspace whose lists, answers and backups lie in the bucket.
fn beside(server: &Server) -> World {
    let mut world = World::new();
    for (folder, place) in [("inbox", "vao"), ("outbox", "ra"), ("archive", "luu/goc")] {
        let from = format!("# {folder} = \"{folder}\"");
        world.rewrite("hangloat.toml", &from, &format!("{folder} = \"s3://khach/{place}\""));
    }
    world.rewrite("hangloat.toml", "# to = \"\"", "to = \"s3://khach/sao-luu\"");
    world.variables = [
        ("AWS_ENDPOINT", format!("http://{}", server.address)),
        ("AWS_ALLOW_HTTP", "true".to_owned()),
        ("AWS_REGION", "us-east-1".to_owned()),
        ("AWS_ACCESS_KEY_ID", "test".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
    ]
    .into();
    world
}

/// The program, with a server for buckets.
fn is_there() -> bool {
    require(&python())
}

#[test]
fn a_list_comes_from_a_bucket_and_its_answers_go_there_and_older_ones_aside() {
    if !is_there() {
        return;
    }
    let server = Server::start();
    let world = beside(&server);
    let doctor = world.run(&["doctor", "--json"]).json();
    let buckets = doctor["checks"].as_array().unwrap().iter();
    let buckets: Vec<_> = buckets.filter(|check| text(check, "name").contains("bucket")).collect();
    assert_eq!(buckets.len(), 4, "{doctor}");
    assert!(buckets.iter().all(|check| check["ok"] == true), "{doctor}");

    server.put("vao/khach.csv", &csv(&mixed()));
    server.put("vao/.nhap.csv", b"x");
    let file = world.run(&["run", "import", "--json"]).json()["files"][0].clone();
    assert_eq!(text(&file, "workbook"), "s3://khach/ra/khach__B000001__r1.xlsx");
    assert_eq!(
        server.names(),
        [
            "luu/goc/2026-11/B000001__khach.csv",
            "ra/khach__B000001.txt",
            "ra/khach__B000001__r1.xlsx",
            "vao/.nhap.csv",
        ]
    );
    for folder in ["inbox", "outbox", "archive"] {
        assert_eq!(world.files_in(folder), [""; 0], "{folder}");
    }

    world.run(&["confirm", ORDER]).exits(0);
    world.run(&["export", "lines"]).exits(0);
    world.run(&["export", "lines"]).exits(0);
    let names = server.names();
    for name in [
        "ra/khach__B000001__r2.xlsx",
        "ra/cu/khach__B000001__r1.xlsx",
        "ra/lines__2026-11-23__r1.xlsx",
        "ra/lines__2026-11-23__r2.xlsx",
    ] {
        assert!(names.iter().any(|known| known == name), "{name} is not in {names:?}");
    }
    assert!(!names.contains(&"ra/khach__B000001__r1.xlsx".to_owned()), "{names:?}");

    let backup = world.run(&["run", "backup", "--json"]).exits(0).json();
    let bytes = &backup["runs"][0]["counts"]["bytes"];
    let listed = server.listed();
    assert!(listed.contains("<Key>sao-luu/hangloat-2026-11-23-083000.zip</Key>"), "{listed}");
    assert!(listed.contains(&format!("<Size>{bytes}</Size>")), "{bytes} in {listed}");
}

#[test]
fn the_daemon_fetches_and_hands_over_and_nothing_is_lost_while_the_bucket_is_away() {
    if !is_there() {
        return;
    }
    let mut server = Server::start();
    let world = beside(&server);
    let daemon = world.serve();
    server.put("vao/khach.csv", &csv(&mixed()));
    let is_answered = || server.names().iter().any(|name| name == "ra/khach__B000001__r1.xlsx");
    eventually("the answer lies in the bucket", is_answered);
    assert!(daemon.stop().success());

    server.stop();
    let confirmed = world.run(&["confirm", ORDER]).exits(0);
    assert!(confirmed.stderr.contains("stays in the workspace"), "{confirmed:?}");
    let mut kept = world.files_in("outbox");
    // What the daemon said of itself last may not have left before the bucket went away.
    kept.retain(|name| name != "_TRANG-THAI.txt");
    assert_eq!(kept, ["khach__B000001__r2.xlsx"]);
    let away = world.run(&["run", "import", "--json"]).exits(69).json();
    assert!(text(&away["error"], "message").contains("s3://khach/vao"), "{away}");
}

#[test]
fn a_list_whose_fetching_was_killed_is_taken_once() {
    if !is_there() {
        return;
    }
    let server = Server::start();
    let world = beside(&server);
    server.put("vao/khach.csv", &csv(&mixed()));
    assert!(world.is_killed_at("bucket_fetched", &["run", "import"]));
    assert_eq!(world.files_in("inbox"), ["khach.csv"]);
    world.run(&["run", "import"]);
    assert_eq!(world.list("batches").len(), 1);
    assert_eq!(world.list("orders").len(), 2);
    assert!(!server.names().contains(&"vao/khach.csv".to_owned()));
}

#[test]
fn what_is_too_old_leaves_the_buckets_too() {
    if !is_there() {
        return;
    }
    let server = Server::start();
    let world = beside(&server);
    server.put("vao/khach.csv", &csv(&mixed()));
    world.run(&["run", "import"]);
    world.run(&["export", "lines"]).exits(0);
    world.run(&["undo", "B000001"]).exits(0);
    world.run_at("2028-02-01T02:30:00+07:00", &["run", "retention"]).exits(0);
    assert_eq!(server.names(), [""; 0]);
}
