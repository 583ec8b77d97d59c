//! Amounts and counts as each language writes them.

use crate::domain::money::{Amount, Currency};
use crate::words::Lang;

/// `8,900원` or `₩8,900`; other currencies with their code in both.
#[must_use]
pub fn money(lang: Lang, amount: Amount) -> String {
    match lang {
        Lang::Ko if amount.currency() == Currency::KRW => format!("{}원", digits(amount)),
        Lang::Ko | Lang::En => amount.to_string(),
    }
}

/// The number alone, for a table whose heading names the currency: `8,900`, `-10.50`.
#[must_use]
pub fn digits(amount: Amount) -> String {
    let shown = amount.to_string();
    let number = shown.trim_start_matches(|c: char| !c.is_ascii_digit());
    if amount.minor() < 0 { format!("-{number}") } else { number.to_owned() }
}

/// `1,234`.
#[must_use]
pub fn count(count: u64) -> String {
    // Won have no decimals: what is written of them is the number with its thousands parted.
    digits(Amount::from_minor(i64::try_from(count).unwrap_or(i64::MAX), Currency::KRW))
}

/// The name of a currency over a table: `원`, `USD`.
#[must_use]
pub fn unit(lang: Lang, currency: &Currency) -> String {
    let won = lang == Lang::Ko && *currency == Currency::KRW;
    if won { "원".to_owned() } else { currency.code().to_owned() }
}

/// Ten thousands, hundred millions in Korean; thousands, millions and beyond in English.
const KOREAN: [(i64, &str); 3] = [(1_000_000_000_000, "조"), (100_000_000, "억"), (10_000, "만")];
const ENGLISH: [(i64, &str); 3] = [(1_000_000_000, "B"), (1_000_000, "M"), (1_000, "K")];

/// A round amount beside an axis, in little room: `1.5억`, `500만`, `5K`. One that is not round is written out.
#[must_use]
pub fn short(lang: Lang, amount: Amount) -> String {
    let decimals = u32::from(amount.currency().decimals());
    let one = 10_i64.pow(decimals);
    let (whole, rest) = (amount.minor() / one, amount.minor() % one);
    if rest != 0 {
        return digits(amount);
    }
    let sign = if whole < 0 { "-" } else { "" };
    let whole = whole.saturating_abs();
    for (size, name) in lang.of(KOREAN, ENGLISH) {
        let tenths = whole % size / (size / 10);
        if whole >= size && whole % (size / 10) == 0 && (tenths == 0 || whole < size * 10) {
            let point = if tenths == 0 { String::new() } else { format!(".{tenths}") };
            return format!("{sign}{}{point}{name}", count(u64::try_from(whole / size).unwrap_or(0)));
        }
    }
    format!("{sign}{}", count(u64::try_from(whole).unwrap_or(0)))
}

/// `3.2 %` of a number of thousandths.
#[must_use]
pub fn percent(permille: u64) -> String {
    format!("{}.{}%", permille / 10, permille % 10)
}

/// How many of a thousand, rounded; nothing of none.
#[must_use]
pub fn permille(part: u64, of: u64) -> u64 {
    let twice = part.saturating_mul(2_000).saturating_add(of);
    twice.checked_div(of.saturating_mul(2)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use crate::domain::money::{Amount, Currency};
    use crate::words::Lang;
    use crate::words::money::{count, digits, money, percent, permille, short};

    fn won(minor: i64) -> Amount {
        Amount::from_minor(minor, Currency::KRW)
    }

    fn dollars(minor: i64) -> Amount {
        Amount::from_minor(minor, Currency::parse("USD").unwrap())
    }

    #[test]
    fn an_amount_is_written_as_each_language_writes_it() {
        for (amount, ko, en, number) in [
            (won(8_900), "8,900원", "₩8,900", "8,900"),
            (won(-8_900), "-8,900원", "-₩8,900", "-8,900"),
            (won(0), "0원", "₩0", "0"),
            (dollars(123_450), "USD 1,234.50", "USD 1,234.50", "1,234.50"),
            (dollars(-1_050), "-USD 10.50", "-USD 10.50", "-10.50"),
        ] {
            assert_eq!((money(Lang::Ko, amount).as_str(), money(Lang::En, amount).as_str()), (ko, en));
            assert_eq!(digits(amount), number);
        }
        assert_eq!(count(1_234_567), "1,234,567");
    }

    #[test]
    fn beside_an_axis_an_amount_takes_little_room_and_is_never_another_one() {
        for (amount, ko, en) in [
            (won(0), "0", "0"),
            (won(500), "500", "500"),
            (won(5_000), "5,000", "5K"),
            (won(2_500), "2,500", "2.5K"),
            (won(20_000), "2만", "20K"),
            (won(25_000), "2.5만", "25K"),
            (won(5_000_000), "500만", "5M"),
            (won(50_000_000), "5,000만", "50M"),
            (won(150_000_000), "1.5억", "150M"),
            (won(-2_000_000), "-200만", "-2M"),
            (won(1_234_567), "1,234,567", "1,234,567"),
            (won(2_000_000_000_000), "2조", "2,000B"),
            (dollars(500_000), "5,000", "5K"),
            (dollars(50), "0.50", "0.50"),
        ] {
            assert_eq!((short(Lang::Ko, amount).as_str(), short(Lang::En, amount).as_str()), (ko, en));
        }
    }

    #[test]
    fn a_share_is_rounded_and_of_nothing_it_is_nothing() {
        assert_eq!([permille(1, 3), permille(2, 3), permille(1, 1), permille(0, 0)], [333, 667, 1_000, 0]);
        assert_eq!(percent(333), "33.3%");
    }
}
