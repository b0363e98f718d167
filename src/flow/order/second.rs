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

/// Members of the firm who registered a list or something in it, by pairs of an order's registrant and a row's of what
/// stands: they are told what became of it. The admin where nobody of these is of the firm any more.
pub fn registrants<'a>(
    firm: &'a Firm,
    of_batch: Option<&'a str>,
    registered: impl IntoIterator<Item = (Option<&'a str>, Option<&'a str>)>,
) -> BTreeSet<&'a str> {
    let admin = firm.admin.email.as_str();
    let of_batch = of_batch.unwrap_or(admin);
    let both = |(of_order, of_row): (Option<&'a str>, _)| [of_order.or(Some(of_batch)), of_row];
    let mut said: BTreeSet<&str> = registered.into_iter().flat_map(both).flatten().collect();
    if said.is_empty() {
        said.insert(of_batch);
    }
    said.retain(|email| firm.has_member(email));
    if said.is_empty() {
        said.insert(admin);
    }
    said
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
            aliases: Vec::new(),
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

    #[test]
    fn where_everybody_registered_a_row_nobody_is_left_to_check() {
        let all = ["binh@minhan.example", "chi@minhan.example", "dung@minhan.example"];
        assert!(asked(None, &all).is_empty());
    }

    #[test]
    fn whoever_registered_something_is_told_and_the_admin_for_those_who_left() {
        let (firm, binh) = (firm(), "binh@minhan.example");
        let told = |of_batch, pairs: &[(Option<&'static str>, Option<&'static str>)]| {
            let told = registrants(&firm, of_batch, pairs.iter().copied());
            told.into_iter().map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(told(None, &[]), ["lan@minhan.example"]);
        assert_eq!(told(Some(binh), &[]), [binh]);
        assert_eq!(told(None, &[(Some(binh), None), (None, None)]), [binh, "lan@minhan.example"]);
        assert_eq!(told(Some(binh), &[(Some("di@minhan.example"), None)]), ["lan@minhan.example"]);
    }
}
