//! What a number format shows of a whole number where it shows nothing but digits: `0000000000`,
//! `0#########`, `00-0000-0000`, `"0"000000000`. Amounts, percentages and dates are left to others.

/// Digits that a format writes itself, and what people put between them; a point would be one of thousands.
const LITERALS: &str = "0123456789-+() \u{a0}";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// A digit, or 0 where the number has none.
    Zero,
    /// A digit, or nothing.
    Optional,
    Literal(char),
}

/// The number as Excel shows it, or `None` under any other format. `value` is whole.
pub fn shown(value: f64, format: &str) -> Option<String> {
    let parts = parts(format)?;
    let first = parts.iter().position(|part| !matches!(part, Part::Literal(_)))?;
    let number = format!("{:.0}", value.abs());
    let mut digits = number.chars().rev();
    let mut shown = Vec::with_capacity(parts.len());
    for (index, part) in parts.iter().enumerate().rev() {
        match part {
            Part::Literal(literal) => shown.push(*literal),
            Part::Zero => shown.push(digits.next().unwrap_or('0')),
            Part::Optional => shown.extend(digits.next()),
        }
        if index == first {
            shown.extend(digits.by_ref());
        }
    }
    let sign = (value < 0.0).then_some('-');
    let text: String = sign.into_iter().chain(shown.into_iter().rev()).collect();
    text.contains(|c: char| c.is_ascii_digit()).then_some(text)
}

/// Of the section for positive numbers.
fn parts(format: &str) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    let mut rest = format.chars();
    while let Some(found) = rest.next() {
        match found {
            ';' => break,
            '0' => parts.push(Part::Zero),
            '#' | '?' => parts.push(Part::Optional),
            '"' => parts.extend(rest.by_ref().take_while(|c| *c != '"').map(Part::Literal)),
            '\\' => parts.push(Part::Literal(rest.next()?)),
            '_' => _ = rest.next()?,
            '[' => {
                let bracket: String = rest.by_ref().take_while(|c| *c != ']').collect();
                is_harmless(&bracket).then_some(())?;
            }
            '-' | '+' | '(' | ')' | ' ' => parts.push(Part::Literal(found)),
            _ => return None,
        }
    }
    let is_known = |part: &Part| !matches!(part, Part::Literal(c) if !LITERALS.contains(*c));
    parts.iter().all(is_known).then_some(parts)
}

/// A colour or a language, no condition and no hours.
fn is_harmless(bracket: &str) -> bool {
    let is_colour = bracket.len() > 2 && bracket.chars().all(char::is_alphanumeric);
    is_colour || bracket.starts_with("$-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_shown_as_excel_shows_them() {
        for (value, format, text) in [
            (101_243_150.0, "0000000000", "0101243150"),
            (101_243_150.0, "0#########", "0101243150"),
            (101_243_150.0, "00-0000-0000", "01-0124-3150"),
            (912_345_678.0, "\"0\"000000000", "0912345678"),
            (912_345_678.0, "\\0#########", "0912345678"),
            (912_345_678.0, "\"+84\"#########", "+84912345678"),
            (912_345_678.0, "(0000) 000 000", "(0912) 345 678"),
            (101_243_150_001.0, "0000000000-000", "0101243150-001"),
            (123.0, "00", "123"),
            (5.0, "[Red][$-42A]000_);(000)", "005"),
            (-5.0, "000", "-005"),
            (7.0, "0", "7"),
        ] {
            assert_eq!(shown(value, format).as_deref(), Some(text), "{format}");
        }
    }

    #[test]
    fn other_formats_are_left_alone() {
        for format in [
            "General",
            "#,##0",
            "0.00",
            "0%",
            "0000\\.000",
            "dd/mm/yyyy",
            "@",
            "0 \"đ\"",
            "\"MST \"0",
            "[<=9999999]###-####;(###) ###-####",
            "[h]:mm",
            "\"0101\"",
            "0\\",
        ] {
            assert_eq!(shown(9.0, format), None, "{format}");
        }
    }
}
