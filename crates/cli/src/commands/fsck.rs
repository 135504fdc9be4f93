//! `annals fsck`: every file of a data folder, read and checked.

use super::verify::{check_folder, tenants};
use crate::args::FsckArgs;
use crate::failure::{Done, Failure};

pub(crate) fn run(args: &FsckArgs) -> Done {
    let data = &args.data;
    let mut broken = Vec::new();
    for tenant in tenants(data, args.tenant.as_deref())? {
        check_folder(data, &tenant, None, None, &mut broken)?;
    }
    if broken.is_empty() {
        Ok(())
    } else {
        Err(Failure::Broken(broken.join("; ")))
    }
}
