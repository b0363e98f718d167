//! Letters as files that other mail programs read, one for each Message-ID.
//! What stands in them is left to `message`.

use std::path::PathBuf;

use crate::flow::files;

pub struct Folder(PathBuf);

impl Folder {
    pub fn new(path: PathBuf) -> Folder {
        Folder(path)
    }

    /// Nobody ever sees half of one; the same letter again is the same file.
    pub fn write(&self, message_id: &str, bytes: &[u8]) -> anyhow::Result<()> {
        let name = message_id.split_once('@').map_or(message_id, |(local, _)| local);
        files::write_whole(&self.0.join(format!("{name}.eml")), bytes)
    }
}
