//! Old encodings: the vectors of the reference, round trips, and texts that must be left alone.

use proptest::prelude::*;

use super::*;

fn as_windows_1252(bytes: &[u8]) -> String {
    const SPECIAL: [(u8, char); 6] =
        [(0x91, '‘'), (0x92, '’'), (0x93, '“'), (0x96, '–'), (0xA0, '\u{A0}'), (0x99, '™')];
    let special = |byte: u8| SPECIAL.iter().find(|(known, _)| *known == byte).map(|(_, c)| *c);
    bytes.iter().map(|byte| special(*byte).unwrap_or(char::from(*byte))).collect()
}

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<char> = text.chars().collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(&String::from_iter(pair), 16).unwrap()).collect()
}

const VECTORS: [(&str, &str, &str, &str, &str); 6] = [
    (
        "Công ty TNHH Thương mại Hòa Bình",
        "C«ng ty TNHH Th\u{AD}¬ng m¹i Hßa B×nh",
        "Coâng ty TNHH Thöông maïi Hoøa Bình",
        "43f46e6720747920544e4848205468fdf56e67206d61f26920486fcc61204269cc6e68",
        "CÃ´ng ty TNHH ThÆ°Æ¡ng máº¡i HÃ²a BÃ¬nh",
    ),
    ("Mã số thuế", "M· sè thuÕ", "Maõ soá thueá", "4d61de2073f4ec20746875eaec", "MÃ£ sá»‘ thuáº¿"),
    ("Địa chỉ", "§Þa chØ", "Ñòa chæ", "d069f26120636869d2", "Ä\u{90}á»‹a chá»‰"),
    (
        "Người đại diện pháp luật",
        "Ng\u{AD}êi ®¹i diÖn ph¸p luËt",
        "Ngöôøi ñaïi dieän phaùp luaät",
        "4e67fdf5cc6920f061f269206469eaf26e207068e170206c75e2f274",
        "",
    ),
    ("Khấu trừ", "KhÊu trõ", "Khaáu tröø", "4b68e2ec75207472fdcc", "Kháº¥u trá»«"),
    (
        "Kỹ thuật Uy tín",
        "Kü thuËt Uy tÝn",
        "Kyõ thuaät Uy tín",
        "4b79de20746875e2f2742055792074ed6e",
        "Ká»¹ thuáº\u{AD}t Uy tÃ\u{AD}n",
    ),
];

#[test]
fn every_vector_of_the_reference_is_decoded() {
    for (unicode, tcvn3, vni, windows_1258, utf8) in VECTORS {
        let windows_1258 = as_windows_1252(&hex(windows_1258));
        let written = [
            (Legacy::Tcvn3, tcvn3),
            (Legacy::Vni, vni),
            (Legacy::Windows1258, windows_1258.as_str()),
            (Legacy::Utf8, utf8),
        ];
        for (legacy, text) in written.into_iter().filter(|(_, text)| !text.is_empty()) {
            assert_eq!(legacy.decode(text).as_deref(), Some(unicode), "{legacy} {text}");
            let read = readings(text);
            let expected = vec![(legacy, unicode.to_owned())];
            // Each word of `KhÊu trõ` is one that Vietnamese might have.
            let is_possible = text == "KhÊu trõ";
            assert_eq!(read, if is_possible { Vec::new() } else { expected }, "{text}");
        }
    }
}

#[test]
fn the_tones_of_y_in_vni_are_behind_it() {
    for (text, unicode) in
        [("kyõ", "kỹ"), ("KYÕ", "KỸ"), ("kyû", "kỷ"), ("kyù", "ký"), ("lyø", "lỳ")]
    {
        assert_eq!(Legacy::Vni.decode(text).as_deref(), Some(unicode), "{text}");
    }
    assert_eq!(Legacy::Vni.decode("Bình").as_deref(), Some("Bình"));
}

#[test]
fn a_text_that_is_right_as_it_stands_has_no_other_reading() {
    for text in [
        "Công ty TNHH Thương mại Hòa Bình",
        "Hoà Bình",
        "Lê Hoàng Bá",
        "Toán Thuý Hoá",
        "Café Hà Nội",
        "Café Müller",
        "Straße 5, Größe",
        "Loïc Dupont",
        "Hélène Rôle",
        "Crème brûlée à la carte",
        "naïve señor Citroën",
        "Noël",
        "lan@minhan.example",
        "0912 345 678",
        "50 m² – 10°C ± 2",
        "ABC® “Hoa”",
        "« Hoa »",
        "A · B",
        "30 × 40 cm",
        "§ 5",
        "Cong\u{AD}ty",
        "Đắk Lắk",
        "Co\u{302}ng ty",
        "Công ty",
        "日本",
        "",
    ] {
        assert_eq!(readings(text), Vec::new(), "{text}");
    }
}

#[test]
fn what_an_encoding_cannot_hold_is_not_decoded() {
    assert_eq!(Legacy::Tcvn3.decode("Nguyễn C«ng"), None);
    assert_eq!(Legacy::Tcvn3.decode("Hà"), None);
    assert_eq!(Legacy::Vni.decode("Müller"), None);
    assert_eq!(Legacy::Utf8.decode("MÃ"), None);
    // Typed decomposed, no old encoding can hold it.
    for legacy in Legacy::ALL {
        assert_eq!(legacy.decode("To\u{302} Ba\u{301} C«ng"), None);
    }
}

#[test]
fn a_letter_of_unicode_alone_has_no_other_reading_and_is_not_among_what_old_encodings_hold() {
    let letters: Vec<char> = ('\0'..=char::MAX).filter(|c| is_of_unicode(*c)).collect();
    assert_eq!(letters.len(), 90 + 12);
    for letter in letters {
        for text in [letter.to_string(), format!("C«ng {letter} a"), format!("{letter}Ã´")] {
            for legacy in Legacy::ALL {
                assert_eq!(legacy.decode(&text), None, "{legacy} {text}");
            }
        }
    }
}

/// Vietnamese in one of the encodings, by the reverse of nothing but the published tables.
fn encode(legacy: Legacy, text: &str) -> Option<String> {
    let letters = || ('\u{A1}'..='\u{FF}').filter(|c| *c != '\u{A0}');
    match legacy {
        Legacy::Utf8 => {
            let char_of = |byte: &u8| {
                let all = ('\u{80}'..='\u{2122}').chain('\0'..'\u{80}');
                // The special letters come before the control characters of Latin-1.
                let mut found: Vec<char> =
                    all.filter(|c| tables::byte(*c) == Some(*byte)).collect();
                found.sort_by_key(|c| std::cmp::Reverse(*c));
                found.first().copied()
            };
            text.as_bytes().iter().map(char_of).collect()
        }
        Legacy::Tcvn3 => {
            let of = |c: char| {
                if c.is_ascii() {
                    Some(c)
                } else {
                    letters().find(|l| tables::tcvn3(*l) == Some(c))
                }
            };
            text.chars().map(of).collect()
        }
        Legacy::Vni => {
            let mut encoded = String::new();
            for c in text.chars() {
                encoded.push_str(&of_vni(c)?);
            }
            Some(encoded)
        }
        Legacy::Windows1258 => {
            let bytes: Vec<u8> = text.chars().map(of_1258).collect::<Option<Vec<_>>>()?.concat();
            Some(bytes.into_iter().map(char::from).collect())
        }
    }
}

fn of_vni(c: char) -> Option<String> {
    let alone = ('\u{C0}'..='\u{FF}').find(|l| tables::vni(*l) == Some(c));
    if c.is_ascii() {
        return Some(c.to_string());
    }
    if let Some(letter) = alone {
        return Some(letter.to_string());
    }
    let two = ('\u{C0}'..='\u{FF}')
        .flat_map(|mark| "aeouyôöAEOUYÔÖ".chars().map(move |base| format!("{base}{mark}")));
    two.filter(|pair| !pair.ends_with(char::is_uppercase))
        .find(|pair| vni(pair).is_some_and(|read| read.nfc().eq([c])))
}

fn of_1258(c: char) -> Option<Vec<u8>> {
    const TONES: [(char, u8); 5] = [
        ('\u{300}', 0xCC),
        ('\u{309}', 0xD2),
        ('\u{303}', 0xDE),
        ('\u{301}', 0xEC),
        ('\u{323}', 0xF2),
    ];
    let parts: Vec<char> = [c].into_iter().nfd().collect();
    let tone = parts.iter().find_map(|p| TONES.iter().find(|(tone, _)| tone == p));
    let is_tone = |part: &char| TONES.iter().any(|(tone, _)| tone == part);
    let base: String = parts.iter().copied().filter(|part| !is_tone(part)).nfc().collect();
    let base = base.chars().next()?;
    let byte = match base {
        'ă' => 0xE3,
        'Ă' => 0xC3,
        'ơ' => 0xF5,
        'Ơ' => 0xD5,
        'ư' => 0xFD,
        'Ư' => 0xDD,
        'đ' => 0xF0,
        'Đ' => 0xD0,
        other => u8::try_from(other).ok()?,
    };
    Some([byte].into_iter().chain(tone.map(|(_, byte)| *byte)).collect())
}

const SENTENCES: [&str; 6] = [
    "Doanh nghiệp tư nhân Xây dựng Phước Thịnh",
    "Hợp tác xã Nông nghiệp Đồng Tháp Mười",
    "Nguyễn Thị Thu Hằng",
    "Số 12 đường Trần Hưng Đạo, phường Bến Nghé, quận 1",
    "Cửa hàng Bách hóa Lưu Quỹ Kỷ Ỷ Yểu Thuở Xoăn",
    "Lê Hữu Đức – Phó giám đốc",
];

#[test]
fn what_was_encoded_is_read_back() {
    for sentence in SENTENCES {
        for legacy in Legacy::ALL {
            let Some(encoded) = encode(*legacy, sentence) else { continue };
            assert_eq!(legacy.decode(&encoded).as_deref(), Some(sentence), "{legacy} {encoded}");
            assert_eq!(readings(&encoded), [(*legacy, sentence.to_owned())], "{encoded}");
            assert_eq!(readings(sentence), Vec::new());
        }
    }
    // Capitals with a tone are not in TCVN3, and a dash is not in every table of this test.
    let encoded = SENTENCES.iter().flat_map(|s| Legacy::ALL.iter().filter_map(|l| encode(*l, s)));
    assert!(encoded.count() >= 20);
}

proptest! {
    #[test]
    fn no_text_breaks_the_readings_and_a_reading_is_read_as_it_stands(text in "\\PC*") {
        for (_, decoded) in readings(&text) {
            prop_assert!(decoded.nfc().eq(decoded.chars()));
        }
    }

    #[test]
    fn letters_of_western_europe_break_nothing(text in "[ -~\u{80}-\u{FF}]{0,40}") {
        for legacy in Legacy::ALL {
            if let Some(decoded) = legacy.decode(&text) {
                prop_assert!(decoded.nfc().eq(decoded.chars()));
            }
        }
    }
}
