//! Many rows of a file in little room, as `batch` and `customer import` hold them from when all of it was checked until
//! each has had its turn.

use std::hash::{BuildHasher, RandomState};
use std::ops::Range;

/// Rows as text, one behind the other, in as little room as it takes to hand them out again as they are: a
/// million of them are some fifty megabytes.
///
/// For each cell that was given there is a tag with its column, its length and its bytes; or where the same text
/// stood in the column before (a product's name mostly did), where that is.
#[derive(Debug)]
pub(in crate::commands) struct Rows<const COLUMNS: usize> {
    text: Vec<u8>,
    /// Where each row begins.
    begins: Vec<u32>,
    /// Rows that do not stand on the line after the one before, and their lines.
    lines: Vec<(u32, u32)>,
    /// For each column, where the cell stands that was kept last.
    last: [Option<u32>; COLUMNS],
}

/// In a tag: the cell is the one at a place before, of four bytes.
const SAME: u8 = 0x80;
/// In a tag: the length has two bytes.
const LONG: u8 = 0x40;
/// What a cell takes that is the same as one before.
const SAME_BYTES: usize = 5;

impl<const COLUMNS: usize> Default for Rows<COLUMNS> {
    fn default() -> Rows<COLUMNS> {
        Rows { text: Vec::new(), begins: Vec::new(), lines: Vec::new(), last: [None; COLUMNS] }
    }
}

impl<const COLUMNS: usize> Rows<COLUMNS> {
    /// Keeps one row. False where there is no room for it: its cells or the whole are too long.
    pub(in crate::commands) fn push(&mut self, line: u64, cells: &[&str; COLUMNS]) -> bool {
        let (Ok(begin), Ok(line)) = (u32::try_from(self.text.len()), u32::try_from(line)) else {
            return false;
        };
        for (column, cell) in (0u8..).zip(cells).filter(|(_, cell)| !cell.is_empty()) {
            if !self.push_cell(column, cell) {
                self.text.truncate(usize::try_from(begin).unwrap_or(usize::MAX));
                self.last = [None; COLUMNS];
                return false;
            }
        }
        let row = self.count();
        if row.checked_sub(1).is_none_or(|before| self.line(before) + 1 != u64::from(line)) {
            self.lines.push((row, line));
        }
        self.begins.push(begin);
        true
    }

    fn push_cell(&mut self, column: u8, cell: &str) -> bool {
        let (Ok(place), Ok(length)) = (u32::try_from(self.text.len()), u16::try_from(cell.len())) else {
            return false;
        };
        let last = self.last.get(usize::from(column)).copied().flatten();
        if let Some(last) = last
            && cell.len() + 2 > SAME_BYTES
            && self.cell_at(last).is_some_and(|(_, kept, _)| kept == cell.as_bytes())
        {
            self.text.push(column | SAME);
            self.text.extend(last.to_le_bytes());
            return true;
        }
        match u8::try_from(length) {
            Ok(length) => self.text.extend([column, length]),
            Err(_) => {
                self.text.push(column | LONG);
                self.text.extend(length.to_le_bytes());
            }
        }
        self.text.extend(cell.as_bytes());
        if let Some(last) = self.last.get_mut(usize::from(column)) {
            *last = Some(place);
        }
        true
    }

    /// The cell that is kept at a place: its column, its bytes, and where the next one begins.
    fn cell_at(&self, place: u32) -> Option<(u8, &[u8], usize)> {
        let place = usize::try_from(place).ok()?;
        let (tag, rest) = self.text.get(place..)?.split_first()?;
        let column = tag & !(SAME | LONG);
        if tag & SAME != 0 {
            let (before, _) = rest.split_first_chunk::<4>()?;
            // What stands there is the text itself: it is never the same as a third one.
            let (_, cell, _) = self.cell_at(u32::from_le_bytes(*before))?;
            return Some((column, cell, place + SAME_BYTES));
        }
        let (length, head) = if tag & LONG == 0 {
            (usize::from(*rest.first()?), 2)
        } else {
            (usize::from(u16::from_le_bytes(*rest.first_chunk::<2>()?)), 3)
        };
        let begin = place + head;
        Some((column, self.text.get(begin..begin + length)?, begin + length))
    }

    pub(in crate::commands) fn shrink(&mut self) {
        self.text.shrink_to_fit();
        self.begins.shrink_to_fit();
    }

    pub(in crate::commands) fn is_empty(&self) -> bool {
        self.begins.is_empty()
    }

    /// How many there are: never more than a number of a row can say.
    pub(in crate::commands) fn count(&self) -> u32 {
        u32::try_from(self.begins.len()).unwrap_or(u32::MAX)
    }

    pub(in crate::commands) fn all(&self) -> Range<u32> {
        0..self.count()
    }

    /// The line of the file, counted from 1.
    pub(in crate::commands) fn line(&self, row: u32) -> u64 {
        let run = self.lines.partition_point(|(first, _)| *first <= row).checked_sub(1);
        let run = run.and_then(|run| self.lines.get(run));
        run.map_or(0, |(first, line)| u64::from(*line) + u64::from(row - first))
    }

    pub(in crate::commands) fn cells(&self, row: u32) -> [&str; COLUMNS] {
        let mut cells = [""; COLUMNS];
        let begin = |row: u32| self.begins.get(usize::try_from(row).ok()?).copied();
        let Some(mut place) = begin(row) else { return cells };
        let end = row.checked_add(1).and_then(begin);
        let end = end.map_or(self.text.len(), |end| usize::try_from(end).unwrap_or(usize::MAX));
        if usize::try_from(place).is_ok_and(|place| place >= end) {
            return cells;
        }
        while let Some((column, cell, next)) = self.cell_at(place) {
            if let Some(place) = cells.get_mut(usize::from(column)) {
                *place = std::str::from_utf8(cell).unwrap_or_default();
            }
            match u32::try_from(next) {
                Ok(next_place) if next < end => place = next_place,
                Ok(_) | Err(_) => break,
            }
        }
        cells
    }

    /// Rows that agree in what `key` takes of them: for each such row the first one it agrees with.
    pub(in crate::commands) fn twins<K: PartialEq + std::hash::Hash>(
        &self,
        key: impl Fn(u32) -> Option<K>,
    ) -> Vec<(u32, u32)> {
        /// Of so many rows the hashes are held at the same time.
        const ROWS_A_PASS: u32 = 250_000;
        let hasher = RandomState::new();
        let passes = u64::from(self.count() / ROWS_A_PASS + 1);
        let mut twins = Vec::new();
        for pass in 0..passes {
            let hashed = |row| {
                let hash = key(row).map(|key| hasher.hash_one(key))?;
                (hash % passes == pass).then_some((hash, row))
            };
            let mut hashes: Vec<(u64, u32)> = self.all().filter_map(hashed).collect();
            hashes.sort_unstable();
            for same in hashes.chunk_by(|(one, _), (other, _)| one == other) {
                for (place, (_, row)) in same.iter().enumerate().skip(1) {
                    // Two keys may share a hash: it is the keys that count.
                    let own = key(*row);
                    let first = same.iter().take(place).find(|(_, first)| key(*first) == own);
                    twins.extend(first.map(|(_, first)| (*row, *first)));
                }
            }
        }
        twins.sort_unstable();
        twins
    }
}

#[cfg(test)]
mod tests {
    use super::Rows;

    const NO_CELLS: [&str; 5] = [""; 5];
    const NAME: usize = 1;
    const MERCHANT_UID: usize = 2;
    const NOTE: usize = 4;

    fn good() -> [&'static str; 5] {
        ["gildong", "월간 구독", "order_1", "", ""]
    }

    #[test]
    fn rows_come_out_as_they_went_in() {
        let mut rows = Rows::<5>::default();
        let mut other = good();
        other[NOTE] = "끝";
        assert!(rows.push(2, &good()) && rows.push(3, &NO_CELLS) && rows.push(9, &other));
        assert_eq!((rows.cells(0), rows.cells(2)), (good(), other));
        assert_eq!(rows.cells(1), NO_CELLS);
        assert_eq!((rows.count(), [0, 1, 2].map(|row| rows.line(row))), (3, [2, 3, 9]));
        let lengths = [1, 2, 3, 4, 127, 128, 255, 256, 65_535];
        for (length, line) in lengths.iter().flat_map(|length| [length, length, length]).zip(10..) {
            let long = "x".repeat(*length);
            let mut cells = good();
            (cells[NAME], cells[NOTE]) = (&long, if line % 2 == 0 { "끝" } else { "" });
            assert!(rows.push(line, &cells));
            assert_eq!(
                (rows.cells(rows.count() - 1), rows.line(rows.count() - 1)),
                (cells, line),
                "{length}"
            );
        }
        let before = rows.count();
        let long = "x".repeat(70_000);
        let mut too_long = good();
        too_long[NOTE] = &long;
        assert!(!rows.push(50, &too_long) && rows.push(51, &good()));
        assert_eq!((rows.count(), rows.cells(before), rows.line(before)), (before + 1, good(), 51));
    }

    #[test]
    fn twins_name_the_first_of_their_kind() {
        let mut rows = Rows::<5>::default();
        for (line, order) in (2..).zip(["a", "b", "a", "c", "b", "a"]) {
            let mut cells = good();
            cells[MERCHANT_UID] = order;
            assert!(rows.push(line, &cells));
        }
        let twins = rows.twins(|row| Some(rows.cells(row)[MERCHANT_UID]));
        assert_eq!(twins, [(2, 0), (4, 1), (5, 0)]);
        assert_eq!(rows.twins(|_| None::<u8>), []);
    }
}
