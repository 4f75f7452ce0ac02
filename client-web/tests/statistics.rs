//! The statistics of a session have the same names in Rust, JavaScript and its types.

use tickwire_client_web::session::STATISTICS;

#[test]
fn javascript_names_each_statistic() {
    let script = include_str!("../../pages/web/core.js");
    let (_, names) = script.split_once("const STATISTICS = [").expect("the list");
    let (names, _) = names.split_once(']').expect("its end");
    assert_eq!(names.matches('"').count() / 2, STATISTICS);
    let types = include_str!("../../pages/web/tickwire.d.ts");
    for name in names.split('"').skip(1).step_by(2) {
        assert!(types.contains(&format!("  {name}: number;")), "{name}");
    }
}
