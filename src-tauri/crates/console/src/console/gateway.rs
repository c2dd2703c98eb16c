//! The local gateway: started, stopped, broken on purpose.

use std::sync::Arc;
use std::time::Duration;

use countersign_evidence::{Fault, Problem};
use countersign_gateway::{Dialect, Fault as GatewayFault, FaultGroup};

use super::{Answer, Console};
use crate::gateway::Start;
use crate::view::{ExchangeView, GatewayView, SendProgress, ZooLesson};

impl Console {
    /// The gateway's page.
    ///
    /// # Errors
    /// None now.
    pub async fn gateway_read(&self) -> Answer<GatewayView> {
        Ok(self.core.gateway_view(None).await)
    }

    /// Starts the gateway with the demo client's secret and key.
    ///
    /// # Errors
    /// A dialect that is none, a vault that cannot be read.
    pub async fn gateway_start(&self, dialect: &str, lifetime: u64) -> Answer<GatewayView> {
        let dialect = Dialect::parse(dialect).map_err(|e| e.problem())?;
        let lifetime = Duration::from_secs(lifetime.clamp(5, 3600));
        let (demo_secret, trusted_keys) = self.core.demo_identity().await?;
        let key = Arc::clone(&demo_secret);
        let start = Start { dialect, lifetime, demo_secret, trusted_keys, preferred_ports: true };
        match self.core.start_gateway(start).await {
            Ok(()) => {
                self.core.prepare_dialect(dialect, &key).await?;
                Ok(self.core.gateway_view(None).await)
            }
            Err(problem) => Ok(self.core.gateway_view(Some(problem)).await),
        }
    }

    /// Stops the gateway.
    ///
    /// # Errors
    /// None now.
    pub async fn gateway_stop(&self) -> Answer<GatewayView> {
        self.core.stop_gateway().await;
        self.gateway_read().await
    }

    /// Switches a fault of a group on, or off.
    ///
    /// # Errors
    /// A fault that is none; a gateway that does not run.
    pub async fn gateway_fault(&self, group: &str, fault: Option<&str>) -> Answer<GatewayView> {
        let unknown = || {
            Problem::new(
                "gateway.unknown_fault",
                Fault::Caller,
                format!("`{group}` is not a group of faults"),
                "nothing was changed",
            )
        };
        let group = FaultGroup::parse(group).ok_or_else(unknown)?;
        let fault = fault.map(GatewayFault::parse).transpose().map_err(|e| e.problem())?;
        self.core
            .change_faults(|gateway| match fault {
                Some(fault) => gateway.set_fault(fault),
                None => gateway.clear_fault(group),
            })
            .await?;
        self.gateway_read().await
    }

    /// Switches every fault off.
    ///
    /// # Errors
    /// A gateway that does not run.
    pub async fn gateway_clear_faults(&self) -> Answer<GatewayView> {
        self.core
            .change_faults(|gateway| FaultGroup::ALL.into_iter().for_each(|group| gateway.clear_fault(group)))
            .await?;
        self.gateway_read().await
    }

    /// Life of the tokens issued from now on.
    ///
    /// # Errors
    /// A gateway that does not run.
    pub async fn gateway_token_lifetime(&self, seconds: u64) -> Answer<GatewayView> {
        let lifetime = Duration::from_secs(seconds.clamp(5, 3600));
        self.core.with_gateway(|gateway| gateway.set_token_lifetime(lifetime)).await?;
        self.gateway_read().await
    }

    /// Every token issued so far has expired, from the gateway's view.
    ///
    /// # Errors
    /// A gateway that does not run.
    pub async fn gateway_expire_tokens(&self) -> Answer<GatewayView> {
        self.core.with_gateway(countersign_gateway::Gateway::expire_tokens_now).await?;
        self.gateway_read().await
    }

    /// The gateway's root for the clipboard.
    ///
    /// # Errors
    /// A gateway that does not run.
    pub async fn gateway_copy_ca(&self) -> Answer<String> {
        self.core.with_gateway(|gateway| gateway.ca_pem().to_owned()).await
    }

    /// Every lesson of the zoo. The running gateway serves it from now on.
    ///
    /// # Errors
    /// The gateway does not run, or no port is free.
    pub async fn zoo_read(&self) -> Answer<Vec<ZooLesson>> {
        self.core.zoo_lessons().await
    }

    /// One case of the zoo, looked at under the public profile; what its certificates point at is fetched from the
    /// gateway. Cancelled by [`send_cancel`](Self::send_cancel).
    ///
    /// # Errors
    /// The gateway does not run, or has no such case.
    pub async fn zoo_inspect(
        &self,
        id: &str,
        progress: impl Fn(SendProgress) + Send + Sync + 'static,
    ) -> Answer<ExchangeView> {
        self.core.zoo_inspect(id, Arc::new(progress)).await
    }
}
