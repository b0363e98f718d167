//! What letters need that were claimed together, read once for all of them, each kind of it in one statement.

use std::collections::HashMap;

use anyhow::Context as _;
use tokio::{sync::OnceCell, try_join};

use crate::{
    db::{
        gathered,
        lines::Line,
        mails::Mail,
        orders::Order,
        requests::Request,
        staff::{self, OnLine},
    },
    domain::{mail::Purpose, order::OrderCode},
    flow::{Services, activate::platform::wire::Licence, fault::caught},
};

/// Letters that were claimed together; what they need is read by the first that comes to it.
#[derive(Debug, Default)]
pub struct Group {
    mails: Vec<Mail>,
    known: OnceCell<Option<Known>>,
}

impl Group {
    pub fn new(mails: &[Mail]) -> Group {
        let mails = mails.iter().filter(|mail| mail.phone().is_none()).cloned().collect();
        Group { mails, known: OnceCell::new() }
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
    /// By mail.
    open: HashMap<i64, Vec<Request>>,
    log_ins: LogIns,
}

/// By line; and where the platform tells of several at once, by id there.
#[derive(Debug, Default)]
struct LogIns {
    ids: HashMap<i64, String>,
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
        let open = async || match notices.as_slice() {
            [] => Ok(HashMap::new()),
            notices => anyhow::Ok(gathered::open(db, notices).await?),
        };
        let orders = async || anyhow::Ok(gathered::orders(db, &ids).await?);
        let (orders, open, licences) = try_join!(orders(), open(), LogIns::of(services, &log_ins))?;
        let mut ids: Vec<i64> = open.values().flatten().map(|it| it.line_id).collect();
        ids.extend(log_ins);
        let (lines, said) = match ids.as_slice() {
            [] => (Vec::new(), Vec::new()),
            ids => try_join!(gathered::lines(db, ids), staff::on_lines(db, ids))?,
        };
        let mut staff: HashMap<i64, Vec<OnLine>> = HashMap::new();
        for said in said {
            staff.entry(said.line_id).or_default().push(said);
        }
        Ok(Known {
            orders: orders.into_iter().map(|order| (order.code.clone(), order)).collect(),
            lines: lines.into_iter().map(|line| (line.id, line)).collect(),
            staff,
            open,
            log_ins: licences,
        })
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
        let id = self.log_ins.ids.get(&line).context("A log-in letter has its licence")?;
        match self.log_ins.licences.get(id) {
            Some(licence) => Ok(licence.clone()),
            None => services.platform.licence(id).await?.context("The platform knows its licence"),
        }
    }
}

impl LogIns {
    async fn of(services: &Services, lines: &[i64]) -> anyhow::Result<LogIns> {
        if lines.is_empty() {
            return Ok(LogIns::default());
        }
        let ids = gathered::licence_ids(&services.db, lines).await?;
        let known: Vec<&str> = ids.values().map(String::as_str).collect();
        let licences = services.platform.at_once(&known).await?;
        let licences = licences.into_iter().map(|it| (it.licence_id.clone(), it)).collect();
        Ok(LogIns { ids, licences })
    }
}
