//! The end of an order that nobody pays: free, and every line of it settled.
//! When an order is paid is said by its payments.

use crate::db::{Tx, batches, orders, orders::Order};

/// Ends a free order of which nothing waits any more, and with it its batch; repeatable, called after each change of
/// a line.
pub async fn finish_free(tx: &mut Tx, order: &Order) -> anyhow::Result<()> {
    if orders::finish_free(tx, &order.code).await? {
        batches::end_orders(tx, order.batch()).await?;
    }
    Ok(())
}
