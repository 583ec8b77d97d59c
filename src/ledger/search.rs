//! A choice of payments or customers as SQL: constant fragments, and values that are only bound.

use jiff::Timestamp;
use rusqlite::types::Value;

use crate::domain::money::{Amount, Currency};
use crate::domain::payment::Outcome;
use crate::domain::text::{nfc, spellings};
use crate::ledger::{By, Filter};

/// A telephone number's column without what people put between its digits.
macro_rules! digits_of {
    ($column:literal) => {
        concat!(
            "replace(replace(replace(replace(replace(replace(",
            $column,
            ", '-', ''), ' ', ''), '.', ''), '(', ''), ')', ''), '+', '')"
        )
    };
}

pub(super) use digits_of;

/// Every way a caller may name a payment. A value that the text cannot be is bound as NULL, which
/// is equal to nothing. The currencies without and with three decimals are those of
/// `domain::money`; a test holds the two together.
const TEXT: &str = concat!(
    "(merchant_uid LIKE :like ESCAPE '\\' OR imp_uid LIKE :like ESCAPE '\\' \
      OR apply_num LIKE :like ESCAPE '\\' OR name LIKE :like ESCAPE '\\' \
      OR customer_uid LIKE :like ESCAPE '\\' OR buyer_name LIKE :like ESCAPE '\\' \
      OR buyer_email LIKE :like ESCAPE '\\' OR ",
    digits_of!("buyer_tel"),
    " LIKE :digits OR merchant_uid LIKE :apart ESCAPE '\\' OR name LIKE :apart ESCAPE '\\' \
      OR customer_uid LIKE :apart ESCAPE '\\' OR buyer_name LIKE :apart ESCAPE '\\' \
      OR substr(card_number, -4) = :last_four \
      OR amount_minor = CASE \
         WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', \
             'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN :minor_0 \
         WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN :minor_3 \
         ELSE :minor_2 END \
      OR id IN (SELECT payment_id FROM records WHERE imp_uid LIKE :like ESCAPE '\\' \
            OR apply_num LIKE :like ESCAPE '\\') \
      OR customer_uid IN (SELECT customer_uid FROM customers \
         WHERE name LIKE :like ESCAPE '\\' OR name LIKE :apart ESCAPE '\\' OR email LIKE :like ESCAPE '\\' OR ",
    digits_of!("tel"),
    " LIKE :digits))"
);

/// Fewer digits than this are in every telephone number.
const TEL_DIGITS_MIN: usize = 3;

/// A statement and the values to bind by name.
#[derive(Debug)]
pub(super) struct Choice {
    pub(super) sql: String,
    pub(super) params: Vec<(&'static str, Value)>,
}

/// A payment's result as people ask for it: the gateway says cancelled of a part too (facts 4), and nothing of what was
/// paid back without it.
macro_rules! result_word {
    () => {
        "CASE WHEN outcome = 'paid' AND coalesce(cancel_amount_minor, 0) + outside_minor > 0 \
              THEN iif(coalesce(cancel_amount_minor, 0) + outside_minor < amount_minor, 'partly_cancelled', 'cancelled') \
              ELSE status END"
    };
}

/// The conditions of a filter, with their values.
pub(super) struct Conditions {
    all: Vec<&'static str>,
    params: Vec<(&'static str, Value)>,
    order: &'static str,
    limit: Option<u64>,
}

/// A filter's conditions: only those that are asked for, so that an index can serve them.
pub(super) fn choose(filter: &Filter) -> Conditions {
    let (since, until, order) = match filter.by {
        By::Requested => (
            "requested_at_ms >= :since",
            "requested_at_ms < :until",
            " ORDER BY requested_at_ms DESC, id DESC",
        ),
        By::Paid => ("paid_at_s >= :since", "paid_at_s < :until", " ORDER BY paid_at_s DESC, id DESC"),
    };
    let time = |time: Timestamp| match filter.by {
        By::Requested => time.as_millisecond(),
        By::Paid => whole_seconds_up(time),
    };
    let mut chosen = Conditions { all: Vec::new(), params: Vec::new(), order, limit: filter.limit };
    if filter.by == By::Paid {
        chosen.all.push("paid_at_s IS NOT NULL");
    }
    if let Some(customer) = &filter.customer {
        chosen.add("customer_uid = :customer", ":customer", customer.as_str().to_owned());
    }
    if let Some(time_min) = filter.since {
        chosen.add(since, ":since", time(time_min));
    }
    if let Some(time_end) = filter.until {
        chosen.add(until, ":until", time(time_end));
    }
    if let Some(min) = filter.min {
        chosen.add("amount_minor >= :min", ":min", min);
    }
    if let Some(max) = filter.max {
        chosen.add("amount_minor <= :max", ":max", max);
    }
    chosen.add_results(filter);
    if let Some(text) = filter.text.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
        chosen.all.push(TEXT);
        chosen.params.extend(text_params(text));
        let minor = |code| amount_minor(text, code);
        chosen.params.extend([
            (":minor_0", minor("KRW")),
            (":minor_2", minor("USD")),
            (":minor_3", minor("KWD")),
        ]);
    }
    chosen
}

/// What went back in a time, of the payments of whatever day that a filter picks but for its time.
pub(super) fn refunded_between(
    filter: &Filter,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    select: &str,
) -> Choice {
    let of_any_day = Filter { since: None, until: None, ..filter.clone() };
    let mut choice = choose(&of_any_day).back(select);
    let (since, until) = (since.unwrap_or(Timestamp::MIN), until.unwrap_or(Timestamp::MAX));
    choice.params.push((":back_since", since.as_millisecond().into()));
    choice.params.push((":back_until", until.as_millisecond().into()));
    choice
}

impl Conditions {
    fn add(&mut self, condition: &'static str, name: &'static str, value: impl Into<Value>) {
        self.all.push(condition);
        self.params.push((name, value.into()));
    }

    /// Outcomes and the gateway's words: any of both lists. Each list is bound as one text, its
    /// words between separators that no word holds.
    fn add_results(&mut self, filter: &Filter) {
        let outcomes: Vec<&str> = filter.outcomes.iter().copied().map(Outcome::word).collect();
        let statuses: Vec<&str> = filter.statuses.iter().map(String::as_str).collect();
        let condition = match (outcomes.is_empty(), statuses.is_empty()) {
            (true, true) => return,
            (false, true) => "instr(:outcomes, char(31) || outcome || char(31)) > 0",
            (true, false) => concat!("instr(:statuses, char(31) || ", result_word!(), " || char(31)) > 0"),
            (false, false) => concat!(
                "(instr(:outcomes, char(31) || outcome || char(31)) > 0 \
                  OR instr(:statuses, char(31) || ",
                result_word!(),
                " || char(31)) > 0)"
            ),
        };
        self.all.push(condition);
        for (name, words) in [(":outcomes", outcomes), (":statuses", statuses)] {
            if !words.is_empty() {
                self.params.push((name, format!("\u{1f}{}\u{1f}", words.join("\u{1f}")).into()));
            }
        }
    }

    fn with_where(&self, select: &str) -> String {
        let mut sql = select.to_owned();
        for (index, condition) in self.all.iter().enumerate() {
            sql.push_str(if index == 0 { " WHERE " } else { " AND " });
            sql.push_str(condition);
        }
        sql
    }

    /// The rows themselves, as many as the limit says.
    pub(super) fn newest_first(self, select: &str) -> Choice {
        let mut sql = self.with_where(select) + self.order;
        let mut params = self.params;
        if let Some(limit) = self.limit {
            sql.push_str(" LIMIT :limit");
            params.push((":limit", i64::try_from(limit).unwrap_or(i64::MAX).into()));
        }
        Choice { sql, params }
    }

    /// All of them under whose orders more than one payment was shown.
    pub(super) fn manifold(mut self, select: &str) -> Choice {
        self.all.push("id IN (SELECT payment_id FROM records WHERE nth > 1)");
        Choice { sql: self.with_where(select), params: self.params }
    }

    /// Those of them of which money went back, a row a currency and mode.
    fn back(mut self, select: &str) -> Choice {
        self.all.push("outcome = 'paid' AND (cancel_amount_minor > 0 OR outside_minor > 0)");
        let sql = self.with_where(select) + " GROUP BY currency, shown_mode ORDER BY currency";
        Choice { sql, params: self.params }
    }

    /// Counts and sums of all of them.
    pub(super) fn grouped(self, select: &str) -> Choice {
        let sql = self.with_where(select) + " GROUP BY outcome, currency, shown_mode";
        Choice { sql, params: self.params }
    }
}

/// What `:like`, `:apart`, `:digits` and `:last_four` stand for. What is kept is composed, but for what an older
/// billkey wrote down as it came: `:apart` finds that.
pub(super) fn text_params(text: &str) -> [(&'static str, Value); 4] {
    let apart = spellings(&nfc(text)).into_iter().nth(1);
    [
        (":like", like(&nfc(text)).into()),
        (":apart", apart.map(|text| like(&text)).into()),
        (":digits", tel_digits(text).map(|digits| format!("%{digits}%")).into()),
        (":last_four", last_four(text).map(str::to_owned).into()),
    ]
}

/// A pattern that finds the text itself anywhere: its own wildcards are letters.
fn like(text: &str) -> String {
    let mut pattern = String::from("%");
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

/// The digits of what may be a piece of a telephone number.
fn tel_digits(text: &str) -> Option<String> {
    if !text.chars().all(|c| c.is_ascii_digit() || matches!(c, '-' | ' ' | '.' | '(' | ')' | '+')) {
        return None;
    }
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    (digits.len() >= TEL_DIGITS_MIN).then_some(digits)
}

fn last_four(text: &str) -> Option<&str> {
    (text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit())).then_some(text)
}

/// The text as an amount in this currency; the sign of the won may stand before it.
fn amount_minor(text: &str, code: &str) -> Value {
    let digits = text.strip_prefix('₩').unwrap_or(text);
    let amount = Currency::parse(code).ok().and_then(|currency| Amount::parse(digits, currency).ok());
    amount.map(|amount| amount.minor()).into()
}

/// The first whole second that is not before the time.
fn whole_seconds_up(time: Timestamp) -> i64 {
    let seconds = time.as_second();
    if time.subsec_nanosecond() > 0 { seconds.saturating_add(1) } else { seconds }
}

#[cfg(test)]
mod tests {
    use super::{TEXT, like, tel_digits};
    use crate::domain::money::Currency;

    #[test]
    fn the_searchs_decimals_are_those_of_every_currency() {
        let (whole, rest) = TEXT.split_once(":minor_0").unwrap();
        let (thousandths, _) = rest.split_once(":minor_3").unwrap();
        for code in (0..26 * 26 * 26_u32).map(|n| {
            [n / 676, n / 26 % 26, n % 26]
                .map(|i| char::from_u32(u32::from(b'A') + i).unwrap())
                .iter()
                .collect::<String>()
        }) {
            let quoted = format!("'{code}'");
            let decimals = if whole.contains(&quoted) {
                0
            } else if thousandths.contains(&quoted) {
                3
            } else {
                2
            };
            assert_eq!(Currency::parse(&code).unwrap().decimals(), decimals, "{code}");
        }
    }

    #[test]
    fn wildcards_in_a_text_are_letters() {
        assert_eq!(like(r"50%_\"), r"%50\%\_\\%");
    }

    #[test]
    fn only_digits_and_what_stands_between_them_are_a_telephone_number() {
        assert_eq!(tel_digits("010-1234").as_deref(), Some("0101234"));
        assert_eq!(tel_digits("+82 (10) 1234.5678").as_deref(), Some("821012345678"));
        for text in ["01", "order-0101234", "", "--"] {
            assert_eq!(tel_digits(text), None, "{text}");
        }
    }
}
