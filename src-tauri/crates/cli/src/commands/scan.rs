//! `scan`: what a server offers; a finding of severity error is exit 1, because the findings are the question.

use countersign_console::Options;
use countersign_evidence::{FindingSeverity, Scan, ScannedVersion};

use super::{Ended, UnderWay, closing, interruptible};
use crate::args::{Connect, Global, ScanArgs};
use crate::shell::{Shell, Style};
use crate::{exit, open};

/// Width of the first column of a table.
const FIRST: usize = 24;

pub(crate) async fn run(shell: &Shell, global: &Global, args: ScanArgs) -> Ended {
    let connect = Connect { ca: Vec::new(), connect_to: args.connect_to, sni: args.sni, tls_max: None };
    let options = Options { cold: true, ..open::options(global, &connect)? };
    let console = open::console(global, options).await?;
    let under_way = UnderWay::default();
    let ended = async {
        let scan = interruptible(&console, &under_way, console.scan(&args.host, under_way.scanning())).await?;
        if shell.json {
            shell.document(&scan, true);
        } else {
            print(shell, &scan);
        }
        let bad = scan.findings.iter().any(|finding| finding.severity == FindingSeverity::Error);
        Ok(if bad { exit::NO } else { exit::YES })
    };
    let ended = ended.await;
    closing(&console, ended).await
}

fn print(shell: &Shell, scan: &Scan) {
    shell.data(&shell.mark(Style::Bold, &scan.title));
    let took = scan.duration_us / 1000;
    shell.data(&shell.mark(Style::Faint, &format!("{}, {} probes in {took} ms", scan.endpoint, scan.probes)));
    for finding in &scan.findings {
        let mark = match finding.severity {
            FindingSeverity::Error => shell.mark(Style::Invalid, "error  "),
            FindingSeverity::Warning => shell.mark(Style::Caution, "warning"),
            FindingSeverity::Info => "info   ".to_owned(),
        };
        shell.data(&format!("\n{mark}  {}  [{}]", finding.sentence, finding.id));
        let citation = format!("{} {}", finding.citation.source, finding.citation.section);
        shell.data(&shell.mark(Style::Faint, &format!("         {} ({})", finding.fix, citation.trim())));
    }
    shell.data("\nVersions");
    for version in &scan.versions {
        let state = if version.accepted { "accepted" } else { "refused" };
        shell.data(&format!("  {:<FIRST$}{state:<12}{}", version.name, version.answer));
    }
    for version in scan.versions.iter().filter(|version| version.accepted) {
        shell.data(&format!("\nCipher suites of {}{}", version.name, order(version)));
        for (index, suite) in version.suites.iter().enumerate() {
            let remark = suite.remark.as_deref().unwrap_or_default();
            shell.data(format!("  {:>3}  {:<50}{remark}", index + 1, suite.name).trim_end());
        }
    }
    if !scan.groups.is_empty() {
        let order = match scan.groups_in_server_order {
            Some(true) => ", in the server’s order",
            Some(false) => ", the client’s order counts",
            None => "",
        };
        shell.data(&format!("\nNamed groups{order}"));
        for (index, group) in scan.groups.iter().enumerate() {
            let remark = if group.post_quantum { "post-quantum" } else { "" };
            shell.data(format!("  {:>3}  {:<50}{remark}", index + 1, group.name).trim_end());
        }
    }
    if !scan.signature_schemes.is_empty() {
        shell.data("\nSignature schemes, TLS 1.2");
        for (index, scheme) in scan.signature_schemes.iter().enumerate() {
            shell.data(&format!("  {:>3}  {scheme}", index + 1));
        }
    }
    shell.data("\nFeatures");
    for feature in &scan.features {
        shell.data(&format!("  {:<FIRST$}{}", feature.name, feature.value));
    }
    shell.data(&shell.mark(Style::Faint, "\nA scan names what is offered; it is no test for vulnerabilities."));
}

fn order(version: &ScannedVersion) -> &'static str {
    match version.server_order {
        Some(true) => ", in the server’s order",
        Some(false) => ", the client’s order counts",
        None => "",
    }
}
