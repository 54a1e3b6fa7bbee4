//! `GET /assets/{file}`: the widget's files under names that change with their bytes.

use actix_web::http::header;
use actix_web::web::{Bytes, Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};

use super::problem::{Kind, Problem, ProblemBody};
use super::{get_or_head, resource};
use crate::assets::{EmbeddedFile, IMMUTABLE, Static, media_type, widget};

/// Registers the paths of this module.
pub fn configure(config: &mut ServiceConfig) {
    config
        .service(resource("/assets/{file}").route(get_or_head().to(asset)))
        .service(resource("/verifier.html").route(get_or_head().to(verifier)));
}

/// The document that checks receipts and bundles in a browser without a network; good from a disk, too.
#[utoipa::path(
    get, path = "/verifier.html", tag = "log",
    responses(
        (status = 200, description = "one document with all that it needs", content_type = "text/html", body = String),
        (status = 404, description = "not-found: built without the widget", body = ProblemBody,
         content_type = "application/problem+json"),
    )
)]
pub(super) async fn verifier() -> Result<HttpResponse, Problem> {
    let widget = widget().ok_or(Kind::NotFound)?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((header::CACHE_CONTROL, "public, max-age=300"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        // The rest of its policy stands in the document, where it holds on a disk as well.
        .insert_header((header::CONTENT_SECURITY_POLICY, "frame-ancestors 'none'"))
        .body(widget.verifier_html))
}

/// One of the widget's files.
#[utoipa::path(
    get, path = "/assets/{file}", tag = "site files",
    params(("file" = String, Path, description = "a name out of the guard's configuration")),
    responses(
        (status = 200, description = "the file, in brotli or gzip where the client takes it; immutable",
         content_type = "text/javascript", body = String),
        (status = 304, description = "the client has it"),
        (status = 404, description = "not-found", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn asset(request: HttpRequest, file: Path<String>) -> Result<HttpResponse, Problem> {
    let files = widget().map_or(&[][..], |widget| widget.files);
    let file = files.iter().find(|candidate| candidate.name == file.as_str()).ok_or(Kind::NotFound)?;
    Ok(of(file).respond(&request))
}

fn of(file: &'static EmbeddedFile) -> Static<'static> {
    Static {
        media_type: media_type(file.name),
        cache: IMMUTABLE,
        // The name has the hash in it.
        tag: file.name,
        raw: Bytes::from_static(file.raw),
        br: file.br.map(Bytes::from_static),
        gz: file.gz.map(Bytes::from_static),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::{StatusCode, header};
    use actix_web::test::{TestRequest, call_service, init_service, read_body};
    use actix_web::{App, body::MessageBody, dev::ServiceResponse, web};

    use super::*;

    static FILE: EmbeddedFile = EmbeddedFile {
        name: "avow-0123456789abcdef.js",
        raw: b"plain",
        br: Some(b"brotli"),
        gz: Some(b"gzip"),
    };

    async fn get(headers: &[(&str, &str)]) -> ServiceResponse<impl MessageBody + use<>> {
        let app = init_service(App::new().route(
            "/file",
            web::get().to(|request: HttpRequest| async move { of(&FILE).respond(&request) }),
        ))
        .await;
        let mut request = TestRequest::get().uri("/file");
        for header in headers {
            request = request.insert_header(*header);
        }
        call_service(&app, request.to_request()).await
    }

    fn value(response: &ServiceResponse<impl MessageBody>, name: header::HeaderName) -> &str {
        response.headers().get(name).map_or("", |value| value.to_str().expect("our headers are ASCII"))
    }

    #[actix_web::test]
    async fn each_encoding_is_sent_with_its_own_tag() {
        for (accept, encoding, body) in
            [("gzip, br", "br", "brotli"), ("gzip", "gzip", "gzip"), ("", "", "plain")]
        {
            let response = get(&[("accept-encoding", accept)]).await;
            assert_eq!(response.status(), StatusCode::OK);
            assert_eq!(value(&response, header::CONTENT_ENCODING), encoding);
            assert_eq!(value(&response, header::VARY), "Accept-Encoding");
            assert_eq!(value(&response, header::CACHE_CONTROL), IMMUTABLE);
            assert_eq!(value(&response, header::ACCESS_CONTROL_ALLOW_ORIGIN), "*");
            let tag = value(&response, header::ETAG).to_owned();
            assert_eq!(read_body(response).await, body);
            let again = get(&[("accept-encoding", accept), ("if-none-match", &tag)]).await;
            assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
            assert_eq!(value(&again, header::ETAG), tag);
        }
    }

    #[actix_web::test]
    async fn a_list_of_tags_and_a_weak_tag_match_and_another_encodings_does_not() {
        let list = get(&[("if-none-match", r#""x", W/"avow-0123456789abcdef.js""#)]).await;
        assert_eq!(list.status(), StatusCode::NOT_MODIFIED);
        let other =
            get(&[("accept-encoding", "br"), ("if-none-match", r#""avow-0123456789abcdef.js""#)]).await;
        assert_eq!(other.status(), StatusCode::OK);
    }

    #[actix_web::test]
    async fn an_unknown_file_is_not_found() {
        let app = init_service(App::new().configure(configure)).await;
        for path in ["/assets/avow-0.js", "/assets/..%2fmanifest.json", "/assets/manifest.json"] {
            let response = call_service(&app, TestRequest::get().uri(path).to_request()).await;
            assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
        }
    }
}
