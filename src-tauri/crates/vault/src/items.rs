//! Keychain items as the worker sees them: blocking, one call at a time.

use std::sync::Arc;

use countersign_secret::SecretBytes;

use crate::failure::Failure;

/// A connection to a keychain. Lives on the worker's thread; made anew after a failure.
pub(crate) trait Items {
    /// The item's value, if there is the item.
    fn read(&self, user: &str) -> Result<Option<SecretBytes>, Failure>;
    /// Writes the item, making it if needed.
    fn write(&self, user: &str, label: &str, value: &SecretBytes) -> Result<(), Failure>;
    /// Removes the item; one that is not there is removed already.
    fn remove(&self, user: &str) -> Result<(), Failure>;
    /// The item's label, where the store has labels.
    fn label(&self, user: &str) -> Result<Option<String>, Failure>;
    /// Addresses of all items of a vault.
    fn addresses(&self, vault_id: &str) -> Result<Vec<String>, Failure>;
    /// Whether the keychain is locked; never opens a prompt.
    fn locked(&self) -> Result<bool, Failure>;
    /// Asks the keychain to unlock; the prompt may stand as long as a person leaves it standing.
    fn unlock(&self) -> Result<(), Failure>;
}

/// How a connection is made.
pub(crate) type Connect = Arc<dyn Fn() -> Result<Box<dyn Items>, Failure> + Send + Sync>;
