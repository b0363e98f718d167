//! The second person of an order (`[order] maker_checker`): a member of the firm who registered nothing of it.
//! That a code shows who it is, is the business of `code`; that one is needed, of `confirm`.

use std::collections::BTreeSet;

use crate::domain::{
    email::Email,
    firm::{Firm, StaffRole},
};

/// Who registered an order or a row of it; the firm's admin where nobody is named for the order.
pub fn makers<'a>(
    firm: &'a Firm,
    registered_by: Option<&'a str>,
    rows: impl IntoIterator<Item = &'a str>,
) -> BTreeSet<&'a str> {
    let of_order = registered_by.unwrap_or(firm.admin.email.as_str());
    std::iter::once(of_order).chain(rows).collect()
}

/// Who is asked to confirm: the admin; where the admin registered it a manager, else anybody else of the firm.
pub fn checkers<'a>(firm: &'a Firm, makers: &BTreeSet<&str>) -> Vec<&'a Email> {
    let others = || firm.members().filter(|member| !makers.contains(member.as_str()));
    let is_manager = |email: &&Email| {
        let mut managers = firm.staff.iter().filter(|staff| staff.role == StaffRole::Manager);
        managers.any(|staff| staff.email == **email)
    };
    if others().any(|member| *member == firm.admin.email) {
        return vec![&firm.admin.email];
    }
    let managers: Vec<&Email> = others().filter(is_manager).collect();
    if managers.is_empty() { others().collect() } else { managers }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::firm::{Admin, Staff};

    fn firm() -> Firm {
        let staff = |name: &str, role| Staff {
            name: name.to_owned(),
            email: format!("{name}@minhan.example").parse().unwrap(),
            role,
        };
        Firm {
            code: "MINHAN".parse().unwrap(),
            name: "Minh An".to_owned(),
            tax_id: None,
            admin: Admin {
                name: "Lan".to_owned(),
                email: "lan@minhan.example".parse().unwrap(),
                phone: None,
            },
            staff: vec![
                staff("binh", StaffRole::DataEntry),
                staff("chi", StaffRole::Manager),
                staff("dung", StaffRole::DataEntry),
            ],
        }
    }

    fn asked(registered_by: Option<&str>, rows: &[&str]) -> Vec<String> {
        let firm = firm();
        let makers = makers(&firm, registered_by, rows.iter().copied());
        checkers(&firm, &makers).into_iter().map(|it| it.local_part().to_owned()).collect()
    }

    #[test]
    fn the_admin_checks_what_others_registered_and_a_manager_what_the_admin_did() {
        assert_eq!(asked(Some("binh@minhan.example"), &[]), ["lan"]);
        assert_eq!(asked(None, &[]), ["chi"]);
        assert_eq!(asked(None, &["binh@minhan.example"]), ["chi"]);
        assert_eq!(asked(None, &["chi@minhan.example"]), ["binh", "dung"]);
    }
}
