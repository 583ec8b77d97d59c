//! Each payment of the ledger against the rows of the other book that are about it.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::commands::pasted::{command_line, command_of};
use crate::commands::reconcile::against::columns::{APPLY_NUM, IMP_UID, MERCHANT_UID};
use crate::commands::reconcile::against::rows::{Index, Rows, approval_key};
use crate::domain::ids::MerchantUid;
use crate::domain::money::{Amount, Currency};
use crate::domain::movement::{Booked, Way};
use crate::domain::other_book::{Compared, Finding, Here, Span, Telling, There, When, compare};
use crate::domain::payment::{Outcome, Payment};
use crate::failure::Failure;
use crate::intake::Places;
use crate::ledger::{By, Ledger};
use crate::output::against::{Difference, Evidence, Sides};
use crate::output::text::{safe, when};
use crate::settings::Settings;

/// By which id a payment was found.
#[derive(Clone, Copy)]
enum Found {
    ImpUid,
    MerchantUid,
    Approval,
}

/// A payment of the ledger that has no row, and what is to be said of it.
struct Alone {
    uid: MerchantUid,
    apply_num: Option<String>,
    /// What it is known by beside its approval number where no id is: the amount of its sale and the day, or less than
    /// nothing and the day of its refund, where its sale is of another time.
    known_by: (i64, Date),
    /// What it comes to.
    here: (Currency, i64, i64),
    differences: Vec<Difference>,
}

pub(super) struct Hold<'a> {
    rows: &'a Rows,
    by_imp_uid: Index,
    by_merchant_uid: Index,
    by_approval: Index,
    /// For each row whether it was told, or is of another time.
    done: Vec<bool>,
    telling: Telling,
    span: &'a Span,
    places: &'a Places,
    settings: &'a Settings,
    alone: Vec<Alone>,
    pub differences: Vec<Difference>,
    pub matched: u64,
    pub evidence: Evidence,
    pub here: Sides,
}

impl<'a> Hold<'a> {
    pub(super) fn new(
        rows: &'a Rows,
        span: &'a Span,
        places: &'a Places,
        settings: &'a Settings,
    ) -> Hold<'a> {
        Hold {
            by_imp_uid: Index::new(rows, IMP_UID),
            by_merchant_uid: Index::new(rows, MERCHANT_UID),
            by_approval: Index::new(rows, APPLY_NUM),
            done: rows.all().map(|row| !rows.is_of(row, span)).collect(),
            telling: rows.telling(),
            rows,
            span,
            places,
            settings,
            alone: Vec::new(),
            differences: Vec::new(),
            matched: 0,
            evidence: Evidence::default(),
            here: Sides::new(),
        }
    }

    /// Holds all of the ledger against all rows.
    pub(super) fn all(&mut self, ledger: &Ledger) -> Result<(), Failure> {
        ledger.booked(By::Paid, (self.span.since, self.span.until), &mut |booked| {
            self.payment(booked);
            ControlFlow::Continue(())
        })?;
        // What the ledger has of other times, or has not. Of most rows of a wrong file it knows nothing, and is not asked
        // again.
        let mut known = HashSet::new();
        for row in self.rows.all().filter(|row| !self.is_done(*row)).collect::<Vec<_>>() {
            if self.is_done(row) {
                continue;
            }
            let [imp_uid, merchant_uid, _] = self.rows.ids(row);
            let mut uids = if imp_uid.is_empty() { Vec::new() } else { ledger.orders_showing(imp_uid)? };
            uids.extend(MerchantUid::parse(merchant_uid).ok());
            for uid in uids {
                let Some(booked) = ledger.booked_under(&uid)? else { continue };
                known.insert(row);
                // One that has no rows was told before, if it was to be.
                if !self.rows_of(&booked.payment).0.is_empty() {
                    self.payment(&booked);
                }
            }
        }
        self.by_approvals(ledger)?;
        let twins: HashMap<u32, u32> = self.rows.twins(|row| !self.is_done(row)).into_iter().collect();
        for row in self.rows.all().filter(|row| !self.is_done(*row)).collect::<Vec<_>>() {
            let difference = match twins.get(&row) {
                Some(first) => self.twice(row, *first, None),
                None => self.only_there(row, Some(ledger).filter(|_| known.contains(&row)))?,
            };
            self.differences.push(difference);
        }
        for alone in std::mem::take(&mut self.alone) {
            let (currency, paid_minor, refunded_minor) = alone.here;
            self.here.entry(currency).or_default().add(paid_minor, refunded_minor);
            self.differences.extend(alone.differences);
        }
        let order = |row: &Difference| (row.at, row.merchant_uid.clone());
        self.differences.sort_by_cached_key(order);
        Ok(())
    }

    fn is_done(&self, row: u32) -> bool {
        usize::try_from(row).ok().and_then(|row| self.done.get(row)).copied().unwrap_or(true)
    }

    fn mark(&mut self, rows: &[u32]) {
        for row in rows {
            if let Some(done) = usize::try_from(*row).ok().and_then(|row| self.done.get_mut(row)) {
                *done = true;
            }
        }
    }

    /// The rows about a payment: those with its imp_uid, and those of its order that name no other payment. Where the
    /// order was not paid here, any of them may be its payment.
    fn rows_of(&self, payment: &Payment) -> (Vec<u32>, Found) {
        let imp_uid = payment.imp_uid.as_deref().unwrap_or_default();
        let mut found = self.by_imp_uid.rows(self.rows, imp_uid);
        let by = if found.is_empty() { Found::MerchantUid } else { Found::ImpUid };
        let any = payment.outcome != Outcome::Paid || imp_uid.is_empty();
        for row in self.by_merchant_uid.rows(self.rows, payment.terms.merchant_uid.as_str()) {
            let [shown, ..] = self.rows.ids(row);
            if (shown.is_empty() || any) && !found.contains(&row) {
                found.push(row);
            }
        }
        found.retain(|row| !self.is_done(*row));
        found.sort_unstable();
        (found, by)
    }

    fn here(&self, booked: &Booked) -> Here {
        let payment = &booked.payment;
        let backs = booked.movements(None).into_iter().filter_map(|movement| match movement.way {
            Way::In => None,
            Way::Back { outside, .. } => Some((movement.at, movement.amount.minor(), outside)),
        });
        Here {
            is_paid: payment.outcome == Outcome::Paid,
            amount: payment.terms.amount,
            is_of_time: self.span.has(booked.approved_at()),
            backs: backs.collect(),
        }
    }

    fn payment(&mut self, booked: &Booked) {
        let payment = &booked.payment;
        let (rows, by) = self.rows_of(payment);
        if payment.mode_shown() != self.settings.mode {
            if let Some(first) = rows.first().copied() {
                let difference = self.other_mode(booked, first);
                self.differences.push(difference);
                self.mark(&rows);
            }
            return;
        }
        let here = self.here(booked);
        if rows.is_empty() {
            self.without_rows(booked, &here);
        } else {
            self.hold(booked, &here, &rows, by);
        }
    }

    fn count_here(&mut self, here: &Here, (paid_minor, refunded_minor): (i64, i64)) {
        if paid_minor > 0 || refunded_minor > 0 {
            self.here.entry(here.amount.currency()).or_default().add(paid_minor, refunded_minor);
        }
    }

    fn hold(&mut self, booked: &Booked, here: &Here, rows: &[u32], by: Found) {
        self.mark(rows);
        let there: Vec<There> = rows.iter().map(|row| self.rows.there(*row)).collect();
        let Compared { findings, paid_minor, refunded_minor } =
            compare(here, &there, self.telling, self.span);
        self.count_here(here, (paid_minor, refunded_minor));
        if findings.is_empty() {
            self.matched += 1;
            let evidence = match by {
                Found::ImpUid => &mut self.evidence.imp_uid,
                Found::MerchantUid => &mut self.evidence.merchant_uid,
                Found::Approval => &mut self.evidence.approval,
            };
            *evidence += 1;
        }
        for finding in findings {
            let difference = self.told(booked, here, finding);
            self.differences.push(difference);
        }
    }

    /// A payment that ought to have a row is kept until it is known that none is about it.
    fn without_rows(&mut self, booked: &Booked, here: &Here) {
        if !here.is_paid {
            return;
        }
        let Compared { findings, paid_minor, refunded_minor } = compare(here, &[], self.telling, self.span);
        if findings.is_empty() {
            return;
        }
        let day = |at: Timestamp| at.to_zoned_datetime(self.span.zone.clone()).date();
        let back = here.backs.iter().find(|(at, ..)| self.span.has(*at));
        let known_by = match back {
            Some((at, minor, _)) if !here.is_of_time => (minor.saturating_neg(), day(*at)),
            Some(_) | None => (here.amount.minor(), day(booked.approved_at())),
        };
        let payment = &booked.payment;
        let alone = Alone {
            uid: payment.terms.merchant_uid.clone(),
            apply_num: payment.apply_num.clone(),
            known_by,
            here: (here.amount.currency(), paid_minor, refunded_minor),
            differences: findings.into_iter().map(|finding| self.told(booked, here, finding)).collect(),
        };
        self.alone.push(alone);
    }

    /// Rows without an id of theirs that the ledger knows are known by their approval number, amount and day, where
    /// exactly one payment and one row have these.
    fn by_approvals(&mut self, ledger: &Ledger) -> Result<(), Failure> {
        if self.by_approval.is_empty() {
            return Ok(());
        }
        let key = |alone: &Alone| {
            let number = approval_key(alone.apply_num.as_deref()?).to_owned();
            Some((number, alone.known_by.0, alone.known_by.1))
        };
        let mut alike: HashMap<(String, i64, Date), u32> = HashMap::new();
        for alone in &self.alone {
            key(alone).into_iter().for_each(|key| *alike.entry(key).or_default() += 1);
        }
        let mut left = Vec::new();
        for alone in std::mem::take(&mut self.alone) {
            let only = key(&alone).filter(|key| alike.get(key) == Some(&1));
            let rows =
                only.map_or_else(Vec::new, |(number, minor, day)| self.by_approval(&number, minor, day));
            let booked = if rows.is_empty() { None } else { ledger.booked_under(&alone.uid)? };
            match booked {
                Some(booked) => {
                    let here = self.here(&booked);
                    self.hold(&booked, &here, &rows, Found::Approval);
                }
                None => left.push(alone),
            }
        }
        self.alone = left;
        Ok(())
    }

    /// The one row with a number, an amount and a day, and refunds with its number; none where two would do. A refund's
    /// amount is less than nothing.
    fn by_approval(&self, number: &str, minor: i64, day: Date) -> Vec<u32> {
        let is_it = |row: &u32| {
            let there = self.rows.there(*row);
            self.signed(*row).minor() == minor && there.at.map(When::day) == Some(day)
        };
        let mut rows = self.by_approval.rows(self.rows, number);
        rows.retain(|row| {
            let [imp_uid, ..] = self.rows.ids(*row);
            let is_back = self.rows.there(*row).moved.sale_minor == 0;
            !self.is_done(*row) && imp_uid.is_empty() && (is_back || is_it(row))
        });
        let exact = rows.iter().filter(|row| is_it(row)).count();
        if exact == 1 { rows } else { Vec::new() }
    }

    fn place(&self, row: u32) -> String {
        self.places.row(self.rows.line(row))
    }

    fn of_payment(&self, booked: &Booked, result: &'static str, why: String) -> Difference {
        let payment = &booked.payment;
        let uid = payment.terms.merchant_uid.as_str();
        Difference {
            result,
            merchant_uid: Some(uid.to_owned()),
            imp_uid: payment.imp_uid.clone(),
            apply_num: payment.apply_num.clone(),
            customer_uid: Some(payment.terms.customer_uid.as_str().to_owned()),
            at: Some(booked.approved_at()),
            here: None,
            there: None,
            place: None,
            why,
            next: Some(command_of(self.settings, "reconcile", uid)),
        }
    }

    fn told(&self, booked: &Booked, here: &Here, finding: Finding) -> Difference {
        let currency = here.amount.currency();
        let sale = |row| {
            let there = self.rows.there(row);
            Amount::from_minor(there.moved.sale_minor, there.currency)
        };
        match finding {
            Finding::StatusDiffers { row } => {
                let there = self.rows.there(row);
                let (minor, verb) = match there.moved.sale_minor {
                    0 => (there.moved.back_minor.saturating_neg(), "refunded"),
                    sale => (sale, "paid"),
                };
                let outcome = booked.payment.outcome.word();
                let why =
                    format!("It is {verb} there, and {outcome} here: the customer may have been charged.");
                Difference {
                    there: Some(Amount::from_minor(minor, there.currency)),
                    place: Some(self.place(row)),
                    ..self.of_payment(booked, "status_differs", why)
                }
            }
            Finding::AmountDiffers { row } => Difference {
                here: Some(here.amount),
                there: Some(sale(row)),
                place: Some(self.place(row)),
                ..self.of_payment(booked, "amount_differs", "Another amount was paid there.".to_owned())
            },
            Finding::RefundDiffers { here_minor, there_minor: 0, row: None } => {
                let back = Amount::from_minor(here_minor.saturating_neg(), currency);
                let why = "Its refund has no row in the file.".to_owned();
                Difference { here: Some(back), ..self.of_payment(booked, "only_here", why) }
            }
            Finding::RefundDiffers { here_minor, there_minor, row } => {
                let there = row.map_or(currency, |row| self.rows.there(row).currency);
                Difference {
                    here: Some(Amount::from_minor(here_minor.saturating_neg(), currency)),
                    there: Some(Amount::from_minor(there_minor.saturating_neg(), there)),
                    place: row.map(|row| self.place(row)),
                    ..self.of_payment(booked, "refund_differs", "Another sum was refunded there.".to_owned())
                }
            }
            Finding::NoSale => Difference {
                here: Some(here.amount),
                ..self.of_payment(
                    booked,
                    "only_here",
                    "It was paid here, and has no row in the file.".to_owned(),
                )
            },
            Finding::Twice { row, first } => self.twice(row, first, Some(booked)),
        }
    }

    fn signed(&self, row: u32) -> Amount {
        let there = self.rows.there(row);
        let minor = match there.moved.sale_minor {
            0 => there.moved.back_minor.saturating_neg(),
            sale => sale,
        };
        Amount::from_minor(minor, there.currency)
    }

    /// A row as the file has it, of a payment that the ledger may not have.
    fn of_row(&self, row: u32, result: &'static str, why: String) -> Difference {
        let given = |id: &str| (!id.is_empty()).then(|| id.to_owned());
        let [imp_uid, merchant_uid, apply_num] = self.rows.ids(row);
        Difference {
            result,
            merchant_uid: given(merchant_uid),
            imp_uid: given(imp_uid),
            apply_num: given(apply_num),
            customer_uid: None,
            at: None,
            here: None,
            there: Some(self.signed(row)),
            place: Some(self.place(row)),
            why,
            next: None,
        }
    }

    fn twice(&self, row: u32, first: u32, booked: Option<&Booked>) -> Difference {
        let (place, first) = (self.place(row), self.place(first));
        let why = format!(
            "It stands in the file twice, on {first} and on {place}, and was held against one payment."
        );
        match booked {
            Some(booked) => Difference {
                there: Some(self.signed(row)),
                place: Some(place),
                next: None,
                ..self.of_payment(booked, "twice", why)
            },
            None => self.of_row(row, "twice", why),
        }
    }

    fn other_mode(&self, booked: &Booked, row: u32) -> Difference {
        let mode = booked.payment.mode_shown();
        let why = format!("It is {mode} money here, and this is the book of {} money.", self.settings.mode);
        let here = (booked.payment.outcome == Outcome::Paid).then_some(booked.payment.terms.amount);
        Difference {
            here,
            there: Some(self.signed(row)),
            place: Some(self.place(row)),
            next: None,
            ..self.of_payment(booked, "other_mode", why)
        }
    }

    /// `ledger` is asked where it knows an id of the row.
    fn only_there(&self, row: u32, ledger: Option<&Ledger>) -> Result<Difference, Failure> {
        let [imp_uid, merchant_uid, _] = self.rows.ids(row);
        let day = self.rows.there(row).at.map(When::day);
        let (mut shown, mut of_order) = (Vec::new(), None);
        if let Some(ledger) = ledger {
            if !imp_uid.is_empty() {
                shown = ledger.orders_showing(imp_uid)?;
            }
            let uid = MerchantUid::parse(merchant_uid).ok();
            of_order = uid.map(|uid| ledger.find(&uid)).transpose()?.flatten();
        }
        let order = shown.first().or(of_order.as_ref().map(|payment| &payment.terms.merchant_uid));
        let why = match (shown.first(), &of_order) {
            (Some(uid), _) => format!(
                "The ledger has it as another payment under the order {}, beside the one that the order stands for.",
                safe(uid.as_str())
            ),
            (None, Some(payment)) => {
                let at = payment
                    .paid_at
                    .map_or_else(String::new, |at| format!(" on {}", when(at, &self.span.zone)));
                let own =
                    payment.imp_uid.as_deref().map_or_else(String::new, |id| format!(" by {}", safe(id)));
                format!("The order is {} here{own}{at}, and this is another payment of it.", payment.outcome)
            }
            (None, None) => {
                "The ledger has no such payment: made elsewhere, or of another account.".to_owned()
            }
        };
        let next = match (order, day) {
            (Some(uid), _) => Some(command_of(self.settings, "reconcile", uid.as_str())),
            (None, Some(day)) => {
                Some(command_line(self.settings, &format!("reconcile --since {day} --until {day}")))
            }
            (None, None) => None,
        };
        Ok(Difference { next, ..self.of_row(row, "only_there", why) })
    }
}
