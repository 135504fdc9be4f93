//! The company's business records, with the values they hold now, so that the old value of every
//! change is what the record really said before.

use crate::draft::{Change, Target, Value};
use crate::random::Random;
use crate::staff::phone;

/// Open orders, invoices and quotes kept in memory; older ones are taken as done.
const OPEN_DOCUMENTS: usize = 400;
const CUSTOMERS: usize = 480;
const PRODUCTS: usize = 160;

const NAME_FIRST: &[&str] = &[
    "Harbour",
    "Maple",
    "Copper",
    "Bright",
    "Stonegate",
    "Lakeside",
    "Alder",
    "Pioneer",
    "Velvet",
    "Juniper",
    "Keystone",
    "Orchard",
    "Silverline",
    "Foxglove",
    "Granite",
    "Meadow",
    "Cobalt",
    "Evergreen",
    "Windmill",
    "Saffron",
];
const NAME_LAST: &[&str] = &[
    "Trading",
    "Foods",
    "Interiors",
    "Clinics",
    "Hotels",
    "Outfitters",
    "Builders",
    "Bakeries",
    "Textiles",
    "Logistics",
    "Schools",
    "Energy",
    "Motors",
    "Books",
    "Instruments",
    "Dairy",
    "Printing",
    "Gardens",
    "Robotics",
    "Ceramics",
    "Sports",
    "Films",
    "Optics",
    "Tools",
];
const CITIES: &[&str] = &[
    "Boston",
    "Albany",
    "Hartford",
    "Newark",
    "Trenton",
    "Buffalo",
    "Providence",
    "Portland",
];
const MATERIALS: &[&str] = &[
    "Oak", "Steel", "Linen", "Ceramic", "Bamboo", "Glass", "Cork", "Walnut",
];
const THINGS: &[&str] = &[
    "Desk", "Lamp", "Shelf", "Chair", "Kettle", "Cabinet", "Stool", "Tray", "Clock", "Bench",
];
const TERMS: &[&str] = &["Net 15", "Net 30", "Net 45", "Net 60"];
const CUSTOMER_STATUS: &[&str] = &["Active", "On hold", "Prospect"];
const ORDER_STATUS: &[&str] = &[
    "Draft",
    "Confirmed",
    "Picking",
    "Shipped",
    "Delivered",
    "Cancelled",
];
const SHIPPING: &[&str] = &["Standard", "Express", "Pick-up"];
const PRIORITY: &[&str] = &["Low", "Normal", "High"];
const INVOICE_STATUS: &[&str] = &["Draft", "Sent", "Overdue", "Paid", "Void"];
const QUOTE_STATUS: &[&str] = &["Draft", "Sent", "Accepted", "Declined"];
const ACCOUNTS: &[&str] = &[
    "Accounts receivable",
    "Accounts payable",
    "Payroll",
    "Cash at bank",
    "Inventory",
    "Revenue",
    "Freight cost",
    "VAT payable",
    "Depreciation",
    "Marketing cost",
];

pub(crate) struct Records {
    pub(crate) customers: Vec<Record>,
    pub(crate) products: Vec<Record>,
    pub(crate) orders: Vec<Record>,
    pub(crate) invoices: Vec<Record>,
    pub(crate) quotes: Vec<Record>,
    pub(crate) ledger: Vec<Record>,
    pub(crate) settings: Vec<Record>,
    pub(crate) roles: Vec<Record>,
    pub(crate) configuration: Record,
    /// Number of the next record of each kind.
    next: Numbers,
}

struct Numbers {
    customer: u32,
    product: u32,
    order: u32,
    invoice: u32,
    quote: u32,
    entry: u32,
}

/// What a field may hold; decides how it changes.
#[derive(Clone, Copy)]
enum Domain {
    Choice(&'static [&'static str]),
    /// Cents from, to, and the step they are rounded to.
    Money(i64, i64, i64),
    Whole(i64, i64),
    Phone,
    Flag,
    /// A day this many days or fewer after the company's made-up calendar of due dates begins.
    Date,
}

#[derive(Clone)]
pub(crate) struct Field {
    pub(crate) path: &'static str,
    pub(crate) label: &'static str,
    domain: Domain,
    pub(crate) value: Value,
}

/// One business record.
#[derive(Clone)]
pub(crate) struct Record {
    pub(crate) kind: &'static str,
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) fields: Vec<Field>,
    pub(crate) deleted: bool,
}

impl Records {
    pub(crate) fn found(random: &mut Random) -> Self {
        let mut records = Self {
            customers: Vec::new(),
            products: Vec::new(),
            orders: Vec::new(),
            invoices: Vec::new(),
            quotes: Vec::new(),
            ledger: Vec::new(),
            settings: settings(random),
            roles: roles(),
            configuration: Record::new(
                "system",
                "erp".to_owned(),
                "ERP".to_owned(),
                random,
                &[
                    ("workers", "Workers", Domain::Whole(2, 16)),
                    (
                        "log_level",
                        "Log level",
                        Domain::Choice(&["info", "debug", "warn"]),
                    ),
                ],
            ),
            next: Numbers {
                customer: 10_001,
                product: 2_001,
                order: 104_200,
                invoice: 58_100,
                quote: 20_700,
                entry: 7_001,
            },
        };
        for _ in 0..CUSTOMERS {
            records.new_customer(random);
        }
        for _ in 0..PRODUCTS {
            records.new_product(random);
        }
        for _ in 0..60 {
            records.new_order(random);
            records.new_invoice(random);
            records.new_quote(random);
        }
        for _ in 0..ACCOUNTS.len() {
            records.new_entry(random);
        }
        records
    }

    pub(crate) fn new_customer(&mut self, random: &mut Random) -> &Record {
        let n = take(&mut self.next.customer);
        let place = n as usize;
        let first = NAME_FIRST[place * 7 % NAME_FIRST.len()];
        let last = NAME_LAST[(place / NAME_FIRST.len() + place * 5) % NAME_LAST.len()];
        let record = Record::new(
            "customer",
            format!("CUS-{n}"),
            format!("{first} {last}"),
            random,
            &[
                (
                    "credit_limit",
                    "Credit limit",
                    Domain::Money(200_000, 9_000_000, 50_000),
                ),
                ("payment_terms", "Payment terms", Domain::Choice(TERMS)),
                ("status", "Status", Domain::Choice(CUSTOMER_STATUS)),
                ("phone", "Telephone", Domain::Phone),
                ("city", "City", Domain::Choice(CITIES)),
                ("discount_percent", "Discount", Domain::Whole(0, 20)),
                ("newsletter", "Newsletter", Domain::Flag),
            ],
        );
        keep(&mut self.customers, record, usize::MAX)
    }

    pub(crate) fn new_product(&mut self, random: &mut Random) -> &Record {
        let n = take(&mut self.next.product);
        let place = n as usize;
        let (material, thing) = (
            MATERIALS[place % MATERIALS.len()],
            THINGS[place / 3 % THINGS.len()],
        );
        let record = Record::new(
            "product",
            format!("SKU-{n}"),
            format!("{material} {thing} {}", n % 900),
            random,
            &[
                ("price", "Price", Domain::Money(900, 90_000, 50)),
                ("stock", "Stock", Domain::Whole(0, 900)),
                ("reorder_level", "Reorder level", Domain::Whole(5, 80)),
                ("on_sale", "On sale", Domain::Flag),
            ],
        );
        keep(&mut self.products, record, usize::MAX)
    }

    pub(crate) fn new_order(&mut self, random: &mut Random) -> &Record {
        let n = take(&mut self.next.order);
        let record = Record::new(
            "order",
            format!("SO-{n}"),
            format!("Order SO-{n}"),
            random,
            &[
                ("status", "Status", Domain::Choice(ORDER_STATUS)),
                ("amount", "Amount", Domain::Money(2_000, 1_500_000, 1)),
                ("shipping", "Shipping", Domain::Choice(SHIPPING)),
                ("priority", "Priority", Domain::Choice(PRIORITY)),
                ("items", "Items", Domain::Whole(1, 40)),
            ],
        );
        keep(&mut self.orders, record, OPEN_DOCUMENTS)
    }

    pub(crate) fn new_invoice(&mut self, random: &mut Random) -> &Record {
        let n = take(&mut self.next.invoice);
        let record = Record::new(
            "invoice",
            format!("INV-{n}"),
            format!("Invoice INV-{n}"),
            random,
            &[
                ("status", "Status", Domain::Choice(INVOICE_STATUS)),
                ("amount", "Amount", Domain::Money(2_000, 1_500_000, 1)),
                ("due_date", "Due date", Domain::Date),
                ("reminders", "Reminders", Domain::Whole(0, 4)),
            ],
        );
        keep(&mut self.invoices, record, OPEN_DOCUMENTS)
    }

    pub(crate) fn new_quote(&mut self, random: &mut Random) -> &Record {
        let n = take(&mut self.next.quote);
        let record = Record::new(
            "quote",
            format!("QU-{n}"),
            format!("Quote QU-{n}"),
            random,
            &[
                ("status", "Status", Domain::Choice(QUOTE_STATUS)),
                ("amount", "Amount", Domain::Money(10_000, 4_000_000, 100)),
                ("discount_percent", "Discount", Domain::Whole(0, 25)),
            ],
        );
        keep(&mut self.quotes, record, OPEN_DOCUMENTS)
    }

    pub(crate) fn new_entry(&mut self, random: &mut Random) -> &Record {
        let n = take(&mut self.next.entry);
        let account = ACCOUNTS[n as usize % ACCOUNTS.len()];
        let record = Record::new(
            "financial_record",
            format!("GL-{n}"),
            format!("{account} {n}"),
            random,
            &[
                ("amount", "Amount", Domain::Money(1_000, 5_000_000, 1)),
                ("cleared", "Cleared", Domain::Flag),
            ],
        );
        keep(&mut self.ledger, record, OPEN_DOCUMENTS)
    }
}

impl Record {
    fn new(
        kind: &'static str,
        id: String,
        name: String,
        random: &mut Random,
        fields: &[(&'static str, &'static str, Domain)],
    ) -> Self {
        let fields = fields
            .iter()
            .map(|(path, label, domain)| Field {
                path,
                label,
                domain: *domain,
                value: domain.first(random),
            })
            .collect();
        Self {
            kind,
            id,
            name,
            fields,
            deleted: false,
        }
    }

    pub(crate) fn target(&self) -> Target {
        Target::new(self.kind, self.id.clone(), self.name.clone())
    }

    /// Gives one to three fields other values and says what changed.
    pub(crate) fn edit(&mut self, random: &mut Random) -> Vec<Change> {
        let first = random.below(self.fields.len());
        let count = random
            .weighted(&[(1, 65), (2, 25), (3, 10)])
            .min(self.fields.len());
        (0..count)
            .map(|n| self.change_place((first + n) % self.fields.len(), random))
            .collect()
    }

    /// Gives the named field another value.
    pub(crate) fn change(&mut self, path: &str, random: &mut Random) -> Vec<Change> {
        let place = self.fields.iter().position(|field| field.path == path);
        place
            .map(|place| self.change_place(place, random))
            .into_iter()
            .collect()
    }

    /// Gives the named field this value.
    pub(crate) fn set(&mut self, path: &str, new: Value) -> Vec<Change> {
        let field = self.fields.iter_mut().find(|field| field.path == path);
        field.map(|field| field.set(new)).into_iter().collect()
    }

    /// The named field as an entry of a change list that did not change.
    pub(crate) fn unchanged(&self, path: &str) -> Option<Change> {
        let field = self.fields.iter().find(|field| field.path == path)?;
        let Field {
            path, label, value, ..
        } = field;
        Some(Change {
            path,
            label,
            old: value.clone(),
            new: value.clone(),
        })
    }

    /// All fields as a creation shows them.
    pub(crate) fn as_created(&self) -> Vec<Change> {
        let change = |field: &Field| Change {
            path: field.path,
            label: field.label,
            old: Value::Missing,
            new: field.value.clone(),
        };
        self.fields.iter().take(3).map(change).collect()
    }

    pub(crate) fn value(&self, path: &str) -> Option<&Value> {
        self.fields
            .iter()
            .find(|field| field.path == path)
            .map(|field| &field.value)
    }

    fn change_place(&mut self, place: usize, random: &mut Random) -> Change {
        let field = &mut self.fields[place];
        let new = field.domain.other(&field.value, random);
        field.set(new)
    }
}

impl Field {
    fn set(&mut self, new: Value) -> Change {
        let old = std::mem::replace(&mut self.value, new.clone());
        Change {
            path: self.path,
            label: self.label,
            old,
            new,
        }
    }
}

impl Domain {
    fn first(self, random: &mut Random) -> Value {
        match self {
            Domain::Choice(of) => of[0].into(),
            Domain::Flag => Value::Flag(false),
            _ => self.draw(random),
        }
    }

    fn draw(self, random: &mut Random) -> Value {
        match self {
            Domain::Choice(of) => random.pick(of).into(),
            Domain::Money(from, to, step) => {
                // Small amounts are far more common than large ones.
                let cents = from + random.favouring_few((to - from) as usize) as i64;
                Value::Money(cents / step * step)
            }
            Domain::Whole(from, to) => Value::Whole(random.between(from, to + 1)),
            Domain::Phone => Value::Text(phone(random)),
            Domain::Flag => Value::Flag(random.chance(50)),
            Domain::Date => Value::Date(format!(
                "2027-{:02}-{:02}",
                1 + random.below(12),
                1 + random.below(28)
            )),
        }
    }

    /// Another value than `now`.
    fn other(self, now: &Value, random: &mut Random) -> Value {
        if let (Domain::Flag, Value::Flag(flag)) = (self, now) {
            return Value::Flag(!flag);
        }
        loop {
            let value = self.draw(random);
            if value != *now {
                return value;
            }
        }
    }
}

fn take(next: &mut u32) -> u32 {
    *next += 1;
    *next - 1
}

/// Keeps a record, forgetting the oldest above `limit`.
fn keep(list: &mut Vec<Record>, record: Record, limit: usize) -> &Record {
    if list.len() >= limit {
        list.remove(0);
    }
    list.push(record);
    &list[list.len() - 1]
}

fn settings(random: &mut Random) -> Vec<Record> {
    let setting = |id: &str, name: &str, domain: Domain, random: &mut Random| {
        Record::new(
            "setting",
            id.to_owned(),
            name.to_owned(),
            random,
            &[("value", "Value", domain)],
        )
    };
    vec![
        setting(
            "tax.rounding",
            "Tax rounding",
            Domain::Choice(&["Line", "Document"]),
            random,
        ),
        setting(
            "invoice.reminder_days",
            "Days before a reminder",
            Domain::Whole(7, 30),
            random,
        ),
        setting(
            "session.timeout_minutes",
            "Session timeout",
            Domain::Whole(15, 60),
            random,
        ),
        setting(
            "order.auto_confirm",
            "Confirm orders automatically",
            Domain::Flag,
            random,
        ),
        setting(
            "approval.credit_limit",
            "Credit limit that needs approval",
            Domain::Money(500_000, 2_000_000, 50_000),
            random,
        ),
        setting(
            "mail.sender",
            "Sender of e-mails",
            Domain::Choice(&["orders@example.com", "hello@example.com"]),
            random,
        ),
    ]
}

fn roles() -> Vec<Record> {
    let role = |id: &str, name: &str| Record {
        kind: "role",
        id: id.to_owned(),
        name: name.to_owned(),
        deleted: false,
        fields: vec![Field {
            path: "permissions",
            label: "Permissions",
            domain: Domain::Choice(&["orders", "orders, invoices", "orders, invoices, users"]),
            value: "orders, invoices".into(),
        }],
    };
    vec![
        role("admin", "Administrator"),
        role("sales_manager", "Sales manager"),
        role("accountant", "Accountant"),
    ]
}
