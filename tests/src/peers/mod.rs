//! Independent implementations: what our own gateway cannot prove.

mod certificates;
mod client_certificate;
mod nginx;
mod oidc_provider;
pub mod openssl;
mod trust;
