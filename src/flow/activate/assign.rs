//! Who of the firm works in the clients' data is changed after the order: on the lines' record, in the firm's catalogue,
//! from which the next order is made, and where a line is licensed already on the platform too.

use crate::{
    db::{
        self,
        clients::{self, Client},
        lines::{self, Line},
        orders::Order,
        staff::Said,
    },
    domain::{email::Email, firm::StaffRole, order::LineState},
    flow::Services,
};

use super::{Summary, changes, staff};

/// What becomes of the members of one line.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'a> {
    pub line: &'a Line,
    /// Who is to work in it, and as what.
    pub on: Option<(&'a Email, StaffRole)>,
    /// Who is not.
    pub off: Option<&'a Email>,
}

impl Wish<'_> {
    fn said(&self) -> impl Iterator<Item = Said<'_>> {
        let line_id = self.line.id;
        let off = self.off.filter(|off| self.on.is_none_or(|(on, _)| on != *off));
        let off = off.map(|email| Said { line_id, email: email.as_str(), role: None });
        let on = self.on.map(|(on, role)| Said { line_id, email: on.as_str(), role: Some(role) });
        off.into_iter().chain(on)
    }
}

/// Stores who works in the data of lines of an order, all of one firm, and plans to tell the platform. Nothing happens where it is so
/// already, or where a line was cancelled.
pub async fn change(services: &Services, order: &Order, wishes: &[Wish<'_>]) -> anyhow::Result<()> {
    let Some(first) = wishes.first() else { return Ok(()) };
    let firm = services.firm(&first.line.firm)?;
    let ids: Vec<i64> = wishes.iter().map(|wish| wish.line.id).collect();
    let mut tx = services.db.begin().await?;
    // Whoever activates a line meanwhile sees what is stored here, or is seen.
    let states = lines::hold(&mut tx, &ids).await?;
    let state = |wish: &Wish<'_>| states.get(&wish.line.id).copied();
    let stands = |wish: &&Wish<'_>| state(wish).is_some_and(|it| it != LineState::Cancelled);
    let before = db::staff::of_lines(&mut tx, &ids).await?;
    let said: Vec<Said<'_>> = wishes.iter().filter(stands).flat_map(Wish::said).collect();
    db::staff::set(&mut tx, &said).await?;
    let now = db::staff::of_lines(&mut tx, &ids).await?;
    let is_licensed = |wish: &Wish<'_>| {
        matches!(state(wish), Some(LineState::Grace | LineState::Active | LineState::Suspended))
    };
    let differs = |wish: &Wish<'_>| {
        // Who left the firm is no member any more, and may still have an account.
        wish.off.is_some_and(|off| firm.name_of(off).is_none())
            || staff::of(firm, order, wish.line, &now) != staff::of(firm, order, wish.line, &before)
    };
    let told = wishes.iter().filter(|wish| is_licensed(wish) && differs(wish));
    let told: Vec<&Line> = told.map(|wish| wish.line).collect();
    changes::plan_accounts(services, &mut tx, &told).await?;
    tx.commit().await?;
    services.crash_point("assigned");
    Ok(())
}

/// In a firm's catalogue a member of staff hands over to another one, or to nobody: the clients that were assigned.
pub async fn hand_over(
    services: &Services,
    firm: &str,
    (from, to): (&Email, Option<&Email>),
) -> anyhow::Result<Vec<Client>> {
    let mut tx = services.db.begin().await?;
    let who = (from.as_str(), to.map(Email::as_str));
    let clients = clients::reassign(&mut tx, firm, who, services.now()).await?;
    tx.commit().await?;
    Ok(clients)
}

/// Tells the platform what is open of an order; false where it did not answer, or refused.
pub async fn tell_platform(services: &Services, order: &Order) -> anyhow::Result<bool> {
    let mut summary = Summary::default();
    changes::run(services, Some(&order.code), &mut summary).await?;
    Ok(summary.failed + summary.uncertain == 0)
}
