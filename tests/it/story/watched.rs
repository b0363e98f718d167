//! What surrounds the daemon: its numbers, its alarms, the service manager, and log lines that name nobody.

use std::{
    fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    os::unix::net::UnixDatagram,
    sync::mpsc,
    time::Duration,
};

use serde_json::Value;

use super::lists::{csv, enterprise, mixed};
use crate::world::{NOW, World, eventually, finished, text};

/// Status and body of a page.
fn page(address: &str, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

#[test]
fn numbers_are_for_this_machine_alone_and_name_nobody() {
    let world = World::new();
    world.take("khach.csv", &csv(&mixed()));
    world.run(&["confirm", "DH-2611-000001"]).exits(0);
    world.rewrite("hangloat.toml", "# listen = \"\"", "listen = \"0.0.0.0:0\"");
    let said = world.run(&["jobs", "--json"]).exits(78).json();
    assert!(text(&said["error"], "message").contains("riêng máy này"), "{said}");
    world.rewrite("hangloat.toml", "0.0.0.0:0", "127.0.0.1:0");
    world.rewrite("jobs/mail.toml", "@every 30s", "@every 1s");
    let daemon = world.serve();
    let mut address = String::new();
    eventually("it says where", || {
        let log = world.log();
        let found = log.split("http://").nth(1).and_then(|rest| rest.split("/metrics").next());
        address = found.unwrap_or_default().to_owned();
        !address.is_empty()
    });
    eventually("mails are sent", || {
        let (status, numbers) = page(&address, "/metrics");
        assert_eq!(status, 200);
        numbers.contains("hangloat_mails{state=\"sent\"} ")
            && numbers.contains("hangloat_last_success_timestamp_seconds{job=\"mail\"}")
    });
    let (_, numbers) = page(&address, "/metrics?x=1");
    for line in [
        "hangloat_build_info{version=\"",
        "hangloat_runs{job=\"mail\",state=\"succeeded\"} ",
        "hangloat_lines{state=\"placed\"} ",
        "hangloat_inbox_waiting 0",
        "hangloat_effects_held 0",
    ] {
        assert!(numbers.contains(line), "{line} in {numbers}");
    }
    for client in mixed() {
        let personal = [client.name(), client.tax_id(), client.email()];
        assert!(personal.iter().all(|it| !numbers.contains(it)));
    }
    assert_eq!(page(&address, "/healthz"), (200, "ok\n".to_owned()));
    assert_eq!(page(&address, "/hangloat.toml").0, 404);
    assert!(daemon.stop().success());
}

#[test]
fn a_long_silence_is_told_to_the_operator_once() {
    let world = World::new();
    world.rewrite("hangloat.toml", "# silence_alarm = \"\"", "silence_alarm = \"3d\"");
    let path = world.outside("khach.csv");
    fs::write(&path, csv(&mixed())).unwrap();
    let import = ["run", "import", path.to_str().unwrap(), "--firm", "MINHAN"];
    world.run_at("2026-11-18T08:00:00+07:00", &import).exits(0);
    let told = || -> Vec<Value> {
        let bell = world.list("notifications");
        bell.into_iter().filter(|it| it["kind"] == "silence").collect()
    };
    for _ in 0..2 {
        let daemon = world.serve();
        eventually("it is told", || told().len() == 1);
        assert!(daemon.stop().success());
    }
    assert_eq!(told().len(), 1);
    assert!(text(&told()[0], "text").contains("18/11/2026 08:00"), "{:?}", told());
    assert_eq!(told()[0]["firm"], "_operator");
}

#[test]
fn after_a_good_night_somebody_elsewhere_is_pinged_once() {
    let world = World::new();
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/geheim", server.local_addr().unwrap());
    world.rewrite("hangloat.toml", "# ping_url = \"\"", &format!("ping_url = \"{url}\""));
    let (send, pinged) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in server.incoming() {
            let mut stream = stream.unwrap();
            let mut piece = [0; 1024];
            let read = stream.read(&mut piece).unwrap();
            let _ = send.send(String::from_utf8_lossy(&piece[..read]).into_owned());
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").unwrap();
        }
    });
    world.rewrite("jobs/mail.toml", "@every 30s", "@every 1s");
    world.rewrite("jobs/activate.toml", "@every 5m", "@every 1s");
    // What was due that night, and was done later, was done.
    for job in ["look-up", "nightly-reconcile", "nightly-sweep", "retention"] {
        world.run(&["run", job]).exits(0);
    }
    let daemon = world.serve();
    let ping = pinged.recv_timeout(Duration::from_secs(90)).unwrap();
    assert!(ping.starts_with("GET /geheim "), "{ping}");
    assert!(daemon.stop().success());
    let daemon = world.serve();
    let runs = world.list("runs").len();
    eventually("it works again", || world.list("runs").len() > runs);
    assert!(daemon.stop().success());
    assert!(pinged.try_recv().is_err(), "once a night is enough");
}

#[test]
fn the_service_manager_is_told_that_it_is_ready_alive_and_stopping() {
    let world = World::new();
    let path = world.outside("notify");
    let manager = UnixDatagram::bind(&path).unwrap();
    manager.set_read_timeout(Some(Duration::from_secs(90))).unwrap();
    let mut command = world.command(&["serve", "--now", NOW]);
    let mut child = command.env("NOTIFY_SOCKET", &path).spawn().unwrap();
    let told = || {
        let mut piece = [0; 64];
        let read = manager.recv(&mut piece).unwrap();
        String::from_utf8_lossy(&piece[..read]).into_owned()
    };
    assert_eq!(told(), "READY=1");
    assert_eq!(told(), "WATCHDOG=1");
    crate::world::signal("-TERM", &child);
    let mut last = told();
    while last == "WATCHDOG=1" {
        last = told();
    }
    assert_eq!(last, "STOPPING=1");
    assert!(child.wait().unwrap().success());
}

#[test]
fn each_line_of_a_run_bears_its_number_and_no_line_names_a_client() {
    let world = World::new();
    world.rewrite("jobs/mail.toml", "@every 30s", "@every 1s");
    world.rewrite("jobs/import.toml", "confirm = \"ask\"", "confirm = \"auto\"");
    world.rewrite("jobs/import.toml", "activate = \"ask\"", "activate = \"auto\"");
    let clients = [mixed(), vec![enterprise(1).with("E", "khongco@gmial.com")]].concat();
    world.drop_file("khach.csv", &csv(&clients));
    world.drop_file("dang-mo.csv", &csv(&mixed()));
    world.drop_file("~$dang-mo.csv", b"Lan");
    let mut logs = String::new();
    for args in [&["run", "import"][..], &["run", "activate"], &["run", "mail"]] {
        let mut command = world.command(args);
        let ran = finished(command.args(["-vvv", "--now", NOW]).env("HANGLOAT_LOG", "json"));
        logs.push_str(&ran.stderr);
    }
    let lines: Vec<Value> =
        logs.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let is_left =
        |line: &&Value| line["message"].as_str().is_some_and(|it| it.starts_with("Left alone"));
    let left = lines.iter().find(is_left).unwrap();
    assert_eq!(left["span"]["name"], "run");
    assert!(left["span"]["id"].as_i64().unwrap() >= 1, "{left}");
    let daemon = world.serve();
    world.drop_file("sau.csv", &csv(&[enterprise(8)]));
    eventually("it is sent", || {
        world.list("mails").len() > 4 && world.list("mails").iter().all(|it| it["state"] == "sent")
    });
    assert!(daemon.stop().success());
    let log = world.log();
    assert!(log.lines().any(|line| serde_json::from_str::<Value>(line).is_ok()), "{log}");
    logs.push_str(&log);
    for client in clients.iter().chain(&[enterprise(8)]) {
        for personal in [client.name(), client.tax_id(), client.email(), &client.0[3], &client.0[5]]
        {
            assert!(!logs.contains(personal), "{personal}");
        }
    }
}
