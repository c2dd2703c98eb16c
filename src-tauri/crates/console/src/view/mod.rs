//! What crosses to a host: plain data without secrets, typed for TypeScript.

mod credential;
mod draft;
mod exchange;
mod gateway;
mod recipe;
mod settings;
mod watch;
mod workspace;

pub use self::credential::*;
pub use self::draft::*;
pub use self::exchange::*;
pub use self::gateway::*;
pub use self::recipe::*;
pub use self::settings::*;
pub use self::watch::*;
pub use self::workspace::*;
