//! `/link/{secret}`: the page on which a creator signs in, without scripts and pictures.
//!
//! As on the service, no key is asked for: who has the address may sign in. In the end the browser is sent to the redirect
//! URL of the session, or told how it ended if there is none.

use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;

use crate::handlers::link::{self, Deed};
use crate::http::reply::{Payload, Reply};
use crate::link::session::{Session, Stage};
use crate::link::sign_in::Attempt;
use crate::link::table::now;
use crate::query;
use crate::state::State;

const PREFIX: &str = "/link/";

/// A form is smaller than this.
const FORM_LIMIT: usize = 16 * 1024;

/// Whether a request is for the page of a session.
pub(crate) fn is_link(method: &Method, path: &str) -> bool {
    let secret = path.strip_prefix(PREFIX).unwrap_or_default();
    let taken = [Method::GET, Method::HEAD, Method::POST].contains(method);
    !secret.is_empty() && !secret.contains('/') && taken
}

/// Answers a request for the page of a session.
pub(crate) async fn answer(state: &State, request: Request<Incoming>) -> Reply {
    let secret = request.uri().path().strip_prefix(PREFIX).unwrap_or_default().to_owned();
    let form = if request.method() == Method::POST {
        match Limited::new(request.into_body(), FORM_LIMIT).collect().await {
            Ok(body) => query::pairs(&String::from_utf8_lossy(&body.to_bytes())),
            Err(_) => return page(StatusCode::PAYLOAD_TOO_LARGE, "The form is too long", ""),
        }
    } else {
        Vec::new()
    };
    let reply = link::act(state, &secret, deed(&form), shown);
    reply.unwrap_or_else(|| page(StatusCode::NOT_FOUND, "There is no such session", ""))
}

/// What a form asks for.
fn deed(form: &[(String, String)]) -> Deed<'_> {
    let value =
        |name: &str| form.iter().find(|(found, _)| found == name).map_or("", |(_, value)| value.as_str());
    match value("action") {
        "deny" => Deed::End(Stage::Denied),
        "send" => Deed::SendCode,
        "sign-in" => {
            Deed::SignIn(Attempt { email: value("email"), password: value("password"), code: value("otp") })
        }
        _ => Deed::Open,
    }
}

/// The page of a session, or the way back to who opened it. After a wrong password there is one, too, and the page of
/// the session takes another one.
fn shown(session: &Session) -> Reply {
    let is_over = session.is_over() || session.is_expired(now());
    match session.return_url(now()) {
        Some(url) if is_over || session.stage == Stage::InvalidCredentials => {
            let mut reply = Reply::new(StatusCode::SEE_OTHER, Payload::Empty);
            reply.header("location", url);
            reply
        }
        _ if is_over => page(StatusCode::OK, &format!("This session is over: {}", session.status(now())), ""),
        _ => match session.stage {
            Stage::AwaitingCode => page(StatusCode::OK, "Enter the code (123456)", CODE),
            Stage::InvalidCredentials => page(StatusCode::OK, "That was wrong. Try again", SIGN_IN),
            _ => page(StatusCode::OK, "Sign in to the sandbox", SIGN_IN),
        },
    }
}

const SIGN_IN: &str = "\
<p>any name @creator.sandbox.com, @creator-otp.sandbox.com, @fan.sandbox.com or @fan-otp.sandbox.com; the password is \
good-password, the code 123456</p>
<form method=\"post\">
<p><label>E-mail <input name=\"email\" autocomplete=\"username\"></label></p>
<p><label>Password <input name=\"password\" type=\"password\"></label></p>
<p><label>Code, if one is needed <input name=\"otp\" inputmode=\"numeric\"></label></p>
<p><button name=\"action\" value=\"sign-in\">Sign in</button> <button name=\"action\" value=\"deny\">Deny</button></p>
</form>";

const CODE: &str = "\
<form method=\"post\">
<p><label>Code <input name=\"otp\" inputmode=\"numeric\" autocomplete=\"one-time-code\"></label></p>
<p><button name=\"action\" value=\"sign-in\">Sign in</button> <button name=\"action\" value=\"send\">Send another</button>
<button name=\"action\" value=\"deny\">Deny</button></p>
</form>";

fn page(status: StatusCode, title: &str, body: &str) -> Reply {
    let text = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title></head>\n\
         <body><h1>{title}</h1>\n{body}\n</body></html>\n"
    );
    let mut reply =
        Reply::new(status, Payload::Text { content_type: "text/html; charset=utf-8".to_owned(), text });
    reply.header("cache-control", "no-store");
    reply.header("referrer-policy", "no-referrer");
    reply
}
