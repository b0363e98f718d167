//! Files that are no lists, and folders that are nobody's: refused in the user's words, and nothing comes of them.

use serde_json::Value;

use super::{
    lists::{csv, enterprise, mixed},
    workbooks::parts,
};
use crate::world::{World, text};

const SECOND_FIRM: &str = r#"
[[firm]]
code = "HOAPHAT"
name = "Công ty TNHH Kế toán Hòa Phát Đạt"
tax_id = "0100109106"
admin = { name = "Lê Thị Mai", email = "mai@hoaphat.example", phone = "0912345679" }

[store]
"#;

/// A workspace of two firms.
pub fn with_a_second_firm(world: &World) {
    world.rewrite("hangloat.toml", "\n[store]\n", SECOND_FIRM);
}

/// Takes a file, which must be refused for one reason and leave nothing but its batch.
#[track_caller]
fn refused(world: &World, name: &str, bytes: &[u8], code: &str) -> Value {
    let before = world.list("batches").len();
    let file = world.take(name, bytes);
    assert_eq!((&file["exit"], &file["outcome"]), (&3.into(), &"rejected".into()), "{file}");
    let finding = &file["findings"][0];
    assert_eq!(finding["code"], code, "{file}");
    assert!(!text(finding, "message").is_empty() && !text(finding, "fix").is_empty());
    assert!(finding["row"].is_null());
    for list in ["orders", "licences"] {
        assert_eq!(world.list(list), Vec::<Value>::new());
    }
    assert_eq!(world.mails(), Vec::<Value>::new());
    let batches = world.list("batches");
    assert_eq!((batches.len(), &batches[0]["state"]), (before + 1, &"rejected".into()));
    assert!(world.files_in("inbox").is_empty() && world.files_in("work").is_empty());
    assert!(
        world
            .files_in("archive")
            .iter()
            .any(|path| path.ends_with(name.rsplit('/').next().unwrap()))
    );
    file
}

#[test]
fn a_binary_file_is_refused_whatever_its_name() {
    let world = World::new();
    let bytes: Vec<u8> =
        (0..4_000_u32).map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()[2]).collect();
    refused(&world, "anh.csv", &bytes, "file.not_a_table");
    refused(&world, "thu.csv", b"%PDF-1.7\n%\xE2\xE3\xCF\xD3\n1 0 obj", "file.unsupported");
}

#[test]
fn a_workbook_that_was_cut_in_half_is_refused() {
    let world = World::new();
    let sample = include_bytes!("../../../samples/danh-sach-khach-hang.xlsx");
    refused(&world, "khach.xlsx", &sample[..sample.len() / 2], "file.unreadable");
}

/// What a workbook with a password is: a compound file with these two streams.
fn encrypted() -> Vec<u8> {
    const SECTOR: usize = 512;
    let mut file = vec![0_u8; SECTOR * 3];
    let mut put = |at: usize, bytes: &[u8]| file[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, &[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1]);
    // Version 3, little-endian, sectors of 2^9, small sectors of 2^6; the FAT in sector 0, the directory in 1.
    put(24, &[0x3E, 0, 3, 0, 0xFE, 0xFF, 9, 0, 6, 0]);
    put(44, &1_u32.to_le_bytes());
    put(48, &1_u32.to_le_bytes());
    put(56, &4096_u32.to_le_bytes());
    put(60, &0xFFFF_FFFE_u32.to_le_bytes());
    put(68, &0xFFFF_FFFE_u32.to_le_bytes());
    put(76, &0_u32.to_le_bytes());
    put(80, &[0xFF; 432]);
    put(SECTOR, &[0xFF; SECTOR]);
    put(SECTOR, &0xFFFF_FFFD_u32.to_le_bytes());
    put(SECTOR + 4, &0xFFFF_FFFE_u32.to_le_bytes());
    for (at, (name, kind)) in [("Root Entry", 5_u8), ("EncryptionInfo", 2), ("EncryptedPackage", 2)]
        .into_iter()
        .enumerate()
    {
        let utf16: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let entry = SECTOR * 2 + at * 128;
        put(entry, &utf16);
        put(entry + 64, &[u8::try_from(utf16.len() + 2).unwrap(), 0, kind, 1]);
        put(entry + 68, &[0xFF; 12]);
        put(entry + 116, &0xFFFF_FFFE_u32.to_le_bytes());
    }
    let child = |at: usize| SECTOR * 2 + at * 128;
    put(child(0) + 76, &1_u32.to_le_bytes());
    put(child(1) + 72, &2_u32.to_le_bytes());
    file
}

#[test]
fn a_workbook_with_a_password_is_refused_and_says_what_to_do() {
    let world = World::new();
    let file = refused(&world, "khach.xlsx", &encrypted(), "file.encrypted");
    assert!(text(&file["findings"][0], "fix").contains("mật khẩu"), "{file}");
}

#[test]
fn an_empty_file_is_left_alone_in_the_inbox_and_refused_when_it_is_named() {
    let world = World::new();
    let path = world.drop_file("rong.csv", b"");
    world.run(&["run", "import"]).exits(0);
    assert!(path.is_file() && world.list("batches").is_empty());
    std::fs::remove_file(&path).unwrap();
    refused(&world, "trong.csv", b" \n \n", "file.empty");
    let outside = world.import("rong.csv", b"");
    assert_eq!(
        (&outside["exit"], &outside["findings"][0]["code"]),
        (&3.into(), &"file.empty".into())
    );
}

#[test]
fn a_header_without_rows_is_an_empty_file() {
    let world = World::new();
    refused(&world, "khach.csv", &csv(&[]), "file.empty");
}

#[test]
fn of_a_list_whose_only_row_is_short_it_is_said_which_row_has_how_many_cells() {
    let world = World::new();
    let list = "Tên khách hàng;Mã số thuế\nCông ty TNHH Hoa Sen\n";
    let file = refused(&world, "khach.csv", list.as_bytes(), "file.empty");
    let said = text(&file["findings"][0], "message");
    assert!(said.contains("dòng 2 chỉ có 1 ô có chữ, tiêu đề có 2 cột"), "{said}");
}

#[test]
fn a_list_without_a_column_of_tax_ids_is_refused() {
    let world = World::new();
    let text = String::from_utf8(csv(&mixed())).unwrap().replace("Mã số thuế", "Cột lạ");
    let file = refused(&world, "khach.csv", text.as_bytes(), "header.missing");
    assert_eq!(file["findings"][0]["field"], "tax_id");
}

#[test]
fn a_sub_folder_of_nobody_is_named_to_its_firm_with_those_that_there_are() {
    for world in World::on_each_engine() {
        with_a_second_firm(&world);
        let file =
            refused(&world, "MINHAN/khong-ai/khach.csv", &csv(&mixed()), "file.wrong_folder");
        let finding = &file["findings"][0];
        let said = format!("{} {}", text(finding, "message"), text(finding, "fix"));
        for word in ["MINHAN", "khong-ai", "lan", "binh"] {
            assert!(said.contains(word), "{word}: {said}");
        }
        let receipt = format!("MINHAN/khach__{}.txt", text(&file, "batch"));
        assert!(world.files_in("outbox").contains(&receipt), "{:?}", world.files_in("outbox"));
    }
}

#[test]
fn a_file_beside_the_folders_of_several_firms_is_nobodys() {
    let world = World::new();
    with_a_second_firm(&world);
    let file = refused(&world, "khach.csv", &csv(&mixed()), "file.wrong_folder");
    assert!(
        !text(&file["findings"][0], "fix").contains("HOAPHAT"),
        "no firm is told of another: {file}"
    );
    let taken = world.take("HOAPHAT/khach.csv", &csv(&mixed()));
    assert_eq!((&taken["exit"], &taken["rows"]["accepted"]), (&0.into(), &4.into()));
    assert!(text(&taken, "workbook").starts_with("outbox/HOAPHAT/"));
    assert!(world.list("orders").iter().all(|order| order["firm"] == "HOAPHAT"));
}

#[test]
fn of_a_good_and_a_bad_file_the_good_one_goes_on() {
    let world = World::new();
    world.drop_file("a-hong.csv", b"%PDF-1.7");
    world.drop_file("b-khach.csv", &csv(&mixed()));
    let answer = world.run(&["run", "import", "--json"]).exits(1).json();
    let outcomes: Vec<&Value> =
        answer["files"].as_array().unwrap().iter().map(|file| &file["outcome"]).collect();
    assert_eq!(outcomes, ["rejected", "accepted"]);
    assert_eq!(world.list("orders").len(), 2);
    assert_eq!(answer["runs"][0]["state"], "completed_with_rejects");
}

#[test]
fn a_small_list_of_which_every_row_is_wrong_is_read_and_not_refused() {
    let world = World::new();
    let wrong = [enterprise(1).with("E", "sai"), enterprise(2).with("F", "sai")];
    let file = world.import("khach.csv", &csv(&wrong));
    assert_eq!(
        (&file["exit"], &file["outcome"], &file["rows"]["rejected"]),
        (&1.into(), &"rejected".into(), &2.into())
    );
    assert!(world.path(&text(&file, "workbook")).is_file());
}

#[test]
fn a_long_list_of_which_most_rows_are_wrong_is_refused_with_all_it_found() {
    let world = World::new();
    let clients: Vec<_> = (1..=20)
        .map(|n| if n <= 11 { enterprise(n).with("E", "sai") } else { enterprise(n) })
        .collect();
    let file = world.import("khach.csv", &csv(&clients));
    assert_eq!(
        (&file["exit"], &file["rows"]["rejected"], &file["rows"]["total"]),
        (&3.into(), &20.into(), &20.into())
    );
    let codes: Vec<&Value> =
        file["findings"].as_array().unwrap().iter().map(|finding| &finding["code"]).collect();
    assert!(codes.contains(&&"file.bad_share".into()));
    assert_eq!(codes.iter().filter(|code| **code == "email.malformed").count(), 11);
    assert!(world.path(&text(&file, "workbook")).is_file());
    assert!(world.list("orders").is_empty());
}

#[test]
fn the_same_list_of_a_refused_file_is_taken_anew() {
    let world = World::new();
    world.import("khach.csv", b"%PDF-1.7");
    assert_eq!(world.import("khach.csv", b"%PDF-1.7")["outcome"], "rejected");
}

#[test]
fn nothing_that_a_user_wrote_becomes_a_formula() {
    let world = World::new();
    let evil = enterprise(1).with("A", "=HYPERLINK(\"http://x.example\",\"Công ty\")");
    world.import("khach.csv", &csv(&[evil]));
    for (name, bytes) in parts(&world.workbook("B000001")) {
        let text = String::from_utf8_lossy(&bytes);
        assert!(!name.contains("worksheets/") || !text.contains("<f>"), "a formula in {name}");
    }
}

#[test]
fn why_a_file_is_not_read_is_said_in_the_language_of_the_workspace() {
    let quote = "Tên khách hàng,Mã số thuế\nCông ty A,1\n\"Công ty B,2\nCông ty C,3\n";
    let wide = format!("Tên khách hàng,Mã số thuế{}x\n", ",".repeat(600));
    let mixed = [&b"Ten,MST\nC\xF4ng ty,1\n"[..], "Công ty Hòa Bình,2\n".as_bytes()].concat();
    let cases = [
        (quote.as_bytes(), "dòng 3 không được đóng lại", "line 3 is never closed"),
        (wide.as_bytes(), "hơn 512 cột", "more than 512 columns"),
        (&mixed, "Dòng 2 được lưu bằng bảng mã khác", "Line 2 is in another encoding"),
        (b"%PDF-1.7", "tệp PDF", "a PDF document"),
    ];
    let (vi, en) = (World::new(), World::new());
    en.rewrite("hangloat.toml", "# locale = \"vi\"", "locale = \"en\"");
    for (bytes, vietnamese, english) in cases {
        for (world, words) in [(&vi, vietnamese), (&en, english)] {
            let file = world.import("khach.csv", bytes);
            let said = text(&file["findings"][0], "message");
            assert!(said.contains(words), "{words}: {said}");
        }
    }
    let file = vi.import("khach.csv", quote.as_bytes());
    let fix = text(&file["findings"][0], "fix");
    assert!(fix.contains("dòng 3") && fix.contains("Đừng lưu lại bằng Excel"), "{fix}");
}

#[test]
fn of_several_firms_a_command_says_which_there_are_and_how_one_is_named() {
    let world = World::new();
    with_a_second_firm(&world);
    let list = world.outside("khach.csv");
    std::fs::write(&list, csv(&mixed())).unwrap();
    let list = list.to_str().unwrap();
    for args in [
        &["template", "--type", "enterprise"][..],
        &["clients", "--same", "0101243150", "0100109106", "--reason", "một"],
        &["check", list],
        &["run", "import", list],
    ] {
        for locale in ["vi", "en"] {
            let args = [args, &["--locale", locale, "--json"]].concat();
            let fix = text(&world.run(&args).exits(2).json()["error"], "fix");
            for said in ["--firm MINHAN", "HOAPHAT (Công ty TNHH Kế toán Hòa Phát Đạt)"] {
                assert!(fix.contains(said), "{args:?}: {fix}");
            }
        }
    }
    let wrong = ["template", "--type", "enterprise", "--firm", "HOAPHAP", "--json"];
    let fix = text(&world.run(&wrong).exits(2).json()["error"], "fix");
    assert!(fix.contains("MINHAN (") && fix.contains("HOAPHAT ("), "{fix}");
}
