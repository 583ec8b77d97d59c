//! What whoever reads wants to know of a file.

/// One column that can be read.
#[derive(Debug, PartialEq, Eq)]
pub struct Column {
    /// The name that is shown.
    pub name: &'static str,
    /// Other names, Korean ones above all, in the spelling of `column_name`.
    pub also: &'static [&'static str],
    pub kind: Kind,
    /// A table without it is refused.
    pub needed: bool,
}

/// What a column holds: it decides which of a spreadsheet's ruins are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Exact to the letter; never changed.
    Id,
    Amount,
    /// What people read. It becomes NFC.
    Text,
}

/// What is looked for in a file.
#[derive(Debug)]
pub struct Wanted {
    pub columns: &'static [Column],
    /// The column in which a sum names itself.
    pub key: usize,
    /// Names of columns that are not read, and no mistake.
    pub passed_over: &'static [&'static str],
    /// A header that would do.
    pub example: &'static str,
    /// Whose file it is, and so what becomes of what is not known.
    pub whose: Whose,
    /// What the file calls some columns, each in the spelling of `column_name`; their other names count for nothing
    /// then.
    pub renamed: Vec<(String, usize)>,
}

/// Whose file it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// Made for us: a column that is not known is a mistake, and so is a row that is a sum.
    Ours,
    /// Another program's: it has columns of its own, titles above its header, and sums under its rows. They are passed
    /// over, and told.
    Anothers,
}
