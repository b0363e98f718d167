//! What a person sees of the configuration: settings, overrides, errors with their place.
//! How single values are written is tested beside `value`.

use std::{fs, path::Path, time::Duration};

use super::*;

fn workspace(text: &str) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    fs_err::write(home.path().join(FILE_NAME), text).unwrap();
    home
}

fn load_text(text: &str, environment: &Environment) -> Result<Settings, ConfigError> {
    load(workspace(text).path(), environment)
}

fn settings(text: &str) -> Settings {
    load_text(text, &Environment::default()).unwrap()
}

#[track_caller]
fn refused(text: &str, variables: &Environment) -> (String, Option<String>) {
    let error = load_text(text, variables).unwrap_err();
    (error.to_string(), error.fix)
}

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(refused(text, &Environment::default()).0, expected);
}

#[test]
fn the_sample_says_every_default() {
    let home = workspace(SAMPLE);
    let from_sample = load(home.path(), &Environment::default()).unwrap();
    assert_eq!(from_sample.firms[0].code.as_str(), "MINHAN");

    fs_err::write(home.path().join(FILE_NAME), uncommented(SAMPLE)).unwrap();
    assert_eq!(load(home.path(), &Environment::default()).unwrap(), from_sample);

    fs_err::write(home.path().join(FILE_NAME), "").unwrap();
    let empty = load(home.path(), &Environment::default()).unwrap();
    assert_eq!(Settings { firms: from_sample.firms.clone(), ..empty }, from_sample);
}

#[test]
fn folders_that_lie_in_each_other_are_refused_by_both_names() {
    let mixed = |key: &str, other: &str| {
        format!("`{key}` and `{other}` lie in each other, so their files would be mixed")
    };
    let place = |line: u32| format!("hangloat.toml:{line}:");
    for (text, at, key, other) in [
        ("inbox = 'outbox'", "", "outbox", "inbox"),
        ("archive = 'inbox/old'", "2", "archive", "inbox"),
        ("inbox = '.'", "2", "inbox", "work"),
        ("outbox = 'x/../work'", "2", "outbox", "work"),
        ("inbox = 's3://lists/a'\noutbox = 's3://lists/a/b'", "3", "outbox", "inbox"),
    ] {
        let (said, _) = refused(&format!("[files]\n{text}"), &Environment::default());
        assert!(said.ends_with(&mixed(key, other)), "{text}: {said}");
        let is_there = at.is_empty() || said.starts_with(&place(at.parse().unwrap()));
        assert!(is_there, "{text}: {said}");
    }
    let (said, _) = refused("[backup]\nto = 'inbox/b'", &Environment::default());
    assert!(said.ends_with(&mixed("to", "inbox")), "{said}");
    let beside = settings("[files]\ninbox = 's3://lists/in'\noutbox = 's3://lists/inner'");
    assert!(beside.files.buckets.inbox.is_some());
}

#[test]
fn the_sample_names_every_key() {
    let known = |section: &str| {
        let text =
            if section.is_empty() { "zz = 1".into() } else { format!("[{section}]\nzz = 1") };
        let error = toml::from_str::<Written>(&text).err().unwrap();
        let words = error.message().split('`').skip(3).step_by(2).map(str::to_owned);
        words.collect::<std::collections::BTreeSet<_>>()
    };
    let keys = |table: &toml::Table| table.keys().cloned().collect();
    let mut top = known("");
    top.remove("firm");
    assert_eq!(top, keys(&DEFAULTS));
    for (section, table) in DEFAULTS.iter().filter_map(|(k, v)| Some((k, v.as_table()?))) {
        assert_eq!(known(section), keys(table), "{section}");
    }
}

#[test]
fn paths_are_below_the_workspace_and_the_store_too() {
    let home = workspace("[store]\nurl = 'sqlite:data/a.db?mode=rwc'\n[files]\ninbox = '/mnt/in'");
    let settings = load(home.path(), &Environment::default()).unwrap();
    let file = home.path().join("data/a.db");
    assert_eq!(settings.store.url, format!("sqlite:{}?mode=rwc", file.display()));
    assert_eq!(settings.store.sqlite_file, Some(file));
    assert_eq!(settings.store.key_file, home.path().join("hangloat.key"));
    assert_eq!(settings.files.inbox, Path::new("/mnt/in"));
    assert_eq!(settings.files.outbox, home.path().join("outbox"));

    let strange = home.path().join("50% off?");
    fs::create_dir(&strange).unwrap();
    fs_err::write(strange.join(FILE_NAME), "").unwrap();
    let url = load(&strange, &Environment::default()).unwrap().store.url;
    assert!(url.ends_with("/50%25 off%3F/hangloat.db"), "{url}");

    for url in ["postgres://u:p@h/d", "sqlite::memory:"] {
        assert_eq!(self::settings(&format!("store.url = '{url}'")).store.url, url);
    }
}

#[test]
fn values_are_read_by_their_meaning() {
    let settings = settings(
        "timezone = 'Europe/Berlin'\n[mail]\nquiet_hours = '21:00-07:00'\nallow_domains = ['A.vn']\n\
         per_day = 5\n[guard]\ngap = '0'\n[serve]\nsilence_alarm = '3d'\nlisten = '127.0.0.1:9464'\n\
         [grace]\nwarn_days_before = [1, 5, 1]",
    );
    assert_eq!(settings.timezone, Tz::Europe__Berlin);
    assert!(settings.mail.quiet_hours.is_some());
    assert_eq!(settings.mail.allow_domains, ["a.vn"]);
    assert_eq!(settings.mail.per_day, Some(5));
    assert_eq!(settings.guard.gap, None);
    assert_eq!(settings.serve.silence_alarm, Some(Duration::from_hours(72)));
    assert_eq!(settings.serve.listen.unwrap().port(), 9464);
    assert_eq!(settings.grace.warn_days_before, [5, 1]);
}

#[test]
fn a_wrong_value_is_told_by_line_and_column() {
    check(
        "[files]\ninbox = 's3://B/in'",
        "hangloat.toml:2:9: `s3://B/in` is no bucket; one looks like s3://lists/inbox",
    );
    check(
        "[mail]\nport = 70000",
        "hangloat.toml:2:8: invalid value: integer `70000`, expected a whole number in range",
    );
    check(
        "[payee]\nbank_bin = '9704'",
        "hangloat.toml:2:12: `9704` is no bank: a BIN has six digits, like 970436",
    );
    check(
        "timezone = 'Asia/Saigonn'",
        "hangloat.toml:1:12: `Asia/Saigonn` is no time zone; one looks like Asia/Ho_Chi_Minh",
    );
    check("[mail]\npassword = 123456", "hangloat.toml:2:12: a secret is a text in quotes");
    check(
        "[store]\nurl = 'mysql://u:p@h/d'",
        "hangloat.toml:2:7: a store is sqlite:FILE or postgres://USER@HOST/DATABASE",
    );
    check(
        "[platform]\nbase_url = 'https://x.example'",
        "hangloat.toml:2:12: the platform's address ends in /v1",
    );
    check("[grace]\ndays = 0", "hangloat.toml:2:8: 0 is not between 1 and 3650");
}

#[test]
fn keys_that_contradict_each_other_are_told_at_the_key() {
    check("[platform]\nkind = 'http'", "hangloat.toml:2:1: kind \"http\" needs a base_url");
    check("[mail]\ntransport = 'smtp'", "hangloat.toml:2:1: transport \"smtp\" needs a host");
    check(
        "[mail]\ntransport = 'smtp'\nhost = '127.evil.example'\n  tls = 'none'",
        "hangloat.toml:4:3: tls \"none\" is for this machine alone, not for `127.evil.example`",
    );
    for host in ["localhost", "127.0.0.9", "::1", "[::1]"] {
        settings(&format!("[mail]\ntransport = 'smtp'\nhost = '{host}'\ntls = 'none'"));
    }
    let firm = |code: &str| {
        format!(
            "[[firm]]\nname = 'A'\n code = '{code}'\nadmin = {{ name = 'L', email = 'l@a.vn' }}\n"
        )
    };
    check(&(firm("Minh") + &firm("MINH")), "hangloat.toml:7:2: a firm `MINH` stands above already");
    let staff = |alias: &str| {
        let member = |name: &str, more: &str| {
            format!("{{ name = '{name}', email = '{name}@a.vn', role = 'manager'{more} }}")
        };
        let more = format!(", aliases = ['{alias}']");
        firm("Minh") + &format!("staff = [{}, {}]\n", member("ha", ""), member("binh", &more))
    };
    settings(&staff("Bình kế toán"));
    for alias in ["Hà", "l@a.vn", ""] {
        let said = format!("the alias `{alias}` is empty, or names two people of the firm");
        let error = refused(&staff(alias), &Environment::default()).0;
        assert!(error.contains(&said), "{error}");
    }
}

#[test]
fn a_secret_comes_from_the_key_or_from_its_file_but_not_from_both() {
    let home = workspace("[mail]\npassword_file = 'pw'\n[platform]\ntoken = '12'");
    fs_err::write(home.path().join("pw"), "hunter2\n").unwrap();
    let settings = load(home.path(), &Environment::default()).unwrap();
    assert_eq!(settings.mail.password.as_ref().unwrap().expose(), "hunter2");
    assert_eq!(settings.platform.token.as_ref().unwrap().expose(), "12");
    assert!(!format!("{settings:?}").contains("hunter2"));

    let both = Environment::from([("HANGLOAT_MAIL__PASSWORD", "x")]);
    let error = load(home.path(), &both).unwrap_err();
    assert_eq!(
        error.to_string(),
        "hangloat.toml:2:1: both `password` and `password_file` are given"
    );
    let missing = refused("[mail]\n\npassword_file = 'nowhere'", &Environment::default()).0;
    assert!(missing.starts_with("hangloat.toml:3:1: failed to open file"), "{missing}");
}

#[test]
fn the_environment_goes_over_the_file_by_the_type_of_the_key() {
    let environment = Environment::from([
        ("HANGLOAT_LOCALE", "en"),
        ("HANGLOAT_MAIL__PER_DAY", "5"),
        ("HANGLOAT_MAIL__PASSWORD", "123456"),
        ("HANGLOAT_MAIL__HOLD", "true"),
        ("HANGLOAT_MAIL__ALLOW_DOMAINS", "a.vn, b.vn"),
        ("HANGLOAT_GRACE__WARN_DAYS_BEFORE", "2"),
        ("HANGLOAT_LIMITS__MAX_BAD_SHARE", "1"),
        ("HANGLOAT_HOME", "/nowhere"),
        ("HANGLOAT_LOG", "debug"),
        ("PATH", "/bin"),
    ]);
    let settings = load_text("[mail]\nper_day = 9\nper_minute = 7", &environment).unwrap();
    assert_eq!(settings.locale, Locale::En);
    assert_eq!((settings.mail.per_day, settings.mail.per_minute), (Some(5), 7));
    assert_eq!(settings.mail.password.unwrap().expose(), "123456");
    assert_eq!(settings.mail.allow_domains, ["a.vn", "b.vn"]);
    assert!(settings.mail.hold);
    assert_eq!(settings.grace.warn_days_before, [2]);
    assert!((settings.limits.max_bad_share - 1.0).abs() < f64::EPSILON);
}

#[test]
fn an_error_in_a_variable_names_the_variable() {
    let (message, fix) = refused("", &Environment::from([("HANGLOAT_MAIL__PER_DYA", "5")]));
    assert_eq!(message, "HANGLOAT_MAIL__PER_DYA: no setting has this name");
    assert_eq!(fix.unwrap(), "did you mean `HANGLOAT_MAIL__PER_DAY`?");
    for (name, value, expected) in [
        ("HANGLOAT_MAIL__PORT", "x", "HANGLOAT_MAIL__PORT: expected a whole number"),
        ("HANGLOAT_LOCALE", "vn", "HANGLOAT_LOCALE: `vn` is none of vi, en"),
        (
            "HANGLOAT_PLATFORM__KIND",
            "http",
            "HANGLOAT_PLATFORM__KIND: kind \"http\" needs a base_url",
        ),
        ("HANGLOAT_FIRM__CODE", "A", "HANGLOAT_FIRM__CODE: no setting has this name"),
    ] {
        assert_eq!(refused("", &Environment::from([(name, value)])).0, expected);
    }
}

#[test]
fn a_workspace_is_found_by_flag_variable_or_from_below() {
    let home = workspace("");
    let below = home.path().join("inbox/a");
    fs::create_dir_all(&below).unwrap();
    let nobody = Environment::default();
    assert_eq!(discover(None, &nobody, &below).unwrap(), home.path());

    let elsewhere = tempfile::tempdir().unwrap();
    let variable = Environment::from([("HANGLOAT_HOME", home.path().to_str().unwrap())]);
    assert_eq!(discover(None, &variable, elsewhere.path()).unwrap(), home.path());
    assert_eq!(discover(Some(home.path()), &nobody, elsewhere.path()).unwrap(), home.path());

    let error = discover(None, &nobody, elsewhere.path()).unwrap_err();
    assert!(error.fix.unwrap().starts_with("run `hangloat init`"));
    let error = discover(Some(elsewhere.path()), &variable, home.path()).unwrap_err();
    assert_eq!(error.place, "--home");
}

#[test]
fn a_log_in_at_a_mail_server_needs_both_its_halves() {
    let smtp = "[mail]\ntransport = 'smtp'\nhost = 'thu.example'\n";
    let of_key = |key: &str, expected: &str| check(&format!("{smtp}{key}"), expected);
    of_key("username = 'a'", "hangloat.toml:4:1: a username needs a password");
    of_key("password = 'b'", "hangloat.toml:4:1: a password needs a username");
    assert!(
        load_text(&format!("{smtp}username = 'a'\npassword = 'b'"), &Environment::default())
            .is_ok()
    );
}
