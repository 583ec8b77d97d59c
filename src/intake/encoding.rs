//! How a text is encoded, and its way to UTF-8.

use std::io::{self, Read};

use encoding_rs::{CoderResult, DecoderResult, EUC_KR, UTF_16BE, UTF_16LE};

use crate::intake::lines::Lines;

pub(super) const PIECE_BYTES: usize = 64 * 1024;

/// The encodings that are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    #[default]
    Utf8,
    /// What Excel writes on a Korean Windows: code page 949, of which EUC-KR is a part.
    Cp949,
    /// What Excel calls Unicode text, little-endian on every machine there is.
    Utf16Le,
    Utf16Be,
}

impl Encoding {
    fn decoder(self) -> Option<encoding_rs::Decoder> {
        match self {
            Encoding::Utf8 => None,
            Encoding::Cp949 => Some(EUC_KR.new_decoder_without_bom_handling()),
            Encoding::Utf16Le => Some(UTF_16LE.new_decoder_without_bom_handling()),
            Encoding::Utf16Be => Some(UTF_16BE.new_decoder_without_bom_handling()),
        }
    }

    /// The text of these bytes, which were found to be written so.
    pub(super) fn decoded(self, bytes: impl Read + 'static) -> Box<dyn Read> {
        match self.decoder() {
            None => Box::new(bytes),
            Some(decoder) => Box::new(Decoded::new(bytes, decoder)),
        }
    }
}

/// What the bytes of a text look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    Utf8,
    /// The first line that is not.
    NotUtf8 {
        line: u64,
    },
    ZeroByte {
        line: u64,
    },
}

/// Reads through a text that may be UTF-8.
pub(super) fn look(bytes: &mut impl Read) -> io::Result<Seen> {
    let mut piece = vec![0; PIECE_BYTES];
    let (mut kept, mut lines) = (0, Lines::from(1));
    let mut not_utf8 = None;
    while let Some(room) = piece.get_mut(kept..) {
        let read = bytes.read(room)?;
        let now = piece.get(..kept + read).unwrap_or_default();
        let line_at = |at: usize| {
            let mut lines = lines;
            lines.pass_all(now.get(..at).unwrap_or_default());
            lines.line()
        };
        if let Some(at) = now.iter().position(|byte| *byte == 0) {
            return Ok(Seen::ZeroByte { line: line_at(at) });
        }
        let valid = match std::str::from_utf8(now) {
            _whole if not_utf8.is_some() => now.len(),
            Ok(_) => now.len(),
            // A character that goes on in the next piece, unless there is none.
            Err(error) if error.error_len().is_none() && read > 0 => error.valid_up_to(),
            Err(error) => {
                not_utf8 = Some(line_at(error.valid_up_to()));
                now.len()
            }
        };
        lines.pass_all(now.get(..valid).unwrap_or_default());
        if read == 0 {
            break;
        }
        kept = now.len() - valid;
        piece.copy_within(valid..valid + kept, 0);
    }
    Ok(not_utf8.map_or(Seen::Utf8, |line| Seen::NotUtf8 { line }))
}

/// The line on which bytes cannot be read in an encoding, if there is one. A control character of the upper
/// half is none of Excel's: it is text in some other code page.
pub(super) fn first_bad_line(bytes: &mut impl Read, encoding: Encoding) -> io::Result<Option<u64>> {
    let Some(mut decoder) = encoding.decoder() else { return Ok(None) };
    let mut piece = vec![0; PIECE_BYTES];
    let mut text = String::with_capacity(PIECE_BYTES * 2);
    let mut lines = Lines::from(1);
    loop {
        let read = bytes.read(&mut piece)?;
        let mut rest = piece.get(..read).unwrap_or_default();
        loop {
            text.clear();
            let (result, used) = decoder.decode_to_string_without_replacement(rest, &mut text, read == 0);
            rest = rest.get(used..).unwrap_or_default();
            let bad = text.find(|c| matches!(c, '\0' | '\u{80}'..='\u{9f}'));
            lines.pass_all(text.get(..bad.unwrap_or(text.len())).unwrap_or_default().as_bytes());
            match result {
                _ if bad.is_some() => return Ok(Some(lines.line())),
                DecoderResult::InputEmpty => break,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => return Ok(Some(lines.line())),
            }
        }
        if read == 0 {
            return Ok(None);
        }
    }
}

/// A text on its way to UTF-8.
struct Decoded<R> {
    bytes: R,
    decoder: encoding_rs::Decoder,
    piece: Vec<u8>,
    unread: std::ops::Range<usize>,
    ended: bool,
    text: String,
    given: usize,
}

impl<R: Read> Decoded<R> {
    fn new(bytes: R, decoder: encoding_rs::Decoder) -> Decoded<R> {
        Decoded {
            bytes,
            decoder,
            piece: vec![0; PIECE_BYTES],
            unread: 0..0,
            ended: false,
            text: String::with_capacity(PIECE_BYTES * 2),
            given: 0,
        }
    }

    fn refill(&mut self) -> io::Result<()> {
        while self.given == self.text.len() && !self.ended {
            if self.unread.is_empty() {
                self.unread = 0..self.bytes.read(&mut self.piece)?;
            }
            let last = self.unread.is_empty();
            let bytes = self.piece.get(self.unread.clone()).unwrap_or_default();
            self.text.clear();
            self.given = 0;
            // The file was read through before: what cannot be decoded now was changed meanwhile.
            let (result, used, damaged) = self.decoder.decode_to_string(bytes, &mut self.text, last);
            if damaged {
                return Err(io::Error::other("it was changed while it was read"));
            }
            self.unread.start += used;
            self.ended = last && result == CoderResult::InputEmpty;
        }
        Ok(())
    }
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.refill()?;
        let mut left = self.text.as_bytes().get(self.given..).unwrap_or_default();
        let read = left.read(out)?;
        self.given += read;
        Ok(read)
    }
}

/// A text without the Ctrl-Z that old programs put at its end.
pub(super) struct WithoutCtrlZ<R> {
    text: R,
    /// Ctrl-Z and line ends, of which nobody knows yet whether the text ends with them.
    held: Vec<u8>,
    ready: Vec<u8>,
    given: usize,
}

const CTRL_Z: u8 = 0x1a;

impl<R: Read> WithoutCtrlZ<R> {
    pub(super) fn new(text: R) -> WithoutCtrlZ<R> {
        WithoutCtrlZ { text, held: Vec::new(), ready: Vec::new(), given: 0 }
    }
}

impl<R: Read> Read for WithoutCtrlZ<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            let mut left = self.ready.get(self.given..).unwrap_or_default();
            if !left.is_empty() {
                let read = left.read(out)?;
                self.given += read;
                return Ok(read);
            }
            let read = self.text.read(out)?;
            let now = out.get(..read).unwrap_or_default();
            if read == 0 || (self.held.is_empty() && !now.contains(&CTRL_Z)) {
                return Ok(read);
            }
            self.held.extend_from_slice(now);
            let is_end = |byte: &u8| matches!(*byte, CTRL_Z | b'\r' | b'\n');
            let from = self.held.iter().rposition(|byte| !is_end(byte)).map_or(0, |at| at + 1);
            let tail = self.held.get(from..).unwrap_or_default();
            let end = from + tail.iter().position(|byte| *byte == CTRL_Z).unwrap_or(tail.len());
            let held = self.held.split_off(end);
            (self.ready, self.given) = (std::mem::replace(&mut self.held, held), 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::WithoutCtrlZ;

    /// Gives as many bytes as it is told, one time after the other.
    struct Bits<'a>(&'a [u8], usize);

    impl Read for Bits<'_> {
        fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
            let room = self.1.min(out.len());
            self.0.read(&mut out[..room])
        }
    }

    #[test]
    fn a_ctrl_z_at_the_end_is_dropped_and_elsewhere_kept() {
        for (text, left) in [
            ("a\r\n\u{1a}", "a\r\n"),
            ("a\u{1a}\r\n", "a"),
            ("a\u{1a}\n\u{1a}\n", "a"),
            ("\u{1a}", ""),
            ("a\u{1a}b\n", "a\u{1a}b\n"),
            ("a\u{1a}\nb\u{1a}", "a\u{1a}\nb"),
            ("a\n", "a\n"),
        ] {
            for bits in [1, 2, 100] {
                let mut read = String::new();
                WithoutCtrlZ::new(Bits(text.as_bytes(), bits)).read_to_string(&mut read).unwrap();
                assert_eq!(read, left, "{text:?} {bits}");
            }
        }
    }
}
