//! The story everybody finds in the log: each beat lies at a known time before the end of the
//! history, and smaller ones of the same kind lie in the weeks before.

use event::Timestamp;

use crate::company::World;
use crate::draft::{Change, Client, Draft, Target, Value};
use crate::office::{DAY, HOUR, MINUTE, SECOND};
use crate::session::{ATTEMPT_LIMIT, Session};
use crate::staff::{Department, PersonId, leader};
use crate::work::Kind;

/// One thing worth an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Beat {
    /// Wrong passwords up to the limit, then a locked account; unlocked hours later if it is old.
    Lockout {
        person: PersonId,
        unlocked_later: bool,
    },
    /// One address tries many unknown names.
    Spray,
    RoleChanged,
    RoleGranted,
    /// Marketing takes the customer list home.
    LargeExport {
        records: i64,
    },
    ApiKeyMade {
        production: bool,
    },
    SecondFactor,
    PasswordReset,
    CreditRaised,
    AfterHours,
    Impersonation,
    Hired,
    Left,
    ConfigurationChanged,
}

/// Who is locked out at the end of the story; nobody else of the story.
const LOCKED_OUT: PersonId = 22;
const KEYS: [(&str, &str); 3] = [
    ("key-carrier", "Carrier key"),
    ("key-bi", "Reporting key"),
    ("key-partner", "Partner key"),
];
/// The customer whose credit limit the story raises, place in the list.
const FAVOURITE_CUSTOMER: usize = 0;

/// All beats between two moments, in no order.
pub(crate) fn script(start: Timestamp, now: Timestamp) -> Vec<(Timestamp, Beat)> {
    let mut script: Vec<(Timestamp, Beat)> = [
        (6 * MINUTE, Beat::CreditRaised),
        (
            11 * MINUTE,
            Beat::Lockout {
                person: LOCKED_OUT,
                unlocked_later: false,
            },
        ),
        (17 * MINUTE, Beat::SecondFactor),
        (24 * MINUTE, Beat::PasswordReset),
        (48 * MINUTE, Beat::Spray),
        (2 * HOUR, Beat::RoleChanged),
        (2 * HOUR + 4 * MINUTE, Beat::RoleGranted),
        (3 * HOUR + 10 * MINUTE, Beat::LargeExport { records: 5_000 }),
        (25 * HOUR, Beat::ApiKeyMade { production: true }),
        (31 * HOUR, Beat::AfterHours),
        (2 * DAY, Beat::CreditRaised),
        (30 * HOUR, Beat::LargeExport { records: 2_400 }),
        (54 * HOUR, Beat::LargeExport { records: 1_800 }),
    ]
    .into_iter()
    .map(|(before, beat)| (now.plus_micros(-before), beat))
    .collect();
    let mut every = |days: i64, of_day: i64, beat: fn(i64) -> Beat| {
        let mut n = 1;
        while n * days * DAY + of_day < now.as_micros() - start.as_micros() {
            script.push((now.plus_micros(-n * days * DAY - of_day), beat(n)));
            n += 1;
        }
    };
    every(9, HOUR, |n| Beat::Lockout {
        person: (n as usize * 13) % 60,
        unlocked_later: true,
    });
    every(6, 5 * HOUR, |_| Beat::Spray);
    every(21, 3 * HOUR, |_| Beat::RoleChanged);
    every(17, 2 * HOUR, |_| Beat::RoleGranted);
    every(13, 4 * HOUR, |n| Beat::LargeExport {
        records: 1_000 + n * 40,
    });
    every(11, 6 * HOUR, |_| Beat::ApiKeyMade { production: false });
    every(5, 7 * HOUR, |_| Beat::PasswordReset);
    every(8, 13 * HOUR, |_| Beat::AfterHours);
    every(7, 3 * HOUR, |_| Beat::Impersonation);
    every(10, 4 * HOUR, |_| Beat::Hired);
    every(28, 5 * HOUR, |_| Beat::Left);
    every(4, 6 * HOUR, |_| Beat::ConfigurationChanged);
    script
}

impl World {
    pub(crate) fn tell(&mut self, at: Timestamp, beat: Beat) {
        match beat {
            Beat::Lockout {
                person,
                unlocked_later,
            } => self.lock_out(at, person, unlocked_later),
            Beat::Spray => self.spray(at),
            Beat::RoleChanged => self.change_role(at),
            Beat::RoleGranted => self.grant_role(at),
            Beat::LargeExport { records } => {
                let session = self.session_of(leader(&self.staff, Department::Marketing) + 2);
                self.export(at, &session, Kind::Customer, records);
            }
            Beat::ApiKeyMade { production } => self.make_api_key(at, production),
            Beat::SecondFactor => {
                let person = leader(&self.staff, Department::Finance) + 3;
                // Told even if it had been on: it was turned off with a lost telephone.
                self.staff[person].second_factor = false;
                let session = self.session_of(person);
                self.second_factor(at, &session);
            }
            Beat::PasswordReset => self.reset_password(at),
            Beat::CreditRaised => {
                let session = self.session_of(leader(&self.staff, Department::Sales));
                self.raise_credit(at, &session, FAVOURITE_CUSTOMER);
            }
            Beat::AfterHours => self.come_after_hours(at),
            Beat::Impersonation => self.impersonate(at),
            Beat::Hired => self.hire_somebody(at),
            Beat::Left => self.let_somebody_go(at),
            Beat::ConfigurationChanged => self.change_configuration(at),
        }
    }

    /// The session a person has open, or one for this moment only.
    fn session_of(&mut self, person: PersonId) -> Session {
        if let Some(session) = self
            .sessions
            .values()
            .find(|session| session.person == person)
        {
            return session.clone();
        }
        let token = self.token("sess");
        let client = self.staff[person].client(false, false);
        let never = Timestamp::EPOCH;
        Session {
            person,
            token,
            client,
            began: never,
            ends: never,
        }
    }

    fn by_administrator(&mut self, action: &'static str) -> Draft {
        let session = self.session_of(leader(&self.staff, Department::It));
        self.by(&session, action).in_component("admin")
    }

    fn lock_out(&mut self, at: Timestamp, person: PersonId, unlocked_later: bool) {
        let client = self.hostile_client();
        let client = Client {
            ip: client.ip,
            user_agent: self.staff[person].user_agent,
        };
        for attempt in 1..=ATTEMPT_LIMIT {
            let draft = self.failed_sign_in(person, attempt, client.clone());
            self.report_later(at, (attempt - 1) * 14 * SECOND, draft);
        }
        let locked = self.account_locked(person, client);
        self.report_later(at, (ATTEMPT_LIMIT - 1) * 14 * SECOND + SECOND, locked);
        if unlocked_later {
            let target = self.staff[person].target();
            let draft = self
                .by_administrator("account.unlock")
                .saying(format!("Account of {} unlocked", target.name));
            self.report_later(at, 40 * MINUTE, draft.about(target));
        }
    }

    fn spray(&mut self, at: Timestamp) {
        let client = self.hostile_client();
        for n in 0..14 {
            let draft = self.unknown_sign_in(1 + n % ATTEMPT_LIMIT, client.clone());
            self.report_later(at, n * 3 * SECOND, draft);
        }
    }

    fn change_role(&mut self, at: Timestamp) {
        let role = &mut self.records.roles[0];
        let changes = role.edit(&mut self.random);
        let target = role.target();
        let mut draft = self
            .by_administrator("permission.change")
            .saying(format!("Permissions of the role {} changed", target.name))
            .about(target)
            .changing(changes);
        draft.severity = "high";
        self.report(at, &draft);
    }

    fn grant_role(&mut self, at: Timestamp) {
        let person = self.random.below(self.staff.len());
        let person = self.staff[person].target();
        let mut draft = self
            .by_administrator("role.grant")
            .saying(format!("Role admin granted to {}", person.name))
            .about(person.clone())
            .about(Target::new("role", "admin", "Administrator"))
            .with("role", "admin".into())
            .with("until", "end of the day".into());
        draft.severity = "high";
        self.report(at, &draft);
        let revoked = self
            .by_administrator("role.revoke")
            .saying(format!("Role admin taken from {}", person.name))
            .about(person)
            .about(Target::new("role", "admin", "Administrator"))
            .with("role", "admin".into());
        self.report_later(at, 5 * HOUR, revoked);
    }

    fn make_api_key(&mut self, at: Timestamp, production: bool) {
        let (id, name) = KEYS[self.random.below(KEYS.len())];
        let environment = if production { "production" } else { "test" };
        let mut draft = self
            .by_administrator("api_key.create")
            .about(Target::new(
                "api_key",
                id,
                format!("{name} ({environment})"),
            ))
            .saying(format!("API key made for {environment}: {name}"))
            .with("key_environment", environment.into())
            .with("scopes", "orders.read orders.write".into());
        draft.severity = if production { "high" } else { "medium" };
        self.report(at, &draft);
    }

    fn reset_password(&mut self, at: Timestamp) {
        let person = self.random.below(self.staff.len());
        let target = self.staff[person].target();
        let draft = self
            .by_administrator("password.reset")
            .saying(format!("Password of {} reset", target.name))
            .about(target);
        self.report(at, &draft);
    }

    /// Somebody of sales signs in from home in the middle of the night.
    fn come_after_hours(&mut self, at: Timestamp) {
        let date = self.office.date(at);
        let night = self
            .office
            .midnight(date)
            .plus_micros(2 * HOUR + 37 * MINUTE);
        let person = leader(&self.staff, Department::Sales) + 4;
        let p = &self.staff[person];
        let client = p.client(true, false);
        let mut draft = Draft::new("login", p.actor())
            .kind("security", "login")
            .about(p.target())
            .saying(format!(
                "{} signed in from {} at night",
                p.name(),
                client.ip
            ))
            .with_client(client)
            .in_component("auth");
        draft.severity = "medium";
        draft.session = self.token("sess");
        // The night of this date has passed already: take the next one.
        let night = if night < at {
            night.plus_micros(DAY)
        } else {
            night
        };
        self.report_later(at, night.as_micros() - at.as_micros(), draft);
    }

    /// The head of support looks through a colleague's eyes, and the log names both.
    fn impersonate(&mut self, at: Timestamp) {
        let head = leader(&self.staff, Department::Support);
        let other = leader(&self.staff, Department::Sales) + 1 + self.random.below(10);
        let session = self.session_of(head);
        let for_whom = self.staff[other].actor();
        let target = self.staff[other].target();
        let correlation = self.token("cor");
        let steps = [
            ("impersonation.start", 0, "Began to act for"),
            ("customer.view", 40 * SECOND, "Looked at a customer for"),
            ("impersonation.stop", 6 * MINUTE, "Stopped acting for"),
        ];
        for (action, after, words) in steps {
            let about = match action {
                "customer.view" => self.records.customers[FAVOURITE_CUSTOMER].target(),
                _ => target.clone(),
            };
            let mut draft = self
                .by(&session, action)
                .saying(format!("{words} {}", target.name))
                .about(about);
            if action != "customer.view" {
                draft = draft.kind("security", "login");
            }
            draft.on_behalf_of = Some(for_whom.clone());
            self.report_later(at, after, draft.correlated(&correlation));
        }
    }

    fn hire_somebody(&mut self, at: Timestamp) {
        let number = self.random.between(2_000, 9_000);
        let target = Target::new("user", format!("u-{number}"), format!("Trainee {number}"));
        let created = self
            .by_administrator("user.create")
            .saying(format!("Account made for {}", target.name))
            .about(target.clone())
            .with("role", "trainee".into());
        self.report(at, &created);
        let invited = Self::notification("user", &format!("Invitation for {}", target.name), "");
        self.report_later(at, 2 * SECOND, invited.about(target));
    }

    fn let_somebody_go(&mut self, at: Timestamp) {
        let number = self.random.between(2_000, 9_000);
        let target = Target::new("user", format!("u-{number}"), format!("Trainee {number}"));
        let draft = self
            .by_administrator("user.disable")
            .saying(format!("Account of {} switched off", target.name))
            .about(target)
            .changing(vec![Change {
                path: "enabled",
                label: "Enabled",
                old: Value::Flag(true),
                new: Value::Flag(false),
            }]);
        self.report(at, &draft);
    }

    fn change_configuration(&mut self, at: Timestamp) {
        let configuration = &mut self.records.configuration;
        let changes = configuration.edit(&mut self.random);
        let target = configuration.target();
        let draft = self
            .by_administrator("config.update")
            .saying("Configuration of the ERP changed")
            .about(target)
            .changing(changes)
            .in_component("platform");
        self.report(at, &draft);
    }
}
