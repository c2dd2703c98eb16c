#[tokio::test]
async fn a_client_certificate_that_was_asked_for_and_not_sent_is_written_down() {
    let (chain, clients) = (Made::good(), Ca::root("Clients"));
    let server = Server::tls(mutual(&chain, &clients, false)).await;
    let record = Bench::new().connect(&server.target(), &Policy::new(chain.trust())).await.unwrap().record;
    let handshake = record.handshake.as_ref().unwrap();
    assert!(handshake.client_certificate_requested);
    assert_eq!(handshake.client_certificate, Some(CertificateUse { sent: false, subject: None }));
    assert_eq!(handshake.acceptable_issuers, ["CN=Clients"]);
}

#[tokio::test]
async fn a_client_certificate_is_sent_and_named() {
    let (chain, clients) = (Made::good(), Ca::root("Clients"));
    let server = Server::tls(mutual(&chain, &clients, false)).await;
    let policy = Policy { client_identity: Some(identity(&clients)), ..Policy::new(chain.trust()) };
    let record = Bench::new().connect(&server.target(), &policy).await.unwrap().record;
    let used = record.handshake.as_ref().unwrap().client_certificate.clone();
    assert_eq!(used, Some(CertificateUse { sent: true, subject: Some("CN=merchant 7".to_owned()) }));
}

#[tokio::test]
async fn a_demand_for_a_client_certificate_is_recognised_in_both_versions() {
    let (chain, clients) = (Made::good(), Ca::root("Clients"));
    let server = Server::tls(mutual(&chain, &clients, true)).await;
    let bench = Bench::new();
    let old = Policy { max_version: Some(Version::Tls12), ..Policy::new(chain.trust()) };
    assert_eq!(
        code(&bench.refused(&server.target(), &old).await),
        "client_certificate.required",
        "TLS 1.2: in the handshake"
    );

    let mut connection = bench.connect(&server.target(), &Policy::new(chain.trust())).await.unwrap();
    let error = connection.io.read_u8().await.unwrap_err();
    let alert = alert_in(&error).expect("TLS 1.3: in the first read");
    let error = error_for_alert_after_handshake(&connection.record, alert).unwrap();
    assert_eq!(error.problem().code, "client_certificate.required");
    assert!(error.problem().detail.contains("CN=Clients"), "the issuers it accepts: {error:?}");
    assert_eq!(error_for_alert_after_handshake(&connection.record, Alert(0)), None, "close_notify is a goodbye");
}

#[tokio::test]
async fn a_refused_client_certificate_is_named() {
    let (chain, clients) = (Made::good(), Ca::root("Clients"));
    let server = Server::tls(mutual(&chain, &clients, true)).await;
    let stranger = Ca::root("Strangers");
    let policy = Policy {
        client_identity: Some(identity(&stranger)),
        max_version: Some(Version::Tls12),
        ..Policy::new(chain.trust())
    };
    let failure = Bench::new().refused(&server.target(), &policy).await;
    assert_eq!(code(&failure), "client_certificate.refused");
    assert_eq!(failure.record.verdict.state, VerdictState::Trusted, "the server had proved itself");
    assert!(failure.error.problem().detail.contains("sent CN=merchant 7"), "{failure:?}");
}
