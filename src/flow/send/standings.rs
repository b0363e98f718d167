//! Letters about what is paid, or not, gathered when they are sent: of one line, or of all that one pays for in a batch.
//! They say what is so then; where the reason is gone, nothing. When each is due is decided where it is planned.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::{
    asked::Asked,
    came::{self, Since},
    content::{Content, firm_block, notice_line, reply_to},
    ends,
    letters::{self, Standing, StandingLine, StandingReader},
    lost::Lost,
    occasions::{is_of_cut_offs, is_received, is_taken_back, occasion, says_on},
    over::{self, Over, Pools},
    warned::Warned,
};
use crate::{
    db::{
        grace,
        licences::{self, Licence},
        lines::Line,
        mails::Mail,
        orders::Order,
        owed, received,
        requests::Request,
        standing,
    },
    domain::{
        client::ClientRow, firm::Firm, licence::LicenceState, mail::Purpose, money::Money,
        order::RequestState,
    },
    flow::{
        Services,
        order::{registrant, told_of},
        pay::pooled::Lying,
        sweep::{self, rules},
    },
};

/// One client of the letter.
struct About<'a> {
    line: &'a Line,
    request: &'a Request,
    /// Nothing where it is not activated yet: money may come before.
    licence: Option<&'a Licence>,
    /// When it is cut off, or was: after holidays that came since, and what a person put it off to.
    cutoff_at: Option<DateTime<Utc>>,
}

/// What is known of the requests that a letter may be about.
struct Known {
    requests: Vec<Request>,
    lines: HashMap<i64, Line>,
    licences: HashMap<i64, Licence>,
    /// When the lines that were warned of are cut off.
    effective: HashMap<i64, DateTime<Utc>>,
    /// What lies under the code for all of its recipient.
    lying: Lying,
    /// Whether money of its recipient came with the code of a cancelled request, and waits.
    has_stray: bool,
}

impl Known {
    async fn of(
        services: &Services,
        (mail, warned): (&Mail, &Warned),
        order: &Order,
    ) -> anyhow::Result<Known> {
        let db = &services.db;
        let requests = meant(services, (mail, warned), order).await?;
        let ids: Vec<i64> = requests.iter().map(|request| request.line_id).collect();
        let lines = standing::with_ids(db, &ids).await?;
        let licences = licences::of_lines(db, &ids).await?;
        let mut known = Known {
            requests,
            lines: lines.into_iter().map(|line| (line.id, line)).collect(),
            licences: licences.into_iter().map(|it| (it.line_id, it)).collect(),
            effective: effective(services, warned).await?,
            lying: Lying::default(),
            has_stray: false,
        };
        if !warned.is_copy {
            let own = known.own(mail);
            known.lying = over::lying(services, &own).await?;
            known.has_stray = is_received(mail) && over::is_for_cancelled(services, &own).await?;
        }
        Ok(known)
    }

    /// Those that the recipient pays.
    fn own(&self, mail: &Mail) -> Vec<Request> {
        let own = self.requests.iter().filter(|it| it.payer_email == mail.recipient);
        own.cloned().collect()
    }

    /// Money under the batch code is told with all that it is for, and where all of that was paid before, with these; what
    /// is paid in part, or came with the code of a cancelled one, with all that is asked for at once.
    fn tells_of_all(&self, mail: &Mail, request: &Request) -> bool {
        let is_partly =
            |it: &Request| it.state == RequestState::PartlyPaid && it.payer_email == mail.recipient;
        is_received(mail)
            && match self.lying.under {
                Money::ZERO => {
                    let is_any = self.has_stray || self.requests.iter().any(is_partly);
                    request.rest().is_some() && is_any
                }
                _ => request.state != RequestState::Cancelled,
            }
    }

    /// What ends first is told first.
    fn about(
        &self,
        services: &Services,
        (mail, order): (&Mail, &Order),
        warned: &Warned,
    ) -> Vec<About<'_>> {
        let is_about = |about: &About<'_>| {
            let pays = about.request.payer_email == mail.recipient;
            let is_reader = pays || is_of_firm(services, (order, about.line), &mail.recipient);
            let is_asked = pays && self.tells_of_all(mail, about.request);
            let is_told = !is_of_cut_offs(mail)
                || !pays && is_copied(services, (order, about.line), (mail, about.licence));
            let is_so = is_so(mail, about.request, about.licence);
            is_reader && is_told && (is_asked || is_so) && warned.is_of(services, about.cutoff_at)
        };
        let about = |request| self.about_one(services, mail, request);
        let mut about: Vec<_> = self.requests.iter().filter_map(about).filter(is_about).collect();
        about.sort_by_key(|it| it.cutoff_at);
        about
    }

    fn about_one<'a>(
        &'a self,
        services: &Services,
        mail: &Mail,
        request: &'a Request,
    ) -> Option<About<'a>> {
        let line = self.lines.get(&request.line_id)?;
        let licence = self.licences.get(&line.id);
        let cutoff_at = licence.and_then(|licence| sweep::cutoff_of(services, licence));
        // What was paid works on also behind its day.
        let said_at = mail.planned_at.max(services.now());
        let cutoff_at = cutoff_at.filter(|at| !is_taken_back(mail) || *at > said_at);
        Some(About { line, request, licence, cutoff_at })
    }

    /// What its payer has to pay beside what a warning is about, each with its own day.
    fn others(
        &self,
        services: &Services,
        mail: &Mail,
        open: &[&Request],
        pools: &Pools,
    ) -> anyhow::Result<Vec<StandingLine>> {
        if mail.purpose != Purpose::GraceWarning {
            return Ok(Vec::new());
        }
        let ends = |it: &About<'_>| {
            let state = it.licence.map(|licence| licence.state);
            matches!(state, Some(LicenceState::Grace | LicenceState::Suspended))
        };
        let others = open.iter().filter_map(|request| self.about_one(services, mail, request));
        let others = others.map(|it| About { cutoff_at: it.cutoff_at.filter(|_| ends(&it)), ..it });
        others.map(|it| line(services, mail, &it, pools)).collect()
    }
}

pub async fn of(
    services: &Services,
    mail: &Mail,
    order: &Order,
) -> anyhow::Result<Option<Content>> {
    let warned = Warned::of(services, mail, order).await?;
    let known = Known::of(services, (mail, &warned), order).await?;
    if !warned.holds(services, &known.effective) {
        return Ok(None);
    }
    let mut about = known.about(services, (mail, order), &warned);
    let pools = pools(services, mail, &mut about).await?;
    let lost = lost(services, (mail, order), (&about, known.lying.under)).await?;
    if about.is_empty() || is_taken_back(mail) && lost.is_nothing() {
        return Ok(None);
    }
    let is_payer =
        !warned.is_copy && about.iter().any(|it| it.request.payer_email == mail.recipient);
    if is_payer && pools.is_enough() {
        return Ok(None);
    }
    let pooled = if is_payer { known.lying.under } else { pools.came };
    let own = known.own(mail);
    let since = since(services, (mail, order), &own).await?;
    let paid_for = (order.batch(), own.as_slice());
    let Over { over, returns } =
        Over::of(services, (mail, is_payer), paid_for, known.lying).await?;
    let asked = if is_payer {
        let told: Vec<&Request> = about.iter().map(|it| it.request).collect();
        Asked::of(services, (mail, order.batch()), &told, known.lying).await?
    } else {
        Asked::default()
    };
    let sums = came::sums(about.iter().map(|it| it.request), (over, pooled));
    if since.is_told(&sums) && !mail.is_again() {
        return Ok(None);
    }
    about.sort_by_key(|it| !since.is_for(it.request) && !lost.is_of(it.request));
    let is_other = |it: &&Request| about.iter().all(|about| about.line.id != it.line_id);
    let others: Vec<&Request> = asked.open.iter().filter(is_other).collect();
    let told: Vec<&Line> = about.iter().map(|it| it.line).collect();
    let news = since.news(about.iter().map(|it| it.request));
    let said = Standing {
        occasion: occasion(services, mail, (about[0].cutoff_at, &warned)),
        reader: reader(is_payer, order),
        to_name: mail.recipient_name.clone(),
        firm: firm_block(services, order, &told).await?,
        lines: about
            .iter()
            .map(|it| line(services, mail, it, &pools))
            .collect::<anyhow::Result<_>>()?,
        others: known.others(services, mail, &others, &pools)?,
        rest: asked.rest,
        all: asked.all,
        news,
        over,
        returns,
        pooled,
        is_exact: known.lying.came() == known.lying.left,
        is_stray: known.has_stray && news.lines == 0,
        lacking: pools.missing,
        elsewhere: since.elsewhere,
        lost: letters::Lost { amount: lost.amount, lines: lost.lines(), pooled: lost.pooled },
    };
    let letter = letters::standing(services.letters.of(mail.purpose), &said)?;
    let reply_to = reply_to(services, (order, &told), order.registered_by.as_deref())?;
    let taken = came::sums(own.iter(), (Money::ZERO, pooled));
    note(services, mail, said.is_partly(), if is_taken_back(mail) { &taken } else { &sums })
        .await?;
    Ok(Some(Content { letter, picture: asked.picture, workbook: None, reply_to }))
}

fn reader(is_payer: bool, order: &Order) -> StandingReader {
    if is_payer { StandingReader::Payer(order.recipient) } else { StandingReader::Firm }
}

/// Keeps what its reader knows by a letter that is on its way: the sums, or that it asks for a rest.
async fn note(services: &Services, mail: &Mail, is_partly: bool, sums: &str) -> anyhow::Result<()> {
    match mail.purpose {
        Purpose::PaymentReceived => received::note(&services.db, mail, sums).await?,
        Purpose::GraceWarning if is_partly => grace::note_of_rest(&services.db, mail).await?,
        _ => {}
    }
    Ok(())
}

/// Of a letter that money came: what its payer read of it before.
async fn since(
    services: &Services,
    (mail, order): (&Mail, &Order),
    own: &[Request],
) -> anyhow::Result<Since> {
    if !is_received(mail) {
        return Ok(Since::default());
    }
    Since::of(services, (mail, order.batch()), own).await
}

/// The money under batch codes that keeps on what a warning is about, or that what was taken back lies with.
async fn pools(
    services: &Services,
    mail: &Mail,
    about: &mut Vec<About<'_>>,
) -> anyhow::Result<Pools> {
    if mail.purpose != Purpose::GraceWarning && !is_taken_back(mail) {
        return Ok(Pools::default());
    }
    Pools::of_warned(services, about, |it| it.request).await
}

/// Of a letter that money was taken back: what of it does not count any more.
async fn lost(
    services: &Services,
    (mail, order): (&Mail, &Order),
    (about, pooled): (&[About<'_>], Money),
) -> anyhow::Result<Lost> {
    if !is_taken_back(mail) {
        return Ok(Lost::default());
    }
    let open: Vec<&Request> = about.iter().map(|it| it.request).collect();
    Lost::of(services, (mail, order.batch()), &open, pooled).await
}

/// That of the line that a mail is about; of a copy of a warning those of the lines that others were warned of; else all
/// that its recipient pays for in the batch, and for who does not pay all of the order. Others of a long list are not even
/// read.
async fn meant(
    services: &Services,
    (mail, warned): (&Mail, &Warned),
    order: &Order,
) -> anyhow::Result<Vec<Request>> {
    let db = &services.db;
    if let Some(line) = mail.line_id.filter(|_| !is_taken_back(mail)) {
        return Ok(owed::of_lines(db, &[line]).await?);
    }
    if warned.is_copy {
        return Ok(owed::of_lines(db, &warned.lines()).await?);
    }
    if is_of_cut_offs(mail) {
        return Ok(owed::of_order(db, &order.code).await?);
    }
    let own = owed::of_payer(db, order.batch(), &mail.recipient).await?;
    Ok(if own.is_empty() { owed::of_order(db, &order.code).await? } else { own })
}

/// Whether a copy may speak of a line: one that went to another firm is told to that one alone.
fn is_of_firm(services: &Services, (order, line): (&Order, &Line), reader: &str) -> bool {
    let has = |firm: &Firm| firm.has_member(reader);
    let is_of = |code: &str| services.firm(code).is_ok_and(has);
    let is_of_none = || !services.settings.firms.iter().any(has);
    is_of(&line.firm) || (line.firm == order.firm && is_of_none())
}

/// Whether such a copy tells of a line: it was cut off on that day, and registered by who reads it.
fn is_copied(
    services: &Services,
    (order, line): (&Order, &Line),
    (mail, licence): (&Mail, Option<&Licence>),
) -> bool {
    let at = licence.and_then(|licence| licence.suspended_at);
    let is_of_day =
        at.is_some_and(|at| ends::copies_of(services.local(at).date_naive()) == mail.occasion());
    let is_told = |firm| told_of(firm, registrant(order, line)) == mail.recipient;
    is_of_day && services.firm(&line.firm).is_ok_and(is_told)
}

/// Whether a line still is what its letter says.
fn is_so(mail: &Mail, request: &Request, licence: Option<&Licence>) -> bool {
    let is_open = request.rest().is_some();
    let is = |state| licence.is_some_and(|licence| licence.state == state);
    match mail.purpose {
        Purpose::PaymentReceived if is_taken_back(mail) => is_open,
        Purpose::GraceWarning => is_open && is(LicenceState::Grace),
        Purpose::Suspended => is_open && is(LicenceState::Suspended),
        Purpose::Restored => !is_open && is(LicenceState::Active),
        _ => {
            let is_forgiven =
                request.waived() > Money::ZERO && request.state != RequestState::Cancelled;
            is_forgiven || request.paid() > Money::ZERO
        }
    }
}

/// When the unpaid ones of the lines that were warned of are cut off.
async fn effective(
    services: &Services,
    warned: &Warned,
) -> anyhow::Result<HashMap<i64, DateTime<Utc>>> {
    let lines = grace::of_lines(&services.db, &warned.lines()).await?;
    let cutoff_at = |line: &grace::InGrace| Some((line.line_id, sweep::cutoff_at(services, line)?));
    Ok(lines.iter().filter_map(cutoff_at).collect())
}

fn line(
    services: &Services,
    mail: &Mail,
    it: &About<'_>,
    pools: &Pools,
) -> anyhow::Result<StandingLine> {
    let client = &it.line.client;
    let last = |at| rules::last_day(at, services.settings.timezone);
    let on = says_on(services, mail);
    Ok(StandingLine {
        line: notice_line(services, std::slice::from_ref(it.line), it.request)?,
        paid: it.request.paid(),
        waived: it.request.waived(),
        is_pooled: pools.has(it.request),
        contract_end: it
            .licence
            .and_then(|licence| licence.grace_until)
            .map(|at| services.local(at).format("%H:%M %d/%m/%Y").to_string()),
        last_day: it.cutoff_at.map(|at| services.last_day(at)),
        is_over: it.cutoff_at.is_some_and(|at| last(at) < on),
        contact: contact(client, it.request),
    })
}

/// Whom to call: whoever pays in the place of the client and has a phone of their own, else the client.
fn contact(client: &ClientRow, request: &Request) -> String {
    let pays = client.recipient_email.as_ref().is_some_and(|it| it.as_str() == request.payer_email);
    match client.recipient_phone.as_ref().filter(|_| pays) {
        Some(phone) => format!("{}, {}", request.payer_name, phone.national()),
        None => format!("{}, {}", client.representative, client.contact_phone.national()),
    }
}
