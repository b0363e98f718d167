//! Which line of a text a byte is on, whether lines end in LF, CRLF or CR.
//! Records of several lines are told apart by those who read them.

/// Counts lines onward through a text.
pub(super) struct Lines<'a> {
    text: &'a [u8],
    at: usize,
    line: u32,
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a [u8]) -> Lines<'a> {
        Lines { text, at: 0, line: 1 }
    }

    /// The line of the first content from `byte` on: a reader leaves the end of one record, and blank
    /// lines, to the next.
    pub(super) fn of(&mut self, byte: usize) -> u32 {
        while let Some(found) = self.text.get(self.at) {
            let is_break = match found {
                b'\n' => true,
                b'\r' => self.text.get(self.at + 1) != Some(&b'\n'),
                _ if self.at >= byte => break,
                _ => false,
            };
            self.line += u32::from(is_break);
            self.at += 1;
        }
        self.line
    }
}

/// The line of a byte that is no end of a line.
pub(super) fn line_of(text: &[u8], byte: usize) -> u32 {
    Lines::new(&text[..byte]).of(byte)
}
