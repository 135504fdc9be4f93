use event::{is_array, split_array, split_lines};

#[track_caller]
fn check(json: &str, expected: &[&str]) {
    let elements =
        split_array(json.as_bytes()).unwrap_or_else(|problem| panic!("{json}: {problem}"));
    let elements: Vec<&str> = elements
        .into_iter()
        .map(|it| std::str::from_utf8(it).unwrap())
        .collect();
    assert_eq!(elements, expected);
}

#[test]
fn an_array_is_cut_into_the_texts_of_its_elements() {
    check("[]", &[]);
    check(" [ ] ", &[]);
    check("[1]", &["1"]);
    check(
        "[ {\"a\":[1,2]} , {\"b\":{}}\n]\n",
        &["{\"a\":[1,2]}", "{\"b\":{}}"],
    );
    check(
        r#"["a,]\"[{", "\\", "\\\"long enough to be read in words\\"]"#,
        &[
            r#""a,]\"[{""#,
            r#""\\""#,
            r#""\\\"long enough to be read in words\\""#,
        ],
    );
    check("[[1,[2]],3]", &["[1,[2]]", "3"]);
}

#[test]
fn what_is_wrong_inside_an_element_is_left_to_the_element() {
    check("[tru, {\"a\" 1}, 01]", &["tru", "{\"a\" 1}", "01"]);
}

#[test]
fn an_array_that_cannot_be_cut_is_one_problem() {
    for json in [
        "",
        "{}",
        "[",
        "[1",
        "[1,",
        "[1,]",
        "[,1]",
        "[1]]",
        "[1] 2",
        "[{]}",
        "[}",
        "[\"a]",
        "[\"a\\",
        "[{\"a\":[}]]",
    ] {
        let problem = split_array(json.as_bytes()).expect_err(json);
        assert_eq!(problem.code.as_str(), "malformed_json", "{json}");
        assert!(
            problem
                .offset
                .is_some_and(|offset| offset <= json.len() as u64),
            "{json}: {problem:?}"
        );
    }
    let deep = "[".repeat(100_000);
    assert_eq!(
        split_array(deep.as_bytes()).unwrap_err().code.as_str(),
        "too_deep"
    );
}

#[test]
fn lines_keep_their_numbers() {
    let lines: Vec<(usize, &[u8])> = split_lines(b"{}\r\n\n  \n[1]").collect();
    assert_eq!(lines, [(0, &b"{}"[..]), (3, &b"[1]"[..])]);
}

#[test]
fn an_array_is_told_from_an_object() {
    assert!(is_array(b" \n[1]"));
    assert!(!is_array(b" {}"));
    assert!(!is_array(b""));
}
