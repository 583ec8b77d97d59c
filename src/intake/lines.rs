//! Lines counted as an editor counts them: LF, CR and CRLF each end one.

/// The line that the next byte stands on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lines {
    line: u64,
    after_return: bool,
}

impl Lines {
    pub(super) fn from(line: u64) -> Lines {
        Lines { line, after_return: false }
    }

    pub(super) fn line(self) -> u64 {
        self.line
    }

    /// Goes over one byte. True where a line ends with it, and the next one is counted.
    pub(super) fn pass(&mut self, byte: u8) -> bool {
        let ends = byte == b'\r' || (byte == b'\n' && !self.after_return);
        self.after_return = byte == b'\r';
        self.line += u64::from(ends);
        ends
    }

    pub(super) fn pass_all(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.pass(*byte);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Lines;

    #[test]
    fn every_way_to_end_a_line_counts_once() {
        for (text, line) in
            [("", 1), ("a", 1), ("a\r\nb\nc", 3), ("a\rb\r", 3), ("a\n\nb", 3), ("a\r\r\nb", 3)]
        {
            let mut lines = Lines::from(1);
            lines.pass_all(text.as_bytes());
            assert_eq!(lines.line(), line, "{text:?}");
        }
    }
}
