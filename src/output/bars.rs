//! Bars of text: how much of the longest one a number is, in eighths of a column.

const EIGHTHS: [char; 8] = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];
const WHOLE: char = '█';

/// A bar for `value`, where `most` would fill `columns`. Nothing for what is not more than nothing; whatever is more
/// shows.
#[must_use]
pub fn bar(value: i64, most: i64, columns: usize) -> String {
    if value <= 0 || most <= 0 {
        return String::new();
    }
    let room = i128::try_from(columns).unwrap_or(0) * 8;
    let eighths = ((i128::from(value.min(most)) * room).max(1) + i128::from(most) - 1) / i128::from(most);
    let whole = usize::try_from(eighths / 8).unwrap_or(columns);
    let rest =
        usize::try_from(eighths % 8).ok().and_then(|rest| EIGHTHS.get(rest)).filter(|rest| **rest != ' ');
    std::iter::repeat_n(WHOLE, whole).chain(rest.copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::bar;

    #[test]
    fn a_bar_is_as_long_as_its_share_and_never_nothing_for_something() {
        let table = [
            (0, 100, ""),
            (-5, 100, ""),
            (100, 100, "████"),
            (50, 100, "██"),
            (1, 1_000_000, "▏"),
            (100, 0, ""),
            (200, 100, "████"),
            (60, 100, "██▌"),
        ];
        for (value, most, drawn) in table {
            assert_eq!(bar(value, most, 4), drawn, "{value} of {most}");
        }
    }
}
