//! x
pub mod outbox {
    pub fn write_whole(_: &std::path::Path, _: &[u8]) -> anyhow::Result<()> {
        Ok(())
    }
}
