//! What follows by itself: approvals after a change, the life of a web order, programs that call
//! the API, and the assistant that works for people.

use event::Timestamp;

use crate::company::World;
use crate::draft::{Actor, Client, Draft, Target, Value};
use crate::office::{HOUR, MINUTE, SECOND};
use crate::queue::Step;
use crate::session::Session;
use crate::staff::{Department, leader};

/// Mean time between web orders over a day, and between calls of the API.
const SHOP_EVERY: i64 = 38 * MINUTE;
const API_EVERY: i64 = 19 * MINUTE;

impl World {
    /// A higher credit limit needs approval: the request and the manager's notification follow
    /// within seconds, the decision within the hour, all tied by one correlation id.
    pub(crate) fn raise_credit(&mut self, at: Timestamp, session: &Session, place: usize) {
        let correlation = self.token("cor");
        let customer = &mut self.records.customers[place];
        let Some(Value::Money(limit)) = customer.value("credit_limit").cloned() else {
            return;
        };
        // Limits go back down when the season is over.
        let new = if limit > 20_000_000 {
            1_000_000
        } else {
            limit + limit / 2
        };
        let mut changes = customer.set("credit_limit", Value::Money(new / 50_000 * 50_000));
        changes.extend(customer.change("payment_terms", &mut self.random));
        changes.extend(customer.unchanged("status"));
        let target = customer.target();
        let draft = self
            .by(session, "customer.credit_limit.update")
            .saying(format!(
                "Credit limit and payment terms of {} changed",
                target.name
            ));
        self.report(
            at,
            &draft
                .about(target.clone())
                .changing(changes)
                .correlated(&correlation),
        );

        let asked = Draft::new("approval.request", Actor::system("workflow"))
            .about(target.clone())
            .saying(format!(
                "Approval asked for the new credit limit of {}",
                target.name
            ))
            .correlated(&correlation)
            .in_component("workflow");
        self.report_later(at, 3 * SECOND, asked);
        let notice = Self::notification(
            "sales",
            &format!("Approval waits: {}", target.name),
            &correlation,
        );
        self.report_later(at, 4 * SECOND, notice.about(target.clone()));

        let manager = &self.staff[leader(&self.staff, Department::Finance)];
        let approved = !self.random.chance(12);
        let (action, word) = if approved {
            ("approval.approve", "approved")
        } else {
            ("approval.reject", "rejected")
        };
        let decision = Draft::new(action, manager.actor())
            .about(target.clone())
            .saying(format!("New credit limit of {} {word}", target.name))
            .with_client(manager.client(false, false))
            .correlated(&correlation)
            .in_component("workflow");
        let after = self.random.between(4 * MINUTE, HOUR);
        self.report_later(at, after, decision);
    }

    /// A message to people, sent by the mail service.
    pub(crate) fn notification(to: &'static str, words: &str, correlation: &str) -> Draft {
        Draft::new(
            "notification.send",
            Actor::machine("service", "svc-mail", "Mail service", "service"),
        )
        .saying(words)
        .with("to", to.into())
        .with("channel", "e-mail".into())
        .correlated(correlation)
        .in_component("mail")
    }

    /// An order arrives from the web shop; invoice, payment and shipping follow.
    pub(crate) fn shop_order(&mut self, at: Timestamp) {
        // Fewer people shop at night.
        let quiet = matches!(self.office.hour(at), 0..7);
        let next = self
            .random
            .wait(if quiet { 3 * SHOP_EVERY } else { SHOP_EVERY });
        self.queue.plan(at.plus_micros(next), Step::ShopOrder);
        let customer = self.random.favouring_few(self.records.customers.len());
        let customer = self.records.customers[customer].target();
        let order = self.records.new_order(&mut self.random).clone();
        let correlation = self.token("cor");
        let amount = order.value("amount").cloned().unwrap_or(Value::Missing);
        let shop = || Actor::machine("api_key", "key-webshop", "Web shop key", "integration");
        let about = |action: &'static str, words: &str| {
            Draft::new(action, shop())
                .about(order.target())
                .about(customer.clone())
                .saying(format!("{words} {}", order.name))
                .with("amount", amount.clone())
                .with("currency", "USD".into())
                .correlated(&correlation)
                .in_component("api")
        };
        let client = Client {
            ip: "198.51.100.200".to_owned(),
            user_agent: "kestrel-webshop/4.2",
        };
        let created = about("order.create", "Web shop placed")
            .changing(order.as_created())
            .with_client(client);
        let paid = about("payment.create", "Payment received for").ending(
            if self.random.chance(4) {
                "failure"
            } else {
                "success"
            },
            "",
        );
        let invoice = self.records.new_invoice(&mut self.random).target();
        let invoiced = Draft::new(
            "invoice.create",
            Actor::machine("service", "svc-billing", "Billing service", "service"),
        )
        .about(invoice)
        .about(order.target())
        .saying(format!("Invoice written for {}", order.name))
        .with("amount", amount.clone())
        .correlated(&correlation)
        .in_component("billing");
        self.report(at, &created);
        self.report_later(at, 2 * SECOND, paid);
        self.report_later(at, 5 * SECOND, invoiced);
        let notice = Self::notification(
            "customer",
            &format!("Confirmation of {}", order.name),
            &correlation,
        );
        self.report_later(at, 7 * SECOND, notice.about(order.target()));
    }

    /// A program calls the API, now and the next time.
    pub(crate) fn api_call(&mut self, at: Timestamp) {
        let quiet = matches!(self.office.hour(at), 0..6);
        let next = self
            .random
            .wait(if quiet { 3 * API_EVERY } else { API_EVERY });
        self.queue.plan(at.plus_micros(next), Step::ApiCall);
        self.make_api_call(at);
    }

    /// One call of the API with its response time: 145 ms on average.
    pub(crate) fn make_api_call(&mut self, at: Timestamp) {
        let (id, name, host) = self.random.weighted(&[
            (("key-webshop", "Web shop key", 200), 5),
            (("key-carrier", "Carrier key", 201), 3),
            (("key-bi", "Reporting key", 202), 2),
        ]);
        let (method, route, kind) = self.random.weighted(&[
            (("GET", "/api/orders", "order"), 5),
            (("GET", "/api/products", "product"), 4),
            (("POST", "/api/shipments", "order"), 3),
            (("GET", "/api/customers", "customer"), 2),
        ]);
        let status = self
            .random
            .weighted(&[(200, 96), (429, 2), (500, 1), (404, 1)]);
        let duration = 25 + self.random.wait(120);
        let client = Client {
            ip: format!("198.51.100.{host}"),
            user_agent: "kestrel-client/2.8",
        };
        let draft = Draft::new(
            "api_request",
            Actor::machine("api_key", id, name, "integration"),
        )
        .about(Target::new(kind, "list", route))
        .ending(if status < 400 { "success" } else { "failure" }, "")
        .saying(format!("{method} {route} answered {status}"))
        .with("method", method.into())
        .with("route", route.into())
        .with("status", Value::Whole(status))
        .with_client(client)
        .taking(duration)
        .in_component("api");
        self.report(at, &draft);
    }

    /// The assistant prepares something for a person, who is named beside it.
    pub(crate) fn agent_at_work(&mut self, at: Timestamp) {
        let department = *self
            .random
            .pick(&[&Department::Finance, &Department::Sales]);
        let person = leader(&self.staff, department) + self.random.below(5);
        let person = &self.staff[person];
        let agent = Actor::machine("ai_agent", "agent-quill", "Quill assistant", "assistant");
        let mut draft = if self.random.chance(60) {
            let place = self.records.invoices.len() - 1 - self.random.below(40);
            let invoice = &mut self.records.invoices[place];
            let changes = invoice.change("reminders", &mut self.random);
            let target = invoice.target();
            Draft::new("invoice.update", agent)
                .saying(format!("Reminder prepared for {}", target.name))
                .about(target)
                .changing(changes)
        } else {
            Draft::new("report.generate", agent)
                .about(Target::new(
                    "report",
                    "aged-receivables",
                    "Aged receivables",
                ))
                .saying("Drafted the report Aged receivables")
        };
        draft.on_behalf_of = Some(person.actor());
        draft.labels = &["assistant"];
        self.report(
            at,
            &draft
                .with("model", "quill-2".into())
                .in_component("assistant"),
        );
    }
}
