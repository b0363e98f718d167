//! The very hidden sheet by which the workbook is known when it comes back.
//! What it says and its signature are made elsewhere.

use anyhow::Context;
use rust_xlsxwriter::{Format, Worksheet};

use crate::flow::answer::{fit::cut_at, look::TEXT};

/// The payload lies down its column A, to be joined.
pub const SHEET: &str = "_hangloat";
/// UTF-16 units of a piece, safely below what a cell holds.
const PIECE: usize = 30_000;

pub fn sheet(mut sheet: Worksheet, payload: &str) -> anyhow::Result<Worksheet> {
    sheet.set_name(SHEET)?.set_very_hidden(true);
    let text = Format::new().set_num_format(TEXT);
    for (row, piece) in (0..).zip(pieces(payload)) {
        sheet
            .write_string_with_format(row, 0, piece, &text)
            .context("The identity does not fit into a sheet")?;
    }
    Ok(sheet)
}

fn pieces(mut payload: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    while let Some(end) = cut_at(payload, PIECE) {
        let (piece, rest) = payload.split_at(end);
        pieces.push(piece);
        payload = rest;
    }
    pieces.push(payload);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_is_the_sum_of_its_pieces() {
        let payload = "ă🙂".repeat(25_000);
        let pieces = pieces(&payload);
        assert_eq!(pieces.concat(), payload);
        assert!(pieces.iter().all(|piece| piece.encode_utf16().count() <= PIECE));
        assert_eq!(pieces.len(), 3);
    }
}
