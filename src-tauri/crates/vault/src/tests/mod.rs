//! The vault with stores that fail on purpose.

mod fakes;

mod backends;
mod keyring_errors;
mod passphrase_vault;
mod placement;
mod power_loss;
mod sealed_reader;
mod worker_limits;
