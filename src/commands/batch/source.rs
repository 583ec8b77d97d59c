//! The bytes of the input, as UTF-8, read in pieces.

use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::path::Path;

use encoding_rs::{CoderResult, DecoderResult, EUC_KR};

use crate::commands::handed_in::{count_lines, is_stdin, piped};
use crate::failure::{Failure, Kind};

/// The most that is read of something that has no beginning to go back to.
const PIPE_BYTES_MAX: u64 = 512 * 1024 * 1024;
const PIECE_BYTES: usize = 64 * 1024;

/// The input, open, and how its bytes are to be read.
pub(super) struct Source {
    pub name: String,
    pub encoding: Encoding,
    pub text: Box<dyn Read>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Utf8,
    /// What Excel writes on a Korean Windows: code page 949, of which EUC-KR is a part.
    Cp949,
}

/// Opens a file or, for `-`, stdin, and finds out how it is written.
pub(super) fn open(file: &Path) -> Result<Source, Failure> {
    if is_stdin(file) {
        let stdin = piped("billkey batch - < charges.csv")?;
        return decoded("stdin".to_owned(), Cursor::new(read_whole("stdin", stdin)?));
    }
    let name = file.display().to_string();
    let open = File::open(file).map_err(|error| unreadable(&name, &error))?;
    let metadata = open.metadata().map_err(|error| unreadable(&name, &error))?;
    if metadata.is_dir() {
        return Err(Failure::usage(format!("{name} is a directory; name a file")));
    }
    if metadata.is_file() {
        decoded(name, open)
    } else {
        decoded(name.clone(), Cursor::new(read_whole(&name, open)?))
    }
}

fn read_whole(name: &str, from: impl Read) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    match from.take(PIPE_BYTES_MAX + 1).read_to_end(&mut bytes) {
        Ok(read) if u64::try_from(read).is_ok_and(|read| read <= PIPE_BYTES_MAX) => Ok(bytes),
        Ok(_) => Err(Failure::usage(format!("{name} is longer than 512 MB; split it"))),
        Err(error) => Err(unreadable(name, &error)),
    }
}

/// Whoever names a file that cannot be read named the wrong one.
fn unreadable(name: &str, error: &io::Error) -> Failure {
    Failure { kind: Kind::Usage, ..Failure::io(format!("read {name}"), error) }
}

fn decoded(name: String, mut bytes: impl Read + Seek + 'static) -> Result<Source, Failure> {
    let unreadable = |error: io::Error| unreadable(&name, &error);
    let seen = look(&mut bytes).map_err(unreadable)?;
    let wrong = |what: String| Err(Failure::usage(format!("{name}: {what}")));
    let mut encoding = Encoding::Utf8;
    match seen {
        Seen::Utf8 { .. } => {}
        Seen::Spreadsheet => {
            return wrong("it is a spreadsheet, not text; save it as `CSV UTF-8`".to_owned());
        }
        Seen::Utf16 => return wrong("it is written in UTF-16; save it as `CSV UTF-8`".to_owned()),
        Seen::Binary { line } => {
            return wrong(format!("line {line} holds a zero byte; it is not a text file"));
        }
        Seen::NotUtf8 { line } => {
            bytes.seek(SeekFrom::Start(0)).map_err(unreadable)?;
            if !is_cp949(&mut bytes).map_err(unreadable)? {
                return wrong(format!(
                    "line {line} is neither UTF-8 nor CP949; save the file as `CSV UTF-8`"
                ));
            }
            encoding = Encoding::Cp949;
        }
    }
    let mark = if let Seen::Utf8 { with_mark: true } = seen { 3 } else { 0 };
    bytes.seek(SeekFrom::Start(mark)).map_err(unreadable)?;
    let text: Box<dyn Read> = match encoding {
        Encoding::Utf8 => Box::new(bytes),
        Encoding::Cp949 => Box::new(Decoded::new(bytes)),
    };
    Ok(Source { name, encoding, text })
}

/// What the bytes look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    Utf8 {
        with_mark: bool,
    },
    /// The first line that is not.
    NotUtf8 {
        line: u64,
    },
    Binary {
        line: u64,
    },
    Utf16,
    Spreadsheet,
}

fn look(bytes: &mut impl Read) -> io::Result<Seen> {
    let mut piece = vec![0; PIECE_BYTES];
    let (mut kept, mut line, mut with_mark, mut first) = (0, 1, false, true);
    let mut not_utf8 = None;
    while let Some(room) = piece.get_mut(kept..) {
        let read = bytes.read(room)?;
        let now = piece.get(..kept + read).unwrap_or_default();
        if first {
            first = false;
            if now.starts_with(b"PK\x03\x04") || now.starts_with(b"\xd0\xcf\x11\xe0") {
                return Ok(Seen::Spreadsheet);
            }
            if now.starts_with(b"\xff\xfe") || now.starts_with(b"\xfe\xff") {
                return Ok(Seen::Utf16);
            }
            with_mark = now.starts_with("\u{feff}".as_bytes());
        }
        if let Some(at) = now.iter().position(|byte| *byte == 0) {
            return Ok(Seen::Binary { line: line + count_lines(now.get(..at).unwrap_or_default()) });
        }
        let valid = match std::str::from_utf8(now) {
            _whole if not_utf8.is_some() => now.len(),
            Ok(_) => now.len(),
            // A character that goes on in the next piece, unless there is none.
            Err(error) if error.error_len().is_none() && read > 0 => error.valid_up_to(),
            Err(error) => {
                not_utf8 = Some(line + count_lines(now.get(..error.valid_up_to()).unwrap_or_default()));
                now.len()
            }
        };
        line += count_lines(now.get(..valid).unwrap_or_default());
        if read == 0 {
            break;
        }
        kept = now.len() - valid;
        piece.copy_within(valid..valid + kept, 0);
    }
    Ok(not_utf8.map_or(Seen::Utf8 { with_mark }, |line| Seen::NotUtf8 { line }))
}

/// Whether all of it can be read as CP949 and nothing is lost. A control character of the upper
/// half is none of Excel's: it is text in some other code page.
fn is_cp949(bytes: &mut impl Read) -> io::Result<bool> {
    let mut decoder = EUC_KR.new_decoder_without_bom_handling();
    let mut piece = vec![0; PIECE_BYTES];
    let mut text = String::with_capacity(PIECE_BYTES * 2);
    loop {
        let read = bytes.read(&mut piece)?;
        let mut rest = piece.get(..read).unwrap_or_default();
        loop {
            text.clear();
            let (result, used) = decoder.decode_to_string_without_replacement(rest, &mut text, read == 0);
            rest = rest.get(used..).unwrap_or_default();
            if text.chars().any(|c| matches!(c, '\u{80}'..='\u{9f}')) {
                return Ok(false);
            }
            match result {
                DecoderResult::InputEmpty => break,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => return Ok(false),
            }
        }
        if read == 0 {
            return Ok(true);
        }
    }
}

/// CP949 on its way to UTF-8.
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
    fn new(bytes: R) -> Decoded<R> {
        Decoded {
            bytes,
            decoder: EUC_KR.new_decoder_without_bom_handling(),
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

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Read};

    use encoding_rs::EUC_KR;

    use super::{Encoding, PIECE_BYTES, decoded};

    fn read(bytes: &[u8]) -> Result<(Encoding, String), String> {
        let mut source =
            decoded("a.csv".to_owned(), Cursor::new(bytes.to_vec())).map_err(|failure| failure.message)?;
        let mut text = String::new();
        source.text.read_to_string(&mut text).unwrap();
        Ok((source.encoding, text))
    }

    #[test]
    fn utf_8_is_read_with_a_byte_order_mark_and_without() {
        for bytes in ["이름\n홍길동\n", "\u{feff}이름\n홍길동\n"] {
            assert_eq!(read(bytes.as_bytes()), Ok((Encoding::Utf8, "이름\n홍길동\n".to_owned())));
        }
        assert_eq!(read(b""), Ok((Encoding::Utf8, String::new())));
    }

    #[test]
    fn what_korean_excel_writes_is_decoded_wherever_a_piece_ends() {
        // `뷁` is in code page 949 and not in EUC-KR proper.
        for before in [0, 1, PIECE_BYTES - 3, PIECE_BYTES - 2, PIECE_BYTES - 1, 3 * PIECE_BYTES] {
            let text = format!("{}홍길동 뷁\n김영희", "a".repeat(before));
            let (bytes, _, lossy) = EUC_KR.encode(&text);
            assert!(!lossy);
            assert_eq!(read(&bytes), Ok((Encoding::Cp949, text)), "{before}");
            let text = format!("{}홍길동\n", "a".repeat(before));
            assert_eq!(read(text.as_bytes()), Ok((Encoding::Utf8, text)), "{before}");
        }
    }

    #[test]
    fn what_is_no_text_is_refused_with_its_line() {
        let refused = |bytes: &[u8], what: &str| {
            let message = read(bytes).unwrap_err();
            assert!(message.contains(what), "{message}");
        };
        refused(b"a\nb\n\xff\xff\n", "line 3 is neither UTF-8 nor CP949");
        refused(b"a\ncaf\xe9", "line 2 is neither");
        refused(b"a\nb\0c\n", "line 2 holds a zero byte");
        refused(b"PK\x03\x04\0\0", "a spreadsheet");
        refused(b"\xff\xfea\0", "UTF-16");
        let mut cut = "홍".as_bytes().to_vec();
        cut.pop();
        refused(&[b"a\n", cut.as_slice()].concat(), "line 2 is neither");
    }
}
