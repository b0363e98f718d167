//! What letters need that were claimed together, read once for all of them, each kind of it in one statement.

use std::collections::HashMap;

use anyhow::Context as _;
use tokio::{sync::OnceCell, try_join};

use crate::{
    db::{
        Db,
        gathered::{self, Whole},
        lines::Line,
        mails::Mail,
        orders::Order,
        requests::Request,
        staff::OnLine,
    },
    domain::{mail::Purpose, order::OrderCode},
    flow::{Services, activate::platform::wire::Licence, fault::caught},
};

/// Letters that were claimed together; what they need is read by the first that comes to it.
#[derive(Debug, Default)]
pub struct Group {
    mails: Vec<Mail>,
    /// Those that were written before, by mail.
    written: HashMap<i64, Vec<u8>>,
    known: OnceCell<Option<Known>>,
}

impl Group {
    pub fn new(mails: &[Mail], written: HashMap<i64, Vec<u8>>) -> Group {
        let is_left = |mail: &&Mail| mail.phone().is_none() && !written.contains_key(&mail.id);
        let mails = mails.iter().filter(is_left).cloned().collect();
        Group { mails, written, known: OnceCell::new() }
    }

    /// One that was written before.
    pub fn letter(&self, mail: &Mail) -> Option<&[u8]> {
        self.written.get(&mail.id).map(Vec::as_slice)
    }

    /// Nothing where one of them cannot be read: then each is read by itself.
    pub async fn known(&self, services: &Services) -> Option<&Known> {
        let read = async || caught(Known::of(services, &self.mails)).await.ok();
        self.known.get_or_init(read).await.as_ref()
    }
}

/// Of the letters that go to many: notices and log-ins. Others read what they need themselves.
#[derive(Debug)]
pub struct Known {
    orders: HashMap<OrderCode, Order>,
    lines: HashMap<i64, Line>,
    staff: HashMap<i64, Vec<OnLine>>,
    /// By line, the id of each at the platform.
    licence_ids: HashMap<i64, String>,
    /// By mail.
    open: HashMap<i64, Vec<Request>>,
    /// By id at the platform, where it tells of several at once.
    licences: HashMap<String, Licence>,
}

impl Known {
    pub async fn of(services: &Services, mails: &[Mail]) -> anyhow::Result<Known> {
        let db = &services.db;
        let ids: Vec<i64> = mails.iter().map(|mail| mail.id).collect();
        let notices = mails.iter().filter(|mail| mail.purpose == Purpose::OrderNotice);
        let notices: Vec<i64> = notices.map(|mail| mail.id).collect();
        let log_ins = mails
            .iter()
            .filter(|it| matches!(it.purpose, Purpose::LoginFirst | Purpose::LoginExisting));
        let log_ins: Vec<i64> = log_ins.filter_map(|mail| mail.line_id).collect();
        let orders = async || anyhow::Ok(gathered::orders(db, &ids).await?);
        let (orders, (open, to_tell), (licences, logged_in)) =
            try_join!(orders(), to_pay(db, &notices), to_log_in(services, &log_ins))?;
        let mut known = Known {
            orders: orders.into_iter().map(|order| (order.code.clone(), order)).collect(),
            lines: HashMap::new(),
            staff: HashMap::new(),
            licence_ids: HashMap::new(),
            open,
            licences: licences.into_iter().map(|it| (it.licence_id.clone(), it)).collect(),
        };
        for Whole { line, licence_id, staff } in to_tell.into_iter().chain(logged_in) {
            known.licence_ids.extend(licence_id.map(|licence| (line.id, licence)));
            known.staff.insert(line.id, staff.0);
            known.lines.insert(line.id, line);
        }
        Ok(known)
    }

    /// Whether nobody need be asked for more to write the letter, the platform least of all.
    pub fn has_all(&self, mail: &Mail) -> bool {
        let licence = || self.licences.get(self.licence_ids.get(&mail.line_id?)?);
        mail.phone().is_none()
            && match mail.purpose {
                Purpose::OrderNotice => true,
                Purpose::LoginFirst | Purpose::LoginExisting => licence().is_some(),
                _ => false,
            }
    }

    /// Fails where the mail is about none.
    pub fn order(&self, mail: &Mail) -> anyhow::Result<&Order> {
        let code = mail.order_code.as_deref().context("A mail is about a batch or an order")?;
        self.orders.get(&code.parse::<OrderCode>()?).context("A mail has its order")
    }

    pub fn line(&self, id: i64) -> anyhow::Result<&Line> {
        self.lines.get(&id).context("A mail has its line")
    }

    /// What is said of the staff of lines.
    pub fn staff(&self, lines: &[&Line]) -> Vec<OnLine> {
        lines.iter().filter_map(|line| self.staff.get(&line.id)).flatten().cloned().collect()
    }

    /// What the recipient of a notice has still to pay in the batch of its order.
    pub fn open(&self, mail: &Mail) -> &[Request] {
        self.open.get(&mail.id).map_or(&[], Vec::as_slice)
    }

    /// As the platform tells of it.
    pub async fn licence(&self, services: &Services, line: i64) -> anyhow::Result<Licence> {
        let id = self.licence_ids.get(&line).context("A log-in letter has its licence")?;
        match self.licences.get(id) {
            Some(licence) => Ok(licence.clone()),
            None => services.platform.licence(id).await?.context("The platform knows its licence"),
        }
    }
}

/// What the recipients of notices have still to pay, by mail, and its lines.
async fn to_pay(
    db: &Db,
    notices: &[i64],
) -> anyhow::Result<(HashMap<i64, Vec<Request>>, Vec<Whole>)> {
    if notices.is_empty() {
        return Ok((HashMap::new(), Vec::new()));
    }
    let open = gathered::open(db, notices).await?;
    let ids: Vec<i64> = open.values().flatten().map(|it| it.line_id).collect();
    let lines = gathered::lines(db, &ids).await?;
    Ok((open, lines))
}

/// The lines of log-ins, and what the platform tells of them at once.
async fn to_log_in(services: &Services, ids: &[i64]) -> anyhow::Result<(Vec<Licence>, Vec<Whole>)> {
    if ids.is_empty() {
        return Ok((Vec::new(), Vec::new()));
    }
    let lines = gathered::lines(&services.db, ids).await?;
    let ids: Vec<&str> = lines.iter().filter_map(|it| it.licence_id.as_deref()).collect();
    Ok((services.platform.at_once(&ids).await?, lines))
}
