//! The parts of a workbook's package, and their XML.

use std::borrow::Cow;
use std::io::{BufRead, BufReader, Read, Seek};

use quick_xml::XmlVersion;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesEnd, BytesStart, Event};
use zip::ZipArchive;

use crate::intake::problem::Unreadable;

/// The longest part, unpacked: what is longer was made to be.
const PART_BYTES_MAX: u64 = 1024 * 1024 * 1024;

pub(super) const DAMAGED: &str = "it is cut off or damaged";

/// A package, open.
pub(super) struct Parts<R> {
    archive: ZipArchive<R>,
}

pub(super) type Xml<R> = quick_xml::Reader<R>;

impl<R: Read + Seek> Parts<R> {
    pub(super) fn open(bytes: R) -> Result<Parts<R>, Unreadable> {
        let archive = ZipArchive::new(bytes).map_err(|_| broken("the package", DAMAGED))?;
        Ok(Parts { archive })
    }

    pub(super) fn has(&self, part: &str) -> bool {
        self.index(part).is_some()
    }

    /// Writers do not agree on upper and lower case.
    fn index(&self, part: &str) -> Option<usize> {
        self.archive.index_for_name(part).or_else(|| {
            let same = |name: &str| name.replace('\\', "/").eq_ignore_ascii_case(part);
            (0..self.archive.len()).find(|at| {
                self.archive.name_for_index(*at).is_some_and(|name| name.is_ok_and(|name| same(&name)))
            })
        })
    }

    pub(super) fn xml(&mut self, part: &str) -> Result<Xml<impl BufRead + '_>, Unreadable> {
        let Some(index) = self.index(part) else {
            return Err(broken(part, "it is not there"));
        };
        let bytes = self.archive.by_index(index).map_err(|_| broken(part, DAMAGED))?;
        let mut xml = Xml::from_reader(BufReader::with_capacity(64 * 1024, bytes.take(PART_BYTES_MAX)));
        xml.config_mut().expand_empty_elements = true;
        Ok(xml)
    }
}

/// What is no whole workbook.
pub(super) fn broken(part: &str, why: &'static str) -> Unreadable {
    Unreadable::Broken { part: part.to_owned(), why }
}

/// What is read of a part, one after the other.
pub(super) enum Piece<'b> {
    Begin(BytesStart<'b>),
    End(BytesEnd<'b>),
    Text(Cow<'b, str>),
}

/// The next piece of a part; `None` at its end.
pub(super) fn next<'b>(
    xml: &mut Xml<impl BufRead>,
    buffer: &'b mut Vec<u8>,
    part: &str,
) -> Result<Option<Piece<'b>>, Unreadable> {
    buffer.clear();
    let event = xml.read_event_into(buffer).map_err(|_| broken(part, DAMAGED))?;
    Ok(Some(match event {
        Event::Start(element) | Event::Empty(element) => Piece::Begin(element),
        Event::End(element) => Piece::End(element),
        Event::Text(text) => Piece::Text(text.xml10_content()),
        Event::CData(text) => Piece::Text(text.xml10_content()),
        Event::GeneralRef(name) => Piece::Text(match name.resolve_char_ref() {
            Ok(Some(c)) => Cow::Owned(c.to_string()),
            Ok(None) | Err(_) => Cow::Borrowed(resolve_predefined_entity(&name).unwrap_or_default()),
        }),
        // What is no text adds none.
        Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {
            Piece::Text(Cow::Borrowed(""))
        }
        Event::Eof => return Ok(None),
    }))
}

/// An attribute by its name without a prefix.
pub(super) fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let mut all = element.attributes();
    let found = all.with_checks(false).flatten();
    let mut found = found.filter(|attribute| attribute.key.local_name().into_inner() == name);
    let value = found.next()?.normalized_value(XmlVersion::Implicit1_0).ok()?;
    Some(value.into_owned())
}

/// Whether an attribute says yes.
pub(super) fn is_set(element: &BytesStart<'_>, name: &str) -> bool {
    attribute(element, name).is_some_and(|value| matches!(value.as_str(), "1" | "true" | "on"))
}

/// Writes out `_x000D_` and its like, which stand for characters that XML does not carry.
pub(super) fn push_unescaped(text: &mut String, escaped: &str) {
    let mut rest = escaped;
    while let Some(at) = rest.find("_x") {
        let (before, from) = rest.split_at(at);
        text.push_str(before);
        let code = from.get(2..6).filter(|_| from.get(6..7) == Some("_"));
        let c = code.and_then(|code| u32::from_str_radix(code, 16).ok()).and_then(char::from_u32);
        match c {
            Some(c) => {
                text.push(c);
                rest = from.get(7..).unwrap_or_default();
            }
            None => {
                text.push_str("_x");
                rest = from.get(2..).unwrap_or_default();
            }
        }
    }
    text.push_str(rest);
}
