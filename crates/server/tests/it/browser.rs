//! A person's browser: keeps the cookie, says where its requests come from.

use std::cell::RefCell;

use serde_json::{Value, json};
use server::{AdminAnswer, AdminRequest};

use crate::harness::{Answer, House};

/// A good password.
pub(crate) const PASSWORD: &str = "violet tractor hums at noon";

/// A browser.
pub(crate) struct Browser<'h> {
    house: &'h House,
    cookie: RefCell<String>,
}

impl<'h> Browser<'h> {
    pub(crate) fn new(house: &'h House) -> Self {
        Browser {
            house,
            cookie: RefCell::default(),
        }
    }

    /// A browser in which somebody has signed in, as `role` of a tenant. The account is made.
    pub(crate) fn signed_in(house: &'h House, email: &str, role: &str, tenant: &str) -> Self {
        let browser = Browser::new(house);
        let token = make_user(house, email, role, tenant);
        let body = json!({"token": token, "password": PASSWORD});
        browser.post("/v1/reset", &body).ok();
        browser
    }

    /// The cookie as it is sent.
    pub(crate) fn cookie(&self) -> String {
        self.cookie.borrow().clone()
    }

    /// As another browser that has the same cookie.
    pub(crate) fn with_cookie(house: &'h House, cookie: &str) -> Self {
        Browser {
            house,
            cookie: RefCell::new(cookie.to_owned()),
        }
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, None)
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.ask("POST", path, Some(body))
    }

    pub(crate) fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let text = body.map_or_else(String::new, Value::to_string);
        let mut headers = Vec::new();
        if method != "GET" {
            headers.push(("origin", "http://test"));
            headers.push(("content-type", "application/json"));
        }
        self.send(method, path, &headers, text.as_bytes())
    }

    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        let cookie = self.cookie();
        let mut headers = headers.to_vec();
        if !cookie.is_empty() {
            headers.push(("cookie", &cookie));
        }
        let answer = self.house.ask(method, path, "", &headers, body);
        let set = answer.header("set-cookie");
        if !set.is_empty() {
            let pair = set.split(';').next().unwrap_or_default();
            *self.cookie.borrow_mut() = match set.contains("Max-Age=0") {
                true => String::new(),
                false => pair.to_owned(),
            };
        }
        answer
    }
}

/// Makes an account through the command line's door; answers with its link's token.
pub(crate) fn make_user(house: &House, email: &str, role: &str, tenant: &str) -> String {
    let request = AdminRequest::UserCreate {
        tenant: tenant.to_owned(),
        name: email.split('@').next().unwrap_or_default().to_owned(),
        email: email.to_owned(),
        role: role.to_owned(),
        role_until: None,
    };
    match house.administer(request).unwrap() {
        AdminAnswer::User { link, .. } => token_of(&link.unwrap_or_default()),
        other => panic!("no user: {other:?}"),
    }
}

/// The secret of a link.
pub(crate) fn token_of(link: &str) -> String {
    link.rsplit('#').next().unwrap_or_default().to_owned()
}

/// Events of Annals' own with this action, the newest first.
pub(crate) fn told(house: &House, key: &str, action: &str) -> Vec<Value> {
    let path = format!("/v1/events?own=include&limit=1000&sort=sequence&q=action:{action}");
    let page = house.ask("GET", &path, key, &[], b"").ok();
    page["events"].as_array().cloned().unwrap_or_default()
}
