//! Independent implementations: what our own gateway cannot prove.

mod capture;
mod certificates;
mod client_certificate;
mod grants;
mod matrix;
mod nginx;
mod oidc_provider;
pub mod openssl;
mod person;
mod scan;
mod trust;
mod watch;
