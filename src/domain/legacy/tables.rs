//! The letters of the old encodings, as they look when their bytes are taken for windows-1252.
//! Whether a decoded text is right is decided by whoever decodes.

/// TCVN3 (ABC), and below it what its letters are; `ư` is a soft hyphen.
const TCVN3: &str =
    "µ¶·¸¹¨»¼½¾Æ©ÇÈÉÊËÌÎÏÐÑªÒÓÔÕÖ×ØÜÝÞßáâãä«åæçèé¬êëìíîïñòóô\u{AD}õö÷øùúûüýþ®¡¢£¤¥¦§";
const OF_TCVN3: &str = "àảãáạăằẳẵắặâầẩẫấậèẻẽéẹêềểễếệìỉĩíịòỏõóọôồổỗốộơờởỡớợùủũúụưừửữứựỳỷỹýỵđĂÂÊÔƠƯĐ";

/// Letters of VNI that stand alone; each tone of `y` but the heavy one is a letter behind it.
const VNI: &str = "ôöñæóòîíìÔÖÑÆÓÒÎÍÌ";
const OF_VNI: &str = "ơưđỉĩịỵíìƠƯĐỈĨỊỴÍÌ";

/// Letters of windows-1258 that windows-1252 has otherwise.
const WINDOWS_1258: &str = "ãÃõÕýÝðÐþ";
const OF_WINDOWS_1258: &str = "ăĂơƠưƯđĐ₫";

/// The bytes 80–9F of windows-1252; those it leaves out are control characters.
const WINDOWS_1252: &str = "€\u{81}‚ƒ„…†‡ˆ‰Š‹Œ\u{8D}Ž\u{8F}\u{90}‘’“”•–—˜™š›œ\u{9D}žŸ";

pub(super) fn tcvn3(c: char) -> Option<char> {
    meant(c, TCVN3, OF_TCVN3)
}

pub(super) fn vni(c: char) -> Option<char> {
    meant(c, VNI, OF_VNI)
}

pub(super) fn windows_1258(c: char) -> Option<char> {
    meant(c, WINDOWS_1258, OF_WINDOWS_1258)
}

fn meant(c: char, written: &str, meant: &str) -> Option<char> {
    if c.is_ascii() {
        return None;
    }
    written.chars().zip(meant.chars()).find(|(letter, _)| *letter == c).map(|(_, meant)| meant)
}

/// The letter behind a vowel in VNI, in lower case: the marks that it means, and the vowels it may follow.
pub(super) fn vni_marks(c: char) -> Option<(&'static str, &'static str)> {
    const ANY: &str = "aeouyơư";
    Some(match c {
        'ù' => ("\u{301}", ANY),
        'ø' => ("\u{300}", ANY),
        'û' => ("\u{309}", ANY),
        'õ' => ("\u{303}", ANY),
        'ï' => ("\u{323}", ANY),
        'â' => ("\u{302}", "aeo"),
        'á' => ("\u{302}\u{301}", "aeo"),
        'à' => ("\u{302}\u{300}", "aeo"),
        'å' => ("\u{302}\u{309}", "aeo"),
        'ã' => ("\u{302}\u{303}", "aeo"),
        'ä' => ("\u{302}\u{323}", "aeo"),
        'ê' => ("\u{306}", "a"),
        'é' => ("\u{306}\u{301}", "a"),
        'è' => ("\u{306}\u{300}", "a"),
        'ú' => ("\u{306}\u{309}", "a"),
        'ü' => ("\u{306}\u{303}", "a"),
        'ë' => ("\u{306}\u{323}", "a"),
        _ => return None,
    })
}

/// The tone that a byte of windows-1258 adds to the vowel before it.
pub(super) fn windows_1258_tone(c: char) -> Option<char> {
    Some(match c {
        'Ì' => '\u{300}',
        'Ò' => '\u{309}',
        'Þ' => '\u{303}',
        'ì' => '\u{301}',
        'ò' => '\u{323}',
        _ => return None,
    })
}

/// The byte that was taken for this character by windows-1252, or by Latin-1.
pub(super) fn byte(c: char) -> Option<u8> {
    let special = || WINDOWS_1252.chars().position(|known| known == c);
    u8::try_from(c).ok().or_else(|| u8::try_from(0x80 + special()?).ok())
}
