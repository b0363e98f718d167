//! The workspace's key: signs workbooks that must come back as they went, and the links of log-ins.
//! It is made by `init`, and shared between machines.

use std::path::Path;

use anyhow::{Context, bail};
use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

const BYTES: usize = 32;

/// A secret of 32 bytes, kept as hexadecimal in a file that its owner alone reads.
#[derive(Clone)]
pub struct Key([u8; BYTES]);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(***)")
    }
}

impl Key {
    pub fn load(path: &Path) -> anyhow::Result<Key> {
        let text = fs_err::read_to_string(path)
            .context("The key of the workspace cannot be read; `hangloat init` makes one")?;
        let bytes = HEXLOWER_PERMISSIVE
            .decode(text.trim().as_bytes())
            .ok()
            .and_then(|bytes| bytes.try_into().ok());
        let Some(bytes) = bytes else {
            bail!("{}: this is no key: 64 hexadecimal digits", path.display())
        };
        Ok(Key(bytes))
    }

    /// Writes a fresh key where there is none.
    pub fn create(path: &Path) -> anyhow::Result<()> {
        use fs_err::os::unix::fs::OpenOptionsExt;
        use std::io::Write;
        let mut bytes = [0; BYTES];
        getrandom::fill(&mut bytes)
            .map_err(|error| anyhow::anyhow!("No randomness for a key: {error}"))?;
        let mut file =
            fs_err::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        writeln!(file, "{}", HEXLOWER.encode(&bytes))?;
        file.sync_all()?;
        Ok(())
    }

    /// HMAC-SHA256 of a message for a purpose, in hexadecimal.
    pub fn sign(&self, purpose: &str, message: &str) -> String {
        HEXLOWER.encode(&self.mac(purpose, message).finalize().into_bytes())
    }

    /// Compares in constant time.
    pub fn verifies(&self, purpose: &str, message: &str, signature: &str) -> bool {
        let Ok(signature) = HEXLOWER.decode(signature.as_bytes()) else { return false };
        self.mac(purpose, message).verify_slice(&signature).is_ok()
    }

    #[expect(clippy::expect_used, reason = "an HMAC takes keys of every length")]
    fn mac(&self, purpose: &str, message: &str) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("a key of 32 bytes");
        // The length keeps purpose and message apart.
        mac.update(format!("{}:{purpose}:{message}", purpose.len()).as_bytes());
        mac
    }
}

/// SHA-256 in lower-case hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_holds_for_its_key_purpose_and_message_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        Key::create(&path).unwrap();
        let (key, other) = (Key::load(&path).unwrap(), Key([7; BYTES]));
        let signature = key.sign("answer", "B000001");
        assert!(key.verifies("answer", "B000001", &signature));
        assert!(!key.verifies("answer", "B000002", &signature));
        assert!(!key.verifies("setup", "B000001", &signature));
        assert!(!other.verifies("answer", "B000001", &signature));
        assert!(Key::create(&path).is_err(), "a key is never overwritten");
    }
}
