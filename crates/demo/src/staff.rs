//! The people: 60 made-up employees with a department, a role, a desk and a home.

use crate::draft::{Actor, Client, Target};
use crate::random::Random;

/// Place of a person in the staff list.
pub(crate) type PersonId = usize;

/// Where people work; decides what they do all day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Department {
    Sales,
    Finance,
    Support,
    Warehouse,
    Marketing,
    It,
    People,
}

impl Department {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Department::Sales => "sales",
            Department::Finance => "finance",
            Department::Support => "support",
            Department::Warehouse => "warehouse",
            Department::Marketing => "marketing",
            Department::It => "it",
            Department::People => "people",
        }
    }

    /// Some of these come in at weekends too.
    pub(crate) fn works_weekends(self) -> bool {
        matches!(self, Department::Support | Department::Warehouse)
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) id: PersonId,
    pub(crate) first: &'static str,
    pub(crate) last: &'static str,
    pub(crate) department: Department,
    pub(crate) role: String,
    /// Past records of this person's own profile.
    pub(crate) phone: String,
    pub(crate) desk_ip: String,
    pub(crate) home_ip: String,
    pub(crate) user_agent: &'static str,
    /// A second factor is asked for.
    pub(crate) second_factor: bool,
}

/// How many work in each department, and the roles, leader first.
const DEPARTMENTS: &[(Department, usize, &str, &str)] = &[
    (Department::Sales, 16, "sales_manager", "sales_rep"),
    (Department::Finance, 9, "controller", "accountant"),
    (Department::Support, 11, "support_lead", "support_agent"),
    (
        Department::Warehouse,
        10,
        "warehouse_manager",
        "warehouse_clerk",
    ),
    (Department::Marketing, 6, "marketing_manager", "marketer"),
    (Department::It, 5, "admin", "developer"),
    (Department::People, 3, "hr_manager", "hr_partner"),
];

const FIRST: &[&str] = &[
    "Marta", "Jonas", "Priya", "Tomas", "Elif", "Ruben", "Ines", "Caleb", "Noor", "Silvan",
    "Adaeze", "Kenji", "Livia", "Marcus", "Yara", "Piotr", "Amelie", "Dmitri", "Sanna", "Hugo",
    "Leyla", "Arturo", "Greta", "Owen", "Farah", "Niklas", "Rosa", "Ebbe", "Talia", "Victor",
];
const LAST: &[&str] = &[
    "Lindqvist",
    "Okonkwo",
    "Varga",
    "Delgado",
    "Brandt",
    "Iyer",
    "Moreau",
    "Kovacs",
    "Hale",
    "Santini",
    "Aydin",
    "Novak",
    "Ferreira",
    "Takeda",
    "Winther",
    "Obrien",
    "Castellano",
    "Rahman",
    "Sorensen",
    "Petit",
    "Vasquez",
    "Lang",
    "Duarte",
    "Fenwick",
    "Joshi",
    "Marsh",
    "Keller",
    "Bosch",
];
const AGENTS: &[&str] = &[
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15",
    "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
];
pub(crate) const PHONE_AGENT: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1";

/// Hires everybody. The leader of each department comes first in it.
pub(crate) fn hire(random: &mut Random) -> Vec<Person> {
    let mut staff: Vec<Person> = Vec::new();
    for (department, size, leader, member) in DEPARTMENTS {
        for n in 0..*size {
            let id = staff.len();
            staff.push(Person {
                id,
                first: FIRST[(id * 7 + id / FIRST.len()) % FIRST.len()],
                last: LAST[(id * 11 + 3) % LAST.len()],
                department: *department,
                role: (if n == 0 { leader } else { member }).to_string(),
                phone: phone(random),
                // RFC 1918 at the desk, RFC 5737 at home.
                desk_ip: format!("192.168.10.{}", 20 + id),
                home_ip: format!(
                    "{}.{}",
                    random.pick(&["198.51.100", "203.0.113"]),
                    2 + id * 4
                ),
                user_agent: random.pick(AGENTS),
                second_factor: random.chance(55),
            });
        }
    }
    staff
}

/// A telephone number of the range kept for fiction.
pub(crate) fn phone(random: &mut Random) -> String {
    format!("+1 212 555 01{:02}", random.below(100))
}

impl Person {
    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.first, self.last)
    }

    pub(crate) fn user_id(&self) -> String {
        format!("u-{:04}", 1001 + self.id)
    }

    pub(crate) fn email(&self) -> String {
        format!(
            "{}.{}@example.com",
            self.first.to_lowercase(),
            self.last.to_lowercase()
        )
    }

    pub(crate) fn actor(&self) -> Actor {
        Actor {
            kind: "user",
            id: self.user_id(),
            name: self.name(),
            email: self.email(),
            role: self.role.clone(),
            group: self.department.name().to_owned(),
        }
    }

    pub(crate) fn target(&self) -> Target {
        Target::new("user", self.user_id(), self.name())
    }

    /// At the desk, or at home and sometimes on the telephone.
    pub(crate) fn client(&self, at_home: bool, on_phone: bool) -> Client {
        Client {
            ip: if at_home {
                self.home_ip.clone()
            } else {
                self.desk_ip.clone()
            },
            user_agent: if on_phone {
                PHONE_AGENT
            } else {
                self.user_agent
            },
        }
    }
}

/// The first person of a department: who leads it.
pub(crate) fn leader(staff: &[Person], department: Department) -> PersonId {
    staff
        .iter()
        .position(|person| person.department == department)
        .unwrap_or(0)
}
