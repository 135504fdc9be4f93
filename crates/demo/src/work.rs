//! What people do all day, by department.

use event::Timestamp;

use crate::company::World;
use crate::draft::{Draft, Target, Value};
use crate::office::SECOND;
use crate::records::Record;
use crate::session::{Session, SessionId};
use crate::staff::Department;

/// One thing a person does.
#[derive(Clone, Copy)]
pub(crate) enum Doing {
    View(Kind),
    Create(Kind),
    Edit(Kind),
    Delete(Kind),
    Search,
    Report,
    Export(Kind),
    Import(Kind),
    RaiseCredit,
    Note,
    Setting,
    Profile,
    Password,
    SecondFactor,
    AskPermission,
}

/// Which records.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Customer,
    Product,
    Order,
    Invoice,
    Quote,
    Financial,
}

use Doing::{
    AskPermission, Create, Delete, Edit, Export, Import, Note, Password, Profile, RaiseCredit,
    Report, Search, SecondFactor, Setting, View,
};
use Kind::{Customer, Financial, Invoice, Order, Product, Quote};

/// Everybody does these now and then.
const ANYBODY: &[(Doing, u32)] = &[
    (Profile, 5),
    (Password, 2),
    (SecondFactor, 1),
    (AskPermission, 3),
];

fn doings(department: Department) -> &'static [(Doing, u32)] {
    match department {
        Department::Sales => &[
            (View(Customer), 16),
            (View(Order), 9),
            (Edit(Customer), 12),
            (Create(Quote), 13),
            (Edit(Quote), 16),
            (Create(Order), 12),
            (Edit(Order), 12),
            (Create(Customer), 3),
            (RaiseCredit, 3),
            (Note, 6),
            (Search, 5),
            (Export(Customer), 1),
            (Report, 2),
        ],
        Department::Finance => &[
            (View(Financial), 14),
            (View(Invoice), 8),
            (Create(Invoice), 12),
            (Edit(Invoice), 24),
            (Create(Financial), 14),
            (Edit(Financial), 8),
            (Report, 7),
            (Export(Financial), 2),
            (Search, 4),
            (Edit(Customer), 3),
        ],
        Department::Support => &[
            (View(Order), 16),
            (View(Customer), 14),
            (Edit(Order), 26),
            (Edit(Customer), 14),
            (Note, 14),
            (Search, 8),
            (Delete(Order), 2),
        ],
        Department::Warehouse => &[
            (Edit(Product), 42),
            (Edit(Order), 24),
            (View(Order), 14),
            (View(Product), 6),
            (Import(Product), 2),
            (Delete(Product), 1),
        ],
        Department::Marketing => &[
            (View(Customer), 14),
            (View(Product), 10),
            (Edit(Product), 22),
            (Create(Product), 5),
            (Edit(Customer), 12),
            (Search, 10),
            (Export(Customer), 3),
            (Report, 6),
        ],
        Department::It => &[
            (Setting, 12),
            (View(Customer), 8),
            (Search, 10),
            (Report, 4),
            (Edit(Product), 8),
        ],
        Department::People => &[
            (Profile, 20),
            (View(Financial), 8),
            (Report, 8),
            (Search, 8),
        ],
    }
}

impl World {
    /// Does one thing in a session.
    pub(crate) fn work_once(&mut self, at: Timestamp, id: SessionId) {
        let Some(session) = self.sessions.get(&id).cloned() else {
            return;
        };
        if self.random.chance(4) {
            let doing = self.random.weighted(ANYBODY);
            return self.do_one(at, &session, doing);
        }
        let doing = self
            .random
            .weighted(doings(self.staff[session.person].department));
        self.do_one(at, &session, doing);
    }

    pub(crate) fn do_one(&mut self, at: Timestamp, session: &Session, doing: Doing) {
        match doing {
            View(kind) => self.view(at, session, kind),
            Create(kind) => self.create(at, session, kind),
            Edit(kind) => self.edit(at, session, kind),
            Delete(kind) => self.delete(at, session, kind),
            Search => self.search(at, session),
            Report => self.report_generate(at, session),
            Export(kind) => {
                let records = self.random.between(20, 900);
                self.export(at, session, kind, records);
            }
            Import(kind) => self.import(at, session, kind),
            RaiseCredit => {
                let place = self.random.favouring_few(self.records.customers.len());
                self.raise_credit(at, session, place);
            }
            Note => self.note(at, session),
            Setting => self.setting(at, session),
            Profile => self.profile(at, session),
            Password => self.password(at, session),
            SecondFactor => self.second_factor(at, session),
            AskPermission => self.ask_permission(at, session),
        }
    }

    /// An event a person causes in a session.
    pub(crate) fn by(&self, session: &Session, action: &'static str) -> Draft {
        let mut draft = Draft::new(action, self.staff[session.person].actor())
            .with_client(session.client.clone());
        draft.session.clone_from(&session.token);
        draft
    }

    pub(crate) fn list(&mut self, kind: Kind) -> &mut Vec<Record> {
        match kind {
            Customer => &mut self.records.customers,
            Product => &mut self.records.products,
            Order => &mut self.records.orders,
            Invoice => &mut self.records.invoices,
            Quote => &mut self.records.quotes,
            Financial => &mut self.records.ledger,
        }
    }

    /// A record people are busy with: a popular customer or product, a recent document.
    fn choose(&mut self, kind: Kind) -> usize {
        let length = self.list(kind).len();
        let near = self.random.favouring_few(length);
        match kind {
            Customer | Product => near,
            _ => length - 1 - near,
        }
    }

    fn view(&mut self, at: Timestamp, session: &Session, kind: Kind) {
        let place = self.choose(kind);
        let target = self.list(kind)[place].target();
        let duration = self.random.wait(90);
        let draft = self
            .by(session, kind.actions().view)
            .saying(format!("Viewed {}", target.name));
        self.report(at, &draft.about(target).taking(duration));
    }

    fn create(&mut self, at: Timestamp, session: &Session, kind: Kind) {
        let random = &mut self.random;
        let record = match kind {
            Customer => self.records.new_customer(random),
            Product => self.records.new_product(random),
            Order => self.records.new_order(random),
            Invoice => self.records.new_invoice(random),
            Quote => self.records.new_quote(random),
            Financial => self.records.new_entry(random),
        }
        .clone();
        let mut draft = self
            .by(session, kind.actions().create)
            .about(record.target())
            .saying(format!("Created {}", record.name))
            .changing(record.as_created());
        if let Some(amount) = record.value("amount") {
            draft = draft
                .with("amount", amount.clone())
                .with("currency", "USD".into());
        }
        if matches!(kind, Order | Invoice | Quote) {
            let customer = self.choose(Customer);
            draft = draft.about(self.records.customers[customer].target());
        }
        self.report(at, &draft);
    }

    fn edit(&mut self, at: Timestamp, session: &Session, kind: Kind) {
        let place = self.choose(kind);
        let random = &mut self.random;
        let record = match kind {
            Customer => &mut self.records.customers[place],
            Product => &mut self.records.products[place],
            Order => &mut self.records.orders[place],
            Invoice => &mut self.records.invoices[place],
            Quote => &mut self.records.quotes[place],
            Financial => &mut self.records.ledger[place],
        };
        if record.deleted {
            return self.view(at, session, kind);
        }
        let mut changes = record.edit(random);
        // Forms send fields that were not touched, too.
        if random.chance(10) {
            changes.extend(
                record
                    .unchanged("status")
                    .filter(|same| changes.iter().all(|c| c.path != same.path)),
            );
        }
        let (target, label) = (record.target(), changes[0].label);
        let action = match (kind, changes[0].path) {
            (Product, "stock") => "inventory.adjust",
            (Product, "price") => "product.price.update",
            (Order, "status") => "order.status.update",
            (Invoice, "status") => "invoice.status.update",
            _ => kind.actions().update,
        };
        let duration = self.random.wait(160);
        let draft = self
            .by(session, action)
            .saying(format!("{label} of {} changed", target.name));
        self.report(at, &draft.about(target).changing(changes).taking(duration));
    }

    fn delete(&mut self, at: Timestamp, session: &Session, kind: Kind) {
        let place = self.choose(kind);
        let record = &mut self.list(kind)[place];
        if std::mem::replace(&mut record.deleted, true) {
            return self.view(at, session, kind);
        }
        let target = record.target();
        let draft = self
            .by(session, kind.actions().delete)
            .saying(format!("Deleted {}", target.name));
        self.report(at, &draft.about(target));
    }

    fn search(&mut self, at: Timestamp, session: &Session) {
        let words = self.random.pick(&[
            "overdue", "harbour", "oak desk", "returned", "net 45", "express",
        ]);
        let (hits, duration) = (self.random.between(0, 240), self.random.wait(210));
        let draft = self
            .by(session, "search")
            .about(Target::new("customer", "all", "Customers"))
            .saying(format!("Searched for {words}"))
            .with("words", words.into())
            .counting(hits)
            .taking(duration);
        self.report(at, &draft);
    }

    fn report_generate(&mut self, at: Timestamp, session: &Session) {
        let (id, name) = self.random.weighted(&[
            (("sales-by-region", "Sales by region"), 3),
            (("aged-receivables", "Aged receivables"), 3),
            (("stock-valuation", "Stock valuation"), 2),
            (("campaign-results", "Campaign results"), 1),
        ]);
        let (rows, duration) = (self.random.between(40, 4_000), self.random.wait(2_400));
        let draft = self
            .by(session, "report.generate")
            .about(Target::new("report", id, name))
            .saying(format!("Generated the report {name}"))
            .with("format", self.random.pick(&["pdf", "xlsx", "csv"]).into())
            .counting(rows)
            .taking(duration);
        self.report(at, &draft.in_component("reports"));
    }

    /// Records leave the house as a file.
    pub(crate) fn export(&mut self, at: Timestamp, session: &Session, kind: Kind, records: i64) {
        let names = kind.actions();
        let mut draft = self
            .by(session, names.export)
            .about(Target::new(names.kind, "list", names.plural))
            .saying(format!("Exported {records} records: {}", names.plural))
            .with("format", "csv".into())
            .counting(records)
            .taking(40 + records * 2);
        draft.bytes = Some(records * 412);
        if records >= 1_000 {
            draft.severity = "high";
        }
        self.report(at, &draft);
    }

    fn import(&mut self, at: Timestamp, session: &Session, kind: Kind) {
        let names = kind.actions();
        let records = self.random.between(10, 600);
        let draft = self
            .by(session, names.import)
            .about(Target::new(names.kind, "list", names.plural))
            .saying(format!("Imported {records} records: {}", names.plural))
            .counting(records)
            .taking(100 + records * 5);
        self.report(at, &draft);
    }

    fn note(&mut self, at: Timestamp, session: &Session) {
        let place = self.choose(Customer);
        let target = self.records.customers[place].target();
        let words = self.random.pick(&[
            "Called about a late delivery",
            "Asked for a copy of the last invoice",
            "Agreed on a new delivery address",
            "Complained about a damaged pallet",
        ]);
        let draft = self
            .by(session, "customer.note.create")
            .saying(format!("{words}: {}", target.name));
        self.report(at, &draft.about(target));
    }

    fn setting(&mut self, at: Timestamp, session: &Session) {
        let place = self.random.below(self.records.settings.len());
        let setting = &mut self.records.settings[place];
        let changes = setting.edit(&mut self.random);
        let target = setting.target();
        let draft = self
            .by(session, "settings.update")
            .saying(format!("Setting changed: {}", target.name));
        self.report(at, &draft.about(target).changing(changes));
    }

    fn profile(&mut self, at: Timestamp, session: &Session) {
        let new = crate::staff::phone(&mut self.random);
        let person = &mut self.staff[session.person];
        let old = std::mem::replace(&mut person.phone, new.clone());
        let target = person.target();
        let change = crate::draft::Change {
            path: "phone",
            label: "Telephone",
            old: Value::Text(old),
            new: Value::Text(new),
        };
        let draft = self
            .by(session, "user.profile.update")
            .saying(format!("Profile of {} changed", target.name));
        self.report(at, &draft.about(target).changing(vec![change]));
    }

    fn password(&mut self, at: Timestamp, session: &Session) {
        let target = self.staff[session.person].target();
        let draft = self
            .by(session, "password.change")
            .saying(format!("{} changed the password", target.name));
        self.report(at, &draft.about(target).in_component("auth"));
    }

    /// Turns the second factor on, once a person.
    pub(crate) fn second_factor(&mut self, at: Timestamp, session: &Session) {
        let person = &mut self.staff[session.person];
        if std::mem::replace(&mut person.second_factor, true) {
            return self.password(at, session);
        }
        let target = person.target();
        let draft = self
            .by(session, "mfa.enable")
            .saying(format!("{} turned on the second factor", target.name))
            .with("method", "authenticator app".into());
        self.report(at, &draft.about(target).in_component("auth"));
    }

    fn ask_permission(&mut self, at: Timestamp, session: &Session) {
        let wanted = self
            .random
            .pick(&["invoices.read", "reports.schedule", "customers.export"]);
        let correlation = self.token("cor");
        let target = self.staff[session.person].target();
        let draft = self
            .by(session, "access.request")
            .saying(format!("{} asks for {wanted}", target.name))
            .with("permission", wanted.into())
            .correlated(&correlation);
        self.report(at, &draft.about(target.clone()));
        let notice = Self::notification(
            "it",
            &format!("{} asks for {wanted}", target.name),
            &correlation,
        );
        self.report_later(at, 2 * SECOND, notice.about(target));
    }
}

/// What actions on a kind of record are called.
pub(crate) struct Actions {
    kind: &'static str,
    plural: &'static str,
    view: &'static str,
    create: &'static str,
    update: &'static str,
    delete: &'static str,
    export: &'static str,
    import: &'static str,
}

macro_rules! actions {
    ($kind:literal, $plural:literal) => {
        Actions {
            kind: $kind,
            plural: $plural,
            view: concat!($kind, ".view"),
            create: concat!($kind, ".create"),
            update: concat!($kind, ".update"),
            delete: concat!($kind, ".delete"),
            export: concat!($kind, ".export"),
            import: concat!($kind, ".import"),
        }
    };
}

impl Kind {
    fn actions(self) -> &'static Actions {
        match self {
            Customer => &actions!("customer", "Customer list"),
            Product => &actions!("product", "Product list"),
            Order => &actions!("order", "Order list"),
            Invoice => &actions!("invoice", "Invoice list"),
            Quote => &actions!("quote", "Quote list"),
            Financial => &actions!("financial_record", "General ledger"),
        }
    }
}
