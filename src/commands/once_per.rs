//! `--once-per`: which order a customer's charge of a period is (contract, rule 12).

use jiff::Timestamp;

use crate::commands::context::account;
use crate::commands::pasted::command_line;
use crate::domain::ids::{CustomerUid, MerchantUid, check_spelling};
use crate::domain::payment::{Mode, Outcome};
use crate::domain::period::{Period, Series, business_date};
use crate::domain::standing::Account;
use crate::domain::text::spellings;
use crate::failure::Failure;
use crate::gateway::sandbox_flag;
use crate::ledger::Ledger;
use crate::settings::Settings;

/// The orders of one period and plan, whoever the customer is.
#[derive(Clone, Debug)]
pub(in crate::commands) struct OncePer {
    period: Period,
    plan: String,
    series: Series,
    /// What an older billkey made ids of: the profile's name, and the period in the profile's zone.
    former_profile: String,
    former_period: Period,
    /// The command with which a person says that two keys are one account's.
    accept: String,
}

impl OncePer {
    /// Reads the period. `plan` is empty where none is named.
    pub(in crate::commands) fn of(
        period: &str,
        plan: &str,
        settings: &Settings,
        now: Timestamp,
    ) -> Result<OncePer, Failure> {
        let former_today = now.to_zoned_datetime(settings.zone.clone()).date();
        Ok(OncePer {
            period: Period::parse(period, business_date(now))?,
            plan: plan.to_owned(),
            series: Series {
                account: account(settings)?,
                mode: settings.mode,
                scope: settings.order_scope()?.to_owned(),
            },
            former_profile: settings.profile.clone(),
            former_period: Period::parse(period, former_today)?,
            accept: command_line(settings, "ledger accept --reason \"...\""),
        })
    }

    /// The order's id where nothing is known of it.
    pub(in crate::commands) fn id(&self, customer: &CustomerUid) -> Result<MerchantUid, Failure> {
        self.id_in(&self.series, customer)
    }

    fn id_in(&self, series: &Series, customer: &CustomerUid) -> Result<MerchantUid, Failure> {
        self.period
            .merchant_uid(series, customer, &self.plan)
            .ok_or_else(|| Failure::local("no order id could be made from the period"))
    }

    /// The order of a customer; see [`OncePer::orders`].
    pub(in crate::commands) fn order(
        &self,
        ledger: Option<&Ledger>,
        customer: &CustomerUid,
    ) -> Result<MerchantUid, Failure> {
        let order = self.orders(ledger, std::slice::from_ref(customer))?.pop();
        order.map_or_else(|| self.id(customer), Ok)
    }

    /// The orders of customers, each as the ledger knows it: under its own id, under the one that it had before
    /// the profile had a scope or before the account had this key, or under one that an older billkey gave it.
    /// Where it is known by several, the one nearest to money counts. `ledger` is `None` where there is none yet.
    pub(in crate::commands) fn orders(
        &self,
        ledger: Option<&Ledger>,
        customers: &[CustomerUid],
    ) -> Result<Vec<MerchantUid>, Failure> {
        let accounts = ledger.map(Ledger::standing).transpose()?.map(|standing| standing.accounts);
        let (own, others): (Vec<Account>, Vec<Account>) =
            accounts.unwrap_or_default().into_iter().partition(|account| account.key == self.series.account);
        let names =
            customers.iter().map(|customer| self.names(customer, &others)).collect::<Result<Vec<_>, _>>()?;
        let all: Vec<MerchantUid> = names.iter().flatten().map(|(name, _)| name.clone()).collect();
        let mut outcomes = match ledger {
            Some(ledger) => ledger.outcomes(&all)?,
            None => Vec::new(),
        }
        .into_iter();
        let mut orders = Vec::with_capacity(customers.len());
        for (names, customer) in names.into_iter().zip(customers) {
            let mut known = None;
            for (name, mode) in names {
                let rank = match outcomes.next().flatten() {
                    Some(outcome) if mode == self.series.mode => rank(outcome),
                    Some(Outcome::Paid) if self.was_of_this_mode(ledger, &name, mode)? => 0,
                    Some(_) | None => continue,
                };
                if known.as_ref().is_none_or(|(least, _)| rank < *least) {
                    known = Some((rank, name));
                }
            }
            orders.push(match known {
                Some((_, name)) if own.is_empty() && self.of_accounts(&others, customer)?.contains(&name) => {
                    return Err(self.of_another_key(&name));
                }
                Some((_, name)) => name,
                None => {
                    // No order is of this plan yet.
                    check_plan(&self.plan)?;
                    self.id(customer)?
                }
            });
        }
        Ok(orders)
    }

    /// Every id that the order may be known by, its own first, and the mode that each speaks of. `others` are
    /// the ledger's accounts but for the one in use.
    fn names(&self, customer: &CustomerUid, others: &[Account]) -> Result<Vec<(MerchantUid, Mode)>, Failure> {
        let mode = self.series.mode;
        let mut names = vec![(self.id(customer)?, mode)];
        if !self.series.scope.is_empty() {
            let unscoped = Series { scope: String::new(), ..self.series.clone() };
            names.push((self.id_in(&unscoped, customer)?, mode));
        }
        names.extend(self.of_accounts(others, customer)?.into_iter().map(|name| (name, mode)));
        let plans = spellings(&self.plan);
        for customer in spellings(customer.as_str()) {
            names.extend(plans.iter().filter_map(|plan| {
                let (period, profile) = (&self.former_period, &self.former_profile);
                Some((period.former_merchant_uid(profile, &customer, plan)?, mode))
            }));
        }
        let other = match mode {
            Mode::Live => Mode::Test,
            Mode::Test => Mode::Live,
            Mode::Sandbox => return Ok(names),
        };
        names.push((self.id_in(&Series { mode: other, ..self.series.clone() }, customer)?, other));
        Ok(names)
    }

    /// The order's ids under other keys: an account that was given another key goes on with its orders.
    fn of_accounts(&self, others: &[Account], customer: &CustomerUid) -> Result<Vec<MerchantUid>, Failure> {
        let mut names = Vec::new();
        for account in others {
            let series = Series { account: account.key.clone(), ..self.series.clone() };
            names.push(self.id_in(&series, customer)?);
            if !series.scope.is_empty() {
                names.push(self.id_in(&Series { scope: String::new(), ..series }, customer)?);
            }
        }
        Ok(names)
    }

    /// The order is known under a key of which nobody has said yet that it is the same account's: neither may it
    /// be charged once more, nor may another account's payment pass for this one's.
    fn of_another_key(&self, name: &MerchantUid) -> Failure {
        Failure::refused(format!(
            "the API key is another than the ledger was begun with, and under that one {name} is the order of \
             this period: it may be another account's"
        ))
        .hinted("if it is another account: give its profile a ledger of its own (`database` in the config)")
        .hinted(format!("if it is the same one: {}", self.accept))
    }

    /// Whether a payment that was made while the profile was said to be of another mode was of this one all the
    /// same, by the gateway's flag.
    fn was_of_this_mode(
        &self,
        ledger: Option<&Ledger>,
        name: &MerchantUid,
        other: Mode,
    ) -> Result<bool, Failure> {
        let Some(ledger) = ledger else { return Ok(false) };
        let events = ledger.events(name)?;
        let flag = events.iter().rev().find_map(|event| sandbox_flag(event.received.body.as_deref()?));
        Ok(other.disagrees_with(flag) && !self.series.mode.disagrees_with(flag))
    }
}

/// The plan's spelling, where a new order is to be made of it.
fn check_plan(plan: &str) -> Result<(), Failure> {
    if plan.is_empty() { Ok(()) } else { Ok(check_spelling("plan", plan)?) }
}

/// Which of several rows of one order counts: the one nearest to money.
fn rank(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::Paid => 0,
        Outcome::Pending | Outcome::Unknown => 1,
        Outcome::Declined | Outcome::Rejected => 2,
        Outcome::NotSent => 3,
    }
}
