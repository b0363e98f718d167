//! Who of the firm works in the clients' data is changed after the order: on the line's record, and where the line is
//! licensed already on the platform too.

use crate::{
    db::{
        self,
        lines::{self, Line},
        orders::{self, Order},
    },
    domain::{email::Email, firm::StaffRole, order::LineState},
    flow::Services,
};

use super::{Summary, changes, staff};

/// What becomes of the members of one line.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'a> {
    /// Who is to work in it, and as what.
    pub on: Option<(&'a Email, StaffRole)>,
    /// Who is not.
    pub off: Option<&'a Email>,
}

/// Stores who works in a line's data, and tells the platform. Nothing happens where it is so already; false where the
/// line was cancelled.
pub async fn change(services: &Services, line: &Line, wish: Wish<'_>) -> anyhow::Result<bool> {
    let Some(order) = orders::by_code(&services.db, &line.order_code).await? else {
        anyhow::bail!("{} has no order", line.reference())
    };
    let mut tx = services.db.begin().await?;
    // Whoever activates the line meanwhile sees what is stored here, or is seen.
    let state = lines::hold(&mut tx, line.id).await?;
    if state == LineState::Cancelled {
        return Ok(false);
    }
    let before = db::staff::of_line(&mut tx, line.id).await?;
    let firm = services.firm(&order.firm)?;
    let before = staff::of(firm, &order, line, &before);
    if let Some(off) = wish.off {
        db::staff::set(&mut tx, line.id, off.as_str(), None).await?;
    }
    if let Some((on, role)) = wish.on {
        db::staff::set(&mut tx, line.id, on.as_str(), Some(role)).await?;
    }
    let now = db::staff::of_line(&mut tx, line.id).await?;
    // Who left the firm is no member any more, and may still have an account.
    let takes_off = wish.off.is_some_and(|off| firm.name_of(off).is_none());
    if staff::of(firm, &order, line, &now) == before && !takes_off {
        return Ok(true);
    }
    if matches!(state, LineState::Grace | LineState::Active | LineState::Suspended) {
        changes::plan_accounts(services, &mut tx, line).await?;
    }
    tx.commit().await?;
    services.crash_point("assigned");
    Ok(true)
}

/// Tells the platform what is open of an order; false where it did not answer, or refused.
pub async fn tell_platform(services: &Services, order: &Order) -> anyhow::Result<bool> {
    let mut summary = Summary::default();
    changes::run(services, Some(&order.code), &mut summary).await?;
    Ok(summary.failed + summary.uncertain == 0)
}
