//! Phone numbers inside a text that is more than one number: two of them, a name, an extension.
//! Which of them is meant is decided by the checks.

use super::{fold::fold, phone::Phone};

/// Between two numbers, folded.
const OR: [&str; 5] = ["hoac", "va", "or", "and", "hay"];
/// A mobile without its zero.
const SHORTEST: usize = 9;
const LONGEST: usize = 14;
/// A text with more groups of digits than several numbers have holds none worth looking for.
const MOST_GROUPS: usize = 40;

/// The numbers of a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Among {
    /// Each once, in the order of the text.
    pub phones: Vec<Phone>,
    /// Nothing else stands in the text but what separates them.
    pub alone: bool,
}

/// Finds the numbers that stand in a text.
pub fn among(text: &str) -> Among {
    if groups(text).count() > MOST_GROUPS {
        return Among::default();
    }
    let mut found = Among { phones: Vec::new(), alone: true };
    for piece in text.split(|c: char| c.is_alphabetic() || "/;,|&\n".contains(c)) {
        read_piece(piece, &mut found);
    }
    let mut words = text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty());
    found.alone &= words.all(|word| OR.contains(&fold(word).as_str()));
    found
}

/// The number that was meant where letters were typed for digits: `O9l2…`.
pub fn with_letters_as_digits(text: &str) -> Option<Phone> {
    let digits: String = text
        .chars()
        .map(|c| match c {
            'o' | 'O' => '0',
            'l' | 'I' | '|' => '1',
            other => other,
        })
        .collect();
    Phone::read(&digits).ok().map(|(phone, _)| phone)
}

fn groups(text: &str) -> impl Iterator<Item = &str> {
    let groups = text.split(|c: char| !c.is_ascii_digit() && c != '+');
    groups.filter(|group| !group.is_empty())
}

fn read_piece(piece: &str, found: &mut Among) {
    let groups: Vec<&str> = groups(piece).collect();
    let mut at = 0;
    while at < groups.len() {
        if let Some((phone, taken)) = first(&groups[at..]) {
            if !found.phones.contains(&phone) {
                found.phones.push(phone);
            }
            at += taken;
        } else {
            found.alone = false;
            at += 1;
        }
    }
}

/// The number that the first groups of digits make, and how many of them it takes.
fn first(groups: &[&str]) -> Option<(Phone, usize)> {
    let mut digits = String::new();
    for (taken, group) in (1..).zip(groups) {
        digits.push_str(group);
        if digits.len() > LONGEST {
            return None;
        }
        let phone = (digits.len() >= SHORTEST).then(|| Phone::read(&digits).ok()).flatten();
        if let Some((phone, _)) = phone {
            return Some((phone, taken));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn numbers(text: &str) -> (Vec<String>, bool) {
        let found = among(text);
        (found.phones.iter().map(|phone| phone.as_str().to_owned()).collect(), found.alone)
    }

    #[test]
    fn two_numbers_are_found_however_they_are_parted() {
        for text in [
            "0909123456/ 0903123456",
            "0909123456 - 0903123456",
            "0909 123 456 0903 123 456",
            "0909.123.456; 0903.123.456",
            "+84 909123456, 0903123456",
            "0909123456 hoặc 0903123456",
            "0909123456\n0903123456",
        ] {
            let both = vec!["+84909123456".to_owned(), "+84903123456".to_owned()];
            assert_eq!(numbers(text), (both, true), "{text}");
        }
        assert_eq!(numbers("0909123456 / 0909.123.456").0.len(), 1);
    }

    #[test]
    fn a_number_among_other_things_is_not_alone() {
        for text in [
            "0912345678 (chị Lan)",
            "chị Lan 0912345678",
            "0912345678 ext 12",
            "0912345678/57",
            "ĐT: 0912345678",
        ] {
            assert_eq!(numbers(text), (vec!["+84912345678".to_owned()], false), "{text}");
        }
        assert!(among("3-9253861/3").phones.is_empty());
        assert_eq!(with_letters_as_digits("O9l2 345 678").unwrap().as_str(), "+84912345678");
    }

    #[test]
    fn no_number_is_looked_for_among_very_many_groups_of_digits() {
        assert_eq!(among(&"0909 123 456 / ".repeat(MOST_GROUPS / 3)).phones.len(), 1);
        assert_eq!(among(&"0909 123 456 / ".repeat(MOST_GROUPS)), Among::default());
        assert_eq!(numbers("912 345 678"), (vec!["+84912345678".to_owned()], true));
    }

    proptest! {
        #[test]
        fn no_text_breaks_it_and_what_was_found_is_read_again(text in "[0-9 /.;,+()a-zđặ-]{0,40}") {
            for phone in among(&text).phones {
                prop_assert_eq!(phone.as_str().parse::<Phone>().unwrap(), phone.clone());
            }
        }
    }
}
