//! Independent implementations: what our own gateway cannot prove.

mod capture;
mod certificates;
mod client_certificate;
pub(crate) mod grants;
mod matrix;
mod nginx;
mod oidc_provider;
mod openid_client;
pub mod openssl;
pub(crate) mod person;
mod scan;
mod trust;
mod watch;
