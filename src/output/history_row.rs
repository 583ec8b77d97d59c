//! A payment in the table of `history`, with what its row does not have: the person, and the least of its id that
//! means it alone.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::domain::payment::Payment;
use crate::output::Format;
use crate::output::list::Lister;
use crate::output::options::UiOptions;
use crate::output::payment::{CUSTOMER, ORDER, PART_REFUNDED, RESULT, WHEN};
use crate::output::table::TableRow;
use crate::output::text::safe;

/// What a payment's row is told with on a terminal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Beside {
    /// The customer's name, where it is known.
    pub person: Option<String>,
    /// A beginning of the merchant_uid that no other id has; all of it where there is none.
    pub order: String,
}

impl UiOptions {
    /// Whether a list is a table at a terminal, where ids are shortened and people have names. Elsewhere values are
    /// whole.
    #[must_use]
    pub fn shortens(&self) -> bool {
        self.format == Format::Table && self.width.is_some()
    }
}

impl Lister<'_, Payment> {
    /// Writes one payment; `year` is the one that goes without saying.
    pub fn with(&mut self, payment: &Payment, beside: &Beside, year: i16) -> std::io::Result<()> {
        self.write(payment, false, |row| dress(row, payment, beside, year))
    }
}

/// The year of a time, as people there count it.
#[must_use]
pub fn year_of(at: Timestamp, zone: &TimeZone) -> i16 {
    at.to_zoned_datetime(zone.clone()).date().year()
}

/// Gives the row its person and the shorter forms of its cells.
pub(in crate::output) fn dress(row: &mut TableRow, payment: &Payment, beside: &Beside, year: i16) {
    let customer = payment.terms.customer_uid.as_str();
    let person = beside.person.as_deref().map(safe).filter(|name| !name.trim().is_empty());
    let short = person.as_deref().unwrap_or(customer).to_owned();
    if let (Some(person), Some((cell, _))) = (&person, row.cells.get_mut(CUSTOMER)) {
        *cell = format!("{person} {customer}");
    }
    let when = row.cells.get(WHEN).map(|(when, _)| shorter_times(when, year)).unwrap_or_default();
    let order = payment.terms.merchant_uid.as_str();
    let result = row.cells.get(RESULT).map(|(result, _)| result.replace(PART_REFUNDED, "part ref."));
    row.shorter.push((WHEN, when));
    row.shorter.push((RESULT, result.into_iter().collect()));
    row.shorter.push((CUSTOMER, vec![short]));
    row.shorter.push((ORDER, vec![safe(&beside.order).into_owned()]));
    row.moved = Some((ORDER, format!("order  {order}")));
}

/// `2026-11-23 19:30:04` without its year, then without its seconds, then without its time of day. A time of another
/// year keeps it, and loses the rest sooner.
fn shorter_times(when: &str, year: i16) -> Vec<String> {
    let own = format!("{year:04}-");
    let forms = match when.strip_prefix(&own) {
        Some(rest) => [rest, rest.get(..11).unwrap_or(rest), rest.get(..5).unwrap_or(rest)],
        None => {
            let to = |end| when.get(..end).unwrap_or(when);
            [to(16), to(16), to(10)]
        }
    };
    forms.map(str::to_owned).to_vec()
}

#[cfg(test)]
mod tests {
    use super::{Beside, shorter_times};
    use crate::domain::ids::MerchantUid;
    use crate::domain::payment::Payment;
    use crate::output::Format;
    use crate::output::field::Columns;
    use crate::output::options::UiOptions;
    use crate::output::samples::{at, declined, options, paid, shown, ui, won};
    use crate::output::text::width;

    /// As a terminal of so many columns shows payments whose orders are known by these beginnings.
    fn at_columns(columns: usize, payments: &[(Payment, &str)]) -> String {
        let (mut ui, out, _) = ui(UiOptions { width: Some(columns), ..options(Format::Table) }, "");
        let mut list = ui.list::<Payment>(Columns::usual()).unwrap();
        for (payment, order) in payments {
            let beside = Beside { person: Some("홍길동".to_owned()), order: (*order).to_owned() };
            list.with(payment, &beside, 2026).unwrap();
        }
        list.finish("").unwrap();
        let text = out.text();
        assert!(text.lines().all(|line| width(line) <= columns), "{text}");
        shown(&text)
    }

    fn of_once_per(payment: Payment) -> Payment {
        let mut payment =
            Payment { name: "월 구독 프리미엄 (부가세 포함)".to_owned(), ..payment };
        payment.terms.merchant_uid = MerchantUid::parse("202611ba40d1c61bc66e014de94ed18446abd7be").unwrap();
        payment
    }

    fn three() -> [(Payment, &'static str); 3] {
        let refunded = Payment { cancel_amount: Some(won(3000)), ..of_once_per(paid()) };
        let older = Payment { requested_at: at("2025-12-23T09:10:11+09:00"), ..of_once_per(declined()) };
        [(of_once_per(paid()), "202611ba"), (refunded, "202611ba4"), (older, "202611ba40")]
    }

    #[test]
    fn a_wide_terminal_shows_all_of_it() {
        let [first, second, _] = three();
        insta::assert_snapshot!(at_columns(150, &[first, second]), @"
        $
         WHEN                 RESULT         AMOUNT  CUSTOMER                  PRODUCT                         CARD       APPROVAL  ORDER
         2026-11-23 19:30:04  paid           ₩8,900  홍길동 gildong_0001_1234  월 구독 프리미엄 (부가세 포함)  신한 1234  30012345  202611ba
         2026-11-23 19:30:04  part refunded  ₩8,900  홍길동 gildong_0001_1234  월 구독 프리미엄 (부가세 포함)  신한 1234  30012345  202611ba4
                              ₩3,000 of it was refunded, ₩5,900 is left
        ");
    }

    #[test]
    fn a_hundred_and_twenty_columns_have_every_column() {
        insta::assert_snapshot!(at_columns(120, &three()), @"
        $
         WHEN                 RESULT         AMOUNT  CUSTOMER  PRODUCT                         CARD       APPROVAL  ORDER
         2026-11-23 19:30:04  paid           ₩8,900  홍길동    월 구독 프리미엄 (부가세 포함)  신한 1234  30012345  202611ba
         2026-11-23 19:30:04  part refunded  ₩8,900  홍길동    월 구독 프리미엄 (부가세 포함)  신한 1234  30012345  202611ba4
                              ₩3,000 of it was refunded, ₩5,900 is left
         2025-12-23 09:10:11  declined       ₩8,900  홍길동    월 구독 프리미엄 (부가세 포함)  신한 1234            202611ba40
                              통장 잔액부족
                              There is not enough money behind the card for this payment. The customer has to act. Again: after
                              a day, at most once a day on one card.
        ");
    }

    #[test]
    fn a_hundred_columns_have_every_column() {
        insta::assert_snapshot!(at_columns(100, &three()), @"
        $
         WHEN              RESULT         AMOUNT  CUSTOMER  PRODUCT          CARD       APPROVAL  ORDER
         11-23 19:30:04    paid           ₩8,900  홍길동    월 구독 프리미…  신한 1234  30012345  202611ba
         11-23 19:30:04    part refunded  ₩8,900  홍길동    월 구독 프리미…  신한 1234  30012345  202611ba4
                           ₩3,000 of it was refunded, ₩5,900 is left
         2025-12-23 09:10  declined       ₩8,900  홍길동    월 구독 프리미…  신한 1234            202611ba40
                           통장 잔액부족
                           There is not enough money behind the card for this payment. The customer has to
                           act. Again: after a day, at most once a day on one card.
        ");
    }

    #[test]
    fn eighty_columns_have_every_column_and_the_year_where_it_is_another() {
        insta::assert_snapshot!(at_columns(80, &three()), @"
        $
         WHEN              RESULT     AMOUNT  CUSTO…  PRODU…  CARD  APPROVAL  ORDER
         11-23 19:30:04    paid       ₩8,900  홍길동  월 구…  1234  30012345  202611ba
         11-23 19:30:04    part ref.  ₩8,900  홍길동  월 구…  1234  30012345  202611ba4
                           ₩3,000 of it was refunded, ₩5,900 is left
         2025-12-23 09:10  declined   ₩8,900  홍길동  월 구…  1234            202611ba40
                           통장 잔액부족
                           There is not enough money behind the card for this payment.
                           The customer has to act. Again: after a day, at most once a
                           day on one card.
        ");
    }

    #[test]
    fn an_id_that_cannot_be_shortened_stands_under_its_row() {
        let payments = [(paid(), "order_monthly_0001"), (declined(), "order_monthly_0000")];
        insta::assert_snapshot!(at_columns(80, &payments), @"
        $
         WHEN            RESULT    AMOUNT  CUSTOMER  PRODUCT         CARD       APPROVAL
         11-23 19:30:04  paid      ₩8,900  홍길동    Monthly subsc…  신한 1234  30012345
                         order  order_monthly_0001
         10-23 19:30:02  declined  ₩8,900  홍길동    Monthly subsc…  신한 1234
                         order  order_monthly_0000
                         통장 잔액부족
                         There is not enough money behind the card for this payment. The
                         customer has to act. Again: after a day, at most once a day on
                         one card.
        ");
    }

    #[test]
    fn forty_columns_keep_time_result_amount_person_and_order() {
        let payments = [(paid(), "order_monthly_0001"), (declined(), "order_monthly_0000")];
        insta::assert_snapshot!(at_columns(40, &payments), @"
        $
         WHEN         RESULT    AMOUNT  CUSTOMER
         11-23 19:30  paid      ₩8,900  홍길동
                      order  order_monthly_0001
         10-23 19:30  declined  ₩8,900  홍길동
                      order  order_monthly_0000
                      통장 잔액부족
                      There is not enough money
                      behind the card for this
                      payment. The customer has
                      to act. Again: after a
                      day, at most once a day on
                      one card.
         No room here for PRODUCT, CARD,
         APPROVAL.
        ");
    }

    #[test]
    fn a_time_loses_first_what_goes_without_saying() {
        let forms = |year| shorter_times("2026-11-23 19:30:04", year);
        assert_eq!(forms(2026), ["11-23 19:30:04", "11-23 19:30", "11-23"]);
        assert_eq!(forms(2027), ["2026-11-23 19:30", "2026-11-23 19:30", "2026-11-23"]);
    }
}
