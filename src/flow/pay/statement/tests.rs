//! Statements as the banks export them (domain facts §3.5), small enough to be read here.

use super::*;
use crate::{
    domain::sheet::Layout,
    flow::read::{Cell, Format, Row},
};

fn banks() -> Banks {
    crate::catalogue::Catalogue::built_in().unwrap().banks
}

/// A sheet of texts: `|` parts cells, and a line break inside one is written `\n`.
fn sheet(name: &str, text: &str) -> Document {
    let cell = |text: &str| match text.trim() {
        "" => Cell::Empty,
        text => Cell::Text(text.replace("\\n", "\n")),
    };
    let lines = (1..).zip(text.trim().lines());
    let rows = lines
        .map(|(number, line)| Row { number, cells: line.trim().split('|').map(cell).collect() });
    let sheet = Sheet {
        name: name.to_owned(),
        visible: true,
        rows: rows.collect(),
        layout: Layout::default(),
    };
    let format = Format { container: "xlsx".to_owned(), encoding: None, delimiter: None };
    Document {
        format,
        sheets: vec![sheet],
        defined_names: Vec::new(),
        properties: std::collections::BTreeMap::new(),
    }
}

#[track_caller]
fn only(name: &str, text: &str) -> (Option<String>, Section) {
    let mut found = read(&sheet(name, text), &banks());
    assert_eq!(found.len(), 1, "{name}");
    let mut statement = found.remove(0);
    assert_eq!(statement.sections.len(), 1, "{name}");
    (statement.bin, statement.sections.remove(0))
}

fn told(section: &Section) -> Vec<String> {
    let of = |it: &Entry| {
        format!(
            "{} {} {} {}",
            it.booked_on,
            it.net(),
            it.reference.as_deref().unwrap_or("-"),
            it.memo
        )
    };
    section.entries.iter().map(of).collect()
}

#[test]
fn vietcombank_simple() {
    let (bin, section) = only(
        "Vietcombank_Account_Statement",
        "NGÂN HÀNG TMCP NGOẠI THƯƠNG VIỆT NAM
         Số tài khoản: 1023456789|||
         Từ ngày: 01/11/2026 Đến ngày: 22/11/2026
         Ngày giao dịch|Số tham chiếu|Số tiền ghi nợ|Số tiền ghi có|Mô tả
         05/11/2026|5243.65937||2,950,000|MBVCB.1.HLAAAAAAAA.CT tu 001
         06/11/2026|5243.65938|11,000||Phi
         Tổng số||11,000|2,950,000|",
    );
    assert_eq!(bin.as_deref(), Some("970436"));
    assert_eq!(section.account.as_deref(), Some("1023456789"));
    let day = |day| NaiveDate::from_ymd_opt(2026, 11, day);
    assert_eq!((section.from, section.to), (day(1), day(22)));
    let lines = [
        "2026-11-05 2950000 5243.65937 MBVCB.1.HLAAAAAAAA.CT tu 001",
        "2026-11-06 -11000 5243.65938 Phi",
    ];
    assert_eq!(told(&section), lines);
    assert_eq!(section.difference(), None);
}

#[test]
fn vietcombank_cashup_with_two_accounts_and_line_breaks_in_headers() {
    let found = read(
        &sheet(
            "Sheet1",
            "VCB CASHUP|||STATEMENT OF ACCOUNT
             Số tài khoản/Account number|1023456789
             STT|Ngày1/\\nTNX Date/ Số CT/ Doc No|Ngày hiệu lực2/\\nEffective date|Số tiền ghi nợ/\\nDebit|Số tiền ghi có/\\nCredit|Số dư/\\nBalance|Nội dung chi tiết/\\nTransactions in detail
             |||||Số dư đầu kỳ/Opening balance|1.000.000
             1|05/11/2026\\n5243.65937|05/11/2026||2.950.000|3.950.000|HLAAAAAAAA
             |Tổng số/Total|||2.950.000||
             |Số dư cuối kỳ/Closing balance||||3.950.000|
             Số tài khoản/Account number|0071000999999
             STT|Ngày1/\\nTNX Date/ Số CT/ Doc No|Ngày hiệu lực2/\\nEffective date|Số tiền ghi nợ/\\nDebit|Số tiền ghi có/\\nCredit|Số dư/\\nBalance|Nội dung chi tiết/\\nTransactions in detail
             1|06/11/2026\\n5243.1|06/11/2026|500.000|||Khac",
        ),
        &banks(),
    );
    let sections = &found[0].sections;
    assert_eq!(found[0].bin.as_deref(), Some("970436"));
    let accounts: Vec<_> = sections.iter().map(|it| it.account.clone().unwrap()).collect();
    assert_eq!(accounts, ["1023456789", "0071000999999"]);
    assert_eq!(told(&sections[0]), ["2026-11-05 2950000 5243.65937 HLAAAAAAAA"]);
    assert_eq!((sections[0].opening, sections[0].difference()), (Some(1_000_000), Some(0)));
    assert_eq!(told(&sections[1]), ["2026-11-06 -500000 5243.1 Khac"]);
}

#[test]
fn techcombank_with_negative_debits_and_fees_in_columns_of_their_own() {
    let (bin, section) = only(
        "Sheet1",
        "TRUY VẤN GIAO DỊCH/TRANSACTION ENQUIRY
         Tài khoản/Account|19031234567890|
         Ngày KH thực hiện/Requesting date|Ngày giao dịch/Transaction date|Số bút toán/Reference number|Ngân hàng đối tác/Remitter's bank|Tài khoản đích/Remitter's account number|Tên tài khoản đối ứng/Remitter's account name|Diễn giải/Description|Nợ/Debit|Có/Credit|Phí/Lãi\\nFee/Interest|Thuế/Tax|Số dư/Running balance
         05/11/2026|06/11/2026|FT25331141130003|VCB|0011|CTY GAO|HLAAAAAAAA FT25331141130003||2,950,000.00|||12,950,000.00
         06/11/2026|06/11/2026|FT25331141130004|||| Chi|-1,000,000.00||-10,000.00|-1,000.00|11,939,000.00",
    );
    assert_eq!(bin.as_deref(), Some("970407"));
    assert_eq!(section.account.as_deref(), Some("19031234567890"));
    let nets: Vec<i64> = section.entries.iter().map(Entry::net).collect();
    assert_eq!(nets, [2_950_000, -1_000_000, -10_000, -1_000]);
    assert_eq!(section.entries[0].other_account.as_deref(), Some("0011"));
    assert_eq!((section.opening, section.difference()), (Some(10_000_000), Some(0)));
}

#[test]
fn bidv_does_not_take_the_old_account_number() {
    let (bin, section) = only(
        "Sheet1",
        "BÁO CÁO CHI TIẾT SỐ DƯ TÀI KHOẢN
         Số tài khoản cũ/old: 999999999
         Số tài khoản: 1023456789
         Ngày hiệu lực|Ghi nợ|Ghi có|Số dư|Mô tả
         05/11/2026 10:30:45||2.950.000|3.950.000|HLAAAAAAAA",
    );
    assert_eq!((bin.as_deref(), section.account.as_deref()), (Some("970418"), Some("1023456789")));
    assert_eq!(told(&section), ["2026-11-05 2950000 - HLAAAAAAAA"]);
    let (bin, section) = only(
        "BIDV",
        "Sao kê BIDV
         STT|Ngày GD|Số tham chiếu|Mô tả|Phát sinh nợ|Phát sinh có|Số dư
         1|05/11/2026|R1|HLAAAAAAAA||2.950.000|3.950.000",
    );
    assert_eq!((bin.as_deref(), told(&section).len()), (Some("970418"), 1));
}

#[test]
fn vietinbank_fills_days_down() {
    let (bin, section) = only(
        "Sheet1",
        "LICH SỬ GIAO DỊCH - TRANSACTION HISTORY
         Số tài khoản/Account No: 1023456789
         Ngày phát sinh/Transaction date|Ngày hạch toán/Accounting date|Mô tả giao dịch/Transaction description|Nợ/ Debit|Có / Credit|Số dư TK/Account balance|Số giao dịch/Transaction number
         31/12/2025 10:30:45|31/12/2025 10:30:45|HLAAAAAAAA||2950000|3950000|T1
         ||HLAAAAAAAA CT||2950000|6900000|T2
         |Tổng cộng|||5900000||",
    );
    assert_eq!(bin.as_deref(), Some("970415"));
    assert_eq!(
        told(&section),
        ["2025-12-31 2950000 T1 HLAAAAAAAA", "2025-12-31 2950000 T2 HLAAAAAAAA CT"]
    );
    assert_eq!(section.difference(), Some(0));
}

#[test]
fn mb_has_a_total_without_a_day_and_its_money_bears_a_currency() {
    let (bin, section) = only(
        "Sheet1",
        "SAO KÊ CHI TIẾT TÀI KHOẢN/ACCOUNT STATEMENT
         Số tài khoản/Account No|1023456789
         Số dư đầu kỳ/Opening balance|1,000,000.00 VND
         Ngày hạch toán/Posting date|Ngày giao dịch/Transaction date|Phát sinh nợ/Debit|Phát sinh có/Credit|Số dư/Balance|Nội dung/Description
         05/11/2026|05/11/2026|0.00|2,950,000.00 VND|3,950,000.00|HLAAAAAAAA
         ||0.00|2,950,000.00||
         Số dư cuối kỳ/Closing balance|3,950,000.00 VND",
    );
    assert_eq!((bin.as_deref(), told(&section).len()), (Some("970422"), 1));
    assert_eq!((section.opening, section.closing), (Some(1_000_000), Some(3_950_000)));
    assert_eq!(section.difference(), Some(0));
}

#[test]
fn acb_has_balances_below_their_labels() {
    let (bin, section) = only(
        "Statement",
        "BẢNG SAO KÊ GIAO DỊCH
         Số tài khoản|Số dư đầu kỳ|Số dư cuối kỳ
         1023456789|1.000.000|3.950.000
         Ngày hiệu lực|Ngày giao dịch|Số GD|Nội dung giao dịch|Số tiền rút ra|Số tiền gửi vào|Số dư
         05-11-2026|05-11-2026|77|HLAAAAAAAA||2.950.000|3.950.000",
    );
    assert_eq!((bin.as_deref(), section.account.as_deref()), (Some("970416"), Some("1023456789")));
    assert_eq!((section.opening, section.difference()), (Some(1_000_000), Some(0)));
}

#[test]
fn vpbank_msb_and_vib() {
    let (bin, section) = only(
        "Sheet1",
        "VPBank
         Ngày giao dịch|Ngày hiệu lực|Số tham chiếu|Diễn giải|Ghi nợ|Ghi có|Số dư
         05-11-2026|05/11/2026|R1|HLAAAAAAAA||2.950.000|2.950.000",
    );
    assert_eq!((bin.as_deref(), told(&section).len()), (Some("970432"), 1));
    let (bin, section) = only(
        "Sheet1",
        "Ngày giao dịch/Transaction date|Số bút toán/Reference no|Người hưởng/Người chuyển Payee/Payer|Diễn giải|Nợ/Debit|Có/Credit
         05/11/2026|R1|CTY GAO|HLAAAAAAAA||2,950,000",
    );
    assert_eq!(bin.as_deref(), Some("970426"));
    assert_eq!(section.entries[0].other_name.as_deref(), Some("CTY GAO"));
    let (bin, section) = only(
        "CURRENTACCOUNTSTATEMENT",
        "Số chứng từ|Ngày giao dịch|Ghi nợ|Ghi có|Diễn giải
         R1|05/11/2026||2,950,000|HLAAAAAAAA",
    );
    assert_eq!((bin.as_deref(), told(&section).len()), (Some("970441"), 1));
}

#[test]
fn any_other_table_is_read_by_the_usual_headers_newest_line_first() {
    let (bin, section) = only(
        "sao-ke",
        "Tài khoản: 1023456789 - VND
         Ngày giao dịch|Số tiền ghi nợ|Số tiền ghi có|Nội dung chi tiết|Số dư|Tên tài khoản đối ứng|Số tài khoản đối ứng
         06/11/2026|11.000||Phi|3.939.000||
         05/11/2026||2.950.000|HLAAAAAAAA|3.950.000|CTY GAO|0011",
    );
    assert_eq!((bin, section.account.as_deref()), (None, Some("1023456789")));
    assert_eq!((section.opening, section.closing), (Some(1_000_000), Some(3_939_000)));
    assert_eq!(section.difference(), Some(0));
    assert_eq!(told(&section), ["2026-11-05 2950000 - HLAAAAAAAA", "2026-11-06 -11000 - Phi"]);
}

#[test]
fn lines_whose_days_go_up_stay_as_they_are_whatever_their_balances_say() {
    let (_, section) = only(
        "sao-ke",
        "Ngày giao dịch|Số tiền ghi nợ|Số tiền ghi có|Nội dung chi tiết|Số dư
         05/11/2026||200.000|mot|1.300.000
         06/11/2026||100.000|hai|1.100.000",
    );
    let memos: Vec<&str> = section.entries.iter().map(|it| it.memo.as_str()).collect();
    assert_eq!(memos, ["mot", "hai"]);
}

#[test]
fn the_lines_of_one_day_stand_in_the_order_that_their_balances_tell() {
    let of = |balances: [&str; 2]| {
        let (_, section) = only(
            "sao-ke",
            &format!(
                "Ngày giao dịch|Số tiền ghi nợ|Số tiền ghi có|Nội dung chi tiết|Số dư
                 06/11/2026||100.000|mot|{}
                 06/11/2026||200.000|hai|{}",
                balances[0], balances[1]
            ),
        );
        section.entries.into_iter().map(|it| it.memo).collect::<Vec<_>>()
    };
    assert_eq!(of(["1.100.000", "1.300.000"]), ["mot", "hai"]);
    assert_eq!(of(["1.300.000", "1.200.000"]), ["hai", "mot"]);
    assert_eq!(of(["", ""]), ["mot", "hai"]);
}

/// The figures that the lines contradict: what, the row, what is said, and what it should be.
#[track_caller]
fn off(text: &str) -> Vec<(Figure, u32, i64, i64)> {
    let (_, section) = only("sao-ke", text);
    section.off.iter().map(|it| (it.figure, it.row, it.said, it.sum)).collect()
}

#[test]
fn a_total_that_its_lines_do_not_add_up_to_is_told_wherever_its_label_stands() {
    let vietcombank = |total: &str| {
        off(&format!(
            "Vietcombank
             Số tài khoản: 1023456789
             Ngày giao dịch|Số tham chiếu|Số tiền ghi nợ|Số tiền ghi có|Mô tả
             23/02/2027|R2||2,950,000|HLAAAAAAAA
             23/02/2027|R3|11,000||Phi
             {total}"
        ))
    };
    let credits = (Figure::Credits, 6, 5_900_000, 2_950_000);
    for total in ["Tổng số||11,000|5,900,000|", "|Tổng cộng/Total||5,900,000|", "|||5,900,000|"]
    {
        assert_eq!(vietcombank(total), [credits], "{total}");
    }
    assert_eq!(vietcombank("Cộng phát sinh||0|2,950,000|"), [(Figure::Debits, 6, 0, 11_000)]);
    let beside = "Tổng phát sinh nợ|11,000|Tổng phát sinh có: 5,900,000 VND";
    assert_eq!(vietcombank(beside), [credits]);
    assert_eq!(vietcombank("Tổng số giao dịch: 3"), [(Figure::Lines, 6, 3, 2)]);
    for total in [
        "Tổng số||-11,000|2,950,000|",
        "Tổng số||11,000|2,950,000|2",
        "||11,000|2,950,000|",
        "Tổng số giao dịch|2",
        "Tổng số dư|||7,000,000|",
        "Số dư cuối kỳ|||7,000,000|",
        "Cộng trang 1||1|1|",
    ] {
        assert_eq!(vietcombank(total), [], "{total}");
    }
    let none = "Vietcombank
                Ngày giao dịch|Số tham chiếu|Số tiền ghi nợ|Số tiền ghi có|Mô tả
                Tổng số||0|5,900,000|";
    assert_eq!(off(none), [(Figure::Credits, 3, 5_900_000, 0)], "all its lines are gone");
}

#[test]
fn the_total_of_a_page_is_none_of_all_and_one_above_the_lines_is() {
    let pages = |last: &str| {
        off(&format!(
            "Ngày giao dịch|Ghi nợ|Ghi có|Nội dung
             05/11/2026||100.000|mot
             Tổng cộng|0|100.000|
             06/11/2026||200.000|hai
             Tổng cộng|0|{last}|"
        ))
    };
    assert_eq!(pages("200.000"), []);
    assert_eq!(pages("300.000"), []);
    assert_eq!(pages("400.000"), [(Figure::Credits, 5, 400_000, 300_000)]);
    let above = |credits: &str| {
        off(&format!(
            "Tổng phát sinh nợ|Tổng phát sinh có
             0|{credits}
             Ngày giao dịch|Ghi nợ|Ghi có|Nội dung
             05/11/2026||100.000|mot
             06/11/2026||200.000|hai"
        ))
    };
    assert_eq!(above("300.000"), []);
    assert_eq!(above("100.000"), [(Figure::Credits, 1, 100_000, 300_000)]);
}

#[test]
fn a_total_of_debits_may_have_the_fees_in_it() {
    let techcombank = |debits: &str| {
        off(&format!(
            "TRANSACTION ENQUIRY
             Ngày giao dịch|Diễn giải|Nợ/Debit|Có/Credit|Phí/Lãi|Thuế/Tax|Số dư
             06/11/2026|HLAAAAAAAA||2,950,000|||12,950,000
             06/11/2026|Chi|-1,000,000||-10,000|-1,000|11,939,000
             Tổng cộng|{debits}"
        ))
    };
    for debits in ["|-1,000,000|2,950,000|-10,000|-1,000", "|-1,011,000|2,950,000"] {
        assert_eq!(techcombank(debits), [], "{debits}");
    }
    let wrong = techcombank("|-1,001,000|2,950,000");
    assert_eq!(wrong, [(Figure::Debits, 5, 1_001_000, 1_000_000)]);
}

#[test]
fn a_balance_that_does_not_follow_from_the_one_before_is_told_with_its_row() {
    let of = |balances: [&str; 3]| {
        off(&format!(
            "Số dư đầu kỳ|1.000.000
             Số dư cuối kỳ|1.600.000
             Ngày giao dịch|Ghi nợ|Ghi có|Nội dung|Số dư
             05/11/2026||100.000|mot|{}
             06/11/2026||200.000|hai|{}
             06/11/2026||300.000|ba|{}",
            balances[0], balances[1], balances[2]
        ))
    };
    for good in [
        ["1.100.000", "1.300.000", "1.600.000"],
        ["", "1.300.000", ""],
        // The bank counted the two of one day the other way round.
        ["1.100.000", "1.600.000", "1.400.000"],
    ] {
        assert_eq!(of(good), [], "{good:?}");
    }
    let middle = of(["1.100.000", "2.300.000", "1.600.000"]);
    assert_eq!(middle, [(Figure::Balance, 5, 2_300_000, 1_300_000)]);
    let all = of(["1.100.005", "1.300.005", "1.600.005"]);
    assert_eq!(all, [(Figure::Balance, 4, 1_100_005, 1_100_000)]);
}

#[test]
fn amounts_of_one_minute_that_were_swapped_are_told_and_balances_may_go_down_the_newest_line_first()
{
    let swapped = "Số dư đầu kỳ:|567205000
                   Ngày hiệu lực|Ghi nợ|Ghi có|Số dư|Mô tả
                   21/01/2027 10:00:00||1.950.000|570.155.000|mot
                   21/01/2027 10:00:00||2.950.000|572.105.000|hai
                   21/01/2027 10:00:00||1.450.000|573.555.000|ba
                   Số dư cuối kỳ:|573555000";
    assert_eq!(off(swapped), [(Figure::Balance, 3, 570_155_000, 569_155_000)]);
    let newest_first = |middle: &str| {
        off(&format!(
            "TRANSACTION ENQUIRY
             Ngày giao dịch|Diễn giải|Nợ/Debit|Có/Credit|Phí/Lãi|Thuế/Tax|Số dư
             07/11/2026|ba||50,000|||11,989,000
             06/11/2026|hai|-1,000,000||-10,000|-1,000|{middle}
             06/11/2026|mot||2,950,000|||12,950,000"
        ))
    };
    assert_eq!(newest_first("11,939,000"), []);
    assert_eq!(newest_first("11,940,000"), [(Figure::Balance, 4, 11_940_000, 11_939_000)]);
}

#[test]
fn the_oldest_row_keeps_its_parts_in_their_order_where_the_newest_stands_first() {
    let (_, section) = only(
        "Sheet1",
        "TRANSACTION ENQUIRY
         Ngày giao dịch|Diễn giải|Nợ/Debit|Có/Credit|Phí/Lãi|Thuế/Tax|Số dư
         07/11/2026|hai||50,000|||11,989,000
         06/11/2026|mot|-1,000,000||-10,000|-1,000|11,939,000",
    );
    let nets: Vec<i64> = section.entries.iter().map(Entry::net).collect();
    assert_eq!(nets, [-1_000_000, -10_000, -1_000, 50_000]);
    assert_eq!((section.opening, section.difference()), (Some(12_950_000), Some(0)));
    assert_eq!(section.off, []);
}

#[test]
fn a_row_with_a_credit_and_a_debit_is_none_of_both() {
    let (_, section) = only(
        "x",
        "Ngày giao dịch|Số tiền ghi nợ|Số tiền ghi có|Nội dung
         05/11/2026|2.950.000|2.950.000|HLAAAAAAAA
         05/11/2026|0|1.000|mot",
    );
    let both = Wrong::Both { row: 2, column: 1, found: "2.950.000".to_owned() };
    assert_eq!((section.wrong, section.entries.len()), (vec![both], 1));
}

#[test]
fn a_period_above_the_first_of_several_accounts_is_that_of_each_which_says_no_other() {
    let accounts = |second: &str| {
        let text = format!(
            "VCB CASHUP|STATEMENT OF ACCOUNT
             Từ/From: 21/01/2027 Đến/To: 22/01/2027
             Số tài khoản/Account number:|9990001112
             STT|TNX Date/ Số CT/ Doc No|Debit|Credit|Balance|Nội dung chi tiết
             |Tổng số/Total|0|0
             Số tài khoản/Account number:|1023456789
             {second}
             STT|TNX Date/ Số CT/ Doc No|Debit|Credit|Balance|Nội dung chi tiết
             1|21/01/2027\\nFT1||2,950,000||HLAAAAAAAA"
        );
        let found = read(&sheet("Sheet1", &text), &banks());
        found[0].sections.iter().map(|it| (it.from, it.to)).collect::<Vec<_>>()
    };
    let day = |day| NaiveDate::from_ymd_opt(2027, 1, day);
    assert_eq!(accounts(""), [(day(21), day(22)); 2]);
    let own = accounts("Từ ngày 20/01/2027 đến ngày 21/01/2027");
    assert_eq!(own, [(day(21), day(22)), (day(20), day(21))]);
}

#[test]
fn what_cannot_be_read_is_told_with_its_place_and_a_client_list_is_no_statement() {
    let (_, section) = only(
        "x",
        "Ngày giao dịch|Số tiền ghi nợ|Số tiền ghi có|Nội dung
         hôm qua||2.950.000|HLAAAAAAAA
         05/11/2026||2.950,5|HLAAAAAAAA",
    );
    let wrong = [
        Wrong::Date { row: 2, column: 0, found: "hôm qua".to_owned() },
        Wrong::Amount { row: 3, column: 2, found: "2.950,5".to_owned() },
    ];
    assert_eq!(section.wrong, wrong);
    let list =
        sheet("DS", "Mã số thuế|Tên khách hàng|Email|Điện thoại\n0101243150|A|a@b.vn|0912345678");
    assert!(read(&list, &banks()).is_empty());
    assert!(is_same_account("0102 3456 789", "102.3456.789"));
}
