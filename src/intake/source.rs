//! Where a file comes from, and what its first bytes say it is.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use crate::intake::Format;
use crate::intake::encoding::{Encoding, PIECE_BYTES, Seen, WithoutCtrlZ, first_bad_line, look};
use crate::intake::pieces::Pieces;
use crate::intake::problem::Unreadable;

/// The most that is read of something that has no beginning to go back to.
const PIPE_BYTES_MAX: u64 = 512 * 1024 * 1024;

/// A file or a pipe, open.
pub struct Source {
    bytes: Bytes,
    /// It may have broken off: nobody says how long it was to be.
    pub(super) piped: bool,
    /// By the ending of its name.
    named: Option<Format>,
}

pub(super) enum Bytes {
    File(File),
    Memory(Pieces),
}

impl Read for Bytes {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self {
            Bytes::File(file) => file.read(out),
            Bytes::Memory(bytes) => bytes.read(out),
        }
    }
}

impl Seek for Bytes {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match self {
            Bytes::File(file) => file.seek(to),
            Bytes::Memory(bytes) => bytes.seek(to),
        }
    }
}

/// A text as UTF-8, without its mark and without a Ctrl-Z at its end.
pub(super) struct Text {
    pub reader: WithoutCtrlZ<Box<dyn Read>>,
    pub encoding: Encoding,
    pub format: TextFormat,
}

/// How a text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TextFormat {
    Csv,
    Jsonl,
    Json,
}

/// What a file turned out to be.
pub(super) enum Content {
    Text(Text),
    Workbook(Bytes),
}

/// Opens a file. What is no regular file is read as a pipe is.
pub fn file(path: &Path) -> Result<Source, Unreadable> {
    let open = File::open(path).map_err(Unreadable::Io)?;
    let metadata = open.metadata().map_err(Unreadable::Io)?;
    if metadata.is_dir() {
        return Err(Unreadable::Directory);
    }
    let source = if metadata.is_file() {
        Source { bytes: Bytes::File(open), piped: false, named: None }
    } else {
        pipe(open)?
    };
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    let named = match extension.to_lowercase().as_str() {
        "jsonl" | "ndjson" => Some(Format::Jsonl),
        "json" => Some(Format::Json),
        "csv" | "tsv" => Some(Format::Csv),
        "xlsx" | "xlsm" => Some(Format::Xlsx),
        _ => None,
    };
    Ok(Source { named, ..source })
}

/// Reads all that comes out of a pipe.
pub fn pipe(from: impl Read) -> Result<Source, Unreadable> {
    let read = Pieces::read(from.take(PIPE_BYTES_MAX + 1)).map_err(Unreadable::Io)?;
    if read.len() > PIPE_BYTES_MAX {
        return Err(Unreadable::TooLong);
    }
    Ok(Source { bytes: Bytes::Memory(read), piped: true, named: None })
}

impl Source {
    /// What the file is. A format that was not named is told by the first bytes, and for a text by the name of
    /// the file, or else by its first letter.
    pub(super) fn content(mut self, format: Option<Format>) -> Result<Content, Unreadable> {
        let mut begin = vec![0; PIECE_BYTES];
        let read = read_full(&mut self.bytes, &mut begin).map_err(Unreadable::Io)?;
        begin.truncate(read);
        if begin.starts_with(b"\xd0\xcf\x11\xe0") {
            self.seek(0)?;
            let encrypted = names_encryption(&mut self.bytes).map_err(Unreadable::Io)?;
            return Err(if encrypted { Unreadable::Encrypted } else { Unreadable::OldXls });
        }
        if begin.starts_with(b"PK\x03\x04") || begin.starts_with(b"PK\x05\x06") {
            self.seek(0)?;
            return match format {
                None | Some(Format::Xlsx) => Ok(Content::Workbook(self.bytes)),
                Some(Format::Csv | Format::Jsonl | Format::Json) => Err(Unreadable::Spreadsheet),
            };
        }
        if format.or(self.named) == Some(Format::Xlsx) {
            return Err(Unreadable::NotXlsx {
                what: if begin.is_empty() { "empty" } else { "something else" },
            });
        }
        let (encoding, mark) = self.encoding(&begin)?;
        let first = first_letter(begin.get(usize::try_from(mark).unwrap_or(0)..).unwrap_or_default());
        if first == Some(b'<') {
            return Err(Unreadable::Markup);
        }
        let format = match (format.or(self.named), first) {
            // Many a program writes lines into a file that it names .json.
            (Some(Format::Json), Some(b'{')) if format.is_none() => TextFormat::Jsonl,
            (Some(Format::Json), _) => TextFormat::Json,
            (Some(Format::Jsonl), _) | (None, Some(b'{')) => TextFormat::Jsonl,
            (None, Some(b'[')) => TextFormat::Json,
            (Some(Format::Csv | Format::Xlsx) | None, _) => TextFormat::Csv,
        };
        self.seek(mark)?;
        if let Bytes::Memory(pieces) = &mut self.bytes {
            pieces.let_go();
        }
        Ok(Content::Text(Text { reader: WithoutCtrlZ::new(encoding.decoded(self.bytes)), encoding, format }))
    }

    /// How the bytes are written, and how many of them only say so.
    fn encoding(&mut self, begin: &[u8]) -> Result<(Encoding, u64), Unreadable> {
        for (mark, encoding) in [(b"\xff\xfe", Encoding::Utf16Le), (b"\xfe\xff", Encoding::Utf16Be)] {
            if begin.starts_with(mark) {
                self.seek(2)?;
                return match first_bad_line(&mut self.bytes, encoding).map_err(Unreadable::Io)? {
                    Some(line) => Err(Unreadable::BadUtf16 { line }),
                    None => Ok((encoding, 2)),
                };
            }
        }
        self.seek(0)?;
        match look(&mut self.bytes).map_err(Unreadable::Io)? {
            Seen::Utf8 if begin.starts_with("\u{feff}".as_bytes()) => Ok((Encoding::Utf8, 3)),
            Seen::Utf8 => Ok((Encoding::Utf8, 0)),
            Seen::ZeroByte { line } => Err(Unreadable::ZeroByte { line }),
            Seen::NotUtf8 { line } => {
                self.seek(0)?;
                match first_bad_line(&mut self.bytes, Encoding::Cp949).map_err(Unreadable::Io)? {
                    Some(_) => Err(Unreadable::NoEncoding { line }),
                    None => Ok((Encoding::Cp949, 0)),
                }
            }
        }
    }

    fn seek(&mut self, to: u64) -> Result<(), Unreadable> {
        self.bytes.seek(SeekFrom::Start(to)).map(|_| ()).map_err(Unreadable::Io)
    }
}

/// Whether an OLE file, which old workbooks are too, holds an encrypted workbook: one of its streams says so by
/// its name, in UTF-16.
fn names_encryption(bytes: &mut impl Read) -> io::Result<bool> {
    let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut piece = vec![0; PIECE_BYTES];
    let mut kept = Vec::new();
    loop {
        let read = bytes.read(&mut piece)?;
        kept.extend_from_slice(piece.get(..read).unwrap_or_default());
        if kept.windows(name.len()).any(|window| window == name) {
            return Ok(true);
        }
        if read == 0 {
            return Ok(false);
        }
        kept.drain(..kept.len().saturating_sub(name.len()));
    }
}

/// The first byte that is no blank; in UTF-16 the zeros beside it are none either.
fn first_letter(bytes: &[u8]) -> Option<u8> {
    bytes.iter().copied().find(|byte| !byte.is_ascii_whitespace() && *byte != 0)
}

fn read_full(from: &mut impl Read, into: &mut [u8]) -> io::Result<usize> {
    let mut read = 0;
    while let Some(room) = into.get_mut(read..).filter(|room| !room.is_empty()) {
        match from.read(room)? {
            0 => break,
            more => read += more,
        }
    }
    Ok(read)
}
