//! What a payment's hash chain is made of: values, in an encoding of our own, and not what an engine makes of them, so
//! that every engine has the same.

use ring::digest::{Context, SHA256, SHA256_OUTPUT_LEN};

/// What all of a hash's bytes begin with: another encoding is another word.
const LINK: &str = "billkey link 1";
const HEAD: &str = "billkey head 1";

/// A link or a head.
pub(super) type Hash = [u8; SHA256_OUTPUT_LEN];

/// The link before the first event.
pub(super) const NOTHING: Hash = [0; SHA256_OUTPUT_LEN];

/// A value of a row, as an engine reads it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Value<'a> {
    Null,
    Integer(i64),
    /// Whether it is one or not.
    Text(&'a [u8]),
    /// Neither this nor a blob is written by this program, and what somebody else wrote is to show.
    Real(f64),
    Blob(&'a [u8]),
}

pub(super) fn link(before: &Hash, event: &[u8]) -> Hash {
    hash(LINK, &[before, event])
}

pub(super) fn head(chain: &Hash, own: &[u8], parts: &[u8]) -> Hash {
    hash(HEAD, &[chain, own, parts])
}

/// What is behind the first word says for itself where it ends.
pub(super) fn hash(word: &str, pieces: &[&[u8]]) -> Hash {
    let mut context = Context::new(&SHA256);
    context.update(word.as_bytes());
    pieces.iter().for_each(|piece| context.update(piece));
    finish(context)
}

pub(super) fn finish(context: Context) -> Hash {
    let mut hash = NOTHING;
    hash.iter_mut().zip(context.finish().as_ref()).for_each(|(to, from)| *to = *from);
    hash
}

/// Adds one row: its name, its values and an end. Each value says its kind and, where it has one, its
/// length, so that no two rows have the same bytes.
pub(super) fn encode<'a, E>(
    bytes: &mut Vec<u8>,
    name: &str,
    values: impl IntoIterator<Item = Result<Value<'a>, E>>,
) -> Result<(), E> {
    sized(bytes, b'r', name.as_bytes());
    for value in values {
        match value? {
            Value::Null => bytes.push(b'0'),
            Value::Integer(integer) => {
                bytes.push(b'i');
                bytes.extend(integer.to_be_bytes());
            }
            Value::Text(text) => sized(bytes, b't', text),
            Value::Real(real) => {
                bytes.push(b'f');
                bytes.extend(real.to_bits().to_be_bytes());
            }
            Value::Blob(blob) => sized(bytes, b'b', blob),
        }
    }
    bytes.push(b'.');
    Ok(())
}

fn sized(bytes: &mut Vec<u8>, kind: u8, text: &[u8]) {
    bytes.push(kind);
    bytes.extend(u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
    bytes.extend(text);
}

/// A payment's chain as it is written down, and as it is.
pub(super) struct Compared {
    pub(super) id: i64,
    pub(super) written: (Option<Hash>, Option<Hash>),
    pub(super) made: (Hash, Hash),
    /// How many events it has.
    pub(super) events: u64,
}

impl Compared {
    pub(super) fn events_fit(&self) -> bool {
        self.written.0 == Some(self.made.0)
    }

    /// The head holds the link as well: it is looked at with the link that is written down.
    pub(super) fn row_fits(&self) -> bool {
        self.written.1 == Some(self.made.1)
    }
}
