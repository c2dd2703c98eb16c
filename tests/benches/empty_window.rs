//! An empty window of the same framework and the same build: the floor that the window's start is measured against.
#![allow(clippy::exit, reason = "the code that generate_context! makes")]

use tauri::http::Response;
use tauri::http::header::{CONTENT_TYPE, HeaderValue};
use tauri::webview::PageLoadEvent;
use tauri::{Builder, WebviewUrl, WebviewWindowBuilder};

fn main() -> tauri::Result<()> {
    let mut context = tauri::generate_context!("tauri.conf.json");
    context.config_mut().app.windows.clear();
    Builder::default()
        .register_uri_scheme_protocol("empty", |_, _| {
            let mut page = Response::new(b"<!doctype html><title>empty</title><p>empty".to_vec());
            page.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html"));
            page
        })
        .setup(|app| {
            let url = "empty://localhost/".parse().map(WebviewUrl::CustomProtocol)?;
            WebviewWindowBuilder::new(app, "empty", url)
                .inner_size(1280.0, 800.0)
                .on_page_load(|_, payload| {
                    if let (PageLoadEvent::Finished, Some(file)) =
                        (payload.event(), std::env::var_os("COUNTERSIGN_READY_FILE"))
                    {
                        let _unwritten = std::fs::write(file, b"ready");
                    }
                })
                .build()?;
            Ok(())
        })
        .run(context)
}
