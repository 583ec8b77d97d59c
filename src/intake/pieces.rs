//! Bytes of a pipe, kept until they have been read for the last time.

use std::io::{self, Read, Seek, SeekFrom};

const PIECE_BYTES: u64 = 1024 * 1024;

/// All that came out of a pipe, in pieces of one size.
#[derive(Default)]
pub(super) struct Pieces {
    pieces: Vec<Vec<u8>>,
    length: u64,
    at: u64,
    /// What was read is not needed again: the rows that are made of it take its room.
    letting_go: bool,
}

impl Pieces {
    pub(super) fn read(mut from: impl Read) -> io::Result<Pieces> {
        let mut all = Pieces::default();
        loop {
            let mut piece = Vec::new();
            let read = from.by_ref().take(PIECE_BYTES).read_to_end(&mut piece)?;
            if read == 0 {
                return Ok(all);
            }
            all.length += u64::try_from(read).unwrap_or(0);
            piece.shrink_to_fit();
            all.pieces.push(piece);
        }
    }

    pub(super) fn len(&self) -> u64 {
        self.length
    }

    /// From now on nobody goes back.
    pub(super) fn let_go(&mut self) {
        self.letting_go = true;
    }
}

impl Read for Pieces {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let number = usize::try_from(self.at / PIECE_BYTES).unwrap_or(usize::MAX);
        let within = usize::try_from(self.at % PIECE_BYTES).unwrap_or(usize::MAX);
        let Some(piece) = self.pieces.get_mut(number) else { return Ok(0) };
        let mut left = piece.get(within..).unwrap_or_default();
        let read = left.read(out)?;
        if self.letting_go && left.is_empty() {
            *piece = Vec::new();
        }
        self.at += u64::try_from(read).unwrap_or(0);
        Ok(read)
    }
}

impl Seek for Pieces {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(from) => self.length.checked_add_signed(from),
            SeekFrom::Current(from) => self.at.checked_add_signed(from),
        };
        self.at = at.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.at)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Seek, SeekFrom};

    use super::{PIECE_BYTES, Pieces};

    #[test]
    fn what_went_in_comes_out_from_any_place() {
        let length = PIECE_BYTES * 5 / 2;
        let bytes: Vec<u8> = (0..length).map(|at| u8::try_from(at % 251).unwrap()).collect();
        let mut pieces = Pieces::read(bytes.as_slice()).unwrap();
        assert_eq!(pieces.len(), length);
        for from in [0, 1, PIECE_BYTES - 1, PIECE_BYTES, 2 * PIECE_BYTES + 7, length, length + 9] {
            pieces.seek(SeekFrom::Start(from)).unwrap();
            let mut read = Vec::new();
            pieces.read_to_end(&mut read).unwrap();
            let left = usize::try_from(from).unwrap().min(bytes.len());
            assert!(read == bytes[left..], "{from}");
        }
        assert_eq!(pieces.seek(SeekFrom::End(-1)).unwrap(), length - 1);
        pieces.seek(SeekFrom::Start(3)).unwrap();
        pieces.let_go();
        let mut read = Vec::new();
        pieces.read_to_end(&mut read).unwrap();
        assert!(read == bytes[3..] && pieces.pieces.iter().all(Vec::is_empty));
    }
}
