//! Payment: the QR picture of a transfer; statements, and which of their credits pays for what.
//! What follows on the platform is the business of `activate`.

pub mod amount;

pub mod memo;

pub mod matching;

pub mod statement;

pub mod take;

mod contradicted;

pub mod untaken;

pub mod known;

mod doubted;

mod told;

pub mod said;

pub mod overtaken;

pub mod settle;

pub mod tell;

mod readers;

pub mod hand;

mod wished;

pub mod same;

pub mod back;

pub mod concerned;

pub mod moved;

pub mod taken;

pub mod went;

pub mod waive;

mod names;

pub mod candidates;

mod together;

pub mod not_for;

mod why_not;

pub mod unclaimed;

pub mod pooled;

pub mod unused;

pub mod answers;

pub mod dry;

pub mod foreseen;

mod caption;

use std::cell::RefCell;

use anyhow::Context;
use fast_qr::{ECL, QRBuilder, QRCode};
use flate2::{Compress, Compression, FlushCompress, Status};

use crate::{
    config::Payee,
    domain::{money::Money, payment_code::PaymentCode, vietqr::Transfer},
};

/// Pixels of one module of the code, and modules of white around it (ISO/IEC 18004).
const MODULE: usize = 6;
const QUIET: usize = 4;

/// A transfer of an amount to the payee under a payment code, as a PNG.
pub fn qr_png(payee: &Payee, amount: Money, memo: &PaymentCode) -> anyhow::Result<Vec<u8>> {
    picture(&transfer(payee, amount, memo))
}

/// The same with words under it, for whoever gets nothing but the picture.
pub fn qr_png_with(
    payee: &Payee,
    (amount, memo): (Money, &PaymentCode),
    words: &[String],
) -> anyhow::Result<Vec<u8>> {
    png(&code(&transfer(payee, amount, memo))?, words)
}

fn transfer<'a>(payee: &'a Payee, amount: Money, memo: &'a PaymentCode) -> Transfer<'a> {
    Transfer { bank_bin: &payee.bank_bin, account: &payee.account, amount, memo: memo.as_str() }
}

/// The picture of a transfer.
pub fn picture(transfer: &Transfer<'_>) -> anyhow::Result<Vec<u8>> {
    png(&code(transfer)?, &[])
}

fn code(transfer: &Transfer<'_>) -> anyhow::Result<QRCode> {
    let code = QRBuilder::new(transfer.payload()).ecl(ECL::M).build();
    code.context("The transfer fits no QR code")
}

/// One bit a pixel, which is little to compress and to send; a dark module is a square of unset bits.
fn png(code: &QRCode, words: &[String]) -> anyhow::Result<Vec<u8>> {
    let side = (code.size + 2 * QUIET) * MODULE;
    let width = side.div_ceil(8);
    let white = vec![u8::MAX; width];
    let mut rows = white.repeat(QUIET * MODULE);
    for modules in (0..code.size).map(|y| &code[y]) {
        let mut row = white.clone();
        for (x, _) in modules.iter().enumerate().filter(|(_, module)| module.value()) {
            for x in (x + QUIET) * MODULE..(x + QUIET + 1) * MODULE {
                row[x / 8] &= !(0x80 >> (x % 8));
            }
        }
        rows.extend(row.repeat(MODULE));
    }
    rows.extend(white.repeat(QUIET * MODULE));
    rows.extend(caption::rows(words, side));
    let high = u32::try_from(rows.len() / width)?;
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, u32::try_from(side)?, high);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    let mut writer = encoder.write_header()?;
    writer.write_chunk(png::chunk::IDAT, &deflated(&rows, width)?)?;
    writer.finish()?;
    Ok(bytes)
}

thread_local! {
    /// To make one takes longer than to compress a picture.
    static DEFLATE: RefCell<Compress> = RefCell::new(Compress::new(Compression::new(3), true));
}

/// Rows of so many bytes as a PNG has them, unfiltered (PNG 9.2): whole codes repeat rows, which filters would hide.
fn deflated(rows: &[u8], width: usize) -> anyhow::Result<Vec<u8>> {
    let rows: Vec<u8> = rows.chunks(width).flat_map(|row| [&[0], row].concat()).collect();
    // All of it fits: what cannot be compressed grows by a few bytes.
    let mut deflated = Vec::with_capacity(rows.len() + 64);
    let ended = DEFLATE.with_borrow_mut(|deflate| {
        deflate.reset();
        deflate.compress_vec(&rows, &mut deflated, FlushCompress::Finish)
    })?;
    anyhow::ensure!(ended == Status::StreamEnd, "The picture is too large");
    Ok(deflated)
}
